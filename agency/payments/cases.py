"""Money that came in beside the claim it is for: what is read, with claims locked, before it is booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.itemisation import ClaimKey
from agency.claims.states import ClaimState
from agency.kernel.claim_sets import ClaimSet
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.ledger.posting import KeyReused
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.rules.contract_split import Keeper
from agency.rules.facts import Law


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """Money for a claim. `source_key` is the provider's or the bank line's own; `trust_account` is where the
    money stands until it is booked, None when it was paid to the creditor directly."""

    creditor_id: UUID
    claim_id: UUID
    source: PaymentSource
    source_key: str
    amount: Money
    value_on: date
    trust_account: str | None

    @property
    def key(self) -> str:
        """The ledger's key of this payment."""
        return f"{self.source}:{self.source_key}"

    @property
    def claim(self) -> ClaimKey:
        """The claim that it is for."""
        return self.creditor_id, self.claim_id


@dataclass(frozen=True, slots=True)
class Case:
    """A payment with the claim it meets, what of that is booked, and who keeps what.

    `on` is the day as of which the claim is asked; costs were announced with a term that ends before
    `costs_from`. Booked interest and costs are in minor units.
    """

    incoming: Incoming
    on: date
    law: Law
    currency: str
    state: ClaimState
    debtor_id: UUID
    costs_from: date | None
    costs_minor: int
    costs_vat_minor: int
    interest_to: Keeper
    costs_to: Keeper
    booked_interest: int
    booked_costs: int


_BOOKED_BEFORE = text(
    "SELECT k.position - 1 AS position, p.id, p.claim_id, p.amount_minor"
    " FROM unnest(CAST(:creditors AS uuid[]), CAST(:sources AS text[]), CAST(:keys AS text[]))"
    "  WITH ORDINALITY AS k(creditor_id, source, source_key, position)"
    " JOIN payment p ON p.creditor_id = k.creditor_id AND p.source = k.source"
    "  AND p.source_key = k.source_key"
)
_CASES = text(
    "WITH wanted AS (SELECT * FROM unnest(CAST(:creditors AS uuid[]), CAST(:claims AS uuid[]),"
    "  CAST(:days AS date[])) AS k(creditor_id, claim_id, value_on))"
    " SELECT c.creditor_id, c.id, c.law, c.currency, c.state, c.debtor_id, c.costs_from, c.costs_minor,"
    " c.costs_vat_minor, coalesce(t.interest_to, 'creditor') AS interest_to,"
    " coalesce(t.costs_to, 'agency') AS costs_to, booked.last_on, booked.interest, booked.costs"
    " FROM wanted w JOIN claim c ON c.creditor_id = w.creditor_id AND c.id = w.claim_id"
    " LEFT JOIN LATERAL (SELECT interest_to, costs_to FROM creditor_terms t"
    "  WHERE t.creditor_id = w.creditor_id AND t.valid_from <= w.value_on"
    "  ORDER BY t.valid_from DESC LIMIT 1) AS t ON true"
    " CROSS JOIN LATERAL (SELECT max(x.effective_on) FILTER (WHERE x.kind <> 'opening') AS last_on,"
    "  coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.interest'), 0)::bigint AS interest,"
    "  coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.costs'), 0)::bigint AS costs"
    "  FROM (SELECT * FROM ledger_entry WHERE creditor_id = w.creditor_id AND claim_id = w.claim_id"
    "   AND starts_with(account, 'claims.') OFFSET 0) AS e"
    "  CROSS JOIN LATERAL (SELECT kind, effective_on FROM ledger_transaction"
    "   WHERE creditor_id = e.creditor_id AND id = e.transaction_id OFFSET 0) AS x) AS booked"
)


def booked_before(unit: Unit, incoming: Sequence[Incoming]) -> dict[int, UUID]:
    """This function will return which of the incoming money is booked, by position, as which payment.

    :raises KeyReused: the key stands with another claim or amount, or one key was given twice.
    """
    if len({(one.creditor_id, one.source, one.source_key) for one in incoming}) != len(incoming):
        raise KeyReused("one payment was given twice")
    rows = unit.session.connection().execute(
        _BOOKED_BEFORE,
        {
            "creditors": [one.creditor_id for one in incoming],
            "sources": [one.source.value for one in incoming],
            "keys": [one.source_key for one in incoming],
        },
    )
    found = {}
    for row in rows:
        one = incoming[row.position]
        if (row.claim_id, row.amount_minor) != (one.claim_id, one.amount.minor):
            raise KeyReused(f"{one.key} was booked before with another claim or amount")
        found[row.position] = row.id
    return found


def read_cases(unit: Unit, incoming: Sequence[Incoming]) -> list[Case]:
    """This function will read the claim of each payment, in one statement.

    :param incoming: payments on different claims, which the caller has locked.
    :raises NotFound: one of the claims does not exist.
    """
    claims = ClaimSet.of(one.claim for one in incoming)
    rows = unit.session.connection().execute(
        _CASES,
        {
            "creditors": claims.creditors,
            "claims": claims.claims,
            "days": [one.value_on for one in incoming],
        },
    )
    facts = {(row.creditor_id, row.id): row for row in rows}
    if len(facts) != len(incoming):
        raise NotFound("no such claim")
    return [_case(one, facts[one.claim]) for one in incoming]


def _case(one: Incoming, row: Row[Any]) -> Case:
    return Case(
        incoming=one,
        # An earlier value date that arrives late meets what later ones left, not what they already paid.
        on=max(one.value_on, row.last_on) if row.last_on else one.value_on,
        law=Law(row.law),
        currency=row.currency,
        state=ClaimState(row.state),
        debtor_id=row.debtor_id,
        costs_from=row.costs_from,
        costs_minor=row.costs_minor,
        costs_vat_minor=row.costs_vat_minor,
        interest_to=Keeper(row.interest_to),
        costs_to=Keeper(row.costs_to),
        booked_interest=row.interest,
        booked_costs=row.costs,
    )


WHY_HELD: Final = {
    "other_currency": "another currency",
    "claim_withdrawn": "the claim was withdrawn",
    "claim_closed": "the claim is closed",
    "claim_not_accepted": "the claim was not accepted yet",
}
"""The reasons for which money waits, as a refusal says them."""


def why_held(case: Case) -> str:
    """This function will return why the money may not be booked on the claim, empty when it may.

    A payment on a paid claim is booked: all of it is overpaid, so owed back to the debtor.
    """
    if case.incoming.amount.currency != case.currency:
        return "other_currency"
    if case.state in (ClaimState.WITHDRAWN, ClaimState.CLOSED):
        return f"claim_{case.state}"
    if case.state in (ClaimState.NEW, ClaimState.QUOTED):
        return "claim_not_accepted"
    return ""
