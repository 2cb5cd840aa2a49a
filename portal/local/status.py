"""What runs, where, and who may sign in: the page that `up` prints and `status` repeats."""

import json
from pathlib import Path
from typing import Any

import pyotp
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from portal.local.places import running_state


def read_status(folder: Path) -> dict[str, Any]:
    """This function will describe the running agency and the demo's sign-ins.

    :returns: `running`, `addresses` (portal, simulator), `sign_ins` (audience, url, email, password,
        totp_secret), `debtor_links` and `debtor_postal_codes` (what each link asks for); all empty when
        nothing runs.
    """
    state = running_state(folder)
    if not state:
        return {
            "running": False,
            "addresses": {},
            "sign_ins": [],
            "debtor_links": [],
            "debtor_postal_codes": [],
        }
    portal = state["addresses"]["portal"]
    demo = _demo(folder)
    return {
        "running": True,
        "addresses": state["addresses"],
        "sign_ins": [
            {
                "audience": person["audience"],
                "url": portal + person["path"],
                "email": person["email"],
                "password": person["password"],
                "totp_secret": person["totp_secret"],
            }
            for person in demo.get("sign_ins", [])
        ],
        "debtor_links": [portal + path for path in demo.get("debtor_links", [])],
        "debtor_postal_codes": demo.get("debtor_postal_codes", []),
    }


def _demo(folder: Path) -> dict[str, Any]:
    try:
        demo: dict[str, Any] = json.loads((folder / "demo.json").read_text())
    except FileNotFoundError:
        return {}
    return demo


def show_status(console: Console, status: dict[str, Any], *, folder: Path) -> None:
    """This function will print the one page: addresses, a sign-in per audience, the debtor's links."""
    if not status["running"]:
        console.print("Nothing runs. Start it with: [bold]python3 dev up[/]")
        return
    addresses = Table.grid(padding=(0, 2))
    addresses.add_row("Portal", f"[bold]{status['addresses']['portal']}[/]")
    addresses.add_row("Simulator", f"[bold]{status['addresses']['simulator']}[/]  (mail, SMS, letters, bank)")
    for link, postal_code in zip(status["debtor_links"][:2], status["debtor_postal_codes"], strict=False):
        addresses.add_row("As a debtor", f"{link}  (postal code {postal_code})")
    console.print(Panel(addresses, title="The agency runs", title_align="left"))
    if status["sign_ins"]:
        console.print(_sign_ins(status["sign_ins"]))
    console.print(
        "[dim]Codes last 30 seconds: `python3 dev status` shows fresh ones, with --json the secrets of an"
        f" authenticator app.\nLogs: {folder / 'logs'}[/]",
        soft_wrap=True,
    )


def _sign_ins(people: list[dict[str, str]]) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for column in ("Sign in as", "E-mail", "Password", "Code now"):
        table.add_column(column, overflow="fold")
    for person in people:
        code = pyotp.TOTP(person["totp_secret"]).now()
        table.add_row(person["audience"], person["email"], person["password"], code)
    return table
