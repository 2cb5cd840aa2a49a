"""Copies of invoices that go with a mail: chosen with the reservation, read when it is rendered."""

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.ports.providers import Attachment, FileStore
from agency.rules.enclosures import CopyFacts, Enclosure
from agency.rules.evidence import Standing
from agency.rules.facts import DocumentKind

ClaimKey = tuple[UUID, UUID]

# A document is only ever looked for under the creditor and the claim of its own message.
_COPIES = text(
    "SELECT d.creditor_id, d.claim_id, d.sha256, d.kind, d.standing, d.media_type, d.size, f.number"
    " FROM jsonb_to_recordset(CAST(:claims AS jsonb)) AS w(creditor_id uuid, claim_id uuid)"
    " JOIN document d ON d.creditor_id = w.creditor_id AND d.claim_id = w.claim_id"
    " JOIN LATERAL (SELECT findings FROM document_check c WHERE c.creditor_id = d.creditor_id"
    "  AND c.document_id = d.id AND c.claim_id = d.claim_id ORDER BY c.at DESC, c.id DESC LIMIT 1) k ON true"
    " JOIN LATERAL (SELECT x.expected AS number FROM jsonb_to_recordset(k.findings)"
    "  AS x(field text, outcome text, expected text) WHERE x.field = 'number' AND x.outcome = 'match'"
    "  LIMIT 1) f ON true"
    " WHERE d.kind = 'invoice' AND d.standing = 'valid' ORDER BY d.added_at, d.id"
)


def copies_of(unit: Unit, keys: Sequence[ClaimKey]) -> Mapping[ClaimKey, list[CopyFacts]]:
    """This function will return the invoices in order that stand in the files of claims, by creditor and
    claim, each with the number that was found in it."""
    if not keys:
        return {}
    claims = [{"creditor_id": str(creditor), "claim_id": str(claim)} for creditor, claim in set(keys)]
    found: dict[ClaimKey, list[CopyFacts]] = {}
    for row in unit.session.connection().execute(_COPIES, {"claims": json.dumps(claims)}):
        one = CopyFacts(
            row.sha256, DocumentKind(row.kind), Standing(row.standing), row.media_type, row.size, row.number
        )
        found.setdefault((row.creditor_id, row.claim_id), []).append(one)
    return found


def attachments_of(enclosures: Sequence[Enclosure], files: FileStore) -> tuple[Attachment, ...]:
    """This function will read the copies that go along.

    :raises FileNotStored: one is not kept any more, or is damaged.
    """
    return tuple(Attachment(one.name, one.media_type, files.get(one.sha256)) for one in enclosures)
