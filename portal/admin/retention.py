"""Keeping and erasing: what falls due when and why, the lists that two people decide on, and certificates."""

import csv
import io
from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Path
from pydantic import Field
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.privacy.erasing_run import certificate_bytes
from agency.privacy.jobs import erase_later
from agency.privacy.models import ErasureItem, ErasureRun, ItemState, RunState
from agency.privacy.persons_requests import open_requests
from agency.privacy.runs import (
    OPEN,
    KindStanding,
    approve_run,
    ask_run,
    house_country,
    items_of,
    kinds_over,
    months_ahead,
    propose_run,
    run_of,
    runs,
    stop_run,
)
from agency.privacy.standing_of_claims import claims_over
from agency.rules.explain import explain
from agency.rules.retention import ANY, Kind, Verdict, decide, run_rules, terms_of
from agency.rules.trace import from_json
from agency.rules.words import term_of
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for, router, show
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, current_language, format_day, gettext
from portal.shared.listing import Chip, Column, Cut
from portal.shared.second_look import look_again

routes = router(audience="admin", roles={"admin"}, prefix="/admin/retention")
BASE: Final = "/admin/retention"
SHOWN_MAX: Final = 200
RunId = Annotated[UUID, Path(alias="run_id")]
COUNTRIES: Mapping[str, str] = {
    "nl": N_("Netherlands"), "be": N_("Belgium"), "de": N_("Germany"), "uk": N_("United Kingdom"),
    "any": N_("everywhere"),
}  # fmt: skip
RUN_STATES: Mapping[RunState, Chip] = {
    RunState.PROPOSED: Chip(N_("Proposed"), "info"),
    RunState.ASKED: Chip(N_("Waits for a second person"), "warning"),
    RunState.RUNNING: Chip(N_("Being erased"), "info"),
    RunState.DONE: Chip(N_("Erased"), "good"),
    RunState.REFUSED: Chip(N_("Refused"), "calm"),
    RunState.CANCELLED: Chip(N_("Cancelled"), "calm"),
    RunState.OVERTAKEN: Chip(N_("Replaced by a newer list"), "calm"),
}
ITEM_STATES: Mapping[ItemState, Chip] = {
    ItemState.PENDING: Chip(N_("Waits"), "neutral"),
    ItemState.DONE: Chip(N_("Erased"), "good"),
    ItemState.SKIPPED: Chip(N_("Kept"), "warning"),
}
RUNS = (
    Column("as_of", N_("List of"), "link"),
    Column("state", N_("State"), "chip"),
    Column("items", N_("Things"), "number"),
    Column("done", N_("Erased"), "number", phone=False),
    Column("skipped", N_("Kept"), "number", phone=False),
)
ITEMS = (
    Column("label", N_("What"), sub="creditor"),
    Column("due_on", N_("Due since"), "day", phone=False),
    Column("state", N_("State"), "chip"),
    Column("why", N_("Why"), "html"),
)
MONTHS = (
    Column("month", N_("Month")),
    Column("files", N_("Files of claims"), "number"),
    Column("unaccepted", N_("Never accepted"), "number"),
)
KINDS = (
    Column("kind", N_("Kind")),
    Column("border", N_("Up to"), "day", phone=False),
    Column("rows", N_("Rows due"), "number"),
)
HELD = (
    Column("number", N_("Claim"), "link", sub="creditor"),
    Column("why", N_("What stands in the way"), "html"),
)
TERMS = (
    Column("kind", N_("Kind"), sub="country"),
    Column("months", N_("Months"), "number"),
    Column("source", N_("Source"), "html"),
)
REQUESTS = (
    Column("kind", N_("Request"), "link"),
    Column("received_on", N_("Received"), "day", phone=False),
    Column("answer_by", N_("Answer by"), "day"),
)
REQUEST_KINDS: Mapping[str, str] = {
    "access": N_("To see what is kept"),
    "erasure": N_("To be erased"),
}
# Refusals of the use cases that administrators read.
REFUSALS = (
    N_("this run is not a proposal any more; look at it again"),
    N_("this run does not wait for approval any more; look at it again"),
    N_("somebody else than who asked approves it"),
    N_("say why"),
    N_("this was erased when its time was over"),
)


class ApproveForm(FormModel):
    """The code that the second person's phone shows now."""

    code: str = Field(min_length=1, max_length=20)


class StopForm(FormModel):
    """Why a list is refused or a run cancelled."""

    why: str = Field(default="", max_length=500)


