"""Early warning: which debtors of a creditor show signs of trouble, how much the signs say, and what to do.

It advises a person and decides nothing about the debtor: no step, price or tone follows from it by itself
(GDPR art. 22). Of a consumer only his own payments to this creditor count; need never adds pressure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from agency.rules.facts import DebtorKind
from agency.rules.tables import read_table, row_in_force

_CODE: Final = "1"


class Level(StrEnum):
    """How much a debtor asks for attention, the least first."""

    watch = "watch"
    warn = "warn"
    act = "act"

    @property
    def rank(self) -> int:
        """Where the level stands among the others, from 0."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorFacts:
    """What one creditor's own files and the public registers say of a debtor, within the windows.

    `late_before` and `late_now` are whole days from due to paid, of `paid_before` older claims and of the
    recent ones, or of one that is still open where that is more. `score_fall` is by how much a bureau's score
    fell. `careful`: somebody in need. `notify_by`: the last day to tell a credit insurer that was not told.
    """

    kind: DebtorKind
    paid_before: int = 0
    late_before: int = 0
    late_now: int = 0
    broken: int = 0
    several: int = 0
    unreachable: int = 0
    register: tuple[str, ...] = ()
    score_fall: int = 0
    disputes: int = 0
    disputes_before: int = 0
    returned: int = 0
    careful: bool = False
    notify_by: date | None = None


@dataclass(frozen=True, slots=True)
class FoundSign:
    """A sign that counts: its measure, its points, and how much it says (high, middle, low)."""

    sign: str
    measure: int
    points: int
    sure: str


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """The level of a debtor with what it rests on and what is proposed; `version` replays it."""

    level: Level
    points: int
    signs: tuple[FoundSign, ...]
    actions: tuple[str, ...]
    careful: bool
    version: str


@dataclass(frozen=True, slots=True)
class WarningWindows:
    """Over how many days is looked back, and how many older payments are needed to compare with."""

    recent_days: int
    history_days: int
    paid_before_min: int
    broken_days: int
    fresh_days: int
    contact_days: int
    dispute_days: int


def warning_windows(*, on: date) -> WarningWindows:
    """Return what is in force on a day (`early_warning.toml`).

    :raises ValueError: the table begins later.
    """
    row = _in_force("windows", on)
    return WarningWindows(*(row[name] for name in WarningWindows.__dataclass_fields__))


def care_grounds(*, on: date) -> tuple[str, ...]:
    """Return the grounds of a hold that ask for care.

    :raises ValueError: the table begins later.
    """
    return tuple(_in_force("care", on)["grounds"])


def insolvent_kinds(*, on: date) -> tuple[str, ...]:
    """Return the entries in public registers that are a sign: insolvency, never death or guardianship.

    :raises ValueError: the table begins later.
    """
    return tuple(_in_force("insolvent", on)["kinds"])


def assess_debtor(facts: DebtorFacts, *, on: date) -> EarlyWarning | None:
    """Weigh the signs of a debtor as of a day; None when they are too few to speak of.

    Points add up, so one more sign never lowers a level.

    :raises ValueError: the table begins later.
    """
    levels = _in_force("levels", on)
    signs = tuple(sign for row in _rows("signs", "sign", on) if (sign := _weigh(row, facts, on)))
    points = sum(sign.points for sign in signs)
    reached = [level for level in Level if points >= levels[level.value]]
    if not reached:
        return None
    level = max(reached, key=lambda found: found.rank)
    if facts.careful:
        level = min(level, Level(levels["careful_max"]), key=lambda found: found.rank)
    return EarlyWarning(
        level=level,
        points=points,
        signs=signs,
        actions=tuple(_propose(facts, level, {sign.sign for sign in signs}, on)),
        careful=facts.careful,
        version=f"{_CODE}/{levels['since'].isoformat()}",
    )


def _weigh(row: dict[str, Any], facts: DebtorFacts, on: date) -> FoundSign | None:
    measure = _measure(row["sign"], facts, on)
    reached = [weight for at, weight in zip(row["at"], row["weights"], strict=True) if measure >= at]
    if not reached or facts.kind.value not in row["debtors"]:
        return None
    return FoundSign(row["sign"], measure, max(reached), row["sure"])


def _measure(sign: str, facts: DebtorFacts, on: date) -> int:
    match sign:
        case "slower":
            enough = facts.paid_before >= warning_windows(on=on).paid_before_min
            return facts.late_now - facts.late_before if enough else 0
        case "register":
            return len(set(facts.register) & set(insolvent_kinds(on=on)))
        case "disputes":
            return facts.disputes if facts.disputes > facts.disputes_before else 0
        case "credit":
            return facts.score_fall
        case "broken" | "several" | "unreachable" | "returned":
            return int(getattr(facts, sign))
    raise ValueError(f"no fact is known for the sign {sign!r}")


def _propose(facts: DebtorFacts, level: Level, signs: set[str], on: date) -> Iterable[str]:
    for row in _rows("actions", "action", on):
        action = row["action"]
        fits = (
            Level(row["level"]).rank <= level.rank
            and facts.kind.value in row["debtors"]
            and (not row["signs"] or signs & set(row["signs"]))
            and not signs & set(row["unless"])
            and (row["careful"] or not facts.careful)
        )
        told = action != "notify_insurer" or (facts.notify_by is not None and facts.notify_by >= on)
        if fits and told and (action != "talk_about_help" or facts.careful):
            yield action


@lru_cache(maxsize=64)
def _rows(name: str, key: str, on: date) -> Sequence[dict[str, Any]]:
    """The row in force of each sign or action, in the order of the table."""
    rows = read_table("early_warning")[name]
    found = (row_in_force([row for row in rows if row[key] == value], on) for value in _names(rows, key))
    return tuple(row for row in found if row is not None)


def _names(rows: Sequence[dict[str, Any]], key: str) -> list[str]:
    return list(dict.fromkeys(row[key] for row in rows))


def _in_force(name: str, on: date) -> dict[str, Any]:
    row = row_in_force(read_table("early_warning")[name], on)
    if row is None:
        raise ValueError(f"no {name} of the early warning are in force on {on}")
    return row
