"""What happens next to a claim on its treatment path."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from agency.rules.facts import Channel, DebtorKind
from agency.rules.notice import notice_term
from agency.rules.treatment_path import (
    Anchor,
    BrokenPath,
    PathStep,
    Tone,
    TreatmentPath,
    default_path,
    default_paths,
)

__all__ = [
    "Anchor", "BrokenPath", "PathFacts", "PathStep", "PlannedStep", "SentStep", "Tone", "TreatmentPath",
    "default_path", "default_paths", "next_step", "path_end",
]  # fmt: skip

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SentStep:
    """A step that really left (or was done), by which channel and on which day; and when its delivery was
    proved, where it was."""

    key: str
    channel: Channel
    on: date
    delivered_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFacts:
    """Where a claim stands on its path.

    `channels` are those the debtor can be reached by; a letter is always possible. While `paused_until` (a
    promise, a plan) nothing is planned before the day after it; `stopped` (paid, closed, on hold) plans none.
    `principal_minor` is in minor units of `currency`; `promised_on` the day of the last promise that was
    broken. Only paths with conditions ask for these and for `debtor`.
    """

    due_date: date
    sent: tuple[SentStep, ...] = ()
    channels: frozenset[Channel] = frozenset({Channel.letter})
    paused_until: date | None = None
    stopped: bool = False
    principal_minor: int = 0
    currency: str = "EUR"
    debtor: DebtorKind | None = None
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """The next step, never planned in the past; it leaves from `hour` on where the path names one."""

    key: str
    channel: Channel
    template: str
    due_on: date
    why: str
    hour: int | None = None
    tone: Tone | None = None
    copies: bool = False


def next_step(*, path: TreatmentPath, facts: PathFacts, today: date) -> PlannedStep | None:
    """Plan the next step of a path, or None when it is stopped or walked to its end.

    Steps are taken in order: the first that was not sent is next, so none is skipped and none is doubled. Its
    day counts from what really happened: the due date, or the day the step before it was sent. What lies
    before a step that was taken is behind the claim, and nothing goes back; only a notice that must go is
    never left out.
    A step whose day has passed is due today, and the next one keeps its distance from it.
    """
    if facts.stopped:
        return None
    sent = {step.key for step in facts.sent}
    furthest = max((index for index, step in enumerate(path.steps) if step.key in sent), default=0)
    for index, step in enumerate(path.steps):
        if step.key in sent or (index < furthest and (step.conditional or not step.is_notice)):
            continue
        channel = _channel(step, facts.channels)
        if channel is not None and _counts(path, step, facts, today):
            return _planned(path, step, channel, facts, _before(path, facts, index), today)
    return None


def path_end(*, path: TreatmentPath, facts: PathFacts) -> date | None:
    """Return the day on which a person is asked what follows, once every step was walked.

    None while the claim is stopped, and on a path that names no end.
    """
    if facts.stopped or path.end is None:
        return None
    last = max((step.on for step in facts.sent), default=facts.due_date)
    paused = facts.paused_until + _DAY if facts.paused_until else last
    return max(last + timedelta(days=path.end.after_days), paused)


def _before(path: TreatmentPath, facts: PathFacts, index: int) -> SentStep | None:
    """Return the step that was sent last of those before a step, or on an earlier version of the path."""
    later = {step.key for step in path.steps[index:]}
    order = {step.key: place for place, step in enumerate(path.steps)}
    taken = [step for step in facts.sent if step.key not in later]
    return max(taken, key=lambda step: (step.on, order.get(step.key, -1)), default=None)


def _counts(path: TreatmentPath, step: PathStep, facts: PathFacts, today: date) -> bool:
    """Tell whether what a step asks for is so."""
    known_amount = facts.currency == path.currency
    return not (
        (step.days < 0 and today >= facts.due_date)
        or (step.anchor == "promise_date" and facts.promised_on is None)
        or (step.above_minor is not None and not (known_amount and facts.principal_minor > step.above_minor))
        or (step.to_debtors and facts.debtor not in step.to_debtors)
        or (step.reachable_by is not None and step.reachable_by not in facts.channels | {Channel.letter})
    )


def _planned(
    path: TreatmentPath,
    step: PathStep,
    channel: Channel,
    facts: PathFacts,
    before: SentStep | None,
    today: date,
) -> PlannedStep:
    start, why = _start(path, step, facts, before)
    due_on = start + timedelta(days=step.days)
    if facts.paused_until is not None and facts.paused_until >= due_on:
        due_on, why = facts.paused_until + _DAY, f"paused until {facts.paused_until}"
    elif due_on < today:
        due_on, why = today, f"{why}, which has passed"
    return PlannedStep(
        step.key, channel, step.template, max(due_on, today), why, step.hour, step.tone, step.copies
    )


def _start(
    path: TreatmentPath, step: PathStep, facts: PathFacts, before: SentStep | None
) -> tuple[date, str]:
    if step.anchor == "notice_ended":
        keys = {other.key for other in path.steps if other.is_notice}
        # A path has a notice before such a step, and no step is next before it was sent.
        notice = max((sent for sent in facts.sent if sent.key in keys), key=lambda sent: sent.on)
        by: Literal["post", "email"] = "post" if notice.channel is Channel.letter else "email"
        ends = notice_term(law=path.law, by=by, sent=notice.on).costs_from
        return ends, f"{step.days} days after the term of {notice.key}, sent {notice.on}"
    if step.anchor == "promise_date" and facts.promised_on is not None:
        return facts.promised_on, f"{step.days} days after the promise for {facts.promised_on}"
    if step.days < 0:
        return facts.due_date, f"{-step.days} days before the due date {facts.due_date}"
    if step.anchor == "due_date" or before is None:
        return facts.due_date, f"{step.days} days after the due date {facts.due_date}"
    if step.anchor == "previous_delivered":
        return _delivered(step, before)
    return before.on, f"{step.days} days after {before.key}, sent {before.on}"


def _delivered(step: PathStep, before: SentStep) -> tuple[date, str]:
    """Count from the proof of delivery, or from the day on which it is waited for no longer."""
    if before.delivered_on is not None:
        return before.delivered_on, f"{step.days} days after {before.key}, delivered {before.delivered_on}"
    given_up = before.on + timedelta(days=step.proof_days)
    return given_up, f"{step.days} days after {given_up}, until when {before.key} was not proved delivered"


def _channel(step: PathStep, available: frozenset[Channel]) -> Channel | None:
    """Return how a step goes out: its first possible channel, a letter when it must go, None when not."""
    reachable = available | {Channel.letter}
    found = next((channel for channel in step.channels if channel in reachable), None)
    return found or (None if step.optional else Channel.letter)
