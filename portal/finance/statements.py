"""Bank statements: upload, what a file brought, and every line with what became of it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, or_, select
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from agency.banking.importing import import_statements
from agency.banking.models import LineState
from agency.banking.notices import list_notices
from agency.banking.own_money import undo_own
from agency.banking.queries import STATEMENTS as ALL_STATEMENTS
from agency.banking.queries import (
    LineRow,
    StatementRow,
    lines_by_state,
    read_line,
    read_statement,
    statement_lines,
    statement_row,
)
from agency.banking.suspense import undo_line
from agency.banking.suspense_cases import read_case
from agency.kernel.unit import Unit
from agency.remittance.line_stories import PARTS_SHOWN_MAX, LumpPart, leads_of, lump_parts, lump_sums
from agency.remittance.order_answers import AnswerTaken, take_answer
from agency.remittance.queries import payouts_of_line
from integrations.bankfiles import read_bank_file
from integrations.bankfiles.payment_status import is_payment_status, read_payment_status
from portal.finance.doors import finance_page, id_asked, names_of, routes
from portal.finance.words import LINE_STATES, OWN_KINDS, reasons
from portal.shared.audience import StaffUnit, TheWiring, leave_for
from portal.shared.forms import Fields, FormModel, blank, submitted
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Chip, Column, Cut, Listing

STATEMENTS = (
    Column("name", N_("Statement"), "link", sub="iban"),
    Column("closes_on", N_("Closed on"), "day", sort=True),
    Column("opening", N_("Opening balance"), "money", phone=False),
    Column("closing", N_("Closing balance"), "money"),
    Column("lines", N_("Lines"), "number", phone=False),
    Column("share", N_("Known"), "percent", phone=False),
    Column("warning", N_("Warnings"), "chip", phone=False),
)
SHOWN = 200
NOTICES = (
    Column("name", N_("Message")),
    Column("kind", N_("Kind"), "chip"),
    Column("on", N_("Day"), "day"),
    Column("lines", N_("Lines"), "number", phone=False),
    Column("net", N_("Sum"), "money"),
)
NOTICE_KINDS = {
    "report": Chip(N_("Intraday report"), "calm"),
    "notification": Chip(N_("Notification"), "calm"),
}
LINES = (
    Column("who", N_("Counterparty"), "link", sub="text"),
    Column("booked_on", N_("Booked on"), "day", phone=False),
    Column("amount", N_("Amount"), "money"),
    Column("state", N_("Status"), "chip"),
    Column("claim", N_("Claim"), phone=False),
)


PARTS = (
    Column("what", N_("What it is"), sub="ref"),
    Column("creditor", N_("Creditor"), sub="claim"),
    Column("amount", N_("Amount"), "money"),
)
LUMP_PARTS = {
    "payment": N_("Online payment"),
    "refund": N_("Paid back to the debtor"),
    "chargeback": N_("Taken back by the debtor's bank"),
    "costs": N_("Costs of the payment provider, borne by us"),
}
LUMP_SUMS = {
    "payment": N_("Online payments"),
    "refund": N_("Paid back to debtors"),
    "chargeback": N_("Taken back by debtors' banks"),
    "costs": N_("Costs of the payment provider, borne by us"),
}


class UndoForm(FormModel):
    """Why a settlement is taken back."""

    why: str


@routes.get("/statements")
def statements(request: Request, unit: StaffUnit) -> Response:
    """Every statement, and the place to upload one."""
    return _statements_page(request, unit)


@routes.post("/statements")
def upload(request: Request, unit: StaffUnit, wiring: TheWiring, fields: Fields) -> Response:
    """Import a bank file or take the bank's answer to a file of ours; the page says what it brought."""
    given = fields.get("file")
    form = blank()
    result, answer = None, None
    if isinstance(given, UploadFile):
        with given.file as file, form.attempt(unit):
            content = file.read()
            if is_payment_status(content):
                answer = take_answer(unit, content=content, reader=read_payment_status)
            else:
                result = import_statements(
                    unit, content=content, reader=read_bank_file, iban=wiring.settings.trust_iban
                )
    else:
        form.refuse(N_("Choose a file."), "file")
    status = 422 if form.errors else 200
    own = wiring.settings.agency_iban
    return _statements_page(request, unit, form=form, result=result, answer=answer, own=own, status=status)


@routes.get("/statements/{statement_id:uuid}")
def statement(request: Request, unit: StaffUnit, statement_id: UUID) -> Response:
    """One statement with its lines."""
    state = request.query_params.get("state", "")
    shown = read_statement(unit, statement_id=statement_id)
    state = state if state in LINE_STATES else ""
    counted = lines_by_state(unit, statement_id=statement_id)
    after = id_asked(request, "after")
    lines = statement_lines(unit, statement_id=statement_id, state=state, limit=SHOWN + 1, after=after)
    return finance_page(
        request,
        "statement.html",
        statement=shown,
        state=state,
        tabs=[
            {
                "label": gettext(chip.label),
                "href": f"?state={name}",
                "current": state == name,
                "count": counted.get(name, 0),
            }
            for name, chip in LINE_STATES.items()
            if name in counted or name == state
        ],
        columns=LINES,
        cut=Cut(
            [line_row(line) for line in lines[:SHOWN]],
            next_url=f"?state={state}&after={lines[SHOWN - 1].line_id}" if len(lines) > SHOWN else None,
            previous_url=f"?state={state}" if after else None,
            total=counted.get(state, 0) if state else sum(counted.values()),
        ),
    )


