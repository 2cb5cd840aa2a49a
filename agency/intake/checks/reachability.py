"""Whether a debtor can be reached as the row says: postcode, e-mail and telephone of the right country."""

import re
from typing import Final

import phonenumbers

from agency.intake.checks.finding import Finding, Severity

PHONE_ELSEWHERE: Final = "is a number in another country than the debtor's"
NO_POSTCODE: Final = "is not a postcode of this country"
NO_MAIL: Final = "can receive no mail"

_POSTCODES: Final = {
    "AT": r"[1-9]\d{3}", "CH": r"[1-9]\d{3}", "DE": r"(?!01000|99999)\d{5}", "DK": r"\d{4}",
    "ES": r"(?:0[1-9]|[1-4]\d|5[0-2])\d{3}", "FR": r"(?:0[1-9]|[1-8]\d|9[0-8])\d{3}",
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|GIR ?0AA", "IE": r"[A-Z]\d[\dW] ?[A-Z\d]{4}", "IT": r"\d{5}",
    "LU": r"(?:L-)?[1-9]\d{3}", "PL": r"\d{2}-?\d{3}", "PT": r"\d{4}-?\d{3}", "SE": r"\d{3} ?\d{2}",
}  # fmt: skip
POSTCODES: Final = {country: re.compile(pattern, re.ASCII) for country, pattern in _POSTCODES.items()}
# RFC 2606 and 6761: names that reach nobody on purpose, so an address there was made up.
_NOWHERE: Final = ("example", "invalid", "localhost", "test")


def check_postcode(value: str, country: str) -> list[Finding]:
    """Refuse a postcode that its country cannot have; Dutch and Belgian ones are read with the values."""
    pattern = POSTCODES.get(country)
    if pattern is None or pattern.fullmatch(value.strip().upper()):
        return []
    return [Finding("postal_code", Severity.REJECT, NO_POSTCODE, value[:20])]


def check_email(value: str) -> list[Finding]:
    """Warn about an address under a name that is kept for examples."""
    domain = value.rpartition("@")[2].lower()
    last = domain.rpartition(".")[2]
    made_up = last in _NOWHERE or re.fullmatch(r"(?:.+\.)?example\.(?:com|net|org)", domain)
    return [Finding("email", Severity.WARN, NO_MAIL, domain, "RFC 2606")] if made_up else []


def check_phone(value: str, country: str) -> list[Finding]:
    """Warn about a number in another country: a collector should know before dialling.

    :param value: a number in E.164.
    """
    number = phonenumbers.parse(value, None)
    region = phonenumbers.region_code_for_number(number)
    if region is None or region == country:
        return []
    return [Finding("phone", Severity.WARN, PHONE_ELSEWHERE, str(region))]
