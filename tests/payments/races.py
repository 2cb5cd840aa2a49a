"""Two transactions at once on real connections: one is held open while the other runs into it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from agency.kernel.errors import AgencyError
from agency.kernel.unit import Door, Unit, Units

Step = Callable[[Unit], object]
LONGEST = 30
_BLOCKED = text("SELECT cardinality(pg_blocking_pids(:pid)) > 0")


@dataclass
class Outcome:
    """What became of the two: the refusal of each, None where it went through."""

    refusals: list[Exception | None] = field(default_factory=lambda: [None, None])

    @property
    def done(self) -> list[bool]:
        """Whether each went through."""
        return [refusal is None for refusal in self.refusals]


class _Other(threading.Thread):
    """The second transaction; whoever holds the first one open learns whether it waits for a lock."""

    def __init__(self, units: Units, run: Callable[[Callable[[Unit], None]], None]) -> None:
        super().__init__()
        self.units, self.begun, self.pid = units, threading.Event(), 0
        self.work = run

    def run(self) -> None:
        self.work(self._begin)

    def _begin(self, unit: Unit) -> None:
        self.pid = unit.session.connection().execute(text("SELECT pg_backend_pid()")).scalar_one()
        self.begun.set()

    def run_into_lock(self) -> None:
        """Start it, and return when it has ended or waits for what the caller holds: never by the clock."""
        self.start()
        assert self.begun.wait(LONGEST)
        with self.units.engine.connect() as watching:
            while self.is_alive() and not watching.execute(_BLOCKED, {"pid": self.pid}).scalar_one():
                self.join(0.005)


def race(
    units: Units, first: Step, second: Step, *, by: tuple[str, str] = ("user:ann", "user:bob")
) -> Outcome:
    """Run `second` when `first` has done its work and not committed yet; it waits for a lock or not.

    What a unit cannot do is kept as its outcome; a deadlock fails the test.
    """
    outcome = Outcome()

    def run(position: int, step: Step, before: Step, after: Callable[[], None]) -> None:
        try:
            with units.open(Door.STAFF, by=by[position]) as unit:
                before(unit)
                step(unit)
                after()
        except (AgencyError, DBAPIError) as refused:
            outcome.refusals[position] = refused

    other = _Other(units, lambda begin: run(1, second, begin, lambda: None))
    run(0, first, lambda unit: None, other.run_into_lock)
    if not other.ident:
        other.start()
    other.join(LONGEST)
    assert not other.is_alive()
    assert not any("deadlock" in str(refusal) for refusal in outcome.refusals)
    return outcome
