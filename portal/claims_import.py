"""`claims import`: a file of a creditor imported by an operator, or tried out and rolled back."""

from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.intake.reading import ROWS_MAX
from agency.kernel.errors import AgencyError
from agency.kernel.ports import Ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units
from agency.parties.registration import creditor_by_reference
from portal.placing import place_file
from portal.trying import Tried, try_out

CLAIMS_SHOWN: Final = 50


def import_claims(
    units: Units,
    ports: Ports,
    settings: Settings,
    *,
    path: Path,
    creditor: str,
    dry_run: bool,
) -> dict[str, Any]:
    """This function will import a file and return the report, or `{"refused": reason}` for a file, creditor
    or mapping that will not do. A dry run goes the same way and is rolled back at its end.

    :param creditor: the creditor's reference.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        return {"refused": f"the file cannot be read: {error.strerror or error}"}
    try:
        with units.open(Door.WORKER, by="system:import") as unit:
            creditor_id = creditor_by_reference(unit, reference=creditor).id
            if not dry_run:
                return _import(unit, ports, settings, path.name, content, creditor_id)
            tried = try_out(
                unit,
                ports,
                creditor_id=creditor_id,
                name=path.name,
                content=content,
                bytes_max=settings.upload_bytes_max,
                rows_shown=ROWS_MAX,
            )
            return _tried(tried)
    except AgencyError as error:
        return {"refused": error.message}


def _tried(tried: Tried) -> dict[str, Any]:
    if tried.refusal:
        return {"refused": tried.refusal}
    taken = tried.counts["rows"] - tried.counts["rejected"]
    counts = tried.counts | (
        {"created": 0, "updated": 0, "merged": taken, "unchanged": taken} if tried.before else {}
    )
    return {
        **counts,
        "received_before": tried.before,
        "dry_run": True,
        "rejects": [
            {"row": row.row, "field": field, "reason": reason, "value": value}
            for row in tried.rows
            for field, reason, value in row.why
        ],
        "price": {
            "claims": tried.claims,
            "principal": str(tried.principal.decimal) if tried.principal else None,
            "fee_bps": tried.fee_bps,
        },
        "claims": [
            {
                "row": row.row,
                "reference": row.reference,
                "debtor": row.debtor,
                "amount": str(row.amount.decimal) if row.amount else None,
                "fee_bps": row.fee_bps,
                "missing": [{"document": kind, "fee_bps_with_it": fee} for kind, fee in row.missing],
            }
            for row in tried.rows
            if row.eligible
        ],
    }


def _import(
    unit: Unit, ports: Ports, settings: Settings, name: str, content: bytes, creditor_id: UUID
) -> dict[str, Any]:
    placed = place_file(
        unit,
        ports,
        creditor_id=creditor_id,
        name=name,
        content=content,
        bytes_max=settings.upload_bytes_max,
        source="command",
        wait=True,
    )
    row = unit.session.connection().execute(
        text(
            "SELECT state, refusal, rows, created, updated, merged, rejected, unchanged FROM placement"
            " WHERE creditor_id = :c AND id = :p"
        ),
        {"c": creditor_id, "p": placed.placement_id},
    )
    placement = row.one()
    if placement.refusal:
        return {"refused": placement.refusal}
    rejects = unit.session.connection().execute(
        text(
            "SELECT row, field, reason, value FROM placement_reject WHERE creditor_id = :c"
            " AND placement_id = :p ORDER BY row, field"
        ),
        {"c": creditor_id, "p": placed.placement_id},
    )
    taken = placement.rows - placement.rejected
    return {
        "rows": placement.rows,
        # A file that was received before changes nothing: every row it brought stands already.
        "created": 0 if placed.again else placement.created,
        "updated": 0 if placed.again else placement.updated,
        "merged": taken if placed.again else placement.merged,
        "rejected": placement.rejected,
        "unchanged": taken if placed.again else placement.unchanged,
        "received_before": placed.again,
        "rejects": [
            {"row": reject.row, "field": reject.field, "reason": reject.reason, "value": reject.value}
            for reject in rejects
        ],
    }


def as_text(report: dict[str, Any]) -> str:
    """This function will return a report for a person at a terminal."""
    if "refused" in report:
        return f"refused: {report['refused']}"
    names = ("rows", "created", "updated", "merged", "rejected")
    lines = [", ".join(f"{name} {report[name]}" for name in names)]
    if report["received_before"]:
        lines.append("This file was received before; nothing changed.")
    if report.get("dry_run"):
        lines.append("Nothing was kept: this was a dry run.")
        lines += _priced(report)
    lines += [
        f"row {reject['row']}: {reject['field']} {reject['reason']}"
        + (f" ({reject['value']})" if reject["value"] else "")
        for reject in report["rejects"]
    ]
    return "\n".join(lines)


def _priced(report: dict[str, Any]) -> list[str]:
    price = report["price"]
    if not price["claims"]:
        return []
    lines = [
        f"{price['claims']} claims of together {price['principal']}: fee {price['fee_bps'] / 100:.2f} %"
        " of what is collected"
    ]
    for claim in report["claims"][:CLAIMS_SHOWN]:
        if claim["fee_bps"] is None:
            continue
        best = claim["missing"][0] if claim["missing"] else None
        hint = f"; with {best['document']} {best['fee_bps_with_it'] / 100:.2f} %" if best else ""
        lines.append(f"row {claim['row']}: {claim['reference']} {claim['fee_bps'] / 100:.2f} %{hint}")
    return lines
