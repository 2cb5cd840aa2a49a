"""The forms of a document's pages, and the two ways it leaves: as a download and as a picture."""

from datetime import date
from urllib.parse import quote
from uuid import UUID

from starlette.responses import Response

from agency.claims.amending import InvoiceChange
from agency.claims.models import Invoice
from agency.documents.models import Document, Verdict
from agency.money import Money
from agency.rules.facts import ClaimType, DocumentKind
from portal.shared.forms import AmountField, Form, FormModel, blank
from portal.shared.i18n import typed_money


class VerdictForm(FormModel):
    """What a person says of a document."""

    verdict: Verdict
    kind: DocumentKind | None = None
    note: str = ""


class ClaimTypeForm(FormModel):
    """What a claim is for."""

    claim_type: ClaimType


class ContractForm(FormModel):
    """What was agreed with the debtor, and when."""

    subject: str
    contract_on: date


class InvoiceForm(FormModel):
    """What an invoice of the claim should say; amounts with two decimals, in the claim's currency."""

    invoice: UUID
    number: str
    issued_on: date
    due_on: date
    total: AmountField
    open: AmountField

    def change(self) -> InvoiceChange:
        """The change that was asked for."""
        return InvoiceChange(
            number=self.number,
            issued_on=self.issued_on,
            due_on=self.due_on,
            total_minor=int(self.total * 100),
            open_minor=int(self.open * 100),
        )


class OverrideForm(FormModel):
    """The points to which the completeness of a claim is lifted, and why."""

    at_least: int
    reason: str


class ReasonForm(FormModel):
    """Why something is taken back."""

    reason: str


def filled(invoice: Invoice) -> Form[InvoiceForm]:
    """This function will return the form for changing an invoice, with what it says now."""
    return blank(
        invoice=str(invoice.id),
        number=invoice.number,
        issued_on=invoice.issued_on.isoformat(),
        due_on=invoice.due_on.isoformat(),
        total=typed_money(Money(invoice.total_minor, invoice.currency)),
        open=typed_money(Money(invoice.open_minor, invoice.currency)),
    )


def as_download(document: Document, content: bytes) -> Response:
    """This function will answer with a document as it came: a download, never opened as a page of ours."""
    return Response(
        content,
        media_type=document.media_type,
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(document.name, safe='')}",
            "content-security-policy": "sandbox; default-src 'none'",
        },
    )


def as_picture(png: bytes) -> Response:
    """This function will answer with a picture of a page; only this reader's browser may keep it."""
    return Response(png, media_type="image/png", headers={"cache-control": "private, max-age=600"})
