"""Two transactions at once on real connections: one is held open while the other runs into it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError

from agency.kernel.errors import AgencyError
from agency.kernel.unit import Door, Unit, Units

Step = Callable[[Unit], object]


@dataclass
class Outcome:
    """What became of the two: the refusal of each, None where it went through."""

    refusals: list[Exception | None] = field(default_factory=lambda: [None, None])

    @property
    def done(self) -> list[bool]:
        """Whether each went through."""
        return [refusal is None for refusal in self.refusals]


def race(
    units: Units, first: Step, second: Step, *, by: tuple[str, str] = ("user:ann", "user:bob")
) -> Outcome:
    """Run `second` while `first` has done its work and not committed yet; it waits for a lock or not.

    What a unit cannot do is kept as its outcome; a deadlock fails the test.
    """
    outcome = Outcome()

    def run(position: int, step: Step, meanwhile: Callable[[], None]) -> None:
        try:
            with units.open(Door.STAFF, by=by[position]) as unit:
                step(unit)
                meanwhile()
        except (AgencyError, DBAPIError) as refused:
            outcome.refusals[position] = refused

    other = threading.Thread(target=run, args=(1, second, lambda: None))

    def let_other_run() -> None:
        other.start()
        # It either ends by itself or waits for a lock that we hold: then this gives up waiting, and commits.
        other.join(0.4)

    run(0, first, let_other_run)
    if not other.ident:
        other.start()
    other.join(30)
    assert not other.is_alive()
    assert not any("deadlock" in str(refusal) for refusal in outcome.refusals)
    return outcome
