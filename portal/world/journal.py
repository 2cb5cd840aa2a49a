"""What happened of the faults: how often, what ended as it must, and what has not yet; kept between runs."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from portal.local.places import write_private
from portal.world.scene import Facts


@dataclass
class Happened:
    """One fault that came to pass and has not ended yet; `why` says what was open when last looked at."""

    case: str
    on: str
    facts: Facts
    why: str = ""


@dataclass
class Journal:
    """All faults of a world, and what its days need to know of one another.

    :ivar due: the day from which a case comes to pass again.
    :ivar missing: days whose statement the bank has not delivered.
    :ivar placed: new claims per creditor so far.
    """

    due: dict[str, str] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)
    open: list[Happened] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    placed: dict[str, int] = field(default_factory=dict)
    payout_waits: bool = False

    @classmethod
    def read(cls, path: Path) -> "Journal":
        """Read what an earlier run kept; empty when there was none."""
        if not path.exists():
            return cls()
        kept: dict[str, Any] = json.loads(path.read_text())
        return cls(
            due=kept["due"],
            happened=Counter(kept["happened"]),
            settled=Counter(kept["settled"]),
            open=[Happened(**one) for one in kept["open"]],
            missing=kept["missing"],
            placed=kept["placed"],
            payout_waits=kept["payout_waits"],
        )

    def keep(self, path: Path) -> None:
        """Keep it for a later run."""
        write_private(path, json.dumps(vars(self) | {"open": [vars(one) for one in self.open]}))

    def note(self, case: str, on: date, facts: Facts) -> None:
        """Write down that a fault came to pass."""
        self.happened[case] += 1
        self.open.append(Happened(case, on.isoformat(), facts))

    def is_open(self, number: str) -> bool:
        """Whether any way of a case of the catalogue is under way."""
        return any(one.case.partition(" ")[0] == number for one in self.open)

    def claims_in_use(self) -> set[str]:
        """Return the claims that a fault under way is about."""
        return {one.facts[name] for one in self.open for name in ("claim", "other") if name in one.facts}
