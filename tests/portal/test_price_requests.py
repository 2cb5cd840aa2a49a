"""A price of one's own over HTTP: asked for by the creditor, offered by finance with a second person,
compared, accepted, worked on at the desk and read by programs."""

import re
from uuid import uuid4

import pytest
from sqlalchemy import text

from agency.kernel.emitting import install_reactions
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.parties.models import Role, Scope
from agency.pricing.rate_cards import publish_first_card
from agency.reactions import REACTIONS
from agency.remittance.runs import approve_run, draft_runs
from portal import main
from tests.api.conftest import key_for
from tests.intake.factories import a_file, a_row, place
from tests.portal.house import House, send

PARTS = (
    "portal.shared.sign_in", "portal.collector", "portal.creditor", "portal.finance", "portal.admin",
    "portal.api",
)  # fmt: skip
FORM = {
    "kind": "phased", "supplier": "lawyer", "name": "Kantoor De Wit", "valid_days": "14",
    "conditions": "Rekening volgt per fase", "phase_1": "amicable", "success_1": "15", "flat_1": "25,00",
    "phase_2": "legal", "nature_2": "recommended", "flat_2": "200,00", "hour_2": "120,00", "hours_2": "2",
}  # fmt: skip


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    house = House(units, folder=data_folder, redis_url=redis_url)
    house.creditor_id = house.creditor()
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=unit.today)
    place(units, house.creditor_id, a_file(a_row("F1", amount="1.000,00"), a_row("F2", amount="500,00")))
    house.claim_id = house.one("SELECT id FROM claim ORDER BY principal_minor DESC LIMIT 1")
    house.placement_id = house.one("SELECT id FROM placement")
    house.manager = house.browser(Role.CREDITOR_MANAGER, creditor_id=house.creditor_id)
    house.finance = house.browser(Role.FINANCE)
    return house


def asks(house, browser=None, **fields) -> str:
    """Ask about the larger claim; return the page of the request at the creditor's door."""
    page = f"/creditor/price-requests/new?claim={house.claim_id}"
    answer = send(
        browser or house.manager, "/creditor/price-requests", page=page, claim=str(house.claim_id), **fields
    )
    assert answer.status_code == 303
    return answer.headers["location"]


def staff_page(house) -> str:
    return f"/finance/price-requests/{house.creditor_id}/{house.one('SELECT id FROM price_request')}"


def edition(house) -> str:
    return str(house.one("SELECT edition FROM price_request"))


def drafts(house, **changed):
    page = staff_page(house)
    fields = {"edition": edition(house)} | FORM | changed
    return send(house.finance, f"{page}/offers", page=page, **fields)


def offers(house) -> str:
    """Answer with one offer by phase; return its id."""
    assert drafts(house).status_code == 303
    page = staff_page(house)
    assert send(house.finance, f"{page}/sending", page=page, edition=edition(house)).status_code == 303
    return str(house.one("SELECT id FROM price_offer WHERE state = 'open'"))


def accepts(house, where, offer_id, **fields):
    return send(house.manager, f"{where}/offers/{offer_id}/acceptance", page=where, **fields)


def test_a_question_after_the_end_is_refused_and_stands_there_to_be_copied(house):
    where = asks(house)
    assert send(house.manager, f"{where}/withdrawal", page=where).status_code == 303
    late = send(house.manager, f"{where}/questions", page=where, said="Is there a discount for two?")
    assert late.status_code == 422
    assert "this request has ended" in late.text.lower()
    assert "Is there a discount for two?</textarea>" in late.text


