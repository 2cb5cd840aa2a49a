"""Which way of contact suits a debtor best, by points that can be read: not the same mail to all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from agency.money import Money
from agency.rules.facts import Channel, DebtorKind
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_RULE: Final = "house.channel_choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What earlier contacts by one way led to: a payment, promise or word within days; nothing; a failure."""

    answered: int = 0
    silent: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceFacts:
    """What is known when a way is chosen: who owes, how much, and what was tried on him."""

    debtor: DebtorKind
    principal: Money
    tried: Mapping[Channel, Tried] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """The way chosen, the points of each way in the order of preference, and what they are made of."""

    channel: Channel
    points: tuple[tuple[Channel, int], ...]
    trace: Trace


def choose_channel(*, ways: Sequence[Channel], facts: ChoiceFacts, on: date) -> ChannelChoice:
    """Choose among the ways by which a step may go and the debtor can be reached.

    :param ways: in the order of the path; of equals the first is taken.
    :param on: picks the weights in force.
    :raises ValueError: when there is no way at all.
    """
    if not ways:
        raise ValueError("nobody can be reached by no way")
    scored = [(way, _lines(way, facts, on)) for way in ways]
    points = [(way, sum(int(line.inputs["points"]) for line in lines)) for way, lines in scored]
    ranked = tuple(sorted(points, key=lambda one: -one[1]))
    best, most = ranked[0]
    chosen = TraceLine(
        rule=_RULE,
        version=on.isoformat(),
        source="house rule: the way with the most points",
        inputs={"channel": best.value, "points": str(most)},
        outcome="channel_choice.chosen",
    )
    return ChannelChoice(best, ranked, (chosen, *(line for _, lines in scored for line in lines)))


def _lines(way: Channel, facts: ChoiceFacts, on: date) -> list[TraceLine]:
    row = row_in_force((row for row in read_table("channel_choice")["way"] if row["way"] == way), on)
    assert row is not None, "every way of contact has its row"
    lines = [_line(row, way, row[facts.debtor], "from_the_start", debtor=facts.debtor.value)]
    lines += _cost(row, way, facts)
    for more in read_table("channel_choice")["amount"]:
        if more["way"] == way and more["since"] <= on and facts.principal.minor >= more["from_minor"]:
            start = Money(more["from_minor"], facts.principal.currency)
            lines.append(_line(more, way, more["points"], "large_amount", **{"from": str(start)}))
    return [*lines, *_answers(way, facts.tried.get(way, Tried()), on)]


def _cost(row: Mapping[str, object], way: Channel, facts: ChoiceFacts) -> list[TraceLine]:
    cost = row["cost_minor"]
    assert isinstance(cost, int), "the table says whole cents"
    thousandths = cost * 1000 // max(1, facts.principal.minor)
    money = Money(cost, facts.principal.currency)
    return [_line(row, way, -thousandths, "costs", cost=str(money))] if thousandths else []


def _answers(way: Channel, tried: Tried, on: date) -> list[TraceLine]:
    row = row_in_force(read_table("channel_choice")["answer"], on)
    assert row is not None, "the house's rule has always been in force"
    return [
        _line(row, way, min(times, row["times_max"]) * row[what], what, times=str(times))
        for what, times in (("answered", tried.answered), ("silent", tried.silent), ("failed", tried.failed))
        if times
    ]


def _line(row: Mapping[str, object], way: Channel, points: int, outcome: str, **inputs: str) -> TraceLine:
    return TraceLine(
        rule=_RULE,
        version=str(row["since"]),
        source=str(row["source"]),
        inputs={"channel": way.value, "points": str(points)} | inputs,
        outcome=f"channel_choice.{outcome}",
    )
