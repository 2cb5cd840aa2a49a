"""Requests for a price and their offers as pages and programs show them: one reading for both sides."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money, bps_of
from agency.pricing.offering import Answering
from agency.pricing.offers_read import parsed
from agency.rules.offer import Nature, Offer, OfferPart, WorkedOut, work_out
from portal.shared.i18n import N_, format_bps, format_money, gettext
from portal.shared.listing import Chip

KINDS: Final = {
    "success": N_("By result: a share of what is collected"),
    "flat": N_("A fixed amount"),
    "hourly": N_("By the hour, with a highest number of hours"),
    "hybrid": N_("A fixed amount and a share of what is collected"),
    "phased": N_("Per phase"),
}
PHASES: Final = {
    "reminder": N_("Reminders"),
    "amicable": N_("Amicable phase"),
    "legal": N_("Legal phase"),
    "execution": N_("Execution of the judgment"),
}
NATURES: Final = {"required": N_("Required"), "recommended": N_("Recommended; yours to choose")}
SUPPLIERS: Final = {"agency": N_("We do it ourselves"), "lawyer": N_("A lawyer"), "bailiff": N_("A bailiff")}
GROUNDS: Final = {
    "currency": N_("another currency than the rate card"),
    "dispute": N_("disputed with grounds"),
    "age": N_("an old claim"),
    "country": N_("a debtor in a country that the rate card does not name"),
    "size": N_("a large claim"),
    "kind": N_("an uncommon kind of claim"),
    "facts": N_("the facts changed after the price was agreed"),
    "raised": N_("the debtor disputes it"),
    "substantiated": N_("disputed with grounds"),
}
REQUEST_STATES: Final = {
    "asked": Chip(N_("We are busy with it"), "info"),
    "to_approve": Chip(N_("We are busy with it"), "info"),
    "offered": Chip(N_("Offers wait for your answer"), "warning"),
    "expired": Chip(N_("Expired"), "calm"),
    "accepted": Chip(N_("Accepted"), "good"),
    "declined": Chip(N_("Declined"), "calm"),
    "withdrawn": Chip(N_("Withdrawn"), "calm"),
    "lapsed": Chip(N_("No longer needed"), "calm"),
    "stands": Chip(N_("The agreed price stands"), "good"),
}
STAFF_STATES: Final = REQUEST_STATES | {
    "asked": Chip(N_("To answer"), "warning"),
    "to_approve": Chip(N_("Waits for a second person"), "warning"),
    "offered": Chip(N_("With the creditor"), "info"),
}
OFFER_STATES: Final = {
    "draft": Chip(N_("Draft"), "info"),
    "open": Chip(N_("Waits for an answer"), "warning"),
    "expired": Chip(N_("Expired"), "calm"),
    "accepted": Chip(N_("Accepted"), "good"),
    "withdrawn": Chip(N_("Withdrawn"), "calm"),
    "outdated": Chip(N_("Overtaken: something changed"), "calm"),
    "not_chosen": Chip(N_("Not chosen"), "calm"),
}
# The rules that an offer may break, as `agency.rules.offer` words them.
RULES: Final = (
    N_("all parts together never cost more than the claim"),
    N_("an offer has a part"),
    N_("the phases of an offer stand in their order, each once"),
    N_("the first part of an offer is required"),
    N_("an offer by phase has at least two"),
    N_("only an offer by phase has several"),
    N_("a minimum goes with a fee by result"),
    N_("say who does the work"),
    N_("every part asks something"),
    N_("this does not go with the kind of offer"),
    N_("no part of an offer is below zero"),
    N_("a share is at most the upper limit of the card"),
    N_("hours have a rate and a highest number"),
)
_REQUESTS: Final = (
    "SELECT r.creditor_id, r.id, r.number, r.placement_id, r.claim_id, r.grounds, r.wished, r.question,"
    " r.asked_at, r.asked_by, r.due_on, r.edition, r.asked_back_at, r.closed_at, r.closed_why, r.offered_at,"
    " r.submitted_by, k.name AS creditor, k.reference AS creditor_reference,"
    " coalesce(p.name, c.number || ' · ' || c.reference) AS about, d.name AS debtor,"
    " r.due_on < CAST(:today AS date) AND r.state IN ('asked', 'to_approve') AS late,"
    " CASE WHEN r.state = 'offered' AND NOT EXISTS (SELECT FROM price_offer o"
    "  WHERE o.creditor_id = r.creditor_id AND o.request_id = r.id AND o.state = 'open'"
    "  AND o.expires_at > app.now()) THEN 'expired' ELSE r.state END AS state"
    " FROM price_request r JOIN creditor k ON k.id = r.creditor_id"
    " LEFT JOIN placement p ON p.creditor_id = r.creditor_id AND p.id = r.placement_id"
    " LEFT JOIN claim c ON c.creditor_id = r.creditor_id AND c.id = r.claim_id"
    " LEFT JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
)
_OWN = text(f"{_REQUESTS} WHERE r.creditor_id = :c ORDER BY r.asked_at DESC, r.id DESC LIMIT 200")
_QUEUE = text(
    f"{_REQUESTS} WHERE r.state IN ('asked', 'to_approve', 'offered')"
    " ORDER BY r.state = 'offered' AND r.asked_back_at IS NULL, r.due_on, r.asked_at, r.id LIMIT 200"
)
_ENDED = text(f"{_REQUESTS} WHERE r.closed_at IS NOT NULL ORDER BY r.closed_at DESC, r.id LIMIT 50")
_ONE = text(f"{_REQUESTS} WHERE r.creditor_id = :c AND r.id = :r")
_NAMED = text("SELECT id FROM price_request WHERE creditor_id = :c AND (number = :n OR id::text = :n)")
_ABOUT = text(
    f"{_REQUESTS} WHERE r.creditor_id = :c AND (r.claim_id = CAST(:claim AS uuid)"
    " OR r.placement_id = CAST(:p AS uuid)) ORDER BY r.closed_at IS NOT NULL, r.asked_at DESC LIMIT 1"
)
_OFFERS = text(
    "SELECT o.id, o.place, o.terms, o.conditions, o.document, o.sha256, o.claims, o.at_most_minor,"
    " o.sent_at, o.expires_at, o.closed_at, o.quote_id,"
    " CASE WHEN o.state = 'open' AND o.expires_at <= app.now() THEN 'expired' ELSE o.state END AS state"
    " FROM price_offer o WHERE o.creditor_id = :c AND o.request_id = :r AND o.state <> 'draft'"
    " AND octet_length(o.document) > 0"  # what is empty was erased with the claim's file
    " ORDER BY o.state NOT IN ('open', 'accepted'), o.place"
)
_NOTES = text(
    "SELECT n.side, n.words, n.at FROM price_note n WHERE n.creditor_id = :c AND n.request_id = :r"
    " ORDER BY n.at, n.id"
)
_WORK = text(
    "SELECT 'phase' AS kind, c.id AS claim_id, c.number, o.phase, o.flat_minor AS net_minor, o.currency,"
    " 0 AS minutes, '' AS description, o.started_at AS at, NULL::timestamptz AS taken_back_at"
    " FROM offer_phase o JOIN claim c ON c.creditor_id = o.creditor_id AND c.id = o.claim_id"
    " WHERE o.creditor_id = :c AND o.quote_id = :q UNION ALL"
    " SELECT 'hours', c.id, c.number, h.phase, h.net_minor, h.currency, h.minutes, h.description,"
    " h.booked_at, h.taken_back_at FROM booked_hours h"
    " JOIN claim c ON c.creditor_id = h.creditor_id AND c.id = h.claim_id"
    " WHERE h.creditor_id = :c AND h.quote_id = :q ORDER BY at DESC, number LIMIT 200"
)


def own_requests(unit: Unit, *, creditor_id: UUID) -> Sequence[Row[Any]]:
    """This function will return a creditor's requests, the newest first."""
    return unit.session.connection().execute(_OWN, {"c": creditor_id, "today": unit.today}).all()


