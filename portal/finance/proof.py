"""The proof page: every check with both of its figures, green or red, and where each comes from."""

from typing import Any

from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from agency.banking.models import ProofRun
from agency.banking.proof import latest_proof, prove
from agency.money import Money
from portal.finance.doors import finance_page, routes
from portal.finance.words import CHECKS
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.i18n import N_, format_money, format_number


@routes.get("/proof")
def proof(request: Request, unit: StaffUnit) -> Response:
    """The latest proof, and the ones before it."""
    latest = latest_proof(unit)
    earlier = unit.session.exec(select(ProofRun).order_by(col(ProofRun.at).desc()).offset(1).limit(14))
    return finance_page(
        request,
        "proof.html",
        proof=latest,
        groups=_groups(latest.checks) if latest else [],
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


def _groups(checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for check in checks:
        group = groups.setdefault(
            check["key"], {"key": check["key"], "title": CHECKS[check["key"]], "holds": True, "checks": []}
        )
        group["holds"] = group["holds"] and check["holds"]
        group["blocks"] = check["blocks"]
        group["checks"].append(
            {
                "left_label": check["left_label"],
                "left": _figure(check["left"], check["money"]),
                "right_label": check["right_label"],
                "right": _figure(check["right"], check["money"]),
                "difference": _figure(check["left"] - check["right"], check["money"]),
                "holds": check["holds"],
                "account": check["account"],
            }
        )
    return list(groups.values())


def _figure(value: int, money: bool) -> str:
    return format_money(Money(value, "EUR")) if money else format_number(value)


def _red_keys(checks: list[dict[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(check["key"] for check in checks if not check["holds"]))
