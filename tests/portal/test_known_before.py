"""Creditors' and collectors' pages of what is known before collection, and the interface for programs."""

import re
from datetime import date

import pytest
from sqlalchemy import text

from agency.kernel.emitting import install_reactions
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.pricing.rate_cards import publish_first_card
from portal import main
from tests.intake.factories import a_file, a_row
from tests.portal.house import House
from tests.portal.test_creditor import Browser

PARTS = ("portal.shared.sign_in", "portal.creditor", "portal.collector", "portal.api", "portal.live")
ALIKE = a_file(
    a_row("F1", customer="7", name="Bakkerij Jansen B.V."),
    a_row("F2", customer="8", name="Bakkery Jansen BV"),
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


@pytest.fixture
def clerk(house, creditor_id):
    return Browser(house, creditor_id, Role.CREDITOR_CLERK)


def claim_of(house):
    return house.one("SELECT id FROM claim ORDER BY number LIMIT 1")


class TestGoals:
    def test_are_told_once_changed_and_explained(self, manager):
        page = manager.get("/creditor/goals").text
        assert "You have not told us yet" in page
        assert "Call before the notice" in page
        told = manager.post("/creditor/goals", {"emphasis": "relation", "maximum_fee_percent": "12,5"})
        assert told.status_code == 303
        page = manager.get("/creditor/goals").text
        assert 'value="12.5"' in page
        assert "You have not told us yet" not in page

    def test_a_wrong_maximum_stands_beside_its_field(self, manager):
        answer = manager.post("/creditor/goals", {"emphasis": "speed", "maximum_fee_percent": "250"})
        assert answer.status_code == 422
        assert "percentage between 0 and 100" in answer.text

    def test_only_a_manager_sets_them(self, clerk):
        assert "A manager of your organisation" in clerk.get("/creditor/goals").text
        assert clerk.post("/creditor/goals", {"emphasis": "speed"}).status_code == 403

    def test_a_price_above_the_maximum_is_said(self, manager):
        manager.post("/creditor/goals", {"emphasis": "balanced", "maximum_fee_percent": "0,01"})
        page = manager.drop(a_file(a_row("F1"))).headers["location"]
        assert "costs more than your highest fee" in manager.get(page).text


class TestDuplicates:
    def find(self, house, manager):
        manager.drop(ALIKE)
        from agency.intake.duplicates import look_for_duplicates

        with house.units.open(Door.WORKER, by="system:test") as unit:
            row = unit.session.connection().execute(text("SELECT creditor_id, id FROM placement")).one()
            assert look_for_duplicates(unit, creditor_id=row.creditor_id, placement_id=row.id) == 1

    def test_stand_side_by_side_and_are_decided(self, house, manager):
        self.find(house, manager)
        assert "looks like another one" in manager.get("/creditor").text
        page = manager.get("/creditor/duplicates").text
        assert "Bakkerij Jansen B.V." in page
        assert "Bakkery Jansen BV" in page
        address = re.search(r'action="(/creditor/duplicates/[0-9a-f-]+)"', page)[1]
        assert manager.post(address, {"answer": "same"}).status_code == 303
        assert "No questions" in manager.get("/creditor/duplicates").text
        assert house.one("SELECT count(*) FROM claim WHERE close_code = 'duplicate'") == 1

    def test_a_collector_may_decide_too(self, house, manager):
        self.find(house, manager)
        desk = house.browser(Role.COLLECTOR)
        page = desk.get("/desk/duplicates").text
        address = re.search(r'action="(/desk/duplicates/[0-9a-f-]+/[0-9a-f-]+)"', page)[1]
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]
        assert desk.post(address, data={"csrf": csrf, "answer": "two"}).status_code == 303
        assert house.one("SELECT state FROM likely_duplicate") == "two"
        again = desk.post(address, data={"csrf": csrf, "answer": "same"})
        assert again.status_code == 303
        assert house.one("SELECT state FROM likely_duplicate") == "two"


class TestClaimPage:
    def test_takes_a_reminder_and_an_insurance(self, house, manager):
        manager.drop(a_file(a_row("F1")))
        page = f"/creditor/claims/{claim_of(house)}"
        step = {"kind": "reminder", "channel": "email", "sent_on": "2026-06-10"}
        assert manager.post(f"{page}/earlier-steps", step).status_code == 303
        policy = {
            "insurer": "Atradius",
            "policy_number": "P-7",
            "covered_percent": "90",
            "indemnity_percent": "0",
        }
        assert manager.post(f"{page}/insurance", policy).status_code == 303
        shown = manager.get(page).text
        for words in ("10 Jun 2026", "Atradius", "P-7", "Term of the insurer has passed"):
            assert words in shown
        assert "Tell Atradius before" in manager.get("/creditor").text

    @pytest.mark.parametrize(
        ("path", "fields"),
        [
            ("earlier-steps", {"kind": "reminder", "channel": "email", "sent_on": "2099-01-01"}),
            ("earlier-steps", {"kind": "party", "channel": "email", "sent_on": "2026-01-01"}),
            ("earlier-steps", {"kind": "", "channel": "call", "sent_on": "2026-06-01"}),
            ("insurance", {"insurer": "A", "policy_number": "P", "covered_percent": "900"}),
            ("insurance", {"insurer": "A"}),
        ],
    )  # fmt: skip
    def test_refuses_what_cannot_be(self, house, manager, path, fields):
        manager.drop(a_file(a_row("F1")))
        assert manager.post(f"/creditor/claims/{claim_of(house)}/{path}", fields).status_code == 422
        assert (
            house.one("SELECT (SELECT count(*) FROM earlier_step) + (SELECT count(*) FROM insurance_cover)")
            == 0
        )