def request_queue(unit: Unit) -> Sequence[Row[Any]]:
    """This function will return the requests that run: those to answer first, by the day they are due."""
    return unit.session.connection().execute(_QUEUE, {"today": unit.today}).all()


def ended_requests(unit: Unit) -> Sequence[Row[Any]]:
    """This function will return the requests that ended last."""
    return unit.session.connection().execute(_ENDED, {"today": unit.today}).all()


def request_row(unit: Unit, *, creditor_id: UUID, request_id: UUID) -> Row[Any]:
    """This function will return one request.

    :raises NotFound: this creditor has no such request.
    """
    values = {"c": creditor_id, "r": request_id, "today": unit.today}
    row = unit.session.connection().execute(_ONE, values).one_or_none()
    if row is None:
        raise NotFound("no such request")
    return row


def request_numbered(unit: Unit, *, creditor_id: UUID, number: str) -> UUID:
    """This function will return a creditor's request by its number (`P-2026-00001`) or its id.

    :raises NotFound: this creditor has no such request.
    """
    values = {"c": creditor_id, "n": number[:64].replace("\0", "")}
    found: UUID | None = unit.session.connection().execute(_NAMED, values).scalar_one_or_none()
    if found is None:
        raise NotFound("no such request")
    return found


def latest_about(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID | None = None, placement_id: UUID | None = None
) -> Row[Any] | None:
    """This function will return the request about a claim or a placement that runs, else the latest one."""
    values = {"c": creditor_id, "claim": claim_id, "p": placement_id, "today": unit.today}
    return unit.session.connection().execute(_ABOUT, values).one_or_none()


