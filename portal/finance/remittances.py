"""Payouts: drafted by one person, approved by another, exported in one file, seen on the bank."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlmodel import select as select_models
from starlette.requests import Request
from starlette.responses import Response

from agency.banking.suspense_cases import finance_people
from agency.kernel.unit import Unit
from agency.money import Money
from agency.remittance.models import FeeInvoice, RemittanceRun
from agency.remittance.own_share import OWN, own_share
from agency.remittance.queries import RUNS as ALL_RUNS
from agency.remittance.queries import RunRow, on_its_way, read_run, run_row, runs_by_state
from agency.remittance.returned import put_forward_again
from agency.remittance.returned_care import ReturnedPayout, returned_payouts, see_to_returned
from agency.remittance.runs import (
    ToApprove,
    approve_all,
    approve_run,
    cancel_run,
    download_file,
    draft_own_run,
    draft_runs,
    to_approve,
)
from agency.remittance.stale_runs import waiting_stale
from agency.remittance.statement import StatementShare, direct_in_run, statement_shares
from agency.rules.trace import from_json
from portal.fee_invoices import facts_of_invoices
from portal.finance.doors import finance_page, names_of, routes
from portal.finance.order_files import FILES, PAYOUTS, order_files
from portal.finance.words import CANNOT_LEAVE, MODES, RUN_STATES
from portal.payout_statements import (
    FILE_HEADERS,
    PARTS,
    file_rows,
    mark_of,
    run_of,
    sums_of,
    taken_back_words,
)
from portal.payouts import export_payouts
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for
from portal.shared.filled_in import sentence
from portal.shared.forms import Fields, FormModel, blank, submitted
from portal.shared.i18n import N_, current_language, format_bps, format_day, gettext
from portal.shared.listing import Column, Cut, Listing
from portal.shared.spreadsheets import list_file

RUNS = (
    Column("creditor", N_("Creditor"), "link", sub="cutoff", sort=True),
    Column("state", N_("Status"), "chip"),
    Column("payments", N_("Payments"), "number", phone=False),
    Column("collected", N_("Collected"), "money", phone=False),
    Column("kept", N_("Fee with VAT"), "money", phone=False),
    Column("net", N_("To pay out"), "money", sort=True),
)
RUN_ORDERS = {
    "drafted_at": ALL_RUNS.c.drafted_at,
    "creditor": ALL_RUNS.c.name,
    "net": ALL_RUNS.c.net_minor,
}
RETURNED = (
    Column("creditor", N_("Creditor"), "link", sub="why"),
    Column("owner", N_("Handled by"), phone=False),
    Column("days", N_("Business days"), "number"),
    Column("amount", N_("To pay out"), "money"),
)
LINES = (
    Column("claim", N_("Claim"), sub="debtor"),
    Column("invoice", N_("Invoice"), phone=False),
    Column("on", N_("Value date"), "day", phone=False),
    Column("received", N_("Collected"), "money", sub="mark"),
    Column("kept", N_("Kept by contract"), "money", phone=False),
    Column("fee", N_("Fee"), "money", sub="rate", phone=False),
    Column("vat", N_("VAT"), "money", phone=False),
    Column("paid", N_("For the creditor"), "html"),
)
SHARES_MAX = 500


class CareForm(FormModel):
    """Who sees to a payout that came back, and until when."""

    owner_id: UUID
    due_on: date | None = None


class AgainForm(FormModel):
    """Whether the creditor confirmed an account that the bank refused."""

    account_confirmed: bool = False


class ApproveAllForm(FormModel):
    """What the page said that is approved: how many drafts, and the cents that they pay out together."""

    runs: int
    net_minor: int


class CancelForm(FormModel):
    """Why a run is cancelled."""

    why: str


@routes.get("/remittances")
def remittances(request: Request, unit: StaffUnit) -> Response:
    """Every run, and the payout files."""
    return _list_page(request, unit, blank())


@routes.post("/remittances")
def draft(request: Request, unit: StaffUnit) -> Response:
    """Draft a run for every creditor that has something coming."""
    form = blank()
    made: list[tuple[UUID, UUID]] = []
    with form.attempt(unit):
        made = draft_runs(unit, cutoff_on=unit.today)
    if form.errors:
        return _list_page(request, unit, form, status=409)
    notice = N_("Drafted. Another person approves.")
    if not made:
        notice = N_(
            "Nothing to draft today: nothing new came in, it is not the agreed day, or today's payout was"
            " made already."
        )
    return leave_for("/finance/remittances", notice=notice, tone="good" if made else "info")


@routes.post("/remittances/approval")
def approve_every(request: Request, unit: StaffUnit, fields: Fields) -> Response:
    """Approve all drafts of others that can leave, as the second person."""
    form = submitted(ApproveAllForm, fields)
    with form.attempt(unit):
        approve_all(unit, read=ToApprove(form.data.runs, Money(form.data.net_minor, "EUR")))
    if form.errors:
        return _list_page(request, unit, form, status=409)
    return leave_for("/finance/remittances", notice=N_("Approved."))


@routes.post("/remittances/own-share")
def draft_own(request: Request, unit: StaffUnit) -> Response:
    """Draft the payout of the agency's own share to its own account."""
    form = blank()
    made = None
    with form.attempt(unit):
        made = draft_own_run(unit)
    if form.errors:
        return _list_page(request, unit, form, status=409)
    notice = N_("Drafted. Another person approves.") if made else N_("Our share was drafted today already.")
    return leave_for("/finance/remittances", notice=notice, tone="good" if made else "info")