@routes.get("/lines/{line_id:uuid}")
def line(request: Request, unit: StaffUnit, line_id: UUID) -> Response:
    """One bank line: what the bank said, what became of it and why; one that waits, where it is settled."""
    if _waits(read_line(unit, line_id=line_id)):
        return leave_for(f"/finance/suspense/{line_id}")
    return _line_page(request, unit, line_id, blank())


@routes.post("/lines/{line_id:uuid}/reversal")
def undo(request: Request, unit: StaffUnit, line_id: UUID, fields: Fields) -> Response:
    """Take a line's settlement back."""
    form = submitted(UndoForm, fields)
    with form.attempt(unit):
        take_back = undo_own if read_line(unit, line_id=line_id).state == LineState.OWN else undo_line
        take_back(unit, line_id=line_id, why=form.data.why)
    if form.errors:
        return _line_page(request, unit, line_id, form, status=422)
    return leave_for(f"/finance/suspense/{line_id}", notice=N_("Taken back. The line waits again."))


def line_row(line: LineRow) -> dict[str, Any]:
    """This function will describe a bank line for a list."""
    return {
        "href": f"/finance/{'suspense' if _waits(line) else 'lines'}/{line.line_id}",
        "who": line.counterparty or line.counterparty_iban or line.text or "–",
        "text": line.text,
        "booked_on": line.booked_on,
        "amount": line.amount,
        "state": LINE_STATES[line.state],
        "claim": line.claim_number,
    }


def _waits(line: LineRow) -> bool:
    """Money in or out that nobody explained; what moved none is only told."""
    return line.state == "suspense" and bool(line.amount)


def _statements_page(
    request: Request,
    unit: Unit,
    *,
    form: Any = None,
    result: Any = None,
    answer: AnswerTaken | None = None,
    own: str = "",
    status: int = 200,
) -> Response:
    listing = Listing.read(
        "/finance/statements", request.query_params, sorts=("closes_on",), default="-closes_on",
        filters=("q",),
    )  # fmt: skip
    notices = [
        {
            "name": row.name or "–",
            "kind": NOTICE_KINDS[row.kind],
            "on": row.on,
            "lines": row.lines,
            "net": row.net,
        }
        for row in list_notices(unit)
    ]
    return finance_page(
        request,
        "statements.html",
        status=status,
        notice_columns=NOTICES,
        notices=Cut(notices),
        columns=STATEMENTS,
        listing=listing,
        cut=_statements(unit, listing),
        form=form or blank(),
        result=result,
        answer=answer,
        own_account=own,
    )


def _line_page(request: Request, unit: Unit, line_id: UUID, form: Any, *, status: int = 200) -> Response:
    found, case = read_line(unit, line_id=line_id), read_case(unit, line_id=line_id)
    names = names_of(unit, [found.settled_by, case.own_asked_by])
    lump = found.state == LineState.PSP_SETTLEMENT
    parts = lump_parts(unit, line_id=line_id) if lump else []
    sums = lump_sums(unit, line_id=line_id) if lump else []
    return finance_page(
        request,
        "line.html",
        status=status,
        part_columns=PARTS,
        parts=Cut([_part_row(part) for part in parts], total=sum(one.parts for one in sums) or len(parts)),
        lump_sums=[(gettext(LUMP_SUMS[one.kind]), one.parts, one.amount) for one in sums],
        more_parts=sum(one.parts for one in sums) > PARTS_SHOWN_MAX,
        leads=leads_of(unit, line_id=line_id),
        line=found,
        chip=LINE_STATES[found.state],
        own_kind=gettext(OWN_KINDS[case.own_kind]) if case.own_kind else "",
        asked_by=names[case.own_asked_by],
        reasons=reasons(found.match.get("reasons", [])),
        by=names[found.settled_by],
        paid_out=payouts_of_line(unit, line_id=line_id),
        form=form,
    )


def _part_row(part: LumpPart) -> dict[str, Any]:
    return {
        "what": gettext(LUMP_PARTS[part.kind]),
        "ref": part.provider_ref,
        "claim": " · ".join(filter(None, [part.claim_number, part.debtor])),
        "creditor": "–" if part.kind == "costs" else part.creditor,
        "amount": part.amount,
    }


def _statements(unit: Unit, listing: Listing) -> Cut[dict[str, Any]]:
    wanted = select(ALL_STATEMENTS)
    if words := listing.filters.get("q"):
        named = (ALL_STATEMENTS.c.name, ALL_STATEMENTS.c.iban, cast(ALL_STATEMENTS.c.closes_on, Text))
        wanted = wanted.where(or_(*(one.icontains(words, autoescape=True) for one in named)))
    order = {"closes_on": ALL_STATEMENTS.c.on_}
    found = unit.session.connection().execute(listing.apply(wanted, columns=order, tie=ALL_STATEMENTS.c.id))
    cut = listing.cut(found.all(), position=lambda row: (row.on_, row.id))
    return Cut([_statement_row(statement_row(row)) for row in cut.rows], cut.next_url, cut.previous_url)


def _statement_row(row: StatementRow) -> dict[str, Any]:
    return {
        "href": f"/finance/statements/{row.statement_id}",
        "name": row.name or str(row.closes_on or ""),
        "iban": row.iban,
        "closes_on": row.closes_on,
        "opening": row.opening,
        "closing": row.closing,
        "lines": row.lines,
        "share": 100 * row.matched // row.lines if row.lines else None,
        "warning": Chip(N_("Please note"), "warning") if row.warnings else None,
    }
