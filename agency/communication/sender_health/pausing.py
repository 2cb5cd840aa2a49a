"""Looks at what came back of a brand's mail, holds the rest back, and lets it go on when a person says so."""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import col, select

from agency.calendar import at_local
from agency.communication.mandatory import REPLIES
from agency.communication.sender_health.models import MailPause
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.ids import new_id
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.rules.sender_health import MailHealth, health_window, held_back_for, spread_over

_FIRST_MAILS: Final = time(8, 30)
# What was counted before a person let mail go on is not counted against it once more.
_HEALTH: Final = (
    "SELECT c.id AS creditor_id, c.name, b.since, p.id AS pause_id,"
    " p.began_at, p.sent AS then_sent, p.bounced AS then_bounced, p.unwanted AS then_unwanted,"
    " s.sent, s.bounced,"
    " (SELECT count(DISTINCT r.message_id) FROM message_receipt r WHERE r.creditor_id = c.id"
    "  AND r.kind = 'unwanted' AND r.at >= b.since) AS unwanted"
    " FROM creditor c CROSS JOIN LATERAL (SELECT greatest(CAST(:since AS timestamptz),"
    "  max(x.ended_at)) AS since FROM mail_pause x WHERE x.creditor_id = c.id) b"
    " CROSS JOIN LATERAL (SELECT count(*) AS sent, count(*) FILTER (WHERE m.state = 'bounced') AS bounced"
    "  FROM message m WHERE m.creditor_id = c.id AND m.channel = 'email' AND m.sent_at >= b.since) s"
    " LEFT JOIN mail_pause p ON p.creditor_id = c.id AND p.ended_at IS NULL"
)
_OF_THESE: Final = text(f"{_HEALTH} WHERE c.id = ANY(:creditors) AND p.id IS NULL ORDER BY c.id")
_WORST: Final = text(
    f"SELECT * FROM ({_HEALTH}) h WHERE h.sent > 0 OR h.pause_id IS NOT NULL"
    " ORDER BY h.pause_id IS NULL, (h.bounced + h.unwanted) * 10000 / greatest(h.sent, 1) DESC,"
    " lower(h.name), h.creditor_id LIMIT :most"
)
_BEGIN: Final = text(
    "INSERT INTO mail_pause (creditor_id, id, ground, sent, bounced, unwanted, began_at, remark)"
    " VALUES (:creditor, :id, :ground, :sent, :bounced, :unwanted, :now, '')"
    " ON CONFLICT (creditor_id) WHERE ended_at IS NULL DO NOTHING RETURNING id"
)
_HELD: Final = (
    "m.creditor_id = :creditor AND m.channel = 'email' AND m.state = 'queued'"
    " AND m.template_id IN (SELECT t.id FROM template t WHERE t.key <> ALL(:replies))"
)
_WAITING: Final = text(f"SELECT count(*) FROM message m WHERE {_HELD} AND m.due_at <= :now")
_SPREAD: Final = text(
    "UPDATE message m SET due_at = CAST(:first AS timestamptz) + make_interval(days => CAST(n.place % :days"
    "  AS integer), mins => CAST(n.place / :days * :minutes * :days / :many AS integer))"
    " FROM (SELECT m.id, row_number() OVER (ORDER BY m.due_at, m.id) - 1 AS place FROM message m"
    f"  WHERE {_HELD} AND m.due_at <= :now) n WHERE m.creditor_id = :creditor AND m.id = n.id"
)
_PAUSED: Final = text("SELECT creditor_id FROM mail_pause WHERE ended_at IS NULL")
_REPLIES: Final = text("SELECT id FROM template WHERE channel = 'email' AND key = ANY(:replies)")


class UnableToGoOn(Conflict):
    """The mail of this brand is not held back any more."""


def look_at_senders(unit: Unit, creditor_ids: Collection[UUID]) -> int:
    """This function will hold back the mail of those of some creditors of which too much came back or was
    called spam, and return of how many."""
    if not creditor_ids:
        return 0
    values = {"creditors": sorted(creditor_ids), "since": unit.now - health_window(on=unit.today)}
    rows = unit.session.connection().execute(_OF_THESE, values).all()
    return sum(_pause(unit, row) for row in rows)


