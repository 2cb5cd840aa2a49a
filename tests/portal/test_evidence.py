"""The pages of a document: beside its claim, judged, corrected; for its creditor and the agency only."""

import re
from datetime import date

import pytest

from agency.kernel.emitting import install_reactions
from agency.kernel.outbox import drain
from agency.kernel.ports import install_ports
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.pricing.rate_cards import publish_first_card
from agency.reactions import REACTIONS
from portal import main
from tests.documents.papers import D, a_paper
from tests.intake.factories import a_file, a_row
from tests.portal.house import House
from tests.portal.test_creditor import Browser

PARTS = ("portal.shared.sign_in", "portal.creditor", "portal.collector", "portal.live")
RIGHT = {"creditor": "Enercity", "debtor": "Bakkerij Jansen B.V.", "number": "F-2026-17",
         "issued": "01-05-2026", "due": "31-05-2026", "amount": "€ 1.234,56"}  # fmt: skip


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    install_reactions(REACTIONS)
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
    made = House(units, folder=data_folder, redis_url=redis_url, evidence_documents_max=6)
    install_ports(made.ports)
    return made


@pytest.fixture
def creditor_id(house):
    return house.creditor()


@pytest.fixture
def manager(house, creditor_id):
    return Browser(house, creditor_id, Role.CREDITOR_MANAGER)


@pytest.fixture
def claim(house, manager):
    """The page of a claim that waits for acceptance."""
    manager.drop(a_file(a_row("F-2026-17", amount="1234,56")))
    drain(house.units)
    return re.search(r'href="(/creditor/claims/[0-9a-f-]{36})"', manager.get("/creditor/claims").text)[1]


def add(house, browser, claim, content, name="scan.pdf", **fields):
    """Add a paper, let it be read, and return the address of its page."""
    answer = browser.post(f"{claim}/documents", fields, files={"file": (name, content, "application/pdf")})
    assert answer.status_code == 303, answer.text
    drain(house.units)
    newest = house.one("SELECT id FROM document ORDER BY added_at DESC, id DESC LIMIT 1")
    return f"/creditor/documents/{newest}"


