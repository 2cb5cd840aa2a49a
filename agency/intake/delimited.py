"""Tables in text: every usual encoding, delimiter and way of quoting, recognised from the text itself."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from agency.intake.content import Content, flow, parts
from agency.intake.headers import known_field
from agency.intake.layout import lay_out
from agency.intake.table import (
    COLUMNS_MAX,
    FIELD_CHARACTERS_MAX,
    PREAMBLE_ROWS_MAX,
    ROWS_MAX,
    Progress,
    Row,
    Table,
)
from agency.ports.readers import Unreadable

DELIMITERS: Final = (";", ",", "\t", "|")
_WHOLE: Final = re.compile(r"[-+(]?\s*(?:€|EUR)?\s*[-+]?\d[\d.]*", re.ASCII)
_DECIMALS: Final = re.compile(r"\d{2}[-)]?", re.ASCII)
_SHEET_IN_MAIL: Final = re.compile(r"X-Document-Type: Workbook|ExcelWorkbook|Excel\.Sheet")
_BLANKS: Final = re.compile(r" {2,}")
_LINES_LOOKED_AT: Final = 40
_MOST: Final = 80  # per cent of the lines
_TEXT_FORMULA: Final = re.compile(r'="([^"]*)"')
_LOOKED_AT: Final = 65_536
_NUL: Final = "contains a NUL character; this is not a text file"
# What Windows-1252 has for quotes and the like are letters in DOS (é ä å ç ê ë ï ô ö): so within a word.
_WITHIN_DOS_WORDS: Final = re.compile(
    rb"[A-Za-z][\x82\x84\x86\x87\x88\x89\x8b\x93\x94][a-z]|[a-z][\x82\x88\x89](?=[\s;,|\"]|$)"
)
# Old Macs have é è ê ç ü ë ß where Windows-1252 has Ž § and quotes, which do not stand within a word.
_WITHIN_MAC_WORDS: Final = re.compile(rb"[A-Za-z][\x8d-\x91\x9f\xa7][a-z]|[a-z][\x8e\xa7](?=[\s;,|\"]|$)")
# As two letters of one byte each it would be "Ã" and a sign within a word.
_WITHIN_UTF8_WORDS: Final = re.compile(rb"[A-Za-z]\xc3[\x80-\xbf](?=[a-z\s;,|\"]|$)")
# The sign for any currency, which nobody writes, is the euro in Latin-9, which lacks what Windows has.
_EURO_OF_LATIN_9: Final = b"\xa4"
_IN_NO_LATIN_9: Final = re.compile(rb"[\x80-\x9f]")
# "Ã©" is an "é" in UTF-8 that was read as Windows-1252 and written in UTF-8 again; no word has the two signs.
_HIGH: Final = (
    "[\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d"
    "\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178]"
)
_TWICE: Final = re.compile(f"[\u00c2\u00c3]{_HIGH}|\u00e2{_HIGH}{{2}}")
_IN_NO_TEXT: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")


@dataclass(frozen=True)
class Dialect:
    """How a text is cut into cells.

    :param escape: a backslash where the text uses it, else None.
    :param quote: what stands around a cell that holds the delimiter; an apostrophe where all headers have it.
    :param formulas: a cell may say `="00012"`, by which programs keep a spreadsheet from dropping the zeros.
    """

    delimiter: str
    escape: str | None = None
    lines_before: int = 0
    formulas: bool = False
    quote: str = '"'


def read_delimited(content: Content) -> Table:
    """This function will open a text and return its table; rows are read as they are asked for.

    :raises Unreadable: it is in no encoding that is read, or has one column; also while the rows are gone
        through, with the line.
    """
    if content[:4] == b"ID;P":
        raise Unreadable("a SYLK file (.slk) is not read; save it as a workbook (.xlsx) or CSV")
    if content[:5] == b"{\\rtf":
        raise Unreadable("a text document (RTF) is not read as a list; save it as a workbook (.xlsx) or CSV")
    encoding = find_encoding(content)
    start = codecs.getincrementaldecoder(encoding)().decode(content[:_LOOKED_AT])
    if start.startswith("MIME-Version:") and _SHEET_IN_MAIL.search(start):
        raise Unreadable("a sheet saved as a web archive (MHTML); save it as a workbook (.xlsx) or CSV")
    if _parted_by_blanks(start):
        raise Unreadable(
            "blanks alone part the columns; save the list as a workbook (.xlsx), or as CSV with semicolons"
        )
    twice = bool(_TWICE.search(start))
    start = _read_once(start) if twice else start
    dialect = replace(find_dialect(start), formulas='="' in start)
    progress = Progress(len(content))
    stream = flow(content)
    lines = io.TextIOWrapper(stream, encoding=encoding, errors="strict", newline="")
    for _ in range(dialect.lines_before):
        lines.readline()
    told = map(_read_once, lines) if twice else lines
    table = lay_out(_records(told, dialect, stream, progress), progress)
    if dialect.delimiter == "," and _cuts_amounts(table):
        raise Unreadable(
            "the commas between the columns cut amounts in two as well; save the file with semicolons"
        )
    return table


def _read_once(text: str) -> str:
    """A text with the signs that it had before it was read in the wrong encoding and saved."""
    return _TWICE.sub(lambda found: _single(found[0]), text)


def _single(signs: str) -> str:
    try:
        return b"".join(_byte_of(sign) for sign in signs).decode("utf-8")
    except UnicodeDecodeError:
        return signs


def _byte_of(sign: str) -> bytes:
    try:
        return sign.encode("cp1252")
    except UnicodeEncodeError:  # a few bytes mean nothing in Windows-1252 and were kept as they were
        return sign.encode("latin-1")


def _parted_by_blanks(start: str) -> bool:
    """Whether a text was laid out for a printer: its first line names columns with runs of blanks between
    them, and nothing else stands between those of nearly all other lines."""
    lines = [line for line in start.splitlines() if line.strip()][:_LINES_LOOKED_AT]
    if len(lines) < 2 or any(sign in lines[0] for sign in DELIMITERS):
        return False
    cut = [[cell for cell in _BLANKS.split(line.strip()) if cell] for line in lines]
    named = len({field for name in cut[0] if (field := known_field(name))})
    even = sum(len(cells) > 1 for cells in cut)
    cut_otherwise = any(sign in line for line in lines for sign in DELIMITERS if sign != ",")
    return named > 1 and not cut_otherwise and even * 100 >= len(lines) * _MOST


def _cuts_amounts(table: Table) -> bool:
    """Whether rows are wider than their headers, and two digits follow a whole number all the way down."""
    width = len(table.headers)
    full = [[str(cell or "").strip() for cell in cells] for _, cells in table.sample if len(cells) == width]
    if not table.has_headers or table.headers[-1] != f"column {width}" or not full:
        return False
    return any(
        all(_WHOLE.fullmatch(cells[at]) and _DECIMALS.fullmatch(cells[at + 1]) for cells in full)
        for at in range(width - 1)
    )


def find_encoding(content: Content) -> str:
    """This function will find the encoding: by its mark, by where its NULs stand, else UTF-8 when the whole
    text is, else that of DOS, old Macs or Windows-1252, by which signs stand within words.

    :raises Unreadable: it is none of these, or UTF-8 in part only, or holds NUL characters.
    """
    start = content[: _LOOKED_AT // 16]
    candidates: Iterable[str]
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        candidates = ["utf-16"]
    elif b"\x00" in start:
        candidates = _unmarked_utf16(start)
    else:
        candidates = _of_single_bytes(content)
    for encoding in candidates:
        if _decodes(content, encoding):
            return encoding
    raise Unreadable("the text is in no encoding that is read: UTF-8, UTF-16 or Windows-1252")


def _of_single_bytes(content: Content) -> Iterator[str]:
    yield "utf-8-sig"
    if any(map(_WITHIN_UTF8_WORDS.search, parts(content))):
        raise Unreadable(f"line {_line_not_in_utf8(content)} is not in UTF-8, as the text is elsewhere")
    dos, mac = (_how_often(found, content) for found in (_WITHIN_DOS_WORDS, _WITHIN_MAC_WORDS))
    if (dos or mac) and not any(map(_IN_NO_TEXT.search, parts(content))):
        yield "mac-roman" if mac > dos else "cp858"
    if any(_EURO_OF_LATIN_9 in part for part in parts(content)) and not any(
        map(_IN_NO_LATIN_9.search, parts(content))
    ):
        yield "iso-8859-15"
    yield "cp1252"


def _how_often(found: re.Pattern[bytes], content: Content) -> int:
    return sum(len(found.findall(part)) for part in parts(content))


def _line_not_in_utf8(content: Content) -> int:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    for part in parts(content):
        try:
            line += decoder.decode(part).count("\n")
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
    return line


def _unmarked_utf16(start: bytes) -> list[str]:
    half = max(len(start) // 2, 1)
    if start[1::2].count(0) * 2 > half and not start[::2].count(0):
        return ["utf-16-le"]
    if start[::2].count(0) * 2 > half and not start[1::2].count(0):
        return ["utf-16-be"]
    line = start[: start.index(b"\x00")].count(b"\n") + 1
    raise Unreadable(f"line {line} {_NUL}")


def _decodes(content: Content, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    try:
        for part in parts(content):
            text = decoder.decode(part)
            if "\x00" in text:
                line += text[: text.index("\x00")].count("\n")
                raise Unreadable(f"line {line} {_NUL}")
            line += text.count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def find_dialect(start: str) -> Dialect:
    """This function will choose the way of cutting that gives most rows the same, largest number of cells."""
    first = start.lstrip("\ufeff").splitlines()[0] if start.strip() else ""
    if len(first) == 5 and first.lower().startswith("sep=") and first[4] in DELIMITERS:
        return Dialect(first[4], lines_before=1)
    best, best_score = Dialect(","), 0
    for delimiter in DELIMITERS:
        escaped = f"\\{delimiter}" in start or '\\"' in start
        for escape in (None, "\\") if escaped else (None,):
            dialect = Dialect(delimiter, escape)
            score = _agreement(start, dialect)
            if score > best_score:
                best, best_score = dialect, score
    names = [name.strip() for name in first.split(best.delimiter)]
    apostrophes = len(names) > 1 and all(len(name) > 1 and name[0] == name[-1] == "'" for name in names)
    return replace(best, quote="'") if apostrophes else best


def _agreement(start: str, dialect: Dialect) -> int:
    """Cells that most rows agree upon, weighed by how many rows agree; nothing for a single column."""
    widths: list[int] = []
    trust = 1_000
    # What cannot be read further on is told with its line when the rows are gone through.
    try:
        for cells in islice(_reader(io.StringIO(start, newline=""), dialect), 200):
            if any(cell.strip() for cell in cells):
                widths.append(len(cells))
    except csv.Error:
        trust = 900
    if len(start) >= _LOOKED_AT // 2 and len(widths) > 1:
        widths.pop()  # the last line may be cut off
    if not widths:
        return 0
    usual, rows = max(Counter(widths).items(), key=lambda pair: (pair[1] * (pair[0] - 1), pair[0]))
    return trust * (usual - 1) * rows**2 // len(widths) ** 2


def _reader(lines: Iterable[str], dialect: Dialect) -> "Iterator[list[str]]":
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        escapechar=dialect.escape,
        quotechar=dialect.quote,
        skipinitialspace=dialect.delimiter != "\t",
        strict=True,
    )


def _bare(cell: str) -> str:
    """What stands in `="00012"`."""
    text = _TEXT_FORMULA.fullmatch(cell)
    return text[1] if text else cell


def _lines_read(reader: Iterator[list[str]]) -> int:
    return int(getattr(reader, "line_num", 0))


def _why_not(error: csv.Error, began: int, reached: int) -> str:
    """A quotation mark that nothing closes is noticed far below, where nobody would look for it."""
    if reached > began:
        return f"line {began} has a quotation mark that is not closed; noticed at line {reached}"
    if "larger than field limit" in str(error):
        return f"line {began} has a cell of more than {FIELD_CHARACTERS_MAX:,} characters"
    if "expected after" in str(error):
        return f"line {began} has a quotation mark within a cell; write it twice, or leave it out"
    return f"line {began} cannot be read: {error}"


def _records(
    lines: Iterable[str], dialect: Dialect, stream: io.BufferedReader, progress: Progress
) -> Iterator[Row]:
    reader = _reader(lines, dialect)
    number = dialect.lines_before
    while True:
        began = _lines_read(reader) + dialect.lines_before + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise Unreadable(_why_not(error, began, _lines_read(reader) + dialect.lines_before)) from error
        number += 1
        if number % 1000 == 0:
            progress.done = stream.tell()
        if len(cells) > COLUMNS_MAX:
            raise Unreadable(f"row {number} has more than {COLUMNS_MAX} columns")
        if number > ROWS_MAX + PREAMBLE_ROWS_MAX:
            raise Unreadable(f"the file has more than {ROWS_MAX:,} rows")
        if any(cell and not cell.isspace() for cell in cells):
            yield number, [*map(_bare, cells)] if dialect.formulas else cells
    progress.done = progress.whole
