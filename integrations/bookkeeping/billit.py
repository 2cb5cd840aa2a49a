"""Billit over its REST API, read only, with the key of a user that the creditor has there.

Verified in Billit's own pages (docs.billit.be, as stored in May 2026): the headers `ApiKey` and `PartyID`
("Header values"); `/v1/orders` and `/v1/parties` with OData, at most 120 rows a page, and the list of
properties that may be filtered on, which has `OrderID`, `OrderType`, `OrderDirection`, `OrderStatus` and not
`ToPay` ("OData for Filtering"); the fields and an example of an order with its parties, addresses, `ToPay`
and `OrderPDF` ("Get Information About 1 Invoice/CreditNote"); the statuses ("Types"); `/v1/files/{FileID}`
with base64 ("Get Files"); that payments cannot be read ("Update Payment Information": "Not supported");
and that 401 is answered too where only this order or company is closed to the key ("401"). Public programs
that run against it confirm `Items`, the `or` between two types and `/v1/account/accountInformation` with
`Companies`.

From documentation only, never tried against Billit: everything. It does not say whether a list names the
addresses (so customers are asked for by themselves), whether `ToPay` of an invoice falls by a credit note
that names it, in which sign a credit note's `ToPay` stands (taken as in the customer's favour), in which
currency `ToPay` is (taken as `Currency`), and what the limits are (429 and `Retry-After` are heeded).
`Paid` is no help: it is true as soon as some payment came in.

Billit lets keys be used by integrations that are not sold only ("PartyID and Key"); whoever offers this to
creditors asks Billit first, or for its OAuth. A key cannot be restricted there.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

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
    FILE_BYTES_MAX,
    NotInForm,
    as_documented,
    bounded_file,
    good_json,
    iso_day,
    json_of,
    list_of,
    money_of,
    text_of,
    vendor_number,
)
from integrations.bookkeeping.by_key import ByKey
from integrations.outcomes import http_client, httpx_failures

_PAGE: Final = 120
# What the header can carry; how keys look Billit does not say.
_KEY: Final = re.compile(r"[!-~]{16,200}", re.ASCII)
_PARTY: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_FILE: Final = re.compile(r"[0-9A-Za-z-]{8,64}", re.ASCII)
# Not sent yet, or over. What is unknown counts as open when something is left to pay.
_NOT_OWED: Final = frozenset({"Draft", "ToSend", "ApprovalNeeded", "Canceled", "Credited", "Paid"})
_SALES: Final = (
    "OrderDirection eq 'Income' and (OrderType eq 'Invoice' or OrderType eq 'CreditNote')"
    " and OrderStatus ne 'Paid'"
)
_SIGNS: Final = {"Invoice": 1, "CreditNote": -1}
_IN_BASE64: Final = FILE_BYTES_MAX * 4 // 3 + 10_000
_WHO: Final = "/v1/account/accountInformation"


class Billit(ByKey):
    """A `Bookkeeping`."""

    name = "Billit"

    def __init__(self, *, url: str, production: bool, timeout_seconds: float = 8) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)

    def connect(self, *, code: str, redirect_url: str, books: str = "") -> Tokens:
        """See `Bookkeeping.connect`: the key, if it opens an account."""
        if not _KEY.fullmatch(code):
            raise ProviderRefused("code", "this is no key of Billit's")
        tokens = Tokens(code)
        self.administrations(tokens)
        return tokens

    def administrations(self, tokens: Tokens) -> Sequence[Administration]:
        """See `Bookkeeping.administrations`: the companies of the key's user."""
        answer = self._ask(_WHO, {"ApiKey": tokens.access})
        if answer.status_code == 401:
            raise ProviderRefused(REVOKED, "the key works no more")
        content = good_json(answer, effect=False)
        with as_documented():
            return [
                Administration(code, text_of(row, "Name") or text_of(row, "CommercialName") or code)
                for row in list_of(content, "Companies")
                for code in [str(vendor_number(row["PartyID"]))]
            ]

    def page(
        self, tokens: Tokens, *, administration: str, cursor: str, customers_since: datetime | None
    ) -> BookPage:
        """See `Bookkeeping.page`: first what is open, then the customers that changed.

        Pages of invoices begin behind the last one that was told and not at a count: of what is paid
        meanwhile a count would leave out as many others, which then seemed paid as well.
        """
        part, _, place = cursor.partition("|")
        if part == "customers":
            return self._customers(tokens, administration, int(place), customers_since)
        behind = int(place or 0)
        asked = {"$filter": f"{_SALES} and OrderID gt {behind}", "$orderby": "OrderID", "$top": str(_PAGE)}
        content = self._get(tokens, administration, f"/v1/orders?{urlencode(asked)}")
        with as_documented():
            rows = list_of(content, "Items")
            last = max((vendor_number(row["OrderID"]) for row in rows), default=behind)
            if rows and last <= behind:
                raise NotInForm("the same page again")
            return BookPage(
                items=tuple(_item(row) for row in rows if _owed(row)),
                # Only an empty page is surely the last, however many a page may hold there.
                cursor=f"orders|{last}" if rows else "customers|0",
            )

    def document(
        self, tokens: Tokens, *, administration: str, ref: str, number: str, customer_ref: str
    ) -> InvoiceFile | None:
        """See `Bookkeeping.document`."""
        if not ref.isdecimal():
            return None
        order = self._get(tokens, administration, f"/v1/orders/{quote(ref)}")
        with as_documented():
            named = (order.get("OrderPDF") or {}).get("FileID")
        if not named:
            return None
        if not _FILE.fullmatch(str(named)):
            raise ProviderRefused("file", "Billit named a file that cannot be one")
        packed = bounded_file(
            self._http, f"/v1/files/{named}", _headers(tokens, administration), most=_IN_BASE64
        )
        file = json_of(packed, effect=False)
        try:
            content = base64.b64decode(str(file["FileContent"]), validate=True)
        except (KeyError, binascii.Error, ValueError) as error:
            raise ProviderRefused("file", "the file cannot be unpacked") from error
        if len(content) > FILE_BYTES_MAX:
            raise ProviderRefused("size", "the file is larger than 20 MB")
        name = text_of(file, "FileName")
        return InvoiceFile(name if name.lower().endswith(".pdf") else f"{number or ref}.pdf", content)

    def payments(
        self, tokens: Tokens, *, administration: str, customer_ref: str, since: date, currency: str
    ) -> Sequence[BookedPayment]:
        """See `Bookkeeping.payments`: Billit does not tell them."""
        return ()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _customers(self, tokens: Tokens, administration: str, skip: int, since: datetime | None) -> BookPage:
        wanted = "PartyType eq 'Customer'"
        if since is not None:
            # Whose clock `LastModified` follows is not said: the day before is far enough back.
            wanted += f" and LastModified ge DateTime'{since.astimezone(UTC):%Y-%m-%d}'"
        asked = {"$filter": wanted, "$orderby": "LastModified", "$top": str(_PAGE), "$skip": str(skip)}
        content = self._get(tokens, administration, f"/v1/parties?{urlencode(asked)}")
        with as_documented():
            rows = list_of(content, "Items")
            return BookPage(
                customers=tuple(_customer(row) for row in rows),
                cursor=f"customers|{skip + len(rows)}" if rows else None,
            )

    def _get(self, tokens: Tokens, administration: str, path: str) -> dict[str, Any]:
        answer = self._ask(path, _headers(tokens, administration))
        if answer.status_code == 401:
            # The same answer for a key that was taken back and for one order that it may not see.
            if administration not in [one.code for one in self.administrations(tokens)]:
                raise ProviderRefused(REVOKED, "the key no longer opens this company")
            raise ProviderRefused("401", "the key may not read this")
        if answer.status_code == 403:
            raise ProviderRefused("403", "the key may not read this")
        return good_json(answer, effect=False)

    def _ask(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        with httpx_failures(effect=False):
            return self._http.get(path, headers={**headers, "Accept": "application/json"})


def _headers(tokens: Tokens, administration: str) -> dict[str, str]:
    if not _PARTY.fullmatch(administration):
        raise ProviderRefused("company", "this is no company of Billit's")
    return {"ApiKey": tokens.access, "PartyID": administration, "Accept": "application/json"}


def _owed(row: Mapping[str, Any]) -> bool:
    """Of sales only, whatever was filtered there: what a supplier asks of the creditor is nobody's debt to
    it."""
    return (
        row["OrderDirection"] == "Income"
        and row["OrderType"] in _SIGNS
        and row["OrderStatus"] not in _NOT_OWED
        and bool(row["ToPay"])
    )


def _item(row: Mapping[str, Any]) -> BookedItem:
    order, currency = str(vendor_number(row["OrderID"])), text_of(row, "Currency", 3) or "EUR"
    party = row.get("CounterParty") or {}
    left, sign = money_of(row["ToPay"], currency), _SIGNS[row["OrderType"]]
    if sign < 0 and left.minor > 0:
        left = -left
    return BookedItem(
        ref=order,
        line=order,
        number=text_of(row, "OrderNumber", 80),
        customer_ref=str(vendor_number(party.get("PartyID") or row["CounterPartyID"])),
        customer_name=text_of(party, "DisplayName") or text_of(party, "Name"),
        issued_on=iso_day(row.get("OrderDate")),
        due_on=iso_day(row.get("ExpiryDate")),
        open=left,
        total=money_of(row["TotalIncl"], currency) if sign > 0 else None,
        credits=text_of(row, "AboutInvoiceNumber", 80) if sign < 0 else "",
    )


def _customer(row: Mapping[str, Any]) -> BookedCustomer:
    addresses = list_of(row, "Addresses")
    # The address is told twice; that of invoices comes first, the flat one is what older answers have.
    at: Mapping[str, Any] = next(
        (one for one in addresses if one.get("AddressType") == "InvoiceAddress" and one.get("City")), row
    )
    street = " ".join(filter(None, (text_of(at, part) for part in ("Street", "StreetNumber", "Box"))))
    numbers = {
        one.get("IdentifierType"): text_of(one, "Identifier", 40) for one in list_of(row, "Identifiers")
    }
    return BookedCustomer(
        ref=str(vendor_number(row["PartyID"])),
        name=text_of(row, "DisplayName") or text_of(row, "Name"),
        number=text_of(row, "Nr", 40),
        street=street[:200],
        postal_code=text_of(at, "Zipcode", 20),
        city=text_of(at, "City"),
        country=text_of(at, "CountryCode", 2).upper(),
        email=text_of(row, "Email"),
        phone=text_of(row, "Phone", 40) or text_of(row, "Mobile", 40),
        vat_number=text_of(row, "VATNumber", 40),
        registration_number=numbers.get("CBE", ""),
    )
