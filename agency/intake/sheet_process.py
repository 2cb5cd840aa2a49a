"""Opens one workbook in a process of its own, which may die of it: started by `workbook`, never imported.

A cell far away makes the library ask for a table as large as its distance, and a failed request for memory
ends a process at once. Here that process is this one: it has limits, no secrets and nothing else to do.

Reads from standard input the length (8 bytes) and the content; answers with pickled messages: the sheets as
(name, height, width, first row, first rows), and for each wanted index that comes (4 bytes), chunks of rows,
then None. A message that is a text says why it cannot go on: "hidden" with a row, or the library's words.
"""

import io
import pickle
import re
import resource
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from xml.etree import ElementTree

from python_calamine import CalamineSheet, CalamineWorkbook, SheetVisibleEnum

MEMORY_MAX = 3_000_000_000
SECONDS_MAX = 300
SHEETS_MAX = 100
LOOKED_AT = 40
CHUNK = 2_000
INDEX_BYTES = 4
ZEROS = re.compile(r'"?0{2,}"?')
# Digits with letters or signs before or between them: `"F"00000`, `0000"-"0000`.
PICTURE = re.compile(r'(?:"[^"]*"|\\.|[0\-/ ])+')
PICTURED = re.compile(r'"([^"]*)"|\\(.)|(.)')
PLACE = "\0"
OPEN_DOCUMENT = "content.xml"
# What a cell of an ods sheet shows of a number, with zeros, letters or signs before or between its digits.
SHOWN_TEXT = re.compile(r"(?=0\d|[A-Za-z]|\d+[-/])[A-Za-z0-9 /-]*\d")
LETTERS_OF_A_COLUMN = re.compile(r"[A-Z]{1,3}")
# A currency that only a format of cells shows: `[$$-409]#,##0.00`, `"£"0.00`, `[$USD] 0`; euros are expected.
FOREIGN = re.compile(r"[$£]|\b(?:USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON)\b")
MARKS_OF_A_PLACE = re.compile(r"\[\$([^\]-]*)(?:-[0-9A-Fa-f]+)?\]")
NOT_WORKED_OUT = "=?"
"""Stands for the value of a formula that no program has worked out yet."""
Shown = tuple[str, str]
"""How a number is shown: as a "picture" with places for its digits, as a "text", with a "currency", or not at
all as it is a formula that was not "worked out"."""
Formats = dict[int, Shown]
"""By column of a row, what the library gives its number without."""
ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*>")
HIDDEN = re.compile(rb'\shidden="(?:1|true)"')
NUMBER_OF_ROW = re.compile(rb'\sr="(\d+)"')
BARE_FORMULA = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)\s*(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v>0?</)"
)
TO_BE_WORKED_OUT = re.compile(rb'fullCalcOnLoad="(?:1|true)"')
PART = 1 << 20
TAG_MAX = 2_000


@dataclass(frozen=True)
class Look:
    """What the library does not tell of a sheet's rows: how numbers are shown, and which rows are hidden.

    :param shown: by row in order, of those rows that have such cells.
    :param hidden: rows that are hidden otherwise than by folding an outline.
    """

    shown: Iterator[tuple[int, Formats]]
    hidden: frozenset[int] = frozenset()


def limit() -> None:
    """This function will take from this process what no honest workbook needs."""
    for what, most in ((resource.RLIMIT_AS, MEMORY_MAX), (resource.RLIMIT_CPU, SECONDS_MAX)):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def tell(message: object) -> None:
    """This function will send one message."""
    pickle.dump(message, sys.stdout.buffer, protocol=5)
    sys.stdout.buffer.flush()


def main() -> None:
    """This function will open the workbook that comes in and send the sheet that is asked for."""
    limit()
    content = sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(8), "big"))
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    metadata = workbook.sheets_metadata
    names = [meta.name for meta in metadata if meta.visible == SheetVisibleEnum.Visible]
    sheets = [workbook.get_sheet_by_name(name) for name in (names or workbook.sheet_names)[:SHEETS_MAX]]
    filled = [sheet for sheet in sheets if sheet.height and sheet.width]
    tell(
        [
            (
                sheet.name,
                sheet.height,
                sheet.width,
                (sheet.start or (0, 0))[0],
                sheet.to_python(skip_empty_area=True, nrows=LOOKED_AT),
            )
            for sheet in filled
        ]
    )
    while len(wanted := sys.stdin.buffer.read(4)) == INDEX_BYTES:
        sheet = filled[int.from_bytes(wanted, "big")]
        tell_rows(sheet, look_at(content, sheet.name))


