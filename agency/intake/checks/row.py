"""All checks of one row: what the values say together, beyond each being readable."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

from agency.intake.checks.accounts import check_iban
from agency.intake.checks.amounts import check_amount
from agency.intake.checks.business_numbers import check_kind, check_registration, check_vat
from agency.intake.checks.dates import check_dates
from agency.intake.checks.finding import Finding
from agency.intake.checks.health_words import check_health
from agency.intake.checks.personal_numbers import check_reference, check_text
from agency.intake.checks.reachability import check_email, check_phone, check_postcode
from agency.money import Money
from agency.rules.facts import Law

FREE_TEXTS: Final = ("description", "dispute_reason")
REFERENCES: Final = ("claim_reference", "invoice_number", "debtor_reference", "debtor_name")
_MEMORY: Final = 20_000


def check_row(found: Mapping[str, Any], *, today: date, law: Law) -> list[Finding]:
    """Return what is remarkable about a row whose values were read: refusals, warnings and questions.

    :param found: our fields with their values; `amount_minor` in minor units of `currency`.
    :param law: the law of the claim, for its limitation.
    """
    country = found["country"]
    remarks: list[Finding] = []
    for field in REFERENCES:
        if found.get(field):
            remarks += _reference(field, found[field])
    for field, check in _OF_COUNTRY.items():
        if found.get(field):
            remarks += check(found[field], country)
    if found.get("vat_number"):
        remarks += check_vat(found["vat_number"], country, found.get("registration_number"))
    is_invoice = found.get("document_kind") != "credit_note"
    if found.get("amount_minor") is not None:
        amount = Money(found["amount_minor"], found["currency"])
        remarks += check_amount(amount, today=today, is_invoice=is_invoice)
    if found.get("due_on") and found.get("issued_on"):
        remarks += check_dates(
            issued=found["issued_on"], due=found["due_on"], today=today, law=law, is_invoice=is_invoice
        )
    return remarks + check_kind(
        found.get("debtor_kind") or "",
        registration=found.get("registration_number"),
        vat=found.get("vat_number"),
    )


@lru_cache(maxsize=_MEMORY)
def read_text(field: str, text: str) -> tuple[str, tuple[Finding, ...]]:
    """Return a free text as it may be kept, with every remark about it."""
    kept, remarks = check_text(field, text)
    return kept, (*remarks, *check_health(field, kept))


@lru_cache(maxsize=_MEMORY)
def _reference(field: str, text: str) -> tuple[Finding, ...]:
    return tuple(check_reference(field, text))


@lru_cache(maxsize=_MEMORY)
def _iban(value: str, country: str) -> tuple[Finding, ...]:
    return tuple(check_iban(value, country))


@lru_cache(maxsize=_MEMORY)
def _phone(value: str, country: str) -> tuple[Finding, ...]:
    return tuple(check_phone(value, country))


_OF_COUNTRY: Final[dict[str, Callable[[str, str], Any]]] = {
    "iban": _iban,
    "registration_number": check_registration,
    "postal_code": check_postcode,
    "email": lambda value, _: check_email(value),
    "phone": _phone,
}
