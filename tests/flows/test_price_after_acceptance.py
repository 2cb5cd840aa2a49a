"""An accepted price, and facts that change afterwards: no work goes on at a price nobody agreed to."""

from datetime import timedelta

from agency.disputes.raising import raise_dispute
from agency.kernel.unit import Door
from agency.money import Money
from tests.agency_at_work import accept, rows
from tests.flows.conftest import JANSEN, MONDAY, clock, placed


class TestADisputeAfterAcceptance:
    def test_holds_the_claim_until_its_higher_price_is_accepted_and_then_the_reminder_leaves(self, town):
        creditor_id, quote_id = placed(town, JANSEN)
        accept(town.work, creditor_id, quote_id)
        claim = town.claim("F-1001")
        with town.work.units.open(Door.STAFF, by="user:collector") as unit:
            raise_dispute(
                unit, creditor_id=creditor_id, claim_id=claim.id, reason="price", disputed=Money(1_000, "EUR")
            )
        town.work_off()
        [risen] = rows(town.work, "SELECT id, fee_bps_average FROM quote WHERE claim_id IS NOT NULL")
        town.it_is(clock(MONDAY + timedelta(days=1), 9, 5))
        assert town.inbox("jansen@example.org") == []

        accept(town.work, creditor_id, risen.id)
        town.it_is(clock(MONDAY + timedelta(days=2), 9, 5))
        assert len(town.inbox("jansen@example.org")) == 1
        assert [kind for kind in town.happened(claim.id) if kind.startswith(("Price", "Hold"))] == [
            "PriceRiseAsked", "HoldPlaced", "HoldLifted", "PriceRiseAccepted",
        ]  # fmt: skip