def tell_rows(sheet: CalamineSheet, look: Look) -> None:
    """This function will send the rows of one sheet, numbers as it shows them. Filled rows that are hidden
    below others end it: who hid them may or may not have meant to hand them over."""
    chunk: list[Sequence[object]] = []
    left = (sheet.start or (0, 0))[1]
    number, formats = next(look.shown, (0, {}))
    begun = False
    for at, row in enumerate(sheet.iter_rows(), start=1):
        while number and number < at:
            number, formats = next(look.shown, (0, {}))
        chunk.append(as_shown(row, formats, left) if number == at else row)
        if look.hidden and any(cell != "" for cell in row):
            if begun and at in look.hidden:
                tell(f"hidden {at}")
                return
            begun = begun or at not in look.hidden
        if len(chunk) == CHUNK:
            tell(chunk)
            chunk = []
    tell(chunk)
    tell(None)


def as_shown(row: Sequence[object], formats: Formats, left: int) -> list[object]:
    """This function will write the numbers of a row as they are shown.

    :param left: the column of the row's first cell.
    """
    return [written(cell, formats[at]) if at in formats else cell for at, cell in enumerate(row, start=left)]


def written(cell: object, shown: Shown) -> object:
    """This function will write a number with its picture or its currency, and leave anything else as it
    is."""
    kind, how = shown
    if kind == "worked out":
        return NOT_WORKED_OUT
    if not isinstance(cell, float):  # lint-skip: float  a cell of a workbook
        return cell
    if kind == "text":
        return how
    if kind == "currency":
        return f"{how} {cell:.2f}"
    return drawn(int(cell), how) if cell >= 0 and cell.is_integer() else cell


def drawn(number: int, picture: str) -> str:
    """This function will put a number's digits into their places; what is more stands in the first."""
    places = picture.count(PLACE)
    digits = f"{number:0{places}d}"
    first, *others = (digits[: len(digits) - places + 1], *digits[len(digits) - places + 1 :])
    for one in (first, *others):
        picture = picture.replace(PLACE, one, 1)
    return picture


