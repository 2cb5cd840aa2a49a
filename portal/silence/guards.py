"""Every guard that keeps a message from leaving, and how to take that one away.

A guard is all that stops one kind of wrong: where two places of the product stop the same (who objected has
no usable address and a closed channel), both are taken away together. Nothing of this reaches the product:
a guard is removed from outside, for the block in which a run lives.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import psycopg
from sqlalchemy import text

from agency.claims.holding_person import held_as_person
from agency.claims.states import HoldGround
from agency.communication import facts as facts_room
from agency.communication import planning, release, resolving, sending, values
from agency.money import Money
from agency.rules import contact
from agency.rules.send import SendDecision, SendFacts
from agency.treatment import reacting
from portal.silence.audit import (
    AMOUNT,
    CAPS,
    CONTESTED,
    ENDED,
    FEASTS,
    HELD,
    HIDDEN,
    HOURS,
    MISSING,
    OBJECTED,
    OTHERS,
    SUNDAYS,
    TERM,
    TOO_LATE,
    TWICE,
)
from portal.silence.swapping import swapped

Swap = tuple[Any, str, Any]


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard: what it keeps from happening, the fault by which the audit must see that it is gone, and
    what stands in its place then."""

    name: str
    keeps: str
    fault: str
    swaps: Callable[[], list[Swap]] = list
    statements: tuple[str, ...] = ()


class GuardNotFound(AssertionError):
    """The product does not have the guard where it is looked for: taking it away would prove nothing."""


@contextmanager
def without(guard: Guard | None, superuser: psycopg.Connection[Any]) -> Iterator[None]:
    """This function will take a guard away while the block runs."""
    if guard is None:
        yield
        return
    for statement in guard.statements:
        superuser.execute(statement)
    with ExitStack() as stack:
        for swap in guard.swaps():
            stack.enter_context(swapped(*swap))
        _forget()
        yield
    _forget()


def _forget() -> None:
    """What the rules remember was decided with the guard in its place."""
    for remembered in (contact._day_is_closed, contact._clocks):
        getattr(remembered, "cache_clear", lambda: None)()


def _gate_of_the_product() -> Callable[..., SendDecision]:
    found: Callable[..., SendDecision] = vars(release)["may_send"]
    return found


def _amounts_of_the_product() -> Callable[..., Any]:
    found: Callable[..., Any] = vars(release)["itemise_many"]
    return found


def _gate(**blind: Any) -> Callable[[], list[Swap]]:
    """The gate no longer sees some of its facts."""

    def swaps() -> list[Swap]:
        real = _gate_of_the_product()

        def may_send(*, facts: SendFacts, at: Any) -> SendDecision:
            return real(facts=replace(facts, **blind), at=at)

        return [(release, "may_send", may_send)]

    return swaps


def _nothing_owed_will_do() -> list[Swap]:
    """Neither that nothing is owed stops a message, nor that the claim ended by being paid."""
    real = _gate_of_the_product()

    def may_send(*, facts: SendFacts, at: Any) -> SendDecision:
        if facts.balance.minor <= 0:
            facts = replace(facts, balance=Money(1, facts.balance.currency), claim_closed=False)
        return real(facts=facts, at=at)

    return [(release, "may_send", may_send)]


def _contested_will_do() -> list[Swap]:
    """Neither a dispute nor the hold that it brings stops a message, nor that nothing else is owed."""
    real = _gate_of_the_product()

    def may_send(*, facts: SendFacts, at: Any) -> SendDecision:
        holds = tuple(ground for ground in facts.holds if ground != HoldGround.DISPUTE)
        if facts.disputed:
            facts = replace(facts, balance=Money(1, facts.balance.currency), disputed=False)
        return real(facts=replace(facts, holds=holds), at=at)

    return [(release, "may_send", may_send)]


