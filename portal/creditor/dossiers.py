"""The creditor takes a claim's dossier as one bundle."""

from uuid import UUID

from starlette.responses import Response

from agency.documents.waiting import DossierReader
from portal import dossiers
from portal.creditor.doors import routes
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, own_creditor


@routes.post("/claims/{claim_id:uuid}/dossiers")
def ask(unit: CreditorUnit, visitor: TheVisitor, claim_id: UUID) -> Response:
    """Ask for the dossier as it is now."""
    return dossiers.ask(
        unit,
        creditor_id=own_creditor(visitor),
        claim_id=claim_id,
        back=f"/creditor/claims/{claim_id}",
        reader=DossierReader.CREDITOR,
    )


@routes.post("/claims/{claim_id:uuid}/dossiers/{dossier_id:uuid}/cancel")
def cancel(unit: CreditorUnit, visitor: TheVisitor, claim_id: UUID, dossier_id: UUID) -> Response:
    """Stop a dossier that is being made."""
    return dossiers.cancel(
        unit, creditor_id=own_creditor(visitor), dossier_id=dossier_id, back=f"/creditor/claims/{claim_id}"
    )


@routes.get("/claims/{claim_id:uuid}/dossiers/{dossier_id:uuid}/{form}")
def take(
    unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, claim_id: UUID, dossier_id: UUID, form: str
) -> Response:
    """Download a dossier as PDF or ZIP."""
    return dossiers.take(
        unit,
        wiring.ports.files,
        creditor_id=own_creditor(visitor),
        claim_id=claim_id,
        dossier_id=dossier_id,
        form=form,
    )
