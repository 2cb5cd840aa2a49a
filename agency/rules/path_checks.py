"""Whether a path can be walked and is lawful: every finding names the step and the reason."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any, Final, Literal

from agency.calendar import at_local, zone_of
from agency.rules.channel import ChannelFacts, channel_allowed
from agency.rules.contact import contact_window
from agency.rules.content import Communication
from agency.rules.facts import SPOKEN, Channel, DebtorKind, Law, Phase
from agency.rules.frequency import frequency_rule
from agency.rules.limitation import LimitationKind, NoLimitationRule, limitation
from agency.rules.notice_first import notice_first
from agency.rules.path_walk import walk_ahead
from agency.rules.tables import read_table, row_in_force
from agency.rules.treatment import PathFacts, PlannedStep
from agency.rules.treatment_path import (
    PathStep,
    Signature,
    StepPhase,
    Tone,
    TreatmentPath,
    step_faults,
    usual_tone,
)

Weight = Literal["forbidden", "advice"]
_SPOKEN_KEYS: Final = tuple(channel.value for channel in SPOKEN)
_ORDER: Final = tuple(StepPhase)
PHASE_OF: Final = {
    StepPhase.pre_due: Phase.reminder,
    StepPhase.reminder: Phase.reminder,
    StepPhase.amicable: Phase.amicable,
    StepPhase.pre_legal: Phase.amicable,
    StepPhase.legal: Phase.legal,
}
NOTICES: Final = (
    Communication.fourteen_day_letter, Communication.first_reminder, Communication.business_notice,
)  # fmt: skip
_OWN_REMINDERS: Final = {Channel.email, Channel.letter}
_LANGUAGES: Final = {Law.nl: ("nl",), Law.be: ("nl", "fr")}
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """What is known of a template: what it is for, in which (language, channel) it is published, and whether
    it speaks of a court."""

    kind: Communication | None = None
    published: frozenset[tuple[str, Channel]] = frozenset()
    threatens_court: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a step, or with the path where `step` is ""; `facts` fill in the reason's sentence.

    What is forbidden keeps a draft from being submitted; advice does not.
    """

    step: str
    reason: str
    weight: Weight = "forbidden"
    facts: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class DraftPath:
    """A path that may still break every rule: its law, its debtors, its steps, whether it names an end, and
    in whose name its reminders go out."""

    law: Law
    debtors: tuple[DebtorKind, ...]
    steps: tuple[PathStep, ...]
    has_end: bool
    signature: Signature = Signature.either


def check_path(draft: DraftPath, *, templates: Mapping[str, TemplateFacts], on: date) -> tuple[Finding, ...]:
    """Return everything that is wrong with a path on a day, in the order of its steps.

    :param templates: the published templates by key.
    """
    broken = [Finding(fault.step, fault.reason) for fault in step_faults(draft.steps)]
    found = [
        *broken,
        *_dead_ends(draft, on),
        *_out_of_reach(draft),
        *_templates(draft, templates),
        *_notices(draft, templates),
        *_around_the_notice(draft, templates, on),
        *_channels(draft, on),
        *_hours(draft, on),
        *_reminders(draft, on),
    ]
    if not broken:
        walked = _walked(draft, on)
        found += [*_too_often(walked, on), *_threats(draft, walked, templates, on)]
    order = {step.key: place for place, step in enumerate(draft.steps)}
    return tuple(sorted(dict.fromkeys(found), key=lambda one: order.get(one.step, len(order))))


def usual_days(draft: DraftPath, *, on: date) -> dict[str, int]:
    """Return on which day after the due date each step leaves when nothing delays it and every condition is
    met; steps that are never reached are left out, and so are all where the path cannot be walked."""
    if next(step_faults(draft.steps), None) is not None:
        return {}
    walked = _walked(draft, on)
    due = _due_date(draft, on)
    return {step.key: (step.due_on - due).days for step in walked}


