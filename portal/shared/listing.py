"""Lists of thousands: sorted, filtered and paged by the database, never by the page.

A list page reads its `Listing` from the address, lets it extend the SQL statement (keyset paging: the
next page starts after the last row's sort value and id, so it costs the same at row 50 and at row
500,000), and hands the cut rows to the macro `ui.table`.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urlencode

from sqlalchemy import Select, SQLColumnExpression, Text, and_, cast, literal, or_
from sqlalchemy.types import NullType, TypeEngine

Row = TypeVar("Row")
AnySelect = Select[*tuple[Any, ...]]
Kind = Literal["text", "link", "money", "day", "moment", "number", "percent", "bps", "chip", "html", "words"]

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Chip:
    """A status: a text marked with `N_`, and a tone (neutral, info, good, warning, bad, special, calm)."""

    label: str
    tone: str = "neutral"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `ui.table`; `key` names the field of a row (attribute or dictionary key).

    `sub` names a field shown small below; `sort` allows ordering by it; `phone` keeps it on narrow
    screens; `label` is a text marked with `N_`. A text is cut to one line, `words` are shown whole.
    """

    key: str
    label: str
    kind: Kind = "text"
    sub: str | None = None
    sort: bool = False
    phone: bool = True

    @property
    def numeric(self) -> bool:
        """Whether the column is aligned right, in tabular figures."""
        return self.kind in ("money", "number", "percent", "bps")


@dataclass(frozen=True)
class Cut(Generic[Row]):
    """One page of rows and how to get on: addresses of the pages around, `total` where it is known."""

    rows: Sequence[Row]
    next_url: str | None = None
    previous_url: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What the address says of a list: order, filters and where the page starts."""

    path: str
    sort: str
    descending: bool
    filters: Mapping[str, str] = field(default_factory=dict)
    after: tuple[Any, str] | None = None
    before: tuple[Any, str] | None = None
    size: int = PAGE_ROWS

    @classmethod
    def read(
        cls,
        path: str,
        query: Mapping[str, str],
        *,
        sorts: Sequence[str],
        default: str,
        filters: Sequence[str] = (),
        size: int = PAGE_ROWS,
    ) -> "Listing":
        """This function will read a listing from a query string; what it does not know it leaves out.

        :param sorts: the keys that may be sorted by (an allow-list: nothing else reaches SQL).
        :param default: the sort of a bare address, `-key` for descending.
        """
        wish = query.get("sort", default)
        if wish.removeprefix("-") not in sorts:
            wish = default
        return cls(
            path=path,
            sort=wish.removeprefix("-"),
            descending=wish.startswith("-"),
            filters={
                name: query[name].strip()[:200].replace("\0", "")
                for name in filters
                if query.get(name, "").strip()
            },
            after=_position(query.get("after")),
            before=_position(query.get("before")),
            size=size,
        )

    def url(self, **changes: str | None) -> str:
        """This function will return the address of this list with some parts changed; None removes one."""
        parts: dict[str, str | None] = {
            **self.filters,
            "sort": ("-" if self.descending else "") + self.sort,
            **changes,
        }
        return f"{self.path}?{urlencode({name: value for name, value in parts.items() if value})}"

    def sort_url(self, key: str) -> str:
        """This function will return the address that sorts by a column, reversing it when it already does."""
        descending = key == self.sort and not self.descending
        return self.url(sort=("-" if descending else "") + key)

    def apply(
        self, statement: AnySelect, *, columns: Mapping[str, Any], tie: SQLColumnExpression[Any]
    ) -> AnySelect:
        """This function will add order, starting point and limit (one row more, to know of a next page).

        :param columns: the SQL expression of each sort key; it must not be NULL (use `coalesce`).
        :param tie: a unique column, usually the id.
        """
        column = columns[self.sort]
        position = self.after or self.before
        backwards = self.before is not None and self.after is None
        down = self.descending != backwards
        if position is not None:
            value, last = (
                cast(literal(part), _type_of(c)) for part, c in zip(position, (column, tie), strict=True)
            )
            beyond = (column < value, tie < last) if down else (column > value, tie > last)
            statement = statement.where(or_(beyond[0], and_(column == value, beyond[1])))
        order = (column.desc(), tie.desc()) if down else (column.asc(), tie.asc())
        return statement.order_by(*order).limit(self.size + 1)

    def cut(
        self,
        rows: Sequence[Row],
        *,
        position: Callable[[Row], tuple[Any, Any]],
        total: int | None = None,
    ) -> Cut[Row]:
        """This function will drop the extra row, restore the order and know the neighbouring pages.

        :param position: the sort value and id of a row, as `apply` ordered by them.
        """
        backwards = self.before is not None and self.after is None
        more = len(rows) > self.size
        kept = list(rows[: self.size])
        if backwards:
            kept.reverse()
        has_next = more or backwards
        has_previous = more if backwards else self.after is not None
        return Cut(
            rows=kept,
            next_url=self.url(after=_token(position(kept[-1]))) if kept and has_next else None,
            previous_url=self.url(before=_token(position(kept[0]))) if kept and has_previous else None,
            total=total,
        )

    def without_filters(self) -> "Listing":
        """This function will return the same list unfiltered, from its start."""
        return replace(self, filters={}, after=None, before=None)


def _token(position: tuple[Any, Any]) -> str:
    return urlsafe_b64encode(json.dumps([str(part) for part in position]).encode()).decode().rstrip("=")


def _type_of(expression: Any) -> TypeEngine[Any]:
    """The type that a starting point is compared in; a function that names none (`lower`) gives a text."""
    return Text() if isinstance(expression.type, NullType) else expression.type


def _position(token: str | None) -> tuple[Any, str] | None:
    """Read a page's starting point; a damaged one starts at the beginning."""
    if not token or len(token) > 2000:
        return None
    try:
        value, last = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, NotBase64, TypeError, RecursionError):
        return None
    return (value, last) if isinstance(value, str) and isinstance(last, str) else None
