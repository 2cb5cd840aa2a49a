"""Draft answers: by topic, in the debtor's language where the letter around them is written in it."""

import tomllib
from functools import cache
from typing import Final

from agency.communication.composing import FOLDER
from agency.rules.inbound.triage import Topic

# A reader of another language is likelier to read English than the creditor's.
_OTHERWISE: Final = "en"


def draft_for(topic: Topic, language: str) -> str:
    """This function will return the draft of an answer; empty where a person writes it himself."""
    words = _drafts().get(topic.value, {})
    return words.get(language, words.get(_OTHERWISE, "")).strip()


def paragraphs(words: str) -> list[str]:
    """This function will return the paragraphs of an answer, each in one line."""
    return [" ".join(part.split()) for part in words.replace("\r\n", "\n").split("\n\n") if part.strip()]


@cache
def _drafts() -> dict[str, dict[str, str]]:
    return tomllib.loads((FOLDER / "answers.toml").read_text(encoding="utf-8"))
