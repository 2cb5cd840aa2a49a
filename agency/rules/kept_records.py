"""What an agency must be able to show about itself, and whether that is in order, due or overdue on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from agency.calendar.months import add_months
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

AGENCY: Final = "agency"
"""Stands where a role would for what is asked of the whole agency once."""


class Authority(StrEnum):
    """Who asks: the Dutch Inspectie Justitie en Veiligheid, or the Belgian FPS Economy."""

    NL = "nl"
    BE = "be"


class RecordKind(StrEnum):
    """What was done and written down."""

    TRAINING = "training"
    ETHICS_MEETING = "ethics_meeting"


class Standing(StrEnum):
    """How a demand stands on a day, the best first."""

    IN_ORDER = "in_order"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A demand in force: `least` records of a kind in any `months` in a row, per person of a role."""

    key: str
    authority: Authority
    kind: RecordKind
    role: str
    least: int
    months: int
    warn_days: int
    since: date
    basis: str
    source: str

    @property
    def of_the_agency(self) -> bool:
        """Whether it is asked of the agency as a whole, and not of each person."""
        return self.role == AGENCY


@dataclass(frozen=True, slots=True)
class RecordsDecision:
    """How a demand stands: how many records count, and the first day on which it is not met."""

    standing: Standing
    counted: int
    lapses_on: date
    trace: Trace


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """How much one export for an inspector holds at most, and for how many days it is kept."""

    claims_max: int
    bytes_max: int
    keep_days: int


def requirements(*, authority: Authority | None = None, on: date) -> tuple[Requirement, ...]:
    """This function will return the demands in force on a day, of one supervisor or of all.

    Legal source: each row's own (Bki 5.3 and Rki art. 2 for NL), in `tables/records.toml`.
    """
    rows = read_table("records")["record"]
    keys = dict.fromkeys((row["authority"], row["key"]) for row in rows)
    found = []
    for wanted, key in keys:
        row = row_in_force([one for one in rows if (one["authority"], one["key"]) == (wanted, key)], on)
        if row is not None and authority in (None, wanted):
            found.append(
                Requirement(
                    key,
                    Authority(wanted),
                    RecordKind(row["kind"]),
                    row["role"],
                    row["least"],
                    row["months"],
                    row["warn_days"],
                    row["since"],
                    row["basis"],
                    row["source"],
                )
            )
    return tuple(found)


def how_it_stands(*, wanted: Requirement, held: Sequence[date], begins: date, on: date) -> RecordsDecision:
    """This function will decide whether a demand is in order, due or overdue on a day.

    A demand lapses `months` after the last but `least` record. Whoever began lately has as long from his
    first day: nobody can have been trained last year who came last week.

    :param held: the days of the records, in any order; those after `on` do not count.
    :param begins: the first day on which the demand was made of this person or of the agency.
    """
    first = max(begins, wanted.since)
    done = sorted((day for day in held if day <= on), reverse=True)
    window = add_months(on, -wanted.months)
    counted = sum(1 for day in done if day > window)
    anchor = max(done[wanted.least - 1], first) if len(done) >= wanted.least else first
    lapses_on = add_months(anchor, wanted.months)
    if on >= lapses_on:
        standing = Standing.OVERDUE
    elif on >= lapses_on - timedelta(days=wanted.warn_days):
        standing = Standing.DUE
    else:
        standing = Standing.IN_ORDER
    line = TraceLine(
        rule=f"{wanted.authority.value}.records.{wanted.key}",
        version=wanted.since.isoformat(),
        source=wanted.source,
        inputs={
            "kind": wanted.kind.value,
            "counted": str(counted),
            "least": str(wanted.least),
            "months": str(wanted.months),
            "lapses_on": lapses_on.isoformat(),
            "first": first.isoformat(),
        },
        outcome=f"records.{standing.value}",
    )
    return RecordsDecision(standing, counted, lapses_on, (line,))


@lru_cache(maxsize=64)
def export_limits(*, on: date) -> ExportLimits:
    """This function will return the limits of an export that is asked for on a day."""
    row = row_in_force(read_table("records")["export"], on)
    assert row is not None, "the rule of the house has always been in force"
    return ExportLimits(row["claims_max"], row["bytes_max"], row["keep_days"])
