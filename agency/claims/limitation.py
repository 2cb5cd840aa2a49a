"""Until when a claim can be brought to court, as far as the agency knows it."""

from datetime import date
from functools import lru_cache

from agency.rules.facts import Law
from agency.rules.limitation import LimitationKind, NoLimitationRule, limitation


@lru_cache(maxsize=16384)
def limitation_ends(*, law: Law, due_on: date) -> date | None:
    """This function will return the last day of the ordinary term of a contract; None where none is known.

    What would make it longer or shorter is not recorded with a claim: the kind of contract, and what
    interrupted the term with proof of it. A claim past this day is not written to any more until a person
    has looked into it.
    """
    try:
        return limitation(law=law, kind=LimitationKind.contract, due=due_on).ends
    except NoLimitationRule:
        return None