def _contacts(**blind: Any) -> Callable[[], list[Swap]]:
    """The gate no longer sees some of what is known about earlier contacts."""

    def swaps() -> list[Swap]:
        real = _gate_of_the_product()

        def may_send(*, facts: SendFacts, at: Any) -> SendDecision:
            return real(facts=replace(facts, contacts=replace(facts.contacts, **blind)), at=at)

        return [(release, "may_send", may_send)]

    return swaps


def _open_when(reason: str) -> Callable[[], list[Swap]]:
    """The calendar no longer knows one reason to be closed."""

    def swaps() -> list[Swap]:
        real = contact._closed_on

        def closed_on(*where: Any, **how: Any) -> Iterator[Any]:
            return (one for one in real(*where, **how) if one.reason != reason)

        return [(contact, "_closed_on", closed_on)]

    return swaps


def _one_clock(index: int) -> Callable[[], list[Swap]]:
    """Of the debtor's clock and the agency's, only one counts."""

    def swaps() -> list[Swap]:
        real = contact._clocks
        return [(contact, "_clocks", lambda place: (real(place)[index],))]

    return swaps


def _statement(room: Any, name: str, fragments: Mapping[str, str]) -> Callable[[], list[Swap]]:
    """A statement lacks a condition."""

    def swaps() -> list[Swap]:
        words = getattr(room, name).text
        for fragment, instead in fragments.items():
            if fragment not in words:
                raise GuardNotFound(f"{room.__name__}.{name} does not say {fragment!r}")
            words = words.replace(fragment, instead)
        return [(room, name, text(words))]

    return swaps


def _blind_to_others_today() -> list[Swap]:
    """Within one chunk nobody remembers whom another message has just reached."""
    real = release._rule
    return [(release, "_rule", lambda unit, row, owed, _, settings: real(unit, row, owed, {}, settings))]


def _stale_amounts() -> list[Swap]:
    """Amounts are those of the first time that a claim was looked at."""
    first: dict[Any, Any] = {}
    real = _amounts_of_the_product()

    def itemise_many(unit: Any, *, keys: Any, **how: Any) -> Any:
        for key, owed in real(unit, keys=keys, **how).items():
            first.setdefault(key, owed)
        return {key: first[key] for key in keys if key in first}

    return [(release, "itemise_many", itemise_many)]


def _contested_too() -> list[Swap]:
    real = _amounts_of_the_product()
    return [(release, "itemise_many", lambda unit, *, keys, on, **_: real(unit, keys=keys, on=on))]


def _all_of(*several: Callable[[], list[Swap]]) -> Callable[[], list[Swap]]:
    """Two places that stop the same."""
    return lambda: [swap for swaps in several for swap in swaps()]


def _last_look(fragments: Mapping[str, str]) -> Callable[[], list[Swap]]:
    return _statement(sending, "_STILL_OURS", fragments)


