"""The administrator's page of experiments: begin one, read its groups, stop it with a reason."""

import re

import pytest

from agency.parties.models import Role
from tests.portal.house import send

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
    [{"arms": ["sms"]}, {"holdout_percent": "0"}, {"holdout_percent": "x"}, {"name": ""}, {"template": "call"},
     {"arms": ["sms", "pigeon"]}],
)  # fmt: skip
def test_what_cannot_be_tried_is_said_and_nothing_begins(house, admin, changes):
    refused = begin(admin, **changes)
    assert refused.status_code == 422
    assert house.one("SELECT count(*) FROM experiment") == 0


def test_nobody_else_comes_in(house):
    assert house.browser(Role.COLLECTOR).get("/admin/experiments").status_code in (403, 404)
