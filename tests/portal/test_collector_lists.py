"""The collectors' lists over HTTP: claims, promises, disputes, and registers that were unclear."""

import json
import re

from sqlalchemy import text

from agency.disputes.raising import raise_dispute
from agency.kernel.ids import new_id
from agency.kernel.unit import Door
from tests.portal.bureau import browser, bureau, send, url_of

__all__ = ["browser", "bureau"]


class TestLists:
    def test_claims_are_found_by_name_number_reference_and_invoice(self, bureau, browser):
        bureau.claim(name="Aïcha El Amrani")
        bureau.claim(name="P. Peeters")
        number, reference, invoice = (
            bureau.value(f"SELECT {column} FROM claim c JOIN debtor d ON d.id = c.debtor_id"
                         " JOIN invoice i ON i.claim_id = c.id WHERE d.name LIKE 'A%'")
            for column in ("c.number", "c.reference", "i.number")
        )  # fmt: skip
        for words in ("amrani", number, reference, invoice):
            page = browser.get(f"/desk/claims?q={words}").text
            assert "Aïcha" in page, words
            assert "Peeters" not in page, words
        assert "Nothing matches" in browser.get("/desk/claims?state=paid").text
        for sort in ("number", "-debtor", "due_on", "-principal"):
            assert browser.get(f"/desk/claims?sort={sort}").status_code == 200

    def test_claims_are_found_by_what_a_caller_can_spell(self, bureau, browser):
        bureau.claim(name="Aïcha El Amrani")
        bureau.claim(name="P. Peeters")
        with bureau.office.unit() as unit:
            connection = unit.session.connection()
            for sql in (
                "UPDATE contact_point p SET value = '+31687654321' FROM debtor d WHERE d.id = p.debtor_id"
                " AND d.name LIKE 'A%' AND p.channel = 'phone'",
                "UPDATE contact_point p SET value = 'Aicha@post.example' FROM debtor d"
                " WHERE p.debtor_id = d.id"
                " AND d.name LIKE 'A%' AND p.channel = 'email'",
                "UPDATE debtor SET iban = 'NL91ABNA0417164300', postal_code = '9711 LM',"
                " registration_number = '27654399' WHERE name LIKE 'A%'",
            ):
                connection.execute(text(sql))
        for typed in (
            "+31 6 87654321", "06-87654321", "0031687654321", "654321", "aicha@", "AICHA@post.example",
            "NL91 ABNA 0417 1643 00", "nl91abna", "9711lm", "9711 LM", "27654399",
        ):  # fmt: skip
            for address in ("/desk/claims", "/desk/search"):
                page = browser.get(address, params={"q": typed}).text
                assert "Aïcha" in page, (address, typed)
                assert "Peeters" not in page, (address, typed)

    def test_search_of_the_palette_is_a_fragment_of_links(self, bureau, browser):
        claim = bureau.claim(name="Aïcha <El> Amrani")
        page = browser.get("/desk/search?q=aicha").text
        assert "<html" not in page
        assert f'<li><a href="{url_of(claim)}">' in page
        assert "&lt;El&gt;" in page
        assert browser.get("/desk/search?q=a").text.strip() == ""
        assert browser.get("/desk/search?q=%25%25").text.strip() == ""

    def test_promises(self, bureau, browser):
        claim = bureau.claim()
        send(
            browser, f"{url_of(claim)}/promises", page=url_of(claim), promise_amount="100",
            promise_on="2026-12-10",
        )  # fmt: skip
        assert "J. van den Berg" in browser.get("/desk/promises").text
        assert "J. van den Berg" not in browser.get("/desk/promises?state=kept").text
        for sort in ("due_on", "-amount", "debtor"):
            assert "100.00" in browser.get(f"/desk/promises?sort={sort}&q=berg").text

    def test_disputes(self, bureau, browser):
        claim = bureau.claim()
        with bureau.unit() as unit:
            raise_dispute(unit, creditor_id=claim[0], claim_id=claim[1], reason="other", words="Odd")
        assert "Odd" in browser.get("/desk/disputes").text
        assert "Odd" not in browser.get("/desk/disputes?state=settled").text
        for sort in ("raised_at", "-disputed", "debtor"):
            assert browser.get(f"/desk/disputes?sort={sort}&q=berg").status_code == 200

    def test_a_dispute_about_a_claim_that_is_paid_asks_for_nobody(self, bureau, browser):
        claim = bureau.claim()
        with bureau.unit() as unit:
            raise_dispute(unit, creditor_id=claim[0], claim_id=claim[1], reason="other", words="Odd")
        figure = re.compile(r"Open disputes.*?(\d+)", re.DOTALL)
        assert figure.search(browser.get("/desk/figures").text)[1] == "1"
        assert "Collection is paused" in browser.get(url_of(claim)).text
        with bureau.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE claim SET state = 'paid' WHERE id = :id"), {"id": claim[1]}
            )
        assert figure.search(browser.get("/desk/figures").text)[1] == "0"
        assert "Odd" not in browser.get("/desk/disputes").text
        assert "Odd" in browser.get("/desk/disputes?state=ended").text
        assert "Collection is paused" not in browser.get(url_of(claim)).text


class TestUnclearRegisters:
    def test_wait_on_a_page_of_their_own_until_somebody_says_why_they_do_not_matter(self, bureau, browser):
        claim = bureau.claim()
        entry = {
            "kind": "raadsel",
            "register": "CIR",
            "reference": "R-1",
            "since": "2026-01-02",
            "until": None,
        }
        with bureau.office.units.open(Door.WORKER, by="system:test") as unit:
            unit.session.connection().execute(
                text(
                    "INSERT INTO screening (creditor_id, id, debtor_id, state, asked_at, answered_at,"
                    " next_at, attempts, found, failure)"
                    " SELECT creditor_id, :id, debtor_id, 'unclear', app.now(), app.now(),"
                    " app.now() + interval '7 days', 0, :found, '' FROM claim WHERE id = :claim"
                    " ON CONFLICT (creditor_id, debtor_id) DO UPDATE SET state = 'unclear', found = :found,"
                    " answered_at = app.now()"
                ),
                {
                    "id": new_id(),
                    "claim": claim[1],
                    "found": json.dumps([entry]),
                },
            )
        page = browser.get("/desk/registers").text
        assert "raadsel" in page
        action = re.search(r'action="(/desk/registers/[^"]+)"', page)[1]
        refused = send(browser, action, page="/desk/registers", why=" ")
        assert refused.status_code == 422
        assert send(browser, action, page="/desk/registers", why="A namesake.").status_code == 303
        assert "raadsel" not in browser.get("/desk/registers").text
        assert bureau.value("SELECT state FROM screening") == "clear"
