"""A creditor's file from hand-over to price: what the upload page, the API, the command line and the demo
share.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import select

from agency.intake.mapping import Mapped
from agency.intake.models import Placement
from agency.intake.receive import INLINE_BYTES_MAX, Received, read_placement, receive
from agency.kernel.errors import NotFound
from agency.kernel.ports import Ports
from agency.kernel.unit import Unit
from agency.pricing.quoting import quote_placement

FORM_FIELDS = (
    "invoice_number", "amount", "issued_on", "due_on", "contract_on", "debtor_kind", "debtor_name",
    "debtor_reference", "registration_number", "email", "phone", "street", "postal_code", "city", "country",
    "description", "disputed", "dispute_reason",
)  # fmt: skip
FORM = Mapped(columns={field: field for field in FORM_FIELDS})
"""How the file of a form is read: as the form was checked, whatever the creditor's own files look like."""


@dataclass(frozen=True)
class Placed:
    """What became of a file: its placement, and whether it was known."""

    placement_id: UUID
    again: bool


def place_file(
    unit: Unit,
    ports: Ports,
    *,
    creditor_id: UUID,
    name: str,
    content: bytes,
    bytes_max: int,
    source: str = "upload",
    mapped: Mapped | None = None,
    wait: bool = False,
) -> Placed:
    """This function will take a file in; a small one is read and priced at once, a large one by a job.

    :param mapped: how a small one is read, where that is known.
    :param wait: read a large one at once too.
    :raises Invalid: the file is empty or too large.
    """
    received: Received = receive(
        unit,
        ports.files,
        creditor_id=creditor_id,
        name=name,
        content=content,
        bytes_max=bytes_max,
        source=source,
    )
    if wait or len(content) <= INLINE_BYTES_MAX:
        read_and_price(
            unit, ports, creditor_id=creditor_id, placement_id=received.placement_id, mapped=mapped
        )
    return Placed(received.placement_id, received.again)


def read_and_price(
    unit: Unit, ports: Ports, *, creditor_id: UUID, placement_id: UUID, mapped: Mapped | None = None
) -> None:
    """This function will read a placement in this transaction and price what it made and touched."""
    opened = read_placement(
        unit,
        ports.files,
        ports.read_einvoice,
        creditor_id=creditor_id,
        placement_id=placement_id,
        mapped=mapped,
    )
    for touched in (placement_id, *opened.requote):
        quote_placement(unit, creditor_id=creditor_id, placement_id=touched)


def find_placement(unit: Unit, creditor_id: UUID, placement_id: UUID) -> Placement:
    """This function will return a creditor's placement.

    :raises NotFound: this creditor has no such placement.
    """
    found = unit.session.exec(
        select(Placement).where(Placement.creditor_id == creditor_id, Placement.id == placement_id)
    ).one_or_none()
    if found is None:
        raise NotFound("no such placement")
    return found


def form_as_file(*forms: Mapping[str, Any]) -> bytes:
    """This function will write claims, each given as fields, as the file of rows that they stand for."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(FORM_FIELDS)
    for fields in forms:
        disputed = "yes" if fields.get("disputed") else "no"
        row = [disputed if field == "disputed" else fields.get(field) or "" for field in FORM_FIELDS]
        writer.writerow(row)
    return out.getvalue().encode("utf-8-sig")
