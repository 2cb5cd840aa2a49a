"""The generated portfolio has the figures of real ones, and its files are what real systems write."""

import os
from datetime import date
from pathlib import Path
from statistics import quantiles

import pytest
from lxml import etree

from integrations.einvoice.reader import read_einvoice
from integrations.simulator.portfolio import (
    SMALL_AMOUNTS,
    TRADE_AMOUNTS,
    as_csv,
    belgian_portfolio,
    consumer_portfolio,
    trade_portfolio,
)
from integrations.simulator.ubl_writer import Supplier, write_ubl, zip_of_ubl

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

TODAY = date(2026, 11, 22)
SUPPLIER = Supplier(
    name="Vandaele Bouwmaterialen NV",
    enterprise_number="0403170701",
    iban="BE68539007547034",
    street="Havenlaan 2",
    postal_code="2000",
    city="Antwerpen",
    email="facturen@vandaele.example",
)
REAL_DATA = Path(os.environ.get("REAL_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))


@pytest.mark.parametrize(
    ("portfolio", "expected"), [(trade_portfolio, TRADE_AMOUNTS), (consumer_portfolio, SMALL_AMOUNTS)]
)
def test_amounts_have_the_percentiles_of_real_portfolios(portfolio, expected):
    amounts = [invoice.amount_minor for invoice in portfolio(seed=3, today=TODAY, claims=8000)]
    deciles = quantiles(amounts, n=10)
    for found, wanted in zip((deciles[0], deciles[4], deciles[8]), expected, strict=True):
        assert wanted * 0.85 < found < wanted * 1.15


def test_same_seed_gives_the_same_bytes_and_another_seed_gives_others():
    first = as_csv(trade_portfolio(seed=1, today=TODAY, claims=50))
    assert first == as_csv(trade_portfolio(seed=1, today=TODAY, claims=50))
    assert first != as_csv(trade_portfolio(seed=2, today=TODAY, claims=50))
    belgian = belgian_portfolio(seed=1, today=TODAY, claims=20)
    assert zip_of_ubl(supplier=SUPPLIER, invoices=belgian) == zip_of_ubl(supplier=SUPPLIER, invoices=belgian)


def test_names_and_ids_are_as_untidy_as_real_ones():
    invoices = trade_portfolio(seed=1, today=TODAY, claims=400)
    names = {invoice.debtor.name for invoice in invoices}
    assert any(name != name.rstrip() for name in names)
    assert all(invoice.debtor.reference.startswith("0") for invoice in invoices)
    spellings = {}
    for invoice in invoices:
        spellings.setdefault(invoice.debtor.reference, set()).add(invoice.debtor.name)
    assert any(len(found) > 1 for found in spellings.values())


def test_every_invoice_is_read_back_to_the_cent_and_a_credit_note_names_its_invoice():
    invoices = belgian_portfolio(seed=1, today=TODAY, claims=120)
    assert any(invoice.amount_minor < 0 for invoice in invoices)
    for invoice in invoices:
        read = read_einvoice(write_ubl(supplier=SUPPLIER, invoice=invoice), "x.xml")
        assert read.number == invoice.number
        assert read.payable.minor == abs(invoice.amount_minor)
        assert read.kind == ("credit_note" if invoice.amount_minor < 0 else "invoice")
        if invoice.credits:
            assert [reference for reference in read.billing_references if invoice.credits in str(reference)]


def test_invoices_are_valid_ubl():
    folder = REAL_DATA / "04_schemas/ubl21/maindoc"
    if not folder.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("REAL_DATA is absent in CI")
        pytest.skip("REAL_DATA is absent: no UBL schemas to validate against")
    schemas = {
        kind: etree.XMLSchema(etree.parse(folder / f"UBL-{kind}-2.1.xsd"))
        for kind in ("Invoice", "CreditNote")
    }
    for invoice in belgian_portfolio(seed=2, today=TODAY, claims=60):
        kind = "CreditNote" if invoice.amount_minor < 0 else "Invoice"
        schemas[kind].assertValid(etree.fromstring(write_ubl(supplier=SUPPLIER, invoice=invoice)))