_OTHER_CREDITORS = (
    " UNION ALL    SELECT s.creditor_id, s.id FROM debtor s WHERE s.identity_id = d.identity_id"
)
_NOT_PASSED = "WHERE NOT r.passes ? g.ground"
_NO_PERSON = {f" UNION ALL {held_as_person('m', 'm.claim_id')}": ""}
_UNIQUE = " ON CONFLICT (creditor_id, claim_id, step, cycle, channel) DO NOTHING"
_OWN_POINT = "p.creditor_id = m.creditor_id AND p.debtor_id = m.debtor_id"
_EVERYTHING = (
    sending,
    "still_ours",
    lambda _, reserved: frozenset(one.message_id for one in reserved),
)
GUARDS: tuple[Guard, ...] = (
    Guard("hours", "a message at night", HOURS, _open_when("outside_hours")),
    Guard("sundays", "a message on a Sunday", SUNDAYS, _open_when("sunday")),
    Guard("holidays", "a message on a holiday", FEASTS, _open_when("holiday")),
    Guard("debtors-clock", "an hour that is night where the debtor lives", HOURS, _one_clock(-1)),
    Guard("agencys-clock", "an hour that is night at the agency", HOURS, _one_clock(0)),
    Guard(
        "hold", "a message on hold", HELD,
        _all_of(_gate(holds=()), _last_look({_NOT_PASSED: "WHERE false"})),
    ),
    Guard(
        "held-person", "a message to somebody who is held for another of his debts", HELD,
        _all_of(_statement(facts_room, "_FACTS", _NO_PERSON), _last_look(_NO_PERSON)),
    ),
    Guard("last-look", "what happened after the reservation", HELD, lambda: [_EVERYTHING]),
    Guard(
        "ended", "a message about a claim that was withdrawn", ENDED,
        _all_of(_gate(claim_closed=False), _last_look({"c.state = 'active'": "true"})),
    ),
    Guard(
        "balance", "a message about nothing", ENDED,
        _all_of(_nothing_owed_will_do, _last_look({"c.state = 'active'": "c.state IN ('active', 'paid')"})),
    ),
    Guard(
        "disputed", "asking when all that is open is contested", CONTESTED,
        _all_of(
            lambda: [(reacting, "cancel_queued", lambda *_, **__: None)],
            _contested_will_do,
            _last_look({_NOT_PASSED: f"{_NOT_PASSED} AND g.ground <> 'dispute'"}),
        ),
    ),
    Guard("undisputed", "asking for the contested part", AMOUNT, _contested_too),
    Guard("amounts", "amounts of another day", AMOUNT, _stale_amounts),
    Guard("consent", "a way that the debtor objected to", OBJECTED, _all_of(
        _gate(consent_withdrawn=False),
        _statement(facts_room, "_FACTS", {"FILTER (WHERE p.state = 'usable')": ""}),
    )),
    Guard("reachable", "a message to nobody", MISSING, _gate(contact_point_ok=True)),
    Guard("content", "a message that does not say who asks", MISSING, _gate(content_complete=True)),
    Guard("limitation", "writing about a claim too old", TOO_LATE, _gate(limitation_ends=date.max)),
    Guard("hours-between", "contacts too close to each other", CAPS, _contacts(last_at=None)),
    Guard("in-a-week", "too many contacts in a week", CAPS, _contacts(in_7_days=0)),
    Guard("chunk", "two contacts decided in one go", CAPS, _blind_to_others_today),
    Guard(
        "person", "contacts of another creditor of the same person", CAPS,
        _statement(facts_room, "_FACTS", {_OTHER_CREDITORS: ""}),
    ),
    Guard(
        "identity", "the creditor's brand where it hides who collects", HIDDEN,
        lambda: [(values, "in_creditors_name", lambda *_, **__: True)],
    ),
    Guard(
        "notice-first", "a message before a formal notice or within its term", TERM, _gate(is_notice=True)
    ),
    Guard(
        "once", "the same step queued twice", TWICE,
        lambda: [
            swap for name in ("_QUEUE", "_QUEUED") for swap in _statement(planning, name, {_UNIQUE: ""})()
        ],
        ("ALTER TABLE message DROP CONSTRAINT uq_message_creditor_id_claim_id_step_cycle_channel",),
    ),
    Guard(
        "taken", "a message that has left already", TWICE,
        _all_of(
            *(
                _statement(facts_room, name, {"m.state = 'queued'": "m.state IN ('queued', 'sent')"})
                for name in ("_TAKE_OTHERS", "_TAKE_LETTERS")
            )
        ),
    ),
    Guard(
        "unknown", "blind repetition when an answer got lost", TWICE,
        lambda: [(resolving, "_ask", lambda *_: (True, None))],
    ),
    Guard(
        "own-data", "another debtor's address", OTHERS,
        _statement(facts_room, "_FACTS", {_OWN_POINT: "p.creditor_id = m.creditor_id"}),
    ),
)  # fmt: skip


def named(name: str) -> Guard:
    """This function will return a guard by its name.

    :raises KeyError: there is none.
    """
    return {guard.name: guard for guard in GUARDS}[name]
