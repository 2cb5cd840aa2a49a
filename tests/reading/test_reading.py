"""What the product says of any file that is handed in."""

import gzip
import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.reading import as_text, read_content, read_paths
from tests.bankfiles.bank_samples import IBAN, MT940, balance, camt053, entry, statement
from tests.einvoice.invoice_samples import cii, pdf, ubl

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


class TestReading:
    def test_an_invoice(self):
        assert read_content(ubl().encode(), "factuur.xml") == {
            "kind": "invoice",
            "number": "00042",
            "issue_date": "2026-10-01",
            "due_date": "2026-10-31",
            "currency": "EUR",
            "seller": "Bakker & Zn",
            "buyer": "Café de Hoek",
            "total_incl_vat": "121.00",
            "payable": "121.00",
            "iban": "BE68539007547034",
            "payment_reference": "+++010/8068/17183+++",
            "warnings": [],
        }

    def test_an_invoice_inside_a_pdf_with_what_it_leaves_out(self):
        read = read_content(pdf({"factur-x.xml": cii(terms="").encode()}))
        assert (read["number"], read["due_date"], read["iban"]) == ("F-7", None, None)

    @pytest.mark.parametrize(
        "content", [camt053(statement(entry(), id="X")), MT940.replace("ABN AMRO BANK NV", "X")]
    )
    def test_a_bank_file(self, content):
        content = content if isinstance(content, bytes) else content.encode()
        (read,) = read_content(content)["statements"]
        assert list(read) == [
            "id", "account", "currency", "opening", "closing", "entries", "sum", "balances", "warnings",
        ]  # fmt: skip
        assert (read["id"], read["account"], read["currency"], read["opening"]) == (
            "X",
            IBAN,
            "EUR",
            "100.00",
        )
        assert read["balances"] is True

    def test_a_statement_that_does_not_tie_or_cannot(self):
        wrong = camt053(statement(entry(), closing=balance("CLBD", "1.00")), statement(entry(), opening=""))
        first, second = read_content(wrong)["statements"]
        assert (first["balances"], len(first["warnings"])) == (False, 1)
        assert (second["opening"], second["balances"]) == (None, None)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty"),
            (b" \r\n", "empty"),
            (b"PK\x03\x04...", "zip archive"),
            (gzip.compress(b"x", mtime=0), "gzip"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old office document"),
            (pdf({}), "scan without text"),
            (b"nummer;bedrag\n1;2,00\n", "neither an e-invoice"),
            (b"<Order xmlns='urn:oasis:names:specification:ubl:schema:xsd:Order-2'/>", "is a Order"),
            (b'<Invoice xmlns="http://www.ebinterface.at/schema/6p1/"/>', "is a Invoice"),
            (b"<?xml version='1.0' encoding='klingon'?><Invoice/>", "not well-formed"),
            (b"\xff\xfe<\x00", "not well-formed"),
        ],
    )
    def test_anything_else_is_refused_with_its_reason(self, content, reason):
        read = read_content(content, "bestand")
        assert list(read) == ["refused"]
        assert reason in read["refused"]

    @given(st.binary(max_size=300))
    def test_any_bytes_get_an_answer(self, content):
        assert json.dumps(read_content(content))

    @given(st.text(alphabet=":2068E1CDF{4}-/<>!?xml \n\t'\"[]&;#", max_size=200))
    def test_any_look_alike_gets_an_answer(self, text):
        assert json.dumps(read_content(text.encode()))


class TestPaths:
    def test_each_file_answers_for_itself(self, tmp_path: Path):
        good, packed = tmp_path / "goed.xml", tmp_path / "map.zip"
        good.write_bytes(ubl().encode())
        with ZipFile(packed, "w") as archive:
            archive.writestr("goed.xml", ubl())
        results = read_paths([good, packed, tmp_path, str(tmp_path / "weg.xml")])
        assert [each["file"] for each in results] == [
            str(good), str(packed), str(tmp_path), str(tmp_path / "weg.xml"),
        ]  # fmt: skip
        assert results[0]["number"] == "00042"
        assert [each.get("refused") for each in results[1:]] == [
            "a zip archive or an office document; unpack it and hand in the files",
            "not a file",
            "no such file",
        ]

    def test_the_text_form_names_every_fact_and_warning(self, tmp_path: Path):
        bank, other = tmp_path / "bank.xml", tmp_path / "ander.txt"
        bank.write_bytes(camt053(statement(entry(), closing=balance("CLBD", "1.00")), statement(opening="")))
        other.write_bytes(b"x")
        text = as_text(read_paths([bank, other]))
        assert text.startswith(f"{bank}:\n  id: S1\n  account: {IBAN}\n  currency: EUR\n")
        assert "  sum: 25.00\n  balances: no\n  warning: opening 100.00 and entries 25.00 make 125.00" in text
        assert "  opening: -\n" in text
        assert text.endswith(
            f"{other}:\n  refused: neither an e-invoice (UBL, CII, Factur-X) nor a bank file"
            " (camt, MT940, CODA, CSV of a known bank)"
        )

    def test_every_real_file_gets_an_answer(self, real_data: Path):
        files = sorted(path for path in real_data.rglob("*") if path.is_file())
        results = read_paths(files)
        assert len(results) == len(files) >= 800
        read = {
            Path(each["file"]).relative_to(real_data).parts[0] for each in results if "refused" not in each
        }
        assert read == {"02_einvoice", "03_bank"}
        assert all(each["refused"] for each in results if "refused" in each)
        assert json.dumps(results)
        assert as_text(results)
