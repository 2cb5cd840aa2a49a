"""QuickBooks Online over Intuit's Accounting API, read only.

Verified in Intuit's own pages (developer.intuit.com, as stored): the query operation with its clauses
("Query operations and syntax"), that a query of customers tells the active ones only ("Deep dive: SQL
queries"), CDC ("Change data capture"), that an access token lives an hour and the newest refresh token is
the one to use ("Authorization FAQ", "Important changes to refresh token policy": five years at most), 500
calls a minute and 429 (Intuit's blog on throttling). Public programs that run against it confirm
`Invoice where Balance > '0'`, `Payment where CustomerRef = '…'`, `/invoice/{id}/pdf`, `realmId` beside the
code, the client's id and secret in a Basic header, `minorversion=75` and Intuit's samples of the objects.

From documentation only, never tried against QuickBooks: everything. Not said there: whether `Balance` of a
credit memo may be filtered on (so it is not), and by which property the rows of every kind may be put in
order for sure (`MetaData.CreateTime`, by the lists of properties of two sellers of drivers). A country is
free text there; one that is not recognised is left empty. Money that was received and not matched with an
invoice is not told: nothing asks for it by itself.

CDC is not used: it tells at most 1,000 objects without a next page, and of 30 days. Customers that changed
are asked for by `MetaData.LastUpdatedTime`, what is open is read whole.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Literal
from urllib.parse import urlencode

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
    good_json,
    iso_day,
    list_of,
    money_of,
    text_of,
    vendor_number,
)
from integrations.bookkeeping.by_consent import ask, file_of, granted
from integrations.outcomes import http_client

_PAGE: Final = 1_000
_VERSION: Final = "75"
_SCOPE: Final = "com.intuit.quickbooks.accounting"
_REALM: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
# What is asked for, one kind after the other.
_PARTS: Final = {"invoices": "Invoice", "credits": "CreditMemo", "customers": "Customer"}
_COUNTRIES: Final = {
    "NL": ("NLD", "NETHERLANDS", "THE NETHERLANDS", "NEDERLAND", "PAYS-BAS", "NIEDERLANDE"),
    "BE": ("BEL", "BELGIUM", "BELGIË", "BELGIE", "BELGIQUE", "BELGIEN"),
    "DE": ("DEU", "GERMANY", "DUITSLAND", "ALLEMAGNE", "DEUTSCHLAND"),
    "FR": ("FRA", "FRANCE", "FRANKRIJK", "FRANKREICH"),
    "LU": ("LUX", "LUXEMBOURG", "LUXEMBURG"),
    "GB": ("GBR", "UK", "UNITED KINGDOM", "GREAT BRITAIN"),
    "IE": ("IRL", "IRELAND"),
}


class QuickBooks:
    """A `Bookkeeping`.

    :param url: where the books are; `consent_at` and `tokens_at`: where a creditor agrees, and where tokens
        are exchanged.
    """

    name = "QuickBooks Online"
    by: Literal["consent", "key"] = "consent"

    def __init__(
        self,
        *,
        url: str,
        consent_at: str,
        tokens_at: str,
        client_id: str,
        secret: str,
        production: bool,
        timeout_seconds: float = 8,
    ) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)
        self._door = http_client(url=tokens_at, production=production, timeout_seconds=timeout_seconds)
        self._consent_at = consent_at.rstrip("/")
        self._client = (client_id, secret)

    def consent_url(self, *, state: str, redirect_url: str) -> str:
        """See `Bookkeeping.consent_url`."""
        asked = {
            "client_id": self._client[0],
            "redirect_uri": redirect_url,
            "response_type": "code",
            "scope": _SCOPE,
            "state": state,
        }
        return f"{self._consent_at}/connect/oauth2?{urlencode(asked)}"

    def connect(self, *, code: str, redirect_url: str, books: str = "") -> Tokens:
        """See `Bookkeeping.connect`; the company (`realmId`) comes beside the code."""
        _company(books)
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_url}
        found = self._tokens(asked, "code")
        return Tokens(found.access, found.refresh, found.lives_seconds, books)

    def refresh(self, tokens: Tokens) -> Tokens:
        """See `Bookkeeping.refresh`. The answer may hold a new refresh token, and then the old one ends."""
        return self._tokens({"grant_type": "refresh_token", "refresh_token": tokens.refresh}, REVOKED)

    def administrations(self, tokens: Tokens) -> Sequence[Administration]:
        """See `Bookkeeping.administrations`: the one company that was chosen on Intuit's page."""
        content = self._get(tokens, tokens.books, f"companyinfo/{tokens.books}")
        with as_documented():
            name = text_of(content["CompanyInfo"], "CompanyName") or tokens.books
        return [Administration(tokens.books, name, self._home_currency(tokens, tokens.books))]

    def page(
        self, tokens: Tokens, *, administration: str, cursor: str, customers_since: datetime | None
    ) -> BookPage:
        """See `Bookkeeping.page`: invoices, then credit memos, then the customers that changed.

        Where a company has one currency its invoices do not name it, so the cursor does. Pages begin at the
        moment at which the last row told was made, behind the rows of that moment that were told.
        """
        currency = cursor.partition("|")[0] or self._home_currency(tokens, administration)
        with as_documented():
            part, since, told = _place(cursor)
            if not _CURRENCY.fullmatch(currency):
                raise NotInForm("no currency")
        rows = self._rows(tokens, administration, part, since, told, customers_since)
        with as_documented():
            following = _following(part, since, told, rows)
            return BookPage(
                customers=tuple(_customer(row) for row in rows) if part == "customers" else (),
                items=tuple(_item(row, part, currency) for row in rows if part != "customers" and _left(row)),
                cursor=f"{currency}|{following}" if following else None,
            )

    def document(
        self, tokens: Tokens, *, administration: str, ref: str, number: str, customer_ref: str
    ) -> InvoiceFile | None:
        """See `Bookkeeping.document`: the PDF as QuickBooks draws it."""
        if not ref.isdecimal():
            return None
        path = f"/v3/company/{_company(administration)}/invoice/{int(ref)}/pdf?minorversion={_VERSION}"
        return InvoiceFile(f"{number or ref}.pdf", file_of(self._http, path, tokens))

    def payments(
        self, tokens: Tokens, *, administration: str, customer_ref: str, since: date, currency: str
    ) -> Sequence[BookedPayment]:
        """See `Bookkeeping.payments`. One of nothing only matches a credit memo with an invoice."""
        if not customer_ref.isdecimal():
            return ()
        found: list[BookedPayment] = []
        while True:
            content = self._query(
                tokens,
                administration,
                f"select * from Payment where CustomerRef = '{customer_ref}' and TxnDate >= '{since}'"
                f" ORDERBY TxnDate STARTPOSITION {len(found) + 1} MAXRESULTS {_PAGE}",
            )
            with as_documented():
                rows = list_of(content, "Payment")
                found += [_payment(row, currency) for row in rows]
            if not rows:
                return [one for one in found if one.amount.minor > 0 and one.amount.currency == currency]

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._door.close()

    def _tokens(self, asked: Mapping[str, str], refused_as: str) -> Tokens:
        return granted(
            self._door, "/oauth2/v1/tokens/bearer", asked, refused_as=refused_as, client=self._client
        )

    def _home_currency(self, tokens: Tokens, company: str) -> str:
        content = self._query(tokens, company, "select * from Preferences")
        with as_documented():
            [preferences] = list_of(content, "Preferences")
            return str(preferences["CurrencyPrefs"]["HomeCurrency"]["value"])

    def _rows(
        self,
        tokens: Tokens,
        company: str,
        part: str,
        since: str,
        told: int,
        customers_since: datetime | None,
    ) -> list[dict[str, Any]]:
        wanted = []
        if part == "invoices":
            wanted.append("Balance > '0'")
        if part == "customers":
            # Without it those that were set aside are left out, and they owe as well.
            wanted.append("Active IN (true, false)")
            if customers_since is not None:
                changed = customers_since.astimezone(UTC)
                wanted.append(f"MetaData.LastUpdatedTime >= '{changed:%Y-%m-%dT%H:%M:%S}Z'")
        if since:
            wanted.append(f"MetaData.CreateTime >= '{since}'")
        where = f" where {' and '.join(wanted)}" if wanted else ""
        content = self._query(
            tokens,
            company,
            f"select * from {_PARTS[part]}{where} ORDERBY MetaData.CreateTime"
            f" STARTPOSITION {told + 1} MAXRESULTS {_PAGE}",
        )
        with as_documented():
            return list_of(content, _PARTS[part])

    def _query(self, tokens: Tokens, company: str, query: str) -> dict[str, Any]:
        content = self._get(tokens, company, "query", query=query)
        with as_documented():
            found: dict[str, Any] = content["QueryResponse"]
            return found

    def _get(self, tokens: Tokens, company: str, path: str, **asked: str) -> dict[str, Any]:
        query = urlencode({**asked, "minorversion": _VERSION})
        return good_json(
            ask(self._http, f"/v3/company/{_company(company)}/{path}?{query}", tokens), effect=False
        )


