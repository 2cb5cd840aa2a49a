"""How a debtor can be reached: adding what a creditor tells later."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from agency.kernel.audit import record
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.parties.models import ContactChannel, Debtor

_POINT = text(
    "INSERT INTO contact_point (creditor_id, id, debtor_id, channel, value, state, created_at)"
    " VALUES (:c, :id, :debtor, :channel, :value, 'usable', :now)"
    " ON CONFLICT (creditor_id, debtor_id, channel, value) DO NOTHING"
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
