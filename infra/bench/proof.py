"""The proof of a year's books beside one bare GROUP BY of their entries.

Sums and seals are taken over all of them each time; the rows that nobody touched since the run that warms up
are not compared again. What a proof of every row takes, as at night, is noted.

Nothing in the books is wrong, so every question reads all there is.
"""

import time
from collections.abc import Callable

from sqlalchemy import text

from agency.banking.proof import prove
from agency.kernel.unit import Door, Units
from infra.bench.books import ENTRIES_PER_CLAIM, write_books
from infra.bench.ground import Ground
from infra.bench.harness import Line, alternate

CREDITORS = 50
_DATABASE = "bench_proof"
_BARE = text(
    "SELECT creditor_id, transaction_id, currency, sum(amount_minor) FROM ledger_entry"
    " GROUP BY creditor_id, transaction_id, currency HAVING sum(amount_minor) <> 0"
)


class NotGreen(RuntimeError):
    """The books of the bench do not prove, so nothing was measured."""


def measure_proof(ground: Ground, *, entries: int, pairs: int, say: Callable[[str], None]) -> Line:
    """This function will measure the proof, from P1 to P10, over a number of entries."""
    say(f"books of {entries:,} entries")
    units = write_books(ground, database=_DATABASE, claims=entries // ENTRIES_PER_CLAIM, creditors=CREDITORS)
    line = Line("Proof of all books", "entries/s", entries, "at most 3 times a bare GROUP BY (ratio 0.333)")

    def ours() -> None:
        with units.open(Door.STAFF, by="system:bench") as unit:
            unit.allow_long_statements()
            run = prove(unit, on=unit.today)
        red = [check["left_label"] for check in run.checks if not check["holds"]]
        if red:
            raise NotGreen(", ".join(red))

    def bare() -> None:
        with units.open(Door.STAFF, by="system:bench") as unit:
            assert unit.session.connection().execute(_BARE).first() is None

    everything = _seconds(units)
    alternate(line, ours=ours, other=bare, cpu_of=ground.cpu, pairs=pairs, say=say)
    line.notes["every row compared"] = f"{everything:.2f} s"
    line.notes["bare GROUP BY"] = f"{line.other_seconds:.2f} s; the proof {line.our_seconds:.2f} s"
    units.engine.dispose()
    return line


def _seconds(units: Units) -> float:
    """How long the proof takes that compares every row."""
    begun = time.perf_counter()
    with units.open(Door.STAFF, by="system:bench") as unit:
        unit.allow_long_statements()
        prove(unit, on=unit.today, everything=True)
    return time.perf_counter() - begun
