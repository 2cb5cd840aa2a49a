"""A process that releases messages as the worker does: threads reserve, render, keep, hand over, confirm.

Asked with `hand_over` false, providers are a hand that takes everything at once: then what is measured ends
at the provider's door.
"""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import mjml
import typst

from agency.communication.jobs import PRINTED_AT_ONCE
from agency.communication.release import Reserved, reserve_due
from agency.communication.rendering import letter_values, render
from agency.communication.sending import send_chunk
from agency.kernel.unit import Door
from agency.ports.providers import Attachment, EmailSender, LetterPrinter, PrintBatch, Sender, TakenBatch
from infra.bench.answering import answer_questions
from integrations.rendering.mail import mail_environment
from portal.wiring import Wiring, wire

BY = "system:bench"
RESERVED: list[Reserved] = []
FILLED: list[str] = []


class TakesMail:
    """A mail provider that takes everything at once and never loses what could be asked after."""

    def send(
        self, *, message_id: str, sender: Sender, to: str, subject: str, html: str, text: str,
        attachments: Sequence[Attachment] = (),
    ) -> str:  # fmt: skip
        """Take a mail."""
        return message_id

    def find(self, *, message_id: str, after: datetime, to: str = "") -> str | None:
        """Say that it arrived."""
        return message_id


class TakesLetters:
    """A printer that takes every batch at once and counts what we counted."""

    def __init__(self) -> None:
        self.taken: dict[str, TakenBatch] = {}

    def submit(self, batch: PrintBatch) -> TakenBatch:
        """Take a batch."""
        return self.taken.setdefault(batch.batch_id, TakenBatch(batch.batch_id, "held", batch.totals))

    def release(self, *, batch_id: str) -> TakenBatch:
        """Print it."""
        self.taken[batch_id] = replace(self.taken[batch_id], state="released")
        return self.taken[batch_id]

    def cancel(self, *, batch_id: str) -> TakenBatch:
        """Give it back."""
        self.taken[batch_id] = replace(self.taken[batch_id], state="cancelled")
        return self.taken[batch_id]

    def find(self, *, batch_id: str) -> TakenBatch | None:
        """Say how it stands."""
        return self.taken.get(batch_id)


def release_all(wiring: Wiring, *, threads: int, hand_over: bool, letters: bool = False) -> dict[str, Any]:
    """This function will release what is due, some chunks side by side, and tell how many it looked at.

    :param letters: what is due are letters, which leave as the print run has them leave.
    """
    chunk = {"limit": PRINTED_AT_ONCE, "letters": True} if letters else {}
    mail: EmailSender = TakesMail()
    printer: LetterPrinter = TakesLetters()
    ports = wiring.ports if hand_over else replace(wiring.ports, email=mail, letters=printer)

    def work(_: int) -> int:
        looked = 0
        while now := send_chunk(wiring.units, ports=ports, settings=wiring.settings, **chunk):
            looked += now
        return looked

    with ThreadPoolExecutor(threads) as pool:
        return {"looked_at": sum(pool.map(work, range(threads)))}


def reserve_all(wiring: Wiring) -> dict[str, Any]:
    """This function will reserve the letters that are due and hand out what each is made of."""
    return {
        "reserved": [
            {"source": one.body_source, "values": letter_values(one.values, drawing="")}
            for one in _reserved(wiring)
        ]
    }


def warm_up(wiring: Wiring, *, threads: int) -> dict[str, Any]:
    """This function will have each thread load what typst loads once: its fonts."""
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: _typeset(wiring), range(threads)))
    return {}


def release_some(wiring: Wiring, *, limit: int) -> dict[str, Any]:
    """This function will release a few letters: a worker reads its tables of law, its mappings and its
    statements once, with the first ones that it sends, and no letter of a run pays for it."""
    ports = replace(wiring.ports, letters=TakesLetters())
    return {
        "looked_at": send_chunk(
            wiring.units, ports=ports, settings=wiring.settings, limit=limit, letters=True
        )
    }


def _typeset(wiring: Wiring) -> None:
    source = '#set document(title: "A")\n#set text(lang: "nl")\nA letter'
    wiring.ports.renderer.letter(source=source, values={}, dated=date(2026, 1, 1))
    time.sleep(0.2)  # so that another thread takes the next one


def compile_as_one(_: Wiring, *, source: str, values: list[dict[str, Any]]) -> dict[str, Any]:
    """This function will compile all letters as one document with typst and nothing else."""
    pdf = typst.Compiler(ignore_system_fonts=True).compile(
        input=source.encode(), format="pdf", sys_inputs={"data": json.dumps(values)}, timestamp=0,
        pdf_standards=["a-2a", "ua-1"],
    )  # fmt: skip
    assert isinstance(pdf, bytes)
    return {"bytes": len(pdf)}


def render_all(wiring: Wiring) -> dict[str, Any]:
    """This function will render and keep all that can be reserved, by one thread: its CPU seconds."""
    reserved = _reserved(wiring)
    begun = time.thread_time()
    kept = {wiring.ports.files.put(render(one, wiring.ports.renderer).content) for one in reserved}
    return {"kept": len(kept), "cpu": time.thread_time() - begun}


def mjml_alone(wiring: Wiring) -> dict[str, Any]:
    """This function will make HTML of the same mails, whose texts were filled in before: its CPU seconds."""
    if not FILLED:  # in the run that warms up
        environment = mail_environment()
        for source, group in _by_source(_reserved(wiring)).items():
            template = environment.from_string(source)
            FILLED.extend(template.render(one.values) for one in group)
    begun = time.thread_time()
    for markup in FILLED:
        mjml.mjml2html(markup, fonts={})
    return {"cpu": time.thread_time() - begun}


def _reserved(wiring: Wiring) -> list[Reserved]:
    """Everything that waits, reserved once; what was reserved is kept by this process and by nobody else."""
    while True:
        with wiring.units.open(Door.WORKER, by=BY) as unit:
            reservation = reserve_due(unit, settings=wiring.settings)
        if not reservation.looked_at:
            return RESERVED
        RESERVED.extend(reservation.reserved)


def _by_source(reserved: Sequence[Reserved]) -> dict[str, list[Reserved]]:
    groups: dict[str, list[Reserved]] = {}
    for one in reserved:
        groups.setdefault(one.body_source, []).append(one)
    return groups


if __name__ == "__main__":
    WIRING = wire()
    ASKED = {
        "release": release_all, "reserve": reserve_all, "render": render_all, "warm": warm_up,
        "some": release_some, "compile": compile_as_one, "mjml": mjml_alone,
    }  # fmt: skip

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked."""
        return ASKED[question.pop("what")](WIRING, **question)

    answer_questions(answer)
