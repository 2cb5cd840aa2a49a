"""The claim's lifecycle as a table of moves, and the grounds on which it can be held."""

from enum import StrEnum


class ClaimState(StrEnum):
    """Where a claim stands."""

    NEW = "new"  # read from a file, not priced
    QUOTED = "quoted"  # a binding price waits for the creditor
    ACTIVE = "active"  # accepted; treatment runs
    PAID = "paid"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class HoldGround(StrEnum):
    """Why nothing may leave for a claim."""

    DISPUTE = "dispute"
    PROMISE = "promise"
    PLAN_REQUESTED = "plan_requested"
    DEBT_HELP = "debt_help"
    INSOLVENCY = "insolvency"
    DECEASED = "deceased"
    NOT_ME = "not_me"
    COMPLAINT = "complaint"
    CREDITOR_ASKED = "creditor_asked"
    SAYS_PAID = "says_paid"
    MISSING_INFORMATION = "missing_information"


MOVES: dict[ClaimState, frozenset[ClaimState]] = {
    ClaimState.NEW: frozenset({ClaimState.QUOTED, ClaimState.WITHDRAWN}),
    ClaimState.QUOTED: frozenset({ClaimState.ACTIVE, ClaimState.WITHDRAWN}),
    ClaimState.ACTIVE: frozenset({ClaimState.PAID, ClaimState.WITHDRAWN, ClaimState.CLOSED}),
    # A chargeback brings a paid claim back to work.
    ClaimState.PAID: frozenset({ClaimState.ACTIVE}),
    ClaimState.WITHDRAWN: frozenset(),
    ClaimState.CLOSED: frozenset(),
}
