"""A creditor's books at a bookkeeping vendor: generated, changed on demand, and the invoices as documents."""

import hashlib
import json
import secrets
import uuid
from datetime import timedelta
from typing import Any, Final, NamedTuple

from agency.money import Money
from integrations.simulator.portfolio import SimulatedInvoice, belgian_portfolio, trade_portfolio
from integrations.simulator.store import as_json, moment_text
from integrations.simulator.world import World

SEED: Final = 2026
EXACT_DIVISIONS: Final = (
    ("900101", "Groothandel Van der Velde B.V.", 180),
    ("900102", "Van der Velde Bouwmaterialen BV", 60),
)
STRIPE_ACCOUNT: Final = "acct_1Simulated000001"
BILLIT_COMPANIES: Final = (
    ("574991", "Aannemersbedrijf Peeters BV", 50),
    ("588708", "Peeters Services BV", 10),
)
QUICKBOOKS_COMPANY: Final = ("9341450000000017", "Van der Velde Export B.V.")
_QUICKBOOKS_INVOICES: Final = 40
TEAMLEADER_DEPARTMENTS: Final = (
    ("7e1ead00-0000-4000-8000-000000000001", "Studio Verhaegen BV", 40),
    ("7e1ead00-0000-4000-8000-000000000002", "Verhaegen Academie VZW", 8),
)


class YukiAdministration(NamedTuple):
    """A set of books at Yuki, in one country and one domain."""

    country: str
    domain: str
    code: str
    name: str
    invoices: int


_YUKI_ENDS: Final = "-0000-4000-8000-000000000000"
YUKI_ADMINISTRATIONS: Final = (
    YukiAdministration("nl", f"d0000001{_YUKI_ENDS}", f"ad000001{_YUKI_ENDS}", "Drukkerij Hoekstra B.V.", 45),
    YukiAdministration(
        "nl", f"d0000002{_YUKI_ENDS}", f"ad000002{_YUKI_ENDS}", "Hoekstra Verpakkingen B.V.", 10
    ),
    YukiAdministration("be", f"d0000003{_YUKI_ENDS}", f"ad000003{_YUKI_ENDS}", "Garage Lambrecht BV", 30),
)
# Where a program that names no books means them.
FIRST_BOOKS: Final = {
    "exact": EXACT_DIVISIONS[0][0],
    "stripe": STRIPE_ACCOUNT,
    "billit": BILLIT_COMPANIES[0][0],
    "quickbooks": QUICKBOOKS_COMPANY[0],
    "teamleader": TEAMLEADER_DEPARTMENTS[0][0],
    "yuki": YUKI_ADMINISTRATIONS[0].code,
}
_STRIPE_INVOICES: Final = 90
# A few of what real books hold, too: a name that is no name, and money that we do not collect.
_ODD_NAMES: Final = {7: '=HYPERLINK("https://evil.example")', 11: "<script>alert(1)</script> & Zonen B.V."}
_FOREIGN: Final = {13: "USD", 17: "GBP"}


def open_books(world: World) -> None:
    """This function will draw the books the first time that they are looked at; the same seed, the same
    books."""
    if world.store.setting("books") is not None:
        return
    with world.store.transaction():
        world.store.keep_setting("books", "drawn")
        today = world.clock.today()
        for place, (division, _, count) in enumerate(EXACT_DIVISIONS):
            draw = trade_portfolio if place == 0 else belgian_portfolio
            for index, invoice in enumerate(draw(seed=SEED + 7 + place, today=today, claims=count)):
                add_invoice(world, "exact", division, invoice, index=index if place == 0 else -1)
        drawn = trade_portfolio(seed=SEED + 99, today=today, claims=_STRIPE_INVOICES, first=50_000)
        for invoice in drawn:
            add_invoice(world, "stripe", STRIPE_ACCOUNT, invoice)
        for place, (company, _, count) in enumerate(BILLIT_COMPANIES):
            for invoice in belgian_portfolio(
                seed=SEED + 200 + place, today=today, claims=count, first=60_000 + place * 1_000
            ):
                add_invoice(world, "billit", company, invoice)
        drawn = trade_portfolio(seed=SEED + 300, today=today, claims=_QUICKBOOKS_INVOICES, first=70_000)
        for invoice in drawn:
            add_invoice(world, "quickbooks", QUICKBOOKS_COMPANY[0], invoice)
        for place, (department, _, count) in enumerate(TEAMLEADER_DEPARTMENTS):
            for invoice in belgian_portfolio(
                seed=SEED + 400 + place, today=today, claims=count, first=80_000 + place * 1_000
            ):
                add_invoice(world, "teamleader", department, invoice)
        for place, books in enumerate(YUKI_ADMINISTRATIONS):
            draw = belgian_portfolio if books.country == "be" else trade_portfolio
            first = 90_000 + place * 1_000
            for invoice in draw(seed=SEED + 500 + place, today=today, claims=books.invoices, first=first):
                add_invoice(world, "yuki", books.code, invoice)


