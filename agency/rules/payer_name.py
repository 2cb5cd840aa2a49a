"""Whether the name that a bank gives for a payer is a debtor's: titles, initials, joint accounts, typos.

Names come in as keys: lower case, without accents, punctuation and legal form, words parted by blanks.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final, Literal

from agency.rules.tables import read_table

NameSign = Literal["same_name", "initials", "family_name", "similar_name", "other_name"]

SIMILAR_FROM: Final = 600
_INITIALS_MAX: Final = 3
_LONE_WORD_MIN: Final = 5
_WORD_MIN: Final = 3
_JOINED_MAX: Final = 4
# Letters that no accent is taken from, and the two ways in which a bank writes an umlaut.
_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_UMLAUTS: Final = re.compile("([aou])e")


def holders(name: str) -> tuple[str, ...]:
    """Return the name that a bank prints for an account, and each of its holders when it names several.

    "J. en P. Jansen" gives the whole, "J. Jansen" and "P. Jansen": a first name alone borrows the surname.
    """
    whole = " ".join(name.split())
    parts = [part.strip(" ,") for part in _joint().split(whole)]
    parts = [part for part in parts if part][:_JOINED_MAX]
    if len(parts) < 2:
        return (whole,) if whole else ()
    surname = parts[-1].split(maxsplit=1)
    if len(surname) == 2:
        parts = [f"{part} {surname[1]}" if len(part.strip(".")) <= 2 else part for part in parts]
    return tuple(dict.fromkeys((whole, *parts)))


def compare_names(payers: Sequence[str], debtor: str) -> NameSign | None:
    """Tell how the payer's name and a debtor's agree; None when there is nothing to compare.

    :param payers: keys of the whole name and of each holder, as `holders` gives them.
    :param debtor: the key of the debtor's name.
    """
    owed = _words(debtor)
    signs = [sign for payer in payers if (sign := _compare(payer, owed, debtor))]
    if not owed or not signs:
        return None
    return min(signs, key=_ORDER.index)


def search_words(payers: Sequence[str]) -> tuple[str, ...]:
    """Return the words of the payer's name by which debtors are looked up: no titles, particles, initials."""
    words = [word for payer in payers for word in payer.split()]
    plain = [word for word in words if len(word) >= _WORD_MIN and word not in _said("title", "particle")]
    known = [word for word in plain if word not in _said("family") and word not in _said("joint")]
    folded = [_UMLAUTS.sub(r"\1", word) for word in known]
    return tuple(dict.fromkeys((*known, *folded)))


def initials_of(payers: Sequence[str]) -> tuple[str, ...]:
    """Return the first letters of the words of the payer's name: a debtor's given name begins with one."""
    words = (word for payer in payers for word in payer.split() if word not in _said("title", "particle"))
    return tuple(dict.fromkeys(word[0] for word in words))


def similarity(one: str, other: str) -> int:
    """Return how many in a thousand of the three-letter pieces of two keys are shared, as pg_trgm counts."""
    left, right = _pieces(one), _pieces(other)
    both, all_pieces = len(left & right), len(left | right)
    return (2_000 * both + all_pieces) // (2 * all_pieces) if all_pieces else 0


_ORDER: Final = ("same_name", "initials", "family_name", "similar_name", "other_name")


def _compare(payer: str, owed: tuple[str, ...], debtor: str) -> NameSign | None:
    paying = _words(payer)
    if not paying or not owed:
        return None
    if sorted(paying) == sorted(owed) and (len(owed) > 1 or len(owed[0]) >= _LONE_WORD_MIN):
        return "same_name"
    if _by_initials(paying, owed) or _by_initials(owed, paying):
        return "initials"
    if owed[-1] in paying and (len(paying) == 1 or set(payer.split()) & _said("family")):
        return "family_name"
    if _contradict(paying, owed):
        return "other_name"
    if len(owed) > 1 and set(owed) <= set(paying):
        return "similar_name"
    return "similar_name" if similarity(payer, debtor) >= SIMILAR_FROM else "other_name"


def _by_initials(short: tuple[str, ...], full: tuple[str, ...]) -> bool:
    """Tell whether one name is the other with its given names as initials, in either order of its parts."""
    for initials, surname in ((short[0], short[1:]), (short[-1], short[:-1])):
        if not surname or len(initials) > _INITIALS_MAX or len("".join(surname)) < _WORD_MIN:
            continue
        given = [word for word in full if word not in surname]
        if len(given) + len(surname) == len(full) and given and _are_initials(initials, given):
            return True
    return False


def _are_initials(initials: str, given: Sequence[str]) -> bool:
    """ "jp" is "johan peter" or "johan"; "jan" is not "jos", as both are names and no initials."""
    first = "".join(word[0] for word in given)
    if len(initials) == 1 or first.startswith(initials):
        return first[0] == initials[0]
    return initials.startswith(first) and len(given[0]) > _INITIALS_MAX


def _contradict(paying: Sequence[str], owed: Sequence[str]) -> bool:
    """Tell whether a surname is shared and the given names cannot be: "k jansen" is not "jan jansen"."""
    theirs = {word[0] for word in paying if word not in owed}
    ours = {word[0] for word in owed if word not in paying}
    return bool(set(paying) & set(owed) and theirs and ours) and not theirs & ours


@lru_cache(maxsize=65_536)
def _words(key: str) -> tuple[str, ...]:
    """The words that say whose name it is, spelled one way."""
    kept = [word for word in key.split() if word not in _said("title", "particle", "family")]
    return tuple(_UMLAUTS.sub(r"\1", word.translate(_LETTERS)) for word in kept)


@lru_cache(maxsize=65_536)
def _pieces(key: str) -> frozenset[str]:
    return frozenset(
        padded[start : start + 3]
        for word in re.findall(r"[^\W_]+", key)
        for padded in (f"  {word} ",)
        for start in range(len(padded) - 2)
    )


@cache
def _said(*kinds: str) -> frozenset[str]:
    rows = read_table("bank_matching")["name_words"]
    return frozenset(word for row in rows if row["kind"] in kinds for word in row["words"])


@cache
def _joint() -> re.Pattern[str]:
    words = sorted(_said("joint"))
    return re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, words))})(?!\S)", re.IGNORECASE)
