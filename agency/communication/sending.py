"""Reserve, send, confirm: three transactions around the provider's call, and none during it.

What leaves stands on file before it leaves. Just before the calls, twice a second, the claims are looked
at once more, so that a hold or a payment of the last second still stops it. An answer that got lost
makes the message unknown, which is asked after and never blindly sent again.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import text

from agency.communication.enclosing import attachments_of
from agency.communication.facts import lock_messages
from agency.communication.release import CHUNK, Reserved, reserve_due
from agency.communication.rendering import Rendered, UnableToRender, render
from agency.events import MessageBounced, MessageSent
from agency.kernel.emitting import emit
from agency.kernel.files import store_many
from agency.kernel.ports import Ports
from agency.kernel.settings import Settings, settings
from agency.kernel.unit import Door, Unit, Units
from agency.parties.logos import drawing_of
from agency.ports.providers import FileNotStored, ProviderAmbiguous, ProviderRefused, ProviderTransient
from agency.rules.facts import Channel

ATTEMPTS_MAX = 8
_BY = "system:communication.release"
# A provider that is down would cost a time-out per message: the rest of the chunk waits for the next round.
_FAILURES_IN_A_ROW_MAX = 3
# The last look before a call is taken for the calls of half a second: a transaction each would cost as
# much as the call itself.
LOOK_HOLDS_SECONDS = 0.5  # lint-skip: float

_STILL_OURS = text(
    "SELECT m.id FROM jsonb_to_recordset(CAST(:reserved AS jsonb)) AS r(creditor_id uuid, id uuid,"
    "  generation integer, reply boolean, entries bigint, disputed bigint, passes jsonb)"
    " JOIN message m ON m.creditor_id = r.creditor_id AND m.id = r.id AND m.generation = r.generation"
    " JOIN claim c ON c.creditor_id = m.creditor_id AND c.id = m.claim_id"
    " WHERE m.state = 'sending' AND m.lease_until > clock_timestamp()"
    " AND (r.reply OR (c.state = 'active' AND c.disputed_minor = r.disputed"
    "  AND (SELECT count(*) FROM ledger_entry e WHERE e.creditor_id = m.creditor_id"
    "   AND e.claim_id = m.claim_id) = r.entries"
    "  AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.creditor_id = m.creditor_id AND h.claim_id = m.claim_id"
    "   AND NOT r.passes ? h.ground AND h.lifted_at IS NULL"
    "   AND (h.ends_at IS NULL OR h.ends_at > app.now()))))"
)
_ON_FILE = text(
    "UPDATE message m SET content_sha256 = f.sha FROM jsonb_to_recordset(CAST(:files AS jsonb))"
    " AS f(creditor_id uuid, id uuid, generation integer, sha text) WHERE m.creditor_id = f.creditor_id"
    " AND m.id = f.id AND m.generation = f.generation AND m.state = 'sending'"
)
# A receipt may be faster than this confirmation: then the state has climbed already and stays.
_CONFIRM = text(
    "UPDATE message m SET provider_ref = coalesce(r.ref, m.provider_ref), lease_until = CASE WHEN r.state ="
    "  'unknown' THEN clock_timestamp() + make_interval(secs => :patience) END,"
    " state = CASE WHEN m.state = 'sending' THEN r.state ELSE m.state END,"
    " sent_at = CASE WHEN r.state = 'sent' THEN coalesce(m.sent_at, m.reserved_at) ELSE m.sent_at END,"
    " due_at = CASE WHEN r.state = 'queued' THEN :now + make_interval(secs => r.wait) ELSE m.due_at END,"
    " reasons = CASE WHEN r.why = '' THEN m.reasons ELSE jsonb_build_array(r.why) END"
    " FROM jsonb_to_recordset(CAST(:outcomes AS jsonb)) AS r(creditor_id uuid, id uuid, generation integer,"
    "  state text, ref text, wait double precision, why text)"
    " WHERE m.creditor_id = r.creditor_id AND m.id = r.id AND m.generation = r.generation"
    " AND (m.state = 'sending' OR (r.state = 'sent' AND m.state <> 'queued'))"
    " RETURNING m.creditor_id, m.claim_id, m.id, m.channel, m.step, r.state AS outcome, r.why,"
    "  old.sent_at IS NULL AS first"
)

State = Literal["sent", "queued", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call."""

    reserved: Reserved
    state: State
    ref: str | None = None
    wait: float = 0  # lint-skip: float  seconds
    why: str = ""


def send_chunk(
    units: Units,
    *,
    ports: Ports,
    settings: Settings,
    limit: int = CHUNK,
    call_for_more: Callable[[Unit], None] | None = None,
) -> int:
    """This function will send one chunk of due messages and return how many it looked at.

    :param call_for_more: called with the reservation, before anything is sent, when the chunk was full.
    """
    with units.open(Door.WORKER, by=_BY) as unit:
        reservation = reserve_due(unit, settings=settings, limit=limit)
        if call_for_more and reservation.looked_at == limit:
            call_for_more(unit)
    if reservation.reserved:
        deliver(units, reservation.reserved, ports=ports)
    return reservation.looked_at


def deliver(units: Units, reserved: Sequence[Reserved], *, ports: Ports) -> None:
    """This function will render, keep, hand over and confirm messages that were reserved (and committed)."""
    rendered, outcomes = _render_all(reserved, ports)
    with units.open(Door.WORKER, by=_BY) as unit:
        _keep(unit, rendered, ports)
    outcomes += _call_all(units, rendered, ports)
    with units.open(Door.WORKER, by=_BY) as unit:
        confirm(unit, outcomes)


