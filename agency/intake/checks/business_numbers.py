"""Numbers of businesses: in the right register, of the debtor's country, and of the same business."""

import re
from collections.abc import Callable
from typing import Final

from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret

from agency.intake.checks.finding import Finding, Severity

NOT_SIREN: Final = "is not a SIREN or SIRET number"
VAT_ELSEWHERE: Final = "is a VAT number of another country than the debtor's"
TWO_BUSINESSES: Final = "is not of the business that the enterprise number names; which one owes?"
CONSUMER_WITH_NUMBER: Final = "stands with a consumer; is this debtor a business?"


def check_registration(value: str, country: str) -> list[Finding]:
    """Refuse a French number that fails its own check digits; KVK and KBO are read where values are.

    :param country: the country of the register.
    """
    if country != "FR":
        return []
    digits = re.sub(r"[^0-9]", "", value)
    if _passes(siren.validate, digits) or _passes(siret.validate, digits):
        return []
    return [Finding("registration_number", Severity.REJECT, NOT_SIREN, value[:40], "INSEE (Luhn)")]


def check_vat(value: str, country: str, registration: str | None = None) -> list[Finding]:
    """Warn about a VAT number of elsewhere; ask where it and the enterprise number name two businesses.

    :param value: a VAT number with its country's letters, already valid.
    """
    letters = {"EL": "GR", "XI": "GB"}.get(value[:2], value[:2])
    if letters != country:
        return [Finding("vat_number", Severity.WARN, VAT_ELSEWHERE, value)]
    if not registration:
        return []
    # In Belgium the VAT number is the enterprise number, in France it ends with the SIREN.
    own = {"BE": value[2:], "FR": value[-9:]}.get(country)
    if own is None or own == registration[:9] or own == registration:
        return []
    return [Finding("vat_number", Severity.ASK, TWO_BUSINESSES, f"{value} / {registration}")]


def check_kind(debtor_kind: str, *, registration: str | None, vat: str | None) -> list[Finding]:
    """Ask about a consumer with a number of a business: the law protects the one and not the other."""
    if debtor_kind != "consumer" or not (registration or vat):
        return []
    field = "registration_number" if registration else "vat_number"
    return [Finding(field, Severity.ASK, CONSUMER_WITH_NUMBER, str(registration or vat))]


def _passes(check: Callable[[str], object], value: str) -> bool:
    try:
        check(value)
    except (ValidationError, ValueError):
        return False
    return True
