"""What a creditor gets wrong on its pages: each slip is named at its field, and nothing typed is lost."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from agency.disputes.raising import raise_dispute
from agency.intake.beside import check_beside
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.progress.timeline import Happening
from portal.creditor import words
from portal.shared.i18n import speaking
from tests.intake.factories import a_file, a_row
from tests.portal.test_creditor import Browser
from tests.portal.test_drops import Dropping, a_picture, an_invoice
from tests.portal.test_known_before import claim_of, creditor_id, house, manager  # noqa: F401

NOTICE = {
    "kind": "notice", "channel": "letter", "sent_on": "2026-06-10", "notice_days": "14",
    "notice_costs": "40,00", "consequences_stated": "true",
}  # fmt: skip
POLICY = {
    "insurer": "Atradius", "policy_number": "P-7", "covered_percent": "87,5", "indemnity_percent": "",
    "notify_by": "", "notified_on": "",
}  # fmt: skip


@pytest.fixture
def page(house, manager):  # noqa: F811
    manager.drop(a_file(a_row("F1")))
    return f"/creditor/claims/{claim_of(house)}"


class TestOwnSteps:
    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("sent_on", "0001-01-01"), ("notice_days", "-5"), ("notice_days", "99999999999999"),
            ("notice_costs", "-5"), ("notice_costs", "veel"),
        ],
    )  # fmt: skip
    def test_that_cannot_be_are_named_at_their_field_with_all_that_was_typed(
        self, house, manager, page, field, typed  # noqa: F811
    ):  # fmt: skip
        sent = NOTICE | {field: typed}
        answer = manager.post(f"{page}/earlier-steps", sent)
        assert answer.status_code == 422
        assert f'id="error-{field}"' in answer.text
        for name in ("sent_on", "notice_days", "notice_costs"):
            assert f'value="{sent[name]}"' in answer.text, name
        assert 'value="notice" selected' in answer.text
        assert '<details class="more" open>' in answer.text
        assert house.one("SELECT count(*) FROM earlier_step") == 0

    def test_known_before_are_not_said_to_be_changed(self, manager, page):  # noqa: F811
        manager.post(f"{page}/earlier-steps", NOTICE)
        manager.get(page)
        manager.post(f"{page}/earlier-steps", NOTICE | {"notice_costs": "45,00"})
        shown = manager.get(page).text
        assert "it stays as it was" in shown
        assert "Your step is in the file" not in shown

    @pytest.mark.parametrize(
        ("field", "value"), [("notice_costs", Decimal(-40)), ("notice_on", date(1901, 1, 1))]
    )
    def test_in_a_file_are_refused_at_their_row_too(self, field, value):
        """Otherwise the step would be refused after the rows were taken, and the whole file with it."""
        found = check_beside({field: value}, today=date(2026, 11, 28))
        assert [one.field for one in found] == [field]


class TestInsurance:
    @pytest.mark.parametrize(
        ("field", "typed"),
        [("notify_by", "0001-01-01"), ("notify_by", "9999-12-31"), ("notified_on", "0001-01-01"),
         ("covered_percent", "900")],
    )  # fmt: skip
    def test_that_cannot_be_is_named_at_its_field(self, manager, page, field, typed):  # noqa: F811
        answer = manager.post(f"{page}/insurance", POLICY | {field: typed})
        assert answer.status_code == 422
        assert f'id="error-{field}"' in answer.text
        assert 'value="Atradius"' in answer.text
        assert f'value="{typed}"' in answer.text

    def test_is_filled_in_as_its_reader_types(self, manager, page):  # noqa: F811
        manager.post(f"{page}/insurance", POLICY)
        manager.post("/preferences", {"language": "nl"})
        assert 'value="87,5"' in manager.get(page).text
        assert 'value="87.5"' not in manager.get(page).text


def test_giving_in_for_nothing_is_not_giving_in_for_all(house, creditor_id, manager, page):  # noqa: F811
    with house.units.open(Door.STAFF, by="user:x") as unit:
        dispute_id = raise_dispute(
            unit, creditor_id=creditor_id, claim_id=claim_of(house), reason="wrong_amount", words="Te veel"
        )
    for nothing in ("0", "0,00", "-1"):
        sent = {"verdict": "part", "answer": "Klopt niet", "accepted": nothing}
        assert manager.post(f"{page}/disputes/{dispute_id}/answer", sent).status_code == 422
    assert house.one("SELECT resolved_at FROM dispute") is None


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("registration_number", {"country": "NL", "registration_number": "123"}),
        ("registration_number", {"country": "BE", "registration_number": "0403.170.702"}),
        ("country", {"country": "XX", "name": "Bakker"}),
    ],
)
def test_a_credit_check_of_nobody_costs_nothing(house, manager, field, fields):  # noqa: F811
    answer = manager.post("/creditor/credit-checks", {"request_key": "k"} | fields)
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text
    assert house.one("SELECT count(*) FROM credit_check") == 0


TERMS = {
    "months_max": "12", "instalment_min": "25,00", "monthly_min": "25,00", "share_min": "5",
    "grace_days": "5", "missed_max": "1", "collector_percent": "5", "admin_percent": "10",
}  # fmt: skip


class TestTerms:
    def test_of_a_day_to_come_are_shown_and_a_taken_day_is_not_offered(self, house, manager):  # noqa: F811
        today = house.now().date()
        for day in (today, today + timedelta(days=1)):
            sent = manager.post("/creditor/arrangements", TERMS | {"valid_from": day.isoformat()})
            assert sent.status_code == 303
        shown = manager.get("/creditor/arrangements").text
        assert "Other terms count from" in shown
        offered = re.search(r'name="valid_from"[^>]* value="([^"]+)"', shown)[1]
        assert offered == (today + timedelta(days=2)).isoformat()

    def test_of_the_end_of_the_calendar_are_refused(self, manager):  # noqa: F811
        answer = manager.post("/creditor/arrangements", TERMS | {"valid_from": "9999-12-31"})
        assert answer.status_code == 422
        assert 'id="error-valid_from"' in answer.text


class TestDroppedFiles:
    def test_say_their_amount_as_the_reader_writes_it(self, manager):  # noqa: F811
        drop = Dropping(manager)
        drop.add("a.xml", an_invoice("A1"))
        manager.post("/preferences", {"language": "nl"})
        shown = drop.page
        assert re.search(r"A1 · [^<]*€\s[0-9.]+,[0-9]{2}", shown)
        assert "EUR " not in shown

    def test_lead_to_where_their_question_is_answered(self, manager):  # noqa: F811
        drop = Dropping(manager)
        drop.add("photo.png", a_picture())
        drop.read()
        assert 'class="wordy"><a href="/creditor/sorting">' in drop.page

    def test_of_one_row_are_not_said_to_have_rows(self, manager):  # noqa: F811
        drop = Dropping(manager)
        drop.add("een.csv", a_file(a_row("F1")))
        assert "1 row." in drop.page
        drop.read()
        assert "1 row taken, 0 rejected" in drop.page


@pytest.mark.parametrize("kind", ["PriceAsked", "InformationAsked"])
def test_days_in_a_timeline_are_written_out(kind):
    event = Happening(1, date(2026, 11, 28), kind, "x", {"due_on": "2026-12-01", "claims": 1}, None)
    with speaking("nl"):
        assert "1 dec 2026" in words.happening(event)["title"]


def test_pages_about_prices_of_ones_own_belong_to_the_prices(manager):  # noqa: F811
    shown = manager.get("/creditor/price-requests").text
    assert re.search(r'href="/creditor/quotes"[^>]*aria-current="page"', shown)


def test_what_was_signed_can_be_found_again(house, creditor_id, page):  # noqa: F811
    clerk = Browser(house, creditor_id, Role.CREDITOR_CLERK)
    assert 'href="/creditor/onboarding"' in clerk.get("/creditor/account").text


def test_the_address_of_a_refused_form_leads_back_to_its_page(manager, page):  # noqa: F811
    refused = manager.post(f"{page}/insurance", POLICY | {"covered_percent": "900"})
    back = re.search(r'name="back" value="([^"]+)"', refused.text)[1]
    changed = manager.post("/preferences", {"language": "nl", "back": back})
    shown = manager.get(changed.headers["location"])
    assert shown.status_code == 303
    assert shown.headers["location"] == page
    assert manager.get(page).status_code == 200
