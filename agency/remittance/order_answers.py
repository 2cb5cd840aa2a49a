"""What the bank answers to a file of ours (pain.002): payments, refunds, collections it refuses are undone."""

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
# What of ours is on its way under these ids, or under the file that the answer is about.
_ON_ITS_WAY = text(
    "SELECT 'payout' AS kind, r.creditor_id, r.id, r.end_to_end, r.net_minor AS minor FROM remittance_run r"
    " JOIN remittance_file f ON f.id = r.file_id"
    " WHERE r.state = 'exported' AND (r.end_to_end = ANY(CAST(:ids AS text[])) OR f.message_id = :whole)"
    " UNION ALL SELECT 'refund', r.creditor_id, r.id, r.end_to_end, r.amount_minor FROM refund r"
    " JOIN remittance_file f ON f.id = r.file_id"
    " WHERE r.state = 'exported' AND (r.end_to_end = ANY(CAST(:ids AS text[])) OR f.message_id = :whole)"
    " UNION ALL SELECT 'collection', d.creditor_id, d.id, d.end_to_end, d.amount_minor FROM direct_debit d"
    " JOIN direct_debit_file f ON f.id = d.file_id"
    " WHERE d.state = 'sent' AND (d.end_to_end = ANY(CAST(:ids AS text[])) OR f.message_id = :whole)"
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


class UnableToTakeAnswer(Invalid):
    """The file is no answer that can be read."""


def take_answer(unit: Unit, *, content: bytes, reader: Callable[[bytes], OrderStatus]) -> AnswerTaken:
    """This function will owe again what the bank refuses to carry out; the same answer twice counts once.

    A refusal of a whole file that lists no payment is one of each of them. What the answer accepts changes
    nothing: that is seen on the statement.

    :raises UnableToTakeAnswer: it cannot be read.
    """
    try:
        answer = reader(content)
    except Unreadable as unreadable:
        raise UnableToTakeAnswer(unreadable.reason, field="file") from unreadable
    whole = answer.order_id if answer.status == _REFUSED and not answer.payments else None
    reasons = {
        one.end_to_end: " ".join(filter(None, (one.reason, one.said)))
        for one in answer.payments
        if one.refused and one.end_to_end
    }
    rows = unit.session.connection().execute(_ON_ITS_WAY, {"ids": list(reasons), "whole": whole})
    found = [_OnItsWay(*row) for row in rows]
    counts = dict.fromkeys(("payout", "refund", "collection"), 0)
    for one in found:
        counts[one.kind] += _undo(unit, one, reasons.get(one.end_to_end) or answer.reason or "")
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
