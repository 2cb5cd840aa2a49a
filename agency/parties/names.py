"""Names as a key: what stays of a name when case, accents, punctuation and legal form are taken away."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_LEGAL_FORMS_TEXT: Final = (
    "bv nv vof cv bvba sprl srl sa sas sarl scrl asbl vzw gmbh ag kg ohg ug ltd limited llp plc inc llc "
    "corp eenmanszaak maatschap "
)
LEGAL_FORMS: Final = frozenset(_LEGAL_FORMS_TEXT.split())
"""Legal forms of the Benelux, Germany, France and English-speaking countries, without dots."""

_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=65_536)
def name_key(name: str) -> str:
    """This function will return the key under which several spellings of one name meet.

    "Bakkerij De Vries B.V. " and "BAKKERIJ DE VRIES BV" give the same key; the name itself is kept as given.
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    words = _join_initials(_WORD.findall(plain.replace("'", "").replace("’", "")))
    kept = [word for word in words if word not in LEGAL_FORMS]
    return " ".join(kept or words)


def _join_initials(words: list[str]) -> list[str]:
    """`b v` came from "B.V.": single letters in a row are one word."""
    joined: list[str] = []
    run = ""
    for word in words:
        if len(word) == 1:
            run += word
            continue
        joined += [run, word] if run else [word]
        run = ""
    return [*joined, run] if run else joined


def has_legal_form(name: str) -> bool:
    """This function will tell whether a name ends in the legal form of a company."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    words = _join_initials(_WORD.findall(plain))
    return len(words) > 1 and words[-1] in LEGAL_FORMS
