"""Dates of an invoice: in order, not in the future, and early enough to be brought to court."""

from datetime import date
from functools import lru_cache
from typing import Final

from agency.intake.checks.finding import Finding, Severity
from agency.rules.facts import Law
from agency.rules.limitation import Limitation, LimitationKind, NoLimitationRule, limitation

IN_FUTURE: Final = "is in the future"
DUE_FIRST: Final = "is before the invoice date"
NOT_DUE: Final = "is not yet due; collection starts after this day"
BARRED: Final = "is so long ago that the claim is time-barred unless something interrupted the term"
NEARLY_BARRED: Final = "is so long ago that the claim is time-barred soon"


def check_dates(*, issued: date, due: date, today: date, law: Law, is_invoice: bool = True) -> list[Finding]:
    """Refuse dates that cannot be; warn about a claim that is time-barred, nearly so, or not yet due.

    The source of a warning is the rule's own, as in its trace.
    """
    found = []
    if issued > today:
        found.append(Finding("issued_on", Severity.REJECT, IN_FUTURE, issued.isoformat()))
    if is_invoice and due < issued:
        found.append(Finding("due_on", Severity.REJECT, DUE_FIRST, due.isoformat()))
    if due > today:
        found.append(Finding("due_on", Severity.WARN, NOT_DUE, due.isoformat()))
    term = _term(law, due)
    if term is not None and (term.barred(today) or term.near(today)):
        reason = BARRED if term.barred(today) else NEARLY_BARRED
        source = "; ".join(dict.fromkeys(line.source for line in term.trace))
        found.append(Finding("due_on", Severity.WARN, reason, f"{due} → {term.ends}", source[:300]))
    return found


@lru_cache(maxsize=16384)
def _term(law: Law, due: date) -> Limitation | None:
    try:
        return limitation(law=law, kind=LimitationKind.contract, due=due)
    except NoLimitationRule:
        return None
