"""The fields of a step as they are sent, and as a draft keeps them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from agency.money import Money, UnreadableAmount
from agency.rules.facts import Channel, DebtorKind
from agency.rules.treatment_path import ANCHORS, AfterPath, StepPhase, Tone
from agency.treatment.drafting import StepChanged
from portal.shared.forms import read_amount
from portal.shared.i18n import N_

NO_DAYS: Final = N_("Give a whole number of days, at most 999.")
NO_HOUR: Final = N_("Give an hour between 0 and 23.")
NO_AMOUNT: Final = N_("Give an amount, like 12.50.")
NO_DAY: Final = N_("Give a date, like 2026-11-30.")
NO_CHOICE: Final = N_("Choose one of the list.")
# What a step is called from its text on: everybody's pages name a step by its key.
KEYS: Final = {
    "notice_nl_consumer": "formal_notice",
    "notice_be_consumer": "formal_notice",
    "notice_business": "formal_notice",
}
_SPOKEN: Final = {"call": "call", "visit": "visit"}
# What a new step of each kind begins with; `new_step` puts the text that fits its place.
NEW_STEPS: Final[Mapping[str, Mapping[str, Any]]] = {
    "message": {"key": "reminder_2", "template": "reminder_2", "channels": ["email", "letter"]},
    "letter": {"key": "reminder_2", "template": "reminder_2", "channels": ["letter"]},
    "call": {"key": "call", "template": "call", "channels": ["call"], "optional": True},
    "visit": {"key": "visit", "template": "visit", "channels": ["visit"], "optional": True},
}

_SPOKEN_TEXTS: Final = frozenset(_SPOKEN.values())


def new_step(kind: str, steps: Sequence[Mapping[str, Any]], *, after: str) -> dict[str, Any]:
    """This function will return what a new step begins with behind another, or first where `after` is none:
    the text that a debtor has not had yet at that place, counted from what came before."""
    step = dict(NEW_STEPS.get(kind, NEW_STEPS["message"]))
    place = next((index for index, one in enumerate(steps) if one["key"] == after), -1)
    before = list(steps[: place + 1])
    step.update(anchor="previous_sent" if before else "due_date", days=7 if before else 1)
    step["phase"] = (before[-1].get("phase") if before else None) or "reminder"
    if step["template"] in _SPOKEN_TEXTS:
        return step
    had = {one["template"] for one in before} - _SPOKEN_TEXTS
    noticed = any(one.get("is_notice") for one in before)
    wish = "reminder_1" if not had else "final_notice" if noticed else "reminder_2"
    if wish not in had:
        step.update(key=wish, template=wish)
    if noticed and before[-1].get("is_notice"):
        step["anchor"] = "notice_ended"  # a step that counts from its sending would press within the term
    return step


# The form of the whole path, among those of its steps.
END: Final = "end"
_READ_MAX: Final = 5_000


@dataclass
class StepForm:
    """What was sent of a step: the fields that could be read, and the others as typed with what is wrong.

    `read` is what its sender read of it, and `meanwhile` the refusal where somebody else changed it since.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    read: str | None = None
    meanwhile: StepChanged | None = None

    def refuse(self, name: str, typed: str, why: str) -> None:
        """Keep what was typed beside what is wrong with it."""
        self.typed[name], self.errors[name] = typed, why


def read_step(sent: Mapping[str, Any], *, currency: str) -> StepForm:
    """This function will read the form of a step; what cannot be read stands in `errors`, by field."""
    form = StepForm(read=read_before(sent))
    _choice(form, sent, "phase", [phase.value for phase in StepPhase])
    _choice(form, sent, "anchor", ANCHORS)
    for name, least in (("days", 0), ("proof_days", 0)):
        _number(form, sent, name, least, 999, NO_DAYS)
    if form.fields.get("phase") == "pre_due" and form.fields.get("anchor") == "due_date":
        form.fields["days"] = -abs(form.fields.get("days", 0))
    _channels(form, sent)
    _hour(form, sent)
    _amount(form, sent, currency)
    form.fields["to_debtors"] = [
        kind.value for kind in DebtorKind if kind.value in _several(sent, "to_debtors")
    ]
    reachable = _text(sent, "reachable_by")
    form.fields["reachable_by"] = reachable if reachable in set(Channel) else None
    tone = _text(sent, "tone")
    form.fields["tone"] = tone if tone in set(Tone) else None
    for name in ("optional", "is_notice", "best", "copies"):
        form.fields[name] = _text(sent, name) == "yes"
    return form


def read_before(sent: Mapping[str, Any]) -> str | None:
    """This function will return what was read of a step before it was changed: what stood there when the page
    was fetched, or `over` what somebody else made of it since, where the sender saw that too."""
    read = sent.get("over") or sent.get("read")
    return read[:_READ_MAX] if isinstance(read, str) else None


def _channels(form: StepForm, sent: Mapping[str, Any]) -> None:
    first, second = _text(sent, "channel"), _text(sent, "other_channel")
    form.fields["channels"] = [one for one in dict.fromkeys((first, second)) if one in set(Channel)]
    template = _text(sent, "template")
    # A call or a visit has no text; what it was before is kept nowhere, so the channel decides.
    form.fields["template"] = _SPOKEN.get(first, template)
    if first in _SPOKEN and not second:
        return
    if not template or template in _SPOKEN.values():
        form.fields["template"] = "reminder_2"


def _hour(form: StepForm, sent: Mapping[str, Any]) -> None:
    if not _text(sent, "hour"):
        form.fields["hour"] = None
        return
    _number(form, sent, "hour", 0, 23, NO_HOUR)


def _amount(form: StepForm, sent: Mapping[str, Any], currency: str) -> None:
    typed = _text(sent, "above")
    if not typed:
        form.fields["above_minor"] = None
        return
    try:
        above = Money.parse(f"{read_amount(typed)}", currency).minor
    except (ValueError, UnreadableAmount):
        above = -1
    if above < 0:
        form.refuse("above", typed, NO_AMOUNT)
    else:
        form.fields["above_minor"] = above


def read_end(sent: Mapping[str, Any]) -> StepForm:
    """This function will read how a path ends: to what it leads and after how many days."""
    form = StepForm(read=read_before(sent))
    to = _text(sent, "to")
    if not to:
        form.fields["end"] = None
        return form
    if to not in set(AfterPath):
        form.refuse("to", to, NO_CHOICE)
        return form
    _number(form, sent, "after_days", 0, 999, NO_DAYS)
    form.fields["end"] = {"to": to, "after_days": form.fields.pop("after_days", 14)}
    return form


def read_debtors(sent: Mapping[str, Any]) -> list[str]:
    """This function will read for which kinds of debtor a path is."""
    return [kind.value for kind in DebtorKind if kind.value in _several(sent, "debtors")]


def _number(form: StepForm, sent: Mapping[str, Any], name: str, least: int, most: int, why: str) -> None:
    typed = _text(sent, name)
    if typed.isascii() and typed.isdigit() and len(typed) < 5 and least <= int(typed) <= most:
        form.fields[name] = int(typed)
    elif name in sent:
        form.refuse(name, typed, why)


def _choice(form: StepForm, sent: Mapping[str, Any], name: str, known: Any) -> None:
    value = _text(sent, name)
    if value in known:
        form.fields[name] = value
    else:
        form.refuse(name, value, NO_CHOICE)


def _text(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name, "")
    return str(value[-1] if isinstance(value, list) and value else value).strip()[:100]


def _several(sent: Mapping[str, Any], name: str) -> set[str]:
    value = sent.get(name, [])
    return {str(one) for one in (value if isinstance(value, list) else [value])}
