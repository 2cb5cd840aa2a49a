"""Sorting incoming files, for whichever door: the pile, one file at a time, deciding, and undoing it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.claims.finding import find_claims
from agency.documents.sorting import (
    NOT_NEEDED_REASONS,
    candidates_of,
    choose_claim,
    incoming_file,
    last_decision,
    place_of,
    set_aside,
    undo,
    waiting_count,
    waiting_files,
)
from agency.documents.waiting import IncomingDocument, IncomingState
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.ports.providers import FileStore
from agency.rules.facts import DocumentKind
from integrations.rendering.page_images import NoPicture, page_count, page_pictures
from portal.shared.audience import leave_for, show
from portal.shared.i18n import N_, gettext
from portal.shared.words import DOCUMENTS

ON_A_PAGE = 100
REASONS = {
    "duplicate": N_("It is here twice"),
    "not_about_a_claim": N_("It is not about a claim"),
    "unreadable": N_("It cannot be read"),
    "claim_not_placed": N_("The claim will not be placed"),
    "other": N_("Something else"),
}
SIGNS = {
    "claim_number": N_("claim number"),
    "payment_reference": N_("payment reference"),
    "invoice_number": N_("invoice number"),
    "reference": N_("your reference"),
    "name": N_("name"),
    "customer_number": N_("customer number"),
    "registration": N_("registration number"),
    "amount": N_("amount"),
    "postal_code": N_("postcode"),
    "iban": N_("account number"),
}
assert set(REASONS) == set(NOT_NEEDED_REASONS), "every reason has its words"


@dataclass(frozen=True)
class Pile:
    """The files of one creditor as one door shows them; `new_claim` is empty where none can be placed."""

    unit: Unit
    files: FileStore
    creditor_id: UUID
    base: str
    claim_url: Callable[[UUID], str]
    new_claim: str = ""
    title: str = ""


def show_pile(request: Request, pile: Pile, *, error: str = "", status: int = 200) -> Response:
    """This function will answer with the files that wait, for choosing several at once."""
    drop = _drop(request)
    waiting = waiting_files(pile.unit, creditor_id=pile.creditor_id, drop_id=drop, limit=ON_A_PAGE)
    words = request.query_params.get("q", "").strip()[:100]
    return show(
        request,
        "sorting/pile.html",
        {
            "pile": pile,
            "waiting": [_row(pile, one) for one in waiting],
            "total": waiting_count(pile.unit, creditor_id=pile.creditor_id).get(pile.creditor_id, 0),
            "found": _found(pile, words),
            "words": words,
            "reasons": list(REASONS.items()),
            "undo": _last(pile),
            "error": error,
        },
        status=status,
    )


def go_to_next(pile: Pile, after: UUID | None = None) -> RedirectResponse:
    """This function will send the browser to the file after one, or to the first, or to the empty pile."""
    following = waiting_files(pile.unit, creditor_id=pile.creditor_id, after=after, limit=1)
    if not following and after is not None:
        following = waiting_files(pile.unit, creditor_id=pile.creditor_id, limit=1)
    return leave_for(f"{pile.base}/{following[0].id}" if following else pile.base)


def show_file(
    request: Request, pile: Pile, incoming_id: UUID, *, error: str = "", status: int = 200
) -> Response:
    """This function will answer with one file: its pages, the claims it may belong to and why.

    :raises NotFound: this creditor has no such file.
    """
    incoming = incoming_file(pile.unit, creditor_id=pile.creditor_id, incoming_id=incoming_id)
    words = request.query_params.get("q", "").strip()[:100]
    pages = min(page_count(pile.files.get(incoming.sha256), incoming.media_type), 20)
    return show(
        request,
        "sorting/file.html",
        {
            "pile": pile,
            "file": incoming,
            "waits": incoming.state == IncomingState.WAITING,
            "place": place_of(pile.unit, incoming),
            "pages": range(1, pages + 1),
            "candidates": [
                _candidate(row, score, reasons) for row, score, reasons in candidates_of(pile.unit, incoming)
            ],
            "found": _found(pile, words),
            "words": words,
            "kinds": [(kind.value, DOCUMENTS[kind]) for kind in DocumentKind],
            "reasons": list(REASONS.items()),
            "undo": _last(pile),
            "filed_url": pile.claim_url(incoming.claim_id) if incoming.claim_id else "",
            "error": error,
        },
        status=status,
    )


def page_picture(pile: Pile, incoming_id: UUID, number: int) -> Response:
    """This function will answer with one page (from 1) of an incoming file as a picture.

    :raises NotFound: no such file, or it has no such page to show.
    """
    incoming = incoming_file(pile.unit, creditor_id=pile.creditor_id, incoming_id=incoming_id)
    try:
        pages = range(number - 1, number)
        [picture] = page_pictures(pile.files.get(incoming.sha256), incoming.media_type, pages=pages)
    except (NoPicture, ValueError):
        raise NotFound("this page cannot be shown") from None
    return Response(picture, media_type="image/jpeg", headers={"cache-control": "private, max-age=600"})


def original(pile: Pile, incoming_id: UUID) -> Response:
    """This function will answer with an incoming file as it came: always a download.

    :raises NotFound: this creditor has no such file.
    """
    incoming = incoming_file(pile.unit, creditor_id=pile.creditor_id, incoming_id=incoming_id)
    return Response(
        pile.files.get(incoming.sha256),
        media_type=incoming.media_type,
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(incoming.name, safe='')}",
            "content-security-policy": "sandbox; default-src 'none'",
        },
    )


def decide(request: Request, pile: Pile, incoming_id: UUID, fields: dict[str, Any]) -> Response:
    """This function will put one file where the form says and go to the next one."""
    try:
        with pile.unit.session.begin_nested():
            _decide(pile, [incoming_id], fields)
    except (Invalid, Conflict, NotFound) as refusal:
        return show_file(request, pile, incoming_id, error=refusal.message, status=422)
    return go_to_next(pile, after=incoming_id)


def decide_many(request: Request, pile: Pile, fields: dict[str, Any]) -> Response:
    """This function will put the chosen files where the form says: all of them or none."""
    try:
        with pile.unit.session.begin_nested():
            count = _decide(pile, _chosen(fields), fields)
    except (Invalid, Conflict, NotFound) as refusal:
        return show_pile(request, pile, error=refusal.message, status=422)
    return leave_for(pile.base, notice=gettext("%(count)s files have their place.") % {"count": count})


def take_back(pile: Pile, incoming_id: UUID) -> Response:
    """This function will undo a decision and show the file again."""
    undo(pile.unit, creditor_id=pile.creditor_id, incoming_id=incoming_id)
    return leave_for(f"{pile.base}/{incoming_id}", notice=N_("Undone: the file waits again."))


def _decide(pile: Pile, ids: list[UUID], fields: dict[str, Any]) -> int:
    if reason := str(fields.get("reason") or ""):
        return set_aside(
            pile.unit,
            creditor_id=pile.creditor_id,
            incoming_ids=ids,
            reason=reason,
            words=str(fields.get("words") or "")[:300],
        )
    kind = str(fields.get("kind") or "")
    if kind and kind not in set(DocumentKind):
        raise Invalid("choose what the document is", field="kind")
    return choose_claim(
        pile.unit,
        pile.files,
        creditor_id=pile.creditor_id,
        incoming_ids=ids,
        claim_id=_claim_id(pile, str(fields.get("claim") or "").strip()),
        kind=DocumentKind(kind) if kind else None,
    )


def _claim_id(pile: Pile, said: str) -> UUID:
    """A claim by its id, or by a number that means one claim."""
    try:
        return UUID(said)
    except ValueError:
        found = [row for row in _searched(pile, said) if said in (row.number, row.reference)]
    if len(found) != 1:
        raise Invalid(N_("Choose a claim: no single claim has this number."), field="claim")
    claim_id: UUID = found[0].id
    return claim_id


def _chosen(fields: dict[str, Any]) -> list[UUID]:
    given = fields.get("file", [])
    try:
        chosen = [UUID(str(one)) for one in (given if isinstance(given, list) else [given])]
    except ValueError:
        chosen = []
    if not chosen:
        raise Invalid(N_("Choose files first."), field="file")
    return chosen


def _searched(pile: Pile, words: str) -> list[Any]:
    found = find_claims(pile.unit, words=words.replace("\0", ""), limit=100)
    return [row for row in found if row.creditor_id == pile.creditor_id]


def _found(pile: Pile, words: str) -> list[dict[str, Any]]:
    return [
        {"id": row.id, "number": row.number, "reference": row.reference, "debtor": row.debtor}
        for row in _searched(pile, words)[:8]
    ]


def _candidate(row: Any, score: int, reasons: list[list[str]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "reference": row.reference,
        "debtor": row.debtor,
        "amount": Money(row.principal_minor, row.currency),
        "score": min(100, score),
        "reasons": [(gettext(SIGNS.get(sign, sign)), words) for sign, words in reasons],
    }


def _row(pile: Pile, incoming: IncomingDocument) -> dict[str, Any]:
    likeliest = incoming.candidates[0] if incoming.candidates else None
    return {
        "id": incoming.id,
        "name": incoming.name,
        "href": f"{pile.base}/{incoming.id}",
        "kind": DOCUMENTS[DocumentKind(incoming.kind)],
        "at": incoming.received_at,
        "candidates": len(incoming.candidates),
        "reasons": [gettext(SIGNS.get(sign, sign)) for sign, _ in likeliest["reasons"]] if likeliest else [],
    }


def _last(pile: Pile) -> dict[str, Any] | None:
    decision = last_decision(pile.unit, creditor_id=pile.creditor_id, by=pile.unit.by)
    if decision is None:
        return None
    incoming = incoming_file(pile.unit, creditor_id=pile.creditor_id, incoming_id=decision.incoming_id)
    number = (
        pile.unit.session.connection()
        .execute(
            text("SELECT number FROM claim WHERE creditor_id = :c AND id = :id"),
            {"c": pile.creditor_id, "id": incoming.claim_id},
        )
        .scalar_one_or_none()
    )
    return {"id": incoming.id, "name": incoming.name, "number": number}


def _drop(request: Request) -> UUID | None:
    try:
        return UUID(request.query_params.get("drop", ""))
    except ValueError:
        return None
