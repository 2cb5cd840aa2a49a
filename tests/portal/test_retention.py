"""The pages of keeping and erasing: lists with two people, holds, requests, and what is left to see."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from agency.kernel.outbox import drain
from agency.kernel.ports import install_ports
from agency.parties.models import Role
from agency.payments.links import token_sha256
from portal import main
from tests.communication.correspondence import a_correspondent
from tests.portal.house import House
from tests.portal.test_inspection import csrf

BASE = "/admin/retention"
NAME = "Wilhelmina-Alexandrine van der Aa-Überdorff-'t Hooft"


@pytest.fixture
def whole(units, redis_url, data_folder, monkeypatch) -> House:
    """The doors of administrators, collectors, creditors, debtors and programs."""
    found = [one for one in main.PARTS if not one.startswith("portal.live")]
    monkeypatch.setattr(main, "PARTS", found)
    return House(units, folder=data_folder, redis_url=redis_url)


@pytest.fixture
def old(whole):
    """A claim that was paid six years ago."""
    from agency.kernel.unit import Door

    with whole.units.open(Door.WORKER, by="system:test") as unit:
        key = a_correspondent(unit, name=NAME)
        at = unit.now - timedelta(days=366 * 6)
        unit.session.connection().execute(
            text(
                "UPDATE claim SET state = 'withdrawn', closed_at = :at, due_on = '2010-01-01' WHERE id = :i"
            ),
            {"at": at, "i": key[1]},
        )
        unit.session.connection().execute(
            text(
                "INSERT INTO pay_link (creditor_id, id, created_at, claim_id, token_sha256, expires_at,"
                " failed_checks) VALUES (:c, gen_random_uuid(), :now, :i, :sha, :at, 0)"
            ),
            {
                "c": key[0],
                "i": key[1],
                "sha": token_sha256("an old link of a mail"),
                "now": unit.now,
                "at": at,
            },
        )
    return key


def send(client, page: str, path: str, **fields):
    return client.post(path, data={"csrf": csrf(client, page), **fields})


def work(house: House) -> None:
    install_ports(house.ports)
    drain(house.units)


def listed(client) -> str:
    answer = send(client, BASE, f"{BASE}/runs")
    assert answer.status_code == 303
    return answer.headers["location"]


def person_url(house, key) -> str:
    return f"/desk/debtors/{key[0]}/{house.one('SELECT debtor_id FROM claim WHERE id = :i', i=key[1])}"


class TestLists:
    def test_are_for_administrators_alone(self, whole):
        assert whole.browser(Role.ADMIN).get(BASE).status_code == 200
        assert whole.browser(Role.COLLECTOR).get(BASE).status_code == 403

    def test_an_empty_house_says_so(self, whole):
        admin = whole.browser(Role.ADMIN)
        assert "No list yet" in admin.get(BASE).text
        assert listed(admin) == BASE

    def test_two_people_and_a_fresh_code_erase_and_a_certificate_tells(self, whole, old):
        anna, bram = whole.person(Role.ADMIN), whole.person(Role.ADMIN, Role.FINANCE)
        first, second = whole.signed_in(anna), whole.signed_in(bram)
        url = listed(first)
        page = first.get(url).text
        assert "Nothing is erased yet" in page
        assert "has been over since" in page
        number = whole.one("SELECT number FROM claim WHERE id = :i", i=old[1])
        told = first.get(f"{url}/list.csv").text
        assert number in told
        assert NAME not in told
        assert send(first, url, f"{url}/request").status_code == 303
        assert "another administrator approves it" in first.get(url).text
        assert send(first, url, f"{url}/approval", code=anna.code()).status_code == 422
        assert send(second, url, f"{url}/approval", code="000000").status_code == 422
        assert whole.one("SELECT state FROM erasure_run") == "asked"
        assert send(second, url, f"{url}/approval", code=bram.code()).status_code == 303
        assert "Being erased" in second.get(url).text
        work(whole)
        page = second.get(url).text
        assert "Certificate" in page
        certificate = second.get(f"{url}/certificate.json")
        assert number in [one["label"] for one in json.loads(certificate.content)["items"]]
        assert whole.one("SELECT name FROM debtor WHERE creditor_id = :c", c=old[0]) == "–"

    def test_one_that_is_refused_says_why_and_nothing_goes(self, whole, old):
        admin = whole.browser(Role.ADMIN)
        url = listed(admin)
        assert send(admin, url, f"{url}/stop", why="").status_code == 422
        assert send(admin, url, f"{url}/stop", why="Eerst overleg met de jurist").status_code == 303
        assert "Eerst overleg met de jurist" in admin.get(url).text
        assert whole.one("SELECT erased_at FROM claim WHERE id = :i", i=old[1]) is None

    def test_a_run_that_is_not_there_is_not_found(self, whole):
        admin = whole.browser(Role.ADMIN)
        assert admin.get(f"{BASE}/runs/01a2238c-ffb2-77df-807a-b493ea4831dd").status_code == 404


class TestPerson:
    def test_a_hold_is_placed_shown_and_lifted_by_two(self, whole, old):
        anna, bram = whole.browser(Role.COLLECTOR), whole.browser(Role.COLLECTOR, Role.FINANCE)
        url = person_url(whole, old)
        assert send(anna, url, f"{url}/legal-holds", ground="kort").status_code == 422
        ground = "Procedure bij de rechtbank Utrecht, rolnummer 12"
        assert send(anna, url, f"{url}/legal-holds", ground=ground).status_code == 303
        assert ground in anna.get(url).text
        assert ground in anna.get(f"/desk/claims/{old[0]}/{old[1]}").text
        hold = whole.one("SELECT id FROM legal_hold")
        lifted = f"{url}/legal-holds/{hold}"
        assert send(anna, url, f"{lifted}/end").status_code == 409
        assert send(anna, url, f"{lifted}/lifting", why="").status_code == 422
        assert send(anna, url, f"{lifted}/lifting", why="Vonnis").status_code == 303
        assert send(anna, url, f"{lifted}/end").status_code == 409
        assert "Held" in whole.browser(Role.ADMIN).get(BASE).text
        assert send(bram, url, f"{lifted}/end").status_code == 303
        assert ground not in bram.get(url).text

    def test_a_request_to_be_erased_is_answered_by_rule(self, whole, old):
        browser = whole.browser(Role.COLLECTOR)
        url = person_url(whole, old)
        fields = {"kind": "erasure", "received_on": whole.today().isoformat(), "note": "Brief, met postcode"}
        assert send(browser, url, f"{url}/requests", **{**fields, "note": ""}).status_code == 422
        for _ in range(2):
            assert send(browser, url, f"{url}/requests", **fields).status_code == 303
        assert whole.one("SELECT count(*) FROM privacy_request") == 1
        request = whole.one("SELECT id FROM privacy_request")
        assert "To be erased" in whole.browser(Role.ADMIN).get(BASE).text
        assert send(browser, url, f"{url}/requests/{request}/extension").status_code == 303
        assert send(browser, url, f"{url}/requests/{request}/answer").status_code == 303
        assert "Granted" in browser.get(url).text
        assert send(browser, url, f"{url}/requests/{request}/answer").status_code == 409

    def test_what_must_be_kept_is_refused_with_its_article(self, whole, old):
        whole.change("UPDATE claim SET closed_at = app.now() WHERE id = :i", i=old[1])
        browser = whole.browser(Role.COLLECTOR)
        url = person_url(whole, old)
        send(
            browser,
            url,
            f"{url}/requests",
            kind="erasure",
            received_on=whole.today().isoformat(),
            note="Mail",
        )
        request = whole.one("SELECT id FROM privacy_request")
        send(browser, url, f"{url}/requests/{request}/answer")
        page = browser.get(url).text
        assert "GDPR art. 17(3)(b)" in page
        assert "Refused" in page

    def test_who_asks_to_see_gets_an_export_of_all_his_claims(self, whole, old):
        admin = whole.browser(Role.ADMIN, Role.COLLECTOR)
        url = person_url(whole, old)
        send(
            admin,
            url,
            f"{url}/requests",
            kind="access",
            received_on=whole.today().isoformat(),
            note="Balie, paspoort",
        )
        request = whole.one("SELECT id FROM privacy_request")
        send(admin, url, f"{url}/requests/{request}/answer")
        answer = send(admin, url, f"{url}/requests/{request}/export")
        assert answer.headers["location"].startswith("/admin/inspection/exports/")
        assert whole.one("SELECT claims FROM inspection_export") == 1
        assert whole.one("SELECT for_person FROM inspection_export") is True
        assert "own data" in admin.get(answer.headers["location"]).text


class TestAfterwards:
    @pytest.fixture
    def erased(self, whole, old):
        anna, bram = whole.person(Role.ADMIN), whole.person(Role.ADMIN, Role.FINANCE)
        first, second = whole.signed_in(anna), whole.signed_in(bram)
        url = listed(first)
        send(first, url, f"{url}/request")
        send(second, url, f"{url}/approval", code=bram.code())
        work(whole)
        assert whole.one("SELECT erased_at FROM claim WHERE id = :i", i=old[1]) is not None
        return old

    def test_its_creditor_sees_totals_and_that_it_was_erased(self, whole, erased):
        creditor = whole.browser(Role.CREDITOR_MANAGER, creditor_id=erased[0])
        page = creditor.get(f"/creditor/claims/{erased[1]}")
        assert page.status_code == 200
        assert "This file was erased on" in page.text
        assert "€402.15" in page.text
        assert creditor.get("/creditor/claims").status_code == 200

    def test_the_desk_still_opens_the_claim_and_the_person(self, whole, erased):
        browser = whole.browser(Role.COLLECTOR)
        page = browser.get(f"/desk/claims/{erased[0]}/{erased[1]}")
        assert (page.status_code, "This file was erased on" in page.text) == (200, True)
        assert browser.get(person_url(whole, erased)).status_code == 200

    def test_nothing_is_shown_of_its_marks_and_nothing_written_into_it(self, whole, erased):
        browser = whole.browser(Role.COLLECTOR)
        url = f"/desk/claims/{erased[0]}/{erased[1]}"
        page = browser.get(url).text
        assert "erased-" not in page
        assert "<textarea" not in page
        for what in ("notes", "dossiers"):
            answer = send(browser, "/desk/claims", f"{url}/{what}", text="Belt morgen terug")
            assert answer.status_code == 410
        assert whole.one("SELECT count(*) FROM note WHERE claim_id = :c", c=erased[1]) == 0
        creditor = whole.browser(Role.CREDITOR_MANAGER, creditor_id=erased[0])
        assert "erased-" not in browser.get("/desk/claims").text + browser.get(person_url(whole, erased)).text
        assert (
            "erased-" not in creditor.get("/creditor/claims").text + creditor.get("/creditor/claims.csv").text
        )

    @pytest.mark.parametrize(
        "what",
        ["claims/{}/dossiers", "claims/{}/relation", "claims/{}/earlier-steps", "claims/{}/withdrawal",
         "claims/{}/type", "claims/{}/contract", "claims/{}/insurance", "missing/{}"],
    )  # fmt: skip
    def test_its_creditor_writes_nothing_into_it_from_an_old_tab(self, whole, erased, what):
        creditor = whole.browser(Role.CREDITOR_MANAGER, creditor_id=erased[0])
        before = whole.one("SELECT count(*) FROM audit_entry")
        answer = send(
            creditor, "/creditor/claims", f"/creditor/{what.format(erased[1])}",
            important="yes", why="Vaste klant", kind="reminder", channel="email", sent_on="2020-01-01",
            email="nieuw@voorbeeld.example", insurer="Verzekeraar", policy_number="7", covered_percent="80",
            indemnity_percent="0", subject="Levering", reason="paid", type="invoice",
        )  # fmt: skip
        assert answer.status_code == 410
        assert "erased when its time was over" in answer.text
        assert whole.one("SELECT count(*) FROM audit_entry") == before

    def test_an_old_link_says_politely_that_it_is_closed(self, whole, erased):
        answer = whole.client().get("/pay/an old link of a mail")
        assert answer.status_code == 410
        assert "this claim is closed" in answer.text.lower() or "gesloten" in answer.text.lower()