def test_the_whole_way_from_the_question_to_the_hours(house):
    assert (
        f"price-requests/new?claim={house.claim_id}"
        in house.manager.get(f"/creditor/claims/{house.claim_id}").text
    )
    where = asks(house, wished="hybrid", question="The debtor says that the roof leaks.")
    shown = house.manager.get(where).text
    assert "We answer by" in shown
    assert "the roof leaks" in shown
    queue = house.finance.get("/finance/price-requests").text
    assert "Enercity" in queue
    seen = house.finance.get(staff_page(house)).text
    assert "the roof leaks" in seen
    assert "A fixed amount and a share of what is collected" in seen
    offer_id = offers(house)
    compared = house.manager.get(where).text
    for said in ("Side by side", "Kantoor De Wit", "Rekening volgt per fase", "The rate card", "€615.00"):
        assert said in compared, said
    answer = accepts(house, where, offer_id, phase="legal")
    assert answer.status_code == 303
    quote = answer.headers["location"]
    page = house.manager.get(quote).text
    assert "This price is an offer that you accepted" in page
    for language in ("nl", "fr", "en", "de"):
        pdf = house.manager.get(f"{quote}.pdf?lang={language}")
        assert pdf.content.startswith(b"%PDF"), language
    again = accepts(house, where, offer_id)
    assert again.status_code == 409
    assert "this request has ended" in again.text.lower()

    desk = house.browser(Role.COLLECTOR)
    claim = f"/desk/claims/{house.creditor_id}/{house.claim_id}"
    assert f"{claim}/work" in desk.get(claim).text
    assert send(desk, f"{claim}/work/phases/legal", page=f"{claim}/work").status_code == 303
    day = house.now().date().isoformat()
    hours = {"phase": "legal", "minutes": "90", "worked_on": day, "description": "Wrote the summons",
             "sent_key": str(uuid4())}  # fmt: skip
    for _ in range(2):
        assert send(desk, f"{claim}/work/hours", page=f"{claim}/work", **hours).status_code == 303
    assert house.one("SELECT sum(net_minor) FROM booked_hours") == 18_000
    late = send(desk, f"{claim}/work/hours", page=f"{claim}/work", **hours | {"sent_key": str(uuid4())})
    assert late.status_code == 422
    assert "more than the hours that were agreed" in late.text
    assert "Wrote the summons" in late.text
    read = house.manager.get(where).text
    assert "Wrote the summons" in read
    assert "€180.00" in read
    booked = house.one("SELECT id FROM booked_hours")
    assert send(desk, f"{claim}/work/hours/{booked}/removal", page=f"{claim}/work").status_code == 303


def test_a_fault_stands_beside_its_field_and_nothing_typed_is_lost(house):
    asks(house)
    answer = drafts(house, kind="flat", success_1="15", conditions="mind the gap")
    assert answer.status_code == 422
    assert "mind the gap</textarea>" in answer.text
    assert re.search(r'is-invalid" id="field-success_1"', answer.text)
    assert house.one("SELECT count(*) FROM price_offer") == 0
    assert drafts(house, hour_2="abc").status_code == 422
    assert drafts(house, valid_days="90").status_code == 422
    late = drafts(house, edition="7")
    assert late.status_code == 422
    assert "somebody else changed this" in late.text.lower()


def test_a_loss_waits_for_an_administrator_who_did_not_write_it(house):
    asks(house)
    page = staff_page(house)
    loss = {"kind": "flat", "phase_2": "", "flat_2": "", "hour_2": "", "hours_2": "", "success_1": "",
            "flat_1": "1,00"}  # fmt: skip
    assert drafts(house, **loss).status_code == 303
    assert "expected to bring less than the work costs" in house.finance.get(page).text
    assert send(house.finance, f"{page}/sending", page=page, edition=edition(house)).status_code == 303
    waits = house.finance.get(page).text
    assert "Another person must approve this" in waits
    assert send(house.finance, f"{page}/approval", page=page, edition=edition(house)).status_code == 409
    admin = house.browser(Role.ADMIN)
    refused = send(admin, f"{page}/return", page=page, edition=edition(house), why="too cheap")
    assert refused.status_code == 303
    assert send(house.finance, f"{page}/sending", page=page, edition=edition(house)).status_code == 303
    assert send(admin, f"{page}/approval", page=page, edition=edition(house)).status_code == 303
    assert house.one("SELECT state FROM price_offer") == "open"


def test_questions_go_both_ways_and_an_offer_is_taken_back(house):
    where = asks(house)
    offer_id, page = offers(house), staff_page(house)
    assert send(house.manager, f"{where}/questions", page=where, said="").status_code == 422
    assert send(house.manager, f"{where}/questions", page=where, said="May it be less?").status_code == 303
    assert "The creditor asks something" in house.finance.get("/finance/price-requests").text
    assert "May it be less?" in house.finance.get(page).text
    assert send(house.finance, f"{page}/notes", page=page, said="No, sorry.").status_code == 303
    assert "No, sorry." in house.manager.get(where).text
    taken = send(house.finance, f"{page}/offers/{offer_id}/withdrawal", page=page)
    assert taken.status_code == 303
    late = accepts(house, where, offer_id)
    assert late.status_code == 409
    assert house.one("SELECT state FROM price_request") == "asked"


