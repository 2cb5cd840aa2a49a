"""The creditor's and the desk's pages of the product that was chosen and of the early warning."""

import csv
import io
import json
from datetime import date

import pytest
from sqlalchemy import text

from agency.kernel.emitting import install_reactions
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.pricing.rate_cards import publish_first_card
from portal import main
from tests.intake.factories import a_file, a_row
from tests.made import a_claim
from tests.portal.house import House
from tests.portal.test_creditor import Browser

PARTS = ("portal.shared.sign_in", "portal.creditor", "portal.collector", "portal.live")
FACTS = {
    "kind": "company", "paid_before": 2, "late_before": 10, "late_now": 80, "broken": 2, "several": 0,
    "unreachable": 0, "register": ["bankruptcy"], "score_fall": 0, "disputes": 0, "disputes_before": 0,
    "returned": 0, "careful": False, "notify_by": "2026-12-24",
}  # fmt: skip
SIGNS = [
    {"sign": "slower", "measure": 70, "points": 3, "sure": "middle"},
    {"sign": "register", "measure": 1, "points": 6, "sure": "high"},
]
_WARNED = text(
    "INSERT INTO debtor_warning (creditor_id, id, debtor_id, level, points, careful, signs, actions,"
    " facts, owed,"
    " open_claims, rule_version, since, assessed_at) SELECT creditor_id, uuidv7(), debtor_id,"
    " :level, :points,"
    ' false, CAST(:signs AS jsonb), \'["notify_insurer", "stop_account"]\', CAST(:facts AS jsonb),'
    " '{\"EUR\": 12345, \"GBP\": 700}', 1, '1/2000-01-01', '2026-11-20', app.now() FROM claim WHERE"
    " id = :claim"
)


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    install_reactions({})
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
    return House(units, folder=data_folder, redis_url=redis_url)


@pytest.fixture
def creditor_id(house):
    return house.creditor()


@pytest.fixture
def manager(house, creditor_id):
    return Browser(house, creditor_id, Role.CREDITOR_MANAGER)


def warned(house, creditor_id, *, level="act", points=9):
    """A debtor of a creditor about whom there is a warning: his claim and himself."""
    with house.units.open(Door.WORKER, by="system:test") as unit:
        claim_id = a_claim(unit, creditor_id=creditor_id, invoices=[(12_345, date(2026, 10, 1))])
        values = {"signs": json.dumps(SIGNS), "facts": json.dumps(FACTS), "claim": claim_id}
        unit.session.connection().execute(_WARNED, {**values, "level": level, "points": points})
    return claim_id, house.one("SELECT debtor_id FROM claim WHERE id = :id", id=claim_id)


class TestProduct:
    def test_is_chosen_for_all_then_for_one_file_and_told_on_its_price(self, house, manager):
        assert "Collection case" in manager.get("/creditor/placements/new").text
        page = manager.get("/creditor/products").text
        assert "Outsourced debtor management" in page
        assert "in your name" in page
        assert "in our name" in page
        asked = {"product": "management", "hand_over": "second_reminder"}
        assert manager.post("/creditor/products", asked).status_code == 303
        assert "From the second reminder" in manager.get("/creditor/placements/new").text
        price = manager.drop(a_file(a_row("F1", due="01-03-2027"))).headers["location"]
        shown = manager.get(price).text
        assert "Outsourced debtor management: From the second reminder" in shown
        assert "1 claim is not due yet" in shown
        placement_id = house.one("SELECT id FROM placement")
        url = f"/creditor/placements/{placement_id}/product"
        answer = manager.post(url, {"product": "management", "hand_over": "first_reminder"})
        assert answer.headers["location"].startswith(price)
        assert "Outsourced debtor management: From the first reminder" in manager.get(price).text
        assert "Not due yet: before" in manager.get(self.accepted(house, manager, price)).text
        assert manager.post(url, asked).status_code == 422

    @staticmethod
    def accepted(house, manager, price):
        assert manager.post(f"{price}/acceptance").status_code == 303
        claim_id = house.one("SELECT id FROM claim")
        house.change(
            "INSERT INTO treatment_path (id, key, version, definition, created_at, valid_from)"
            " VALUES (uuidv7(), 'nl-business-managed', 1, '{}', app.now(), '2000-01-01')"
        )
        house.change(
            "INSERT INTO treatment (creditor_id, id, claim_id, path_id, started_at, next_on, next_minutes)"
            " SELECT c.creditor_id, uuidv7(), c.id, p.id, app.now(), c.due_on, 0 FROM claim c,"
            " treatment_path p"
        )
        page = f"/creditor/claims/{claim_id}"
        assert "Outsourced debtor management: From the first reminder" in manager.get(page).text
        return page

    def test_a_clerk_sees_it_and_chooses_nothing(self, house, creditor_id):
        clerk = Browser(house, creditor_id, Role.CREDITOR_CLERK)
        assert "A manager of your organisation chooses this" in clerk.get("/creditor/products").text
        assert clerk.post("/creditor/products", {"product": "management"}).status_code == 403

    def test_nonsense_is_refused_by_its_field(self, manager):
        answer = manager.post("/creditor/products", {"product": "magic", "hand_over": "never"})
        assert answer.status_code == 422
        assert 'id="error-product"' in answer.text
        assert 'id="error-hand_over"' in answer.text

    def test_another_creditors_file_is_not_found(self, house, manager):
        other = Browser(house, house.creditor("Andere B.V."), Role.CREDITOR_MANAGER)
        other.drop(a_file(a_row("F1")))
        placement_id = house.one("SELECT id FROM placement")
        url = f"/creditor/placements/{placement_id}/product"
        assert manager.post(url, {"product": "management", "hand_over": "first_reminder"}).status_code in (
            404,
            422,
        )
        assert house.one("SELECT count(*) FROM product_choice") == 0


