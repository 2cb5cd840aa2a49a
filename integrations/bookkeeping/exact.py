"""Exact Online over its REST API, read only.

Shapes are those of Exact's reference (start.exactonline.nl/docs/HlpRestAPIResources.aspx), by resource:
`ReadFinancialReceivablesList`, `CRMAccounts`, `hrmDivisions`, `DocumentsDocuments`,
`documentsDocumentAttachments`, `FinancialTransactionBankEntryLines`; the sign-in those of its OAuth pages:
`/api/oauth2/auth` and `/api/oauth2/token`, an access token of ten minutes, a refresh token that works once,
refused with 400 or 401 and an OAuth `error`. Limits stand in the headers `X-RateLimit-*` for the day and
`X-RateLimit-Minutely-*`, with resets in milliseconds since 1970.

The reference does not say in which currency a receivable's `Amount` is (taken as that of `CurrencyCode`), nor
whether a negative one is a credit note or money that was not matched yet. PKCE and an address that revokes a
token were not found in it, so neither is used.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal
from urllib.parse import urlencode

import httpx

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
    money_of,
    own_address,
    text_of,
)
from integrations.bookkeeping.by_consent import ask, file_of, granted
from integrations.outcomes import http_client

_ACCOUNTS: Final = "ID,Code,Name,AddressLine1,Postcode,City,Country,Email,Phone,VATNumber,ChamberOfCommerce"
_RECEIVABLES: Final = (
    "HID,AccountId,AccountName,Amount,CurrencyCode,DueDate,InvoiceDate,InvoiceNumber,YourRef"
)
_BANK_LINES: Final = "ID,AmountFC,Date,Description"
_DATE: Final = re.compile(r"/Date\((-?\d{1,15})\)/", re.ASCII)
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_DIVISION: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_NEXT_MINUTE: Final = 60
_FILES: Final = (".pdf", ".xml")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ExactOnline:
    """A `Bookkeeping`."""

    name = "Exact Online"
    by: Literal["consent", "key"] = "consent"

    def __init__(
        self, *, url: str, client_id: str, secret: str, production: bool, timeout_seconds: float = 8
    ) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)
        self._base = str(url).rstrip("/")
        self._client = {"client_id": client_id, "client_secret": secret}

    def consent_url(self, *, state: str, redirect_url: str) -> str:
        """See `Bookkeeping.consent_url`."""
        asked = {
            "client_id": self._client["client_id"],
            "redirect_uri": redirect_url,
            "response_type": "code",
            "state": state,
        }
        return f"{self._base}/api/oauth2/auth?{urlencode(asked)}"

    def connect(self, *, code: str, redirect_url: str, books: str = "") -> Tokens:
        """See `Bookkeeping.connect`. A code works once, for three minutes."""
        return self._tokens(
            {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_url}, "code"
        )

    def refresh(self, tokens: Tokens) -> Tokens:
        """See `Bookkeeping.refresh`. The old refresh token is void as soon as this was asked."""
        return self._tokens({"grant_type": "refresh_token", "refresh_token": tokens.refresh}, REVOKED)

    def administrations(self, tokens: Tokens) -> Sequence[Administration]:
        """See `Bookkeeping.administrations`."""
        with as_documented():
            [me] = self._rows(self._get(tokens, "/api/v1/current/Me?$select=CurrentDivision"))
            division = _division(str(me["CurrentDivision"]))
        path: str | None = f"/api/v1/{division}/hrm/Divisions?$select=Code,Description,Currency"
        found: list[Administration] = []
        while path is not None:
            content = self._get(tokens, path)
            with as_documented():
                found += [
                    Administration(
                        str(row["Code"]),
                        text_of(row, "Description") or str(row["Code"]),
                        text_of(row, "Currency", 3),
                    )
                    for row in self._rows(content)
                ]
                path = self._next(content)
        return found

    def page(
        self, tokens: Tokens, *, administration: str, cursor: str, customers_since: datetime | None
    ) -> BookPage:
        """See `Bookkeeping.page`: first everything outstanding, then the customers that changed."""
        part, _, path = cursor.partition("|")
        first = f"/api/v1/{_division(administration)}"
        if not part:
            path = f"{first}/read/financial/ReceivablesList?$select={_RECEIVABLES}"
        elif not path:
            path = f"{first}/crm/Accounts?{_accounts(customers_since)}"
        answer = ask(self._http, path, tokens)
        content = good_json(answer, effect=False, wait=_wait(answer))
        with as_documented():
            rows, following = self._rows(content), self._next(content)
            pause = _pause(answer)
            if part == "customers":
                return BookPage(
                    customers=tuple(_customer(row) for row in rows),
                    cursor=f"customers|{following}" if following else None,
                    pause_seconds=pause,
                )
            return BookPage(
                items=tuple(_item(row) for row in rows if row.get("Amount")),
                cursor=f"receivables|{following}" if following else "customers|",
                pause_seconds=pause,
            )

    def document(
        self, tokens: Tokens, *, administration: str, ref: str, number: str, customer_ref: str
    ) -> InvoiceFile | None:
        """See `Bookkeeping.document`: the attachment of the document that belongs to the invoice."""
        if not number.isdecimal():
            return None
        first = f"/api/v1/{_division(administration)}/documents"
        asked = f"SalesInvoiceNumber eq {int(number)} and Account eq guid'{_guid(customer_ref)}'"
        found = self._get(tokens, f"{first}/Documents?{urlencode({'$filter': asked, '$select': 'ID'})}")
        with as_documented():
            documents = [_guid(str(row["ID"])) for row in self._rows(found)][:5]
        for document in documents:
            asked = urlencode(
                {"$filter": f"Document eq guid'{document}'", "$select": "ID,FileName,FileSize,Url"}
            )
            content = self._get(tokens, f"{first}/DocumentAttachments?{asked}")
            with as_documented():
                files = [
                    (text_of(row, "FileName"), str(row["Url"]))
                    for row in self._rows(content)
                    if text_of(row, "FileName").lower().endswith(_FILES)
                ]
            for name, url in sorted(files, key=lambda file: not file[0].lower().endswith(".pdf")):
                path = own_address(f"{url}&Download=1", base=self._base)
                return InvoiceFile(name, file_of(self._http, path, tokens))
        return None

    def payments(
        self, tokens: Tokens, *, administration: str, customer_ref: str, since: date, currency: str
    ) -> Sequence[BookedPayment]:
        """See `Bookkeeping.payments`: the customer's lines of the bank books."""
        asked = {
            "$filter": f"Account eq guid'{_guid(customer_ref)}' and Date ge datetime'{since.isoformat()}'",
            "$select": _BANK_LINES,
        }
        path: str | None = (
            f"/api/v1/{_division(administration)}/financialtransaction/BankEntryLines?{urlencode(asked)}"
        )
        found: list[BookedPayment] = []
        while path is not None:
            content = self._get(tokens, path)
            with as_documented():
                found += [_payment(row, currency) for row in self._rows(content) if row.get("AmountFC")]
                path = self._next(content)
        return found

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _tokens(self, asked: Mapping[str, str], refused_as: str) -> Tokens:
        return granted(self._http, "/api/oauth2/token", {**asked, **self._client}, refused_as=refused_as)

    def _get(self, tokens: Tokens, path: str) -> dict[str, Any]:
        answer = ask(self._http, path, tokens)
        return good_json(answer, effect=False, wait=_wait(answer))

    def _rows(self, content: Mapping[str, Any]) -> list[dict[str, Any]]:
        """OData 2 wraps rows in `d`, and in `results` where there may be more pages."""
        inner = content["d"]
        rows = inner["results"] if isinstance(inner, dict) else inner
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise NotInForm("no rows")
        return rows

    def _next(self, content: Mapping[str, Any]) -> str | None:
        inner = content["d"]
        following = inner.get("__next") if isinstance(inner, dict) else None
        return own_address(str(following), base=self._base) if following else None


