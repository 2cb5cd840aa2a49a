"""The editor of a path: every change of its steps is kept and checked at once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.communication.brand_previews import has_tones
from agency.kernel.drafts import OPEN, DraftState
from agency.kernel.errors import AgencyError, Invalid
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.facts import Channel
from agency.rules.path_changes import (
    free_key,
    with_moved_step,
    with_new_step,
    with_step,
    without_step,
)
from agency.rules.treatment_path import ANCHORS as ALL_ANCHORS
from agency.rules.treatment_path import BrokenPath, TreatmentPath
from agency.treatment.drafting import (
    FIRST_DAY,
    PATH_DRAFTS,
    StepChanged,
    change_draft,
    change_step,
    date_draft,
    draft_path,
    findings_of,
    publish_draft,
    read_of,
    submit_draft,
    touched_by,
)
from agency.treatment.models import TreatmentPathDraft
from agency.treatment.paths import newest_path
from agency.treatment.trying import PATH_TRYOUTS
from portal.admin.drafting import attempt, draft_values, edition_read, names_of, remark_of
from portal.admin.path_form import (
    END,
    KEYS,
    NO_DAY,
    StepForm,
    new_step,
    read_before,
    read_debtors,
    read_end,
    read_step,
)
from portal.admin.path_timeline import timeline
from portal.admin.path_words import (
    ANCHORS,
    ENDS,
    PHASES,
    TEMPLATES,
    difference_words,
    finding_words,
    path_name,
    step_name,
    typed_words,
)
from portal.admin.paths import differences_of, routes
from portal.shared.audience import StaffUnit, leave_for, show
from portal.shared.brand_words import TONES
from portal.shared.forms import Fields
from portal.shared.i18n import N_, typed_money
from portal.shared.words import CHANNELS, DEBTOR_KINDS

_UNKEPT = 422


@routes.get("/drafts/{draft_id:uuid}")
def draft(request: Request, unit: StaffUnit, draft_id: UUID) -> HTMLResponse:
    """The editor of a draft."""
    return draft_page(request, unit, PATH_DRAFTS.find(unit, draft_id=draft_id))


@routes.post("/drafts/{draft_id:uuid}/steps/{key}")
def change(request: Request, unit: StaffUnit, draft_id: UUID, key: str, fields: Fields) -> Response:
    """Keep every field of a step that can be read; the others are shown as they were typed."""
    kept = PATH_DRAFTS.find(unit, draft_id=draft_id)
    form = read_step(fields, currency=str(kept.content.get("currency", "EUR")))

    def with_fields(content: dict[str, Any], at: str) -> tuple[dict[str, Any], str]:
        named = _key_after(content["steps"], at, str(form.fields["template"]))
        return with_step(content, at, {**form.fields, "key": named}), named

    return _step_changed(request, unit, draft_id, key, with_fields, form)


@routes.post("/drafts/{draft_id:uuid}/steps/{key}/move")
def move(request: Request, unit: StaffUnit, draft_id: UUID, key: str, fields: Fields) -> Response:
    """Bring a step one place earlier or later."""
    by = -1 if fields.get("to") == "earlier" else 1

    def moved(content: dict[str, Any]) -> dict[str, Any]:
        return touched_by(with_moved_step(content, key, by=by), key, now=key, by=unit.by)

    try:
        with unit.session.begin_nested():
            change_draft(unit, draft_id=draft_id, change=moved)
    except AgencyError as refusal:
        return _refused(request, unit, draft_id, refusal)
    return leave_for(_at(draft_id))


@routes.post("/drafts/{draft_id:uuid}/steps/{key}/removal")
def remove(request: Request, unit: StaffUnit, draft_id: UUID, key: str, fields: Fields) -> Response:
    """Take a step out; one that is out already stays so."""
    form = StepForm(read=read_before(fields))

    def without(content: dict[str, Any], at: str) -> tuple[dict[str, Any], str]:
        return without_step(content, at), ""

    return _step_changed(request, unit, draft_id, key, without, form)


@routes.post("/drafts/{draft_id:uuid}/steps")
def add(request: Request, unit: StaffUnit, draft_id: UUID, fields: Fields) -> Response:
    """Add a step behind another; it opens for its fields."""
    after = str(fields.get("after") or "")
    kind = str(fields.get("kind"))
    made: dict[str, str] = {}

    def with_new(content: dict[str, Any]) -> dict[str, Any]:
        new = new_step(kind, content["steps"], after=after)
        changed = with_new_step(content, new, after=after)
        named = next(iter({s["key"] for s in changed["steps"]} - {s["key"] for s in content["steps"]}))
        made["key"] = named
        return touched_by(changed, named, now=named, by=unit.by)

    try:
        with unit.session.begin_nested():
            change_draft(unit, draft_id=draft_id, change=with_new)
    except AgencyError as refusal:
        return _refused(request, unit, draft_id, refusal)
    return leave_for(_at(draft_id, made["key"]))


@routes.post("/drafts/{draft_id:uuid}/end")
def end(request: Request, unit: StaffUnit, draft_id: UUID, fields: Fields) -> Response:
    """Keep for whom the path is and how it ends."""
    form = read_end(fields)
    form.fields["debtors"] = read_debtors(fields)

    def with_end(content: dict[str, Any], _: str) -> tuple[dict[str, Any], str]:
        return {**content, **form.fields}, ""

    return _step_changed(request, unit, draft_id, "", with_end, form)


@routes.post("/drafts/{draft_id:uuid}/date")
def set_date(request: Request, unit: StaffUnit, draft_id: UUID, fields: Fields) -> Response:
    """Keep from which day claims begin on this version."""
    day, read = _day(fields), read_before(fields)
    if day is None:
        return _refused(request, unit, draft_id, Invalid(NO_DAY, field="valid_from"))
    form = StepForm(fields={FIRST_DAY: day}, read=read)
    try:
        with unit.session.begin_nested():
            date_draft(unit, draft_id=draft_id, valid_from=day, read=read)
    except AgencyError as refusal:
        form.meanwhile = refusal if isinstance(refusal, StepChanged) else None
        return _refused(request, unit, draft_id, refusal, key=FIRST_DAY, form=form)
    return leave_for(_at(draft_id))


@routes.post("/drafts/{draft_id:uuid}/submission")
def submit(request: Request, unit: StaffUnit, draft_id: UUID) -> Response:
    """Hand a draft to a second person."""
    return _done(request, unit, draft_id, lambda: submit_draft(unit, draft_id=draft_id),
                 N_("Submitted. A second person publishes it."))  # fmt: skip


@routes.post("/drafts/{draft_id:uuid}/publication")
def publish(request: Request, unit: StaffUnit, draft_id: UUID, fields: Fields) -> Response:
    """Publish a submitted draft from a day on, as the second person."""
    day, edition = _day(fields), edition_read(fields)
    return _done(request, unit, draft_id,
                 lambda: publish_draft(unit, draft_id=draft_id, valid_from=day, edition=edition),
                 N_("Published. New claims follow it from its day on."))  # fmt: skip


@routes.post("/drafts/{draft_id:uuid}/return")
def give_back(request: Request, unit: StaffUnit, draft_id: UUID, fields: Fields) -> Response:
    """Give a submitted draft back to its writer."""
    remark = remark_of(fields)
    return _done(request, unit, draft_id,
                 lambda: PATH_DRAFTS.give_back(unit, draft_id=draft_id, remark=remark),
                 N_("Given back to its writer."))  # fmt: skip


@routes.post("/drafts/{draft_id:uuid}/withdrawal")
def withdraw(request: Request, unit: StaffUnit, draft_id: UUID) -> Response:
    """End a draft."""
    return _done(request, unit, draft_id, lambda: PATH_DRAFTS.withdraw(unit, draft_id=draft_id),
                 N_("The draft is withdrawn."))  # fmt: skip


def _key_after(steps: Sequence[Mapping[str, Any]], key: str, template: str) -> str:
    """The key of a step after a change: with another text it is another step, and called after that."""
    others = [step["key"] for step in steps if step["key"] != key]
    before = next((step for step in steps if step["key"] == key), None)
    if before is None or before["template"] == template:
        return key
    return free_key(others, KEYS.get(template, template))


def _step_changed(
    request: Request,
    unit: Unit,
    draft_id: UUID,
    key: str,
    change: Callable[[dict[str, Any], str], tuple[dict[str, Any], str]],
    form: StepForm,
) -> Response:
    """Keep a change of one step; where that cannot be, return the page with all that was typed and why."""
    try:
        with unit.session.begin_nested():
            kept, named = change_step(unit, draft_id=draft_id, key=key, read=form.read, change=change)
    except StepChanged as refusal:
        if not (refusal.read or form.fields):
            return leave_for(_at(draft_id))  # it was to be taken out, and is
        form.meanwhile = refusal
        return _refused(request, unit, draft_id, refusal, key=refusal.key, form=form)
    except AgencyError as refusal:
        return _refused(request, unit, draft_id, refusal, key=key, form=form)
    if form.errors:
        return draft_page(request, unit, kept, forms={named or END: form}, opened=named, status=_UNKEPT)
    return leave_for(_at(draft_id, named))


def _done(
    request: Request, unit: Unit, draft_id: UUID, effect: Callable[[], object], notice: str
) -> Response:
    def refused(refusal: AgencyError) -> Response:
        return _refused(request, unit, draft_id, refusal)

    return attempt(unit, effect, refused=refused, then=_at(draft_id), notice=notice)


def _refused(
    request: Request,
    unit: Unit,
    draft_id: UUID,
    refusal: AgencyError,
    *,
    key: str = "",
    form: StepForm | None = None,
) -> Response:
    """The editor with why something was not done, and with all that was typed."""
    unit.session.expire_all()
    kept = PATH_DRAFTS.find(unit, draft_id=draft_id)
    forms = {} if form is None else {key or END: form}
    # A part of a page is shown on 422 alone: any other refusal of what was typed would go unseen.
    status = _UNKEPT if "hx-request" in request.headers else refusal.status
    return draft_page(request, unit, kept, error=refusal, forms=forms, opened=key, status=status)


def _at(draft_id: UUID, key: str = "") -> str:
    return f"/admin/paths/drafts/{draft_id}" + (f"?open={key}#step-{key}" if key else "")


def _day(fields: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(str(fields.get("valid_from") or ""))
    except ValueError:
        return None


def draft_page(
    request: Request,
    unit: Unit,
    kept: TreatmentPathDraft,
    *,
    error: AgencyError | None = None,
    forms: Mapping[str, StepForm] | None = None,
    opened: str = "",
    status: int = 200,
) -> HTMLResponse:
    """This function will draw the editor with everything that is wrong beside its step."""
    content, found = kept.content, draft_path(kept.content)
    on = max(kept.valid_from, unit.today)
    findings = findings_of(unit, content, on=on)
    currency = str(content.get("currency", "EUR"))
    names = {step.key: step_name(step) for step in found.steps}
    end_form = (forms or {}).get(END)
    values = {
        **draft_values(unit, kept),
        "name": path_name(
            kept.key,
            content["law"],
            content["debtors"],
            content.get("signature", "either"),
            content.get("name", ""),
        ),
        "phases": timeline(found, currency=currency, on=on, findings=findings, forms=forms),
        "findings": [finding_words(one, names) for one in findings],
        "whole": [finding_words(one, names) for one in findings if not one.step],
        "forbidden": sum(one.weight == "forbidden" for one in findings),
        "opened": opened or request.query_params.get("open", ""),
        "day_form": (forms or {}).get(FIRST_DAY),
        "end": content.get("end") or {},
        "end_form": end_form,
        "end_typed": end_form.fields if end_form and end_form.meanwhile else content,
        "reads": {key: read_of(content, key) for key in ("", *names)},
        "error": "" if isinstance(error, StepChanged) else error.message if error else "",
        **_meanwhile(unit, forms or {}, names, currency, editable=kept.state == DraftState.DRAFT),
        "differences": _differences(unit, kept),
        "undoes": _newer_than_its_base(unit, kept),
        "trial": PATH_TRYOUTS.latest(unit, draft_id=kept.id),
        "euros": lambda minor: "" if minor is None else typed_money(Money(minor, currency)),
        **_choices(),
    }
    return show(request, "admin/path_draft.html", values, status=status)


def _meanwhile(
    unit: Unit, forms: Mapping[str, StepForm], names: Mapping[str, str], currency: str, *, editable: bool
) -> dict[str, Any]:
    """Who changed what of the steps that were typed in, by step; and what was typed that has no form now."""
    told, unkept = {}, []
    for key, form in forms.items():
        if form.meanwhile and form.meanwhile.read:
            by = form.meanwhile.by
            told[key] = {
                "who": names_of(unit, [by]).get(by, by),
                "over": form.meanwhile.read,
                "differences": [difference_words(one, names, currency) for one in form.meanwhile.differences],
            }
        elif not editable or form.meanwhile:
            unkept += typed_words(form.fields, form.typed, currency)
    return {"meanwhile": told, "unkept": unkept}


def _choices() -> dict[str, Any]:
    return {
        "phase_names": PHASES,
        "anchor_names": {anchor: ANCHORS[anchor] for anchor in ALL_ANCHORS},
        "template_names": {key: words for key, words in TEMPLATES.items() if key not in ("call", "visit")},
        "channel_names": {channel.value: CHANNELS[channel] for channel in Channel},
        "debtor_names": DEBTOR_KINDS,
        "end_names": ENDS,
        "tone_names": TONES,
        "has_tones": has_tones,
    }


def _newer_than_its_base(unit: Unit, kept: TreatmentPathDraft) -> int | None:
    """The newest version where an open draft began from an earlier one, whose successors it would undo."""
    newest = newest_path(unit, key=kept.key)
    if newest is None or kept.based_on is None or kept.state not in OPEN:
        return None
    return newest.version if newest.version > kept.based_on else None


def _differences(unit: Unit, kept: TreatmentPathDraft) -> list[dict[str, str]] | None:
    """What the draft does differently from the newest version; None while it cannot be walked."""
    newest = newest_path(unit, key=kept.key)
    try:
        return differences_of(newest.path, TreatmentPath.from_fields(kept.content)) if newest else []
    except BrokenPath:
        return None
