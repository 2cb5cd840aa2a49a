"""How a debtor can be reached: adding what a creditor tells later, and the language he asks for."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from agency.events import LanguageAsked
from agency.kernel.audit import record
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.parties.models import ContactChannel, Debtor
from agency.rules.languages import belgian_region

_POINT = text(
    "INSERT INTO contact_point (creditor_id, id, debtor_id, channel, value, state, created_at)"
    " VALUES (:c, :id, :debtor, :channel, :value, 'usable', :now)"
    " ON CONFLICT (creditor_id, debtor_id, channel, value) DO NOTHING"
)
# One person is one reader, whichever creditor it is about.
_LANGUAGE = text(
    "UPDATE debtor SET language = :language WHERE language <> :language AND ((creditor_id, id) = (:c, :d)"
    " OR identity_id = (SELECT identity_id FROM debtor WHERE creditor_id = :c AND id = :d))"
    " RETURNING creditor_id, id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """What is told of where a debtor is; checked and written as the intake does; empty is not told."""

    email: str = ""
    phone: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""

    @property
    def address(self) -> tuple[str, str, str]:
        """Street, postcode and town."""
        return self.street, self.postal_code, self.city


def add_contact(unit: Unit, *, creditor_id: UUID, debtor_id: UUID, contact: NewContact) -> None:
    """This function will add an e-mail address, a number or a full postal address to a debtor.

    A number or address that is known already, also one that is known not to work, stays as it is.

    :raises Invalid: nothing is told, or an address is not complete.
    :raises NotFound: this creditor has no such debtor.
    """
    debtor = unit.session.get(Debtor, (creditor_id, debtor_id))
    if debtor is None:
        raise NotFound("no such debtor")
    if any(contact.address) and not all(contact.address):
        raise Invalid("an address has a street, a postcode and a town", field="street")
    if not (contact.email or contact.phone or all(contact.address)):
        raise Invalid("give an e-mail address, a phone number or an address", field="email")
    told = ((ContactChannel.EMAIL, contact.email), (ContactChannel.PHONE, contact.phone))
    for channel, value in told:
        if value:
            unit.session.connection().execute(
                _POINT,
                {"c": creditor_id, "id": new_id(), "debtor": debtor_id, "channel": channel.value,
                 "value": value, "now": unit.now},
            )  # fmt: skip
    if all(contact.address):
        debtor.street, debtor.postal_code, debtor.city = contact.address
        debtor.region = belgian_region(debtor.country, debtor.postal_code)  # its holidays are kept
    unit.session.flush()
    record(
        unit,
        action="debtor.contact_added",
        subject=f"debtor:{debtor_id}",
        creditor_id=creditor_id,
        facts={
            "email": bool(contact.email),
            "phone": bool(contact.phone),
            "address": all(contact.address),
        },
    )


def write_in(unit: Unit, *, creditor_id: UUID, debtor_id: UUID, language: str) -> None:
    """This function will write to a debtor in another language from the next message on, because he asks for
    it; the same language again changes nothing.

    :param language: nl, fr, en or de.
    :raises NotFound: this creditor has no such debtor.
    """
    if unit.session.get(Debtor, (creditor_id, debtor_id)) is None:
        raise NotFound("no such debtor")
    changed = unit.session.connection().execute(
        _LANGUAGE, {"language": language, "c": creditor_id, "d": debtor_id}
    )
    for row in changed.all():
        record(
            unit,
            action="debtor.language_changed",
            subject=f"debtor:{row.id}",
            creditor_id=row.creditor_id,
            facts={"language": language},
        )
    unit.session.expire_all()


def write_as_asked(unit: Unit, event: LanguageAsked) -> None:
    """This function will write in the language that a debtor asked for on his page."""
    write_in(unit, creditor_id=event.creditor_id, debtor_id=event.debtor_id, language=event.language)
