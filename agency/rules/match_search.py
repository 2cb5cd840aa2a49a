"""What a bank line is looked up by: the one reading that the database and any other index start from."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from agency.rules.reference import printed_forms, references_in
from agency.rules.reference_repair import repaired_references

_TEXT_MAX: Final = 4_000
_TOKENS_JOINED_MAX: Final = 4
_NUMBER_LENGTH_MIN: Final = 4
_NUMBER_LENGTH_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class Lookups:
    """`references` and `repaired` in every printed form; `numbers` are what may be an invoice number, in
    capitals and without anything but letters and digits."""

    references: tuple[str, ...]
    repaired: tuple[str, ...]
    numbers: tuple[str, ...]


def lookups(*, text: str, references: Sequence[str]) -> Lookups:
    """Read what claims may be looked up by from a bank line.

    :param references: the structured fields; each is read as a whole, for payers type a reference's blanks.
    """
    whole = " | ".join((*references, text))
    forms = [form for reference in references_in(whole) for form in printed_forms(reference)]
    repaired = [form for reference in repaired_references(whole) for form in printed_forms(reference)]
    numbers = [word for word in dict.fromkeys(words_written(text, references)) if is_number(word)]
    return Lookups(tuple(forms), tuple(repaired), tuple(numbers))


def words_written(text: str, references: Sequence[str]) -> Iterator[str]:
    """Give every word of the text, and every few neighbours written as one ("2026-00123", "CL 0000 1234").

    In capitals, letters and digits only; of the text at most 4,000 characters are looked at.
    """
    tokens = re.findall(r"[A-Z0-9]+", " ".join((*references, text[:_TEXT_MAX])).upper())
    for start in range(len(tokens)):
        for count in range(1, _TOKENS_JOINED_MAX + 1):
            yield "".join(tokens[start : start + count])


def is_number(written: str) -> bool:
    """Tell whether a word may be somebody's number of an invoice: some length, and a digit in it."""
    return _NUMBER_LENGTH_MIN <= len(written) <= _NUMBER_LENGTH_MAX and any(map(str.isdigit, written))
