"""A debtor's account number: whether it is one, of a bank that exists, and of the debtor's country."""

import re
from typing import Final

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from agency.intake.checks.finding import Finding, Severity

NOT_AN_IBAN: Final = "is not an IBAN"
UNKNOWN_BANK: Final = "names a bank that is not known in its country"
OTHER_COUNTRY: Final = "is an account in another country than the debtor's"


def check_iban(value: str, country: str) -> list[Finding]:
    """Refuse what is no IBAN; warn about a bank that nobody knows and an account elsewhere.

    :param country: where the debtor lives (ISO 3166-1 alpha-2).
    """
    try:
        iban = IBAN(re.sub(r"[\s.\-]", "", value))
    except (SchwiftyException, ValueError):
        return [Finding("iban", Severity.REJECT, NOT_AN_IBAN, value[:40], "ISO 13616")]
    found = []
    if iban.country_code != country:
        found.append(Finding("iban", Severity.WARN, OTHER_COUNTRY, iban.country_code))
    # Only for these countries is the list of banks whole enough that a missing one means something.
    if iban.country_code in ("NL", "BE") and iban.bank is None:
        found.append(Finding("iban", Severity.WARN, UNKNOWN_BANK, str(iban.bank_code)))
    return found
