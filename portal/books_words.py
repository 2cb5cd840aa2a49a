"""The words `dev books`: the books as a file that an accountant's own program checks."""

import sys
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from portal.books import FORMS

app = typer.Typer(no_args_is_help=True, help="The books as files.")
_DAY = ["%Y-%m-%d"]


@app.callback()
def _books() -> None:
    """Keep the word that follows a word of its own."""


@app.command("export")
def export(
    first: Annotated[
        datetime, typer.Option("--from", formats=_DAY, help="First day of booking.", show_default=False)
    ],
    last: Annotated[
        datetime, typer.Option("--to", formats=_DAY, help="Last day of booking.", show_default=False)
    ],
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMS)}.")] = "csv",
    out: Annotated[Path | None, typer.Option(help="A file; without it the text is printed.")] = None,
) -> None:
    """Write the journal of a period as CSV, beancount text or XAF 3.2."""
    from portal.local.operate import operating
    from portal.local.places import data_folder

    chosen = next((known for known in FORMS if known == form), None)
    if chosen is None:
        raise typer.BadParameter(f"{form} is none of {', '.join(FORMS)}", param_hint="--format")
    with operating(data_folder(), say=lambda text: typer.echo(text, err=True)):
        from agency.kernel.unit import Door
        from portal.books import write_books
        from portal.wiring import wire

        wired = wire()
        with (
            wired.units.open(Door.STAFF, by="system:cli") as unit,
            out.open("wb") if out else nullcontext(sys.stdout.buffer) as file,
        ):
            write_books(
                unit, file, form=chosen, first=first.date(), last=last.date(), settings=wired.settings
            )
