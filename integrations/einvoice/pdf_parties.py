"""Who wrote an invoice and who must pay it: address blocks, told apart by their label and what they say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agency.ports.readers import ReadValue
from integrations.einvoice import labels
from integrations.einvoice.pdf_cells import Cell
from integrations.einvoice.pdf_page import Sheet

_LABELLED: Final = 92
_ONLY_ONE: Final = 84
_ONE_OF_SEVERAL: Final = 50
_UNCERTAIN_NAME: Final = 70
_BLOCK_LINES: Final = 7
_SAME_EDGE: Final = 160  # ten-thousandths of a page's width
_NEXT_LINE: Final = 320  # ten-thousandths of a page's height, from top to top

_POSTCODE: Final = re.compile(
    r"^(?:(?P<land>NL|BE?|DE?|FR?|LU?)[- ])?(?P<code>[1-9]\d{3} ?[A-Z]{2}|\d{5}|[1-9]\d{3})"
    r"\s+(?P<city>[^\W\d_][^\d,;|]{1,60})(?:, ?(?P<state>[A-Z]{2}))?$"
)
_COUNTRIES: Final = {
    "nederland": "NL", "netherlands": "NL", "the netherlands": "NL", "pays-bas": "NL", "niederlande": "NL",
    "belgië": "BE", "belgie": "BE", "belgium": "BE", "belgique": "BE", "belgien": "BE",
    "deutschland": "DE", "duitsland": "DE", "germany": "DE", "allemagne": "DE",
    "frankrijk": "FR", "france": "FR", "frankreich": "FR", "luxembourg": "LU", "luxemburg": "LU",
}  # fmt: skip
_LETTERS: Final = {"B": "BE", "D": "DE", "F": "FR", "L": "LU"}
_SELLERS: Final = re.compile(
    r"\b(?:iban|bic|kvk|k\.v\.k|rpr|rpm|bank|www\.|https?:|tel|t:|rekening)", re.IGNORECASE
)
_VAT: Final = re.compile(
    r"\b(NL\d{9}B\d{2}|BE ?[01]\d{3}[. ]?\d{3}[. ]?\d{3}|DE\d{9}|FR[A-Z0-9]{2} ?\d{9}|LU\d{8})\b",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ATTENTION: Final = re.compile(
    r"^(?:t\.?a\.?v\.?|attn\.?|[àa] l['’]attention|z\.?hd\.?|de heer|mevrouw)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines under each other; `at` is the one with the postcode, `name` the first."""

    lines: tuple[Cell, ...]
    at: int | None
    labelled: bool = False

    @property
    def text(self) -> str:
        return "\n".join(cell.text for cell in self.lines)


def find_parties(sheet: Sheet) -> dict[str, ReadValue]:
    """This function will return what an invoice says of buyer and seller: "buyer_name", "seller_vat" …"""
    blocks = [*_labelled(sheet), *_addresses(sheet)]
    inside = {id(cell) for block in blocks if not _SELLERS.search(block.text) for cell in block.lines}
    seller_elsewhere = any(
        _SELLERS.search(cell.text) or _VAT.search(cell.text) for cell in sheet.cells if id(cell) not in inside
    )
    buyer, confidence = _buyer(blocks, seller_elsewhere)
    found = _facts(buyer, confidence) if buyer else {}
    own = {id(cell) for cell in buyer.lines} if buyer else set()
    for block in blocks:
        if id(block.lines[0]) not in own and (_SELLERS.search(block.text) or len(blocks) == 2):
            found["seller_name"] = _read(block.lines[0].text, block.lines[0], _ONLY_ONE)
            break
    buyers_vat = found["buyer_vat"].value if "buyer_vat" in found else None
    for cell in sheet.cells:
        number = _VAT.search(cell.text)
        if number and _plain(number[1]) != buyers_vat:
            found.setdefault("seller_vat", _read(_plain(number[1]), cell, _ONLY_ONE))
    return found


def _buyer(blocks: Sequence[_Block], seller_elsewhere: bool) -> tuple[_Block | None, int]:
    labelled = [block for block in blocks if block.labelled]
    if labelled:
        same = {block.lines[0].text for block in labelled}
        return labelled[0], _LABELLED if len(same) == 1 else _ONE_OF_SEVERAL
    others = [block for block in blocks if not _SELLERS.search(block.text)]
    if not others:
        return None, 0
    return others[0], _ONLY_ONE if len(others) == 1 and seller_elsewhere else _ONE_OF_SEVERAL


