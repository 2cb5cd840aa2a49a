"""Codes to scan: what stands in them, and that they are drawn as they are."""

import re

import pytest
import segno

from agency.communication.payment_codes import code_for, drawn_code, page_code, transfer_code
from agency.communication.rendering import letter_values
from agency.money import Money

pytestmark = pytest.mark.pure

LINK = "https://pay.example/pay/dB9s6PEpD-u4E7IQwADBQw"
HOLDER, IBAN = "Stichting Derdengelden É", "NL91 ABNA 0417 1643 00"
QUIET = 2


def drawn(svg: str) -> list[list[int]]:
    """The modules that the lines of an SVG cover, without the white around them."""
    side = int(re.search(r'viewBox="0 0 (\d+) ', svg).group(1)) - 2 * QUIET
    rows = [[0] * side for _ in range(side)]
    for left, line, length in re.findall(r"M(\d+) (\d+)\.5h(\d+)", svg):
        start = int(left) - QUIET
        rows[int(line) - QUIET][start : start + int(length)] = [1] * int(length)
    return rows


def modules(content: str | bytes, **more) -> list[list[int]]:
    return [list(row) for row in segno.make_qr(content, error="m", mask=0, **more).matrix]


def transfer(reference: str, minor: int = 12_340) -> str:
    return transfer_code(holder=HOLDER, iban=IBAN, amount=Money(minor, "EUR"), reference=reference)


class TestCodes:
    def test_a_page_is_drawn_as_it_is(self):
        assert drawn(page_code(LINK)) == modules(LINK)

    @pytest.mark.parametrize(
        ("reference", "remittance"),
        [("RF18539007547034", "RF18539007547034"), ("+++010/8068/17183+++", "\n+++010/8068/17183+++")],
    )
    def test_a_transfer_says_what_epc069_12_asks(self, reference, remittance):
        content = f"BCD\n002\n1\nSCT\n\n{HOLDER}\nNL91ABNA0417164300\nEUR123.40\n\n{remittance}"
        assert drawn(transfer(reference)) == modules(content.encode(), boost_error=False)

    @pytest.mark.parametrize(("minor", "currency"), [(0, "EUR"), (100_000_000_000, "EUR"), (100, "GBP")])
    def test_no_transfer_holds_these(self, minor, currency):
        amount = Money(minor, currency)
        assert transfer_code(holder=HOLDER, iban=IBAN, amount=amount, reference="x") is None

    @pytest.mark.parametrize(("country", "opens_the_page"), [("BE", False), ("NL", True)])
    def test_the_country_decides_which_helps_most(self, country, opens_the_page):
        held, is_link = code_for(
            country=country, link=LINK, holder=HOLDER, iban=IBAN, amount=Money(100, "EUR"), reference="x"
        )
        assert is_link is opens_the_page
        assert (drawn_code(held, is_link=is_link) == page_code(LINK)) is opens_the_page

    @pytest.mark.parametrize(("held", "shown"), [(LINK, page_code(LINK)), ("", "")])
    def test_a_letter_draws_what_was_reserved_for_it(self, held, shown):
        values = {"brand": {}, "pay": {"qr": "", "qr_holds": held, "qr_is_link": True}}
        assert letter_values(values, drawing="logo") == {
            "brand": {"logo_drawing": "logo"},
            "pay": values["pay"] | {"qr": shown},
        }
