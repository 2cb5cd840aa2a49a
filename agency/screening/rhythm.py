"""When the registers are asked, by the table of the house."""

from dataclasses import dataclass
from datetime import date, timedelta

from agency.rules.tables import read_table, row_in_force


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How old an answer may be, when it is asked for again, and how a silent register is tried again."""

    fresh: timedelta
    again: timedelta
    retry: timedelta
    retry_max: timedelta
    batch: int

    def retry_after(self, attempts: int) -> timedelta:
        """Return how long to wait after this many failures in a row."""
        doublings = min(max(attempts - 1, 0), 10)
        return min(self.retry * int(2**doublings), self.retry_max)


def rhythm_on(day: date) -> Rhythm:
    """Return the rhythm in force on a day."""
    row = row_in_force(read_table("screening")["rhythm"], day)
    assert row is not None, "the rule of the house has always been in force"
    return Rhythm(
        fresh=timedelta(hours=row["fresh_hours"]),
        again=timedelta(days=row["again_days"]),
        retry=timedelta(minutes=row["retry_minutes"]),
        retry_max=timedelta(minutes=row["retry_minutes_max"]),
        batch=row["batch"],
    )
