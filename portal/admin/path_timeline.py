"""A path as it is drawn: its parts in order, in each its steps with their day, ways and conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from agency.rules.path_checks import DraftPath, Finding, usual_days
from agency.rules.treatment_path import PathStep, StepPhase, step_of
from portal.admin.path_form import StepForm
from portal.admin.path_words import PHASE_TONES, PHASES, conditions, finding_words, step_name, when
from portal.shared.i18n import gettext
from portal.shared.words import CHANNEL_ICONS, CHANNELS


def timeline(
    draft: DraftPath,
    *,
    currency: str,
    on: date,
    findings: Sequence[Finding] = (),
    forms: Mapping[str, StepForm] | None = None,
) -> list[dict[str, Any]]:
    """This function will lay a path out by its parts, each step with what is wrong with it beside it.

    :param forms: what was typed of a step and could not be read, by its key.
    """
    days = usual_days(draft, on=on)
    names = {step.key: step_name(step) for step in draft.steps}
    phases: list[dict[str, Any]] = []
    noticed = False
    for place, step in enumerate(draft.steps):
        noticed = noticed or step.is_notice
        phase = step.phase or (StepPhase.amicable if noticed else StepPhase.reminder)
        if not phases or phases[-1]["key"] != phase.value:
            phases.append({
                "key": phase.value, "name": gettext(PHASES[phase.value]), "tone": PHASE_TONES[phase.value],
                "steps": [],
            })  # fmt: skip
        phases[-1]["steps"].append(
            _drawn(step, currency, days.get(step.key))
            | {
                "first": place == 0, "last": place == len(draft.steps) - 1, "phase": phase.value,
                "findings": [finding_words(one, names) for one in findings if one.step == step.key],
                **_typed(step, (forms or {}).get(step.key)),
            }
        )  # fmt: skip
    return phases


def _typed(step: PathStep, form: StepForm | None) -> dict[str, Any]:
    """The form of a step: with all that was typed where somebody else changed the step meanwhile."""
    if form is None or form.meanwhile is None or not form.fields:
        return {"form": form}
    return {"form": form, "step": step_of(asdict(step) | form.fields)}


def _drawn(step: PathStep, currency: str, day: int | None) -> dict[str, Any]:
    ways = [gettext(CHANNELS[channel]) for channel in step.channels]
    return {
        "key": step.key,
        "name": step_name(step),
        "when": when(step),
        "day": day,
        "ways": (gettext(" or ") if step.best else gettext(", else ")).join(ways),
        "icon": CHANNEL_ICONS.get(step.channels[0], "calendar") if step.channels else "alert",
        "conditions": conditions(step, currency),
        "step": step,
    }
