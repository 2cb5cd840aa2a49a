"""Where a debtor can be reached, on a collector's page: what is new, what is wrong, and where he went."""

import re

import pytest
from sqlalchemy import text

from agency.desk.models import WorkKind
from agency.kernel.ids import new_id
from agency.payments.links import LinkUnusable, issue_link, resolve_link
from tests.portal.bureau import browser, bureau, send, url_of

__all__ = ["browser", "bureau"]

KNOWN = {"street": "Dorpsstraat 12", "postal_code": "3511 AB", "city": "Utrecht", "language": "nl"}


def write(browser, claim, **fields):
    page = f"{url_of(claim)}/contact"
    return send(browser, page, page=page, **({**KNOWN, "told_by": "debtor"} | fields))


def points(bureau) -> dict[str, str]:
    with bureau.unit() as unit:
        rows = unit.session.connection().execute(text("SELECT value, state FROM contact_point"))
        return {row.value: row.state for row in rows}


def one_person(bureau) -> None:
    """The debtors of every creditor are one person, as only the agency knows."""
    with bureau.unit() as unit:
        connection, identity = unit.session.connection(), new_id()
        connection.execute(
            text("INSERT INTO debtor_identity (id, match_key, created_at) VALUES (:i, 'k', app.now())"),
            {"i": identity},
        )
        connection.execute(text("UPDATE debtor SET identity_id = :i"), {"i": identity})


class TestWhatIsNew:
    def test_a_number_is_kept_as_it_is_dialled_and_a_note_says_from_whom(self, bureau, browser):
        claim = bureau.claim()
        bureau.ask(claim, WorkKind.UNREACHABLE)
        assert f"{url_of(claim)}/contact" in browser.get(url_of(claim)).text
        answer = write(browser, claim, phone="06 - 87 65 43 21", words="Rang from this number.")
        assert answer.headers["location"] == url_of(claim)
        assert points(bureau)["+31687654321"] == "usable"
        page = browser.get(url_of(claim)).text
        assert "+31687654321" in page
        assert "Rang from this number." in page
        assert "The debtor himself" in page
        # Who was looked for because nothing worked is found: nobody needs to look on.
        assert bureau.value("SELECT count(*) FROM work_item WHERE done_at IS NULL") == 0
        assert bureau.value(
            "SELECT facts->>'told_by' FROM audit_entry WHERE action = 'debtor.contact_corrected'"
        ) == "debtor"  # fmt: skip

    def test_the_audit_names_no_number(self, bureau, browser):
        write(browser, bureau.claim(), phone="06 87654321")
        kept = bureau.value(
            "SELECT string_agg(facts::text, '') FROM audit_entry WHERE action LIKE 'debtor.%'"
        )
        assert "87654321" not in kept

    def test_an_address_in_another_belgian_region_counts_by_that_region(self, bureau, browser):
        claim = bureau.claim()
        with bureau.unit() as unit:
            unit.session.connection().execute(text("UPDATE debtor SET country = 'BE', region = 'BE-VLG'"))
        answer = write(browser, claim, street="Rue Neuve 1", postal_code="5000", city="Namur", language="fr")
        assert answer.status_code == 303
        assert bureau.value("SELECT region FROM debtor") == "BE-WAL"
        assert bureau.value("SELECT language FROM debtor") == "fr"

    def test_a_refusal_names_the_field_and_keeps_what_was_typed(self, bureau, browser):
        claim = bureau.claim()
        for fields, words in (
            ({"phone": "12"}, "is not a phone number"),
            ({"email": "nobody"}, "is not an e-mail address"),
            ({"postal_code": "99"}, "is not a postcode of this country"),
            ({"city": ""}, "an address has a street"),
            ({"language": "tr"}, "choose a language"),
            ({}, "nothing here is new"),
            ({"told_by": ""}, ""),
        ):
            answer = write(browser, claim, **({"words": "Typed <words>"} | fields))
            assert answer.status_code == 422, fields
            assert words.casefold() in answer.text.casefold(), fields
            assert "Typed &lt;words&gt;" in answer.text
        assert bureau.value("SELECT count(*) FROM note") == 0

    def test_sent_twice_it_says_that_nothing_is_new(self, bureau, browser):
        claim = bureau.claim()
        assert write(browser, claim, phone="06 87654321").status_code == 303
        assert write(browser, claim, phone="+31 (0)6 87654321").status_code == 422
        assert bureau.value("SELECT count(*) FROM note") == 1

    def test_only_where_it_is_asked_it_counts_for_other_creditors(self, bureau, browser):
        here, _ = bureau.claim(), bureau.claim(brand="Fysio Plus")
        assert "with other creditors" not in browser.get(f"{url_of(here)}/contact").text
        one_person(bureau)
        assert "with other creditors" in browser.get(f"{url_of(here)}/contact").text
        write(browser, here, phone="06 87654321")
        counted = "SELECT count(*) FROM contact_point WHERE value = :v"
        assert bureau.value(counted, v="+31687654321") == 1
        write(browser, here, phone="06 87654322", everywhere="true")
        assert bureau.value(counted, v="+31687654322") == 2


