"""A treatment path as versioned data: its steps, when each is due, for whom it counts, and how it ends."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.tables import read_table, row_in_force

Anchor = Literal["due_date", "previous_sent", "previous_delivered", "promise_date", "notice_ended"]
ANCHORS: Final = ("due_date", "previous_sent", "previous_delivered", "promise_date", "notice_ended")
# What a path of an earlier version does not say; left out where it is as usual, so that it keeps its bytes.
_ADDED: Final[Mapping[str, Any]] = {
    "phase": None,
    "above_minor": None,
    "to_debtors": (),
    "reachable_by": None,
    "proof_days": 7,
    "hour": None,
    "best": False,
    "tone": None,
    "copies": False,
}
_ADDED_TO_PATH: Final[Mapping[str, Any]] = {
    "signature": "either", "currency": "EUR", "end": None, "name": "",
}  # fmt: skip


class BrokenPath(ValueError):
    """A treatment path that could skip, double or never reach a step; says which."""


class StepPhase(StrEnum):
    """The parts of a path, in their order."""

    pre_due = "pre_due"
    reminder = "reminder"
    amicable = "amicable"
    pre_legal = "pre_legal"
    legal = "legal"


class Tone(StrEnum):
    """How a step speaks: it chooses among the wordings of a text."""

    friendly = "friendly"
    businesslike = "businesslike"
    firm = "firm"


class Signature(StrEnum):
    """For which claims a path is: those collected in the creditor's name, in the agency's, or either."""

    either = "either"
    creditor = "creditor"
    agency = "agency"


class AfterPath(StrEnum):
    """What a person decides on when a path was walked to its end."""

    person = "person"
    legal = "legal"
    close = "close"


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a path: `days` after its anchor, by the first of `channels` that the debtor has.

    `due_date` counts from the claim's due date, and before it where `days` is negative; `previous_sent` from
    the day the step before it was really sent; `previous_delivered` from the day on which its delivery was
    proved, or `proof_days` after it was sent where no proof came; `promise_date` from the day of a promise
    that was broken; `notice_ended` from the first day after the term of the notice (`is_notice`).

    A step is passed over when the principal is not above `above_minor` (minor units in the path's currency),
    the debtor is none of `to_debtors`, or cannot be reached by `reachable_by`; when it is optional and the
    debtor has none of its channels; when no promise was broken; and when it comes before a due date that has
    passed. Any other step then goes by letter. It leaves from `hour` on (0 to 23, the agency's clock). `best`
    leaves it to the debtor's own score which of its channels is taken (`agency.rules.channel_choice`). Its
    text speaks in `tone`, or where that is None as such a text usually does (`usual_tone`).
    With `copies` a mail or letter takes copies of the open invoices along (`agency.rules.enclosures`).
    """

    key: str
    channels: tuple[Channel, ...]
    template: str
    anchor: Anchor
    days: int
    optional: bool = False
    is_notice: bool = False
    phase: StepPhase | None = None
    above_minor: int | None = None
    to_debtors: tuple[DebtorKind, ...] = ()
    reachable_by: Channel | None = None
    proof_days: int = 7
    hour: int | None = None
    best: bool = False
    tone: Tone | None = None
    copies: bool = False

    @property
    def conditional(self) -> bool:
        """Whether the step may be passed over."""
        return (
            self.optional
            or self.above_minor is not None
            or bool(self.to_debtors)
            or self.reachable_by is not None
            or self.anchor == "promise_date"
            or self.days < 0
        )


@dataclass(frozen=True, slots=True)
class PathEnd:
    """What follows when nobody paid: a person decides, `after_days` after the last step."""

    to: AfterPath
    after_days: int = 14


@dataclass(frozen=True, slots=True)
class StepFault:
    """Why steps cannot be walked in order: the step, or "" for the path, and a reason."""

    step: str
    reason: str


_SENTENCES: Final = {
    "no_steps": "steps need keys of their own",
    "same_key": "steps need keys of their own",
    "no_channel": "step {} has no channel, anchor or a past day",
    "unknown_anchor": "step {} has no channel, anchor or a past day",
    "past_day": "step {} has no channel, anchor or a past day",
    "unknown_hour": "step {} leaves at no hour of a day",
    "first_not_from_due_date": "the first step counts from the due date",
    "no_notice_before": "step {} waits for a notice that was not sent",
}


def step_faults(steps: Sequence[PathStep]) -> Iterator[StepFault]:
    """Yield why these steps cannot be walked in order; nothing when they can."""
    if not steps:
        yield StepFault("", "no_steps")
    seen: set[str] = set()
    notice_seen = False
    for index, step in enumerate(steps):
        yield from (StepFault(step.key, reason) for reason in _own_faults(step, seen))
        seen.add(step.key)
        if index == 0 and step.anchor != "due_date":
            yield StepFault(step.key, "first_not_from_due_date")
        if step.anchor == "notice_ended" and not notice_seen:
            yield StepFault(step.key, "no_notice_before")
        notice_seen = notice_seen or (step.is_notice and not step.conditional)


