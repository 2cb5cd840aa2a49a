"""Changing what a claim says of an invoice while its price is not accepted yet; telling what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from agency.claims.models import Claim, Invoice
from agency.claims.states import ClaimState
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit
from agency.rules.facts import ClaimType

AMENDABLE = (ClaimState.NEW, ClaimState.QUOTED)
_SUBJECT_MAX = 500


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
    invoice = unit.session.exec(
        select(Invoice).where(
            Invoice.creditor_id == creditor_id, Invoice.claim_id == claim_id, Invoice.id == invoice_id
        )
    ).one_or_none()
    if invoice is None:
        raise NotFound("no such invoice")
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
    if claim.state not in (*AMENDABLE, ClaimState.ACTIVE):
        raise Conflict("this claim is closed")
    subject = " ".join(subject.split())[:_SUBJECT_MAX]
    if not any(sign.isalpha() for sign in subject) or subject in _invoice_numbers(unit, claim):
        raise Invalid("say in words what was bought or done", field="subject")
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


def _invoice_numbers(unit: Unit, claim: Claim) -> Sequence[str]:
    numbers = select(Invoice.number).where(
        Invoice.creditor_id == claim.creditor_id, Invoice.claim_id == claim.id
    )
    return unit.session.exec(numbers).all()


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
