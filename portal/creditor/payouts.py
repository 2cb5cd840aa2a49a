"""What was paid out, and the payments and fees behind each payout."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.insurance import covers_of, shares_of
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from portal.creditor.doors import creditor_page, routes
from portal.creditor.words import RUN_STATES
from portal.shared.audience import CreditorUnit, TheVisitor, own_creditor
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut

COLUMNS = (
    Column("cutoff_on", N_("Up to and including"), "html"),
    Column("state", N_("Status"), "chip"),
    Column("collected", N_("Collected"), "money"),
    Column("fee", N_("Fee"), "money", phone=False),
    Column("vat", N_("VAT"), "money", phone=False),
    Column("net", N_("Paid out"), "money"),
    Column("paid_at", N_("On your account"), "day", phone=False),
)
LINES = (
    Column("claim", N_("Claim"), "link", sub="debtor"),
    Column("on", N_("Payment of"), "day", phone=False),
    Column("base", N_("Collected"), "money"),
    Column("fee_bps", N_("Rate"), "bps", phone=False),
    Column("net", N_("Fee"), "money"),
    Column("vat", N_("VAT"), "money", phone=False),
)
_RUNS = (
    "SELECT id, cutoff_on, state, collected_minor, fee_minor, vat_minor, net_minor, currency, paid_at"
    " FROM remittance_run WHERE creditor_id = :c AND state <> 'cancelled'"
)


@routes.get("/payouts")
def payouts(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """Every payout."""
    rows = unit.session.connection().execute(
        text(f"{_RUNS} ORDER BY cutoff_on DESC LIMIT 200"), {"c": own_creditor(visitor)}
    )
    shown = [
        {
            "href": f"/creditor/payouts/{row.id}",
            "cutoff_on": row.cutoff_on,
            "state": RUN_STATES[row.state],
            "collected": Money(row.collected_minor, row.currency),
            "fee": Money(row.fee_minor, row.currency),
            "vat": Money(row.vat_minor, row.currency),
            "net": Money(row.net_minor, row.currency),
            "paid_at": row.paid_at.date() if row.paid_at else None,
        }
        for row in rows
    ]
    return creditor_page(request, "payouts.html", columns=COLUMNS, cut=Cut(shown))


@routes.get("/payouts/{run_id:uuid}")
def payout(request: Request, unit: CreditorUnit, visitor: TheVisitor, run_id: UUID) -> Response:
    """One payout with its payments and fees."""
    parameters = {"c": own_creditor(visitor), "run": run_id}
    connection = unit.session.connection()
    run = connection.execute(text(f"{_RUNS} AND id = :run"), parameters).one_or_none()
    if run is None:
        raise NotFound("no such payout")
    lines = connection.execute(
        text(
            "SELECT f.claim_id, f.base_minor, f.fee_bps, f.net_minor, f.vat_minor, f.currency, f.earned_at,"
            " c.number, d.name AS debtor FROM success_fee f"
            " JOIN claim c ON c.creditor_id = f.creditor_id AND c.id = f.claim_id"
            " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
            " WHERE f.creditor_id = :c AND f.run_id = :run ORDER BY f.earned_at, f.id LIMIT 2000"
        ),
        parameters,
    )
    shown = lines.all()
    return creditor_page(
        request,
        "payout.html",
        insured=_insured(unit, own_creditor(visitor), shown),
        run=run,
        chip=RUN_STATES[run.state],
        amounts=[
            Money(minor, run.currency)
            for minor in (run.collected_minor, -run.fee_minor, -run.vat_minor, run.net_minor)
        ],
        columns=LINES,
        cut=Cut(
            [
                {
                    "href": f"/creditor/claims/{row.claim_id}",
                    "claim": row.number,
                    "debtor": row.debtor,
                    "on": row.earned_at.date(),
                    "base": Money(row.base_minor, row.currency),
                    "fee_bps": row.fee_bps,
                    "net": Money(row.net_minor, row.currency),
                    "vat": Money(row.vat_minor, row.currency),
                }
                for row in shown
            ]
        ),
    )


def _insured(unit: Unit, creditor_id: UUID, lines: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """Per insured claim of a payout: whose part of it is whose, and what the policy pays of the fee."""
    covers = covers_of(unit, creditor_id=creditor_id, claim_ids=[row.claim_id for row in lines])
    sums: dict[UUID, tuple[int, int]] = {}
    for row in lines:
        base_minor, fee_minor = sums.get(row.claim_id, (0, 0))
        sums[row.claim_id] = (base_minor + row.base_minor, fee_minor + row.net_minor)
    numbers = {row.claim_id: (row.number, row.currency) for row in lines}
    found = []
    for claim_id, cover in covers.items():
        number, currency = numbers[claim_id]
        recovered, fee = (Money(max(minor, 0), currency) for minor in sums[claim_id])
        shares = shares_of(cover, recovered=recovered, fee=fee)
        found.append(
            {"claim_id": claim_id, "number": number, "cover": cover, "base": recovered, "shares": shares}
        )
    return found
