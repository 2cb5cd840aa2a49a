"""What the fuzzer knows of one parser."""

from collections.abc import Callable
from dataclasses import dataclass

from agency.ports.readers import Unreadable


@dataclass(frozen=True)
class Parser:
    """One parser: `run` returns or raises one of `refusals`; anything else is a fault.

    :param seeds: patterns of real files below the folder of real data.
    :param samples: contents of our own, where no real file is at hand.
    """

    name: str
    run: Callable[[bytes], object]
    seeds: tuple[str, ...] = ()
    refusals: tuple[type[Exception], ...] = (Unreadable,)
    samples: tuple[bytes, ...] = ()
