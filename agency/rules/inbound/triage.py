"""What a debtor's reply is about, by its words, with the words that said so. A person always decides."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from agency.rules.inbound.leaning import leaning
from agency.rules.inbound.phrases import pattern, written_out
from agency.rules.inbound.plain_words import plain
from agency.rules.tables import read_table

WORDS_MAX: Final = 8_000
OUTWEIGHS_FROM: Final = 8
HINT: Final = 1
_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|\n+")
# The day of a month ends in a dot in German ("am 3. bezahlt"), and its sentence goes on.
_DAY: Final = re.compile(r"\b((?:am|vom|zum|den|der|dem|seit|bis|ab) \d{1,2})\.(?=\s)", re.IGNORECASE)
# A mail program broke the line here, not its writer.
_WRAPPED: Final = re.compile(r"(?<=[^\n]{50})\n(?=[^\W_])")
_WORD: Final = re.compile(r"[^\W_]+")


class Topic(StrEnum):
    """What a reply is about; OTHER is what no word tells."""

    DANGER = "danger"
    DEATH = "death"
    INSOLVENCY = "insolvency"
    GUARDIANSHIP = "guardianship"
    COUNSELLOR = "counsellor"
    NOT_ME = "not_me"
    DISPUTE = "dispute"
    HARDSHIP = "hardship"
    PLAN = "plan"
    PAID = "paid"
    STOP = "stop"
    OTHER = "other"


# What is so for all that the debtor owes, and told by others than him: an heir, an administrator, a notary.
ABOUT_PERSON: Final = frozenset({Topic.DEATH, Topic.INSOLVENCY, Topic.GUARDIANSHIP})

_OF_NEED: Final = frozenset({Topic.INSOLVENCY, Topic.GUARDIANSHIP, Topic.COUNSELLOR})


@dataclass(frozen=True, slots=True)
class Sign:
    """A phrase that was found: what it hints at, in which language, and how much it says."""

    topic: Topic
    words: str
    language: str
    weight: int


@dataclass(frozen=True, slots=True)
class Triage:
    """The likeliest topic and every sign found, the strongest topic first.

    :param sure: whether the words say enough for a draft; without, the topic is OTHER.
    :param leans: no phrase said so, only words that it shares with examples.
    """

    topic: Topic
    sure: bool
    signs: tuple[Sign, ...]
    leans: bool = False

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Every topic that some word hints at, the likeliest first."""
        return tuple(dict.fromkeys(sign.topic for sign in self.signs))

    @property
    def spoken_of(self) -> frozenset[Topic]:
        """Every topic that more than a mere hint speaks of, or hints enough."""
        told = {sign.topic for sign in self.signs if sign.weight > HINT}
        return frozenset(told | {self.topic} if self.sure and not self.leans else told)


@dataclass(frozen=True, slots=True)
class _Row:
    topic: Topic
    language: str
    weight: int
    words: re.Pattern[str]
    unless: re.Pattern[str] | None
    denied: re.Pattern[str] | None

    @property
    def asks(self) -> bool:
        """Whether a denial may be a question: "can it not be paid in parts"."""
        return self.topic is Topic.PLAN


def triage(words: str) -> Triage:
    """Return what a reply is about.

    Each phrase counts once and of hints each row of them, each topic in one language; of topics that weigh
    the same the one that protects the debtor more wins. A phrase that outweighs all lesser ones does so
    however many they are.

    :param words: the writer's own words, without what he quotes.
    """
    told = _DAY.sub(r"\1", _WRAPPED.sub(" ", words[:WORDS_MAX]))
    sentences = [written_out(plain(one)) for one in _SENTENCE.split(told) if one.strip()]
    each = [sign for one in sentences for sign in _signs(one)]
    found = tuple({key: sign for key, sign in each if sign is not None}.values())
    sums = {topic: _weight(topic, found) for topic in _order()}
    alone = {topic: _outweighs(topic, found) for topic in _order()}
    ranked = sorted(
        (topic for topic in _order() if sums[topic]), key=lambda topic: (-alone[topic], -sums[topic])
    )
    place = {topic: index for index, topic in enumerate(ranked)}
    signs = tuple(sorted(found, key=lambda sign: (place[sign.topic], -sign.weight)))
    enough = int(read_table("triage")["sure_from"])
    said = ranked[0] if ranked and sums[ranked[0]] >= enough else None
    if said is None or (said is Topic.PLAN and sums[said] == enough):
        hints = {topic.value: weight for topic, weight in sums.items()}
        lean = leaning(_meant(sentences), hints=hints, denied=_denied(each))
        if lean is not None and lean.topic != said:
            shared = tuple(Sign(Topic(lean.topic), one, "", HINT) for one in lean.words)
            return Triage(Topic(lean.topic), True, shared + signs, leans=True)
    return Triage(said or Topic.OTHER, said is not None, signs)


