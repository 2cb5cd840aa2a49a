"""The administrators' audit trail: filters, pages, the file, and what of a person's words it leaves out."""

import ast
import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

import agency
import portal
from agency.kernel.audit import record
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.progress.audit_trail import facts_told
from portal import main
from portal.admin.audit_facts import facts_words
from portal.admin.audit_words import DONE, THINGS
from portal.shared.i18n import speaking
from tests.portal.bureau import PARTS, Bureau, bureau

__all__ = ["bureau"]
BASE = "/admin/audit"


@pytest.fixture
def house(bureau: Bureau, monkeypatch) -> Bureau:
    monkeypatch.setattr(main, "PARTS", (*PARTS, "portal.admin"))
    return bureau.open_portal()


@pytest.fixture
def admin(house):
    return house.browser("Beheer", Role.ADMIN)


@pytest.fixture
def claim(house) -> tuple[UUID, UUID, str]:
    """A claim of which the trail tells: a hold that was lifted, by nobody of the house."""
    creditor_id, claim_id = house.claim()
    with house.office.unit() as unit:
        record(
            unit, action="hold.lifted", subject=f"claim:{claim_id}", creditor_id=creditor_id,
            facts={"claim": str(claim_id), "days": 3, "why": "mevrouw Jansen ligt in het ziekenhuis"},
        )  # fmt: skip
    return creditor_id, claim_id, house.value("SELECT number FROM claim WHERE id = :c", c=claim_id)


def rows(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


def test_is_for_administrators_only(house, admin):
    assert admin.get(BASE).status_code == 200
    for role in (Role.FINANCE, Role.COLLECTOR):
        other = house.browser(f"Ander {role.value}", role)
        assert other.get(BASE).status_code == other.get(f"{BASE}/trail.csv").status_code == 403
    assert f'href="{BASE}"' in admin.get("/admin/inspection").text, "the menu is full: it is found from here"


def test_tells_who_did_what_to_which_thing_and_no_word_of_a_person(admin, claim):
    _, claim_id, number = claim
    page = admin.get(f"{BASE}?thing=claim").text
    assert f"Claim {number}: lifted" in page
    assert "days: 3" in page
    assert "words of a person, kept with the thing itself" in page
    assert "ziekenhuis" not in page
    file = admin.get(f"{BASE}/trail.csv?thing=claim")
    assert "ziekenhuis" not in file.text
    assert [row["Id"] for row in rows(file)] == [str(claim_id)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q={number}", True), ("q={claim}", True), ("q=lifted", True), ("q=hold+lifted", True),
        ("q=nothing.like.it", False), ("thing=claim", True), ("thing=user", False), ("who=system", True),
        ("first={day}&last={day}", True), ("last={before}", False), ("first={after}", False),
    ],
)  # fmt: skip
def test_is_narrowed_by_person_thing_and_day(house, admin, claim, query, found):
    with house.office.unit() as unit:
        day = unit.today
    days = {"day": day, "before": day - timedelta(days=1), "after": day + timedelta(days=1)}
    asked = query.format(claim=claim[1], number=claim[2], **days)
    page = admin.get(f"{BASE}?{asked}")
    assert page.status_code == 200
    assert ("hold.lifted" in page.text) is found


def test_of_one_person(house, admin):
    admin_id = house.value("SELECT id FROM user_account WHERE name = 'Beheer'")
    with house.office.units.open(Door.STAFF, by=f"user:{admin_id}") as unit:
        record(unit, action="user.changed", subject=f"user:{admin_id}", creditor_id=HOUSE)
    page = admin.get(f"{BASE}?who=user:{admin_id}&q=user.changed").text
    assert f'href="/admin/users/{admin_id}"' in page
    assert "Beheer" in page
    assert "user.changed</small>" in page
    assert "user.changed</small>" not in admin.get(f"{BASE}?who=system&q=user.changed").text


@pytest.mark.parametrize(
    ("query", "field"), [("first=gisteren", "first"), ("first=2026-12-02&last=2026-12-01", "last")]
)
def test_a_day_that_cannot_be_read_is_named_and_nothing_typed_is_lost(admin, query, field):
    answer = admin.get(f"{BASE}?{query}&q=lifted")
    assert answer.status_code == 422
    assert f'id="refused-{field}"' in answer.text
    assert 'value="lifted"' in answer.text
    assert "hold.lifted" not in answer.text
    assert admin.get(f"{BASE}/trail.csv?{query}").status_code == 422


