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


ENDED = frozenset({ClaimState.PAID, ClaimState.WITHDRAWN, ClaimState.CLOSED})
"""Nothing is collected for a claim that stands here, though money that goes back may bring it back."""


class HoldGround(StrEnum):
    """Why nothing, or less, may leave for a claim: the grounds that `agency.rules.holds` knows."""

    DISPUTE = "dispute"
    REASONED_DISPUTE = "reasoned_dispute"
    SAYS_PAID = "says_paid"
    NOT_ME = "not_me"
    COMPLAINT = "complaint"
    CREDITOR_ASKED = "creditor_asked"
    PROMISE = "promise"
    PLAN_KEPT = "plan_kept"
    PLAN_REQUESTED = "plan_requested"
    NOTICE_RUNNING = "notice_running"
    DEBT_HELP = "debt_help"
    DEBT_HELP_NOTICE = "debt_help_notice"
    DEBT_MEDIATION = "debt_mediation"
    COLLECTIVE_SETTLEMENT = "collective_settlement"
    MORATORIUM = "moratorium"
    WSNP = "wsnp"
    BANKRUPTCY = "bankruptcy"
    INSOLVENCY = "insolvency"
    GUARDIANSHIP = "guardianship"
    MINOR = "minor"
    DECEASED = "deceased"
    MISSING_INFORMATION = "missing_information"
    REPLY_UNREAD = "reply_unread"
    AGREEMENT_TO_CONFIRM = "agreement_to_confirm"
    PRICE_TO_AGREE = "price_to_agree"


MOVES: dict[ClaimState, frozenset[ClaimState]] = {
    ClaimState.NEW: frozenset({ClaimState.QUOTED, ClaimState.WITHDRAWN}),
    ClaimState.QUOTED: frozenset({ClaimState.ACTIVE, ClaimState.WITHDRAWN}),
    ClaimState.ACTIVE: frozenset({ClaimState.PAID, ClaimState.WITHDRAWN, ClaimState.CLOSED}),
    # A chargeback brings a paid claim back to work.
    ClaimState.PAID: frozenset({ClaimState.ACTIVE}),
    ClaimState.WITHDRAWN: frozenset(),
    # What was given up is owed again, or a payment of a claim whose rest was given up is taken back.
    ClaimState.CLOSED: frozenset({ClaimState.ACTIVE}),
}
