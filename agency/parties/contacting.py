"""How a debtor can be reached: what a creditor tells later, and what collectors find out or hear from him."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.events import LanguageAsked
from agency.kernel.audit import record
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.parties.models import ContactChannel, ContactPoint, ContactState, Debtor
from agency.rules.languages import belgian_region

_POINT = text(
    "INSERT INTO contact_point (creditor_id, id, debtor_id, channel, value, state, created_at)"
    " VALUES (:c, :id, :debtor, :channel, :value, 'usable', :now)"
    " ON CONFLICT (creditor_id, debtor_id, channel, value) DO NOTHING"
)
# What is known not to work is used again once somebody says anew that it does; where the debtor himself asked
# not to be reached it stays so.
_POINT_AGAIN = text(
    _POINT.text.replace(
        "DO NOTHING",
        "DO UPDATE SET state = 'usable' WHERE contact_point.state IN ('bounced', 'wrong') RETURNING id",
    )
)
_SAME_PERSON = text(
    "SELECT creditor_id, id FROM debtor WHERE (creditor_id = :c AND id = :debtor)"
    " OR (CAST(:everywhere AS boolean) AND identity_id ="
    "  (SELECT d.identity_id FROM debtor d WHERE d.creditor_id = :c AND d.id = :debtor))"
    " ORDER BY creditor_id, id"
)
# One person is one reader, whichever creditor it is about.
_LANGUAGE = text(
    "UPDATE debtor SET language = :language WHERE language <> :language AND ((creditor_id, id) = (:c, :d)"
    " OR identity_id = (SELECT identity_id FROM debtor WHERE creditor_id = :c AND id = :d))"
    " RETURNING creditor_id, id"
)
LANGUAGES: Final = ("nl", "fr", "en", "de")


class ToldBy(StrEnum):
    """Where a collector has it from; without a source nothing about a person is written down."""

    DEBTOR = "debtor"
    HELPER = "helper"  # debt help, a guardian, a lawyer
    CREDITOR = "creditor"
    REGISTER = "register"  # a public register
    VISIT = "visit"


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


def correct_contact(
    unit: Unit,
    *,
    creditor_id: UUID,
    debtor_id: UUID,
    contact: NewContact,
    language: str,
    told_by: ToldBy,
    everywhere: bool = False,
) -> tuple[str, ...]:
    """This function will write down what is heard of where a debtor is and what he reads, and return what
    became different: `email`, `phone`, `address`, `language`. A language counts with every creditor.

    A number that was known not to work counts as working again: somebody has just said that it does.

    :param everywhere: also for the same person's claims with other creditors, which only the agency knows of.
    :raises Invalid: an address is not complete, the language is not one that is written, or nothing is new.
    :raises NotFound: this creditor has no such debtor.
    """
    if any(contact.address) and not all(contact.address):
        raise Invalid("an address has a street, a postcode and a town", field="street")
    if language not in LANGUAGES:
        raise Invalid("choose a language that is written", field="language")
    changed: dict[str, None] = {}
    for debtor in _same_person(unit, creditor_id, debtor_id, everywhere=everywhere):
        for what in _take_over(unit, debtor, contact):
            changed[what] = None
            _record(unit, debtor, "debtor.contact_corrected", what=what, told_by=told_by.value)
    if write_in(unit, creditor_id=creditor_id, debtor_id=debtor_id, language=language):
        changed["language"] = None
    if not changed:
        raise Invalid("nothing here is new")
    return tuple(changed)


def mark_contact(
    unit: Unit, *, creditor_id: UUID, debtor_id: UUID, point_id: UUID, state: ContactState
) -> str:
    """This function will mark a number or mail address of a debtor as wrong or usable, and return it.

    Marked wrong it is so for each creditor that he owes; a debtor who wants no mail is not mailed again by a
    press of a key.

    :raises NotFound: this debtor has no such number or address.
    :raises Invalid: the debtor himself asked not to be reached there.
    """
    point = unit.session.exec(
        select(ContactPoint)
        .where(
            ContactPoint.creditor_id == creditor_id,
            ContactPoint.debtor_id == debtor_id,
            ContactPoint.id == point_id,
        )
        .with_for_update()
    ).one_or_none()
    if point is None:
        raise NotFound("no such number or address")
    if point.state is ContactState.OPTED_OUT:
        raise Invalid("the debtor asked not to be reached here")
    for debtor in _same_person(unit, creditor_id, debtor_id, everywhere=state is ContactState.WRONG):
        unit.session.connection().execute(
            text(
                "UPDATE contact_point SET state = :state WHERE creditor_id = :c AND debtor_id = :debtor"
                " AND channel = :channel AND value = :value AND state <> 'opted_out'"
            ),
            {"state": state.value, "c": debtor.creditor_id, "debtor": debtor.id,
             "channel": point.channel.value, "value": point.value},
        )  # fmt: skip
        _record(unit, debtor, "debtor.contact_marked", what=point.channel.value, state=state.value)
    unit.session.expire(point)
    return point.value


def leave_address(unit: Unit, *, creditor_id: UUID, debtor_id: UUID) -> str:
    """This function will forget an address at which a debtor does not live, and return it: no letter about
    his debt may reach whoever lives there now.

    It is forgotten for the same person with every creditor who has the same one.

    :raises NotFound: this creditor has no such debtor.
    :raises Invalid: no address is known.
    """
    people = _same_person(unit, creditor_id, debtor_id, everywhere=True)
    own = next(one for one in people if (one.creditor_id, one.id) == (creditor_id, debtor_id))
    left = (own.street, own.postal_code, own.city)
    if not any(left):
        raise Invalid("no address is known any more")
    for debtor in people:
        if (debtor.street, debtor.postal_code, debtor.city) == left:
            debtor.street = debtor.postal_code = debtor.city = None
            _record(unit, debtor, "debtor.address_left")
    unit.session.flush()
    return ", ".join(part for part in left if part)


def _same_person(unit: Unit, creditor_id: UUID, debtor_id: UUID, *, everywhere: bool) -> list[Debtor]:
    """The debtor, and with `everywhere` who he is with other creditors, locked in one order."""
    keys = unit.session.connection().execute(
        _SAME_PERSON, {"c": creditor_id, "debtor": debtor_id, "everywhere": everywhere}
    )
    found = [
        unit.session.get_one(Debtor, (row.creditor_id, row.id), with_for_update=True) for row in keys.all()
    ]
    if not found:
        raise NotFound("no such debtor")
    return found


def _take_over(unit: Unit, debtor: Debtor, contact: NewContact) -> list[str]:
    """Write what is new about one debtor, and say what that is."""
    changed = []
    for channel, value in ((ContactChannel.EMAIL, contact.email), (ContactChannel.PHONE, contact.phone)):
        if value and unit.session.connection().execute(
            _POINT_AGAIN,
            {"c": debtor.creditor_id, "id": new_id(), "debtor": debtor.id, "channel": channel.value,
             "value": value, "now": unit.now},
        ).first():  # fmt: skip
            changed.append(channel.value)
    before = (debtor.street, debtor.postal_code, debtor.city)
    if all(contact.address) and contact.address != before:
        debtor.street, debtor.postal_code, debtor.city = contact.address
        debtor.region = belgian_region(debtor.country, debtor.postal_code)
        changed.append("address")
    unit.session.flush()
    return changed


def _record(unit: Unit, debtor: Debtor, action: str, **facts: str) -> None:
    record(
        unit, action=action, subject=f"debtor:{debtor.id}", creditor_id=debtor.creditor_id, facts=facts
    )  # fmt: skip


def write_in(unit: Unit, *, creditor_id: UUID, debtor_id: UUID, language: str) -> bool:
    """This function will write to a debtor in another language from the next message on, because he asks for
    it, and say whether that is new; it counts for every creditor that he owes.

    :param language: nl, fr, en or de.
    :raises NotFound: this creditor has no such debtor.
    """
    if unit.session.get(Debtor, (creditor_id, debtor_id)) is None:
        raise NotFound("no such debtor")
    changed = unit.session.connection().execute(
        _LANGUAGE, {"language": language, "c": creditor_id, "d": debtor_id}
    )
    rows = changed.all()
    for row in rows:
        record(
            unit,
            action="debtor.language_changed",
            subject=f"debtor:{row.id}",
            creditor_id=row.creditor_id,
            facts={"language": language},
        )
    unit.session.expire_all()
    return bool(rows)


def write_as_asked(unit: Unit, event: LanguageAsked) -> None:
    """This function will write in the language that a debtor asked for on his page."""
    write_in(unit, creditor_id=event.creditor_id, debtor_id=event.debtor_id, language=event.language)
