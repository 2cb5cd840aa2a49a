"""What the names of columns do not say: their values decide what a column is, or leave a doubt."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from agency.intake.amount_columns import LEFT, SIGNED
from agency.intake.amount_words import says
from agency.intake.cells import is_blank, is_day, is_number
from agency.intake.headers import folded, known_field
from agency.intake.table import Cell, Row
from agency.intake.values import DEBTOR_KIND, DOCUMENT_KIND

PARTLY_PAID: Final = (
    "what was paid and what is still owed stand in columns of their own; say which column is the amount"
)
WITHOUT_VAT: Final = "the amount is without VAT; say which column holds what is still owed"
SOME_PAID: Final = (
    "some rows say that they are paid; take these out of the file, or say what its columns mean"
)
NO_NAMES: Final = "the column of the debtor's name holds no names"
SEVERAL_LINES: Final = (
    "invoices stand on several rows with different amounts; say whether these are lines to be added up"
)
DUE_UNSAID: Final = "a column may hold the due dates; say what it means"
_DUE: Final = re.compile(
    r"verval|vervd|verloop|echeance|^dateech|^due|duedate|fallig|zahlbar|zahlungs(?:ziel|frist)|uiterlijk"
    r"|uiterst|betalenvoor|expir"
)
_KINDS_TOLD: Final = re.compile(r"type|soort|kind|art\b|doc", re.IGNORECASE)
_PAID_WORDS: Final = frozenset(
    ("betaald", "volledig betaald", "voldaan", "afgehandeld", "paid", "fully paid", "paid in full", "payé",
     "payée", "soldé", "soldée", "bezahlt", "beglichen")
)  # fmt: skip
_YES: Final = frozenset({"ja", "j", "yes", "y", "oui", "x", "true", "waar", "vrai"})
_WORD_MIN: Final = 3
_ROWS_MIN: Final = 3
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b", re.ASCII)
_REMINDED: Final = ("reminder_1_on", "reminder_2_on")
_ACCOUNT: Final = re.compile(r"[A-Za-z]{2} ?\d{2}|\d{3}-\d{7}-\d{2}$", re.ASCII)
_TAX: Final = re.compile(r"[-+€ ]*[\d., ]*[.,]\d{1,2}-?|\d{1,2}(?:[.,]\d+)? ?%?", re.ASCII)
_LINE_FIELDS_MIN: Final = 4  # a number, a debtor, a day and an amount
_SEVERAL: Final = 2
_VAT_NUMBER_MIN: Final = 10**7


def find_doubt(columns: Mapping[str, str], headers: Sequence[str], sample: Sequence[Row]) -> tuple[str, str]:
    """This function will return the field that is in doubt and why, both empty when there is none."""
    amount = columns["amount"]
    if says(amount) == "without_vat":
        return "amount", WITHOUT_VAT
    others = [header for header in headers if header not in columns.values()]
    if "due_on" not in columns and any(_holds_due_dates(header, headers, sample) for header in others):
        return "due_on", DUE_UNSAID
    told = any(
        says(header) in ("open", "paid") and _tells_amounts(headers, sample, header) for header in others
    )
    if amount == LEFT or (says(amount) != "open" and told):
        return "amount", PARTLY_PAID
    if says(amount) != "open" and any(
        _tells_paid(header, filled(headers, sample, header)) for header in others
    ):
        return "amount", SOME_PAID
    names = filled(headers, sample, columns["debtor_name"])
    if names and not any(sum(map(str.isalpha, str(name))) >= 2 for name in names):
        return "debtor_name", NO_NAMES
    return ("invoice_number", SEVERAL_LINES) if has_lines(columns, headers, sample) else ("", "")


def has_lines(columns: Mapping[str, str], headers: Sequence[str], sample: Sequence[Row]) -> bool:
    """This function will tell whether invoices of a sample stand on several rows that agree on the debtor and
    the dates and differ in what they ask, as the lines of a hospital's or a landlord's list do.

    One such invoice may be a slip, which is refused by its row; two are the way of the list.
    """
    fields = ("invoice_number", "debtor_name", "debtor_reference", "issued_on", "due_on", "amount")
    places = [list(headers).index(columns[field]) for field in fields if columns.get(field) in headers]
    if not {"invoice_number", "amount"} <= columns.keys() or len(places) < _LINE_FIELDS_MIN:
        return False
    amounts: dict[tuple[str, ...], set[str]] = {}
    for _, row in sample:
        *same, amount = (str(row[at]).strip() if at < len(row) else "" for at in places)
        amounts.setdefault(tuple(same), set()).add(amount)
    several = [key for key, told in amounts.items() if key[0] and len(told) > 1]
    return len(several) >= _SEVERAL


def settle(columns: Mapping[str, str], headers: Sequence[str], sample: Sequence[Row]) -> dict[str, str]:
    """This function will return the columns without those whose values show that their name misled, and with
    the one that tells invoices from credit notes, for a credit note must never become a claim."""
    kinds = find_kinds(headers, sample)
    kept = {
        field: header
        for field, header in columns.items()
        if header != kinds
        and not misleads(field, filled(headers, sample, header))
        and has_its_street(field, headers)
    }
    names = filled(headers, sample, columns["debtor_name"]) if "debtor_name" in columns else []
    if len(set(names)) > 1 and "iban" in kept and is_own_account(filled(headers, sample, kept["iban"])):
        del kept["iban"]
    if kinds:
        kept.setdefault("document_kind", kinds)
    return kept


def misleads(field: str, cells: Sequence[Cell]) -> bool:
    """This function will tell whether what stands in a column shows that its name means something else than
    this field, which is not needed: tax below "VAT", a number below "Compte", kinds of documents
    below "Soort", which of several reminders was sent below "Herinnering".
    """
    if field == "vat_number":
        return _is_tax(cells)
    if field == "iban":  # "Compte" is the debtor's number in the books as often as his account at a bank
        return bool(cells) and not any(_ACCOUNT.match(str(cell).strip()) for cell in cells)
    if field == "debtor_kind":
        return bool(cells) and not any(str(cell).strip().casefold() in DEBTOR_KIND.words for cell in cells)
    return (
        field in _REMINDED
        and bool(cells)
        and not any(is_day(cell) or _YEAR.search(str(cell)) for cell in cells)
    )


def has_its_street(field: str, headers: Iterable[str]) -> bool:
    """This function will tell whether a field may be what its name says beside the other columns: "Numéro" is
    the number of a house only where a column holds the street."""
    return field != "house_number" or any(known_field(header) == "street" for header in headers)


def is_own_account(cells: Sequence[Cell]) -> bool:
    """This function will tell whether a column holds one account only: then it is the creditor's own."""
    return len(cells) >= _ROWS_MIN and len(set(cells)) == 1


