"""Experiments on the way of a step: pinned groups, a holdout that goes as ever, results, a stop (row 41)."""

from datetime import date

import pytest
from sqlalchemy import text

from agency.kernel.errors import Conflict, Invalid
from agency.kernel.unit import Door
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import settle
from agency.rules.experiment import HOLDOUT, group_of
from agency.rules.facts import Channel, DebtorKind, Law
from agency.treatment.experiments import results_of, start_experiment, stop_experiment
from agency.treatment.models import Experiment
from tests.communication.correspondence import Office
from tests.treatment.test_paths import begin, live, noon, sent


@pytest.fixture
def office(units):
    return Office(units).open_up(noon(date(2026, 11, 28)))


def staff(office):
    return office.units.open(Door.STAFF, by="user:ann")


def start(office, name="text or letter", **changes):
    how = {
        "template": "reminder_1", "arms": [Channel.sms, Channel.letter], "holdout_percent": 30,
        "answer_days": 7,
    } | changes  # fmt: skip
    with staff(office) as unit:
        return start_experiment(unit, name=name, **how)


def group(office, claim_id):
    with office.unit() as unit:
        return (
            unit.session.connection()
            .execute(text('SELECT "group" FROM experiment_claim WHERE claim_id = :c'), {"c": claim_id})
            .scalar_one_or_none()
        )


def two_of_each_group(office, experiment_id):
    """As many claims as it takes: their ids, which are drawn by chance, decide on their groups."""
    drawn = {"sms": 0, "letter": 0, HOLDOUT: 0}
    ways = ["sms", "letter"]
    while min(drawn.values()) < 2:
        claim = begin(office)
        name = group_of(claim_id=claim[1], experiment_id=experiment_id, arms=ways, holdout_percent=30)
        drawn[name] += 1
        yield claim


def test_claims_go_as_their_group_asks_and_the_holdout_as_ever(office):
    experiment_id = start(office)
    claims = list(two_of_each_group(office, experiment_id))
    live(office, date(2026, 12, 1))
    groups = {claim_id: group(office, claim_id) for _, claim_id in claims}
    assert {"sms", "letter", HOLDOUT} == set(groups.values())
    usual = {"sms": "sms", "letter": "letter", HOLDOUT: "email"}
    for claim_id, name in groups.items():
        assert [one[:2] for one in sent(office, claim_id)] == [("reminder_1", usual[name])]
    payer = next(claim for claim in claims if groups[claim[1]] == "sms")
    with office.unit() as unit:
        settle(
            unit, creditor_id=payer[0], claim_id=payer[1], source=PaymentSource.DIRECT, source_key="x",
            amount=Money(1_000, "EUR"), value_on=unit.today, trust_account=None,
        )  # fmt: skip
    office.move_to(noon(date(2026, 12, 9)))
    with office.unit() as unit:
        found = {one.group: one for one in results_of(unit, unit.session.get_one(Experiment, experiment_id))}
    assert sum(one.claims for one in found.values()) == len(claims)
    assert (found["sms"].answered, found["letter"].answered, found[HOLDOUT].answered) == (1, 0, 0)
    assert found["sms"].judged == found["sms"].claims
    assert found["sms"].share.low < found["sms"].share.share < found["sms"].share.high


def test_a_way_that_the_law_closes_to_a_step_is_not_tried_there(office):
    """WER art. XIX.7: a Belgian consumer gets no text message before the formal notice; such a step would be
    refused day after day, and the claim would never come to its notice."""
    experiment_id = start(office, arms=[Channel.sms, Channel.letter], holdout_percent=1)
    drawn = ""
    while drawn != "sms":
        _, claim_id = begin(office, law=Law.be, debtor=DebtorKind.consumer, country="BE")
        drawn = group_of(
            claim_id=claim_id, experiment_id=experiment_id, arms=["sms", "letter"], holdout_percent=1
        )
    live(office, date(2026, 12, 1))
    assert group(office, claim_id) == "sms", "it stays in its group"
    assert [one[:2] for one in sent(office, claim_id)] == [("reminder_1", "email")]


def test_stopped_is_stopped_and_another_may_begin(office):
    experiment_id = start(office)
    with pytest.raises(Conflict):
        start(office, name="another with the same text")
    with staff(office) as unit:
        stop_experiment(unit, experiment_id=experiment_id, why="clear enough")
        stop_experiment(unit, experiment_id=experiment_id, why="again")
    _, claim_id = begin(office)
    live(office, date(2026, 12, 1))
    assert group(office, claim_id) is None
    assert sent(office, claim_id)[0][1] == "email"
    start(office, name="another")
    with pytest.raises(Conflict):
        start(office, name="another", template="reminder_2")


@pytest.mark.parametrize(
    "changes",
    [
        {"arms": [Channel.sms]},
        {"arms": [Channel.sms, Channel.sms]},
        {"arms": [Channel.sms, Channel.call]},
        {"template": "notice_nl_consumer"},
    ],
)
def test_what_cannot_be_tried_is_refused(office, changes):
    with pytest.raises(Invalid):
        start(office, **changes)


def test_who_has_no_telephone_goes_as_ever_and_stays_in_his_group(office):
    start(office, holdout_percent=1)
    claims = [begin(office, phone=None)[1] for _ in range(5)]
    live(office, date(2026, 12, 1))
    found = {(group(office, claim_id), sent(office, claim_id)[0][1]) for claim_id in claims}
    assert ("sms", "email") in found
    assert ("sms", "sms") not in found
