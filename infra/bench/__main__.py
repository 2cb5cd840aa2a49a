"""`dev bench`: prints what performance promises, both sides of every line measured in turn.

Servers are its own, in a temporary folder; nothing of a running demo is touched.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.bench.bank_day import measure_bank_day, write_statement
from infra.bench.dunning import ITEMS, measure_dunning
from infra.bench.durable import measure_durable
from infra.bench.ground import Ground, ground
from infra.bench.harness import PAIRS, Line, keep
from infra.bench.intake import (
    BATCH,
    load_claims,
    measure_intake,
    measure_pricing,
    prepare_intake,
    write_file,
)
from infra.bench.interest_day import measure_interest_day
from infra.bench.letters import measure_letters
from infra.bench.mails import measure_mails
from infra.bench.matching import LINES, measure_matching
from infra.bench.night import measure_night
from infra.bench.pages import measure_pages, open_site
from infra.bench.posting import measure_posting
from infra.bench.proof import measure_proof
from infra.bench.quote import measure_quote
from infra.bench.remittance import measure_remittance
from infra.bench.rules import measure_interest
from portal.settling import settle_in

WORDS = (
    "intake", "price", "pages", "quote", "bank", "posting", "interest", "remittance", "proof", "matching",
    "letters", "mails", "dunning", "night", "durable", "interest-day",
)  # fmt: skip
NEED_SERVERS = {"intake", "price", "pages", "quote", "bank"}
OF_BOOKS = {"posting", "remittance", "proof"}
OF_TREATMENT = {"letters", "mails", "dunning", "night", "durable", "interest-day"}
QUICK_CLAIMS, QUICK_PAIRS, QUICK_REQUESTS, QUICK_DEBTS, QUICK_ENTRIES = 2_000, 3, 200, 50_000, 40_000
QUICK_LINES = 2_000
CLAIMS, REQUESTS, DEBTS, ENTRIES = 100_000, 1_000, 1_000_000, 1_000_000
FULL_CLAIMS = 1_000_000
PAYMENTS, QUICK_PAYMENTS, QUICK_SCALE = 100_000, 2_000, 0.05
BANK_LINES = 1_000
# Letters and e-mails; claims of the night, the durable steps and the interest day; the largest dunning run.
MESSAGES, TREATED, STEPS, BEARING, DUNNED = 1_000, 1_000_000, 100_000, 1_000_000, 100_000
QUICK_MESSAGES, QUICK_TREATED = 40, 1_000


def read_words(words: list[str]) -> argparse.Namespace:
    """This function will read the command line."""
    parser = argparse.ArgumentParser(prog="python3 dev bench", description=__doc__)
    parser.add_argument("lines", nargs="*", metavar="LINE", help=f"{', '.join(WORDS)}; all by default")
    parser.add_argument("--claims", type=int, default=CLAIMS, help=f"claims in the file ({CLAIMS:,})")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"pairs of runs of each line ({PAIRS})")
    parser.add_argument(
        "--full", action="store_true", help=f"intake of {FULL_CLAIMS:,} rows too, one pair: takes an hour"
    )
    parser.add_argument(
        "--treated",
        type=int,
        help="claims of the night, the interest day, the durable steps and the largest dunning",
    )
    parser.add_argument("--quick", action="store_true", help="a small run that shows that the benches work")
    asked = parser.parse_args(words)
    if unknown := sorted(set(asked.lines) - set(WORDS)):
        parser.error(f"no such line: {', '.join(unknown)}; there are {', '.join(WORDS)}")
    asked.lines = asked.lines or list(WORDS)
    asked.requests, asked.debts, asked.entries = REQUESTS, DEBTS, ENTRIES
    asked.payments, asked.scale, asked.bank_lines = PAYMENTS, 1.0, LINES
    asked.messages, asked.sizes = MESSAGES, (ITEMS, 10 * ITEMS, asked.treated or DUNNED)
    asked.night, asked.steps, asked.bearing = (
        asked.treated or standard for standard in (TREATED, STEPS, BEARING)
    )
    if asked.quick:
        asked.messages, asked.sizes = QUICK_MESSAGES, (QUICK_MESSAGES, 2 * QUICK_MESSAGES)
        asked.night = asked.steps = asked.bearing = QUICK_TREATED
        asked.claims, asked.pairs, asked.requests = QUICK_CLAIMS, QUICK_PAIRS, QUICK_REQUESTS
        asked.debts, asked.entries = QUICK_DEBTS, QUICK_ENTRIES
        asked.payments, asked.scale = QUICK_PAYMENTS, QUICK_SCALE
        asked.bank_lines = QUICK_LINES
    return asked


def measure(made: Ground, asked: argparse.Namespace, say: Callable[[str], None]) -> list[Line]:
    """This function will measure the lines that were asked for."""
    lines: list[Line] = []
    say("a creditor, and its file of claims")
    creditor = prepare_intake(made)
    file = write_file(made, creditor=creditor, claims=asked.claims)
    if "intake" in asked.lines:
        lines += _measure_intake(made, asked, creditor, say)
    if "price" in asked.lines:
        for claims in sorted({BATCH, asked.claims}):
            one = write_file(made, creditor=creditor, claims=claims)
            lines.append(measure_pricing(made, creditor=creditor, file=one, pairs=asked.pairs, say=say))
    if {"pages", "quote", "bank"} & set(asked.lines):
        say(f"{asked.claims:,} claims on file")
        load_claims(made, creditor=creditor, file=file)
    if "bank" in asked.lines:
        lines += _measure_bank(made, asked, say)
    if {"pages", "quote"} & set(asked.lines):
        lines += _measure_site(made, asked, creditor, say)
    return lines


def _measure_bank(made: Ground, asked: argparse.Namespace, say: Callable[[str], None]) -> list[Line]:
    """A small day, and one on which most of the claims are paid on; some claims take no payment."""
    lines = []
    for many in sorted({BANK_LINES, asked.claims * 9 // 10}):
        statement = write_statement(made, lines=many)
        lines.append(measure_bank_day(made, file=statement, lines=many, pairs=asked.pairs, say=say))
    return lines


def _measure_books(made: Ground, asked: argparse.Namespace, say: Callable[[str], None]) -> list[Line]:
    """What is measured on books of their own, without a creditor's file."""
    lines: list[Line] = []
    if "posting" in asked.lines:
        lines += measure_posting(made, scale=asked.scale, pairs=asked.pairs, say=say)
    if "remittance" in asked.lines:
        lines.append(measure_remittance(made, payments=asked.payments, pairs=asked.pairs, say=say))
    if "proof" in asked.lines:
        lines.append(measure_proof(made, entries=asked.entries, pairs=asked.pairs, say=say))
    return lines


