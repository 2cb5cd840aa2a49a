"""What checks noticed about the rows of a placement: carried with a chunk, kept with the placement, and shown
to its creditor.
"""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import polars as pl
from sqlalchemy import text

from agency.intake.checks.finding import Finding
from agency.kernel.unit import Unit

FINDING_COLUMNS: Final = ("row", "field", "severity", "reason", "value", "source")
_KINDS: Final[dict[str, Any]] = dict.fromkeys(FINDING_COLUMNS, pl.String) | {"row": pl.Int64}


def findings_frame(found: Iterable[tuple[int, Finding]] = ()) -> pl.DataFrame:
    """This function will return remarks about rows as columns, `FINDING_COLUMNS`."""
    told = [(row, one.field, one.severity.value, one.reason, one.value, one.source) for row, one in found]
    return pl.DataFrame(told, schema=_KINDS, orient="row")


def keep_findings(unit: Unit, *, creditor_id: UUID, placement_id: UUID, staging: str) -> None:
    """This function will keep the remarks about the rows of a running import, each once.

    :param staging: the table with `FINDING_COLUMNS`; trusted, never from outside.
    """
    unit.session.connection().execute(
        text(
            "INSERT INTO placement_finding"
            f" (creditor_id, placement_id, {', '.join(FINDING_COLUMNS)})"
            f" SELECT :c, :p, {', '.join(FINDING_COLUMNS)} FROM {staging} ON CONFLICT DO NOTHING"
        ),
        {"c": creditor_id, "p": placement_id},
    )
