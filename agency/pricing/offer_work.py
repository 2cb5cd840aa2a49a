"""Work on an accepted offer: phases that begin and hours that are booked, each within what was agreed.

What falls due by them is charged with the next payout, as every fee.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.lifecycle import claim_to_change
from agency.claims.states import ClaimState
from agency.events import HoursBooked, HoursTakenBack, OfferPhaseBegan
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit, agency_day
from agency.money import Money
from agency.pricing.models import BookedHours, OfferPhase
from agency.pricing.offers_read import parsed
from agency.pricing.requoting import NOW
from agency.rules.facts import Phase
from agency.rules.offer import Offer, OfferPart, hours_cost

WORDS_MAX: Final = 500
_DAY_MINUTES: Final = 24 * 60

# The offer that prices a claim now, if the latest price that was agreed is one.
_IN_FORCE = text(
    "SELECT q.id, q.number, q.document, l.facts FROM quote_line l JOIN quote q"
    " ON q.creditor_id = l.creditor_id AND q.id = l.quote_id AND q.state = 'accepted'"
    " WHERE l.creditor_id = :c AND l.claim_id = :claim AND l.outcome IS NULL"
    " ORDER BY q.accepted_at DESC, q.id DESC LIMIT 1"
)
_BEGUN = text(
    "SELECT phase, started_at, flat_minor FROM offer_phase WHERE creditor_id = :c AND quote_id = :q"
    " AND claim_id = :claim ORDER BY started_at"
)
_HOURS = text(
    "SELECT h.id, h.phase, h.minutes, h.net_minor, h.currency, h.worked_on, h.description, h.booked_at,"
    " h.booked_by, h.taken_back_at, EXISTS (SELECT FROM success_fee f WHERE f.creditor_id = h.creditor_id"
    "  AND f.cause_id = h.id) AS charged FROM booked_hours h"
    " WHERE h.creditor_id = :c AND h.quote_id = :q AND h.claim_id = :claim ORDER BY h.booked_at, h.id"
)


class UnableToWork(Conflict):
    """The offer, or the state of the claim, does not allow it."""


@dataclass(frozen=True, slots=True)
class OfferWork:
    """The offer that prices a claim, the phases that began, and the hours that were booked."""

    quote_id: UUID
    number: str
    offer: Offer
    begun: tuple[Row[Any], ...]
    hours: tuple[Row[Any], ...]

    def part(self, phase: str) -> OfferPart | None:
        """The part of a phase."""
        return next((part for part in self.offer.parts if part.phase == phase), None)

    def minutes(self, phase: str) -> int:
        """The minutes that were booked in a phase and not taken back."""
        return sum(row.minutes for row in self.hours if row.phase == phase and row.taken_back_at is None)

    @property
    def next_part(self) -> OfferPart | None:
        """The part that can begin now."""
        done = {row.phase for row in self.begun}
        return next((part for part in self.offer.parts if part.phase not in done), None)


def offer_work(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> OfferWork | None:
    """This function will return the work on the offer that prices a claim now; None when the card does."""
    connection = unit.session.connection()
    whose = {"c": creditor_id, "claim": claim_id}
    row = connection.execute(_IN_FORCE, whose).one_or_none()
    if row is None or "offer" not in row.facts:
        return None
    offer = Offer.from_json(parsed(bytes(row.document))["head"]["offer"])
    which = whose | {"q": row.id}
    return OfferWork(
        row.id, row.number, offer, tuple(connection.execute(_BEGUN, which)),
        tuple(connection.execute(_HOURS, which)),
    )  # fmt: skip


def start_phase(unit: Unit, *, creditor_id: UUID, claim_id: UUID, phase: Phase) -> None:
    """This function will begin the next phase of a claim's offer: its amount falls due, and from now on its
    share counts for what comes in.

    :raises NotFound: this creditor has no such claim.
    :raises UnableToWork: the claim is not in collection, has no offer, or the phase is not the next one.
    """
    work = _to_work(unit, creditor_id, claim_id)
    part = work.next_part
    if part is None or part.phase is not phase:
        raise UnableToWork("this phase is not the next one of the offer")
    moment = unit.session.connection().execute(text(f"SELECT {NOW}")).scalar_one()
    unit.session.add(
        OfferPhase(
            creditor_id=creditor_id,
            id=new_id(),
            quote_id=work.quote_id,
            claim_id=claim_id,
            phase=phase.value,
            success_bps=part.success_bps,
            flat_minor=part.flat,
            currency=work.offer.currency,
            started_at=moment,
            started_by=unit.by,
        )
    )
    unit.session.flush()
    emit(
        unit,
        OfferPhaseBegan(
            creditor_id=creditor_id, claim_id=claim_id, quote_id=work.quote_id, phase=phase.value,
            amount_minor=part.flat, currency=work.offer.currency,
        ),
    )  # fmt: skip
    _record(unit, creditor_id, work.quote_id, "phase_begun", {"claim": str(claim_id), "phase": phase.value})


def book_hours(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    phase: Phase,
    minutes: int,
    worked_on: date,
    description: str,
    sent_key: UUID,
) -> Money:
    """This function will book work on a claim whose offer is by the hour, never beyond the hours agreed.

    :param sent_key: of the form; the same form sent twice books once.
    :returns: what the work costs, before VAT.
    :raises NotFound: this creditor has no such claim.
    :raises UnableToWork: the claim was not in collection that day, or no hours were agreed for that phase.
    :raises Invalid: a value cannot be; the field is named.
    """
    _refuse_values(unit, minutes, worked_on, description)
    work = _to_work(unit, creditor_id, claim_id, worked_on=worked_on)
    before = unit.session.connection().execute(
        text("SELECT net_minor FROM booked_hours WHERE creditor_id = :c AND sent_key = :k"),
        {"c": creditor_id, "k": sent_key},
    )
    if (booked := before.scalar_one_or_none()) is not None:
        return Money(booked, work.offer.currency)
    part = work.part(phase)
    if part is None or not part.hour or phase not in {row.phase for row in work.begun}:
        raise UnableToWork("no hours were agreed for this phase, or it has not begun")
    used = work.minutes(phase)
    if used + minutes > part.minutes_max:
        raise Invalid("this is more than the hours that were agreed", field="minutes")
    charged = sum(row.net_minor for row in work.hours if row.phase == phase and row.taken_back_at is None)
    # Rounded over all hours together, so that many small bookings cost what one large one does.
    net = max(0, hours_cost(part.hour, used + minutes) - charged)
    row = BookedHours(
        creditor_id=creditor_id, id=new_id(), quote_id=work.quote_id, claim_id=claim_id, phase=phase.value,
        minutes=minutes, net_minor=net, currency=work.offer.currency, worked_on=worked_on,
        description=description.strip(), sent_key=sent_key, booked_at=unit.now, booked_by=unit.by,
    )  # fmt: skip
    unit.session.add(row)
    unit.session.flush()
    _tell(unit, row, HoursBooked, "hours_booked")
    return Money(net, work.offer.currency)


def take_back_hours(unit: Unit, *, creditor_id: UUID, claim_id: UUID, hours_id: UUID) -> None:
    """This function will take back hours that were booked by mistake and not charged yet.

    :raises NotFound: no such hours were booked on the claim.
    :raises UnableToWork: they were charged, or taken back before.
    """
    claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    row = unit.session.get(BookedHours, (creditor_id, hours_id), populate_existing=True)
    if row is None or row.claim_id != claim_id:
        raise NotFound("no such hours were booked")
    charged = unit.session.connection().execute(
        text("SELECT 1 FROM success_fee WHERE creditor_id = :c AND cause_id = :h"),
        {"c": creditor_id, "h": hours_id},
    )
    if row.taken_back_at is not None or charged.first() is not None:
        raise UnableToWork("these hours were charged or taken back before")
    row.taken_back_at, row.taken_back_by = unit.now, unit.by
    unit.session.add(row)
    unit.session.flush()
    _tell(unit, row, HoursTakenBack, "hours_taken_back")


def _to_work(unit: Unit, creditor_id: UUID, claim_id: UUID, *, worked_on: date | None = None) -> OfferWork:
    """Return the work of a claim in collection; what was done before it ended can be booked later."""
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    before_end = worked_on and claim.closed_at and worked_on <= agency_day(claim.closed_at)
    if claim.state != ClaimState.ACTIVE and not before_end:
        raise UnableToWork("this claim is not in collection")
    work = offer_work(unit, creditor_id=creditor_id, claim_id=claim_id)
    if work is None:
        raise UnableToWork("the price of this claim is not an offer")
    return work


def _refuse_values(unit: Unit, minutes: int, worked_on: date, description: str) -> None:
    if not 1 <= minutes <= _DAY_MINUTES:
        raise Invalid("give minutes of one day", field="minutes")
    if worked_on > unit.today:
        raise Invalid("this day has not come yet", field="worked_on")
    if not description.strip():
        raise Invalid("say what was done", field="description")
    if len(description) > WORDS_MAX:
        raise Invalid("this is too long", field="description")


def _tell(unit: Unit, row: BookedHours, event: type[HoursBooked] | type[HoursTakenBack], what: str) -> None:
    emit(
        unit,
        event(
            creditor_id=row.creditor_id, claim_id=row.claim_id, quote_id=row.quote_id, minutes=row.minutes,
            amount_minor=row.net_minor, currency=row.currency,
        ),
    )  # fmt: skip
    facts = {"hours": str(row.id), "minutes": row.minutes, "net_minor": row.net_minor}
    _record(unit, row.creditor_id, row.quote_id, what, facts)


def _record(unit: Unit, creditor_id: UUID, quote_id: UUID, what: str, facts: dict[str, Any]) -> None:
    record(unit, action=f"quote.{what}", subject=f"quote:{quote_id}", creditor_id=creditor_id, facts=facts)
