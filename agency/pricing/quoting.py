"""Quoting a placement: every claim with its price and factors, binding until it expires."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.lifecycle import move_placement
from agency.claims.states import ClaimState
from agency.events import QuoteIssued
from agency.kernel.emitting import emit
from agency.kernel.ids import new_id
from agency.kernel.statistics import refresh_statistics
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.terms import NoTerms, terms_on
from agency.pricing.models import Quote
from agency.pricing.rate_cards import PublishedCard, card_on
from agency.pricing.replay import quote_document, quote_line, rule_versions
from agency.pricing.scoring import ClaimFacts, PricedClaim, age_in_days, price_claim
from agency.rules.debt_age import blended_age
from agency.rules.facts import ClaimType, DebtorKind, DisputeStatus, DocumentKind, Law, Phase
from agency.rules.price import Factor
from agency.rules.rate_card import RateCard

VALID_DAYS: Final = 14
STAGING: Final = "quote_line_staged"

_FACTS = text(
    "SELECT c.id, c.reference, c.principal_minor, c.currency, c.due_on, c.phase, d.kind, d.country,"
    " c.law, c.claim_type,"
    " coalesce((SELECT array_agg(o.kind || ':' || o.sha256 ORDER BY o.kind, o.sha256) FROM document o"
    "  WHERE o.creditor_id = c.creditor_id AND o.claim_id = c.id AND o.counts), '{}') AS evidence,"
    " i.open, i.dues,"
    " coalesce((SELECT v.at_least FROM completeness_override v WHERE v.creditor_id = c.creditor_id"
    "  AND v.claim_id = c.id AND v.withdrawn_at IS NULL), 0) AS at_least,"
    " coalesce((SELECT s.status FROM dispute s WHERE s.creditor_id = c.creditor_id AND s.claim_id = c.id"
    "  ORDER BY s.resolved_at IS NULL DESC, s.raised_at DESC, s.id DESC LIMIT 1), 'none') AS dispute"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    # The age of several invoices is blended; of one it is the claim's own.
    " LEFT JOIN LATERAL (SELECT array_agg(v.open_minor ORDER BY v.id) AS open,"
    "  array_agg(v.due_on ORDER BY v.id) AS dues FROM invoice v WHERE v.creditor_id = c.creditor_id"
    "  AND v.claim_id = c.id AND v.open_minor > 0 HAVING count(*) > 1) i ON true"
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


@dataclass
class _Offer:
    """What the claims of one placement cost: the lines as JSON and their sums; the rows stand in the
    staging table."""

    lines: list[str]
    principal: int = 0
    fee_at_most: int = 0
    weighted_bps: int = 0


def quote_placement(
    unit: Unit, *, creditor_id: UUID, placement_id: UUID, follows: UUID | None = None
) -> Issued | None:
    """This function will make sure that a placement's open quote says what its claims cost now.

    An open quote whose lines would come out the same is kept; otherwise it is replaced by a new one, with
    what changed. None when no claim of the placement waits for a price.

    :param follows: the quote that was accepted or declined in part, whose other claims this one is for.

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
    offer = _price(unit, rows, published)
    open_quote = _open_quote(unit, creditor_id, placement_id)
    issued = Issued(open_quote, new=False) if open_quote else None
    if open_quote is None or _differs(unit, creditor_id, open_quote):
        changes = _changes(unit, creditor_id, open_quote) if open_quote else ()
        quote_id = _issue(unit, creditor_id, placement_id, published, offer, follows=open_quote or follows)
        issued = Issued(quote_id, new=True, changes=changes)
    connection.execute(text(f"DROP TABLE {STAGING}"))
    return issued


def facts_of_row(row: Row[Any], unit: Unit) -> ClaimFacts:
    """This function will return the facts of one claim as the price sees them today."""
    return ClaimFacts(
        amount=Money(row.principal_minor, row.currency),
        age_days=_age_of_row(row, unit),
        debtor=DebtorKind(row.kind),
        country=row.country,
        documents=frozenset(DocumentKind(one.partition(":")[0]) for one in row.evidence),
        dispute=DisputeStatus(row.dispute),
        phase=Phase(row.phase),
        law=Law(row.law),
        claim_type=ClaimType(row.claim_type),
        at_least=row.at_least,
    )


