"""Where a claim lands on another version of its path, and why it may not change to it."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from agency.rules.treatment import PathFacts, PlannedStep, next_step
from agency.rules.treatment_path import StepPhase, TreatmentPath

_ORDER: Final = tuple(StepPhase)


@dataclass(frozen=True, slots=True)
class Landing:
    """The next step on the other version, None at its end; `refusal` says why the claim stays where it is."""

    next: PlannedStep | None
    refusal: str = ""


def land(*, old: TreatmentPath, new: TreatmentPath, facts: PathFacts, today: date) -> Landing:
    """Find where a claim goes on under another version, without repeating or skipping a stage.

    It stays on its own when it would go back to an earlier part of the path, get a text again that it had
    under a step which the new version does not know, or leave out a stage that it has not been through.
    """
    step = next_step(path=new, facts=facts, today=today)
    reached = _reached(old, facts)
    if step is not None and _place(new.phase_of(step.key)) < reached:
        return Landing(step, "goes_back")
    if step is not None and step.template in _gone_texts(old, new, facts):
        return Landing(step, "repeats")
    if _left_out(new, facts, reached):
        return Landing(step, "skips")
    return Landing(step)


def _reached(old: TreatmentPath, facts: PathFacts) -> int:
    return max((_place(old.phase_of(step.key)) for step in facts.sent), default=0)


def _place(phase: StepPhase | None) -> int:
    return 0 if phase is None else _ORDER.index(phase)


def _gone_texts(old: TreatmentPath, new: TreatmentPath, facts: PathFacts) -> set[str]:
    """The texts that a claim had under steps which the new version does not know."""
    known = {step.key for step in new.steps}
    had = {step.key for step in facts.sent} - known
    return {step.template for step in old.steps if step.key in had}


def _left_out(new: TreatmentPath, facts: PathFacts, reached: int) -> bool:
    """Whether an unsent step of a later part would lie behind a step that was taken."""
    sent = {step.key for step in facts.sent}
    furthest = max((index for index, step in enumerate(new.steps) if step.key in sent), default=0)
    return any(
        step.key not in sent and not step.conditional and _place(new.phase_of(step.key)) > reached
        for step in new.steps[:furthest]
    )