def add_invoice(
    world: World, vendor: str, division: str, invoice: SimulatedInvoice, *, index: int = -1
) -> str:
    """This function will book one invoice or credit note, and its customer; it returns the number that it has
    there: Exact and Teamleader number invoices themselves, in whole numbers and by year."""
    debtor = invoice.debtor
    ref = customer_ref(vendor, division, debtor.reference)
    name = _ODD_NAMES.get(index, debtor.name)
    facts = {
        "name": name, "number": debtor.reference, "street": debtor.street,
        "postal_code": debtor.postal_code, "city": debtor.city,
        "country": debtor.country, "email": debtor.email, "phone": debtor.phone,
        "registration_number": debtor.registration_number,
    }  # fmt: skip
    world.store.run(
        "INSERT INTO book_customer VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        vendor, ref, division, as_json(facts), moment_text(world.clock.now() - timedelta(days=400)),
    )  # fmt: skip
    number, credits = (_own_number(vendor, division, one) for one in (invoice.number, invoice.credits))
    world.store.insert(
        "book_line",
        vendor=vendor, division=division, ref=f"in_{_digest(f'{division}{number}')[:24]}", number=number,
        customer_ref=ref, issued_on=invoice.issued_on.isoformat(), due_on=invoice.due_on.isoformat(),
        currency=_FOREIGN.get(index, "EUR"), total_minor=invoice.amount_minor,
        open_minor=invoice.amount_minor, your_ref=credits if invoice.credits else "",
    )  # fmt: skip
    return number


def _own_number(vendor: str, division: str, number: str) -> str:
    if vendor == "exact":
        return exact_number(division, number)
    if vendor == "teamleader" and number:
        year, serial = f"20{number[-8:-6]}", int(number[-5:])
        return f"{year}/{serial}" if number.startswith("C") else f"{year} / {serial}"
    return number


def exact_number(division: str, number: str) -> str:
    """This function will return the whole number that stands for an invoice in Exact's books."""
    return str(20_000_000 + int(_digest(f"{division}{number}")[:7], 16) % 70_000_000) if number else ""


def customer_ref(vendor: str, division: str, reference: str) -> str:
    """This function will return a customer's id as the vendor writes it."""
    digest = _digest(f"{vendor}{division}{reference}")
    if vendor in ("exact", "teamleader", "yuki"):
        return str(uuid.UUID(digest[:32]))
    return f"cus_{digest[:14]}" if vendor == "stripe" else str(int(digest[:8], 16) % 2**31)


def receive(world: World, vendor: str, number: str, minor: int, text: str) -> bool:
    """This function will book money as received from a customer and match it with the invoice; False when no
    such invoice is open."""
    line = world.store.one(
        "SELECT * FROM book_line WHERE vendor = ? AND number = ? AND open_minor >= ?", vendor, number, minor
    )
    if line is None:
        return False
    with world.store.transaction():
        world.store.run("UPDATE book_line SET open_minor = open_minor - ? WHERE id = ?", minor, line["id"])
        # Teamleader keeps no words with a payment, but of which invoice it is.
        _receive(world, line, minor, line["number"] if vendor == "teamleader" else text)
    return True


def credit(world: World, vendor: str, number: str, minor: int) -> bool:
    """This function will match a credit note with an invoice: less of it is open, and nothing was paid."""
    line = world.store.one(
        "SELECT * FROM book_line WHERE vendor = ? AND number = ? AND open_minor >= ?", vendor, number, minor
    )
    if line is None:
        return False
    with world.store.transaction():
        world.store.run(
            "UPDATE book_line SET open_minor = open_minor - ?, credited_minor = credited_minor + ?"
            " WHERE id = ?",
            minor, minor, line["id"],
        )  # fmt: skip
        if vendor == "quickbooks":  # there a payment of nothing matches the two
            _receive(world, line, 0, "")
    return True


