"""The words `dev quote` and `dev price`: replay what was offered, and prove what every price promises."""

import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from random import Random
from typing import Annotated, Any

import typer

quotes = typer.Typer(no_args_is_help=True, help="Quotes that were made.")
prices = typer.Typer(no_args_is_help=True, help="What holds of every price.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
_SHOWN = 5


@quotes.callback()
def _quotes() -> None:
    """Keep the word that follows a word of its own."""


@prices.callback()
def _prices() -> None:
    """Keep the word that follows a word of its own."""


@quotes.command("replay")
def replay_quote(
    number: Annotated[str, typer.Argument(help="Like Q-2026-00001, or an id.", show_default=False)],
    creditor: Annotated[str, typer.Option(help="The creditor's reference.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Make a quote again from its own facts: are they the same bytes?"""
    from portal.local.operate import operating
    from portal.local.places import data_folder

    with operating(data_folder(), say=_say):
        from agency.kernel.unit import Door
        from agency.parties.registration import creditor_by_reference
        from agency.pricing.finding import quote_numbered
        from agency.pricing.replay import replay
        from portal.wiring import wire

        with wire().units.open(Door.STAFF, by="system:cli") as unit:
            creditor_id = creditor_by_reference(unit, reference=creditor).id
            quote_id = quote_numbered(unit, creditor_id=creditor_id, number=number)
            found = replay(unit, creditor_id=creditor_id, quote_id=quote_id)
    typer.echo(json.dumps(asdict(found), indent=2) if as_json else _told(found))
    raise typer.Exit(0 if found.same and found.intact else 1)


@prices.command("prove")
def prove(
    cards: Annotated[int, typer.Option(min=1, help="How many cards are drawn, each with a claim.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Another seed, other cards.")] = 2026,
    jobs: Annotated[int, typer.Option(min=1, help="How many processes.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Look for a card and a claim that break a promise of the price; the agency's own card is tried too."""
    started = time.monotonic()
    shares = [(seed + job, cards // jobs + (job < cards % jobs)) for job in range(jobs)]
    with ProcessPoolExecutor(jobs) as pool:
        found = [one for part in pool.map(_search, shares) for one in part]
    seconds = time.monotonic() - started
    if as_json:
        typer.echo(json.dumps({"cards": cards, "seconds": round(seconds, 1), "broken": found}, indent=2))
    else:
        typer.echo(f"{cards:,} cards and claims in {seconds:.0f} s: {len(found)} counterexamples")
        for one in found[:_SHOWN]:
            typer.echo(f"  {one['promise']}: {one['case']}\n    card {one['card']}")
    raise typer.Exit(1 if found else 0)


def _search(share: tuple[int, int]) -> list[dict[str, Any]]:
    """Draw so many cards, each with a claim, and every tenth claim under the agency's own card besides."""
    from agency.pricing.promises import counterexamples, draw_card, draw_case
    from agency.rules.price import DEFAULT_CARD

    seed, count = share
    rng = Random(seed)  # noqa: S311 - drawn cases, not secrets
    found = []
    for nth in range(count):
        drawn = [draw_card(rng), *([DEFAULT_CARD] if nth % 10 == 0 else [])]
        for card in drawn:
            found += [
                {"promise": one.promise, "case": repr(one.case), "card": card.to_json().decode()}
                for one in counterexamples(card, draw_case(rng, card))
            ]
    return found


def _told(found: Any) -> str:
    if found.unknown:
        return f"{found.number} cannot be replayed here: it needs {', '.join(found.unknown)}"
    bytes_told = "the same bytes" if found.same else "OTHER bytes"
    kept = "as they were issued" if found.intact else "CHANGED since they were issued"
    taken = f"; taken from the document: {', '.join(found.recorded)}" if found.recorded else ""
    return f"{found.number}: {bytes_told}, and the stored ones are {kept}{taken}"


def _say(text: str) -> None:
    typer.echo(text, err=True)
