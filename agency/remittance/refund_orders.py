"""Refunds out of the trust account: approved by a second person, in a payout file of their own, seen on the
bank.

A refund's money moves in the ledger when its file is made, from who it was owed to into transit, and leaves
transit when the bank's debit is seen. A refund that the bank sends back is owed as before.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.banking.models import BankLine, LineState
from agency.banking.suspense import locked_line, mark_line
from agency.claims.models import Claim
from agency.events import StatementImported
from agency.kernel.ids import new_id
from agency.kernel.locks import single
from agency.kernel.outbox import enqueue
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many
from agency.money import Money
from agency.payments.models import Refund, RefundRoute, RefundState
from agency.payments.provider_refunds import send_refund
from agency.payments.refunds import (
    SUSPENSE,
    NotTheSecondPerson,
    UnableToRefund,
    audit,
    book_refund,
    end_refund,
    pay_refund,
    refund_to_change,
)
from agency.remittance.models import RemittanceFile
from agency.remittance.orders import (
    NothingToExport,
    PayoutLine,
    PayoutOrder,
    PayoutWriter,
    keep_file,
    refuse_while_red,
)

PAID = "refund_paid"
RETURNED = "refund_returned"
# A bank refuses a file that it cannot show; more go into the next one.
REFUNDS_PER_FILE = 5_000


def approve_refund(unit: Unit, *, creditor_id: UUID, refund_id: UUID) -> None:
    """This function will approve a refund, by another person than who asked for it, while the proof is green.

    One by the payment provider is then carried out by a job; one by transfer waits for the next file.

    :raises NotFound: no such refund.
    :raises UnableToRefund: it does not wait for approval.
    :raises NotTheSecondPerson: the same person asked for it (the database refuses that too).
    :raises PayoutsBlocked: the proof is red.
    """
    refund = refund_to_change(unit, creditor_id=creditor_id, refund_id=refund_id)
    if refund.state != RefundState.REQUESTED:
        raise UnableToRefund("this refund does not wait for approval")
    if refund.requested_by == unit.by:
        raise NotTheSecondPerson("another person must approve what you asked for")
    refuse_while_red(unit)
    refund.state, refund.approved_at, refund.approved_by = RefundState.APPROVED, unit.now, unit.by
    unit.session.add(refund)
    unit.session.flush()
    audit(unit, refund, "approved")
    if refund.route == RefundRoute.PROVIDER:
        enqueue(unit, send_refund, key=f"send_refund:{refund_id}", refund_id=str(refund_id))


def export_refunds(
    unit: Unit, *, writer: PayoutWriter, payer_name: str, payer_iban: str, execute_on: date
) -> RemittanceFile:
    """This function will put approved refunds by transfer into one payout file and move their money.

    :returns: the file, which is kept as it was written.
    :raises NothingToExport: none waits.
    :raises PayoutsBlocked: the proof is red.
    :raises AlreadyRunning: somebody else exports at this moment.
    """
    single(unit, "refunds.export")
    refunds = [refund for refund in _approved(unit) if _still_owed(unit, refund)]
    if not refunds:
        raise NothingToExport("no approved refund waits for a transfer")
    refuse_while_red(unit)
    file_id = new_id()
    for refund in refunds:
        refund.end_to_end = f"T{refund.id.hex[:30]}".upper()
    order = PayoutOrder(
        f"REFUND-{unit.today:%Y%m%d}-{file_id.hex[-12:]}",
        unit.now,
        payer_name,
        payer_iban,
        execute_on,
        _lines(unit, refunds),
    )
    file = keep_file(unit, file_id=file_id, order=order, writer=writer)
    for refund in refunds:
        book_refund(unit, refund, unit.today)
        _leave(unit, refund, file_id)
    return file


def reject_refund(unit: Unit, *, creditor_id: UUID, refund_id: UUID, why: str) -> None:
    """This function will take a transfer back that the bank did not carry out; its money is owed as before.

    :raises NotFound: no such refund.
    :raises UnableToRefund: it is not on its way.
    """
    refund = refund_to_change(unit, creditor_id=creditor_id, refund_id=refund_id)
    if refund.state != RefundState.EXPORTED:
        raise UnableToRefund("this refund is not on its way")
    _come_back(unit, refund, why)


def see_refunded(unit: Unit, event: StatementImported) -> None:
    """This reaction will recognise the agency's own refunds, and those that came back, on a new statement."""
    see_refunds(unit, statement_id=event.statement_id)


