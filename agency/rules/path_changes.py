"""What differs between two versions of a path, step by step; and changes of a draft's steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final, Literal

from agency.rules.treatment_path import PathStep, StepPhase, TreatmentPath

Kind = Literal["added", "removed", "moved", "changed", "path"]
_FIELDS: Final = (
    "phase", "anchor", "days", "proof_days", "hour", "channels", "template", "optional", "is_notice",
    "above_minor", "to_debtors", "reachable_by", "tone", "best", "copies",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: of a step, or of the path where `step` is ""; `field` is "" for a whole step."""

    step: str
    kind: Kind
    field: str = ""
    before: Any = None
    after: Any = None


def path_differences(before: TreatmentPath, after: TreatmentPath) -> tuple[Difference, ...]:
    """Return what another version of a path does differently, in the order of its steps."""
    old, new = _steps(before), _steps(after)
    found = [Difference("", "path", name, *both) for name, both in _of_path(before, after).items()]
    moved = _moved([key for key in old if key in new], [key for key in new if key in old])
    for key, step in new.items():
        if key not in old:
            found.append(Difference(key, "added", "", None, list(new).index(key) + 1))
            continue
        if key in moved:
            found.append(Difference(key, "moved", "", list(old).index(key) + 1, list(new).index(key) + 1))
        found += [
            Difference(key, "changed", name, old[key][name], step[name])
            for name in _FIELDS
            if old[key][name] != step[name]
        ]
    found += [Difference(key, "removed", "", place + 1) for place, key in enumerate(old) if key not in new]
    return tuple(found)


def step_differences(before: PathStep, after: PathStep) -> tuple[Difference, ...]:
    """Return in which fields one step says something else than another, in the order of a step's form."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in _FIELDS)
    return tuple(Difference(after.key, "changed", name, old, new) for name, old, new in pairs if old != new)


def with_phases(steps: Sequence[PathStep]) -> tuple[PathStep, ...]:
    """Return steps that each say in which part of the path they stand, as `TreatmentPath.phase_of` does."""
    found, noticed = [], False
    for step in steps:
        noticed = noticed or step.is_notice
        usual = StepPhase.amicable if noticed else StepPhase.reminder
        found.append(replace(step, phase=step.phase or usual))
    return tuple(found)


def _steps(path: TreatmentPath) -> dict[str, dict[str, Any]]:
    return {
        step.key: {name: getattr(step, name) for name in _FIELDS} | {"phase": path.phase_of(step.key)}
        for step in path.steps
    }


def _of_path(before: TreatmentPath, after: TreatmentPath) -> dict[str, tuple[Any, Any]]:
    both = {
        "debtors": (before.debtors, after.debtors),
        "end": (before.end and before.end.to, after.end and after.end.to),
        "after_days": (before.end and before.end.after_days, after.end and after.end.after_days),
    }
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """The fewest steps that have to move to turn one order into the other."""
    place = {key: index for index, key in enumerate(old)}
    runs: list[list[str]] = [[]]
    for key in new:
        fitting = [run for run in runs if not run or place[run[-1]] < place[key]]
        runs.append([*max(fitting, key=len), key])
    longest: list[str] = max(runs, key=len)
    return set(new) - set(longest)


def with_step(content: Mapping[str, Any], key: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a draft's fields with some fields of a step replaced; unchanged when there is no such step."""
    steps = [dict(step) | dict(fields) if step["key"] == key else step for step in content["steps"]]
    return {**content, "steps": steps}


def with_new_step(content: Mapping[str, Any], step: Mapping[str, Any], *, after: str) -> dict[str, Any]:
    """Return a draft's fields with a step added behind another, or first where `after` is ""."""
    keys = [one["key"] for one in content["steps"]]
    place = keys.index(after) + 1 if after in keys else 0
    steps = list(content["steps"])
    steps.insert(place, {**step, "key": free_key(keys, step["key"])})
    return {**content, "steps": steps}


def free_key(keys: Sequence[str], wish: str) -> str:
    """Return a key that no step has: the wish itself, or the wish with the first free number."""
    taken = set(keys)
    numbered = (f"{wish}_{number}" for number in count(2))
    return wish if wish not in taken else next(key for key in numbered if key not in taken)


def without_step(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a draft's fields without a step."""
    return {**content, "steps": [step for step in content["steps"] if step["key"] != key]}


def with_moved_step(content: Mapping[str, Any], key: str, *, by: int) -> dict[str, Any]:
    """Return a draft's fields with a step some places later (or earlier, below zero); it takes over the part
    of the path that it comes into.

    :param by: at least one place, either way.
    """
    steps = list(content["steps"])
    place = next((index for index, step in enumerate(steps) if step["key"] == key), None)
    if place is None:
        return dict(content)
    step = steps.pop(place)
    target = min(max(place + by, 0), len(steps))
    neighbour = steps[target - 1] if by > 0 and target else steps[target] if target < len(steps) else step
    steps.insert(target, {**step, "phase": neighbour.get("phase") or step.get("phase")})
    return {**content, "steps": steps}
