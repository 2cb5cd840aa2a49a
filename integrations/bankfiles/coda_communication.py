"""What a CODA movement says about itself: free text, or one of the structured communications."""

import re
from dataclasses import dataclass
from typing import Final

from integrations.bankfiles.movement import TOLD_IN_WORDS


@dataclass(frozen=True, slots=True)
class Communication:
    """A movement's communication, None where it is silent."""

    text: str = ""
    reference: str | None = None
    return_reason: str | None = None


# A reference with check digits, printed as +++123/4567/89002+++; 101 as the payer typed it, 102 restored.
_WITH_CHECK_DIGITS: Final = frozenset({"101", "102"})
_CREDITOR_REFERENCE: Final = "100"
_DIRECT_DEBIT: Final = "127"
# What a direct debit says where it has no ISO reason: a technical problem, no reason, the debtor disagrees,
# the debtor's account.
_UNPAID: Final = frozenset("1234")
_REFERENCE = re.compile(r"\d{12}", re.ASCII)
_ISO_REFERENCE = re.compile(r"RF\d{2}[A-Z0-9]{1,21}", re.ASCII)
_RETURN = re.compile(r"[1-5]([A-Z]{2}\d{2})", re.ASCII)
_REASON = re.compile(r"[A-Z]{2}\d{2}", re.ASCII)


def read_communication(
    text: str, *, structured: bool, information: list[str], reason: str = ""
) -> Communication:
    """This function will read a communication as it stands over the records of a movement, unpadded.

    :param information: texts of the information records behind the movement, in their full width.
    :param reason: kind of R-transaction (1 reject to 5 cancellation) and its ISO reason code, or blanks.
    """
    returned = _RETURN.fullmatch(reason)
    code = returned[1] if returned else None
    if not structured:
        # The records cut words where they end; what does not fill a record is padded.
        free = text if text.strip() else "".join(information)
        return Communication(_tidy(free), None, code)
    kind, rest = text[:3], text[3:]
    if kind in _WITH_CHECK_DIGITS:
        reference = _REFERENCE.match(rest)
        return Communication("", reference[0] if reference else None, code)
    if kind == _CREDITOR_REFERENCE:
        creditor_reference = _ISO_REFERENCE.match(rest)
        if creditor_reference:
            return Communication("", creditor_reference[0], code)
    if kind == _DIRECT_DEBIT:
        # Creditor's number, mandate, the creditor's text, then kind and reason when it was returned.
        stated = _REASON.fullmatch(rest[142:146])
        code = stated[0] if stated else code
        if code is None and rest[8:9] in _UNPAID:
            code = TOLD_IN_WORDS
        return Communication(_tidy(rest[79:141]) or _tidy(rest[44:79]), None, code)
    return Communication(_tidy(rest), None, code)


def _tidy(text: str) -> str:
    return " ".join(text.split())
