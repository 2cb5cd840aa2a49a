"""Whether what a decision says can be read: its sentences in four languages, with nothing left open."""

import tomllib
from functools import cache
from pathlib import Path
from string import Formatter

import agency.rules
from agency.claims.states import HoldGround
from agency.rules.facts import Channel, DebtorKind, Phase

WORDS = Path(agency.rules.__file__).with_name("words")
LANGUAGES = {"nl", "fr", "en", "de"}
FORMATS = {"", "money", "percent", "date", "moment", "number", "term"}
# Codes that many decisions use: their terms stand in the general file.
GENERAL = {code.value for kind in (Channel, DebtorKind, Phase, HoldGround) for code in kind}


@cache
def sentences(topic: str) -> dict[str, dict[str, str]]:
    """What one file of sentences says."""
    return tomllib.loads((WORDS / f"{topic}.toml").read_text())


@cache
def terms() -> dict[str, dict[str, str]]:
    """What people read for a code."""
    found: dict[str, dict[str, str]] = {}
    for path in WORDS.glob("terms*.toml"):
        found |= tomllib.loads(path.read_text())
    return found


def assert_readable(trace) -> None:
    """Each line has its sentence in every language, and everything that it asks for is in the inputs."""
    assert trace
    for line in trace:
        topic, _, key = line.outcome.partition(".")
        said = sentences(topic)[key]
        assert set(said) == LANGUAGES, line.outcome
        for sentence in said.values():
            for _, name, form, _ in Formatter().parse(sentence):
                if name is None:
                    continue
                assert form in FORMATS, (line.outcome, form)
                assert line.inputs[name], (line.outcome, name)
                if form == "term" and line.inputs[name] not in GENERAL:
                    assert set(terms()[line.inputs[name]]) == LANGUAGES, line.inputs[name]