def confirm(unit: Unit, outcomes: Sequence[Outcome]) -> None:
    """This function will write down what became of calls, where the reservation is still ours."""
    rows = [
        {
            "creditor_id": str(one.reserved.creditor_id),
            "id": str(one.reserved.message_id),
            "generation": one.reserved.generation,
            "state": one.state,
            "ref": one.ref,
            "wait": one.wait,
            "why": one.why,
        }
        for one in outcomes
    ]
    lock_messages(unit, [one.reserved.message_id for one in outcomes])
    patience = settings().provider_patience_seconds
    confirmed = unit.session.connection().execute(
        _CONFIRM, {"outcomes": json.dumps(rows), "now": unit.now, "patience": patience}
    )
    events: list[MessageSent | MessageBounced] = []
    for row in confirmed:
        whose = {"creditor_id": row.creditor_id, "claim_id": row.claim_id, "message_id": row.id}
        if row.outcome == "sent" and row.first:
            events.append(MessageSent(**whose, channel=row.channel, step=row.step))
        if row.outcome == "failed":
            events.append(MessageBounced(**whose, channel=row.channel, reason=row.why))
    emit(unit, *events)


def _render_all(reserved: Sequence[Reserved], ports: Ports) -> tuple[list[Rendered], list[Outcome]]:
    rendered: list[Rendered] = []
    outcomes: list[Outcome] = []
    for one in reserved:
        try:
            copies = attachments_of(one.enclosures, ports.files)
            rendered.append(render(one, ports.renderer, drawing=_drawing(one, ports), attachments=copies))
        except (UnableToRender, FileNotStored) as error:
            outcomes.append(Outcome(one, "failed", why=f"not rendered: {error}"))
    return rendered, outcomes


def _drawing(one: Reserved, ports: Ports) -> str:
    if one.channel is not Channel.letter or not one.logo_sha256:
        return ""
    return drawing_of(ports.files, one.logo_sha256)


def _keep(unit: Unit, rendered: Sequence[Rendered], ports: Ports) -> None:
    if not rendered:
        return
    contents = [(one.reserved.creditor_id, one.content, one.media_type) for one in rendered]
    sha256s = store_many(unit, ports.files, contents=contents)
    rows = [
        {
            "creditor_id": str(one.reserved.creditor_id),
            "id": str(one.reserved.message_id),
            "generation": one.reserved.generation,
            "sha": sha256,
        }
        for sha256, one in zip(sha256s, rendered, strict=True)
    ]
    lock_messages(unit, [one.reserved.message_id for one in rendered])
    unit.session.connection().execute(_ON_FILE, {"files": json.dumps(rows)})


def _call_all(units: Units, rendered: Sequence[Rendered], ports: Ports) -> list[Outcome]:
    outcomes: list[Outcome] = []
    failures: Counter[Channel] = Counter()
    ours: frozenset[UUID] = frozenset()
    looked_at = -LOOK_HOLDS_SECONDS
    for index, one in enumerate(rendered):
        if time.monotonic() - looked_at >= LOOK_HOLDS_SECONDS:
            looked_at = time.monotonic()
            ours = still_ours(units, [left.reserved for left in rendered[index:]])
        if failures[one.reserved.channel] >= _FAILURES_IN_A_ROW_MAX:
            outcomes.append(Outcome(one.reserved, "queued", wait=60, why="the provider does not answer"))
            continue
        if one.reserved.message_id not in ours:
            # Back in the queue at once: the next reservation says in full why it may not leave.
            outcomes.append(Outcome(one.reserved, "queued", why="something changed in the last moment"))
            continue
        outcome = _call(one, ports)
        failures[one.reserved.channel] = (
            failures[one.reserved.channel] + 1 if outcome.state in ("queued", "unknown") else 0
        )
        outcomes.append(outcome)
    return outcomes


def still_ours(units: Units, reserved: Sequence[Reserved]) -> frozenset[UUID]:
    """This function will look once more, in the moment before the calls, which messages may leave."""
    rows = [
        {
            "creditor_id": str(one.creditor_id),
            "id": str(one.message_id),
            "generation": one.generation,
            "reply": one.is_reply,
            "entries": one.ledger_entries,
            "disputed": one.disputed_minor,
            "passes": list(one.passes),
        }
        for one in reserved
    ]
    with units.open(Door.WORKER, by=_BY) as unit:
        found = unit.session.connection().execute(_STILL_OURS, {"reserved": json.dumps(rows)})
        return frozenset(found.scalars())


def _call(one: Rendered, ports: Ports) -> Outcome:
    reserved = one.reserved
    try:
        return Outcome(reserved, "sent", ref=_hand_over(one, ports))
    except ProviderRefused as error:
        return Outcome(reserved, "failed", why=f"{error.code}: {error.reason}")
    except ProviderTransient as error:
        if reserved.generation >= ATTEMPTS_MAX:
            return Outcome(reserved, "failed", why=f"given up: {error.reason}")
        wait = error.retry_after or min(30 * 2**reserved.generation, 3600)
        return Outcome(reserved, "queued", wait=wait, why=error.reason)
    except ProviderAmbiguous as error:
        return Outcome(reserved, "unknown", why=error.reason)


def _hand_over(one: Rendered, ports: Ports) -> str:
    reserved = one.reserved
    message_id = str(reserved.message_id)
    if reserved.channel is Channel.sms:
        return ports.sms.send(
            message_id=message_id, sender=reserved.sms_sender, to=reserved.to, text=one.text
        )
    if reserved.channel is Channel.letter:
        return ports.letters.submit(
            message_id=message_id, pdf=one.content, address=reserved.address, country=reserved.country
        )
    return ports.email.send(
        message_id=message_id,
        sender=reserved.sender,
        to=reserved.to,
        subject=reserved.subject,
        html=one.html,
        text=one.text,
        attachments=one.attachments,
    )
