"""The rows of a batch: reserved with its totals before the call, and moved by what became of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import text

from agency.communication.facts import lock_messages
from agency.communication.print_batches.gathering import Gathered
from agency.communication.print_batches.models import PrintBatchRow, PrintState
from agency.kernel.ids import new_id
from agency.kernel.settings import settings
from agency.kernel.unit import Unit
from agency.ports.providers import PrintBatch, PrintedLetter, TakenBatch
from agency.rules.print_batch import Difference, totals_of

# The reservation is looked at under the message's lock: a sender that was given up reserves nothing.
_OURS = text(
    "SELECT m.id FROM jsonb_to_recordset(CAST(:letters AS jsonb)) AS r(creditor_id uuid, id uuid,"
    "  generation integer) JOIN message m ON m.creditor_id = r.creditor_id AND m.id = r.id"
    "  AND m.generation = r.generation WHERE m.state = 'sending' AND m.lease_until > clock_timestamp()"
    "  AND NOT EXISTS (SELECT 1 FROM print_batch_letter l WHERE l.creditor_id = m.creditor_id"
    "   AND l.message_id = m.id AND l.freed_at IS NULL)"
)
_LETTERS = text(
    "INSERT INTO print_batch_letter (creditor_id, id, batch_id, message_id, generation, sha256, pages,"
    "  amount_minor) SELECT :creditor, r.id, :batch, r.message_id, r.generation, r.sha256, r.pages,"
    "  r.amount_minor FROM jsonb_to_recordset(CAST(:letters AS jsonb)) AS r(id uuid, message_id uuid,"
    "  generation integer, sha256 text, pages integer, amount_minor bigint)"
)
_RESERVED = text(
    "UPDATE print_batch SET lease_until = clock_timestamp() + make_interval(secs => :lease)"
    " WHERE creditor_id = :creditor AND id = :id"
)
STANDING = (
    "CASE WHEN differences <> '[]' THEN 'blocked' WHEN posted IS NOT NULL THEN 'posted'"
    " WHEN printed IS NOT NULL THEN 'printed' ELSE 'on_press' END"
)
_ON_PRESS = text(
    f"UPDATE print_batch SET state = {STANDING}, released_at = :now, lease_until = NULL, why = '',"
    " provider_ref = :ref, answer = CAST(:answer AS jsonb)"
    " WHERE creditor_id = :creditor AND id = :id AND state IN ('reserved', 'unknown')"
)
_MOVED = text(
    "UPDATE print_batch SET state = CAST(:state AS text), why = :why,"
    " provider_ref = coalesce(nullif(:ref, ''), provider_ref),"
    " answer = coalesce(CAST(:answer AS jsonb), answer), differences = differences || CAST(:found AS jsonb),"
    " lease_until = CASE WHEN CAST(:state AS text) = 'unknown'"
    "  THEN clock_timestamp() + make_interval(secs => :patience) END"
    " WHERE creditor_id = :creditor AND id = :id AND released_at IS NULL"
    " AND state IN ('reserved', 'unknown', 'blocked')"
)
_FREED = text(
    "UPDATE print_batch_letter SET freed_at = :now WHERE creditor_id = :creditor AND batch_id = :id"
    " AND freed_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class ReservedBatch:
    """A batch that stands in the database, and as it travels."""

    creditor_id: UUID
    batch_id: UUID
    travels: PrintBatch


def reserve_batch(unit: Unit, gathered: Gathered) -> ReservedBatch | None:
    """This function will write a batch down with its control totals; None when nothing of it is ours."""
    ours = _still_reserved(unit, gathered)
    letters = [one for one in gathered.letters if one.rendered.reserved.message_id in ours]
    if not letters:
        return None
    totals = totals_of((one.counted for one in letters), on=unit.today)
    reserved = letters[0].rendered.reserved
    row = PrintBatchRow(
        creditor_id=reserved.creditor_id, brand_version_id=reserved.brand_version_id,
        country=reserved.country, envelope=gathered.envelope, mail_class=gathered.mail_class,
        currency=reserved.asked.currency, reserved_at=unit.now, **totals.as_fields(),
    )  # fmt: skip
    unit.session.add(row)
    unit.session.flush()
    rows = [
        {
            "id": str(new_id()), "message_id": str(one.rendered.reserved.message_id),
            "generation": one.rendered.reserved.generation, "sha256": one.counted.sha256,
            "pages": one.counted.pages, "amount_minor": one.counted.amount_minor,
        }
        for one in letters
    ]  # fmt: skip
    unit.session.connection().execute(
        _LETTERS, {"letters": json.dumps(rows), "creditor": row.creditor_id, "batch": row.id}
    )
    unit.session.connection().execute(
        _RESERVED, {"creditor": row.creditor_id, "id": row.id, "lease": settings().sending_lease_seconds}
    )
    travelling = tuple(
        PrintedLetter(
            message_id=one.counted.reference, pdf=one.rendered.content, pages=one.counted.pages,
            address=one.rendered.reserved.address, amount_minor=one.counted.amount_minor,
        )
        for one in letters
    )  # fmt: skip
    travels = PrintBatch(
        batch_id=str(row.id), country=row.country, envelope=row.envelope, mail_class=row.mail_class,
        currency=row.currency, letters=travelling, totals=totals,
    )  # fmt: skip
    return ReservedBatch(row.creditor_id, row.id, travels)


def put_on_press(unit: Unit, *, creditor_id: UUID, batch_id: UUID, taken: TakenBatch) -> None:
    """This function will note that a batch was released: from now on its letters stay in it for ever."""
    values = {"creditor": creditor_id, "id": batch_id, "now": unit.now, "ref": taken.provider_ref}
    unit.session.connection().execute(_ON_PRESS, values | {"answer": json.dumps(taken.totals.as_fields())})


def move_batch(
    unit: Unit,
    *,
    creditor_id: UUID,
    batch_id: UUID,
    state: PrintState,
    why: str = "",
    taken: TakenBatch | None = None,
    found: Sequence[Difference] = (),
) -> bool:
    """This function will move a batch that is not on the press; a cancelled one frees its letters.

    :returns: whether it was moved.
    """
    moved = unit.session.connection().execute(
        _MOVED,
        {
            "creditor": creditor_id,
            "id": batch_id,
            "state": state.value,
            "why": why[:500],
            "ref": taken.provider_ref if taken else "",
            "answer": json.dumps(taken.totals.as_fields()) if taken else None,
            "found": json.dumps([asdict(one) | {"stage": "taken"} for one in found]),
            "patience": settings().provider_patience_seconds,
        },
    )
    if moved.rowcount and state is PrintState.CANCELLED:
        unit.session.connection().execute(_FREED, {"creditor": creditor_id, "id": batch_id, "now": unit.now})
    return bool(moved.rowcount)


def _still_reserved(unit: Unit, gathered: Gathered) -> frozenset[UUID]:
    reserved = [one.rendered.reserved for one in gathered.letters]
    lock_messages(unit, [one.message_id for one in reserved])
    rows = [
        {"creditor_id": str(one.creditor_id), "id": str(one.message_id), "generation": one.generation}
        for one in reserved
    ]
    found = unit.session.connection().execute(_OURS, {"letters": json.dumps(rows)})
    return frozenset(found.scalars())
