"""Which product a creditor chose: a standing one, and another for a placement; each change is a row."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.parties.models import ProductChoice
from agency.parties.terms import NoTerms, terms_on
from agency.rules.products import HandOver, Product

_PLACEMENT: Final = text("SELECT state FROM placement WHERE creditor_id = :c AND id = :p FOR UPDATE")
_STARTED: Final = ("accepted", "declined", "cancelled", "refused")


class NotInYourName(Conflict):
    """The agreement says that all mail leaves in the agency's name; outsourced management needs the
    creditor's."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The product that counts; `own` tells whether it was chosen for this placement itself, `told` whether
    anything was ever chosen."""

    product: Product = Product.collection
    hand_over: HandOver = HandOver.first_reminder
    own: bool = False
    told: bool = False


def product_of(unit: Unit, *, creditor_id: UUID, placement_id: UUID | None = None) -> Chosen:
    """This function will return the product of a placement, or the standing one of its creditor: the newest
    choice, and collection where nothing was chosen."""
    newest = unit.session.exec(
        select(ProductChoice)
        .where(
            ProductChoice.creditor_id == creditor_id,
            col(ProductChoice.placement_id).is_(None) | (col(ProductChoice.placement_id) == placement_id),
        )
        .order_by(
            col(ProductChoice.placement_id).is_(None),
            col(ProductChoice.chosen_at).desc(),
            col(ProductChoice.id).desc(),
        )
        .limit(1)
    ).first()
    if newest is None:
        return Chosen()
    return Chosen(newest.product, newest.hand_over, own=newest.placement_id is not None, told=True)


def choose_product(
    unit: Unit,
    *,
    creditor_id: UUID,
    product: Product,
    hand_over: HandOver,
    placement_id: UUID | None = None,
) -> None:
    """This function will keep what a creditor hands over, for one placement or for all that follow.

    Claims that are worked already stay on the path that they began with.

    :raises NotFound: this creditor has no such placement.
    :raises Conflict: the placement's price was answered already.
    :raises NotInYourName: outsourced management was chosen, and the agreement forbids the creditor's name.
    """
    if placement_id is not None:
        _refuse_started(unit, creditor_id, placement_id)
    if product is Product.management and not _in_creditors_name(unit, creditor_id):
        raise NotInYourName(
            "your agreement says that we write in our own name; ask us to change it first", field="product"
        )
    choice = ProductChoice(
        creditor_id=creditor_id,
        id=new_id(),
        placement_id=placement_id,
        product=product,
        hand_over=hand_over if product is Product.management else HandOver.first_reminder,
        chosen_at=unit.now,
        chosen_by=unit.by,
    )
    unit.session.add(choice)
    unit.session.flush()
    record(
        unit,
        action="product.chosen",
        subject=f"placement:{placement_id}" if placement_id else f"creditor:{creditor_id}",
        creditor_id=creditor_id,
        facts={"product": choice.product.value, "hand_over": choice.hand_over.value},
    )


def free_days(unit: Unit, *, creditor_id: UUID) -> int:
    """This function will return for how many days after acceptance money bears no fee, as agreed today."""
    try:
        return terms_on(unit, creditor_id=creditor_id, on=unit.today).free_demand_days
    except NoTerms:
        return 0


def _refuse_started(unit: Unit, creditor_id: UUID, placement_id: UUID) -> None:
    found = unit.session.connection().execute(_PLACEMENT, {"c": creditor_id, "p": placement_id})
    state = found.scalar_one_or_none()
    if state is None:
        raise NotFound("no such placement")
    if state in _STARTED:
        raise Conflict("this price was answered already; the claims stay as they are", field="product")


def _in_creditors_name(unit: Unit, creditor_id: UUID) -> bool:
    """Whether mail may leave in the creditor's name: yes where nothing else was agreed."""
    try:
        return terms_on(unit, creditor_id=creditor_id, on=unit.today).reminder_in_creditors_name
    except NoTerms:
        return True