class TestWarnings:
    def test_each_row_explains_itself_and_leads_to_the_claims(self, house, manager, creditor_id):
        claim_id, debtor_id = warned(house, creditor_id)
        page = manager.get("/creditor/warnings").text
        for words in (
            "Act now", "Pays later: up to 80 days late now, 10 days on average before",
            "In a public register: bankruptcy", "Stop delivering on account", "9 points", "€123.45 + £7.00",
        ):  # fmt: skip
            assert words in page, words
        one = manager.get(f"/creditor/warnings/{debtor_id}").text
        assert f"/creditor/claims/{claim_id}" in one
        assert "Certain" in one
        assert "a person decides" in one
        assert 'href="/creditor/warnings"' in manager.get("/creditor").text

    def test_a_creditor_never_reads_of_another_ones_debtors(self, house, manager, creditor_id):
        _, theirs = warned(house, house.creditor("Andere B.V."))
        assert (
            "Act now" not in manager.get("/creditor/warnings").text.split("<table")[-1].split("</form>")[-1]
        )
        assert "No debtor shows signs of trouble" in manager.get("/creditor/warnings").text
        assert manager.get(f"/creditor/warnings/{theirs}").status_code == 404
        assert manager.get("/creditor/warnings.csv").text.count("\n") == 1

    def test_the_desk_sees_all_creditors_filters_and_takes_the_list_along(self, house, creditor_id):
        desk = house.browser(Role.COLLECTOR)
        warned(house, creditor_id)
        other = house.creditor("Andere B.V.")
        claim_id, debtor_id = warned(house, other, level="watch", points=2)
        page = desk.get("/desk/warnings").text
        assert "Andere B.V." in page
        assert "Enercity" in page
        assert "Enercity" not in desk.get("/desk/warnings?level=watch").text
        assert "Enercity" in desk.get("/desk/warnings?level=nonsense&sort=nonsense&after=x").text
        assert f"/desk/claims/{other}/{claim_id}" in desk.get(f"/desk/warnings/{other}/{debtor_id}").text
        [head, *rows] = csv.reader(
            io.StringIO(desk.get("/desk/warnings.csv").content.decode("utf-8-sig")), delimiter=";"
        )
        assert "Creditor" in head
        assert len(rows) == 2
        assert desk.get("/desk/warnings.xlsx").content[:2] == b"PK"

    def test_hundreds_are_paged_without_a_gap(self, house, manager, creditor_id):
        for number in range(120):
            warned(house, creditor_id, points=2 + number % 3, level="watch")
        seen, url = [], "/creditor/warnings"
        while url:
            page = manager.get(url).text
            seen += [part.split('"')[0] for part in page.split('row-link" href="/creditor/warnings/')[1:]]
            url = (
                page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
                if 'rel="next"' in page
                else ""
            )
        assert len(seen) == len(set(seen)) == 120

    def test_in_each_language(self, house, creditor_id):
        warned(house, creditor_id)
        person = house.person(Role.CREDITOR_MANAGER, creditor_id=creditor_id)
        reader = house.signed_in(person)
        for language, words in (("nl", "Nu handelen"), ("fr", "Agir maintenant"), ("de", "Jetzt handeln")):
            house.change(
                "UPDATE user_account SET language = :language WHERE email = :email",
                language=language, email=person.email,
            )  # fmt: skip
            assert words in reader.get("/creditor/warnings").text


class TestRelation:
    def test_is_marked_on_the_claim_and_seen_at_the_desk_with_what_going_on_may_bring(
        self, house, manager, creditor_id
    ):
        price = manager.drop(a_file(a_row("F1"))).headers["location"]
        assert manager.post(f"{price}/acceptance").status_code == 303
        page = f"/creditor/claims/{house.one('SELECT id FROM claim')}"
        assert (
            manager.post(f"{page}/relation", {"important": "true", "why": "Twenty years"}).status_code == 303
        )
        shown = manager.get(page).text
        assert "Twenty years" in shown
        desk = house.browser(Role.COLLECTOR)
        seen = desk.get(page.replace("/creditor/claims", f"/desk/claims/{creditor_id}")).text
        assert "Important relation: call first and keep it friendly" in seen
        assert "Twenty years" in seen
        refused = manager.post(f"{page}/relation", {"important": "true", "why": "x" * 201})
        assert refused.status_code == 422
        assert "x" * 201 in refused.text
