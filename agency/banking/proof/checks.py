"""One check of the proof, and the question that finds the rows in which two sides differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit

ROWS_SHOWN_MAX = 50
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Difference:
    """A row in which the two sides differ.

    :ivar what: the kind of row: transaction, line, statement, payment, claim, message, run, file, account,
        creditor, day, intent, trigger, chain, invoice, series, fee, quote or refund.
    :ivar id: its id or name; `creditor_id` is empty for what belongs to no creditor.
    :ivar text: what a reader knows it by, such as a day, a number, or the way in which it differs.
    :ivar left, right: both figures, in minor units where there is a currency; None where a side is missing.
    """

    what: str
    id: str
    creditor_id: str
    text: str
    left: int | None
    right: int | None
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question: `left` must equal `right`. Money checks are in minor units, others count things.

    `account` names the ledger account that a reader can open to see where a figure comes from, `subject`
    what the question is about where it is asked more than once (an IBAN), and `rows` the first rows in
    which both sides differ. One that `blocks` guards money: nothing is paid out while it is red. Only an
    `earlier` proof can tell what a check found: the books of today say nothing of it.
    """

    key: str
    left_label: str
    left: int
    right_label: str = "allowed"
    right: int = 0
    money: bool = False
    blocks: bool = True
    account: str = ""
    currency: str = "EUR"
    subject: str = ""
    rows: tuple[Difference, ...] = ()
    earlier: bool = False

    @property
    def holds(self) -> bool:
        """Whether the two figures are equal."""
        return self.left == self.right


def rows_of(unit: Unit, sql: str, **values: Any) -> list[Any]:
    """This function will return the rows of one statement."""
    return list(unit.session.connection().execute(text(sql), values))


def none_may_differ(
    unit: Unit,
    key: str,
    label: str,
    sql: str,
    values: Mapping[str, Any] = _NOTHING,
    *,
    blocks: bool = True,
    account: str = "",
    earlier: bool = False,
) -> Check:
    """This function will make the check that a question finds no row.

    :param sql: gives what, creditor_id, id, text, left_side, right_side and currency of each such row.
    """
    one = f"SELECT '' AS question, o.* FROM ({sql}) AS o"
    found = differences(unit, one, values)
    return no_rows(key, label, found.get("", []), blocks=blocks, account=account, earlier=earlier)


def differences(unit: Unit, sql: str, values: Mapping[str, Any] = _NOTHING) -> dict[str, list[Any]]:
    """This function will ask several questions in one statement; returns the first rows of each.

    :param sql: as in `none_may_differ`, with the question that each row answers in front.
    """
    found: dict[str, list[Any]] = {}
    numbered = (
        "SELECT d.*, count(*) OVER (PARTITION BY question)::bigint AS differing,"
        f" row_number() OVER (PARTITION BY question) AS nth FROM ({sql}) AS d"
    )
    for row in rows_of(unit, f"SELECT * FROM ({numbered}) AS n WHERE nth <= {ROWS_SHOWN_MAX}", **values):
        found.setdefault(row.question, []).append(row)
    return found


def no_rows(
    key: str,
    label: str,
    rows: Sequence[Any],
    *,
    blocks: bool = True,
    account: str = "",
    earlier: bool = False,
) -> Check:
    """This function will make the check that no row was found from what `differences` found."""
    return Check(
        key=key,
        left_label=label,
        left=rows[0].differing if rows else 0,
        blocks=blocks,
        account=account,
        earlier=earlier,
        rows=tuple(_difference(row) for row in rows[:ROWS_SHOWN_MAX]),
    )


def _difference(row: Any) -> Difference:
    creditor_id: UUID | None = row.creditor_id
    left, right = (None if side is None else int(side) for side in (row.left_side, row.right_side))
    return Difference(
        row.what, str(row.id), str(creditor_id or ""), row.text or "", left, right, row.currency or ""
    )
