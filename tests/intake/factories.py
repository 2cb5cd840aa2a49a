"""A creditor with its habits, and files as creditors send them."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.intake.mapping import Mapped
from agency.kernel.unit import Door, Units
from agency.parties.models import Creditor
from agency.parties.registration import Sender, register_creditor
from agency.ports.providers import FileNotStored
from agency.ports.readers import EInvoiceReader
from agency.ports.registers import DebtorRegisters, NoRegisters
from agency.pricing.rate_cards import publish_first_card
from integrations.einvoice import read_einvoice
from portal.placing import place_file, read_and_price

HEADERS = (
    "Factuurnummer;Klantnummer;Soort;Naam;Bedrag;Factuurdatum;Vervaldatum;Land;Postcode;E-mail;Telefoon"
    ";KvK-nummer"
)


class Store:
    """A file store in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.kept[sha256] = content
        return sha256

    def get(self, sha256: str) -> bytes:
        if sha256 not in self.kept:
            raise FileNotStored(sha256)
        return self.kept[sha256]


@dataclass
class PortsForFiles:
    """The adapters that placing a file uses, and registers that never answer."""

    files: Store
    read_einvoice: EInvoiceReader
    registers: DebtorRegisters = field(default_factory=NoRegisters)


def ports() -> Any:
    return PortsForFiles(Store(), read_einvoice)


def a_creditor(units: Units, reference: str = "GROOTHANDEL", country: str = "NL") -> UUID:
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
        return register_creditor(
            unit,
            creditor=Creditor(
                reference=reference, name=reference.title(), country=country, created_at=unit.now
            ),
            sender=Sender(
                name="Groothandel",
                email="a@groot.example",
                reply_to="a@groot.example",
                sms="Groot",
                phone="+31",
            ),
        )


def a_row(
    number: str = "F1",
    *,
    customer: str = "0007",
    kind: str = "bedrijf",
    name: str = "Bakkerij Jansen B.V.",
    amount: str = "100,00",
    issued: str = "01-05-2026",
    due: str = "31-05-2026",
    country: str = "NL",
    postcode: str = "1012 AB",
    email: str = "",
    phone: str = "",
    kvk: str = "",
) -> str:
    return ";".join((number, customer, kind, name, amount, issued, due, country, postcode, email, phone, kvk))


def a_file(*rows: str, headers: str = HEADERS) -> bytes:
    return "\r\n".join((headers, *rows)).encode("cp1252")


@dataclass(frozen=True)
class Report:
    """What a placement says of itself, with its rejects as (row, field, reason)."""

    placement_id: UUID
    again: bool
    state: str
    refusal: str | None
    rows: int
    created: int
    updated: int
    merged: int
    rejected: int
    unchanged: int
    rejects: list[tuple[int, str, str]]

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        return self.rows, self.created, self.updated, self.merged, self.rejected


def place(
    units: Units,
    creditor_id: UUID,
    content: bytes,
    *,
    name: str = "open.csv",
    mapped: Mapped | None = None,
    adapters: Any = None,
) -> Report:
    """Place a file as the creditor itself does and return what became of it."""
    adapters = adapters or ports()
    with units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
        placed = place_file(
            unit, adapters, creditor_id=creditor_id, name=name, content=content, bytes_max=10**8, wait=True
        )
        if mapped is not None:
            read_and_price(
                unit, adapters, creditor_id=creditor_id, placement_id=placed.placement_id, mapped=mapped
            )
    with units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
        key = {"p": placed.placement_id}
        row = unit.session.connection().execute(
            text(
                "SELECT state, refusal, rows, created, updated, merged, rejected, unchanged"
                " FROM placement WHERE id = :p"
            ),
            key,
        )
        rejects = unit.session.connection().execute(
            text(
                "SELECT row, field, reason FROM placement_reject WHERE placement_id = :p ORDER BY row, field"
            ),
            key,
        )
        return Report(
            placed.placement_id, placed.again, *row.one(), rejects=[tuple(reject) for reject in rejects]
        )


def rows_of(units: Units, creditor_id: UUID, sql: str, **parameters: Any) -> list[Any]:
    """Query as the creditor's own door."""
    with units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
        return list(unit.session.connection().execute(text(sql), parameters).all())
