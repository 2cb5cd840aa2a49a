"""Ten days of a small agency: debtors read, pay, promise and dispute by seed, and every cent is explained."""

from collections import Counter

from agency.kernel.outbox import outbox_state
from agency.kernel.unit import Door
from portal import demo
from portal.world.outside import Outside
from portal.world.run import World
from tests.agency_at_work import rows
from tests.flows.conftest import MONDAY, clock

DAYS, SEED = 10, 7


class WorldWithoutWorkers(World):
    """The world of `dev world`; its jobs run here instead of in worker processes."""

    town = None

    def _until_quiet(self) -> None:
        self.town.work_off()


class TestWorld:
    def test_ends_with_green_books_after_ten_days(self, town, monkeypatch, tmp_path):
        for name, claims in (("CONSUMER_CLAIMS", 20), ("TRADE_CLAIMS", 12), ("BELGIAN_CLAIMS", 8)):
            monkeypatch.setattr(demo, name, claims)
        town.it_is(clock(MONDAY, 9))
        demo.load()
        outside = Outside(simulator=town.simulator.url, portal=town.work.settings.public_url)
        world = WorldWithoutWorkers(
            wiring=town.work, outside=outside, seed=SEED, memory=tmp_path / "world.json"
        )
        world.town = town
        try:
            story = world.live(days=DAYS, tell=lambda *_: None)
        finally:
            outside.close()

        assert story.days == DAYS
        assert [check for check in story.proof if check["blocks"] and not check["holds"]] == []
        assert story.green
        assert story.mails > 20
        assert sum(count for act, count in story.acts.items() if "transfer" in act or "paid" in act) > 0
        # Nobody got a message twice.
        arrived = Counter(one["reference"] for one in town.letterbox() if one["reference"])
        assert [message for message, count in arrived.items() if count > 1] == []
        with town.work.units.open(Door.WORKER, by="system:test") as unit:
            assert outbox_state(unit).quarantined == 0
        paid = rows(town.work, "SELECT count(*) AS n FROM payment WHERE reversed_at IS NULL")
        assert paid[0].n > 0
