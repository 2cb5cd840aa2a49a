"""The page of whoever leads the team: the queues, who does how much, what may not wait, and giving cases.

Only an administrator comes in: how much a colleague does is between him and whoever leads him.
"""

from typing import Any
from uuid import UUID

from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from agency.desk.giving import give_cases, take_back
from agency.desk.models import WorkItem
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.money import Money
from agency.progress.team import Team, team_of
from agency.progress.worklist import WORK_ORDERS, open_work
from portal.collector.doors import claim_url, desk_page, lifting
from portal.collector.queue import work_row
from portal.collector.words import WORK
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut, Listing

_HOME = "/desk/team"
COLUMNS = (
    Column("debtor", N_("Debtor"), "link", sub="number", sort=True),
    Column("why", N_("Why"), "html"),
    Column("creditor", N_("Creditor"), phone=False),
    Column("principal", N_("Principal open"), "money", sort=True, phone=False),
    Column("urgency", N_("Since"), "html", sort=True),
)
TERMS = {
    "plan": N_("Plan to be answered"),
    "promise": N_("Promise falls due"),
    "hold": N_("Hold ends"),
    "answer": N_("Answer not read for two days"),
}
SECOND = {
    "waiver": (N_("Giving up a part of a claim"), "/finance/waivers"),
    "refund": (N_("Refunds"), ""),
    "payout": (N_("Payouts to creditors"), ""),
    "collection": (N_("Direct debits"), ""),
}


class GiveForm(FormModel):
    """Who gets the cases that were ticked."""

    to: UUID
    cases: list[str] | str = ""


@lifting.get("/team")
def team(request: Request, unit: StaffUnit) -> Response:
    """The queues, the colleagues, and the cases that can be given to one."""
    return _page(request, unit, blank())


@lifting.post("/team/cases")
def give(request: Request, unit: StaffUnit, fields: Fields) -> Response:
    """Give the cases that were ticked to a colleague."""
    form = submitted(GiveForm, fields)
    sent = fields.get("cases") or []
    ticked = [sent] if isinstance(sent, str) else list(sent)
    given = 0
    if not form.errors:
        with form.attempt(unit):
            given = give_cases(unit, cases=_cases(ticked), to=form.data.to)
    if form.errors:
        return _page(request, unit, form, status=422)
    if given < len(ticked):
        left = gettext("%(given)s given; %(left)s are done already or in somebody's hands.")
        return leave_for(_HOME, notice=left % {"given": given, "left": len(ticked) - given}, tone="warning")
    return leave_for(_HOME, notice=gettext("%(given)s cases given.") % {"given": given})


@lifting.post("/team/{user_id:uuid}/taking-back")
def free(unit: StaffUnit, user_id: UUID) -> Response:
    """Put everything that a colleague has back on the queue."""
    freed = take_back(unit, user_id=user_id)
    return leave_for(_HOME, notice=gettext("%(freed)s cases are back on the queue.") % {"freed": freed})


def _cases(ticked: list[str]) -> list[tuple[UUID, UUID]]:
    try:
        pairs = [one.partition(":") for one in ticked]
        return [(UUID(creditor_id), UUID(item_id)) for creditor_id, _, item_id in pairs]
    except ValueError as error:
        raise Invalid("choose cases of this list", field="cases") from error


def _page(request: Request, unit: Unit, form: Form[Any], *, status: int = 200) -> Response:
    listing = Listing.read(
        _HOME, request.query_params, sorts=tuple(WORK_ORDERS), default="urgency", filters=("q", "kind")
    )
    found = team_of(unit)
    return desk_page(
        request,
        "team.html",
        status=status,
        form=form,
        columns=COLUMNS,
        listing=listing,
        cut=_cut(unit, listing),
        kinds=[(kind, gettext(chip.label)) for kind, chip in WORK.items()],
        now=unit.now,
        **_rows(found),
    )


def _rows(found: Team) -> dict[str, Any]:
    return {
        "queues": [{**row._mapping, "chip": WORK[row.kind]} for row in found.queues],
        "people": found.collectors,
        "choices": [(str(row.id), row.name) for row in found.collectors if row.open],
        "broken": [
            {
                "href": claim_url(row.creditor_id, row.claim_id),
                "debtor": row.debtor,
                "number": row.number,
                "amount": Money(int(row.amount_minor), row.currency),
            }
            for row in found.broken
        ],
        "broken_total": found.broken[0].total if found.broken else 0,
        "terms": [
            {
                "href": claim_url(row.creditor_id, row.claim_id),
                "debtor": row.debtor,
                "number": row.number,
                "what": gettext(TERMS[row.what]),
                "term": row.term,
            }
            for row in found.terms
        ],
        "terms_total": found.terms[0].total if found.terms else 0,
        "second": [
            {"label": gettext(SECOND[row.what][0]), "href": SECOND[row.what][1], "waiting": row.waiting,
             "oldest": row.oldest} for row in found.second if row.waiting
        ],
    }  # fmt: skip


def _cut(unit: Unit, listing: Listing) -> Cut[dict[str, Any]]:
    kind, words = listing.filters.get("kind", ""), listing.filters.get("q", "")
    statement = open_work(unit, kind=kind if kind in WORK else "", words=words)
    statement = listing.apply(statement, columns=WORK_ORDERS, tie=col(WorkItem.id))
    rows = unit.session.connection().execute(statement).all()
    fields = {"debtor": "name_key", "principal": "open_minor"}
    cut = listing.cut(
        rows, position=lambda row: (getattr(row, fields.get(listing.sort, listing.sort)), row.item_id)
    )
    shown = [{**work_row(row, unit), "id": f"{row.creditor_id}:{row.item_id}"} for row in cut.rows]
    return Cut(shown, cut.next_url, cut.previous_url, cut.total)