def _receive(world: World, line: Any, minor: int, text: str) -> None:
    world.store.insert(
        "book_receipt",
        id=str(uuid.UUID(secrets.token_hex(16))), vendor=line["vendor"], division=line["division"],
        customer_ref=line["customer_ref"], amount_minor=minor,
        received_on=world.clock.today().isoformat(), text=text,
    )  # fmt: skip


def lines_of(world: World, vendor: str, division: str, line: int | None = None) -> list[Any]:
    """This function will return the lines of a set of books with their customers' facts, or one."""
    found = world.store.all(
        "SELECT l.*, c.facts FROM book_line l JOIN book_customer c ON c.vendor = l.vendor"
        " AND c.ref = l.customer_ref WHERE l.vendor = ? AND l.division = ? AND (? IS NULL OR l.id = ?)"
        " ORDER BY l.id",
        vendor, division, line, line,
    )  # fmt: skip
    return list(found)


def key_works(world: World, key: str) -> bool:
    """This function will tell whether a key that a creditor made was not taken back."""
    return world.store.setting(f"book_key:{key}") != "revoked"


def customer_facts(row: Any) -> dict[str, str]:
    """This function will return what a customer's row holds."""
    facts: dict[str, str] = json.loads(row["facts"])
    return facts


def invoice_pdf(lines: list[str]) -> bytes:
    """This function will write a page of plain text as PDF: enough to be read, nothing to look at."""
    shown = [
        line.encode("cp1252", "replace").decode("cp1252").translate({40: r"\(", 41: r"\)", 92: r"\\"})
        for line in lines
    ]
    text = "BT /F1 11 Tf 60 780 Td 16 TL " + " ".join(f"({line}) Tj T*" for line in shown) + " ET"
    stream = text.encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def document_of(world: World, line: Any) -> bytes:
    """This function will return the PDF of an invoice."""
    scripted = world.store.setting("book_document")
    if scripted == "hostile":
        return b"%PDF-1.7\n" + b"\x00<</JS(app.alert(1))>>" * 40
    row = world.store.one("SELECT * FROM book_customer WHERE ref = ?", line["customer_ref"])
    facts = customer_facts(row)
    total = f"{line['total_minor'] / 100:.2f}".replace(".", ",")
    return invoice_pdf(
        [
            "Factuur", "", facts["name"], facts["street"], f"{facts['postal_code']} {facts['city']}", "",
            f"Factuurnummer: {line['number']}", f"Factuurdatum: {_dutch(line['issued_on'])}",
            f"Vervaldatum: {_dutch(line['due_on'])}", f"Totaal te betalen: {line['currency']} {total}",
        ]
    )  # fmt: skip


def _dutch(day: str) -> str:
    return "-".join(reversed(day.split("-")))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def add_line(world: World, division: str, **line: str) -> dict[str, str]:
    """This function will book one line as it is given, and its customer."""
    ref = customer_ref(line["vendor"], division, line["customer"])
    facts = {
        "name": line["name"], "number": line["customer"], "street": "Dorpsstraat 12",
        "postal_code": "3511 AB", "city": "Utrecht",
        "country": line["country"], "email": line["email"], "phone": "",
        "registration_number": line["registration_number"],
    }  # fmt: skip
    minor = Money.parse(line["open"], line["currency"]).minor
    with world.store.transaction():
        world.store.run(
            "INSERT INTO book_customer VALUES (?, ?, ?, ?, ?) ON CONFLICT (vendor, ref) DO UPDATE"
            " SET facts = excluded.facts, modified_at = excluded.modified_at",
            line["vendor"], ref, division, as_json(facts), moment_text(world.clock.now()),
        )  # fmt: skip
        world.store.insert(
            "book_line",
            vendor=line["vendor"], division=division,
            ref=f"in_{_digest(division + line['number'])[:24]}",
            number=line["number"], customer_ref=ref, issued_on=line["issued_on"], due_on=line["due_on"],
            currency=line["currency"], open_minor=minor, your_ref=line["your_ref"],
            total_minor=Money.parse(line["total"] or line["open"], line["currency"]).minor,
        )  # fmt: skip
    return {"customer": ref}
