"""The words that facts about a claim are told in."""

from enum import StrEnum
from typing import Final


class Law(StrEnum):
    """The law of the claim, which decides costs, interest and allocation (not the debtor's country)."""

    nl = "nl"
    be = "be"
    de = "de"
    uk = "uk"
    eu = "eu"


class DebtorKind(StrEnum):
    """Who owes: the law treats a natural person in business differently from both others."""

    consumer = "consumer"
    sole_trader = "sole_trader"
    company = "company"


class InterestKind(StrEnum):
    """Which interest runs: to a consumer, between businesses, the civil legal rate, or as agreed."""

    consumer = "consumer"
    trade = "trade"
    civil = "civil"
    contract = "contract"


class Channel(StrEnum):
    """How a debtor is reached."""

    email = "email"
    sms = "sms"
    letter = "letter"
    call = "call"
    visit = "visit"


SPOKEN: Final = (Channel.call, Channel.visit)


class Phase(StrEnum):
    """How far collection has come."""

    reminder = "reminder"
    amicable = "amicable"
    legal = "legal"
    execution = "execution"


class DocumentKind(StrEnum):
    """What a document proves."""

    invoice = "invoice"
    contract = "contract"
    terms = "terms"
    order = "order"
    delivery_note = "delivery_note"
    reminder = "reminder"
    correspondence = "correspondence"
    acknowledgement = "acknowledgement"
    statement = "statement"
    other = "other"


class ClaimType(StrEnum):
    """What a claim is for, which decides what proves it."""

    sale = "sale"
    services = "services"
    subscription = "subscription"
    rent = "rent"
    loan = "loan"
    other = "other"


class DisputeStatus(StrEnum):
    """Whether the debtor contests the claim, and how that ended."""

    none = "none"
    raised = "raised"
    substantiated = "substantiated"
    partly_accepted = "partly_accepted"
    resolved_creditor = "resolved_creditor"
    resolved_debtor = "resolved_debtor"
