"""Quoting a placement: every claim with its price and factors, binding until it expires."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.lifecycle import move_placement
from agency.claims.states import ClaimState
from agency.events import QuoteIssued
from agency.kernel.emitting import emit
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.pricing.rate_cards import PublishedCard, card_on
from agency.pricing.replay import quote_document, quote_line
from agency.pricing.scoring import ClaimFacts, PricedClaim, age_in_days, price_claim
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind

VALID_DAYS: Final = 14
STAGING: Final = "quote_line_staged"

_FACTS = text(
    "SELECT c.id, c.reference, c.principal_minor, c.currency, c.due_on, d.kind, d.country,"
    " coalesce((SELECT array_agg(DISTINCT o.kind ORDER BY o.kind) FROM document o"
    "  WHERE o.creditor_id = c.creditor_id AND o.claim_id = c.id), '{}') AS documents,"
    " coalesce((SELECT s.status FROM dispute s WHERE s.creditor_id = c.creditor_id AND s.claim_id = c.id"
    "  ORDER BY s.resolved_at IS NULL DESC, s.raised_at DESC, s.id DESC LIMIT 1), 'none') AS dispute"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.placement_id = :p AND c.state IN ('new', 'quoted') ORDER BY c.number"
)


@dataclass(frozen=True)
class Change:
    """A claim whose fee is another than in the quote before; None where it was or is not in it."""

    claim_id: UUID
    before_bps: int | None
    after_bps: int | None


@dataclass(frozen=True)
class Issued:
    """The open quote of a placement; `changes` is empty when the quote before still stood."""

    quote_id: UUID
    new: bool
    changes: tuple[Change, ...] = ()


def quote_placement(unit: Unit, *, creditor_id: UUID, placement_id: UUID) -> Issued | None:
    """This function will make sure that a placement's open quote says what its claims cost now.

    An open quote whose lines would come out the same is kept; otherwise it is replaced by a new one, with
    what changed. None when no claim of the placement waits for a price.

    :raises NoRateCard: none is in force.
    """
    connection = unit.session.connection()
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"quote:{creditor_id}"}
    )
    rows = connection.execute(_FACTS, {"c": creditor_id, "p": placement_id}).all()
    if not rows:
        return None
    published = card_on(unit, on=unit.today)
    lines = [_line(row, published, unit) for row in rows]
    open_quote = _open_quote(unit, creditor_id, placement_id)
    before = _lines_of(unit, creditor_id, open_quote) if open_quote else {}
    after = {UUID(line["claim"]): line for _, line in lines}
    if open_quote and _same(before, after) and not _expired(unit, creditor_id, open_quote):
        return Issued(open_quote, new=False)
    quote_id = _issue(unit, creditor_id, placement_id, published, lines)
    return Issued(quote_id, new=True, changes=_changes(before, after) if open_quote else ())


def facts_of_row(row: Row[Any], unit: Unit) -> ClaimFacts:
    """This function will return the facts of one claim as the price sees them today."""
    return ClaimFacts(
        amount=Money(row.principal_minor, row.currency),
        age_days=age_in_days(due_on=row.due_on, today=unit.today),
        debtor=DebtorKind(row.kind),
        country=row.country,
        documents=frozenset(DocumentKind(kind) for kind in row.documents),
        dispute=DisputeStatus(row.dispute),
    )


def _line(row: Row[Any], published: PublishedCard, unit: Unit) -> tuple[PricedClaim, dict[str, Any]]:
    priced = price_claim(card=published.card, facts=facts_of_row(row, unit))
    return priced, quote_line(claim_id=str(row.id), reference=row.reference, priced=priced)


def _open_quote(unit: Unit, creditor_id: UUID, placement_id: UUID) -> UUID | None:
    found: UUID | None = (
        unit.session.connection()
        .execute(
            text(
                "SELECT id FROM quote WHERE creditor_id = :c AND placement_id = :p AND state = 'open'"
                " ORDER BY issued_at DESC, id DESC LIMIT 1 FOR UPDATE"
            ),
            {"c": creditor_id, "p": placement_id},
        )
        .scalar_one_or_none()
    )
    return found


def _expired(unit: Unit, creditor_id: UUID, quote_id: UUID) -> bool:
    expired: bool = (
        unit.session.connection()
        .execute(
            text("SELECT expires_at <= app.now() FROM quote WHERE creditor_id = :c AND id = :q"),
            {"c": creditor_id, "q": quote_id},
        )
        .scalar_one()
    )
    return expired


def _lines_of(unit: Unit, creditor_id: UUID, quote_id: UUID) -> dict[UUID, dict[str, Any]]:
    rows = unit.session.connection().execute(
        text("SELECT claim_id, fee_bps, facts FROM quote_line WHERE creditor_id = :c AND quote_id = :q"),
        {"c": creditor_id, "q": quote_id},
    )
    return {row.claim_id: {"fee_bps": row.fee_bps, "facts": row.facts} for row in rows}


def _same(before: dict[UUID, dict[str, Any]], after: dict[UUID, dict[str, Any]]) -> bool:
    """A claim that only grew older within its age band is the same offer: age alone never replaces it."""

    def offer(line: dict[str, Any]) -> tuple[Any, ...]:
        facts = {name: value for name, value in line["facts"].items() if name != "age_days"}
        return line["fee_bps"], json.dumps(
            {name: facts.get(name) for name in ("amount_minor", "currency", "documents", "dispute")}
        )

    return before.keys() == after.keys() and all(offer(before[key]) == offer(after[key]) for key in after)


def _changes(before: dict[UUID, dict[str, Any]], after: dict[UUID, dict[str, Any]]) -> tuple[Change, ...]:
    fees = (
        (key, _fee(before.get(key)), _fee(after.get(key))) for key in sorted(before.keys() | after.keys())
    )
    return tuple(Change(key, old, new) for key, old, new in fees if old != new)


def _fee(line: dict[str, Any] | None) -> int | None:
    return None if line is None else line["fee_bps"]


def _issue(
    unit: Unit,
    creditor_id: UUID,
    placement_id: UUID,
    published: PublishedCard,
    lines: Sequence[tuple[PricedClaim, dict[str, Any]]],
) -> UUID:
    quote_id = new_id()
    number = _next_number(unit, creditor_id)
    principal = sum(priced.facts.amount.minor for priced, _ in lines)
    fee_at_most = sum(priced.price.maximum.minor for priced, _ in lines)
    head = {
        "quote": str(quote_id),
        "number": number,
        "creditor": str(creditor_id),
        "placement": str(placement_id),
        "issued_at": unit.now.isoformat(),
        "expires_at": (unit.now + timedelta(days=VALID_DAYS)).isoformat(),
        "rate_card": {"version": published.version, "sha256": published.sha256},
        "currency": published.card.currency,
        "claims": len(lines),
        "principal_minor": principal,
        "fee_at_most_minor": fee_at_most,
    }
    document = quote_document(head=head, lines=(line for _, line in lines))
    average = -(-sum(priced.price.fee_bps * priced.facts.amount.minor for priced, _ in lines) // principal)
    connection = unit.session.connection()
    connection.execute(
        text(
            "UPDATE quote SET state = 'replaced' WHERE creditor_id = :c AND placement_id = :p AND state = 'open'"
        ),
        {"c": creditor_id, "p": placement_id},
    )
    connection.execute(
        text(
            "INSERT INTO quote (creditor_id, id, number, placement_id, rate_card_id, state, claims,"
            " principal_minor, currency, fee_bps_average, document, sha256, issued_at, expires_at)"
            " VALUES (:c, :q, :number, :p, :card, 'open', :claims, :principal, :currency, :average, :document,"
            " :sha, :now, :expires)"
        ),
        {
            "c": creditor_id,
            "q": quote_id,
            "number": number,
            "p": placement_id,
            "card": published.id,
            "claims": len(lines),
            "principal": principal,
            "currency": published.card.currency,
            "average": average,
            "document": document,
            "sha": hashlib.sha256(document).hexdigest(),
            "now": unit.now,
            "expires": unit.now + timedelta(days=VALID_DAYS),
        },
    )
    _write_lines(unit, creditor_id, quote_id, lines)
    move_placement(
        unit, creditor_id=creditor_id, placement_id=placement_id, to=ClaimState.QUOTED, why="priced"
    )
    connection.execute(
        text("UPDATE placement SET state = 'quoted' WHERE creditor_id = :c AND id = :p"),
        {"c": creditor_id, "p": placement_id},
    )
    emit(unit, QuoteIssued(creditor_id=creditor_id, quote_id=quote_id, fee_bps=average))
    return quote_id


def _next_number(unit: Unit, creditor_id: UUID) -> str:
    """Number within the creditor and year; the caller holds the creditor's quote lock."""
    year = unit.today.year
    count = (
        unit.session.connection()
        .execute(
            text("SELECT count(*) FROM quote WHERE creditor_id = :c AND number LIKE :year"),
            {"c": creditor_id, "year": f"Q-{year}-%"},
        )
        .scalar_one()
    )
    return f"Q-{year}-{count + 1:05d}"


