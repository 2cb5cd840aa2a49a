"""What only French asks for: elision before a value that begins with a vowel ("une facture d’Enercity"), and
signs that never stand at the start of a line.

One place for the portal's catalogue and for the texts that leave. An h is left alone, as nobody can tell from
a name whether it is aspirated, and so is a y.
"""

import re
from collections.abc import Callable
from typing import Final

VOWELS: Final = "AEIOUÀÂÄÁÉÈÊËÎÏÍÔÖÓÙÛÜÚÆŒaeiouàâäáéèêëîïíôöóùûüúæœ"
ELIDED: Final = r"\b([Dd]|[Qq]u|[Ll]orsqu|[Pp]uisqu)e "
"""What loses its e before a vowel, with the blank behind it; the group is what stays."""
_SIGN: Final = re.compile(r"(?<=\S) (?=[:;?!»](?:[\s<*)]|$))")
_OPENED: Final = re.compile(r"« ")
_APOSTROPHE: Final = re.compile(r"(?<=[a-zéèêàA-Z])'(?=[\wÀ-ÿ%])")
_NO_BREAK: Final = "\u00a0"
_TAG: Final = re.compile(r"^(?:<[^>]*>|[\s*])+")


def begins_with_vowel(value: object) -> bool:
    """Tell whether what a value shows begins with a vowel; markup before it is not read."""
    shown = _TAG.sub("", str(value))
    return shown != "" and shown[0] in VOWELS


def elide(sentence: str, place: re.Pattern[str], value_of: Callable[[str], object]) -> str:
    """Return a French sentence in which the words before places of values are elided where they must be.

    :param place: finds a place; its first group is the name of the value, alone.
    :param value_of: gives the value of that name.
    """

    def one(match: re.Match[str]) -> str:
        vowel = begins_with_vowel(value_of(match[3]))
        return f"{match[1]}{'’' if vowel else 'e '}{match[2]}"

    return re.sub(f"{ELIDED}({place.pattern})", one, sentence)


def typeset(text: str) -> str:
    """Return a French text with blanks that do not break before : ; ? ! » and after «, and ’ in words."""
    joined = _OPENED.sub(f"«{_NO_BREAK}", _SIGN.sub(_NO_BREAK, text))
    return _APOSTROPHE.sub("’", joined)
