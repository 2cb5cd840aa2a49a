"""Print batches: what was handed to the printer together, what both sides counted, and what differs."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.communication.jobs import print_letters
from agency.communication.print_batches.deciding import settle_batch, take_back
from agency.communication.print_batches.models import PrintBatchLetter, PrintBatchRow, PrintState
from agency.communication.print_batches.queries import (
    BATCH_ORDERS,
    LETTER_ORDERS,
    ON_THE_WAY,
    batch_of,
    batches,
    count_by_state,
    letters_not_posted,
    letters_of,
    letters_waiting,
)
from agency.kernel.errors import AgencyError, NotFound
from agency.kernel.outbox import enqueue
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import Creditor
from agency.rules.print_batch import COUNTED, MailClass
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for, router, show
from portal.shared.filled_in import sentence
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, format_money, format_number, gettext, ngettext
from portal.shared.listing import Chip, Column, Cut, Listing

routes = router(audience="admin", roles={"admin"}, prefix="/admin/print-batches")
BASE = "/admin/print-batches"
CreditorId = Annotated[UUID, Path(alias="creditor_id")]
BatchId = Annotated[UUID, Path(alias="batch_id")]
ONE = "/{creditor_id}/{batch_id}"

STATES: dict[str, Chip] = {
    PrintState.RESERVED: Chip(N_("Being handed over"), "info"),
    PrintState.UNKNOWN: Chip(N_("Asked after"), "warning"),
    PrintState.ON_PRESS: Chip(N_("At the printer"), "info"),
    PrintState.PRINTED: Chip(N_("Printed"), "info"),
    PrintState.POSTED: Chip(N_("Posted"), "good"),
    PrintState.BLOCKED: Chip(N_("Blocked: counted otherwise"), "bad"),
    PrintState.SETTLED: Chip(N_("Settled"), "neutral"),
    PrintState.CANCELLED: Chip(N_("Taken back, never printed"), "neutral"),
}
TOTALS = {
    "letters": N_("Letters"), "pages": N_("Pages"), "sheets": N_("Sheets"),
    "amount_minor": N_("Sum of amounts"), "files_sha256": N_("List of files"),
}  # fmt: skip
STAGES = {
    "taken": N_("when the printer took it in"), "printed": N_("when it was printed"),
    "posted": N_("when it was posted"), "returned": N_("among what came back"),
}  # fmt: skip
CLASSES = {MailClass.PLAIN: N_("Plain post"), MailClass.REGISTERED: N_("Registered post")}
VIEWS = {"blocked": (PrintState.BLOCKED,), "way": ON_THE_WAY}
COLUMNS = (
    Column("creditor", N_("Brand"), "link", sub="how"),
    Column("state", N_("State"), "chip"),
    Column("letters", N_("Letters"), "number"),
    Column("pages", N_("Pages"), "number", phone=False),
    Column("sheets", N_("Sheets"), "number", phone=False),
    Column("amount", N_("Sum of amounts"), "money", phone=False),
    Column("reserved_at", N_("Handed over"), "moment", sort=True),
)
LETTERS = (
    Column("to", N_("To"), sort=True),
    Column("state", N_("State"), "chip"),
    Column("pages", N_("Pages"), "number"),
    Column("amount", N_("Amount"), "money", phone=False),
    Column("posted_at", N_("Posted"), "moment"),
)
LETTER_STATES = {
    "sent": Chip(N_("Handed over"), "info"), "delivered": Chip(N_("Delivered"), "good"),
    "bounced": Chip(N_("Came back"), "bad"), "failed": Chip(N_("Failed"), "bad"),
    "unknown": Chip(N_("Waits for this batch"), "warning"), "queued": Chip(N_("Waits again"), "neutral"),
    "sending": Chip(N_("Being handed over"), "info"), "refused": Chip(N_("Stopped by the law"), "neutral"),
    "cancelled": Chip(N_("Cancelled"), "neutral"), "opened": Chip(N_("Delivered"), "good"),
}  # fmt: skip
FREED, POSTED = Chip(N_("Travels in another batch"), "neutral"), Chip(N_("Posted"), "good")


NOT_POSTED_SHOWN = 500


class SettleForm(FormModel):
    """What was found out about a batch that was printed otherwise than we counted."""

    remark: str = Field(min_length=3, max_length=500)
    lost: list[UUID] = Field(default=[], max_length=NOT_POSTED_SHOWN)


@routes.get("")
def print_batches(request: Request, unit: StaffUnit) -> HTMLResponse:
    """Every batch, the newest first; those with a difference have a view of their own."""
    listing = Listing.read(
        BASE, request.query_params, sorts=tuple(BATCH_ORDERS), default="-reserved_at", filters=("q", "view")
    )
    view = listing.filters.get("view", "")
    statement = batches(words=listing.filters.get("q", ""), states=VIEWS.get(view, ()))
    statement = listing.apply(statement, columns=BATCH_ORDERS, tie=col(PrintBatchRow.id))
    rows = unit.session.connection().execute(statement).all()
    cut = listing.cut(rows, position=lambda row: (row.reserved_at, row.id))
    counts = count_by_state(unit)
    values = {
        "columns": COLUMNS,
        "listing": listing,
        "cut": Cut([_row(row) for row in cut.rows], cut.next_url, cut.previous_url),
        "tabs": [
            _tab(N_("All"), "", view, None),
            _tab(N_("Counted otherwise"), "blocked", view, counts.get(PrintState.BLOCKED, 0)),
            _tab(N_("On their way"), "way", view, sum(counts.get(state, 0) for state in ON_THE_WAY)),
        ],
        "waiting": letters_waiting(unit),
    }
    return show(request, "admin/print_batches.html", values)


@routes.post("/run")
def run(unit: StaffUnit) -> Response:
    """Gather the letters that wait now, without waiting for the next run."""
    enqueue(unit, print_letters)
    return leave_for(BASE, notice=N_("The letters are being gathered."))


@routes.get(ONE)
def one_batch(request: Request, unit: StaffUnit, creditor_id: CreditorId, batch_id: BatchId) -> HTMLResponse:
    """One batch: the totals side by side, what differs, and its letters."""
    return _show(request, unit, creditor_id, batch_id, blank())


@routes.post(ONE + "/take-back")
def back(wiring: TheWiring, visitor: TheVisitor, creditor_id: CreditorId, batch_id: BatchId) -> Response:
    """Take a blocked batch back from the printer: its letters pass the gate anew."""
    try:
        letters = take_back(
            wiring.units, ports=wiring.ports, by=visitor.by, creditor_id=creditor_id, batch_id=batch_id
        )
    except NotFound:
        raise
    except AgencyError as refusal:
        return leave_for(f"{BASE}/{creditor_id}/{batch_id}", notice=sentence(refusal.message), tone="bad")
    notice = gettext("Taken back. %(count)s letters wait for the next print run.") % {"count": letters}
    return leave_for(f"{BASE}/{creditor_id}/{batch_id}", notice=notice)


@routes.post(ONE + "/settle")
def settle(
    request: Request, unit: StaffUnit, fields: Fields, creditor_id: CreditorId, batch_id: BatchId
) -> Response:
    """Close the differences of a printed batch with what was found out."""
    if isinstance(fields.get("lost"), str):
        fields["lost"] = [fields["lost"]]
    form = submitted(SettleForm, fields)
    again = 0
    with form.attempt(unit):
        again = settle_batch(
            unit, creditor_id=creditor_id, batch_id=batch_id, remark=form.data.remark, lost=form.data.lost
        )
    if form.errors:
        return _show(request, unit, creditor_id, batch_id, form)
    notice = gettext(N_("The batch is settled."))
    if again:
        written = ngettext("%(num)s letter is written again.", "%(num)s letters are written again.", again)
        notice = f"{notice} {written % {'num': again}}"
    return leave_for(f"{BASE}/{creditor_id}/{batch_id}", notice=notice)


def _show(request: Request, unit: Unit, creditor_id: UUID, batch_id: UUID, form: Form[Any]) -> HTMLResponse:
    batch = batch_of(unit, creditor_id=creditor_id, batch_id=batch_id)
    listing = Listing.read(
        f"{BASE}/{creditor_id}/{batch_id}", request.query_params, sorts=tuple(LETTER_ORDERS), default="debtor"
    )
    statement = listing.apply(
        letters_of(creditor_id=creditor_id, batch_id=batch_id),
        columns=LETTER_ORDERS, tie=col(PrintBatchLetter.id),
    )  # fmt: skip
    rows = unit.session.connection().execute(statement).all()
    cut = listing.cut(rows, position=lambda row: (row.to_value, row.id))
    values = {
        "batch": batch,
        "url": f"{BASE}/{creditor_id}/{batch_id}",
        "creditor": unit.session.get_one(Creditor, creditor_id).name,
        "chip": STATES[batch.state],
        "how": _how(batch),
        "head": [gettext(word) for word in (
            N_("Total"), N_("Counted by us"), N_("When taken in"), N_("Printed"), N_("Posted"),
            N_("Came back"),
        )],
        "totals": _totals(batch),
        "differences": [_difference(batch.currency, one) for one in batch.differences],
        "held": batch.state is PrintState.BLOCKED and batch.released_at is None,
        "open": batch.state is PrintState.BLOCKED and batch.released_at is not None,
        "form": form,
        "not_posted": _not_posted(unit, batch),
        "columns": LETTERS,
        "listing": listing,
        "cut": Cut([_letter(batch, row) for row in cut.rows], cut.next_url, cut.previous_url),
    }  # fmt: skip
    return show(request, "admin/print_batch.html", values, status=422 if form.errors else 200)


def _not_posted(unit: Unit, batch: PrintBatchRow) -> list[tuple[str, str, str]]:
    """The letters that may be told to be lost, while the batch waits for somebody to settle it."""
    if batch.state is not PrintState.BLOCKED or batch.released_at is None:
        return []
    rows = letters_not_posted(unit, creditor_id=batch.creditor_id, batch_id=batch.id, most=NOT_POSTED_SHOWN)
    return [(str(row.id), row.name, row.number) for row in rows]


def _tab(label: str, view: str, current: str, count: int | None) -> dict[str, Any]:
    href = f"{BASE}?view={view}" if view else BASE
    return {"label": gettext(label), "href": href, "current": view == current, "count": count}


def _how(batch: PrintBatchRow | Row[Any]) -> str:
    return f"{batch.country} · {batch.envelope.upper()} · {gettext(CLASSES[batch.mail_class])}"


def _row(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "href": f"{BASE}/{row.creditor_id}/{row.id}",
        "creditor": row.creditor,
        "how": _how(row),
        "state": STATES[row.state],
        "letters": row.letters,
        "pages": row.pages,
        "sheets": row.sheets,
        "amount": Money(row.amount_minor, row.currency),
        "reserved_at": row.reserved_at,
    }


def _letter(batch: PrintBatchRow, row: Row[Any]) -> dict[str, Any]:
    chip = LETTER_STATES.get(str(row.state), LETTER_STATES["sent"])
    if row.freed_at is not None:
        chip = FREED
    elif row.state == "sent" and row.posted_at is not None:
        chip = POSTED
    return {
        "id": row.id,
        "to": row.to_value.partition("\n")[0],
        "state": chip,
        "pages": row.pages,
        "amount": Money(row.amount_minor, batch.currency),
        "posted_at": row.posted_at,
    }


def _totals(batch: PrintBatchRow) -> list[list[str]]:
    """A row per total: our count, and what the printer told at each stage; a dash where it told nothing."""
    told = [batch.totals.as_fields(), batch.answer, batch.printed, batch.posted, batch.returned]
    lines = []
    for total, label in TOTALS.items():
        cells = [_figure(batch.currency, total, one) for one in told]
        lines.append([gettext(label), *cells])
    return lines


def _figure(currency: str, total: str, told: dict[str, Any] | None) -> str:
    if told is None or total not in told:
        return "–"
    if total in COUNTED:
        return format_number(told[total])
    return format_money(Money(told[total], currency)) if total == "amount_minor" else told[total][:12]


def _difference(currency: str, one: dict[str, str]) -> dict[str, str]:
    total, stage = one["total"], one["stage"]

    def figure(value: str) -> str:
        return _figure(currency, total, {total: value if total == "files_sha256" else int(value)})

    return {
        "total": gettext(TOTALS[total]),
        "stage": gettext(STAGES[stage]),
        "ours": figure(one["ours"]),
        "theirs": figure(one["theirs"]),
    }
