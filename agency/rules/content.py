"""What each communication must say, and whether a text says it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

# "binnen 14 dagen", "binnen veertien werkdagen", "binnen een termijn van twee weken": any term in Dutch.
_A_DUTCH_TERM: Final = re.compile(
    r"\bbinnen\s+(?:een\s+termijn\s+van\s+|de\s+)?(?:\d+|[a-zé]+)\s+(?:werk|kalender)?(?:dagen|weken|maanden)\b",
    re.IGNORECASE,
)


class Communication(StrEnum):
    """What a text is for; the law asks something else of each."""

    reminder = "reminder"
    fourteen_day_letter = "fourteen_day_letter"
    first_reminder = "first_reminder"
    business_notice = "business_notice"
    final_notice = "final_notice"
    promise_confirmation = "promise_confirmation"
    payment_receipt = "payment_receipt"
    answer = "answer"
    call_note = "call_note"
    plan_confirmation = "plan_confirmation"
    plan_reminder = "plan_reminder"
    plan_completion = "plan_completion"
    refund_question = "refund_question"
    visit_announcement = "visit_announcement"
    instalment_offer = "instalment_offer"
    debt_acknowledgement = "debt_acknowledgement"


class NothingKnown(LookupError):
    """No list says what such a communication must say, so nobody can say that a text is complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Where a text is used: for which communication, under which law, to whom and by which way.

    `home` is where the debtor lives (ISO 3166-1 alpha-2): conduct rules follow it, whatever the law of the
    claim is.
    """

    kind: Communication
    law: Law
    debtor: DebtorKind
    channel: Channel
    home: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """Something a text must say: by naming all of `values`, and by one of its language's `words`.

    One `at_sending` is nothing that a text can say: its values must hold something when it is sent.
    """

    key: str
    since: date
    source: str
    values: tuple[str, ...]
    may_be_empty: frozenset[str]
    words: Mapping[str, tuple[str, ...]] | None
    term_once: bool
    at_sending: bool


@dataclass(frozen=True, slots=True)
class ContentDecision:
    """Whether a text says all it must; `missing` are the keys of the items that it lacks, `empty` the values
    of these that hold nothing in a message."""

    complete: bool
    missing: tuple[str, ...]
    trace: Trace
    empty: tuple[str, ...] = ()


def missing_content(
    *, use: Use, language: str, values: frozenset[str], text: str, on: date
) -> ContentDecision:
    """Check a text against what the law wants in it; one that lacks an item must not be published.

    Sources: the specification of the claim (Wki art. 13, Bki), the fourteen-day letter (BW 6:96(6); HR
    ECLI:NL:HR:2016:2704), the Belgian first reminder and formal notice (WER Book XIX), RDG s. 13a, GDPR
    art. 14; each item carries its own. The term of the fourteen-day letter is only recognised in one of the
    two wordings that the Hoge Raad holds safe, and no other term may stand beside it.

    :param language: nl, fr, en or de.
    :param values: the placeholders that the text names, such as "creditor.name".
    :param text: the words, without markup; line breaks and upper case make no difference.
    :param on: the day of publishing; it picks the items in force.
    :raises NothingKnown: when no list is kept for such a use.
    """
    said = _plain(text)
    lacking = [item for item in required_items(use=use, on=on) if not _says(item, values, said, language)]
    return _decided(lacking, use, language, on)


def _decided(lacking: Sequence[Item], use: Use, language: str, on: date) -> ContentDecision:
    if not lacking:
        return _complete(use, language, on)
    inputs = _inputs(use, language)
    lines = [
        TraceLine(
            rule=f"content.{item.key}",
            version=item.since.isoformat(),
            source=item.source,
            inputs=inputs | {"item": f"item_{item.key}"},
            outcome="content.missing",
        )
        for item in lacking
    ]
    return ContentDecision(False, tuple(dict.fromkeys(item.key for item in lacking)), tuple(lines))


@lru_cache(maxsize=2048)
def _complete(use: Use, language: str, on: date) -> ContentDecision:
    line = TraceLine(
        "content.complete", on.isoformat(), "every item of the list", _inputs(use, language),
        "content.complete",
    )  # fmt: skip
    return ContentDecision(True, (), (line,))


def _inputs(use: Use, language: str) -> dict[str, str]:
    return {
        "kind": use.kind.value, "law": use.law.value, "debtor": use.debtor.value,
        "channel": use.channel.value, "language": language,
    }  # fmt: skip


@lru_cache(maxsize=2048)
def required_items(*, use: Use, on: date) -> tuple[Item, ...]:
    """Return all that a text must say for a use, in the order of the table.

    :raises NothingKnown: when no list is kept for such a use.
    """
    found = tuple(
        _item(row)
        for row in read_table("content")["item"]
        if use.kind in row["kinds"]
        and use.law in row["laws"]
        and use.debtor in row["debtors"]
        and use.channel in row["channels"]
        and ("homes" not in row or use.home in row["homes"])
        and row["since"] <= on
    )
    if not found:
        raise NothingKnown(
            f"nothing is known about a {use.kind} to a {use.debtor} by {use.channel} ({use.law})"
        )
    return found


def empty_content(*, use: Use, values: Mapping[str, object], language: str, on: date) -> ContentDecision:
    """Decide whether every mandatory value holds something at the moment of sending, such as a creditor's
    address.

    Interest, costs and declarations may lawfully be nothing; who asks, for what and how to pay may not.

    :param values: the values of one message, nested by the parts of their names.
    :raises NothingKnown: when no list is kept for such a use.
    """
    lacking = {item: names for item in required_items(use=use, on=on) if (names := _empty(item, values))}
    empty = tuple(dict.fromkeys(name for names in lacking.values() for name in names))
    decided = _decided(list(lacking), use, language, on)
    return replace(decided, empty=empty) if empty else decided


def _empty(item: Item, values: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(name for name in item.values if name not in item.may_be_empty and not _value(values, name))


@lru_cache(maxsize=1024)
def threatens_court(*, text: str, language: str, on: date) -> bool:
    """Tell whether a text names a court, a seizure or a bailiff, which a time-barred debtor must never read.

    A text that says that nothing of the kind will follow counts too: whoever reads it is reminded of it.

    :param language: nl, fr, en or de; in another one the words of all four count.
    """
    return _threats(language, on).search(_plain(text)) is not None


@lru_cache(maxsize=64)
def _threats(language: str, on: date) -> re.Pattern[str]:
    row = row_in_force(read_table("content")["threat"], on)
    assert row is not None, "the list of threats has always been in force"
    by_language: dict[str, list[str]] = row["words"]
    words = by_language.get(language) or [word for some in by_language.values() for word in some]
    endings = (re.escape(word.casefold()).replace(r"\*", r"\w*") for word in words)
    return re.compile(rf"\b(?:{'|'.join(endings)})\b")


def _item(row: Mapping[str, Any]) -> Item:
    words = row.get("words")
    return Item(
        key=row["key"],
        since=row["since"],
        source=row["source"],
        values=tuple(row.get("values", ())),
        may_be_empty=frozenset(row.get("may_be_empty", ())),
        words=None if words is None else {language: tuple(some) for language, some in words.items()},
        term_once=row.get("term_once", False),
        at_sending=row.get("at_sending", False),
    )


def _says(item: Item, values: frozenset[str], said: str, language: str) -> bool:
    if item.at_sending:
        return True
    if item.term_once:
        return _states_one_term(said)
    if item.words is not None and not _uses_one_of(item.words.get(language, ()), said):
        return False
    return values.issuperset(item.values)


def _uses_one_of(wordings: Iterable[str], said: str) -> bool:
    return any(_plain(wording) in said for wording in wordings)


def _states_one_term(said: str) -> bool:
    """Tell whether no other term stands beside the safe wordings of the fourteen-day letter."""
    for item in read_table("content")["item"]:
        if item["key"] == "fourteen_day_term":
            for wording in item["words"]["nl"]:
                said = said.replace(_plain(wording), "")
    return _A_DUTCH_TERM.search(said) is None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _value(values: Mapping[str, object], name: str) -> object:
    found: object = values
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
