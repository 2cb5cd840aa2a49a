"""The administrator's pages of inspection: what must be kept, and exports with a fresh code."""

import io
import re
import zipfile
from dataclasses import replace

import pytest

from agency.kernel.outbox import drain
from agency.kernel.ports import install_ports
from agency.parties.models import Role
from agency.privacy.papers import install_papers
from integrations.rendering.binder import bind
from portal.inspection_papers import DoorPapers
from tests.portal.house import House
from tests.sorting.papers import a_pdf

BASE = "/admin/inspection"
WISH = {
    "authority": "nl", "language": "en", "first_day": "2026-01-01", "last_day": "2026-12-31",
    "reason": "The inspector's letter of 26 November 2026",
}  # fmt: skip
LONG = "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming"


@pytest.fixture
def person(house: House):
    return house.person(Role.ADMIN)


@pytest.fixture
def admin(house: House, person):
    return house.signed_in(person)


def csrf(client, page: str = f"{BASE}/exports/new") -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(page).text)
    assert found
    return found[1]


def send(client, path: str, files=None, **fields):
    return client.post(path, data={"csrf": csrf(client), **fields}, files=files)


def training(person, **fields):
    return {
        "kind": "training", "held_on": "2026-01-05", "title": LONG, "hours": "1,5",
        "people": str(person.user_id), **fields,
    }  # fmt: skip


def work(house: House) -> None:
    """A worker does what waits."""
    ports = replace(house.ports, bind=bind)
    install_ports(ports)
    install_papers(lambda: DoorPapers(house.settings, ports.renderer))
    drain(house.units)


def asked(house: House, client, **fields) -> str:
    answer = send(client, f"{BASE}/exports", **{**WISH, **fields})
    assert answer.status_code == 303, answer.text[:500]
    return answer.headers["location"]


