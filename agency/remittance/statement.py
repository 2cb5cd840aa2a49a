"""A payout told invoice by invoice: collected, kept, paid, and why; and as movements for the creditor's
books."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import Unit, agency_day
from agency.money import Money
from agency.remittance.fees import CHECK_NUMBER
from agency.remittance.models import RemittanceRun
from agency.rules.invoice_shares import OpenInvoice, invoice_shares

PRINCIPAL, INTEREST, COSTS, WITHDRAWAL = "principal", "interest", "costs", "withdrawal"
FLAT, HOURS, CHECK = "flat", "hours", "check"
WITHOUT_PAYMENT = (WITHDRAWAL, FLAT, HOURS, CHECK)


@dataclass(frozen=True, slots=True)
class StatementShare:
    """What one payment did for one invoice, or for the interest or costs of its claim (`part`).

    `received` is what the debtor paid, `kept` what the agency kept of it by contract, `fee` and `vat` its
    success fee, `paid` what is left for the creditor. Money that the creditor received itself is `direct`:
    then `paid` is only the fee, owed. What was taken back is negative. A credit check is of no claim:
    `check_id` tells which, and its number stands in the place of the claim's.

    Of what was taken back, `taken_back_on` is the day, and `settled_in` the cut-off of the payout in which
    the payment stood; None when that one settles both.
    """

    claim_id: UUID | None
    check_id: UUID | None
    claim_number: str
    claim_reference: str
    debtor: str
    invoice: str
    part: str
    kind: str
    direct: bool
    value_on: date
    received: Money
    kept: Money
    fee: Money
    vat: Money
    fee_bps: int
    trace: list[Any]
    taken_back_on: date | None = None
    settled_in: date | None = None

    @property
    def paid(self) -> Money:
        """What the payout owes for it, before what is invoiced."""
        own = Money.zero(self.fee.currency) if self.direct else self.received - self.kept
        return own - self.fee - self.vat


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement on the creditor's account with the agency: positive is money held for it."""

    key: str
    amount: Money
    booked_on: date
    value_on: date
    text: str
    end_to_end: str | None = None
    counterparty: str | None = None
    counterparty_iban: str | None = None


_ROWS = text(
    "SELECT f.id, f.claim_id, f.kind, f.base_minor, f.net_minor, f.vat_minor, f.fee_bps, f.currency, f.trace,"
    " f.earned_at, f.cause_id, coalesce(c.reference, '') AS reference, p.source, p.value_on,"
    f" coalesce(c.number, {CHECK_NUMBER}) AS number, coalesce(d.name, '') AS debtor,"
    " p.principal_minor, p.interest_minor, p.costs_minor, p.to_creditor_minor, p.reversed_at,"
    " (SELECT r.cutoff_on FROM success_fee o JOIN remittance_run r ON r.creditor_id = o.creditor_id"
    "  AND r.id = o.run_id WHERE f.kind = 'reversal' AND o.creditor_id = f.creditor_id"
    "  AND o.payment_id = f.payment_id AND o.kind = 'fee' AND o.run_id <> f.run_id) AS settled_in,"
    " coalesce((SELECT sum(b.principal_minor) FROM payment b WHERE b.creditor_id = p.creditor_id"
    "  AND b.claim_id = p.claim_id AND (b.created_at, b.id) < (p.created_at, p.id)"
    "  AND (b.reversed_at IS NULL OR b.reversed_at > p.created_at)), 0)::bigint AS paid_before"
    " FROM success_fee f LEFT JOIN payment p ON p.creditor_id = f.creditor_id AND p.id = f.payment_id"
    " LEFT JOIN claim c ON c.creditor_id = f.creditor_id AND c.id = f.claim_id"
    " LEFT JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " LEFT JOIN credit_check k ON f.kind = 'check' AND k.creditor_id = f.creditor_id AND k.id = f.cause_id"
    " WHERE f.creditor_id = :c AND f.run_id = :run"
    " ORDER BY coalesce(p.value_on, f.earned_at::date), c.number, f.id LIMIT :limit"
)
_INVOICES = text(
    "SELECT i.claim_id, i.number, i.due_on, i.open_minor, i.currency FROM invoice i"
    " WHERE i.creditor_id = :c AND i.claim_id IN (SELECT claim_id FROM success_fee"
    "  WHERE creditor_id = :c AND run_id = :run)"
)


def statement_shares(
    unit: Unit, *, creditor_id: UUID, run_id: UUID, limit: int | None = None
) -> Iterator[StatementShare]:
    """This function will yield what each payment of a payout did for each invoice, in order of value date.

    :param limit: at most so many payments; None for all.
    """
    whose = {"c": creditor_id, "run": run_id}
    connection = unit.session.connection()
    invoices: dict[UUID, list[OpenInvoice]] = defaultdict(list)
    for row in connection.execute(_INVOICES, whose):
        invoices[row.claim_id].append(
            OpenInvoice(row.number, row.due_on, Money(row.open_minor, row.currency))
        )
    for row in connection.execute(_ROWS, whose | {"limit": limit}).all():
        yield from _shares(row, invoices[row.claim_id] if row.claim_id else ())