def test_every_offer_is_declined_with_a_reason(house):
    where = asks(house)
    offers(house)
    assert send(house.manager, f"{where}/refusal", page=where, why="").status_code == 422
    declined = send(house.manager, f"{where}/refusal", page=where, why="too_expensive", words="Too dear")
    assert declined.status_code in (303, 422)
    if declined.status_code == 422:  # the reasons have names of their own
        reason = re.search(r'<option value="(\w+)">', declined.text).group(1)
        declined = send(house.manager, f"{where}/refusal", page=where, why=reason, words="Too dear")
    assert declined.status_code == 303
    assert "Too dear" in house.manager.get(where).text
    assert house.one("SELECT DISTINCT state FROM claim") == "quoted"


def test_an_offer_for_a_claim_in_collection_is_its_price_from_then_on(house):
    quote = f"/creditor/quotes/{house.one('SELECT id FROM quote')}"
    assert send(house.manager, f"{quote}/acceptance", page=quote).status_code == 303
    where = asks(house)
    answer = accepts(house, where, offers(house))
    assert answer.status_code == 303
    page = house.manager.get(answer.headers["location"])
    assert (page.status_code, "This price is an offer that you accepted" in page.text) == (200, True)
    assert house.manager.get(f"{answer.headers['location']}.pdf").status_code == 200
    assert house.manager.get(f"/creditor/claims/{house.claim_id}").status_code == 200
    assert house.manager.get("/creditor/quotes").status_code == 200


def test_a_clerk_asks_and_only_a_manager_accepts(house):
    clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=house.creditor_id)
    where = asks(house, clerk)
    offer_id = offers(house)
    assert "A manager of your organisation accepts prices" in clerk.get(where).text
    refused = send(clerk, f"{where}/offers/{offer_id}/acceptance", page=where)
    assert refused.status_code == 403
    assert house.browser(Role.COLLECTOR).get("/finance/price-requests").status_code == 403


def test_asking_twice_and_about_strangers_is_refused(house):
    where = asks(house)
    page = f"/creditor/price-requests/new?claim={house.claim_id}"
    assert where.rsplit("/", 1)[1] in house.manager.get(page).text
    twice = send(house.manager, "/creditor/price-requests", page=page, claim=str(house.claim_id))
    assert twice.status_code == 422
    other = house.browser(Role.CREDITOR_MANAGER, creditor_id=house.creditor("Other"))
    assert other.get(where).status_code == 404
    assert other.get(page).status_code == 404
    assert house.manager.get("/creditor/price-requests").text.count(where) >= 1


def test_a_program_asks_and_accepts(house):
    made = key_for(house, house.creditor_id, (Scope.READ, Scope.PRICE, Scope.ACCEPT))
    program = house.client()
    program.headers["Authorization"] = f"Bearer {made.secret}"
    key = {"Idempotency-Key": str(uuid4())}
    wish = {"claim": str(house.claim_id), "wished": "flat", "question": "Disputed"}
    asked = program.post("/api/v1/price-requests", json=wish, headers=key)
    assert asked.status_code == 201, asked.text
    assert program.post("/api/v1/price-requests", json=wish, headers=key).json() == asked.json()
    number = asked.json()["number"]
    offer_id = offers(house)
    read = program.get(f"/api/v1/price-requests/{number}").json()
    assert (read["state"], len(read["offers"]), len(read["offers"][0]["sums"])) == ("offered", 1, 3)
    path = f"/api/v1/price-requests/{number}/acceptance"
    accepted = program.post(
        path, json={"offer": offer_id, "phases": ["legal"]}, headers={"Idempotency-Key": str(uuid4())}
    )
    assert accepted.status_code == 200, accepted.text
    quote = accepted.json()["quote"]
    assert program.get(f"/api/v1/quotes/{quote}/replay").json()["same"] is True
    late = program.post(path, json={"offer": offer_id}, headers={"Idempotency-Key": str(uuid4())})
    assert late.status_code == 409


def test_what_was_agreed_is_charged_with_the_next_payout(house):
    install_reactions(REACTIONS)
    where = asks(house)
    assert accepts(house, where, offers(house)).status_code == 303
    drain(house.units)
    with house.units.open(Door.STAFF, by="user:ann") as unit:
        [(creditor_id, run_id)] = draft_runs(unit, cutoff_on=unit.today)
    with house.units.open(Door.STAFF, by="user:bob") as unit:
        approve_run(unit, creditor_id=creditor_id, run_id=run_id)
        found = unit.session.connection().execute(text("SELECT fee_minor, net_minor FROM remittance_run"))
        assert found.one() == (2_500, 0)
    page = house.manager.get(f"/creditor/payouts/{run_id}").text
    assert "Amount as agreed" in page