def _accounts(since: datetime | None) -> str:
    asked = {"$select": _ACCOUNTS}
    if since is not None:
        asked["$filter"] = f"Modified gt datetime'{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}'"
    return urlencode(asked)


def _customer(row: Mapping[str, Any]) -> BookedCustomer:
    return BookedCustomer(
        ref=_guid(str(row["ID"])),
        name=text_of(row, "Name"),
        number=text_of(row, "Code", 40),
        street=text_of(row, "AddressLine1"),
        postal_code=text_of(row, "Postcode", 20),
        city=text_of(row, "City"),
        country=text_of(row, "Country", 2).upper(),
        email=text_of(row, "Email"),
        phone=text_of(row, "Phone", 40),
        vat_number=text_of(row, "VATNumber", 40),
        registration_number=text_of(row, "ChamberOfCommerce", 40),
    )


def _item(row: Mapping[str, Any]) -> BookedItem:
    number, customer = text_of(row, "InvoiceNumber", 80), _guid(str(row["AccountId"]))
    currency = text_of(row, "CurrencyCode", 3) or "EUR"
    amount = money_of(row["Amount"], currency)
    line = str(row["HID"])
    # What has no number of its own is money that was not matched yet; each line of it stands by itself.
    named = number if number not in ("", "0") else ""
    return BookedItem(
        ref=f"{customer}/{named or 'line ' + line}/{currency}{'-' if amount.minor < 0 else '+'}",
        line=line,
        number=named,
        customer_ref=customer,
        customer_name=text_of(row, "AccountName"),
        issued_on=_day(row.get("InvoiceDate")),
        due_on=_day(row.get("DueDate")),
        open=amount,
        credits=text_of(row, "YourRef", 80) if amount.minor < 0 else "",
    )


