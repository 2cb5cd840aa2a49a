"""Reserve, send, confirm: three transactions around the provider's call, and none during it.

Letters leave in batches (`print_batches`), everything else one by one.

What leaves stands on file before it leaves. Just before the calls, twice a second, the claims are looked
at once more, so that a hold or a payment of the last second still stops it. An answer that got lost
makes the message unknown, which is asked after and never blindly sent again.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import text

from agency.claims.holding_person import grounds_holding, person_grounds
from agency.communication.enclosing import NotDrawn, attachments_of, pages_of
from agency.communication.facts import lock_messages
from agency.communication.outcomes import Outcome, confirm, tried_again
from agency.communication.print_batches.handing_over import hand_over_letters
from agency.communication.release import CHUNK, Reserved, reserve_due
from agency.communication.rendering import Rendered, UnableToRender, render
from agency.kernel.files import store_many
from agency.kernel.ports import Ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units
from agency.parties.logos import drawing_of
from agency.ports.providers import FileNotStored, ProviderAmbiguous, ProviderRefused, ProviderTransient
from agency.rules.facts import Channel

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
    f"  AND NOT EXISTS (SELECT FROM ({grounds_holding('m', 'm.claim_id')}) g"
    "   WHERE NOT r.passes ? g.ground)))"
)
_ON_FILE = text(
    "UPDATE message m SET content_sha256 = f.sha FROM jsonb_to_recordset(CAST(:files AS jsonb))"
    " AS f(creditor_id uuid, id uuid, generation integer, sha text) WHERE m.creditor_id = f.creditor_id"
    " AND m.id = f.id AND m.generation = f.generation AND m.state = 'sending'"
)


def send_chunk(
    units: Units,
    *,
    ports: Ports,
    settings: Settings,
    limit: int = CHUNK,
    letters: bool | None = None,
    call_for_more: Callable[[Unit], None] | None = None,
) -> int:
    """This function will send one chunk of due messages and return how many it looked at.

    :param letters: only letters (the print run), or everything but them; when None letters come last.
    :param call_for_more: called with the reservation, before anything is sent, when the chunk was full.
    """
    with units.open(Door.WORKER, by=_BY) as unit:
        reservation = reserve_due(unit, settings=settings, limit=limit, letters=letters)
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
    outcomes += _call_all(
        units, [one for one in rendered if one.reserved.channel is not Channel.letter], ports
    )
    with units.open(Door.WORKER, by=_BY) as unit:
        confirm(unit, outcomes)
    letters = [one for one in rendered if one.reserved.channel is Channel.letter]
    hand_over_letters(units, letters, ports=ports, look=lambda reserved: still_ours(units, reserved))


def _render_all(reserved: Sequence[Reserved], ports: Ports) -> tuple[list[Rendered], list[Outcome]]:
    rendered: list[Rendered] = []
    outcomes: list[Outcome] = []
    for one in reserved:
        try:
            rendered.append(_rendered(one, ports))
        except (UnableToRender, FileNotStored, NotDrawn) as error:
            outcomes.append(Outcome(one, "failed", why=f"not rendered: {error}"))
    return rendered, outcomes


def _rendered(one: Reserved, ports: Ports) -> Rendered:
    if one.channel is not Channel.letter:
        return render(one, ports.renderer, attachments=attachments_of(one.enclosures, ports.files))
    copies = pages_of(one.enclosures, ports.files, language=one.values["language"])
    return render(one, ports.renderer, drawing=_drawing(one, ports), copies=copies)


def _drawing(one: Reserved, ports: Ports) -> str:
    return drawing_of(ports.files, one.logo_sha256) if one.logo_sha256 else ""


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
        asked = {"reserved": json.dumps(rows), **person_grounds(unit.today)}
        found = unit.session.connection().execute(_STILL_OURS, asked)
        return frozenset(found.scalars())


def _call(one: Rendered, ports: Ports) -> Outcome:
    reserved = one.reserved
    try:
        return Outcome(reserved, "sent", ref=_hand_over(one, ports))
    except ProviderRefused as error:
        return Outcome(reserved, "failed", why=f"{error.code}: {error.reason}")
    except ProviderTransient as error:
        return tried_again(reserved, error)
    except ProviderAmbiguous as error:
        return Outcome(reserved, "unknown", why=error.reason)


def _hand_over(one: Rendered, ports: Ports) -> str:
    reserved = one.reserved
    message_id = str(reserved.message_id)
    if reserved.channel is Channel.sms:
        return ports.sms.send(
            message_id=message_id, sender=reserved.sms_sender, to=reserved.to, text=one.text
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
