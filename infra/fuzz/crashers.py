"""What broke a parser once: kept as a recipe, never as a copy of somebody's file, and tried by the tests."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from infra.fuzz.mutations import mutate
from infra.fuzz.parsers import BY_NAME

FOLDER: Final = Path(__file__).parent / "crashers"
INVENTED_BYTES_MAX: Final = 10_000
SAMPLE: Final = "sample "
"""Begins the seed that is a sample of the parser: its number follows."""


@dataclass(frozen=True)
class Crasher:
    """How to make a content again: a real file with the number of its damage, or our own bytes.

    :param seed: path below the folder of real data, or a sample; "" for invented content.
    :param invented: base64, when there is no seed.
    """

    parser: str
    error: str
    seed: str = ""
    number: int = 0
    invented: str = ""

    def content(self, real_data: Path) -> bytes:
        """This function will make the content again.

        :raises FileNotFoundError: the real file is not there.
        """
        if self.seed:
            return mutate(seed_content(self.parser, self.seed, real_data), self.number)
        return base64.b64decode(self.invented)


def seed_content(parser: str, seed: str, real_data: Path) -> bytes:
    """This function will return what is damaged: a real file, or one of the parser's own samples.

    :raises FileNotFoundError: the real file is not there.
    """
    if seed.startswith(SAMPLE):
        return BY_NAME[parser].samples[int(seed.removeprefix(SAMPLE))]
    return (real_data / seed).read_bytes()


def invented(parser: str, error: str, content: bytes) -> Crasher:
    """This function will describe content that was made up."""
    return Crasher(parser, error, invented=base64.b64encode(content).decode())


def keep(crasher: Crasher) -> Path | None:
    """This function will write a crasher down; None when it is too long to keep."""
    if len(crasher.invented) > INVENTED_BYTES_MAX:
        return None
    written = json.dumps(asdict(crasher), indent=1, sort_keys=True) + "\n"
    name = hashlib.sha256(f"{crasher.parser}{crasher.seed}{crasher.number}{crasher.invented}".encode())
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{crasher.parser}-{name.hexdigest()[:12]}.json"
    path.write_text(written)
    return path


def kept() -> Iterator[Crasher]:
    """This function will return every crasher that was kept."""
    for path in sorted(FOLDER.glob("*.json")):
        yield Crasher(**json.loads(path.read_text()))
