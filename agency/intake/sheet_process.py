"""Opens one workbook in a process of its own, which may die of it: started by `workbook`, never imported.

A cell far away makes the library ask for a table as large as its distance, and a failed request for memory
ends a process at once. Here that process is this one: it has limits, no secrets and nothing else to do.

Reads from standard input the length (8 bytes) and the content; answers with pickled messages: the sheets as
(name, height, width, first row, first rows), and for each wanted index that comes (4 bytes), chunks of rows,
then None. A message that is a text says why it cannot go on.
"""

import io
import pickle
import re
import resource
import sys
import zipfile
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from python_calamine import CalamineSheet, CalamineWorkbook, SheetVisibleEnum

MEMORY_MAX = 3_000_000_000
SECONDS_MAX = 300
SHEETS_MAX = 100
LOOKED_AT = 40
CHUNK = 2_000
INDEX_BYTES = 4
ZEROS = re.compile(r'"?0{2,}"?')
LETTERS_OF_A_COLUMN = re.compile(r"[A-Z]{1,3}")
# A currency that only a format of cells shows: `[$$-409]#,##0.00`, `"£"0.00`, `[$USD] 0`; euros are expected.
FOREIGN = re.compile(r"[$£]|\b(?:USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON)\b")
MARKS_OF_A_PLACE = re.compile(r"\[\$([^\]-]*)(?:-[0-9A-Fa-f]+)?\]")
Shown = int | str
"""How a number is shown: with leading zeros, so many digits wide, or with this currency."""
Formats = dict[int, Shown]
"""By column of a row, what the library gives its number without."""


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
        tell_rows(sheet, shown_rows(content, sheet.name))


def tell_rows(sheet: CalamineSheet, shown: Iterator[tuple[int, Formats]]) -> None:
    """This function will send the rows of one sheet, numbers with the zeros or currency that it shows."""
    chunk: list[Sequence[object]] = []
    left = (sheet.start or (0, 0))[1]
    number, formats = next(shown, (0, {}))
    for at, row in enumerate(sheet.iter_rows(), start=1):
        while number and number < at:
            number, formats = next(shown, (0, {}))
        chunk.append(as_shown(row, formats, left) if number == at else row)
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
    """This function will write a number with its zeros or its currency, and leave anything else as it is."""
    if not isinstance(cell, float):  # lint-skip: float  a cell of a workbook
        return cell
    if isinstance(shown, str):
        return f"{shown} {cell:.2f}"
    return f"{int(cell):0{shown}d}" if cell >= 0 and cell.is_integer() else cell


def shown_rows(content: bytes, sheet: str) -> Iterator[tuple[int, Formats]]:
    """This function will find the cells of an xlsx sheet whose format shows more than their number: leading
    zeros, such as `00000`, or a foreign currency. Rows come in order, those without such cells do not."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            styles = telling_styles(archive)
            if styles:
                yield from cells_of_styles(archive, part_of(archive, sheet), styles)
    # No xlsx, or one that only the library understands: then nothing is known of formats.
    except (KeyError, ValueError, OSError, zipfile.BadZipFile, ElementTree.ParseError, NotImplementedError):
        return


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
        return len(code.strip('"'))
    foreign = FOREIGN.search(MARKS_OF_A_PLACE.sub(r" \1 ", code).upper())
    return foreign[0] if foreign else None


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


def cells_of_styles(
    archive: zipfile.ZipFile, part: str, styles: dict[str, Shown]
) -> Iterator[tuple[int, Formats]]:
    """This function will go through a sheet's cells for those of certain styles."""
    with archive.open(part) as stream:
        for _, element in ElementTree.iterparse(stream):  # noqa: S314
            if not element.tag.endswith("}row"):
                continue
            found = {
                column_of(cell.get("r") or ""): styles[cell.get("s") or ""]
                for cell in element
                if cell.get("s") in styles and cell.get("t") in (None, "n")
            }
            if found:
                yield int(element.get("r") or 0), found
            element.clear()


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
