"""Returned payments (B9): taken back once, by what names them, and never by a guess."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from agency.banking.matching import match_lines
from agency.banking.proof import prove
from agency.banking.returns import take_back_returned
from agency.banking.sending_back import send_back
from agency.banking.suspense import Part, split_line, suspense_items
from agency.claims.itemisation import open_total
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.kernel.unit import Door
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.remittance.orders import NothingToExport
from agency.remittance.refund_orders import export_refunds
from agency.rules.reference import printed_forms
from agency.rules.returned import CameIn, ReturnLine, returnable_for, returned_payment
from tests.banking.test_importing import a_line, a_statement, checks, import_
from tests.banking.test_matching import a_debt

DEBTOR = "NL86INGB0002445588"
ON = date(2026, 11, 20)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def staff(units):
    with units.open(Door.STAFF, by="user:test") as unit:
        yield unit


def states(unit) -> list[tuple[int, str]]:
    rows = unit.session.connection().execute(
        text("SELECT amount_minor, state FROM bank_line ORDER BY booked_on, id")
    )
    return [tuple(row) for row in rows]


def pay_and_return(unit, *, returns: int = 1, **said):
    """A debtor's payment that settled by its reference, and later its return."""
    creditor, claim, row = a_debt(unit)
    reference = printed_forms(row.payment_reference)[0]
    paid = a_line(
        "in", 10_000, on=unit.today - timedelta(days=2), text=reference, end_to_end="E2E-1",
        counterparty_iban=DEBTOR,
    )  # fmt: skip
    import_(unit, a_statement("s1", (paid,), opening=0, on=unit.today - timedelta(days=2)))
    match_lines(unit)
    facts = {"return_reason": "MD06", "end_to_end": "E2E-1", "counterparty_iban": DEBTOR} | said
    back = tuple(a_line(f"back{n}", -10_000, on=unit.today, **facts) for n in range(returns))
    import_(unit, a_statement("s2", back, opening=10_000, on=unit.today), content=b"s2")
    match_lines(unit)
    return creditor, claim


class TestTakingBack:
    @pytest.mark.parametrize(
        "said",
        [
            {},
            {"end_to_end": None},
            {"return_reason": None, "reversal": True},
            {"counterparty_iban": None},
        ],
    )
    def test_b9_a_returned_payment_is_reversed_and_the_claim_is_open_again(self, staff, said):
        creditor, claim = pay_and_return(staff, **said)
        assert take_back_returned(staff) == 1
        assert states(staff) == [(10_000, "returned"), (-10_000, "returned")]
        row = staff.session.get_one(Claim, (creditor, claim), populate_existing=True)
        assert row.state == ClaimState.ACTIVE
        assert account_balance(staff, account="trust.suspense", currency="EUR") == eur(0)
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(0)
        found = checks(prove(staff, on=staff.today))
        assert [found[key] for key in ("P1", "P2", "P3", "P4", "P5")] == [True] * 5

    def test_b9_a_return_told_twice_takes_back_once(self, staff):
        pay_and_return(staff, returns=2)
        assert take_back_returned(staff) == 1
        assert take_back_returned(staff) == 0
        assert sorted(states(staff)) == [(-10_000, "returned"), (-10_000, "suspense"), (10_000, "returned")]
        reversals = staff.session.connection().execute(
            text("SELECT count(*) FROM payment WHERE reversed_at IS NOT NULL")
        )
        assert reversals.scalar_one() == 1

    def test_a_debit_without_a_reason_is_no_return(self, staff):
        pay_and_return(staff, return_reason=None)
        assert take_back_returned(staff) == 0

    def test_a_return_of_nobodys_payment_waits_with_its_reason(self, staff):
        pay_and_return(staff, end_to_end="E2E-9")
        assert take_back_returned(staff) == 0
        trace = staff.session.connection().execute(
            text("SELECT match_trace -> 0 -> 'reasons' FROM bank_line WHERE amount_minor < 0")
        )
        assert trace.scalar_one() == ["return_of_unknown"]

    def test_b9_money_that_was_nobodys_leaves_with_its_reversal(self, staff):
        """Nothing may be sent back that the bank took back already."""
        line = a_line("in", 10_000, on=staff.today, counterparty="J. Doe", counterparty_iban=DEBTOR)
        import_(staff, a_statement("s1", (line,), opening=0, on=staff.today))
        match_lines(staff)
        [waiting] = suspense_items(staff)
        send_back(staff, line_id=waiting.line_id, reason="nobody knows whose it is")
        back = a_line("back", -10_000, on=staff.today, counterparty_iban=DEBTOR, reversal=True)
        import_(staff, a_statement("s2", (back,), opening=10_000, on=staff.today), content=b"s2")
        assert take_back_returned(staff) == 1
        assert sorted(states(staff)) == [(-10_000, "returned"), (10_000, "returned")]
        assert suspense_items(staff) == []
        with pytest.raises(NothingToExport):
            export_refunds(
                staff, writer=lambda order: b"", payer_name="A", payer_iban=DEBTOR, execute_on=staff.today
            )
        found = checks(prove(staff, on=staff.today))
        assert [found[key] for key in ("P1", "P2", "P3", "P4", "P5")] == [True] * 5

    def test_b9_a_payment_split_over_claims_is_taken_back_from_each(self, staff):
        keys = [a_debt(staff)[:2] for _ in range(2)]
        line = a_line("in", 15_000, on=staff.today, end_to_end="E2E-1", counterparty_iban=DEBTOR)
        import_(staff, a_statement("s1", (line,), opening=0, on=staff.today))
        [waiting] = suspense_items(staff)
        parts = [Part(*key, eur(minor)) for key, minor in zip(keys, (10_000, 5_000), strict=True)]
        split_line(staff, line_id=waiting.line_id, parts=parts)
        back = a_line("back", -15_000, on=staff.today, end_to_end="E2E-1", return_reason="RPCR")
        import_(staff, a_statement("s2", (back,), opening=15_000, on=staff.today), content=b"s2")
        assert take_back_returned(staff) == 1
        assert sorted(states(staff)) == [(-15_000, "returned"), (15_000, "returned")]
        owed = [open_total(staff, creditor_id=key[0], claim_id=key[1], on=staff.today) for key in keys]
        assert owed == [eur(10_000)] * 2
        found = checks(prove(staff, on=staff.today))
        assert [found[key] for key in ("P1", "P2", "P3", "P4", "P5")] == [True] * 5

    def test_b17_a_payout_that_came_back_is_not_taken_for_a_debtors_payment(self, staff):
        _, _, row = a_debt(staff)
        line = a_line(
            "back", 10_000, on=staff.today, text=printed_forms(row.payment_reference)[0], return_reason="AC04"
        )
        import_(staff, a_statement("s1", (line,), opening=0, on=staff.today))
        match_lines(staff)
        assert states(staff) == [(10_000, "suspense")]


