"""Which lines of a bank file are known already: one real movement is one line, whatever file brings it.

A bank tells one movement in several files: camt.053 and MT940 of a day, CODA beside a CSV export, the same
day again in a longer period. No fact is in all of them. The bank's own reference is missing in most CSV
files and MT940, texts are cut and dressed differently, names are shortened; only account, booking day and
amount are always there, and two true payments may share those. So a line has no key of its own that would
hold between formats. Instead the lines of a day are paired with the booked ones of the same amount: first
by what identifies a payment (the reader's key, the bank's reference, end-to-end id, structured reference,
account and text), then by nothing speaking against it. Each booked line takes one: of two payments that
look alike, the second finds no partner left and is booked.

The balances say what texts cannot. A statement that opens and closes as a known one, with the same amounts,
is that one in another dress, however it words its lines: unless the account is known to have come back to the
same balance in between, and the payments are of other accounts or names. A statement that opens where a known
one closes tells what came after it, so nothing of it is known from there or from what came before, even when
it looks the same.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from typing import Final

from agency.money import Money


@dataclass(frozen=True, slots=True)
class ToldLine:
    """A movement as a file tells it or told it; texts are empty where it is silent.

    :param key: the reader's: equal for the same line in every delivery of the same format.
    :param format: whose wording it is; within one format, equal lines are worded equally.
    :param statement: which statement brought it.
    :param batch: names the collective entry that the line is a detail of.
    """

    key: str
    day: date
    amount: Money
    format: str
    statement: Hashable = None
    bank_ref: str = ""
    end_to_end: str = ""
    iban: str = ""
    reference: str = ""
    text: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """What a statement covers, None where it does not say."""

    opening: Money | None = None
    closing: Money | None = None
    closes_on: date | None = None


@dataclass(frozen=True, slots=True)
class SortedOut:
    """Positions of told lines by what they are; a told line in neither is new.

    :param known: told line -> booked line.
    :param parts: booked line -> told lines: the details of a collective entry booked as one.
    """

    known: Mapping[int, int]
    parts: Mapping[int, tuple[int, ...]]


class _Relation(StrEnum):
    SAME = auto()
    APART = auto()
    OPEN = auto()


def sort_out(
    *,
    told: Sequence[ToldLine],
    booked: Sequence[ToldLine],
    period: Period,
    periods: Mapping[Hashable, Period],
) -> SortedOut:
    """Decide which told lines are booked already, and which explain a booked collective entry.

    :param told: all lines of one statement, in its order.
    :param booked: the booked lines of the account on the days of those, in their order.
    :param period: what the told statement covers.
    :param periods: the same of each booked line's statement.
    """
    pairing = _Pairing(told, booked, _relations(told, booked, period, periods))
    for fact in _FACTS:
        pairing.pair(fact)
    pairing.pair_collected()
    return SortedOut(pairing.known, pairing.parts)


@dataclass(frozen=True, slots=True)
class _Statement:
    period: Period
    lines: Sequence[ToldLine]

    def is_over_before(self, other: "_Statement") -> bool:
        """Whether the other one goes on where this one ends."""
        meets = self.period.closing is not None and self.period.closing == other.period.opening
        return meets and _goes_before(self.lines, self.period, other.lines)


def _relations(
    told: Sequence[ToldLine], booked: Sequence[ToldLine], period: Period, periods: Mapping[Hashable, Period]
) -> dict[Hashable, _Relation]:
    by_statement: defaultdict[Hashable, list[ToldLine]] = defaultdict(list)
    for line in booked:
        by_statement[line.statement].append(line)
    this = _Statement(period, told)
    others = {
        statement: _Statement(periods.get(statement, Period()), lines)
        for statement, lines in by_statement.items()
    }
    before = _chain(this, others, lambda one, other: other.is_over_before(one))
    after = _chain(this, others, lambda one, other: one.is_over_before(other))
    far = _far_apart(this, others, before, after)
    return {
        statement: _Relation.APART
        if statement in far
        else _relation(this, other, came_back=statement in before)
        for statement, other in others.items()
    }


def _relation(this: _Statement, other: _Statement, *, came_back: bool) -> _Relation:
    """What two statements are to each other; `came_back` where a chain of others leads from that one to this
    one, so that the account had the balances of both more than once."""
    if None in (this.period.opening, this.period.closing, other.period.opening, other.period.closing):
        return _Relation.OPEN
    same = this.period == other.period and _entries(this.lines) == _entries(other.lines)
    if same and not _are_others(this.lines, other.lines, between_formats=came_back):
        return _Relation.SAME
    if other.is_over_before(this) or this.is_over_before(other):
        return _Relation.APART
    return _Relation.OPEN


def _far_apart(
    this: _Statement,
    others: Mapping[Hashable, _Statement],
    before: Set[Hashable],
    after: Set[Hashable],
) -> set[Hashable]:
    """Those linked statements of which nothing is in this one: a day told in many statements may have three
    payments that look alike.

    Only where no known statement that may share lines with this one begins, or none ends, as this one does:
    it could cover several of them.
    """
    sharing = [other.period for other in others.values() if _may_share(this.lines, other.lines)]
    found: set[Hashable] = set()
    if all(period.opening != this.period.opening for period in sharing):
        found |= before
    if all(period.closing != this.period.closing for period in sharing):
        found |= after
    return found


def _may_share(lines: Sequence[ToldLine], others: Sequence[ToldLine]) -> bool:
    """Whether of two statements that begin or end alike one may be a part of the other."""
    mine, theirs = _entries(lines), _entries(others)
    return mine <= theirs or theirs <= mine


def _chain(
    this: _Statement,
    others: Mapping[Hashable, _Statement],
    linked: Callable[[_Statement, _Statement], bool],
) -> set[Hashable]:
    """The statements from which a chain of others leads to this one, or to which one leads from it."""
    found: set[Hashable] = set()
    ends = [this]
    while ends:
        one = ends.pop()
        new = [name for name, other in others.items() if name not in found and linked(one, other)]
        found.update(new)
        ends += [others[name] for name in new]
    return found


def _are_others(told: Sequence[ToldLine], booked: Sequence[ToldLine], *, between_formats: bool) -> bool:
    """Whether two statements name other payments: one that was sent back and paid again on the same day moves
    the same amount between the same balances twice.

    :param between_formats: whether names count that another format may have worded otherwise, and accounts.
    """
    in_one = len({line.format for line in (*told, *booked)}) == 1
    if in_one or between_formats:
        mine, theirs = (Counter(_plain(line.end_to_end) for line in side) for side in (told, booked))
        if all(mine) and all(theirs) and mine != theirs:
            return True
    return between_formats and _of_other_accounts(told, booked)


def _of_other_accounts(told: Sequence[ToldLine], booked: Sequence[ToldLine]) -> bool:
    """Whether both statements give each line's whole account, and give others."""
    mine, theirs = (
        Counter((line.day, line.amount, _plain(line.iban)) for line in side) for side in (told, booked)
    )
    return all(iban[:2].isalpha() and iban for _, _, iban in (*mine, *theirs)) and mine != theirs


