"""Whatever comes when, the books are right after each step: bank, ledger, liabilities and every claim."""

from collections import Counter

import pytest
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from tests.books.any_order import machine, plan
from tests.books.ground import Ground
from tests.books.watched import Watched
from tests.conftest import TEMPLATE

# Six thousand steps; `dev soak` makes as many as wanted. The first example is always the simplest one, the
# same rule over and over, and does not count. Each other one plays with rules of its own choice, so that many
# short ones see more than few long ones.
EXAMPLES, STEPS = 10, 60
PARTS = 10  # so that they spread over workers, each with an order of its own
# Of how many kinds the bookings of every part must at least be, or it would prove nothing.
KINDS_MIN = 7


# A part takes half a minute on a quiet machine, and more than five on one with much else to do.
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_order_of_events_loses_or_makes_a_cent(run_servers, worker_number, part):
    """A9, A11 to A15, A20, A24, B1 to B3, B6, B8, B9, B14, B15, B17, D11, D18."""
    ground = Ground(run_servers.postgres, name=f"books_{worker_number}", migrated=TEMPLATE)
    before, told = Watched.steps, Counter(Watched.told)
    try:
        run_state_machine_as_test(
            seeded(part)(machine(ground)), settings=plan(examples=EXAMPLES, steps=STEPS)
        )
    finally:
        ground.end()
    assert Watched.steps - before >= EXAMPLES * STEPS
    seen = Watched.told - told
    assert seen["payment"]
    assert seen["refund"]
    assert seen["remittance"]
    assert len(seen) >= KINDS_MIN, seen
