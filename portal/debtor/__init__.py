"""The debtor's door: a link, a second fact, and everything about one claim, in the creditor's brand."""

from portal.debtor import (
    affordability,
    answers,
    brands,
    call_notes,
    home_visits,
    mandates,
    pages,
    paying,
    plans,
    refunds,
    writing,
)

__all__ = [
    "affordability",
    "answers",
    "brands",
    "call_notes",
    "home_visits",
    "mandates",
    "pages",
    "paying",
    "plans",
    "refunds",
    "writing",
]
