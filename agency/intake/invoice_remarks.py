"""What is remarkable about an e-invoice beyond its values: what it says against itself, and whose it is."""

import re
from collections.abc import Iterable
from typing import Final

from agency.intake.checks.finding import Finding, Severity
from agency.intake.terms import due_by_terms
from agency.parties.models import Creditor
from agency.ports.readers import EInvoice, Party

OWED_BY_CREDITOR: Final = "is an invoice that the creditor received, not one that it sent"
NOT_PLAIN: Final = "the e-invoice contradicts itself, or leaves something open; it is taken as it stands"
BY_TERMS: Final = "no due date is stated; this day follows from the payment terms in words"
NOT_BY_TERMS: Final = "no due date is stated, and no number of days in the terms; thirty days are taken"
OF_ANOTHER: Final = "another seller than the creditor sent this invoice"
_NUMBER_MIN: Final = 8
_SHOWN_MAX: Final = 200


def is_owed_by(invoice: EInvoice, creditor: Creditor) -> bool:
    """This function will tell whether the creditor is the one who must pay."""
    return bool(_numbers_of(invoice.buyer) & _own_numbers(creditor))


def remarks_on(invoice: EInvoice, creditor: Creditor) -> list[Finding]:
    """This function will return what a person should know of an invoice that is taken."""
    found = []
    if invoice.warnings and not invoice.read_values:
        found.append(Finding("file", Severity.WARN, NOT_PLAIN, "; ".join(invoice.warnings)[:_SHOWN_MAX]))
    if invoice.kind == "invoice" and invoice.terms and invoice.due_date is None:
        due = due_by_terms(invoice.terms, invoice.issue_date)
        told = f"{due} ← {invoice.terms}" if due else invoice.terms
        found.append(Finding("due_on", Severity.WARN, BY_TERMS if due else NOT_BY_TERMS, told[:_SHOWN_MAX]))
    seller, own = _numbers_of(invoice.seller), _own_numbers(creditor)
    if seller and own and not seller & own:
        name = invoice.seller.legal_name or invoice.seller.name or ""
        found.append(Finding("file", Severity.WARN, OF_ANOTHER, name[:_SHOWN_MAX]))
    return found


def _numbers_of(party: Party) -> frozenset[str]:
    return _plain(number for number in (party.vat, party.legal_id) if number)


def _own_numbers(creditor: Creditor) -> frozenset[str]:
    return _plain(number for number in (creditor.vat_number, creditor.registration_number) if number)


def _plain(numbers: Iterable[str]) -> frozenset[str]:
    """Numbers as they are compared: without signs, and a Belgian one also without its country's letters."""
    plain = {re.sub(r"[^0-9A-Z]", "", number.upper()) for number in numbers}
    plain |= {number.removeprefix("BE") for number in plain}
    return frozenset(number for number in plain if len(number) >= _NUMBER_MIN)
