"""What the printer reports of a batch, compared with what we counted; a difference blocks the batch."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import select

from agency.communication.print_batches.models import PrintBatchRow, PrintState
from agency.kernel.audit import record
from agency.kernel.errors import Invalid
from agency.kernel.inbox import Told, take_unhandled
from agency.kernel.unit import Unit
from agency.ports.providers import PrintReport
from agency.rules.print_batch import report_differences, returned_differences

_CLIMBS = {"printed": PrintState.PRINTED, "posted": PrintState.POSTED}
_RANK = (PrintState.ON_PRESS, PrintState.PRINTED, PrintState.POSTED)


def told(report: PrintReport) -> Told:
    """This function will return a report as the fact that the inbox keeps."""
    return Told(report.event_key, asdict(report) | {"at": report.at.isoformat()})


def apply_told_of_batches(unit: Unit, inbox_ids: Sequence[str]) -> int:
    """This function will apply reports from the inbox and return how many were about a batch of ours."""
    return sum(apply_report(unit, _read(body)) for _, _, body in take_unhandled(unit, inbox_ids))


def apply_report(unit: Unit, report: PrintReport) -> bool:
    """This function will keep what was reported of a batch; one that we do not know changes nothing."""
    batch = unit.session.exec(
        select(PrintBatchRow).where(PrintBatchRow.id == UUID(report.batch_id)).with_for_update()
    ).one_or_none()
    if batch is None:
        return False
    counts = {"letters": report.letters, "pages": report.pages, "sheets": report.sheets}
    setattr(batch, report.event, counts | {"at": report.at.isoformat()})
    compare = returned_differences if report.event == "returned" else report_differences
    found = [asdict(one) | {"stage": report.event} for one in compare(batch.totals, counts)]
    fresh = [one for one in found if one not in batch.differences]
    if fresh:
        _block(unit, batch, fresh)
    elif batch.state in _RANK and report.event in _CLIMBS:
        batch.state = max(batch.state, _CLIMBS[report.event], key=_RANK.index)
    unit.session.add(batch)
    unit.session.flush()
    return True


def _block(unit: Unit, batch: PrintBatchRow, found: Sequence[dict[str, str]]) -> None:
    batch.differences = [*batch.differences, *found]
    # Before its release is confirmed the batch's own flow blocks it, by these differences.
    if batch.released_at is not None:
        batch.state = PrintState.BLOCKED
    record(
        unit,
        action="print_batch.blocked",
        subject=f"print_batch:{batch.id}",
        creditor_id=batch.creditor_id,
        facts={"differences": json.dumps(found)},
    )


def _read(body: dict[str, Any]) -> PrintReport:
    try:
        report = PrintReport(**body | {"at": datetime.fromisoformat(body["at"])})
        UUID(report.batch_id)
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid(f"not a report of a print batch: {error}") from error
    return report
