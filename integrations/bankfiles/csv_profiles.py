"""The layouts of banks' CSV exports, read from the table beside this file, and how one is recognised."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

HEADER_ROWS_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class Sign:
    """The column that tells the direction of an amount, and its words."""

    column: str
    came_in: frozenset[str]
    went_out: frozenset[str]


@dataclass(frozen=True, slots=True)
class NotBooked:
    """The column that tells rows which moved no money, and its words.

    :param booked: the words of every other row; empty where any other word is that of a booked one.
    """

    column: str
    left_out: frozenset[str]
    booked: frozenset[str]


@dataclass(frozen=True, slots=True)
class Profile:
    """One bank's layout; the table explains each field."""

    bank: str
    dates: tuple[str, ...]
    decimal: str
    encoding: str
    currency: str | None
    columns: Mapping[str, tuple[str, ...]]
    optional: Mapping[str, tuple[str, ...]]
    sign: Sign | None
    not_booked: NotBooked | None
    quote: str
    labels: Mapping[str, str]
    no_header: tuple[str, ...]
    first_row: re.Pattern[str] | None
    account_above: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """A profile applied to one file: which cell holds what, and where the rows begin.

    :param cells: field -> positions in a row.
    :param sign_at: position of the column that tells the direction.
    :param not_booked_at: position of the column that tells which rows moved no money.
    :param first: index of the first row with data.
    :param width: how many cells a row has.
    :param account: what stands above the header row, where no column names it.
    """

    profile: Profile
    cells: Mapping[str, tuple[int, ...]]
    sign_at: int | None
    not_booked_at: int | None
    first: int
    width: int
    account: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """An export that is known by its columns and not read; `provider` says that it is no bank's."""

    name: str
    columns: frozenset[str]
    provider: bool


@cache
def refused() -> tuple[Refused, ...]:
    """This function will return the exports that are named and not read."""
    return tuple(
        Refused(
            str(row["name"]),
            frozenset(map(_folded, _words(row["columns"]))),
            bool(row.get("provider", False)),
        )
        for row in _table()["refused"]
    )


def refused_of(rows: Sequence[Sequence[str]]) -> Refused | None:
    """This function will tell which known export a header row is of that is not read, None when of none."""
    for row in rows[:HEADER_ROWS_MAX]:
        names = frozenset(map(_folded, row))
        found = next((one for one in refused() if one.columns <= names), None)
        if found is not None:
            return found
    return None


@cache
def profiles() -> tuple[Profile, ...]:
    """This function will return every layout of the table."""
    return tuple(_profile(row) for row in _table()["profile"])


@cache
def _table() -> dict[str, list[dict[str, object]]]:
    return tomllib.loads(files(__package__).joinpath("csv_profiles.toml").read_text("utf-8"))


def layout_of(rows: Sequence[Sequence[str]], *, quote: str) -> Layout | None:
    """This function will find the layout of rows read with a quotation mark, None when it is no known one.

    Some banks put a few lines about the account above the header row. Of two layouts that fit, the one
    that names more columns is meant.
    """
    for index in range(min(HEADER_ROWS_MAX, len(rows))):
        found = [
            layout
            for profile in profiles()
            if profile.quote == quote and (layout := _applied(profile, rows, index)) is not None
        ]
        if found:
            return max(found, key=lambda layout: len(layout.cells))
    return None


def _applied(profile: Profile, rows: Sequence[Sequence[str]], index: int) -> Layout | None:
    row = rows[index]
    if profile.first_row is not None:
        if index or len(row) != len(profile.no_header) or not profile.first_row.fullmatch("\t".join(row)):
            return None
        names, first = profile.no_header, 0
    else:
        names, first = tuple(row), index + 1
    at = {_folded(name): position for position, name in reversed(list(enumerate(names)))}
    columns = {field: _found(many, at) for field, many in profile.columns.items()}
    sign_at = at.get(_folded(profile.sign.column)) if profile.sign else None
    account = _above(rows[:index], profile.account_above) if profile.account_above else ""
    if None in columns.values() or (profile.sign and sign_at is None) or account is None:
        return None
    columns |= {field: _found(many, at) for field, many in profile.optional.items()}
    cells = {field: places for field, places in columns.items() if places is not None}
    not_booked_at = at.get(_folded(profile.not_booked.column)) if profile.not_booked else None
    return Layout(profile, cells, sign_at, not_booked_at, first, len(names), account)


def _above(rows: Sequence[Sequence[str]], word: str) -> str | None:
    """What stands beside a word above the header row, None where the word does not."""
    return next((row[1] for row in rows if len(row) > 1 and _folded(row[0]) == _folded(word)), None)


def _found(names: Sequence[str], at: Mapping[str, int]) -> tuple[int, ...] | None:
    """Where columns stand, None unless all are there; of other names for one column, the first that is."""
    places = []
    for name in names:
        present = [at[each] for each in map(_folded, name.split("|")) if each in at]
        if not present:
            return None
        places.append(present[0])
    return tuple(places)


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _profile(row: Mapping[str, object]) -> Profile:
    sign, not_booked = row.get("sign"), row.get("not_booked")
    return Profile(
        bank=str(row["bank"]),
        dates=_words(row["dates"]),
        decimal=str(row["decimal"]),
        encoding=str(row["encoding"]),
        currency=str(row["currency"]) if "currency" in row else None,
        columns=_columns(row["columns"]),
        optional=_columns(row.get("optional", {})),
        sign=_sign(sign) if isinstance(sign, Mapping) else None,
        not_booked=_not_booked(not_booked) if isinstance(not_booked, Mapping) else None,
        quote=str(row.get("quote", '"')),
        labels={str(label): str(field) for label, field in _mapping(row.get("labels", {})).items()},
        no_header=_words(row.get("no_header", [])),
        first_row=re.compile(str(row["first_row"])) if "first_row" in row else None,
        account_above=str(row["account_above"]) if "account_above" in row else None,
    )


def _sign(table: Mapping[object, object]) -> Sign:
    return Sign(str(table["column"]), _folded_words(table, "in"), _folded_words(table, "out"))


def _not_booked(table: Mapping[object, object]) -> NotBooked:
    return NotBooked(str(table["column"]), _folded_words(table, "left_out"), _folded_words(table, "booked"))


def _folded_words(table: Mapping[object, object], key: str) -> frozenset[str]:
    return frozenset(map(str.casefold, _words(table.get(key, []))))


def _columns(table: object) -> dict[str, tuple[str, ...]]:
    return {
        str(field): (names,) if isinstance(names, str) else _words(names)
        for field, names in _mapping(table).items()
    }


def _mapping(table: object) -> Mapping[object, object]:
    assert isinstance(table, Mapping), "a table of the profiles"
    return table


def _words(many: object) -> tuple[str, ...]:
    assert isinstance(many, list), "a list of the profiles"
    return tuple(map(str, many))