def test_goes_on_page_by_page_without_losing_or_repeating_a_link(house, admin):
    with house.office.unit() as unit:
        for number in range(120):  # all of one moment, so that the chain's own order decides
            facts = {"n": number}
            record(unit, action="hold.lifted", subject=f"hold:{number}", creditor_id=HOUSE, facts=facts)
    url, seen = f"{BASE}?thing=hold", []
    while url:
        page = admin.get(url).text
        seen += re.findall(r"n: (\d+)", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        url = found[1].replace("&amp;", "&") if found else ""
    assert sorted(map(int, seen)) == list(range(120))
    assert len(rows(admin.get(f"{BASE}/trail.csv?thing=hold"))) == 120


def test_that_a_file_was_taken_stands_in_the_trail(admin, claim):
    admin.get(f"{BASE}/trail.csv?q={claim[2]}&first=2020-01-01")
    page = admin.get(f"{BASE}?thing=audit").text
    assert "Audit trail: taken along as a file" in page
    assert "narrowed by: q, first" in page


@pytest.mark.parametrize(
    ("language", "amount", "words"),
    [
        (
            "en",
            "12,345.67",
            ("amount", "net", "due on: 1 Dec 2026", "until: 1 Dec 2026 11:00", "yes", "12.5"),
        ),
        ("nl", "12.345,67", ("bedrag", "netto", "te betalen op: 1 dec 2026", "tot: 1 dec 2026 11:00", "ja")),
        ("fr", "345,67", ("montant", "net", "dû le: 1er déc. 2026", "oui")),
        ("de", "12.345,67", ("Betrag", "netto", "fällig am: 1. Dez. 2026", "ja")),
    ],
)
def test_a_reader_sees_words_money_and_days_in_his_language(language, amount, words):
    """Minor units, English names and a program's dates are for the file."""
    facts = {
        "amount_minor": 1_234_567, "net_minor": "5", "currency": "EUR", "due_on": "2026-12-01",
        "fee_bps": 1250, "until": "2026-12-01 10:00:00+00:00", "ready": True,
        "never_seen_minor": 100, "odd_thing": "a_b",
    }  # fmt: skip
    with speaking(language):
        told = "; ".join(facts_words(facts_told(facts)[0]))
    assert amount in told
    for one in words:
        assert one in told
    assert "_" not in told
    assert "minor" not in told
    assert "odd thing: a b" in told


def test_the_file_stays_for_programs(house, admin):
    with house.office.unit() as unit:
        facts = {"amount_minor": 1_234_567, "currency": "EUR", "due_on": "2026-12-01"}
        record(unit, action="refund.approved", subject="refund:1", creditor_id=HOUSE, facts=facts)
    assert "12,345.67" in admin.get(f"{BASE}?thing=refund").text
    [row] = rows(admin.get(f"{BASE}/trail.csv?thing=refund"))
    assert set(row["Besides"].split("; ")) == {"amount minor: 1234567", "currency: EUR", "due on: 2026-12-01"}


def test_of_facts_only_what_the_product_itself_says_is_told():
    told, left_out = facts_told(
        {"claim": "01a2", "amount_minor": 5, "ok": True, "reasons": ["a", "b"], "none": None, "why": "ziek",
         "until": "2026-12-01 10:00:00+00:00", "text": "twee woorden", "list": ["a", "b c"]}
    )  # fmt: skip
    assert told == [
        ("claim", "01a2"),
        ("amount_minor", "5"),
        ("ok", "true"),
        ("reasons", "a, b"),
        ("until", "2026-12-01 10:00:00+00:00"),
    ]
    assert left_out == 3


def test_every_action_and_thing_that_the_code_names_has_words():
    actions, things = set(), set()
    for room in (agency, portal):
        for file in Path(room.__file__).parent.rglob("*.py"):
            if "proving" in file.parts:
                continue
            for call in ast.walk(ast.parse(file.read_text())):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "record":
                    named = {one.arg: ast.unparse(one.value) for one in call.keywords}
                    actions.add(named.get("action", ""))
                    things.add(named.get("subject", ""))
    verbs = {found[1] for one in actions if (found := re.fullmatch(r"'[a-z_]+\.([a-z_]+)'", one))}
    kinds = {found[1] for one in things if (found := re.match(r"f?'([a-z_]+):", one))}
    assert len(verbs) > 40
    assert verbs <= set(DONE)
    assert kinds <= set(THINGS)