def _measure_treatment(made: Ground, asked: argparse.Namespace, say: Callable[[str], None]) -> list[Line]:
    """What is measured on a portfolio under treatment, each line on one of its own."""
    lines: list[Line] = []
    if "letters" in asked.lines:
        lines.append(measure_letters(made, letters=asked.messages, pairs=asked.pairs, say=say))
    if "mails" in asked.lines:
        lines += measure_mails(made, mails=asked.messages, pairs=asked.pairs, say=say)
    if "dunning" in asked.lines:
        lines += measure_dunning(made, sizes=asked.sizes, pairs=asked.pairs, say=say)
    if "night" in asked.lines:
        lines += measure_night(made, claims=asked.night, pairs=asked.pairs, say=say)
    if "durable" in asked.lines:
        lines.append(measure_durable(made, claims=asked.steps, pairs=asked.pairs, say=say))
    if "interest-day" in asked.lines:
        lines.append(measure_interest_day(made, claims=asked.bearing, pairs=asked.pairs, say=say))
    return lines


def _measure_intake(
    made: Ground, asked: argparse.Namespace, creditor: dict[str, Any], say: Callable[[str], None]
) -> list[Line]:
    """A tenth of the file, the file, and a million rows when asked: the rates tell whether it is linear."""
    sizes = [(asked.claims // 10, asked.pairs), (asked.claims, asked.pairs)]
    if asked.full:
        sizes.append((FULL_CLAIMS, 1))
    lines = []
    for claims, pairs in sizes:
        file = write_file(made, creditor=creditor, claims=claims)
        lines.append(measure_intake(made, creditor=creditor, file=file, pairs=pairs, say=say))
        lines[-1].notes["linear"] = (
            f"{lines[-1].rate / lines[0].rate:.2f} of the rate at {sizes[0][0]:,} rows"
        )
    return lines


def _measure_site(
    made: Ground, asked: argparse.Namespace, creditor: dict[str, Any], say: Callable[[str], None]
) -> list[Line]:
    lines: list[Line] = []
    site = open_site(made, creditor=creditor)
    try:
        if "pages" in asked.lines:
            lines += measure_pages(site, requests=asked.requests, pairs=asked.pairs, say=say)
        if "quote" in asked.lines:
            lines.append(measure_quote(site, requests=asked.requests, pairs=asked.pairs, say=say))
    finally:
        site.close()
    return lines


def main() -> None:
    """This function will run the benches, print their lines and keep them as JSON."""
    asked = read_words(sys.argv[1:])
    settle_in()  # what is measured in this process runs in one that has settled in
    shown = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    lines: list[Line] = []
    with Progress(*columns, console=shown, transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def say(text: str) -> None:
            progress.update(task, description=text, advance=1)

        if "interest" in asked.lines:
            lines += measure_interest(debts=asked.debts, pairs=asked.pairs, say=say)
        if "matching" in asked.lines:
            lines.append(measure_matching(lines=asked.bank_lines, say=say))
        if (NEED_SERVERS | OF_BOOKS | OF_TREATMENT) & set(asked.lines):
            with ground() as made:
                lines += _measure_books(made, asked, say)
                lines += _measure_treatment(made, asked, say)
                if NEED_SERVERS & set(asked.lines):
                    lines += measure(made, asked, say)
    for line in lines:
        print(line.text())
    shown.print(f"kept in {keep(lines)}", soft_wrap=True)


if __name__ == "__main__":
    main()
