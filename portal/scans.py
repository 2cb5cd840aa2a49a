"""`scans`: the letters that a mail room scanned, taken in by an operator."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from agency.communication.inbound.scan_folder import REFUSED, ScanReport, take_folder
from agency.kernel.ports import Ports
from agency.kernel.unit import Units

_TOLD_EVERY: Final = 25


def take_scans(units: Units, ports: Ports, folder: Path, *, say: Callable[[str], None]) -> ScanReport:
    """This function will take a folder's scans in, telling now and then how far it is.

    :raises NoScanFolder: the folder is not there, or may not be read or written.
    """

    def tell(done: int, total: int, name: str) -> None:
        if done % _TOLD_EVERY == 0:
            say(f"  {done} of {total}: {name}")

    return take_folder(units, ports.files, folder, tell=tell)


def as_text(report: ScanReport) -> str:
    """This function will return a report as lines for a terminal."""
    lines = [
        f"{report.threaded} on their claims, {report.waiting} wait for somebody to find their claim,"
        f" {report.known} were here already, {report.left_alone} still being written."
    ]
    lines += [f"  {one.name}: {one.why} (moved to {REFUSED})" for one in report.refused]
    lines += [f"  {one.name}: {one.why} (it comes again)" for one in report.stuck]
    return "\n".join(lines)
