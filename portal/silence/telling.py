"""What `dev silence` prints: the count per fault, or the table of guards with what each keeps back."""

import json
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.table import Table

from portal.local.places import LocalTrouble
from portal.local.postgres import Postgres
from portal.local.telling import telling
from portal.silence.audit import FAULTS
from portal.silence.days import Size
from portal.silence.guards import GUARDS, Guard, named
from portal.silence.running import Run, own_server, together
from portal.silence.worlds import Told, World, live_all, parted

STOPPED_BY_HAND = 130
# Enough for every guard to have kept something back; a run of this size takes seconds.
SMALL = Size(days=45, messages=1_500, seed=7)


def keep_silence(*, size: Size, worlds: int, guard_name: str | None, every_guard: bool, as_json: bool) -> int:
    """This function will run the simulation, print what it counted, and return the exit code.

    0 when nothing left that should not have, or when every guard was shown to keep something back; else 1.

    :raises LocalTrouble: no guard has that name.
    """
    guard = _guard(guard_name) if guard_name else None
    console = Console(stderr=True)
    # Who is asked to end cleans up as at Ctrl-C: a run in the background hears no Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with own_server() as postgres:
            if every_guard:
                each = [World(number, size, guard.name) for number, guard in enumerate(GUARDS)]
                return _print_guards(_with_bar(console, each, postgres), as_json)
            parts = [replace(world, guard=guard_name) for world in parted(size, worlds)]
            runs = _with_bar(console, parts, postgres)
    except KeyboardInterrupt:
        console.print("Stopped; nothing is kept of a run.")
        return STOPPED_BY_HAND
    run = together(size, runs)
    _print_run(run, guard, as_json)
    return 0 if run.count.clean else 1


def _guard(name: str) -> Guard:
    try:
        return named(name)
    except KeyError:
        names = ", ".join(guard.name for guard in GUARDS)
        raise LocalTrouble(f"no guard {name!r}; there are {names}") from None


def _with_bar(console: Console, worlds: Sequence[World], postgres: Postgres) -> list[Run]:
    done: Counter[int] = Counter()
    left: Counter[int] = Counter()
    total = sum(world.size.days for world in worlds)
    with telling(console, total=total, doing="days") as steps:

        def tell(told: Told) -> None:
            number, done[number], day, left[number] = told
            steps.reach(done.total(), f"days: {day}, {left.total():,} messages")

        return live_all(postgres, worlds, tell=tell)


def as_dict(run: Run, guard: Guard | None = None) -> dict[str, Any]:
    """This function will return a run as plain values."""
    return {
        "guard_removed": guard.name if guard else None,
        "days": run.size.days,
        "messages": run.count.messages,
        "by_country": dict(run.count.by_country),
        "acts": run.acts,
        "faults": {fault: run.count.faults[fault] for fault in FAULTS},
        "examples": dict(run.count.examples),
        "clean": run.count.clean,
    }


def _print_run(run: Run, guard: Guard | None, as_json: bool) -> None:
    if as_json:
        _print_json(as_dict(run, guard))
        return
    console = Console()
    count = run.count
    console.print(
        f"{count.messages:,} messages in {run.size.days} days, "
        + ", ".join(f"{place} {number:,}" for place, number in count.by_country.most_common())
    )
    console.print("meanwhile: " + ", ".join(f"{name} {times}" for name, times in sorted(run.acts.items())))
    table = Table("messages", "", "for example", box=None, padding=(0, 2), header_style="bold")
    for fault in FAULTS:
        found = count.faults[fault]
        example = count.examples[fault][0] if found else ""
        table.add_row(f"[red]{found:,}[/]" if found else "[green]0[/]", fault, example)
    console.print(table)


def _print_guards(runs: list[Run], as_json: bool) -> int:
    kept = all(run.count.faults[guard.fault] for guard, run in zip(GUARDS, runs, strict=True))
    if as_json:
        _print_json([as_dict(run, guard) for guard, run in zip(GUARDS, runs, strict=True)])
        return 0 if kept else 1
    table = Table("", "without", "messages", "that should not have left", "the guard keeps back",
                  box=None, padding=(0, 2), header_style="bold")  # fmt: skip
    for guard, run in zip(GUARDS, runs, strict=True):
        faults = run.count.faults
        table.add_row(
            "[green]needed[/]" if faults[guard.fault] else "[red]unseen[/]",
            guard.name, f"{run.count.messages:,}", f"{faults[guard.fault]:,} {guard.fault}", guard.keeps,
        )  # fmt: skip
    Console().print(table)
    return 0 if kept else 1


def _print_json(answer: Any) -> None:
    json.dump(answer, sys.stdout, indent=2, default=str)
    sys.stdout.write("\n")