def _dead_ends(draft: DraftPath, on: date) -> Iterator[Finding]:
    """Where a claim would stand still: no end, no proof to wait for, or a wait that is forgotten."""
    if not draft.debtors:
        yield Finding("", "no_debtors")
    if draft.steps and not draft.has_end:
        yield Finding("", "no_end")
    longest = _row("path", on)["longest_wait_days"]
    before: PathStep | None = None
    for step in draft.steps:
        if step.days > longest or step.proof_days > longest:
            yield Finding(step.key, "waits_too_long", facts={"days": str(longest)})
        if step.anchor == "previous_delivered" and before and not set(before.channels) - set(SPOKEN):
            yield Finding(step.key, "no_proof_of_delivery", facts={"before": before.key})
        before = step


def _out_of_reach(draft: DraftPath) -> Iterator[Finding]:
    """Steps that no claim comes to."""
    last_due: int | None = None
    last_phase = StepPhase.pre_due
    started = False
    for step in draft.steps:
        if step.to_debtors and not set(step.to_debtors) & set(draft.debtors):
            yield Finding(step.key, "never_for_these_debtors")
        if step.optional and step.reachable_by and not set(step.channels) & _given(step.reachable_by):
            yield Finding(step.key, "never_reachable", "advice")
        phase = step.phase or last_phase
        if _ORDER.index(phase) < _ORDER.index(last_phase):
            yield Finding(step.key, "phase_goes_back", facts={"before": last_phase.value})
        last_phase = max(phase, last_phase, key=_ORDER.index)
        if step.days < 0 and started:
            yield Finding(step.key, "never_before_due")
        if step.anchor == "due_date" and last_due is not None and step.days <= last_due:
            yield Finding(step.key, "day_has_passed", facts={"days": str(last_due)})
        if step.anchor == "due_date":
            last_due = max(step.days, last_due if last_due is not None else step.days)
        started = started or step.days >= 0


def _given(channel: Channel) -> set[Channel]:
    """The channels that a debtor has for certain who can be reached by one."""
    if channel in (Channel.sms, Channel.call):
        return {Channel.letter, Channel.sms, Channel.call}
    return {Channel.letter, channel}


def _templates(draft: DraftPath, templates: Mapping[str, TemplateFacts]) -> Iterator[Finding]:
    for step in draft.steps:
        written = [channel for channel in step.channels if channel not in SPOKEN]
        # A step that must go goes by letter in the end.
        wanted = written if step.optional or not written else [*written, Channel.letter]
        lacking = {
            (language, channel)
            for language in _LANGUAGES.get(draft.law, ("en",))
            for channel in wanted
            if (language, channel) not in templates.get(step.template, TemplateFacts()).published
        }
        if lacking:
            where = ", ".join(sorted({f"{channel.value} ({language})" for language, channel in lacking}))
            told = {"template": step.template, "where": where}
            yield Finding(step.key, "template_not_published", facts=told)
        if written and any(channel in SPOKEN for channel in step.channels):
            yield Finding(step.key, "spoken_and_written")
        if not written and not step.optional:
            yield Finding(step.key, "spoken_must_be_optional")


def _notice_wanted(draft: DraftPath) -> Communication:
    if DebtorKind.consumer not in draft.debtors:
        return Communication.business_notice
    wanted = {Law.nl: Communication.fourteen_day_letter, Law.be: Communication.first_reminder}
    return wanted.get(draft.law, Communication.business_notice)


def _notices(draft: DraftPath, templates: Mapping[str, TemplateFacts]) -> Iterator[Finding]:
    """Whether costs and pressure come only after the notice that the law wants, and after its term."""
    wanted = _notice_wanted(draft)
    protected = wanted is not Communication.business_notice
    noticed = ended = False
    for step in draft.steps:
        kind = templates.get(step.template, TemplateFacts()).kind
        if kind in NOTICES and kind is not wanted:
            yield Finding(step.key, "wrong_notice", facts={"notice": wanted.value})
        if step.is_notice and kind is not wanted:
            yield Finding(step.key, "notice_without_its_text", facts={"notice": wanted.value})
        if step.is_notice and step.conditional:
            yield Finding(step.key, "notice_may_be_passed_over")
        if kind in NOTICES and not step.is_notice and not noticed:
            yield Finding(step.key, "notice_text_before_notice")
        ended = ended or (noticed and step.anchor == "notice_ended")
        late = step.phase in (StepPhase.pre_legal, StepPhase.legal)
        if (kind is Communication.final_notice or late) and not noticed:
            yield Finding(step.key, "costs_before_notice" if protected else "pressure_before_notice")
        elif kind is Communication.final_notice and not ended:
            yield Finding(step.key, "costs_within_the_term" if protected else "pressure_within_the_term")
        noticed = noticed or (step.is_notice and not step.conditional)


