"""What was sent and what is on file: a message as it left, with the verdict of the law; documents."""

from email import message_from_bytes
from email.policy import default
from html import escape
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from starlette.requests import Request
from starlette.responses import Response

from agency.documents.upload import fetch_document
from agency.kernel.errors import NotFound
from agency.kernel.files import fetch
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.explain import explain
from agency.rules.trace import Trace, from_json
from portal.collector.doors import claim_url, desk_page, routes
from portal.collector.words import LINES, reasons, said, step_words
from portal.shared.audience import StaffUnit, TheWiring
from portal.shared.evidence_forms import as_download
from portal.shared.i18n import current_language, gettext
from portal.shared.words import CHANNELS, MESSAGE_STATES

_MESSAGE = text(
    "SELECT m.*, c.number, c.currency, d.name AS debtor, t.key AS template, t.version, t.language"
    " FROM message m JOIN claim c ON c.creditor_id = m.creditor_id AND c.id = m.claim_id"
    " JOIN debtor d ON d.creditor_id = m.creditor_id AND d.id = m.debtor_id"
    " JOIN template t ON t.id = m.template_id"
    " WHERE m.creditor_id = :creditor AND m.claim_id = :claim AND m.id = :message"
)
_RECEIPTS = text(
    "SELECT kind, at, detail FROM message_receipt WHERE creditor_id = :creditor AND message_id = :message"
    " ORDER BY at, id"
)
# What we sent is shown as the debtor saw it: in a frame without scripts, forms, network or our origin.
_SANDBOX: Final = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    " frame-ancestors 'self'",
    "x-frame-options": "SAMEORIGIN",
}
# A browser's own viewer of PDF does not open inside a sandbox; the file is ours and holds no script.
_PAPER: Final = {
    "content-security-policy": "default-src 'none'; object-src 'self'; frame-ancestors 'self'",
    "x-frame-options": "SAMEORIGIN",
}


@routes.get("/claims/{creditor_id:uuid}/{claim_id:uuid}/messages/{message_id:uuid}")
def message(
    request: Request, unit: StaffUnit, creditor_id: UUID, claim_id: UUID, message_id: UUID
) -> Response:
    """One message: what it said, what the law said, and what became of it."""
    row = _message(unit, creditor_id, claim_id, message_id)
    trace = from_json(row.trace)
    receipts = unit.session.connection().execute(_RECEIPTS, {"creditor": creditor_id, "message": message_id})
    return desk_page(
        request,
        "message.html",
        message=row,
        claim_url=claim_url(creditor_id, claim_id),
        what=step_words(row.step),
        channel=said(CHANNELS, row.channel),
        chip=MESSAGE_STATES[row.state],
        reasons=[*reasons(row.reasons), *_lacking(trace)],
        trace=trace,
        amounts=_amounts(row),
        enclosed=row.amounts.get("enclosed", []),
        receipts=[
            _receipt(one) for one in reversed(receipts.all())
        ],
    )  # fmt: skip


@routes.get("/claims/{creditor_id:uuid}/{claim_id:uuid}/messages/{message_id:uuid}/content")
def content(
    unit: StaffUnit, wiring: TheWiring, creditor_id: UUID, claim_id: UUID, message_id: UUID
) -> Response:
    """A message exactly as it left, for the frame on its page."""
    row = _message(unit, creditor_id, claim_id, message_id)
    if row.content_sha256 is None:
        raise NotFound("nothing was sent yet")
    sent, media_type = fetch(unit, wiring.ports.files, creditor_id=creditor_id, sha256=row.content_sha256)
    if media_type == "message/rfc822":
        return Response(_readable(sent), media_type="text/html", headers=_SANDBOX)
    headers = _PAPER if media_type == "application/pdf" else _SANDBOX
    return Response(sent, media_type=media_type, headers=headers)


@routes.get("/claims/{creditor_id:uuid}/{claim_id:uuid}/documents/{document_id:uuid}")
def document(
    unit: StaffUnit, wiring: TheWiring, creditor_id: UUID, claim_id: UUID, document_id: UUID
) -> Response:
    """A document as it came: always a download, never opened by the browser as a page of ours."""
    found, sent = fetch_document(unit, wiring.ports.files, creditor_id=creditor_id, document_id=document_id)
    if found.claim_id != claim_id:
        raise NotFound("no such document")
    return as_download(found, sent)


def _lacking(trace: Trace) -> list[str]:
    """What a message did not say that it must, in words."""
    lines = [line for line in trace if line.outcome == "content.missing"]
    return [line.words for line in explain(lines, current_language())]


def _readable(mail: bytes) -> str:
    """The part of a mail that its reader saw."""
    parsed = message_from_bytes(mail, policy=default)
    body = parsed.get_body(("html", "plain"))
    if body is None:
        raise NotFound("this mail has no text")
    content: str = body.get_content()
    return content if body.get_content_subtype() == "html" else f"<pre>{escape(content)}</pre>"


def _message(unit: Unit, creditor_id: UUID, claim_id: UUID, message_id: UUID) -> Row[Any]:
    found = unit.session.connection().execute(
        _MESSAGE, {"creditor": creditor_id, "claim": claim_id, "message": message_id}
    )
    row = found.first()
    if row is None:
        raise NotFound("no such message")
    return row


def _amounts(row: Row[Any]) -> list[tuple[str, Money]]:
    """The amounts as of the moment of sending."""
    labels = {"principal": gettext("Principal"), "interest": said(LINES, "interest"),
              "costs": said(LINES, "costs"), "total": gettext("Total")}  # fmt: skip
    return [
        (label, Money(int(row.amounts[key]), row.currency))
        for key, label in labels.items()
        if isinstance(row.amounts.get(key), int)
    ]


def _receipt(row: Row[Any]) -> dict[str, Any]:
    state = MESSAGE_STATES[{"dropped": "bounced"}.get(row.kind, row.kind)]
    return {"at": row.at, "title": gettext(state.label), "text": row.detail, "tone": state.tone}
