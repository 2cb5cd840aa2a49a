"""Messages of which nobody could tell to which claim they belong: found a claim, or set aside, with the
keyboard; and scanned letters, which come in here."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlmodel import col
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.finding import find_claims
from agency.communication.inbound.models import Inbound, InboundState
from agency.communication.inbound.queries import (
    INBOUND_ORDERS,
    candidates_of,
    inbound_of,
    messages_without_claim,
    next_without_claim,
    unmatched_count,
    waiting_by_topic,
)
from agency.communication.inbound.scanning import take_scan
from agency.communication.inbound.settling import attach, discard, last_settled, undo
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.rules.inbound.kind import said_by_writer
from agency.rules.inbound.triage import ABOUT_PERSON, Topic, triage
from portal.collector.doors import claim_url, desk_page, routes
from portal.collector.inbound import as_it_came
from portal.collector.inbound_words import DISCARDS, KINDS, MARKS, TOPICS, WAY_ICONS, WAYS, WHY_WAITING
from portal.shared.audience import StaffUnit, TheWiring, leave_for
from portal.shared.filled_in import sentence, told
from portal.shared.forms import Fields
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Chip, Column, Cut, Listing

BASE = "/desk/inbound/unmatched"
ONE = "/inbound/unmatched/{inbound_id:uuid}"
COLUMNS = (
    Column("sender", N_("From"), "link", sub="subject"),
    Column("kind", N_("Kind"), "chip"),
    Column("why", N_("Why it waits"), phone=False),
    Column("candidates", N_("Claims that may fit"), "number", phone=False),
    Column("received_at", N_("Received"), "moment", sort=True),
)
LETTERS_AT_ONCE = 50


@routes.get("/inbound/unmatched")
def unmatched(request: Request, unit: StaffUnit) -> Response:
    """Every message that waits for its claim, the oldest first."""
    return _list(request, unit)


@routes.get("/inbound/unmatched/next")
def next_unmatched(unit: StaffUnit) -> Response:
    """The message that waits longest."""
    return _to_next(unit, None)


@routes.post("/inbound/letters")
def letters(request: Request, unit: StaffUnit, wiring: TheWiring, fields: Fields) -> Response:
    """Take scanned letters in; what is refused is named with its reason, the rest is kept."""
    given = fields.get("file", [])
    uploads = [one for one in (given if isinstance(given, list) else [given]) if isinstance(one, UploadFile)]
    refused: list[str] = []
    taken = known = 0
    for upload in uploads[:LETTERS_AT_ONCE]:
        name = upload.filename or "scan"
        try:
            with unit.session.begin_nested():
                found = take_scan(unit, wiring.ports.files, name=name, content=upload.file.read())
        except Invalid as refusal:
            refused.append(f"{name}: {told(refusal.message)}")
        else:
            taken, known = taken + (found is not None), known + (found is None)
    if not uploads:
        refused.append(sentence("choose a file first"))
    if len(uploads) > LETTERS_AT_ONCE:
        refused.append(gettext("At most %(count)s letters at once.") % {"count": LETTERS_AT_ONCE})
    if refused:
        return _list(request, unit, refused=refused, status=422)
    notice = gettext("%(taken)s letters came in, %(known)s were here already.") % {
        "taken": taken,
        "known": known,
    }
    return leave_for(BASE, notice=notice)


@routes.get(ONE)
def one_unmatched(request: Request, unit: StaffUnit, inbound_id: UUID) -> Response:
    """One message, with the claims that it may belong to."""
    return _show(request, unit, inbound_id)


@routes.post(ONE)
def settle(
    request: Request, unit: StaffUnit, wiring: TheWiring, fields: Fields, inbound_id: UUID
) -> Response:
    """Put the message on a claim, or set it aside; the next one opens."""
    try:
        with unit.session.begin_nested():
            if reason := str(fields.get("reason") or ""):
                discard(
                    unit, inbound_id=inbound_id, reason=reason, words=str(fields.get("words") or "")[:200]
                )
            else:
                creditor_id, claim_id = _chosen(unit, str(fields.get("claim") or "").strip())
                attach(
                    unit,
                    wiring.ports.files,
                    inbound_id=inbound_id,
                    creditor_id=creditor_id,
                    claim_id=claim_id,
                )
    except (Invalid, Conflict, NotFound) as refusal:
        return _show(request, unit, inbound_id, error=refusal.message, status=refusal.status)
    return _to_next(unit, inbound_of(unit, inbound_id))


@routes.post(ONE + "/undo")
def take_back(unit: StaffUnit, inbound_id: UUID) -> Response:
    """Let a message wait again."""
    undo(unit, inbound_id=inbound_id)
    return leave_for(f"{BASE}/{inbound_id}", notice=N_("Undone: the message waits again."))


@routes.get(ONE + "/original")
def original_unmatched(unit: StaffUnit, wiring: TheWiring, inbound_id: UUID) -> Response:
    """The message as it came in: always a download."""
    return as_it_came(unit, wiring, creditor_id=HOUSE, sha256=inbound_of(unit, inbound_id).sha256)


def _list(request: Request, unit: Unit, *, refused: list[str] | None = None, status: int = 200) -> Response:
    listing = Listing.read(
        BASE, request.query_params, sorts=tuple(INBOUND_ORDERS), default="received_at", filters=("q",)
    )
    statement = messages_without_claim(words=listing.filters.get("q", ""))
    rows = unit.session.connection().execute(
        listing.apply(statement, columns=INBOUND_ORDERS, tie=col(Inbound.id))
    )
    cut = listing.cut(rows.all(), position=lambda row: (row.received_at, row.id))
    return desk_page(
        request,
        "unmatched_list.html",
        status=status,
        columns=COLUMNS,
        listing=listing,
        cut=Cut([_row(row) for row in cut.rows], cut.next_url, cut.previous_url, cut.total),
        waiting=sum(waiting_by_topic(unit).values()),
        unmatched=unmatched_count(unit),
        undo=last_settled(unit),
        refused=refused or [],
    )


def _show(request: Request, unit: Unit, inbound_id: UUID, *, error: str = "", status: int = 200) -> Response:
    inbound = inbound_of(unit, inbound_id)
    words = request.query_params.get("q", "").strip()[:100].replace("\0", "")
    last = last_settled(unit)
    on_claim = (
        claim_url(inbound.for_creditor_id, inbound.for_claim_id)
        if inbound.for_creditor_id and inbound.for_claim_id
        else ""
    )
    return desk_page(
        request,
        "unmatched.html",
        status=status,
        message=inbound,
        url=f"{BASE}/{inbound.id}",
        waits=inbound.state == InboundState.QUARANTINED,
        kind=_chip(inbound),
        way=gettext(WAYS[inbound.channel]),
        way_icon=WAY_ICONS[inbound.channel],
        why=gettext(WHY_WAITING[inbound.why]) if inbound.why in WHY_WAITING else "",
        candidates=[_candidate(row, marks) for row, marks in candidates_of(unit, inbound)],
        found=[_candidate(row, []) for row in find_claims(unit, words=words)] if words else [],
        words=words,
        reasons=list(DISCARDS.items()),
        undo=last if last and last.id != inbound.id else None,
        undoable=inbound.decided_by is not None and inbound.state in ("threaded", "discarded"),
        on_claim=on_claim,
        error=error,
    )


def _to_next(unit: Unit, inbound: Inbound | None) -> Response:
    found = next_without_claim(unit, after=inbound)
    return leave_for(f"{BASE}/{found}" if found else BASE)


def _chosen(unit: Unit, said: str) -> tuple[UUID, UUID]:
    """A claim by its creditor and id, or by a number that means one claim."""
    creditor, _, claim = said.partition(":")
    try:
        return UUID(creditor), UUID(claim)
    except ValueError:
        rows = [
            row
            for row in find_claims(unit, words=said.replace("\0", ""))
            if said in (row.number, row.reference)
        ]
    if len(rows) != 1:
        raise Invalid(N_("Choose a claim: no single claim has this number."), field="claim")
    return rows[0].creditor_id, rows[0].id


def _candidate(row: Row[Any], marks: list[str]) -> dict[str, Any]:
    return {
        "value": f"{row.creditor_id}:{row.id}",
        "number": row.number,
        "debtor": row.debtor,
        "creditor": row.creditor,
        "marks": ", ".join(gettext(MARKS.get(mark, mark)) for mark in marks),
    }


def _chip(message: Row[Any] | Inbound) -> Chip:
    """The kind of a message, or what its words tell that cannot wait for a claim to be found: danger, a
    death, a court's order."""
    if message.kind in ("reply", "stop"):
        about = triage(said_by_writer(message.subject, message.words)).topic
        if about is Topic.DANGER or about in ABOUT_PERSON:
            return TOPICS[about]
    return KINDS[message.kind]


def _row(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "href": f"{BASE}/{row.id}",
        "sender": row.from_name or row.from_value or gettext(WAYS[row.channel]),
        "subject": " ".join((row.subject or row.words).split())[:120],
        "kind": _chip(row),
        "why": gettext(WHY_WAITING.get(row.why, row.why)),
        "candidates": len(row.candidates),
        "received_at": row.received_at,
    }
