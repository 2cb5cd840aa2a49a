"""What is recovered on an insured claim: whose part it is, and until when the insurer must be told."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from agency.money import Money
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_WHOLE: Final = 10_000
_VERSION: Final = "2026-11-26"
_SOURCE: Final = "policy of the credit insurer: recoveries are shared in the proportion of the cover"


class Notification(StrEnum):
    """Where the notification to the insurer stands."""

    told = "told"
    told_late = "told_late"
    open = "open"
    soon = "soon"
    missed = "missed"


@dataclass(frozen=True, slots=True)
class InsuredRecovery:
    """A recovery divided: `insurer` and `creditor` add up to `recovered`."""

    recovered: Money
    insurer: Money
    creditor: Money
    trace: Trace


def insured_recovery(*, recovered: Money, covered_bps: int) -> InsuredRecovery:
    """Divide what was recovered of an insured claim in the proportion of the cover; no cent is lost.

    :param covered_bps: the covered part of the claim, in basis points.
    :raises ValueError: when the cover is not between 0 and 10,000, or the amount is negative.
    """
    if not 0 <= covered_bps <= _WHOLE:
        raise ValueError("a cover is between 0 and 10,000 basis points")
    if recovered.minor < 0:
        raise ValueError("what was recovered is not less than nothing")
    insurer, creditor = (
        recovered.allocate((covered_bps, _WHOLE - covered_bps)) if recovered else (recovered, recovered)
    )
    inputs = {"recovered": str(recovered), "covered_bps": str(covered_bps)}
    line = TraceLine("recovery.insured", _VERSION, _SOURCE, inputs, "fee.insured_recovery", insurer)
    return InsuredRecovery(recovered, insurer, creditor, (line,))


def notify_by(*, due: date, on: date) -> date:
    """Return the last day to tell the insurer where the creditor named none."""
    return due + timedelta(days=_row(on)["days_after_due"])


def notification(*, until: date, told: date | None, today: date) -> Notification:
    """Tell where the notification stands: a day before the last is in time, the last day too."""
    if told is not None:
        return Notification.told if told <= until else Notification.told_late
    if today > until:
        return Notification.missed
    return (
        Notification.soon if today >= until - timedelta(days=_row(today)["warn_days"]) else Notification.open
    )


def _row(on: date) -> dict[str, Any]:
    row = row_in_force(read_table("insurance")["notification"], on)
    assert row is not None, "the rule of the house has always been in force"
    return row
