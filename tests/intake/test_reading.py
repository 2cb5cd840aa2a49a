"""Tables from files as the world makes them; a broken one is refused with a sentence, never an exception."""

import io
import random
import zipfile
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from agency.intake.reading import guard_archive, read_table
from agency.ports.readers import Unreadable

pytestmark = pytest.mark.pure


def rows_of(content: bytes):
    table = read_table(content)
    return table.headers, [list(cells) for _, cells in table.rows]


class TestCsv:
    @pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    def test_is_read_in_every_delimiter_and_encoding(self, delimiter, encoding):
        lines = [
            delimiter.join(("Naam", "Bedrag", "Plaats")),
            delimiter.join(("Café Müller", "12", "'s-Gravenhage €")),
        ]
        headers, rows = rows_of("\n".join(lines).encode(encoding))
        assert headers == ("Naam", "Bedrag", "Plaats")
        assert rows == [["Café Müller", "12", "'s-Gravenhage €"]]

    def test_numbers_rows_as_a_spreadsheet_does_and_leaves_blank_ones_out(self):
        table = read_table(b"a;b\n1;2\n;\n3;4\n")
        assert [number for number, _ in table.rows] == [2, 4]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty"),
            (b"a;b\n1;\x002\n", "line 2 contains a NUL"),
            (b'a;b\n1;"open\n', "line"),
            (b"a;b\n1;" + b"x" * 30_000, "line 2"),
            (b";".join([b"k"] * 400) + b"\n" + b";".join([b"1"] * 400), "columns"),
            (b"just one column\nx\n", "one column"),
            (b"a;b\n\x81\x8d;2\n", "encoding"),
        ],
    )
    def test_is_refused_whole_when_broken(self, content, reason):
        with pytest.raises(Unreadable) as refusal:
            rows_of(content)
        assert reason in refusal.value.reason

    @settings(deadline=None)
    @given(st.binary(max_size=400))
    def test_any_bytes_are_read_or_refused(self, content):
        try:
            rows_of(content)
        except Unreadable:
            return


class TestWorkbook:
    def workbook(self, *rows) -> bytes:
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out)
        sheet = book.add_worksheet()
        for index, row in enumerate(rows):
            sheet.write_row(index, 0, row)
        book.close()
        return out.getvalue()

    def test_keeps_texts_as_texts_and_numbers_as_numbers(self):
        headers, rows = rows_of(self.workbook(["Nr", "Klant", "Bedrag"], [1234.0, "00077", 0.1]))
        assert headers == ("Nr", "Klant", "Bedrag")
        assert rows == [[Decimal(1234), "00077", Decimal("0.1")]]

    def test_damaged_ones_are_refused(self):
        content = bytearray(self.workbook(["a", "b"], [1, 2]))
        rng = random.Random(7)
        for _ in range(60):
            broken = bytearray(content)
            for _ in range(rng.randint(1, 40)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            try:
                rows_of(bytes(broken[: rng.randint(10, len(broken))]))
            except Unreadable:
                continue

    def test_real_and_hostile_ones_are_read_or_refused(self, real_data):
        files = [
            *(real_data / "06_hostile").glob("excel_*/*"),
            *(real_data / "06_hostile/messytables_horror").glob("*"),
            *(real_data / "06_hostile/frictionless_csv").glob("*"),
            *(real_data / "06_hostile/csv_spectrum/csvs").glob("*"),
        ]
        assert len(files) > 40
        read = 0
        for path in files:
            try:
                rows_of(path.read_bytes())
                read += 1
            except Unreadable:
                continue
        assert read > 20


class TestArchive:
    def test_a_bomb_is_stopped_before_it_unpacks(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.xml", b"\0" * 50_000_000)
        with pytest.raises(Unreadable, match="unpacks"):
            guard_archive(out.getvalue())

    def test_damaged_archives_are_refused(self, real_data):
        refused = 0
        for path in (real_data / "06_hostile/zip_bad_yauzl").glob("*.zip"):
            try:
                guard_archive(path.read_bytes())
            except Unreadable:
                refused += 1
        assert refused >= 4
