"""Experiments with ways of contact: what runs, what came of it with its interval, starting and stopping."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import Field
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.unit import Unit
from agency.rules.experiment import HOLDOUT, Share, surely_best
from agency.rules.facts import Channel
from agency.treatment.experiments import (
    TEXTS,
    WAYS,
    GroupResult,
    results_of,
    start_experiment,
    stop_experiment,
)
from agency.treatment.models import Experiment
from portal.shared.audience import StaffUnit, leave_for, router, show
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, format_percent, gettext
from portal.shared.listing import Chip, Column, Cut

routes = router(audience="admin", roles={"admin"}, prefix="/admin/experiments")
ExperimentId = Annotated[UUID, Path(alias="experiment_id")]

WAY_WORDS = {Channel.email: N_("E-mail"), Channel.sms: N_("Text message"), Channel.letter: N_("Letter")}
TEXT_WORDS = {
    "reminder_1": N_("First reminder"),
    "reminder_2": N_("Second reminder"),
    "final_notice": N_("Final notice"),
}
RUNS, STOPPED = Chip(N_("Running"), "good"), Chip(N_("Stopped"), "neutral")
_SHOWN_MAX = 50
COLUMNS = (
    Column("group", N_("Group")),
    Column("claims", N_("Claims"), "number"),
    Column("judged", N_("Days over"), "number"),
    Column("answered", N_("Paid something"), "number"),
    Column("share", N_("Share")),
    Column("between", N_("True share, 95 times in 100")),
)


class ExperimentForm(FormModel):
    """A new experiment."""

    name: str = Field(min_length=3, max_length=100)
    template: str
    arms: list[Channel] = Field(min_length=2)
    holdout_percent: int = Field(ge=1, le=99)
    answer_days: int = Field(ge=1, le=90)


class StopForm(FormModel):
    """Why an experiment ends."""

    why: str = Field(min_length=3, max_length=300)


@routes.get("")
def experiments(request: Request, unit: StaffUnit) -> HTMLResponse:
    """Every experiment with its results, and the form for another."""
    return _page(request, unit, blank(holdout_percent=20, answer_days=14, arms=[]))


@routes.post("")
def begin(request: Request, unit: StaffUnit, fields: Fields) -> Response:
    """A new experiment; it runs from the planner's next turn on."""
    if isinstance(fields.get("arms"), str):
        fields["arms"] = [fields["arms"]]
    form = submitted(ExperimentForm, fields)
    with form.attempt(unit):
        data = form.data
        start_experiment(
            unit,
            name=data.name,
            template=data.template,
            arms=data.arms,
            holdout_percent=data.holdout_percent,
            answer_days=data.answer_days,
        )
    if form.errors:
        return _page(request, unit, form)
    return leave_for("/admin/experiments", notice=N_("The experiment runs."))


@routes.post("/{experiment_id}/stop")
def stop(request: Request, unit: StaffUnit, experiment_id: ExperimentId, fields: Fields) -> Response:
    """Stop an experiment; its groups and results are kept."""
    form = submitted(StopForm, fields)
    with form.attempt(unit):
        stop_experiment(unit, experiment_id=experiment_id, why=form.data.why)
    if form.errors:
        usual = blank(holdout_percent=20, answer_days=14, arms=[])
        return _page(request, unit, usual, stopping=(experiment_id, form))
    return leave_for("/admin/experiments", notice=N_("The experiment is stopped; every claim goes as ever."))


def _page(
    request: Request, unit: Unit, form: Form[Any], *, stopping: tuple[UUID, Form[Any]] | None = None
) -> HTMLResponse:
    newest = select(Experiment).order_by(
        col(Experiment.stopped_at).is_not(None), col(Experiment.created_at).desc()
    )
    results = [(one, results_of(unit, one)) for one in unit.session.exec(newest.limit(_SHOWN_MAX))]
    found = [
        {
            "id": one.id,
            "name": one.name,
            "text": gettext(TEXT_WORDS.get(one.template, one.template)),
            "chip": STOPPED if one.stopped_at else RUNS,
            "running": one.stopped_at is None,
            "since": one.created_at,
            "stopped_at": one.stopped_at,
            "why": one.stopped_why,
            "days": one.answer_days,
            "cut": Cut([_row(group) for group in groups]),
            "learnt": _learnt(groups),
            "stop": stopping[1] if stopping and stopping[0] == one.id else blank(),
        }
        for one, groups in results
    ]
    values = {
        "form": form,
        "experiments": found,
        "columns": COLUMNS,
        "texts": [(key, gettext(TEXT_WORDS[key])) for key in TEXTS],
        "ways": [(way.value, WAY_WORDS[way], "") for way in WAYS],
    }
    return show(request, "admin/experiments.html", values, status=422 if form.errors or stopping else 200)


def _way(group: str) -> str:
    return gettext(N_("As ever")) if group == HOLDOUT else gettext(WAY_WORDS[Channel(group)])


def _learnt(groups: Sequence[GroupResult]) -> tuple[str, str] | None:
    """What an experiment tells so far, with its tone; None before any group has a result."""
    if not any(group.judged for group in groups):
        return None
    best = surely_best({group.group: group.share for group in groups})
    if best is None:
        return gettext(N_("No way is surely better than the others yet.")), "info"
    if best == HOLDOUT:
        return gettext(N_("As ever is surely best: leave the step as it is.")), "good"
    told = gettext(N_("%(way)s is surely best. To go on so, change how the step goes in the paths."))
    return told % {"way": _way(best)}, "good"


def _row(group: GroupResult) -> dict[str, Any]:
    share: Share | None = group.share
    return {
        "group": _way(group.group),
        "claims": group.claims,
        "judged": group.judged,
        "answered": group.answered,
        "share": format_percent(100 * share.share) if share else "–",
        "between": f"{format_percent(100 * share.low)} – {format_percent(100 * share.high)}"
        if share
        else "–",
    }
