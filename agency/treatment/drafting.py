"""Drawing up a version of a path: changed and checked as often as one likes, published by somebody else."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.communication.mandatory import KINDS
from agency.kernel.drafts import ChangedMeanwhile, Drafts
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.rules.content import threatens_court
from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.path_changes import Difference, step_differences, with_phases
from agency.rules.path_checks import DraftPath, Finding, TemplateFacts, check_path
from agency.rules.products import Product, product_of_path
from agency.rules.treatment_path import PathStep, Signature, TreatmentPath, step_of
from agency.treatment.models import TreatmentPathDraft
from agency.treatment.paths import newest_path, path_in_sight, path_version, publish_version

STEPS_MAX: Final = 60
# What is noted as changed when the first day of a draft is: no step is called so.
FIRST_DAY: Final = "valid_from"

PATH_DRAFTS: Final = Drafts(TreatmentPathDraft, tells="treatment_path")

_TEMPLATES = text(
    "SELECT DISTINCT ON (key, language, channel) key, language, channel, body FROM template"
    " ORDER BY key, language, channel, version DESC"
)


class UnfitPath(Invalid):
    """The path breaks a rule; `findings` say which step and why."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("this path breaks a rule, so it cannot be published")
        self.findings = findings


class StepChanged(ChangedMeanwhile):
    """Somebody else changed a step after it was read.

    `differences` say how, each with what was read and what stands there now; there are none where the step is
    gone. `by` did it. `read` is what the step says now: whoever sends it has seen this, and changes the step
    after all.
    """

    def __init__(self, key: str, *, by: str, differences: tuple[Difference, ...], read: str) -> None:
        super().__init__("somebody else changed this after you opened it; look at both")
        self.key, self.by, self.differences, self.read = key, by, differences, read


def start_draft(unit: Unit, *, key: str, version: int | None = None) -> UUID:
    """This function will begin a draft as a copy of a version of a path, or of the one in sight.

    :raises NotFound: there is no such path or version.
    """
    base = path_in_sight(unit, key=key) if version is None else path_version(unit, key=key, version=version)
    draft = TreatmentPathDraft(
        key=key, content=base.path.to_fields(), valid_from=unit.today, based_on=base.version,
        writers=[unit.by], changed_at=unit.now, created_at=unit.now,
    )  # fmt: skip
    return PATH_DRAFTS.begin(unit, draft).id


def change_draft(
    unit: Unit, *, draft_id: UUID, change: Callable[[dict[str, Any]], Mapping[str, Any]]
) -> TreatmentPathDraft:
    """This function will keep what a change makes of a draft's fields, whatever rules they break.

    :param change: takes a copy of the fields and returns the new ones; called while the row is locked, so
        that two editors each change what the other left.
    :raises Conflict: it was submitted or published before.
    :raises Invalid: it has more steps than a path may have.
    """
    draft = PATH_DRAFTS.to_write(unit, draft_id=draft_id)
    content = dict(change(json.loads(json.dumps(draft.content))))
    if len(content["steps"]) > STEPS_MAX:
        raise Invalid("a path has at most sixty steps")
    return PATH_DRAFTS.write(unit, draft, content)


def change_step(
    unit: Unit,
    *,
    draft_id: UUID,
    key: str,
    read: str | None,
    change: Callable[[dict[str, Any], str], tuple[dict[str, Any], str]],
) -> tuple[TreatmentPathDraft, str]:
    """This function will change or take out one step of a draft, unless somebody else changed it meanwhile.

    One's own earlier change is no refusal: a page may send the next one before the answer to the first came.

    :param key: of the step as it was read, or "" for whom the path is and how it ends.
    :param read: what `read_of` told when the person read it; None where nobody read it first.
    :param change: takes a copy of the fields and the step's key of today; returns the new fields and the key.
    :returns: the draft, and the key that the step has now.
    :raises StepChanged: it says something else by now, or is gone.
    :raises Conflict: the draft was submitted or published before.
    """
    named = key

    def unless_changed(content: dict[str, Any]) -> Mapping[str, Any]:
        nonlocal named
        before = named = _called_now(content, key)
        _refuse_changed(content, named, read=read, by=unit.by)
        changed, named = change(content, named)
        noted = touched_by(changed, before, now=named, by=unit.by)
        return touched_by(noted, named, now=named, by=unit.by) if named else noted

    return change_draft(unit, draft_id=draft_id, change=unless_changed), named