class TestWhatIsWrong:
    def point(self, bureau, value: str) -> str:
        return str(bureau.value("SELECT id FROM contact_point WHERE value = :v LIMIT 1", v=value))

    def test_a_number_is_marked_wrong_for_each_creditor_and_works_again_here(self, bureau, browser):
        claim, _ = bureau.claim(), bureau.claim(brand="Fysio Plus")
        one_person(bureau)
        page = f"{url_of(claim)}/contact"
        one = bureau.value(
            "SELECT id FROM contact_point WHERE creditor_id = :c AND channel = 'phone'", c=claim[0]
        )
        assert send(browser, f"{page}/{one}", page=page, state="wrong").status_code == 303
        wrong = "SELECT count(*) FROM contact_point WHERE channel = 'phone' AND state = 'wrong'"
        assert bureau.value(wrong) == 2
        assert send(browser, f"{page}/{one}", page=page, state="usable").status_code == 303
        assert bureau.value(wrong) == 1

    def test_who_asked_not_to_be_reached_there_is_not_reached_by_a_press_of_a_key(self, bureau, browser):
        claim = bureau.claim()
        with bureau.unit() as unit:
            unit.session.connection().execute(text("UPDATE contact_point SET state = 'opted_out'"))
        page = f"{url_of(claim)}/contact"
        one = self.point(bureau, "+31612345678")
        answer = send(browser, f"{page}/{one}", page=page, state="usable")
        assert answer.status_code == 422
        assert "asked not to be reached here" in answer.text
        assert write(browser, claim, phone="06 12345678").status_code == 422

    def test_another_debtors_number_is_not_found(self, bureau, browser):
        claim, other = bureau.claim(), bureau.claim(brand="Fysio Plus")
        one = bureau.value("SELECT id FROM contact_point WHERE creditor_id = :c LIMIT 1", c=other[0])
        page = f"{url_of(claim)}/contact"
        assert send(browser, f"{page}/{one}", page=page, state="wrong").status_code in (404, 422)
        assert bureau.value("SELECT count(*) FROM contact_point WHERE state = 'wrong'") == 0

    def test_an_address_is_forgotten_kept_in_a_note_and_looked_for(self, bureau, browser):
        claim, _ = bureau.claim(), bureau.claim(brand="Fysio Plus")
        one_person(bureau)
        page = f"{url_of(claim)}/contact"
        assert send(browser, f"{page}/left", page=page).status_code == 303
        assert bureau.value("SELECT count(*) FROM debtor WHERE street IS NOT NULL") == 0
        shown = browser.get(url_of(claim)).text
        assert "Does not live there any more: Dorpsstraat 12, 3511 AB, Utrecht" in shown
        assert bureau.value("SELECT reason FROM work_item WHERE done_at IS NULL") == "moved"
        again = send(browser, f"{page}/left", page=page)
        assert again.status_code == 422
        assert "no address is known any more" in again.text.casefold()
        # The new address ends the search.
        write(browser, claim, street="Nieuwe Weg 3", postal_code="1011 AA", city="Amsterdam")
        assert bureau.value("SELECT count(*) FROM work_item WHERE done_at IS NULL") == 0

    def test_every_button_says_which_number_it_is_about(self, bureau, browser):
        page = browser.get(f"{url_of(bureau.claim())}/contact").text
        names = re.findall(r"<span>Wrong</span><span class=\"visually-hidden\">: ([^<]+)<", page)
        assert sorted(names) == ["+31612345678", "debtor@example.org"]


class TestLinks:
    def test_who_got_a_message_that_was_not_his_sees_nothing_any_more(self, bureau, browser):
        claim = bureau.claim()
        page = f"{url_of(claim)}/contact"
        assert "Payment links" not in browser.get(page).text
        with bureau.unit() as unit:
            token = issue_link(unit, creditor_id=claim[0], claim_id=claim[1])
            assert resolve_link(unit, token=token).claim_id == claim[1]
        assert "1 link that was sent opens the debtor" in browser.get(page).text
        assert send(browser, f"{page}/links", page=page).headers["location"] == page
        with bureau.unit() as unit, pytest.raises(LinkUnusable):
            resolve_link(unit, token=token)
        assert "Payment links" not in browser.get(page).text
        assert "The payment links that were sent are closed." in browser.get(url_of(claim)).text
        send(browser, f"{page}/links", page=page)
        assert bureau.value("SELECT count(*) FROM audit_entry WHERE action = 'pay_link.revoked'") == 1
