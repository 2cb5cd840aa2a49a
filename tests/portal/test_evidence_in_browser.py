"""The pages of a document in a real browser: readable by everybody in both themes, and fitting a phone."""

import re

import pytest

from agency.kernel.outbox import drain
from agency.parties.models import Role
from tests.barriers import barriers
from tests.documents.papers import D, a_paper
from tests.portal.served import serve
from tests.portal.test_creditor import Browser
from tests.portal.test_evidence import RIGHT, a_file, a_row, add, house  # noqa: F401

pytestmark = pytest.mark.browser

LONG_NAME = "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming"


def test_documents_can_be_read_by_everybody_and_fit(house, browser):  # noqa: F811
    creditor_id = house.creditor()
    manager = Browser(house, creditor_id, Role.CREDITOR_MANAGER)
    manager.drop(a_file(a_row("F-2026-17", amount="1234,56", name=LONG_NAME)))
    drain(house.units)
    claim = re.search(r'href="(/creditor/claims/[0-9a-f-]{36})"', manager.get("/creditor/claims").text)[1]
    paper = a_paper(D.invoice, **RIGHT | {"amount": "€ 1.324,56", "debtor": LONG_NAME, "due": "01-07-2026"})
    wrong = add(house, manager, claim, paper, name="factuur-" + "heel-lang-" * 15 + ".pdf")
    signed = add(
        house, manager, claim, a_paper(D.delivery_note, **RIGHT | {"debtor": LONG_NAME}, signed=True)
    )
    letter = manager.post(f"{claim}/documents", files={"file": ("n.txt", b"Geachte heer", "text/plain")})
    assert letter.status_code == 303
    house.change("UPDATE debtor SET country = 'DE', kind = 'consumer'")
    desk = f"/desk/claims/{creditor_id}/{claim.rpartition('/')[2]}"
    people = {
        "creditor": (
            manager.client.cookies["session"],
            {"claim": claim, "wrong": f"{wrong}/check", "signed": f"{signed}/check"},
        ),
        "desk": (
            house.browser(Role.COLLECTOR, Role.ADMIN).cookies["session"],
            {
                "claim": desk,
                "wrong": f"{desk}/documents/{wrong.rpartition('/')[2]}/check",
                "points": f"{desk}/completeness",
            },
        ),
    }
    with serve(house) as served:
        for who, (session, paths) in people.items():
            context = browser.new_context(base_url=served.url, locale="en-GB")
            context.add_cookies([{"name": "session", "value": session, "url": served.url}])
            page = context.new_page()
            for name, path in paths.items():
                page.goto(path)
                assert barriers(page) == [], (who, name)
            context.close()
