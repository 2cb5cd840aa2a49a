"""The signs that a bank line is for a claim, and how much each weighs."""

import re
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Any, Final, Generic, TypeVar

from agency.money import Money
from agency.rules.match_search import is_number, words_written
from agency.rules.payer_name import compare_names
from agency.rules.reference import references_in
from agency.rules.tables import read_table, row_in_force

ClaimKey = TypeVar("ClaimKey", bound=Hashable)
"""How the caller names its claims; it comes back as it went in."""

Signs = dict[str, int]
"""The points of each sign."""

_LONG_NUMBER: Final = 7
_MISTYPED_NUMBER_MIN: Final = 6
_INVOICES_COMBINED_MAX: Final = 8
TIMES_OPEN_MAX: Final = 2
"""A payment made twice is still this debtor's; more than that is a slip, or meant for several claims."""

AMOUNT_SIGNS: Final = frozenset(
    {"amount", "invoice_amount", "sum_of_invoices", "amount_between", "amount_implausible"}
)
"""Signs that say nothing of who paid."""
NAME_SIGNS: Final = frozenset({"same_name", "initials", "family_name", "similar_name"})


_ACCOUNTS: Final = frozenset({"debtor_account", "account_on_file"})


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line of a bank statement, as far as matching looks at it; money that came in is positive.

    `payers` are the keys of the payer's name: the whole, and each holder of a joint account.
    """

    amount: Money
    references: tuple[str, ...] = ()
    text: str = ""
    iban: str | None = None
    payers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate(Generic[ClaimKey]):
    """A claim that the line may pay; references in any written form, `open` what is still owed.

    `debtor_ibans` are accounts that only this debtor was found to pay from, `shared_ibans` those from which
    others are paid for too, `ibans_on_file` what the creditor knows. `refused` when a person said before that
    money of this payer is not this debtor's. `debtor` is the same for all claims of one debtor.
    """

    claim_id: ClaimKey
    references: tuple[str, ...]
    open: Money
    debtor_ibans: tuple[str, ...] = ()
    invoice_numbers: tuple[str, ...] = ()
    invoice_amounts: tuple[Money, ...] = ()
    debtor: Hashable = None
    debtor_name: str = ""
    shared_ibans: tuple[str, ...] = ()
    ibans_on_file: tuple[str, ...] = ()
    refused: bool = False


class ReadLine:
    """What stands on a line, read once for all its candidates.

    :param numbers: the invoice numbers of all candidates: one that somebody wrote is no mistyped other.
    """

    def __init__(self, line: LineFacts, numbers: Iterable[str]) -> None:
        self.amount = line.amount
        self.iban = squeeze(line.iban or "")
        self.payers = line.payers
        self._whole = " | ".join((*line.references, line.text))
        self.written = frozenset(words_written(line.text, line.references))
        self._numbers = numbers

    @cached_property
    def mistyped(self) -> tuple[str, ...]:
        """The words that are no valid reference and no invoice number as they stand."""
        known = set(references_in(self._whole)) | {squeeze(number) for number in self._numbers}
        return tuple(word for word in self.written - known if is_number(word))


def weights_of(on: date) -> dict[str, Any]:
    """Return the weights in force on a day (`bank_matching.toml`).

    :raises ValueError: the table begins later.
    """
    row = row_in_force(read_table("bank_matching")["weights"], on)
    if row is None:
        raise ValueError(f"no weights of matching are in force on {on}")
    return row


def signs_of(line: ReadLine, candidate: Candidate[ClaimKey], weights: dict[str, Any]) -> Signs:
    """Return what points to one claim, the amount last."""
    found = [*_number_signs(line, candidate), *_payer_signs(line, candidate)]
    amount = amount_sign(line.amount, candidate)
    return {sign: weights[sign] for sign in ([*found, amount] if amount else found)}


def points_to_payer(signs: Collection[str]) -> bool:
    """Tell whether any sign says who paid or for what; an amount alone is anybody's."""
    return any(sign not in AMOUNT_SIGNS and sign not in ("other_name", "refused") for sign in signs)


def _number_signs(line: ReadLine, candidate: Candidate[ClaimKey]) -> Iterable[str]:
    numbers = [squeeze(number) for number in candidate.invoice_numbers if is_number(squeeze(number))]
    named = [number for number in numbers if number in line.written]
    if named:
        yield "invoice_number" if max(map(len, named)) >= _LONG_NUMBER else "short_invoice_number"
    if any(_nearly(squeeze(reference), line.mistyped) for reference in candidate.references):
        yield "mistyped_reference"
    elif not named and any(
        len(number) >= _MISTYPED_NUMBER_MIN and _nearly(number, line.mistyped) for number in numbers
    ):
        yield "mistyped_invoice_number"


def _payer_signs(line: ReadLine, candidate: Candidate[ClaimKey]) -> Iterable[str]:
    account = _account_sign(line.iban, candidate)
    if account:
        yield account
    name = compare_names(line.payers, candidate.debtor_name)
    # A known account may be in another's name; that was looked at when it became known.
    if name and not (name == "other_name" and account in _ACCOUNTS):
        yield name
    if candidate.refused:
        yield "refused"


def _account_sign(iban: str, candidate: Candidate[ClaimKey]) -> str | None:
    kinds: tuple[tuple[str, Sequence[str]], ...] = (
        ("debtor_account", candidate.debtor_ibans),
        ("account_on_file", candidate.ibans_on_file),
        ("account_of_several", candidate.shared_ibans),
    )
    return next((kind for kind, known in kinds if iban and iban in map(squeeze, known)), None)


def amount_sign(paid: Money, candidate: Candidate[ClaimKey]) -> str | None:
    """Tell how the amount agrees with what is open: all of it, an invoice, some invoices, or what was open
    before interest and costs of the last days came to it; None for any other part."""
    owed, invoices = candidate.open, [one for one in candidate.invoice_amounts if one.minor > 0]
    if paid == owed:
        return "amount"
    if paid.minor > TIMES_OPEN_MAX * owed.minor:
        return "amount_implausible"
    if paid in invoices:
        return "invoice_amount"
    principal = sum(one.minor for one in invoices)
    if len(invoices) > 1 and (paid.minor == principal or _some_add_up(paid.minor, invoices)):
        return "sum_of_invoices"
    return "amount_between" if invoices and principal < paid.minor < owed.minor else None


def _some_add_up(paid: int, invoices: Sequence[Money]) -> bool:
    if len(invoices) > _INVOICES_COMBINED_MAX:
        return False
    minors = [one.minor for one in invoices]
    return any(sum(some) == paid for size in range(2, len(minors)) for some in combinations(minors, size))


@lru_cache(maxsize=65_536)
def squeeze(text: str) -> str:
    """Return the letters and digits of a number, in capitals."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def _nearly(reference: str, written: Sequence[str]) -> bool:
    """Tell whether somebody wrote the reference with one sign wrong, missing, added or two swapped."""
    length = len(reference)
    return any(abs(len(word) - length) <= 1 and _one_edit_apart(word, reference) for word in written)


def _one_edit_apart(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    start = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    swapped = (
        short[start : start + 2] == long[start : start + 2][::-1] and short[start + 2 :] == long[start + 2 :]
    )
    return swapped or short[start + 1 :] == long[start + 1 :]
