"""Registering a creditor: the tenant, its first terms and its brand."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.parties.branding import lay_down_first
from agency.parties.models import Brand, Creditor, CreditorTerms
from agency.parties.onboarding import open_tasks


class ReferenceTaken(Conflict):
    """Another creditor already has this reference."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """How a creditor signs towards debtors: names, addresses, numbers and the colour of its pages."""

    name: str
    email: str
    reply_to: str
    sms: str
    phone: str
    colour: str = "#0b5cad"


def sms_sender(reference: str) -> str:
    """This function will return how a creditor with a reference first signs text messages: 11 letters and
    digits (GSM 03.40, 9.1.2.5)."""
    return reference.replace("-", "")[:11]


def register_creditor(
    unit: Unit,
    *,
    creditor: Creditor,
    sender: Sender,
    terms: CreditorTerms | None = None,
    valid_from: date | None = None,
) -> UUID:
    """This function will register a creditor with its terms (the usual ones by default) and its brand.

    :param valid_from: first day of the terms; today by default. Claims are older than their mandate, so
        terms are asked for on the day a decision is taken, never on an invoice's own date.
    :raises ReferenceTaken: the creditor's reference is in use.
    """
    take_turns(unit, "creditor", creditor.reference)
    taken = unit.session.exec(select(Creditor.id).where(Creditor.reference == creditor.reference)).first()
    if taken:
        raise ReferenceTaken("this reference belongs to another creditor", field="reference")
    unit.session.add(creditor)
    unit.session.flush()
    agreed = terms or CreditorTerms(
        creditor_id=creditor.id, valid_from=valid_from or unit.today, created_at=unit.now
    )
    agreed.creditor_id = creditor.id
    brand = Brand(
        creditor_id=creditor.id,
        id=new_id(),
        name=creditor.name,
        colour=sender.colour,
        accent=sender.colour,
        sender_name=sender.name,
        sender_email=sender.email,
        reply_to=sender.reply_to,
        sms_sender=sender.sms,
        phone=sender.phone,
        created_at=unit.now,
    )
    unit.session.add_all([agreed, brand])
    lay_down_first(unit, brand=brand)
    unit.session.flush()
    return creditor.id


def take_in(unit: Unit, *, creditor: Creditor, sender: Sender, terms: CreditorTerms) -> UUID:
    """This function will register a creditor that comes in today, with what is to be done before its first
    claim is worked.

    :raises ReferenceTaken: the creditor's reference is in use.
    """
    creditor_id = register_creditor(unit, creditor=creditor, sender=sender, terms=terms)
    open_tasks(unit, creditor_id=creditor_id, country=creditor.country)
    record(
        unit, action="creditor.registered", subject=f"creditor:{creditor_id}", creditor_id=creditor_id,
        facts={"reference": creditor.reference},
    )  # fmt: skip
    return creditor_id


def register_house(unit: Unit, *, name: str) -> None:
    """This function will make sure that the agency itself stands among the creditors, as the house."""
    unit.session.connection().execute(
        text(
            "INSERT INTO creditor (id, reference, name, country, language, vat_deductible, created_at)"
            " VALUES (:id, 'HOUSE', :name, 'NL', 'nl', true, :now) ON CONFLICT DO NOTHING"
        ),
        {"id": HOUSE, "name": name, "now": unit.now},
    )


def creditor_by_reference(unit: Unit, *, reference: str) -> Creditor:
    """This function will return the creditor with a reference.

    :raises NotFound: nobody has it.
    """
    found = unit.session.exec(
        select(Creditor).where(Creditor.reference == reference, Creditor.id != HOUSE)
    ).one_or_none()
    if found is None:
        raise NotFound(f"no creditor with reference {reference!r}", field="creditor")
    return found
