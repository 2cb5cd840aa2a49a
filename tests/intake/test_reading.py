"""Tables from files as the world makes them; a broken one is refused with a sentence, never an exception."""

import csv
import io
import random
import zipfile
from datetime import date
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from agency.intake.archive import unpack
from agency.intake.reading import guard_archive, read_table
from agency.ports.readers import Unreadable

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


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

    @pytest.mark.parametrize("rows_behind", [3, 5_000])
    def test_an_unclosed_quotation_mark_is_told_where_it_stands_and_nothing_is_swallowed(self, rows_behind):
        content = b"sep=;\na;b\n1;2\n" + b'3;"Jan\n' + b"5;6\n" * rows_behind
        with pytest.raises(Unreadable, match=r"line 4 has a quotation mark that is not closed; noticed at"):
            list(read_table(content).rows)

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
            (b"a;b\nk\x94l\x01\x81;2\n", "encoding"),
            ("Naam;Plaats\nJoëlle;Liège\nAndré;Ni".encode() + b"\xc3\n", "line 3 is not in UTF-8"),
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


def test_apostrophes_around_every_header_are_quotes():
    headers, rows = rows_of(b"'Factuur';'Naam';'Bedrag'\n'00012';'Bakker; ''t Hof';'10,00'\n")
    assert (headers, rows) == (("Factuur", "Naam", "Bedrag"), [["00012", "Bakker; 't Hof", "10,00"]])
    _, rows = rows_of(b"Factuur;Naam\n1;'t Hoekje\n2;Frits' Fietsen\n")
    assert [row[1] for row in rows] == ["'t Hoekje", "Frits' Fietsen"]


def as_windows_has(byte: int) -> str:
    """What a byte means in Windows-1252; a few mean nothing and stay as they are."""
    return bytes([byte]).decode("cp1252", errors="ignore") or chr(byte)


class TestSignsReadWrongOnce:
    @pytest.mark.parametrize("name", ["Café Zoë", "Élan à Liège", "Brûlée ’t Hof", "Äpfel & Öl", "Señor Ça"])
    def test_are_those_that_they_were(self, name):
        text = f"Factuur;Débiteur;Bedrag\nF1;{name};€ 10,00\n"
        headers, rows = rows_of("".join(map(as_windows_has, text.encode())).encode())
        assert headers == ("Factuur", "Débiteur", "Bedrag")
        assert rows == [["F1", name, "€ 10,00"]]

    def test_are_left_where_words_have_them(self):
        _, rows = rows_of("Factuur;Naam\nF1;São João Âge\nF2;SÃO PAULO\n".encode())
        assert [row[1] for row in rows] == ["São João Âge", "SÃO PAULO"]

    def test_are_the_euro_in_latin_9(self):
        _, rows = rows_of("Factuur;Naam;Bedrag\nF1;Zoë;€ 10,00\n".encode("iso-8859-15"))
        assert rows == [["F1", "Zoë", "€ 10,00"]]


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

    def test_a_cell_far_away_ends_the_reading_not_the_process(self):
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out)
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Naam", "Bedrag"])
        sheet.write(1_048_575, 16_383, "far")
        book.close()
        with pytest.raises(Unreadable, match=r"memory|larger"):
            rows_of(out.getvalue())

    def test_a_list_of_what_is_owed_goes_before_one_of_customers(self):
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out)
        book.add_worksheet("Klanten").write_row(
            0, 0, ["Klantnr", "Naam", "Adres", "Postcode", "Plaats", "E-mail", "Telefoon"]
        )
        book.add_worksheet("Facturen").write_row(0, 0, ["Klantnr", "Factuurnummer", "Vervaldatum", "Bedrag"])
        book.close()
        assert read_table(out.getvalue()).sheet == "Facturen"

    def test_the_sheet_with_the_open_items_is_read_and_the_others_named(self):
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out)
        book.add_worksheet("Toelichting").write_row(0, 0, ["Dit is", "een toelichting"])
        open_items = book.add_worksheet("Open posten")
        open_items.write_row(2, 0, ["Factuurnummer", "Klantnaam", "Openstaand"])
        open_items.write_row(3, 0, ["F1", "Jansen", 12.5])
        book.add_worksheet("Leeg")
        book.close()
        table = read_table(out.getvalue())
        assert (table.sheet, table.other_sheets) == ("Open posten", ("Toelichting",))
        assert list(table.rows) == [(4, ["F1", "Jansen", Decimal("12.5")])]

    @pytest.mark.parametrize("name", ["1904.xls", "1904.xlsb", "1904.ods"])
    def test_dates_count_from_1904_where_the_workbook_says_so(self, real_data, name):
        path = real_data / "06_hostile/excel_1904_sheetjs" / name
        if not path.exists():
            pytest.skip("not in this selection of the real files")
        table = read_table(path.read_bytes())
        days = [cells[1] for _, cells in table.rows]
        assert days[0] == date(1904, 1, 2)

    @pytest.mark.parametrize("name", ["protected_passtika.xlsx", "protected_passtika.xlsb"])
    def test_a_locked_one_says_that_it_is_locked(self, real_data, name):
        with pytest.raises(Unreadable, match="password"):
            read_table((real_data / "06_hostile/excel_poi" / name).read_bytes())


