"""The ledger behind every figure: balances, entries of an account, legs of a transaction; pages and files."""

from itertools import groupby
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.ledger.chart import CHART
from agency.ledger.queries import (
    AccountBalance,
    EntryRow,
    account_balance,
    account_entries,
    transaction_entries,
    trial_balance,
)
from portal.finance.doors import finance_page, names_of, routes
from portal.finance.words import ACCOUNTS, BOOKS, kind
from portal.shared.audience import StaffUnit
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut
from portal.shared.spreadsheets import list_file

SHOWN_MAX = 500
FILE_MAX = 100_000
ENTRIES = (
    Column("what", N_("Booking"), "link", sub="memo"),
    Column("effective_on", N_("Counts from"), "day"),
    Column("booked_on", N_("Booked on"), "day", phone=False),
    Column("creditor", N_("Creditor"), phone=False),
    Column("claim", N_("Claim"), phone=False),
    Column("amount", N_("Amount"), "money"),
)
BALANCES = (
    Column("name", N_("Account"), "link", sub="account"),
    Column("entries", N_("Entries"), "number", phone=False),
    Column("balance", N_("Balance"), "money"),
)
FILE_HEADERS = (
    N_("Booked on"), N_("Counts from"), N_("Booking"), N_("Account"), N_("Creditor"), N_("Claim"),
    N_("Amount"), N_("Currency"), N_("Key"), N_("Transaction"),
)  # fmt: skip


@routes.get("/ledger")
def ledger(request: Request, unit: StaffUnit) -> Response:
    """The balance of every account, book by book."""
    balances = sorted(trial_balance(unit), key=lambda row: list(CHART).index(row.account))
    books = [
        (BOOKS[book], Cut([_balance_row(row) for row in rows]))
        for book, rows in groupby(balances, key=lambda row: row.account.split(".")[0])
    ]
    return finance_page(request, "ledger.html", columns=BALANCES, books=books)


@routes.get("/ledger/{account}/entries.{form}")
def account_file(request: Request, unit: StaffUnit, account: str, form: Literal["csv", "xlsx"]) -> Response:
    """An account's entries as a file."""
    entries = account_entries(unit, account=_known(account), limit=FILE_MAX, **_filter(request))
    creditors, claims = _names(unit, entries)
    rows = (
        (entry.booked_on, entry.effective_on, kind(entry.kind), entry.account, creditors[entry.creditor_id],
         claims.get(entry.claim_id, ""), entry.amount, entry.amount.currency, entry.source_key,
         str(entry.transaction_id))
        for entry in entries
    )  # fmt: skip
    return list_file(name=account, headers=FILE_HEADERS, rows=rows, kind=form)


@routes.get("/ledger/{account}")
def one_account(request: Request, unit: StaffUnit, account: str) -> Response:
    """Why an account's balance is what it is: the entries it consists of."""
    chosen = _filter(request)
    entries = account_entries(unit, account=_known(account), limit=SHOWN_MAX, **chosen)
    creditors, claims = _names(unit, entries)
    return finance_page(
        request,
        "account.html",
        account=account,
        title=ACCOUNTS[account],
        balance=account_balance(unit, account=account, currency="EUR", creditor_id=chosen.get("creditor_id")),
        columns=ENTRIES,
        cut=Cut([_row(entry, creditors, claims) for entry in entries]),
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
        what=kind(entries[0].kind),
        by=names_of(unit, [entries[0].by])[entries[0].by],
        creditor=creditors[creditor_id],
        entries=[(entry, ACCOUNTS[entry.account], claims.get(entry.claim_id, "")) for entry in entries],
    )


def _balance_row(row: AccountBalance) -> dict[str, Any]:
    return {
        "href": f"/finance/ledger/{row.account}",
        "name": gettext(ACCOUNTS[row.account]),
        "account": row.account,
        "entries": row.entries,
        "balance": row.balance,
    }


def _known(account: str) -> str:
    if account not in CHART:
        raise NotFound("no such account")
    return account


def _filter(request: Request) -> dict[str, Any]:
    """Read which creditor and claim the address narrows an account to; what is no id is left out."""
    chosen = {}
    for name, parameter in (("creditor_id", "creditor"), ("claim_id", "claim")):
        try:
            chosen[name] = UUID(request.query_params.get(parameter, ""))
        except ValueError:
            continue
    return chosen


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
        "memo": gettext(entry.memo) if entry.memo else "",
        "effective_on": entry.effective_on,
        "booked_on": entry.booked_on,
        "creditor": creditors[entry.creditor_id],
        "claim": claims.get(entry.claim_id),
        "amount": entry.amount,
    }