def notes_of(unit: Unit, *, creditor_id: UUID, request_id: UUID) -> Sequence[Row[Any]]:
    """This function will return what was asked and answered about a request, in its order."""
    return unit.session.connection().execute(_NOTES, {"c": creditor_id, "r": request_id}).all()


def work_rows(unit: Unit, *, creditor_id: UUID, quote_id: UUID) -> list[dict[str, Any]]:
    """This function will return the phases that began and the hours that were booked under an offer."""
    rows = unit.session.connection().execute(_WORK, {"c": creditor_id, "q": quote_id})
    return [
        row._asdict()
        | {"amount": Money(row.net_minor, row.currency), "phase": gettext(PHASES[row.phase]),
           "time": hours_words(row.minutes)}
        for row in rows
    ]  # fmt: skip


def offers_shown(unit: Unit, *, creditor_id: UUID, request_id: UUID) -> list[dict[str, Any]]:
    """This function will return the offers that were sent, with their parts in words and what they cost."""
    rows = unit.session.connection().execute(_OFFERS, {"c": creditor_id, "r": request_id}).all()
    return [_shown(row) for row in rows]


def _shown(row: Row[Any]) -> dict[str, Any]:
    document = parsed(bytes(row.document))
    offer = Offer.from_json(row.terms)
    lines = document["lines"]
    claims = [
        (_money(line["facts"]["amount_minor"], offer), _money(line["expected_minor"], offer))
        for line in lines
    ]
    vat = Decimal(document["head"]["vat_percent"])
    return offer_words(offer) | {
        "row": row,
        "chip": OFFER_STATES[row.state],
        "at_most": _money(row.at_most_minor, offer),
        "sums": cost_rows(offer, claims, vat),
        "card": card_row(lines, offer.currency),
        "costs": Money.total((_money(line["costs_minor"], offer) for line in lines), offer.currency),
        "vat_percent": vat,
    }


def draft_words(offer: Offer, found: Answering) -> dict[str, Any]:
    """This function will describe an offer that is being drawn up, worked out for the claims as they are."""
    claims = [(one.amount, one.expected) for one in found.claims]
    card = [
        {"expected_minor": one.expected.minor, "fee_bps": one.priced.price.fee_bps,
         "minimum_minor": one.priced.price.minimum.minor, "maximum_minor": one.priced.price.maximum.minor}
        for one in found.claims
    ]  # fmt: skip
    return offer_words(offer) | {
        "sums": cost_rows(offer, claims, found.vat_percent),
        "card": card_row(card, offer.currency),
    }


