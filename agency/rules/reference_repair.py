"""What somebody who mistyped a reference may have meant: the check digits leave few of the possible slips."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from agency.rules.reference import references_in

_TEXT_MAX: Final = 4_000
_TOKENS_MAX: Final = 12
_DIGITS: Final = "0123456789"
_RF_DIGITS: Final = 12  # two check digits and ten of the number
_CLAIM_DIGITS: Final = 10
_OGM_DIGITS: Final = 12

_LIKE_RF = re.compile(r"(?<![A-Z0-9])R[A-Z] ?\d(?:[ ./\-]?\d){9,13}(?!\d)", re.ASCII)
_LIKE_CLAIM = re.compile(r"(?<![A-Z0-9])C[A-Z][ ./\-]?\d(?:[ ./\-]?\d){7,10}(?!\d)", re.ASCII)
_LIKE_OGM = re.compile(r"(?<![A-Z0-9])\d(?:[ ./\-]?\d){10,12}(?!\d)", re.ASCII)
_BARE = re.compile(r"\D", re.ASCII)


def repaired_references(text: str) -> tuple[str, ...]:
    """Return the valid references that are one slip of the pen away from what stands in a text.

    A slip is one digit wrong, missing or too many, or two neighbours swapped; "RF" and "CL" may have been
    left out or have a wrong second letter. Valid references in the text are not looked at again. They come
    in the form of `references_in`; nothing says that somebody has them.

    :param text: at most 4,000 characters are looked at.
    """
    plain = " ".join(text[:_TEXT_MAX].upper().split())
    found: dict[str, None] = {}
    for digits in _suspects(_LIKE_RF, plain):
        found.update(dict.fromkeys(_valid("RF", digits, _RF_DIGITS)))
    for digits in _suspects(_LIKE_CLAIM, plain):
        found.update(dict.fromkeys(_valid("CL", digits, _CLAIM_DIGITS)))
    for digits in _suspects(_LIKE_OGM, plain):
        for prefix, length in (("", _OGM_DIGITS), ("RF", _RF_DIGITS), ("CL", _CLAIM_DIGITS)):
            found.update(dict.fromkeys(_valid(prefix, digits, length)))
    return tuple(found)


def _suspects(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for number, hit in enumerate(pattern.finditer(text)):
        if number == _TOKENS_MAX:
            return
        yield _BARE.sub("", hit[0])


@lru_cache(maxsize=8_192)
def _valid(prefix: str, digits: str, length: int) -> tuple[str, ...]:
    """Give the valid references of one kind that are at most one slip away from a row of digits."""
    if abs(len(digits) - length) > 1:
        return ()
    slips = dict.fromkeys(slip for slip in _slips(digits) if len(slip) == length)
    return tuple(prefix + slip for slip in slips if _passes(prefix, slip))


def _passes(prefix: str, digits: str) -> bool:
    """The arithmetic first: it is cheap, and the full reading of a reference is not."""
    if prefix == "RF":
        passes = int(digits[2:] + "2715" + digits[:2]) % 97 == 1
    else:
        passes = (int(digits[:-2]) % 97 or 97) == int(digits[-2:])
    return passes and references_in(prefix + digits) == (prefix + digits,)


def _slips(digits: str) -> Iterator[str]:
    """Give every row that one slip makes of a row, and the row itself: its letters may be what is wrong."""
    for place in range(len(digits)):
        before, after = digits[:place], digits[place + 1 :]
        yield before + after
        for digit in _DIGITS:
            yield before + digit + after
            yield before + digit + digits[place:]
        if after:
            yield before + after[0] + digits[place] + after[1:]
    for digit in _DIGITS:
        yield digits + digit
