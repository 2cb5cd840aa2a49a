"""What is owed on claims as of a day, for pages, letters, the dossier, the sender and the worklists."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.build_up import BuildUpLine, ItemisedClaim, ItemisedInvoice, build_up
from agency.claims.claim_facts import ClaimFacts, InvoiceFacts, Movement
from agency.kernel.claim_sets import ClaimSet
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.facts import InterestKind, Law, Phase
from agency.rules.interest_stops import Stop, StopGround

__all__ = [
    "BuildUpLine",
    "ItemisedClaim",
    "ItemisedInvoice",
    "itemise",
    "itemise_each",
    "itemise_many",
    "open_total",
]

ClaimKey = tuple[UUID, UUID]
"""A creditor's id and a claim's."""

# Postings that come with an invoice: its amount stands in the invoice already.
OPENING_KINDS = ("opening", "credit_note")
# Postings that fix an amount which ran until then; they change what is booked, not what is owed.
CRYSTALLISATION = "crystallisation"

_KEYS = (
    "SELECT * FROM unnest(CAST(:creditors AS uuid[]), CAST(:claims AS uuid[]), CAST(:days AS date[]))"
    " AS k(creditor_id, claim_id, day)"
)
# Costs whose term had not ended when the claim did never fall due: it was paid in time, or the rest given up.
_COSTS_FROM = (
    "CASE WHEN c.closed_at IS NULL OR c.closed_at >= c.costs_from::timestamp AT TIME ZONE 'Europe/Amsterdam'"
    " THEN c.costs_from END"
)
_CLAIMS = text(
    f"WITH wanted AS ({_KEYS})"
    " SELECT c.creditor_id, c.id, c.law, c.interest_kind, c.phase, c.currency,"
    f" {_COSTS_FROM} AS costs_from, c.costs_minor,"
    " c.costs_vat_minor, c.costs_over_minor, c.costs_left_out_minor,"
    " terms.contractual_interest_percent AS percent, stops.rows AS stops"
    " FROM wanted JOIN claim c ON c.creditor_id = wanted.creditor_id AND c.id = wanted.claim_id"
    " LEFT JOIN LATERAL (SELECT contractual_interest_percent FROM creditor_terms t"
    "  WHERE t.creditor_id = c.creditor_id AND t.valid_from <= wanted.day ORDER BY t.valid_from DESC LIMIT 1)"
    "  AS terms ON true"
    " LEFT JOIN LATERAL (SELECT array_agg(ARRAY[s.ground, s.first_day::text, s.last_day::text]"
    "  ORDER BY s.first_day, s.ground) AS rows FROM interest_stop s WHERE s.creditor_id = c.creditor_id"
    "  AND s.claim_id = c.id AND (s.last_day IS NULL OR s.last_day >= s.first_day)) AS stops ON true"
)
_INVOICES = text(
    f"WITH wanted AS ({_KEYS})"
    " SELECT i.creditor_id, i.claim_id, i.id, i.number, i.kind, i.issued_on, i.due_on, i.open_minor,"
    " i.disputed_minor, i.currency FROM wanted"
    " JOIN invoice i ON i.creditor_id = wanted.creditor_id AND i.claim_id = wanted.claim_id"
)
# From claim to entries to their transactions, whatever is believed of the tables' sizes (OFFSET 0 fixes the
# order): any other reads the ledger of all claims for each of these.
_MOVEMENTS = text(
    f"WITH wanted AS ({_KEYS})"
    " SELECT e.creditor_id, e.claim_id, t.effective_on, e.currency,"
    " coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.principal'), 0)::bigint AS principal,"
    " coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.interest'"
    "  AND NOT starts_with(t.kind, :fixing)), 0)::bigint AS interest,"
    " coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.costs'"
    "  AND starts_with(t.kind, :fixing)), 0)::bigint AS costs_fixed,"
    " coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.costs'"
    "  AND NOT starts_with(t.kind, :fixing)), 0)::bigint AS costs,"
    " coalesce(sum(e.amount_minor) FILTER (WHERE starts_with(t.kind, 'payment')), 0)::bigint AS paid"
    " FROM wanted CROSS JOIN LATERAL (SELECT * FROM ledger_entry"
    "  WHERE creditor_id = wanted.creditor_id AND claim_id = wanted.claim_id"
    "  AND account IN ('claims.principal', 'claims.interest', 'claims.costs') OFFSET 0) AS e"
    " CROSS JOIN LATERAL (SELECT kind, effective_on FROM ledger_transaction"
    "  WHERE creditor_id = e.creditor_id AND id = e.transaction_id OFFSET 0) AS t"
    " WHERE t.kind <> ALL(:openings) AND t.effective_on <= wanted.day"
    " GROUP BY e.creditor_id, e.claim_id, t.effective_on, e.currency"
)


def itemise(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, on: date, undisputed: bool = False
) -> ItemisedClaim:
    """This function will return what is owed on a claim at the end of a day, built up line by line.

    :param undisputed: leave out what is contested: that is what may be asked of the debtor.
    :raises NotFound: the creditor has no such claim.
    """
    found = itemise_many(unit, keys=[(creditor_id, claim_id)], on=on, undisputed=undisputed)
    if not found:
        raise NotFound("no such claim")
    return found[creditor_id, claim_id]


def itemise_many(
    unit: Unit, *, keys: Sequence[ClaimKey], on: date, undisputed: bool = False
) -> dict[ClaimKey, ItemisedClaim]:
    """This function will itemise many claims with three queries; claims that do not exist are left out."""
    return itemise_each(unit, days=dict.fromkeys(keys, on), undisputed=undisputed)


def itemise_each(
    unit: Unit, *, days: Mapping[ClaimKey, date], undisputed: bool = False
) -> dict[ClaimKey, ItemisedClaim]:
    """This function will itemise many claims, each as of a day of its own, with the same three queries."""
    return {
        (facts.creditor_id, facts.claim_id): build_up(facts=facts, on=days[facts.creditor_id, facts.claim_id])
        for facts in _read_facts(unit, days, undisputed=undisputed)
    }


def open_total(unit: Unit, *, creditor_id: UUID, claim_id: UUID, on: date, undisputed: bool = False) -> Money:
    """This function will return all that is owed on a claim at the end of a day, or what of it is undisputed.

    :raises NotFound: the creditor has no such claim.
    """
    return itemise(unit, creditor_id=creditor_id, claim_id=claim_id, on=on, undisputed=undisputed).total


def _read_facts(unit: Unit, days: Mapping[ClaimKey, date], *, undisputed: bool) -> list[ClaimFacts]:
    claims = ClaimSet.of(days)
    chosen: dict[str, Any] = {
        "creditors": claims.creditors,
        "claims": claims.claims,
        "days": list(days.values()),
    }
    connection = unit.session.connection()
    invoices: defaultdict[ClaimKey, list[InvoiceFacts]] = defaultdict(list)
    for row in connection.execute(_INVOICES, chosen):
        invoices[row.creditor_id, row.claim_id].append(_invoice(row))
    movements: defaultdict[ClaimKey, list[Movement]] = defaultdict(list)
    of_ledger = {**chosen, "openings": list(OPENING_KINDS), "fixing": CRYSTALLISATION}
    for row in connection.execute(_MOVEMENTS, of_ledger):
        movements[row.creditor_id, row.claim_id].append(_movement(row))
    return [
        _facts(
            row,
            invoices[row.creditor_id, row.id],
            movements[row.creditor_id, row.id],
            undisputed=undisputed,
        )
        for row in connection.execute(_CLAIMS, chosen)
    ]


def _facts(
    row: Row[Any], invoices: list[InvoiceFacts], movements: list[Movement], *, undisputed: bool
) -> ClaimFacts:
    return ClaimFacts(
        creditor_id=row.creditor_id,
        claim_id=row.id,
        law=Law(row.law),
        interest_kind=InterestKind(row.interest_kind),
        phase=Phase(row.phase),
        currency=row.currency,
        costs_from=row.costs_from,
        costs=Money(row.costs_minor, row.currency),
        costs_vat=Money(row.costs_vat_minor, row.currency),
        contractual_percent=Decimal(row.percent) if row.percent else None,
        invoices=tuple(invoices),
        movements=tuple(movements),
        stops=tuple(map(_stop, row.stops or ())),
        costs_over=Money(row.costs_over_minor, row.currency) if row.costs_over_minor else None,
        costs_left_out_minor=row.costs_left_out_minor,
        undisputed=undisputed,
    )


def _stop(row: Sequence[str | None]) -> Stop:
    ground, first_day, last_day = row
    assert ground, "never empty"
    assert first_day, "never empty"
    return Stop(
        StopGround(ground),
        date.fromisoformat(first_day),
        date.fromisoformat(last_day) if last_day else None,
    )


def _invoice(row: Row[Any]) -> InvoiceFacts:
    return InvoiceFacts(
        row.id,
        row.number,
        row.kind,
        row.issued_on,
        row.due_on,
        Money(row.open_minor, row.currency),
        row.disputed_minor,
    )


def _movement(row: Row[Any]) -> Movement:
    principal, interest, costs_fixed, costs, paid = (
        Money(minor, row.currency)
        for minor in (row.principal, row.interest, row.costs_fixed, row.costs, row.paid)
    )
    return Movement(row.effective_on, principal, interest, costs_fixed, costs, paid)
