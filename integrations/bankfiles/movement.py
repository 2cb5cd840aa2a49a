"""One booked movement as a bank file states it."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from agency.money import Money

TOLD_IN_WORDS: Final = "NARR"
"""Stands for the reason of a return where no code says it, though the texts may (ISO 20022: narrative)."""


@dataclass(slots=True)
class Movement:
    """One booked movement as the file states it.

    :param servicer_ref: the bank's reference when it is unique to the bank, not a running number.
    :param entry: the entry's place in its statement, from 1; the details of a collective entry share it.
    """

    amount: Money
    booked_on: date | None = None
    value_on: date | None = None
    servicer_ref: str | None = None
    bank_ref: str | None = None
    end_to_end: str | None = None
    text: str = ""
    structured_references: tuple[str, ...] = ()
    counterparty: str | None = None
    counterparty_iban: str | None = None
    reversal: bool = False
    return_reason: str | None = None
    batch: bool = False
    entry: int = 0
