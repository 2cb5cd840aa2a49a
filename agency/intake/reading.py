"""Reading a table from a file: text in any usual dialect, or sheets of a workbook.

Nothing is interpreted here beyond the cell: text stays text, so leading zeros survive; a number or date that
a spreadsheet stores as such keeps its type, because it is not ambiguous.
"""

from agency.intake.archive import ZIP_MARK, guard_archive
from agency.intake.content import Content, parts
from agency.intake.delimited import read_delimited
from agency.intake.table import COLUMNS_MAX, FIELD_CHARACTERS_MAX, ROWS_MAX, Cell, Progress, Row, Table
from agency.intake.workbook import OLE_MARK, read_workbook
from agency.ports.readers import Unreadable

__all__ = [
    "COLUMNS_MAX",
    "FIELD_CHARACTERS_MAX",
    "ROWS_MAX",
    "Cell",
    "Progress",
    "Row",
    "Table",
    "guard_archive",
    "read_table",
]


def read_table(content: Content, sheet: str = "") -> Table:
    """This function will open a CSV or workbook and return its headers with its rows yet to be read.

    :param sheet: which sheet of a workbook, or `all_but` some; empty: the one that looks most like claims.
    :raises Unreadable: it is neither, or is damaged; also while the rows are gone through, with the line.
    """
    if not any(part.strip(b"\x00 \t\r\n") for part in parts(content)):
        raise Unreadable("the file is empty")
    if content[:4] == ZIP_MARK or content[:8] == OLE_MARK:
        return read_workbook(content[:], sheet)
    return read_delimited(content)
