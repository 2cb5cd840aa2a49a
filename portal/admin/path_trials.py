"""Trying a draft on the live portfolio: asked for, followed while it runs, cancelled, and read."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.errors import AgencyError
from agency.kernel.tryouts import content_sha256
from agency.kernel.unit import Unit
from agency.money import Money
from agency.treatment.drafting import PATH_DRAFTS, UnfitPath, draft_path
from agency.treatment.models import PathTrial, TreatmentPathDraft
from agency.treatment.paths import newest_path
from agency.treatment.trying import PATH_TRYOUTS, ask_trial
from portal.admin.path_words import PHASES, path_name, refusal_words, step_name, still_words
from portal.admin.paths import routes
from portal.shared.audience import StaffUnit, leave_for, show
from portal.shared.charts import Point, chart
from portal.shared.i18n import N_, format_day, format_number, gettext
from portal.shared.listing import Column, Cut
from portal.shared.words import CHANNELS

REFUSED = (
    Column("step", N_("Step"), sub="channel"),
    Column("reason", N_("Reason")),
    Column("old", N_("Now"), "number"),
    Column("new", N_("Then"), "number"),
)
DAYS = (
    Column("day", N_("Day"), "day"),
    *(Column(channel, words, "number") for channel, words in CHANNELS.items()),
    Column("all", N_("Then"), "number"),
    Column("before", N_("Now"), "number"),
)


@routes.get("/drafts/{draft_id:uuid}/trial")
def trial(request: Request, unit: StaffUnit, draft_id: UUID) -> HTMLResponse:
    """The last try-out of a draft: how far it is, or what it found."""
    return _page(request, unit, PATH_DRAFTS.find(unit, draft_id=draft_id))


@routes.post("/drafts/{draft_id:uuid}/trial")
def start(request: Request, unit: StaffUnit, draft_id: UUID) -> Response:
    """Have the draft tried on every claim of its path."""
    try:
        with unit.session.begin_nested():
            ask_trial(unit, draft_id=draft_id)
    except UnfitPath as refusal:
        unit.session.expire_all()
        return _page(request, unit, PATH_DRAFTS.find(unit, draft_id=draft_id), error=refusal, status=422)
    return leave_for(f"/admin/paths/drafts/{draft_id}/trial")


@routes.post("/drafts/{draft_id:uuid}/trial/cancellation")
def cancel(unit: StaffUnit, draft_id: UUID) -> Response:
    """End a try-out that still runs."""
    PATH_TRYOUTS.cancel(unit, draft_id=draft_id)
    return leave_for(f"/admin/paths/drafts/{draft_id}/trial", notice=N_("The try-out was cancelled."))


def _page(
    request: Request,
    unit: Unit,
    draft: TreatmentPathDraft,
    *,
    error: AgencyError | None = None,
    status: int = 200,
) -> HTMLResponse:
    found = PATH_TRYOUTS.latest(unit, draft_id=draft.id)
    content = draft.content
    values: dict[str, Any] = {
        "draft": draft,
        "name": path_name(
            draft.key,
            content["law"],
            content["debtors"],
            content.get("signature", "either"),
            content.get("name", ""),
        ),
        "trial": found,
        "result": None,
        "outdated": found is not None and found.content_sha256 != content_sha256(draft),
        "error": error.message if error else "",
    }
    if found is not None and found.state == "done":
        values |= _in_words(unit, draft, found)
    return show(request, "admin/path_trial.html", values, status=status)


def _in_words(unit: Unit, draft: TreatmentPathDraft, trial: PathTrial) -> dict[str, Any]:
    result: Mapping[str, Any] = trial.result
    names = _step_names(unit, draft)
    first = date.fromisoformat(result["from"])
    days = [first + timedelta(days=ahead) for ahead in range(result["days"])]
    return {
        "result": result,
        "old": _side(result["old"], result["currency"]),
        "new": _side(result["new"], result["currency"]),
        "chart": _chart(result["new"], days),
        "days": DAYS,
        "days_cut": Cut([_day(result, day) for day in days]),
        "refused": REFUSED,
        "refused_cut": Cut(_refused(result, names)),
        "still": [(still_words(reason), format_number(n)) for reason, n in result["still"].items()],
        "phases": _phases(result),
        "channels": [
            (
                gettext(words),
                format_number(result["old"]["channels"].get(channel, 0)),
                format_number(result["new"]["channels"].get(channel, 0)),
            )
            for channel, words in CHANNELS.items()
        ],
    }


def _step_names(unit: Unit, draft: TreatmentPathDraft) -> dict[str, str]:
    newest = newest_path(unit, key=draft.key)
    steps = [*(newest.path.steps if newest else ()), *draft_path(draft.content).steps]
    return {step.key: step_name(step) for step in steps}


def _side(side: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {
        "messages": sum(side["channels"].values()),
        "cost": Money(side["cost"], currency),
        "expected": Money(side["expected"], currency),
        "refused": sum(row[3] for row in side["refused"]),
    }


def _day(result: Mapping[str, Any], day: date) -> dict[str, Any]:
    new = result["new"]["days"].get(day.isoformat(), {})
    old = result["old"]["days"].get(day.isoformat(), {})
    counted = {channel: new.get(channel, 0) for channel in CHANNELS}
    return {"day": day, **counted, "all": sum(new.values()), "before": sum(old.values())}


def _refused(result: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    counted: dict[tuple[str, str, str], list[int]] = {}
    for place, side in enumerate(("old", "new")):
        for step, channel, reason, n in result[side]["refused"]:
            counted.setdefault((step, channel, reason), [0, 0])[place] = n
    return [
        {
            "step": names.get(step, step), "channel": gettext(CHANNELS.get(channel, channel)),
            "reason": refusal_words(reason), "old": old, "new": new,
        }
        for (step, channel, reason), (old, new) in counted.items()
    ]  # fmt: skip


def _phases(result: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    names = {"none": N_("Nothing sent yet"), **PHASES}
    old, new = result["old"]["phases"], result["new"]["phases"]
    return [
        (gettext(words), format_number(old.get(phase, 0)), format_number(new.get(phase, 0)))
        for phase, words in names.items()
        if phase in old or phase in new
    ]


def _chart(side: Mapping[str, Any], days: list[date]) -> Any:
    counted = [sum(side["days"].get(day.isoformat(), {}).values()) for day in days]
    return chart(
        title=gettext("Messages, calls and visits per day"),
        points=[
            Point(format_day(day, "d MMM"), n, format_number(n)) for day, n in zip(days, counted, strict=True)
        ],
        write=format_number,
    )
