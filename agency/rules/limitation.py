"""Until when a claim can be enforced, and what makes its term run anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from agency.calendar import add_months, add_years, anniversary
from agency.rules.facts import Law
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_DAY: Final = timedelta(days=1)
_DECEMBER: Final = 12


class NoLimitationRule(LookupError):
    """No term, or no effect of an event, is kept for this law, kind and day; none is ever guessed."""


class LimitationKind(StrEnum):
    """What kind of claim it is; each law knows some of them."""

    contract = "contract"
    regular = "regular"
    general = "general"
    periodic = "periodic"
    interest = "interest"
    consumer_sale = "consumer_sale"
    energy = "energy"
    utilities = "utilities"
    medical = "medical"
    lawyer = "lawyer"
    expert = "expert"
    hotel = "hotel"
    trade_to_consumer = "trade_to_consumer"
    judgment = "judgment"
    judgment_periodic = "judgment_periodic"


class InterruptionKind(StrEnum):
    """What happened: `formal_notice` is one by a lawyer or bailiff, `claim` one before a court."""

    letter = "letter"
    formal_notice = "formal_notice"
    acknowledgement = "acknowledgement"
    part_payment = "part_payment"
    claim = "claim"
    negotiation = "negotiation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Something that may renew or suspend the term, with what proves it.

    `on` is the day it took effect: a letter counts when it arrived. `proof` names the evidence; without it
    the event does not count. `until` is the last day of a procedure or of negotiations.
    """

    kind: InterruptionKind
    on: date
    proof: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Limitation:
    """The last day on which the claim can be enforced, and the day from which to warn that it is near."""

    ends: date
    warn_from: date
    trace: Trace

    def barred(self, on: date) -> bool:
        """Tell whether the claim is time-barred on a day."""
        return on > self.ends

    def near(self, on: date) -> bool:
        """Tell whether somebody must act soon: the end is near and has not passed."""
        return self.warn_from <= on <= self.ends


def limitation(
    *,
    law: Law,
    kind: LimitationKind,
    due: date,
    interruptions: Sequence[Interruption] = (),
    principal: Limitation | None = None,
) -> Limitation:
    """Work out until when a claim can be enforced.

    Netherlands BW 3:306-3:319 and 7:28, Belgium old BW 2244-2277, Germany BGB s. 195-213, United Kingdom
    Limitation Act 1980. An event counts with proof and before the end; it never shortens what is left.

    :param due: the day on which the claim can first be asked; the day of service for medical care.
    :param principal: the limitation of the principal, with which a claim for interest falls (BW 3:312).
    :raises NoLimitationRule: when no rule is kept for this law, kind, event or day.
    :raises ValueError: when a suspension has no end, or one before its beginning.
    """
    rule = _term(law, kind, due)
    run = _Run(law, rule, _start(rule, due))
    run.note("term", length=_length(rule), due=due, ends=run.ends)
    for event in sorted(interruptions, key=lambda event: event.on):
        run.take(event)
    if principal is not None and principal.ends < run.ends:
        run.ends = principal.ends
        run.note("falls_with_principal", ends=run.ends)
    warn = timedelta(days=read_table("limitation")["warning"][0]["days"])
    return Limitation(ends=run.ends, warn_from=run.ends - warn, trace=tuple(run.lines))


class _Run:
    """A term as it runs: its end so far, the days already taken out of it, and the lines that say why."""

    def __init__(self, law: Law, rule: dict[str, Any], day_before: date) -> None:
        self.law, self.rule = law, rule
        self.counted_out = day_before
        self.ends = self.term_from(day_before, rule.get("years"))
        self.lines: list[TraceLine] = []

    def take(self, event: Interruption) -> None:
        """Let an event work on the term, when it counts."""
        rule = _event(self.law, event)
        if not event.proof.strip():
            return self.note("no_proof", rule, event)
        if event.on > self.ends:
            return self.note("too_late", rule, event, ends=self.ends)
        if rule["effect"] == "none":
            return self.note("no_effect", rule, event)
        ends = self.suspended(rule, event) if rule["effect"] == "suspend" else self.renewed(rule, event)
        if ends <= self.ends:
            return self.note("not_longer", rule, event, ends=self.ends)
        self.ends = ends
        return self.note(rule["effect"], rule, event, ends=ends)

    def renewed(self, rule: dict[str, Any], event: Interruption) -> date:
        """Return the end of the term that an event begins: as long as the first, within the law's maximum."""
        if rule["effect"] == "extend":
            return self.term_from(event.on, rule["years"])
        years = self.rule.get("years")
        return self.term_from(event.on, min(years, rule.get("most_years", years)) if years else None)

    def suspended(self, rule: dict[str, Any], event: Interruption) -> date:
        """Return the end when the days of a suspension do not count; days that overlap count out once."""
        if event.until is None or event.until < event.on:
            raise ValueError(f"the {event.kind} of {event.on} needs the day on which it ended")
        last = add_months(event.until, rule.get("months_after", 0))
        out = last - max(event.on - _DAY, self.counted_out)
        self.counted_out = max(self.counted_out, last)
        ends = self.ends + max(out, timedelta(0))
        return max(ends, add_months(event.until, rule["months_least"])) if "months_least" in rule else ends

    def term_from(self, day: date, years: int | None) -> date:
        """Return the last day of a term of so many years, or of the rule's months, that runs after a day."""
        if years is None:
            return add_months(day, self.rule["months"])
        if self.rule["counts"] == "same_date":
            return add_years(day, years)
        return anniversary(day + _DAY, years) - _DAY

    def note(
        self,
        key: str,
        rule: dict[str, Any] | None = None,
        event: Interruption | None = None,
        *,
        length: dict[str, str] | None = None,
        **days: date,
    ) -> None:
        """Write a line of the trace; `length` is that of the term, in years or in months."""
        row, texts = rule or self.rule, dict(length or {})
        texts |= {name: day.isoformat() for name, day in days.items()}
        if event is not None:
            texts |= {"event": f"event_{event.kind}", "on": event.on.isoformat(), "proof": event.proof}
        if "months" in texts:
            key = f"{key}_months"
        self.lines.append(
            TraceLine(
                rule=f"{self.law}.limitation",
                version=row["since"].isoformat(),
                source=row["source"],
                inputs=texts,
                outcome=f"limitation.{key}",
            )
        )


def _start(rule: dict[str, Any], due: date) -> date:
    """Return the day after which the term runs."""
    match rule["starts"]:
        case "year_end":
            return date(due.year, _DECEMBER, 31)
        case "month_end":
            return add_months(due.replace(day=1), 1) - _DAY
        case _:
            return due


def _length(rule: dict[str, Any]) -> dict[str, str]:
    name = "years" if "years" in rule else "months"
    return {name: str(rule[name])}


def _term(law: Law, kind: LimitationKind, due: date) -> dict[str, Any]:
    rows = (row for row in read_table("limitation")["term"] if row["law"] == law and kind in row["kinds"])
    row = row_in_force(rows, due)
    if row is None:
        raise NoLimitationRule(f"no limitation is kept for {kind} under the law of {law} on {due}")
    return row


def _event(law: Law, event: Interruption) -> dict[str, Any]:
    events = read_table("limitation")["event"]
    row = row_in_force((row for row in events if row["law"] == law and event.kind in row["kinds"]), event.on)
    if row is None:
        raise NoLimitationRule(f"what a {event.kind} does under the law of {law} is not kept for {event.on}")
    return row
