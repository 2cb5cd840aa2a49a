"""The bailiff's book: fees and advances that only pass through, apart from trust money and the agency's own.

The money stands on a bank account of its own, so that nobody's claim pays for somebody else's bailiff.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, post
from agency.money import Money


class NothingPassed(Invalid):
    """Money passes through in a positive amount; what was booked wrongly is reversed."""


class Passage(StrEnum):
    """What happened between creditor, agency and bailiff; also the kind of the booking."""

    ADVANCED = "bailiff_advanced"  # the creditor put money down for a bailiff
    CHARGED = "bailiff_charged"  # the bailiff sent a note of fees
    PAID = "bailiff_paid"  # the note was paid
    RECOVERED = "bailiff_recovered"  # the debtor paid these fees, and the bailiff passed them on
    BORNE = "bailiff_borne"  # the debtor never will: the creditor's advance bears them
    RETURNED = "bailiff_returned"  # what was left of an advance went back to the creditor


_SIDES: dict[Passage, tuple[str, str]] = {
    Passage.ADVANCED: ("bailiff.bank", "bailiff.advances"),
    Passage.CHARGED: ("bailiff.to_recover", "bailiff.payable"),
    Passage.PAID: ("bailiff.payable", "bailiff.bank"),
    Passage.RECOVERED: ("bailiff.bank", "bailiff.to_recover"),
    Passage.BORNE: ("bailiff.advances", "bailiff.to_recover"),
    Passage.RETURNED: ("bailiff.advances", "bailiff.bank"),
}


def pass_through(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    passage: Passage,
    source_key: str,
    amount: Money,
    effective_on: date,
    memo: str = "",
) -> UUID:
    """This function will book one passage of a claim's bailiff money and return its transaction.

    The same key and content again changes nothing; `agency.ledger.posting.reverse` takes a passage back.

    :param source_key: names the fact, such as the bailiff's number of the note.
    :raises NothingPassed: the amount is not positive.
    :raises KeyReused: the key stands with other content.
    """
    if amount.minor <= 0:
        raise NothingPassed(f"{amount} is not an amount that passes through", field="amount")
    debit, credit = _SIDES[passage]
    return post(
        unit,
        creditor_id=creditor_id,
        book=Book.BAILIFF,
        kind=passage.value,
        source_key=source_key,
        legs=[Leg(debit, amount, claim_id), Leg(credit, -amount, claim_id)],
        effective_on=effective_on,
        memo=memo,
    )
