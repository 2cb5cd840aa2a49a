"""Finance's morning: what came in, what is known, what waits, and whether the books prove."""

from starlette.requests import Request
from starlette.responses import Response

from agency.banking.proof import latest_proof
from agency.banking.queries import bank_days, latest_statement, suspense_by_age
from agency.kernel.unit import Unit
from agency.ledger.chart import Nature, account
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.payments.giving_back import owed_back_list, refunds_by_state
from agency.remittance.queries import drafted_runs
from agency.remittance.returned_care import returned_payouts
from agency.remittance.stale_runs import waiting_stale
from portal.finance.doors import finance_page, routes
from portal.finance.remittances import run_rows
from portal.finance.words import ACCOUNTS, CHECKS
from portal.price_requests import request_queue
from portal.shared.audience import StaffUnit
from portal.shared.charts import Point, chart
from portal.shared.i18n import format_day, format_money, format_money_short, gettext
from portal.shared.listing import Cut

DRAFTS_SHOWN = 20
_POSITIONS = ("trust.bank", "trust.psp", "trust.creditor", "trust.agency", "trust.debtor", "trust.suspense")


@routes.get("")
def overview(request: Request, unit: StaffUnit) -> Response:
    """The day at a glance."""
    days = bank_days(unit)
    received = Money.total((day.received for day in days), "EUR")
    matched = Money.total((day.matched for day in days), "EUR")
    drafts = drafted_runs(unit)
    proof = latest_proof(unit)
    asked = request_queue(unit)
    return finance_page(
        request,
        "overview.html",
        days=chart(
            title=gettext("Received per day"),
            points=[
                Point(format_day(day.on, "d MMM"), day.received.minor, format_money(day.received))
                for day in days
            ],
            write=lambda minor: format_money_short(Money(minor, "EUR")),
        ),
        received=received,
        share=100 * matched.minor // received.minor if received else None,
        ages=suspense_by_age(unit),
        proof=proof,
        red=_red(proof.checks) if proof else [],
        drafts=Cut(run_rows(drafts[:DRAFTS_SHOWN], stale=waiting_stale(unit)), total=len(drafts)),
        to_approve=Money.total((run.net for run in drafts), "EUR"),
        balances=[(code, _position(unit, code)) for code in _POSITIONS],
        last=latest_statement(unit),
        owed=owed_back_list(unit),
        returned=(returned := returned_payouts(unit)),
        returned_late=sum(one.too_long for one in returned),
        refunds=sum(n for (state, _), n in refunds_by_state(unit).items() if state == "requested"),
        priced_wait=sum(one.state in ("asked", "to_approve") for one in asked),
        priced_late=sum(one.late for one in asked),
        accounts=ACCOUNTS,
    )


def _position(unit: Unit, code: str) -> Money:
    """What is held or owed, as people say it: a liability is what is owed, not a negative amount."""
    balance = account_balance(unit, account=code, currency="EUR")
    return -balance if account(code).nature is Nature.LIABILITY else balance


def _red(checks: list[dict[str, object]]) -> list[str]:
    keys = dict.fromkeys(str(check["key"]) for check in checks if not check["holds"])
    return [f"{key} {gettext(CHECKS[key])}" for key in keys]
