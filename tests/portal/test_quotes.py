"""The creditor's prices: chosen claims, reasons, what changed, the PDF, and the interface for programs."""

import io
import re
from datetime import date

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from agency.documents.upload import add_document
from agency.kernel.emitting import install_reactions
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.pricing.quoting import quote_placement
from agency.pricing.rate_cards import publish_first_card
from agency.rules.facts import DocumentKind
from portal import main
from tests.intake.factories import Store, a_file, a_row
from tests.portal.house import House
from tests.portal.test_creditor import PARTS, Browser

FILE = a_file(
    a_row("F1", amount="100,00"),
    a_row("F2", customer="8", name="Jan Jansen", amount="2.500,00"),
    a_row("F3", customer="9", name="Piet Pietersen", amount="900,00"),
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


def claim_id(house, reference):
    return house.one("SELECT id FROM claim WHERE reference = :r", r=reference)


class TestChosenClaims:
    def test_are_accepted_and_the_others_get_a_price_of_their_own(self, house, manager):
        page = manager.drop(FILE).headers["location"]
        chosen = [str(claim_id(house, name)) for name in ("F1", "F3")]
        done = manager.post(f"{page}/choice", {"claim": chosen, "do": "accept"})
        assert done.headers["location"] == page
        assert house.one("SELECT count(*) FROM claim WHERE state = 'active'") == 2
        assert house.one("SELECT state FROM claim WHERE reference = 'F2'") == "quoted"
        shown = manager.get(page).text
        assert "1 claim of this price was not chosen" in shown
        newer = re.search(r'href="(/creditor/quotes/[0-9a-f-]{36})">See the new price', shown)[1]
        assert manager.post(f"{newer}/acceptance").status_code == 303
        assert house.one("SELECT count(*) FROM claim WHERE state = 'active'") == 3
        assert house.one("SELECT count(*) FROM quote WHERE state = 'accepted'") == 2

    def test_are_declined_with_a_reason_that_is_kept_with_who_when_and_from_where(self, house, manager):
        page = manager.drop(FILE).headers["location"]
        answer = {"claim": str(claim_id(house, "F2")), "do": "decline", "why": "self", "words": "Ik bel zelf"}
        assert manager.post(f"{page}/choice", answer | {"why": ""}).status_code == 422
        assert manager.post(f"{page}/choice", answer).status_code == 303
        assert house.one("SELECT state FROM claim WHERE reference = 'F2'") == "withdrawn"
        assert house.one("SELECT closed_why FROM quote WHERE state = 'declined'") == "self: Ik bel zelf"
        assert house.one("SELECT closed_from FROM quote WHERE state = 'declined'") == "testclient"
        assert "We collect ourselves: Ik bel zelf" in manager.get(page).text
        assert house.one("SELECT claims FROM quote WHERE state = 'open'") == 2

    def test_of_none_or_of_another_price_are_refused_and_nothing_is_closed(self, house, manager):
        page = manager.drop(FILE).headers["location"]
        assert manager.post(f"{page}/choice", {"do": "accept"}).status_code == 422
        stranger = {"claim": "00000000-0000-0000-0000-00000000abcd", "do": "accept"}
        assert manager.post(f"{page}/choice", stranger).status_code == 422
        assert manager.post(f"{page}/choice", {"claim": "x", "do": "accept"}).status_code == 422
        assert house.one("SELECT state FROM quote") == "open"

    def test_are_for_managers_alone(self, house, creditor_id, manager):
        page = manager.drop(FILE).headers["location"]
        clerk = Browser(house, creditor_id, Role.CREDITOR_CLERK)
        assert clerk.get(f"{page}/choice").status_code == 403
        assert clerk.post(f"{page}/choice", {"do": "accept"}).status_code == 403


class TestDeclining:
    def test_asks_why_first(self, house, manager):
        page = manager.drop(FILE).headers["location"]
        assert "Why do you decline?" in manager.get(f"{page}/refusal").text
        assert manager.post(f"{page}/refusal").status_code == 422
        assert manager.post(f"{page}/refusal", {"why": "price"}).status_code == 303
        assert house.one("SELECT count(*) FROM claim WHERE state = 'withdrawn'") == 3


class TestWhatChanged:
    def test_is_shown_claim_by_claim_before_the_new_price_is_accepted(self, house, creditor_id, manager):
        page = manager.drop(FILE).headers["location"]
        with house.units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
            found = unit.session.connection().execute(text("SELECT id, placement_id FROM claim LIMIT 1"))
            claim, placement = found.one()
            add_document(
                unit, Store(), creditor_id=creditor_id, claim_id=claim, kind=DocumentKind.contract,
                name="contract.pdf", content=b"%PDF-1.4\n%%EOF",
            )  # fmt: skip
            issued = quote_placement(unit, creditor_id=creditor_id, placement_id=placement)
        shown = manager.get(f"/creditor/quotes/{issued.quote_id}")
        assert "See what changed" in shown.text
        changed = manager.get(f"/creditor/quotes/{issued.quote_id}/changes")
        assert "Added: Contract" in changed.text
        assert "Documents" in changed.text
        assert manager.get(f"{page}/changes").status_code == 404


class TestPdf:
    def test_says_the_price_in_each_language_and_is_the_same_each_time(self, manager):
        page = manager.drop(FILE).headers["location"]
        first, again = (manager.get(f"{page}.pdf?lang=nl") for _ in range(2))
        assert first.status_code == 200
        assert first.content == again.content
        said = {}
        for language in ("nl", "fr", "en", "de"):
            pdf = PdfReader(io.BytesIO(manager.get(f"{page}.pdf?lang={language}").content))
            said[language] = "".join(one.extract_text() for one in pdf.pages)
            assert "Jan Jansen" in said[language]
        assert "Prijsopgave" in said["nl"]
        assert "Ancienneté" in said["fr"]
        assert "Kind of debtor" in said["en"]
        assert "Vergütung" in said["de"]

    def test_is_nobody_elses(self, house, manager):
        page = manager.drop(FILE).headers["location"]
        other = Browser(house, house.creditor("Other"), Role.CREDITOR_MANAGER)
        assert other.get(f"{page}.pdf").status_code == 404
        assert other.get(f"{page}/changes").status_code == 404
        assert other.get(f"{page}/choice").status_code == 404


class TestWhatToExpect:
    def test_stands_beside_the_price_and_says_where_it_comes_from(self, manager):
        page = manager.drop(FILE).headers["location"]
        shown = manager.get(page).text
        for words in ("Costs the debtor will owe", "Interest to date", "Expected recovery", "our own table"):
            assert words in shown


class Program:
    """A program that speaks to the interface for a user."""

    def __init__(self, browser: Browser) -> None:
        self.client, self.headers = browser.client, {"x-csrf-token": browser.csrf}

    def post(self, path, body, key=None):
        headers = self.headers | ({"idempotency-key": key} if key else {})
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)