@routes.post("/remittances/files")
def export(request: Request, unit: StaffUnit, wiring: TheWiring) -> Response:
    """Put every approved run into one payout file."""
    form = blank()
    with form.attempt(unit):
        export_payouts(unit, settings=wiring.settings)
    if form.errors:
        return _list_page(request, unit, form, status=409)
    return leave_for("/finance/remittances", notice=N_("The payout file is ready to download."))


@routes.post("/remittances/files/{file_id:uuid}/download")
def download(unit: StaffUnit, file_id: UUID) -> Response:
    """The payout file as it was made; every download is counted."""
    name, content, downloads = download_file(unit, file_id=file_id)
    marked = name if downloads == 1 else name.replace(".xml", f"-copy-{downloads}.xml")
    return Response(
        content,
        media_type="application/xml",
        headers={"content-disposition": f'attachment; filename="{marked}"'},
    )


@routes.get("/remittances/{creditor_id:uuid}/{run_id:uuid}")
def remittance(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, run_id: UUID
) -> Response:
    """One payout, payment by payment."""
    return _run_page(request, unit, visitor.by, creditor_id, run_id, blank())


@routes.post("/remittances/{creditor_id:uuid}/{run_id:uuid}/approval")
def approve(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, run_id: UUID
) -> Response:
    """Approve, as the second person."""
    form = blank()
    with form.attempt(unit):
        approve_run(unit, creditor_id=creditor_id, run_id=run_id)
    if form.errors:
        return _run_page(request, unit, visitor.by, creditor_id, run_id, form, status=409)
    return leave_for("/finance/remittances", notice=N_("Approved."))


@routes.post("/remittances/{creditor_id:uuid}/{run_id:uuid}/cancellation")
def cancel(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    run_id: UUID,
    fields: Fields,
) -> Response:
    """Cancel a run that was not exported."""
    form = submitted(CancelForm, fields)
    with form.attempt(unit):
        cancel_run(unit, creditor_id=creditor_id, run_id=run_id, why=form.data.why)
    if form.errors:
        return _run_page(request, unit, visitor.by, creditor_id, run_id, form, status=409)
    return leave_for("/finance/remittances", notice=N_("Cancelled. Its payments wait for the next run."))


@routes.post("/remittances/{creditor_id:uuid}/{run_id:uuid}/again")
def again(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    run_id: UUID,
    fields: Fields,
) -> Response:
    """Put a payout that came back forward again, for another person's approval."""
    form = submitted(AgainForm, fields)
    with form.attempt(unit):
        put_forward_again(
            unit, creditor_id=creditor_id, run_id=run_id, account_confirmed=form.data.account_confirmed
        )
    if form.errors:
        return _run_page(request, unit, visitor.by, creditor_id, run_id, form, status=409)
    return leave_for("/finance/remittances", notice=N_("Put forward again. Another person approves."))


@routes.post("/remittances/{creditor_id:uuid}/{run_id:uuid}/care")
def care(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    run_id: UUID,
    fields: Fields,
) -> Response:
    """Say who sees to a payout that came back."""
    form = submitted(CareForm, fields)
    with form.attempt(unit):
        see_to_returned(
            unit,
            creditor_id=creditor_id,
            run_id=run_id,
            owner_id=form.data.owner_id,
            due_on=form.data.due_on,
        )
    if form.errors:
        return _run_page(request, unit, visitor.by, creditor_id, run_id, form, status=422)
    return leave_for(f"/finance/remittances/{creditor_id}/{run_id}", notice=N_("Kept."))


@routes.get("/remittances/{creditor_id:uuid}/{run_id:uuid}/statement.{kind}")
def statement_file(
    unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, run_id: UUID, kind: Literal["csv", "xlsx"]
) -> Response:
    """The payout's statement as a file."""
    run = run_of(unit, creditor_id=creditor_id, run_id=run_id)
    rows = file_rows(unit, run=run, language=visitor.language)
    return list_file(name=f"payout-{run.cutoff_on}", headers=FILE_HEADERS, rows=rows, kind=kind)


