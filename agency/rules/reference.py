"""The references that debtors quote when they pay, with their check digits."""

import re
from collections.abc import Callable
from functools import lru_cache
from string import ascii_uppercase
from typing import Final

from stdnum import iso11649

OGM_MAX: Final = 9_999_999_999
CLAIM_MAX: Final = 99_999_999
_CLAIM: Final = "CL"
_TEXT_MAX: Final = 4_000
_RF_AS_DIGITS: Final = "271500"  # R is 27, F is 15, and the check digits are still 00 (ISO 7064, mod 97-10)
_RF_LENGTH_MIN: Final = 5
_AS_DIGITS: Final = {ord(letter): str(n) for n, letter in enumerate(ascii_uppercase, 10)}
_OWN_RF_LENGTH: Final = 14
_BLANK: Final = "|"
# Hyphens that do not break, dashes of every length and the minus sign; a soft hyphen is not seen at all.
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-") | {"\u00ad": ""})

_Reader = Callable[[str], tuple[str, int]]
"""Turns a hit into the reference and how many characters of the hit it took; ("", 0) when it is none."""

_OGM = re.compile(
    r"(?<!\d)(\d(?: ?\d){2}) ?[/.\-]? ?(\d(?: ?\d){3}) ?[/.\-]? ?(\d(?: ?\d){4})(?!\d)", re.ASCII
)
_RF = re.compile(r"(?<![A-Z0-9])RF ?\d{2}(?:[ ./\-]?[A-Z0-9]){1,21}(?![A-Z0-9])", re.ASCII)
_DIGITS_OF_RF = re.compile(r"RF(?:[ ./\-]?\d)+", re.ASCII)
_CLAIM_NUMBER = re.compile(r"(?<![A-Z0-9])CL[ ./\-]?\d(?:[ ./\-]?\d){9}(?!\d)", re.ASCII)
# The twelve digits of a Belgian account number carry the same check as a structured communication, so an IBAN
# in the text would pass for one.
_BELGIAN_IBAN = re.compile(r"(?<![A-Z0-9])BE ?\d{2}(?: ?\d{4}){3}(?!\d)", re.ASCII)


def structured_ogm(n: int) -> str:
    """Return the Belgian structured communication of a number, as printed: "+++010/8068/17183+++".

    :raises ValueError: when the number is not 1 to 9,999,999,999.
    """
    if not 1 <= n <= OGM_MAX:
        raise ValueError("a structured communication holds ten digits, from 1")
    body = f"{n:010d}"
    digits = body + _mod_97(body)
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"


def creditor_reference(n: int) -> str:
    """Return the international creditor reference of a number (ISO 11649), as printed: "RF45 0000 0123 45".

    :raises ValueError: when the number is not 1 to 9,999,999,999.
    """
    if not 1 <= n <= OGM_MAX:
        raise ValueError("the reference holds ten digits, from 1")
    body = f"{n:010d}"
    compact = f"RF{98 - int(body + _RF_AS_DIGITS) % 97:02d}{body}"
    return " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))


def claim_number(n: int) -> str:
    """Return the agency's own number of a claim, eight digits and two check digits: "CL-0000-1234-70".

    :raises ValueError: when the number is not 1 to 99,999,999.
    """
    if not 1 <= n <= CLAIM_MAX:
        raise ValueError("a claim number holds eight digits, from 1")
    body = f"{n:08d}"
    return f"{_CLAIM}-{body[:4]}-{body[4:]}-{_mod_97(body)}"


def valid_rf(text: str) -> bool:
    """Tell whether a text is one creditor reference (ISO 11649) with the right check digits."""
    return bool(iso11649.is_valid(text))


@lru_cache(maxsize=4096)
def references_in(text: str) -> tuple[str, ...]:
    """Find the valid references in what somebody wrote with a payment, in order of kind and place.

    They come back in one form each, without repeats: twelve digits for a structured communication, "RF.." and
    "CL.." without blanks for the others. Blanks, slashes, dots and dashes inside do not matter. Digits
    that happen to look like a reference but fail the check are left out.

    :param text: at most 4,000 characters are looked at.
    """
    rest = " ".join(text[:_TEXT_MAX].translate(_DASHES).upper().split())
    found: dict[str, None] = {}
    for pattern, read in _KINDS:
        rest, references = _take(pattern, read, rest)
        found.update(dict.fromkeys(references))
    return tuple(found)


def printed_forms(reference: str) -> tuple[str, ...]:
    """Return how a reference that `references_in` found may stand on a claim: plain, and as printed."""
    if reference.startswith("RF"):
        groups = [reference[start : start + 4] for start in range(0, len(reference), 4)]
        return reference, " ".join(groups)
    if reference.startswith("CL"):
        return reference, f"CL-{reference[2:6]}-{reference[6:10]}-{reference[10:]}"
    return reference, f"+++{reference[:3]}/{reference[3:7]}/{reference[7:]}+++"


def _take(pattern: re.Pattern[str], read: _Reader, text: str) -> tuple[str, list[str]]:
    """Return the references of one kind, and the text with them blanked so that no other kind sees them."""
    references: list[str] = []
    position = 0
    while hit := pattern.search(text, position):
        reference, length = read(hit[0])
        if length:
            text = text[: hit.start()] + _BLANK * length + text[hit.start() + length :]
        if reference:
            references.append(reference)
        position = hit.start() + max(length, 1)
    return text, references


def _claim_in(hit: str) -> tuple[str, int]:
    digits = re.sub(r"\D", "", hit)
    return _CLAIM + digits if _mod_97(digits[:8]) == digits[8:] else "", len(hit)


def _ogm_in(hit: str) -> tuple[str, int]:
    digits = re.sub(r"\D", "", hit)
    return (digits, len(hit)) if _mod_97(digits[:10]) == digits[10:] else ("", 0)


def _skip(hit: str) -> tuple[str, int]:
    return "", len(hit)


def _rf_in(hit: str) -> tuple[str, int]:
    """Find where the reference ends, as the words after it look like more of it.

    A part that has the agency's own length is taken first, else the longest part that passes the check.
    """
    ends = [place.start() for place in re.finditer(r"[ ./\-]", hit)] + [len(hit)]
    parts = {end: re.sub(r"[ ./\-]", "", hit[:end]) for end in ends}
    valid = [end for end, part in parts.items() if _is_rf(part)]
    if not valid:
        # A mistyped reference keeps its digits to itself: twelve of them may pass for another kind.
        return "", len(hit) - len(_DIGITS_OF_RF.sub("", hit, count=1))
    end = next((end for end in valid if len(parts[end]) == _OWN_RF_LENGTH), valid[-1])
    return parts[end], end


def _is_rf(compact: str) -> bool:
    """Tell what `valid_rf` tells of a text without blanks that `_RF` found, in a tenth of the time."""
    return (
        len(compact) >= _RF_LENGTH_MIN
        and compact.startswith("RF")
        and int((compact[4:] + compact[:4]).translate(_AS_DIGITS)) % 97 == 1
    )


def _mod_97(digits: str) -> str:
    """Return the two check digits of Belgian references: the remainder by 97, and 97 instead of 0."""
    return f"{int(digits) % 97 or 97:02d}"


_KINDS: Final[tuple[tuple[re.Pattern[str], _Reader], ...]] = (
    (_CLAIM_NUMBER, _claim_in),
    (_RF, _rf_in),
    (_BELGIAN_IBAN, _skip),
    (_OGM, _ogm_in),
)