def offer_words(offer: Offer) -> dict[str, Any]:
    """This function will say what an offer asks, part by part, in the reader's language."""
    return {
        "kind": gettext(KINDS[offer.kind]),
        "supplier": gettext(SUPPLIERS[offer.supplier]),
        "name": offer.name,
        "minimum": Money(offer.minimum, offer.currency) if offer.minimum else None,
        "parts": [
            {
                "phase": part.phase.value,
                "title": gettext(PHASES[part.phase]),
                "recommended": part.nature is Nature.recommended,
                "words": part_words(part, offer.currency),
            }
            for part in offer.parts
        ],
        "recommended": any(part.nature is Nature.recommended for part in offer.parts),
    }


def part_words(part: OfferPart, currency: str) -> list[str]:
    """This function will say what a part of an offer asks per claim, in the reader's language."""
    said = []
    if part.success_bps:
        said.append(gettext("%(share)s of what is collected") % {"share": format_bps(part.success_bps)})
    if part.flat:
        flat = format_money(Money(part.flat, currency))
        said.append(gettext("%(amount)s when the phase begins") % {"amount": flat})
    if part.hour:
        values = {"rate": format_money(Money(part.hour, currency)), "hours": hours_words(part.minutes_max)}
        said.append(gettext("%(rate)s an hour, at most %(hours)s hours") % values)
    return said


def hours_words(minutes: int) -> str:
    """This function will write minutes as hours and minutes: 90 is 1:30."""
    return f"{minutes // 60}:{minutes % 60:02d}"


def cost_rows(offer: Offer, claims: Sequence[tuple[Money, Money]], vat: Decimal) -> list[dict[str, Any]]:
    """This function will work an offer out when nothing, what is expected, and all is collected: with its
    required parts, and with the recommended ones where there are any.

    :param claims: principal and expectation of each.
    """
    required = offer.with_parts(())
    rows = [{"label": "", "sums": _cost(required, claims, vat)}]
    if len(required.parts) < len(offer.parts):
        rows.append({"label": gettext("with what is recommended"), "sums": _cost(offer, claims, vat)})
    return rows


def _cost(offer: Offer, claims: Sequence[tuple[Money, Money]], vat: Decimal) -> list[dict[str, Money]]:
    zero = Money.zero(offer.currency)
    cases = [
        [work_out(offer, amount=amount, recovered=got, vat_percent=vat) for amount, got in column]
        for column in (
            [(amount, zero) for amount, _ in claims], claims, [(amount, amount) for amount, _ in claims],
        )
    ]  # fmt: skip
    return [_added(case, offer.currency) for case in cases]


def _added(case: Sequence[WorkedOut], currency: str) -> dict[str, Money]:
    names = ("recovered", "total", "vat", "left")
    return {name: Money.total((getattr(one, name) for one in case), currency) for name in names}


def card_row(lines: Sequence[Mapping[str, Any]], currency: str) -> list[Money]:
    """This function will say what the rate card asks for the same claims, before VAT, when nothing, what is
    expected, and all is collected."""
    expected = [
        min(max(bps_of(Money(line["expected_minor"], currency), line["fee_bps"]).minor,
                line["minimum_minor"] if line["expected_minor"] else 0), line["maximum_minor"])
        for line in lines
    ]  # fmt: skip
    return [
        Money.zero(currency),
        Money(sum(expected), currency),
        Money(sum(line["maximum_minor"] for line in lines), currency),
    ]


def _money(minor: int, offer: Offer) -> Money:
    return Money(minor, offer.currency)


def grounds_words(grounds: Sequence[str]) -> list[str]:
    """This function will say why the rate card fits badly."""
    return list(dict.fromkeys(gettext(GROUNDS[one]) for one in grounds if one in GROUNDS))
