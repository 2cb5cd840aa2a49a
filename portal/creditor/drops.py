"""Dropping files: each uploads by itself, and says what it has become: a claim, a document, a question."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from agency.intake.drops import add_to_drop, cancel_file, find_drop, start_drop
from agency.intake.supporting import WHICH_CLAIM
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.money import Money
from portal.creditor.doors import creditor_page, routes
from portal.dropping import read_drop
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.claim_fields import FIELDS
from portal.shared.filled_in import sentence, told
from portal.shared.forms import Fields
from portal.shared.i18n import N_, format_money, format_number, gettext, ngettext
from portal.shared.listing import Chip

WAITING = Chip(N_("Waiting"), "neutral")
READING = Chip(N_("Being read"), "info")
CLAIM = Chip(N_("Claim"), "good")
DOCUMENT = Chip(N_("Document"), "good")
QUESTION = Chip(N_("Question"), "warning")
REFUSED = Chip(N_("Refused"), "bad")
CANCELLED = Chip(N_("Cancelled"), "calm")
NOT_NEEDED = Chip(N_("Not needed"), "calm")
EARLIER_SHOWN = 3
EARLIER_LOOKED_AT = 30
BEING_READ = ("received", "reading")
STORED = {
    "document": DOCUMENT,
    "question": QUESTION,
    "refused": REFUSED,
    "cancelled": CANCELLED,
    "claim": CLAIM,
}

_FILES = text(
    "SELECT f.id, f.name, f.within, f.kind, f.state, f.question, f.facts, f.placement_id,"
    " p.state AS placed, p.refusal, p.created, p.updated, p.merged, p.rejected,"
    " coalesce(f.claim_id, n.claim_id, r.claim_id) AS claim_id, r.outcome, c.reference, n.state AS sorted,"
    " (SELECT jsonb_agg(jsonb_build_array(j.field, j.reason) ORDER BY j.field)"
    "   FROM placement_reject j WHERE j.creditor_id = f.creditor_id"
    "   AND j.placement_id = f.placement_id AND j.row = (f.facts ->> 'first')::int)"
    "  AS rejects,"
    " (SELECT count(*) FROM placement_row w WHERE w.creditor_id = f.creditor_id"
    "   AND w.placement_id = f.placement_id AND w.outcome <> 'rejected'"
    "   AND w.row BETWEEN (f.facts ->> 'first')::int AND (f.facts ->> 'last')::int) AS taken,"
    " (SELECT count(*) FROM placement_row w WHERE w.creditor_id = f.creditor_id"
    "   AND w.placement_id = f.placement_id AND w.outcome = 'rejected'"
    "   AND w.row BETWEEN (f.facts ->> 'first')::int AND (f.facts ->> 'last')::int) AS left_out"
    " FROM dropped_file f"
    " LEFT JOIN placement p ON p.creditor_id = f.creditor_id AND p.id = f.placement_id"
    " LEFT JOIN placement_row r ON r.creditor_id = f.creditor_id AND r.placement_id = f.placement_id"
    "  AND r.row = (f.facts ->> 'first')::int AND f.kind = 'invoice'"
    " LEFT JOIN incoming_document n ON n.creditor_id = f.creditor_id AND n.sha256 = f.sha256"
    "  AND f.kind = 'document'"
    " LEFT JOIN claim c ON c.creditor_id = f.creditor_id"
    "  AND c.id = coalesce(f.claim_id, n.claim_id, r.claim_id)"
    " WHERE f.creditor_id = :c AND f.drop_id = :d ORDER BY f.id LIMIT 5000"
)


@dataclass(frozen=True)
class Line:
    """One file as its line on the page shows it; `href` leads to what it became, or to the question."""

    id: UUID
    name: str
    within: str
    chip: Chip
    text: str
    href: str = ""
    can_cancel: bool = False


@routes.post("/drops")
def begin(unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """Begin a drop; the browser then sends each file by itself."""
    drop_id = start_drop(unit, creditor_id=own_creditor(visitor))
    return JSONResponse({"url": f"/creditor/drops/{drop_id}"}, status_code=201)


@routes.post("/drops/{drop_id:uuid}/files")
def add(
    unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields, drop_id: UUID
) -> Response:
    """Take one file of a drop and tell what it is; a refusal is a sentence for the file's own line."""
    upload = fields.get("file")
    try:
        if not isinstance(upload, UploadFile):
            raise Invalid("choose a file first", field="file")
        with unit.session.begin_nested():
            added = add_to_drop(
                unit,
                wiring.ports.files,
                wiring.ports.read_einvoice,
                creditor_id=own_creditor(visitor),
                drop_id=drop_id,
                key=str(fields.get("key", "")),
                name=upload.filename or "file",
                content=upload.file.read(),
                bytes_max=wiring.settings.upload_bytes_max,
            )
    except Invalid as refusal:
        return PlainTextResponse(sentence(refusal.message), status_code=422)
    return JSONResponse({"files": len(added)}, status_code=201)