@routes.get("")
def retention(request: Request, unit: StaffUnit) -> HTMLResponse:
    """What falls due when, what is held by what, the lists, the terms and what persons asked."""
    unit.allow_long_statements(1)
    on = unit.today
    over = claims_over(unit, on=on, limit=run_rules(on=on).claims_max)
    held = [one for one in over if one.decision.verdict is Verdict.HELD]
    months = months_ahead(unit, on=on)
    kinds = kinds_over(unit, on=on)
    listed = runs(unit)
    values = {
        "due": len(over) - len(held),
        "held": len(held),
        "rows_due": sum(one.rows for one in kinds),
        "may_list": not any(one.state in (RunState.ASKED, RunState.RUNNING) for one in listed),
        "runs": Cut([_run_row(one) for one in listed]),
        "run_columns": RUNS,
        "months": Cut([_month(day, counts) for day, counts in months.items()]),
        "month_columns": MONTHS,
        "kinds": Cut([_kind(one) for one in kinds]),
        "kind_columns": KINDS,
        "held_rows": Cut([_held(one) for one in held[:SHOWN_MAX]]),
        "held_columns": HELD,
        "terms": Cut(_terms(unit)),
        "term_columns": TERMS,
        "requests": Cut([_request(one) for one in open_requests(unit)]),
        "request_columns": REQUESTS,
        "running": any(one.state is RunState.RUNNING for one in listed),
    }
    return show(request, "admin/retention.html", values)


@routes.post("/runs")
def list_now(unit: StaffUnit) -> Response:
    """List what is due now, without waiting for the night."""
    run_id = propose_run(unit)
    if run_id is None:
        return leave_for(BASE, notice=N_("Nothing is due, or a list waits for a decision already."))
    return leave_for(f"{BASE}/runs/{run_id}", notice=N_("This is what is due today. Nothing is erased yet."))


@routes.get("/runs/{run_id}")
def one_run(request: Request, unit: StaffUnit, visitor: TheVisitor, run_id: RunId) -> HTMLResponse:
    """One list: what is in it and why, how far it is, and the certificate."""
    return _page(request, unit, visitor.user_id, run_id)


@routes.get("/runs/{run_id}/list.csv")
def download_list(unit: StaffUnit, run_id: RunId) -> Response:
    """The whole list with its reasons, as a table."""
    run = run_of(unit, run_id=run_id)
    written = io.StringIO()
    table = csv.writer(written, delimiter=";")
    table.writerow([gettext(one.label) for one in ITEMS[:1]] + [
        gettext(N_("Creditor")), gettext(N_("Due since")), gettext(N_("State")), gettext(N_("Why"))
    ])  # fmt: skip
    for one in _item_rows(unit, items_of(unit, run_id=run_id)):
        chip: Chip = one["state"]
        state = gettext(chip.label)
        table.writerow([one["label"], one["creditor"], one["due_on"], state, " ".join(one["why"])])
    return Response(
        written.getvalue().encode("utf-8-sig"),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="erasing-{run.as_of}.csv"'},
    )


@routes.get("/runs/{run_id}/certificate.json")
def certificate(unit: StaffUnit, run_id: RunId) -> Response:
    """What was erased, when, by which rule and in which numbers; its hash stands in the audit log."""
    run = run_of(unit, run_id=run_id)
    if run.sha256 is None:
        raise NotFound("no such run")
    return Response(
        certificate_bytes(run.certificate),
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="erased-{run.as_of}.json"'},
    )


@routes.post("/runs/{run_id}/request")
def ask(request: Request, unit: StaffUnit, visitor: TheVisitor, run_id: RunId, fields: Fields) -> Response:
    """Ask a second person to approve the list."""
    form = submitted(StopForm, fields)
    with form.attempt(unit):
        ask_run(unit, run_id=run_id)
    if form.errors:
        return _page(request, unit, visitor.user_id, run_id, stop=form)
    return leave_for(f"{BASE}/runs/{run_id}", notice=N_("Another administrator can approve it now."))


@routes.post("/runs/{run_id}/approval")
def approve(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    run_id: RunId,
    fields: Fields,
) -> Response:
    """Approve as a second person, with a fresh code; a worker erases."""
    form = submitted(ApproveForm, fields)
    with form.attempt(unit):
        code = form.data.code
        begins = approve_run(unit, run_id=run_id)
        if begins:
            look_again(unit, wiring, visitor, code=code)
            erase_later(unit, run_id=run_id)
    if form.errors:
        return _page(request, unit, visitor.user_id, run_id, approval=form)
    return leave_for(f"{BASE}/runs/{run_id}", notice=N_("It is being erased; it shows here."))


@routes.post("/runs/{run_id}/stop")
def stop(request: Request, unit: StaffUnit, visitor: TheVisitor, run_id: RunId, fields: Fields) -> Response:
    """Refuse a list, or cancel a run after its present item."""
    form = submitted(StopForm, fields)
    with form.attempt(unit):
        stop_run(unit, run_id=run_id, why=form.data.why)
    if form.errors:
        return _page(request, unit, visitor.user_id, run_id, stop=form)
    return leave_for(f"{BASE}/runs/{run_id}", notice=N_("It was stopped. What was erased stays erased."))