def look_at(content: bytes, sheet: str) -> Look:
    """This function will find the cells of a sheet that show something else than their number: leading zeros,
    such as `00000`, letters before it, a foreign currency, or nothing yet, and its hidden rows."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if OPEN_DOCUMENT in archive.namelist():
                return look_at_open_document(archive, sheet)
            styles = telling_styles(archive)
            part = part_of(archive, sheet)
            hidden, bare = skim(archive, part)
            waits = bool(TO_BE_WORKED_OUT.search(archive.read("xl/workbook.xml")))
    # An older workbook, or one that only the library understands: then nothing is known of formats.
    except (KeyError, ValueError, OSError, zipfile.BadZipFile, ElementTree.ParseError, NotImplementedError):
        return Look(iter(()))
    return Look(shown_rows(content, part, styles, waits=waits) if styles or bare else iter(()), hidden)


def look_at_open_document(archive: zipfile.ZipFile, sheet: str) -> Look:
    """This function will find the same in an ods sheet, whose cells say how they are shown."""
    shown: list[tuple[int, Formats]] = []
    hidden: set[int] = set()
    number, ours = 0, False
    with archive.open(OPEN_DOCUMENT) as stream:
        for event, element in ElementTree.iterparse(stream, ("start", "end")):  # noqa: S314
            name = element.tag.rpartition("}")[2]
            if event == "start":
                if name == "table":
                    number, ours = 0, told_of(element, "name") == sheet
            elif name == "table-row":
                if ours:
                    if told_of(element, "visibility") == "filter":
                        hidden.add(number + 1)
                    if found := dict(open_document_cells(element)):
                        shown.append((number + 1, found))
                number += int(told_of(element, "number-rows-repeated") or 1)
                element.clear()
    return Look(iter(shown), frozenset(hidden))


def open_document_cells(row: ElementTree.Element) -> Iterator[tuple[int, Shown]]:
    """This function will give the cells of a row in an ods sheet that show something else than a number."""
    at = 0
    for cell in row:
        kind, value = told_of(cell, "value-type"), told_of(cell, "value")
        text = "".join(cell.itertext()).strip()
        if kind == "currency" and told_of(cell, "currency") not in ("", "EUR"):
            yield at, ("currency", told_of(cell, "currency"))
        elif kind == "float" and SHOWN_TEXT.fullmatch(text) and re.sub(r"\D", "", text).lstrip("0") == value:
            yield at, ("text", text)
        at += int(told_of(cell, "number-columns-repeated") or 1)


def told_of(element: ElementTree.Element, attribute: str) -> str:
    """This function will return an attribute whatever its namespace, empty where it is not told."""
    return next((value for name, value in element.items() if name.endswith(f"}}{attribute}")), "")


def skim(archive: zipfile.ZipFile, part: str) -> tuple[frozenset[int], bool]:
    """This function will go through a sheet's text for hidden rows, and whether a formula may lack its
    value."""
    hidden: set[int] = set()
    bare, kept = False, b""
    with archive.open(part) as stream:
        while read := stream.read(PART):
            text = kept + read
            bare = bare or bool(BARE_FORMULA.search(text))
            for row in ROW.findall(text) if HIDDEN.search(text) else ():
                number = NUMBER_OF_ROW.search(row)
                if HIDDEN.search(row) and b"outlineLevel=" not in row and number:
                    hidden.add(int(number[1]))
            kept = text[-TAG_MAX:]
    return frozenset(hidden), bare


def shown_rows(
    content: bytes, part: str, styles: dict[str, Shown], *, waits: bool
) -> Iterator[tuple[int, Formats]]:
    """This function will go through a sheet for cells that show something else than their number. Rows come
    in order, those without such cells do not.

    :param waits: whether the workbook asks to be worked out when it is opened: a 0 then says nothing.
    """
    with (
        suppress(ValueError, OSError, zipfile.BadZipFile, ElementTree.ParseError),
        zipfile.ZipFile(io.BytesIO(content)) as archive,
        archive.open(part) as stream,
    ):
        for _, element in ElementTree.iterparse(stream):  # noqa: S314 - this process is the guard
            if not element.tag.endswith("}row"):
                continue
            told = ((cell, shown_in(cell, styles, waits=waits)) for cell in element)
            found = {column_of(cell.get("r") or ""): shown for cell, shown in told if shown}
            if found:
                yield int(element.get("r") or 0), found
            element.clear()


def shown_in(cell: ElementTree.Element, styles: dict[str, Shown], *, waits: bool) -> Shown | None:
    """This function will tell how a cell shows its number; None where as it is."""
    kind = cell.get("t")
    if cell.find("{*}f") is not None:
        value = cell.find("{*}v")
        text = None if value is None else value.text
        if (
            value is None
            or (text is None and kind != "str")
            or (waits and text == "0" and kind in (None, "n"))
        ):
            return "worked out", ""
    return styles.get(cell.get("s") or "") if kind in (None, "n") else None


def telling_styles(archive: zipfile.ZipFile) -> dict[str, Shown]:
    """This function will return the styles of cells that show more than a number, by number."""
    styles = ElementTree.fromstring(archive.read("xl/styles.xml"))  # noqa: S314 - this process is the guard
    formats = {
        one.get("numFmtId"): shown
        for one in styles.iterfind("{*}numFmts/{*}numFmt")
        if (shown := shown_by(one.get("formatCode") or "")) is not None
    }
    return {
        str(at): formats[style.get("numFmtId")]
        for at, style in enumerate(styles.iterfind("{*}cellXfs/{*}xf"))
        if style.get("numFmtId") in formats
    }


def shown_by(code: str) -> Shown | None:
    """This function will tell what a format shows beside the number; None where nothing that we need."""
    if ZEROS.fullmatch(code):
        return "picture", PLACE * len(code.strip('"'))
    foreign = FOREIGN.search(MARKS_OF_A_PLACE.sub(r" \1 ", code).upper())
    if foreign:
        return "currency", foreign[0]
    if not PICTURE.fullmatch(code):
        return None
    pieces = (
        quoted or escaped or (PLACE if plain == "0" else plain)
        for quoted, escaped, plain in PICTURED.findall(code)
    )
    picture = "".join(pieces)
    up_to_last = picture.rpartition(PLACE)[0]
    return ("picture", picture) if up_to_last else None


def part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """This function will return where in the archive a sheet stands."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {link.get("Id"): link.get("Target") or "" for link in links}
    for one in book.iterfind("{*}sheets/{*}sheet"):
        if one.get("name") == sheet:
            wanted = next(value for name, value in one.items() if name.endswith("}id"))
            target = targets[wanted]
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError(sheet)


def column_of(reference: str) -> int:
    """This function will return the place of a cell such as `B7` in its row, from 0."""
    letters = LETTERS_OF_A_COLUMN.match(reference)
    if letters is None:
        raise ValueError(reference)
    place = 0
    for letter in letters[0]:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


if __name__ == "__main__":
    try:
        main()
    # The library's own panics come as BaseException.
    except BaseException as error:  # noqa: BLE001
        tell(str(error)[:300] or type(error).__name__)
