"""The administrator's page of experiments, and why a step goes the way it does on the claim's page."""

import re
from datetime import date

import pytest

from agency.money import Money
from agency.parties.models import Role
from agency.rules.channel_choice import ChoiceFacts, choose_channel
from agency.rules.experiment import share_of
from agency.rules.facts import Channel, DebtorKind
from agency.rules.trace import as_json
from agency.treatment.experiments import GroupResult
from agency.treatment.models import TreatmentStep
from portal.admin import experiments
from tests.portal.bureau import bureau, url_of
from tests.portal.house import send

__all__ = ["bureau"]

NEW = {
    "name": "Sms of brief", "template": "reminder_1", "arms": ["sms", "letter"], "holdout_percent": "20",
    "answer_days": "14",
}  # fmt: skip


@pytest.fixture
def admin(house):
    return house.browser(Role.ADMIN)


def begin(admin, **changes):
    return send(admin, "/admin/experiments", page="/admin/experiments", **{**NEW, **changes})


def test_one_is_begun_and_stopped(house, admin):
    assert begin(admin).status_code == 303
    page = admin.get("/admin/experiments").text
    assert "Sms of brief" in page
    stop = re.search(r'action="(/admin/experiments/[^"]+/stop)"', page)[1]
    refused = send(admin, stop, page="/admin/experiments", why="")
    assert refused.status_code == 422
    assert send(admin, stop, page="/admin/experiments", why="duidelijk genoeg").status_code == 303
    page = admin.get("/admin/experiments").text
    assert "duidelijk genoeg" in page
    assert "/stop" not in page
    assert house.one("SELECT count(*) FROM audit_entry WHERE action LIKE 'experiment.%'") == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"arms": ["sms"]},
        {"arms": ["sms", "pigeon"]},
        {"holdout_percent": "0"},
        {"holdout_percent": "x"},
        {"name": ""},
        {"template": "call"},
    ],
)
def test_what_cannot_be_tried_is_said_and_nothing_begins(house, admin, changes):
    refused = begin(admin, **changes)
    assert refused.status_code == 422
    assert house.one("SELECT count(*) FROM experiment") == 0


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        ({"sms": 120, "letter": 40, "holdout": 30}, "Text message is surely best"),
        ({"sms": 20, "letter": 40, "holdout": 130}, "As ever is surely best"),
        ({"sms": 42, "letter": 40, "holdout": 41}, "No way is surely better"),
        ({"sms": 0}, None),
    ],
)
def test_it_says_what_was_learnt_as_soon_as_that_is_sure(admin, monkeypatch, answered, told):
    def results(*_):
        return [
            GroupResult(
                group, 200, 200 if paid else 0, paid, share_of(successes=paid, trials=200 if paid else 0)
            )
            for group, paid in answered.items()
        ]

    begin(admin)
    monkeypatch.setattr(experiments, "results_of", results)
    page = admin.get("/admin/experiments").text
    assert (told in page) if told else ("surely" not in page)


def test_nobody_else_comes_in(house):
    assert house.browser(Role.COLLECTOR).get("/admin/experiments").status_code in (403, 404)


def test_the_claims_page_says_why_a_step_goes_this_way(bureau):
    claim = bureau.claim()
    facts = ChoiceFacts(debtor=DebtorKind.consumer, principal=Money(40_000, "EUR"))
    choice = choose_channel(ways=(Channel.email, Channel.letter), facts=facts, on=date(2026, 12, 1))
    with bureau.office.unit() as unit:
        unit.session.add(
            TreatmentStep(
                creditor_id=claim[0], claim_id=claim[1], step="reminder_1", channel="email", due_at=unit.now,
                trace=as_json(choice.trace),
            )
        )  # fmt: skip
    page = bureau.browser().get(url_of(claim)).text
    assert "Why this way" in page
    assert "40 points for this kind of debtor" in page