def senders(unit: Unit, *, most: int) -> list[Row[Any]]:
    """This function will return creditors that sent mail lately, with what became of it: those held back
    first, then those of whose mail most came back or was called spam."""
    since = unit.now - health_window(on=unit.today)
    return list(unit.session.connection().execute(_WORST, {"since": since, "most": most}))


def mails_waiting(unit: Unit, *, creditor_id: UUID) -> int:
    """This function will return how many mails of a creditor are due and held back."""
    waiting: int = unit.session.connection().execute(_WAITING, _held(unit, creditor_id)).scalar_one()
    return waiting


def senders_paused(unit: Unit) -> list[UUID]:
    """This function will return the creditors whose mail is held back."""
    return list(unit.session.connection().execute(_PAUSED).scalars())


def held_mail(unit: Unit) -> dict[str, list[UUID]]:
    """This function will return whose mail is not taken to be sent, and the texts that leave all the same:
    what somebody waits for an answer to harms nobody's name."""
    paused = senders_paused(unit)
    kept = unit.session.connection().execute(_REPLIES, {"replies": sorted(REPLIES)}) if paused else None
    return {"paused": paused, "replies": list(kept.scalars()) if kept else []}


def let_mail_go_on(unit: Unit, *, creditor_id: UUID, remark: str) -> int:
    """This function will end the pause of a creditor's mail and return how many mails waited; many of them
    leave spread over the next days.

    :raises Invalid: nothing is said about what was found out.
    :raises UnableToGoOn: its mail is not held back any more.
    """
    if len(remark.strip()) < 3:
        raise Invalid("write down what was found out", field="remark")
    pause = unit.session.exec(
        select(MailPause)
        .where(MailPause.creditor_id == creditor_id, col(MailPause.ended_at).is_(None))
        .with_for_update()
    ).one_or_none()
    if pause is None:
        raise UnableToGoOn("the mail of this brand is not held back any more")
    pause.ended_at, pause.ended_by, pause.remark = unit.now, unit.by, remark.strip()
    unit.session.add(pause)
    unit.session.flush()
    waiting = mails_waiting(unit, creditor_id=creditor_id)
    days, minutes = spread_over(many=waiting, on=unit.today)
    if days:
        values = {"first": _first_moment(unit), "days": days, "minutes": minutes, "many": waiting}
        unit.session.connection().execute(_SPREAD, _held(unit, creditor_id) | values)
    record(
        unit, action="mail_pause.ended", subject=f"mail_pause:{pause.id}", creditor_id=creditor_id,
        facts={"remark": remark.strip(), "messages": waiting},
    )  # fmt: skip
    return waiting


def _pause(unit: Unit, row: Row[Any]) -> int:
    health = MailHealth(sent=row.sent, bounced=row.bounced, unwanted=row.unwanted)
    ground = held_back_for(health, on=unit.today)
    if ground is None:
        return 0
    counts = {"sent": row.sent, "bounced": row.bounced, "unwanted": row.unwanted}
    values = {"creditor": row.creditor_id, "id": new_id(), "ground": ground, "now": unit.now}
    begun = unit.session.connection().execute(_BEGIN, values | counts).scalar()
    if begun is None:
        return 0
    record(
        unit, action="mail_pause.begun", subject=f"mail_pause:{begun}", creditor_id=row.creditor_id,
        facts={"reason": ground} | counts,
    )  # fmt: skip
    return 1


def _held(unit: Unit, creditor_id: UUID) -> dict[str, Any]:
    return {"creditor": creditor_id, "now": unit.now, "replies": sorted(REPLIES)}


def _first_moment(unit: Unit) -> datetime:
    """The next half past eight: what is left of today would get the share of a whole day."""
    today = at_local(day=unit.today, clock=_FIRST_MAILS, zone=AGENCY_ZONE)
    tomorrow = at_local(day=unit.today + timedelta(days=1), clock=_FIRST_MAILS, zone=AGENCY_ZONE)
    return today if unit.now <= today else tomorrow
