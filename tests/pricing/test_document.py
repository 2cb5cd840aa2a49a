"""A quote's bytes: kept packed, and the same bytes again."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.pricing.document import (
    DamagedDocument,
    PackedLines,
    pack_document,
    quote_document,
    unpack_document,
)

pytestmark = pytest.mark.pure

HEADS = st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers(), max_size=4)
LINES = st.lists(st.text(max_size=40).map(lambda words: f'{{"x":"{words}"}}'), max_size=50)


@given(HEADS, LINES)
def test_unpacks_to_the_bytes_that_its_hash_is_of(head, lines):
    whole = quote_document(head=head, lines=lines)
    kept, sha256 = pack_document(head=head, lines=PackedLines(lines))
    assert unpack_document(kept) == whole
    assert sha256 == hashlib.sha256(whole).hexdigest()
    assert unpack_document(whole) == whole


@given(HEADS, LINES)
def test_packs_the_same_to_the_same(head, lines):
    assert pack_document(head=head, lines=PackedLines(lines)) == pack_document(
        head=head, lines=PackedLines(lines)
    )


@pytest.mark.parametrize("count", [1, 499, 500, 501, 1_000, 1_001])
def test_lines_that_are_packed_some_at_a_time_all_arrive(count):
    lines = [f'{{"claim":"{number:032x}"}}' for number in range(count)]
    packed = PackedLines(lines)
    kept, _ = pack_document(head={}, lines=packed)
    assert (packed.count, unpack_document(kept)) == (count, quote_document(head={}, lines=lines))


def test_many_lines_take_little_room():
    lines = PackedLines(f'{{"claim":"{number:032x}","fee_bps":1250}}' for number in range(20_000))
    kept, _ = pack_document(head={}, lines=lines)
    assert len(kept) * 4 < len(unpack_document(kept))


@pytest.mark.parametrize("kept", [b"\x1f\x8b", b"words", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03zz"])
def test_what_was_not_packed_is_refused(kept):
    with pytest.raises(DamagedDocument):
        unpack_document(kept)
