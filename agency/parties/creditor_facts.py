"""Who a creditor is: name, numbers and address, checked as they are typed; its account changes elsewhere."""

import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final
from uuid import UUID

from agency.kernel.audit import record
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.parties.models import Creditor
from agency.rules.brand import is_phone, looks_alike
from agency.rules.company_numbers import NoSuchNumber, registration_number, vat_number

COUNTRIES: Final = ("NL", "BE", "LU", "DE", "FR")
"""Where creditors are established whom the agency works for."""
_REFERENCE = re.compile(r"[A-Z][A-Z0-9-]{1,19}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class CreditorFacts:
    """What is known of a creditor; any text may be empty but name, country (two letters) and language."""

    name: str
    country: str
    language: str
    registration_number: str = ""
    vat_number: str = ""
    vat_deductible: bool = True
    email: str = ""
    phone: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""


def checked(facts: CreditorFacts) -> CreditorFacts:
    """This function will return the facts as they are kept, the numbers in one way of writing.

    :raises Invalid: naming the field: no country that we work for, a number that cannot be, signs that no
        envelope and no sender's line can hold, or a name whose letters only look like ours.
    """
    if facts.country not in COUNTRIES:
        raise Invalid("choose one of the countries", field="country")
    for one in fields(facts):
        value = getattr(facts, one.name)
        if isinstance(value, str) and not value.isprintable():
            raise Invalid("this must stand on one line", field=one.name)
    if looks_alike(facts.name):
        raise Invalid("write this with Latin letters: others only look like them", field="name")
    if facts.phone and not is_phone(facts.phone):
        raise Invalid("give a telephone number, like +31 20 123 45 67", field="phone")
    kept: dict[str, Any] = {}
    for name, read in (("registration_number", registration_number), ("vat_number", vat_number)):
        typed = getattr(facts, name)
        try:
            kept[name] = read(typed, country=facts.country) if typed else ""
        except NoSuchNumber as refusal:
            raise Invalid(str(refusal), field=name) from None
    return replace(facts, **kept)


def readable_reference(typed: str) -> str:
    """This function will return by what a creditor is called in files and numbers: capitals, digits, hyphens.

    It begins with a letter, as it also signs text messages, and a sender of digits alone reads as a number.

    :raises Invalid: it holds something else, or is shorter than 2 or longer than 20 signs.
    """
    reference = typed.strip().upper()
    if not _REFERENCE.fullmatch(reference):
        raise Invalid("begin with a letter; use 2 to 20 capitals, digits and hyphens", field="reference")
    return reference


def new_creditor(
    unit: Unit, *, reference: str, facts: CreditorFacts, iban: str, iban_holder: str
) -> Creditor:
    """This function will return a creditor that can be registered; nothing is kept yet.

    :raises Invalid: see `checked` and `readable_reference`.
    """
    values: dict[str, Any] = {
        name: value if value != "" else None for name, value in asdict(checked(facts)).items()
    }
    return Creditor(
        created_at=unit.now, reference=readable_reference(reference), iban=iban, iban_holder=iban_holder,
        **values,
    )  # fmt: skip


def facts_of(creditor: Creditor) -> CreditorFacts:
    """This function will return what is known of a creditor."""
    known: dict[str, Any] = {
        one.name: "" if (value := getattr(creditor, one.name)) is None else value
        for one in fields(CreditorFacts)
    }
    return CreditorFacts(**known)


def change_facts(unit: Unit, *, creditor_id: UUID, facts: CreditorFacts) -> tuple[str, ...]:
    """This function will keep what changed about a creditor and return the names of what did.

    What was sent and invoiced before keeps the facts of its moment.

    :raises NotFound: there is no such creditor.
    :raises Invalid: see `checked`.
    """
    creditor = unit.session.get(Creditor, creditor_id, with_for_update=True, populate_existing=True)
    if creditor is None or creditor_id == HOUSE:
        raise NotFound("no such creditor")
    wanted, standing = asdict(checked(facts)), asdict(facts_of(creditor))
    changed = tuple(name for name in wanted if wanted[name] != standing[name])
    for name in changed:
        setattr(creditor, name, wanted[name] if wanted[name] != "" else None)
    unit.session.add(creditor)
    unit.session.flush()
    if changed:
        record(
            unit,
            action="creditor.changed",
            subject=f"creditor:{creditor_id}",
            creditor_id=creditor_id,
            facts={"fields": list(changed)},
        )
    return changed