class TestLayout:
    def test_lines_above_the_headers_are_kept_apart_and_totals_left_out(self):
        table = read_table(
            b"Openstaande posten per 30-09-2026;;;\n;;;\nAdministratie;Bakker;;\n"
            b"Factuurnummer;Klantnaam;Vervaldatum;Openstaand\n"
            b"0001;Jansen;01-09-2026;12,50\nSubtotaal;;;12,50\n0002;Total Energies;02-09-2026;7,00\n"
            b"Totaal EUR;;;19,50\n"
        )
        assert table.headers == ("Factuurnummer", "Klantnaam", "Vervaldatum", "Openstaand")
        assert [cells[:2] for _, cells in table.rows] == [["0001", "Jansen"], ["0002", "Total Energies"]]
        assert table.left_out == [6, 8]
        assert table.preamble[0] == "Openstaande posten per 30-09-2026"

    def test_columns_without_names_are_numbered_and_equal_names_told_apart(self):
        assert read_table(b"0001;Jansen;01-09-2026;12,50\n0002;Pieters;02-09-2026;1,00\n").headers == (
            "column 1", "column 2", "column 3", "column 4",
        )  # fmt: skip
        assert read_table(b"Naam;Naam;;Bedrag\nx;y;z;1\n").headers == (
            "Naam",
            "Naam (2)",
            "column 3",
            "Bedrag",
        )

    @pytest.mark.parametrize(
        ("content", "cells"),
        [
            (b'Naam;Tekst\nJan;"a\nb"\n', ["Jan", "a\nb"]),
            (b"sep=;\r\nNaam;Tekst\r\nJan;1,5\r\n", ["Jan", "1,5"]),
            (b"Naam\tBedrag\nJan\t1.234,56\n", ["Jan", "1.234,56"]),
            ("Naam;Plaats\nJoëlle;Liège\n".encode("utf-16-le"), ["Joëlle", "Liège"]),
            ("Naam;Plaats\nJoëlle;Köln\n".encode("cp858"), ["Joëlle", "Köln"]),
            ("Naam;Plaats\nCafé;André €\n".encode("cp858"), ["Café", "André €"]),
            ("Naam;Plaats\nFrédéric;Liège\n".encode("mac-roman"), ["Frédéric", "Liège"]),
            ("Naam;Plaats\nZoë;Müllheim à gauche\n".encode("mac-roman"), ["Zoë", "Müllheim à gauche"]),
            ("Naam;Plaats\nAndré Groß;België\n".encode("mac-roman"), ["André Groß", "België"]),
            ("Naam;Plaats\nHôtel à côté;Äußere Straße\n".encode("cp858"), ["Hôtel à côté", "Äußere Straße"]),
            (
                "Naam;Plaats\nKovač Ožbolt;Košice\n".replace("č", "š").encode("cp1252"),
                ["Kovaš Ožbolt", "Košice"],
            ),
            ("Naam;Plaats\n‚Jo‘ d’Or…;“Liège” – x\n".encode("cp1252"), ["‚Jo‘ d’Or…", "“Liège” – x"]),
            (b'Nr;Plaats\n="00012";="3" x\n', ["00012", '="3" x']),
            (b"Naam,Tekst\nJan,a\\,b\nPiet,c\\,d\n", ["Jan", "a,b"]),
            (b"Naam;Nr\rJan;007\r", ["Jan", "007"]),
        ],
    )
    def test_dialects_of_the_world(self, content, cells):
        assert list(next(read_table(content).rows)[1]) == cells

    def test_real_tables_have_the_records_that_an_independent_reading_found(self, real_data):
        known = {"weird_head_padding.csv": 83}  # no delimiter gives all its lines the same columns
        refused = {"small.csv"}
        with (real_data / "_expected/hostile_csv.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        compared = 0
        for row in rows:
            path = real_data / row["file"]
            if path.name in refused:
                with pytest.raises(Unreadable):
                    read_table(path.read_bytes())
                continue
            table = read_table(path.read_bytes())
            records = (
                sum(1 for _ in table.rows) + len(table.left_out) + len(table.preamble) + table.has_headers
            )
            assert records == known.get(path.name, int(row["non_empty_records_incl_header"])), path.name
            compared += 1
        assert compared > 50


class TestArchive:
    def test_is_opened_once_more_inside_and_no_deeper(self):
        def packed(**files):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
            return out.getvalue()

        inner = packed(**{"b.csv": b"1;2", "c.zip": packed(d=b"x")})
        found = {
            each.name: each.refusal or each.content for each in unpack(packed(**{"a": b"y", "i.zip": inner}))
        }
        assert found == {
            "a": b"y",
            "b.csv": b"1;2",
            "c.zip": "is an archive inside an archive inside an archive",
        }

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
