"""Line 3, the night: every due claim looked at, a step decided with its reason, written down and queued, and
the day of the next look set; against one bare UPDATE of all rows of the treatments.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from agency.kernel.unit import Door, Units, engine_for
from agency.treatment.jobs import ABREAST
from agency.treatment.planner import CHUNK, plan_due
from infra.bench.ground import BenchFailed, Ground
from infra.bench.harness import Line, alternate
from infra.bench.treated import BY, ON_PATH, write_treated

SHARES = (
    (100, "<= 3.0 x the UPDATE (ratio 0.333)"),
    (10, "<= 0.5 x (ratio 2)"),
    (0, "<= 0.01 x (ratio 100)"),
)
_DUE, _RUN = "bench_night", "bench_night_run"
_BARE = "UPDATE treatment SET next_on = next_on + 1"
_LATER = "UPDATE treatment SET next_on = next_on + 30 WHERE abs(hashtext(claim_id::text)) % 100 >= {share}"


def measure_night(ground: Ground, *, claims: int, pairs: int, say: Callable[[str], None]) -> list[Line]:
    """This function will measure nights over that many claims: all of them due, one in ten, and none."""
    say(f"{claims:,} claims under treatment")
    write_treated(ground, database=_DUE, claims=claims, more=ON_PATH, phase="reminder").engine.dispose()
    return [_measure(ground, claims, share, goal, pairs, say) for share, goal in SHARES]


def _measure(
    ground: Ground, claims: int, share: int, goal: str, pairs: int, say: Callable[[str], None]
) -> Line:
    line = Line(f"Night over {claims:,} claims, {share} % due", "claims/s", claims, goal)
    side = _Sides(ground, claims, share)
    alternate(
        line, ours=side.plan, other=side.update, before_ours=side.make_ready, before_other=side.make_ready,
        after_ours=side.check, cpu_of=ground.cpu, pairs=pairs, say=say,
    )  # fmt: skip
    times = line.our_seconds / line.other_seconds
    line.notes["seconds"] = f"{line.our_seconds:.2f}, the UPDATE {line.other_seconds:.2f}: {times:.2f} x"
    line.notes["steps"] = f"{side.steps:,} written with their reason, as many messages and calls queued"
    return line


class _Sides:
    def __init__(self, ground: Ground, claims: int, share: int) -> None:
        self.ground, self.claims, self.share = ground, claims, share
        self.url, self.steps = "", 0

    def make_ready(self) -> None:
        self.url = self.ground.copy(_DUE, _RUN)
        if self.share < 100:
            with self.ground.postgres.superuser(_RUN) as connection:
                connection.execute(_LATER.format(share=self.share).encode())
                connection.execute("VACUUM FULL treatment")
                connection.execute("ANALYZE treatment")
                connection.execute("CHECKPOINT")

    def plan(self) -> None:
        """As the jobs do: the first chunk, then some side by side, until none is due."""
        units = Units(engine_for(self.url))
        try:
            if _plan_chunk(units, goes_on=False):
                with ThreadPoolExecutor(ABREAST) as pool:
                    list(pool.map(lambda _: _plan_on(units), range(ABREAST)))
        finally:
            units.engine.dispose()

    def check(self) -> None:
        """Whether every claim whose turn had come was looked at."""
        units = Units(engine_for(self.url))
        try:
            with units.open(Door.WORKER, by=BY) as unit:
                self.steps, left = unit.session.connection().execute(_DONE, {"today": unit.today}).one()
        finally:
            units.engine.dispose()
        if left or abs(self.steps - self.claims * self.share / 100) > self.claims / 20:
            raise BenchFailed(f"{self.steps} steps were planned, {left} claims were left")

    def update(self) -> None:
        with self.ground.postgres.superuser(_RUN) as connection:
            connection.execute(_BARE)


def _plan_on(units: Units) -> None:
    while _plan_chunk(units, goes_on=True):
        pass


def _plan_chunk(units: Units, *, goes_on: bool) -> bool:
    with units.open(Door.WORKER, by=BY) as unit:
        return plan_due(unit, goes_on=goes_on) == CHUNK


_DONE = text(
    "SELECT (SELECT count(*) FROM treatment_step WHERE state = 'planned' OR why <> 'bench'),"
    " (SELECT count(*) FROM treatment WHERE next_on <= :today)"
)