def see_refunds(unit: Unit, *, statement_id: UUID | None = None) -> int:
    """This function will match lines in suspense with refunds, by end-to-end id and amount: a debit pays one
    that was on its way, a credit returns one that was paid.

    :returns: how many lines were recognised.
    """
    rows = unit.session.connection().execute(
        text(
            "SELECT l.id AS line_id, r.creditor_id, r.id AS refund_id FROM bank_line l JOIN refund r"
            " ON r.end_to_end = l.end_to_end AND r.currency = l.currency AND l.end_to_end <> ''"
            " AND ((r.state = 'exported' AND l.amount_minor = -r.amount_minor)"
            "  OR (r.state IN ('exported', 'paid') AND l.amount_minor = r.amount_minor))"
            " WHERE l.state = 'suspense'"
            " AND (CAST(:statement AS uuid) IS NULL OR l.statement_id = :statement)"
            # The debits first: what came back the same day had left before.
            " ORDER BY l.amount_minor > 0, r.creditor_id, r.id, l.id"
        ),
        {"statement": statement_id},
    )
    return sum(_see(unit, row.creditor_id, row.refund_id, row.line_id) for row in rows.all())


def _see(unit: Unit, creditor_id: UUID, refund_id: UUID, line_id: UUID) -> bool:
    refund = refund_to_change(unit, creditor_id=creditor_id, refund_id=refund_id)
    line = locked_line(unit, line_id)
    outgoing = line.amount_minor < 0
    expected = RefundState.EXPORTED if outgoing else RefundState.PAID
    if line.state != LineState.SUSPENSE or refund.state != expected:
        return False  # seen before, or the same refund on two lines: that waits for a person
    amount = Money(line.amount_minor, line.currency)
    _pass_transit(unit, refund, line, amount)
    if outgoing:
        pay_refund(unit, refund)
    else:
        _come_back(unit, refund, "the bank sent it back")
    state = LineState.REFUND if outgoing else LineState.RETURNED
    mark_line(unit, line=line, state=state, creditor_id=creditor_id, claim_id=refund.claim_id)
    return True


def _pass_transit(unit: Unit, refund: Refund, line: BankLine, amount: Money) -> None:
    """Book a line between suspense, where every line starts, and transit, where its refund is."""
    posting = Posting(
        creditor_id=refund.creditor_id,
        book=Book.TRUST,
        kind=PAID if amount.minor < 0 else RETURNED,
        source_key=str(refund.id),
        legs=(
            Leg("trust.in_transit", -amount, refund.claim_id),
            Leg(SUSPENSE, amount, refund.claim_id),
        ),
        effective_on=line.value_on,
    )
    post_many(unit, [posting])


def _come_back(unit: Unit, refund: Refund, why: str) -> None:
    end_refund(unit, refund, RefundState.REJECTED, why)
    if refund.line_id is not None:
        mark_line(
            unit,
            line=locked_line(unit, refund.line_id),
            state=LineState.SUSPENSE,
            creditor_id=None,
            claim_id=None,
        )


def _approved(unit: Unit) -> Sequence[Refund]:
    return unit.session.exec(
        select(Refund)
        .where(Refund.state == RefundState.APPROVED, Refund.route == RefundRoute.BANK)
        .order_by(col(Refund.creditor_id), col(Refund.id))
        .limit(REFUNDS_PER_FILE)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _still_owed(unit: Unit, refund: Refund) -> bool:
    """Cancel a line's refund when the line turned out to be somebody's meanwhile."""
    if refund.line_id is None or locked_line(unit, refund.line_id).state == LineState.SUSPENSE:
        return True
    end_refund(unit, refund, RefundState.CANCELLED, "the line was settled meanwhile")
    return False


def _lines(unit: Unit, refunds: Sequence[Refund]) -> tuple[PayoutLine, ...]:
    """What the file says of each refund; the reason stays inside, for the payee knows his claim's number."""
    claims = [refund.claim_id for refund in refunds if refund.claim_id]
    rows = unit.session.exec(select(Claim.id, Claim.number).where(col(Claim.id).in_(claims)))
    numbers = dict(rows.all())
    return tuple(
        PayoutLine(
            refund.end_to_end or "",
            refund.holder,
            refund.iban,
            Money(refund.amount_minor, refund.currency),
            f"Terugbetaling {numbers[refund.claim_id] if refund.claim_id else 'van uw betaling'}",
        )
        for refund in refunds
    )


def _leave(unit: Unit, refund: Refund, file_id: UUID) -> None:
    refund.state, refund.file_id = RefundState.EXPORTED, file_id
    unit.session.add(refund)
    unit.session.flush()
    audit(unit, refund, "exported")
    if refund.line_id is not None:
        mark_line(
            unit,
            line=locked_line(unit, refund.line_id),
            state=LineState.SENT_BACK,
            creditor_id=None,
            claim_id=None,
        )