def _page(
    request: Request,
    unit: Unit,
    user_id: UUID,
    run_id: UUID,
    *,
    approval: Form[Any] | None = None,
    stop: Form[Any] | None = None,
) -> HTMLResponse:
    run = run_of(unit, run_id=run_id)
    items = items_of(unit, run_id=run_id)
    people = [run.asked_by, run.approved_by, run.ended_by]
    found = unit.session.connection().execute(
        text("SELECT 'user:' || id AS by, name FROM user_account WHERE 'user:' || id = ANY(:by)"),
        {"by": [one for one in people if one]},
    )
    names = {one.by: one.name for one in found}
    values = {
        "run": run,
        "chip": RUN_STATES[run.state],
        "url": f"{BASE}/runs/{run_id}",
        "open": run.state in OPEN,
        "mine": run.asked_by == f"user:{user_id}",
        "percent": (run.done + run.skipped) * 100 // run.items if run.items else 100,
        "names": names,
        "items": Cut(_item_rows(unit, items[:SHOWN_MAX]), total=len(items)),
        "columns": ITEMS,
        "more": max(0, len(items) - SHOWN_MAX),
        "approval": approval or blank(),
        "stop": stop or blank(),
    }
    failed = any(form is not None and form.errors for form in (approval, stop))
    return show(request, "admin/erasure_run.html", values, status=422 if failed else 200)


def kind_words(kind: str) -> str:
    """This function will return what people read for a kind of data, in the reader's language."""
    return (term_of(kind, current_language()) or kind).capitalize()


def reasons(trace: list[Any]) -> list[str]:
    """This function will return a kept trace in words, a sentence for each line."""
    words = [line.words for line in explain(from_json(trace), current_language())]
    return [one[:1].upper() + one[1:] for one in words]


def _item_rows(unit: Unit, items: Any) -> list[dict[str, Any]]:
    creditors = {
        row.id: row.name for row in unit.session.connection().execute(text("SELECT id, name FROM creditor"))
    }
    return [_item(one, creditors) for one in items]


def _item(one: ErasureItem, creditors: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "id": one.place,
        "label": kind_words(one.kind) if one.claim_id is None else one.label,
        "creditor": creditors.get(one.creditor_id, "") if one.creditor_id else "",
        "due_on": one.due_on,
        "state": ITEM_STATES[one.state],
        "why": reasons(one.why or one.trace),
    }


def _run_row(one: ErasureRun) -> dict[str, Any]:
    return {
        "id": one.id, "href": f"{BASE}/runs/{one.id}", "as_of": format_day(one.as_of),
        "state": RUN_STATES[one.state], "items": one.items, "done": one.done, "skipped": one.skipped,
    }  # fmt: skip


def _month(day: Any, counts: Mapping[Kind, int]) -> dict[str, Any]:
    return {
        "id": day.isoformat(), "month": format_day(day, "MMMM y"), "files": counts.get(Kind.CLAIM_FILE, 0),
        "unaccepted": counts.get(Kind.UNACCEPTED_CLAIM, 0),
    }  # fmt: skip


def _kind(one: KindStanding) -> dict[str, Any]:
    return {"id": one.kind.value, "kind": kind_words(one.kind), "border": one.border, "rows": one.rows}


def _held(one: Any) -> dict[str, Any]:
    lines = [line for line in one.decision.trace if line.outcome.startswith("retention.held_")]
    return {
        "id": one.claim_id,
        "href": f"/desk/debtors/{one.creditor_id}/{one.debtor_id}",
        "number": one.number,
        "creditor": one.creditor,
        "why": [line.words for line in explain(lines, current_language())],
    }


def _terms(unit: Unit) -> list[dict[str, Any]]:
    """Every term in force: per kind under each law that has its own."""
    found = []
    for kind in Kind:
        for country in _countries(unit, kind):
            terms = terms_of(kind=kind, country=country, on=unit.today)
            decided = decide(kind=kind, country=country, begun=unit.today, on=unit.today)
            said = explain(decided.trace, current_language())
            found += [
                {
                    "id": f"{kind}-{country}-{term.key}",
                    "kind": kind_words(kind),
                    "country": gettext(COUNTRIES.get(country, COUNTRIES[ANY])),
                    "months": term.months,
                    "source": line.source,
                }
                for term, line in zip(terms, said, strict=True)
            ]
    return found


def _countries(unit: Unit, kind: Kind) -> tuple[str, ...]:
    if kind is Kind.BOOKS:
        return (house_country(unit),)
    return ("nl", "be", "de", "uk") if kind is Kind.CLAIM_FILE else (ANY,)


def _request(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "href": f"/desk/debtors/{one.creditor_id}/{one.debtor_id}",
        "kind": gettext(REQUEST_KINDS[one.kind]),
        "received_on": one.received_on,
        "answer_by": one.answer_by,
    }
