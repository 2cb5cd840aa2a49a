"""Stripe Invoicing over its REST API, read only, with a restricted key that the creditor makes there.

Shapes are those of docs.stripe.com/api: "The Invoice object", "List all invoices" (`status`, `limit`,
`starting_after`, `has_more`), "Retrieve account" and "Errors". Amounts are whole numbers of the smallest
unit. A credit note lowers `amount_remaining` and is counted in `pre_payment_credit_notes_amount`; which
payment lowered it, and in what words, an invoice does not say. `invoice_pdf` is a link that needs no key, on
a host of its own.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from agency.money import EXPONENTS, Money
from agency.ports.providers import ProviderRefused
from agency.ports.providers.bookkeeping import (
    REVOKED,
    Administration,
    BookedCustomer,
    BookedItem,
    BookedPayment,
    BookPage,
    InvoiceFile,
    Tokens,
)
from integrations.bookkeeping.answers import (
    NotInForm,
    as_documented,
    bounded_file,
    good_json,
    own_address,
    text_of,
)
from integrations.bookkeeping.by_key import ByKey
from integrations.outcomes import http_client, httpx_failures

_PAGE: Final = 100
_INVOICE: Final = re.compile(r"in_[A-Za-z0-9]{1,80}", re.ASCII)
# Restricted keys only: one that may do everything is refused unseen.
_KEY: Final = re.compile(r"rk_(live|test)_[A-Za-z0-9]{4,240}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# docs.stripe.com/api/tax_ids/object: the types that the countries of our creditors' customers have.
_VAT: Final = ("eu_vat", "gb_vat")


class StripeInvoices(ByKey):
    """A `Bookkeeping`.

    :param files_url: where `invoice_pdf` lies; a link to anywhere else is not followed.
    """

    name = "Stripe"

    def __init__(self, *, url: str, files_url: str, production: bool, timeout_seconds: float = 8) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)
        self._files = http_client(url=files_url, production=production, timeout_seconds=timeout_seconds)
        self._files_base = files_url.rstrip("/")

    def connect(self, *, code: str, redirect_url: str, books: str = "") -> Tokens:
        """See `Bookkeeping.connect`: the key, if it opens the account."""
        if not _KEY.fullmatch(code):
            raise ProviderRefused("code", "this is no key of Stripe's")
        tokens = Tokens(code)
        self.administrations(tokens)
        return tokens

    def administrations(self, tokens: Tokens) -> Sequence[Administration]:
        """See `Bookkeeping.administrations`: a key belongs to one account."""
        content = self._get(tokens, "/v1/account")
        with as_documented():
            code = str(content["id"])
            name = text_of(content, "email") or code
            return [Administration(code, name, text_of(content, "default_currency", 3).upper())]

    def page(
        self, tokens: Tokens, *, administration: str, cursor: str, customers_since: datetime | None
    ) -> BookPage:
        """See `Bookkeeping.page`; an invoice tells its customer itself."""
        asked: dict[str, Any] = {"status": "open", "limit": _PAGE}
        if cursor:
            asked["starting_after"] = cursor
        content = self._get(tokens, f"/v1/invoices?{urlencode(asked)}")
        with as_documented():
            rows = content["data"]
            customers = {row["customer"]: _customer(row) for row in rows}
            items = tuple(_item(row) for row in rows if row.get("amount_remaining"))
            more = bool(content["has_more"]) and rows
            return BookPage(tuple(customers.values()), items, str(rows[-1]["id"]) if more else None)

    def document(
        self, tokens: Tokens, *, administration: str, ref: str, number: str, customer_ref: str
    ) -> InvoiceFile | None:
        """See `Bookkeeping.document`."""
        if not _INVOICE.fullmatch(ref):
            return None
        content = self._get(tokens, f"/v1/invoices/{ref}")
        link = content.get("invoice_pdf")
        if not link:
            return None
        path = own_address(str(link), base=self._files_base)
        return InvoiceFile(f"{number or ref}.pdf", bounded_file(self._files, path, {}))

    def payments(
        self, tokens: Tokens, *, administration: str, customer_ref: str, since: date, currency: str
    ) -> Sequence[BookedPayment]:
        """See `Bookkeeping.payments`: Stripe's invoices do not say it."""
        return ()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._files.close()

    def _get(self, tokens: Tokens, path: str) -> dict[str, Any]:
        with httpx_failures(effect=False):
            answer: httpx.Response = self._http.get(
                path, headers={"Authorization": f"Bearer {tokens.access}"}
            )
        if answer.status_code == 401:
            raise ProviderRefused(REVOKED, "the key works no more")
        if answer.status_code == 403:
            raise ProviderRefused("403", "the key may not read this")
        return good_json(answer, effect=False)


def _customer(row: Mapping[str, Any]) -> BookedCustomer:
    address = row.get("customer_address") or {}
    lines = [text_of(address, "line1"), text_of(address, "line2")]
    numbers = {one["type"]: text_of(one, "value", 40) for one in row.get("customer_tax_ids") or ()}
    return BookedCustomer(
        ref=str(row["customer"]),
        name=text_of(row, "customer_name"),
        number=text_of(row, "customer", 40),
        street=" ".join(line for line in lines if line)[:200],
        postal_code=text_of(address, "postal_code", 20),
        city=text_of(address, "city"),
        country=text_of(address, "country", 2).upper(),
        email=text_of(row, "customer_email"),
        phone=text_of(row, "customer_phone", 40),
        vat_number=next((numbers[kind] for kind in _VAT if kind in numbers), ""),
    )


def _item(row: Mapping[str, Any]) -> BookedItem:
    currency = str(row["currency"]).upper()
    return BookedItem(
        ref=str(row["id"]),
        line=str(row["id"]),
        number=text_of(row, "number", 80),
        customer_ref=str(row["customer"]),
        customer_name=text_of(row, "customer_name"),
        issued_on=_day((row.get("status_transitions") or {}).get("finalized_at") or row["created"]),
        due_on=_day(row.get("due_date")),
        open=_money(row["amount_remaining"], currency),
        total=_money(row["total"], currency),
        credited=_money(row.get("pre_payment_credit_notes_amount") or 0, currency),
    )


def _money(value: Any, currency: str) -> Money:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**14:
        raise NotInForm("an amount is no whole number")
    if currency not in EXPONENTS:
        raise NotInForm("an unknown currency")
    return Money(value, currency)


def _day(seconds: Any) -> date | None:
    return None if seconds is None else (_EPOCH + timedelta(seconds=int(seconds))).date()
