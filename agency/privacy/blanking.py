"""Making rows say nothing about anybody: the statements that the inventory stands for."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Date, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from agency.claims.erased import MARK
from agency.privacy.inventory import Spot


@lru_cache(maxsize=256)
def change_of(spot: Spot, *, limit: int | None = None) -> Any:
    """This function will return the statement that erases rows of a spot: all, or so many at a time.

    Rows that are erased already are not touched, so that doing it again changes and counts nothing.
    """
    which = f"{spot.where} AND ({_pending(spot)})"
    if limit is not None:
        # No order, no lock: what is at its end is changed by nobody else.
        which = f"t.ctid IN (SELECT t.ctid FROM {spot.table} t WHERE {which} LIMIT {int(limit)})"
    if spot.delete:
        return text(f"DELETE FROM {spot.table} t WHERE {which}")
    sets = ", ".join(f"{column} = {_becomes(spot, column)}" for column in spot.columns)
    return text(f"UPDATE {spot.table} t SET {sets} WHERE {which}")


@lru_cache(maxsize=256)
def files_of(spot: Spot, *, limit: int | None = None) -> Any:
    """This function will return the statement that lists the files of rows that `change_of` would change."""
    which = f"{spot.where} AND ({_pending(spot)})"
    cut = "" if limit is None else f" LIMIT {int(limit)}"
    known = SQLModel.metadata.tables.get(spot.table)
    owner = "t.creditor_id" if known is None or "creditor_id" in known.c else "NULL::uuid"
    listed = " UNION ".join(
        f"SELECT {owner} AS creditor_id, {one} AS sha256"
        f" FROM (SELECT * FROM {spot.table} t WHERE {which}{cut}) t"
        for one in spot.files
    )
    return text(f"SELECT creditor_id, sha256 FROM ({listed}) f WHERE sha256 IS NOT NULL")


@lru_cache(maxsize=256)
def count_of(spot: Spot) -> Any:
    """This function will return the statement that counts the rows that `change_of` would change."""
    return text(f"SELECT count(*) FROM {spot.table} t WHERE {spot.where} AND ({_pending(spot)})")


def _column(spot: Spot, name: str) -> Column[Any]:
    column: Column[Any] = SQLModel.metadata.tables[spot.table].c[name]
    return column


def _becomes(spot: Spot, name: str) -> str:
    if name in spot.fixed:
        return spot.fixed[name]
    if name in spot.keyed:
        return f"'{MARK}' || t.{spot.key}"
    if name in spot.figures:
        return f"app.only_figures(t.{name})"
    column = _column(spot, name)
    if column.nullable:
        return "NULL"
    if isinstance(column.type, JSONB):
        return f"CASE jsonb_typeof(t.{name}) WHEN 'array' THEN '[]'::jsonb ELSE '{{}}'::jsonb END"
    return "''"


def _pending(spot: Spot) -> str:
    if spot.delete:
        return "true"
    return " OR ".join(_left(spot, name) for name in spot.columns)


def _left(spot: Spot, name: str) -> str:
    """Whether a column still says something."""
    if name == "erased_at":
        return "t.erased_at IS NULL"
    if name in spot.keyed:
        return f"t.{name} NOT LIKE '{MARK}%'"
    if name in spot.fixed or name in spot.figures:
        return f"t.{name} IS DISTINCT FROM {_becomes(spot, name)}"
    column = _column(spot, name)
    if column.nullable or isinstance(column.type, Date):
        return f"t.{name} IS NOT NULL"
    if isinstance(column.type, JSONB):
        return f"t.{name} NOT IN ('[]'::jsonb, '{{}}'::jsonb)"
    if isinstance(column.type, LargeBinary):
        return f"octet_length(t.{name}) > 0"
    return f"t.{name} <> ''"
