"""MT940 for a creditor's books: our own reader reads back the same movements and balances."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from integrations.bankfiles import read_bank_file
from integrations.bankfiles.camt_writer import StatementLine
from integrations.bankfiles.mt940_writer import write_mt940
from tests.bankfiles.bank_samples import IBAN

pytestmark = pytest.mark.pure

DAY = date(2026, 11, 26)
LINES = st.lists(
    st.builds(
        StatementLine,
        amount=st.integers(-(10**11), 10**11).filter(bool).map(lambda minor: Money(minor, "EUR")),
        booked_on=st.just(DAY),
        bank_ref=st.from_regex(r"\A[A-Z0-9]{1,16}\Z").filter(lambda ref: ref != "NONREF"),
        value_on=st.dates(date(2026, 6, 1), date(2027, 5, 1)),
        end_to_end=st.from_regex(r"\AR[0-9A-F]{30}\Z") | st.none(),
        text=st.from_regex(r"\A[A-Za-z0-9]{1,30}( [A-Za-z0-9]{1,30}){0,3}\Z"),
        counterparty=st.from_regex(r"\A[A-Z][a-z]{1,20}( [A-Z][a-z]{1,20}){0,2}\Z") | st.none(),
        counterparty_iban=st.sampled_from([None, "BE68539007547034"]),
    ),
    max_size=6,
)


def write(lines, opening=0) -> bytes:
    return write_mt940(
        reference="PAYOUT1", account=IBAN, currency="EUR", on=DAY, opening=Money(opening, "EUR"), lines=lines
    )


@given(LINES, st.integers(-(10**9), 10**9))
def test_is_read_back_to_the_same_movements_and_balances(lines, opening):
    [read] = read_bank_file(write(lines, opening))
    assert read.opening == Money(opening, "EUR")
    assert read.closing == Money(opening + sum(line.amount.minor for line in lines), "EUR")
    assert read.warnings == ()
    assert [(one.amount, one.value_on, one.bank_ref) for one in read.lines] == [
        (line.amount, line.value_on, line.bank_ref) for line in lines
    ]
    assert [one.end_to_end for one in read.lines] == [line.end_to_end for line in lines]
    for one, line in zip(read.lines, lines, strict=True):
        assert one.text == line.text
        assert one.counterparty_iban == line.counterparty_iban


def test_accents_become_letters_and_no_line_is_too_long():
    content = write([StatementLine(Money(1, "EUR"), DAY, "B1", text="Café " * 40, counterparty="Ærø & Søn")])
    assert max(map(len, content.decode("ascii").splitlines())) <= 69
    assert b"Cafe" in content


def test_equal_input_gives_equal_bytes():
    line = StatementLine(Money(1, "EUR"), DAY, "B1", text="F1")
    assert write([line]) == write([line])
