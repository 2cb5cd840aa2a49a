"""Yuki over its SOAP web services, read only, with a web service API key that the creditor makes there.

Verified in Yuki's own pages (support.yuki.nl, support.yuki.be and api.yukiworks.be, as stored): that a key is
a GUID ("Upload webservice"), is made under Settings, Web services, for a portal, a domain or an
administration, and is given rights per web service ("Web service access code"); `OutstandingDebtorItems` with
its parameters and the schema of its answer; and that a domain has 1,000 calls a day ("Set up web services").
Programs that cite its WSDLs and the examples of its Postman collection, and programs that run against it,
confirm the namespace, `Authenticate`, `Administrations`, `SetCurrentDomain` and `DocumentFile` with the form
of their answers; `DocumentID`, `RecipientEmail`, `EmailWork`, `EmailHome`, `PhoneWork` and `PhoneHome` of an
item, which the schema leaves out; that a session serves all services and that faults come with status 500;
that each country has a host of its own and a key works at its own only, the other one answering "Invalid
access key" (one says that the Belgian host serves both, which does no harm); and, after a look at 1,676
items, that no currency is told: amounts are in that of the books.

From documentation and others' programs only, never tried against Yuki: everything. Not said there: in which
sign a credit note stands (taken as it comes: less than nothing is in the customer's favour); which invoice it
belongs to (so it never goes along with one); by which words a fault tells that a session is over (guessed,
and a session that was not used for a while is renewed after any fault: some say that it lasts a day, some
minutes) or that the day's calls are used up (guessed, see `_LIMIT`); whether books in another currency than
the euro exist (taken as not), and what an invoice in another currency is told in (taken as euros, whatever
its PDF says); and whether the id of an item stays when its document is booked anew.

An item tells its customer itself, so contacts are not asked for. What came in is not told by customer: the
ledger of all debtors would have to be read, and the number of its account known. Money that was not matched
yet is told beside the items, and only what of it is in a customer's favour is taken. A document of more than
7 MB is not: the door through which XML comes lets no longer text in.
"""

import base64
import binascii
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from xml.sax.saxutils import escape

from lxml import etree

from agency.money import Money
from agency.ports.providers import ProviderError, ProviderRefused, ProviderTransient
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
from agency.ports.readers import Unreadable
from integrations import untrusted_xml
from integrations.bookkeeping.answers import NotInForm, as_documented, iso_day, money_of, text_of
from integrations.bookkeeping.by_key import ByKey
from integrations.outcomes import from_status, http_client, httpx_failures

_NAMESPACE: Final = "http://www.theyukicompany.com/"
_SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
_DECIMAL: Final = re.compile(r"-?\d{1,12}(\.\d{1,6})?", re.ASCII)
_ANSWER_BYTES_MAX: Final = 30 * 1024 * 1024
_FILE_ANSWER_BYTES_MAX: Final = 10_000_000
_FAULT_BYTES_MAX: Final = 1_000_000
_SESSIONS_MAX: Final = 1_000
_UNMATCHED: Final = "unmatched"
_LIST: Final = "OutstandingDebtorItems"
_FAULT: Final = "fault"
_SESSION: Final = "session"
_WRONG_KEY: Final = "invalid access key"
# How Yuki words it is not published.
_LIMIT: Final = re.compile(r"limit|maxim|exceed|too many|number of calls")
_LIMIT_SECONDS: Final = 3_600


@dataclass(frozen=True, slots=True)
class _Place:
    """Where books are: the country's host, the domain, and the administration; as the code says it."""

    country: str
    domain: str = ""
    administration: str = ""

    @property
    def code(self) -> str:
        return f"{self.country}/{self.domain}/{self.administration}"


