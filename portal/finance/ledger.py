"""The ledger behind every figure: balances, entries of an account, legs of a transaction; pages and files."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, islice
from tempfile import SpooledTemporaryFile
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import text
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from agency.kernel.errors import NotFound
from agency.kernel.settings import settings
from agency.kernel.unit import Unit
from agency.ledger.chart import CHART
from agency.ledger.queries import (
    AccountBalance,
    BuildUpRow,
    EntryRow,
    Narrowed,
    account_build_up,
    account_entries,
    every_entry,
    transaction_entries,
    trial_balance,
)
from agency.money import Money
from portal.books import FORMS, MEDIA, file_name, write_books
from portal.books import Form as BookForm
from portal.finance.doors import finance_page, id_asked, names_of, routes
from portal.finance.words import ACCOUNTS, BOOKS, kind, note
from portal.shared.audience import StaffUnit
from portal.shared.forms import Form, blank, read_day
from portal.shared.i18n import N_, format_day, gettext
from portal.shared.listing import Column, Cut
from portal.shared.spreadsheets import Cell, list_file, long_csv

SHOWN = 200
_ROWS_AT_ONCE = 2_000
_IN_MEMORY_MAX, _PIECE = 8 * 1024 * 1024, 64 * 1024
_DAYS = {"effective_to": "on", "booked_to": "booked"}
ENTRIES = (
    Column("what", N_("Booking"), "link", sub="memo"),
    Column("effective_on", N_("Counts from"), "day"),
    Column("booked_on", N_("Booked on"), "day", phone=False),
    Column("creditor", N_("Creditor"), phone=False),
    Column("claim", N_("Claim"), phone=False),
    Column("amount", N_("Amount"), "money"),
)
BALANCES = (
    Column("number", N_("No."), phone=False),
    Column("name", N_("Account"), "link", sub="account"),
    Column("entries", N_("Entries"), "number", phone=False),
    Column("balance", N_("Balance"), "money"),
)
BUILD_UP = (
    Column("what", N_("Booking"), "link"),
    Column("entries", N_("Entries"), "number"),
    Column("days", N_("Counts from"), phone=False),
    Column("amount", N_("Amount"), "money"),
)
FILE_HEADERS = (
    N_("Booked on"), N_("Counts from"), N_("Booking"), N_("Account"), N_("Creditor"), N_("Claim"),
    N_("Amount"), N_("Currency"), N_("Key"), N_("Transaction"),
)  # fmt: skip


@routes.get("/ledger")
def ledger(request: Request, unit: StaffUnit) -> Response:
    """The balance of every account, book by book: now, or as of a day."""
    return _ledger_page(request, unit, _read(request, "on", "booked"))


def _ledger_page(request: Request, unit: Unit, form: Form[Any]) -> Response:
    as_of = _days(request.query_params)
    found = trial_balance(unit, effective_to=as_of.get("effective_to"), booked_to=as_of.get("booked_to"))
    standing = {row.account: row for row in found if row.balance.currency == "EUR"}
    others = [row for row in found if row.balance.currency != "EUR"]
    chart = [standing.get(code) or AccountBalance(code, Money.zero("EUR"), 0) for code in CHART]
    rows = sorted([*chart, *others], key=lambda row: CHART[row.account].number)
    by_book = groupby(sorted(rows, key=lambda row: list(BOOKS).index(_book(row))), key=_book)
    form.values.setdefault("from", unit.today.replace(month=1, day=1).isoformat())
    form.values.setdefault("to", unit.today.isoformat())
    return finance_page(
        request,
        "ledger.html",
        status=422 if form.errors else 200,
        columns=BALANCES,
        books=[(BOOKS[book], Cut([_balance_row(row, as_of) for row in its])) for book, its in by_book],
        as_of=as_of,
        forms=FORMS,
        form=form,
    )


def _read(request: Request, *names: str) -> Form[Any]:
    """Read the days that were filled in; one that cannot be read is refused, for a file of another period
    than was asked looks right."""
    form = blank()
    for name in names:
        if not (typed := request.query_params.get(name, "").strip()):
            continue
        day = _day(request.query_params, name)
        form.values[name] = day.isoformat() if day else typed
        if day is None:
            form.refuse(N_("Give a date, like 2026-11-30."), name)
    return form


@routes.get("/books")
def books(request: Request, unit: StaffUnit) -> Response:
    """The journal of a period as a file, written whole before it is sent: half a file never leaves."""
    asked = request.query_params
    chosen: BookForm = next((name for name in FORMS if name == asked.get("format")), "csv")
    first = _day(asked, "from") or unit.today.replace(month=1, day=1)
    last = _day(asked, "to") or unit.today
    form = _read(request, "from", "to")
    if not form.errors and last < first:
        form.refuse(N_("The period ends before it begins."), "to")
    if form.errors:
        return _ledger_page(request, unit, form)
    file = SpooledTemporaryFile(max_size=_IN_MEMORY_MAX)  # noqa: SIM115 - closed when it was sent
    try:
        write_books(unit, file, form=chosen, first=first, last=last, settings=settings())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = file_name(chosen, first=first, last=last)
    return StreamingResponse(
        iter(lambda: file.read(_PIECE), b""),
        media_type=MEDIA[chosen],
        headers={"content-disposition": f'attachment; filename="{name}"'},
        background=BackgroundTask(file.close),
    )


@routes.get("/ledger/{account}/entries.{form}")
def account_file(request: Request, unit: StaffUnit, account: str, form: Literal["csv", "xlsx"]) -> Response:
    """An account's entries as a file."""
    unit.allow_long_statements()
    rows = _file_rows(unit, every_entry(unit, account=_known(account), of=_filter(request)))
    if form == "csv":
        return long_csv(name=account, headers=FILE_HEADERS, rows=rows)
    return list_file(name=account, headers=FILE_HEADERS, rows=rows, kind=form)