class TestCreditor:
    def test_sees_what_a_document_is_taken_for_and_every_value_with_its_place(self, house, manager, claim):
        document = add(house, manager, claim, a_paper(D.invoice, **RIGHT | {"amount": "€ 1.324,56"}))
        shown = manager.get(f"{document}/check").text
        for words in (
            "Different from the claim",
            "€ 1.324,56",
            "€1,234.56",
            "It says another amount.",
            "Look at this",
        ):
            assert words in shown
        assert f'href="{document}/pages/1"' in shown
        picture = manager.get(f"{document}/pages/1")
        assert picture.headers["content-type"] == "image/png"
        assert picture.headers["x-content-type-options"] == "nosniff"
        assert manager.get(f"{document}/pages/9").status_code == 404

    def test_says_that_it_is_right_or_wrong_or_something_else(self, house, manager, claim):
        document = add(house, manager, claim, a_paper(D.invoice, **RIGHT), kind="delivery_note")
        assert "something else" in manager.get(f"{document}/check").text
        for fields, words in (
            ({"verdict": "kind", "kind": "invoice"}, "Counts"),
            ({"verdict": "wrong_document"}, "Does not count"),
            ({"verdict": "right"}, "Counts"),
        ):
            assert manager.post(f"{document}/verdict", fields).status_code == 303
            drain(house.units)
            assert words in manager.get(f"{document}/check").text
        assert manager.get(f"{document}/check").text.count("the creditor:") >= 3
        assert manager.post(f"{document}/verdict", {"verdict": "nonsense"}).status_code == 422
        assert manager.post(f"{document}/verdict", {"verdict": "kind"}).status_code == 422

    def test_changes_the_claim_into_what_the_document_says(self, house, manager, claim):
        document = add(house, manager, claim, a_paper(D.invoice, **RIGHT | {"amount": "€ 2.000,00"}))
        page = manager.get(f"{document}/check").text
        invoice = re.search(r'name="invoice" value="([^"]+)"', page)[1]
        values = {
            "invoice": invoice,
            "number": "F-2026-17",
            "issued_on": "2026-05-01",
            "due_on": "2026-05-31",
        }
        refused = manager.post(f"{document}/claim", values | {"total": "2000,00", "open": "3000,00"})
        assert refused.status_code == 422
        assert "error-open" in refused.text
        assert (
            manager.post(f"{document}/claim", values | {"total": "2.000,00", "open": "2.000,00"}).status_code
            == 303
        )
        drain(house.units)
        after = manager.get(f"{document}/check").text
        assert "Different from the claim" not in after
        assert "€2,000.00" in manager.get(claim).text

    def test_sees_what_each_missing_document_costs(self, house, manager, claim):
        shown = manager.get(claim).text
        assert "How complete the file is" in shown
        assert "missing it costs" in shown
        assert "Needed" in shown
        assert manager.post(f"{claim}/type", {"claim_type": "rent"}).status_code == 303
        assert manager.post(f"{claim}/type", {"claim_type": "x"}).status_code == 422

    def test_tells_what_was_agreed_with_a_german_consumer_and_when(self, house, manager, claim):
        assert "field-contract_on" not in manager.get(claim).text
        house.change("UPDATE debtor SET country = 'DE', kind = 'consumer'")
        assert "until then no message leaves" in manager.get(claim).text
        told = {"subject": "Küche, geliefert und montiert", "contract_on": "2026-09-14"}
        assert manager.post(f"{claim}/contract", told).status_code == 303
        kept = house.one("SELECT description || ' ' || contract_on FROM claim")
        assert kept == "Küche, geliefert und montiert 2026-09-14"
        for wrong in ({"subject": "2026 / 17"}, {"contract_on": "2099-01-01"}, {"contract_on": "soon"}):
            assert manager.post(f"{claim}/contract", told | wrong).status_code == 422
        house.change("UPDATE claim SET state = 'closed'")
        assert manager.post(f"{claim}/contract", told).status_code in (409, 422)
        assert house.one("SELECT count(*) FROM audit_entry WHERE action = 'claim.contract_told'") == 1

    def test_e20_is_told_when_there_is_no_room(self, house, manager, claim):
        for number in range(6):
            add(house, manager, claim, a_paper(D.invoice, **RIGHT) + b"%%%d" % number)
        answer = manager.post(f"{claim}/documents", files={"file": ("x.txt", b"nog een", "text/plain")})
        assert answer.status_code == 413
        assert "no room for more documents" in answer.text

    def test_e14_a_name_full_of_tricks_is_only_shown(self, house, manager, claim):
        name = "../../\u202etxt.<img src=x onerror=alert(1)>CON.pdf"
        document = add(house, manager, claim, a_paper(D.invoice, **RIGHT), name=name)
        shown = manager.get(f"{document}/check").text
        assert "<img src=x" not in shown
        assert "\u202e" not in shown