class Yuki(ByKey):
    """A `Bookkeeping`.

    :param urls: where the web services of each country are, by its code; a key is tried in this order.
    :param idle_seconds: a session that worked so recently is not what a fault is about. Were each document
        that a key may not read asked for twice, the creditor's calls of the day would be gone.
    """

    name = "Yuki"

    def __init__(
        self,
        *,
        urls: Mapping[str, str],
        production: bool,
        timeout_seconds: float = 20,
        idle_seconds: float = 60,
    ) -> None:
        self._doors = {
            country: http_client(url=url, production=production, timeout_seconds=timeout_seconds)
            for country, url in urls.items()
        }
        # By the key that opened it, and for one domain: a session stands in one at a time.
        self._sessions: dict[tuple[str, str, str], tuple[str, float]] = {}
        self._idle_seconds = idle_seconds

    def connect(self, *, code: str, redirect_url: str, books: str = "") -> Tokens:
        """See `Bookkeeping.connect`: the key, if one of the countries knows it."""
        if not _GUID.fullmatch(code):
            raise ProviderRefused("code", "this is no key of Yuki's")
        for country in self._doors:
            try:
                self._open(code, _Place(country))
            except ProviderRefused as refused:
                # Only this says that the key belongs elsewhere; what else goes wrong says nothing about it.
                if refused.code != REVOKED:
                    raise
            else:
                return Tokens(code, books=country)
        raise ProviderRefused("code", "no country of Yuki's knows this key")

    def administrations(self, tokens: Tokens) -> Sequence[Administration]:
        """See `Bookkeeping.administrations`: those that the key was made for."""
        place = _Place(tokens.books)
        content = self._ask(tokens, place, "Accounting", "Administrations")
        with as_documented():
            found = _parsed(content).find(".//{*}AdministrationsResult/{*}Administrations")
            if found is None:
                raise NotInForm("no administrations")
            rows = [_row(one) for one in found.iterfind("{*}Administration")]
            return [
                Administration(
                    _Place(place.country, _guid(row["DomainID"]), _guid(row["ID"])).code,
                    text_of(row, "Name") or row["ID"],
                )
                for row in rows
                if row.get("Active", "").lower() != "false"
            ]

    def page(
        self, tokens: Tokens, *, administration: str, cursor: str, customers_since: datetime | None
    ) -> BookPage:
        """See `Bookkeeping.page`: all invoices, then money that was not matched with any; the second list
        repeats the first, in which a line that is told twice counts once."""
        place, unmatched = _place(administration), cursor == _UNMATCHED
        content = self._ask(
            tokens, place, "Accounting", _LIST,
            administrationID=place.administration,
            includeBankTransactions="true" if unmatched else "false",
            sortOrder="DateAsc",
        )  # fmt: skip
        with as_documented():
            customers, items = _told(content)
            if not unmatched:
                return BookPage(customers, items, _UNMATCHED)
            # Money that went back to a customer is no debt of his.
            items = tuple(item for item in items if item.open.minor < 0)
            refs = {item.customer_ref for item in items}
            return BookPage(tuple(one for one in customers if one.ref in refs), items)

    def document(
        self, tokens: Tokens, *, administration: str, ref: str, number: str, customer_ref: str
    ) -> InvoiceFile | None:
        """See `Bookkeeping.document`."""
        document = ref.partition("/")[2]
        if not _GUID.fullmatch(document):
            return None
        content = self._ask(
            tokens, _place(administration), "Archive", "DocumentFile",
            most=_FILE_ANSWER_BYTES_MAX, documentID=document,
        )  # fmt: skip
        with as_documented():
            found = _parsed(content).find(".//{*}DocumentFileResult/{*}Document")
            if found is None:
                raise NotInForm("no document")
            row = _row(found)
        packed = "".join(row.get("FileData", "").split())
        if not packed:
            return None
        try:
            file = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ProviderRefused("file", "the file cannot be unpacked") from error
        name = text_of(row, "FileName").rpartition("/")[2]
        return InvoiceFile(name if "." in name else f"{number or document}.pdf", file)

    def payments(
        self, tokens: Tokens, *, administration: str, customer_ref: str, since: date, currency: str
    ) -> Sequence[BookedPayment]:
        """See `Bookkeeping.payments`: Yuki does not tell them by customer."""
        return ()

    def close(self) -> None:
        """Close the connections."""
        for door in self._doors.values():
            door.close()

    def _ask(
        self,
        tokens: Tokens,
        place: _Place,
        service: str,
        operation: str,
        *,
        most: int = _ANSWER_BYTES_MAX,
        **asked: str,
    ) -> bytes:
        """Ask in the session that was kept; where that may be over, a new one decides."""
        session, used = self._sessions.get((tokens.access, place.country, place.domain), ("", 0.0))
        if session:
            try:
                content = self._call(place.country, service, operation, most=most, sessionID=session, **asked)
            except ProviderRefused as refused:
                idle = time.monotonic() - used >= self._idle_seconds
                if refused.code != _SESSION and not (refused.code == _FAULT and idle):
                    raise
            else:
                self._keep(tokens.access, place, session)
                return content
        session = self._open(tokens.access, place)
        return self._call(place.country, service, operation, most=most, sessionID=session, **asked)

    def _open(self, key: str, place: _Place) -> str:
        content = self._call(place.country, "Accounting", "Authenticate", accessKey=key)
        with as_documented():
            session = str(_parsed(content).findtext(".//{*}AuthenticateResult") or "").strip()
            if not session:
                raise NotInForm("no session")
        if place.domain:
            self._call(
                place.country, "Accounting", "SetCurrentDomain", sessionID=session, domainID=place.domain
            )
        self._keep(key, place, session)
        return session

    def _keep(self, key: str, place: _Place, session: str) -> None:
        if len(self._sessions) >= _SESSIONS_MAX:
            self._sessions.clear()
        self._sessions[key, place.country, place.domain] = session, time.monotonic()

    def _call(
        self, country: str, service: str, operation: str, *, most: int = _ANSWER_BYTES_MAX, **asked: str
    ) -> bytes:
        door = self._doors.get(country)
        if door is None:
            raise ProviderRefused("administration", "these are no books of Yuki's")
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{_NAMESPACE}{operation}"'}
        body, content = _envelope(operation, asked), bytearray()
        with (
            httpx_failures(effect=False),
            door.stream("POST", f"/{service}.asmx", content=body, headers=headers) as answer,
        ):
            for part in answer.iter_bytes():
                content += part
                if len(content) > most:
                    raise ProviderRefused("size", "the answer is too large")
        if answer.is_success:
            return bytes(content)
        said = _fault(bytes(content))
        if said:
            raise _meant(said)
        raise from_status(
            status=answer.status_code, reason=answer.reason_phrase, headers=answer.headers, effect=False
        )