def touched_by(content: Mapping[str, Any], key: str, *, now: str, by: str) -> dict[str, Any]:
    """This function will note in a draft's fields who changed a step last, and the key that it has now."""
    return {**content, "touched": {**content.get("touched", {}), key: {"by": by, "now": now}}}


def read_of(content: Mapping[str, Any], key: str) -> str:
    """This function will return what a step says as a form takes it along, to be compared when it is sent.

    :param key: of the step; "" for whom the path is for and how it ends.
    :returns: "" where there is no such step.
    """
    if not key:
        return _plain({"debtors": content["debtors"], "end": content.get("end")})
    steps = with_phases([step_of(step) for step in content["steps"]])
    return next((_plain(asdict(step)) for step in steps if step.key == key), "")


def _called_now(content: Mapping[str, Any], key: str) -> str:
    """The key of a step that got another one with another text since it was read."""
    keys, touched = {step["key"] for step in content["steps"]}, content.get("touched", {})
    for _ in range(len(touched)):
        now = touched.get(key, {}).get("now", "")
        if key in keys or not now:
            break
        key = now
    return key


def _refuse_changed(content: Mapping[str, Any], key: str, *, read: str | None, by: str) -> None:
    now, last = read_of(content, key), content.get("touched", {}).get(key, {}).get("by", by)
    if not now or (read is not None and read != now and last != by):
        raise StepChanged(key, by=last, differences=_between(read or "", now, key), read=now)


def _between(read: str, now: str, key: str) -> tuple[Difference, ...]:
    """What differs between what was read and what stands there; nothing where either cannot be read."""
    try:
        before, after = json.loads(read), json.loads(now)
        return step_differences(_step(before), _step(after)) if key else _of_whole(before, after)
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()


