"""The page of one person over all creditors: reached from a claim, with totals, holds and the cap."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from agency.arrangements.promises import make_promise
from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.kernel.ids import new_id
from agency.money import Money
from agency.parties.models import Role
from tests.communication.correspondence import DAY, TUESDAY, queue
from tests.portal.bureau import LONG_NAME, bureau, url_of
from tests.portal.house import token_of

__all__ = ["bureau"]


@pytest.fixture
def claims(bureau):
    """One person with three creditors, and a namesake who is somebody else."""
    found = [bureau.claim(name=LONG_NAME, brand=brand) for brand in ("Enercity", "Waternet", "Telecom")]
    bureau.claim(name=LONG_NAME, brand="Stranger")
    with bureau.office.unit() as unit:
        person = new_id()
        connection = unit.session.connection()
        connection.execute(
            text("INSERT INTO debtor_identity (id, match_key, created_at) VALUES (:id, 'one', :now)"),
            {"id": person, "now": unit.now},
        )
        connection.execute(
            text("UPDATE debtor SET identity_id = :p WHERE creditor_id = ANY(:c)"),
            {"p": person, "c": [creditor for creditor, _ in found]},
        )
    return found


def person_url(bureau, claim) -> str:
    debtor = bureau.value("SELECT debtor_id FROM claim WHERE id = :i", i=claim[1])
    return f"/desk/debtors/{claim[0]}/{debtor}"


class TestPerson:
    def test_is_reached_from_the_claim(self, bureau, claims):
        browser = bureau.browser()
        url = person_url(bureau, claims[0])
        assert f'href="{url}"' in browser.get(url_of(claims[0])).text
        assert browser.get(url).status_code == 200

    def test_shows_every_creditor_with_its_total_and_no_namesake(self, bureau, claims):
        page = bureau.browser().get(person_url(bureau, claims[1])).text
        for brand in ("Enercity", "Waternet", "Telecom"):
            assert f"{brand} B.V." in page
        assert "Stranger" not in page
        assert page.count("€402.15") >= 6, "each claim and the sum of its creditor"
        assert "€1,206.45" in page

    def test_says_what_holds_each_claim(self, bureau, claims):
        with bureau.office.unit() as unit:
            place_hold(unit, creditor_id=claims[0][0], claim_id=claims[0][1], ground=HoldGround.COMPLAINT)
            make_promise(
                unit, creditor_id=claims[1][0], claim_id=claims[1][1], amount=Money(5000, "EUR"),
                due_on=unit.today + timedelta(days=3),
            )  # fmt: skip
        page = bureau.browser().get(person_url(bureau, claims[0])).text
        assert "Complaint" in page
        assert "Promise: €50.00 by" in page

    def test_counts_contacts_over_all_creditors_against_the_cap(self, bureau, claims):
        for days, claim in enumerate(claims):
            bureau.office.move_to(TUESDAY + (days + 1) * DAY)
            with bureau.office.unit() as unit:
                queue(unit, *claim)
            bureau.office.send()
        page = bureau.browser().get(person_url(bureau, claims[0])).text
        assert "3 / 3" in page
        assert "The number of contacts is reached" in page

    def test_is_for_collectors_and_not_for_creditors(self, bureau, claims):
        url = person_url(bureau, claims[0])
        assert bureau.browser("Fin", Role.FINANCE).get(url).status_code == 403
        assert bureau.browser().get(url.replace(str(claims[0][0]), str(claims[1][0]))).status_code == 404


class TestLanguage:
    def test_one_person_reads_one_language_for_every_creditor(self, bureau, claims):
        browser = bureau.browser()
        url = person_url(bureau, claims[0])

        def choose(language: str):
            fields = {"csrf": token_of(browser.get(url).text), "language": language}
            return browser.post(f"{url}/language", data=fields)

        assert choose("fr").status_code == 303
        assert "The next message is written in this language." in browser.get(url).text
        spoken = "SELECT string_agg(language, ' ' ORDER BY language) FROM debtor"
        assert bureau.value(spoken) == "fr fr fr nl", "the namesake is somebody else"
        assert choose("xx").status_code == 422
