"""The pages for keys: made, shown once, replaced and revoked by a manager, over HTTP and in a browser."""

import html
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from agency.parties.api_keys import KEY, NAME_MAX
from agency.parties.models import Role
from portal import main
from tests.api.conftest import PARTS
from tests.barriers import barriers
from tests.portal.house import House, read_of, send
from tests.portal.served import serve
from tests.portal.test_shell_in_browser import watched

LONG = "Koninklijke-Verenigde-Scheepsbouw-boekhoudkoppeling van de afdeling debiteuren 2"[:NAME_MAX]


@pytest.fixture
def browser_of(house, manager):
    """A manager's browser."""
    return house.signed_in(manager)


def make(client, **fields):
    wanted = {"name": "ERP", "scopes": ["read", "place"], "expires_on": ""} | fields
    return send(client, "/creditor/keys", page="/creditor/keys", **wanted)


def secret_in(page: str) -> str:
    found = KEY.search(html.unescape(page))
    assert found, "the page shows no key"
    return found[0]


class TestPages:
    def test_show_a_key_once_and_it_works(self, house, browser_of):
        made = make(browser_of)
        assert made.status_code == 200
        assert made.headers["cache-control"] == "no-store"
        secret = secret_in(made.text)
        asked = house.client().get("/api/v1/claims", headers={"authorization": f"Bearer {secret}"})
        assert asked.status_code == 200
        key_id = house.one("SELECT id FROM api_key")
        for path in ("/creditor/keys", f"/creditor/keys/{key_id}"):
            page = browser_of.get(path).text
            assert secret[-43:] not in page
            assert "ERP" in page

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "x" * (NAME_MAX + 1)}, "name"),
            ({"scopes": []}, "scopes"),
            ({"scopes": ["root"]}, "scopes"),
            ({"expires_on": "2020-01-01"}, "expires_on"),
            ({"expires_on": "9999-12-31"}, "expires_on"),
            ({"expires_on": "soon"}, "expires_on"),
        ],
    )
    def test_keep_what_was_typed_when_something_is_wrong(self, house, browser_of, wrong, field):
        answer = make(browser_of, **wrong)
        assert answer.status_code == 422
        assert f'href="#field-{field}"' in answer.text
        assert house.one("SELECT count(*) FROM api_key") == 0
        if field != "name":
            assert 'value="ERP"' in answer.text

    def test_one_form_makes_one_key_however_often_it_is_sent(self, house, browser_of):
        page = browser_of.get("/creditor/keys").text
        form_id = re.search(r'name="form_id" value="([^"]+)"', page)[1]
        sent = read_of(page) | {"form_id": form_id, "name": "ERP", "scopes": ["read"], "expires_on": ""}
        with ThreadPoolExecutor(4) as hands:
            answers = list(hands.map(lambda _: browser_of.post("/creditor/keys", data=sent), range(4)))
        assert house.one("SELECT count(*) FROM api_key") == 1
        assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
        assert sum(KEY.search(html.unescape(answer.text)) is not None for answer in answers) == 1
        refused = next(answer.text for answer in answers if answer.status_code == 422)
        assert "his form made a key before" in refused
        assert make(browser_of, name="Another").status_code == 200

    def test_replace_a_key_by_one_beside_it(self, house, browser_of):
        make(browser_of)
        old = house.one("SELECT id FROM api_key")
        page = f"/creditor/keys/{old}"
        made = send(browser_of, f"{page}/replacement", page=page, overlap_days="7")
        assert secret_in(made.text)
        shown = browser_of.get(page).text
        assert "In its place came" in shown
        assert "Replace it" not in shown
        again = browser_of.post(f"{page}/replacement", data={"csrf": _token(shown), "overlap_days": "7"})
        assert again.status_code == 422
        assert house.one("SELECT count(*) FROM api_key") == 2

    def test_revoke_a_key_for_good(self, house, browser_of):
        secret = secret_in(make(browser_of).text)
        page = f"/creditor/keys/{house.one('SELECT id FROM api_key')}"
        assert "data-confirm" in browser_of.get(page).text
        token = _token(browser_of.get(page).text)
        assert browser_of.post(f"{page}/revocation", data={"csrf": token}).status_code == 303
        asked = house.client().get("/api/v1/claims", headers={"authorization": f"Bearer {secret}"})
        assert asked.status_code == 401
        assert browser_of.post(f"{page}/revocation", data={"csrf": token}).status_code == 409
        assert "Revoked" in browser_of.get(page).text

    def test_warn_of_keys_whose_maker_has_left(self, house, browser_of, creditor_id):
        make(browser_of)
        clerk = house.person(Role.CREDITOR_CLERK, creditor_id=creditor_id)
        house.change(
            "UPDATE user_account SET roles = roles || 'creditor_manager'::text WHERE id = :u", u=clerk.user_id
        )
        house.change("UPDATE user_account SET disabled_at = app.now() WHERE id <> :u", u=clerk.user_id)
        assert "may no longer sign in" in house.signed_in(clerk).get("/creditor/keys").text

    def test_are_for_managers_of_that_creditor_alone(self, house, browser_of, creditor_id):
        make(browser_of)
        page = f"/creditor/keys/{house.one('SELECT id FROM api_key')}"
        clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=creditor_id)
        other = house.browser(Role.CREDITOR_MANAGER, creditor_id=house.creditor("Other"))
        for path in ("/creditor/keys", page):
            assert clerk.get(path).status_code == 403
        assert "Keys for programs" not in clerk.get("/creditor/interface").text
        assert other.get(page).status_code == 404
        token = _token(other.get("/creditor/keys").text)
        for act in ("replacement", "revocation"):
            fields = {"csrf": token, "overlap_days": "0"}
            assert other.post(f"{page}/{act}", data=fields).status_code == 404
        assert house.one("SELECT revoked_at FROM api_key") is None

    def test_need_the_token_of_their_session(self, house, browser_of):
        fields = {"name": "ERP", "scopes": "read"}
        assert browser_of.post("/creditor/keys", data=fields).status_code == 403
        assert house.one("SELECT count(*) FROM api_key") == 0

    def test_are_reached_from_the_pages_around(self, browser_of):
        assert 'href="/creditor/keys"' in browser_of.get("/creditor/account").text
        assert 'href="/creditor/interface"' in browser_of.get("/creditor/placements/new").text
        assert 'href="/creditor/keys"' in browser_of.get("/creditor/interface").text


