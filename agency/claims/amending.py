"""Changing what a claim says of an invoice: all of it until its price is accepted, then its due date; and
telling what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from agency.claims.lifecycle import claim_to_change
from agency.claims.models import Claim, Invoice
from agency.claims.states import ClaimState
from agency.events import DueDateCorrected
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit, agency_day
from agency.rules.facts import ClaimType

AMENDABLE = (ClaimState.NEW, ClaimState.QUOTED)
_SUBJECT_MAX = 500
WHY_MAX: Final = 500
_PAID = text(
    "SELECT coalesce(sum(e.amount_minor), 0) <> 0 FROM ledger_entry e JOIN ledger_transaction t"
    " ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id WHERE e.creditor_id = :c"
    " AND e.claim_id = :claim AND e.account IN ('claims.principal', 'claims.interest', 'claims.costs')"
    " AND starts_with(t.kind, 'payment')"
)
_NOTICE_LEFT = text(
    "SELECT min(coalesce(m.posted_at, m.sent_at)) FROM message m JOIN template t ON t.id = m.template_id"
    " WHERE m.creditor_id = :c AND m.claim_id = :claim AND t.key LIKE 'notice%'"
    " AND m.state IN ('sent', 'delivered', 'opened')"
)


@dataclass(frozen=True, slots=True)
class InvoiceChange:
    """What an invoice should say; amounts in minor units of the claim's currency."""

    number: str
    issued_on: date
    due_on: date
    total_minor: int
    open_minor: int


def amend_invoice(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, invoice_id: UUID, change: InvoiceChange
) -> Claim:
    """This function will change an invoice and what follows from it for its claim: principal and due date.

    :raises NotFound: this creditor has no such invoice in this claim.
    :raises Conflict: the claim's price was accepted already.
    :raises Invalid: the days or amounts cannot be, or another invoice has that number.
    """
    claim = _claim_to_amend(unit, creditor_id, claim_id)
    invoice = _invoice_of(unit, creditor_id, claim_id, invoice_id)
    _check(unit, change)
    before = {name: str(getattr(invoice, name)) for name in InvoiceChange.__dataclass_fields__}
    try:
        with unit.session.begin_nested():
            for name in InvoiceChange.__dataclass_fields__:
                setattr(invoice, name, getattr(change, name))
            unit.session.flush()
    except IntegrityError as error:
        raise Invalid("another invoice has this number already", field="number") from error
    _sum_up(unit, claim)
    after = {name: str(getattr(change, name)) for name in InvoiceChange.__dataclass_fields__}
    record(
        unit,
        action="claim.invoice_amended",
        subject=f"claim:{claim_id}",
        creditor_id=creditor_id,
        facts={"invoice": str(invoice_id), "before": before, "after": after},
    )
    return claim


def amend_claim_type(unit: Unit, *, creditor_id: UUID, claim_id: UUID, claim_type: ClaimType) -> Claim:
    """This function will say what a claim is for, which decides the documents that prove it.

    :raises NotFound: this creditor has no such claim.
    :raises Conflict: the claim's price was accepted already.
    """
    claim = _claim_to_amend(unit, creditor_id, claim_id)
    if claim.claim_type != claim_type:
        before, claim.claim_type = claim.claim_type, claim_type
        unit.session.flush()
        record(
            unit,
            action="claim.type_amended",
            subject=f"claim:{claim_id}",
            creditor_id=creditor_id,
            facts={"before": before, "after": claim_type},
        )
    return claim


def tell_contract(unit: Unit, *, creditor_id: UUID, claim_id: UUID, subject: str, contract_on: date) -> Claim:
    """This function will say what was agreed and when, which some debtors must be told; it changes no price.

    :param subject: what was bought or done, in words; not the number of an invoice.
    :raises NotFound: this creditor has no such claim.
    :raises Conflict: the claim is closed.
    :raises Invalid: there are no words, they are only a number, or the day lies ahead.
    """
    claim = _locked_claim(unit, creditor_id, claim_id)
    subject = _subject_of(unit, claim, subject)
    if contract_on > unit.today:
        raise Invalid("the contract cannot be made later than today", field="contract_on")
    before = {"subject": claim.description, "contract_on": str(claim.contract_on or "")}
    claim.description, claim.contract_on = subject, contract_on
    unit.session.flush()
    after = {"subject": subject, "contract_on": contract_on.isoformat()}
    record(
        unit,
        action="claim.contract_told",
        subject=f"claim:{claim_id}",
        creditor_id=creditor_id,
        facts={"before": before, "after": after},
    )
    return claim


def tell_subject(unit: Unit, *, creditor_id: UUID, claim_id: UUID, subject: str) -> Claim:
    """This function will say what was bought or done, which a consumer in Belgium must be told (WER art.
    XIX.2); it changes no price.

    :raises NotFound: this creditor has no such claim.
    :raises Conflict: the claim is closed.
    :raises Invalid: there are no words, or they are only a number.
    """
    claim = _locked_claim(unit, creditor_id, claim_id)
    subject = _subject_of(unit, claim, subject)
    before, claim.description = claim.description, subject
    unit.session.flush()
    record(
        unit,
        action="claim.subject_told",
        subject=f"claim:{claim_id}",
        creditor_id=creditor_id,
        facts={"before": before, "after": subject},
    )
    return claim


def _subject_of(unit: Unit, claim: Claim, subject: str) -> str:
    if claim.state not in (*AMENDABLE, ClaimState.ACTIVE):
        raise Conflict("this claim is closed")
    subject = " ".join(subject.split())[:_SUBJECT_MAX]
    if not any(sign.isalpha() for sign in subject) or subject in _invoice_numbers(unit, claim):
        raise Invalid("say in words what was bought or done", field="subject")
    return subject


