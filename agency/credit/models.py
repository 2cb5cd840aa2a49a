"""Tables of the credit checks."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, Minor, choice, json_field, moment_field


class CreditCheckState(StrEnum):
    """Where a check stands."""

    ASKED = "asked"
    ANSWERED = "answered"
    NOT_FOUND = "not_found"  # nobody by that number or name; costs nothing
    FAILED = "failed"  # the provider refused; costs nothing


class CreditCheck(CreditorRow, table=True):
    """A question about a company and its dated answer. The price is the one shown when it was asked, with the
    VAT of that day: `vat_percent` is exact text, `vat_category` that of UNCL 5305."""

    __tablename__ = "credit_check"
    __table_args__ = (
        UniqueConstraint("creditor_id", "request_key"),
        Index("ix_credit_check_asked", "creditor_id", "asked_at"),
        CheckConstraint("price_minor >= 0", name="price"),
    )

    request_key: str
    country: str
    registration_number: str = ""
    name: str = ""
    state: CreditCheckState = Field(default=CreditCheckState.ASKED, sa_type=choice(CreditCheckState, "state"))
    price_minor: int = Field(sa_type=Minor)
    vat_minor: int = Field(default=0, sa_type=Minor)
    vat_percent: str
    vat_category: str = Field(max_length=2)
    currency: str = Field(default="EUR", max_length=3)
    tariff_since: date
    asked_at: datetime = moment_field()
    asked_by: str
    answered_at: datetime | None = moment_field(default=None)
    provider_ref: str = ""
    result: dict[str, Any] = json_field(default_factory=dict)
    failure: str = ""

    @property
    def number(self) -> str:
        """The short number by which the check stands on an invoice."""
        return self.id.hex[-8:].upper()
