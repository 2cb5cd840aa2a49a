"""Measures two sides in one run: A B A B …, and states the median of the ratios.

Absolute rates on a shared machine mean little (they move two- or threefold between minutes); a ratio of
neighbours holds. A line without alternation cannot tell a slow-down from noise.
"""

import json
import os
import platform
import re
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
PAIRS = 7


@dataclass(frozen=True)
class Timing:
    """One measurement: seconds by the wall, seconds of CPU (this process, its children and the database)."""

    wall: float
    cpu: float


@dataclass
class Line:
    """One line of the report: what was compared, over how many items, and every pair."""

    name: str
    unit: str
    items: int
    goal: str
    ours: list[Timing] = field(default_factory=list)
    other: list[Timing] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    measured: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, **values: float) -> None:
        """This function will keep further figures of the present run; their medians are printed."""
        for name, value in values.items():
            self.measured.setdefault(name, []).append(value)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """This function will keep the seconds of a part of the present run."""
        begun = time.perf_counter()
        yield
        self.measure(**{name: time.perf_counter() - begun})

    def median(self, name: str) -> float:
        """The median of a further figure."""
        return statistics.median(self.measured[name])

    @property
    def ratio(self) -> float:
        """Median over pairs of (the other side's seconds / ours): our rate as a share of the other's."""
        return statistics.median(b.wall / a.wall for a, b in zip(self.ours, self.other, strict=True))

    @property
    def our_seconds(self) -> float:
        """Our median seconds."""
        return statistics.median(timing.wall for timing in self.ours)

    @property
    def other_seconds(self) -> float:
        """The other side's median seconds."""
        return statistics.median(timing.wall for timing in self.other)

    @property
    def rate(self) -> float:
        """Our median items per second."""
        return self.items / self.our_seconds

    def text(self) -> str:
        """The line as a person reads it."""
        cpu_ours = statistics.median(timing.cpu for timing in self.ours)
        cpu_other = statistics.median(timing.cpu for timing in self.other)
        spread = sorted(b.wall / a.wall for a, b in zip(self.ours, self.other, strict=True))
        notes = "".join(f"\n    {key}: {value}" for key, value in self.notes.items())
        return (
            f"{self.name}\n"
            f"    ratio {self.ratio:.3f} (pairs {spread[0]:.3f}–{spread[-1]:.3f}, n={len(spread)});"
            f" goal {self.goal}\n"
            f"    N={self.items:,}; ours {self.rate:,.0f} {self.unit};"
            f" CPU {cpu_ours:.2f} s ours, {cpu_other:.2f} s other{notes}"
        )


def alternate(
    line: Line,
    *,
    ours: Callable[[], None],
    other: Callable[[], None],
    before_ours: Callable[[], None] = lambda: None,
    before_other: Callable[[], None] = lambda: None,
    after_ours: Callable[[], None] = lambda: None,
    cpu_of: Callable[[], float] = lambda: 0.0,
    pairs: int = PAIRS,
    say: Callable[[str], None] = lambda _: None,
) -> Line:
    """This function will warm both sides up once and then time them in turn.

    :param before_ours, before_other: run untimed before each run of a side (a fresh database, VACUUM).
    :param after_ours: run untimed after each run of ours (whether it did what it was to do).
    :param cpu_of: CPU seconds so far of processes that are not ours (the database).
    """
    sides = ((before_ours, ours, after_ours, line.ours), (before_other, other, lambda: None, line.other))
    for before, side, after, _ in sides:
        before()
        side()
        after()
    line.measured.clear()
    say(f"{line.name}: warm")
    for pair in range(pairs):
        for before, side, after, timings in sides:
            before()
            timings.append(_time(side, cpu_of))
            after()
        say(f"{line.name}: pair {pair + 1} of {pairs}")
    return line


def _time(side: Callable[[], None], cpu_of: Callable[[], float]) -> Timing:
    cpu, wall = _own_cpu() + cpu_of(), time.perf_counter()
    side()
    return Timing(time.perf_counter() - wall, _own_cpu() + cpu_of() - cpu)


def _own_cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def tree_cpu(pid: int) -> float:
    """This function will return the CPU seconds of a process and its living children (a PostgreSQL server)."""  # noqa: E501
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(") ", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(entry.name) == pid or int(fields[1]) == pid:
            # Waited-for children are added to their parent: a backend that has ended is not lost.
            total += sum(int(value) for value in fields[11:15]) / ticks
    return total


def peak_memory_mib() -> float:
    """This function will return the largest resident memory this process has had, in MiB.

    Not `ru_maxrss`: a process that was started begins there with what its parent had.
    """
    status = Path("/proc/self/status").read_text()
    [kib] = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kib) / 1024


def keep(lines: list[Line]) -> Path:
    """This function will write a run as JSON beside earlier ones and return its path."""
    RESULTS.mkdir(exist_ok=True)
    moment = datetime.now(UTC)  # noqa: TID251 - the bench's own time stamp, not the product's
    path = RESULTS / f"{moment:%Y%m%dT%H%M%SZ}.json"
    document = {
        "at": moment.isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "lines": [asdict(line) | {"ratio": line.ratio, "rate": line.rate} for line in lines],
    }
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path
