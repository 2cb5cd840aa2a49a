"""Proof that bank = ledger = liabilities, to the cent: each check is one question with its two figures.

While one of the checks that guard money (P1 to P6) is red, nothing is paid out.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.banking.importing import LINE_KIND
from agency.banking.models import ProofRun
from agency.banking.suspense import PARKED
from agency.calendar import is_business_day
from agency.kernel.audit import verify_chain
from agency.kernel.unit import Unit
from agency.ledger.chart import TRUST_ASSETS, TRUST_LIABILITIES
from agency.rules.suspense_age import suspense_age

LAG_MINUTES_MAX = 15


@dataclass(frozen=True, slots=True)
class Check:
    """One question: `left` must equal `right`. Money checks are in minor units, others count things.

    `account` names the ledger account that a reader can open to see where a figure comes from.
    """

    key: str
    left_label: str
    left: int
    right_label: str
    right: int
    money: bool
    blocks: bool
    account: str = ""
    currency: str = "EUR"

    @property
    def holds(self) -> bool:
        """Whether the two figures are equal."""
        return self.left == self.right


def prove(unit: Unit, *, on: date) -> ProofRun:
    """This function will run every check and store the result; it changes nothing else."""
    checks = [check for question in _QUESTIONS for check in question(unit)]
    run = ProofRun(
        at=unit.now,
        on=on,
        green=all(check.holds for check in checks if check.blocks),
        checks=[asdict(check) | {"holds": check.holds} for check in checks],
    )
    unit.session.add(run)
    unit.session.flush()
    return run


def latest_proof(unit: Unit) -> ProofRun | None:
    """This function will return the last proof, None when there never was one."""
    return unit.session.exec(select(ProofRun).order_by(col(ProofRun.at).desc()).limit(1)).first()


def payouts_blocked(unit: Unit) -> str:
    """This function will return why nothing may be paid out now, empty when it may.

    The proof is run anew, so that yesterday's green hides nothing of today.
    """
    run = prove(unit, on=unit.today)
    red = [check["key"] for check in run.checks if check["blocks"] and not check["holds"]]
    return f"the proof is red: {', '.join(red)}" if red else ""


def _count(unit: Unit, sql: str, **values: object) -> int:
    return int(unit.session.connection().execute(text(sql), values).scalar_one())


def _transactions_balance(unit: Unit) -> list[Check]:
    uneven = _count(
        unit,
        "SELECT count(*) FROM (SELECT FROM ledger_entry GROUP BY creditor_id, transaction_id, currency"
        " HAVING sum(amount_minor) <> 0) AS uneven",
    )
    empty = _count(
        unit,
        "SELECT count(*) FROM ledger_transaction t WHERE NOT EXISTS (SELECT FROM ledger_entry e"
        " WHERE e.creditor_id = t.creditor_id AND e.transaction_id = t.id)",
    )
    return [Check("P1", "transactions that do not balance", uneven + empty, "allowed", 0, False, True)]


def _bank_equals_ledger(unit: Unit) -> list[Check]:
    rows = unit.session.connection().execute(
        text(
            "SELECT DISTINCT ON (iban, currency) iban, currency, closing_minor FROM bank_statement"
            " WHERE closing_minor IS NOT NULL"
            " ORDER BY iban, currency, closes_on DESC NULLS LAST, imported_at DESC, id DESC"
        )
    )
    bank: dict[str, int] = {}
    for row in rows:
        bank[row.currency] = bank.get(row.currency, 0) + row.closing_minor
    ledger = _by_currency(unit, ("trust.bank",))
    return [
        Check(
            "P2",
            "trust account in the ledger",
            ledger.get(currency, 0),
            "closing balance of the bank",
            bank.get(currency, 0),
            True,
            True,
            "trust.bank",
            currency,
        )
        for currency in sorted(bank.keys() | ledger.keys()) or ["EUR"]
    ]


def _liabilities_equal_assets(unit: Unit) -> list[Check]:
    assets, owed = _by_currency(unit, TRUST_ASSETS), _by_currency(unit, TRUST_LIABILITIES)
    return [
        Check(
            "P3",
            "client money held",
            assets.get(currency, 0),
            "owed to creditors, debtors, agency and nobody yet",
            -owed.get(currency, 0),
            True,
            True,
            "trust.creditor",
            currency,
        )
        for currency in sorted(assets.keys() | owed.keys()) or ["EUR"]
    ]


def _by_currency(unit: Unit, accounts: tuple[str, ...]) -> dict[str, int]:
    rows = unit.session.connection().execute(
        text(
            "SELECT currency, sum(amount_minor)::bigint AS minor FROM ledger_entry"
            " WHERE account = ANY(:accounts) GROUP BY currency HAVING sum(amount_minor) <> 0"
        ),
        {"accounts": list(accounts)},
    )
    return {row.currency: row.minor for row in rows}


def _every_line_booked_once(unit: Unit) -> list[Check]:
    lines = _count(unit, "SELECT count(*) FROM bank_line WHERE amount_minor <> 0")
    right = _count(
        unit,
        "SELECT count(*) FROM bank_line l JOIN ledger_transaction t ON t.kind = :kind"
        " AND t.source_key = l.id::text JOIN ledger_entry e ON e.creditor_id = t.creditor_id"
        " AND e.transaction_id = t.id AND e.account = 'trust.bank' AND e.amount_minor = l.amount_minor"
        " AND e.currency = l.currency",
        kind=LINE_KIND,
    )
    strays = _count(
        unit,
        "SELECT count(*) FROM ledger_transaction t WHERE t.kind = :kind"
        " AND NOT EXISTS (SELECT FROM bank_line l WHERE l.id::text = t.source_key)",
        kind=LINE_KIND,
    )
    settled = _count(unit, "SELECT count(*) FROM bank_line WHERE state = 'matched'")
    # A line that was split over several claims names none itself.
    paid = _count(
        unit,
        "SELECT count(*) FROM (SELECT FROM bank_line l JOIN payment p"
        " ON l.id::text = split_part(p.source_key, '#', 1) AND p.source = 'bank' AND p.reversed_at IS NULL"
        " WHERE l.state = 'matched' GROUP BY l.id HAVING sum(p.amount_minor) = l.amount_minor"
        " AND bool_and(l.claim_id IS NULL OR (p.creditor_id = l.creditor_id AND p.claim_id = l.claim_id))"
        ") AS paid",
    )
    return [
        Check("P4", "bank lines", lines, "booked once, with their amount", right - strays, False, True,
              "trust.bank"),
        Check("P4", "lines settled on claims", settled, "payments of just those lines", paid, False, True),
    ]  # fmt: skip


def _suspense_is_young(unit: Unit) -> list[Check]:
    # The day before the one that leaves exactly the limit of business days up to today.
    days = suspense_age(on=unit.today).block_after
    limit, left = unit.today, days + 1
    while left:
        left -= is_business_day(country="NL", day=limit)
        limit -= timedelta(days=1)
    old = _count(
        unit,
        "SELECT count(*) FROM bank_line l WHERE l.state = 'suspense' AND l.amount_minor <> 0"
        f" AND l.booked_on <= :limit AND NOT {PARKED}",
        limit=limit,
    )
    label = "lines in suspense for too many business days"
    return [Check("P5", label, old, "allowed", 0, False, True, "trust.suspense")]


def _remitted_equals_debited(unit: Unit) -> list[Check]:
    remitted = _count(
        unit,
        "SELECT coalesce(sum(e.amount_minor), 0)::bigint FROM ledger_entry e JOIN ledger_transaction t"
        " ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
        " WHERE t.kind = 'remittance_paid' AND e.account = 'trust.in_transit'",
    )
    debited = _count(
        unit, "SELECT coalesce(-sum(amount_minor), 0)::bigint FROM bank_line WHERE state = 'payout'"
    )
    refunded = _count(
        unit,
        "SELECT coalesce(sum(e.amount_minor), 0)::bigint FROM ledger_entry e JOIN ledger_transaction t"
        " ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
        " WHERE t.kind = 'refund_paid' AND e.account = 'trust.in_transit'",
    )
    sent = _count(
        unit, "SELECT coalesce(-sum(amount_minor), 0)::bigint FROM bank_line WHERE state = 'refund'"
    )
    return [
        Check("P6", "paid out by the ledger", remitted, "debited by the bank", debited, True, True,
              "trust.in_transit"),
        Check("P6", "refunded by the ledger", refunded, "debited by the bank", sent, True, True,
              "trust.in_transit"),
    ]  # fmt: skip


def _nothing_lags(unit: Unit) -> list[Check]:
    outbox = _count(
        unit,
        "SELECT count(*) FROM outbox WHERE done_at IS NULL AND (quarantined_at IS NOT NULL"
        " OR available_at < clock_timestamp() - make_interval(mins => :limit))",
        limit=LAG_MINUTES_MAX,
    )
    inbox = _count(
        unit,
        "SELECT count(*) FROM inbox WHERE handled_at IS NULL"
        " AND received_at < app.now() - make_interval(mins => :limit)",
        limit=LAG_MINUTES_MAX,
    )
    return [
        Check("P9", "jobs late or given up", outbox, "allowed", 0, False, False),
        Check("P9", "notices not handled in time", inbox, "allowed", 0, False, False),
    ]


def _audit_is_whole(unit: Unit) -> list[Check]:
    creditors: list[UUID] = list(
        unit.session.connection()
        .execute(text("SELECT DISTINCT creditor_id FROM audit_entry ORDER BY creditor_id"))
        .scalars()
    )
    whole = sum(verify_chain(unit, creditor_id=creditor_id).broken_at is None for creditor_id in creditors)
    return [Check("P10", "audit chains", len(creditors), "unbroken", whole, False, False)]


_QUESTIONS: tuple[Callable[[Unit], list[Check]], ...] = (
    _transactions_balance,
    _bank_equals_ledger,
    _liabilities_equal_assets,
    _every_line_booked_once,
    _suspense_is_young,
    _remitted_equals_debited,
    _nothing_lags,
    _audit_is_whole,
)
