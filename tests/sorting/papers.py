"""Documents as they come in: PDFs set with Typst from facts that no real person has."""

import json

import typst

_PAGE = """
#let d = json(bytes(sys.inputs.at("data")))
#set page(width: 210mm, height: 297mm, margin: 20mm)
#set text(size: 10pt)
#for line in d { text(line); linebreak() }
"""


def a_pdf(*lines: str) -> bytes:
    """A page with these lines."""
    pdf = typst.compile(
        _PAGE.encode(),
        format="pdf",
        sys_inputs={"data": json.dumps(list(lines))},
        ignore_system_fonts=True,
        timestamp=0,
    )
    assert isinstance(pdf, bytes)
    return pdf


def a_delivery_note(*, number: str, debtor: str, amount: str = "", more: tuple[str, ...] = ()) -> bytes:
    """A delivery note that names an invoice and who received the goods."""
    return a_pdf(
        "Groothandel Voorbeeld B.V.",
        "Leverbon / afleverbon",
        f"Betreft factuur: {number}",
        f"Geleverd aan: {debtor}",
        *([f"Totaal EUR {amount}"] if amount else []),
        *more,
        "Voor ontvangst: handtekening",
    )