def run_rows(runs: Iterable[RunRow], *, stale: Collection[UUID]) -> list[dict[str, Any]]:
    """This function will describe runs for a list; `stale` are those that cannot leave as they stand."""
    return [
        {
            "href": f"/finance/remittances/{run.creditor_id}/{run.run_id}",
            "creditor": run.creditor,
            "cutoff": gettext("Our own share")
            if run.mode == OWN
            else gettext("Up to and including %(day)s") % {"day": format_day(run.cutoff_on)},
            "state": CANNOT_LEAVE if run.run_id in stale else RUN_STATES[run.state],
            "payments": run.payments,
            "collected": run.collected,
            "kept": run.fee + run.vat,
            "net": run.net,
        }
        for run in runs
    ]


def _list_page(request: Request, unit: Unit, form: Any, *, status: int = 200) -> Response:
    listing = Listing.read(
        "/finance/remittances", request.query_params, sorts=tuple(RUN_ORDERS), default="-drafted_at",
        filters=("q", "state"),
    )  # fmt: skip
    counted = runs_by_state(unit)
    returned = returned_payouts(unit)
    stale = waiting_stale(unit)
    return finance_page(
        request,
        "remittances.html",
        status=status,
        columns=RUNS,
        listing=listing,
        cut=_runs(unit, listing, stale),
        states=[(state, f"{gettext(RUN_STATES[state].label)} ({runs})") for state, runs in counted.items()],
        waiting=to_approve(unit, stale=stale),
        returned_columns=RETURNED,
        returned=Cut([_returned_row(one) for one in returned]),
        on_its_way=on_its_way(unit),
        own=own_share(unit),
        too_long=sum(one.too_long for one in returned),
        approved=counted.get("approved", 0),
        file_columns=FILES,
        files=order_files(unit, kind=PAYOUTS),
        form=form,
    )


def _runs(unit: Unit, listing: Listing, stale: Collection[UUID]) -> Cut[dict[str, Any]]:
    wanted = select(ALL_RUNS)
    if state := listing.filters.get("state"):
        wanted = wanted.where(ALL_RUNS.c.state == state)
    if words := listing.filters.get("q"):
        wanted = wanted.where(ALL_RUNS.c.name.icontains(words, autoescape=True))
    found = unit.session.connection().execute(listing.apply(wanted, columns=RUN_ORDERS, tie=ALL_RUNS.c.id))
    places = {"drafted_at": "drafted_at", "creditor": "name", "net": "net_minor"}
    cut = listing.cut(found.all(), position=lambda row: (getattr(row, places[listing.sort]), row.id))
    rows = run_rows([run_row(row) for row in cut.rows], stale=stale)
    return Cut(rows, cut.next_url, cut.previous_url)


def _run_page(
    request: Request,
    unit: Unit,
    by: str,
    creditor_id: UUID,
    run_id: UUID,
    form: Any,
    *,
    status: int = 200,
) -> Response:
    run = read_run(unit, creditor_id=creditor_id, run_id=run_id)
    stale = waiting_stale(unit).get(run_id)
    shares = list(statement_shares(unit, creditor_id=creditor_id, run_id=run_id, limit=SHARES_MAX))
    invoices = unit.session.exec(
        select_models(FeeInvoice).where(FeeInvoice.creditor_id == creditor_id, FeeInvoice.run_id == run_id)
    ).all()
    return finance_page(
        request,
        "remittance.html",
        status=status,
        run=run,
        chip=CANNOT_LEAVE if stale else RUN_STATES[run.state],
        stale=sentence(stale) if stale else None,
        mode=gettext(MODES[run.mode]),
        own=run.mode == OWN,
        mine=run.drafted_by == by,
        names=names_of(unit, [run.drafted_by, run.approved_by]),
        back=next((one for one in returned_payouts(unit) if one.run_id == run_id), None),
        people=[(str(user_id), name) for user_id, name in finance_people(unit)],
        first_day=unit.today.isoformat(),
        row=(row := unit.session.get_one(RemittanceRun, (creditor_id, run_id))),
        sums=sums_of(unit, row),
        direct=direct_in_run(unit, run=row),
        invoices=facts_of_invoices(unit, invoices),
        columns=LINES,
        cut=Cut([_line(share, current_language()) for share in shares]),
        more=run.payments > SHARES_MAX,
        shown=SHARES_MAX,
        form=form,
    )


def _returned_row(one: ReturnedPayout) -> dict[str, Any]:
    return {
        "href": f"/finance/remittances/{one.creditor_id}/{one.run_id}",
        "creditor": one.creditor,
        "why": one.why,
        "days": one.business_days,
        "owner": one.owner or gettext("Nobody yet"),
        "amount": one.amount,
    }


def _line(share: StatementShare, language: str) -> dict[str, Any]:
    return {
        "claim": share.claim_number,
        "debtor": share.debtor,
        "invoice": share.invoice or gettext(PARTS[share.part]),
        "on": share.value_on,
        "received": share.received,
        "kept": share.kept,
        "rate": format_bps(share.fee_bps),
        "fee": share.fee,
        "vat": share.vat,
        "paid": share.paid,
        "mark": mark_of(share, direct=gettext(N_("paid directly"))),
        "back": taken_back_words(share, language) if share.kind == "reversal" else "",
        "why": from_json(share.trace),
    }
