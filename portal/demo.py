"""The demo agency: three creditors, their claims from files, and somebody to sign in as for each audience.

Everything goes through the same doors as real work: files are placed, priced, accepted, and treatment
starts; nothing is written around the rooms. Passwords are drawn anew and kept in a private file.
"""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.ids import new_id
from agency.kernel.outbox import drain
from agency.kernel.unit import Door, Unit, agency_day
from agency.parties.models import Audience, Creditor, CreditorTerms, Role
from agency.parties.registration import Sender, register_creditor
from agency.parties.users import create_user
from agency.payments.links import issue_links
from agency.pricing.acceptance import accept_quote
from integrations.simulator.portfolio import (
    as_csv,
    belgian_portfolio,
    consumer_portfolio,
    trade_portfolio,
)
from integrations.simulator.ubl_writer import Supplier, zip_of_ubl
from portal.placing import place_file
from portal.setup import prepare
from portal.wiring import Wiring, wire

SEED = 2026
CONSUMER_CLAIMS, TRADE_CLAIMS, BELGIAN_CLAIMS = 1_200, 500, 300
LINKS = 6

SUPPLIER = Supplier(
    name="Vandaele Bouwmaterialen NV",
    enterprise_number="0403170701",
    iban="BE68539007547034",
    street="Havenlaan 2",
    postal_code="2000",
    city="Antwerpen",
    email="facturen@vandaele.example",
)


@dataclass(frozen=True)
class DemoCreditor:
    """A creditor of the demo and the file it hands over."""

    creditor: Creditor
    sender: Sender
    terms: CreditorTerms
    file_name: str
    content: bytes


def load() -> dict[str, Any]:
    """This function will load the demo into an empty, migrated database.

    :returns: `sign_ins` (audience, path, email, password, totp_secret), `debtor_links` (paths) and
        `debtor_postal_codes`, the answer each link asks for, in the same order.
    """
    wiring = wire()
    with wiring.units.open(Door.STAFF, by="system:setup") as unit:
        prepare(unit, wiring.settings)
        creditors = [_register(unit, demo) for demo in _creditors(unit)]
        people = _people(unit, wiring, creditors)
        contents = [
            (creditor_id, demo) for creditor_id, demo in zip(creditors, _creditors(unit), strict=True)
        ]
    for creditor_id, demo in contents:
        _place_and_accept(wiring, creditor_id, demo)
    drain(wiring.units)
    links, postal_codes = _links(wiring)
    return {"sign_ins": people, "debtor_links": links, "debtor_postal_codes": postal_codes}


def _creditors(unit: Unit) -> list[DemoCreditor]:
    today, now = unit.today, unit.now
    return [
        _demo_creditor(
            now, "NOORDGAS", "Noordgas Energie B.V.", "NL", "#0f766e", "NL91ABNA0417164300",
            file_name="openstaande-termijnen.csv",
            content=as_csv(consumer_portfolio(seed=SEED, today=today, claims=CONSUMER_CLAIMS)),
        ),
        _demo_creditor(
            now, "GROOTHANDEL", "Groothandel Van der Velde B.V.", "NL", "#1d4ed8", "NL20INGB0001234567",
            file_name="openstaande-facturen.csv",
            content=as_csv(trade_portfolio(seed=SEED, today=today, claims=TRADE_CLAIMS)),
        ),
        _demo_creditor(
            now, "VANDAELE", SUPPLIER.name, "BE", "#9a3412", SUPPLIER.iban,
            file_name="peppol-facturen.zip",
            content=zip_of_ubl(
                supplier=SUPPLIER,
                invoices=belgian_portfolio(seed=SEED, today=today, claims=BELGIAN_CLAIMS),
            ),
        ),
    ]  # fmt: skip


def _demo_creditor(
    now: Any,
    reference: str,
    name: str,
    country: str,
    colour: str,
    iban: str,
    *,
    file_name: str,
    content: bytes,
) -> DemoCreditor:
    creditor_id = new_id()
    domain = f"{reference.lower()}.example"
    creditor = Creditor(
        id=creditor_id, created_at=now, reference=reference, name=name, country=country, language="nl",
        vat_number="BE0403170701" if country == "BE" else "NL000099998B57", iban=iban, iban_holder=name,
        email=f"administratie@{domain}", phone="+31 20 765 43 21", street="Voorbeeldweg 10",
        postal_code="2000" if country == "BE" else "1000 AA",
        city="Antwerpen" if country == "BE" else "Amsterdam",
        registration_number="0403170701" if country == "BE" else "12345678",
    )  # fmt: skip
    return DemoCreditor(
        creditor=creditor,
        sender=Sender(
            name=name,
            email=f"facturen@{domain}",
            reply_to=f"facturen@{domain}",
            sms=reference[:11],
            phone="+31 20 765 43 21",
            colour=colour,
        ),
        terms=CreditorTerms(
            creditor_id=creditor_id, valid_from=agency_day(now), created_at=now, costs_clause=country == "BE"
        ),
        file_name=file_name,
        content=content,
    )


