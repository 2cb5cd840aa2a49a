"""A trace in words: the lines of a decision as a judge and a debtor can read them, in four languages.

The amounts are those of the trace, so that they add up to the amount that was decided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from string import Formatter
from textwrap import wrap
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from agency.money import Money
from agency.rules.trace import TraceLine
from agency.rules.words import LANGUAGES, LOCALES, sentence_of, term_of
from agency.rules.written_money import written_amount

_HOURS: Final = {
    "nl": "{day}, {clock} uur",
    "fr": "{day} à {clock}",
    "en": "{day}, {clock}",
    "de": "{day}, {clock} Uhr",
}
_UNKNOWN: Final = "…"
_AMOUNT_AT: Final = 72
_AMOUNT_WIDTH: Final = 16
_MARGIN: Final = "    "


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """One line of a decision in words; lines with an amount are addends, the others only explain."""

    words: str
    amount: Money | None
    rule: str
    version: str
    source: str


def explain(trace: Iterable[TraceLine], lang: str) -> tuple[ExplainedLine, ...]:
    """Put a trace into words, line by line, in the order in which it was decided.

    An outcome that names no sentence (a trace kept from before, a price, a score) is shown as it was written.
    What a sentence asks for and the trace does not hold is shown as an ellipsis, never guessed.

    :param lang: nl, fr, en or de.
    :raises ValueError: when the language has no words here.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"no words in {lang!r}, only in {', '.join(LANGUAGES)}")
    return tuple(
        ExplainedLine(_words(line, lang), line.amount, line.rule, line.version, _source(line.source, lang))
        for line in trace
    )


def as_sentences(lines: Iterable[ExplainedLine], lang: str) -> list[str]:
    """Write each line as one readable sentence with its amount and its source."""
    return [
        f"{line.words}{f' = {written_money(line.amount, lang)}' if line.amount is not None else ''}"
        f" [{_origin(line)}]"
        for line in lines
    ]


def as_table(lines: Sequence[ExplainedLine], lang: str) -> str:
    """Write the lines below each other for a terminal: words, amount on the right, source underneath."""
    rows: list[str] = []
    for line in lines:
        *first, last = wrap(line.words, _AMOUNT_AT, break_on_hyphens=False) or [""]
        amount = "" if line.amount is None else written_money(line.amount, lang)
        rows += [
            *first,
            f"{last:<{_AMOUNT_AT}}{amount:>{_AMOUNT_WIDTH}}".rstrip(),
            f"{_MARGIN}{_origin(line)}",
        ]
    return "\n".join(rows)


@lru_cache(maxsize=4096)
def written_money(amount: Money, lang: str) -> str:
    """Write an amount as the readers of a language do; it never breaks over two lines."""
    written = written_amount(amount, LOCALES[lang])
    return written.replace("\u202f", "\u00a0")


@lru_cache(maxsize=4096)
def written_percent(percent: Decimal, lang: str) -> str:
    """Write per cents (12.5 means 12.5 %) with the language's sign, and no decimals that say nothing."""
    sign, _ = _locale(lang).percent_formats[None].suffix
    return f"{_written_decimal(percent, lang)}{sign}"


@lru_cache(maxsize=4096)
def written_day(day: date, lang: str) -> str:
    """Write a day out in full: `2 november 2026`, `1er novembre 2026`."""
    written = format_date(day, "long", locale=_locale(lang))
    return f"1er{written[1:]}" if lang == "fr" and day.day == 1 else written


@lru_cache(maxsize=4096)
def _source(source: str, lang: str) -> str:
    """Statutes are named as they are; the house's own rules are said in the reader's language."""
    whole = term_of(source, lang)
    return whole or ": ".join(term_of(part, lang) or part for part in source.split(": ", 1))


def _words(line: TraceLine, lang: str) -> str:
    parts = _parts(line.outcome, lang)
    if parts is None:
        return line.outcome
    return "".join(
        literal + ("" if name is None else _written(line.inputs, name, form, lang))
        for literal, name, form in parts
    )


@lru_cache(maxsize=4096)
def _parts(key: str, lang: str) -> tuple[tuple[str, str | None, str], ...] | None:
    sentence = sentence_of(key, lang)
    if sentence is None:
        return None
    return tuple((literal, name, form or "") for literal, name, form, _ in Formatter().parse(sentence))


def _written(inputs: Mapping[str, str], name: str, form: str, lang: str) -> str:
    value = inputs.get(name)
    if value is None:
        return _UNKNOWN
    try:
        return _in_format(value, form, lang, inputs.get("zone", ""))
    except (ValueError, LookupError, InvalidOperation):
        return value  # kept from a time when this input was written in another way


def _in_format(value: str, form: str, lang: str, zone: str) -> str:
    match form:
        case "money":
            currency, _, amount = value.partition(" ")
            return written_money(Money.parse(amount, currency), lang)
        case "percent":
            return written_percent(Decimal(value), lang)
        case "date":
            return written_day(date.fromisoformat(value), lang)
        case "moment":
            return _written_moment(datetime.fromisoformat(value), lang, zone)
        case "number":
            return _written_decimal(Decimal(value), lang)
        case "term":
            return term_of(value, lang) or value
        case _:
            return value


def _written_moment(moment: datetime, lang: str, zone: str) -> str:
    """On the clock of the zone that the trace names, else on the agency's own."""
    from agency.calendar import HOME_ZONE  # late: it brings every holiday, and few traces hold a moment

    local = moment.astimezone(ZoneInfo(zone or HOME_ZONE)) if moment.tzinfo else moment
    return _HOURS[lang].format(day=written_day(local.date(), lang), clock=f"{local:%H:%M}")


def _written_decimal(value: Decimal, lang: str) -> str:
    written: str = format_decimal(value.normalize(), locale=_locale(lang), decimal_quantization=False)
    return written.replace("\u202f", "\u00a0")


@cache
def _locale(lang: str) -> Locale:
    return Locale.parse(LOCALES[lang])


def _origin(line: ExplainedLine) -> str:
    return f"{line.rule}, {line.version}: {line.source}"