def _labelled(sheet: Sheet) -> list[_Block]:
    found = []
    for cell, behind in sheet.label_cells("buyer"):
        if len(cell.text) > 60 + len(behind):
            continue
        own = Cell(behind, cell.page, cell.line, cell.box)
        lines = _below(sheet, cell)
        if behind and not behind[0].isdigit():
            lines = (own, *lines)
        elif _postcode_at(lines) is None:
            beside = next((c for c in sheet.row(cell.line) if c.box[0] > cell.box[0]), None)
            lines = (beside, *_below(sheet, beside)) if beside else lines
        if lines:
            found.append(_Block(lines, _postcode_at(lines), labelled=True))
    addressed = [block for block in found if block.at is not None]
    return addressed or found


def _below(sheet: Sheet, top: Cell) -> tuple[Cell, ...]:
    lines: list[Cell] = []
    last = top
    for line in range(top.line + 1, top.line + 40):
        here = [c for c in sheet.row(line) if c.page == top.page and abs(c.box[0] - top.box[0]) < _SAME_EDGE]
        if not here:
            continue
        if here[0].box[1] - last.box[1] > _NEXT_LINE or len(lines) == _BLOCK_LINES:
            break
        last = here[0]
        lines.append(last)
    return tuple(lines)


def _above(sheet: Sheet, bottom: Cell) -> tuple[Cell, ...]:
    lines: list[Cell] = []
    last = bottom
    for line in range(bottom.line - 1, max(bottom.line - 40, -1), -1):
        here = [
            c for c in sheet.row(line) if c.page == bottom.page and abs(c.box[0] - bottom.box[0]) < _SAME_EDGE
        ]
        if not here:
            continue
        if last.box[1] - here[0].box[1] > _NEXT_LINE or len(lines) == _BLOCK_LINES:
            break
        last = here[0]
        lines.append(last)
    return tuple(reversed(lines))


def _addresses(sheet: Sheet) -> list[_Block]:
    blocks = []
    for cell in sheet.cells:
        if not _POSTCODE.match(cell.text.strip()):
            continue
        above = _above(sheet, cell)
        # A title or a label above an address is no part of it.
        while above and (
            labels.label("buyer").fullmatch(above[0].text) or labels.INVOICE.search(above[0].text)
        ):
            above = above[1:]
        # Goods go elsewhere than the bill: that address tells nothing about who pays.
        if above and not any(labels.DELIVERY.match(line.text) for line in above):
            blocks.append(_Block((*above, cell, *_below(sheet, cell)[:4]), len(above)))
    return blocks


def _postcode_at(lines: Sequence[Cell]) -> int | None:
    return next((at for at, cell in enumerate(lines) if _POSTCODE.match(cell.text.strip())), None)


def _facts(block: _Block, confidence: int) -> dict[str, ReadValue]:
    name, sure = _name(block)
    found = {"buyer_name": _read(name.text.strip(" :"), name, min(confidence, sure))}
    if block.at is not None:
        place = block.lines[block.at]
        parts = _POSTCODE.match(place.text.strip())
        assert parts is not None
        found["buyer_postal_code"] = _read(parts["code"], place, confidence)
        found["buyer_city"] = _read(parts["city"].strip(), place, confidence)
        if country := _country(block, parts["land"], parts["code"]):
            found["buyer_country"] = _read(country, place, confidence)
        if block.at >= 2 and re.search(r"\d", block.lines[block.at - 1].text):
            street = block.lines[block.at - 1]
            found["buyer_street"] = _read(street.text, street, confidence)
    for cell in block.lines:
        if vat := _VAT.search(cell.text):
            found.setdefault("buyer_vat", _read(_plain(vat[1]), cell, confidence))
        if mail := _EMAIL.search(cell.text):
            found.setdefault("buyer_email", _read(mail[0], cell, confidence))
    return found


def _name(block: _Block) -> tuple[Cell, int]:
    """The line of a legal form, else the only line above the street; of several nobody can say which."""
    above = block.lines if block.at is None else block.lines[: block.at]
    lines = [cell for cell in above if not _ATTENTION.match(cell.text)] or list(block.lines[:1])
    for cell in lines:
        if labels.LEGAL_FORM.search(cell.text):
            return cell, _LABELLED
    if block.at is None:
        return lines[0], _UNCERTAIN_NAME
    names = [cell for cell in lines if not re.search(r"\d", cell.text)]
    return lines[0], _LABELLED if len(names) == 1 and names[0] is lines[0] else _UNCERTAIN_NAME


def _country(block: _Block, letters: str | None, code: str) -> str | None:
    place = block.lines[block.at or 0].text
    if state := re.search(r", ?([A-Z]{2})$", place):
        return state[1]
    if letters:
        return _LETTERS.get(letters, letters)
    named = (_COUNTRIES.get(cell.text.strip().casefold()) for cell in block.lines)
    return next((country for country in named if country), "NL" if re.search(r"[A-Z]{2}$", code) else None)


def _plain(number: str) -> str:
    return re.sub(r"[. ]", "", number).upper()


def _read(value: str, cell: Cell, confidence: int) -> ReadValue:
    return ReadValue(value[:200], cell.page, cell.box, confidence)