def _write_lines(
    unit: Unit, creditor_id: UUID, quote_id: UUID, lines: Sequence[tuple[PricedClaim, dict[str, Any]]]
) -> None:
    connection = unit.session.connection()
    connection.execute(
        text(
            f"CREATE TEMP TABLE {STAGING} (claim_id uuid, fee_bps integer, minimum_minor bigint, facts jsonb,"
            " factors jsonb, completeness integer, dispute text, rule_version text) ON COMMIT DROP"
        )
    )
    raw: Any = connection.connection.driver_connection
    with raw.cursor().copy(f"COPY {STAGING} FROM STDIN") as copy:
        for row in _staged_lines(lines):
            copy.write_row(row)
    parameters = {"c": creditor_id, "q": quote_id, "now": unit.now}
    connection.execute(
        text(
            "INSERT INTO quote_line (creditor_id, quote_id, claim_id, fee_bps, minimum_minor, facts, factors)"
            f" SELECT :c, :q, claim_id, fee_bps, minimum_minor, facts, factors FROM {STAGING}"
        ),
        parameters,
    )
    connection.execute(
        text(
            "INSERT INTO score_run (creditor_id, id, claim_id, completeness, dispute, rule_version, facts, at)"
            " SELECT :c, uuidv7(), claim_id, completeness, dispute, rule_version, facts, :now"
            f" FROM {STAGING}"
        ),
        parameters,
    )
    connection.execute(text(f"DROP TABLE {STAGING}"))


def _staged_lines(lines: Sequence[tuple[PricedClaim, dict[str, Any]]]) -> Iterator[tuple[Any, ...]]:
    for priced, line in lines:
        facts = line["facts"] | {
            "completeness": line["completeness"],
            "maximum_minor": line["maximum_minor"],
            "cheaper": [[saving.document.value, saving.fee_bps_after] for saving in priced.price.cheaper],
        }
        factors = [
            {"key": factor.key, "label": factor.label, "bps": factor.bps, "why": factor.why}
            for factor in priced.price.factors
        ]
        yield (
            line["claim"], line["fee_bps"], line["minimum_minor"], json.dumps(facts), json.dumps(factors),
            line["completeness"], line["facts"]["dispute"], priced.score.trace[0].version,
        )  # fmt: skip
