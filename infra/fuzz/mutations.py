"""Damaging a real file in ways that files get damaged, the same way again for the same number."""

import random
from collections.abc import Callable
from typing import Final

BYTES_MAX: Final = 2_000_000
_TOKENS: Final = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b";", b",", b"\t", b"\r", b"\n", b"\r\n",
    b"<", b">", b"&",
    b"]]>", b"<!DOCTYPE x>", b"-1", b"0", b"99999999999999999999", b"1e308", b"NaN",
    b"1.234", b"1,234,56", b"\xa0", b"2026-02-30", b"31-02-2026", b"EUR", b"XXX", b"=1+1",
    b"%PDF-1.7", b"PK\x03\x04", b":61:", b":86:", b"-}",
    "٣".encode(), "½".encode(), b"\xf0\x9f\x92\xa9", b"\xc3", b"A" * 5_000,
)  # fmt: skip
Mutation = Callable[[bytearray, random.Random], bytearray]


def mutate(content: bytes, number: int) -> bytes:
    """This function will damage a file in one to six places; the number decides how."""
    rng = random.Random(number)
    changed = bytearray(content[:BYTES_MAX])
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        changed = rng.choice(MUTATIONS)(changed, rng)
    return bytes(changed)


def _at(content: bytearray, rng: random.Random) -> int:
    return rng.randrange(len(content) + 1)


def flip_bits(content: bytearray, rng: random.Random) -> bytearray:
    """Some bits, as a bad disk does."""
    for _ in range(rng.randint(1, 8)):
        if content:
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return content


def cut_off(content: bytearray, rng: random.Random) -> bytearray:
    """The end is missing."""
    return content[: _at(content, rng)]


def leave_out(content: bytearray, rng: random.Random) -> bytearray:
    """A piece is missing."""
    start = _at(content, rng)
    del content[start : start + rng.choice((1, 2, 7, 40, 400))]
    return content


def repeat(content: bytearray, rng: random.Random) -> bytearray:
    """A piece stands there many times."""
    start = _at(content, rng)
    piece = content[start : start + rng.choice((1, 5, 60, 500))]
    content[start:start] = piece * rng.choice((1, 2, 10, 200))
    return content


def insert_token(content: bytearray, rng: random.Random) -> bytearray:
    """Something stands where it means something else."""
    at = _at(content, rng)
    content[at:at] = rng.choice(_TOKENS)
    return content


def overwrite(content: bytearray, rng: random.Random) -> bytearray:
    """Something stands instead of something."""
    at, token = _at(content, rng), rng.choice(_TOKENS)
    content[at : at + len(token)] = token
    return content


def exchange_lines(content: bytearray, rng: random.Random) -> bytearray:
    """Two lines have changed places, or one is there twice."""
    lines = bytes(content).split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one] if rng.random() < 0.5 else lines[other]
    return bytearray(b"\n".join(lines))


def change_number(content: bytearray, rng: random.Random) -> bytearray:
    """A digit is another one."""
    digits = [at for at, sign in enumerate(content[:200_000]) if 48 <= sign <= 57]
    if digits:
        content[rng.choice(digits)] = rng.choice(b"0123456789-., ")
    return content


def encode_otherwise(content: bytearray, rng: random.Random) -> bytearray:
    """The text is in another encoding than it says."""
    text = bytes(content).decode("latin-1")
    return bytearray(text.encode(rng.choice(("utf-8", "utf-16", "utf-16-le", "utf-7"))))


MUTATIONS: Final[tuple[Mutation, ...]] = (
    flip_bits,
    cut_off,
    leave_out,
    repeat,
    insert_token,
    overwrite,
    exchange_lines,
    change_number,
    encode_otherwise,
)