def _shares(row: Row[Any], invoices: Sequence[OpenInvoice]) -> Iterable[StatementShare]:
    """Divide a fee row over the parts of its payment; the fee follows what the creditor gets of each."""
    parts = _parts(row, invoices)
    sign = -1 if row.kind == "reversal" else 1
    weights = [own.minor for _, _, own, _ in parts]
    fees = _divided(Money(abs(row.net_minor), row.currency), weights)
    vats = _divided(Money(abs(row.vat_minor), row.currency), weights)
    for (part, invoice, own, kept), fee, vat in zip(parts, fees, vats, strict=True):
        yield StatementShare(
            claim_id=row.claim_id,
            check_id=row.cause_id if row.kind == CHECK else None,
            claim_number=row.number,
            claim_reference=row.reference,
            debtor=row.debtor,
            invoice=invoice,
            part=part,
            kind=row.kind,
            direct=row.source == "direct",
            value_on=row.value_on or agency_day(row.earned_at),
            received=_signed(own + kept, sign),
            kept=_signed(kept, sign),
            fee=_signed(fee, sign),
            vat=_signed(vat, sign),
            fee_bps=row.fee_bps,
            trace=row.trace,
            taken_back_on=agency_day(row.reversed_at) if sign < 0 else None,
            settled_in=row.settled_in,
        )


def _parts(row: Row[Any], invoices: Sequence[OpenInvoice]) -> list[tuple[str, str, Money, Money]]:
    """Return (part, invoice, what is the creditor's, what the agency keeps) of what was applied."""
    zero = Money.zero(row.currency)
    if row.kind in WITHOUT_PAYMENT:
        return [(row.kind, "", zero, zero)]
    shares = invoice_shares(
        principal=Money(row.principal_minor, row.currency),
        paid_before=Money(row.paid_before, row.currency),
        invoices=invoices,
    )
    parts = [(PRINCIPAL, share.number, share.amount, zero) for share in shares]
    own = row.to_creditor_minor - row.principal_minor
    # By contract each of the two goes to one party as a whole.
    of_interest = (
        row.interest_minor if own in (row.interest_minor, row.interest_minor + row.costs_minor) else 0
    )
    for name, minor, creditors in (
        (INTEREST, row.interest_minor, of_interest),
        (COSTS, row.costs_minor, own - of_interest),
    ):
        if minor:
            kept = Money(minor - creditors, row.currency)
            parts.append((name, "", Money(creditors, row.currency), kept))
    return parts or [(PRINCIPAL, "", zero, zero)]


def _divided(amount: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    return amount.allocate(weights if any(weights) else [1] * len(weights))


def _signed(amount: Money, sign: int) -> Money:
    return amount if sign > 0 else -amount


def checks_in_run(unit: Unit, *, run: RemittanceRun) -> Money:
    """This function will return what of a payout's fee is for credit checks, without VAT."""
    minor = unit.session.connection().execute(
        text(
            "SELECT coalesce(sum(net_minor), 0)::bigint FROM success_fee"
            " WHERE creditor_id = :c AND run_id = :run AND kind = 'check'"
        ),
        {"c": run.creditor_id, "run": run.id},
    )
    return Money(int(minor.scalar_one()), run.currency)


def direct_in_run(unit: Unit, *, run: RemittanceRun) -> Money:
    """This function will return what debtors paid to the creditor itself of what a payout charges for: it
    stands among what was collected and is no part of what the payout pays."""
    minor = unit.session.connection().execute(
        text(
            "SELECT coalesce(sum(f.base_minor), 0)::bigint FROM success_fee f JOIN payment p"
            " ON p.creditor_id = f.creditor_id AND p.id = f.payment_id AND p.source = 'direct'"
            " WHERE f.creditor_id = :c AND f.run_id = :run"
        ),
        {"c": run.creditor_id, "run": run.id},
    )
    return Money(int(minor.scalar_one()), run.currency)


def creditor_movements(unit: Unit, *, run: RemittanceRun, our_name: str) -> list[Movement]:
    """This function will tell a payout as movements that add up to nothing: what came in per invoice, what
    was kept by invoice number, and what went to the creditor's own account.

    A book-keeping program that reads them closes each invoice, the agency's invoice and the payout by itself.
    """
    day = agency_day(run.approved_at or run.drafted_at)
    found = []
    shares = list(statement_shares(unit, creditor_id=run.creditor_id, run_id=run.id))
    for number, share in enumerate(shares, 1):
        own = share.received - share.kept
        if share.direct or not own:
            continue
        words = " ".join(
            # An invoice is often the reference of its claim too.
            dict.fromkeys(
                filter(None, (share.invoice or share.part, share.claim_reference, share.claim_number))
            )
        )
        found.append(
            Movement(f"{run.id.hex[-9:]}{number:06d}", own, day, share.value_on, words, None, share.debtor)
        )
    for number, kept in enumerate(_kept(unit, run), 1):
        words, amount = kept
        found.append(Movement(f"{run.id.hex[-9:]}F{number:05d}", amount, day, day, words, None, our_name))
    if run.net_minor:
        found.append(
            Movement(
                f"{run.id.hex[-9:]}P00001",
                Money(-run.net_minor, run.currency),
                day,
                day,
                f"{run.cutoff_on:%d-%m-%Y}",
                run.end_to_end,
                run.payee_name,
                run.payee_iban,
            )
        )
    return found


def _kept(unit: Unit, run: RemittanceRun) -> Iterator[tuple[str, Money]]:
    """Yield what the payout settled of each invoice: kept for one, given back for a credit note."""
    rows = unit.session.connection().execute(
        text(
            "SELECT kind, series || year || '-' || lpad(number::text, 5, '0') AS number, settled_minor"
            " FROM fee_invoice WHERE creditor_id = :c AND run_id = :run AND settled_minor <> 0"
            " ORDER BY kind DESC"
        ),
        {"c": run.creditor_id, "run": run.id},
    )
    found = rows.all()
    if not found and run.withheld_minor:
        yield "fee", Money(-run.withheld_minor, run.currency)
    for row in found:
        sign = -1 if row.kind == "invoice" else 1
        yield row.number, Money(sign * row.settled_minor, run.currency)
