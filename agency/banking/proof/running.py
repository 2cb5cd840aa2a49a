"""Proving: every question asked once, its answers kept, and payouts stopped while money is unexplained."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date

from sqlmodel import col, select

from agency.banking.models import ProofRun
from agency.banking.proof.bank import bank_equals_ledger, clearing_is_young, every_line_booked_once
from agency.banking.proof.books import transactions_balance, trust_adds_up
from agency.banking.proof.checks import Check
from agency.banking.proof.letters import letters_state_the_ledger
from agency.banking.proof.payments import payments_are_as_booked
from agency.banking.proof.payouts import remitted_equals_debited
from agency.banking.proof.reading import read_ledger
from agency.banking.proof.trail import audit_is_whole, last_seen, nothing_disappeared, nothing_lags
from agency.kernel.unit import Unit

_QUESTIONS: tuple[Callable[[Unit], list[Check]], ...] = (
    transactions_balance,
    bank_equals_ledger,
    trust_adds_up,
    every_line_booked_once,
    payments_are_as_booked,
    clearing_is_young,
    remitted_equals_debited,
    letters_state_the_ledger,
    nothing_lags,
)


def prove(unit: Unit, *, on: date) -> ProofRun:
    """This function will ask every question and store the answers; it changes nothing else."""
    read_ledger(unit)
    before = last_seen(unit)
    kept, seen = nothing_disappeared(unit, before)
    audit, heads = audit_is_whole(unit, before)
    asked = [check for question in _QUESTIONS for check in question(unit)]
    checks = sorted([*asked, *kept, *audit], key=lambda check: int(check.key.removeprefix("P")))
    run = ProofRun(
        at=unit.now,
        on=on,
        green=all(check.holds for check in checks if check.blocks),
        checks=[asdict(check) | {"holds": check.holds} for check in checks],
        seen=seen | heads,
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
