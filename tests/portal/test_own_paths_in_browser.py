"""A path of the agency's own and a debtor's page in German, in a browser: without barriers, any size."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import text

from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.payments.links import issue_link
from agency.rules.treatment_path import Tone
from agency.treatment.drafting import start_draft
from agency.treatment.own_paths import follow_path
from agency.treatment.paths import path_in_sight, publish_version
from portal import main
from portal.shared.sessions import cookie_name
from tests.barriers import DESK, barriers
from tests.communication.correspondence import Office, a_correspondent
from tests.portal.house import House
from tests.portal.served import serve

pytestmark = pytest.mark.browser

PARTS = ("portal.shared.sign_in", "portal.shared.account", "portal.debtor", "portal.admin", "portal.live")
LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwen Vereinigte Unternehmungen und Nachfahren"


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    house = House(units, folder=data_folder, redis_url=redis_url)
    house.office = Office(units).open_up()
    return house


@pytest.fixture
def pages(house):
    """An own path with a long name that creditors follow, its draft with a step open, and a link."""
    with house.units.open(Door.STAFF, by="system:test") as unit:
        path = path_in_sight(unit, key="nl-consumer").path
        firm = replace(path.steps[0], tone=Tone.firm, best=True, copies=True)
        own = replace(path, key="own-long", name=LONG[:80], steps=(firm, *path.steps[1:]))
        publish_version(unit, path=own, valid_from=unit.today)
        for _ in range(2):
            creditor_id, claim_id = a_correspondent(unit, name=LONG, brand=LONG, language="de")
            named = unit.session.connection().execute(
                text("SELECT reference FROM creditor WHERE id = :c"), {"c": creditor_id}
            )
            follow_path(unit, key="own-long", reference=named.scalar_one(), valid_from=unit.today)
        draft_id = start_draft(unit, key="own-long")
        token = issue_link(unit, creditor_id=creditor_id, claim_id=claim_id)
    return {"draft": f"/admin/paths/drafts/{draft_id}?open=reminder_1", "token": token}


def test_pages_are_without_barriers(house, pages, browser):
    admin = house.browser(Role.ADMIN)
    with serve(house) as served:
        context = browser.new_context(viewport=DESK)
        session = admin.cookies.get(cookie_name(house.settings))
        context.add_cookies([{"name": cookie_name(house.settings), "value": session, "url": served.url}])
        page = context.new_page()
        for address in ("/admin/paths/new", "/admin/paths/own-long", pages["draft"]):
            page.goto(served.url + address, wait_until="load")
            assert barriers(page) == [], address
        context.close()
        context = browser.new_context(viewport=DESK)
        page = context.new_page()
        page.goto(f"{served.url}/pay/{pages['token']}")
        page.fill("input[name=answer]", "3511 AB")
        page.click("main form button[type=submit]")
        page.goto(f"{served.url}/pay", wait_until="load")
        assert page.locator("html").get_attribute("lang") == "de"
        assert barriers(page) == []
        context.close()


@pytest.fixture
def editor(house, pages, browser):
    """The draft in a browser, its changes held back on their way while `travels` says so."""
    admin = house.browser(Role.ADMIN)
    with serve(house) as served:
        context = browser.new_context(viewport=DESK)
        session = admin.cookies.get(cookie_name(house.settings))
        context.add_cookies([{"name": cookie_name(house.settings), "value": session, "url": served.url}])
        page = context.new_page()
        page.goto(served.url + pages["draft"], wait_until="load")
        yield Editor(page)
        context.close()


class Editor:
    """A page whose next change is held back until it is let through."""

    def __init__(self, page: Page) -> None:
        self.page, self.held, self.travels = page, [], True
        page.route("**/steps/reminder_1", self._hold)

    def _hold(self, route: Route) -> None:
        if self.travels:
            self.held.append(route)
        else:
            route.continue_()

    def write(self, name: str, value: str) -> None:
        self.page.fill(f"#reminder_1-{name}", value)

    def leave(self, name: str) -> None:
        self.page.press(f"#reminder_1-{name}", "Tab")
        expect(self.page.locator("#change-reminder_1 form.htmx-request")).to_have_count(1)

    def arrive(self) -> None:
        self.travels = False
        self.held[0].continue_()
        expect(self.page.locator(".htmx-request")).to_have_count(0)

    def kept(self) -> tuple[str, str]:
        expect(self.page.locator(".htmx-request")).to_have_count(0)
        self.page.goto(self.page.url, wait_until="load")
        return self.page.input_value("#reminder_1-days"), self.page.input_value("#reminder_1-hour")


class TestTypingOn:
    def test_a_change_made_while_another_travels_is_kept(self, editor):
        editor.write("days", "4")
        editor.leave("days")
        editor.write("hour", "11")
        editor.travels = False
        editor.page.press("#reminder_1-hour", "Tab")
        assert editor.kept() == ("4", "11")

    def test_what_is_being_typed_stays_when_the_answer_comes(self, editor):
        editor.write("days", "4")
        editor.leave("days")
        editor.write("hour", "11")
        editor.arrive()
        expect(editor.page.locator("#reminder_1-hour")).to_have_value("11")
        editor.page.press("#reminder_1-hour", "Tab")
        assert editor.kept() == ("4", "11")

    def test_enter_shows_what_was_kept(self, editor):
        editor.travels = False
        editor.write("days", "5")
        with editor.page.expect_response("**/drafts/**"):
            editor.page.press("#reminder_1-days", "Enter")
        expect(editor.page.locator("#reminder_1-days[value='5']")).to_have_count(1)
