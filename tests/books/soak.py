"""`dev soak`: the machine of any order for as long as wanted, on servers of its own.

Each part has a number of its own, so that what broke is run again by it: `--seed <number> --parts 1`. Where a
run was stopped is kept in `.soak`; the same words go on from there.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.books.any_order import machine, plan
from tests.books.ground import Ground
from tests.books.watched import Watched
from tests.conftest import TEMPLATE, RunServers

EXAMPLES, STEPS = 20, 100  # of which the first is the simplest one: the same rule over and over
MEMORY = Path(__file__).parents[2] / ".soak" / "run.json"
BROKEN = 1
STOPPED = 130


@dataclass
class Soak:
    """How far a run has come: the number of its next part, and what broke so far."""

    seed: int
    part: int = 0
    steps: int = 0
    seconds: float = 0.0
    broken: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def go_on(cls, seed: int) -> "Soak":
        """Take up the run of this seed where it was stopped, else begin."""
        kept = json.loads(MEMORY.read_text()) if MEMORY.exists() else {}
        return cls(**kept) if kept.get("seed") == seed else cls(seed)

    def keep(self) -> None:
        MEMORY.parent.mkdir(exist_ok=True)
        MEMORY.write_text(json.dumps(asdict(self), indent=2))

    def run_part(self, ground: Ground, say: Console) -> None:
        """Run one part; what breaks is kept with its number and told, and the next part goes on."""
        number, before, started = self.seed + self.part, Watched.steps, time.monotonic()
        test = seeded(number)(machine(ground))
        try:
            run_state_machine_as_test(test, settings=plan(examples=EXAMPLES, steps=STEPS))
        except Exception as broken:  # noqa: BLE001 - whatever breaks is what we look for
            where = traceback.format_tb(broken.__traceback__)[-3:]
            told = "".join([*where, f"{type(broken).__name__}: {broken}"])
            notes = "\n".join(getattr(broken, "__notes__", []))
            self.broken.append({"seed": number, "error": f"{told}\n{notes}"})
            say.print(f"seed {number} broke:\n{told}\n{notes}", markup=False, highlight=False)
        self.part += 1
        self.steps += Watched.steps - before
        self.seconds += time.monotonic() - started


def soak(*, steps: int, seed: int, parts: int | None, say: Console) -> Soak:
    """This function will run parts until so many steps are made, going on where it was stopped."""
    run = Soak(seed) if parts else Soak.go_on(seed)
    folder = Path(tempfile.mkdtemp(prefix="agency-soak-"))
    folder.chmod(0o711)
    servers = RunServers.start(folder)
    ground = Ground(servers.postgres, name="soak", migrated=TEMPLATE)
    bar = Progress(TextColumn("steps"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=say)
    task = bar.add_task("steps", total=steps, completed=run.steps)
    try:
        with bar:
            while run.part < parts if parts else run.steps < steps:
                run.run_part(ground, say)
                bar.update(task, completed=run.steps)
                if not parts:
                    run.keep()
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if not parts:
        MEMORY.unlink(missing_ok=True)
    return run


def told(run: Soak) -> str:
    """One line on what a run did."""
    red = ", ".join(f"{key} {times}x" for key, times in sorted(Watched.red_seen.items())) or "none"
    seeds = ", ".join(str(one["seed"]) for one in run.broken)
    broke = f"broke at seed {seeds}" if run.broken else "nothing broke"
    return f"{run.steps} steps in {run.seconds:.0f} s; {broke}; proof lawfully red: {red}"


def main() -> int:
    """This function will read the words and run."""
    words = argparse.ArgumentParser(prog="python3 dev soak", description=__doc__)
    words.add_argument("--steps", type=int, default=100_000, help="how many steps in all (default 100,000)")
    words.add_argument("--seed", type=int, default=1, help="where to begin; what broke names its own")
    words.add_argument("--parts", type=int, help="run only so many parts from the seed on, and keep nothing")
    given = words.parse_args()
    console = Console(stderr=True)
    try:
        run = soak(steps=given.steps, seed=given.seed, parts=given.parts, say=console)
    except KeyboardInterrupt:
        console.print("Stopped; the same words go on from here.")
        return STOPPED
    sys.stdout.write(f"{told(run)}\n")
    return BROKEN if run.broken else 0


if __name__ == "__main__":
    sys.exit(main())
