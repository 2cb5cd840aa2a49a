"""What a creditor accepts of plans and forgives in settlements: its newest terms, or those of the house."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import col, select

from agency.arrangements.models import ArrangementTerms
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.rules.instalments import INSTALMENTS_MAX, Bands, house_bands, policy

_BPS = 10_000
AHEAD_MOST = timedelta(days=366)


class UnableToSetTerms(Conflict):
    """Terms from that day were set already; they are not changed behind what was agreed by them."""


@dataclass(frozen=True, slots=True)
class Authority:
    """How much of a debt may be forgiven, in basis points: by a collector, by an administrator.

    What is more is the creditor's to decide.
    """

    collector_bps: int
    admin_bps: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What counts for a creditor on a day; `own` is False as long as it set none."""

    bands: Bands
    authority: Authority
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a creditor sets. Amounts in minor units of euro, shares in basis points."""

    months_max: int
    instalment_min_minor: int
    monthly_min_minor: int
    share_min_bps: int
    interest_stops: bool
    grace_days: int
    missed_max: int
    collector_bps: int
    admin_bps: int


# Where a creditor's choice must lie, so that a plan stays one that a person can keep.
_LIMITS = {
    "months_max": (1, INSTALMENTS_MAX),
    "instalment_min_minor": (100, 100_000_00),
    "monthly_min_minor": (100, 100_000_00),
    "share_min_bps": (0, _BPS),
    "grace_days": (1, 30),
    "missed_max": (0, 6),
    "collector_bps": (0, _BPS),
    "admin_bps": (0, _BPS),
}


def terms_of(unit: Unit, *, creditor_id: UUID, on: date) -> Terms:
    """This function will return what counts for a creditor on a day: its newest terms, else the house's."""
    house = house_bands(on)
    own = unit.session.exec(
        select(ArrangementTerms)
        .where(ArrangementTerms.creditor_id == creditor_id, ArrangementTerms.valid_from <= on)
        .order_by(col(ArrangementTerms.valid_from).desc())
        .limit(1)
    ).one_or_none()
    if own is None:
        usual = policy("settlement", on)
        return Terms(house, Authority(usual["collector_bps"], usual["admin_bps"]), own=False)
    bands = replace(
        house,
        since=own.valid_from,
        months_max=own.months_max,
        instalment_min_minor=own.instalment_min_minor,
        monthly_min_minor=own.monthly_min_minor,
        share_min_bps=own.share_min_bps,
        interest_stops=own.interest_stops,
        grace_days=own.grace_days,
        missed_max=own.missed_max,
        source=f"set by the creditor from {own.valid_from.isoformat()}",
    )
    return Terms(bands, Authority(own.collector_bps, own.admin_bps), own=True)


def terms_ahead(unit: Unit, *, creditor_id: UUID) -> list[date]:
    """This function will return the days from which terms of a creditor count that are still to come."""
    found = unit.session.exec(
        select(col(ArrangementTerms.valid_from))
        .where(ArrangementTerms.creditor_id == creditor_id, ArrangementTerms.valid_from > unit.today)
        .order_by(col(ArrangementTerms.valid_from))
    )
    return list(found)


def set_terms(unit: Unit, *, creditor_id: UUID, valid_from: date, wanted: Wanted) -> None:
    """This function will let new terms count from a day on; what was agreed before keeps its own.

    :raises Invalid: a value lies outside what is reasonable, or the day has passed.
    :raises UnableToSetTerms: see the exception.
    """
    if valid_from < unit.today:
        raise Invalid("choose today or a later day", field="valid_from")
    if valid_from > unit.today + AHEAD_MOST:
        raise Invalid("is more than a year ahead", field="valid_from")
    for name, (least, most) in _LIMITS.items():
        if not least <= getattr(wanted, name) <= most:
            raise Invalid("this lies outside what is possible", field=name)
    if wanted.collector_bps > wanted.admin_bps:
        raise Invalid("a collector may not forgive more than an administrator", field="collector_bps")
    take_turns(unit, "arrangement terms", creditor_id)  # of two at once the second reads what the first set
    standing = unit.session.exec(
        select(ArrangementTerms.id).where(
            ArrangementTerms.creditor_id == creditor_id, ArrangementTerms.valid_from == valid_from
        )
    ).first()
    if standing is not None:
        raise UnableToSetTerms("terms from this day were set already", field="valid_from")
    facts = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}
    unit.session.add(
        ArrangementTerms(
            creditor_id=creditor_id,
            id=new_id(),
            valid_from=valid_from,
            set_at=unit.now,
            set_by=unit.by,
            **facts,
        )
    )
    unit.session.flush()
    record(
        unit,
        action="arrangement_terms.set",
        subject=f"creditor:{creditor_id}",
        creditor_id=creditor_id,
        facts={"valid_from": valid_from.isoformat(), **facts},
    )
