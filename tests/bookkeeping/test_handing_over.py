"""Invoices of the books become claims by the ordinary intake, at a price that waits; what fell is asked."""

from datetime import date, timedelta

import pytest

from agency.bookkeeping.connecting import disconnect, set_rule, stop_rule
from agency.bookkeeping.falls import answer_credited, answer_nothing, answer_paid, open_falls
from agency.bookkeeping.handing_over import hand_over
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.money import Money
from tests.bookkeeping.books import Books
from tests.known_before import MONDAY


@pytest.fixture
def books(house, simulator) -> Books:
    return Books(house, simulator)


def claims(books):
    """Every claim with its invoices, the oldest first."""
    return books.house.rows(
        "SELECT c.id, c.number, c.state, c.principal_minor, d.name, d.reference, d.city FROM claim c"
        " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id ORDER BY c.number"
    )


class TestHandingOver:
    def test_makes_claims_with_debtor_and_price_that_waits(self, books):
        books.line(20000001, "100.10", total="150.00", registration_number="12345678")
        books.line(20000002, "50.00", customer="K2", name="Jan de Boer")
        books.fetch()
        placement_id = books.hand_over(20000001, 20000002)
        first, second = claims(books)
        assert (first.principal_minor, first.name, first.reference, first.city) == (
            10_010, "Bakkerij Jansen B.V.", "K1", "Utrecht",
        )  # fmt: skip
        assert second.name == "Jan de Boer"
        assert {first.state, second.state} == {"quoted"}
        assert (
            books.house.one(
                "SELECT count(*) FROM quote WHERE placement_id = :p AND state = 'open'", p=placement_id
            )
            == 1
        )
        assert books.invoice(20000001).claim_id == first.id

    def test_of_an_invoice_that_was_fetched_twice_is_one_claim(self, books):
        books.line(20000001, "100.10")
        books.fetch()
        books.hand_over(20000001)
        books.fetch()
        with pytest.raises(Conflict):
            books.hand_over(20000001)
        assert len(claims(books)) == 1

    def test_of_an_invoice_that_came_by_file_before_is_that_claim(self, books):
        books.house.place(
            {"invoice_number": "20000001", "amount": "100.10", "issued_on": "2026-08-01",
             "due_on": "2026-08-31", "debtor_name": "Bakkerij Jansen B.V.", "debtor_reference": "K1"}
        )  # fmt: skip
        books.line(20000001, "100.10")
        books.line(20000002, "7.00", name="Other", customer="K9")
        books.fetch()
        [claim] = claims(books)
        assert books.invoice(20000001).claim_id == claim.id
        assert books.invoice(20000002).claim_id is None

    def test_takes_the_credit_note_along_that_names_its_invoice(self, books):
        books.line(20000001, "100.00")
        books.line(20000002, "-30.00", your_ref="20000001")
        books.fetch()
        books.hand_over(20000001)
        [claim] = claims(books)
        assert claim.principal_minor == 7_000

    def test_refuses_another_currency_with_its_reason(self, books):
        books.line(20000001, "100.00", currency="USD")
        books.line(20000002, "50.00")
        books.fetch()
        placement_id = books.hand_over(20000001, 20000002)
        assert len(claims(books)) == 1
        [reject] = books.house.rows("SELECT * FROM placement_reject WHERE placement_id = :p", p=placement_id)
        assert reject.field == "currency"
        assert books.invoice(20000001).claim_id is None

    @pytest.mark.parametrize(
        "name",
        ['=HYPERLINK("https://evil.example")', "<script>alert(1)</script> & Zn", "'); DROP TABLE claim"],
    )
    def test_takes_a_name_as_a_name_whatever_it_says(self, books, name):
        books.line(20000001, "100.00", name=name)
        books.fetch()
        books.hand_over(20000001)
        assert [claim.name for claim in claims(books)] == [name]

    def test_leaves_out_what_is_wrong_about_a_customer_and_keeps_the_invoice(self, books):
        books.line(20000001, "100.00", email="no address", registration_number="x")
        books.fetch()
        books.hand_over(20000001)
        assert len(claims(books)) == 1

    def test_fetches_the_documents_as_evidence(self, books):
        books.line(20000001, "100.00")
        books.line(20000002, "50.00", customer="K2", name="Jan de Boer")
        books.fetch()
        books.hand_over(20000001, 20000002)
        documents = books.house.rows("SELECT * FROM document ORDER BY name")
        assert [one.name for one in documents] == ["Factuur 20000001.pdf", "Factuur 20000002.pdf"]
        assert {one.kind for one in documents} == {"invoice"}
        assert books.invoice(20000001).document == "kept"

    def test_keeps_no_document_that_is_none(self, books):
        books.simulator.post("/books/settings", {"exact_file_url": "https://evil.example/f?ID=1"})
        books.line(20000001, "100.00")
        books.fetch()
        books.hand_over(20000001)
        assert books.invoice(20000001).document == "refused"
        assert books.house.one("SELECT count(*) FROM document") == 0

    def test_looks_at_a_hostile_document_in_the_sandbox_like_at_every_other(self, books):
        books.simulator.post("/books/settings", {"book_document": "hostile"})
        books.line(20000001, "100.00")
        books.fetch()
        books.hand_over(20000001)
        assert books.invoice(20000001).document in ("kept", "refused")
        for one in books.house.rows("SELECT standing, checks FROM document"):
            assert one.standing != "valid"

    def test_of_documents_goes_on_when_the_vendor_has_time_again(self, books):
        books.line(20000001, "100.00")
        books.fetch()
        books.simulator.fault("exact", "status", status=503, path="Documents")
        books.hand_over(20000001)
        assert books.invoice(20000001).document == "wanted"
        books.house.later(MONDAY + timedelta(minutes=5))
        assert books.invoice(20000001).document == "wanted"  # left alone for ten minutes
        books.house.later(MONDAY + timedelta(minutes=11))
        assert books.invoice(20000001).document == "kept"

    def test_of_many_is_a_job(self, house, simulator):
        books = Books(house, simulator, invoices=320)
        books.fetch()
        ids = [row.id for row in books.house.rows("SELECT id FROM booked_invoice WHERE open_minor > 0")]
        ports = books.house.work.ports
        with books.open() as unit:
            done = hand_over(
                unit, ports.files, ports.read_einvoice, creditor_id=books.creditor_id,
                connection_id=books.connection_id, invoice_ids=ids,
            )  # fmt: skip
        assert done.placement_id is None
        drain(books.house.work.units)
        assert books.house.one("SELECT state FROM bookkeeping_handover WHERE NOT by_rule") == "done"
        assert len(claims(books)) == 320

    def test_survives_the_end_of_the_connection(self, books):
        books.line(20000001, "100.00")
        books.line(20000002, "50.00")
        books.fetch()
        books.hand_over(20000001)
        with books.open() as unit:
            disconnect(unit, creditor_id=books.creditor_id, connection_id=books.connection_id)
        assert len(claims(books)) == 1
        assert books.house.one("SELECT count(*) FROM booked_invoice") == 1


