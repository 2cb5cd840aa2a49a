"""A collector takes a claim's dossier as one bundle, as a court reads it."""

from uuid import UUID

from starlette.responses import Response

from agency.documents.waiting import DossierReader
from portal import dossiers
from portal.collector.doors import claim_url, routes
from portal.shared.audience import StaffUnit, TheWiring


@routes.post("/claims/{creditor_id:uuid}/{claim_id:uuid}/dossiers")
def ask(unit: StaffUnit, creditor_id: UUID, claim_id: UUID) -> Response:
    """Ask for the court's dossier as it is now."""
    return dossiers.ask(
        unit,
        creditor_id=creditor_id,
        claim_id=claim_id,
        back=claim_url(creditor_id, claim_id),
        reader=DossierReader.COURT,
    )


@routes.post("/claims/{creditor_id:uuid}/{claim_id:uuid}/dossiers/{dossier_id:uuid}/cancel")
def cancel(unit: StaffUnit, creditor_id: UUID, claim_id: UUID, dossier_id: UUID) -> Response:
    """Stop a dossier that is being made."""
    return dossiers.cancel(
        unit, creditor_id=creditor_id, dossier_id=dossier_id, back=claim_url(creditor_id, claim_id)
    )


@routes.get("/claims/{creditor_id:uuid}/{claim_id:uuid}/dossiers/{dossier_id:uuid}/{form}")
def take(
    unit: StaffUnit, wiring: TheWiring, creditor_id: UUID, claim_id: UUID, dossier_id: UUID, form: str
) -> Response:
    """Download a dossier as PDF or ZIP."""
    return dossiers.take(
        unit,
        wiring.ports.files,
        creditor_id=creditor_id,
        claim_id=claim_id,
        dossier_id=dossier_id,
        form=form,
    )
