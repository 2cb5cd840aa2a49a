"""The quote as bytes, and making the same bytes again from the facts inside it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.pricing.rate_cards import card_of
from agency.pricing.scoring import ClaimFacts, PricedClaim, price_claim
from agency.rules.price import RateCard


def quote_line(*, claim_id: str, reference: str, priced: PricedClaim) -> str:
    """This function will return one claim of a quote as canonical JSON: its facts, then what follows from
    them.
    """
    price = priced.price
    return _canonical(
        {
            "claim": claim_id,
            "reference": reference,
            "facts": priced.facts.as_json(),
            "completeness": priced.score.completeness,
            "fee_bps": price.fee_bps,
            "minimum_minor": price.minimum.minor,
            "maximum_minor": price.maximum.minor,
            "factors": [[factor.key, factor.bps] for factor in price.factors],
        }
    )


def quote_document(*, head: Mapping[str, Any], lines: Iterable[str]) -> bytes:
    """This function will return the canonical bytes of a quote: sorted keys, no blanks, UTF-8."""
    return f'{{"head":{_canonical(dict(head))},"lines":[{",".join(lines)}]}}'.encode()


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _canonical(value: Mapping[str, Any]) -> str:
    return _ENCODER.encode(value)


def rebuild(document: bytes, *, card: RateCard) -> bytes:
    """This function will price every claim in a quote's document anew and return the document that gives."""
    parsed = json.loads(document)
    lines = (
        quote_line(
            claim_id=line["claim"],
            reference=line["reference"],
            priced=price_claim(card=card, facts=ClaimFacts.from_json(line["facts"])),
        )
        for line in parsed["lines"]
    )
    return quote_document(head=parsed["head"], lines=lines)


@dataclass(frozen=True)
class Replay:
    """Whether a quote comes out the same today, and whether its stored bytes are those that were issued."""

    same: bool
    intact: bool


def replay(unit: Unit, *, creditor_id: UUID, quote_id: UUID) -> Replay:
    """This function will make a quote again from its own facts and its pinned rate card, and compare.

    :raises NotFound: this creditor has no such quote.
    """
    row = (
        unit.session.connection()
        .execute(
            text("SELECT document, sha256, rate_card_id FROM quote WHERE creditor_id = :c AND id = :q"),
            {"c": creditor_id, "q": quote_id},
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("no such quote")
    document = bytes(row.document)
    card = card_of(unit, rate_card_id=row.rate_card_id)
    return Replay(
        same=rebuild(document, card=card.card) == document,
        intact=hashlib.sha256(document).hexdigest() == row.sha256,
    )
