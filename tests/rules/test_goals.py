"""The creditor's goal: which path follows from it, and when a fee is too high."""

import pytest

from agency.rules.facts import DebtorKind, Law
from agency.rules.goals import Emphasis, over_maximum, propose_path
from agency.rules.treatment_path import Signature, default_path, default_paths

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("law", Law)
@pytest.mark.parametrize("debtor", DebtorKind)
def test_a_goal_takes_the_path_of_its_name_or_the_usual_one(law, debtor):
    usual = default_path(law=law, debtor=debtor)
    for emphasis in Emphasis:
        found = propose_path(law=law, debtor=debtor, emphasis=emphasis)
        if emphasis is Emphasis.balanced:
            assert found.path == usual
        else:
            assert found.path.key.endswith(f"-{emphasis.value}")
            assert found.path.law is usual.law
            assert debtor in found.path.debtors or law not in (Law.nl, Law.be)


@pytest.mark.parametrize("law", [Law.nl, Law.be])
@pytest.mark.parametrize("debtor", DebtorKind)
def test_each_law_and_kind_of_debtor_has_a_path_in_either_name(law, debtor):
    names = {}
    for signature in (Signature.creditor, Signature.agency):
        found = propose_path(law=law, debtor=debtor, emphasis=Emphasis.balanced, signature=signature).path
        assert (found.law, found.debtors, found.signature) == (law, (debtor,), signature)
        names[signature] = found.key
    assert names[Signature.agency] == f"{names[Signature.creditor]}-agency"


def test_a_first_reminder_goes_out_a_day_after_the_due_date_and_another_a_week_later():
    """S-1, on every path that a creditor did not choose for its pace; but a Belgian consumer of whom the
    agency asks something in its own name gets the formal notice first (WER art. XIX.7)."""
    usual = [
        path
        for path in default_paths()
        if path.signature is not Signature.either
        and not path.key.endswith(("-speed", "-relation"))
        and path.key != "be-consumer-agency"
    ]
    assert len(usual) == 11
    for path in usual:
        first, second = path.steps[:2]
        assert (first.template, first.anchor, first.days) == ("reminder_1", "due_date", 1)
        assert (second.template, second.anchor, second.days) == ("reminder_2", "previous_sent", 7)


def test_where_the_house_has_no_path_for_a_goal_the_usual_one_is_told(monkeypatch):
    monkeypatch.setattr("agency.rules.goals.default_paths", lambda: ())
    found = propose_path(law=Law.nl, debtor=DebtorKind.consumer, emphasis=Emphasis.speed)
    assert found.path == default_path(law=Law.nl, debtor=DebtorKind.consumer)
    assert found.trace[0].outcome == "goals.no_path"


def test_the_maximum_itself_is_not_over_it():
    assert not over_maximum(fee_bps=1_500, maximum_fee_bps=1_500)
    assert over_maximum(fee_bps=1_501, maximum_fee_bps=1_500)
    assert over_maximum(fee_bps=1_500, maximum_fee_bps=None) is False
    assert over_maximum(fee_bps=1, maximum_fee_bps=0)


def test_a_goal_sends_a_belgian_consumer_no_reminder_in_the_agencys_name():
    for emphasis in (Emphasis.speed, Emphasis.relation):
        own = propose_path(law=Law.be, debtor=DebtorKind.consumer, emphasis=emphasis)
        assert own.path.key == f"be-consumer-{emphasis.value}"
        ours = propose_path(
            law=Law.be, debtor=DebtorKind.consumer, emphasis=emphasis, signature=Signature.agency
        )
        assert (ours.path.key, ours.trace[0].outcome) == ("be-consumer-agency", "goals.no_path")
