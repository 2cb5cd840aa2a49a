"""Finance's refunds and lines without an owner over HTTP, with four eyes."""

import re

from sqlalchemy import text

from agency.banking.matching import match_lines
from agency.kernel.unit import Door
from tests.made import a_claim, a_creditor
from tests.portal.test_finance import (
    a_waiting_line,
    app,
    claim,
    colleagues,
    post,
    statement_file,
    upload,
)

__all__ = ["app", "claim", "colleagues"]


def match_now(units) -> None:
    with units.open(Door.STAFF, by="system:test") as unit:
        match_lines(unit)


def link(page: str, start: str) -> str:
    found = re.search(rf'href="({start}[0-9a-f/-]+)"', page)
    assert found, page
    return found[1]


class TestRefunds:
    def test_lead_from_the_overpayment_to_the_file(self, units, colleagues, claim):
        ann, bob = colleagues
        reference = claim[2]
        upload(ann, statement_file(units, ("B1", 120_000, reference)))
        match_now(units)
        owed = link(ann.get("/finance/refunds").text, "/finance/refunds/owed/")
        form = ann.get(owed).text
        assert "NL91ABNA0417164300" in form
        wrong = post(ann, owed, reason="twice", iban="NL91ABNA0417164301", holder="J. de Vries")
        assert wrong.status_code == 422
        assert "This is not a valid IBAN" in wrong.text
        asked = post(ann, owed, reason="twice", iban="NL91 ABNA 0417 1643 00", holder="J. de Vries")
        assert "You asked for this refund" in asked.text
        refund = asked.url.path
        refused = post(ann, f"{refund}/approval")
        assert refused.status_code == 409
        assert "Another person must approve what you asked for" in refused.text
        assert "Approved." in post(bob, f"{refund}/approval").text
        assert "The refund file is ready" in post(bob, "/finance/refunds/files").text
        file = re.search(r'action="(/finance/remittances/files/[^"]+)"', bob.get("/finance/refunds").text)
        assert file
        assert b"200.00" in post(bob, file[1]).content
        assert "On its way" in ann.get(refund).text
        back = post(ann, f"{refund}/rejection", why="AC04 closed account")
        assert "owed back as before" in back.text
        assert link(back.text, "/finance/refunds/owed/") == owed

    def test_can_be_cancelled_with_a_reason(self, units, colleagues, claim):
        ann, _ = colleagues
        upload(ann, statement_file(units, ("B1", 120_000, claim[2])))
        match_now(units)
        owed = link(ann.get("/finance/refunds").text, "/finance/refunds/owed/")
        refund = post(ann, owed, reason="twice", iban="NL91ABNA0417164300", holder="J").url.path
        assert post(ann, f"{refund}/cancellation").status_code == 409
        assert "Cancelled." in post(ann, f"{refund}/cancellation", why="wrong").text
        assert post(ann, f"{refund}/rejection", why="x").status_code == 409

    def test_unknown_ones_are_not_found(self, colleagues):
        ann, _ = colleagues
        nobody = "00000000-0000-0000-0000-000000000009"
        for path in (f"/finance/refunds/{nobody}/{nobody}", f"/finance/refunds/owed/{nobody}/{nobody}"):
            assert ann.get(path).status_code == 404
        assert post(ann, f"/finance/refunds/{nobody}/{nobody}/approval").status_code in (404, 409)


class TestSuspense:
    def test_a_line_is_split_over_two_claims(self, units, colleagues, claim):
        ann, _ = colleagues
        with units.open(Door.STAFF, by="system:test") as unit:
            creditor = a_creditor(unit)
            other = a_claim(unit, creditor_id=creditor, invoices=[(20_000, unit.today)])
            numbers = unit.session.connection().execute(text("SELECT number FROM claim ORDER BY number"))
            words = numbers.scalars().all()
        upload(ann, statement_file(units, ("B1", 120_000, "twee in een")))
        line = f"/finance/suspense/{a_waiting_line(units)}"
        first = ann.get(line, params={"q": words[0]}).text
        keep = re.search(r'href="(/finance/suspense/[^"]+keep=[^"]+)"', first)
        assert keep
        page = ann.get(keep[1].replace("&amp;", "&") + f"&q={words[1]}").text
        assert "Split over several claims" in page
        one, two = f"part:{claim[0]}.{claim[1]}", f"part:{creditor}.{other}"
        assert f'name="{one}" value="1000.00"' in page
        assert f'name="{two}" value="200.00"' in page
        wrong = post(ann, f"{line}/split", **{one: "1000,00", two: "199,99"})
        assert wrong.status_code == 409
        assert "The parts do not add up" in wrong.text
        assert post(ann, f"{line}/split", **{one: "veel", two: "1"}).status_code == 409
        assert post(ann, f"{line}/split", **{"part:x": "1"}).status_code == 409
        assert "Booked on the claims." in post(ann, f"{line}/split", **{one: "1.000,00", two: "200,00"}).text

    def test_a_line_is_looked_after_noted_and_parked_by_two(self, units, colleagues):
        ann, bob = colleagues
        upload(ann, statement_file(units, ("B1", 100, "x")))
        line = f"/finance/suspense/{a_waiting_line(units)}"
        owner = re.search(r'<option value="([0-9a-f-]{36})">Bob', ann.get(line).text)
        assert owner
        assert "Kept." in post(ann, f"{line}/care", owner_id=owner[1]).text
        assert "Bob" in ann.get("/finance/suspense").text
        assert post(ann, f"{line}/care", owner_id=owner[1], due_on="2020-01-01").status_code == 409
        assert "called the bank" in post(ann, f"{line}/notes", text="called the bank").text
        assert post(ann, f"{line}/notes").status_code == 409
        post(ann, f"{line}/parking", reason="bank does not know")
        assert post(ann, f"{line}/parking/approval").status_code == 409
        assert "Parked." in post(bob, f"{line}/parking/approval").text
        post(ann, "/finance/proof")
        proof = ann.get("/finance/proof").text
        assert "Parked in suspense" in proof
        assert "bank does not know" in proof
        assert "It waits again." in post(ann, f"{line}/parking/end").text

    def test_a_line_goes_back_to_its_sender(self, units, colleagues):
        ann, bob = colleagues
        upload(ann, statement_file(units, ("B1", 100, "x")))
        line = f"/finance/suspense/{a_waiting_line(units)}"
        assert "Asked for." in post(ann, f"{line}/refund", reason="unknown payer").text
        assert "going back to its sender" in ann.get(line).text
        refund = link(bob.get("/finance/refunds").text, "/finance/refunds/[0-9a-f]")
        assert "Approved." in post(bob, f"{refund}/approval").text
        post(bob, "/finance/refunds/files")
        assert "Sent back" in ann.get(line.replace("suspense", "lines")).text
