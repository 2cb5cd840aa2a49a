"""Dropping two hundred files in a real browser, mapping a bank's columns, confirming an unsure invoice."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from agency.parties.models import Role
from tests.barriers import DESK, PHONE, barriers
from tests.einvoice.pdf_samples import invoice_pdf
from tests.intake.test_open_items import several_sheets
from tests.portal.served import serve
from tests.portal.test_creditor import house  # noqa: F401
from tests.portal.test_drops import a_picture, a_workbook, an_archive, an_invoice
from tests.portal.test_shell_in_browser import watched

pytestmark = pytest.mark.browser
# What a bank's export looks like, twenty-six columns wide; nobody in it exists.
BANK_HEADERS = (
    "IBAN/BBAN", "Munt", "BIC", "Volgnr", "Datum", "Rentedatum", "Bedrag", "Saldo na trn",
    "Tegenrekening IBAN/BBAN", "Naam tegenpartij", "Naam uiteindelijke partij", "Naam initiërende partij",
    "BIC tegenpartij", "Code", "Batch ID", "Transactiereferentie", "Machtigingskenmerk", "Incassant ID",
    "Betalingskenmerk", "Omschrijving-1", "Omschrijving-2", "Omschrijving-3", "Reden retour",
    "Oorspr bedrag", "Oorspr munt", "Koers",
)  # fmt: skip


def bank_export(rows: int) -> bytes:
    lines = [BANK_HEADERS]
    for n in range(rows):
        day = f"2026-09-{n % 28 + 1:02}"
        known = {
            "IBAN/BBAN": "NL91ABNA0417164300", "Munt": "EUR", "BIC": "ABNANL2A", "Volgnr": f"{n:018}",
            "Datum": day, "Rentedatum": day, "Bedrag": f"+{n + 10},50", "Saldo na trn": "+99,00",
            "Tegenrekening IBAN/BBAN": "NL91ABNA0417164300",
            "Naam tegenpartij": f"Klant {'ABCDEFGH'[n % 8]} BV",
            "Code": "cb", "Omschrijving-1": f"Factuur {n}",
        }  # fmt: skip
        lines.append(tuple(known.get(header, "") for header in BANK_HEADERS))
    return "\r\n".join(",".join(f'"{cell}"' for cell in line) for line in lines).encode("cp1252")


@pytest.fixture
def served(house):  # noqa: F811
    with serve(house) as running:
        yield running


@pytest.fixture
def window(browser, served):
    """Opens a page of a signed-in manager in a theme and size."""
    person = served.house.person(Role.CREDITOR_MANAGER, creditor_id=served.house.creditor())
    session = served.house.signed_in(person).cookies["session"]
    contexts = []

    def opened(**settings):
        context = browser.new_context(base_url=served.url, locale="en-GB", **settings)
        context.add_cookies([{"name": "session", "value": session, "url": served.url}])
        contexts.append(context)
        return watched(context)

    yield opened
    for context in contexts:
        context.close()


def two_hundred(folder: Path) -> list[Path]:
    files = {f"invoice-{n:03}.xml": an_invoice(f"U{n:03}") for n in range(140)}
    files |= {f"paper-{n:02}.pdf": invoice_pdf(number=f"P{n:02}") for n in range(30)}
    files |= {f"list-{n}.xlsx": a_workbook(f"W{n}A", f"W{n}B") for n in range(10)}
    files |= {f"photo-{n}.png": a_picture(n) for n in range(18)}
    files["unsure.pdf"] = invoice_pdf(number="Q1", leave_out=("net", "vat", "total"))
    files["more.zip"] = an_archive(**{f"z{n}.xml": an_invoice(f"Z{n}") for n in range(5)})
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


class TestTheDropPage:
    def test_takes_two_hundred_files_and_survives_a_reload(self, window, tmp_path):
        page, complaints = window(viewport=DESK)
        page.goto("/creditor/placements/new")
        page.locator("input[type=file]").set_input_files(two_hundred(tmp_path))
        page.wait_for_url("**/creditor/drops/*")
        # Half a minute's work of a quiet machine, and many minutes of one that does all else beside it.
        expect(page.locator("#drop tbody tr")).to_have_count(204, timeout=400_000)
        expect(page.locator("#drop .chip", has_text="Waiting")).to_have_count(0, timeout=400_000)
        expect(page.locator("#drop a", has_text="See the price")).to_have_count(1)
        page.reload()
        expect(page.locator("#drop tbody .chip", has_text="Claim")).to_have_count(185)
        expect(page.locator("#drop tbody .chip", has_text="Question")).to_have_count(19)
        assert complaints == []
        assert barriers(page) == []

    def test_every_page_of_it_can_be_read_by_everybody_and_fits(self, window, tmp_path):
        page, complaints = window(viewport=DESK)
        files = {
            "unsure.pdf": invoice_pdf(leave_out=("net", "vat", "total")),
            "bank with a very long name that goes on and on and on and on 2026.csv": bank_export(40),
            "ok.xml": an_invoice("OK"),
            "months.xlsx": several_sheets(),
        }
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        page.goto("/creditor/placements/new")
        page.locator("input[type=file]").set_input_files([tmp_path / name for name in files])
        page.wait_for_url("**/creditor/drops/*")
        expect(page.locator("#drop tbody .chip", has_text="Question")).to_have_count(3)
        drop = page.url
        rows = page.locator("#drop tbody tr")
        paths = {
            "drop": drop,
            "unsure": rows.filter(has_text="unsure.pdf").locator("a").get_attribute("href"),
            "mapping": rows.filter(has_text="bank with").locator("a").get_attribute("href"),
            "sheets": rows.filter(has_text="months").locator("a").get_attribute("href") + "?sheet=*",
            "mappings": "/creditor/mappings",
            "new": "/creditor/placements/new",
        }
        for name, path in paths.items():
            page.goto(path)
            assert barriers(page) == [], name
        assert complaints == []


class TestTheMappingPage:
    def test_maps_a_banks_twenty_six_columns_with_three_choices(self, window, tmp_path):
        page, complaints = window(viewport=DESK)
        (tmp_path / "bank.csv").write_bytes(bank_export(40))
        page.goto("/creditor/placements/new")
        page.locator("input[type=file]").set_input_files(tmp_path / "bank.csv")
        page.wait_for_url("**/creditor/drops/*")
        page.locator("#drop tbody a").click()
        expect(page.locator("#understood")).to_contain_text("Klant A BV")
        expect(page.locator("#understood")).to_contain_text("10.50")
        chosen = page.locator("select[name^=column_]").evaluate_all("all => all.map(one => one.value)")
        assert chosen[3] == "invoice_number"
        assert chosen[4] == "issued_on"
        assert chosen[6] == "amount"
        assert chosen[9] == "debtor_name"
        # The page follows what is chosen before anything is kept.
        page.locator("#field-column_9").select_option("")
        expect(page.locator("#understood")).to_contain_text("Still needed")
        page.locator("#field-column_9").select_option("debtor_name")
        expect(page.locator("#understood")).to_contain_text("Klant A BV")
        page.get_by_role("button", name="Keep and read the file").click()
        page.wait_for_url("**/creditor/quotes/*")
        assert complaints == []

    def test_leaves_a_sheet_out_by_keyboard_on_a_telephone(self, window, tmp_path):
        page, complaints = window(viewport=PHONE)
        (tmp_path / "months.xlsx").write_bytes(several_sheets())
        page.goto("/creditor/placements/new")
        page.locator("input[type=file]").set_input_files(tmp_path / "months.xlsx")
        page.wait_for_url("**/creditor/drops/*")
        page.locator("#drop tbody a").click()
        page.get_by_role("link", name="All sheets with these columns").press("Enter")
        august = page.get_by_role("region", name="Augustus")
        expect(august).to_contain_text("Will be read")
        august.get_by_label("Leave out this sheet").press("Space")
        expect(august).to_contain_text("Left out")
        # Who goes on by keyboard is where they were.
        expect(august.get_by_label("Leave out this sheet")).to_be_focused()
        page.get_by_role("button", name="Keep and read the file").press("Enter")
        page.wait_for_url("**/creditor/*s/*", wait_until="load")
        expect(page.locator("body")).not_to_contain_text("F1")
        assert complaints == []
