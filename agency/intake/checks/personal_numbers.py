"""Numbers by which a state knows a person: found in text, so that they are never kept.

Netherlands: the BSN (nine digits, 11-proef) may only be used where a law says so (UAVG art. 46). Belgium: the
rijksregisternummer (eleven digits, mod 97) needs a ground of its own (law of 8 August 1983 art. 8). One
number of nine digits in eleven passes the 11-proef, so a bare one counts only where nothing beside it says
that it is something else: an invoice, an account, a telephone, an enterprise.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from agency.intake.checks.finding import Finding, Severity

Kind = Literal["bsn", "rijksregisternummer"]

REMOVED: Final = "a citizen service number was found and removed; it may not be kept"
REFUSED: Final = "holds a citizen service number, which may not be kept; use another reference"
MASK: Final = "•••"

CANDIDATE: Final = r"[0-9](?:[ .\-/]?[0-9]){7}"
"""A cheap first look, for whole columns: text without eight digits in a row holds no such number."""

_CANDIDATE = re.compile(CANDIDATE)
# A digit or letter beside it makes it a part of something longer: an IBAN, a reference, a decimal.
_BSN = re.compile(
    r"(?<![\w.,+/\-])(?:[0-9]{9}|[0-9]{3}([ .\-])[0-9]{3}\1[0-9]{3}|[0-9]{4}([ .])[0-9]{2}\2[0-9]{3})"
    r"(?![\w/\-]|[.,][0-9])"
)
_LABELLED = re.compile(
    r"\b(?:bsn|burger ?service ?(?:nummer|nr)|sofi(?: ?-?(?:nummer|nr))?|citizen service number)\b"
    r"[^0-9\n]{0,15}([0-9](?:[ .\-]?[0-9]){7,8})(?![0-9])",
    re.IGNORECASE,
)
_REGISTER = re.compile(
    r"(?<![\w+/])([0-9]{2})[ .]?([0-9]{2})[ .]?([0-9]{2})[ .\-]?([0-9]{3})[ .\-]?([0-9]{2})(?![0-9])"
)
_OTHER_BEFORE = re.compile(
    r"(?:factuur\w*|fact|facture|invoice|rechnung\w*|order\w*|bestel\w*|commande|klant\w*|client|kunden\w*"
    r"|debiteur\w*|dossier\w*|zaak\w*|case|ref\w*|kenmerk|offerte\w*|pakbon\w*|polis\w*|contract\w*|artikel\w*"
    r"|tel\w*|phone|gsm|mobiel|fax|kvk\w*|kbo|bce|btw|tva|vat|siren|rekening\w*|iban|bic|account|serie\w*|serial"
    r"|meter\w*|ean|isbn|track\w*|rsin|fiscaal|ob)\b[\w .:#/°\-]{0,14}$",
    re.IGNORECASE,
)
_BEFORE: Final = 32
# Blanks and hyphens may stand anywhere in an account number, so what is inside one is found by its beginning.
_ACCOUNT = re.compile(r"\b[A-Z]{2}[ \-]?[0-9]{2}(?:[ .\-]?[A-Z0-9]+){2,}")


@dataclass(frozen=True, slots=True)
class PersonalNumber:
    """Where in a text a number stands and which kind it is; never the number itself."""

    kind: Kind
    start: int
    end: int


def eleven_proof(digits: str) -> bool:
    """Tell whether eight or nine digits can be a BSN: weighted 9 to 2 and -1, divisible by eleven."""
    padded = digits.rjust(9, "0")
    if len(padded) != 9 or not padded.isascii() or not padded.isdigit() or padded == "000000000":
        return False
    total = sum(
        weight * int(digit) for weight, digit in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), padded, strict=True)
    )
    return total % 11 == 0


def national_register(digits: str) -> bool:
    """Tell whether eleven digits are a rijksregister- or bis-number: a birthday and 97 minus the rest.

    From 2000 on a 2 stands before the nine digits for the check. A bis-number has 20 or 40 added to its
    month; an unknown day or month is 00.
    """
    if len(digits) != 11 or not digits.isascii() or not digits.isdigit():
        return False
    body, check = digits[:9], int(digits[9:])
    centuries = [year for year, lead in ((1900, ""), (2000, "2")) if 97 - int(lead + body) % 97 == check]
    return any(_birthday(century, digits) for century in centuries)


def _birthday(century: int, digits: str) -> bool:
    year, month, day = century + int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    month -= 40 if month >= 40 else 20 if month >= 20 else 0
    if month == 0 or day == 0:
        return month <= 12 and day <= 31
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def personal_numbers(text: str) -> list[PersonalNumber]:
    """Return every such number of a text in order, each place once."""
    if not _CANDIDATE.search(text):
        return []
    found: list[PersonalNumber] = []
    accounts = [match.span() for match in _ACCOUNT.finditer(text)]
    for number in sorted(_found(text), key=lambda number: (number.start, -number.end)):
        inside = any(start < number.start and number.end <= end for start, end in accounts)
        if not inside and (not found or number.start >= found[-1].end):
            found.append(number)
    return found


def _found(text: str) -> Iterator[PersonalNumber]:
    for match in _LABELLED.finditer(text):
        if eleven_proof(_digits(match[1])):
            yield PersonalNumber("bsn", match.start(1), match.end(1))
    for match in _REGISTER.finditer(text):
        if national_register("".join(match.groups())) and not _is_other(
            text, match.start(), dotted="." in match[0]
        ):
            yield PersonalNumber("rijksregisternummer", match.start(), match.end())
    for match in _BSN.finditer(text):
        if eleven_proof(_digits(match[0])) and not _is_other(text, match.start()):
            yield PersonalNumber("bsn", match.start(), match.end())


def _is_other(text: str, start: int, *, dotted: bool = False) -> bool:
    """Whether the words before a number say that it is something else; a dotted one has a form of its own."""
    return not dotted and bool(_OTHER_BEFORE.search(text[max(0, start - _BEFORE) : start]))


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def redacted(text: str) -> str:
    """Return a text without the numbers by which a state knows a person."""
    parts, at = [], 0
    for number in personal_numbers(text):
        parts += [text[at : number.start], MASK]
        at = number.end
    return "".join(parts) + text[at:]


def check_text(field: str, text: str) -> tuple[str, list[Finding]]:
    """Return a free text as it may be kept, and a warning when something had to be taken out."""
    kept = redacted(text)
    if kept == text:
        return text, []
    return kept, [
        Finding(field, Severity.WARN, REMOVED, kept[:80], "UAVG art. 46; law of 8 August 1983 art. 8")
    ]


def check_reference(field: str, text: str) -> list[Finding]:
    """Refuse a reference that is such a number by its own form or label; nine bare digits are nobody's.

    A reference is kept as it is or not at all, so it is refused instead of redacted.
    """
    told = any(number.kind == "rijksregisternummer" for number in personal_numbers(text)) and "." in text
    if not told and not any(eleven_proof(_digits(match[1])) for match in _LABELLED.finditer(text)):
        return []
    return [Finding(field, Severity.REJECT, REFUSED, MASK, "UAVG art. 46; law of 8 August 1983 art. 8")]
