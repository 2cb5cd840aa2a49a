"""A file that lies on disk reads as one in memory does."""

import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.intake.content import flow, lay, parts
from agency.intake.reading import read_table
from agency.ports.readers import Unreadable

pytestmark = pytest.mark.pure

MIB = 1 << 20


def laid(content: bytes):
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return lay(file)


@pytest.mark.parametrize("size", [1, MIB - 1, MIB, MIB + 1, 3 * MIB + 17])
def test_every_part_of_it_comes_once_and_again_when_asked_again(size):
    content = bytes(at % 251 + 1 for at in range(size))
    on_disk = laid(content)
    assert not isinstance(on_disk, bytes)
    for _ in "12":
        assert b"".join(parts(on_disk)) == content
        assert flow(on_disk).read() == content
    assert max(map(len, parts(on_disk))) <= MIB


@given(st.lists(st.integers(min_value=1, max_value=3 * MIB), max_size=20))
def test_it_can_be_read_in_pieces_of_any_size(sizes):
    content = b"0123456789abcdef!" * (MIB // 8)
    stream, at = flow(laid(content)), 0
    for size in sizes:
        assert stream.read(size) == content[at : at + size]
        at = min(at + size, len(content))
        assert stream.tell() >= at


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_a_text_is_read_alike_where_a_letter_lies_across_two_parts(encoding):
    rows = "".join(f"K{number};Café {number};{number},50\n" for number in range(60_000))
    content = f"nummer;naam;bedrag\n{rows}".encode(encoding)
    assert len(content) > MIB
    in_memory, on_disk = read_table(content), read_table(laid(content))
    assert on_disk.headers == in_memory.headers == ("nummer", "naam", "bedrag")
    assert list(on_disk.rows) == list(in_memory.rows)
    assert on_disk.bytes_read.percent == 100


def test_a_nul_far_down_is_told_with_its_line():
    content = b"a;b\n" + b"1;2\n" * 600_000 + b"\x00;2\n"
    with pytest.raises(Unreadable, match="line 600002 contains a NUL"):
        read_table(laid(content))


def test_blank_to_its_end_is_empty():
    with pytest.raises(Unreadable, match="empty"):
        read_table(laid(b" \r\n" * MIB))


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_what_is_read_here_and_there_comes_into_memory(start):
    assert laid(start + b"rest") == start + b"rest"
