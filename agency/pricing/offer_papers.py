"""What an offer is made from and how it is written down: its claims with the card's price beside the offer's,
as bytes that the same facts give again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import Unit
from agency.money import Money
from agency.pricing.agreed_terms import agreed_with
from agency.pricing.document import PackedLines, pack_document
from agency.pricing.lines import CLAIM_FACTS, facts_of_row
from agency.pricing.outlook import outlook
from agency.pricing.rate_cards import PublishedCard
from agency.pricing.recovering import own_books
from agency.pricing.replay import offer_line, rule_versions
from agency.pricing.scoring import PricedClaim, price_claim
from agency.rules.facts import InterestKind, Law
from agency.rules.offer import OFFER_RULE, Expected, Offer, at_most

# Of a placement those that wait for a price; a claim that is asked about by itself may be in collection.
OF_REQUEST: Final = (
    "c.creditor_id = :c AND CASE WHEN CAST(:claim AS uuid) IS NOT NULL"
    " THEN c.id = :claim AND c.state IN ('new', 'quoted', 'active')"
    " ELSE c.placement_id = :p AND c.state IN ('new', 'quoted') END"
)
_FACTS = text(f"{CLAIM_FACTS} WHERE {OF_REQUEST} ORDER BY c.number")
_DATES = text(f"SELECT c.id, c.interest_kind, c.state, c.placement_id FROM claim c WHERE {OF_REQUEST}")


@dataclass(frozen=True, slots=True)
class OfferClaim:
    """A claim as an offer sees it: its facts with the card's price, what is expected to come in, and what the
    debtor owes by law for the collection."""

    claim_id: UUID
    number: str
    reference: str
    state: str
    placement_id: UUID | None
    priced: PricedClaim
    evidence: tuple[str, ...]
    expected: Money
    costs: Money

    @property
    def amount(self) -> Money:
        """The principal."""
        return self.priced.facts.amount

    @property
    def as_expected(self) -> Expected:
        """What a review of an offer looks at."""
        return Expected(self.amount, self.expected)


def claims_of(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID | None,
    placement_id: UUID | None,
    published: PublishedCard,
) -> list[OfferClaim]:
    """This function will return the claims that a request is about now, in the order of their numbers."""
    which = {"c": creditor_id, "claim": claim_id, "p": placement_id}
    connection = unit.session.connection()
    dates = {row.id: row for row in connection.execute(_DATES, which)}
    agreed = agreed_with(unit, creditor_id=creditor_id, card=published.card, on=unit.today)
    own = own_books(unit, on=unit.today)
    found = []
    for row in connection.execute(_FACTS, which).all():
        priced = price_claim(card=published.card, facts=facts_of_row(row, on=unit.today))
        looked = outlook(
            facts=priced.facts, law=Law(row.law), interest_kind=InterestKind(dates[row.id].interest_kind),
            due_on=row.due_on, today=unit.today, fee_bps=priced.price.fee_bps, agreed=agreed, own=own,
        )  # fmt: skip
        found.append(_claim(row, dates[row.id], priced, looked.expected.middle, looked.costs))
    return found


def _claim(row: Row[Any], more: Row[Any], priced: PricedClaim, expected: Money, costs: Money) -> OfferClaim:
    return OfferClaim(
        claim_id=row.id,
        number=row.number,
        reference=row.reference,
        state=more.state,
        placement_id=more.placement_id,
        priced=priced,
        evidence=tuple(row.evidence),
        expected=min(expected, priced.facts.amount),
        costs=costs,
    )


def offer_bytes(
    *, head: Mapping[str, Any], offer: Offer, vat_percent: Decimal, claims: Sequence[OfferClaim]
) -> tuple[bytes, str]:
    """This function will write an offer down, packed, and return the hash of its canonical bytes."""
    lines = PackedLines(
        offer_line(
            claim_id=str(one.claim_id),
            reference=one.reference,
            priced=one.priced,
            evidence=one.evidence,
            expected=one.expected,
            costs=one.costs,
            offer=offer,
            vat_percent=vat_percent,
        )
        for one in claims
    )
    return pack_document(head=head, lines=lines)


def offer_head(
    *,
    offer: Offer,
    amounts: Sequence[Money],
    card: PublishedCard,
    vat_percent: Decimal,
    conditions: str,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """This function will return the head of an offer's document.

    :param amounts: the principal of each claim.
    :param facts: numbers and moments that tell this document from others.
    """
    return dict(facts) | {
        "rate_card": {"version": card.version, "sha256": card.sha256},
        "rules": rule_versions() | {"offer": OFFER_RULE},
        "currency": offer.currency,
        "claims": len(amounts),
        "principal_minor": sum(one.minor for one in amounts),
        "fee_at_most_minor": sum(at_most(offer, one).minor for one in amounts),
        "offer": offer.as_json(),
        "conditions": conditions,
        "vat_percent": str(vat_percent),
    }


def differ_from(lines: Sequence[Mapping[str, Any]], rows: Mapping[str, Row[Any]], *, on: date) -> bool:
    """This function will tell whether claims are no longer what an offer was made on: one is gone, or has
    other facts than its age.

    :param lines: of the offer's document.
    :param rows: of `CLAIM_FACTS`, by claim.
    """
    for line in lines:
        row = rows.get(line["claim"])
        if row is None:
            return True
        now = facts_of_row(row, on=on).as_json() | {"age_days": 0, "phase": ""}
        if now != dict(line["facts"]) | {"age_days": 0, "phase": ""}:
            return True
        if list(row.evidence) != line.get("evidence", []):
            return True
    return False


def rows_of_request(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID | None, placement_id: UUID | None
) -> dict[str, Row[Any]]:
    """This function will return the facts of the claims that a request is about now, by claim."""
    which = {"c": creditor_id, "claim": claim_id, "p": placement_id}
    return {str(row.id): row for row in unit.session.connection().execute(_FACTS, which)}