def _of_whole(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    old, new = ({"debtors": one["debtors"], "end": None, **_end(one["end"])} for one in (before, after))
    return tuple(
        Difference("", "path", name, old.get(name), new.get(name))
        for name in ("debtors", "end", "after_days")
        if old.get(name) != new.get(name)
    )


def _end(end: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"end": end["to"], "after_days": end["after_days"]} if end else {}


def _step(fields: Mapping[str, Any]) -> PathStep:
    return step_of({name: fields[name] for name in PathStep.__dataclass_fields__})


def _plain(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def date_draft(
    unit: Unit, *, draft_id: UUID, valid_from: date, read: str | None = None
) -> TreatmentPathDraft:
    """This function will set the day from which claims begin on this version, unless somebody else set
    another one meanwhile.

    :param read: the day that the person read, as YYYY-MM-DD; None where nobody read it first.
    :raises StepChanged: it is another day by now, that somebody else chose.
    :raises Conflict: it was published before.
    """
    draft = PATH_DRAFTS.to_write(unit, draft_id=draft_id)
    now = draft.valid_from.isoformat()
    last = draft.content.get("touched", {}).get(FIRST_DAY, {}).get("by", unit.by)
    if read is not None and now not in (read, valid_from.isoformat()) and last != unit.by:
        told = Difference("", "path", FIRST_DAY, _day_read(read), draft.valid_from)
        raise StepChanged(FIRST_DAY, by=last, differences=(told,), read=now)
    draft.valid_from = valid_from
    noted = touched_by(draft.content, FIRST_DAY, now=FIRST_DAY, by=unit.by)
    return PATH_DRAFTS.write(unit, draft, noted)


def _day_read(read: str) -> date | None:
    try:
        return date.fromisoformat(read)
    except ValueError:
        return None


def template_facts(unit: Unit) -> dict[str, TemplateFacts]:
    """This function will return what the checks look at of every template that a path can send."""
    published: dict[str, set[tuple[str, Channel]]] = {key: set() for key in KINDS}
    threatens: set[str] = set()
    for row in unit.session.connection().execute(_TEMPLATES):
        published.setdefault(row.key, set()).add((row.language, Channel(row.channel)))
        if threatens_court(text=row.body, language=row.language, on=unit.today):
            threatens.add(row.key)
    return {
        key: TemplateFacts(KINDS.get(key), frozenset(where), key in threatens)
        for key, where in published.items()
    }


def draft_path(content: Mapping[str, Any]) -> DraftPath:
    """This function will return the fields of a draft as the checks read them."""
    return DraftPath(
        law=Law(content["law"]),
        debtors=tuple(DebtorKind(debtor) for debtor in content["debtors"]),
        steps=tuple(step_of(step) for step in content["steps"]),
        has_end=bool(content.get("end")),
        signature=_signature(content),
    )


def _signature(content: Mapping[str, Any]) -> Signature:
    """In whose name the reminders of a path go out; what is looked after is so in the creditor's only."""
    if product_of_path(content["key"])[0] is Product.management:
        return Signature.creditor
    return Signature(content.get("signature", Signature.either))


def findings_of(unit: Unit, content: Mapping[str, Any], *, on: date) -> tuple[Finding, ...]:
    """This function will say what is wrong with a draft's fields, step by step, on a day."""
    return check_path(draft_path(content), templates=template_facts(unit), on=on)


def sound_path(unit: Unit, draft: TreatmentPathDraft) -> TreatmentPath:
    """This function will return the path of a draft.

    :raises UnfitPath: something in it is forbidden.
    """
    found = findings_of(unit, draft.content, on=max(draft.valid_from, unit.today))
    if forbidden := tuple(one for one in found if one.weight == "forbidden"):
        raise UnfitPath(forbidden)
    return TreatmentPath.from_fields(draft.content)


def submit_draft(unit: Unit, *, draft_id: UUID) -> TreatmentPathDraft:
    """This function will hand a draft to a second person.

    :raises UnfitPath: something in it is forbidden.
    :raises Conflict: it is not a draft any more, or says what the newest version says.
    """
    draft = PATH_DRAFTS.to_write(unit, draft_id=draft_id)
    _refuse_same(unit, sound_path(unit, draft))
    return PATH_DRAFTS.submit(unit, draft)


def publish_draft(
    unit: Unit, *, draft_id: UUID, valid_from: date | None = None, edition: str | None = None
) -> int:
    """This function will publish a submitted draft from its day on, by a person who wrote nothing of it.

    Claims that are on a path stay on the version they began with.

    :param valid_from: another first day than the writer's.
    :param edition: of what the person read.
    :returns: the version.
    :raises NotYourOwn: the person wrote in it.
    :raises ChangedMeanwhile: it says something else by now.
    :raises UnfitPath: something in it is forbidden by now.
    :raises Conflict: it was not submitted, or equals the newest version.
    :raises Invalid: its day has passed.
    """
    draft = PATH_DRAFTS.to_publish(unit, draft_id=draft_id, edition=edition)
    draft.valid_from = valid_from or draft.valid_from
    if draft.valid_from < unit.today:
        raise Invalid("the first day of this version has passed", field="valid_from")
    take_turns(unit, "treatment_path")
    path = sound_path(unit, draft)
    newest = _refuse_same(unit, path)
    fields = path.to_fields() | {"version": str(newest + 1)}
    version = publish_version(
        unit, path=TreatmentPath.from_fields(fields), valid_from=draft.valid_from,
        author=draft.writers[0], approved_by=unit.by,
    )  # fmt: skip
    PATH_DRAFTS.publish(unit, draft, version=version)
    return version


def _refuse_same(unit: Unit, path: TreatmentPath) -> int:
    """Refuse a version that changes nothing; returns the number of the newest."""
    newest = newest_path(unit, key=path.key)
    if newest is None:
        return 0
    if newest.path.to_fields() | {"version": ""} == path.to_fields() | {"version": ""}:
        raise Conflict("this path says what its newest version says already")
    return newest.version