def _age_of_row(row: Row[Any], unit: Unit) -> int:
    if row.open is None:
        return age_in_days(due_on=row.due_on, today=unit.today)
    open_parts = [Money(minor, row.currency) for minor in row.open]
    return blended_age(parts=list(zip(open_parts, row.dues, strict=True)), on=unit.today).days


def _price(unit: Unit, rows: Sequence[Row[Any]], published: PublishedCard) -> _Offer:
    """Price every claim, straight into the staging table: only the document is kept in memory."""
    connection = unit.session.connection()
    connection.execute(
        text(
            f"CREATE TEMP TABLE {STAGING} (claim_id uuid PRIMARY KEY, fee_bps integer, minimum_minor bigint,"
            " facts jsonb, factors jsonb) ON COMMIT DROP"
        )
    )
    offer = _Offer([])
    raw: Any = connection.connection.driver_connection
    with raw.cursor().copy(f"COPY {STAGING} FROM STDIN") as copy:
        for row in rows:
            priced = price_claim(card=published.card, facts=facts_of_row(row, unit))
            facts = priced.facts.as_json()
            offer.lines.append(
                quote_line(
                    claim_id=str(row.id), reference=row.reference, priced=priced, facts=facts,
                    evidence=row.evidence,
                )
            )  # fmt: skip
            offer.principal += row.principal_minor
            offer.fee_at_most += priced.price.maximum.minor
            offer.weighted_bps += priced.price.fee_bps * row.principal_minor
            copy.write_row(_staged(row.id, priced, facts))
    return offer


def _staged(claim_id: UUID, priced: PricedClaim, facts: dict[str, Any]) -> tuple[Any, ...]:
    price = priced.price
    more = {
        "completeness": priced.score.completeness,
        "maximum_minor": price.maximum.minor,
        "cheaper": [[saving.document.value, saving.fee_bps_after] for saving in price.cheaper],
    }
    if price.resolved_bps is not None:
        more["resolved_bps"] = price.resolved_bps
    factors = f"[{','.join(map(_factor, price.factors))}]"
    return claim_id, price.fee_bps, price.minimum.minor, json.dumps(facts | more), factors


@lru_cache(maxsize=4096)
def _factor(factor: Factor) -> str:
    """One factor as JSON; most claims of a placement share most of theirs."""
    return json.dumps({"key": factor.key, "label": factor.label, "bps": factor.bps, "why": factor.why})


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


# A claim that only grew older within its age band is the same offer: age alone never replaces it.
_AGAINST_OPEN = (
    f" FROM {STAGING} n FULL JOIN (SELECT claim_id, fee_bps, facts FROM quote_line"
    " WHERE creditor_id = :c AND quote_id = :q) o ON o.claim_id = n.claim_id WHERE "
)
_OFFER_FIELDS = ("amount_minor", "currency", "documents", "dispute", "law", "claim_type", "at_least")


def _differs(unit: Unit, creditor_id: UUID, quote_id: UUID) -> bool:
    facts = " OR ".join(f"n.facts -> '{name}' IS DISTINCT FROM o.facts -> '{name}'" for name in _OFFER_FIELDS)
    row = unit.session.connection().execute(
        text(
            "SELECT expires_at <= app.now() OR EXISTS (SELECT 1"
            f" {_AGAINST_OPEN} n.fee_bps IS DISTINCT FROM o.fee_bps OR {facts})"
            " FROM quote WHERE creditor_id = :c AND id = :q"
        ),
        {"c": creditor_id, "q": quote_id},
    )
    differs: bool = row.scalar_one()
    return differs


def _changes(unit: Unit, creditor_id: UUID, quote_id: UUID) -> tuple[Change, ...]:
    rows = unit.session.connection().execute(
        text(
            "SELECT coalesce(n.claim_id, o.claim_id) AS claim, o.fee_bps AS before, n.fee_bps AS after"
            f"{_AGAINST_OPEN} n.fee_bps IS DISTINCT FROM o.fee_bps ORDER BY 1"
        ),
        {"c": creditor_id, "q": quote_id},
    )
    return tuple(Change(row.claim, row.before, row.after) for row in rows)


