"""Drawing up a version of a path: changed and checked as often as one likes, published by somebody else."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.communication.mandatory import KINDS
from agency.kernel.drafts import Drafts
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.rules.content import threatens_court
from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.path_checks import DraftPath, Finding, TemplateFacts, check_path
from agency.rules.treatment_path import TreatmentPath, step_of
from agency.treatment.models import TreatmentPathDraft
from agency.treatment.paths import newest_path, path_in_sight, path_version, publish_version

STEPS_MAX: Final = 60

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


def date_draft(unit: Unit, *, draft_id: UUID, valid_from: date) -> TreatmentPathDraft:
    """This function will set the day from which claims begin on this version.

    :raises Conflict: it was published before.
    """
    draft = PATH_DRAFTS.to_write(unit, draft_id=draft_id)
    draft.valid_from = valid_from
    return PATH_DRAFTS.write(unit, draft)


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
    )


def findings_of(
    unit: Unit, content: Mapping[str, Any], *, on: date, templates: Mapping[str, TemplateFacts] | None = None
) -> tuple[Finding, ...]:
    """This function will say what is wrong with a draft's fields, step by step, on a day."""
    known = template_facts(unit) if templates is None else templates
    return check_path(draft_path(content), templates=known, on=on)


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
