"""`python3 dev world --faults`: a world in which everything goes wrong, and whether all of it ended well."""

import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agency.money import Money
from portal.wiring import wire
from portal.world.fault_cases import CASES, HELD_BY_TESTS
from portal.world.journal import Happened
from portal.world.outside import WorldStopped
from portal.world.run import Story
from portal.world.telling import as_dict, pass_days, say_stopped
from portal.world.troubled_outside import TroubledOutside
from portal.world.year import QUIET_DAYS, FaultyWorld, Outcome


def live_with_faults(
    *,
    days: int,
    seed: int,
    claims: int,
    faults: bool,
    memory: Path,
    addresses: dict[str, str],
    as_json: bool,
) -> int:
    """This function will let the world live and return the exit code: 0 when the proof is green,
    every bank line is explained and every fault ended as it must, 1 when not, 2 when the agency went away.

    :param memory: a private file that keeps what is still to come between runs.
    """
    outside = TroubledOutside(simulator=addresses["simulator"], portal=addresses["portal"])
    world = FaultyWorld(
        wiring=wire(), outside=outside, seed=seed, memory=memory, claims=claims, faults=faults
    )
    try:
        story = pass_days(world, days=days)
        outcome = world.outcome()
    except WorldStopped as stopped:
        return say_stopped(stopped)
    except KeyboardInterrupt:
        return say_stopped()
    finally:
        outside.close()
    _print(story, outcome, as_json)
    return 0 if story.green and outcome.is_clean else 1


def as_plain(story: Story, outcome: Outcome) -> dict[str, Any]:
    """This function will return a run as plain values; amounts in minor units."""
    journal = outcome.journal
    return {
        **as_dict(story),
        "bank_lines_all": outcome.lines,
        "bank_lines_explained_percent": outcome.percent,
        "unexplained_minor": outcome.unexplained_minor,
        "until": outcome.until.isoformat(),
        "faults": [
            {
                "case": case.key,
                "expected": case.end,
                "injected": journal.happened[case.key],
                "settled": journal.settled[case.key],
                "open": [open_fault(one) for one in journal.open if one.case == case.key],
            }
            for case in CASES
        ],
        "held_by_tests": dict(HELD_BY_TESTS),
    }


def open_fault(one: Happened) -> dict[str, str]:
    """This function will tell of a fault that has not ended: since when, what is open, and by which day it
    must have ended. A short run leaves too few quiet days for all: then the next days tell."""
    by = date.fromisoformat(one.on) + timedelta(days=QUIET_DAYS)
    return {"on": one.on, "why": one.why, "expected_by": by.isoformat()}


def _print(story: Story, outcome: Outcome, as_json: bool) -> None:
    answer = as_plain(story, outcome)
    if as_json:
        json.dump(answer, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    console = Console()
    console.print(_faults(answer))
    for case, why in HELD_BY_TESTS.items():
        console.print(f"{case}: {why}", soft_wrap=True)
    console.print(_figures(story, answer))


def _faults(answer: dict[str, Any]) -> Table:
    table = Table("case", "injected", "ended", "what became of it", box=None, padding=(0, 2))
    for fault in answer["faults"]:
        told = (
            f"[green]found and settled[/]: {fault['expected']}"
            if fault["injected"]
            else "[dim]did not happen[/]"
        )
        if fault["open"]:
            told = _told_open(fault["open"][0], answer["until"])
        table.add_row(fault["case"], str(fault["injected"]), str(fault["settled"]), told)
    return table


def _told_open(first: dict[str, str], until: str) -> str:
    told = f"{first['on']} {first['why']}"
    if first["expected_by"] < until:
        return f"[red]open[/]: {told}; it should have ended by {first['expected_by']}"
    return f"[yellow]not ended yet[/]: {told}; expected by {first['expected_by']}, let more days pass"


def _figures(story: Story, answer: dict[str, Any]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2))
    unexplained = Money(answer["unexplained_minor"], "EUR")
    for name, value in (
        ("days", answer["days"]),
        ("messages", answer["messages"]),
        ("acts", ", ".join(f"{count} {act}" for act, count in answer["acts"].items() if count)),
        ("paid out", Money(answer["paid_out_minor"], "EUR").decimal),
        ("bank lines", answer["bank_lines_all"]),
        ("explained", f"{answer['bank_lines_explained_percent']} %"),
        ("unexplained", unexplained.decimal),
        ("seconds", answer["seconds"]),
    ):
        table.add_row(name, str(value))
    for check in story.proof:
        mark = "[green]holds[/]" if check["holds"] else "[red]broken[/]"
        table.add_row(f"proof {check['key']}", f"{mark}  {check['left']} = {check['right']}")
    return table
