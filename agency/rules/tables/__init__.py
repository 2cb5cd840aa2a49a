"""The dated tables of the law, as TOML beside this file; each is read once, when it is first asked for."""

import tomllib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read_table(name: str) -> dict[str, Any]:
    """Return a table by its file name without ".toml"; numbers with a point are exact decimals."""
    text = files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


@cache
def table_names(prefix: str) -> tuple[str, ...]:
    """Return the names of the tables that begin with `prefix`, in order."""
    names = (entry.name.removesuffix(".toml") for entry in files(__package__).iterdir())
    return tuple(sorted(name for name in names if name.startswith(prefix)))


def row_in_force(rows: Iterable[dict[str, Any]], on: date) -> dict[str, Any] | None:
    """Return the row with the latest `since` that is not after a day, or None when all begin later."""
    begun = [row for row in rows if row["since"] <= on]
    return max(begun, key=lambda row: row["since"], default=None)
