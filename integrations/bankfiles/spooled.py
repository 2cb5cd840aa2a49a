"""The movements of a large bank file, on disk: memory holds a few thousand, however many there are."""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from operator import attrgetter
from tempfile import TemporaryFile
from typing import IO, Any, Final

from agency.money import Money
from integrations.bankfiles.movement import Movement

BLOCK: Final = 2_000
"""So many movements stay in memory, and are written and read back together."""

_PLAIN: Final = (
    "servicer_ref", "bank_ref", "end_to_end", "text", "structured_references", "counterparty",
    "counterparty_iban", "reversal", "return_reason", "batch", "entry",
)  # fmt: skip
_plain_of = attrgetter(*_PLAIN)
_AFTER_DATES: Final = 4


class Movements:
    """Movements in the order in which they were added."""

    def __init__(self) -> None:
        self._latest: list[Movement] = []
        self._places: list[tuple[int, int]] = []
        self._file: IO[bytes] | None = None
        self._read: tuple[int, list[Movement]] = (-1, [])

    def append(self, movement: Movement) -> None:
        """This function will add a movement."""
        self._latest.append(movement)
        if len(self._latest) == BLOCK:
            self._write()

    def extend(self, movements: Iterable[Movement]) -> None:
        """This function will add several."""
        for movement in movements:
            self.append(movement)

    def __len__(self) -> int:
        return BLOCK * len(self._places) + len(self._latest)

    def __iter__(self) -> Iterator[Movement]:
        for number in range(len(self._places)):
            yield from self._block(number)
        yield from self._latest

    def __getitem__(self, at: int) -> Movement:
        if not 0 <= at < len(self):
            raise IndexError(at)
        number, place = divmod(at, BLOCK)
        block = self._block(number) if number < len(self._places) else self._latest
        return block[place]

    def _write(self) -> None:
        self._file = self._file or TemporaryFile()  # noqa: SIM115 - it lives as long as the movements
        content = json.dumps(list(map(_packed, self._latest))).encode()
        self._file.seek(0, 2)
        self._places.append((self._file.tell(), len(content)))
        self._file.write(content)
        self._latest = []

    def _block(self, number: int) -> list[Movement]:
        if self._read[0] != number:
            assert self._file is not None, "made with the first block"
            start, length = self._places[number]
            self._file.seek(start)
            self._read = number, list(map(_unpacked, json.loads(self._file.read(length))))
        return self._read[1]


def _packed(movement: Movement) -> list[Any]:
    return [
        movement.amount.minor,
        movement.amount.currency,
        movement.booked_on and movement.booked_on.toordinal(),
        movement.value_on and movement.value_on.toordinal(),
        *_plain_of(movement),
    ]


def _unpacked(packed: list[Any]) -> Movement:
    minor, currency, booked_on, value_on = packed[:_AFTER_DATES]
    said = dict(zip(_PLAIN, packed[_AFTER_DATES:], strict=True))
    said["structured_references"] = tuple(said["structured_references"])
    return Movement(Money(minor, currency), _day(booked_on), _day(value_on), **said)


# A file has few days on its thousands of lines.
@lru_cache(maxsize=4096)
def _day(ordinal: int | None) -> date | None:
    return None if ordinal is None else date.fromordinal(ordinal)
