"""`python3 dev world`: runs the world with a bar and prints what happened; 1 when the proof is red."""

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from portal.wiring import wire
from portal.world.outside import Outside, WorldStopped
from portal.world.run import Story, World


def live(*, days: int, seed: int, memory: Path, addresses: dict[str, str], as_json: bool) -> int:
    """This function will let the world live for some days and return the exit code.

    :param memory: a private file that keeps what is still to come between runs.
    """
    wiring = wire()
    outside = Outside(simulator=addresses["simulator"], portal=addresses["portal"])
    world = World(wiring=wiring, outside=outside, seed=seed, memory=memory)
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    try:
        with bar:
            task = bar.add_task("", total=days)
            story = world.live(
                days=days,
                tell=lambda done, _, what: bar.update(task, completed=done, description=what),
            )
    except WorldStopped as stopped:
        console.print(f"The world stopped: {stopped}. What was done is kept; run it again to go on.")
        return 2
    finally:
        outside.close()
    _print(story, as_json)
    return 0 if story.green else 1


def _print(story: Story, as_json: bool) -> None:
    answer = as_dict(story)
    if as_json:
        json.dump(answer, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    table = Table(box=None, show_header=False, padding=(0, 2))
    for name, value in answer.items():
        if name != "proof":
            table.add_row(name.replace("_", " "), str(value))
    for check in story.proof:
        mark = "[green]holds[/]" if check["holds"] else "[red]broken[/]"
        table.add_row(f"proof {check['key']}", f"{mark}  {check['left']} = {check['right']}")
    Console().print(table)


def as_dict(story: Story) -> dict[str, Any]:
    """This function will return a run's story as plain values; amounts in minor units."""
    return {
        "days": story.days,
        "messages": story.mails,
        "acts": dict(sorted(story.acts.items())),
        "bank_lines": story.bank_lines,
        "paid_out_minor": story.paid_out_minor,
        "green": story.green,
        "seconds": round(story.seconds, 1),
        "proof": story.proof,
    }
