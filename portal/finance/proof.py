"""The proof page: every check with both of its figures, green or red, and where each comes from."""

from typing import Any
from uuid import UUID

from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from agency.banking.models import AsideState, ProofAside, ProofRun
from agency.banking.proof import decided_asides, latest_proof, only_earlier, prove, waiting_aside
from agency.banking.suspense_cases import parked_lines
from agency.kernel.unit import Unit
from portal.finance.doors import finance_page, names_of, routes
from portal.finance.proof_rows import CHECK_COLUMNS, ROW_COLUMNS, check_rows, differing_rows
from portal.finance.words import ASIDE_STATES
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.i18n import N_, format_moment, format_number, gettext
from portal.shared.listing import Column, Cut

ASIDE_COLUMNS = (
    Column("what", N_("What was found"), "link", sub="reason"),
    Column("state", N_("Status"), "chip"),
    Column("asked", N_("Proposed by"), sub="asked_at", phone=False),
    Column("decided", N_("Decided by"), sub="decided_at", phone=False),
)


@routes.get("/proof")
def proof(request: Request, unit: StaffUnit) -> Response:
    """The latest proof, and the ones before it."""
    latest = latest_proof(unit)
    earlier = unit.session.exec(
        select(ProofRun).order_by(col(ProofRun.at).desc(), col(ProofRun.id).desc()).offset(1).limit(14)
    )
    checks = latest.checks if latest else []
    decided = decided_asides(unit)
    known = {aside.run_id: aside for aside in decided if aside.state == AsideState.ACCEPTED}
    return finance_page(
        request,
        "proof.html",
        proof=latest,
        columns=CHECK_COLUMNS,
        cut=check_rows(checks),
        row_columns=ROW_COLUMNS,
        differing=differing_rows(checks),
        parked=parked_lines(unit),
        only_earlier=only_earlier(latest) if latest else [],
        waiting=waiting_aside(unit),
        aside_columns=ASIDE_COLUMNS,
        asides=Cut(_asides(unit, decided)),
        earlier=[(run.at, run.green, _red_keys(run.checks), _set_aside(run, known)) for run in earlier],
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


def _red_keys(checks: list[dict[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(check["key"] for check in checks if not check["holds"]))


def _set_aside(run: ProofRun, known: dict[UUID, ProofAside]) -> str:
    """Where it stands that what this proof found was set aside."""
    return f"/finance/proof/asides/{known[run.id].id}" if run.id in known else ""


def _asides(unit: Unit, decided: list[ProofAside]) -> list[dict[str, Any]]:
    """All that was ever proposed to be set aside and decided; none of it goes away."""
    names = names_of(unit, [who for aside in decided for who in (aside.asked_by, aside.decided_by)])
    return [
        {
            "href": f"/finance/proof/asides/{aside.id}",
            "what": "; ".join(_found(check) for check in aside.checks),
            "reason": aside.reason,
            "state": ASIDE_STATES[aside.state],
            "asked": names[aside.asked_by],
            "asked_at": format_moment(aside.asked_at),
            "decided": names[aside.decided_by],
            "decided_at": format_moment(aside.decided_at) if aside.decided_at else "",
        }
        for aside in decided
    ]


def _found(check: dict[str, Any]) -> str:
    figures = f"{format_number(check['left'])} / {format_number(check['right'])}"
    return f"{check['key']} {gettext(check['left_label'])}: {figures}"
