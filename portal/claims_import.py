"""`claims import`: a file of a creditor imported by an operator, or tried out and rolled back."""

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import text

from agency.kernel.errors import AgencyError
from agency.kernel.ports import Ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units
from agency.parties.registration import creditor_by_reference
from agency.ports.providers import FileNotStored
from portal.placing import place_file


class RolledBack(Exception):
    """Ends the transaction of a dry run; nothing of it stays."""


class InMemory:
    """A file store for a dry run: what is put in is gone when the run ends."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        """This function will keep content and return its SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.kept[sha256] = content
        return sha256

    def get(self, sha256: str) -> bytes:
        """This function will return what was kept.

        :raises FileNotStored: nothing was kept under it.
        """
        if sha256 not in self.kept:
            raise FileNotStored(sha256)
        return self.kept[sha256]


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
    report: dict[str, Any] = {}
    try:
        with units.open(Door.WORKER, by="system:import") as unit:
            report = _import(unit, _ports(ports, dry_run), settings, path.name, content, creditor)
            if dry_run:
                raise RolledBack
    except RolledBack:
        report["dry_run"] = True
    except AgencyError as error:
        return {"refused": error.message}
    return report


def _ports(ports: Ports, dry_run: bool) -> Ports:
    if not dry_run:
        return ports
    from dataclasses import replace

    return replace(ports, files=InMemory())


def _import(
    unit: Unit, ports: Ports, settings: Settings, name: str, content: bytes, creditor: str
) -> dict[str, Any]:
    creditor_id = creditor_by_reference(unit, reference=creditor).id
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
    lines += [
        f"row {reject['row']}: {reject['field']} {reject['reason']}"
        + (f" ({reject['value']})" if reject["value"] else "")
        for reject in report["rejects"]
    ]
    return "\n".join(lines)
