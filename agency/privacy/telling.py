"""What an export says, in the language that was asked for: its own words, and codes, moments and money."""

import tomllib
from datetime import date, datetime
from functools import cache
from importlib.resources import files as resources

from babel.dates import format_date, format_datetime

from agency.kernel.unit import AGENCY_ZONE
from agency.money import Money
from agency.privacy.papers import Papers
from agency.rules.explain import written_money
from agency.rules.words import LOCALES


class Telling:
    """Words and ways of writing of one export."""

    def __init__(self, papers: Papers, language: str) -> None:
        self.papers, self.language = papers, language
        self._words = inspection_words()[language]
        self._locale = LOCALES[language]

    def word(self, key: str, **values: object) -> str:
        """Return a word or sentence of the export itself, with its places filled in."""
        said = self._words[key]
        return said.format(**values) if values else said

    def say(self, kind: str, code: str | None) -> str:
        """Return what people read for a code of a kind; nothing for nothing."""
        return self.papers.say(kind, code, language=self.language) if code else ""

    def heads(self, *keys: str) -> tuple[str, ...]:
        """Return the heads of a table."""
        return tuple(self.word(key) for key in keys)

    def day(self, day: date | None) -> str:
        """Write a day, nothing for none."""
        return format_date(day, "d MMM y", locale=self._locale) if day else ""

    def moment(self, moment: datetime | None) -> str:
        """Write a moment on the agency's clock, nothing for none."""
        if moment is None:
            return ""
        return str(format_datetime(moment.astimezone(AGENCY_ZONE), "d MMM y HH:mm", locale=self._locale))

    def money(self, minor: int | None, currency: str) -> str:
        """Write an amount of minor units, nothing for none."""
        return "" if minor is None else written_money(Money(int(minor), currency), self.language)

    def yes(self, value: bool) -> str:
        """Write yes or no."""
        return self.word("yes" if value else "no")


class PersonTelling(Telling):
    """Words of a person's own copy: plain ones, in which nobody is a debtor."""

    def __init__(self, papers: Papers, language: str) -> None:
        super().__init__(papers, language)
        self._words = {**self._words, **person_words()[language]}


@cache
def person_words() -> dict[str, dict[str, str]]:
    """This function will return the words of copies for persons, by language."""
    source = resources("agency.privacy") / "person_words.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


@cache
def inspection_words() -> dict[str, dict[str, str]]:
    """This function will return the words of exports, by language."""
    source = resources("agency.privacy") / "inspection_words.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))
