"""What `dev prove` prints: every check with both figures and the rows that differ; the table of sabotage."""

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from agency.banking.models import ProofRun
from agency.money import Money
from portal.proving.sabotage import Outcome

ROWS_TOLD_MAX = 5


def show_proof(console: Console, run: ProofRun) -> None:
    """This function will print a proof for a person at a terminal."""
    table = Table(box=None, padding=(0, 2), header_style="bold")
    for heading in ("", "check", "this figure", "must equal"):
        table.add_column(heading)
    for check in run.checks:
        table.add_row(_mark(check), f"{check['key']} {check['left_label']} {check['subject']}".strip(),
                      _figure(check, "left"), _figure(check, "right"))  # fmt: skip
        for row in check["rows"][:ROWS_TOLD_MAX]:
            table.add_row("", f"   {row['what']} {row['id']} {row['text']}", str(row["left"] or ""),
                          str(row["right"] or ""))  # fmt: skip
    console.print(table)
    console.print("[green]proven[/]" if run.green else "[red]not proven: payouts are blocked[/]")


def as_dict(run: ProofRun) -> dict[str, Any]:
    """This function will return a proof as plain values; money in minor units."""
    return {"at": run.at.isoformat(), "on": run.on.isoformat(), "green": run.green, "checks": run.checks}


def show_sabotage(console: Console, outcomes: list[Outcome]) -> None:
    """This function will print which check found each kind of sabotage."""
    table = Table(box=None, padding=(0, 2), header_style="bold")
    for heading in ("", "sabotage", "found by", "payouts", "as"):
        table.add_column(heading)
    for outcome in outcomes:
        table.add_row(
            "[green]found[/]" if outcome.found else "[red]unseen[/]", outcome.name, ", ".join(outcome.checks),
            "blocked" if outcome.blocks else "go on", outcome.said[0] if outcome.said else "",
        )  # fmt: skip
    console.print(table)
    console.print(f"{sum(outcome.found for outcome in outcomes)}/{len(outcomes)} found")


def sabotage_as_dict(outcomes: list[Outcome]) -> dict[str, Any]:
    """This function will return the table of sabotage as plain values."""
    return {
        "found": sum(outcome.found for outcome in outcomes),
        "of": len(outcomes),
        "kinds": [asdict(outcome) | {"found": outcome.found} for outcome in outcomes],
    }


def _mark(check: dict[str, Any]) -> str:
    if check["holds"]:
        return "[green]green[/]"
    return "[red]red[/]" if check["blocks"] else "[yellow]attention[/]"


def _figure(check: dict[str, Any], side: str) -> str:
    return str(Money(check[side], check["currency"])) if check["money"] else f"{check[side]:,}"