def _file_rows(unit: Unit, entries: Iterator[EntryRow]) -> Iterator[Sequence[Cell]]:
    while some := list(islice(entries, _ROWS_AT_ONCE)):
        creditors, claims = _names(unit, some)
        for entry in some:
            yield (
                entry.booked_on, entry.effective_on, kind(entry.kind), entry.account,
                creditors[entry.creditor_id], claims.get(entry.claim_id, ""), entry.amount,
                entry.amount.currency, entry.source_key, str(entry.transaction_id),
            )  # fmt: skip


@routes.get("/ledger/{account}")
def one_account(request: Request, unit: StaffUnit, account: str) -> Response:
    """Why an account's balance is what it is: what each kind of booking added, and the entries themselves."""
    chosen = _filter(request)
    after = id_asked(request, "after")
    build_up = account_build_up(unit, account=_known(account), of=chosen)
    entries = account_entries(unit, account=account, of=chosen, after=after, limit=SHOWN)
    counted = [row.entries for row in build_up if chosen.kind in (None, row.kind)]
    creditors, claims = _names(unit, entries)
    currencies = sorted({row.amount.currency for row in build_up} or {"EUR"})
    return finance_page(
        request,
        "account.html",
        account=account,
        number=CHART[account].number,
        title=ACCOUNTS[account],
        balances=[
            Money.total((row.amount for row in build_up if row.amount.currency == currency), currency)
            for currency in currencies
        ],
        build_up_columns=BUILD_UP,
        build_up=Cut([_build_up_row(account, row, request.query_params) for row in build_up]),
        as_of=_days(request.query_params),
        narrowed=_narrowed(chosen, creditors, claims),
        columns=ENTRIES,
        cut=Cut(
            [_row(entry, creditors, claims) for entry in entries],
            next_url=_page(request, after=str(entries[-1].transaction_id)) if len(entries) >= SHOWN else None,
            previous_url=_page(request) if after else None,
            total=sum(counted),
        ),
        query=request.url.query,
    )


@routes.get("/ledger/transactions/{creditor_id:uuid}/{transaction_id:uuid}")
def transaction(request: Request, unit: StaffUnit, creditor_id: UUID, transaction_id: UUID) -> Response:
    """One transaction with both of its sides."""
    entries = transaction_entries(unit, creditor_id=creditor_id, transaction_id=transaction_id)
    if not entries:
        raise NotFound("no such transaction")
    creditors, claims = _names(unit, entries)
    return finance_page(
        request,
        "transaction.html",
        head=entries[0],
        note=note(entries[0].memo),
        what=kind(entries[0].kind),
        by=names_of(unit, [entries[0].by])[entries[0].by],
        creditor=creditors[creditor_id],
        entries=[(entry, ACCOUNTS[entry.account], claims.get(entry.claim_id, "")) for entry in entries],
    )


