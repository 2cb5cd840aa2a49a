"""Who is shown as the sender of a message, and what must be shown of creditor and collector."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, Literal

from agency.rules.facts import DebtorKind, Phase
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_ANY_COUNTRY: Final = "*"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs as the `sender`, and the placeholders that the message `shows` whoever signs.

    `register` and `supervisor` are empty where the law names none; `reach` is the supervisor's address and
    e-mail, where a debtor must be told them.
    """

    sender: Literal["creditor", "agency"]
    shows: tuple[str, ...]
    register: str
    supervisor: str
    reach: str
    trace: Trace


@lru_cache(maxsize=2048)
def identity_shown(
    *, country: str, debtor: DebtorKind, phase: Phase, in_creditors_name: bool, on: date
) -> Identity:
    """Decide under whose name a message goes out, and what it must show of creditor and collector.

    A creditor may want reminders under its own brand. The debtor must recognise all the same who collects
    (Netherlands: Wki art. 13, Bki; Belgium: WER Book XIX): the brand is lawful in the early phases that the
    table names and never replaces the collector's identity and registration. Where the brand is not lawful
    the agency signs on behalf of the creditor.

    :param country: where the debtor lives (ISO 3166-1 alpha-2), as conduct rules follow the debtor's home.
    :param in_creditors_name: whether the creditor agreed on messages under its own brand.
    :param on: the day of the message; it picks the rule in force.
    """
    row = _row(country, debtor, on)
    branded = in_creditors_name and phase in row["brand_phases"]
    inputs = {"country": country, "debtor": debtor.value, "phase": phase.value}

    def line(outcome: str, **more: str) -> TraceLine:
        rule = f"{'house' if row['basis'] == 'house' else country.lower()}.identity"
        return TraceLine(rule, row["since"].isoformat(), row["source"], inputs | more, f"identity.{outcome}")

    signed = "in_creditors_name" if branded else "on_behalf"
    lines = [line("brand_not_allowed" if in_creditors_name and not branded else signed)]
    lines.append(line("shows", items=", ".join(row["shows"])))
    if row["register"]:
        lines.append(line("registered", register=row["register"]))
    if row["supervisor"]:
        lines.append(line("supervised", supervisor=row["supervisor"]))
    return Identity(
        sender="creditor" if branded else "agency",
        shows=tuple(row["shows"]),
        register=row["register"],
        supervisor=row["supervisor"],
        reach=row.get("reach", ""),
        trace=tuple(lines),
    )


def hidden(identity: Identity, values: frozenset[str]) -> tuple[str, ...]:
    """Return what a text must show of creditor and collector and does not name; empty when it shows all.

    :param values: the placeholders that the text names, such as "agency.registration".
    """
    return tuple(name for name in identity.shows if name not in values)


@lru_cache(maxsize=2048)
def _row(country: str, debtor: DebtorKind, on: date) -> dict[str, Any]:
    rows = [row for row in read_table("identity")["identity"] if debtor in row["debtors"]]
    here = row_in_force((row for row in rows if row["country"] == country), on)
    row = here or row_in_force((row for row in rows if row["country"] == _ANY_COUNTRY), on)
    assert row is not None, "the rule of the house has always been in force"
    return row
