"""The quote as bytes, and making the same bytes again from the facts inside it.

A document holds what the score found, so that a later table of evidence changes no quote; where the table is
still the same, the score is worked out again too.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.pricing.document import DamagedDocument, canonical, quote_document, unpack_document
from agency.pricing.rate_cards import card_of
from agency.pricing.scoring import ClaimFacts, PricedClaim, price_claim, price_facts
from agency.rules.offer import OFFER_RULE, Offer, at_most, success_at_most, work_out
from agency.rules.price import PRICE_RULE, Price, RateCard, price
from agency.rules.score import score_version
from agency.rules.smaller_claims import Smaller

_BEFORE_VERSIONS = {"price": "1"}
"""The rules of documents that name none: all were made before a second version of any rule."""
_FIXED: Final = ("claim", "reference", "evidence", "smaller", "expected_minor", "costs_minor")
"""What a line holds of its claim that no rule here works out."""


def rule_versions() -> dict[str, str]:
    """This function will return the versions of the rules that a quote made now rests on."""
    return {"price": PRICE_RULE, "score": score_version()}


def quote_line(
    *,
    claim_id: str,
    reference: str,
    priced: PricedClaim,
    facts: Mapping[str, Any],
    evidence: Sequence[str] = (),
) -> str:
    """This function will return one claim of a quote as canonical JSON: its facts, then what follows from
    them.

    :param facts: those of the claim as JSON values.
    :param evidence: `kind:sha256` of each document that counted.
    """
    return _line(
        {"claim": claim_id, "reference": reference}
        | ({"evidence": list(evidence)} if evidence else {})
        | ({"smaller": [list(pair) for pair in priced.smaller]} if priced.smaller else {}),
        facts,
        priced.score.completeness,
        priced.price,
    )


def _line(fixed: dict[str, Any], facts: Mapping[str, Any], completeness: int, found: Price) -> str:
    return canonical(
        fixed
        | {
            "facts": facts,
            "completeness": completeness,
            "fee_bps": found.fee_bps,
            "minimum_minor": found.minimum.minor,
            "maximum_minor": found.maximum.minor,
            "factors": [[factor.key, factor.bps] for factor in found.factors],
        }
    )


def offer_line(
    *,
    claim_id: str,
    reference: str,
    priced: PricedClaim,
    evidence: Sequence[str],
    expected: Money,
    costs: Money,
    offer: Offer,
    vat_percent: Decimal,
) -> str:
    """This function will return one claim of an offer as canonical JSON: what the card would ask, and what
    the offer costs when nothing, what is expected, and all of it comes in.

    :param expected: what is expected to be collected.
    :param costs: what the debtor owes by law for the collection.
    """
    fixed = {
        "claim": claim_id,
        "reference": reference,
        "expected_minor": expected.minor,
        "costs_minor": costs.minor,
        "offer": offered(offer, amount=priced.facts.amount, expected=expected, vat_percent=vat_percent),
    }
    return _line(
        fixed
        | ({"evidence": list(evidence)} if evidence else {})
        | ({"smaller": [list(pair) for pair in priced.smaller]} if priced.smaller else {}),
        priced.facts.as_json(),
        priced.score.completeness,
        priced.price,
    )


def offered(offer: Offer, *, amount: Money, expected: Money, vat_percent: Decimal) -> dict[str, Any]:
    """This function will return what an offer asks of one claim: the share at first, what both are at most,
    and the sums when nothing, what is expected, and all of it comes in."""
    worked = [
        work_out(offer, amount=amount, recovered=recovered, vat_percent=vat_percent)
        for recovered in (Money.zero(amount.currency), expected, amount)
    ]
    return {
        "success_bps": offer.parts[0].success_bps,
        "success_at_most_minor": success_at_most(offer, amount).minor,
        "at_most_minor": at_most(offer, amount).minor,
        "worked": [
            [one.recovered.minor, one.success.minor, one.flat.minor, one.hours.minor, one.total.minor,
             one.vat.minor, one.left.minor]
            for one in worked
        ],
    }  # fmt: skip


def offer_of_line(line: Mapping[str, Any], head: Mapping[str, Any]) -> str:
    """This function will return a line of an offer that was sent, with the offer that another head names: the
    parts of it that were chosen. What the card would ask stays as it was sent."""
    amount = Money(line["facts"]["amount_minor"], line["facts"]["currency"])
    chosen = offered(
        Offer.from_json(head["offer"]),
        amount=amount,
        expected=Money(line["expected_minor"], amount.currency),
        vat_percent=Decimal(head["vat_percent"]),
    )
    return canonical(dict(line) | {"offer": chosen})


def rebuild(document: bytes, *, card: RateCard) -> bytes:
    """This function will price every claim in a quote's document anew, with the completeness that was found
    then, and return the document that gives.
    """
    parsed = json.loads(document)
    head = parsed["head"]
    return quote_document(head=head, lines=(_again(line, card, head) for line in parsed["lines"]))


def _again(line: Mapping[str, Any], card: RateCard, head: Mapping[str, Any]) -> str:
    facts = ClaimFacts.from_json(line["facts"])
    smaller: Smaller = tuple((minor, points) for minor, points in line.get("smaller", ()))
    asked = price_facts(facts, completeness=line["completeness"], smaller=smaller)
    fixed = {name: line[name] for name in _FIXED if name in line}
    if "offer" in head:
        fixed["offer"] = offered(
            Offer.from_json(head["offer"]),
            amount=facts.amount,
            expected=Money(line["expected_minor"], facts.amount.currency),
            vat_percent=Decimal(head["vat_percent"]),
        )
    return _line(fixed, facts.as_json(), line["completeness"], price(card=card, facts=asked))


@dataclass(frozen=True)
class Replay:
    """Whether a quote comes out the same today, and whether its stored bytes are those that were issued.

    `recorded` names rules whose results were taken from the document because their tables have changed since;
    `unknown` names rules that this version of the product does not have: then nothing was replayed.
    """

    same: bool
    intact: bool
    recorded: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    number: str = ""
    sha256: str = ""


def replay(unit: Unit, *, creditor_id: UUID, quote_id: UUID) -> Replay:
    """This function will make a quote again from its own facts and its pinned rate card, and compare.

    :raises NotFound: this creditor has no such quote.
    """
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT number, document, sha256, rate_card_id FROM quote WHERE creditor_id = :c AND id = :q"
            ),
            {"c": creditor_id, "q": quote_id},
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("no such quote")
    try:
        document = unpack_document(bytes(row.document))
    except DamagedDocument:
        return Replay(same=False, intact=False, number=row.number, sha256=row.sha256)
    found = replay_document(document, card=card_of(unit, rate_card_id=row.rate_card_id).card)
    return Replay(
        same=found.same,
        intact=hashlib.sha256(document).hexdigest() == row.sha256,
        recorded=found.recorded,
        unknown=found.unknown,
        number=row.number,
        sha256=row.sha256,
    )


def replay_document(document: bytes, *, card: RateCard) -> Replay:
    """This function will replay a document under the card that it names; see `Replay`."""
    try:
        parsed = json.loads(document)
        rules = parsed["head"].get("rules", _BEFORE_VERSIONS)
    except (ValueError, KeyError, AttributeError):
        return Replay(same=False, intact=False)
    now = rule_versions()
    if rules.get("price") != now["price"]:
        return Replay(same=False, intact=True, unknown=(f"price {rules.get('price')}",))
    if rules.get("offer", OFFER_RULE) != OFFER_RULE:
        return Replay(same=False, intact=True, unknown=(f"offer {rules['offer']}",))
    if rules.get("score") != now["score"]:
        same = rebuild(document, card=card) == document
        return Replay(same=same, intact=True, recorded=(f"score {rules.get('score', '')}".strip(),))
    scored = all(_scores_the_same(line, card) for line in parsed["lines"])
    return Replay(same=scored and rebuild(document, card=card) == document, intact=True)


def _scores_the_same(line: Mapping[str, Any], card: RateCard) -> bool:
    priced = price_claim(card=card, facts=ClaimFacts.from_json(line["facts"]))
    smaller = [list(pair) for pair in priced.smaller]
    return bool(priced.score.completeness == line["completeness"] and smaller == line.get("smaller", []))
