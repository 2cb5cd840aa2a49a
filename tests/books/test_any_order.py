"""Whatever comes when, the books are right after each step: bank, ledger, liabilities and every claim."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.books.any_order import machine, plan
from tests.books.ground import Ground
from tests.conftest import TEMPLATE

# A thousand steps; `dev soak` makes as many as wanted.
EXAMPLES, STEPS = 1, 100
PARTS = 10  # so that they spread over workers


@pytest.mark.parametrize("part", range(PARTS))
def test_no_order_of_events_loses_or_makes_a_cent(run_servers, worker_number, part):
    """A9, A11 to A15, A20, A24, B1 to B3, B6, B8, B9, B14, B15, B17, D11, D18."""
    ground = Ground(run_servers.postgres, name=f"books_{worker_number}", migrated=TEMPLATE)
    try:
        run_state_machine_as_test(machine(ground), settings=plan(examples=EXAMPLES, steps=STEPS))
    finally:
        ground.end()
