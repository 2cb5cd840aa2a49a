"""The dated tables of the law: TOML beside this file, read once, when first asked for.

An operator lays newer ones into a folder of his own (`use_folder`): a file there replaces the whole shipped
table of its name. Adding rows to a shipped table was the other choice; replacing leaves one file in which
everything in force can be read, and corrects a wrong row too.
"""

import sys
import tomllib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from agency.rules.tables.shape import BrokenTable, check_table

__all__ = ["BrokenTable", "read_table", "row_in_force", "table_names", "use_folder"]

_TOML: Final = ".toml"
_replaced: Final[dict[str, dict[str, Any]]] = {}


def use_folder(folder: Path | None) -> tuple[str, ...]:
    """Let the tables of a folder replace the shipped ones, all of them or, when one is wrong, none.

    A table has the fields of the shipped one, so a copy with a row more is always right. Called once at
    start, before any decision; None goes back to the shipped tables. Every cache of the rules is emptied,
    so that no decision rests on a table that is no longer in use.

    :returns: the names of the tables that were replaced, in order.
    :raises BrokenTable: naming file, row and field, when a table is wrong, unknown or not to be read.
    """
    found = {} if folder is None else dict(_read_folder(folder))
    _replaced.clear()
    _replaced.update(found)
    _empty_caches()
    return tuple(sorted(found))


@cache
def read_table(name: str) -> dict[str, Any]:
    """Return a table by its file name without ".toml"; numbers with a point are exact decimals."""
    return _replaced[name] if name in _replaced else _shipped(name)


@cache
def table_names(prefix: str) -> tuple[str, ...]:
    """Return the names of the tables that begin with `prefix`, in order."""
    names = (entry.name for entry in files(__package__).iterdir())
    found = (name.removesuffix(_TOML) for name in names if name.endswith(_TOML))
    return tuple(sorted(name for name in found if name.startswith(prefix)))


def row_in_force(rows: Iterable[dict[str, Any]], on: date) -> dict[str, Any] | None:
    """Return the row with the latest `since` that is not after a day, or None when all begin later."""
    begun = [row for row in rows if row["since"] <= on]
    return max(begun, key=lambda row: row["since"], default=None)


def _shipped(name: str) -> dict[str, Any]:
    text = files(__package__).joinpath(f"{name}{_TOML}").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def _read_folder(folder: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    if not folder.is_dir():
        raise BrokenTable(f"no folder of tables at {folder}")
    known = table_names("")
    for path in sorted(folder.glob(f"*{_TOML}")):
        if path.stem not in known:
            raise BrokenTable(f"{path.name}: no table has this name; there are {', '.join(known)}")
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise BrokenTable(f"{path.name}: not to be read as TOML: {error}") from error
        check_table(path.name, content, like=_shipped(path.stem))
        yield path.stem, content


def _empty_caches() -> None:
    """Empty every cache of the rules: each may rest on a table, and a forgotten one gives an old rate."""
    rooms = [module for name, module in list(sys.modules.items()) if name.startswith("agency.rules")]
    for module in rooms:
        for value in list(vars(module).values()):
            if hasattr(value, "cache_clear"):
                value.cache_clear()
