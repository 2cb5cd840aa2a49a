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
from portal.finance.words import CHECKS
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.i18n import N_, format_money, format_number, gettext
from portal.shared.listing import Chip, Column, Cut

CHECK_COLUMNS = (
    Column("what", N_("Check"), "link"),
    Column("left", N_("This figure"), sub="left_label"),
    Column("right", N_("must equal"), sub="right_label"),
    Column("result", N_("Result"), "chip", sub="difference"),
)


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


def _row(check: dict[str, Any]) -> dict[str, Any]:
    holds, currency = check["holds"], check["currency"] if check["money"] else ""
    red = Chip(N_("Red"), "bad") if check["blocks"] else Chip(N_("Attention"), "warning")
    difference = _figure(check["left"] - check["right"], currency)
    return {
        "href": f"/finance/ledger/{check['account']}" if check["account"] else "/finance/ledger",
        "what": f"{check['key']} {gettext(CHECKS[check['key']])}",
        "left": _figure(check["left"], currency),
        "left_label": gettext(check["left_label"]),
        "right": _figure(check["right"], currency),
        "right_label": gettext(check["right_label"]),
        "result": Chip(N_("Green"), "good") if holds else red,
        "difference": "" if holds else gettext("difference %(amount)s") % {"amount": difference},
    }


def _figure(value: int, currency: str) -> str:
    return format_money(Money(value, currency)) if currency else format_number(value)


def _red_keys(checks: list[dict[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(check["key"] for check in checks if not check["holds"]))
