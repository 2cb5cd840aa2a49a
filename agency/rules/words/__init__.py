"""The sentences of explanations and the terms inside them, as TOML beside this file: four languages side by
side, each file read once, when a sentence is first asked for.

A sentence's key is its file and its table: `costs.slice` is `[slice]` in `costs.toml`. Files that begin with
`terms` hold terms: what people read for a code, as it stands in the middle of a sentence.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

LANGUAGES: Final = ("nl", "fr", "en", "de")
LOCALES: Final = {"nl": "nl_NL", "fr": "fr_BE", "en": "en_GB", "de": "de_DE"}
"""How amounts and days are written in each."""
_TERMS: Final = "terms"

InLanguages = Mapping[str, str]


def sentence_of(key: str, lang: str) -> str | None:
    """Return the sentence of an outcome, its placeholders still in it; None when the key names none."""
    return sentences().get(key, {}).get(lang)


def term_of(code: str, lang: str) -> str | None:
    """Return what people read for a code; None when nobody wrote it down."""
    return terms().get(code, {}).get(lang)


@cache
def sentences() -> Mapping[str, InLanguages]:
    """Return every sentence by its key."""
    named = (name for name in word_files() if not name.startswith(_TERMS))
    return {f"{name}.{key}": words for name in named for key, words in words_in(name).items()}


@cache
def terms() -> Mapping[str, InLanguages]:
    """Return every term by its code; a topic's own file may say a term better than the general one."""
    named = (name for name in word_files() if name.startswith(_TERMS))
    return {code: words for name in named for code, words in words_in(name).items()}


@cache
def word_files() -> tuple[str, ...]:
    """Return the names of the files without ".toml", in order: `terms` comes before `terms_contact`."""
    names = (entry.name for entry in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def words_in(name: str) -> dict[str, InLanguages]:
    """Return what one file says, by the name of its table; a table in a table has a point in its name."""
    text = files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return dict(_tables(tomllib.loads(text), ""))


def _tables(table: Mapping[str, Any], above: str) -> Iterator[tuple[str, InLanguages]]:
    for name, content in table.items():
        if any(isinstance(inner, dict) for inner in content.values()):
            yield from _tables(content, f"{above}{name}.")
        else:
            yield f"{above}{name}", content
