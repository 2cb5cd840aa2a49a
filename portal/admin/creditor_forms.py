"""The forms about a creditor: who it is, and what is agreed with it."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import EmailStr, Field

from agency.kernel.errors import Invalid
from agency.money import Money
from agency.parties.creditor_facts import CreditorFacts
from agency.parties.models import CreditorTerms, RemittanceMode
from agency.parties.terms import ContractAgreement
from agency.rules.contract_split import Keeper
from agency.rules.mandates import NoSuchAccount, readable_iban
from portal.shared.forms import AmountField, FormModel, NumberField, money_of
from portal.shared.i18n import Language, typed_money, typed_number

_HUNDRED = Decimal(100)
NAME_MAX = 100  # as long as a brand's: it stands above each letter


class FactsForm(FormModel):
    """Who a creditor is."""

    name: str = Field(min_length=2, max_length=NAME_MAX)
    country: str
    language: Language
    registration_number: str = Field(default="", max_length=40)
    vat_number: str = Field(default="", max_length=40)
    vat_deductible: bool = False
    email: EmailStr
    phone: str = Field(default="", max_length=40)
    street: str = Field(default="", max_length=200)
    postal_code: str = Field(default="", max_length=20)
    city: str = Field(default="", max_length=100)


class TermsFields(FormModel):
    """What is agreed, whenever it counts."""

    interest_to: Keeper
    costs_to: Keeper
    costs_clause: bool = False
    interest_percent: str = Field(default="", max_length=10)
    reminder_in_creditors_name: bool = False
    free_demand_days: int = 0
    withdrawal_percent: NumberField = Decimal(0)
    withdrawal_minimum: AmountField = Decimal(0)


class ContractForm(TermsFields):
    """What is agreed from a day on."""

    valid_from: date


class NewCreditorForm(FactsForm, TermsFields):
    """A creditor that comes in: who it is, its account, and what is agreed."""

    reference: str
    iban: str
    iban_holder: str = Field(min_length=1, max_length=70)
    mode: RemittanceMode


class NoteForm(FormModel):
    """What was looked at, and where."""

    note: str = ""


def new_facts(data: FactsForm) -> CreditorFacts:
    """This function will return the facts of a form."""
    return CreditorFacts(**{name: getattr(data, name) for name in CreditorFacts.__dataclass_fields__})


def facts_form(facts: CreditorFacts) -> dict[str, Any]:
    """This function will return what stands in the form of a creditor's facts."""
    return asdict(facts)


def contract_of(data: TermsFields) -> ContractAgreement:
    """This function will return what is agreed by a form.

    :raises Invalid: an amount or a per cent has too many decimals.
    """
    bps = data.withdrawal_percent * _HUNDRED
    if bps != int(bps):
        raise Invalid("give a per cent with at most two decimals", field="withdrawal_percent")
    return ContractAgreement(
        interest_to=data.interest_to,
        costs_to=data.costs_to,
        costs_clause=data.costs_clause,
        interest_percent=data.interest_percent,
        reminder_in_creditors_name=data.reminder_in_creditors_name,
        free_demand_days=data.free_demand_days,
        withdrawal_bps=int(bps),
        withdrawal_minimum=money_of(data.withdrawal_minimum, "EUR", "withdrawal_minimum"),
    )


def terms_form(terms: CreditorTerms) -> dict[str, Any]:
    """This function will return what stands in the form of what is agreed."""
    percent = terms.contractual_interest_percent
    return {
        "interest_to": terms.interest_to,
        "costs_to": terms.costs_to,
        "costs_clause": terms.costs_clause,
        "interest_percent": typed_number(Decimal(percent)) if percent else "",
        "reminder_in_creditors_name": terms.reminder_in_creditors_name,
        "free_demand_days": terms.free_demand_days,
        "withdrawal_percent": typed_number(Decimal(terms.withdrawal_bps) / _HUNDRED),
        "withdrawal_minimum": typed_money(Money(terms.withdrawal_minimum_minor, "EUR")),
    }


def readable_account(typed: str) -> str:
    """This function will return an account number as it is kept.

    :raises Invalid: no such account can exist.
    """
    try:
        return readable_iban(typed)
    except NoSuchAccount:
        raise Invalid("this is no valid IBAN", field="iban") from None
