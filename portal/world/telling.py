"""`python3 dev world`: runs the world with a bar and prints what happened; 1 when the proof is red."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from portal.local.telling import telling
from portal.wiring import wire
from portal.world.outside import Outside, WorldStopped
from portal.world.run import Story, World

STOPPED_BY_HAND = 130


def live(*, days: int, seed: int, memory: Path, addresses: dict[str, str], as_json: bool) -> int:
    """This function will let the world live for some days and return the exit code.

    :param memory: a private file that keeps what is still to come between runs.
    """
    wiring = wire()
    outside = Outside(simulator=addresses["simulator"], portal=addresses["portal"])
    world = World(wiring=wiring, outside=outside, seed=seed, memory=memory)
    try:
        story = pass_days(world, days=days)
    except WorldStopped as stopped:
        return say_stopped(stopped)
    except KeyboardInterrupt:
        return say_stopped()
    finally:
        outside.close()
    _print(story, as_json)
    return 0 if story.green else 1


def pass_days(world: World, *, days: int) -> Story:
    """This function will let days pass in a world and tell how far it has come.

    :raises WorldStopped: the agency did not come back in time.
    :raises KeyboardInterrupt: somebody stops it.
    """
    # Who is asked to end stops as at Ctrl-C: a run in the background hears no Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with telling(Console(stderr=True), total=days, doing="days") as steps:
        return world.live(days=days, tell=lambda done, _, what: steps.reach(done, what))


def say_stopped(why: WorldStopped | None = None) -> int:
    """This function will say that a world stopped before its days were over, and return the exit code: 130
    when somebody stopped it, 2 when the agency went away."""
    said = f"The world stopped: {why}." if why else "Stopped."
    Console(stderr=True).print(f"{said} What was done is kept; run it again to go on.")
    return 2 if why else STOPPED_BY_HAND


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
