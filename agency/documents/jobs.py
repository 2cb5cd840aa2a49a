"""Jobs of the documents: following up what was asked, binding dossiers."""

from uuid import UUID

from agency.documents.asking import expire, solve
from agency.documents.dossier import build_dossier
from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.ports import installed_ports
from agency.kernel.unit import Unit, Units


@actor()
def follow_requests(unit: Unit) -> None:
    """This function will tick off what became known, and close what was not answered in time."""
    solve(unit)
    expire(unit)


@actor(attempts_max=3, lease_seconds=900, own_units=True)
def bind_dossier(units: Units, *, owner: str, dossier_id: str) -> None:
    """This function will bind a dossier that somebody asked for."""
    build_dossier(units, installed_ports(), creditor_id=UUID(owner), dossier_id=UUID(dossier_id))


def bind_later(unit: Unit, *, creditor_id: UUID, dossier_id: UUID) -> None:
    """This function will have a dossier bound by a worker."""
    enqueue(
        unit,
        bind_dossier,
        key=f"dossier:{dossier_id}",
        creditor_id=creditor_id,
        owner=str(creditor_id),
        dossier_id=str(dossier_id),
    )
