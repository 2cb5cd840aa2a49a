"""Languages: which one a person reads, its texts, and how it writes amounts, numbers and dates.

Source texts are English; `portal/locale/<language>/LC_MESSAGES/portal.po` holds the others. The language
of the page being rendered is ambient (`speaking`), because templates and filters ask for it everywhere.
"""

import gettext as gnu
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from babel import Locale
from babel.core import negotiate_locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_compact_currency, get_currency_symbol
from markupsafe import Markup

from agency.kernel.unit import AGENCY_ZONE, agency_day
from agency.money import EXPONENTS, Money
from agency.rules.french import elide, typeset

LANGUAGES: Mapping[str, str] = {"nl": "Nederlands", "fr": "Français", "en": "English", "de": "Deutsch"}
"""Languages of every page, with their own names."""
Language = Literal["nl", "fr", "en", "de"]
DEFAULT_LANGUAGE = "nl"
# English as read in Europe: day before month.
LOCALES: Mapping[str, Locale] = {
    "nl": Locale("nl", "NL"), "fr": Locale("fr", "BE"), "en": Locale("en", "GB"), "de": Locale("de", "DE"),
}  # fmt: skip

CATALOGUES = Path(__file__).resolve().parents[1] / "locale"
DOMAIN = "portal"

_FIRST = re.compile(r"\b1 (?=[a-zéû])")
_NUMBERED = re.compile(r"\b(\d{1,2}) (?=[A-ZÄÖÜ])")
_DIGITS = re.compile(r"\d{4,}")
_VALUE = re.compile(r"(?:<[^>]*>)*%\((\w+)\)s")

_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for a text that is translated later
    """This function will mark a text for translation and return it unchanged."""
    return text


def compile_catalogues(folder: Path = CATALOGUES) -> int:
    """This function will compile each `.po` that is newer than its `.mo` and return how many there were."""
    stale = [
        source
        for source in sorted(folder.glob("*/LC_MESSAGES/*.po"))
        if not source.with_suffix(".mo").exists()
        or source.with_suffix(".mo").stat().st_mtime < source.stat().st_mtime
    ]
    for source in stale:
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3])
        if source.parts[-3] == "fr":
            for message in catalogue:
                if message.id and message.string:
                    message.string = _typeset(message.string)
        # Whole at once: another process may be reading it.
        compiling = source.with_suffix(f".{os.getpid()}")
        with compiling.open("wb") as file:
            write_mo(file, catalogue)
        compiling.replace(source.with_suffix(".mo"))
    return len(stale)


def _typeset(said: str | Sequence[str]) -> str | tuple[str, ...]:
    return typeset(said) if isinstance(said, str) else tuple(map(typeset, said))


