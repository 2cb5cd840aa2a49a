"""Rate cards: written, checked while typing, simulated, and let out by a second person."""

import re
from copy import copy
from datetime import date

import pytest

from agency.kernel.emitting import install_reactions
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.pricing.rate_cards import publish_first_card
from portal import main
from tests.intake.factories import a_file, a_row, place
from tests.portal.house import House, read_of, token_of

PARTS = ("portal.shared.sign_in", "portal.admin", "portal.creditor")
FIELD = re.compile(r'<(?:input|select)[^>]*name="([a-z_]+)"[^>]*?(?:value="([^"]*)")?[^>]*>')


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    install_reactions({})
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
    return House(units, folder=data_folder, redis_url=redis_url)


class Editor:
    """An administrator at the editor of a new draft."""

    def __init__(self, house: House, email: str = "") -> None:
        self.client = house.browser(Role.ADMIN)
        self.csrf = token_of(self.client.get("/admin/rate-cards").text)
        self.page = self.post("/admin/rate-cards/drafts").headers["location"]

    def post(self, path, fields=None):
        return self.client.post(path, data={"csrf": self.csrf, **(fields or {})})

    def fields(self):
        """What the form holds, as a browser would send it."""
        shown = self.client.get(self.page).text
        form = shown[shown.index(f'action="{self.page}"') :]
        found: dict[str, list[str]] = {}
        for tag in re.findall(r"<input[^>]*>", form):
            name = re.search(r'name="([^"]+)"', tag)
            value = re.search(r'value="([^"]*)"', tag)
            if name and name[1] != "csrf":
                found.setdefault(name[1], []).append(value[1] if value else "")
        return found | {"interest_to": ["creditor"], "costs_to": ["agency"]}


def another(house: House):
    """A second administrator."""
    with house.units.open(Door.STAFF, by="system:test") as unit:
        from agency.parties.models import Audience
        from agency.parties.users import create_user

        made = create_user(
            unit, email="second@example.org", name="Second Person", roles=(Role.ADMIN,),
            password="vijf paarden in de sloot", audience=Audience.STAFF, creditor_id=None,
            sealing_secret=house.settings.secret.get_secret_value(), language="en",
        )  # fmt: skip
    from tests.portal.house import Person

    return house.signed_in(Person(made.user_id, "second@example.org", made.totp_secret))


class TestEditor:
    def test_keeps_what_it_shows(self, house):
        editor = Editor(house)
        before = house.one("SELECT content FROM rate_card_draft")
        assert editor.post(editor.page, editor.fields()).status_code == 303
        after = house.one("SELECT content FROM rate_card_draft")
        assert {**after, "version": ""} == {**before, "version": ""}

    def test_replaces_nothing_that_somebody_else_wrote_meanwhile(self, house):
        editor, second = Editor(house), another(house)
        read = editor.fields()
        mine = {"csrf": token_of(second.get(editor.page).text), **read, "file_fee": ["10"]}
        assert second.post(editor.page, data=mine).status_code == 303
        assert second.post(editor.page, data=mine).status_code == 303  # sent twice, it says the same
        for path in ("", "/submission"):
            refused = editor.post(f"{editor.page}{path}", read | {"minimum": ["33"]})
            assert refused.status_code == 409
            assert "changed after you opened it" in refused.text
            assert 'value="33"' in refused.text
        again = read_of(refused.text) | {"minimum": ["33"]}
        assert editor.post(editor.page, read | again).status_code == 409
        assert house.one("SELECT content->>'file_fee' FROM rate_card_draft") == "1000"
        assert house.one("SELECT state FROM rate_card_draft") == "draft"

    def test_submits_what_stands_in_the_form(self, house):
        editor = Editor(house)
        sent = editor.post(f"{editor.page}/submission", editor.fields() | {"file_fee": ["10"]})
        assert sent.status_code == 303
        assert house.one("SELECT content->>'file_fee' FROM rate_card_draft") == "1000"
        assert house.one("SELECT state FROM rate_card_draft") == "submitted"

    def test_says_live_which_rule_breaks_and_where(self, house):
        editor = Editor(house)
        fields = editor.fields()
        fields["age_points"][1] = "-9"
        shown = editor.post(f"{editor.page}/check", fields).text
        assert "an older claim never costs less" in shown
        assert "Age, row 2" in shown
        fields["age_points"][1] = "much"
        shown = editor.post(f"{editor.page}/check", fields).text
        assert "Give a per cent, like 12.5." in shown
        assert editor.post(editor.page, fields).status_code == 422

    def test_shows_what_the_law_forbids(self, house):
        editor = Editor(house)
        fields = editor.fields() | {"phase_legal_not_in": [""]}
        shown = editor.post(f"{editor.page}/check", fields).text
        assert "Phase, row 3" in shown
        assert "forbidden in BE" in shown

    def test_shows_the_prices_before_and_after(self, house):
        editor = Editor(house)
        fields = editor.fields() | {"file_fee": ["10"]}
        shown = editor.post(f"{editor.page}/check", fields).text
        assert "Every rule of fairness and law holds" in shown
        assert "File fee" in shown
        assert "€10.00" in shown