def came_in(key: str, minor: int = 10_000, *, on: date = ON, end_to_end: str = "", iban: str = DEBTOR):
    return CameIn(key, eur(minor), on, end_to_end, iban)


@pytest.mark.pure
class TestDecision:
    def test_the_end_to_end_id_names_it_among_equals(self):
        found = returned_payment(
            ReturnLine(eur(-10_000), ON, "E2E-1", DEBTOR),
            [came_in("a", end_to_end="E2E-2"), came_in("b", end_to_end="E2E-1")],
        )
        assert (found.key, found.reason) == ("b", "end_to_end")

    @pytest.mark.parametrize(
        ("payments", "reason"),
        [
            ([], "return_of_unknown"),
            ([came_in("a"), came_in("b")], "return_of_several"),
            ([came_in("a", 9_999)], "return_of_unknown"),
            ([came_in("a", iban="BE68539007547034")], "return_of_unknown"),
            ([came_in("a", on=ON + timedelta(days=1))], "return_of_unknown"),
            ([came_in("a", on=ON - returnable_for(ON) - timedelta(days=1))], "return_of_unknown"),
        ],
    )
    def test_what_is_not_certain_is_for_a_person(self, payments, reason):
        found = returned_payment(ReturnLine(eur(-10_000), ON, iban=DEBTOR), payments)
        assert (found.key, found.reason) == (None, reason)

    def test_the_last_day_on_which_it_may_come_back_counts(self):
        found = returned_payment(
            ReturnLine(eur(-10_000), ON, iban=DEBTOR), [came_in("a", on=ON - returnable_for(ON))]
        )
        assert found.key == "a"

    @given(
        st.lists(
            st.builds(
                came_in,
                st.uuids().map(str),
                st.sampled_from([10_000, 5_000]),
                end_to_end=st.sampled_from(["", "E2E-1", "E2E-2"]),
                iban=st.sampled_from(["", DEBTOR]),
            )
        ),
        st.sampled_from(["", "E2E-1"]),
    )
    def test_only_a_payment_of_that_amount_is_ever_taken_back(self, payments, end_to_end):
        found = returned_payment(ReturnLine(eur(-10_000), ON, end_to_end, DEBTOR), payments)
        taken = [one for one in payments if one.key == found.key]
        assert all(one.amount == eur(10_000) for one in taken)
        assert all(one.end_to_end in {"", end_to_end} for one in taken if end_to_end)
