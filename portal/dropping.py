"""A drop from its files to claims and a price."""

from uuid import UUID

from sqlmodel import select

from agency.intake.archive import UNPACKED_BYTES_MAX
from agency.intake.drops import bundles, file_documents, find_drop
from agency.intake.models import DroppedFile
from agency.kernel.ports import Ports
from agency.kernel.unit import Unit
from agency.pricing.quoting import quote_placement
from portal.placing import place_file


def read_drop(unit: Unit, ports: Ports, *, creditor_id: UUID, drop_id: UUID, name: str) -> list[UUID]:
    """This function will hand over what a drop holds so far and file its documents.

    What is small is read and priced at once, the rest by a job; called again it takes what came meanwhile.

    :param name: what a bundle of several files is called.
    :return: the placements of the drop that were handed over now.
    """
    find_drop(unit, creditor_id=creditor_id, drop_id=drop_id, lock=True)
    placed = []
    for bundle in bundles(unit, ports.files, creditor_id=creditor_id, drop_id=drop_id, name=name):
        placement = place_file(
            unit,
            ports,
            creditor_id=creditor_id,
            name=bundle.name,
            content=bundle.content,
            bytes_max=UNPACKED_BYTES_MAX,
            source="drop",
        )
        for file in bundle.files:
            file.placement_id = placement.placement_id
        placed.append(placement.placement_id)
    unit.session.flush()
    file_and_price(unit, ports, creditor_id=creditor_id, drop_id=drop_id)
    return placed


def file_and_price(unit: Unit, ports: Ports, *, creditor_id: UUID, drop_id: UUID) -> None:
    """This function will file a drop's documents and, where that helped, make its prices anew."""
    if not file_documents(unit, ports.files, creditor_id=creditor_id, drop_id=drop_id):
        return
    placements = unit.session.exec(
        select(DroppedFile.placement_id)
        .where(DroppedFile.creditor_id == creditor_id, DroppedFile.drop_id == drop_id)
        .distinct()
    ).all()
    for placement_id in placements:
        if placement_id is not None:
            quote_placement(unit, creditor_id=creditor_id, placement_id=placement_id)
