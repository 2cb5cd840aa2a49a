"""Outsourced debtor management: nothing before the due date, and the creditor's name before ours."""

from datetime import date

import pytest

from agency.rules.facts import DebtorKind, Law, Phase
from agency.rules.identity import identity_shown
from agency.rules.path_checks import PHASE_OF
from agency.rules.products import HandOver, Product, managed_path, product_of_path
from agency.rules.treatment_path import StepPhase, default_paths

pytestmark = pytest.mark.pure

DAY = date(2026, 11, 28)
EVERY = [(law, debtor, start) for law in Law for debtor in DebtorKind for start in HandOver]


@pytest.mark.parametrize(("law", "debtor", "start"), EVERY)
def test_the_first_step_comes_after_the_due_date_and_each_later_one_after_another(law, debtor, start):
    path = managed_path(law=law, debtor=debtor, hand_over=start)
    first, *others = path.steps
    assert first.anchor == "due_date"
    assert first.days >= 1
    assert all(step.anchor in ("previous_sent", "notice_ended") and step.days >= 0 for step in others)


@pytest.mark.parametrize(("law", "debtor", "start"), EVERY)
def test_nothing_is_in_our_name_before_the_notice_that_the_law_asks_for(law, debtor, start):
    path = managed_path(law=law, debtor=debtor, hand_over=start)
    notice = next(index for index, step in enumerate(path.steps) if step.is_notice)
    for step in path.steps[:notice]:
        assert step.phase is StepPhase.reminder
        shown = identity_shown(
            country="NL", debtor=debtor, phase=PHASE_OF[step.phase], in_creditors_name=True, on=DAY
        )
        assert shown.sender == "creditor"
    assert path.steps[notice].phase is StepPhase.amicable
    assert PHASE_OF[StepPhase.amicable] is Phase.amicable


@pytest.mark.parametrize("law", [Law.nl, Law.be])
@pytest.mark.parametrize("debtor", DebtorKind)
def test_where_we_take_over_what_the_creditor_did_is_not_done_again(law, debtor):
    keys = {
        start: [s.key for s in managed_path(law=law, debtor=debtor, hand_over=start).steps]
        for start in HandOver
    }
    every = keys[HandOver.first_reminder]
    assert every[:2] == ["reminder_1", "reminder_2"]
    for start, first in ((HandOver.second_reminder, "reminder_2"), (HandOver.formal_notice, "formal_notice")):
        assert keys[start] == every[every.index(first) :]


@pytest.mark.parametrize(("law", "debtor", "start"), EVERY)
def test_the_key_of_a_path_tells_the_product(law, debtor, start):
    path = managed_path(law=law, debtor=debtor, hand_over=start)
    assert product_of_path(path.key) == (Product.management, start)
    assert path.law is law or law not in (Law.nl, Law.be)


def test_every_other_path_is_a_collection_case():
    usual = [path for path in default_paths() if "-managed" not in path.key]
    assert len(usual) == 20
    assert {product_of_path(path.key)[0] for path in usual} == {Product.collection}


@pytest.mark.parametrize(("law", "debtor", "start"), EVERY)
def test_the_path_is_that_of_the_debtor_where_there_is_one(law, debtor, start):
    path = managed_path(law=law, debtor=debtor, hand_over=start)
    if law in (Law.nl, Law.be):
        assert (path.law, debtor in path.debtors) == (law, True)
    else:
        assert (path.law, DebtorKind.company in path.debtors) == (Law.nl, True)


def test_what_is_kept_has_these_names():
    """Claims keep them, and forms send them."""
    assert [*Product] == ["collection", "management"]
    assert [*HandOver] == ["first_reminder", "second_reminder", "formal_notice"]
