"""Payouts as finance and creditors read them: runs, and per run every payment with its fee and why."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Row, Text, Uuid, text

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money


@dataclass(frozen=True, slots=True)
class RunRow:
    """One payout to one creditor."""

    creditor_id: UUID
    run_id: UUID
    creditor: str
    cutoff_on: date
    state: str
    mode: str
    collected: Money
    fee: Money
    vat: Money
    net: Money
    drafted_by: str
    drafted_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    paid_at: datetime | None
    file_id: UUID | None
    payments: int


_ON_ITS_WAY = text(
    "SELECT coalesce(sum(amount_minor), 0)::bigint FROM payment_intent WHERE state = 'paid'"
    " AND arrived_on IS NULL AND currency = 'EUR' AND (CAST(:c AS uuid) IS NULL OR creditor_id = :c)"
)
_RUNS = (
    "SELECT r.creditor_id, r.id, k.name, r.cutoff_on, r.state, r.mode, r.collected_minor, r.fee_minor,"
    " r.vat_minor, r.net_minor, r.currency, r.drafted_by, r.drafted_at, r.approved_by, r.approved_at,"
    " r.paid_at, r.file_id, (SELECT count(*) FROM success_fee f WHERE f.creditor_id = r.creditor_id"
    "  AND f.run_id = r.id) AS payments"
    " FROM remittance_run r JOIN creditor k ON k.id = r.creditor_id"
)


RUNS = (
    text(_RUNS)
    .columns(
        creditor_id=Uuid, id=Uuid, name=Text, cutoff_on=Date, state=Text, mode=Text,
        collected_minor=BigInteger, fee_minor=BigInteger, vat_minor=BigInteger, net_minor=BigInteger,
        currency=Text, drafted_by=Text, drafted_at=DateTime(timezone=True), approved_by=Text,
        approved_at=DateTime(timezone=True), paid_at=DateTime(timezone=True),
        file_id=Uuid, payments=BigInteger,
    )
    .subquery("run")
)  # fmt: skip
"""Payouts as a table to select from, for lists; through a creditor's door only its own. See `run_row`."""


def drafted_runs(unit: Unit) -> list[RunRow]:
    """This function will return the payouts that wait for approval, the latest first."""
    rows = unit.session.connection().execute(
        text(_RUNS + " WHERE r.state = 'draft' ORDER BY r.drafted_at DESC, r.id DESC")
    )
    return [run_row(row) for row in rows]


def runs_by_state(unit: Unit) -> dict[str, int]:
    """This function will count payouts by their state."""
    rows = unit.session.connection().execute(
        text("SELECT state, count(*) AS runs FROM remittance_run GROUP BY state")
    )
    return {row.state: row.runs for row in rows}


def read_run(unit: Unit, *, creditor_id: UUID, run_id: UUID) -> RunRow:
    """This function will return one payout.

    :raises NotFound: the creditor has no such payout.
    """
    row = unit.session.connection().execute(
        text(_RUNS + " WHERE r.creditor_id = :c AND r.id = :run"), {"c": creditor_id, "run": run_id}
    )
    found = row.one_or_none()
    if found is None:
        raise NotFound("no such payout")
    return run_row(found)


def payouts_of_line(unit: Unit, *, line_id: UUID) -> list[RunRow]:
    """This function will return the payouts that already left with money of a bank line: taking the line back
    does not bring that money home, the creditor's next payout is less."""
    rows = unit.session.connection().execute(
        text(
            _RUNS + " WHERE r.state IN ('exported', 'paid', 'returned') AND EXISTS (SELECT FROM payment p"
            " JOIN success_fee f ON f.creditor_id = p.creditor_id AND f.payment_id = p.id AND f.kind = 'fee'"
            " WHERE p.source = 'bank' AND split_part(p.source_key, '#', 1) = :line AND p.reversed_at IS NULL"
            " AND f.creditor_id = r.creditor_id AND f.run_id = r.id) ORDER BY r.drafted_at, r.id"
        ),
        {"line": str(line_id)},
    )
    return [run_row(row) for row in rows]


def on_its_way(unit: Unit, *, creditor_id: UUID | None = None) -> Money:
    """This function will return what was paid online, on one creditor's claims or on all, and is not on the
    trust account yet: it joins no payout so far."""
    minor = unit.session.connection().execute(_ON_ITS_WAY, {"c": creditor_id}).scalar_one()
    return Money(int(minor), "EUR")


def run_row(row: Row[Any]) -> RunRow:
    """This function will read a row of `RUNS`."""
    amounts = (row.collected_minor, row.fee_minor, row.vat_minor, row.net_minor)
    collected, fee, vat, net = (Money(minor, row.currency) for minor in amounts)
    return RunRow(
        row.creditor_id,
        row.id,
        row.name,
        row.cutoff_on,
        row.state,
        row.mode,
        collected,
        fee,
        vat,
        net,
        row.drafted_by,
        row.drafted_at,
        row.approved_by,
        row.approved_at,
        row.paid_at,
        row.file_id,
        row.payments,
    )
