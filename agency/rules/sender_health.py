"""Whether a brand's mail may go on: too many bounces or spam reports harm everybody who sends beside it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from agency.rules.tables import read_table, row_in_force

Ground = Literal["bounced", "unwanted"]


@dataclass(frozen=True, slots=True)
class MailHealth:
    """Mails of the days that are looked at, how many of them came back, and how many were called spam."""

    sent: int
    bounced: int
    unwanted: int


def health_window(*, on: date) -> timedelta:
    """Return how far back mails are looked at."""
    return timedelta(days=_limits(on)["window_days"])


def held_back_for(health: MailHealth, *, on: date) -> Ground | None:
    """Return why the mail of a brand is held back, None while it may go on.

    Few mails say nothing yet, and a single angry reader is no share. Source: `sender_health.toml`.
    """
    limits = _limits(on)
    if health.sent < limits["mails_min"]:
        return None
    if health.bounced * 1000 >= limits["bounced_permille"] * health.sent:
        return "bounced"
    angry = health.unwanted * 1000 >= limits["unwanted_permille"] * health.sent
    return "unwanted" if angry and health.unwanted >= limits["unwanted_min"] else None


def spread_over(*, many: int, on: date) -> tuple[int, int]:
    """Return over how many days, and minutes of each, so many mails leave that waited; (0, 0) for few."""
    limits = _limits(on)
    return (0, 0) if many <= limits["at_once_max"] else (limits["over_days"], limits["over_minutes"])


def _limits(on: date) -> dict[str, Any]:
    row = row_in_force(read_table("sender_health")["limits"], on)
    assert row is not None, "the first row holds since before the agency began"
    return dict(row)
