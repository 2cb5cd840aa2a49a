"""Who may give up a part of a claim: by role, part and amount, as the dated table says."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from agency.money import Money
from agency.rules.tables import read_table
from agency.rules.trace import Trace, TraceLine

_RULE: Final = "house.authority"


class Act(StrEnum):
    """How a part of a claim is given up."""

    waiver = "waiver"
    write_off = "write_off"


class Part(StrEnum):
    """What of a claim is given up."""

    principal = "principal"
    interest = "interest"
    costs = "costs"


@dataclass(frozen=True, slots=True)
class Authority:
    """Whether somebody may, the largest amount that he may give up of one claim, and why."""

    allowed: bool
    limit: Money
    trace: Trace


def authority(
    *,
    act: Act,
    parts: Collection[Part],
    amount: Money,
    given_up_before: Money,
    roles: Collection[str],
    on: date,
) -> Authority:
    """Decide whether a person of these roles may give up an amount, of these parts of a claim together.

    The limit is one for the whole claim, so that many small decisions are one large one; of several roles
    the widest counts.

    :param parts: what the amount consists of; a role must be allowed to give up each of them.
    :param given_up_before: what was waived or written off of the claim so far, and not taken back.
    :raises CurrencyMismatch: when the amounts have different currencies.
    """
    rows = [row for row in _in_force(act, on) if row["role"] in roles and set(parts) <= set(row["parts"])]
    widest = max(rows, key=lambda row: row["limit_minor"], default=None)
    limit = Money(widest["limit_minor"] if widest else 0, amount.currency)
    allowed = widest is not None and given_up_before + amount <= limit
    line = TraceLine(
        rule=_RULE,
        version=str(widest["since"]) if widest else on.isoformat(),
        source=widest["source"] if widest else "no role of this person may",
        inputs={
            "act": act.value,
            "part": ", ".join(sorted(parts)),
            "amount": str(amount),
            "given_up_before": str(given_up_before),
            "roles": ", ".join(sorted(roles)),
            "limit": str(limit),
        },
        outcome="authority.allowed" if allowed else "authority.refused",
        amount=amount,
    )
    return Authority(allowed, limit, (line,))


def limits_of(roles: Collection[str], *, on: date) -> list[tuple[Act, int, tuple[Part, ...]]]:
    """Return what a person of these roles may give up of one claim in all: act, minor units, which parts.

    Of several roles the widest counts; acts that none of them may are left out.
    """
    found = []
    for act in Act:
        rows = [row for row in _in_force(act, on) if row["role"] in roles]
        if rows:
            widest = max(rows, key=lambda row: row["limit_minor"])
            found.append((act, int(widest["limit_minor"]), tuple(map(Part, widest["parts"]))))
    return found


def _in_force(act: Act, on: date) -> list[dict[str, Any]]:
    """Return each role's latest row of an act that has begun."""
    latest: dict[str, dict[str, Any]] = {}
    for row in sorted(read_table("authority")["authority"], key=lambda row: row["since"]):
        if row["act"] == act and row["since"] <= on:
            latest[row["role"]] = row
    return list(latest.values())