def _payment(row: Mapping[str, Any], currency: str) -> BookedPayment:
    paid_on = _day(row["Date"])
    if paid_on is None:
        raise NotInForm("a bank line without a day")
    amount = money_of(row["AmountFC"], currency)
    return BookedPayment(
        ref=str(row["ID"]),
        paid_on=paid_on,
        amount=amount if amount.minor > 0 else -amount,
        description=text_of(row, "Description"),
    )


def _day(value: Any) -> date | None:
    if value in (None, ""):
        return None
    found = _DATE.fullmatch(str(value))
    if found is None:
        raise NotInForm("no date of OData's")
    return (_EPOCH + timedelta(milliseconds=int(found[1]))).date()


def _guid(text: str) -> str:
    if not _GUID.fullmatch(text):
        raise NotInForm("no guid")
    return text.lower()


def _division(text: str) -> str:
    if not _DIVISION.fullmatch(text):
        raise ProviderRefused("division", "this is no administration of Exact's")
    return text


def _wait(answer: httpx.Response) -> int | None:
    """How long a refused call has to wait: until the window resets that is used up."""
    if answer.status_code != 429:
        return None
    day = answer.headers.get("x-ratelimit-remaining") == "0"
    return _until(answer, "x-ratelimit-reset" if day else "x-ratelimit-minutely-reset")


def _pause(answer: httpx.Response) -> int:
    """How long to wait after a good answer that used up the last call of its window."""
    for prefix in ("x-ratelimit", "x-ratelimit-minutely"):
        if answer.headers.get(f"{prefix}-remaining") == "0":
            return _until(answer, f"{prefix}-reset")
    return 0


def _until(answer: httpx.Response, header: str) -> int:
    """Measured by the answer's own date: our clock and the vendor's need not agree."""
    try:
        reset = _EPOCH + timedelta(milliseconds=int(answer.headers[header]))
        sent = parsedate_to_datetime(answer.headers["date"])
        return max(1, min(86_400, int((reset - sent).total_seconds()) + 1))
    except (KeyError, ValueError, TypeError, OverflowError):
        return _NEXT_MINUTE
