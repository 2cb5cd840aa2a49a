"""Payments booked together are booked as one by one, to the cent, whatever claims and days they are of."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from agency.claims.states import ClaimState
from agency.kernel.unit import Door, Unit
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import Incoming, settle_many
from agency.rules.contract_split import Keeper
from agency.rules.facts import Phase
from tests.made import a_claim, a_creditor

DUE = date(2026, 3, 1)
NOTICE_ENDS = date(2026, 6, 1)
CLAIMS = 4

payments = st.tuples(
    st.integers(0, CLAIMS - 1),
    st.integers(1, 60_000),
    st.integers(0, 200),
    st.sampled_from([None, "trust.psp", "trust.suspense"]),
)

BOOKED = text(
    "SELECT e.account, t.kind, t.book, t.effective_on, t.source_key, e.amount_minor FROM ledger_entry e"
    " JOIN ledger_transaction t ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
    " WHERE e.creditor_id = ANY(:whose) AND t.kind <> 'opening' ORDER BY 1, 2, 3, 4, 5, 6"
)
PAYMENTS = text(
    "SELECT source_key, amount_minor, costs_minor, interest_minor, principal_minor, over_minor,"
    " to_creditor_minor, to_agency_minor, trace FROM payment WHERE creditor_id = ANY(:whose) ORDER BY 1"
)
CLAIM_ROWS = text(
    "SELECT state, costs_minor, costs_vat_minor, close_code, closed_at IS NULL FROM claim"
    " WHERE creditor_id = ANY(:whose) ORDER BY number"
)
TOLD = text(
    "SELECT kind, facts->>'amount_minor', facts->>'to_state', facts->>'reason' FROM event"
    " WHERE creditor_id = ANY(:whose) ORDER BY 1, 2, 3, 4"
)
MOVES = text(
    "SELECT facts->>'from_state', facts->>'to_state', facts->>'why' FROM event"
    " WHERE kind = 'ClaimMoved' AND creditor_id = ANY(:whose) ORDER BY 1, 2"
)


def books(unit: Unit) -> tuple[list[UUID], list[tuple[UUID, UUID]]]:
    """Claims of two creditors: in the notice's term and past it, in the reminder phase, and withdrawn."""
    keen, plain = a_creditor(unit, interest_to=Keeper.AGENCY, costs_to=Keeper.CREDITOR), a_creditor(unit)
    asked = {"phase": Phase.amicable, "costs_from": NOTICE_ENDS, "costs_minor": 7_500}
    claims = [
        (keen, a_claim(unit, creditor_id=keen, invoices=[(30_000, DUE), (20_000, DUE)], **asked)),
        (plain, a_claim(unit, creditor_id=plain, invoices=[(40_000, DUE)], **asked)),
        (plain, a_claim(unit, creditor_id=plain, invoices=[(10_000, DUE)])),
        (keen, a_claim(unit, creditor_id=keen, invoices=[(10_000, DUE)], state=ClaimState.WITHDRAWN)),
    ]
    return [keen, plain], claims


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_payments=st.lists(payments, min_size=2, max_size=9))
def test_together_is_as_one_by_one(units, given_payments):
    seen = []
    for together in (True, False):
        with units.open(Door.STAFF, by="user:test") as unit:
            whose, claims = books(unit)
            incoming = [
                Incoming(
                    creditor_id=claims[which][0],
                    claim_id=claims[which][1],
                    source=PaymentSource.DIRECT if account is None else PaymentSource.BANK,
                    source_key=f"{number}",
                    amount=Money(minor, "EUR"),
                    value_on=DUE + timedelta(days=days),
                    trust_account=account,
                )
                for number, (which, minor, days, account) in enumerate(given_payments)
            ]
            parts = [incoming] if together else [[one] for one in incoming]
            settled = [one for part in parts for one in settle_many(unit, part)]
            outcomes = [(one.outcome, one.reason) for one in settled]
            rows = [
                unit.session.connection().execute(question, {"whose": whose}).all()
                for question in (BOOKED, PAYMENTS, CLAIM_ROWS, TOLD, MOVES)
            ]
            seen.append((outcomes, rows))
    assert seen[0] == seen[1]