def _around_the_notice(
    draft: DraftPath, templates: Mapping[str, TemplateFacts], on: date
) -> Iterator[Finding]:
    """Where collection begins with a formal notice: what comes before it, and within its term.

    A reminder that the creditor sends itself, in its own name, is not yet collection for another; that the
    agency sends it for the creditor is lawful in the house's reading, so the step only says so.
    """
    first = notice_first(country=_country(draft), debtor=DebtorKind.consumer, on=on)
    if first is None or DebtorKind.consumer not in draft.debtors:
        return
    told = {"article": first.article}
    noticed = ended = warned = False
    for step in draft.steps:
        kind = templates.get(step.template, TemplateFacts()).kind
        served = step.is_notice and not step.conditional
        ended = ended or (noticed and step.anchor == "notice_ended")
        others = step.to_debtors and DebtorKind.consumer not in step.to_debtors
        if served or kind in NOTICES or others or step.phase is StepPhase.pre_due:
            noticed = noticed or served
        elif not noticed and draft.signature is Signature.creditor and set(step.channels) <= _OWN_REMINDERS:
            if not warned:
                yield Finding(step.key, "reminder_is_the_creditors", "advice", told)
            warned = True
        elif not noticed:
            yield Finding(step.key, "notice_first", facts=told)
        elif not ended and kind is not Communication.final_notice:
            yield Finding(step.key, "notice_term_running", facts=told)


def _channels(draft: DraftPath, on: date) -> Iterator[Finding]:
    """Whether each way of contact is open in the phase of its step, and a visit was announced in writing."""
    written = False
    phase = StepPhase.reminder
    country = _country(draft)
    for step in draft.steps:
        phase = step.phase or phase
        announced = ChannelFacts(announced=written, identified=True)
        for channel in step.channels:
            for debtor in draft.debtors:
                verdict = channel_allowed(
                    country=country, debtor=debtor, phase=PHASE_OF[phase], channel=channel,
                    facts=announced, on=on,
                )  # fmt: skip
                yield from (Finding(step.key, reason) for reason in verdict.reasons)
        written = written or any(channel not in SPOKEN for channel in step.channels)


def open_ways(path: TreatmentPath, *, key: str, on: date) -> frozenset[Channel]:
    """Return the written ways that are open in the phase of a step to every debtor whom its path is for."""
    phase = PHASE_OF[path.phase_of(key) or StepPhase.reminder]
    return frozenset(
        channel
        for channel in (Channel.email, Channel.sms, Channel.letter)
        if all(
            channel_allowed(
                country=_country_of(path.law), debtor=debtor, phase=phase, channel=channel,
                facts=ChannelFacts(), on=on,
            ).allowed
            for debtor in path.debtors
        )
    )  # fmt: skip


def _hours(draft: DraftPath, on: date) -> Iterator[Finding]:
    """Whether the hour from which a step leaves lies within the hours of a day."""
    country = _country(draft)
    for step in draft.steps:
        if step.hour is None:
            continue
        at = at_local(day=on, clock=time(step.hour), zone=zone_of(country, None))
        for channel in step.channels:
            closed = [
                reason
                for debtor in draft.debtors
                for reason in contact_window(
                    country=country, region=None, channel=channel, debtor=debtor, at=at
                ).reasons
            ]
            if "outside_hours" in closed:
                yield Finding(step.key, "outside_hours", facts={"hour": f"{step.hour}:00"})


