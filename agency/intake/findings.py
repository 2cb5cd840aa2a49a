"""What checks noticed about the rows of a placement: kept with it, shown to its creditor."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from agency.intake.checks.finding import Finding
from agency.kernel.unit import Unit

_INSERT = text(
    "INSERT INTO placement_finding (creditor_id, placement_id, row, field, reason, severity, value, source)"
    " SELECT :c, :p, f.row, f.field, f.reason, f.severity, f.value, f.source"
    " FROM jsonb_to_recordset(CAST(:found AS jsonb)) AS f(row int, field text, reason text, severity text,"
    "  value text, source text) ON CONFLICT DO NOTHING"
)


def keep_findings(
    unit: Unit, *, creditor_id: UUID, placement_id: UUID, found: Sequence[tuple[int, Finding]]
) -> None:
    """This function will keep remarks about rows, each once; called per chunk so that memory stays flat."""
    if not found:
        return
    rows = [
        {
            "row": row, "field": one.field, "reason": one.reason, "severity": one.severity.value,
            "value": one.value, "source": one.source,
        }
        for row, one in found
    ]  # fmt: skip
    unit.session.connection().execute(
        _INSERT, {"c": creditor_id, "p": placement_id, "found": json.dumps(rows)}
    )
