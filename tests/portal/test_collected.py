"""What counts as collected on pages: what was owed; what was paid too much goes back."""

from decimal import Decimal

import pytest

from agency.claims.insurance import Policy, insure_claim
from agency.kernel.unit import Door
from agency.progress.worklist import desk_figures
from portal.creditor.figures import collected_by_month, figures
from portal.creditor.known_before import history_of
from tests.remittance.out import agreed, eur, paid


@pytest.mark.parametrize("direct", [False, True])
def test_what_was_paid_too_much_was_not_collected(units, direct):
    creditor, claim = agreed(units, invoices=(100_000,))
    policy = Policy(insurer="Sample Insurer", policy_number="P-1", covered_percent=Decimal(90))
    with units.open(Door.CREDITOR, by="user:c", creditor_id=creditor) as unit:
        insure_claim(unit, creditor_id=creditor, claim_id=claim, policy=policy)
    paid(units, creditor, claim, 100_000_000, key="typed", direct=direct)
    with units.open(Door.STAFF, by="user:ann") as unit:
        assert desk_figures(unit).this_week_minor == 100_000
    with units.open(Door.CREDITOR, by="user:c", creditor_id=creditor) as unit:
        assert figures(unit, creditor_id=creditor).collected == 100_000
        assert sum(month.minor for month in collected_by_month(unit, creditor_id=creditor)) == 100_000
        shares = history_of(unit, creditor_id=creditor, claim_id=claim)["cover"]["shares"]
        assert (shares.insurer, shares.creditor) == (eur(90_000), eur(10_000))
