"""Finance's door over HTTP: from the bank's file to the payout file, with four eyes."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit
from agency.money import Money
from agency.parties.models import Audience, Creditor, Role
from agency.parties.users import create_user
from agency.payments.models import PaymentSource
from agency.payments.settlement import settle
from agency.remittance.models import RemittanceRun
from integrations.bankfiles.camt_writer import StatementLine, write_camt053
from portal import main
from portal.finance import ledger as finance_ledger
from portal.shared.filled_in import sentence
from portal.shared.i18n import speaking
from portal.shared.sessions import start_session
from portal.wiring import Wiring
from tests.bankfiles.test_payment_status import payment, report
from tests.made import a_claim, a_creditor, an_accepted_price

SETTINGS = Settings(mode="development")


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def a_colleague(unit: Unit, name: str, role: Role = Role.FINANCE) -> str:
    user = create_user(
        unit,
        email=f"{name.lower()}@agency.example",
        name=name,
        audience=Audience.STAFF,
        roles=[role],
        password="a long enough password",
        sealing_secret=SETTINGS.secret.get_secret_value(),
        language="en",
    )
    return start_session(unit, user_id=user.user_id, hours=8)


@pytest.fixture
def app(units, monkeypatch):
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.finance"))
    return main.create_app(Wiring(settings=SETTINGS, units=units, ports=None))


@pytest.fixture
def colleagues(units, app):
    """Ann and Bob of finance, each signed in with a browser of their own."""
    with units.open(Door.STAFF, by="system:test") as unit:
        sessions = [a_colleague(unit, name) for name in ("Ann", "Bob")]
    browsers = []
    for session in sessions:
        browser = TestClient(app, base_url=SETTINGS.public_url)
        browser.cookies.set("session", session)
        browsers.append(browser)
    return browsers


@pytest.fixture
def claim(units) -> tuple[UUID, UUID, str, str]:
    with units.open(Door.STAFF, by="system:test") as unit:
        creditor = a_creditor(unit)
        claim_id = a_claim(unit, creditor_id=creditor, invoices=[(100_000, unit.today)])
        an_accepted_price(unit, creditor_id=creditor, claim_id=claim_id)
        row = unit.session.get_one(Claim, (creditor, claim_id))
        return creditor, claim_id, row.payment_reference, row.number


def statement_file(units, *lines: tuple[str, int, str], opening: int = 0, number: int = 1) -> bytes:
    with units.open(Door.STAFF, by="system:test") as unit:
        now, today = unit.now, unit.today
    return write_camt053(
        statement_id=f"S{number}",
        account=SETTINGS.trust_iban,
        currency="EUR",
        created_at=now,
        from_day=today,
        to_day=today,
        opening=eur(opening),
        lines=[
            StatementLine(eur(minor), today, ref, text=words, counterparty="J. de Vries",
                          counterparty_iban="NL91ABNA0417164300")
            for ref, minor, words in lines
        ],
        sequence_number=number,
    )  # fmt: skip


def sentence_in(language: str, words: str) -> str:
    with speaking(language):
        return sentence(words)


def token_of(browser) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get("/finance/statements").text)
    assert found
    return found[1]


def post(browser, path, **fields):
    return browser.post(path, data={"csrf": token_of(browser), **fields})


def upload(browser, content: bytes, name="statement.xml"):
    return browser.post(
        "/finance/statements", data={"csrf": token_of(browser)}, files={"file": (name, content, "text/xml")}
    )


def a_waiting_line(units) -> str:
    with units.open(Door.STAFF, by="system:test") as unit:
        found = unit.session.connection().execute(text("SELECT id FROM bank_line WHERE state = 'suspense'"))
        return str(found.scalar_one())


class TestTheDay:
    def test_leads_from_the_banks_file_to_the_payout_file(self, units, colleagues, claim):
        ann, bob = colleagues
        creditor, claim_id, _, number = claim
        page = upload(ann, statement_file(units, ("B1", 100_000, "betaling, ik weet het kenmerk niet")))
        assert "1 new line" in page.text
        line_id = a_waiting_line(units)
        assert "J. de Vries" in ann.get("/finance/suspense").text

        found = ann.get(f"/finance/suspense/{line_id}", params={"q": number}).text
        assert str(claim_id) in found
        settled = post(
            ann,
            f"/finance/suspense/{line_id}/settlement",
            creditor_id=str(creditor),
            claim_id=str(claim_id),
        )
        assert "Booked on the claim." in settled.text
        assert "Matched" in ann.get(f"/finance/lines/{line_id}").text

        assert "Drafted." in post(ann, "/finance/remittances").text
        run = re.search(r'href="(/finance/remittances/[0-9a-f-]+/[0-9a-f-]+)"', ann.get("/finance").text)
        assert run
        assert "A colleague must approve it." in ann.get(run[1]).text
        refused = post(ann, f"{run[1]}/approval")
        assert refused.status_code == 409
        assert "Another person must approve what you drafted" in refused.text
        assert "Approved." in post(bob, f"{run[1]}/approval").text

        assert "The payout file is ready" in post(bob, "/finance/remittances/files").text
        file = re.search(r'action="(/finance/remittances/files/[^"]+)"', bob.get("/finance/remittances").text)
        assert file
        first, second = post(bob, file[1]), post(bob, file[1])
        assert first.content == second.content
        assert b"879.00" in first.content
        assert "copy" not in first.headers["content-disposition"]
        assert "copy-2" in second.headers["content-disposition"]

        proven = post(ann, "/finance/proof")
        assert "Proven: bank, ledger and liabilities are equal." in proven.text

    def test_is_told_that_a_line_was_paid_out_before_it_is_taken_back(self, units, colleagues, claim):
        ann, bob = colleagues
        creditor, claim_id, _, _ = claim
        upload(ann, statement_file(units, ("B1", 100_000, "iets")))
        line_id = a_waiting_line(units)
        post(
            ann, f"/finance/suspense/{line_id}/settlement", creditor_id=str(creditor), claim_id=str(claim_id)
        )
        assert "paid out already" not in ann.get(f"/finance/lines/{line_id}").text
        assert "Drafted." in post(ann, "/finance/remittances").text
        assert "Nothing to draft today" in post(ann, "/finance/remittances").text
        run = re.search(r'href="(/finance/remittances/[0-9a-f-]+/[0-9a-f-]+)"', ann.get("/finance").text)
        assert run
        post(bob, f"{run[1]}/approval")
        post(bob, "/finance/remittances/files")
        page = ann.get(f"/finance/lines/{line_id}").text
        assert "This money was paid out already" in page
        assert run[1] in page
        assert "The line waits again." in post(ann, f"/finance/lines/{line_id}/reversal", why="wrong").text

    def test_takes_a_settlement_back(self, units, colleagues, claim):
        ann, _ = colleagues
        creditor, claim_id, _, _ = claim
        upload(ann, statement_file(units, ("B1", 100_000, "iets")))
        line_id = a_waiting_line(units)
        post(
            ann, f"/finance/suspense/{line_id}/settlement", creditor_id=str(creditor), claim_id=str(claim_id)
        )
        assert post(ann, f"/finance/lines/{line_id}/reversal").status_code == 422
        assert (
            "The line waits again." in post(ann, f"/finance/lines/{line_id}/reversal", why="wrong one").text
        )
        assert a_waiting_line(units) == line_id
        again = post(
            ann, f"/finance/suspense/{line_id}/settlement", creditor_id=str(creditor), claim_id=str(claim_id)
        )
        assert "Booked on the claim." in again.text


class TestAClaimThatTakesNone:
    def test_the_page_and_the_ledger_say_why_in_words(self, units, colleagues, claim):
        ann, _ = colleagues
        creditor, claim_id, _, _ = claim
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.get_one(Claim, (creditor, claim_id)).state = ClaimState.WITHDRAWN
            facts = {
                "creditor_id": creditor,
                "claim_id": claim_id,
                "amount": eur(500),
                "value_on": unit.today,
            }
            settle(unit, **facts, source=PaymentSource.PSP, source_key="tr_1#1", trust_account="trust.psp")
        upload(ann, statement_file(units, ("B1", 100_000, "iets")))
        refused = post(
            ann,
            f"/finance/suspense/{a_waiting_line(units)}/settlement",
            creditor_id=str(creditor),
            claim_id=str(claim_id),
        )
        entries = ann.get("/finance/ledger/trust.psp").text
        found = re.search(r'href="(/finance/ledger/transactions/[^"]+)"', entries)
        assert found
        for page in (refused.text, entries, ann.get(found[1]).text):
            assert "the claim was withdrawn" in page
            assert "claim_withdrawn" not in page


class TestMoneyThatLeft:
    def test_an_unexplained_debit_is_looked_after_and_parked_from_every_list(self, units, colleagues):
        """A bank's charge must not stop everybody's payouts with no way out."""
        ann, bob = colleagues
        upload(ann, statement_file(units, ("B1", -250, "kosten betalingsverkeer")))
        line_id = a_waiting_line(units)
        [statement] = set(
            re.findall(r"/finance/statements/[0-9a-f-]{36}", ann.get("/finance/statements").text)
        )
        for listed in ("/finance/suspense", statement):
            assert f'href="/finance/suspense/{line_id}"' in ann.get(listed).text
        page = ann.get(f"/finance/lines/{line_id}")  # where the proof leads
        assert page.url.path == f"/finance/suspense/{line_id}"
        assert "Ask to park it" in page.text
        assert "Book here" not in page.text
        assert "Another claim" not in page.text
        assert "Asked for" in post(ann, f"/finance/suspense/{line_id}/parking", reason="bank costs").text
        assert "Parked." in post(bob, f"/finance/suspense/{line_id}/parking/approval").text


class TestNotes:
    def test_what_the_database_does_not_hold_is_left_out_of_a_text(self, units, colleagues):
        ann, _ = colleagues
        upload(ann, statement_file(units, ("B1", 100, "iets")))
        line_id = a_waiting_line(units)
        page = post(ann, f"/finance/suspense/{line_id}/notes", text="I asked\0 the bank")
        assert page.status_code == 200
        assert "I asked the bank" in page.text


class TestUpload:
    def test_says_so_when_the_file_was_imported_before(self, units, colleagues):
        ann, _ = colleagues
        content = statement_file(units, ("B1", 5, "x"))
        upload(ann, content)
        assert "This file was imported before" in upload(ann, content).text

    def test_an_intraday_report_is_shown_and_books_nothing(self, units, colleagues):
        ann, _ = colleagues
        content = statement_file(units, ("B1", 5, "x"))
        for old, new in (
            (b"BkToCstmrStmt", b"BkToCstmrAcctRpt"),
            (b"Stmt>", b"Rpt>"),
            (b"camt.053", b"camt.052"),
        ):
            content = content.replace(old, new)
        page = upload(ann, content)
        assert page.status_code == 200
        assert "books nothing" in page.text
        assert "Intraday report" in ann.get("/finance/statements").text
        with units.open(Door.STAFF, by="x") as unit:
            found = unit.session.connection().execute(text("SELECT count(*) FROM bank_line"))
            assert found.scalar_one() == 0

    def test_takes_the_banks_answer_to_a_file_and_refuses_half_of_one(self, units, colleagues, claim):
        ann, _ = colleagues
        content = report(payment("RNOBODY"))
        page = upload(ann, content, name="answer.xml").text
        assert "Nothing changed" in page
        assert "RNOBODY" in page
        answer = upload(ann, content[:-30], name="answer.xml")
        assert answer.status_code == 422
        assert "Nothing changed" not in answer.text

    @pytest.mark.parametrize("minor", [10**14, 10**15])
    def test_refuses_an_amount_that_the_ledger_does_not_take(self, units, colleagues, minor):
        ann, _ = colleagues
        answer = upload(ann, statement_file(units, ("B1", minor, "x")))
        assert answer.status_code == 422
        assert "too large to be real" in answer.text

    @pytest.mark.parametrize("content", [b"not a bank file", b"", b"<Document/>", b"\xff\xfe\x00"])
    def test_refuses_what_is_no_bank_file(self, units, colleagues, content):
        ann, _ = colleagues
        answer = upload(ann, content)
        assert answer.status_code == 422
        with units.open(Door.STAFF, by="x") as unit:
            found = unit.session.connection().execute(text("SELECT count(*) FROM bank_statement"))
            assert found.scalar_one() == 0


class TestEveryFigureIsExplained:
    @pytest.mark.parametrize(
        "path",
        ["", "/statements", "/suspense", "/remittances", "/proof", "/ledger", "/ledger/trust.bank",
         "/ledger/trust.suspense"],
    )  # fmt: skip
    def test_pages_answer_with_and_without_anything_to_show(self, units, colleagues, claim, path):
        ann, _ = colleagues
        assert ann.get(f"/finance{path}").status_code == 200
        upload(ann, statement_file(units, ("B1", 100, "=cmd|' /C calc'!A0"), ("B2", -30, "kosten")))
        post(ann, "/finance/proof")
        assert ann.get(f"/finance{path}").status_code == 200

    def test_an_account_opens_to_its_entries_and_each_to_its_other_side(self, units, colleagues):
        ann, _ = colleagues
        upload(ann, statement_file(units, ("B1", 12_345, "x")))
        page = ann.get("/finance/ledger/trust.bank").text
        entry = re.search(r'href="(/finance/ledger/transactions/[^"]+)"', page)
        assert entry
        assert "In suspense" in ann.get(entry[1]).text
        assert ann.get("/finance/ledger/trust.pocket").status_code == 404

    def test_files_hold_texts_as_texts_and_amounts_as_numbers(self, units, colleagues, claim):
        ann, _ = colleagues
        upload(ann, statement_file(units, ("B1", 12_345, "x")))
        csv = ann.get("/finance/ledger/trust.bank/entries.csv")
        assert '"123.45"' in csv.text
        assert ann.get("/finance/ledger/trust.bank/entries.xlsx").content.startswith(b"PK")

    def test_many_entries_are_paged_and_all_stand_in_the_file(self, units, colleagues, monkeypatch):
        monkeypatch.setattr(finance_ledger, "SHOWN", 2)
        ann, _ = colleagues
        upload(ann, statement_file(units, *((f"B{n}", n, "x") for n in range(1, 6))))
        shown, path = [], "/finance/ledger/trust.bank"
        while path:
            page = ann.get(path).text
            shown += re.findall(r'href="(/finance/ledger/transactions/[^"]+)"', page)
            following = re.search(r'rel="next" href="([^"]+)"', page)
            path = following and unescape(following[1])
        assert len(shown) == len(set(shown)) == 5
        rows = ann.get("/finance/ledger/trust.bank/entries.csv").text.splitlines()[1:]
        assert sum(int(row.split(";")[6].strip('"').replace(".", "")) for row in rows) == 15

    def test_a_list_under_a_refused_form_still_fetches_itself(self, units, colleagues):
        ann, _ = colleagues
        refused = post(ann, "/finance/remittances/approval", runs="1", net_minor="5")
        assert refused.status_code == 409
        fetched = re.search(r'<div class="list" id="list" hx-get="([^"]+)"', refused.text)[1]
        again = ann.get(fetched, headers={"HX-Request": "true"})
        assert again.status_code == 200
        assert 'id="list"' in again.text

    def test_a_red_proof_is_told_in_the_readers_language(self):
        told = sentence_in("nl", "nothing may be paid out: the proof is red: P2, P4")
        assert told == "Er mag niets worden uitbetaald: het bewijs is rood: P2, P4."


class TestDoor:
    def test_lets_only_finance_in(self, units, app):
        with units.open(Door.STAFF, by="system:test") as unit:
            session = a_colleague(unit, "Carl", Role.COLLECTOR)
        browser = TestClient(app, base_url=SETTINGS.public_url)
        browser.cookies.set("session", session)
        assert browser.get("/finance").status_code == 403
        assert TestClient(app, base_url=SETTINGS.public_url).get("/finance").status_code in (303, 401, 200)

    def test_refuses_a_form_without_its_token(self, colleagues):
        ann, _ = colleagues
        assert ann.post("/finance/proof").status_code in (400, 403)


def test_old_lines_are_named_as_blocking(units, colleagues):
    ann, _ = colleagues
    with units.open(Door.STAFF, by="system:test") as unit:
        long_ago = unit.today - timedelta(days=30)
    content = write_camt053(
        statement_id="S0",
        account=SETTINGS.trust_iban,
        currency="EUR",
        created_at=unit.now,
        from_day=long_ago,
        to_day=long_ago,
        opening=eur(0),
        lines=[StatementLine(eur(100), long_ago, "B1", text="oud")],
    )
    upload(ann, content)
    post(ann, "/finance/proof")
    assert "Blocks payouts" in ann.get("/finance/suspense").text
    assert "The proof is red" in ann.get("/finance").text


class TestLinesOfAStatement:
    def statement_page(self, browser) -> str:
        found = re.search(
            r'href="(/finance/statements/[0-9a-f-]{36})"', browser.get("/finance/statements").text
        )
        assert found
        return found[1]

    def test_every_line_of_a_long_statement_can_be_reached(self, units, colleagues):
        ann, _ = colleagues
        upload(ann, statement_file(units, *((f"B{n}", 1_000 + n, "?") for n in range(450))))
        page, seen = self.statement_page(ann), set()
        address = page
        while address:
            text = ann.get(address).text
            seen |= set(re.findall(r"/finance/suspense/([0-9a-f-]{36})", text))
            onward = re.search(r'href="(\?state=&amp;after=[0-9a-f-]{36})"', text)
            address = page + onward[1].replace("&amp;", "&") if onward else ""
        assert len(seen) == 450

    def test_only_what_became_of_its_lines_can_be_chosen_with_how_many(self, units, colleagues):
        ann, _ = colleagues
        upload(ann, statement_file(units, ("B1", 1_000, "?"), ("B2", -500, "kosten")))
        text = ann.get(self.statement_page(ann)).text
        assert re.search(r'href="\?state=suspense">In suspense <span class="count">2</span>', text)
        assert "Sent back" not in text
        assert ann.get(self.statement_page(ann) + "?state=nonsense&after=nonsense").status_code == 200


class TestLongLists:
    """A house of years has more statements, payouts and refunds than a page: none may be out of reach."""

    def walk(self, browser, address: str, pattern: str) -> list[str]:
        seen: list[str] = []
        while address:
            text = browser.get(address).text
            seen += re.findall(pattern, text)
            onward = re.search(r'rel="next" href="([^"]+)"', text)
            address = onward[1].replace("&amp;", "&") if onward else ""
        return seen

    def test_every_statement_is_reached_and_one_is_found_by_its_number(self, units, colleagues):
        ann, _ = colleagues
        for number in range(1, 56):
            upload(ann, statement_file(units, (f"B{number}", 100, "?"), opening=number * 100, number=number))
        seen = self.walk(ann, "/finance/statements", r'href="/finance/statements/([0-9a-f-]{36})"')
        assert (len(seen), len(set(seen))) == (55, 55)
        found = ann.get("/finance/statements?q=54").text
        assert len(set(re.findall(r'href="/finance/statements/([0-9a-f-]{36})"', found))) == 1

    def test_every_payout_is_reached_and_chosen_by_creditor_and_state(self, units, colleagues):
        ann, _ = colleagues
        with units.open(Door.STAFF, by="system:test") as unit:
            creditors = [a_creditor(unit) for _ in range(53)]
            unit.session.get_one(Creditor, creditors[7]).name = "Zeven & Zn."
            unit.session.add_all(
                RemittanceRun(
                    creditor_id=creditor, created_at=unit.now, cutoff_on=unit.today, mode="net",
                    collected_minor=100, fee_minor=0, vat_minor=0, withheld_minor=0, net_minor=100,
                    currency="EUR", drafted_at=unit.now, drafted_by="user:carl",
                )
                for creditor in creditors
            )  # fmt: skip
        runs = r'href="/finance/remittances/[0-9a-f-]{36}/([0-9a-f-]{36})"'
        for sort in ("-drafted_at", "creditor", "-net"):
            seen = self.walk(ann, f"/finance/remittances?sort={sort}", runs)
            assert (len(seen), len(set(seen))) == (53, 53)
        assert len(set(re.findall(runs, ann.get("/finance/remittances?q=zeven").text))) == 1
        assert re.findall(runs, ann.get("/finance/remittances?state=paid").text) == []
        assert "Approve all 53" in ann.get("/finance/remittances").text
        assert "All 53" in ann.get("/finance").text