@lru_cache(maxsize=len(LOCALES))
def catalogue(language: str) -> gnu.NullTranslations:
    """This function will return the texts of a language, compiled anew where they changed since."""
    compile_catalogues()
    with (CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        return gnu.GNUTranslations(file)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """This function will make a language the ambient one for the block."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def speak(language: str) -> None:
    """This function will make a language the ambient one for the rest of this request's task."""
    _language.set(language)


def current_language() -> str:
    """This function will return the ambient language."""
    return _language.get()


class _French(str):
    """A French text that elides where its values are filled in: "une facture d’Enercity"."""

    __slots__ = ()

    def __mod__(self, values: Any) -> str:
        if isinstance(values, Mapping):
            words = elide(str(self), _VALUE, lambda name: values.get(name, ""))
            return words % values
        shown: str = str(self) % values
        return shown


def _spoken(text: str) -> str:
    return _French(text) if _language.get() == "fr" and "%(" in text else text


def filled(text: str, values: Mapping[str, Any]) -> str:
    """This function will return a translated text with its values, markup kept, as a page shows it."""
    words = elide(text, _VALUE, lambda name: values.get(name, "")) if _language.get() == "fr" else text
    shown: str = Markup(words) % values  # noqa: S704 - the texts are our own, the values are escaped
    return shown


def gettext(text: str) -> str:
    """This function will translate a text into the ambient language."""
    return _spoken(catalogue(_language.get()).gettext(text)) if text else ""


def inside(text: str) -> str:
    """This function will translate a label and write it inside a sentence: German nouns and SMS keep their
    capitals."""
    said = gettext(text)
    if _language.get() == "de" or said[1:2].isupper():
        return said
    return said[:1].lower() + said[1:]


def ngettext(singular: str, plural: str, n: int) -> str:
    """This function will translate a text with a count into the ambient language."""
    return _spoken(catalogue(_language.get()).ngettext(singular, plural, n))


def choose_language(
    *,
    stored: str | None,
    cookie: str | None,
    accepted: str | None,
    written: str | None = None,
) -> str:
    """This function will choose a language: the user's own, else the cookie's, else the browser's.

    :param written: the language in which the agency writes to the reader, where it does; it goes before the
        browser's, so that the page goes on in the words of the message.
    """
    for wish in (stored, cookie, written):
        if wish is not None and wish in LANGUAGES:
            return wish
    found = negotiate_locale(_preferences(accepted or ""), list(LANGUAGES), sep="-")
    return found.split("-")[0] if found else DEFAULT_LANGUAGE


def _preferences(header: str) -> Sequence[str]:
    """The languages of an Accept-Language header (RFC 9110 12.5.4), best first."""
    wishes: list[tuple[Decimal, str]] = []
    for part in header[:200].split(","):
        tag, _, parameters = part.strip().partition(";")
        quality = parameters.strip().removeprefix("q=") or "1"
        if tag and quality.replace(".", "", 1).isdigit():
            wishes.append((Decimal(quality), tag.split("-")[0]))
    return [tag for quality, tag in sorted(wishes, key=lambda wish: -wish[0]) if quality]


# --- amounts, numbers, dates ---


@dataclass(frozen=True, slots=True)
class _AmountStyle:
    """How a language writes one currency; worked out once, because lists show thousands of amounts."""

    positive: tuple[str, str]
    negative: tuple[str, str]
    group: str
    point: str
    decimals: int


@lru_cache(maxsize=64)
def _amount_style(language: str, currency: str) -> _AmountStyle:
    locale = LOCALES[language]
    pattern = locale.currency_formats["standard"]
    symbol = get_currency_symbol(currency, locale=locale)
    # A symbol that ends in a letter stands apart from the digits (Unicode TR 35, currencySpacing).
    gap = "\u00a0" if symbol[-1].isalpha() else ""
    around = [
        (prefix.replace("¤", symbol + (gap if prefix.endswith("¤") else "")), suffix.replace("¤", symbol))
        for prefix, suffix in zip(pattern.prefix, pattern.suffix, strict=True)
    ]
    symbols = locale.number_symbols["latn"]
    return _AmountStyle(around[0], around[1], symbols["group"], symbols["decimal"], EXPONENTS[currency])


def format_money(amount: Money, *, language: str | None = None) -> str:
    """This function will write an amount as its readers do: `€ 12.345,67` with a no-break space in Dutch."""
    style = _amount_style(language or _language.get(), amount.currency)
    before, after = style.negative if amount.minor < 0 else style.positive
    whole, fraction = divmod(abs(amount.minor), 10**style.decimals)
    digits = f"{whole:,}".replace(",", style.group)
    if style.decimals:
        digits += f"{style.point}{fraction:0{style.decimals}d}"
    return f"{before}{digits}{after}"


def format_money_short(amount: Money) -> str:
    """This function will write an amount where a rough one does: `€ 20K`."""
    written: str = format_compact_currency(
        amount.decimal, amount.currency, locale=LOCALES[_language.get()], fraction_digits=1
    )
    # German has no short form below a million, and its digits would stand there without points.
    return _DIGITS.sub(lambda digits: format_number(int(digits[0])), written)


def typed_money(amount: Money) -> str:
    """This function will write an amount as its readers type it into a field: `12345,67` in Dutch."""
    return str(amount.decimal).replace(".", _amount_style(_language.get(), amount.currency).point)


def typed_number(value: Decimal) -> str:
    """This function will write a number as its readers type it into a field: `12,5` in Dutch."""
    return f"{value:f}".replace(".", LOCALES[_language.get()].number_symbols["latn"]["decimal"])


def format_number(value: int | Decimal, *, decimals: int | None = None, language: str | None = None) -> str:
    """This function will write a number with the language's separators.

    :param decimals: how many decimals to show; by default those that the value has.
    """
    symbols = LOCALES[language or _language.get()].number_symbols["latn"]
    text = f"{value:,}" if decimals is None else f"{value:,.{decimals}f}"
    return text.translate({ord(","): symbols["group"], ord("."): symbols["decimal"], ord("-"): "\u2212"})


def format_percent(percent: Decimal | int, *, decimals: int | None = None) -> str:
    """This function will write per cents (12.5 means 12.5 %) with a no-break space where one belongs."""
    gap = "" if _language.get() == "en" else "\u00a0"
    return f"{format_number(percent, decimals=decimals)}{gap}%"


def format_bps(bps: int) -> str:
    """This function will write basis points as per cents: 1250 becomes 12,5 %."""
    return format_percent((Decimal(bps) / 100).normalize() + 0)


@lru_cache(maxsize=4096)
def _day(day: date, style: str, language: str) -> str:
    return format_date(day, style, locale=LOCALES[language])


def _ordinal(written: str, day: date) -> str:
    """The day of a month as it is said: "1er novembre" in French, "20. Dezember" in German."""
    if _language.get() == "fr" and day.day == 1:
        return _FIRST.sub("1er ", written)
    return _NUMBERED.sub(r"\1. ", written) if _language.get() == "de" else written


def format_day(day: date, style: str = "d MMM y") -> str:
    """This function will write a calendar day: `3 nov 2026`, or in another CLDR style."""
    if isinstance(day, datetime):
        day = agency_day(day)
    return _ordinal(_day(day, style, _language.get()), day)


def weekday_name(weekday: int) -> str:
    """This function will name an ISO weekday (1 is Monday) as it is written inside a sentence."""
    return _day(date(2024, 1, weekday), "EEEE", _language.get())  # that year began on a Monday


def format_moment(moment: datetime, style: str = "d MMM y HH:mm") -> str:
    """This function will write a moment in the agency's time zone."""
    here = moment.astimezone(AGENCY_ZONE)
    return _ordinal(format_datetime(here, style, locale=LOCALES[_language.get()]), here)


def country_name(code: str) -> str:
    """This function will name a country (ISO 3166-1 alpha-2) in the reader's language, if it is known."""
    name: str = LOCALES[_language.get()].territories.get(code, code)
    return name


def language_name(code: str) -> str:
    """This function will name a language (ISO 639-1) in the reader's language, as a heading writes it; an
    unknown code stays."""
    name: str = LOCALES[_language.get()].languages.get(code, code)
    return name[:1].upper() + name[1:]


def format_ago(moment: datetime, *, now: datetime) -> str:
    """This function will write how far a moment lies from now: `3 uur geleden`, `in 2 days`."""
    return format_timedelta(moment - now, add_direction=True, locale=LOCALES[_language.get()])
