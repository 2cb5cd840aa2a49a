"""Proof that bank = ledger = liabilities, to the cent: questions P1 to P11, each with its two figures.

While one of the checks that guard money (P1 to P6) is red, nothing is paid out. Each check is one statement
that compares two sides which were written apart, and keeps the first rows in which they differ.
"""

from agency.banking.proof.checks import Check, Difference
from agency.banking.proof.running import latest_proof, payouts_blocked, prove
from agency.banking.proof.setting_aside import (
    accept_aside,
    decided_asides,
    only_earlier,
    propose_aside,
    refuse_aside,
    waiting_aside,
)

__all__ = [
    "Check",
    "Difference",
    "accept_aside",
    "decided_asides",
    "latest_proof",
    "only_earlier",
    "payouts_blocked",
    "propose_aside",
    "prove",
    "refuse_aside",
    "waiting_aside",
]
