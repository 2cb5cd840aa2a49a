"""Where a collector begins with a formal notice in writing and leaves the debtor its term to answer."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from agency.rules.facts import DebtorKind
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import TraceLine


@dataclass(frozen=True, slots=True)
class NoticeFirst:
    """That nothing else comes before the notice or within its term; `article` names the law in short."""

    country: str
    since: date
    article: str
    source: str

    def line(self, outcome: str, **inputs: str) -> TraceLine:
        """Return what a trace says of it."""
        rule, version = f"{self.country.lower()}.notice_first", self.since.isoformat()
        return TraceLine(rule, version, self.source, inputs, f"contact.{outcome}")


@lru_cache(maxsize=1024)
def notice_first(*, country: str, debtor: DebtorKind, on: date) -> NoticeFirst | None:
    """Return the law by which collection for another begins with a formal notice; None where there is none.

    Belgium, consumers: no other way of collecting before the notice, nor within its fourteen days (WER art.
    XIX.7, whose own words were not read; law of 20 December 2002 art. 6, which it follows, was). Answers to
    what the debtor asks are no way of collecting.

    :param country: where the debtor lives (ISO 3166-1 alpha-2), as conduct rules follow the debtor's home.
    """
    rows = (
        row
        for row in read_table("contact")["notice_first"]
        if row["country"] == country and debtor in row["debtors"]
    )
    row = row_in_force(rows, on)
    return NoticeFirst(row["country"], row["since"], row["article"], row["source"]) if row else None
