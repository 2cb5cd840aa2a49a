"""Reads an invoice off the pages of a PDF: each value with its place and how sure the reading is.

What is less sure than `SURE_ENOUGH` is never taken: `NotSure` hands everything found to a person.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from agency.money import EXPONENTS, Money
from agency.ports.readers import SURE_ENOUGH, EInvoice, NoInvoice, NotSure, Party, ReadValue, Unreadable
from integrations.einvoice import labels, ocr
from integrations.einvoice.pdf_cells import read_cells
from integrations.einvoice.pdf_page import Sheet
from integrations.einvoice.pdf_parties import find_parties
from integrations.einvoice.written import find_amounts, find_day, find_ibans, find_payment_reference

NEEDED: Final = ("number", "issue_date", "payable", "currency", "buyer_name")
_SURE: Final = 95
_CHECKED: Final = 99
_DOUBTFUL: Final = 50
_COLUMN: Final = 250  # ten-thousandths of a page's width by which right edges of one column may differ


def read_plain(content: bytes) -> EInvoice:
    """This function will read an invoice off the text of its pages.

    :raises NoInvoice: it is another kind of document.
    :raises NotSure: it is an invoice, but a value that a claim needs is missing or not sure enough.
    :raises Scan: its pages are pictures that cannot be read here.
    :raises Unreadable: damaged or locked.
    """
    sheet = Sheet(read_cells(content) or ocr.read_cells(content))
    kind = _kind(sheet)
    found = _values(sheet)
    unsure = tuple(
        name
        for name in (*NEEDED, *(["due_date"] if "due_date" in found else []))
        if name not in found or found[name].confidence < SURE_ENOUGH
    )
    if unsure:
        names = ", ".join(name.replace("_", " ") for name in unsure)
        raise NotSure(f"the PDF invoice leaves doubt about: {names}", values=found, unsure=unsure)
    return _invoice(kind, found)


def _kind(sheet: Sheet) -> str:
    """The tallest title says what a document is, unless it only refers to an invoice and stands below a title
    of something else: how tall a line is also depends on its letters."""
    titles = sorted(
        (
            (-(cell.box[3] - cell.box[1]) // 8, cell.line, kind, bool(labels.REFERS.match(cell.text)))
            for cell in sheet.cells
            if len(cell.text) <= 60
            for kind, pattern in (
                ("credit_note", labels.CREDIT_NOTE),
                ("other", labels.OTHER),
                ("invoice", labels.INVOICE),
            )
            if pattern.search(cell.text)
        ),
    )
    kind = titles[0][2] if titles else "other"
    if titles and titles[0][3] and any(one == "other" and at < titles[0][1] for _, at, one, _ in titles):
        kind = "other"
    if kind == "other":
        raise NoInvoice("the PDF is no invoice: no title on it says so")
    return kind


def _values(sheet: Sheet) -> dict[str, ReadValue]:
    english = len(labels.ENGLISH.findall(sheet.text)) >= 3
    found: dict[str, ReadValue] = {}
    for name in ("issue_date", "due_date"):
        _keep(found, name, sheet.value(name, lambda text: _day(text, english)))
    _keep(found, "number", sheet.value("number", _number, alone_below=True))
    _keep(found, "buyer_number", sheet.value("buyer_number", _number))
    _find_amounts(sheet, found)
    _find_due_by_term(sheet, found)
    _find_payment(sheet, found)
    for sign, code in (("€", "EUR"), ("EUR", "EUR"), ("£", "GBP"), ("$", "USD"), ("CHF", "CHF")):
        if (place := sheet.cell_with(sign)) is not None:
            _keep(found, "currency", ReadValue(code, place.page, place.box, _SURE))
    for name, value in find_parties(sheet).items():
        _keep(found, name, value)
    return found


def _keep(found: dict[str, ReadValue], name: str, value: ReadValue | None) -> None:
    if value is not None and name not in found:
        found[name] = value


def _day(text: str, english: bool) -> tuple[str, int] | None:
    day = find_day(text, english=english)
    # Words between a label and a day make it another day: "date of the invoice that it corrects: …".
    if day is None or not labels.BEFORE_DAY.match(text):
        return None
    return day.day.isoformat(), 100 if day.clear else 60


def _number(text: str) -> tuple[str, int] | None:
    number = labels.NUMBER.match(text)
    if number is None or find_day(text[:12], english=False) or labels.NO_NUMBER.match(text):
        return None
    return number[0].strip(" .-"), 100


def _amount(text: str) -> tuple[str, int] | None:
    amounts = find_amounts(text) if labels.BEFORE_AMOUNT.match(text) else []
    return (str(amounts[-1]), 100) if amounts else None


def _find_amounts(sheet: Sheet, found: dict[str, ReadValue]) -> None:
    """The amount to pay is the one called so, else the total; sums that hold make it certain."""
    payable = sheet.value("payable", _amount, last=True)
    total = sheet.value("total", _amount, last=True, below=False)
    net, vat = (sheet.value(name, _amount, last=True, below=False) for name in ("without_vat", "vat"))
    if total is not None:
        largest = max(
            abs(amount)
            for cell in sheet.cells
            if cell.page == total.page and abs(cell.box[2] - total.box[2]) < _COLUMN
            for amount in find_amounts(cell.text)
        )
        sums_hold = net and vat and Decimal(net.value) + Decimal(vat.value) == Decimal(total.value)
        doubtful = abs(Decimal(total.value)) < largest
        confidence = _CHECKED if sums_hold else _DOUBTFUL if doubtful else total.confidence
        total = ReadValue(total.value, total.page, total.box, confidence)
    if payable is not None and total is not None:
        agrees = abs(Decimal(payable.value)) == abs(Decimal(total.value))
        more = abs(Decimal(payable.value)) > abs(Decimal(total.value)) and total.confidence >= SURE_ENOUGH
        confidence = _CHECKED if agrees else _DOUBTFUL if more else payable.confidence
        payable = ReadValue(payable.value, payable.page, payable.box, confidence)
    _keep(found, "payable", payable or total)
    _keep(found, "total_incl_vat", total or payable)


def _find_due_by_term(sheet: Sheet, found: dict[str, ReadValue]) -> None:
    """Where no due date stands, a number of days after the invoice may: "binnen 30 dagen"."""
    issued = found.get("issue_date")
    if "due_date" in found or issued is None:
        return
    for cell in sheet.cells:
        term = labels.DAYS_TO_PAY.search(cell.text)
        if term:
            day = date.fromisoformat(issued.value) + timedelta(days=int(term[1] or term[2]))
            found["due_date"] = ReadValue(day.isoformat(), cell.page, cell.box, min(85, issued.confidence))
            return


def _find_payment(sheet: Sheet, found: dict[str, ReadValue]) -> None:
    for cell in sheet.cells:
        reference = find_payment_reference(cell.text)
        if reference:
            _keep(found, "payment_reference", ReadValue(reference, cell.page, cell.box, _CHECKED))
        for account in find_ibans(cell.text):
            _keep(found, "iban", ReadValue(account, cell.page, cell.box, _SURE))
    named = sheet.value("payment_reference", _payment_mark)
    _keep(found, "payment_reference", named)


def _payment_mark(text: str) -> tuple[str, int] | None:
    """A Dutch betalingskenmerk: sixteen digits, in groups or not."""
    digits = "".join(sign for sign in text[:24] if sign.isdigit())
    return (digits, 100) if len(digits) == 16 else None


def _invoice(kind: str, found: Mapping[str, ReadValue]) -> EInvoice:
    def said(name: str) -> str | None:
        return found[name].value if name in found and found[name].confidence >= SURE_ENOUGH else None

    currency = found["currency"].value
    payable, total = (_money(found[name].value, currency) for name in ("payable", "total_incl_vat"))
    if payable.minor < 0:
        payable = -payable
        kind = "credit_note"
    due = said("due_date")
    return EInvoice(
        kind="credit_note" if kind == "credit_note" else "invoice",
        number=found["number"].value,
        issue_date=date.fromisoformat(found["issue_date"].value),
        due_date=date.fromisoformat(due) if due else None,
        currency=currency,
        seller=Party(name=said("seller_name"), vat=said("seller_vat")),
        buyer=Party(
            name=said("buyer_name"),
            legal_name=said("buyer_name"),
            street=said("buyer_street"),
            postal_code=said("buyer_postal_code"),
            city=said("buyer_city"),
            country=said("buyer_country"),
            vat=said("buyer_vat"),
            identifier=said("buyer_number"),
            email=said("buyer_email"),
        ),
        total_incl_vat=total if total.minor >= 0 else -total,
        payable=payable,
        iban=said("iban"),
        payment_reference=said("payment_reference"),
        warnings=("read off the pages of a PDF, not from data",),
        read_values=dict(found),
    )


def _money(value: str, currency: str) -> Money:
    minor = Decimal(value).scaleb(EXPONENTS[currency])
    if minor != minor.to_integral_value() or abs(minor) > 10**15:
        raise Unreadable(f"an amount of the PDF is no amount of {currency}: {value[:40]}")
    return Money(int(minor), currency)
