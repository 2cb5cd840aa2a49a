"""Cases given to one collector, and taken back from one who is away."""

import pytest
from sqlalchemy import text

from agency.desk.giving import give_cases, take_back
from agency.desk.models import WorkKind
from agency.desk.queue import UnableToFinish, finish, take, take_next
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.parties.models import Role


@pytest.fixture
def anna(desk):
    return desk.hire("Anna Vos")


@pytest.fixture
def bram(desk):
    return desk.hire("Bram Kok")


def waiting(desk, *kinds):
    """Claims that ask for a person, and the case of each."""
    claims = [desk.claim() for _ in kinds]
    for claim, kind in zip(claims, kinds, strict=True):
        desk.ask(claim, kind)
    with desk.unit() as unit:
        found = {
            row.claim_id: (row.creditor_id, row.id)
            for row in unit.session.connection().execute(
                text("SELECT creditor_id, id, claim_id FROM work_item")
            )
        }
    return [found[claim_id] for _, claim_id in claims]


def give(desk, cases, to):
    with desk.unit() as unit:
        return give_cases(unit, cases=cases, to=to)


def following(desk, user_id, kind=None):
    with desk.unit(user_id) as unit:
        case = take_next(unit, user_id=user_id, kind=kind)
        return case and case.item_id


def test_who_was_given_a_case_gets_it_before_what_is_more_urgent(desk, anna, bram):
    dispute, call = waiting(desk, WorkKind.DISPUTE, WorkKind.CALL_DUE)
    assert give(desk, [call], anna) == 1
    assert following(desk, anna) == call[1]
    assert following(desk, bram) == dispute[1]


def test_nobody_else_gets_it_by_taking_the_next(desk, anna, bram):
    [call] = waiting(desk, WorkKind.CALL_DUE)
    give(desk, [call], anna)
    assert following(desk, bram) is None
    with desk.unit(bram) as unit:
        assert take(unit, user_id=bram, creditor_id=call[0], item_id=call[1]).item_id == call[1]


def test_the_chosen_kind_counts_for_what_was_given_too(desk, anna):
    dispute, call = waiting(desk, WorkKind.DISPUTE, WorkKind.CALL_DUE)
    give(desk, [call], anna)
    assert following(desk, anna, WorkKind.DISPUTE) == dispute[1]


def test_what_somebody_works_on_stays_with_him(desk, anna, bram):
    one, two = waiting(desk, WorkKind.DISPUTE, WorkKind.CALL_DUE)
    assert following(desk, bram) == one[1]
    assert give(desk, [one, two], anna) == 1
    assert following(desk, bram) == one[1]


def test_all_of_an_absent_colleague_is_on_the_queue_again_and_his_late_word_refused(desk, anna, bram):
    one, two = waiting(desk, WorkKind.DISPUTE, WorkKind.CALL_DUE)
    give(desk, [one, two], anna)
    with desk.unit(anna) as unit:
        case = take_next(unit, user_id=anna)
    with desk.unit() as unit:
        assert take_back(unit, user_id=anna) == 2
    with pytest.raises(UnableToFinish), desk.unit(anna) as unit:
        finish(unit, creditor_id=one[0], item_id=one[1], user_id=anna, generation=case.generation)
    assert following(desk, bram) == one[1]
    with desk.unit() as unit:
        assert take_back(unit, user_id=anna) == 0, "pressed twice"


def test_a_closed_account_keeps_nothing_from_the_others(desk, anna, bram):
    [call] = waiting(desk, WorkKind.CALL_DUE)
    give(desk, [call], anna)
    with desk.unit() as unit:
        unit.session.connection().execute(
            text("UPDATE user_account SET disabled_at = app.now() WHERE id = :u"), {"u": anna}
        )
    assert following(desk, bram) == call[1]


def test_only_a_collector_is_given_cases(desk):
    [call] = waiting(desk, WorkKind.CALL_DUE)
    for other in (desk.hire("Fien Geld", roles=(Role.FINANCE,)), new_id()):
        with pytest.raises(Invalid) as refused:
            give(desk, [call], other)
        assert refused.value.field == "to"


def test_nothing_chosen_is_said(desk, anna):
    with pytest.raises(Invalid) as refused:
        give(desk, [], anna)
    assert refused.value.field == "cases"


def test_each_is_in_the_audit_of_its_creditor(desk, anna):
    [call] = waiting(desk, WorkKind.CALL_DUE)
    give(desk, [call], anna)
    with desk.unit() as unit:
        take_back(unit, user_id=anna)
        audited = unit.session.connection().execute(
            text(
                "SELECT action, facts FROM audit_entry WHERE creditor_id = :c"
                " AND action LIKE 'case.%' ORDER BY seq"
            ),
            {"c": call[0]},
        )
        assert [(row.action, row.facts.get("to") or row.facts.get("from")) for row in audited] == [
            ("case.given", str(anna)),
            ("case.taken_back", str(anna)),
        ]
