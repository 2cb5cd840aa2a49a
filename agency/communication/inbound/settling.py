"""Messages without a claim: a person finds the claim or sets the message aside, and may take either back."""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.communication.inbound.models import Inbound, InboundChannel, InboundState, Reply, ReplyState
from agency.communication.inbound.pausing import free_candidates, free_when_read, pause_candidates
from agency.communication.inbound.replies import keep_reply
from agency.events import MessageWaitsForClaim, ReplyDecided
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore
from agency.rules.inbound.mail import Part, read_mail

DISCARD_REASONS: Final = ("advertising", "not_about_a_claim", "duplicate", "unreadable", "answered_otherwise")
_LAST = text(
    "SELECT id FROM inbound WHERE decided_by = :by AND decided_at > app.now() - interval '1 hour'"
    " AND state IN ('threaded', 'discarded') ORDER BY decided_at DESC, id DESC LIMIT 1"
)


class UnableToSettle(Conflict):
    """The message does not wait any more, or what was done with it cannot be taken back any more."""


def attach(unit: Unit, files: FileStore, *, inbound_id: UUID, creditor_id: UUID, claim_id: UUID) -> UUID:
    """This function will put a message that waits on a claim and return the reply's id.

    :raises NotFound: no such message, or this creditor has no such claim.
    :raises UnableToSettle: it does not wait any more.
    """
    inbound = _waiting(unit, inbound_id)
    attachments: tuple[Part, ...] = ()
    if inbound.channel == InboundChannel.EMAIL:
        attachments = read_mail(files.get(inbound.sha256)).attachments
    reply_id = keep_reply(
        unit, files, inbound, creditor_id=creditor_id, claim_id=claim_id, found_by="person",
        attachments=attachments,
    )  # fmt: skip
    _note(unit, inbound, "inbound.attached", creditor_id=creditor_id, claim=str(claim_id))
    free_candidates(unit, inbound)
    return reply_id


def discard(unit: Unit, *, inbound_id: UUID, reason: str, words: str = "") -> None:
    """This function will set a message aside for a reason.

    :raises Invalid: no such reason.
    :raises NotFound, UnableToSettle: see `attach`.
    """
    if reason not in DISCARD_REASONS:
        raise Invalid("say why this message is not needed", field="reason")
    inbound = _waiting(unit, inbound_id)
    inbound.state, inbound.why = InboundState.DISCARDED, f"{reason} {words.strip()}".strip()[:300]
    _note(unit, inbound, "inbound.discarded", reason=reason)
    free_candidates(unit, inbound)


def undo(unit: Unit, *, inbound_id: UUID) -> None:
    """This function will let a message wait again that a person had put on a claim or set aside.

    :raises NotFound: no such message.
    :raises UnableToSettle: nobody decided on it, or its reply was read meanwhile.
    """
    inbound = _inbound(unit, inbound_id)
    if inbound.decided_by is None or inbound.state not in (InboundState.THREADED, InboundState.DISCARDED):
        raise UnableToSettle("nobody has decided on this message")
    if inbound.reply_id is not None and inbound.for_creditor_id is not None:
        _withdraw(unit, inbound.for_creditor_id, inbound.reply_id)
    inbound.state, inbound.why = InboundState.QUARANTINED, "taken_back"
    inbound.for_creditor_id = inbound.for_claim_id = inbound.reply_id = None
    _note(unit, inbound, "inbound.taken_back")
    inbound.decided_at = inbound.decided_by = None
    unit.session.flush()
    pause_candidates(unit, inbound)
    emit(unit, MessageWaitsForClaim(creditor_id=HOUSE, inbound_id=inbound.id, why="taken_back"))


def last_settled(unit: Unit) -> Inbound | None:
    """This function will return what this person settled last, within the hour, so that it can be undone."""
    found = unit.session.connection().execute(_LAST, {"by": unit.by}).scalar()
    return None if found is None else _inbound(unit, found)


def _withdraw(unit: Unit, creditor_id: UUID, reply_id: UUID) -> None:
    reply = unit.session.exec(
        select(Reply).where(Reply.creditor_id == creditor_id, Reply.id == reply_id).with_for_update()
    ).one()
    if reply.state != ReplyState.WAITING:
        raise UnableToSettle("the message was read meanwhile")
    reply.state, reply.decided_at, reply.decided_by = ReplyState.WITHDRAWN, unit.now, unit.by
    unit.session.flush()
    free_when_read(unit, creditor_id=creditor_id, claim_id=reply.claim_id)
    emit(
        unit,
        ReplyDecided(
            creditor_id=creditor_id, claim_id=reply.claim_id, reply_id=reply.id, decision="withdrawn",
            topic=reply.topic,
        ),
    )  # fmt: skip


def _waiting(unit: Unit, inbound_id: UUID) -> Inbound:
    inbound = _inbound(unit, inbound_id)
    if inbound.state != InboundState.QUARANTINED:
        raise UnableToSettle("this message does not wait any more")
    return inbound


def _inbound(unit: Unit, inbound_id: UUID) -> Inbound:
    inbound = unit.session.exec(
        select(Inbound).where(Inbound.creditor_id == HOUSE, Inbound.id == inbound_id).with_for_update()
    ).one_or_none()
    if inbound is None:
        raise NotFound("no such message")
    return inbound


def _note(
    unit: Unit, inbound: Inbound, action: str, *, creditor_id: UUID | None = None, **facts: str
) -> None:
    inbound.decided_at, inbound.decided_by = unit.now, unit.by
    unit.session.flush()
    record(
        unit,
        action=action,
        subject=f"inbound:{inbound.id}",
        creditor_id=creditor_id or HOUSE,
        facts=dict(facts),
    )
