"""How debtors behave, as pure decisions: the same seed and debtor always do the same.

The figures are those of real portfolios: of what is placed, 72 % can be collected at three months, 44 % at
six, 29 % at twelve; 23 % is disputed; 36 % is paid late (68 % of the disputed, 26 % of the others), with
4 / 8 / 14 / 30 days late at P25 / P50 / P75 / P99; a disputed claim takes 36 days to settle.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal, TypeVar

from agency.money import Money

_T = TypeVar("_T")


class MessageKind(StrEnum):
    """What the debtor got; `INVOICE` is the creditor's own, before anything is late."""

    INVOICE = "invoice"
    REMINDER_1 = "reminder_1"
    REMINDER_2 = "reminder_2"
    FORMAL_NOTICE = "formal_notice"
    FINAL_NOTICE = "final_notice"
    CALL = "call"


class ActionKind(StrEnum):
    """What the debtor does with it."""

    IGNORE = "ignore"
    OPEN_MAIL = "open_mail"
    OPEN_LINK = "open_link"
    PAY_BY_LINK = "pay_by_link"
    PAY_BY_TRANSFER = "pay_by_transfer"
    PROMISE = "promise"
    DISPUTE = "dispute"


ReferenceQuality = Literal["exact", "typo", "invoice_number", "none"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the debtor does.

    :param after_days: days after the message; for an invoice, days after its due date (0 is on time).
    :param share: the part of what is open that this concerns, over 0 to 1.
    :param reference: what a transfer carries; payments by link always carry ours.
    """

    kind: ActionKind
    after_days: int
    share: Fraction = Fraction(1)
    reference: ReferenceQuality = "exact"


_GRAINS: Final = 1_000_000
_DAYS_PER_MONTH: Final = Fraction(365, 12)
# (age in months, share that can still be collected); straight lines between the points.
_COLLECTABLE: Final = tuple(
    (months, Fraction(percent, 100))
    for months, percent in ((0, 94), (3, 72), (6, 44), (12, 29), (24, 16), (60, 3), (120, 0))
)
_DISPUTED: Final = Fraction(23, 100)
_LATE_DISPUTED, _LATE_UNDISPUTED = Fraction(68, 100), Fraction(26, 100)
# (share of late payers, days late) at the ends, P25, P50, P75 and P99.
_DAYS_LATE: Final = tuple(
    (Fraction(percent, 100), days)
    for percent, days in ((0, 1), (25, 4), (50, 8), (75, 14), (99, 30), (100, 45))
)
_DISPUTE_DAYS: Final = 36
# Which message moves a debtor who can be moved; the rest waits for somebody to call.
_MOVED_BY: Final = (
    (MessageKind.REMINDER_1, Fraction(38, 100)),
    (MessageKind.REMINDER_2, Fraction(24, 100)),
    (MessageKind.FORMAL_NOTICE, Fraction(18, 100)),
    (MessageKind.FINAL_NOTICE, Fraction(12, 100)),
    (MessageKind.CALL, Fraction(8, 100)),
)
_OPENS_ANYWAY: Final = Fraction(55, 100)
_BY_TRANSFER, _BY_TRANSFER_LARGE = Fraction(30, 100), Fraction(75, 100)
_LARGE: Final = Money(250_000, "EUR")
_IN_PARTS: Final = Fraction(12, 100)
_PROMISES: Final = Fraction(10, 100)
_BREAKS_PROMISE: Final = Fraction(30, 100)
# Promised is payment within a week; who breaks it pays weeks later.
_DAYS_PROMISED, _DAYS_BROKEN = 7, 35
_REFERENCES: Final[tuple[tuple[ReferenceQuality, Fraction], ...]] = (
    ("exact", Fraction(80, 100)),
    ("invoice_number", Fraction(9, 100)),
    ("typo", Fraction(5, 100)),
    ("none", Fraction(6, 100)),
)


def behave(
    *, seed: int, debtor_key: str, message_kind: MessageKind, age_days: int, amount: Money
) -> tuple[Action, ...]:
    """This function will return what a debtor does after one message, in order of days.

    A debtor who pays does so after one message, the one that moves him; after the others he opens or
    ignores. Whoever executes this drops what has become pointless, such as a payment of a closed claim.

    :param debtor_key: identifies debtor and claim; another key is another chance.
    :param age_days: days since the invoice was due, at the moment of the message.
    :param amount: what is open; large amounts go by transfer.
    """
    person = _Debtor(seed, debtor_key)
    if message_kind is MessageKind.INVOICE:
        return _pays_invoice(person, amount)
    if person.disputes and message_kind is person.moved_by:
        return _disputes(person, age_days, amount)
    if person.moved_by is message_kind and person.can_be_moved(age_days):
        return _pays(person, message_kind, amount)
    return _looks_or_ignores(person, message_kind)


def collectable_share(*, age_days: int) -> Fraction:
    """This function will return the share of a portfolio of this age that can still be collected."""
    return _between(_COLLECTABLE, Fraction(max(age_days, 0)) / _DAYS_PER_MONTH)


@dataclass(frozen=True, slots=True)
class _Debtor:
    """Chances that stay the same for one debtor, whatever he is sent."""

    seed: int
    key: str

    def chance(self, of: str) -> Fraction:
        """A number from 0 to just below 1, fixed by seed, debtor and question."""
        digest = hashlib.sha256(f"{self.seed}|{self.key}|{of}".encode()).digest()
        return Fraction(int.from_bytes(digest[:8]) % _GRAINS, _GRAINS)

    @property
    def disputes(self) -> bool:
        return self.chance("disputes") < _DISPUTED

    @property
    def moved_by(self) -> MessageKind:
        return _pick(_MOVED_BY, self.chance("moved by"))

    def can_be_moved(self, age_days: int) -> bool:
        return self.chance("can pay") < collectable_share(age_days=age_days)

    def days_late(self, of: str) -> int:
        return _rounded(_between(_DAYS_LATE, self.chance(f"days late {of}")))


def _pays_invoice(person: _Debtor, amount: Money) -> tuple[Action, ...]:
    """Before any reminder: most pay on time, some late."""
    late = person.chance("late") < (_LATE_DISPUTED if person.disputes else _LATE_UNDISPUTED)
    return (_payment(person, amount, after=person.days_late("invoice") if late else 0, of="invoice"),)


def _disputes(person: _Debtor, age_days: int, amount: Money) -> tuple[Action, ...]:
    """Raises it at once, and pays when it is settled, if there is anything to be collected."""
    raised = Action(ActionKind.DISPUTE, after_days=_rounded(person.chance("raises after") * 4))
    seen = (Action(ActionKind.OPEN_LINK, after_days=raised.after_days), raised)
    settled = raised.after_days + _DISPUTE_DAYS * (50 + int(person.chance("settles") * 100)) // 100
    if not person.can_be_moved(age_days):
        return seen
    return (*seen, _payment(person, amount, after=settled, of="dispute"))


def _pays(person: _Debtor, message_kind: MessageKind, amount: Money) -> tuple[Action, ...]:
    after = person.days_late(message_kind)
    looks = Action(ActionKind.OPEN_LINK, after_days=min(after, _rounded(person.chance("looks") * 3)))
    if person.chance("promises") < _PROMISES:
        promise = Action(ActionKind.PROMISE, after_days=looks.after_days)
        broken = person.chance("breaks promise") < _BREAKS_PROMISE
        paid = promise.after_days + (_DAYS_BROKEN if broken else _DAYS_PROMISED)
        return (looks, promise, _payment(person, amount, after=paid, of=message_kind))
    if person.chance("in parts") < _IN_PARTS:
        first = Fraction(25 + int(person.chance("first part") * 50), 100)
        return (
            looks,
            _payment(person, amount, after=after, of="first part", share=first),
            _payment(person, amount, after=after + 14, of="second part", share=1 - first),
        )
    return (looks, _payment(person, amount, after=after, of=message_kind))


def _looks_or_ignores(person: _Debtor, message_kind: MessageKind) -> tuple[Action, ...]:
    if person.chance(f"opens {message_kind}") < _OPENS_ANYWAY:
        return (
            Action(ActionKind.OPEN_MAIL, after_days=_rounded(person.chance(f"opens {message_kind}") * 4)),
        )
    return (Action(ActionKind.IGNORE, after_days=0),)


def _payment(person: _Debtor, amount: Money, *, after: int, of: str, share: Fraction = Fraction(1)) -> Action:
    large = amount.currency == _LARGE.currency and amount >= _LARGE
    by_transfer = person.chance("by transfer") < (_BY_TRANSFER_LARGE if large else _BY_TRANSFER)
    if not by_transfer:
        return Action(ActionKind.PAY_BY_LINK, after, share)
    return Action(
        ActionKind.PAY_BY_TRANSFER, after, share, _pick(_REFERENCES, person.chance(f"reference {of}"))
    )


def _pick(table: Sequence[tuple[_T, Fraction]], chance: Fraction) -> _T:
    """The entry of a table of shares that a chance falls on."""
    for value, share in table:
        if chance < share:
            return value
        chance -= share
    return table[-1][0]


def _between(points: Sequence[tuple[Fraction | int, Fraction | int]], at: Fraction) -> Fraction:
    """The value at a place between points, on straight lines; the last value beyond them."""
    for (left, low), (right, high) in pairwise(points):
        if at <= right:
            return low + (Fraction(high) - low) * (at - left) / (Fraction(right) - left)
    return Fraction(points[-1][1])


def _rounded(value: Fraction) -> int:
    return int(value + Fraction(1, 2))