def _book(row: AccountBalance) -> str:
    return CHART[row.account].book.value


def _balance_row(row: AccountBalance, as_of: Mapping[str, date]) -> dict[str, Any]:
    days = urlencode({_DAYS[name]: day.isoformat() for name, day in as_of.items()})
    return {
        "href": f"/finance/ledger/{row.account}" + (f"?{days}" if days else ""),
        "number": CHART[row.account].number,
        "name": gettext(ACCOUNTS[row.account]),
        "account": row.account,
        "entries": row.entries,
        "balance": row.balance,
    }


def _build_up_row(account: str, row: BuildUpRow, query: Mapping[str, str]) -> dict[str, Any]:
    """What one kind added; it leads to the entries of that kind below."""
    stays = {name: value for name, value in query.items() if name != "after"}
    narrowed = urlencode(stays | {"kind": row.kind})
    same_day = row.first_on == row.last_on
    return {
        "href": f"/finance/ledger/{account}?{narrowed}#entries",
        "what": kind(row.kind),
        "entries": row.entries,
        "days": format_day(row.first_on) + ("" if same_day else f" – {format_day(row.last_on)}"),
        "amount": row.amount,
    }


def _page(request: Request, **further: str) -> str:
    """The address of a page of the entries, narrowed as this one is."""
    stays = {name: value for name, value in request.query_params.items() if name != "after"}
    return f"{request.url.path}?{urlencode(stays | further)}"


def _narrowed(chosen: Narrowed, creditors: Mapping[UUID, str], claims: Mapping[UUID | None, str]) -> str:
    """What the entries are narrowed to, in words."""
    told = [
        creditors.get(chosen.creditor_id, "") if chosen.creditor_id else "",
        claims.get(chosen.claim_id, "") if chosen.claim_id else "",
        kind(chosen.kind) if chosen.kind else "",
    ]
    return ", ".join(filter(None, told))


def _known(account: str) -> str:
    if account not in CHART:
        raise NotFound("no such account")
    return account


def _filter(request: Request) -> Narrowed:
    """Read what the address narrows an account to; what is no id and no day is left out."""
    asked = request.query_params.get("kind", "").replace("\0", "")
    return Narrowed(
        creditor_id=id_asked(request, "creditor"),
        claim_id=id_asked(request, "claim"),
        kind=asked or None,
        **_days(request.query_params),
    )


def _days(query: Mapping[str, str]) -> dict[str, date]:
    """The days by which facts count and by which they were booked, where the address names them."""
    found = {name: _day(query, parameter) for name, parameter in _DAYS.items()}
    return {name: day for name, day in found.items() if day}


def _day(query: Mapping[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(read_day(query.get(name, "").strip()))
    except ValueError:
        return None


def _names(unit: Unit, entries: list[EntryRow]) -> tuple[dict[UUID, str], dict[UUID | None, str]]:
    connection = unit.session.connection()
    creditors = connection.execute(
        text("SELECT id, name FROM creditor WHERE id = ANY(:ids)"),
        {"ids": list({entry.creditor_id for entry in entries})},
    )
    claims = connection.execute(
        text("SELECT id, number FROM claim WHERE id = ANY(:ids)"),
        {"ids": list({entry.claim_id for entry in entries if entry.claim_id})},
    )
    return {row.id: row.name for row in creditors}, {row.id: row.number for row in claims}


def _row(entry: EntryRow, creditors: dict[UUID, str], claims: dict[UUID | None, str]) -> dict[str, Any]:
    return {
        "href": f"/finance/ledger/transactions/{entry.creditor_id}/{entry.transaction_id}",
        "what": kind(entry.kind),
        "memo": note(entry.memo),
        "effective_on": entry.effective_on,
        "booked_on": entry.booked_on,
        "creditor": creditors[entry.creditor_id],
        "claim": claims.get(entry.claim_id),
        "amount": entry.amount,
    }
