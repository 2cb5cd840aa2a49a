"""What debtors wrote: the queue, one message with what it is about, and the answer that is let go."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Row
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.models import Claim
from agency.communication.inbound.answering import close_reply, release_answer
from agency.communication.inbound.drafts import draft_for
from agency.communication.inbound.models import Reply, ReplyState
from agency.communication.inbound.queries import (
    REPLY_ORDERS,
    next_reply,
    replies_to_read,
    reply_of,
    unmatched_count,
    waiting_by_topic,
)
from agency.kernel.errors import NotFound
from agency.kernel.files import fetch
from agency.kernel.unit import Unit
from agency.parties.models import Creditor, Debtor
from agency.rules.inbound.triage import Topic
from portal.collector.doors import claim_url, desk_page, routes
from portal.collector.inbound_words import FOLLOWS, MARKS, STATES, TOPICS, WAY_ICONS, WAYS
from portal.shared.audience import StaffUnit, TheWiring, leave_for
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, format_number, gettext
from portal.shared.listing import Column, Cut, Listing
from portal.wiring import Wiring

COLUMNS = (
    Column("debtor", N_("Debtor"), "link", sub="number", sort=True),
    Column("topic", N_("About"), "chip"),
    Column("words", N_("Message"), "html"),
    Column("creditor", N_("Creditor"), phone=False),
    Column("received_at", N_("Received"), "html", sort=True),
)
ONE = "/inbound/{creditor_id:uuid}/{reply_id:uuid}"
_WORDS_IN_LIST = 160


class AnswerForm(FormModel):
    """The topic that a person decided on, and the answer; an empty one closes the message without any."""

    topic: Topic
    words: str = ""


@routes.get("/inbound")
def replies(request: Request, unit: StaffUnit) -> Response:
    """Messages of debtors that wait to be read, the oldest first; or those that were read."""
    listing = Listing.read(
        "/desk/inbound", request.query_params, sorts=tuple(REPLY_ORDERS), default="received_at",
        filters=("q", "topic", "read"),
    )  # fmt: skip
    topic = listing.filters.get("topic", "")
    statement = replies_to_read(
        topic=topic if topic in TOPICS else "",
        words=listing.filters.get("q", ""),
        read=bool(listing.filters.get("read")),
    )
    statement = listing.apply(statement, columns=REPLY_ORDERS, tie=col(Reply.id))
    rows = unit.session.connection().execute(statement).all()
    cut = listing.cut(rows, position=lambda row: (_position(row, listing.sort), row.reply_id))
    waiting = waiting_by_topic(unit)
    return desk_page(
        request,
        "inbound.html",
        columns=COLUMNS,
        listing=listing,
        cut=Cut([_row(row) for row in cut.rows], cut.next_url, cut.previous_url, cut.total),
        topics=[
            (key, f"{gettext(chip.label)} ({format_number(waiting.get(key, 0))})")
            for key, chip in TOPICS.items()
        ],
        waiting=sum(waiting.values()),
        in_danger=waiting.get(Topic.DANGER, 0),
        unmatched=unmatched_count(unit),
        now=unit.now,
    )


@routes.get("/inbound/next")
def following(unit: StaffUnit) -> Response:
    """The message that waits longest."""
    return _to_next(unit, None)


@routes.get(ONE)
def one(request: Request, unit: StaffUnit, creditor_id: UUID, reply_id: UUID) -> Response:
    """One message: its words, why it is here, what it seems to be about, and a draft of the answer."""
    return _show(request, unit, reply_of(unit, creditor_id=creditor_id, reply_id=reply_id))


@routes.get(ONE + "/next")
def after(unit: StaffUnit, creditor_id: UUID, reply_id: UUID) -> Response:
    """The message after this one; this one keeps waiting."""
    return _to_next(unit, reply_of(unit, creditor_id=creditor_id, reply_id=reply_id))


@routes.post(ONE + "/answer")
def answer(request: Request, unit: StaffUnit, fields: Fields, creditor_id: UUID, reply_id: UUID) -> Response:
    """Let the answer go; it leaves through the same gate as every message."""
    form = submitted(AnswerForm, fields)
    with form.attempt(unit):
        release_answer(
            unit, creditor_id=creditor_id, reply_id=reply_id, topic=form.data.topic, words=form.data.words
        )
    return _decided(request, unit, creditor_id, reply_id, form, N_("The answer leaves now."))


@routes.post(ONE + "/close")
def close(request: Request, unit: StaffUnit, fields: Fields, creditor_id: UUID, reply_id: UUID) -> Response:
    """Note that the message was read and needs no answer."""
    form = submitted(AnswerForm, fields)
    with form.attempt(unit):
        close_reply(unit, creditor_id=creditor_id, reply_id=reply_id, topic=form.data.topic)
    return _decided(request, unit, creditor_id, reply_id, form, N_("Read; nothing was answered."))


@routes.get(ONE + "/original")
def original(unit: StaffUnit, wiring: TheWiring, creditor_id: UUID, reply_id: UUID) -> Response:
    """The message as it came in: always a download."""
    reply = reply_of(unit, creditor_id=creditor_id, reply_id=reply_id)
    return as_it_came(unit, wiring, creditor_id=creditor_id, sha256=reply.sha256)


def as_it_came(unit: Unit, wiring: Wiring, *, creditor_id: UUID, sha256: str) -> Response:
    """This function will answer with a stored message as a download that no browser opens as a page.

    :raises NotFound: this creditor has no such file.
    """
    content, media_type = fetch(unit, wiring.ports.files, creditor_id=creditor_id, sha256=sha256)
    endings = {
        "message/rfc822": "eml",
        "application/json": "json",
        "application/pdf": "pdf",
        "image/png": "png",
        "image/tiff": "tif",
    }
    name = quote(f"message-{sha256[:8]}.{endings.get(media_type, 'jpg')}")
    return Response(
        content,
        media_type=media_type,
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{name}",
            "content-security-policy": "sandbox; default-src 'none'",
        },
    )


def _decided(
    request: Request, unit: Unit, creditor_id: UUID, reply_id: UUID, form: Form[AnswerForm], notice: str
) -> Response:
    reply = reply_of(unit, creditor_id=creditor_id, reply_id=reply_id)
    if form.errors:
        return _show(request, unit, reply, form=form)
    return _to_next(unit, reply, notice=notice)


def _to_next(unit: Unit, reply: Reply | None, *, notice: str = "") -> Response:
    found = next_reply(unit, after=reply)
    url = f"/desk/inbound/{found.creditor_id}/{found.id}" if found else "/desk/inbound"
    return leave_for(url, notice=notice) if notice else leave_for(url)


def _show(request: Request, unit: Unit, reply: Reply, *, form: Form[Any] | None = None) -> Response:
    """The page; `?topic=` chooses another topic, with its draft."""
    asked = request.query_params.get("topic", "")
    typed = str(form.values.get("topic", "")) if form else ""
    decided = reply.decided_topic or reply.topic
    chosen = next((one for one in (typed, asked) if one in TOPICS), str(decided))
    claim = unit.session.get(Claim, (reply.creditor_id, reply.claim_id))
    if claim is None:
        raise NotFound("no such claim")
    debtor = unit.session.get_one(Debtor, (reply.creditor_id, claim.debtor_id))
    draft = draft_for(Topic(chosen), reply.language)
    return desk_page(
        request,
        "reply.html",
        status=422 if form and form.errors else 200,
        reply=reply,
        url=f"/desk/inbound/{reply.creditor_id}/{reply.id}",
        claim=claim,
        claim_href=claim_url(reply.creditor_id, reply.claim_id),
        debtor=debtor,
        creditor=unit.session.get_one(Creditor, reply.creditor_id).name,
        chip=STATES.get(reply.state),
        waits=reply.state == ReplyState.WAITING,
        way=gettext(WAYS[reply.channel]),
        way_icon=WAY_ICONS[reply.channel],
        found_by=gettext(MARKS.get(reply.found_by, reply.found_by)),
        signs=_signs(reply),
        topics=[(key, chip, FOLLOWS[key]) for key, chip in TOPICS.items()],
        chosen=chosen,
        follows=FOLLOWS[chosen],
        form=form or blank(words=draft, topic=chosen),
    )


def _signs(reply: Reply) -> list[tuple[Any, str]]:
    """The words of each topic that were found, the likeliest topic first."""
    by_topic: dict[str, list[str]] = {}
    for topic, words, _, _ in reply.signs:
        by_topic.setdefault(topic, []).append(words)
    return [(TOPICS[topic], ", ".join(f"“{one}”" for one in words)) for topic, words in by_topic.items()]


def _position(row: Row[Any], sort: str) -> Any:
    return row.name_key if sort == "debtor" else row.received_at


def _row(row: Row[Any]) -> dict[str, Any]:
    words = " ".join((row.words or row.subject).split())
    return {
        "id": row.reply_id,
        "href": f"/desk/inbound/{row.creditor_id}/{row.reply_id}",
        "debtor": row.debtor,
        "number": row.number,
        "creditor": row.creditor,
        "topic": TOPICS[row.decided_topic or row.topic],
        "words": words[:_WORDS_IN_LIST] + ("…" if len(words) > _WORDS_IN_LIST else ""),
        "way": gettext(WAYS[row.channel]),
        "way_icon": WAY_ICONS[row.channel],
        "files": len(row.files),
        "received_at": row.received_at,
    }