def test_unusual_rows_are_shown_with_their_reason(house, manager):
    rows = a_file(
        a_row("F1", amount="400.000,00"), a_row("F2", customer="9", issued="01-05-2019", due="31-05-2019")
    )
    manager.drop(rows)
    page = manager.get(f"/creditor/placements/{house.one('SELECT id FROM placement')}").text
    assert "Rows to look at" in page
    assert "Is unusually high" in page or "is unusually high" in page
    assert "time-barred" in page


def test_a_citizen_service_number_never_reaches_the_books(house, manager):
    from tests.intake.test_checks import a_bsn

    bsn = a_bsn(11)
    headers = "Factuurnummer;Naam;Bedrag;Factuurdatum;Vervaldatum;Omschrijving"
    manager.drop(a_file(f"F1;Jan Jansen;100,00;01-05-2026;31-05-2026;BSN {bsn} is ziek", headers=headers))
    assert house.one("SELECT description FROM claim") == "BSN ••• is ziek"
    assert house.one("SELECT count(*) FROM placement_finding") == 2
    assert house.one("SELECT count(*) FROM placement_finding WHERE value LIKE '%' || :b || '%'", b=bsn) == 0


class TestCreditChecks:
    def test_are_asked_at_a_price_and_wait_for_their_answer(self, house, manager):
        page = manager.get("/creditor/credit-checks").text
        assert "€12.50" in page or "12.50" in page
        key = re.search(r'name="request_key" value="([^"]+)"', page)[1]
        asked = {"country": "NL", "registration_number": "30123456", "request_key": key}
        first = manager.post("/creditor/credit-checks", asked)
        assert first.status_code == 303
        assert manager.post("/creditor/credit-checks", asked).headers["location"] == first.headers["location"]
        assert "The answer is on its way" in manager.get(first.headers["location"]).text
        assert "30123456" in manager.get("/creditor/credit-checks").text

    def test_about_nobody_are_refused(self, manager):
        asked = {"country": "NL", "request_key": "k"}
        answer = manager.post("/creditor/credit-checks", asked)
        assert answer.status_code == 422
        assert "ive a number or a name" in answer.text

    def test_g1_of_another_creditor_do_not_exist(self, house, manager):
        key = {"country": "NL", "name": "Bakker", "request_key": "k"}
        page = manager.post("/creditor/credit-checks", key).headers["location"]
        stranger = Browser(house, house.creditor("Ander"), Role.CREDITOR_MANAGER)
        assert stranger.get(page).status_code == 404


class TestPrograms:
    def call(self, manager, method, path, body, **headers):
        return manager.client.request(
            method, f"/api/v1{path}", json=body, headers={"x-csrf-token": manager.csrf, **headers}
        )

    def test_tell_steps_and_insurance_and_get_told_what_is_wrong(self, house, manager):
        manager.drop(a_file(a_row("F1", kind="particulier", name="Jan Jansen", postcode="3511 AB")))
        claim = f"/claims/{claim_of(house)}"
        letter = {"days": 10, "costs_minor": 4000, "consequences_stated": True}
        step = {"kind": "notice", "channel": "letter", "sent_on": "2026-06-20", "notice": letter}
        answer = self.call(manager, "POST", f"{claim}/earlier-steps", {"steps": [step]})
        assert answer.status_code == 200, answer.text
        assert answer.json()["steps"][0]["faults"] == ["short_term"]
        cover = {"insurer": "Atradius", "policy_number": "P", "covered_percent": "90"}
        told = self.call(manager, "PUT", f"{claim}/insurance", cover)
        assert (told.status_code, told.json()["notification"]) == (200, "missed")

    def test_ask_for_a_credit_check_once(self, house, manager):
        asked = [
            self.call(manager, "POST", "/credit-checks", {"name": "Bakker"}, **{"idempotency-key": "one"})
            for _ in range(2)
        ]
        assert [answer.status_code for answer in asked] == [202, 202]
        assert asked[0].json()["id"] == asked[1].json()["id"]
        assert (
            self.call(manager, "GET", f"/credit-checks/{asked[0].json()['id']}", None).json()["state"]
            == "asked"
        )