def _reminders(draft: DraftPath, on: date) -> Iterator[Finding]:
    """Advice of the house: the first reminder friendly, a day after the due date; a choice has two ways."""
    row = _row("path", on)
    due = [step for step in draft.steps if step.days >= 0]
    if due and due[0].anchor == "due_date" and due[0].days != row["first_reminder_days"]:
        yield Finding(due[0].key, "first_reminder_day", "advice", {"days": str(row["first_reminder_days"])})
    if due and due[0].template not in _SPOKEN_KEYS and _tone(due[0], on) is not Tone.friendly:
        yield Finding(due[0].key, "first_reminder_tone", "advice")
    for step in draft.steps:
        if step.best and len(step.channels) < 2:
            yield Finding(step.key, "nothing_to_choose", "advice")


def _tone(step: PathStep, on: date) -> Tone:
    return step.tone or usual_tone(step.template, on=on)


def _walked(draft: DraftPath, on: date) -> tuple[PlannedStep, ...]:
    """The steps of a claim that meets every condition and is reachable by everything."""
    path = TreatmentPath("", "", draft.law, draft.debtors, draft.steps)
    debtor = draft.debtors[0] if draft.debtors else None
    facts = PathFacts(
        due_date=_due_date(draft, on), channels=frozenset(Channel), principal_minor=sys.maxsize,
        currency=path.currency, debtor=debtor,
    )  # fmt: skip
    return tuple(walk_ahead(path=path, facts=facts, today=on, until=date.max))


def _due_date(draft: DraftPath, on: date) -> date:
    """A due date for which every step still lies ahead on a day."""
    return on - timedelta(days=min((*(step.days for step in draft.steps), 0)))


def _too_often(walked: Sequence[PlannedStep], on: date) -> Iterator[Finding]:
    """Whether more contacts fall within a week than the house makes; a copy belongs to its step."""
    rule = frequency_rule(on=on)
    contacts: list[PlannedStep] = []
    for step in walked:
        before = contacts[-1] if contacts else None
        if before and step.key == f"{before.key.removesuffix('_copy')}_copy":
            continue
        if before and step.due_on == before.due_on:
            yield Finding(step.key, "two_on_one_day", facts={"before": before.key})
        contacts.append(step)
        within = [one for one in contacts if one.due_on > step.due_on - _WEEK]
        if len(within) > rule.in_7_days_max:
            yield Finding(step.key, "too_many_in_a_week", facts={"maximum": str(rule.in_7_days_max)})


def _threats(
    draft: DraftPath, walked: Iterable[PlannedStep], templates: Mapping[str, TemplateFacts], on: date
) -> Iterator[Finding]:
    """Whether a threat of court comes in the phase of reminders, or when the shortest term has run out."""
    phases = {step.key: step.phase for step in draft.steps}
    ends = _shortest_term(draft, on)
    for step in walked:
        if not templates.get(step.template, TemplateFacts()).threatens_court:
            continue
        if phases.get(step.key) in (StepPhase.pre_due, StepPhase.reminder):
            yield Finding(step.key, "threatens_too_early")
        if ends is not None and step.due_on > ends:
            yield Finding(step.key, "threatens_time_barred", facts={"days": str((ends - on).days)})


def _shortest_term(draft: DraftPath, on: date) -> date | None:
    """The last day of the shortest term that a claim on this path can have, due today."""
    kinds = [LimitationKind.contract]
    if DebtorKind.consumer in draft.debtors:
        kinds += [LimitationKind.consumer_sale, LimitationKind.trade_to_consumer, LimitationKind.energy]
    ends = []
    for kind in kinds:
        try:
            ends.append(limitation(law=draft.law, kind=kind, due=on).ends)
        except NoLimitationRule:
            continue
    return min(ends, default=None)


def _country(draft: DraftPath) -> str:
    return _country_of(draft.law)


def _country_of(law: Law) -> str:
    return {Law.nl: "NL", Law.be: "BE", Law.de: "DE", Law.uk: "GB"}.get(law, "NL")


def _row(table: str, on: date) -> dict[str, Any]:
    row = row_in_force(read_table("treatment")[table], on)
    assert row is not None, "the rules of the house have always been in force"
    return row
