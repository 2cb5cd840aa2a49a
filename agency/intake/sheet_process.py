"""Opens one workbook in a process of its own, which may die of it: started by `workbook`, never imported.

A cell far away makes the library ask for a table as large as its distance, and a failed request for memory
ends a process at once. Here that process is this one: it has limits, no secrets and nothing else to do.

Reads from standard input the length (8 bytes) and the content; answers with pickled messages: the sheets as
(name, height, width, first row, first rows), and for each wanted index that comes (4 bytes), chunks of rows,
then None. A message that is a text says why it cannot go on.
"""

import io
import pickle
import resource
import sys

from python_calamine import CalamineSheet, CalamineWorkbook, SheetVisibleEnum

MEMORY_MAX = 3_000_000_000
SECONDS_MAX = 300
SHEETS_MAX = 100
LOOKED_AT = 40
CHUNK = 2_000
INDEX_BYTES = 4


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
        tell_rows(filled[int.from_bytes(wanted, "big")])


def tell_rows(sheet: CalamineSheet) -> None:
    """This function will send the rows of one sheet."""
    chunk = []
    for row in sheet.iter_rows():
        chunk.append(row)
        if len(chunk) == CHUNK:
            tell(chunk)
            chunk = []
    tell(chunk)
    tell(None)


if __name__ == "__main__":
    try:
        main()
    # The library's own panics come as BaseException.
    except BaseException as error:  # noqa: BLE001
        tell(str(error)[:300] or type(error).__name__)
