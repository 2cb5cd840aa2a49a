"""What the bank answers to a file of ours (pain.002): what it refuses to pay or to collect is undone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from agency.arrangements.direct_debits import mark_seen
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.ports.readers import OrderStatus, Unreadable
from agency.remittance.refund_orders import reject_refund
from agency.remittance.returned import RefusedPayout, take_back_refused

_REFUSED = "RJCT"
# What of ours is refused: by its own id, or with its batch or its whole file unless the answer lists it by
# itself. Payouts and refunds are one batch, collections one for each sequence type.
_REFUSED_BY = (
    " AND (x.end_to_end = ANY(CAST(:ids AS text[])) OR x.end_to_end <> ALL(CAST(:listed AS text[]))"
    " AND (f.message_id = :whole OR b.id IS NOT NULL))"
)
_ON_ITS_WAY = text(
    "WITH refused AS (SELECT unnest(CAST(:batches AS text[])) AS id)"
    " SELECT 'payout' AS kind, x.creditor_id, x.id, x.end_to_end, x.net_minor AS minor, b.id AS batch"
    "  FROM remittance_run x JOIN remittance_file f ON f.id = x.file_id"
    "  LEFT JOIN refused b ON starts_with(b.id, f.message_id || '-')"
    f"  WHERE x.state = 'exported' {_REFUSED_BY}"
    " UNION ALL SELECT 'refund', x.creditor_id, x.id, x.end_to_end, x.amount_minor, b.id"
    "  FROM refund x JOIN remittance_file f ON f.id = x.file_id"
    "  LEFT JOIN refused b ON starts_with(b.id, f.message_id || '-')"
    f"  WHERE x.state = 'exported' {_REFUSED_BY}"
    " UNION ALL SELECT 'collection', x.creditor_id, x.id, x.end_to_end, x.amount_minor, b.id"
    "  FROM direct_debit x JOIN direct_debit_file f ON f.id = x.file_id"
    "  LEFT JOIN refused b ON b.id = f.message_id || '-' || x.sequence"
    f"  WHERE x.state = 'sent' {_REFUSED_BY}"
    " ORDER BY 1, 2, 3"
)


@dataclass(frozen=True, slots=True)
class AnswerTaken:
    """What an answer changed: how many of each came to nothing, and which ids of refusals are not ours or
    were undone before."""

    order_id: str
    payouts: int
    refunds: int
    collections: int
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _OnItsWay:
    kind: str
    creditor_id: UUID
    id: UUID
    end_to_end: str
    minor: int
    batch: str | None


class UnableToTakeAnswer(Invalid):
    """The file is no answer that can be read."""


def take_answer(unit: Unit, *, content: bytes, reader: Callable[[bytes], OrderStatus]) -> AnswerTaken:
    """This function will owe again what the bank refuses to carry out; the same answer twice counts once.

    A refusal of a whole file, or of a batch of it, is one of each payment in it that the answer does not list
    by itself. What the answer accepts changes nothing: that is seen on the statement.

    :raises UnableToTakeAnswer: it cannot be read.
    """
    try:
        answer = reader(content)
    except Unreadable as unreadable:
        raise UnableToTakeAnswer(unreadable.reason, field="file") from unreadable
    batches = dict(answer.refused_batches)
    reasons = {
        one.end_to_end: " ".join(filter(None, (one.reason, one.said)))
        for one in answer.payments
        if one.refused and one.end_to_end
    }
    rows = unit.session.connection().execute(
        _ON_ITS_WAY,
        {
            "ids": list(reasons),
            "listed": [one.end_to_end for one in answer.payments if one.end_to_end],
            "whole": answer.order_id if answer.status == _REFUSED else None,
            "batches": list(batches),
        },
    )
    found = [_OnItsWay(*row) for row in rows]
    counts = dict.fromkeys(("payout", "refund", "collection"), 0)
    for one in found:
        counts[one.kind] += _undo(
            unit,
            one,
            reasons.get(one.end_to_end) or batches.get(one.batch or "") or answer.reason or "",
        )
    return AnswerTaken(
        order_id=answer.order_id,
        payouts=counts["payout"],
        refunds=counts["refund"],
        collections=counts["collection"],
        unknown=_not_ours(reasons, found),
    )


def _undo(unit: Unit, one: _OnItsWay, why: str) -> int:
    match one.kind:
        case "payout":
            return take_back_refused(unit, refused=[RefusedPayout(one.end_to_end, why)])
        case "refund":
            reject_refund(unit, creditor_id=one.creditor_id, refund_id=one.id, why=why)
            return 1
        case _:
            return int(mark_seen(unit, end_to_end=one.end_to_end, amount_minor=-one.minor, why=why))


def _not_ours(reasons: dict[str, str], found: Sequence[_OnItsWay]) -> tuple[str, ...]:
    return tuple(sorted(reasons.keys() - {one.end_to_end for one in found}))
