"""What happens next to a claim on its treatment path."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.notice import notice_term

Anchor = Literal["due_date", "previous_sent", "notice_ended"]
_ANCHORS: Final = ("due_date", "previous_sent", "notice_ended")
_DAY: Final = timedelta(days=1)


class BrokenPath(ValueError):
    """A treatment path that could skip, double or never reach a step; says which."""


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a path: `days` after its anchor, by the first of `channels` that the debtor has.

    `due_date` counts from the claim's due date, `previous_sent` from the day the step before it was really
    sent, `notice_ended` from the first day after the term of the notice (`is_notice`). An optional step is
    passed over when the debtor has none of its channels; any other step then goes by letter. `best` leaves it
    to the debtor's own score which of its channels is taken (`agency.rules.channel_choice`).
    """

    key: str
    channels: tuple[Channel, ...]
    template: str
    anchor: Anchor
    days: int
    optional: bool = False
    is_notice: bool = False
    best: bool = False


@dataclass(frozen=True, slots=True)
class TreatmentPath:
    """A versioned path for one law and some kinds of debtor; a claim keeps the version it began with.

    :raises BrokenPath: when its steps cannot be walked in order.
    """

    key: str
    version: str
    law: Law
    debtors: tuple[DebtorKind, ...]
    steps: tuple[PathStep, ...]

    def __post_init__(self) -> None:
        keys = [step.key for step in self.steps]
        if not keys or len(set(keys)) != len(keys):
            raise BrokenPath(f"path {self.key}: steps need keys of their own")
        notice_seen = False
        for index, step in enumerate(self.steps):
            if not step.channels or step.days < 0 or step.anchor not in _ANCHORS:
                raise BrokenPath(f"path {self.key}: step {step.key} has no channel, anchor or a past day")
            if index == 0 and step.anchor != "due_date":
                raise BrokenPath(f"path {self.key}: the first step counts from the due date")
            if step.anchor == "notice_ended" and not notice_seen:
                raise BrokenPath(f"path {self.key}: step {step.key} waits for a notice that was not sent")
            notice_seen = notice_seen or (step.is_notice and not step.optional)

    @classmethod
    def from_json(cls, content: str | bytes) -> "TreatmentPath":
        """Read a path that `to_json` wrote.

        :raises BrokenPath: when the steps cannot be walked in order.
        :raises ValueError: when it is not a path.
        """
        try:
            return cls.from_fields(json.loads(content))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a treatment path: {error}") from error

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> "TreatmentPath":
        """Build a path from plain fields.

        :raises KeyError: when a field is missing.
        :raises TypeError: when a step has an unknown field.
        """
        return cls(
            key=fields["key"],
            version=fields["version"],
            law=Law(fields["law"]),
            debtors=tuple(DebtorKind(debtor) for debtor in fields["debtors"]),
            steps=tuple(_step(step) for step in fields["steps"]),
        )

    def to_json(self) -> bytes:
        """Return the path as canonical bytes: equal paths give equal bytes."""
        fields = asdict(self)
        for step in fields["steps"]:
            if not step["best"]:
                del step["best"]  # a path of before keeps its bytes
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class SentStep:
    """A step that really left (or was done), by which channel and on which day."""

    key: str
    channel: Channel
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFacts:
    """Where a claim stands on its path.

    `channels` are those the debtor can be reached by; a letter is always possible. While `paused_until` (a
    promise, a plan) nothing is planned before the day after it; `stopped` (paid, closed, on hold) plans none.
    """

    due_date: date
    sent: tuple[SentStep, ...] = ()
    channels: frozenset[Channel] = frozenset({Channel.letter})
    paused_until: date | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """The next step, never planned in the past."""

    key: str
    channel: Channel
    template: str
    due_on: date
    why: str


def default_path(*, law: Law, debtor: DebtorKind) -> TreatmentPath:
    """Return the path a claim follows unless its creditor chose another; other laws follow the Dutch one.

    Outside the Netherlands and Belgium a consumer gets the path for business too: its notice claims no costs
    that the rules do not allow.
    """
    paths = default_paths()
    own = next((path for path in paths if path.law is law and debtor in path.debtors), None)
    return own or next(path for path in paths if path.key == "nl-business")


@cache
def default_paths() -> tuple[TreatmentPath, ...]:
    """Return the paths that a new agency starts with."""
    text = files("agency.rules.tables").joinpath("treatment_paths.json").read_text(encoding="utf-8")
    return tuple(TreatmentPath.from_fields(fields) for fields in json.loads(text))


def next_step(*, path: TreatmentPath, facts: PathFacts, today: date) -> PlannedStep | None:
    """Plan the next step of a path, or None when it is stopped or walked to its end.

    Steps are taken in order: the first that was not sent is next, so none is skipped and none is doubled. Its
    day counts from what really happened: the due date, or the day the step before it was sent.
    A step whose day has passed is due today, and the next one keeps its distance from it.
    """
    if facts.stopped:
        return None
    sent = {step.key: step for step in facts.sent}
    before: SentStep | None = None
    for step in path.steps:
        if step.key in sent:
            before = sent[step.key]
            continue
        channel = _channel(step, facts.channels)
        if channel is not None:
            return _planned(path, step, channel, facts, before, today)
    return None


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
        key=step.key, channel=channel, template=step.template, due_on=max(due_on, today), why=why
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
    if step.anchor == "due_date" or before is None:
        return facts.due_date, f"{step.days} days after the due date {facts.due_date}"
    return before.on, f"{step.days} days after {before.key}, sent {before.on}"


def _channel(step: PathStep, available: frozenset[Channel]) -> Channel | None:
    """Return how a step goes out: its first possible channel, a letter when it must go, None when not."""
    reachable = available | {Channel.letter}
    found = next((channel for channel in step.channels if channel in reachable), None)
    return found or (None if step.optional else Channel.letter)


def _step(fields: Mapping[str, Any]) -> PathStep:
    return PathStep(**dict(fields) | {"channels": tuple(Channel(channel) for channel in fields["channels"])})
