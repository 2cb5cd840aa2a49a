"""`dev fuzz`: every parser in turn, on damaged real files and on invented ones, for some minutes."""

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from infra.fuzz.crashers import SAMPLE, Crasher, invented, keep, seed_content
from infra.fuzz.mutations import mutate
from infra.fuzz.parser import Parser
from infra.fuzz.parsers import BY_NAME, PARSERS
from infra.fuzz.trying import Bench, Fault, bench

PROJECT = Path(__file__).resolve().parents[2]
INVENTED_EACH = 60
MUTATED_EACH = 40
FAULTS_MAX = 200

# What looks like one of the formats, so that invention gets past the first sign.
STARTS = (
    b"",
    b"a;b\n",
    b"Factuurnr;Datum;Debet;Credit\n10001 Jansen BV;;;\nF1;01-08-2026;10,00;\n",
    b'"',
    b"<",
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    b":20:X\r\n:25:NL\r\n:60F:C260101EUR1,\r\n:61:",
    b"ID;P",
)
CONTENTS = st.builds(
    lambda start, rest: start + rest,
    st.sampled_from(STARTS),
    st.one_of(
        st.binary(max_size=400), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
    ),
)


class Found(AssertionError):
    """An invented content broke a parser; Hypothesis then looks for a smaller one."""


def main(words: Sequence[str]) -> int:
    """This function will fuzz for the minutes asked and return 1 when anything broke."""
    asked = _read(words)
    seeds = {parser.name: _seeds(parser, asked.data) for parser in asked.parsers}
    faults: dict[tuple[str, str], Crasher] = {}
    tried: Counter[str] = Counter()
    seconds = asked.minutes * 60
    until = time.monotonic() + seconds
    rng = random.Random(asked.seed)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[found]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with bench() as tool, bar:
        task = bar.add_task("fuzz", total=seconds, found="")
        try:
            while time.monotonic() < until and len(faults) < FAULTS_MAX:
                for parser in asked.parsers:
                    for crasher in _round(tool, parser, seeds[parser.name], asked.data, rng, tried):
                        faults.setdefault((crasher.parser, _kind(crasher.error)), crasher)
                    done = seconds - (until - time.monotonic())
                    found = f"{sum(tried.values()):,} tried, {len(faults)} broke one"
                    bar.update(task, description=parser.name, completed=done, found=found)
        except KeyboardInterrupt:
            bar.console.print("Stopped.")
    return _report(tried, faults)


def _read(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 dev fuzz", description=__doc__)
    parser.add_argument("parsers", nargs="*", help=f"{', '.join(BY_NAME)}; all by default")
    parser.add_argument("--minutes", type=float, default=10, help="how long (10)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="begin as another run did")
    asked = parser.parse_args(words)
    if unknown := set(asked.parsers) - set(BY_NAME):
        parser.error(f"no such parser: {', '.join(sorted(unknown))}; there are {', '.join(BY_NAME)}")
    asked.parsers = [BY_NAME[name] for name in asked.parsers] or list(PARSERS)
    asked.data = Path(os.environ.get("REAL_DATA", PROJECT.parent / "shared" / "data"))
    return asked


def _seeds(parser: Parser, data: Path) -> list[str]:
    found = {path for pattern in parser.seeds for path in data.glob(pattern) if path.is_file()}
    real = sorted(str(path.relative_to(data)) for path in found)
    return [*real, *(f"{SAMPLE}{number}" for number in range(len(parser.samples)))]


def _round(
    tool: Bench, parser: Parser, seeds: Sequence[str], data: Path, rng: random.Random, tried: Counter[str]
) -> list[Crasher]:
    """Some damaged real files, then some invented ones."""
    broke = []
    for _ in range(MUTATED_EACH if seeds else 0):
        seed, number = rng.choice(seeds), rng.randrange(1 << 40)
        content = mutate(seed_content(parser.name, seed, data), number)
        tried[parser.name] += 1
        if fault := tool.try_there(parser.name, content):
            broke.append(Crasher(parser.name, fault.error, seed, number))
    if (found := _invent(tool, parser, rng.randrange(1 << 40), tried)) is not None:
        broke.append(found)
    return broke


def _invent(tool: Bench, parser: Parser, seed: int, tried: Counter[str]) -> Crasher | None:
    last: list[tuple[bytes, Fault]] = []

    @settings(
        max_examples=INVENTED_EACH, database=None, deadline=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(CONTENTS)
    def holds(content: bytes) -> None:
        tried[parser.name] += 1
        if fault := tool.try_there(parser.name, content):
            last.append((content, fault))
            raise Found(fault.error)

    holds.hypothesis.inner_test._hypothesis_internal_use_seed = seed  # type: ignore[attr-defined]
    try:
        holds()
    except Found:
        content, fault = last[-1]
        return invented(parser.name, fault.error, content)
    return None


def _kind(error: str) -> str:
    """Faults of one kind differ in numbers and names only."""
    return "".join(sign for sign in error[:80] if not sign.isdigit())


def _report(tried: Counter[str], faults: dict[tuple[str, str], Crasher]) -> int:
    out = Console()
    for name, count in tried.items():
        out.print(f"{name:18} {count:>9,} tried")
    for crasher in faults.values():
        kept = keep(crasher)
        where = kept.relative_to(PROJECT) if kept else "too long to keep"
        out.print(
            f"broke {crasher.parser}: {crasher.error} ({crasher.seed or 'invented'}) {where}", markup=False
        )
    out.print(f"{sum(tried.values()):,} tried, {len(faults)} kinds of fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