class TestTheRule:
    def rule(self, books, **more) -> None:
        wanted = {"days": 45, "minor": 5_000, "confirmed": True} | more
        with books.open() as unit:
            set_rule(unit, creditor_id=books.creditor_id, connection_id=books.connection_id, **wanted)

    def test_is_off_until_it_is_confirmed(self, books):
        books.line(20000001, "100.00")
        books.fetch()
        assert not claims(books)
        with pytest.raises(Invalid):
            self.rule(books, confirmed=False)

    def test_hands_over_what_is_old_and_large_enough_and_starts_nothing(self, books):
        books.line(20000001, "100.00")
        books.line(20000002, "49.99")
        books.line(20000003, "90.00", due_on="2026-11-01")
        books.line(20000004, "80.00", customer="K2")
        books.line(20000005, "-10.00", customer="K2")
        books.line(20000006, "80.00", customer="K3", currency="USD")
        self.rule(books)
        books.fetch()
        [claim] = claims(books)
        assert claim.principal_minor == 10_000
        assert claim.state == "quoted"
        assert books.house.one("SELECT count(*) FROM quote WHERE state = 'open'") == 1
        assert books.house.one("SELECT count(*) FROM message") == 0
        books.fetch()
        assert len(claims(books)) == 1

    def test_can_be_stopped(self, books):
        self.rule(books)
        with books.open() as unit:
            stop_rule(unit, creditor_id=books.creditor_id, connection_id=books.connection_id)
        books.line(20000001, "100.00")
        books.fetch()
        assert not claims(books)


@pytest.fixture
def collected(books) -> Books:
    """One invoice of 100.00 in collection."""
    books.line(20000001, "100.00")
    books.fetch()
    books.house.accept(books.hand_over(20000001))
    drain(books.house.work.units)
    assert [claim.state for claim in claims(books)] == ["active"]
    return books