def _envelope(operation: str, asked: Mapping[str, str]) -> bytes:
    told = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in asked.items())
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{_SOAP}"><soap:Body>'
        f'<{operation} xmlns="{_NAMESPACE}">{told}</{operation}></soap:Body></soap:Envelope>'
    ).encode()


def _fault(content: bytes) -> str:
    """What a SOAP fault says; empty where the answer is none."""
    try:
        root = untrusted_xml.parse(content, max_bytes=_FAULT_BYTES_MAX)
    except Unreadable:
        return ""
    return str(root.findtext(".//{*}Fault/faultstring") or "").strip()


def _meant(said: str) -> ProviderError:
    words = said.lower()
    if _WRONG_KEY in words:
        return ProviderRefused(REVOKED, "the key works no more")
    if _LIMIT.search(words):
        return ProviderTransient("no more calls for now", _LIMIT_SECONDS)
    return ProviderRefused(_SESSION if _SESSION in words else _FAULT, said[:200])


def _place(code: str) -> _Place:
    country, _, books = code.partition("/")
    domain, _, administration = books.partition("/")
    if not _GUID.fullmatch(domain) or not _GUID.fullmatch(administration):
        raise ProviderRefused("administration", "these are no books of Yuki's")
    return _Place(country, domain, administration)


