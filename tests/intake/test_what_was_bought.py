"""How a claim that comes as an e-invoice is described to its debtor."""

from dataclasses import replace

import pytest

from agency.intake.table import Progress
from agency.intake.ubl import BOUGHT_MAX, read_invoices
from integrations.einvoice import read_einvoice
from tests.einvoice.invoice_samples import ubl

pytestmark = pytest.mark.pure


def described(*items: str) -> object:
    def reader(content: bytes, name: str):
        return replace(read_einvoice(content, name), items=items)

    rows = read_invoices(ubl().encode(), name="facture.xml", reader=reader, progress=Progress(1))
    return next(iter(rows)).cells["description"]


def test_a_belgian_consumer_reads_what_he_bought():
    assert described("Carrelage", "Colle") == "Carrelage, Colle"


def test_a_long_list_ends_where_a_letter_has_room():
    told = described(*(f"Carrelage {n}" for n in range(50)))
    assert len(told) <= BOUGHT_MAX
    assert told.endswith(" …")


def test_without_lines_the_number_must_do():
    assert described() == "00042"
