"""Copies of invoices that go with a message: chosen with the reservation, read when it is rendered.

A mail takes the files along as they are. Behind a letter come pictures of their pages, drawn where files of
strangers are read: the letter then stays one document that keeps its standards (infra/adr).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import text

from agency.communication.composing import words_of
from agency.documents.sandbox import printed
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.ports.providers import Attachment, CopiedPage, FileStore
from agency.rules.enclosures import CopyFacts, Enclosure
from agency.rules.evidence import Standing
from agency.rules.facts import DocumentKind

ClaimKey = tuple[UUID, UUID]

# A document is only ever looked for under the creditor and the claim of its own message.
_COPIES = text(
    "SELECT d.creditor_id, d.claim_id, d.sha256, d.kind, d.standing, d.media_type, d.size, f.number,"
    " k.page_count"
    " FROM jsonb_to_recordset(CAST(:claims AS jsonb)) AS w(creditor_id uuid, claim_id uuid)"
    " JOIN document d ON d.creditor_id = w.creditor_id AND d.claim_id = w.claim_id"
    " JOIN LATERAL (SELECT findings, page_count FROM document_check c WHERE c.creditor_id = d.creditor_id"
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
            row.sha256, DocumentKind(row.kind), Standing(row.standing), row.media_type, row.size, row.number,
            row.page_count,
        )  # fmt: skip
        found.setdefault((row.creditor_id, row.claim_id), []).append(one)
    return found


def attachments_of(enclosures: Sequence[Enclosure], files: FileStore) -> tuple[Attachment, ...]:
    """This function will read the copies that go along.

    :raises FileNotStored: one is not kept any more, or is damaged.
    """
    return tuple(Attachment(one.name, one.media_type, files.get(one.sha256)) for one in enclosures)


class NotDrawn(Exception):
    """A page of a copy has no picture; says which."""


def pages_of(enclosures: Sequence[Enclosure], files: FileStore, *, language: str) -> tuple[CopiedPage, ...]:
    """This function will draw the pages that come behind a letter, in the order of its invoices.

    :raises FileNotStored: one is not kept any more, or is damaged.
    :raises NotDrawn: see the exception.
    """
    return tuple(
        copied_page(picture, number=one.number, page=page, pages=one.pages, language=language)
        for one in enclosures
        for page, picture in enumerate(_pictures(one, files.get(one.sha256)), start=1)
    )


def copied_page(picture: bytes, *, number: str, page: int, pages: int, language: str) -> CopiedPage:
    """Return a page of an invoice's copy as a letter shows it; its first page has a heading."""
    words = words_of(language)
    heading = f"{words['copy_of_invoice']} {number}"
    return CopiedPage(
        picture=picture,
        heading=heading if page == 1 else "",
        alternative=f"{heading}, {words['page'].lower()} {page} / {pages}",
    )


def _pictures(one: Enclosure, content: bytes) -> Iterator[bytes]:
    for page in range(1, one.pages + 1):
        try:
            yield printed(content, page=page)
        except NotFound as error:
            raise NotDrawn(f"page {page} of the copy of invoice {one.number}") from error
