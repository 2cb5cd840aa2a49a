"""E-mails: rendered per core and second (filled in, MJML, plain part, .eml kept), against MJML alone; and
released over HTTP to the simulator (reserve, send, confirm), against as many bare requests to it.
"""

import json
from collections.abc import Callable

from infra.bench.ground import BenchFailed, Ground, Helper, Web
from infra.bench.harness import Line, alternate
from infra.bench.treated import MESSAGES, write_treated

THREADS, PROCESSES = 2, 2
PER_CORE, PER_SECOND = 200, 300
_WAITING, _RUN = "bench_mails", "bench_mails_run"
_SIMULATOR = "integrations.simulator.app:app"
_HTML_BYTES, _TEXT_BYTES = 21_000, 1_400  # about what a final notice has
_MAIL = {
    "personalizations": [{"to": [{"email": "debtor@klant.example"}], "custom_args": {"message_id": "bare"}}],
    "from": {"email": "post@bench.example", "name": "Bench"},
    "subject": "A subject",
    "content": [
        {"type": "text/plain", "value": "word " * (_TEXT_BYTES // 5)},
        {"type": "text/html", "value": "<p>a word</p>" * (_HTML_BYTES // 13)},
    ],
}


def measure_mails(ground: Ground, *, mails: int, pairs: int, say: Callable[[str], None]) -> list[Line]:
    """This function will measure that many e-mails: rendered by one thread, then released by the workers."""
    say(f"{mails:,} e-mails wait")
    waiting = MESSAGES.replace("{channel}", "email")
    write_treated(ground, database=_WAITING, claims=mails, more=waiting).engine.dispose()
    return [_rendering(ground, mails, pairs, say), _releasing(ground, mails, pairs, say)]


def _rendering(ground: Ground, mails: int, pairs: int, say: Callable[[str], None]) -> Line:
    """Both sides work in one process on what was reserved once: the reservation is not part of rendering."""
    ground.copy(_WAITING, _RUN)
    helper = Helper("infra.bench.releasing", ground.environment(_RUN))
    line = Line(
        f"E-mails rendered and kept, {mails:,} all different", "e-mails/s", mails,
        f">= {PER_CORE} per second of CPU",
    )  # fmt: skip

    def ours() -> None:
        done = helper.ask(what="render")
        if done["kept"] != mails:
            raise BenchFailed(f"{done['kept']} different e-mails were kept, {mails} were to be")
        line.measure(cpu=done["cpu"])

    def bare() -> None:
        line.measure(bare=helper.ask(what="mjml")["cpu"])

    try:
        alternate(line, ours=ours, other=bare, cpu_of=helper.cpu, pairs=pairs, say=say)
    finally:
        helper.close()
    line.notes["per core"] = (
        f"{mails / line.median('cpu'):,.0f} per second of CPU; MJML alone, text filled in before,"
        f" {mails / line.median('bare'):,.0f}"
    )
    return line


def _releasing(ground: Ground, mails: int, pairs: int, say: Callable[[str], None]) -> Line:
    line = Line(
        f"E-mails reserved, sent and confirmed, {mails:,}", "e-mails/s", mails,
        f">= {PER_SECOND} per second to the simulator",
    )  # fmt: skip
    side = _Releases(ground, mails)
    try:
        alternate(
            line, ours=side.release, other=side.post_bare, before_ours=side.make_ready,
            before_other=side.make_simulator, cpu_of=side.cpu, pairs=pairs, say=say,
        )  # fmt: skip
    finally:
        side.close()
    line.notes["bare requests"] = f"{mails / line.other_seconds:,.0f} per second to the same simulator"
    return line


class _Releases:
    """Workers and simulator are processes of their own, new for each run."""

    def __init__(self, ground: Ground, mails: int) -> None:
        self.ground, self.mails = ground, mails
        self.helpers: list[Helper] = []
        self.simulator: Web | None = None
        self.load = Helper("infra.bench.load", ground.environment(_WAITING))

    def close(self) -> None:
        self._end()
        self.load.close()

    def _end(self) -> None:
        while self.helpers:
            self.helpers.pop().close()
        if self.simulator is not None:
            self.simulator.stop()
            self.simulator = None

    def cpu(self) -> float:
        simulated = self.simulator.cpu() if self.simulator else 0.0
        return self.ground.cpu() + simulated + sum(one.cpu() for one in (*self.helpers, self.load))

    def make_simulator(self) -> Web:
        self._end()
        environment = self.ground.environment(_RUN, SIMULATOR_DATA=":memory:")
        self.simulator = self.ground.serve(_SIMULATOR, environment, ready="/")
        return self.simulator

    def make_ready(self) -> None:
        simulator = self.make_simulator()
        self.ground.copy(_WAITING, _RUN)
        environment = self.ground.environment(_RUN, AGENCY_SIMULATOR_URL=f"http://127.0.0.1:{simulator.port}")
        self.helpers = [Helper("infra.bench.releasing", environment) for _ in range(PROCESSES)]

    def release(self) -> None:
        for helper in self.helpers:
            helper.hand_over(what="release", threads=THREADS, hand_over=True)
        for helper in self.helpers:
            helper.answer()
        with self.ground.postgres.superuser(_RUN) as connection:
            sent = connection.execute("SELECT count(*) FROM message WHERE state = 'sent'").fetchone()
        if sent != (self.mails,):
            raise BenchFailed(f"{sent} e-mails left, {self.mails} were to leave")

    def post_bare(self) -> None:
        assert self.simulator is not None
        headers = {"authorization": "Bearer bench", "content-type": "application/json"}
        request = ["POST", "/sendgrid/v3/mail/send", headers, json.dumps(_MAIL)]
        self.load.ask(port=self.simulator.port, connections=THREADS * PROCESSES, asked=[request] * self.mails)