def _invoice_numbers(unit: Unit, claim: Claim) -> Sequence[str]:
    numbers = select(Invoice.number).where(
        Invoice.creditor_id == claim.creditor_id, Invoice.claim_id == claim.id
    )
    return unit.session.exec(numbers).all()


def correct_due_date(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, invoice_id: UUID, due_on: date, why: str
) -> None:
    """This function will correct the due date of an invoice of a claim in collection, and tell.

    Interest is worked out from the new day on whenever it is asked. What was paid was divided by the old one,
    and a notice that left before the new one asked for what was not due (art. 6:81 BW), so both stand in the
    way.

    :param why: what shows the right day; kept in the audit and on the timeline.
    :raises NotFound: this creditor has no such invoice in this claim.
    :raises Conflict: the claim is not in collection, money came in, or a formal notice left before the day.
    :raises Invalid: the day cannot be, it is the one that stands there, or no reason is given.
    """
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    invoice = _invoice_of(unit, creditor_id, claim_id, invoice_id)
    _check_due_date(unit, claim, invoice, due_on, why)
    before, invoice.due_on = invoice.due_on, due_on
    unit.session.flush()
    _sum_up(unit, claim)
    facts = {"number": invoice.number, "before": before.isoformat(), "after": due_on.isoformat(), "why": why}
    record(
        unit,
        action="claim.due_date_corrected",
        subject=f"claim:{claim_id}",
        creditor_id=creditor_id,
        facts={"invoice": str(invoice_id), **facts},
    )
    emit(unit, DueDateCorrected(creditor_id=creditor_id, claim_id=claim_id, **facts))


def _check_due_date(unit: Unit, claim: Claim, invoice: Invoice, due_on: date, why: str) -> None:
    if claim.state != ClaimState.ACTIVE:
        raise Conflict("this claim is not in collection")
    if invoice.kind != "invoice":
        raise Invalid("a credit note has no due date", field="due_on")
    if not 0 < len(why.strip()) <= WHY_MAX:
        raise Invalid("say what shows the right day", field="why")
    if due_on == invoice.due_on:
        raise Invalid("this day stands there already", field="due_on")
    if due_on < invoice.issued_on:
        raise Invalid("the due date is before the invoice date", field="due_on")
    if due_on >= unit.today:
        raise Invalid("an invoice that is not due yet cannot be collected", field="due_on")
    values = {"c": claim.creditor_id, "claim": claim.id}
    if unit.session.connection().execute(_PAID, values).scalar_one():
        raise Conflict("money was divided by the old day already: finance undoes that first")
    asked_on = _notice_on(unit, claim)
    if due_on > invoice.due_on and claim.costs_from is not None and (asked_on is None or due_on >= asked_on):
        raise Conflict("a formal notice was sent before this day: its term and costs stand in the way")


def _notice_on(unit: Unit, claim: Claim) -> date | None:
    """The day on which the first formal notice left; None where none of ours did."""
    values = {"c": claim.creditor_id, "claim": claim.id}
    left_at = unit.session.connection().execute(_NOTICE_LEFT, values).scalar_one()
    return None if left_at is None else agency_day(left_at)


def _invoice_of(unit: Unit, creditor_id: UUID, claim_id: UUID, invoice_id: UUID) -> Invoice:
    invoice = unit.session.exec(
        select(Invoice).where(
            Invoice.creditor_id == creditor_id, Invoice.claim_id == claim_id, Invoice.id == invoice_id
        )
    ).one_or_none()
    if invoice is None:
        raise NotFound("no such invoice")
    return invoice


def _claim_to_amend(unit: Unit, creditor_id: UUID, claim_id: UUID) -> Claim:
    claim = _locked_claim(unit, creditor_id, claim_id)
    if claim.state not in AMENDABLE:
        raise Conflict("the price of this claim was accepted: ask the agency to change it")
    return claim


def _locked_claim(unit: Unit, creditor_id: UUID, claim_id: UUID) -> Claim:
    claim = unit.session.exec(
        select(Claim).where(Claim.creditor_id == creditor_id, Claim.id == claim_id).with_for_update()
    ).one_or_none()
    if claim is None:
        raise NotFound("no such claim")
    return claim


def _check(unit: Unit, change: InvoiceChange) -> None:
    if not change.number.strip():
        raise Invalid("give the number of the invoice", field="number")
    if change.issued_on > unit.today:
        raise Invalid("the invoice date lies ahead", field="issued_on")
    if change.due_on < change.issued_on:
        raise Invalid("the due date is before the invoice date", field="due_on")
    if change.total_minor <= 0:
        raise Invalid("the total is more than nothing", field="total")
    if not 0 < change.open_minor <= change.total_minor:
        raise Invalid("what is open is more than nothing and at most the total", field="open")


def _sum_up(unit: Unit, claim: Claim) -> None:
    """The claim is the sum of its invoices less its credit notes, due when its oldest invoice was."""
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT coalesce(sum(open_minor), 0) AS open,"
                " min(due_on) FILTER (WHERE kind = 'invoice') AS due_on FROM invoice"
                " WHERE creditor_id = :c AND claim_id = :claim"
            ),
            {"c": claim.creditor_id, "claim": claim.id},
        )
        .one()
    )
    if row.open <= 0:
        raise Invalid("nothing would be left of the claim after its credit notes", field="open")
    claim.principal_minor, claim.due_on = int(row.open), row.due_on or claim.due_on
    unit.session.flush()
