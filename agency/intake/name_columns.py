"""A debtor's name that an export spreads over columns: what he is called, what stands between, his family's
name, and his firm's where he has one. They become one column in front of the file's own.
"""

from collections.abc import Sequence
from typing import Final

from agency.intake.amount_columns import COMPUTED, Computed
from agency.intake.cells import is_blank
from agency.intake.headers import folded, known_field, unbracketed
from agency.intake.table import Cell

JOINED: Final = "name of its parts"
WORKED_OUT: Final = COMPUTED | {JOINED}
"""Headers of columns that stand in no file: they are worked out again whenever one is read."""

_FIRST: Final = frozenset(
    ("voornaam", "voornamen", "roepnaam", "voorletters", "initialen", "firstname", "givenname", "forename",
     "initials", "prenom", "prenoms", "vorname", "vornamen")
)  # fmt: skip
_BETWEEN: Final = frozenset(
    ("tussenvoegsel", "tussenvoegsels", "tussenv", "voorvoegsel", "voorvoegsels", "infix", "middlename")
)
_LAST: Final = frozenset(
    ("achternaam", "familienaam", "geslachtsnaam", "lastname", "surname", "familyname", "nomdefamille",
     "nachname", "familienname")
)  # fmt: skip
_FIRMS: Final = frozenset(
    {"bedrijf", "organisatie", "entreprise", "unternehmen", "organisation", "organization"}
)


def find_name(headers: Sequence[str], sample: Sequence[Sequence[Cell]]) -> Computed | None:
    """This function will find whether the debtor's name stands in several columns. One column called a name
    beside a first name holds the rest of it, unless it says the first name as well.

    :param sample: the first rows below the headers.
    """
    first, between, last = (_only(headers, names) for names in (_FIRST, _BETWEEN, _LAST))
    named = [at for at, header in enumerate(headers) if known_field(header) == "debtor_name"]
    whole = named or [at for at, header in enumerate(headers) if folded(unbracketed(header)) in _FIRMS]
    if last is None and first is not None and len(named) == 1 and not _repeats(sample, first, named[0]):
        last, whole = named[0], []
    if last is None or len(whole) > 1:
        return None
    parts = [at for at in (first, between, last) if at is not None]
    return Computed(JOINED, lambda cells: _text(cells, whole) or _text(cells, parts))


def _only(headers: Sequence[str], names: frozenset[str]) -> int | None:
    found = [at for at, header in enumerate(headers) if folded(unbracketed(header)) in names]
    return found[0] if len(found) == 1 else None


def _repeats(sample: Sequence[Sequence[Cell]], first: int, named: int) -> bool:
    """Whether the column of names says the first names too."""
    told = [(_text(row, [first]), _text(row, [named])) for row in sample]
    full = [(one, name) for one, name in told if one and name]
    return any(one.casefold() in name.casefold().split() for one, name in full)


def _text(cells: Sequence[Cell], places: Sequence[int]) -> str:
    filled = (cells[at] for at in places if at < len(cells) and not is_blank(cells[at]))
    return " ".join(str(cell).strip() for cell in filled)