class TestWall:
    def test_another_creditors_document_has_no_page_no_picture_and_takes_no_verdict(
        self, house, manager, claim
    ):
        document = add(house, manager, claim, a_paper(D.invoice, **RIGHT))
        other = Browser(house, house.creditor("Ander"), Role.CREDITOR_MANAGER)
        for path in ("/check", "/pages/1", ""):
            assert other.get(f"{document}{path}").status_code == 404
        assert other.post(f"{document}/verdict", {"verdict": "right"}).status_code == 404
        assert other.post(f"{claim}/type", {"claim_type": "rent"}).status_code in (404, 422)
        told = {"subject": "Küche", "contract_on": "2026-09-14"}
        assert other.post(f"{claim}/contract", told).status_code in (404, 422)

    def test_collectors_judge_and_only_administrators_lift(self, house, manager, claim, creditor_id):
        document = add(house, manager, claim, a_paper(D.invoice, **RIGHT)).rpartition("/")[2]
        desk = f"/desk/claims/{creditor_id}/{claim.rpartition('/')[2]}"
        collector, administrator = house.browser(Role.COLLECTOR), house.browser(Role.ADMIN, Role.COLLECTOR)
        page = collector.get(f"{desk}/documents/{document}/check")
        token = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
        assert collector.get(f"{desk}/documents/{document}/pages/1").status_code == 200
        said = collector.post(
            f"{desk}/documents/{document}/verdict", data={"csrf": token, "verdict": "wrong_document"}
        )
        assert said.status_code == 303
        assert (
            manager.post(f"/creditor/documents/{document}/verdict", {"verdict": "right"}).status_code == 422
        )
        assert collector.get(f"{desk}/completeness").status_code == 403
        assert "Set by hand" not in collector.get(desk).text
        assert "Set by hand" in administrator.get(desk).text
        form = administrator.get(f"{desk}/completeness").text
        token = re.search(r'name="csrf" value="([^"]+)"', form)[1]
        values = {"csrf": token, "at_least": "70", "reason": "signed note seen at the office"}
        assert administrator.post(f"{desk}/completeness", data=values | {"at_least": "x"}).status_code == 422
        assert administrator.post(f"{desk}/completeness", data=values | {"reason": "no"}).status_code == 422
        assert administrator.post(f"{desk}/completeness", data=values).status_code == 303
        drain(house.units)
        assert "70 / 100" in manager.get(claim).text
        assert "signed note seen at the office" in manager.get(claim).text
        token = re.search(r'name="csrf" value="([^"]+)"', administrator.get(f"{desk}/completeness").text)[1]
        back = administrator.post(
            f"{desk}/completeness/withdrawal", data={"csrf": token, "reason": "it was of another claim"}
        )
        assert back.status_code == 303
        assert "70 / 100" not in manager.get(claim).text

    def test_a_document_of_another_claim_is_not_found_under_this_one(
        self, house, manager, claim, creditor_id
    ):
        document = add(house, manager, claim, a_paper(D.invoice, **RIGHT)).rpartition("/")[2]
        desk = f"/desk/claims/{creditor_id}/00000000-0000-7000-8000-000000000000/documents/{document}"
        collector = house.browser(Role.COLLECTOR)
        for path in ("/check", "/pages/1"):
            assert collector.get(f"{desk}{path}").status_code == 404


def test_a_claim_tells_how_its_price_fell_and_was_accepted(house):
    manager = Browser(house, house.creditor(), Role.CREDITOR_MANAGER)
    manager.drop(a_file(a_row("F-1"), a_row("F-2", name="Pieters B.V.")))
    drain(house.units)
    claims = manager.get("/creditor/claims").text
    claim = re.search(r'href="(/creditor/claims/[0-9a-f-]{36})"', claims)[1]
    fee = re.findall(r"Price offered: (\d+\.\d\d%|\d+\.\d\d %)", manager.get(claim).text)
    assert len(fee) == 1
    note = {"file": ("pakbon.txt", b"Afleverbon. Ontvangen en getekend.", "text/plain")}
    manager.post(f"{claim}/documents", {"kind": "delivery_note"}, files=note)
    drain(house.units)
    page = manager.get(claim).text
    assert f"Price changed: {fee[0]}" in page
    assert "added: Proof of delivery" in page
    newest = re.findall(r'href="(/creditor/quotes/[0-9a-f-]{36})"', manager.get("/creditor/quotes").text)[0]
    manager.post(f"{newest}/acceptance")
    drain(house.units)
    page = manager.get(claim).text
    assert page.index("Price accepted, collection starts") < page.index("Price changed:")
    assert f'href="{newest}"' in page
