"""How good matching is: of lines booked by themselves how many are right, and how much is left to people.

A year of 50,000 lines whose truth is known; the decisions are the product's own, the look-up of candidates is
the database's rebuilt from dictionaries (a test holds the two together).
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from agency.rules.match import Match
from infra.bench.harness import Line as Report
from infra.bench.harness import Timing
from infra.bench.matching_index import ClaimKey, Index
from infra.bench.matching_year import Line, generate

LINES = 50_000
DAY = date(2026, 11, 27)
FIRST = 3
_Z = 1.96
GOAL = "precision of what books itself >= 99.9 % (95 % interval)"


@dataclass
class Tally:
    """What became of the lines of one kind."""

    lines: int = 0
    payable: int = 0
    posted: int = 0
    right: int = 0
    first: int = 0

    def add(self, line: Line, found: Match[ClaimKey]) -> None:
        """This function will count one decision."""
        self.lines += 1
        self.payable += bool(line.truth)
        if found.certain:
            self.posted += 1
            self.right += line.truth == {found.claim_id}
        self.first += bool(line.truth) and any(
            {key for key, _ in one.parts} == line.truth for one in found.ranked[:FIRST]
        )


@dataclass
class Measured:
    """The whole year, by kind of line, and what the weighing of signs alone booked."""

    kinds: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    all: Tally = field(default_factory=Tally)
    scored: Tally = field(default_factory=Tally)
    wrong: list[tuple[Line, Match[ClaimKey]]] = field(default_factory=list)

    @property
    def precision(self) -> tuple[float, float, float]:
        """The share of booked lines that are right, and its 95 % interval."""
        return interval(self.all.right, self.all.posted)


def measure(index: Index, lines: Iterable[Line]) -> Measured:
    """This function will decide every line and compare it with the truth."""
    measured = Measured()
    for line in lines:
        found = index.decide(line, on=DAY)
        for tally in (measured.kinds[line.kind], measured.all):
            tally.add(line, found)
        if found.kind == "scored":
            measured.scored.add(line, found)
        if found.certain and line.truth != {found.claim_id}:
            measured.wrong.append((line, found))
    return measured


def interval(right: int, of: int) -> tuple[float, float, float]:
    """This function will return a share and its 95 % interval (Wilson)."""
    if not of:
        return 1.0, 0.0, 1.0
    share, square = right / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return share, middle - half, min(1.0, middle + half)


def measure_matching(*, lines: int, say: Callable[[str], None]) -> Report:
    """This function will measure a generated year, and print its figures beside the speed of deciding."""
    say(f"a portfolio of {lines:,} claims and a year of {lines:,} lines")
    year = generate(claims=lines, lines=lines)
    index = Index(year)
    say("deciding every line")
    wall, cpu = time.perf_counter(), time.process_time()
    measured = measure(index, year.lines)
    report = Report(f"Matching, a year of {lines:,} lines", "lines/s", lines, GOAL)
    taken = Timing(time.perf_counter() - wall, time.process_time() - cpu)
    report.ours.append(taken)
    report.other.append(taken)
    report.notes.update(figures(measured))
    return report


def figures(measured: Measured) -> dict[str, str]:
    """This function will put what was measured into words."""
    everything, scored = measured.all, measured.scored
    notes = {
        "precision, all that books itself": _shown(everything.right, everything.posted),
        "precision, booked by weighed signs": _shown(scored.right, scored.posted),
        "booked by itself": _share(everything.right, everything.payable),
        f"booked, or within the first {FIRST} proposals": _share(
            sum(max(tally.first, tally.right) for tally in measured.kinds.values()), everything.payable
        ),
    }
    for kind, tally in sorted(measured.kinds.items()):
        notes[kind] = (
            f"{tally.lines:,} lines, {tally.posted:,} booked, {tally.posted - tally.right:,} of them wrong,"
            f" {tally.first:,} within the first {FIRST}"
        )
    return notes


def _shown(right: int, of: int) -> str:
    share, low, high = interval(right, of)
    return f"{share:.4%} of {of:,} (95 %: {low:.4%} to {high:.4%})"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%} of {whole:,} lines that pay a claim" if whole else "no line pays a claim"
