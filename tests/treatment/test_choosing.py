"""A step that leaves its way open goes by the one that suits its debtor, with the reasons kept (S-19)."""

import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from agency.communication.receipts import apply_receipt
from agency.rules.explain import explain
from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.trace import from_json
from agency.rules.treatment import TreatmentPath, default_path
from agency.treatment.paths import read_paths
from tests.communication.correspondence import Office, receipt
from tests.treatment.test_paths import begin, live, noon, sent

WRITTEN = (Channel.email, Channel.sms, Channel.letter)


@pytest.fixture
def office(units):
    office = Office(units).open_up(noon(date(2026, 11, 28)))
    path = default_path(law=Law.nl, debtor=DebtorKind.consumer)
    steps = tuple(
        replace(step, channels=WRITTEN, best=True) if step.key.startswith("reminder") else step
        for step in path.steps
    )
    opened = replace(path, steps=steps)
    with office.unit() as unit:
        unit.session.connection().execute(
            text("UPDATE treatment_path SET definition = CAST(:definition AS jsonb) WHERE key = :key"),
            {"definition": opened.to_json().decode(), "key": path.key},
        )
    return office


def ways(office, claim_id):
    query = text("SELECT step, channel, trace FROM treatment_step WHERE claim_id = :c ORDER BY due_at")
    with office.unit() as unit:
        return unit.session.connection().execute(query, {"c": claim_id}).all()


def test_people_get_a_text_and_the_page_can_say_why(office):
    _, claim_id = begin(office)
    live(office, date(2026, 12, 1))
    assert [one[:2] for one in sent(office, claim_id)] == [("reminder_1", "sms")]
    [(step, channel, trace)] = ways(office, claim_id)
    assert (step, channel) == ("reminder_1", "sms")
    told = [line.words for line in explain(from_json(trace), "en")]
    assert told[0] == "Way chosen: text message, the best with 42 points."
    assert len(told) >= 4


def test_what_came_back_is_not_tried_again(office):
    _, claim_id = begin(office)
    live(office, date(2026, 12, 1))
    message = office.messages(claim_id)[0]
    with office.unit() as unit:
        apply_receipt(
            unit,
            receipt=receipt(str(message.id), "bounced", noon(date(2026, 12, 2))),
            message_id=message.id,
        )
    office.react()
    live(office, date(2026, 12, 9))
    assert [one[1] for one in ways(office, claim_id)] == ["sms", "email"]


def test_a_path_of_before_keeps_its_bytes(office):
    path = default_path(law=Law.be, debtor=DebtorKind.consumer)
    assert b"best" not in path.to_json()
    assert TreatmentPath.from_json(path.to_json()) == path
    with office.unit() as unit:
        rows = unit.session.connection().execute(
            text("SELECT id FROM treatment_path WHERE key = 'nl-consumer'")
        )
        [kept] = read_paths(unit, ids=set(rows.scalars())).values()
    assert kept.steps[0].best
    assert json.loads(kept.to_json())["steps"][0]["best"] is True