def _own_faults(step: PathStep, seen: set[str]) -> Iterator[str]:
    if step.key in seen:
        yield "same_key"
    if not step.channels:
        yield "no_channel"
    if step.anchor not in ANCHORS:
        yield "unknown_anchor"
    before_due = step.anchor == "due_date" and step.phase is StepPhase.pre_due
    if (step.days < 0 and not before_due) or step.proof_days < 0:
        yield "past_day"
    if step.hour is not None and not 0 <= step.hour <= 23:
        yield "unknown_hour"


@dataclass(frozen=True, slots=True)
class TreatmentPath:
    """A versioned path for one law and some kinds of debtor; a claim keeps the version it began with.

    `name` is what its writers call it; a default path has none.

    :raises BrokenPath: when its steps cannot be walked in order.
    """

    key: str
    version: str
    law: Law
    debtors: tuple[DebtorKind, ...]
    steps: tuple[PathStep, ...]
    signature: Signature = Signature.either
    currency: str = "EUR"
    end: PathEnd | None = None
    name: str = ""

    def __post_init__(self) -> None:
        for fault in step_faults(self.steps):
            raise BrokenPath(f"path {self.key}: {_SENTENCES[fault.reason].format(fault.step)}")

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
            steps=tuple(step_of(step) for step in fields["steps"]),
            signature=Signature(fields.get("signature", Signature.either)),
            currency=fields.get("currency", "EUR"),
            end=end_of(fields.get("end")),
            name=fields.get("name", ""),
        )

    def to_fields(self) -> dict[str, Any]:
        """Return the path as plain fields, without what only later paths say and this one leaves as usual."""
        fields = _without(asdict(self), _ADDED_TO_PATH)
        fields["steps"] = [_without(asdict(step), _ADDED) for step in self.steps]
        plain: dict[str, Any] = json.loads(json.dumps(fields))
        return plain

    def to_json(self) -> bytes:
        """Return the path as canonical bytes: equal paths give equal bytes."""
        return json.dumps(
            self.to_fields(), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()

    def phase_of(self, key: str) -> StepPhase | None:
        """Return the part of the path in which a step stands; None where it has no such step.

        An earlier path does not say it: what comes before its notice reminds, the rest is amicable.
        """
        noticed = False
        for step in self.steps:
            noticed = noticed or step.is_notice
            if step.key == key:
                return step.phase or (StepPhase.amicable if noticed else StepPhase.reminder)
        return None


def step_of(fields: Mapping[str, Any]) -> PathStep:
    """Build a step from plain fields.

    :raises KeyError: when its channels are missing.
    :raises TypeError: when it has an unknown field or lacks one.
    :raises ValueError: when a channel, debtor, phase or tone is unknown.
    """
    phase, reachable_by, tone = fields.get("phase"), fields.get("reachable_by"), fields.get("tone")
    return PathStep(
        **dict(fields)
        | {
            "channels": tuple(Channel(channel) for channel in fields["channels"]),
            "phase": StepPhase(phase) if phase else None,
            "to_debtors": tuple(DebtorKind(debtor) for debtor in fields.get("to_debtors", ())),
            "reachable_by": Channel(reachable_by) if reachable_by else None,
            "tone": Tone(tone) if tone else None,
        }
    )


def usual_tone(template: str, *, on: date) -> Tone:
    """Return how a text speaks where its step does not say it; a text without a row is businesslike."""
    rows = [row for row in read_table("treatment")["tone"] if row["template"] == template]
    row = row_in_force(rows, on)
    return Tone(row["tone"]) if row else Tone.businesslike


def end_of(fields: Mapping[str, Any] | None) -> PathEnd | None:
    """Build a path's end from plain fields; None where it has none.

    :raises KeyError: when it does not say to what it leads.
    """
    return PathEnd(AfterPath(fields["to"]), fields.get("after_days", 14)) if fields else None


def _without(fields: dict[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in usual or value != usual[name]}


def default_path(*, law: Law, debtor: DebtorKind, signature: Signature = Signature.creditor) -> TreatmentPath:
    """Return the path a claim follows unless its creditor chose another; other laws follow the Dutch one.

    Outside the Netherlands and Belgium a consumer gets the path for business too: its notice claims no costs
    that the rules do not allow.
    """
    paths = [path for path in default_paths() if path.signature is signature]
    own = next((path for path in paths if path.law is law and debtor in path.debtors), None)
    return own or next(path for path in paths if path.law is Law.nl and DebtorKind.company in path.debtors)


@cache
def default_paths() -> tuple[TreatmentPath, ...]:
    """Return the paths that a new agency starts with."""
    text = files("agency.rules.tables").joinpath("treatment_paths.json").read_text(encoding="utf-8")
    return tuple(TreatmentPath.from_fields(fields) for fields in json.loads(text))
