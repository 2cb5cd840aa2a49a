"""How old money without an owner may become before somebody is warned, and before payouts stop."""

from dataclasses import dataclass
from datetime import date

from agency.rules.tables import read_table, row_in_force


@dataclass(frozen=True, slots=True)
class SuspenseAge:
    """Business days after the booking day: more than `warn_after` warns, more than `block_after` blocks."""

    warn_after: int
    block_after: int


def suspense_age(*, on: date) -> SuspenseAge:
    """Return the ages in force on a day (`suspense.toml`).

    :raises ValueError: the table begins later.
    """
    row = row_in_force(read_table("suspense")["age"], on)
    if row is None:
        raise ValueError(f"no age of money in suspense is in force on {on}")
    return SuspenseAge(row["warn_after"], row["block_after"])
