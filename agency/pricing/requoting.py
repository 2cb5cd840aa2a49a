"""Pricing one accepted claim anew when its facts change.

What was agreed stays as it is but for the facts that are new: documents, disputes, a completeness set by
hand, the due dates. The rate card is the one that was agreed on, and the age is counted to the day of that
price, so neither a later card nor the time that passes in collection makes a claim dearer. A lower price
counts at once; a higher one is asked for, from the difference on that the house rule names. Where only an
open dispute makes it dearer, what is not contested goes on; else the claim is held until the answer.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.holds import lift_holds_on, place_hold
from agency.claims.lifecycle import claim_to_change
from agency.claims.models import Claim
from agency.claims.states import ClaimState, HoldGround
from agency.events import PriceKept, PriceLowered, PriceRiseAsked, PriceRiseDropped
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit, agency_day
from agency.money import Money
from agency.pricing.asking import FACTS_CHANGED, end_request, open_request, running_request
from agency.pricing.document import PackedLines, pack_document
from agency.pricing.lines import CLAIM_FACTS, facts_of_row, line_factors, line_facts
from agency.pricing.models import Quote, QuoteState, RequestState
from agency.pricing.quoting import VALID_DAYS, keepers
from agency.pricing.rate_cards import PublishedCard, card_of
from agency.pricing.replay import quote_line, rule_versions
from agency.pricing.scoring import ClaimFacts, PricedClaim, price_claim
from agency.rules.requote import (
    OPEN_DISPUTES,
    Decision,
    Kept,
    Terms,
    Verdict,
    Waits,
    judge_new_price,
    leave_dispute_out,
    requote_policy,
)
from agency.rules.trace import Trace, as_json

NOW: Final = "app.now() + (clock_timestamp() - now())"
"""This moment by the moved clock. Read once the claim is locked, it is later than every payment on the claim
that was booked before, whatever began first."""

# The line that prices the claim now, and the day of the price that its mandate rests on. Lines from before
# facts were kept cannot be priced anew.
_AGREED = text(
    "SELECT l.quote_id, q.rate_card_id, q.number, l.fee_bps, l.minimum_minor, l.facts, b.issued_at"
    " FROM quote_line l JOIN quote q ON q.creditor_id = l.creditor_id AND q.id = l.quote_id"
    "  AND q.state = 'accepted'"
    " JOIN LATERAL (SELECT u.issued_at FROM quote_line f JOIN quote u ON u.creditor_id = f.creditor_id"
    "  AND u.id = f.quote_id AND u.state = 'accepted' AND u.claim_id IS NULL"
    "  WHERE f.creditor_id = l.creditor_id AND f.claim_id = l.claim_id AND f.outcome IS NULL LIMIT 1)"
    "  b ON true"
    " WHERE l.creditor_id = :c AND l.claim_id = :claim AND l.outcome IS NULL AND l.facts ? 'amount_minor'"
    " ORDER BY q.accepted_at DESC, q.id DESC LIMIT 1"
)
_OF_CLAIM = text(f"{CLAIM_FACTS} WHERE c.creditor_id = :c AND c.id = :claim")
_CONTESTED = text("SELECT disputed_minor FROM claim WHERE creditor_id = :c AND id = :claim")
_LAST_TOLD = text(
    "SELECT kind, facts FROM event WHERE creditor_id = :c AND claim_id = :claim AND kind LIKE 'Price%'"
    " ORDER BY position DESC LIMIT 1"
)
_CHECKED = text(
    "SELECT kind || ':' || sha256 FROM document WHERE creditor_id = :c AND claim_id = :claim"
    " AND counts AND (standing = 'valid' OR checked_at IS NOT NULL OR kind = ANY(:agreed))"
    " ORDER BY kind, sha256"
)
_WAITING = text(
    f"SELECT q.id, q.expires_at > {NOW} AS alive, l.facts FROM quote q JOIN quote_line l"
    " ON l.creditor_id = q.creditor_id AND l.quote_id = q.id"
    " WHERE q.creditor_id = :c AND q.claim_id = :claim AND q.state = 'open' FOR UPDATE OF q"
)
_REPLACE = text("UPDATE quote SET state = 'replaced' WHERE creditor_id = :c AND id = :q AND state = 'open'")
_LINE = text(
    "INSERT INTO quote_line (creditor_id, quote_id, claim_id, fee_bps, minimum_minor, facts, factors)"
    " VALUES (:c, :q, :claim, :fee, :minimum, CAST(:facts AS jsonb), CAST(:factors AS jsonb))"
)


_LET_STAND = text(
    "SELECT r.grounds FROM price_request r JOIN quote q ON q.creditor_id = r.creditor_id AND q.id = :q"
    " WHERE r.creditor_id = :c AND r.claim_id = :claim AND r.state = 'stands' AND r.closed_at > q.accepted_at"
)
_MADE = text(f"SELECT {NOW}, (SELECT count(*) FROM quote WHERE creditor_id = :c AND claim_id = :claim)")


@dataclass(frozen=True)
class Agreed:
    """The accepted line that prices a claim now, and its card; `priced_on` is the day of the price of its
    placement."""

    creditor_id: UUID
    quote_id: UUID
    number: str
    card: PublishedCard
    facts: ClaimFacts
    terms: Terms
    priced_on: date
    by_offer: bool = False


@dataclass(frozen=True)
class New:
    """A claim as it is now, beside what was agreed; `left_out` says why a dispute is not among the facts."""

    reference: str
    number: str
    facts: ClaimFacts
    evidence: tuple[str, ...]
    left_out: Trace = ()


def requote_claim(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Verdict | None:
    """This function will work out what an accepted claim costs now, and do what follows from it.

    A higher price that waits already and still says the same is kept; one that expired is made anew.

    :returns: what became of the agreed price; None when the claim is not in collection or has none.
    :raises NotFound: this creditor has no such claim.
    """
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    if claim.state != ClaimState.ACTIVE:
        drop_new_price(unit, creditor_id=creditor_id, claim_id=claim_id)
        return None
    agreed = agreed_price(unit, creditor_id=creditor_id, claim_id=claim_id)
    if agreed is None:
        return None
    new = new_facts(unit, creditor_id=creditor_id, claim_id=claim_id, agreed=agreed)
    if agreed.by_offer:
        return _leave_offer(unit, claim, agreed, new)
    if new.left_out:
        _tell_kept(unit, creditor_id, claim_id, Kept.small_part, new.left_out)
    if new.facts == agreed.facts:
        drop_new_price(unit, creditor_id=creditor_id, claim_id=claim_id)
        return Verdict.stands
    waiting = _waiting(unit, creditor_id, claim_id)
    if waiting and waiting.alive and ClaimFacts.from_json(waiting.facts) == new.facts:
        return Verdict.rises
    return _offer(unit, creditor_id, claim_id, agreed, new)


def _leave_offer(unit: Unit, claim: Claim, agreed: Agreed, new: New) -> Verdict:
    """Let a price stand that people made: the card says nothing of it. Where the claim became harder to
    collect that is put before the agency, once for the same facts."""
    running = running_request(unit, creditor_id=claim.creditor_id, claim_id=claim.id)
    grounds = [FACTS_CHANGED, new.facts.dispute.value]
    if _harder(agreed.facts, new.facts):
        if running is None and grounds not in _let_stand(unit, claim, agreed):
            open_request(unit, creditor_id=claim.creditor_id, claim_id=claim.id, grounds=grounds)
    elif running is not None and FACTS_CHANGED in running.grounds:
        end_request(unit, running, RequestState.LAPSED)
    return Verdict.stands


def _harder(agreed: ClaimFacts, new: ClaimFacts) -> bool:
    """Whether a dispute came up, a document fell away, or the claim turned out to be older."""
    disputed = new.dispute in OPEN_DISPUTES and new.dispute != agreed.dispute
    return disputed or not new.documents >= agreed.documents or new.age_days > agreed.age_days


def _let_stand(unit: Unit, claim: Claim, agreed: Agreed) -> list[list[str]]:
    """Return the grounds on which the agency let the price stand since it was agreed."""
    kept = unit.session.connection().execute(
        _LET_STAND, {"c": claim.creditor_id, "claim": claim.id, "q": agreed.quote_id}
    )
    return list(kept.scalars())


def _offer(unit: Unit, creditor_id: UUID, claim_id: UUID, agreed: Agreed, new: New) -> Verdict:
    priced = price_claim(card=agreed.card.card, facts=new.facts)
    decision = _judge(unit, agreed, new, priced)
    if decision.kept:
        _tell_kept(unit, creditor_id, claim_id, decision.kept, decision.trace)
    if decision.verdict is Verdict.rises:
        _replace(unit, creditor_id, claim_id)
    else:
        drop_new_price(unit, creditor_id=creditor_id, claim_id=claim_id)
    if decision.verdict is Verdict.stands:
        return decision.verdict
    lowered = decision.verdict is Verdict.falls
    quote = _issue(unit, claim_id, agreed, new, priced, lowered=lowered)
    fees = {"before_bps": agreed.terms.fee_bps, "fee_bps": quote.fee_bps_average}
    event = PriceLowered if lowered else PriceRiseAsked
    emit(unit, event(creditor_id=creditor_id, claim_id=claim_id, quote_id=quote.id, **fees))
    record(
        unit,
        action=f"quote.{'lowered' if lowered else 'rise_asked'}",
        subject=f"quote:{quote.id}",
        creditor_id=creditor_id,
        facts={"claim": str(claim_id), "follows": str(agreed.quote_id), **fees}
        | ({"trace": as_json(decision.trace)} if decision.trace else {}),
    )
    _hold(unit, creditor_id, claim_id, decision.waits)
    return decision.verdict


def _judge(unit: Unit, agreed: Agreed, new: New, priced: PricedClaim) -> Decision:
    undisputed = None
    if new.facts.dispute != agreed.facts.dispute:
        calm = replace(new.facts, dispute=agreed.facts.dispute)
        undisputed = _terms(price_claim(card=agreed.card.card, facts=calm))
    return judge_new_price(
        agreed=agreed.terms,
        offered=_terms(priced),
        only_evidence_added=_only_added(agreed.facts, new.facts),
        policy=requote_policy(unit.today),
        undisputed=undisputed,
        dispute=new.facts.dispute,
    )


def _terms(priced: PricedClaim) -> Terms:
    return Terms(priced.price.fee_bps, priced.price.minimum, priced.price.maximum)


def _hold(unit: Unit, creditor_id: UUID, claim_id: UUID, waits: Waits) -> None:
    ground = HoldGround.PRICE_TO_AGREE
    if waits is Waits.claim:
        place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=ground)
    elif waits is Waits.contested:
        lift_holds_on(unit, creditor_id=creditor_id, claim_id=claim_id, ground=ground)


def _tell_kept(unit: Unit, creditor_id: UUID, claim_id: UUID, why: Kept, trace: Trace) -> None:
    """Tell that the price stands by the house rule, unless that was the last that was told of it."""
    told = PriceKept(creditor_id=creditor_id, claim_id=claim_id, why=why, trace=as_json(trace))
    last = unit.session.connection().execute(_LAST_TOLD, {"c": creditor_id, "claim": claim_id}).one_or_none()
    if last is None or (last.kind, last.facts.get("trace")) != ("PriceKept", told.trace):
        emit(unit, told)


def agreed_price(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Agreed | None:
    """This function will return the accepted line that prices a claim now; None when nothing was agreed."""
    row = unit.session.connection().execute(_AGREED, {"c": creditor_id, "claim": claim_id}).one_or_none()
    if row is None:
        return None
    facts = ClaimFacts.from_json(row.facts)
    currency = facts.amount.currency
    terms = Terms(
        row.fee_bps, Money(row.minimum_minor, currency), Money(row.facts["maximum_minor"], currency)
    )
    priced_on = agency_day(row.issued_at)
    card = card_of(unit, rate_card_id=row.rate_card_id)
    by_offer = "offer" in row.facts
    return Agreed(creditor_id, row.quote_id, row.number, card, facts, terms, priced_on, by_offer)


def new_facts(unit: Unit, *, creditor_id: UUID, claim_id: UUID, agreed: Agreed) -> New:
    """This function will return the facts that were agreed on with what is new about the claim.

    A document that was not looked at yet counts only where one of its kind was agreed on: a price that fell
    by it would rise again when it is refuted.
    """
    connection = unit.session.connection()
    whose = {"c": creditor_id, "claim": claim_id}
    row = connection.execute(_OF_CLAIM, whose).one()
    kinds = [kind.value for kind in agreed.facts.documents]
    evidence = tuple(connection.execute(_CHECKED, whose | {"agreed": kinds}).scalars())
    now = facts_of_row(row, on=agreed.priced_on)
    proven = {one.partition(":")[0] for one in evidence}
    left_out = _left_out(unit, claim_id, agreed, now)
    facts = replace(
        agreed.facts,
        documents=frozenset(kind for kind in now.documents if kind.value in proven),
        dispute=agreed.facts.dispute if left_out else now.dispute,
        at_least=now.at_least,
        age_days=now.age_days,
    )
    return New(row.reference, row.number, facts, evidence, left_out)


def _left_out(unit: Unit, claim_id: UUID, agreed: Agreed, now: ClaimFacts) -> Trace:
    values = {"c": agreed.creditor_id, "claim": claim_id}
    contested = unit.session.connection().execute(_CONTESTED, values).scalar_one()
    return leave_dispute_out(
        agreed=agreed.facts.dispute,
        now=now.dispute,
        contested=Money(contested, now.amount.currency),
        amount=now.amount,
        policy=requote_policy(unit.today),
    )


def drop_new_price(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> None:
    """This function will no longer ask a higher price for a claim, where one waits, and let it go on."""
    quote_id = _replace(unit, creditor_id, claim_id)
    if quote_id is None:
        return
    lift_holds_on(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.PRICE_TO_AGREE)
    emit(unit, PriceRiseDropped(creditor_id=creditor_id, claim_id=claim_id, quote_id=quote_id))


def _only_added(agreed: ClaimFacts, new: ClaimFacts) -> bool:
    return new.documents >= agreed.documents and replace(new, documents=agreed.documents) == agreed


def _waiting(unit: Unit, creditor_id: UUID, claim_id: UUID) -> Row[Any] | None:
    return unit.session.connection().execute(_WAITING, {"c": creditor_id, "claim": claim_id}).one_or_none()


def _replace(unit: Unit, creditor_id: UUID, claim_id: UUID) -> UUID | None:
    waiting = _waiting(unit, creditor_id, claim_id)
    if waiting is None:
        return None
    unit.session.connection().execute(_REPLACE, {"c": creditor_id, "q": waiting.id})
    quote_id: UUID = waiting.id
    return quote_id


def _issue(
    unit: Unit, claim_id: UUID, agreed: Agreed, new: New, priced: PricedClaim, *, lowered: bool
) -> Quote:
    """Store the new price: accepted where it is lower, else open."""
    issued_at, earlier = (
        unit.session.connection().execute(_MADE, {"c": agreed.creditor_id, "claim": claim_id}).one()
    )
    quote = Quote(
        creditor_id=agreed.creditor_id,
        id=new_id(),
        number=f"R-{new.number}-{earlier + 1}",
        claim_id=claim_id,
        rate_card_id=agreed.card.id,
        state=QuoteState.ACCEPTED if lowered else QuoteState.OPEN,
        claims=1,
        principal_minor=new.facts.amount.minor,
        currency=new.facts.amount.currency,
        fee_bps_average=priced.price.fee_bps,
        document=b"",
        sha256="",
        issued_at=issued_at,
        expires_at=issued_at + timedelta(days=VALID_DAYS),
        accepted_at=issued_at if lowered else None,
        accepted_by=unit.by if lowered else None,
        follows_id=agreed.quote_id,
    )
    _write(unit, quote, agreed, new, priced)
    return quote


def _write(unit: Unit, quote: Quote, agreed: Agreed, new: New, priced: PricedClaim) -> None:
    facts = priced.facts.as_json()
    line = quote_line(
        claim_id=str(quote.claim_id),
        reference=new.reference,
        priced=priced,
        facts=facts,
        evidence=new.evidence,
    )
    head = _head(unit, quote, agreed) | {"fee_at_most_minor": priced.price.maximum.minor}
    quote.document, quote.sha256 = pack_document(head=head, lines=PackedLines([line]))
    unit.session.add(quote)
    unit.session.flush()
    kept = {
        "c": quote.creditor_id, "q": quote.id, "claim": quote.claim_id, "fee": priced.price.fee_bps,
        "minimum": priced.price.minimum.minor, "facts": line_facts(priced, facts),
        "factors": line_factors(priced),
    }  # fmt: skip
    unit.session.connection().execute(_LINE, kept)


def _head(unit: Unit, quote: Quote, agreed: Agreed) -> dict[str, Any]:
    card = agreed.card
    return {
        "quote": str(quote.id),
        "number": quote.number,
        "creditor": str(quote.creditor_id),
        "claim": str(quote.claim_id),
        "follows": {"quote": str(agreed.quote_id), "number": agreed.number},
        "issued_at": quote.issued_at.isoformat(),
        "expires_at": quote.expires_at.isoformat(),
        "rate_card": {"version": card.version, "sha256": card.sha256},
        "rules": rule_versions(),
        "keeps": keepers(unit, creditor_id=quote.creditor_id, card=card.card, on=agreed.priced_on),
        "currency": quote.currency,
        "claims": 1,
        "principal_minor": quote.principal_minor,
    }
