"""Asking for a claim's dossier, following it and taking it, for whichever door."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from starlette.responses import Response

from agency.documents.dossier import ask_dossier, cancel_dossier, dossiers_of, fetch_bundle
from agency.documents.jobs import bind_later
from agency.documents.waiting import DossierReader, DossierState
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore
from portal.shared.audience import leave_for
from portal.shared.i18n import N_, current_language
from portal.shared.listing import Chip

STATES = {
    DossierState.WAITING: Chip(N_("Waits"), "neutral"),
    DossierState.BUILDING: Chip(N_("Being made"), "info"),
    DossierState.READY: Chip(N_("Ready"), "good"),
    DossierState.FAILED: Chip(N_("Not made"), "bad"),
    DossierState.CANCELLED: Chip(N_("Cancelled"), "neutral"),
}
_TYPES = {"pdf": "application/pdf", "zip": "application/zip"}


def dossier_words(rows: Sequence[Mapping[str, Any]], *, base: str) -> dict[str, Any]:
    """This function will describe a claim's bundles for the card on its page, whose address is `base`."""
    return {
        "base": f"{base}/dossiers",
        "rows": [
            {
                "id": one["id"],
                "asked_at": one["asked_at"],
                "chip": STATES[DossierState(one["state"])],
                "running": one["state"] in (DossierState.WAITING, DossierState.BUILDING),
                "ready": one["state"] == DossierState.READY,
                "percent": one["percent"],
                "pages": one["pages"],
                "error": one["error"],
            }
            for one in rows
        ],
    }


def bundles_of(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    """This function will return a claim's bundles as rows, the latest first."""
    found = dossiers_of(unit, creditor_id=creditor_id, claim_id=claim_id)
    return [{**one.model_dump(), "asked_at": one.as_of} for one in found]


def ask(unit: Unit, *, creditor_id: UUID, claim_id: UUID, back: str, reader: DossierReader) -> Response:
    """This function will ask for a bundle in the language of whoever asks.

    :raises NotFound: this creditor has no such claim.
    """
    dossier_id = ask_dossier(
        unit, creditor_id=creditor_id, claim_id=claim_id, language=current_language(), reader=reader
    )
    bind_later(unit, creditor_id=creditor_id, dossier_id=dossier_id)
    return leave_for(f"{back}#dossier", notice=N_("The dossier is being made; it shows here."))


def cancel(unit: Unit, *, creditor_id: UUID, dossier_id: UUID, back: str) -> Response:
    """This function will stop a bundle that is not finished."""
    cancel_dossier(unit, creditor_id=creditor_id, dossier_id=dossier_id)
    return leave_for(f"{back}#dossier", notice=N_("Cancelled."))


def take(
    unit: Unit, files: FileStore, *, creditor_id: UUID, claim_id: UUID, dossier_id: UUID, form: str
) -> Response:
    """This function will answer with a bundle as a download.

    :raises NotFound: no such bundle of this claim.
    """
    name, content = fetch_bundle(
        unit, files, creditor_id=creditor_id, claim_id=claim_id, dossier_id=dossier_id, form=form
    )
    return Response(
        content,
        media_type=_TYPES[form],
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "content-security-policy": "sandbox; default-src 'none'",
        },
    )
