"""The sum asked on a claim as a trace: lines that add up to it exactly, and then the rules behind them.

`agency.rules.explain` puts it into words, so that a letter, the debtor's page and the file say the same.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from agency.claims.build_up import BuildUpLine, ItemisedClaim
from agency.rules.trace import Trace, TraceLine
from agency.rules.words import sentence_of

_SOURCES = {
    "invoice": "invoice",
    "credit_note": "credit note",
    "costs": "notice",
    "costs_vat": "Besluit BIK art. 2(3)",
    "disputed": "dispute",
    "paid": "ledger",
    "adjusted": "ledger",
}


def claim_trace(owed: ItemisedClaim) -> Trace:
    """Return the lines of the sum, whose amounts add up to `owed.total`, then what only explains it.

    A line of the rules whose amount is part of the sum already is left out when the sum says it in words, and
    kept without its amount when only the rule says how it came about.
    """
    behind = (
        replace(line, amount=None)
        for line in owed.trace
        if line.amount is None or sentence_of(line.outcome, "en") is None
    )
    return (*addends(owed.lines, on=owed.on), *behind)


def addends(lines: Sequence[BuildUpLine], *, on: date) -> Trace:
    """Return the lines of a sum as a trace; each amount is an addend."""
    return tuple(
        TraceLine(
            rule=f"claim.{line.label}",
            version=on.isoformat(),
            source=line.basis.get("source", _SOURCES.get(line.label, "")),
            inputs=dict(line.basis),
            outcome=f"claim.{line.label}",
            amount=line.amount,
        )
        for line in lines
    )