def _company(text: str) -> str:
    if not _REALM.fullmatch(text):
        raise ProviderRefused("company", "this is no company of QuickBooks'")
    return text


def _place(cursor: str) -> tuple[str, str, int]:
    """Which part, from which moment on, and how many rows of that moment were told."""
    if not cursor:
        return "invoices", "", 0
    _, part, since, told = cursor.split("|")
    if part not in _PARTS or (since and not _MOMENT.fullmatch(since)):
        raise NotInForm("no cursor of ours")
    return part, since, int(told)


def _following(part: str, since: str, told: int, rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Where to go on: behind these rows, or with the next part after a page without any."""
    if not rows:
        names = list(_PARTS)
        after = names[names.index(part) + 1 :]
        return f"{after[0]}||0" if after else None
    made = [str(row["MetaData"]["CreateTime"]) for row in rows]
    if not all(_MOMENT.fullmatch(one) for one in made):
        raise NotInForm("no moment")
    last = made[-1]
    return f"{part}|{last}|{made.count(last) + (told if last == since else 0)}"


def _left(row: Mapping[str, Any]) -> bool:
    return bool(row.get("Balance") or 0)


def _currency(row: Mapping[str, Any], home: str) -> str:
    return text_of(row.get("CurrencyRef") or {}, "value", 3) or home


def _item(row: Mapping[str, Any], part: str, home: str) -> BookedItem:
    currency, credit = _currency(row, home), part == "credits"
    left, name = money_of(row["Balance"], currency), str(vendor_number(row["Id"]))
    if credit and left.minor > 0:
        left = -left
    return BookedItem(
        ref=f"credit-{name}" if credit else name,
        line=f"credit-{name}" if credit else name,
        number=text_of(row, "DocNumber", 80),
        customer_ref=str(vendor_number(row["CustomerRef"]["value"])),
        customer_name=text_of(row["CustomerRef"], "name"),
        issued_on=iso_day(row.get("TxnDate")),
        due_on=iso_day(row.get("DueDate")),
        open=left,
        total=None if credit else money_of(row["TotalAmt"], currency),
    )


def _customer(row: Mapping[str, Any]) -> BookedCustomer:
    at = row.get("BillAddr") or {}
    lines = (text_of(at, f"Line{number}") for number in range(1, 6))
    number = str(vendor_number(row["Id"]))
    return BookedCustomer(
        ref=number,
        name=text_of(row, "CompanyName") or text_of(row, "DisplayName"),
        number=number,
        street=" ".join(filter(None, lines))[:200],
        postal_code=text_of(at, "PostalCode", 20),
        city=text_of(at, "City"),
        country=_country(text_of(at, "Country")),
        email=text_of(row.get("PrimaryEmailAddr") or {}, "Address"),
        phone=text_of(row.get("PrimaryPhone") or {}, "FreeFormNumber", 40),
    )


def _country(text: str) -> str:
    typed = text.upper()
    return next((code for code, names in _COUNTRIES.items() if typed == code or typed in names), "")


def _payment(row: Mapping[str, Any], home: str) -> BookedPayment:
    paid_on = iso_day(row["TxnDate"])
    if paid_on is None:
        raise NotInForm("a payment without a day")
    told = (text_of(row, "PaymentRefNum"), text_of(row, "PrivateNote"))
    return BookedPayment(
        ref=str(vendor_number(row["Id"])),
        paid_on=paid_on,
        amount=money_of(row["TotalAmt"], _currency(row, home)),
        description=" ".join(filter(None, told))[:200],
    )