def _register(unit: Unit, demo: DemoCreditor) -> UUID:
    return register_creditor(unit, creditor=demo.creditor, sender=demo.sender, terms=demo.terms)


def _people(unit: Unit, wiring: Wiring, creditors: list[UUID]) -> list[dict[str, str]]:
    staff = (
        ("collector", "Cora Collector", "collector@agency.example", (Role.COLLECTOR,)),
        ("finance", "Fenna Finance", "finance@agency.example", (Role.FINANCE,)),
        ("finance", "Floris Finance (second person)", "finance2@agency.example", (Role.FINANCE,)),
        ("admin", "Adam Admin", "admin@agency.example", (Role.ADMIN, Role.COLLECTOR, Role.FINANCE)),
    )
    people = [
        _person(unit, wiring, audience, name, email, Audience.STAFF, roles, None)
        for audience, name, email, roles in staff
    ]
    references = ("noordgas", "groothandel", "vandaele")
    return people + [
        _person(
            unit, wiring, "creditor", f"Clerk of {reference.title()}", f"clerk@{reference}.example",
            Audience.CREDITOR, (Role.CREDITOR_CLERK, Role.CREDITOR_MANAGER), creditor_id,
        )
        for reference, creditor_id in zip(references, creditors, strict=True)
    ]  # fmt: skip


def _person(
    unit: Unit,
    wiring: Wiring,
    audience: str,
    name: str,
    email: str,
    kind: Audience,
    roles: tuple[Role, ...],
    creditor_id: UUID | None,
) -> dict[str, str]:
    password = secrets.token_urlsafe(12)
    user = create_user(
        unit,
        email=email,
        name=name,
        audience=kind,
        roles=roles,
        password=password,
        sealing_secret=wiring.settings.secret.get_secret_value(),
        creditor_id=creditor_id,
    )
    return {
        "audience": audience,
        "path": "/sign-in",
        "email": email,
        "password": password,
        "totp_secret": user.totp_secret,
    }


def _place_and_accept(wiring: Wiring, creditor_id: UUID, demo: DemoCreditor) -> None:
    with wiring.units.open(Door.WORKER, by="system:demo", creditor_id=creditor_id) as unit:
        placed = place_file(
            unit,
            wiring.ports,
            creditor_id=creditor_id,
            name=demo.file_name,
            content=demo.content,
            bytes_max=wiring.settings.upload_bytes_max,
            wait=True,
        )
    # What reading made due (credit notes booked, debtors recognised) comes before the price is accepted.
    drain(wiring.units)
    with wiring.units.open(Door.WORKER, by="system:demo", creditor_id=creditor_id) as unit:
        quote_id = (
            unit.session.connection()
            .execute(
                text("SELECT id FROM quote WHERE creditor_id = :c AND placement_id = :p AND state = 'open'"),
                {"c": creditor_id, "p": placed.placement_id},
            )
            .scalar_one()
        )
        accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)


def _links(wiring: Wiring) -> tuple[list[str], list[str]]:
    with wiring.units.open(Door.WORKER, by="system:demo") as unit:
        rows = (
            unit.session.connection()
            .execute(
                text(
                    "SELECT creditor_id, id, postal_code FROM (SELECT c.creditor_id, c.id, d.postal_code,"
                    " row_number() OVER (PARTITION BY c.creditor_id ORDER BY c.number) AS nth"
                    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
                    " WHERE c.state = 'active') AS numbered WHERE nth <= 2 ORDER BY nth LIMIT :limit"
                ),
                {"limit": LINKS},
            )
            .all()
        )
        tokens = issue_links(unit, keys=[(row.creditor_id, row.id) for row in rows])
        return (
            [f"/pay/{tokens[row.creditor_id, row.id]}" for row in rows],
            [row.postal_code or "" for row in rows],
        )
