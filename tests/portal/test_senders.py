"""The page of brands whose mail is held back: an alarm, the counts, and letting it go on once."""

import pytest

from agency.parties.models import Role
from portal import main
from tests.communication.test_sender_health import of_one_creditor, paused, send_all, tell
from tests.portal.bureau import PARTS, Bureau, bureau, send

__all__ = ["bureau"]
BASE = "/admin/senders"


@pytest.fixture
def house(bureau: Bureau, monkeypatch) -> Bureau:
    monkeypatch.setattr(main, "PARTS", (*PARTS, "portal.admin"))
    return bureau.open_portal()


@pytest.fixture
def admin(house):
    return house.browser("Beheer", Role.ADMIN)


def test_only_for_administrators_and_nothing_to_do(house, admin):
    assert house.browser("Ander", Role.FINANCE).get(BASE).status_code == 403
    assert "is held back" not in admin.get(BASE).text


def test_held_back_mail_is_an_alarm_and_goes_on_once_somebody_says_why(house, admin):
    office = house.office
    claims = of_one_creditor(office, 100)
    send_all(office)
    tell(office, claims[:8], "bounced")
    health = admin.get("/admin").text
    assert "Brands whose mail is held back" in health
    assert health.count("Somebody must look") == 1
    url = f"{BASE}/{claims[0][0]}/going-on"
    page = admin.get(BASE).text
    assert "is held back" in page
    assert "8%" in page.replace("8.0%", "8%")
    refused = send(admin, url, page=BASE, remark=" ")
    assert refused.status_code == 422
    assert paused(office) == [claims[0][0]]
    assert send(admin, url, page=BASE, remark="Old file; the creditor took it back.").status_code == 303
    assert paused(office) == []
    assert "Mail goes on; 0 mails waited." in admin.get(BASE).text
    late = send(admin, url, page="/admin/experiments", remark="Looked at it too.")
    assert late.status_code == 422
    assert "the mail of this brand is not held back any more" in late.text.lower()