class TestFourEyes:
    def test_a_second_person_publishes_and_the_history_says_who(self, house):
        editor = Editor(house)
        fields = editor.fields() | {"file_fee": ["10"], "valid_from": ["2031-01-01"]}
        assert editor.post(editor.page, fields).status_code == 303
        assert editor.post(f"{editor.page}/submission", editor.fields()).status_code == 303
        assert editor.post(f"{editor.page}/approval").status_code == 403
        second = another(house)
        done = second.post(f"{editor.page}/approval", data=read_of(second.get(editor.page).text))
        assert done.status_code == 303
        shown = second.get("/admin/rate-cards").text
        assert "Second Person" in shown
        version = second.get("/admin/rate-cards/versions/2").text
        assert "File fee" in version
        assert second.get("/admin/rate-cards/versions/9").status_code == 404

    def test_only_what_the_second_person_read_is_approved(self, house):
        editor, second = Editor(house), another(house)
        fields = editor.fields() | {"file_fee": ["10"], "valid_from": ["2031-01-01"]}
        editor.post(f"{editor.page}/submission", fields)
        read = read_of(second.get(editor.page).text)
        second.post(f"{editor.page}/return", data=read | {"remark": "Rather 9"})
        editor.post(f"{editor.page}/submission", editor.fields() | {"file_fee": ["49"]})
        refused = second.post(f"{editor.page}/approval", data=read)
        assert refused.status_code == 409
        assert "changed after you opened it" in refused.text
        assert house.one("SELECT max(version) FROM rate_card") == 1
        assert second.post(f"{editor.page}/approval", data=read_of(refused.text)).status_code == 303

    def test_a_second_draft_says_what_it_undoes_of_a_card_published_meanwhile(self, house):
        first, second = Editor(house), another(house)
        late = copy(first)
        late.page = late.post("/admin/rate-cards/drafts").headers["location"]
        fields = first.fields() | {"file_fee": ["10"], "valid_from": ["2031-01-01"]}
        first.post(f"{first.page}/submission", fields)
        second.post(f"{first.page}/approval", data=read_of(second.get(first.page).text))
        fields = late.fields() | {"minimum": ["20"], "valid_from": ["2031-02-01"]}
        live = late.post(f"{late.page}/check", fields).text
        late.post(f"{late.page}/submission", fields)
        for shown in (live, second.get(late.page).text):
            assert "Version 2 is newer than the one that this draft began from" in shown
            assert "€10.00 → €0.00" in shown
        before = late.post(f"{late.page}/check", fields | {"valid_from": ["2030-12-01"]}).text
        assert "From 1 Jan 2031 on version 2 counts instead" in before
        assert "is newer than" not in before

    def test_an_unfair_card_cannot_be_submitted(self, house):
        editor = Editor(house)
        fields = editor.fields()
        fields["age_points"][1] = "-9"
        assert editor.post(editor.page, fields).status_code == 303
        refused = editor.post(f"{editor.page}/submission", editor.fields())
        assert refused.status_code == 422
        assert "breaks a rule" in refused.text


class TestSimulation:
    def simulated(self, editor, units) -> str:
        assert editor.post(f"{editor.page}/simulation").status_code == 303
        drain(units)
        return editor.client.get(f"{editor.page}/simulation").text

    def test_shows_old_against_new_and_gives_it_as_a_file(self, house, units):
        creditor_id = house.creditor()
        place(units, creditor_id, a_file(a_row("F1", amount="100,00"), a_row("F2", amount="2.500,00")))
        editor = Editor(house)
        assert editor.post(editor.page, editor.fields() | {"file_fee": ["10"]}).status_code == 303
        shown = self.simulated(editor, units)
        assert "Enercity" in shown
        assert "€20.00" in shown
        file = editor.client.get(f"{editor.page}/simulation.csv").content.decode("utf-8-sig")
        assert len(file.strip().splitlines()) == 3

    def test_of_an_empty_portfolio_says_so(self, house, units):
        assert "No claims to price" in self.simulated(Editor(house), units)

    def test_is_asked_for_followed_and_cancelled(self, house, units):
        editor = Editor(house)
        page = f"{editor.page}/simulation"
        assert "Not tried yet" in editor.client.get(page).text
        editor.post(page)
        shown = editor.client.get(page).text
        assert "Waiting for a worker" in shown
        assert "nudge:RateCardTried" in shown
        editor.post(f"{page}/cancellation")
        drain(units)
        assert "The try-out was cancelled" in editor.client.get(page).text
        assert "No claims to price" in self.simulated(editor, units)
        editor.post(editor.page, editor.fields() | {"file_fee": ["10"]})
        assert "The draft has changed since it was tried" in editor.client.get(page).text

    def test_of_an_unfair_card_is_refused(self, house):
        editor = Editor(house)
        fields = editor.fields()
        fields["age_points"][1] = "-9"
        editor.post(editor.page, fields)
        refused = editor.post(f"{editor.page}/simulation")
        assert (refused.status_code, "breaks a rule" in refused.text) == (422, True)


class TestDoor:
    def test_is_for_administrators_alone(self, house):
        assert house.browser(Role.FINANCE).get("/admin/rate-cards").status_code == 403
