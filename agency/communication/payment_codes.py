"""Codes to scan: a bank transfer where banking apps read it, else the debtor's page."""

import io
from decimal import Decimal

import segno
from segno import helpers

from agency.money import Money
from agency.rules.reference import valid_rf

# Dutch banking apps read the code of the European Payments Council rarely; Belgian ones do.
_APPS_READ_TRANSFERS = frozenset({"BE", "DE", "AT", "FI"})
_AMOUNT_MAX = Decimal("999999999.99")
# Any of the standard's eight patterns can be read; trying all of them to choose the prettiest takes most of
# the time that a code takes.
_PATTERN = 0


def transfer_fits(amount: Money) -> bool:
    """Whether the EPC code of a transfer can hold an amount."""
    return amount.currency == "EUR" and Decimal("0.01") <= amount.decimal <= _AMOUNT_MAX


def transfer_code(*, holder: str, iban: str, amount: Money, reference: str) -> str | None:
    """Return an SVG of the EPC code of a transfer, None when such a code cannot hold it.

    :param reference: an RF reference goes into its own field, anything else into the text.
    """
    if not transfer_fits(amount):
        return None
    where = {"reference": reference} if valid_rf(reference) else {"text": reference}
    code = helpers.make_epc_qr(
        name=holder[:70], iban=iban.replace(" ", ""), amount=amount.decimal, encoding="utf-8", **where
    )
    return _svg(code)


def page_code(link: str) -> str:
    """Return an SVG of a code that opens a page."""
    return _svg(segno.make_qr(link, error="m", mask=_PATTERN))


def code_for(
    *, country: str, link: str, holder: str, iban: str, amount: Money, reference: str
) -> tuple[str, bool]:
    """Return the SVG of the code that helps a debtor most, and whether it opens the page."""
    if country in _APPS_READ_TRANSFERS:
        transfer = transfer_code(holder=holder, iban=iban, amount=amount, reference=reference)
        if transfer is not None:
            return transfer, False
    return page_code(link), True


def _svg(code: segno.QRCode) -> str:
    out = io.BytesIO()
    code.save(out, kind="svg", xmldecl=False, border=2, light="white", scale=4)
    return out.getvalue().decode()
