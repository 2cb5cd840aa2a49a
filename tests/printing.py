"""What tests of printed letters start from: PDFs of some pages, letters, and batches with right totals."""

import hashlib
from datetime import date
from io import BytesIO
from typing import Any

from pypdf import PdfWriter

from agency.ports.providers import PrintBatch, PrintedLetter
from agency.rules.print_batch import CountedLetter, Envelope, MailClass, totals_of
from integrations.letters.printer import HttpLetterPrinter

TODAY = date(2026, 11, 3)
ADDRESS = ("Mevrouw J. Jansen", "Dorpsstraat 1", "1234 AB Ons Dorp")


def pdf_of(pages: int) -> bytes:
    writer, out = PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    writer.write(out)
    return out.getvalue()


def letter(number: int, *, pages: int = 1, address: tuple[str, ...] = ADDRESS) -> PrintedLetter:
    return PrintedLetter(
        message_id=f"msg-{number}",
        pdf=pdf_of(pages),
        address=address,
        pages=pages,
        amount_minor=1000 + number,
    )


def a_batch(*letters: PrintedLetter, batch_id: str = "batch-1") -> PrintBatch:
    counted = [
        CountedLetter(one.message_id, hashlib.sha256(one.pdf).hexdigest(), one.pages, one.amount_minor)
        for one in letters
    ]
    return PrintBatch(
        batch_id=batch_id,
        country="NL",
        envelope=Envelope.C5,
        mail_class=MailClass.PLAIN,
        currency="EUR",
        letters=letters,
        totals=totals_of(counted, on=TODAY),
    )


def print_one(simulator: Any, *, pdf: bytes, address: tuple[str, ...] = ADDRESS, key: str = "k") -> str:
    """Have the simulated shop print one letter, and return its number there."""
    printer = HttpLetterPrinter(url=f"{simulator.url}/letters", key=key, production=False)
    one = PrintedLetter(message_id="msg-1", pdf=pdf, address=address, pages=1, amount_minor=1000)
    printer.submit(a_batch(one))
    printer.release(batch_id="batch-1")
    printer.close()
    found: str = simulator.messages(channel="letter")[0]["id"]
    return found
