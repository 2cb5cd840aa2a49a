"""Lists as files: XLSX and CSV in which no cell is ever a formula."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import xlsxwriter
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.erased import told_reference
from agency.kernel.audit import record
from agency.kernel.written_files import safe_cell
from agency.money import Money
from portal.creditor.claims import claim_row
from portal.creditor.doors import routes
from portal.creditor.figures import CLAIM_FILTERS, CLAIM_SORTS, all_claims
from portal.shared.audience import CreditorUnit, TheVisitor, own_creditor
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Listing

HEADERS = (
    N_("Claim"), N_("Reference"), N_("Debtor"), N_("City"), N_("Status"), N_("Due"), N_("Placed"),
    N_("Still owed"), N_("Currency"),
)  # fmt: skip


def _listing(request: Request) -> Listing:
    return Listing.read(
        "/creditor/claims", request.query_params, sorts=CLAIM_SORTS, default="-placed", filters=CLAIM_FILTERS
    )


def _cells(rows: Sequence[Row[Any]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        shown = claim_row(row)
        owed: Money | None = shown["owed"]
        state = shown["state"].label
        yield (
            row.number, told_reference(row.reference), row.debtor, row.city or "", gettext(state), row.due_on,
            shown["principal"].decimal, owed.decimal if owed else None, row.currency,
        )  # fmt: skip


@routes.get("/claims.csv")
def claims_csv(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """The claims of the list's filter as CSV."""
    creditor_id = own_creditor(visitor)
    found = all_claims(unit, _listing(request).filters, creditor_id=creditor_id)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writerow([gettext(header) for header in HEADERS])
    for cells in _cells(found):
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in cells])
    record(unit, action="claims.exported", subject="claims:csv", facts={"rows": len(found)})
    return _file(out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", "claims.csv")


@routes.get("/claims.xlsx")
def claims_xlsx(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """The claims of the list's filter as a workbook: texts as texts, amounts and dates as such."""
    creditor_id = own_creditor(visitor)
    found = all_claims(unit, _listing(request).filters, creditor_id=creditor_id)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(gettext("Claims"))
    head, day, money = (
        book.add_format(style)
        for style in ({"bold": True}, {"num_format": "yyyy-mm-dd"}, {"num_format": "#,##0.00"})
    )
    sheet.set_column(0, 1, 18)
    sheet.set_column(2, 2, 36)
    sheet.set_column(3, 8, 14)
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, [gettext(header) for header in HEADERS], head)
    for index, cells in enumerate(_cells(found), start=1):
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(index, column, cell)
            elif cell is None:
                continue
            elif column == HEADERS.index("Due"):
                sheet.write_datetime(index, column, cell, day)
            else:
                sheet.write_number(index, column, cell, money)
    book.close()
    record(unit, action="claims.exported", subject="claims:xlsx", facts={"rows": len(found)})
    return _file(
        out.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "claims.xlsx"
    )


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(
        content,
        media_type=media_type,
        headers={"content-disposition": f"attachment; filename={name}"},
    )
