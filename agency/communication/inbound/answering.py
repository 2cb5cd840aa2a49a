"""A person reads a reply: the answer leaves through the gate as every message does, and the claim is held for
what the debtor said; or it is closed, because nothing is to be answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.communication.inbound.drafts import paragraphs
from agency.communication.inbound.models import Reply, ReplyState
from agency.communication.inbound.opting_out import opt_out
from agency.communication.inbound.pausing import free_when_read
from agency.communication.planning import queue_message
from agency.disputes.raising import raise_dispute
from agency.events import PersonWanted, ReplyDecided
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit, agency_day
from agency.rules.facts import Channel, DebtorKind
from agency.rules.inbound.triage import ABOUT_PERSON, Topic
from agency.rules.tables import read_table

ANSWER_CHARACTERS_MAX: Final = 4_000
PARAGRAPHS_MAX: Final = 30
_BY_MAIL = text(
    "SELECT EXISTS (SELECT FROM claim c JOIN contact_point p ON p.creditor_id = c.creditor_id"
    " AND p.debtor_id = c.debtor_id WHERE c.creditor_id = :c AND c.id = :claim AND p.channel = 'email'"
    " AND p.state = 'usable')"
)
_KIND = text(
    "SELECT d.kind FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.id = :claim"
)


@dataclass(frozen=True, slots=True)
class _Follows:
    """What an answer under a topic puts on the claim; `days` 0 lasts until somebody lifts it."""

    ground: str
    days: int


class UnableToAnswer(Conflict):
    """The reply was read already, by this person or a colleague."""


def reply_to_read(unit: Unit, *, creditor_id: UUID, reply_id: UUID) -> Reply:
    """This function will return a reply that waits, locked.

    :raises NotFound: there is none.
    :raises UnableToAnswer: it does not wait any more.
    """
    reply = unit.session.exec(
        select(Reply).where(Reply.creditor_id == creditor_id, Reply.id == reply_id).with_for_update()
    ).one_or_none()
    if reply is None:
        raise NotFound("no such message")
    if reply.state != ReplyState.WAITING:
        raise UnableToAnswer("this message was read already")
    return reply


def release_answer(unit: Unit, *, creditor_id: UUID, reply_id: UUID, topic: Topic, words: str) -> UUID | None:
    """This function will queue the answer to a reply, do what its topic asks, and return the message's id.

    The answer goes to the debtor's own address, never to an unknown one that wrote; else by letter.

    :raises NotFound, UnableToAnswer: see `reply_to_read`.
    :raises Invalid: the answer is empty or too long.
    """
    reply = reply_to_read(unit, creditor_id=creditor_id, reply_id=reply_id)
    lines = paragraphs(words)
    if not lines:
        raise Invalid("write an answer, or close the message without one", field="words")
    if len(words) > ANSWER_CHARACTERS_MAX or len(lines) > PARAGRAPHS_MAX:
        raise Invalid(f"an answer has at most {ANSWER_CHARACTERS_MAX} characters", field="words")
    _follow(unit, reply, topic)
    by_mail = unit.session.connection().execute(_BY_MAIL, {"c": creditor_id, "claim": reply.claim_id})
    message_id = queue_message(
        unit,
        creditor_id=creditor_id,
        claim_id=reply.claim_id,
        channel=Channel.email if by_mail.scalar_one() else Channel.letter,
        step=f"answer:{reply.id}",
        cycle=1,
        template="answer",
        due_at=unit.now,
        facts={"answer": {"lines": lines, "on": agency_day(reply.received_at).isoformat()}},
    )
    reply.answer, reply.message_id = words.strip(), message_id
    _decide(unit, reply, ReplyState.ANSWERED, topic)
    return message_id


def close_reply(unit: Unit, *, creditor_id: UUID, reply_id: UUID, topic: Topic) -> None:
    """This function will note that a reply was read and gets no answer; what its topic asks is done.

    :raises NotFound, UnableToAnswer: see `reply_to_read`.
    """
    reply = reply_to_read(unit, creditor_id=creditor_id, reply_id=reply_id)
    _follow(unit, reply, topic)
    _decide(unit, reply, ReplyState.CLOSED, topic)


def _decide(unit: Unit, reply: Reply, state: ReplyState, topic: Topic) -> None:
    reply.state, reply.decided_topic = state, topic
    reply.decided_at, reply.decided_by = unit.now, unit.by
    unit.session.flush()
    free_when_read(unit, creditor_id=reply.creditor_id, claim_id=reply.claim_id)
    facts: dict[str, Any] = {"claim": str(reply.claim_id), "proposed": reply.topic, "topic": topic.value}
    record(
        unit,
        action=f"reply.{state.value}",
        subject=f"reply:{reply.id}",
        creditor_id=reply.creditor_id,
        facts=facts,
    )
    emit(
        unit,
        ReplyDecided(
            creditor_id=reply.creditor_id, claim_id=reply.claim_id, reply_id=reply.id, decision=state.value,
            topic=topic.value,
        ),
    )  # fmt: skip


def _follow(unit: Unit, reply: Reply, topic: Topic) -> None:
    whose: dict[str, Any] = {"creditor_id": reply.creditor_id, "claim_id": reply.claim_id}
    words = reply.words or reply.subject
    if topic is Topic.DISPUTE:
        raise_dispute(unit, **whose, reason="other", words=words[:2_000])
    if topic is Topic.STOP:
        claim = (reply.creditor_id, reply.claim_id)
        opt_out(unit, channel=reply.channel, value=reply.from_value, claim=claim)
    if topic in (Topic.DANGER, Topic.HARDSHIP):
        emit(unit, PersonWanted(**whose, work_kind="hardship", key=f"reply:{reply.id}", reason=""))
    follows = _hold_of(topic, company=_is_company(unit, reply))
    if topic in ABOUT_PERSON:  # a person looks for heirs, lodges the claim, writes to a guardian
        emit(
            unit,
            PersonWanted(**whose, work_kind="answer", key=f"reply:{reply.id}", reason=follows.ground),
        )
    if follows.ground:
        ends_at: datetime | None = unit.now + timedelta(days=follows.days) if follows.days else None
        place_hold(
            unit, **whose, ground=HoldGround(follows.ground), note=words[:500], ends_at=ends_at,
            lengthens=True,
        )  # fmt: skip


def _is_company(unit: Unit, reply: Reply) -> bool:
    found = unit.session.connection().execute(_KIND, {"c": reply.creditor_id, "claim": reply.claim_id})
    return bool(found.scalar_one() == DebtorKind.company)


def _hold_of(topic: Topic, *, company: bool) -> _Follows:
    """A company does not die and has no guardian: another hold is its own then."""
    row = next((row for row in read_table("triage")["topic"] if row["key"] == topic.value), None)
    if row is None:
        return _Follows("", 0)
    if company and "hold_company" in row:
        return _Follows(row["hold_company"], row["hold_company_days"])
    return _Follows(row["hold"], row["hold_days"])
