"""SEPA mandates: accounts that can be collected from, sequence types, and the terms of announcing."""

from datetime import date, timedelta
from typing import Any, Literal

from stdnum import iban as iban_number
from stdnum.exceptions import ValidationError

from agency.calendar import add_business_days, add_months
from agency.rules.tables import read_table, row_in_force

Sequence = Literal["FRST", "RCUR", "FNAL", "OOFF"]


class NoSuchAccount(ValueError):
    """The account number cannot be right, or SEPA does not reach it; `reason` is a stable code.

    Codes: not_an_iban, outside_sepa.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def readable_iban(typed: str) -> str:
    """Return an account number as it is written to the bank: without spaces, in capitals, check digits right.

    :raises NoSuchAccount: see the exception.
    """
    compact = "".join(typed.split()).upper().replace("-", "")
    try:
        # The check digits only: lists of banks in use are never whole.
        iban_number.validate(compact, check_country=False)
    except ValidationError:
        raise NoSuchAccount("not_an_iban") from None
    if compact[:2] not in read_table("mandates")["sepa_countries"]:
        raise NoSuchAccount("outside_sepa")
    return compact


def sequence_of(*, used_before: bool, is_last: bool) -> Sequence:
    """Return the sequence type of a collection: the first, one of several, the last, or the only one."""
    if is_last:
        return "FNAL" if used_before else "OOFF"
    return "RCUR" if used_before else "FRST"


def prenotification_days(on: date) -> int:
    """Return how many calendar days before its day a collection is announced at the latest.

    :raises LookupError: the table does not reach back to that day.
    """
    return int(_rule(on)["prenotification_days"])


def may_collect(*, signed_on: date, used_on: date | None, due_on: date) -> bool:
    """Tell whether an instalment may be collected: announced in time, its mandate not lapsed unused."""
    rule = _rule(due_on)
    announced = signed_on + timedelta(days=rule["prenotification_days"]) <= due_on
    return announced and due_on <= add_months(used_on or signed_on, rule["unused_months"])


def ends_mandate(reason: str, *, on: date) -> bool:
    """Tell whether nothing can be collected under a mandate any more after the bank's reason.

    :param reason: an ISO reason code, such as "AC04", alone or before the bank's own words.
    """
    code = reason.split(maxsplit=1)[0].upper() if reason.strip() else ""
    return code in _rule(on)["ending_reasons"]


def first_collection_day(*, today: date) -> date:
    """Return the first day on which a file that is sent today can collect; the bank works in between.

    Business days of the Netherlands: the agency's bank is there (TARGET days are business days of both).
    """
    return add_business_days(country="NL", day=today, count=int(_rule(today)["lead_business_days"]))


def first_sending_day(*, due_on: date) -> date:
    """Return the first day on which a file for an instalment can be drafted: none is collected early."""
    day = due_on
    while first_collection_day(today=day - timedelta(days=1)) >= due_on:
        day -= timedelta(days=1)
    return day


def _rule(on: date) -> dict[str, Any]:
    row = row_in_force(read_table("mandates")["sepa_core"], on)
    if row is None:
        raise LookupError(f"no rules of direct debit on {on}")
    return row
