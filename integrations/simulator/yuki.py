"""Yuki as it speaks: SOAP 1.1 at a host of each country, sessions for keys, faults with status 500."""

import base64
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from lxml import etree

from agency.money import Money
from agency.ports.readers import Unreadable
from integrations import untrusted_xml
from integrations.simulator.books import (
    YUKI_ADMINISTRATIONS,
    customer_facts,
    document_of,
    key_works,
    lines_of,
    open_books,
)
from integrations.simulator.store import moment_text
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/yuki", include_in_schema=False)

_NAMESPACE: Final = "http://www.theyukicompany.com/"
_SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_SESSION: Final = timedelta(hours=1)
_BODY_MAX: Final = 100_000
# The one key that no country knows; of all others those that begin with "be" are Belgian.
_UNKNOWN_KEY: Final = str(uuid.UUID(int=0))
_ITEM, _DOCUMENT = 0x17E4 << 112, 0xD0C << 112
# What stands in a bank line's number in these books; its like is told only where it is asked for.
_BANK: Final = "BANK"
# In the order of the WSDL, in which they must come.
_ASKED: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("Accounting", "Authenticate"): ("accessKey",),
    ("Accounting", "SetCurrentDomain"): ("sessionID", "domainID"),
    ("Accounting", "Administrations"): ("sessionID",),
    ("Accounting", "OutstandingDebtorItems"): (
        "sessionID", "administrationID", "includeBankTransactions", "sortOrder",
    ),
    ("Archive", "DocumentFile"): ("sessionID", "documentID"),
}  # fmt: skip


class _Refused(Exception):
    """What the fault says."""


@routes.post("/{country}/ws/{service}.asmx")
async def call(request: Request, world: TheWorld, country: str, service: str) -> Response:
    """One operation of a web service."""
    open_books(world)
    try:
        operation, asked = _read(service, request.headers.get("soapaction", ""), await request.body())
        _count_down(world)
        return _answer(world, operation, _DO[operation](world, country, asked))
    except _Refused as refused:
        return _fault(str(refused))


def _read(service: str, action: str, body: bytes) -> tuple[str, dict[str, str]]:
    try:
        root = untrusted_xml.parse(body, max_bytes=_BODY_MAX)
    except Unreadable as error:
        raise _Refused(f"Server was unable to read request. ---> {error.reason}") from error
    [told] = root.findall(f"{{{_SOAP}}}Body/{{{_NAMESPACE}}}*")
    operation = untrusted_xml.name_of(told).local
    if action.strip('"') != f"{_NAMESPACE}{operation}":
        raise _Refused(f"Server did not recognize the value of HTTP Header SOAPAction: {action}.")
    names = tuple(untrusted_xml.name_of(field).local for field in told)
    if _ASKED.get((service, operation)) != names:
        raise _Refused(f"Server was unable to read request. ---> {operation} {' '.join(names)}")
    return operation, {untrusted_xml.name_of(field).local: field.text or "" for field in told}


def _count_down(world: World) -> None:
    left = world.store.setting("yuki_calls_left")
    if left:
        if int(left) <= 0:
            raise _Refused("The maximum number of web service calls of this day has been reached")
        world.store.keep_setting("yuki_calls_left", str(int(left) - 1))


def _authenticate(world: World, country: str, asked: dict[str, str]) -> str:
    key = asked["accessKey"]
    here = country == ("be" if key.lower().startswith("be") else "nl")
    if not here or key == _UNKNOWN_KEY or not key_works(world, key):
        raise _Refused("Invalid access key")
    session = str(uuid.uuid4())
    world.store.insert(
        "book_grant",
        token=session, kind="access", chain=f"yuki:{key}", facts="",
        expires_at=moment_text(world.clock.now() + _SESSION),
    )  # fmt: skip
    return session


def _session(world: World, country: str, asked: dict[str, str]) -> Any:
    row = world.store.one(
        "SELECT * FROM book_grant WHERE token = ? AND kind = 'access' AND chain LIKE 'yuki:%'",
        asked["sessionID"],
    )
    now = moment_text(world.clock.now())
    lives = row is not None and not row["revoked"] and row["expires_at"] >= now
    if row is not None and lives and key_works(world, row["chain"].removeprefix("yuki:")):
        return row
    raise _Refused(world.store.setting("yuki_session_fault") or "Invalid session ID")


def _set_current_domain(world: World, country: str, asked: dict[str, str]) -> str:
    session = _session(world, country, asked)
    if asked["domainID"] not in {one.domain for one in YUKI_ADMINISTRATIONS if one.country == country}:
        raise _Refused("Domain not found")
    world.store.run("UPDATE book_grant SET facts = ? WHERE token = ?", asked["domainID"], session["token"])
    return ""


def _administrations(world: World, country: str, asked: dict[str, str]) -> etree._Element:
    _session(world, country, asked)
    found = etree.Element("Administrations")
    for one in YUKI_ADMINISTRATIONS:
        if one.country == country:
            row = etree.SubElement(found, "Administration", ID=one.code)
            _fill(row, Name=one.name, Country=country.upper(), DomainID=one.domain, Active="true")
    closed = etree.SubElement(found, "Administration", ID=str(uuid.UUID(int=1)))
    _fill(closed, Name="Opgeheven B.V.", Country="NL", DomainID=str(uuid.UUID(int=2)), Active="false")
    return found


