"""Documents for the file of a claim, and what they do to a price that waits: shared by the creditor's page
and its programs."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from agency.claims.models import Claim
from agency.documents.quota import Quota
from agency.documents.upload import add_document
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore
from agency.pricing.quoting import quote_placement
from agency.rules.facts import DocumentKind


@dataclass(frozen=True, slots=True)
class FeeChange:
    """What adding a document did to the fee of its claim, in basis points."""

    before_bps: int
    after_bps: int


def quota_of(settings: Settings) -> Quota:
    """This function will return how much evidence one creditor may keep."""
    return Quota(settings.evidence_bytes_max, settings.evidence_documents_max)


def add_files(
    unit: Unit,
    files: FileStore,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    sent: Iterable[tuple[str, bytes]],
    kind: DocumentKind | None,
    quota: Quota,
) -> list[UUID]:
    """This function will add files, each with its name, to a claim's file, and return their documents.

    :param kind: what all of them are, where the sender said so; else their content tells, later.
    :raises NotFound, UnacceptableFile, OverQuota: see `add_document`; the caller undoes the others.
    """
    return [
        add_document(
            unit,
            files,
            creditor_id=creditor_id,
            claim_id=claim_id,
            kind=kind,
            name=name,
            content=content,
            quota=quota,
        )
        for name, content in sent
    ]


def price_again(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> FeeChange | None:
    """This function will price the placement of a claim anew where its price is not accepted yet, and return
    what that did to the claim's fee; None where it changed nothing.
    """
    found = unit.session.get_one(Claim, (creditor_id, claim_id))
    if found.state != "quoted" or found.placement_id is None:
        return None
    issued = quote_placement(unit, creditor_id=creditor_id, placement_id=found.placement_id)
    for change in issued.changes if issued else ():
        if change.claim_id == claim_id and change.before_bps and change.after_bps:
            return FeeChange(change.before_bps, change.after_bps)
    return None
