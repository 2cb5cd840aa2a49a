"""The administrator's page of print batches: totals side by side, what differs, and how it is settled."""

import re
from datetime import timedelta

import pytest

from agency.parties.models import Role
from portal import main
from tests.communication.correspondence import TUESDAY
from tests.communication.test_print_batches import batches, of_one_creditor, report, states
from tests.portal.bureau import PARTS, Bureau, bureau, send

__all__ = ["bureau"]
BASE = "/admin/print-batches"


@pytest.fixture
def house(bureau: Bureau, monkeypatch) -> Bureau:
    monkeypatch.setattr(main, "PARTS", (*PARTS, "portal.admin"))
    return bureau.open_portal()


@pytest.fixture
def admin(house):
    return house.browser("Beheer", Role.ADMIN)


def url_of(batch) -> str:
    return f"{BASE}/{batch.creditor_id}/{batch.id}"


def test_empty_and_only_for_administrators(house, admin):
    assert "No batches yet" in admin.get(BASE).text
    assert house.browser("Ander", Role.FINANCE).get(BASE).status_code == 403


def test_what_the_printer_counts_otherwise_is_shown_and_taken_back(house, admin):
    office = house.office
    claims = of_one_creditor(office)
    office.letters.miscount = {"letters": -1, "pages": -1}
    office.send()
    (batch,) = batches(office)
    assert "Blocked: counted otherwise" in admin.get(f"{BASE}?view=blocked").text
    page = admin.get(url_of(batch)).text
    assert "Letters when the printer took it in: we counted 3, the printer 2." in page
    assert page.count("Waits for this batch") == 3
    assert send(admin, f"{url_of(batch)}/settle", page=url_of(batch), remark="looked").status_code == 422
    answer = send(admin, f"{url_of(batch)}/take-back", page=url_of(batch))
    assert answer.headers["location"] == url_of(batch)
    assert states(office, claims) == ["queued"] * 3
    assert "Travels in another batch" in admin.get(url_of(batch)).text
    again = admin.post(f"{url_of(batch)}/take-back", data={"csrf": token(admin)})
    assert (again.status_code, again.headers["location"]) == (303, url_of(batch))


def test_a_printed_batch_is_settled_with_what_was_found_out(house, admin):
    office = house.office
    of_one_creditor(office)
    office.send()
    (batch,) = batches(office)
    report(office, batch, "printed", letters=2)
    page = admin.get(url_of(batch)).text
    assert "Letters when it was printed: we counted 3, the printer 2." in page
    refused = send(admin, f"{url_of(batch)}/settle", page=url_of(batch), remark=" ")
    assert refused.status_code == 422
    send(admin, f"{url_of(batch)}/settle", page=url_of(batch), remark="One jammed; printed on Wednesday.")
    assert "One jammed; printed on Wednesday." in admin.get(url_of(batch)).text
    assert batches(office)[0].state == "settled"


def test_a_lost_letter_is_ticked_and_written_again_and_silence_of_the_post_is_an_alarm(house, admin):
    office = house.office
    claims = of_one_creditor(office)
    office.send()
    office.move_to(TUESDAY + timedelta(days=5))
    assert "Print batches not posted for days" in admin.get("/admin").text
    assert admin.get("/admin").text.count("Somebody must look") == 1
    (batch,) = batches(office)
    report(office, batch, "printed", letters=2)
    page = admin.get(url_of(batch)).text
    assert "Which letters got lost?" in page
    found = re.findall(r'name="lost" value="([^"]+)"', page)
    assert len(found) == 3
    refused = send(admin, f"{url_of(batch)}/settle", page=url_of(batch), remark=" ", lost=found[0])
    assert (refused.status_code, refused.text.count('name="lost"'), refused.text.count(" checked")) == (
        422,
        3,
        1,
    )
    settled = {"remark": "Two went through the shredder.", "lost": found[:2]}
    answer = admin.post(f"{url_of(batch)}/settle", data=settled | {"csrf": token(admin)})
    assert answer.status_code == 303
    assert "The batch is settled. 2 letters are written again." in admin.get(url_of(batch)).text
    office.react()
    office.send()
    assert sorted(len(office.messages(claim)) for _, claim in claims) == [1, 2, 2]


def test_letters_are_gathered_at_once_when_asked(house, admin):
    claims = of_one_creditor(house.office, 2)
    assert "Gather 2 letters now" in admin.get(BASE).text
    assert send(admin, f"{BASE}/run", page=BASE).status_code == 303
    house.office.react()
    assert states(house.office, claims) == ["sent", "sent"]


def test_another_creditors_batch_is_not_found_under_this_one(house, admin):
    of_one_creditor(house.office, 1)
    house.office.send()
    (batch,) = batches(house.office)
    stranger = url_of(batch).replace(str(batch.creditor_id), str(batch.id))
    assert admin.get(stranger).status_code == 404


def token(client) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(BASE).text)
    assert found
    return found[1]