ASKED = {"amount": "2500.00", "due_on": "2026-05-31", "debtor_kind": "company", "country": "NL"}


class TestInterface:
    def test_says_the_price_in_words_and_what_may_be_expected(self, manager):
        program = Program(manager)
        found = program.post("/quotes", ASKED | {"language": "de", "disputed": True}).json()
        assert found["factors"][0]["words"].startswith("Größe der Forderung")
        assert found["outlook"]["recovery"]["source"] == "house"
        assert found["fee_bps_when_settled"] < found["fee_bps"]
        assert program.post("/quotes", ASKED | {"language": "xx"}).status_code == 422

    def test_accepts_once_per_key(self, house, manager):
        manager.drop(FILE)
        number = house.one("SELECT number FROM quote")
        program = Program(manager)
        assert program.post(f"/quotes/{number}/acceptance", {}).status_code == 400
        first = program.post(f"/quotes/{number}/acceptance", {}, key="k1")
        assert (first.status_code, first.json()["claims"]) == (200, 3)
        assert program.post(f"/quotes/{number}/acceptance", {}, key="k1").content == first.content
        assert program.post(f"/quotes/{number}/acceptance", {}, key="k2").status_code == 409

    def test_declines_chosen_claims_with_a_reason(self, house, manager):
        manager.drop(FILE)
        number, program = house.one("SELECT number FROM quote"), Program(manager)
        claims = [str(claim_id(house, "F1"))]
        assert program.post(f"/quotes/{number}/refusal", {"claims": claims}, key="a").status_code == 422
        blank = {"claims": claims, "reason": "  "}
        assert program.post(f"/quotes/{number}/refusal", blank, key="a").status_code == 422
        body = {"claims": claims, "reason": "too dear"}
        assert program.post(f"/quotes/{number}/refusal", body, key="b").json()["claims"] == 1
        assert house.one("SELECT count(*) FROM claim WHERE state = 'quoted'") == 2

    def test_is_bound_by_managers_alone_and_confined_to_its_creditor(self, house, creditor_id, manager):
        manager.drop(FILE)
        number = house.one("SELECT number FROM quote")
        clerk = Program(Browser(house, creditor_id, Role.CREDITOR_CLERK))
        assert clerk.post(f"/quotes/{number}/acceptance", {}, key="k").status_code == 403
        stranger = Program(Browser(house, house.creditor("Other"), Role.CREDITOR_MANAGER))
        assert stranger.post(f"/quotes/{number}/acceptance", {}, key="k").status_code == 404

    def test_replays_by_number_and_by_id(self, house, manager):
        page = manager.drop(FILE).headers["location"]
        number = house.one("SELECT number FROM quote")
        for name in (number, page.rpartition("/")[2]):
            found = manager.get(f"/api/v1/quotes/{name}/replay").json()
            assert (found["same"], found["intact"], found["number"]) == (True, True, number)
        assert manager.get("/api/v1/quotes/Q-1/replay").status_code == 404