@routes.post("/drops/{drop_id:uuid}/reading")
def read(unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, drop_id: UUID) -> Response:
    """Hand over what has arrived, as one placement with one price, and file the documents."""
    creditor_id = own_creditor(visitor)
    count = len(_lines(unit, creditor_id, drop_id))
    name = ngettext("%(num)s file", "%(num)s files", count) % {"num": format_number(count)}
    read_drop(unit, wiring.ports, creditor_id=creditor_id, drop_id=drop_id, name=name)
    return leave_for(f"/creditor/drops/{drop_id}")


@routes.post("/drops/{drop_id:uuid}/files/{file_id:uuid}/cancellation")
def cancel(unit: CreditorUnit, visitor: TheVisitor, drop_id: UUID, file_id: UUID) -> Response:
    """Leave a file out that was not handed over yet."""
    cancel_file(unit, creditor_id=own_creditor(visitor), drop_id=drop_id, file_id=file_id)
    return leave_for(f"/creditor/drops/{drop_id}")


@routes.get("/drops/{drop_id:uuid}")
def drop(request: Request, unit: CreditorUnit, visitor: TheVisitor, drop_id: UUID) -> Response:
    """What became of every file of a drop, and its price."""
    creditor_id = own_creditor(visitor)
    find_drop(unit, creditor_id=creditor_id, drop_id=drop_id)
    lines = _lines(unit, creditor_id, drop_id)
    settled = sum(line.chip not in (WAITING, READING) for line in lines)
    return creditor_page(
        request,
        "drop.html",
        drop_id=drop_id,
        lines=lines,
        settled=settled,
        waiting=any(line.chip == WAITING for line in lines),
        questions=sum(line.chip == QUESTION for line in lines),
        quotes=_quotes(unit, creditor_id, drop_id),
    )


def _lines(unit: Unit, creditor_id: UUID, drop_id: UUID) -> list[Line]:
    rows = unit.session.connection().execute(_FILES, {"c": creditor_id, "d": drop_id})
    return [_line(row, drop_id) for row in rows]


def _line(row: Row[Any], drop_id: UUID) -> Line:
    chip, words, href = _became(row, drop_id)
    return Line(
        row.id,
        row.name,
        row.within,
        chip,
        words,
        href,
        can_cancel=chip in (WAITING, QUESTION) and row.placement_id is None,
    )


def _became(row: Row[Any], drop_id: UUID) -> tuple[Chip, str, str]:
    """What a file has become, in words, and where that stands."""
    # A document that was a question may have been answered elsewhere since.
    if row.state == "question" and row.sorted == "not_needed":
        return NOT_NEEDED, "", ""
    if row.state == "document" or (row.state == "question" and row.sorted == "filed"):
        return DOCUMENT, gettext("on claim %(reference)s") % {"reference": row.reference}, _claim(row)
    if row.state == "claim":
        return CLAIM, _facts(row), _claim(row)
    if row.state == "question":
        asks = f"/creditor/drops/{drop_id}/files/{row.id}" if "values" in row.facts else ""
        if row.question == WHICH_CLAIM:
            asks = "/creditor/sorting"
        return QUESTION, sentence(row.question or ""), asks
    if row.state in STORED:
        return STORED[row.state], sentence(row.question or ""), ""
    if row.placement_id is None:
        return WAITING, _facts(row), ""
    return _placed(row)


