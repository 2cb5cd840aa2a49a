"""Every parser of files and values, with the real files it is tried on and how it may refuse."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import islice
from typing import Any, Final

from agency.intake import values
from agency.intake.amounts import NotUnderstood, parse_amount, to_minor
from agency.intake.archive import unpack
from agency.intake.columns import propose
from agency.intake.mapping import Mapped
from agency.intake.preview import preview
from agency.intake.reading import Progress, read_table
from agency.intake.rows import Habits
from agency.intake.sorting import kind_of
from agency.intake.ubl import read_invoices
from agency.intake.writing import find_writing
from infra.fuzz.documents import DOCUMENTS
from infra.fuzz.messages import MESSAGES
from infra.fuzz.parser import Parser
from integrations.bankfiles import read_bank_file
from integrations.einvoice import read_einvoice

TODAY: Final = date(2026, 11, 26)
ROWS: Final = 50_000


def _table(content: bytes) -> object:
    """The whole way of a table: read, propose, see how it is written, check its first rows, go through it."""
    table = read_table(content)
    columns = propose(table.headers, table.sample).columns
    writing = find_writing(columns, table.headers, table.sample)
    mapped = Mapped(
        columns=columns, decimal_sign=writing.decimal_sign, date_order=writing.date_order or "day"
    )
    habits = Habits(country="NL", language="nl")
    preview(table.headers, table.sample, mapped=mapped, habits=habits, today=TODAY)
    return sum(1 for _ in islice(table.rows, ROWS))


def _archive(content: bytes) -> object:
    rows = read_invoices(content, name="x.zip", reader=read_einvoice, progress=Progress(1))
    return sum(1 for _ in islice(rows, ROWS))


def _invoice(content: bytes) -> object:
    return read_einvoice(content, "x")


def _unpacked(content: bytes) -> object:
    return [packed.name for packed in unpack(content)]


def _values(content: bytes) -> object:
    """Each value parser on the same text; each refuses by itself."""
    text = content.decode("utf-8", "replace")[:2_000]
    found = 0
    for read in VALUES:
        try:
            read(text)
            found += 1
        except NotUnderstood:
            continue
    return found


VALUES: Final[Sequence[Callable[[str], Any]]] = (
    lambda text: parse_amount(text, decimal_sign=","),
    lambda text: parse_amount(text, decimal_sign="."),
    lambda text: parse_amount(text, decimal_sign=None),
    lambda text: to_minor(parse_amount(text, decimal_sign=None), "EUR"),
    lambda text: values.parse_date(text, order="day"),
    lambda text: values.parse_date(text, order="month"),
    values.identifier,
    lambda text: values.postcode(text, "NL"),
    lambda text: values.postcode(text, "BE"),
    values.email,
    lambda text: values.phone(text, "NL"),
    values.iban,
    lambda text: values.vat_number(text, "NL"),
    lambda text: values.vat_number(text, "BE"),
    lambda text: values.registration_number(text, "NL"),
    lambda text: values.registration_number(text, "BE"),
    values.country,
    values.currency,
)

PARSERS: Final = (
    Parser(
        "table",
        _table,
        (
            "06_hostile/messytables_horror/*",
            "06_hostile/frictionless_csv/*",
            "06_hostile/csv_spectrum/csvs/*",
            "06_hostile/clevercsv/*",
            "06_hostile/csv_injection/*",
            "06_hostile/blns/*.txt",
            "03_bank/csv_bank2ynab/*",
            "07_reference/address_bag_nl/*",
        ),
    ),
    Parser("workbook", _table, ("06_hostile/excel_*/*", "06_hostile/messytables_horror/*.[xo]*")),
    Parser("e-invoice", _invoice, ("02_einvoice/**/*.xml", "06_hostile/xml_defusedxml/*")),
    Parser("pdf", _invoice, ("02_einvoice/**/*.pdf", "06_hostile/pdf_pdfjs/*")),
    Parser("archive", _archive, ("06_hostile/zip_*/*",)),
    Parser("unpacking", _unpacked, ("06_hostile/zip_*/*", "06_hostile/excel_*/*.xlsx")),
    Parser("sorting", kind_of, ("06_hostile/*/*", "02_einvoice/*/*")),
    Parser("camt", read_bank_file, ("03_bank/camt_*/*",)),
    Parser("mt940", read_bank_file, ("03_bank/mt940_*/*",)),
    Parser("coda", read_bank_file, ("03_bank/coda_*/*",)),
    Parser("bank_csv", read_bank_file, ("03_bank/csv_*/*",)),
    Parser("values", _values, ("06_hostile/blns/blns.txt", "07_reference/*.csv"), (NotUnderstood,)),
    *DOCUMENTS,
    *MESSAGES,
)
BY_NAME: Final = {parser.name: parser for parser in PARSERS}
