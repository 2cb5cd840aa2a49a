"""Whether a table may be used: it has the fields of the shipped one, and its dated series are in order."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

SERIES: Final = ("rate", "points")
"""Arrays that give one percentage from each `since` on until the next."""

# A yearly rate beyond these is a slip of the comma: 104 for 10.4.
_PERCENT_MIN, _PERCENT_MAX = Decimal(-5), Decimal(50)
_FIXED: Final = ("law", "kinds", "base", "ordinary")
"""Fields that say what a table is for and what it rests on; only a release changes them."""
_FREE: Final = frozenset({"note", "doubt"})
"""Fields that any row may carry: a remark, and the code of how sure the row is."""
DOUBTS: Final = ("derived", "conflict", "memory")
"""How a row may be unsure: worked out by formula, sources differ, not confirmed in any source."""


class BrokenTable(ValueError):
    """A table that may not be used; the message names file, row and field."""


def check_table(name: str, content: Mapping[str, Any], *, like: Mapping[str, Any]) -> None:
    """Check a table against the shipped one of its name; `name` is the file's, for the message.

    Every field of the shipped table is there, no other, and of the same kind; every row has its source; a
    series of percentages is in order of days, each day once, confirmed beyond its last row, and knows at
    least the time that the shipped one knows.

    :raises BrokenTable: at the first thing that is wrong.
    """
    _check_group(name, content, [like])
    for field in _FIXED:
        if content.get(field) != like.get(field):
            raise BrokenTable(f"{name}: {field} stays as shipped: {like.get(field)!r}")
    for field in SERIES:
        if _is_rows(like.get(field)) and all({"since", "percent"} <= set(row) for row in like[field]):
            _check_series(name, field, content, like)


def _check_group(where: str, group: Mapping[str, Any], like: Sequence[Mapping[str, Any]]) -> None:
    """Check one group of fields against the shipped groups of its place, and the rows inside it."""
    required = set.intersection(*(set(other) for other in like)) - _FREE
    _check_fields(where, group, _kinds(like), required=required)
    for field, value in group.items():
        shipped = [row for other in like if _is_rows(other.get(field)) for row in other[field]]
        if shipped:
            _check_rows(where, field, value, shipped)


def _check_rows(
    name: str, field: str, rows: Sequence[Mapping[str, Any]], like: Sequence[Mapping[str, Any]]
) -> None:
    if not rows:
        raise BrokenTable(f"{name}: no row of {field}")
    for number, row in enumerate(rows, 1):
        where = f"{name}, {field} {number}"
        _check_group(where, row, like)
        if "source" in row and not str(row["source"]).strip():
            raise BrokenTable(f"{where}: source is empty")
        if "doubt" in row and row["doubt"] not in DOUBTS:
            raise BrokenTable(f"{where}: doubt is one of {', '.join(DOUBTS)}, not {row['doubt']!r}")


def _check_fields(where: str, row: Any, kinds: Mapping[str, set[str]], *, required: set[str]) -> None:
    if not isinstance(row, Mapping):
        raise BrokenTable(f"{where}: not a row with fields")
    for field in sorted(required - set(row)):
        raise BrokenTable(f"{where}: {field} is missing")
    for field, value in row.items():
        if field not in kinds:
            raise BrokenTable(f"{where}: unknown field {field}")
        if _kind(value) not in kinds[field]:
            raise BrokenTable(f"{where}: {field} is no {' or '.join(sorted(kinds[field]))}: {value!r}")


def _check_series(name: str, field: str, content: Mapping[str, Any], like: Mapping[str, Any]) -> None:
    days = [row["since"] for row in content[field]]
    for number, row in enumerate(content[field], 1):
        where = f"{name}, {field} {number}"
        if not _PERCENT_MIN <= row["percent"] <= _PERCENT_MAX:
            raise BrokenTable(f"{where}: percent {row['percent']} is no yearly rate")
    for number, (before, day) in enumerate(pairwise(days), 2):
        if day <= before:
            same = "overlaps the row before it" if day == before else "is not in order"
            raise BrokenTable(f"{name}, {field} {number}: since {day} {same}")
    if days[0] > like[field][0]["since"]:
        raise BrokenTable(f"{name}, {field} 1: since {days[0]} leaves out rows that older debts need")
    if "confirmed_until" in content:
        least = max(days[-1], like["confirmed_until"])
        if content["confirmed_until"] < least:
            raise BrokenTable(f"{name}: confirmed_until is before {least}, of the last row or as shipped")


def _kinds(groups: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {field: {"text"} for field in _FREE}
    for group in groups:
        for field, value in group.items():
            kinds.setdefault(field, set()).add(_kind(value))
    return kinds


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _kind(value: Any) -> str:
    """Name what a value of TOML is; a number that is not finite is none, so it equals no shipped one."""
    return next((kind for kind, fits in _KINDS if fits(value)), "value")


def _is_number(value: Any) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (isinstance(value, Decimal) and value.is_finite())


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


_KINDS: Final = (
    ("number", _is_number),
    ("text", lambda value: isinstance(value, str)),
    ("day", _is_day),
    ("moment", lambda value: isinstance(value, datetime)),
    ("yes or no", lambda value: isinstance(value, bool)),
    ("list", lambda value: isinstance(value, list)),
    ("group", lambda value: isinstance(value, Mapping)),
)
