"""Understanding one value: a date, country, number of a register. Refuses what it would have to guess."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from stdnum import iban as stdnum_iban
from stdnum.be import vat as be_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

from agency.intake.amounts import NotUnderstood
from agency.money import EXPONENTS

DateOrder = Literal["day", "month"]

NOT_A_DATE: Final = "is not a date"
A_COUNTED_DAY: Final = (
    "is a day as a spreadsheet counts days; show the column as dates and save the file once more"
)
CUT_SHORT: Final = (
    "is a long number that a spreadsheet cut short; show the column as text and fill it in once more"
)
NOT_A_COUNTRY: Final = "is not a country (two letters, such as NL)"
NOT_A_CURRENCY: Final = "is not a currency (three letters, such as EUR)"

_PLAIN = re.compile(r"\d+", re.ASCII)
_DATE = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})(?:[T ]\d.*)?", re.ASCII)
_TIME = r"(?:[, T]{1,2}\d{1,2}:\d\d.*)?"
_NAMED = re.compile(
    r"(\d{1,2})(?:er|st|nd|rd|th|e|\.)?[ \-./]{1,2}([^\W\d_]{3,10})\.?[ \-./,]{1,2}(\d{4}|\d{2})" + _TIME
)
_NAMED_FIRST = re.compile(
    r"([^\W\d_]{3,10})\.?[ \-./]{1,2}(\d{1,2})(?:st|nd|rd|th)?[ \-./,]{1,2}(\d{4})" + _TIME
)
_WEEKDAY = re.compile(
    r"(?:(?:maan|dins|woens|donder|vrij|zater|zon)dag|ma|di|wo|do|vr|za|zo"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun"
    r"|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche|lun|mar|mer|jeu|ven|sam|dim"
    r"|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|mo|mi|fr|sa|so)"
    r"[.,]{0,2} +(?=\d|[^\W\d_]{3})",
    re.IGNORECASE,
)
_MONTH_NAMES: Final = (
    "jan januari january janvier januar janv jän jänner",
    "feb febr februari february février fevrier februar févr fevr fév",
    "mrt mar maart march mars märz maerz mär mrz",
    "apr april avril avr",
    "mei may mai",
    "jun juni june juin",
    "jul juli july juillet juil",
    "aug augustus august août aout",
    "sep sept september septembre",
    "okt oct oktober october octobre",
    "nov november novembre",
    "dec dez december decembre décembre dezember déc",
)
MONTHS: Final = {name: at for at, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_CENTURY_TURNS: Final = 70  # as POSIX has it nearly: 69 is 2069, 70 is 1970
OUR_TIME: Final = range(1900, 2200)
"""Years in which an invoice may have a date: packages write the last day of the calendar for "never"."""
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0)?", re.ASCII)
_COMPACT_YEAR_LAST = re.compile(r"(\d{2})(\d{2})((?:19|20|21)\d{2})", re.ASCII)
_COUNTED = re.compile(r"[2-7]\d{4}(?:[.,]\d+)?", re.ASCII)  # 1954 to 2119


def parse_date(value: str, *, order: DateOrder) -> date:
    """This function will read `2026-11-22`, `20261122`, `22-11-2026`, `22 nov 2026`, `Nov 22, 2026`, each
    with the day of the week before it or without, or, with order "month", `11/22/2026`. Of two digits for the
    year, as in `22-11-26`, the year is last.

    :raises NotUnderstood: it is no date of the calendar in that order.
    """
    text = spread(value.strip())
    compact = _COMPACT.fullmatch(text)
    if compact:
        return _day(*compact.groups())
    named = _named(text)
    if named:
        return _day(_whole_year(named[2]), named[1], named[0])
    parts = _DATE.fullmatch(text)
    if parts is None:
        raise NotUnderstood(A_COUNTED_DAY if _COUNTED.fullmatch(text) else NOT_A_DATE)
    first, second, third = parts.groups()
    if len(first) == 4:
        return _day(first, second, third)
    if len(third) not in (2, 4) or len(first) > 2:
        raise NotUnderstood(NOT_A_DATE)
    year = _whole_year(third)
    return _day(year, second, first) if order == "day" else _day(year, first, second)


def spread(text: str) -> str:
    """This function will write `22112026` as `22-11-2026`: with its year first, its month would be the 20th.
    Anything else stays as it is."""
    compact = _COMPACT_YEAR_LAST.fullmatch(text)
    return "-".join(compact.groups()) if compact else text


def _named(text: str) -> tuple[str, int, str] | None:
    """Day, month and year of a date that names its month."""
    for told in (text, _WEEKDAY.sub("", text, count=1)):
        for pattern, day, month in ((_NAMED, 1, 2), (_NAMED_FIRST, 2, 1)):
            found = pattern.fullmatch(told)
            if found and found[month].casefold() in MONTHS:
                return found[day], MONTHS[found[month].casefold()], found[3]
    return None


def _whole_year(year: str) -> int:
    """The year of which only two digits are written."""
    return int(year) if len(year) == 4 else int(year) + (2000 if int(year) < _CENTURY_TURNS else 1900)


def _day(year: int | str, month: int | str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise NotUnderstood(NOT_A_DATE) from None


_CUT_SHORT: Final = re.compile(r"\d[.,]\d+[eE]\+\d{1,3}", re.ASCII)


def identifier(value: str | Decimal) -> str:
    """This function will return an identifier as text: leading zeros kept, `1234.0` taken back to `1234`, and
    `'00123`, as people make a spreadsheet keep zeros, to `00123`.

    :raises NotUnderstood: of `2.60001E+11` the other digits are lost.
    """
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        return str(value.quantize(Decimal(1))) if whole else str(value)
    text = " ".join(value.split())
    if _CUT_SHORT.fullmatch(text):
        raise NotUnderstood(CUT_SHORT)
    if text[:1] == "'" and text[1:].isdigit():
        return text[1:]
    return text[:-2] if text.endswith(".0") and _PLAIN.fullmatch(text[:-2]) else text


_NL_POSTCODE = re.compile(r"([1-9]\d{3}) ?((?!SA|SD|SS)[A-Z]{2})", re.ASCII)
_DIGITS_POSTCODE: Final = {
    "BE": re.compile(r"[1-9]\d{3}", re.ASCII),
    "LU": re.compile(r"(?:L-)?\d{4}", re.ASCII),
    "DE": re.compile(r"\d{5}", re.ASCII),
    "FR": re.compile(r"\d{5}", re.ASCII),
}
_ANY_POSTCODE = re.compile(r"[A-Z0-9][A-Z0-9 \-]{1,11}", re.ASCII)


def postcode(value: str, country: str) -> str:
    """This function will return a postcode in its country's own form.

    :raises NotUnderstood: that country has no such postcodes.
    """
    text = value.strip().upper()
    if country == "NL":
        parts = _NL_POSTCODE.fullmatch(text.replace(" ", ""))
        if parts:
            return f"{parts[1]} {parts[2]}"
    elif country == "BE" and text.startswith("B-"):
        text = text[2:]
    pattern = _DIGITS_POSTCODE.get(country, _ANY_POSTCODE)
    if country == "NL" or not pattern.fullmatch(text):
        raise NotUnderstood("is not a postcode of this country")
    return text


_EMAIL = re.compile(
    r"[A-Za-z0-9_%+\-]+(?:\.[A-Za-z0-9_%+\-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}",
    re.ASCII,
)


def email(value: str) -> str:
    """This function will return an e-mail address with its domain in lower case.

    Plain addresses pass a pattern; only unusual ones cost the library's full analysis.

    :raises NotUnderstood: no mail can go there.
    """
    text = value.strip()
    if len(text) <= 254 and _EMAIL.fullmatch(text):
        name, _, domain = text.rpartition("@")
        if len(name) <= 64:
            return f"{name}@{domain.lower()}"
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise NotUnderstood("is not an e-mail address") from None


_DUTCH_PHONE = re.compile(r"(?:\+31|0031|0)(6[1-9]\d{7}|[1-57]\d{8})", re.ASCII)


def phone(value: str, country: str) -> str:
    """This function will return a phone number in E.164, read as dialled from its country.

    :raises NotUnderstood: no such number can exist.
    """
    text = re.sub(r"[\s()./\-]", "", value)
    plain = _DUTCH_PHONE.fullmatch(text) if country == "NL" or text.startswith("+31") else None
    if plain and plain[1].startswith("6"):
        return f"+31{plain[1]}"
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        raise NotUnderstood("is not a phone number") from None
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        raise NotUnderstood("is not a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _checked(check: Callable[[str], str], value: str, reason: str) -> str:
    try:
        return check(value)
    except (ValidationError, InvalidOperation, ValueError):
        raise NotUnderstood(reason) from None


_DUTCH_IBAN = re.compile(r"NL\d{2}[A-Z]{4}\d{10}", re.ASCII)
_LETTERS_AS_DIGITS: Final = {ord(sign): str(int(sign, 36)) for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def iban(value: str) -> str:
    """This function will return an IBAN without blanks.

    A Dutch one has no check digits besides those of ISO 7064 (mod 97-10); others cost the library's analysis.

    :raises NotUnderstood: length or check digits are wrong.
    """
    if _DUTCH_IBAN.fullmatch(value) and int((value[4:] + value[:4]).translate(_LETTERS_AS_DIGITS)) % 97 == 1:
        return value
    return _checked(lambda text: str(stdnum_iban.validate(text)), value, "is not an IBAN")


def vat_number(value: str, country: str) -> str:
    """This function will return a VAT number with its country's letters.

    Only the countries whose check digits are known are checked; the United Kingdom and others pass as text.

    :raises NotUnderstood: its check digits are wrong.
    """
    text = re.sub(r"[\s.\-]", "", value).upper()
    own = text if text[:2].isalpha() else f"{country}{text}"
    if own[:2] not in _VAT_COUNTRIES:
        if re.fullmatch(r"[A-Z0-9]{4,16}", own):
            return own
        raise NotUnderstood("is not a VAT number")
    return _checked(lambda number: str(eu_vat.validate(number)), own, "is not a VAT number")


_VAT_COUNTRIES_TEXT: Final = (
    "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK "
)
_VAT_COUNTRIES: Final = frozenset(_VAT_COUNTRIES_TEXT.split())


def registration_number(value: str, country: str) -> str:
    """This function will return a number in the trade register: KVK (8 digits) or KBO (10 digits, checked).

    :raises NotUnderstood: it cannot stand in that country's register.
    """
    text = re.sub(r"[\s.\-]", "", value).upper()
    if country == "NL":
        text = text.removeprefix("KVK")
        if text.isascii() and text.isdigit() and len(text) in (8, 12):
            return text[:8]
        raise NotUnderstood("is not a Chamber of Commerce number (8 digits)")
    if country == "BE":
        return _checked(
            lambda number: str(be_vat.validate(number)),
            text.removeprefix("BE"),
            "is not an enterprise number",
        )
    if not re.fullmatch(r"[A-Z0-9/]{2,30}", text):
        raise NotUnderstood("is not a registration number")
    return text


@dataclass(frozen=True)
class Choice:
    """Words by which people name one of a few things, folded to lower case without accents."""

    words: dict[str, str]
    reason: str

    def read(self, value: str) -> str:
        """This function will return what a word stands for.

        :raises NotUnderstood: nobody knows the word.
        """
        found = self.words.get(value.strip().casefold())
        if found is None:
            raise NotUnderstood(self.reason)
        return found


def _words(**meanings: str) -> dict[str, str]:
    return {word: meaning for meaning, words in meanings.items() for word in words.split("|")}


DEBTOR_KIND: Final = Choice(
    _words(
        consumer="consumer|consument|particulier|prive|privé|privepersoon|natuurlijk persoon|b2c|c"
        "|consommateur|particulier(e)|personne physique|privat|verbraucher|person|persoon|individual|private",
        sole_trader="sole_trader|sole trader|eenmanszaak|zzp|zzp'er|zelfstandige|independant|indépendant"
        "|vof|maat|einzelunternehmen|freelancer",
        company="company|bedrijf|b2b|b|zakelijk|onderneming|rechtspersoon|business|firma|entreprise|societe"
        "|société|organisatie|unternehmen|corporate|legal entity|nv|bv|b.v.|n.v.",
    ),
    "is not a kind of debtor (consumer, sole trader or company)",
)
DOCUMENT_KIND: Final = Choice(
    _words(
        invoice="invoice|factuur|facture|rechnung|f|i|inv|debet|380|verkoopfactuur|sales invoice"
        "|customer invoice|facture client|ausgangsrechnung|rv|dr|si|fa|re|out_invoice|accrec",
        credit_note="credit_note|credit note|creditnota|credit|creditfactuur|note de credit"
        "|note de crédit|avoir|gutschrift|c|cn|381|credit memo|creditmemo|verkoopcreditnota|sales credit memo"
        "|customer credit note|credit nota|kreditnota|dg|sc|av|nc|gu|out_refund|accreccredit",
    ),
    "is neither an invoice nor a credit note",
)
YES_NO: Final = Choice(
    _words(
        yes="yes|ja|j|y|oui|o|true|waar|vrai|1|x|betwist|disputed|contested|conteste|contesté",
        no="no|nee|neen|n|non|false|onwaar|faux|0|-|niet betwist|none|geen",
    ),
    "is neither yes nor no",
)
CHANNEL: Final = Choice(
    _words(
        email="email|e-mail|mail|courriel",
        letter="letter|brief|post|lettre|courrier|aangetekend|registered",
        sms="sms|text|tekstbericht",
        call="call|telefoon|gebeld|phone|appel|anruf",
    ),
    "is not a way of sending (e-mail, letter, sms, call)",
)
LANGUAGE: Final = Choice(
    _words(
        nl="nl|nederlands|dutch|neerlandais|néerlandais|nld|dut",
        fr="fr|frans|french|francais|français|fra|fre",
        en="en|engels|english|anglais|eng",
        de="de|duits|german|deutsch|allemand|deu|ger",
    ),
    "is not a language that is written (nl, fr, en, de)",
)
COUNTRY: Final = Choice(
    _words(
        NL="nederland|netherlands|the netherlands|pays-bas|niederlande|holland|nld",
        BE="belgie|belgië|belgium|belgique|belgien|bel",
        DE="duitsland|germany|allemagne|deutschland|deu",
        FR="frankrijk|france|frankreich|fra",
        LU="luxemburg|luxembourg|lux",
        GB="uk|verenigd koninkrijk|united kingdom|great britain|royaume-uni|gbr|engeland",
        ES="spanje|spain|espagne|esp",
        IT="italie|italië|italy|ita",
    ),
    NOT_A_COUNTRY,
)
_COUNTRY_CODES_TEXT: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT "
    "BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH "
    "ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT "
    "HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS "
    "LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI "
    "NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG "
    "SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG "
    "UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "
)
COUNTRY_CODES: Final = frozenset(_COUNTRY_CODES_TEXT.split())
"""ISO 3166-1 alpha-2."""


def country(value: str) -> str:
    """This function will return a country's two-letter code from a code or a name.

    :raises NotUnderstood: no such country.
    """
    text = value.strip()
    if text.upper() in COUNTRY_CODES:
        return text.upper()
    return COUNTRY.read(text)


def currency(value: str) -> str:
    """This function will return a currency's three-letter code.

    :raises NotUnderstood: its minor unit is not known.
    """
    text = {"€": "EUR", "EURO": "EUR", "£": "GBP", "$": "USD"}.get(
        value.strip().upper(), value.strip().upper()
    )
    if text not in EXPONENTS:
        raise NotUnderstood(NOT_A_CURRENCY)
    return text
