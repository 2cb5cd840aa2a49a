"""From what a file says to bank statements: dates filled in, keys given, sums checked."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Literal, overload

from agency.money import EXPONENTS, Money, round_minor
from agency.ports.readers import NO_CURRENCY, BankLine, BankStatement, Unreadable
from integrations.amounts import known_currency
from integrations.bankfiles.movement import Movement
from integrations.bankfiles.spooled import BLOCK, Movements

_NOTHING = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF", "NONE", "N/A"})


@dataclass(slots=True)
class Draft:
    """A statement as far as the file has told it.

    :param dated_on: the day of the message itself; dates an entry only when nothing else does.
    """

    kind: Literal["statement", "report", "notification"]
    format: str
    id: str | None = None
    number: str | None = None
    account: str | None = None
    currency: str | None = None
    opening: Money | None = None
    closing: Money | None = None
    opens_on: date | None = None
    closes_on: date | None = None
    dated_on: date | None = None
    entries: int = 0
    pending: int = 0
    movements: Movements = field(default_factory=Movements)
    warnings: list[str] = field(default_factory=list)

    def doubt_missing_balances(self) -> None:
        """This function will warn where no balances can prove that all of a statement's entries are there."""
        if self.kind == "statement" and None in (self.opening, self.closing):
            self.warnings.append(
                "it has no opening or no closing balance: nothing tells whether entries are missing"
            )


def said(text: str | None) -> str | None:
    """This function will return a reference, or None where the file only says that there is none."""
    return None if not text or text.upper() in _NOTHING else text


def finish(drafts: Iterable[Draft]) -> tuple[BankStatement, ...]:
    """This function will turn a file's drafts into statements.

    Look-alike lines are counted per account over the whole file, so a day spread over two statements
    keeps both payments; a statement delivered twice in one file gets the same keys again.

    :raises Unreadable: when an entry cannot be dated.
    """
    seen: dict[str | None, Counter[str]] = {}
    done: dict[str, Sequence[BankLine]] = {}
    statements = []
    for draft in drafts:
        prints = [_print(movement, draft) for movement in draft.movements]
        key = _statement_key(draft, prints)
        if key in done:
            lines = done[key]
        else:
            keys = _keys(prints, seen.setdefault(draft.account, Counter()))
            lines = done[key] = _Lines(draft, keys).as_read()
        statements.append(_statement(draft, key, lines))
    return tuple(statements)


class _Lines(Sequence[BankLine]):
    """The lines of a large statement, each made anew from its movement on disk when it is asked for."""

    def __init__(self, draft: Draft, keys: Sequence[str]) -> None:
        self._currency = known_currency(draft.currency or NO_CURRENCY)
        self._days, self._keys, self._movements = _days(draft), keys, draft.movements

    def as_read(self) -> Sequence[BankLine]:
        """These lines, in memory where they are few."""
        return tuple(self) if len(self) < BLOCK else self

    def __len__(self) -> int:
        return len(self._movements)

    def __iter__(self) -> Iterator[BankLine]:
        for movement, key, day in zip(self._movements, self._keys, self._days, strict=True):
            yield _line(movement, key, day, self._currency)

    @overload
    def __getitem__(self, at: int) -> BankLine: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[BankLine, ...]: ...
    def __getitem__(self, at: int | slice) -> BankLine | tuple[BankLine, ...]:
        if isinstance(at, slice):
            return tuple(self[one] for one in range(*at.indices(len(self))))
        place = at + len(self) if at < 0 else at
        return _line(self._movements[place], self._keys[place], self._days[place], self._currency)


def _statement(draft: Draft, key: str, lines: Sequence[BankLine]) -> BankStatement:
    net, days, foreign = _summed(lines, known_currency(draft.currency or NO_CURRENCY))
    return BankStatement(
        kind=draft.kind,
        format=draft.format,
        id=draft.id,
        key=key,
        account=draft.account,
        currency=draft.currency,
        opening=draft.opening,
        closing=draft.closing,
        net=net,
        entries=draft.entries,
        lines=lines,
        number=draft.number,
        opens_on=draft.opens_on,
        closes_on=draft.closes_on,
        booked_days=frozenset(booked_on for booked_on, _ in days),
        value_days=frozenset(value_on for _, value_on in days),
        warnings=(*draft.warnings, *_doubts(draft, foreign, net)),
    )


