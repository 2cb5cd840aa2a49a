"""The creditor's goal: which path follows from it, and when a fee is too high."""

import pytest

from agency.rules.facts import DebtorKind, Law
from agency.rules.goals import Emphasis, over_maximum, propose_path
from agency.rules.treatment import default_path, default_paths

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("law", Law)
@pytest.mark.parametrize("debtor", DebtorKind)
def test_a_goal_takes_the_path_of_its_name_or_the_usual_one(law, debtor):
    usual = default_path(law=law, debtor=debtor)
    keys = {path.key for path in default_paths()}
    for emphasis in Emphasis:
        named = f"{usual.key}-{emphasis.value}"
        found = propose_path(law=law, debtor=debtor, emphasis=emphasis)
        if emphasis is Emphasis.balanced or named not in keys:
            assert found.path == usual
        else:
            assert found.path.key == named


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
