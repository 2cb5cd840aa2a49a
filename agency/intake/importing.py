"""Importing checked rows: chunks copied into a staging table, then opened as claims in a few statements."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.claims.holds import hold_disputed
from agency.claims.opening import CLAIM_COLUMNS, TORN, Opened, mark_duplicates, open_claims
from agency.disputes.raising import raise_at_intake
from agency.intake.beside import keep_beside
from agency.intake.chunks import Chunk
from agency.intake.findings import FINDING_COLUMNS, keep_findings
from agency.intake.rows import STAGED
from agency.intake.table import SHEET_ROWS
from agency.kernel.locks import take_turns
from agency.kernel.statistics import refresh_statistics
from agency.kernel.unit import Unit
from agency.parties.matching import DEBTOR_COLUMNS, match_debtors, refresh_debtors

STAGING: Final = "intake_row"
REJECTS: Final = "intake_reject"
FINDINGS: Final = "intake_finding"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What became of the rows: rows = created + updated + merged + rejected, always.

    `unchanged` of the merged rows stood in the books already, exactly so.
    """

    rows: int
    created: int
    updated: int
    merged: int
    rejected: int
    unchanged: int


def import_rows(
    unit: Unit,
    *,
    creditor_id: UUID,
    placement_id: UUID,
    chunks: Iterable[Chunk],
    one_claim_per: str = "invoice",
    added_up: bool = False,
    worked_out: bool = False,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    after_chunk: Callable[[int], None] = lambda rows: None,
) -> tuple[Counts, Opened]:
    """This function will import rows of one placement; imports of one creditor take turns.

    :param added_up: whether rows with one invoice number are its lines.
    :param worked_out: whether the numbers of rows were made of several columns.
    :param labels: how the creditor calls our fields, for the rejects found here; by the number of the sheet,
        or under the empty text for every row.

    The staging table lives until the transaction ends, with the claim of each row.
    """
    take_turns(unit, "intake", creditor_id)
    _make_staging(unit)
    staged = _stage(unit, chunks, after_chunk)
    torn = _torn(unit) if added_up else ()
    mark_duplicates(unit, staging=STAGING, added_up=added_up, torn=torn, worked_out=worked_out)
    match_debtors(unit, creditor_id=creditor_id, staging=STAGING)
    refresh_debtors(unit, creditor_id=creditor_id, staging=STAGING)
    opened = open_claims(
        unit,
        creditor_id=creditor_id,
        placement_id=placement_id,
        staging=STAGING,
        one_claim_per=one_claim_per,
    )
    refresh_statistics(unit, written=staged)
    raise_at_intake(unit, creditor_id=creditor_id, placement_id=placement_id, staging=STAGING)
    hold_disputed(unit, creditor_id=creditor_id, placement_id=placement_id)
    keep_beside(unit, creditor_id=creditor_id, staging=STAGING)
    keep_findings(unit, creditor_id=creditor_id, placement_id=placement_id, staging=FINDINGS)
    _write_outcomes(unit, creditor_id, placement_id, labels or {})
    return _count(unit), opened


def _make_staging(unit: Unit) -> None:
    columns = ", ".join((*CLAIM_COLUMNS, *DEBTOR_COLUMNS, "dispute_reason text", "beside text"))
    connection = unit.session.connection()
    connection.execute(text(f"DROP TABLE IF EXISTS pg_temp.{STAGING}, pg_temp.{REJECTS}, pg_temp.{FINDINGS}"))
    # Every row is changed twice or so: with room on its page that touches no index.
    connection.execute(text(f"CREATE TEMP TABLE {STAGING} ({columns}) WITH (fillfactor = 35) ON COMMIT DROP"))
    connection.execute(
        text(f"CREATE TEMP TABLE {REJECTS} (row integer, field text, reason text, value text) ON COMMIT DROP")
    )
    told = ", ".join(f"{name} {'integer' if name == 'row' else 'text'}" for name in FINDING_COLUMNS)
    connection.execute(text(f"CREATE TEMP TABLE {FINDINGS} ({told}) ON COMMIT DROP"))


