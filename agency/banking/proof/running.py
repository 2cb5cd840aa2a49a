"""Proving: every question asked once, its answers kept, and payouts stopped while money is unexplained."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date

from sqlalchemy import text
from sqlmodel import col, select

from agency.banking.models import ProofRun
from agency.banking.proof.approvals import accounts_are_approved, approved_is_what_leaves
from agency.banking.proof.balances import Balance, account_balances
from agency.banking.proof.bank import bank_equals_ledger, clearing_is_young, every_line_is_booked_once
from agency.banking.proof.books import books_now, transactions_balance, transactions_kept, trust_adds_up
from agency.banking.proof.checks import Check
from agency.banking.proof.horizon import (
    EVERYTHING,
    Horizon,
    moment,
    of_this_cluster,
    payments_kept,
    since,
)
from agency.banking.proof.invoices import invoices_say_the_books
from agency.banking.proof.letters import letters_state_the_ledger
from agency.banking.proof.payments import payments_are_as_booked
from agency.banking.proof.payouts import remitted_equals_debited
from agency.banking.proof.trail import audit_is_whole, last_seen, nothing_lags
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
    unit.session.connection().execute(
        text("SELECT set_config('work_mem', :memory, true)"), {"memory": _MEMORY}
    )
    now = moment(unit)
    before = of_this_cluster(now, last_seen(unit))
    horizon = EVERYTHING if everything else since(unit, before)
    books = books_now(unit, before, now)
    transactions = books.transactions.now
    known = before.get("transactions", 0)
    if 100 * transactions > _GROWN_PERCENT * known:
        refresh_statistics(unit, written=transactions - known, many=_MANY)
        refresh_ledger_statistics(unit, written=transactions - known, many=_MANY)
    balances = account_balances(unit)
    asked = [check for question in _OF_BALANCES for check in question(unit, balances)]
    asked += transactions_balance(unit, books, balances)
    payments_check, payments = payments_kept(unit, horizon, before, now)
    audit, heads = audit_is_whole(unit, before)
    accounts_check, accounts = accounts_are_approved(unit, before)
    earlier = [*transactions_kept(books, before), payments_check, accounts_check, audit[-1]]
    asked += [check for question in _OF_SUMS for check in question(unit)]
    asked += [check for compare in _OF_ROWS for check in compare(unit, horizon)]
    asked += [*audit[:-1], *earlier]
    checks = sorted(asked, key=lambda check: int(check.key.removeprefix("P")))
    held = all(check.holds for check in checks if check.key in _ROW_KEYS)
    seen = books.seen | heads | {"snapshot": now.snapshot, "payments": payments, "accounts": accounts}
    if not all(check.holds for check in earlier):
        # What only an earlier proof can tell stays red until it is mended: the next one must find that too.
        seen = before or seen
    run = ProofRun(
        at=unit.now,
        on=on,
        green=all(check.holds for check in checks if check.blocks),
        checks=[asdict(check) | {"holds": check.holds} for check in checks],
        seen=seen | {"held": held},
    )
    unit.session.add(run)
    unit.session.flush()
    return run


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
