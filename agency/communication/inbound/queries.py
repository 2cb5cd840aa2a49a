"""What waits to be read, and what waits for its claim, as rows for lists of thousands."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, or_, select, text
from sqlmodel import col

from agency.claims.finding import matches
from agency.claims.models import Claim
from agency.communication.inbound.models import Inbound, InboundState, Reply, ReplyState
from agency.kernel.errors import NotFound
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.parties.models import Creditor, Debtor

REPLY_ORDERS: Final[Mapping[str, Any]] = {
    "received_at": col(Reply.received_at),
    "debtor": col(Debtor.name_key),
}
INBOUND_ORDERS: Final[Mapping[str, Any]] = {"received_at": col(Inbound.received_at)}
_REPLY: Final[tuple[Any, ...]] = (
    col(Reply.creditor_id), col(Reply.id).label("reply_id"), col(Reply.claim_id), col(Reply.channel),
    col(Reply.received_at), col(Reply.subject), col(Reply.words), col(Reply.topic), col(Reply.state),
    col(Reply.decided_topic), col(Reply.files), col(Claim.number), col(Debtor.name).label("debtor"),
    col(Debtor.name_key), col(Creditor.name).label("creditor"),
)  # fmt: skip
_WAITING = text("SELECT topic, count(*) AS waiting FROM reply WHERE state = 'waiting' GROUP BY topic")
_UNMATCHED = text("SELECT count(*) FROM inbound WHERE state = 'quarantined'")
# The next one in the order of the list, a life in danger before all others; after the last the first again.
_NEXT_REPLY = text(
    "SELECT creditor_id, id FROM reply WHERE state = 'waiting'"
    " ORDER BY id = CAST(:id AS uuid), topic <> 'danger',"
    " (received_at, id) <= (CAST(:at AS timestamptz), CAST(:id AS uuid)), received_at, id LIMIT 1"
)
_NEXT_INBOUND = text(
    "SELECT id FROM inbound WHERE state = 'quarantined'"
    " ORDER BY (received_at, id) <= (CAST(:at AS timestamptz), CAST(:id AS uuid)), received_at, id LIMIT 1"
)
_CANDIDATES = text(
    "SELECT c.creditor_id, c.id, c.number, c.state, d.name AS debtor, d.city, cr.name AS creditor"
    " FROM unnest(CAST(:creditors AS uuid[]), CAST(:ids AS uuid[]))"
    " WITH ORDINALITY AS k(creditor_id, id, nth)"
    " JOIN claim c ON c.creditor_id = k.creditor_id AND c.id = k.id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " JOIN creditor cr ON cr.id = c.creditor_id ORDER BY k.nth"
)

# What was taken out of the claim again does not belong to it; a quarantined message belongs to none yet.
_CAME_IN = text(
    "SELECT one.*, count(*) OVER () AS total FROM ("
    " SELECT r.id AS reply_id, r.channel, r.received_at, r.subject, left(r.words, 400) AS words,"
    "  coalesce(r.decided_topic, r.topic) AS topic, r.state, 'reply' AS kind, r.from_value,"
    "  jsonb_array_length(r.files) AS files FROM reply r"
    "  WHERE r.creditor_id = :creditor AND r.claim_id = :claim AND r.state <> 'withdrawn'"
    " UNION ALL"
    " SELECT NULL, i.channel, i.received_at, i.subject, left(i.words, 400), NULL, 'noted', i.kind,"
    "  i.from_value, 0 FROM inbound i WHERE i.creditor_id = :house AND i.state = 'noted'"
    "  AND i.for_creditor_id = :creditor AND i.for_claim_id = :claim) one"
    " ORDER BY one.received_at DESC, one.reply_id LIMIT :limit"
)


def waiting_by_topic(unit: Unit) -> dict[str, int]:
    """This function will count the replies that wait, per topic."""
    return {row.topic: row.waiting for row in unit.session.connection().execute(_WAITING)}


def unmatched_count(unit: Unit) -> int:
    """This function will count the messages that wait for their claim."""
    return int(unit.session.connection().execute(_UNMATCHED).scalar_one())


def replies_to_read(*, topic: str = "", words: str = "", read: bool = False) -> Select[Any]:
    """This function will return the statement for replies that wait, or with `read` for those decided on;
    sort it by one of `REPLY_ORDERS`.

    :param words: see `agency.claims.finding.matches`.
    """
    statement = _with_claim(select(*_REPLY))
    waits = col(Reply.state) == ReplyState.WAITING
    statement = statement.where(
        col(Reply.state).in_([ReplyState.ANSWERED, ReplyState.CLOSED]) if read else waits
    )
    if topic:
        statement = statement.where(col(Reply.topic) == topic)
    return statement.where(matches(words)) if words else statement


def messages_without_claim(*, words: str = "") -> Select[Any]:
    """This function will return the statement for messages that wait for their claim, found by sender,
    subject or words; sort it by one of `INBOUND_ORDERS`."""
    statement = select(
        col(Inbound.id), col(Inbound.channel), col(Inbound.kind), col(Inbound.received_at), col(Inbound.why),
        col(Inbound.from_value), col(Inbound.from_name), col(Inbound.subject), col(Inbound.words),
        col(Inbound.candidates),
    ).where(col(Inbound.creditor_id) == HOUSE, col(Inbound.state) == InboundState.QUARANTINED)  # fmt: skip
    if not words:
        return statement
    part = f"%{words.replace('%', '').replace('_', ' ')}%"
    fields = (col(Inbound.from_value), col(Inbound.from_name), col(Inbound.subject), col(Inbound.words))
    return statement.where(or_(*(one.ilike(part) for one in fields)))


def reply_of(unit: Unit, *, creditor_id: UUID, reply_id: UUID) -> Reply:
    """This function will return a reply.

    :raises NotFound: this creditor has no such reply.
    """
    reply = unit.session.get(Reply, (creditor_id, reply_id))
    if reply is None:
        raise NotFound("no such message")
    return reply


def inbound_of(unit: Unit, inbound_id: UUID) -> Inbound:
    """This function will return a message as it came in.

    :raises NotFound: there is none.
    """
    inbound = unit.session.get(Inbound, (HOUSE, inbound_id))
    if inbound is None:
        raise NotFound("no such message")
    return inbound


def next_reply(unit: Unit, *, after: Reply | None = None) -> Row[Any] | None:
    """This function will return the reply (creditor_id, id) to read after one, or the first; None when none
    waits."""
    at = {"at": after.received_at, "id": after.id} if after else {"at": None, "id": None}
    return unit.session.connection().execute(_NEXT_REPLY, at).first()


def next_without_claim(unit: Unit, *, after: Inbound | None = None) -> UUID | None:
    """This function will return the message that waits for its claim after one, or the first."""
    at = {"at": after.received_at, "id": after.id} if after else {"at": None, "id": None}
    found: UUID | None = unit.session.connection().execute(_NEXT_INBOUND, at).scalar()
    return found


def candidates_of(unit: Unit, inbound: Inbound) -> list[tuple[Row[Any], list[str]]]:
    """This function will return the claims that a message may belong to, each with the marks that say so."""
    marks = {(UUID(one["creditor_id"]), UUID(one["claim_id"])): one["marks"] for one in inbound.candidates}
    rows = unit.session.connection().execute(
        _CANDIDATES,
        {"creditors": [creditor_id for creditor_id, _ in marks], "ids": [claim_id for _, claim_id in marks]},
    )
    return [(row, marks[row.creditor_id, row.id]) for row in rows]


def came_in_of_claim(unit: Unit, *, creditor_id: UUID, claim_id: UUID, limit: int) -> Sequence[Row[Any]]:
    """This function will return what came in for a claim, the newest first: what its debtor wrote, as
    `reply_id`, and what machines answered (`reply_id` is None), with the number of all in each row's `total`.
    """
    whose = {"creditor": creditor_id, "claim": claim_id, "house": HOUSE, "limit": limit}
    return unit.session.connection().execute(_CAME_IN, whose).all()


def _with_claim(statement: Select[Any]) -> Select[Any]:
    of_reply = and_(col(Claim.creditor_id) == col(Reply.creditor_id), col(Claim.id) == col(Reply.claim_id))
    of_claim = and_(col(Debtor.creditor_id) == col(Claim.creditor_id), col(Debtor.id) == col(Claim.debtor_id))
    return (
        statement.select_from(Reply)
        .join(Claim, of_reply)
        .join(Debtor, of_claim)
        .join(Creditor, col(Creditor.id) == col(Reply.creditor_id))
    )
