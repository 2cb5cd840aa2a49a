"""The proof page: every check with both of its figures, green or red, and where each comes from."""

from typing import Any

from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from agency.banking.models import ProofRun
from agency.banking.proof import latest_proof, prove
from agency.banking.suspense_cases import parked_lines
from agency.money import Money
from portal.finance.doors import finance_page, routes
from portal.finance.words import CHECKS, DIFFERENCES
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.i18n import N_, format_money, format_number, gettext
from portal.shared.listing import Chip, Column, Cut

CHECK_COLUMNS = (
    Column("what", N_("Check"), "link"),
    Column("left", N_("This figure"), sub="left_label"),
    Column("right", N_("must equal"), sub="right_label"),
    Column("result", N_("Result"), "chip", sub="difference"),
)
ROW_COLUMNS = (
    Column("what", N_("Which"), "link", sub="text"),
    Column("left", N_("This figure")),
    Column("right", N_("must equal")),
)
# Where a reader finds a row that differs; what is not listed has no page of finance's.
_PLACES = {
    "transaction": "/finance/ledger/transactions/{creditor_id}/{id}",
    "line": "/finance/lines/{id}",
    "statement": "/finance/statements/{id}",
    "claim": "/finance/ledger/claims.principal?creditor={creditor_id}&claim={id}",
    "run": "/finance/remittances/{creditor_id}/{id}",
    "account": "/finance/ledger/{id}?creditor={creditor_id}",
    "creditor": "/finance/ledger/trust.creditor?creditor={creditor_id}",
    "payment": "/finance/ledger/trust.creditor?creditor={creditor_id}",
    "message": "/finance/ledger/claims.principal?creditor={creditor_id}",
    "invoice": "/finance/invoices/{creditor_id}/{id}",
    "refund": "/finance/refunds/{creditor_id}/{id}",
    "intent": "/finance/ledger/trust.psp?creditor={creditor_id}",
}


@routes.get("/proof")
def proof(request: Request, unit: StaffUnit) -> Response:
    """The latest proof, and the ones before it."""
    latest = latest_proof(unit)
    earlier = unit.session.exec(select(ProofRun).order_by(col(ProofRun.at).desc()).offset(1).limit(14))
    return finance_page(
        request,
        "proof.html",
        proof=latest,
        columns=CHECK_COLUMNS,
        cut=Cut([_row(check) for check in latest.checks] if latest else []),
        row_columns=ROW_COLUMNS,
        differing=[_differing(n, check) for n, check in _with_rows(latest)],
        parked=parked_lines(unit),
        earlier=[(run.at, run.green, _red_keys(run.checks)) for run in earlier],
    )


@routes.post("/proof")
def run_proof(unit: StaffUnit) -> Response:
    """Prove now."""
    run = prove(unit, on=unit.today)
    if run.green:
        return leave_for("/finance/proof", notice=N_("Proven: bank, ledger and liabilities are equal."))
    return leave_for(
        "/finance/proof", notice=N_("Not proven: payouts are blocked until the red checks hold."), tone="bad"
    )


def _with_rows(run: ProofRun | None) -> list[tuple[int, dict[str, Any]]]:
    """The checks that found rows, each with its place in the list."""
    return [(n, check) for n, check in enumerate(run.checks if run else []) if check.get("rows")]


def _differing(number: int, check: dict[str, Any]) -> dict[str, Any]:
    """The rows in which both sides of a check differ, as a table of its own."""
    rows = check["rows"]
    return {
        "id": f"rows-{number}",
        "title": f"{check['key']}: {gettext(check['left_label'])}",
        "more": check["left"] - len(rows) if not check["money"] and check["left"] > len(rows) else 0,
        "cut": Cut([_difference(row) for row in rows]),
    }


def _difference(row: dict[str, Any]) -> dict[str, Any]:
    place = _PLACES.get(row["what"])
    return {
        "href": place.format(**row) if place else "",
        "what": f"{gettext(DIFFERENCES[row['what']])} {row['id']}",
        "text": row["text"],
        "left": "–" if row["left"] is None else _figure(row["left"], row["currency"]),
        "right": "–" if row["right"] is None else _figure(row["right"], row["currency"]),
    }


def _row(check: dict[str, Any]) -> dict[str, Any]:
    """One check of the list; what is red leads to the rows below it, what is green to its account."""
    holds, currency = check["holds"], check["currency"] if check["money"] else ""
    red = Chip(N_("Red"), "bad") if check["blocks"] else Chip(N_("Attention"), "warning")
    difference = _figure(check["left"] - check["right"], currency)
    return {
        "href": f"/finance/ledger/{check['account']}" if check["account"] else "/finance/ledger",
        "what": _named(check),
        "left": _figure(check["left"], currency),
        "left_label": gettext(check["left_label"]),
        "right": _figure(check["right"], currency),
        "right_label": gettext(check["right_label"]),
        "result": Chip(N_("Green"), "good") if holds else red,
        "difference": "" if holds else gettext("difference %(amount)s") % {"amount": difference},
    }


def _named(check: dict[str, Any]) -> str:
    title = f"{check['key']} {gettext(CHECKS[check['key']])}"
    return f"{title} {check['subject']}" if check.get("subject") else title


def _figure(value: int, currency: str) -> str:
    return format_money(Money(value, currency)) if currency else format_number(value)


def _red_keys(checks: list[dict[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(check["key"] for check in checks if not check["holds"]))