def _entries(lines: Sequence[ToldLine]) -> Counter[tuple[date, Money]]:
    """Days and amounts with collective entries as one, for some formats tell only their sum."""
    entries: Counter[tuple[date, Money]] = Counter()
    sums: dict[tuple[str, date], Money] = {}
    for line in lines:
        if line.batch:
            place = (line.batch, line.day)
            sums[place] = sums[place] + line.amount if place in sums else line.amount
        else:
            entries[line.day, line.amount] += 1
    entries.update((day, amount) for (_, day), amount in sums.items())
    return entries


def _goes_before(lines: Sequence[ToldLine], period: Period, others: Sequence[ToldLine]) -> bool:
    """Whether a statement is over where another begins, at most within one day of both.

    Where one of them tells part of that day and the other more or all of it, their balances may meet by
    chance: only when what one of them tells of the day comes to nothing, and is in the other too.
    """
    first = min((line.day for line in others), default=None)
    if first is None or period.closes_on is None or period.closes_on > first:
        return False
    sides = [[line for line in many if line.day == first] for many in (lines, others)]
    one, other = map(_entries, sides)
    comes_to_nothing = any(sum(line.amount.minor for line in side) == 0 for side in sides)
    return not (comes_to_nothing and (one <= other or other <= one))


def _stated(line: ToldLine, fact: tuple[str, ...]) -> tuple[str, ...] | None:
    """What a line says of a fact; nothing where it leaves out a part of it."""
    values = tuple(_plain(getattr(line, name)) for name in fact)
    return values if all(values) else None


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).upper()


_KEY: Final = ("key",)
# What identifies most stands first: a pair that is made is not looked at again.
_FACTS: Final[tuple[tuple[str, ...], ...]] = (
    _KEY,
    ("bank_ref",),
    ("end_to_end", "iban"),
    ("end_to_end",),
    ("reference", "iban"),
    ("reference",),
    ("iban", "text"),
    ("iban",),
    ("text",),
    (),
)