def _outstanding(world: World, country: str, asked: dict[str, str]) -> etree._Element:
    session = _session(world, country, asked)
    place = (country, session["facts"], asked["administrationID"])
    if place not in {(one.country, one.domain, one.code) for one in YUKI_ADMINISTRATIONS}:
        raise _Refused("Administration not found")
    found = etree.Element("OutstandingDebtorItems")
    for row in lines_of(world, "yuki", asked["administrationID"]):
        of_bank = row["number"].startswith(_BANK)
        if row["open_minor"] and (asked["includeBankTransactions"] == "true" or not of_bank):
            _add_item(found, row, of_bank=of_bank)
    return found


def _add_item(found: etree._Element, row: Any, *, of_bank: bool) -> None:
    facts = customer_facts(row)
    item = etree.SubElement(found, "Item", ID=str(uuid.UUID(int=_ITEM | row["id"])))
    named = bool(facts["name"])
    _fill(
        item,
        Date=row["issued_on"],
        Description=f"{'Bank' if of_bank else 'Factuur'} {row['number']}",
        Contact=facts["name"],
        ContactID=row["customer_ref"] if named else "",
        OpenAmount=_decimal(row["open_minor"]),
        OriginalAmount=_decimal(row["total_minor"]),
    )
    kind = etree.SubElement(item, "Type", ID="" if of_bank else "6")
    kind.text = "" if of_bank else "Verkoopfactuur"
    street = facts["street"]
    _fill(
        item, Reference=row["number"], DueDate=row["due_on"],
        DocumentID="" if of_bank else str(uuid.UUID(int=_DOCUMENT | row["id"])),
        PaymentMethod="Overschrijving", ContactCode=facts["number"],
        CoCNumber=facts["registration_number"], VATNumber="", AddressLine_1=street, AddressLine_2="",
        Postcode=facts["postal_code"], City=facts["city"], MailAddressLine_1="", MailAddressLine_2="",
        MailPostcode="", MailCity="", Country=facts["country"], RecipientEmail="",
        PhoneHome="", PhoneWork=facts["phone"], EmailHome="", EmailWork=facts["email"],
    )  # fmt: skip


def _decimal(minor: int) -> str:
    return str(Money(minor, "EUR").decimal)


def _fill(element: etree._Element, **fields: str) -> None:
    for name, text in fields.items():
        etree.SubElement(element, name).text = text or None


def _document_file(world: World, country: str, asked: dict[str, str]) -> etree._Element:
    session = _session(world, country, asked)
    try:
        line = uuid.UUID(asked["documentID"]).int ^ _DOCUMENT
    except ValueError as error:
        raise _Refused("Document not found") from error
    if line >= 2**32:
        raise _Refused("Document not found")
    domain = (country, session["facts"])
    for one in YUKI_ADMINISTRATIONS:
        found = lines_of(world, "yuki", one.code, line) if (one.country, one.domain) == domain else []
        if found:
            return _file(world, found[0], asked["documentID"])
    raise _Refused("Document not found")


def _file(world: World, row: Any, document: str) -> etree._Element:
    content, scripted = document_of(world, row), world.store.setting("book_document")
    packed = base64.encodebytes(content).decode()
    told = etree.Element("Document", ID=document)
    _fill(
        told,
        FileName=f"Invoice {row['number']}.pdf",
        FileSize=f"{len(content)}.00",
        FileData={"broken": "%%%", "none": ""}.get(scripted or "", packed),
    )
    return told


_DO: Final[dict[str, Callable[[World, str, dict[str, str]], etree._Element | str]]] = {
    "Authenticate": _authenticate,
    "SetCurrentDomain": _set_current_domain,
    "Administrations": _administrations,
    "OutstandingDebtorItems": _outstanding,
    "DocumentFile": _document_file,
}


def _answer(world: World, operation: str, found: etree._Element | str) -> Response:
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap": _SOAP})
    body = etree.SubElement(envelope, f"{{{_SOAP}}}Body")
    answer = etree.SubElement(body, f"{{{_NAMESPACE}}}{operation}Response")
    result = etree.SubElement(answer, f"{{{_NAMESPACE}}}{operation}Result")
    scripted = world.store.setting("yuki_answer") if operation == "OutstandingDebtorItems" else None
    if isinstance(found, str):
        result.text = found or None
    elif scripted != "nothing":
        result.append(found)
    content = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    if scripted == "cut":
        content = content[: len(content) * 2 // 3]
    if scripted == "page":
        content = b"<!DOCTYPE html><html><body>Onderhoud</body></html>"
    return Response(content, media_type="text/xml")


def _fault(said: str) -> Response:
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap": _SOAP})
    fault = etree.SubElement(etree.SubElement(envelope, f"{{{_SOAP}}}Body"), f"{{{_SOAP}}}Fault")
    _fill(fault, faultcode="soap:Server", faultstring=said)
    content = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    return Response(content, status_code=500, media_type="text/xml")