def _placed(row: Row[Any]) -> tuple[Chip, str, str]:
    """What a file that is a placement of its own has become."""
    placement = f"/creditor/placements/{row.placement_id}"
    if row.placed in BEING_READ:
        return READING, _facts(row), placement
    if row.placed == "mapping":
        return QUESTION, gettext("What do the columns mean?"), placement
    if row.placed == "refused":
        return REFUSED, sentence(row.refusal or ""), placement
    if row.kind == "invoice":
        if row.claim_id is None:
            return QUESTION, _rejects(row.rejects), placement
        return CLAIM, _facts(row), _claim(row)
    taken, left_out = (
        (row.taken, row.left_out)
        if "first" in row.facts
        else (row.created + row.updated + row.merged, row.rejected)
    )
    words = ngettext(
        "%(num)s row taken, %(rejected)s rejected", "%(num)s rows taken, %(rejected)s rejected", taken
    ) % {"num": format_number(taken), "rejected": format_number(left_out)}
    return (QUESTION if left_out else CLAIM), words, placement


def _rejects(rejects: list[list[str]] | None) -> str:
    return "; ".join(
        f"{gettext(FIELDS.get(field, field))}: {told(reason)}" for field, reason in rejects or []
    )


def _claim(row: Row[Any]) -> str:
    return f"/creditor/claims/{row.claim_id}"


def _facts(row: Row[Any]) -> str:
    facts = row.facts
    if "number" in facts:
        amount = Money(facts["minor"], facts["currency"])
        return f"{facts['number']} · {facts['buyer']} · {format_money(amount)}"
    if "rows" in facts:
        return ngettext("%(num)s row", "%(num)s rows", facts["rows"]) % {"num": format_number(facts["rows"])}
    return ""


@dataclass(frozen=True)
class Earlier:
    """Files that were dropped together before, and what of them still waits for a person."""

    id: UUID
    started_at: datetime
    files: int
    waiting: int
    questions: int


def earlier_drops(unit: Unit, *, creditor_id: UUID) -> list[Earlier]:
    """This function will return a creditor's last drops: who closed the page finds the way back to them."""
    rows = unit.session.connection().execute(
        text(
            "SELECT d.id, d.started_at, count(*) AS files,"
            " count(*) FILTER (WHERE f.state = 'waiting' AND f.placement_id IS NULL) AS waiting,"
            " count(*) FILTER (WHERE (f.state = 'question' AND coalesce(n.state, 'waiting') = 'waiting')"
            "  OR p.state = 'mapping') AS questions"
            " FROM (SELECT id, started_at FROM intake_drop WHERE creditor_id = :c"
            "  ORDER BY started_at DESC LIMIT :latest) d"
            " JOIN dropped_file f ON f.creditor_id = :c AND f.drop_id = d.id"
            " LEFT JOIN placement p ON p.creditor_id = :c AND p.id = f.placement_id AND f.state = 'waiting'"
            " LEFT JOIN incoming_document n ON n.creditor_id = :c AND n.sha256 = f.sha256"
            "  AND f.kind = 'document'"
            " GROUP BY d.id, d.started_at ORDER BY d.started_at DESC"
        ),
        {"c": creditor_id, "latest": EARLIER_LOOKED_AT},
    )
    found = [Earlier(*row) for row in rows]
    last = [drop.id for drop in found[:EARLIER_SHOWN]]
    return [drop for drop in found if drop.waiting or drop.questions or drop.id in last]


def _quotes(unit: Unit, creditor_id: UUID, drop_id: UUID) -> list[dict[str, Any]]:
    rows = unit.session.connection().execute(
        text(
            "SELECT DISTINCT ON (q.placement_id) q.id, q.number, q.claims, q.principal_minor, q.currency,"
            " q.fee_bps_average FROM quote q WHERE q.creditor_id = :c AND q.state IN ('open', 'accepted')"
            " AND q.placement_id IN (SELECT f.placement_id FROM dropped_file f WHERE f.creditor_id = :c"
            "  AND f.drop_id = :d) ORDER BY q.placement_id, q.issued_at DESC"
        ),
        {"c": creditor_id, "d": drop_id},
    )
    return [dict(row._mapping) | {"principal": Money(row.principal_minor, row.currency)} for row in rows]
