"""Codes to scan: a bank transfer where banking apps read it, else the debtor's page."""

import re
from decimal import Decimal
from functools import lru_cache

import segno

from agency.money import Money
from agency.rules.reference import valid_rf

# Dutch banking apps read the code of the European Payments Council rarely; Belgian ones do.
_APPS_READ_TRANSFERS = frozenset({"BE", "DE", "AT", "FI"})
_AMOUNT_MAX = Decimal("999999999.99")
# Any of the standard's eight patterns can be read; trying all of them to choose the prettiest takes most of
# the time that a code takes.
_PATTERN = 0
_QUIET = 2  # modules of white around it; the paper is white as well
_SCALE = 4
_DARK = re.compile(rb"\x01+")


def transfer_fits(amount: Money) -> bool:
    """Whether the EPC code of a transfer can hold an amount."""
    return amount.currency == "EUR" and Decimal("0.01") <= amount.decimal <= _AMOUNT_MAX


def transfer_code(*, holder: str, iban: str, amount: Money, reference: str) -> str | None:
    """Return an SVG of the EPC code of a transfer, None when such a code cannot hold it.

    :param reference: an RF reference goes into its own field, anything else into the text.
    """
    held = _transfer(holder=holder, iban=iban, amount=amount, reference=reference)
    return drawn_code(held, is_link=False) if held else None


def _transfer(*, holder: str, iban: str, amount: Money, reference: str) -> str:
    """What the code of a transfer holds; nothing when it cannot."""
    if not transfer_fits(amount):
        return ""
    structured = valid_rf(reference)
    lines = [
        "BCD",  # EPC069-12, version 002; 1 is UTF-8, and inside the EEA the bank needs no BIC
        "002",
        "1",
        "SCT",
        "",
        holder[:70],
        iban.replace(" ", ""),
        f"EUR{amount.decimal}",
        "",
        reference if structured else "",
        "" if structured else reference,
    ]
    return "\n".join(lines).rstrip("\n")


def page_code(link: str) -> str:
    """Return an SVG of a code that opens a page."""
    return drawn_code(link, is_link=True)


def drawn_code(held: str, *, is_link: bool) -> str:
    """Return the SVG of a code from what it holds, as `code_for` gives it.

    Drawing takes longer than all else that a message is reserved with, so it is left to the rendering.
    """
    if is_link:
        return _svg(segno.make_qr(held, error="m", mask=_PATTERN))
    return _svg(segno.make_qr(held.encode(), error="m", boost_error=False, mask=_PATTERN))


# A brand's checklist and its previews look at the same few made-up claims over and over.
@lru_cache(maxsize=128)
def code_for(
    *, country: str, link: str, holder: str, iban: str, amount: Money, reference: str
) -> tuple[str, bool]:
    """Return what the code holds that helps a debtor most, and whether it opens the page."""
    if country in _APPS_READ_TRANSFERS:
        transfer = _transfer(holder=holder, iban=iban, amount=amount, reference=reference)
        if transfer:
            return transfer, False
    return link, True


def _svg(code: segno.QRCode) -> str:
    """Draw each run of dark modules as a line: the library's own writer goes over every module in Python."""
    side = len(code.matrix) + 2 * _QUIET
    runs = "".join(
        f"M{run.start() + _QUIET} {line + _QUIET}.5h{run.end() - run.start()}"
        for line, modules in enumerate(code.matrix)
        for run in _DARK.finditer(modules)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side * _SCALE}" height="{side * _SCALE}"'
        f' viewBox="0 0 {side} {side}"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path stroke="#000" d="{runs}"/></svg>'
    )