def _denied(each: Sequence[tuple[object, Sign | None]]) -> frozenset[object]:
    """The topics of which a phrase is denied; who has no guardian and no debt help does not tell of need."""
    said = frozenset(key for key, sign in each if sign is None)
    return said | {Topic.HARDSHIP} if said & _OF_NEED else said


def _meant(sentences: Sequence[str]) -> str:
    """What a writer says of himself, without what an office prints and what he says that he did not say."""
    return " ".join(_not_said().sub(" ", one) for one in sentences if not _is_printed(one))


def _weight(topic: Topic, found: tuple[Sign, ...]) -> int:
    """How much says a topic: in the language that says it most, because words of two languages look alike."""
    said = Counter[str]()
    for sign in found:
        said[sign.language] += sign.weight if sign.topic is topic else 0
    return max(said.values(), default=0)


def _outweighs(topic: Topic, found: tuple[Sign, ...]) -> int:
    heaviest = max((sign.weight for sign in found if sign.topic is topic), default=0)
    return heaviest if heaviest >= OUTWEIGHS_FROM else 0


def _signs(sentence: str) -> Iterator[tuple[object, Sign | None]]:
    """The signs of a sentence, each with the key by which it counts once: a hint's is its row. A topic of
    which a phrase is denied comes with no sign."""
    printed, asks = _is_printed(sentence), _asked().match(sentence) is not None
    meant = _not_said().sub(" ", sentence)
    for place, row in enumerate(_rows()):
        if printed and row.topic is not Topic.DANGER:
            continue
        said = sentence if row.topic is Topic.DANGER else meant
        if row.unless is not None and row.unless.search(said):
            continue
        for match in row.words.finditer(said):
            denied = row.denied is not None and row.denied.search(said[: match.start()])
            if not denied or (asks and row.asks):
                key = place if row.weight <= HINT else (row.topic, match[0].strip())
                yield key, Sign(row.topic, match[0].strip(), row.language, row.weight)
            else:
                yield row.topic, None


def _is_printed(sentence: str) -> bool:
    """Whether an office prints this below each of its mails, whatever they say."""
    begins, words = _printed()
    return begins.match(" ".join(_WORD.findall(sentence))) is not None and words.search(sentence) is not None


@lru_cache(maxsize=1)
def _printed() -> tuple[re.Pattern[str], re.Pattern[str]]:
    table = read_table("triage")["printed"]
    return pattern(table["begins"], ""), pattern(table["words"], r"[^.!?]{0,80}?")


@lru_cache(maxsize=1)
def _not_said() -> re.Pattern[str]:
    """What somebody says that he did not say, up to the next comma or "but"."""
    table = read_table("triage")["denied"]
    return re.compile(rf"{pattern(table['told'], '').pattern}(?:(?!\b(?:{table['but']})\b)[^,;:])*")


@lru_cache(maxsize=1)
def _asked() -> re.Pattern[str]:
    return pattern(read_table("triage")["denied"]["asked"], "")


@lru_cache(maxsize=1)
def _order() -> tuple[Topic, ...]:
    return tuple(Topic(topic["key"]) for topic in read_table("triage")["topic"])


@lru_cache(maxsize=1)
def _rows() -> tuple[_Row, ...]:
    return tuple(
        _row(Topic(topic["key"]), row) for topic in read_table("triage")["topic"] for row in topic["row"]
    )


def _row(topic: Topic, row: dict[str, Any]) -> _Row:
    denied = read_table("triage")["denied"]
    deniers, articles = denied[row["language"]], denied["articles"]
    # A gap holds no word that denies: "heb * betaald" is not "heb nog niet betaald".
    gap = rf"(?:(?!\b(?:{deniers})\b)[^.!?]){{0,40}}?"
    before = rf"\b(?:{deniers})(?: (?:{articles}))?(?: \w+ (?:of|en|or|and|ou|et|oder|und|ni|noch))?[ ']$"
    return _Row(
        topic, row["language"], row["weight"], pattern(row["words"], gap),
        pattern(row["unless"], r"[^.!?]{0,40}?") if row.get("unless") else None,
        None if topic is Topic.DANGER else re.compile(before),
    )  # fmt: skip
