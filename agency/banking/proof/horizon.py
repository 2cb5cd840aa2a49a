"""How far back a proof must compare row by row: what an earlier one compared and nobody touched since stands.

Every row carries the number of the database transaction that wrote it. Sums and seals are taken over all rows
each time; single rows are compared that were written since the last proof in which all of them held, and all
of them once a night.
"""

from dataclasses import dataclass
from typing import Any

from agency.banking.proof.checks import Check, rows_of
from agency.kernel.unit import Unit

_AGE_MAX = 2**31 - 1

# Row numbers wrap around and have no order, ages have; a transaction of the ledger keeps its number in full.
# A snapshot does not name the transaction that takes it, which may write more: for the books it is open.
_NOW = """
    SELECT concat_ws(':', pg_snapshot_xmin(pg_current_snapshot()), pg_snapshot_xmax(pg_current_snapshot()),
        concat_ws(',', nullif(split_part(pg_current_snapshot()::text, ':', 3), ''),
          pg_current_xact_id_if_assigned())) AS snapshot,
      pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest_open,
      age('1000'::xid)::bigint + 1000 AS present
"""
_PAYMENTS_KEPT = """
    SELECT (SELECT count(*) FROM payment WHERE age(xmin) > :age)
      + (SELECT count(*) FROM payment p JOIN ledger_transaction t ON t.creditor_id = p.creditor_id
        AND t.id = p.transaction_id WHERE age(p.xmin) <= :age AND t.xid < :number) AS kept
"""


@dataclass(frozen=True, slots=True)
class Horizon:
    """What counts as new: rows of at most this age, transactions from this number on."""

    age: int
    number: int

    @property
    def values(self) -> dict[str, int]:
        """As parameters of a question."""
        return {"age": self.age, "number": self.number}


EVERYTHING = Horizon(_AGE_MAX, 0)


@dataclass(frozen=True, slots=True)
class Moment:
    """What this proof sees: the database's snapshot, and the horizon of the next."""

    snapshot: str
    next: Horizon


def moment(unit: Unit) -> Moment:
    """This function will return what is to be kept of the present proof."""
    [row] = rows_of(unit, _NOW)
    return Moment(row.snapshot, _horizon(row.oldest_open, row.present))


def since(unit: Unit, before: dict[str, Any]) -> Horizon:
    """This function will return what is new since an earlier proof, everything where that did not hold."""
    if not before.get("held"):
        return EVERYTHING
    [row] = rows_of(unit, _NOW)
    return _horizon(int(before["snapshot"].split(":")[0]), row.present)


def _horizon(number: int, present: int) -> Horizon:
    # The present is known modulo 2^32; nothing that is compared lies half of that apart.
    return Horizon(((present - number) & 0xFFFFFFFF) & _AGE_MAX, number)


def of_this_cluster(now: Moment, before: dict[str, Any]) -> dict[str, Any]:
    """This function will forget what a proof of another cluster saw: a restored copy counts anew."""
    if before and int(before["snapshot"].split(":")[1]) > int(now.snapshot.split(":")[1]):
        return {}
    return before


def payments_kept(unit: Unit, before: dict[str, Any], now: Moment) -> tuple[Check, int]:
    """P4: payments are never deleted; returns how many the next proof must find, too.

    Asked also when all rows are compared: a payment that is gone with its booking differs from nothing.
    """
    still = 0
    if before.get("payments"):
        [row] = rows_of(unit, _NOW)
        then = _horizon(int(before["snapshot"].split(":")[0]), row.present)
        still = rows_of(unit, _PAYMENTS_KEPT, **then.values)[0].kept
    [kept] = rows_of(unit, _PAYMENTS_KEPT, **now.next.values)
    check = Check(
        key="P4",
        left_label="payments of the last proof that are still there",
        left=still,
        right_label="payments that the last proof saw",
        right=before.get("payments", 0),
        earlier=True,
    )
    return check, kept.kept
