"""Jobs: writing an export for an inspector and erasing it in time; proposing what is due, and erasing it."""

from uuid import UUID

from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.ports import installed_ports
from agency.kernel.settings import settings
from agency.kernel.unit import Door, Unit, Units
from agency.privacy.erasing import erase_what_is_over
from agency.privacy.erasing_run import BY as ERASES
from agency.privacy.erasing_run import LEASE_SECONDS as ERASING_SECONDS
from agency.privacy.erasing_run import erase_some
from agency.privacy.papers import installed_papers
from agency.privacy.runs import propose_run
from agency.privacy.writing import BY, LEASE_SECONDS, write_some


def write_later(unit: Unit, *, export_id: UUID, part: int = 0) -> None:
    """This function will have a worker write an export, or the next part of it."""
    enqueue(unit, write_export, key=f"inspection:{export_id}:{part}", export_id=str(export_id), part=part)


@actor(queue="documents", attempts_max=3, lease_seconds=LEASE_SECONDS, own_units=True)
def write_export(units: Units, *, export_id: str, part: int = 0) -> None:
    """This function will write some claims of an export and ask for a job more, or finish it."""
    ports = installed_ports()
    if write_some(units, ports, installed_papers(), settings(), export_id=UUID(export_id)):
        with units.open(Door.WORKER, by=BY) as unit:
            write_later(unit, export_id=UUID(export_id), part=part + 1)
    else:
        erase_what_is_over(units, ports.files)


@actor(own_units=True)
def erase_exports(units: Units) -> None:
    """This function will erase exports whose days are over, and what was given up half-way."""
    erase_what_is_over(units, installed_ports().files)


def erase_later(unit: Unit, *, run_id: UUID, part: int = 0) -> None:
    """This function will have a worker carry out an approved run, or its next part."""
    enqueue(unit, erase_due, key=f"erasure:{run_id}:{part}", run_id=str(run_id), part=part)


@actor(queue="documents", attempts_max=3, lease_seconds=ERASING_SECONDS, own_units=True)
def erase_due(units: Units, *, run_id: str, part: int = 0) -> None:
    """This function will erase items of a run and ask for a job more, or end it."""
    if erase_some(units, installed_ports().files, run_id=UUID(run_id)):
        with units.open(Door.WORKER, by=ERASES) as unit:
            erase_later(unit, run_id=UUID(run_id), part=part + 1)


@actor()
def propose_erasing(unit: Unit) -> None:
    """This function will list what is due for erasing today; two people decide."""
    propose_run(unit)