def _token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.browser
class TestInABrowser:
    @pytest.fixture
    def served(self, units, tmp_path, redis_url, monkeypatch):
        monkeypatch.setattr(main, "PARTS", PARTS)
        with serve(House(units, folder=tmp_path, redis_url=redis_url)) as running:
            yield running

    def test_a_key_is_made_copied_and_revoked_and_nothing_keeps_anybody_out(self, served, browser):
        person = served.house.person(Role.CREDITOR_MANAGER, creditor_id=served.house.creditor(LONG))
        session = served.house.signed_in(person).cookies["session"]
        with browser.new_context(base_url=served.url, locale="en-GB") as context:
            context.add_cookies([{"name": "session", "value": session, "url": served.url}])
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            page, complaints = watched(context)
            page.goto("/creditor/keys")
            assert barriers(page) == []
            page.fill("#field-name", LONG)
            page.get_by_role("button", name="Make the key").click()
            expect(page.locator("#secret")).to_have_text(KEY)
            assert barriers(page) == []
            page.get_by_role("button", name="Copy the key").click()
            expect(page.get_by_role("button", name="Copied")).to_be_visible()
            assert page.evaluate("navigator.clipboard.readText()") == page.locator("#secret").inner_text()
            page.get_by_role("link", name="I have copied it").click()
            page.get_by_role("link", name=LONG).click()
            assert barriers(page) == []
            page.get_by_role("button", name="Revoke this key").click()
            page.get_by_role("button", name="Yes, go ahead").click()
            expect(page.get_by_text("The key is revoked")).to_be_visible()
            page.goto("/creditor/interface")
            assert barriers(page) == []
            assert complaints == []
