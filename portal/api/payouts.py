"""Payouts as programs read them: each with its sums, and one invoice by invoice."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from agency.kernel.unit import Unit
from agency.parties.models import Scope
from agency.remittance.models import RemittanceRun
from agency.remittance.queries import on_its_way
from agency.remittance.statement import StatementShare, statement_shares
from portal.api.access import ApiUnit, TheCaller, opened_by
from portal.payout_statements import run_of, runs_of, sums_of

routes = opened_by(Scope.READ)


class Payout(BaseModel):
    """A payout; amounts as decimals with a point. `state` is draft, approved, exported, paid or returned."""

    id: UUID
    cutoff_on: date
    state: str
    currency: str
    collected: str
    fee: str
    vat: str
    withheld: str
    invoiced: str
    paid_out: str
    paid_at: datetime | None


class Payouts(BaseModel):
    """The latest 200 payouts, and what was paid online but has not reached the trust account yet."""

    payouts: list[Payout]
    on_its_way: str


class Line(BaseModel):
    """What one payment did for one invoice, or for the interest or costs of its claim (`part`).

    A credit check is of no claim: `part` is check, `claim` is null and `number` that of the check.
    """

    claim: UUID | None
    number: str
    reference: str
    invoice: str
    part: str
    value_on: date
    paid_to_creditor: bool
    taken_back: bool
    collected: str
    kept: str
    fee_bps: int
    fee: str
    vat: str
    for_you: str


class PayoutLines(Payout):
    """One payout with every line of it."""

    lines: list[Line]


@routes.get("/payouts")
def list_payouts(unit: ApiUnit, caller: TheCaller) -> Payouts:
    """Every payout, the latest first."""
    return Payouts(
        payouts=[
            Payout.model_validate(_sums(unit, run)) for run in runs_of(unit, creditor_id=caller.creditor_id)
        ],
        on_its_way=str(on_its_way(unit, creditor_id=caller.creditor_id).decimal),
    )


@routes.get("/payouts/{run_id:uuid}")
def read_payout(unit: ApiUnit, caller: TheCaller, run_id: UUID) -> PayoutLines:
    """One payout, invoice by invoice."""
    run = run_of(unit, creditor_id=caller.creditor_id, run_id=run_id)
    shares = statement_shares(unit, creditor_id=caller.creditor_id, run_id=run_id)
    return PayoutLines.model_validate(_sums(unit, run) | {"lines": [_line(share) for share in shares]})


def _sums(unit: Unit, run: RemittanceRun) -> dict[str, object]:
    sums = sums_of(unit, run)
    return {
        "id": run.id,
        "cutoff_on": run.cutoff_on,
        "state": run.state,
        "currency": run.currency,
        "collected": str(sums.collected.decimal),
        "fee": str(sums.fee.decimal),
        "vat": str(sums.vat.decimal),
        "withheld": str(sums.withheld.decimal),
        "invoiced": str(sums.invoiced.decimal),
        "paid_out": str(sums.net.decimal),
        "paid_at": run.paid_at,
    }


def _line(share: StatementShare) -> Line:
    return Line(
        claim=share.claim_id,
        number=share.claim_number,
        reference=share.claim_reference,
        invoice=share.invoice,
        part=share.part,
        value_on=share.value_on,
        paid_to_creditor=share.direct,
        taken_back=share.kind == "reversal",
        collected=str(share.received.decimal),
        kept=str(share.kept.decimal),
        fee_bps=share.fee_bps,
        fee=str(share.fee.decimal),
        vat=str(share.vat.decimal),
        for_you=str(share.paid.decimal),
    )
