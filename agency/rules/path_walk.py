"""A path walked ahead of time: every step taken on its day, as far as that can be known now."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from agency.money import Money
from agency.rules.facts import Channel
from agency.rules.notice import NoNoticeTerm, notice_term
from agency.rules.tables import read_table, row_in_force
from agency.rules.treatment import PathFacts, PlannedStep, SentStep, TreatmentPath, next_step

_STEPS_MAX = 100


def walk_ahead(*, path: TreatmentPath, facts: PathFacts, today: date, until: date) -> Iterator[PlannedStep]:
    """Yield the steps that come up to and including a day, when each leaves on its day and arrives.

    Nothing that the debtor might do is foreseen: who pays leaves the path.
    """
    for _ in range(_STEPS_MAX):
        step = next_step(path=path, facts=facts, today=today)
        if step is None or step.due_on > until:
            return
        yield step
        today = step.due_on
        facts = replace(facts, sent=(*facts.sent, as_sent(path, step, on=step.due_on)))


def as_sent(path: TreatmentPath, step: PlannedStep, *, on: date) -> SentStep:
    """Return a planned step as one that left on a day and arrived as the post usually does it."""
    return SentStep(step.key, step.channel, on, _arrival(path, step.channel, on))


def _arrival(path: TreatmentPath, channel: Channel, on: date) -> date:
    if channel is not Channel.letter:
        return on
    try:
        return notice_term(law=path.law, by="post", sent=on).delivered
    except NoNoticeTerm:
        return on


@lru_cache(maxsize=64)
def contact_cost(*, channel: Channel, on: date) -> Money:
    """Return what one contact by a channel costs the house, as an estimate of that day."""
    row = _row("cost", on)
    return Money(row[f"{channel.value}_minor"], row["currency"])


@dataclass(frozen=True, slots=True)
class ResponseRule:
    """Within how many days a payment counts as an answer, and how many contacts make a rate of one's own."""

    within_days: int
    contacts_min: int


@lru_cache(maxsize=64)
def response_rule(*, on: date) -> ResponseRule:
    """Return how answers to contacts are measured on a day."""
    row = _row("response", on)
    return ResponseRule(row["within_days"], row["contacts_min"])


@lru_cache(maxsize=64)
def usual_response(*, channel: Channel, on: date) -> int:
    """Return the share of the open amount, in basis points, that a contact is taken to bring in."""
    share: int = _row("response", on)[f"{channel.value}_bps"]
    return share


def _row(table: str, on: date) -> dict[str, Any]:
    row = row_in_force(read_table("treatment")[table], on)
    assert row is not None, "the figures of the house have always been in force"
    return row
