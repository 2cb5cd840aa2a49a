"""Numbers of a company: in the trade register and for VAT, each checked by its country's own rule."""

import re

from stdnum.be import vat as kbo
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

_SEPARATORS = re.compile(r"[\s./-]+")
_KVK = re.compile(r"[0-9]{8}", re.ASCII)
_OTHER = re.compile(r"[A-Z0-9]{2,30}", re.ASCII)
_ELSEWHERE = re.compile(r"[A-Z]{2}[A-Z0-9]{2,14}", re.ASCII)


class NoSuchNumber(ValueError):
    """No company can have this number; the message is a sentence that can be translated."""


def registration_number(typed: str, *, country: str) -> str:
    """Return a number in the trade register as it is kept: KVK (8 digits), KBO (10 digits, checked), of other
    countries letters and digits.

    :raises NoSuchNumber: it cannot stand in that country's register.
    """
    compact = _SEPARATORS.sub("", typed).upper()
    if country == "NL":
        if _KVK.fullmatch(compact.removeprefix("KVK")):
            return compact.removeprefix("KVK")
        raise NoSuchNumber("this is no Chamber of Commerce number of 8 digits")
    if country == "BE":
        try:
            return str(kbo.validate(compact.removeprefix("BE")))
        except ValidationError:
            raise NoSuchNumber("this is no Belgian enterprise number") from None
    if not _OTHER.fullmatch(compact):
        raise NoSuchNumber("this is no number of a trade register")
    return compact


def vat_number(typed: str, *, country: str) -> str:
    """Return a VAT number with the letters of its country, its check digits right where the Union knows them.

    :raises NoSuchNumber: it cannot be one, or is one of another country than the company's.
    """
    compact = _SEPARATORS.sub("", typed).upper()
    whole = compact if compact[:2].isalpha() else f"{country}{compact}"
    if {"EL": "GR", "XI": "GB"}.get(whole[:2], whole[:2]) != country:
        raise NoSuchNumber("this VAT number is of another country")
    if whole[:2].lower() in eu_vat.MEMBER_STATES or whole[:2] == "EL":
        try:
            return str(eu_vat.validate(whole))
        except ValidationError:
            raise NoSuchNumber("this is no VAT number") from None
    if not _ELSEWHERE.fullmatch(whole):
        raise NoSuchNumber("this is no VAT number")
    return whole
