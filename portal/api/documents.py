"""Evidence from programs: files for a claim that was placed, and what each of them counts for."""

import email.message
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import text
from starlette.datastructures import UploadFile
from starlette.requests import Request

from agency.claims.erased import refuse_erased
from agency.claims.models import Claim
from agency.documents.completeness import assess_claim
from agency.documents.models import Document
from agency.documents.upload import documents_of
from agency.kernel.errors import Invalid, NotFound
from agency.parties.models import Scope
from agency.rules.facts import DocumentKind
from portal.adding_documents import add_files, price_again, quota_of
from portal.api.access import ApiUnit, TheCaller, opened_by
from portal.shared.audience import TheWiring

reading = opened_by(Scope.READ)
sending = opened_by(Scope.PLACE, json=False)

FILES_MAX: Final = 20
MULTIPART: Final = "multipart/form-data"
# What a program may send, for the interface's description: parameters of the body are read by hand.
BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}}
                    },
                }
            },
        },
    }
}


class DocumentNow(BaseModel):
    """A document of a claim; `standing` says whether it counts, `reasons` what speaks against it."""

    id: UUID
    name: str
    kind: str
    size: int
    sha256: str
    added_at: datetime
    standing: str
    checked: bool
    reasons: list[str]


class Evidence(BaseModel):
    """The documents of a claim, its completeness from 0 to 100, and the kinds that are still missing."""

    documents: list[DocumentNow]
    completeness: int
    missing: list[str]


class Added(BaseModel):
    """The documents that were added, in the order sent, the fee where adding them changed it, and the open
    price that the claim now stands in: a price that changed is another quote."""

    documents: list[UUID]
    fee_bps_before: int | None
    fee_bps: int | None
    quote: UUID | None


_QUOTE = text(
    "SELECT q.id FROM claim c JOIN quote q ON q.creditor_id = c.creditor_id"
    "  AND q.placement_id = c.placement_id"
    " AND q.state = 'open' WHERE c.creditor_id = :creditor_id AND c.id = :claim_id AND c.state = 'quoted'"
)


async def sent_files(request: Request) -> AsyncIterator[list[tuple[str, bytes]]]:
    """This function will give each file that was sent, with its name: the parts of a form, or the whole body
    with its name in `Content-Disposition` or in the query.

    :raises Invalid: there is no file, no name, or there are too many.
    """
    if request.headers.get("content-type", "").lower().startswith(MULTIPART):
        form = await request.form(max_files=FILES_MAX, max_fields=FILES_MAX)
        parts = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
        yield [(_name(part.filename), await part.read()) for part in parts] or _nothing()
    else:
        body = await request.body()
        yield [(_name(_named(request)), body)] if body else _nothing()


SentFiles = Annotated[list[tuple[str, bytes]], Depends(sent_files, scope="function")]
FileName = Annotated[str, Query(max_length=200)]


@sending.post("/claims/{claim_id:uuid}/documents", status_code=201, openapi_extra=BODY)
def add(
    unit: ApiUnit,
    caller: TheCaller,
    wiring: TheWiring,
    claim_id: UUID,
    files: SentFiles,
    kind: DocumentKind | None = None,
    name: FileName = "",
) -> Added:
    """Add files to a claim: as a form with `file` parts, or one as the body with `name` in the query.

    The same file again is the document that it was, so this asks for no Idempotency-Key.
    """
    whose = {"creditor_id": caller.creditor_id, "claim_id": claim_id}
    added = add_files(
        unit, wiring.ports.files, **whose, sent=files, kind=kind, quota=quota_of(wiring.settings)
    )
    change = price_again(unit, **whose)
    return Added(
        documents=added,
        fee_bps_before=change.before_bps if change else None,
        fee_bps=change.after_bps if change else None,
        quote=unit.session.connection().execute(_QUOTE, whose).scalar_one_or_none(),
    )


@reading.get("/claims/{claim_id:uuid}/documents")
def list_documents(unit: ApiUnit, caller: TheCaller, claim_id: UUID) -> Evidence:
    """The documents of a claim, what each counts for, and what is missing."""
    claim = unit.session.get(Claim, (caller.creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    refuse_erased(claim)
    whose = {"creditor_id": caller.creditor_id, "claim_id": claim_id}
    score = assess_claim(unit, **whose)
    return Evidence(
        documents=[_told(document) for document in documents_of(unit, **whose)],
        completeness=score.completeness,
        missing=[item.kind.value for item in score.items if not item.present],
    )


def _told(document: Document) -> DocumentNow:
    return DocumentNow(
        id=document.id,
        name=document.name,
        kind=document.kind,
        size=document.size,
        sha256=document.sha256,
        added_at=document.added_at,
        standing=document.standing,
        checked=document.checked_at is not None,
        reasons=list(document.reasons),
    )


def _named(request: Request) -> str:
    """The name of a body: of its own header (RFC 6266), which is more exact, or of the query."""
    said = email.message.Message()
    said["content-disposition"] = request.headers.get("content-disposition", "")
    return said.get_filename() or request.query_params.get("name", "")


def _name(given: str | None) -> str:
    name = (given or "").replace("\0", "").strip()
    if not name:
        raise Invalid("say how the file is called", field="name")
    return name


def _nothing() -> Any:
    raise Invalid("send a file", field="file")
