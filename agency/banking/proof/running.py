"""Proving: every question asked once, its answers kept, and payouts stopped while money is unexplained."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select

from agency.banking.models import ProofRun
from agency.banking.proof.approvals import accounts_kept, approved_is_what_leaves
from agency.banking.proof.balances import Balance, account_balances
from agency.banking.proof.bank import bank_equals_ledger, clearing_is_young, every_line_is_booked_once
from agency.banking.proof.books import (
    Books,
    books_now,
    transactions_balance,
    transactions_kept,
    trust_adds_up,
)
from agency.banking.proof.checks import Check
from agency.banking.proof.horizon import (
    EVERYTHING,
    Horizon,
    Moment,
    moment,
    of_this_cluster,
    payments_kept,
    since,
)
from agency.banking.proof.invoices import invoices_say_the_books
from agency.banking.proof.letters import letters_state_the_ledger
from agency.banking.proof.payments import payments_are_as_booked
from agency.banking.proof.payouts import remitted_equals_debited
from agency.banking.proof.trail import (
    Memory,
    audit_heads,
    audit_is_whole,
    audit_kept,
    last_seen,
    nothing_lags,
)
from agency.kernel.statistics import refresh_ledger_statistics, refresh_statistics
from agency.kernel.unit import Unit

_OF_BALANCES: tuple[Callable[[Unit, Sequence[Balance]], list[Check]], ...] = (
    bank_equals_ledger,
    trust_adds_up,
    remitted_equals_debited,
)
_OF_SUMS: tuple[Callable[[Unit], list[Check]], ...] = (
    clearing_is_young,
    nothing_lags,
    invoices_say_the_books,
)
_OF_ROWS: tuple[Callable[[Unit, Horizon], list[Check]], ...] = (
    every_line_is_booked_once,
    payments_are_as_booked,
    letters_state_the_ledger,
    approved_is_what_leaves,
)
_ROW_KEYS = ("P1", "P2", "P4", "P6", "P7", "P8")
_MEMORY = "64MB"
_GROWN_PERCENT = 110  # books that are larger since the last proof are counted anew before rows are compared
# Rows are compared by joins of three tables: planned for a handful, a few hundred claims take minutes.
_MANY = 100


def prove(unit: Unit, *, on: date, everything: bool = False) -> ProofRun:
    """This function will ask every question and store the answers; it changes nothing else.

    :param everything: compare all rows again, also those that an earlier proof compared and nobody touched.
    """
    return prove_after(unit, last_seen(unit), on=on, everything=everything)


def prove_after(unit: Unit, memory: Memory, *, on: date, everything: bool = False) -> ProofRun:
    """This function will prove as `prove` does, on what a given earlier proof saw."""
    unit.session.connection().execute(
        text("SELECT set_config('work_mem', :memory, true)"), {"memory": _MEMORY}
    )
    now = moment(unit)
    before = of_this_cluster(now, memory.seen)
    horizon = EVERYTHING if everything else since(unit, before)
    books = books_now(unit, before, now)
    transactions = books.transactions.now
    known = before.get("transactions", 0)
    if 100 * transactions > _GROWN_PERCENT * known:
        refresh_statistics(unit, written=transactions - known, many=_MANY)
        refresh_ledger_statistics(unit, written=transactions - known, many=_MANY)
    balances, asked = _of_balances(unit)
    if not all(check.holds for check in asked):
        # Each statement sees what stands when it begins: a file that was booked between two of them makes
        # both sides differ once.
        balances, asked = _of_balances(unit)
    asked += transactions_balance(unit, books, balances)
    earlier, present = _kept(unit, books, before, now)
    asked += [check for question in _OF_SUMS for check in question(unit)]
    asked += [check for compare in _OF_ROWS for check in compare(unit, horizon)]
    asked += [audit_is_whole(unit, present["heads"]), *earlier]
    checks = sorted(asked, key=lambda check: int(check.key.removeprefix("P")))
    held = all(check.holds for check in checks if check.key in _ROW_KEYS)
    # What only an earlier proof can tell stays red until it is mended or set aside: the next one must find
    # that too.
    stays = bool(before) and not all(check.holds for check in earlier)
    run = ProofRun(
        at=unit.now,
        on=on,
        green=all(check.holds for check in checks if check.blocks),
        checks=[asdict(check) | {"holds": check.holds} for check in checks],
        seen=(before if stays else present) | {"held": held},
        present=present | {"held": held} if stays else {},
        aside_id=memory.aside_id,
    )
    unit.session.add(run)
    unit.session.flush()
    return run


def _of_balances(unit: Unit) -> tuple[list[Balance], list[Check]]:
    """Add every account up, and hold what it stands at against what was written apart from it."""
    balances = account_balances(unit)
    return balances, [check for question in _OF_BALANCES for check in question(unit, balances)]


def all_kept(unit: Unit, seen: dict[str, Any]) -> bool:
    """This function will say whether all that a proof saw is still there and says the same."""
    now = moment(unit)
    checks, _ = _kept(unit, books_now(unit, seen, now), seen, now)
    return all(check.holds for check in checks)


def _kept(
    unit: Unit, books: Books, before: dict[str, Any], now: Moment
) -> tuple[list[Check], dict[str, Any]]:
    """What an earlier proof saw is still there; and what the next one must find."""
    payments_check, payments = payments_kept(unit, before, now)
    accounts_check, accounts = accounts_kept(unit, before)
    checks = [*transactions_kept(books, before), payments_check, accounts_check, audit_kept(unit, before)]
    return checks, books.seen | {
        "heads": audit_heads(unit),
        "snapshot": now.snapshot,
        "payments": payments,
        "accounts": accounts,
    }


def latest_proof(unit: Unit) -> ProofRun | None:
    """This function will return the last proof, None when there never was one."""
    return unit.session.exec(
        select(ProofRun).order_by(col(ProofRun.at).desc(), col(ProofRun.id).desc()).limit(1)
    ).first()


def payouts_blocked(unit: Unit) -> str:
    """This function will return why nothing may be paid out now, empty when it may.

    The proof is run anew, so that yesterday's green hides nothing of today.
    """
    run = prove(unit, on=unit.today)
    red = dict.fromkeys(check["key"] for check in run.checks if check["blocks"] and not check["holds"])
    return f"the proof is red: {', '.join(red)}" if red else ""
