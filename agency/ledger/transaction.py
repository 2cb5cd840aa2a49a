"""A transaction before it is posted: its legs, the seal over its content, what makes it one, its opposite."""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from agency.kernel.errors import Invalid
from agency.ledger.chart import account
from agency.ledger.models import Book
from agency.money import Money

MINOR_LIMIT: Final = 100_000_000_000_000
"""No leg reaches a million million euros; the database refuses it too."""
LEGS_MIN: Final = 2


class Unbalanced(Invalid):
    """The legs of a posting do not add up to zero per currency, or there are fewer than two."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a posting: debit positive, credit negative."""

    account: str
    amount: Money
    claim_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A transaction to be posted; `source_key` names the fact it follows from, once per book and kind."""

    creditor_id: UUID
    book: Book
    kind: str
    source_key: str
    legs: tuple[Leg, ...]
    effective_on: date
    memo: str = ""
    reverses_id: UUID | None = None

    def content_sha256(self) -> str:
        """This function will return the hash of what is posted; `post_openings` computes the same in SQL."""
        legs = ";".join(
            f"{leg.account}:{leg.amount.minor}:{leg.amount.currency}:{leg.claim_id or ''}"
            for leg in self.legs
        )
        head = f"{self.book}|{self.kind}|{self.effective_on.isoformat()}|{self.reverses_id or ''}|"
        return hashlib.sha256((head + legs).encode()).hexdigest()

    def opposite(self, *, transaction_id: UUID, source_key: str, effective_on: date, memo: str) -> "Posting":
        """This function will return the posting that takes this one back, leg by leg.

        :param transaction_id: under which this one stands.
        """
        return Posting(
            creditor_id=self.creditor_id,
            book=self.book,
            kind=f"{self.kind}.reversal",
            source_key=source_key,
            legs=tuple(Leg(leg.account, -leg.amount, leg.claim_id) for leg in self.legs),
            effective_on=effective_on,
            memo=memo,
            reverses_id=transaction_id,
        )


def refuse_unbalanced(posting: Posting) -> None:
    """This function will refuse what is no transaction of its book.

    :raises Unbalanced: fewer than two legs, a leg of nothing, of too much or of another book, or a sum per
        currency that is not zero.
    :raises UnknownAccount: a leg names an account outside the chart.
    """
    sums: dict[str, int] = {}
    for leg in posting.legs:
        minor, currency = leg.amount.minor, leg.amount.currency
        if account(leg.account).book is not posting.book:
            raise Unbalanced(f"{leg.account} does not stand in the {posting.book} book")
        if not minor or abs(minor) >= MINOR_LIMIT:
            raise Unbalanced(f"{leg.account} takes no amount of {leg.amount}")
        sums[currency] = sums.get(currency, 0) + minor
    if len(posting.legs) < LEGS_MIN or any(sums.values()):
        raise Unbalanced(f"{posting.kind} {posting.source_key} does not balance")