def _issue(
    unit: Unit,
    creditor_id: UUID,
    placement_id: UUID,
    published: PublishedCard,
    offer: _Offer,
    *,
    follows: UUID | None,
) -> UUID:
    expires_at = unit.now + timedelta(days=VALID_DAYS)
    quote = Quote(
        creditor_id=creditor_id,
        id=new_id(),
        number=_next_number(unit, creditor_id),
        placement_id=placement_id,
        rate_card_id=published.id,
        claims=len(offer.lines),
        principal_minor=offer.principal,
        currency=published.card.currency,
        fee_bps_average=-(-offer.weighted_bps // offer.principal),
        document=b"",
        sha256="",
        issued_at=unit.now,
        expires_at=expires_at,
        follows_id=follows,
        part=_part(unit, creditor_id, placement_id),
    )
    quote.document = quote_document(head=_head(unit, quote, published, offer), lines=offer.lines)
    quote.sha256 = hashlib.sha256(quote.document).hexdigest()
    connection = unit.session.connection()
    placement = {"c": creditor_id, "p": placement_id}
    connection.execute(
        text(
            "UPDATE quote SET state = 'replaced'"
            " WHERE creditor_id = :c AND placement_id = :p AND state = 'open'"
        ),
        placement,
    )
    unit.session.add(quote)
    unit.session.flush()
    _write_lines(unit, creditor_id, quote.id)
    refresh_statistics(unit, written=quote.claims)
    move_placement(
        unit, creditor_id=creditor_id, placement_id=placement_id, to=ClaimState.QUOTED, why="priced"
    )
    connection.execute(
        text("UPDATE placement SET state = 'quoted' WHERE creditor_id = :c AND id = :p"), placement
    )
    emit(unit, QuoteIssued(creditor_id=creditor_id, quote_id=quote.id, fee_bps=quote.fee_bps_average))
    return quote.id


def keepers(unit: Unit, *, creditor_id: UUID, card: RateCard) -> dict[str, str]:
    """This function will say who keeps interest and costs: as the creditor's terms say, else as the card."""
    try:
        terms = terms_on(unit, creditor_id=creditor_id, on=unit.today)
    except NoTerms:
        return {"interest": card.interest_to, "costs": card.costs_to}
    return {"interest": terms.interest_to.value, "costs": terms.costs_to.value}


def _part(unit: Unit, creditor_id: UUID, placement_id: UUID) -> int:
    """Count the parts of the placement that were accepted before: each is accepted at most once."""
    found = unit.session.connection().execute(
        text(
            "SELECT count(*) + 1 FROM quote WHERE creditor_id = :c AND placement_id = :p"
            " AND state = 'accepted'"
        ),
        {"c": creditor_id, "p": placement_id},
    )
    part: int = found.scalar_one()
    return part


def _head(unit: Unit, quote: Quote, published: PublishedCard, offer: _Offer) -> dict[str, Any]:
    return {
        "quote": str(quote.id),
        "number": quote.number,
        "creditor": str(quote.creditor_id),
        "placement": str(quote.placement_id),
        "issued_at": quote.issued_at.isoformat(),
        "expires_at": quote.expires_at.isoformat(),
        "rate_card": {"version": published.version, "sha256": published.sha256},
        "rules": rule_versions(),
        "keeps": keepers(unit, creditor_id=quote.creditor_id, card=published.card),
        "currency": quote.currency,
        "claims": quote.claims,
        "principal_minor": quote.principal_minor,
        "fee_at_most_minor": offer.fee_at_most,
    }


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


def _write_lines(unit: Unit, creditor_id: UUID, quote_id: UUID) -> None:
    """The facts of a line say how complete its claim was; the version of that rule stands in the document."""
    unit.session.connection().execute(
        text(
            "INSERT INTO quote_line (creditor_id, quote_id, claim_id, fee_bps, minimum_minor, facts, factors)"
            f" SELECT :c, :q, claim_id, fee_bps, minimum_minor, facts, factors FROM {STAGING}"
        ),
        {"c": creditor_id, "q": quote_id},
    )