class _Pairing:
    """Told and booked lines while they are being paired; each is used once."""

    def __init__(
        self,
        told: Sequence[ToldLine],
        booked: Sequence[ToldLine],
        relations: Mapping[Hashable, _Relation],
    ) -> None:
        self.told, self.booked, self.relations = told, booked, relations
        self.known: dict[int, int] = {}
        self.parts: dict[int, tuple[int, ...]] = {}
        self.free_told = dict.fromkeys(range(len(told)))
        self.free_booked = dict.fromkeys(
            at for at, line in enumerate(booked) if relations[line.statement] != _Relation.APART
        )

    def pair(self, fact: tuple[str, ...]) -> None:
        """Pair what is equal in a fact beside day and amount, where nothing speaks against it."""
        waiting: defaultdict[object, list[int]] = defaultdict(list)
        for at in self.free_booked:
            line = self.booked[at]
            stated = _stated(line, fact)
            if stated is not None:
                waiting[line.day, line.amount, stated].append(at)
        for told_at in list(self.free_told):
            line = self.told[told_at]
            stated = _stated(line, fact)
            candidates = waiting.get((line.day, line.amount, stated), []) if stated is not None else []
            found = next((at for at in candidates if fact is _KEY or self._agree(told_at, at)), None)
            if found is not None:
                candidates.remove(found)
                self._take(told_at, found)

    def pair_collected(self) -> None:
        """Pair a sum with the details it was booked in, and details with the sum that was booked."""
        sums: defaultdict[object, list[list[int]]] = defaultdict(list)
        for members in _batches(self.booked, self.free_booked):
            sums[_sum(self.booked, members)].append(members)
        for at in list(self.free_told):
            line = self.told[at]
            waiting = sums.get((line.day, line.amount), []) if _may_collect(line) else []
            if waiting:
                for member in waiting.pop(0):
                    self._take(at, member)
        wholes: defaultdict[object, list[int]] = defaultdict(list)
        for at in self.free_booked:
            if _may_collect(self.booked[at]):
                wholes[self.booked[at].day, self.booked[at].amount].append(at)
        for members in _batches(self.told, self.free_told):
            candidates = wholes.get(_sum(self.told, members), [])
            found = next((at for at in candidates if self._same_reference(members[0], at)), None)
            if found is not None:
                candidates.remove(found)
                self.parts[found] = tuple(members)
                del self.free_booked[found]

    def _take(self, told_at: int, booked_at: int) -> None:
        self.known[told_at] = booked_at
        self.free_told.pop(told_at, None)
        del self.free_booked[booked_at]

    def _agree(self, told_at: int, booked_at: int) -> bool:
        one, other = self.told[told_at], self.booked[booked_at]
        return self.relations[other.statement] == _Relation.SAME or not _contradict(one, other)

    def _same_reference(self, told_at: int, booked_at: int) -> bool:
        one, other = self.told[told_at], self.booked[booked_at]
        return one.format != other.format or not _differ(one.bank_ref, other.bank_ref)


def _may_collect(line: ToldLine) -> bool:
    """A sum of several payments has no one account on its other side."""
    return not line.batch and not line.iban


def _contradict(one: ToldLine, other: ToldLine) -> bool:
    """Whether two lines of one day and amount say of themselves that they are not the same."""
    if _other_account(one.iban, other.iban) or _differ(one.end_to_end, other.end_to_end):
        return True
    if _differ(one.reference, other.reference):
        return True
    # Between formats a bank may number its lines differently.
    same_format = one.format == other.format
    if same_format and _differ(one.bank_ref, other.bank_ref):
        return True
    text, told = _plain(one.text), _plain(other.text)
    if not text or not told or text in told or told in text:
        return False
    return same_format or not _identified(one, other)


def _identified(one: ToldLine, other: ToldLine) -> bool:
    pairs = (
        (one.bank_ref, other.bank_ref),
        (one.end_to_end, other.end_to_end),
        (one.reference, other.reference),
        (one.iban, other.iban),
    )
    return any(mine and _plain(mine) == _plain(theirs) for mine, theirs in pairs)


def _differ(one: str, other: str) -> bool:
    return bool(one and other) and _plain(one) != _plain(other)


def _other_account(one: str, other: str) -> bool:
    """An IBAN ends in the account number that older formats give alone."""
    mine, theirs = _plain(one).lstrip("0"), _plain(other).lstrip("0")
    # What is not told ends every number.
    return not (mine.endswith(theirs) or theirs.endswith(mine))


def _batches(lines: Sequence[ToldLine], free: Iterable[int]) -> list[list[int]]:
    """The collective entries none of whose details is paired yet."""
    sizes = Counter(line.batch for line in lines if line.batch)
    members: defaultdict[str, list[int]] = defaultdict(list)
    for at in free:
        if lines[at].batch:
            members[lines[at].batch].append(at)
    return [found for batch, found in members.items() if len(found) == sizes[batch]]


def _sum(lines: Sequence[ToldLine], members: Sequence[int]) -> tuple[date, Money]:
    first = lines[members[0]]
    return first.day, Money.total((lines[at].amount for at in members), first.amount.currency)