def _summed(lines: Sequence[BankLine], currency: str) -> tuple[Money, set[tuple[date, date]], int]:
    """What the lines add up to, their days, and how many name another currency, in one pass: the lines of a
    large file are on disk."""
    net = foreign = 0
    days = set()
    for line in lines:
        net += line.amount.minor
        days.add((line.booked_on, line.value_on))
        foreign += line.marked is not None
    return Money(net, currency), days, foreign


def _figure(amount: Money, currency: str) -> int:
    """An entry is in the account's currency by definition: its figure counts, whatever it is marked."""
    if amount.currency == currency:
        return amount.minor
    return round_minor(amount.decimal.scaleb(EXPONENTS[currency]))


def _doubts(draft: Draft, foreign: int, net: Money) -> list[str]:
    doubts = []
    if foreign:
        doubts.append(f"{foreign} entries name another currency than {net.currency}")
    if draft.opening is not None and draft.closing is not None and draft.opening + net != draft.closing:
        doubts.append(
            f"opening {draft.opening.decimal} and entries {net.decimal} make "
            f"{(draft.opening + net).decimal}, closing says {draft.closing.decimal}"
        )
    return doubts


def _days(draft: Draft) -> list[date]:
    """The booking days; a file may date its entries by the statement only."""
    fallback = draft.closes_on or draft.dated_on
    days = [movement.booked_on or movement.value_on or fallback for movement in draft.movements]
    found = [day for day in days if day is not None]
    if len(found) < len(days):
        entry = draft.movements[days.index(None)].entry
        raise Unreadable(f"entry {entry} has no date, and neither has its statement")
    return found


def _line(movement: Movement, key: str, booked_on: date, currency: str) -> BankLine:
    marked = movement.amount.currency
    return BankLine(
        amount=Money(_figure(movement.amount, currency), currency),
        marked=None if marked == currency else marked,
        booked_on=booked_on,
        value_on=movement.value_on or booked_on,
        key=key,
        bank_ref=movement.bank_ref,
        end_to_end=movement.end_to_end,
        text=movement.text,
        structured_references=movement.structured_references,
        counterparty=movement.counterparty,
        counterparty_iban=movement.counterparty_iban,
        reversal=movement.reversal,
        return_reason=movement.return_reason,
        batch=movement.batch,
        entry=movement.entry,
    )


def _print(movement: Movement, draft: Draft) -> str:
    """A digest of what stays the same when the bank delivers a line again.

    The message's own date is left out: it changes with every delivery. With the bank's reference the
    texts are left out too, because an intraday report may shorten them; the details of a collective
    entry share its reference, so there they count. Zeros fill the field of a reference that there is not.
    """
    day = movement.booked_on or movement.value_on or draft.closes_on
    reference = movement.servicer_ref if (movement.servicer_ref or "").strip("0 ") else None
    facts: tuple[object, ...] = (day, movement.amount.minor, movement.amount.currency, reference)
    if reference is None or movement.batch:
        facts += (
            "".join(movement.text.split()),
            movement.structured_references,
            movement.end_to_end,
            movement.counterparty_iban,
            movement.counterparty,
        )
    return sha256(repr(facts).encode()).hexdigest()[:32]


def _keys(prints: Iterable[str], counts: Counter[str]) -> list[str]:
    keys = []
    for each in prints:
        counts[each] += 1
        keys.append(f"{each}-{counts[each]}")
    return keys


def _statement_key(draft: Draft, prints: list[str]) -> str:
    facts = (
        draft.kind, draft.account, draft.currency, draft.opens_on, draft.opening, draft.closes_on,
        draft.closing, prints,
    )  # fmt: skip
    return sha256(repr(facts).encode()).hexdigest()[:32]
