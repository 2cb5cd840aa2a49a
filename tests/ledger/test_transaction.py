"""What makes a posting a transaction, how it is sealed, and what takes it back: no database asked."""

import hashlib
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.ledger.chart import CHART, UnknownAccount
from agency.ledger.models import Book
from agency.ledger.transaction import MINOR_LIMIT, Leg, Posting, Unbalanced, refuse_unbalanced
from agency.money import Money

pytestmark = pytest.mark.pure

CREDITOR, CLAIM, EARLIER = UUID(int=1), UUID(int=2), UUID(int=3)
DAY = date(2026, 11, 20)
TRUST = sorted(code for code, account in CHART.items() if account.book is Book.TRUST)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def posting(*legs: Leg, book: Book = Book.TRUST, **more) -> Posting:
    facts = {"kind": "payment", "source_key": "psp:tr_1#1", "effective_on": DAY}
    return Posting(creditor_id=CREDITOR, book=book, legs=legs, **{**facts, **more})


def trust(*amounts: Money) -> Posting:
    return posting(*(Leg(code, amount) for code, amount in zip(TRUST, amounts, strict=False)))


@given(st.lists(st.integers(1 - MINOR_LIMIT, MINOR_LIMIT - 1).filter(bool), min_size=1, max_size=5))
def test_is_taken_when_it_adds_up_and_refused_a_cent_beside_it(minors):
    rest = -sum(minors)
    if rest and abs(rest) < MINOR_LIMIT:
        refuse_unbalanced(trust(*map(eur, (*minors, rest))))
        beside = rest + 1 or 2
        with pytest.raises(Unbalanced, match="does not balance"):
            refuse_unbalanced(trust(*map(eur, (*minors, beside if abs(beside) < MINOR_LIMIT else rest - 1))))


@pytest.mark.parametrize("legs", [(), (eur(0),), (eur(5),)])
def test_one_leg_is_none(legs):
    with pytest.raises(Unbalanced):
        refuse_unbalanced(trust(*legs))


def test_d25_adds_up_per_currency():
    refuse_unbalanced(trust(eur(5), eur(-5), Money(7, "GBP"), Money(-7, "GBP")))
    for legs in [(eur(5), Money(-5, "GBP")), (eur(5), eur(-5), Money(7, "GBP"), Money(-6, "GBP"))]:
        with pytest.raises(Unbalanced, match="payment psp:tr_1#1 does not balance"):
            refuse_unbalanced(trust(*legs))


@pytest.mark.parametrize("sign", [1, -1])
def test_d27_no_leg_reaches_the_limit(sign):
    largest = sign * (MINOR_LIMIT - 1)
    refuse_unbalanced(trust(eur(largest), eur(-largest)))
    with pytest.raises(Unbalanced, match="takes no amount"):
        refuse_unbalanced(trust(eur(sign * MINOR_LIMIT), eur(-sign * MINOR_LIMIT)))
    assert MINOR_LIMIT == 10**14


def test_no_leg_is_of_nothing():
    with pytest.raises(Unbalanced, match=r"takes no amount of EUR 0"):
        refuse_unbalanced(trust(eur(5), eur(-5), eur(0)))


def test_every_leg_stands_in_its_own_book():
    """D25: books never mix, however well the sum comes out."""
    mixed = (Leg("trust.agency", eur(5)), Leg("agency.trust", eur(-5)))
    for book in (Book.TRUST, Book.AGENCY):
        with pytest.raises(Unbalanced, match="does not stand in the"):
            refuse_unbalanced(posting(*mixed, book=book))
    with pytest.raises(UnknownAccount):
        refuse_unbalanced(posting(Leg("trust.nowhere", eur(5)), Leg("trust.bank", eur(-5))))


def test_the_opposite_takes_back_leg_by_leg_and_says_what():
    booked = posting(Leg("trust.psp", eur(5), CLAIM), Leg("trust.creditor", eur(-5)), memo="as booked")
    back = booked.opposite(
        transaction_id=EARLIER, source_key="taken back", effective_on=date(2026, 12, 1), memo="why"
    )
    assert back == Posting(
        creditor_id=CREDITOR,
        book=Book.TRUST,
        kind="payment.reversal",
        source_key="taken back",
        legs=(Leg("trust.psp", eur(-5), CLAIM), Leg("trust.creditor", eur(5))),
        effective_on=date(2026, 12, 1),
        memo="why",
        reverses_id=EARLIER,
    )
    refuse_unbalanced(back)


def test_the_seal_is_over_what_is_booked_in_the_words_that_the_proof_reads():
    """D26: P1 writes the same words in SQL, so that they may not change unnoticed."""
    plain = posting(Leg("trust.psp", eur(5), CLAIM), Leg("trust.creditor", eur(-5)))
    words = f"trust|payment|2026-11-20||trust.psp:5:EUR:{CLAIM};trust.creditor:-5:EUR:"
    assert plain.content_sha256() == hashlib.sha256(words.encode()).hexdigest()
    back = posting(*plain.legs, reverses_id=EARLIER)
    assert back.content_sha256() == hashlib.sha256(words.replace("||", f"|{EARLIER}|").encode()).hexdigest()


def test_the_seal_leaves_out_who_and_why():
    assert posting(memo="a").content_sha256() == posting(memo="b", source_key="c").content_sha256()
    assert posting().memo == "", "a posting says nothing unless told"
