"""Quoting a placement: every claim with its price and factors, binding until it expires."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.lifecycle import move_placement
from agency.claims.states import ClaimState
from agency.events import QuoteIssued
from agency.kernel.emitting import emit
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.statistics import refresh_statistics
from agency.kernel.unit import Unit
from agency.parties.terms import NoTerms, terms_on
from agency.pricing.document import PackedLines, pack_document
from agency.pricing.lines import CLAIM_FACTS, facts_of_row, line_factors, line_facts
from agency.pricing.models import Quote
from agency.pricing.rate_cards import PublishedCard, card_on
from agency.pricing.replay import quote_line, rule_versions
from agency.pricing.scoring import PricedClaim, price_claim
from agency.rules.rate_card import RateCard

VALID_DAYS: Final = 14
STAGING: Final = "quote_line_staged"
_AT_ONCE: Final = 5_000

_OF_PLACEMENT = "c.creditor_id = :c AND c.placement_id = :p AND c.state IN ('new', 'quoted')"
_WAIT = text(f"SELECT EXISTS (SELECT FROM claim c WHERE {_OF_PLACEMENT})")
_FACTS = text(f"{CLAIM_FACTS} WHERE {_OF_PLACEMENT} ORDER BY c.number")


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
    """What the claims of one placement cost: the lines of the document and their sums; the rows stand in the
    staging table."""

    lines: PackedLines = field(default_factory=PackedLines)
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
    take_turns(unit, "quote", creditor_id)
    if not connection.execute(_WAIT, {"c": creditor_id, "p": placement_id}).scalar_one():
        return None
    published = card_on(unit, on=unit.today)
    offer = _price(unit, creditor_id, placement_id, published)
    open_quote = _open_quote(unit, creditor_id, placement_id)
    issued = Issued(open_quote, new=False) if open_quote else None
    if open_quote is None or _differs(unit, creditor_id, open_quote):
        changes = _changes(unit, creditor_id, open_quote) if open_quote else ()
        quote_id = _issue(unit, creditor_id, placement_id, published, offer, follows=open_quote or follows)
        issued = Issued(quote_id, new=True, changes=changes)
    connection.execute(text(f"DROP TABLE {STAGING}"))
    return issued


def _price(unit: Unit, creditor_id: UUID, placement_id: UUID, published: PublishedCard) -> _Offer:
    """Price every claim, some at a time, straight into the staging table: only the packed document is kept in
    memory."""
    connection = unit.session.connection()
    connection.execute(
        text(
            f"CREATE TEMP TABLE {STAGING} (claim_id uuid, fee_bps integer, minimum_minor bigint,"
            " facts jsonb, factors jsonb) ON COMMIT DROP"
        )
    )
    offer = _Offer()
    raw: Any = connection.connection.driver_connection
    # The whole is wanted: a plan for the first rows would be a slow one.
    connection.execute(text("SET LOCAL cursor_tuple_fraction = 1"))
    found = connection.execute(
        _FACTS, {"c": creditor_id, "p": placement_id}, execution_options={"stream_results": True}
    )
    for rows in found.partitions(_AT_ONCE):
        with raw.cursor().copy(f"COPY {STAGING} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(_priced(offer, row, published.card, on=unit.today))
    return offer


def _priced(offer: _Offer, row: Row[Any], card: RateCard, *, on: date) -> tuple[Any, ...]:
    """Price one claim: it joins the offer, and its row is returned."""
    priced = price_claim(card=card, facts=facts_of_row(row, on=on))
    facts = priced.facts.as_json()
    offer.lines.add(
        quote_line(
            claim_id=str(row.id), reference=row.reference, priced=priced, facts=facts, evidence=row.evidence
        )
    )
    offer.principal += row.principal_minor
    offer.fee_at_most += priced.price.maximum.minor
    offer.weighted_bps += priced.price.fee_bps * row.principal_minor
    return _staged(row.id, priced, facts)


def _staged(claim_id: UUID, priced: PricedClaim, facts: dict[str, Any]) -> tuple[Any, ...]:
    price = priced.price
    return claim_id, price.fee_bps, price.minimum.minor, line_facts(priced, facts), line_factors(priced)


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
        number=next_number(unit, creditor_id),
        placement_id=placement_id,
        rate_card_id=published.id,
        claims=offer.lines.count,
        principal_minor=offer.principal,
        currency=published.card.currency,
        fee_bps_average=-(-offer.weighted_bps // offer.principal),
        document=b"",
        sha256="",
        issued_at=unit.now,
        expires_at=expires_at,
        follows_id=follows,
        part=placement_part(unit, creditor_id, placement_id),
    )
    head = _head(unit, quote, published, offer)
    quote.document, quote.sha256 = pack_document(head=head, lines=offer.lines)
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


def keepers(unit: Unit, *, creditor_id: UUID, card: RateCard, on: date) -> dict[str, str]:
    """This function will say who keeps interest and costs by the creditor's terms of a day, else by the
    card."""
    try:
        terms = terms_on(unit, creditor_id=creditor_id, on=on)
    except NoTerms:
        return {"interest": card.interest_to, "costs": card.costs_to}
    return {"interest": terms.interest_to.value, "costs": terms.costs_to.value}


def placement_part(unit: Unit, creditor_id: UUID, placement_id: UUID) -> int:
    """This function will count which part of a placement is answered next: each is accepted at most once."""
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
        "keeps": keepers(unit, creditor_id=quote.creditor_id, card=published.card, on=unit.today),
        "currency": quote.currency,
        "claims": quote.claims,
        "principal_minor": quote.principal_minor,
        "fee_at_most_minor": offer.fee_at_most,
    }


def next_number(unit: Unit, creditor_id: UUID) -> str:
    """This function will return the next number within the creditor and year; the caller holds the
    creditor's quote lock."""
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
