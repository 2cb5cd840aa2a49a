"""Fields that several forms of this door share."""

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from agency.claims.models import Claim
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from portal.shared.forms import Form, blank, money_of

# What people write at length in the forms about a claim.
_WORDS: Final = ("note", "points", "outcome_why", "report", "why")


def currency_of(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> str:
    """This function will return the currency of a claim.

    :raises NotFound: no such claim.
    """
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    return claim.currency


def amount_of(typed: Decimal | None, currency: str, field: str) -> Money | None:
    """This function will return an amount that somebody typed, None when nothing was.

    :raises Invalid: it has more decimals than the currency, or is no amount.
    """
    return None if typed is None else money_of(typed, currency, field)


def as_note(refused: Form[Any]) -> Form[Any]:
    """This function will return a note of what was written into a form that its page no longer has."""
    written = [str(refused.value(name)).strip() for name in _WORDS]
    note = blank(note="\n".join(words for words in written if words))
    for message in refused.errors.values():
        note.refuse(message)
    return note
