"""A large bank file lies on disk while it is read; its lines are those of a small one, each once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from integrations.bankfiles import read_bank_file
from integrations.bankfiles.movement import Movement
from integrations.bankfiles.spooled import BLOCK, Movements
from tests.bankfiles.bank_samples import camt053, entry, statement

pytestmark = pytest.mark.pure

texts = st.text(max_size=12)
maybe = st.none() | texts
days = st.none() | st.dates()
movements = st.builds(
    Movement,
    amount=st.builds(Money, st.integers(-(10**12), 10**12), st.sampled_from(["EUR", "USD", "JPY"])),
    booked_on=days, value_on=days, servicer_ref=maybe, bank_ref=maybe, end_to_end=maybe, text=texts,
    structured_references=st.lists(texts, max_size=2).map(tuple), counterparty=maybe,
    counterparty_iban=maybe, reversal=st.booleans(), return_reason=maybe, batch=st.booleans(),
    entry=st.integers(0, 10**6),
)  # fmt: skip


class TestMovements:
    @given(st.lists(movements, min_size=1, max_size=3))
    def test_come_back_as_they_were_added_from_disk_and_from_memory(self, few):
        kept = Movements()
        many = [few[number % len(few)] for number in range(2 * BLOCK + 1)]
        kept.extend(many)
        assert len(kept) == len(many)
        assert list(kept) == many
        for at in (0, BLOCK - 1, BLOCK, 2 * BLOCK, 1):
            assert kept[at] == many[at]
        with pytest.raises(IndexError):
            kept[len(many)]


class TestLines:
    def test_of_a_large_statement_are_those_of_small_ones(self):
        # Without a bank's reference, look-alikes are told apart by their number in the file.
        entries = [entry(f"{number % 50}.25", ref=None) for number in range(BLOCK + 100)]
        [large] = read_bank_file(camt053(statement(*entries)))
        [small] = read_bank_file(camt053(statement(*entries[:75])))
        assert isinstance(small.lines, tuple)
        assert not isinstance(large.lines, tuple)
        assert large.lines[:75] == small.lines
        assert list(large.lines) == [large.lines[at] for at in range(len(entries))]
        assert large.lines[-1] == large.lines[len(entries) - 1]
        assert len({line.key for line in large.lines}) == len(entries)
        assert large.net == Money.total((line.amount for line in large.lines), "EUR")
        with pytest.raises(IndexError):
            large.lines[len(entries)]

    def test_a_statement_told_twice_in_one_file_has_the_same_keys(self):
        entries = [entry(f"{number % 50}.25", ref=None) for number in range(BLOCK + 1)]
        first, again = read_bank_file(camt053(statement(*entries), statement(*entries)))
        assert [line.key for line in first.lines] == [line.key for line in again.lines]