def find_kinds(headers: Sequence[str], sample: Sequence[Row]) -> str | None:
    """This function will return the header of the column that tells invoices from credit notes, by its
    values; others may stand among them, such as payments."""
    if SIGNED in headers:
        return None
    for header in headers:
        if known_field(header) not in (None, "debtor_kind", "document_kind"):
            continue
        words = [str(cell).strip().casefold() for cell in filled(headers, sample, header)]
        told = bool(_KINDS_TOLD.search(header))
        kinds = [
            word in DOCUMENT_KIND.words and (told or (len(word) >= _WORD_MIN and not word.isdigit()))
            for word in words
        ]
        whole = any(len(word) >= _WORD_MIN for word in words)
        if words and (whole or known_field(header) != "debtor_kind") and sum(kinds) * 2 >= len(words):
            return header
    return None


def filled(headers: Sequence[str], sample: Sequence[Row], header: str) -> list[Cell]:
    """This function will return what stands in a column of the sample."""
    at = list(headers).index(header)
    return [row[at] for _, row in sample if at < len(row) and not is_blank(row[at])]


def _holds_due_dates(header: str, headers: Sequence[str], sample: Sequence[Row]) -> bool:
    """Whether a column is called after the day to pay, and holds days."""
    cells = filled(headers, sample, header)
    return bool(cells) and bool(_DUE.search(folded(header))) and all(map(is_day, cells))


def _tells_amounts(headers: Sequence[str], sample: Sequence[Row], header: str) -> bool:
    """Whether a column holds amounts, and not only nothing."""
    cells = filled(headers, sample, header)
    return all(map(is_number, cells)) and any(str(cell).strip(" 0.,-€\u00a0") for cell in cells)


def _tells_paid(header: str, cells: Sequence[Cell]) -> bool:
    """Whether a column tells of some rows that nothing is owed any more."""
    words = {str(cell).strip().casefold() for cell in cells}
    return bool(words & _PAID_WORDS) or (says(header) == "paid" and bool(words & _YES))


def _is_tax(cells: Sequence[Cell]) -> bool:
    """Whether a column called VAT holds the tax or its rate, not a number of a business."""
    return bool(cells) and all(
        abs(cell) < _VAT_NUMBER_MIN if isinstance(cell, Decimal) else bool(_TAX.fullmatch(str(cell).strip()))
        for cell in cells
    )