def _stage(unit: Unit, chunks: Iterable[Chunk], after_chunk: Callable[[int], None]) -> int:
    done = 0
    for chunk in chunks:
        _copy(unit, STAGING, STAGED, chunk.checked)
        _copy(unit, REJECTS, ("row", "field", "reason", "value"), chunk.rejects)
        _copy(unit, FINDINGS, FINDING_COLUMNS, chunk.findings)
        done += chunk.rows
        after_chunk(done)
    connection = unit.session.connection()
    for column in ("invoice_number", "debtor_reference"):
        connection.execute(text(f"CREATE INDEX ON {STAGING} ({column})"))
    connection.execute(text(f"ANALYZE {STAGING}"))
    return done


def _torn(unit: Unit) -> list[str]:
    """The numbers of invoices of which a line was refused, as `RowChecker` says of each."""
    told = text(f"SELECT DISTINCT value FROM {REJECTS} WHERE reason = :why")
    return list(unit.session.connection().execute(told, {"why": TORN}).scalars())


def _copy(unit: Unit, table: str, columns: tuple[str, ...], csv: bytes) -> None:
    if not csv:
        return
    raw: Any = unit.session.connection().connection.driver_connection
    with raw.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(csv)


def _write_outcomes(
    unit: Unit, creditor_id: UUID, placement_id: UUID, labels: Mapping[str, Mapping[str, str]]
) -> None:
    parameters = {"c": creditor_id, "p": placement_id}
    connection = unit.session.connection()
    connection.execute(
        text(
            f"INSERT INTO {REJECTS} SELECT row,"
            " coalesce(CAST(:labels AS jsonb) -> CAST(row / :sheet_rows AS text) ->> reject_field,"
            "  CAST(:labels AS jsonb) -> '' ->> reject_field, reject_field), reject_reason,"
            " CASE reject_field WHEN 'claim_reference' THEN claim_reference"
            " WHEN 'billing_reference' THEN billing_reference WHEN 'currency' THEN currency"
            " ELSE invoice_number END"
            f" FROM {STAGING} WHERE outcome = 'rejected'"
        ),
        {
            "labels": json.dumps({sheet: dict(named) for sheet, named in labels.items()}),
            "sheet_rows": SHEET_ROWS,
        },
    )
    connection.execute(
        text(
            "INSERT INTO placement_reject (creditor_id, placement_id, row, field, reason, value)"
            f" SELECT DISTINCT ON (row, field) :c, :p, row, field, reason, coalesce(value, '') FROM {REJECTS}"
            " ORDER BY row, field, reason"
        ),
        parameters,
    )
    connection.execute(
        text(
            "INSERT INTO placement_row (creditor_id, placement_id, row, outcome, claim_id)"
            f" SELECT :c, :p, row, outcome, claim_id FROM {STAGING} WHERE outcome <> 'rejected'"
            f" UNION ALL SELECT DISTINCT :c, :p, row, 'rejected', CAST(NULL AS uuid) FROM {REJECTS}"
        ),
        parameters,
    )


def _count(unit: Unit) -> Counts:
    staged = unit.session.connection().execute(
        text(
            "SELECT outcome, count(*) AS rows FROM ("
            f" SELECT outcome FROM {STAGING} WHERE outcome <> 'rejected'"
            f" UNION ALL SELECT 'rejected' FROM (SELECT DISTINCT row FROM {REJECTS}) r) o GROUP BY outcome"
        )
    )
    by_outcome: dict[str, int] = {row.outcome: row.rows for row in staged}
    unchanged = by_outcome.get("unchanged", 0)
    counts = Counts(
        rows=sum(by_outcome.values()),
        created=by_outcome.get("created", 0),
        updated=by_outcome.get("updated", 0),
        merged=by_outcome.get("merged", 0) + unchanged,
        rejected=by_outcome.get("rejected", 0),
        unchanged=unchanged,
    )
    assert counts.rows == counts.created + counts.updated + counts.merged + counts.rejected
    return counts


def claims_of_rows(unit: Unit, *, rows: Iterable[int]) -> dict[int, UUID]:
    """This function will return the claim that each of these rows of the running import became part of."""
    found = unit.session.connection().execute(
        text(f"SELECT row, claim_id FROM {STAGING} WHERE row = ANY(:rows) AND claim_id IS NOT NULL"),
        {"rows": list(rows)},
    )
    return {found_row.row: found_row.claim_id for found_row in found}
