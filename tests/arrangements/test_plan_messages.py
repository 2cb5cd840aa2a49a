"""What a debtor with an e-mail address reads of his plan: the whole of it, a missed payment, and its end."""

from datetime import UTC, date, datetime

import pytest

from agency.arrangements.plans import Wish, propose_plan
from tests.arrangements.agreements import Bureau


@pytest.fixture
def office(units):
    return Bureau(units).open_up()  # Tuesday 1 December 2026


def agreed(office, claim, count=3):
    with office.unit() as unit:
        wish = Wish(first_on=date(2026, 12, 15), count=count)
        propose_plan(unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=wish)
    office.react()


def about_plans(office, claim) -> list:
    return [one for one in office.messages(claim[1]) if one.template.startswith("plan_")]


def words_of(office, message) -> str:
    [left] = [one for one in office.mail.left if one.message_id == str(message.id)]
    return left.subject + left.body


def test_an_agreed_plan_is_written_down_payment_by_payment(office):
    claim = office.claim()  # 402.15 is owed
    agreed(office, claim)
    office.send()
    [message] = about_plans(office, claim)
    assert (message.template, message.state) == ("plan_agreed", "sent")
    words = words_of(office, message)
    assert "402,15" in words
    assert words.count("134,05") >= 4  # the first payment, and each of the three
    for day in ("15 december 2026", "15 januari 2027", "15 februari 2027"):
        assert day in words


def test_without_an_address_for_mail_the_plan_goes_on_paper_and_nothing_else(office):
    claim = office.claim(email=None)
    agreed(office, claim)
    office.pay(claim, office.owed(claim))
    office.send()
    [message] = about_plans(office, claim)
    assert (message.template, message.channel, message.state) == ("plan_agreed", "letter", "sent")


def test_a_missed_payment_is_told_within_the_hours_although_the_plan_holds_all_else(office):
    claim = office.claim()
    agreed(office, claim)
    office.send()
    office.on(date(2026, 12, 23))
    office.move_to(datetime(2026, 12, 23, 22, 30, tzinfo=UTC))
    office.send()
    missed = about_plans(office, claim)[-1]
    assert (missed.template, missed.state) == ("plan_missed", "queued")
    office.move_to(datetime(2026, 12, 24, 10, 0, tzinfo=UTC))
    office.send()
    missed = about_plans(office, claim)[-1]
    assert missed.state == "sent"
    words = words_of(office, missed)
    assert "134,05" in words
    assert "15 december 2026" in words


def test_a_kept_plan_ends_with_a_confirmation(office):
    claim = office.claim()
    agreed(office, claim)
    office.pay(claim, office.owed(claim))
    office.send()
    completed = about_plans(office, claim)[-1]
    assert (completed.template, completed.state) == ("plan_completed", "sent")
    words = words_of(office, completed)
    assert "402,15" in words
    assert "Alles is betaald" in words
