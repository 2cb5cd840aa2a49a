"""Where a fee may not depend on success."""

from dataclasses import dataclass
from datetime import date

from agency.rules.facts import Phase
from agency.rules.tables import read_table


class UnlawfulFee(ValueError):
    """A fee by result for work that must not be paid that way; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a fee is for: the country whose rules bind the work (ISO 3166), its phase, and the day.

    `bailiff_act` is an official act of a bailiff: serving, seizing, evicting.
    """

    country: str
    phase: Phase
    on: date
    bailiff_act: bool = False


def refuse_forbidden(work: Work) -> None:
    """Let pass work that may be paid by result.

    Belgium allows "no cure, no pay" in the amicable phase only; a bailiff's official acts are never paid by
    result, in Belgium or the Netherlands.

    :raises UnlawfulFee: when the law forbids a fee by result for this work.
    """
    for row in read_table("success_fee")["forbidden"]:
        if row["country"] != work.country or work.on < row["since"]:
            continue
        if work.phase in row.get("phases", ()) or (work.bailiff_act and row.get("bailiff_acts", False)):
            what = "an official act of a bailiff" if work.bailiff_act else f"the {work.phase} phase"
            raise UnlawfulFee(f"no cure, no pay is forbidden in {work.country} for {what}: {row['source']}")