def _parsed(content: bytes) -> etree._Element:
    try:
        return untrusted_xml.parse(content, max_bytes=_ANSWER_BYTES_MAX)
    except Unreadable as error:
        raise NotInForm(error.reason) from error


def _row(element: etree._Element) -> dict[str, str]:
    """An element's fields by their names, and its id."""
    fields = {untrusted_xml.name_of(field).local: field.text or "" for field in element}
    return {**fields, "ID": element.get("ID", "")}


def _told(content: bytes) -> tuple[tuple[BookedCustomer, ...], tuple[BookedItem, ...]]:
    """Customers and items, one after the other: books of years are large as a tree."""
    customers: dict[str, BookedCustomer] = {}
    items: list[BookedItem] = []
    whole = False
    try:
        for element in untrusted_xml.stream(
            content, tags=["{*}Item", f"{{*}}{_LIST}"], max_bytes=_ANSWER_BYTES_MAX
        ):
            if untrusted_xml.name_of(element).local == _LIST:
                whole = True
                continue
            row = _row(element)
            _forget(element)
            # Bookings of a general journal may have no customer: then nobody owes them.
            if not row["ContactID"].strip() and not row["Contact"].strip():
                continue
            item = _item(row)
            if item.open:
                items.append(item)
                customers[item.customer_ref] = _customer(row)
    except Unreadable as error:
        raise NotInForm(error.reason) from error
    if not whole:
        # An answer without the list must not read as a list without items: all would seem paid.
        raise NotInForm("no list")
    return tuple(customers.values()), tuple(items)


def _forget(element: etree._Element) -> None:
    """Keep memory flat. The element itself stays: the parser still stands behind it."""
    del element[:]
    previous, parent = element.getprevious(), element.getparent()
    if previous is not None and parent is not None:
        parent.remove(previous)


def _guid(text: str) -> str:
    if not _GUID.fullmatch(text.strip()):
        raise NotInForm("no id")
    return text.strip()


def _amount(text: str) -> Money:
    if not _DECIMAL.fullmatch(text.strip()):
        raise NotInForm("no amount")
    return money_of(Decimal(text.strip()), "EUR")


def _item(row: Mapping[str, Any]) -> BookedItem:
    line, left = _guid(row["ID"]), _amount(row["OpenAmount"])
    # The document is asked for by its own id, which nothing else tells later.
    document = text_of(row, "DocumentID", 36)
    return BookedItem(
        ref=f"{line}/{document}" if _GUID.fullmatch(document) else line,
        line=line,
        number=text_of(row, "Reference", 80),
        customer_ref=_guid(row["ContactID"]),
        customer_name=text_of(row, "Contact"),
        issued_on=iso_day(text_of(row, "Date")),
        due_on=iso_day(text_of(row, "DueDate")),
        open=left,
        total=_amount(row["OriginalAmount"]) if left.minor > 0 else None,
    )


def _customer(row: Mapping[str, Any]) -> BookedCustomer:
    # Where it sits, else where its post goes.
    mail = "" if text_of(row, "City") or text_of(row, "Postcode") else "Mail"
    lines = (text_of(row, f"{mail}AddressLine_{number}") for number in (1, 2))
    emails = (text_of(row, name) for name in ("RecipientEmail", "EmailWork", "EmailHome"))
    return BookedCustomer(
        ref=_guid(row["ContactID"]),
        name=text_of(row, "Contact"),
        number=text_of(row, "ContactCode", 40),
        street=" ".join(filter(None, lines))[:200],
        postal_code=text_of(row, f"{mail}Postcode", 20),
        city=text_of(row, f"{mail}City"),
        country=text_of(row, "Country", 2).upper(),
        # Several may stand in it.
        email=re.split(r"[;,\s]", next(filter(None, emails), ""), maxsplit=1)[0],
        phone=text_of(row, "PhoneWork", 40) or text_of(row, "PhoneHome", 40),
        vat_number=text_of(row, "VATNumber", 40),
        registration_number=text_of(row, "CoCNumber", 40),
    )
