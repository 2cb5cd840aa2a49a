"""Where a debtor is, as people type it: read as the intake reads a file."""

from collections.abc import Callable

from agency.intake.values import email, phone, postcode
from agency.kernel.errors import Invalid
from agency.parties.contacting import NewContact


def contact_told(
    *, country: str, email_typed: str, phone_typed: str, street: str, postal_code: str, city: str
) -> NewContact:
    """This function will return what was typed in the form in which it is kept; empty is not told.

    :param country: where the debtor lives (ISO 3166-1): a number is read as dialled there.
    :raises Invalid: what stands in the field `email`, `phone` or `postal_code` cannot be one.
    """
    return NewContact(
        email=_read("email", email_typed, email),
        phone=_read("phone", phone_typed, lambda value: phone(value, country)),
        street=" ".join(street.split())[:200],
        postal_code=_read("postal_code", postal_code, lambda value: postcode(value, country)),
        city=" ".join(city.split())[:100],
    )


def _read(field: str, typed: str, check: Callable[[str], str]) -> str:
    value = typed.strip()
    try:
        return check(value) if value else ""
    except ValueError as error:
        raise Invalid(str(error), field=field) from None
