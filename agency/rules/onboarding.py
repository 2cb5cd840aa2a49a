"""What a new creditor and the agency do before the first claim is worked."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from agency.rules.tables import read_table


class TaskKind(StrEnum):
    """The assignment, the power to demand and receive in the creditor's name, and who the creditor is."""

    agreement = "agreement"
    power_of_attorney = "power_of_attorney"
    identity = "identity"


@dataclass(frozen=True, slots=True)
class WantedTask:
    """One task, whose it is, and why it is wanted."""

    kind: TaskKind
    done_by: Literal["creditor", "agency"]
    basis: str
    source: str


def wanted_tasks(*, country: str, on: date) -> tuple[WantedTask, ...]:
    """Return what is wanted of a creditor of a country (two letters) who comes in on a day, in order."""
    return tuple(
        WantedTask(TaskKind(row["kind"]), row["done_by"], row["basis"], row["source"])
        for row in read_table("onboarding")["task"]
        if row["since"] <= on and ("*" in row["countries"] or country in row["countries"])
    )


def task_of(kind: TaskKind) -> WantedTask:
    """Return what a task is, whenever it was wanted."""
    row = next(row for row in read_table("onboarding")["task"] if row["kind"] == kind)
    return WantedTask(kind, row["done_by"], row["basis"], row["source"])


@dataclass(frozen=True, slots=True)
class AgreementText:
    """What is signed: title and paragraphs with the names filled in, and which version of the text it is."""

    title: str
    paragraphs: tuple[str, ...]
    version: str

    @property
    def edition(self) -> str:
        """What tells whether this is the text that somebody read."""
        return hashlib.sha256("\n".join((self.version, self.title, *self.paragraphs)).encode()).hexdigest()


def agreement_text(kind: TaskKind, *, language: str, on: date, creditor: str, agency: str) -> AgreementText:
    """Return what a creditor signs for a task, in force on a day, in a language (nl, fr, en, de).

    :raises LookupError: nothing is signed for this task, or no text of that language was in force.
    """
    rows = [
        row
        for row in read_table("agreement")["text"]
        if row["kind"] == kind and row["language"] == language and row["since"] <= on
    ]
    if not rows:
        raise LookupError(f"no text is signed for {kind} in {language}")
    row = max(rows, key=lambda one: one["since"])
    names = {"{creditor}": creditor, "{agency}": agency}
    paragraphs = tuple(_named(paragraph, names) for paragraph in row["paragraphs"])
    return AgreementText(row["title"], paragraphs, str(row["version"]))


def _named(text: str, names: dict[str, str]) -> str:
    # Filled in at once: a name that holds the sign of another is left as it is.
    return re.sub(r"\{(?:creditor|agency)\}", lambda found: names[found[0]], text)
