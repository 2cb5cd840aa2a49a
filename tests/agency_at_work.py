"""A whole agency for tests, wired as the portal wires it; creditors place files and accept prices."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from agency.kernel import settings as kernel_settings
from agency.kernel.outbox import drain
from agency.kernel.ports import Ports
from agency.kernel.unit import Door
from agency.parties.models import Creditor, CreditorTerms
from agency.parties.registration import Sender, register_creditor
from agency.pricing.acceptance import accept_quote
from portal import wiring
from portal.placing import place_file
from portal.setup import prepare
from portal.wiring import Wiring


@contextmanager
def wired(environment: Mapping[str, str]) -> Iterator[Wiring]:
    """This process as a part of the agency: settings from an environment, ports, reactions, pay links."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        kernel_settings.settings.cache_clear()
        wiring.wire.cache_clear()
        made = wiring.wire()
        try:
            yield made
        finally:
            made.units.engine.dispose()
            _close(made.ports)
            wiring.wire.cache_clear()
            kernel_settings.settings.cache_clear()


def _close(ports: Ports) -> None:
    """Adapters live as long as their process; this process goes on, and its sockets are counted."""
    installed = [getattr(ports, field.name) for field in fields(ports)]
    several = [one for adapter in installed if isinstance(adapter, Mapping) for one in adapter.values()]
    for adapter in (*installed, *several):
        for inside in getattr(adapter, "__dict__", {}).values():
            if close := getattr(inside, "close", None):
                close()


def at_moment(work: Wiring, moment: datetime) -> None:
    """Make it any moment, earlier ones too: stories have fixed dates, and must not go stale with the year."""
    with work.units.open(Door.STAFF, by="system:test") as unit:
        unit.session.connection().execute(
            text("UPDATE clock SET ahead = :to - clock_timestamp() WHERE id = 1"), {"to": moment}
        )


def open_agency(work: Wiring) -> None:
    """Publish what an agency needs before its first claim."""
    with work.units.open(Door.STAFF, by="system:test") as unit:
        prepare(unit, work.settings)


def register(work: Wiring, *, reference: str, name: str, **terms: Any) -> UUID:
    """A Dutch creditor with terms from today on, who signs with its own name."""
    domain = f"{reference.lower()}.example"
    with work.units.open(Door.STAFF, by="system:test") as unit:
        creditor = Creditor(
            reference=reference, name=name, country="NL", created_at=unit.now, iban="NL91ABNA0417164300",
            iban_holder=name, email=f"administratie@{domain}", street="Keizersgracht 1",
            postal_code="1015 CJ", city="Amsterdam", registration_number="12345678",
            vat_number="NL001234567B01",
        )  # fmt: skip
        sender = Sender(
            name=name, email=f"facturen@{domain}", reply_to=f"vragen@{domain}", sms=reference[:11],
            phone="+31 20 765 43 21",
        )  # fmt: skip
        agreed = CreditorTerms(
            creditor_id=creditor.id, valid_from=unit.today, created_at=unit.now, costs_clause=False, **terms
        )
        return register_creditor(unit, creditor=creditor, sender=sender, terms=agreed)


def as_file(rows: Sequence[Mapping[str, str]]) -> bytes:
    """Claims as a creditor's CSV."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def place(work: Wiring, creditor_id: UUID, content: bytes, *, name: str = "claims.csv") -> UUID:
    """Hand a file over, as the upload page does, and return its placement."""
    with work.units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
        placed = place_file(
            unit,
            work.ports,
            creditor_id=creditor_id,
            name=name,
            content=content,
            bytes_max=work.settings.upload_bytes_max,
            wait=True,
        )
    drain(work.units)
    return placed.placement_id


def open_quote(work: Wiring, creditor_id: UUID, placement_id: UUID) -> UUID:
    """The price that waits for an answer."""
    with work.units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
        found = unit.session.connection().execute(
            text("SELECT id FROM quote WHERE creditor_id = :c AND placement_id = :p AND state = 'open'"),
            {"c": creditor_id, "p": placement_id},
        )
        quote_id: UUID = found.scalar_one()
        return quote_id


def accept(work: Wiring, creditor_id: UUID, quote_id: UUID) -> None:
    """Accept a price and let everything happen that follows from it."""
    with work.units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
        accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
    drain(work.units)


def rows(work: Wiring, sql: str, **values: Any) -> list[Any]:
    """Read from the agency's tables as a worker sees them."""
    with work.units.open(Door.WORKER, by="system:test") as unit:
        return list(unit.session.connection().execute(text(sql), values))
