"""Line 6, letters: merge fields from the database, PDF/A and PDF/UA, hash, archived; all different.

Against typst alone: the same letters with their values at hand, as one document of one compilation.
"""

from collections.abc import Callable
from typing import Any

from infra.bench.ground import BenchFailed, Ground, Helper
from infra.bench.harness import Line, alternate
from infra.bench.treated import MESSAGES, write_treated

THREADS = 2
FIRST = 10  # letters with which a process of ours gets ready; they are not counted
_WAITING, _RUN = "bench_letters", "bench_letters_run"
# Measured beside the peers of this project, on this kind of machine when it was quiet; it is not run here.
WEASYPRINT_PER_SECOND, WEASYPRINT_TIMES = 27, 10
TRYTON_PER_SECOND, TRYTON_TIMES = 8.6, 25
_READS = "#let data = json(bytes(sys.inputs.data))\n"
_TITLE = "#set document(title: data.subject)\n"
_BATCH = (
    '#set document(title: "Letters", date: datetime(year: 2027, month: 6, day: 8))\n'
    "#let letter(data) = [\n{letter}\n]\n#for data in json(bytes(sys.inputs.data)) [#letter(data)]\n"
)


def measure_letters(ground: Ground, *, letters: int, pairs: int, say: Callable[[str], None]) -> Line:
    """This function will measure that many letters, each run on a fresh copy of the waiting messages."""
    say(f"{letters:,} letters wait")
    units = write_treated(
        ground, database=_WAITING, claims=letters + FIRST, more=MESSAGES.replace("{channel}", "letter")
    )
    units.engine.dispose()
    line = Line(
        f"Letters, {letters:,} all different", "letters/s", letters, ">= 0.70 of typst in one document"
    )
    side = _Sides(ground, letters)
    try:
        alternate(
            line, ours=side.release, other=side.compile_bare, before_ours=side.make_ready,
            before_other=side.make_process,
            cpu_of=side.cpu, pairs=pairs, say=say,
        )  # fmt: skip
    finally:
        side.close()
    line.notes["typst in one document"] = f"{letters / line.other_seconds:,.0f} letters/s"
    line.notes["by figures of a quiet machine"] = (
        f"{line.rate / WEASYPRINT_PER_SECOND:.1f} x WeasyPrint's {WEASYPRINT_PER_SECOND} letters/s (goal"
        f" {WEASYPRINT_TIMES}), {line.rate / TRYTON_PER_SECOND:.1f} x Tryton's {TRYTON_PER_SECOND} ODT/s"
        f" (goal {TRYTON_TIMES})"
    )
    return line


class _Sides:
    def __init__(self, ground: Ground, letters: int) -> None:
        self.ground, self.letters = ground, letters
        self.helper: Helper | None = None
        self.source, self.values = self._as_one_document()

    def _as_one_document(self) -> tuple[str, list[dict[str, Any]]]:
        """What the letters are made of, as the product reserved them, and one source for all of them."""
        self.make_ready()
        assert self.helper is not None
        reserved: list[dict[str, Any]] = self.helper.ask(what="reserve")["reserved"]
        sources = {one["source"] for one in reserved}
        if len(reserved) != self.letters or len(sources) != 1:
            raise BenchFailed(f"{len(reserved)} letters of {len(sources)} templates may leave")
        letter = sources.pop().replace(_READS, "").replace(_TITLE, "")
        # In one document the pages of all letters would be counted together.
        letter = letter.replace('counter(page).display("1 / 1", both: true)', '"1 / 1"')
        return _BATCH.format(letter=letter), [one["values"] for one in reserved]

    def close(self) -> None:
        if self.helper is not None:
            self.helper.close()
            self.helper = None

    def cpu(self) -> float:
        return self.ground.cpu() + (self.helper.cpu() if self.helper else 0.0)

    def make_ready(self) -> None:
        self.ground.copy(_WAITING, _RUN)
        self.make_process()
        assert self.helper is not None
        self.helper.ask(what="some", limit=FIRST)

    def make_process(self) -> None:
        """A process of its own for each run: typst remembers what it has set before, also for other texts."""
        self.close()
        self.helper = Helper("infra.bench.releasing", self.ground.environment(_RUN))
        self.helper.ask(what="warm", threads=THREADS)

    def release(self) -> None:
        assert self.helper is not None
        self.helper.ask(what="release", threads=THREADS, hand_over=False, letters=True)
        with self.ground.postgres.superuser(_RUN) as connection:
            sent = connection.execute(
                "SELECT count(DISTINCT content_sha256) FROM message WHERE state = 'sent'"
            ).fetchone()
        if sent != (FIRST + self.letters,):
            raise BenchFailed(f"{sent} letters left, {FIRST + self.letters} were to leave")

    def compile_bare(self) -> None:
        assert self.helper is not None
        self.helper.ask(what="compile", source=self.source, values=self.values)
