"""The word `dev prove`: on the running agency's books, or on a small agency's that are forged on purpose."""

from collections.abc import Callable
from typing import Any

from rich.console import Console

PrintJson = Callable[[Any], None]


def prove_books(console: Console, *, say: Callable[[str], None], print_json: PrintJson | None) -> bool:
    """This function will prove the books of the data folder and print them; says whether all is green."""
    from portal.local.operate import operating
    from portal.local.places import data_folder

    with operating(data_folder(), say=say):
        from agency.banking.proof import prove
        from agency.kernel.unit import Door
        from portal.proving.telling import as_dict, show_proof
        from portal.wiring import wire

        with wire().units.open(Door.STAFF, by="system:cli") as unit:
            unit.allow_long_statements()
            run = prove(unit, on=unit.today, everything=True)
            if print_json:
                print_json(as_dict(run))
            else:
                show_proof(console, run)
            return run.green


def prove_sabotage(console: Console, *, say: Callable[[str], None], print_json: PrintJson | None) -> bool:
    """This function will forge books on a server of its own and print what was found; True when all was."""
    from portal.proving.sabotage import on_own_server
    from portal.proving.telling import sabotage_as_dict, show_sabotage

    say("A small agency on a server of its own; the demo is not touched …")
    outcomes = on_own_server()
    if print_json:
        print_json(sabotage_as_dict(outcomes))
    else:
        show_sabotage(console, outcomes)
    return all(outcome.found for outcome in outcomes)