class TestRecords:
    def test_are_for_administrators_alone(self, house, admin):
        assert admin.get(BASE).status_code == 200
        for role in (Role.COLLECTOR, Role.FINANCE):
            assert house.browser(role).get(BASE).status_code == 403
        creditor_id = house.creditor()
        assert house.browser(Role.CREDITOR_MANAGER, creditor_id=creditor_id).get(BASE).status_code == 403

    def test_a_training_is_written_down_with_its_file_and_given_back(self, house, admin, person):
        pdf = a_pdf("Certificaat")
        answer = send(
            admin, f"{BASE}/records", files={"file": ('naam "met" ruis.pdf', pdf, "application/pdf")},
            **training(person),
        )  # fmt: skip
        page = admin.get(answer.headers["location"]).text
        assert LONG in page
        assert "1:30" in page
        [href] = re.findall(r'href="(/admin/inspection/records/[^"]+/file)"', page)
        taken = admin.get(href)
        assert taken.content == pdf
        assert taken.headers["content-disposition"].startswith("attachment")

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"hours": "veel"}, "give a number, like 1.5"),
            ({"hours": "0"}, "say how long it took"),
            ({"held_on": "2099-01-01"}, "write down what has been"),
            ({"title": ""}, "Fill this in"),
            ({"people": "nobody"}, ""),
            ({"kind": "party"}, ""),
            ({"kind": "ethics_meeting"}, "give the minutes of the meeting"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(self, house, admin, person, fields, said):
        answer = send(admin, f"{BASE}/records", **training(person, others="C. de Groot", **fields))
        assert answer.status_code == 422
        assert said.lower() in answer.text.lower()
        assert "C. de Groot" in answer.text
        assert house.one("SELECT count(*) FROM kept_record") == 0

    def test_a_file_that_is_no_document_is_refused(self, house, admin, person):
        answer = send(
            admin, f"{BASE}/records", files={"file": ("x.exe", b"MZ\x90\x00", "application/x")},
            **training(person),
        )  # fmt: skip
        assert answer.status_code == 422
        assert house.one("SELECT count(*) FROM kept_record") == 0

    def test_a_correction_stands_beside_what_it_replaces(self, house, admin, person):
        url = send(admin, f"{BASE}/records", **training(person)).headers["location"]
        fields = {**training(person, title="Right"), "version": "1", "why": "Typed wrong"}
        assert send(admin, url, **{**fields, "why": ""}).status_code == 422
        assert send(admin, url, **fields).status_code == 303
        page = admin.get(url).text
        assert page.count("Version ") >= 2
        assert "Typed wrong" in page
        assert LONG in page
        assert send(admin, url, **fields).status_code == 422, "version 1 was corrected already"


class TestExports:
    def test_is_asked_for_made_by_a_worker_and_taken_with_a_fresh_code(self, house, admin, person):
        url = asked(house, admin)
        assert "Being made" in admin.get(url).text
        work(house)
        assert "Take the export" in admin.get(url).text
        taken = send(admin, f"{url}/download", code=person.code())
        assert (taken.status_code, taken.headers["content-type"]) == (200, "application/zip")
        archive = zipfile.ZipFile(io.BytesIO(taken.content))
        assert "index.pdf" in archive.namelist()
        assert int(taken.headers["content-length"]) == len(taken.content)
        assert house.one(
            "SELECT count(*) FROM audit_entry WHERE action = 'inspection_export.taken' AND by = :by",
            by=f"user:{person.user_id}",
        ) == 1  # fmt: skip

    def test_nothing_is_given_without_the_code_or_with_one_used_before(self, house, admin, person):
        url = asked(house, admin)
        work(house)
        code = person.code()
        assert send(admin, f"{url}/download", code="000000").status_code == 422
        assert send(admin, f"{url}/download").status_code == 422
        assert send(admin, f"{url}/download", code=code).status_code == 200
        again = send(admin, f"{url}/download", code=code)
        assert again.status_code == 422
        assert "was used already" in again.text
        assert house.one("SELECT downloads FROM inspection_export") == 1

    def test_a_link_is_worth_nothing_to_anybody_else(self, house, admin, person):
        url = asked(house, admin)
        work(house)
        assert house.client().get(url).headers["location"].startswith("/sign-in")
        for client in (house.browser(Role.FINANCE), house.client()):
            assert client.post(f"{url}/download", data={"code": person.code()}).status_code in (303, 401, 403)
        assert admin.get(f"{url}/download").headers["location"] == url, "only the page that asks for a code"
        assert house.one("SELECT downloads FROM inspection_export") == 0

    def test_one_that_is_not_ready_is_not_given_and_uses_no_code_up(self, house, admin, person):
        url = asked(house, admin)
        code = person.code()
        answer = send(admin, f"{url}/download", code=code)
        assert answer.status_code == 422
        work(house)
        assert send(admin, f"{url}/download", code=code).status_code == 200

    def test_is_cancelled(self, house, admin):
        url = asked(house, admin)
        send(admin, f"{url}/cancellation")
        work(house)
        assert "The export was cancelled" in admin.get(url).text
        assert house.one("SELECT state FROM inspection_export") == "cancelled"

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"first_day": "2026-12-31", "last_day": "2026-01-01"}, "the last day is before the first"),
            ({"first_day": "31 december"}, "Give a date"),
            ({"last_day": "9999-12-31"}, "choose a day within 366 days"),
            ({"language": "xx"}, "choose one of the languages"),
            ({"authority": "fr"}, ""),
            ({"reason": "why"}, "say who asks for what, and why"),
            ({"numbers": "1;2, 3"}, "no claim has the number 1, 2, 3"),
            ({"creditors": "not-an-id"}, ""),
        ],
    )
    def test_what_cannot_be_is_refused_by_its_field_and_kept_in_the_form(self, house, admin, fields, said):
        answer = send(admin, f"{BASE}/exports", **{**WISH, "reason": WISH["reason"], **fields})
        assert answer.status_code == 422
        assert said.lower() in answer.text.lower()
        assert fields.get("reason", "The inspector&#39;s letter of 26 November 2026") in answer.text
        assert house.one("SELECT count(*) FROM inspection_export") == 0

    def test_an_id_that_nobody_has_is_not_found(self, admin):
        assert admin.get(f"{BASE}/exports/01a222d7-5dff-7249-aa2e-532db4d7cc1b").status_code == 404
        assert admin.get(f"{BASE}/records/01a222d7-5dff-7249-aa2e-532db4d7cc1b").status_code == 404