class TestWhatFell:
    def test_is_asked_with_day_and_amount_of_the_bank_line_and_never_twice(self, collected):
        collected.pay(20000001, "40.00", "Factuur 20000001")
        collected.fetch()
        collected.fetch()
        [fall] = collected.falls()
        assert (fall.kind, fall.minor, fall.state) == ("payment", 4_000, "open")
        assert fall.paid_on == date(2026, 11, 30)
        assert collected.house.one("SELECT count(*) FROM payment") == 0
        collected.pay(20000001, "10.00", "rest")
        collected.fetch()
        assert [one.minor for one in collected.falls()] == [4_000, 1_000]

    def test_is_reported_once_when_the_creditor_says_so(self, collected):
        collected.pay(20000001, "40.00")
        collected.fetch()
        [fall] = collected.falls()
        answer = {
            "creditor_id": collected.creditor_id, "fall_id": fall.id, "amount": Money(4_000, "EUR"),
            "paid_on": fall.paid_on,
        }  # fmt: skip
        with collected.open() as unit:
            assert len(open_falls(unit, creditor_id=collected.creditor_id)) == 1
            answer_paid(unit, **answer)
        with collected.open() as unit, pytest.raises(Conflict):
            answer_paid(unit, **answer)
        drain(collected.house.work.units)
        [payment] = collected.house.rows("SELECT source, amount_minor FROM payment")
        assert (payment.source, payment.amount_minor) == ("direct", 4_000)
        collected.fetch()
        assert len(collected.falls()) == 1

    def test_cannot_be_more_than_what_fell(self, collected):
        collected.pay(20000001, "40.00")
        collected.fetch()
        [fall] = collected.falls()
        with collected.open() as unit, pytest.raises(Invalid) as refused:
            answer_paid(
                unit, creditor_id=collected.creditor_id, fall_id=fall.id, amount=Money(4_001, "EUR"),
                paid_on=fall.paid_on,
            )  # fmt: skip
        assert refused.value.field == "amount"

    def test_is_not_asked_when_it_is_our_own_payout(self, collected):
        with collected.house.open() as unit:
            unit.session.connection().exec_driver_sql(
                "INSERT INTO remittance_run (creditor_id, id, cutoff_on, state, mode, collected_minor,"
                " fee_minor, vat_minor, withheld_minor, net_minor, currency, drafted_at, drafted_by,"
                " end_to_end, attempt, returned_why) VALUES"
                f" ('{collected.creditor_id}', uuidv7(), '2026-11-20', 'paid', 'net', 10000, 0, 0, 0, 10000,"
                " 'EUR', app.now(), 'user:a', 'AFD-2026-000123', 1, '')"
            )
        collected.pay(20000001, "30.00", "AFD-2026- 000123 Stichting Derdengelden")
        collected.fetch()
        collected.pay(20000001, "20.00", "Afdracht 20-11-2026 ENERCITY")
        collected.fetch()
        collected.pay(20000001, "10.00", "Afdracht 21-11-2026")
        collected.fetch()
        assert [(one.minor, one.state) for one in collected.falls()] == [
            (3_000, "ours"), (2_000, "ours"), (1_000, "open"),
        ]  # fmt: skip

    def test_that_no_bank_line_explains_is_asked_without_a_day(self, collected):
        credit = {"vendor": "exact", "number": "20000001", "amount": "25.00"}
        collected.simulator.post("/books/credit/now", credit)
        collected.fetch()
        [fall] = collected.falls()
        assert (fall.kind, fall.minor, fall.paid_on, fall.state) == ("unknown", 2_500, None, "open")
        with collected.open() as unit:
            ports = collected.house.work.ports
            answer_credited(
                unit, ports.files, ports.read_einvoice, creditor_id=collected.creditor_id, fall_id=fall.id,
                number="C-1", issued_on=date(2026, 11, 29),
            )  # fmt: skip
        drain(collected.house.work.units)
        assert collected.falls()[0].state == "credited"
        assert collected.house.one("SELECT count(*) FROM payment") == 0
        assert collected.house.one("SELECT count(*) FROM ledger_transaction WHERE kind = 'credit_note'") == 1

    def test_is_the_payment_that_the_creditor_reported_itself(self, collected):
        from agency.remittance.direct import report_payment

        number = claims(collected)[0].number
        with collected.open() as unit:
            report_payment(
                unit, creditor_id=collected.creditor_id, claim=number, amount=Money(4_000, "EUR").decimal,
                paid_on=date(2026, 11, 30),
            )  # fmt: skip
        drain(collected.house.work.units)
        collected.pay(20000001, "40.00")
        collected.fetch()
        assert [one.state for one in collected.falls()] == ["reported"]
        assert collected.house.one("SELECT count(*) FROM payment") == 1

    def test_that_was_no_payment_is_left_alone(self, collected):
        collected.pay(20000001, "40.00")
        collected.fetch()
        with collected.open() as unit:
            answer_nothing(unit, creditor_id=collected.creditor_id, fall_id=collected.falls()[0].id)
        collected.fetch()
        assert [one.state for one in collected.falls()] == ["nothing"]
        assert collected.house.one("SELECT count(*) FROM payment") == 0

    def test_waits_while_the_price_is_not_accepted(self, books):
        books.line(20000001, "100.00")
        books.fetch()
        placement_id = books.hand_over(20000001)
        books.pay(20000001, "40.00")
        books.fetch()
        assert not books.falls()
        books.house.accept(placement_id)
        drain(books.house.work.units)
        books.fetch()
        assert [one.minor for one in books.falls()] == [4_000]

    def test_is_known_of_another_creditor_by_nobody(self, collected):
        collected.pay(20000001, "40.00")
        collected.fetch()
        from tests.agency_at_work import register

        other = register(collected.house.work, reference="ANDER", name="Ander B.V.")
        with collected.house.open(Door.CREDITOR, other) as unit:
            assert not open_falls(unit, creditor_id=other)
            assert not open_falls(unit, creditor_id=collected.creditor_id)
