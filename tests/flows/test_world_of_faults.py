"""Days in which everything goes wrong that providers, bank and payers can do: A1 to A24, B1 to B18."""

from collections import Counter
from datetime import date, timedelta

import pytest
from schwifty import IBAN

from integrations.simulator.portfolio import belgian_portfolio, consumer_portfolio, trade_portfolio
from portal import demo
from portal.world.fault_cases import CASES, HELD_BY_TESTS
from portal.world.journal import Happened, Journal
from portal.world.newcomers import shares, week_size
from portal.world.statement_faults import mark_foreign
from portal.world.troubled_outside import TroubledOutside, iban_of
from portal.world.year import FaultyWorld, Outcome
from portal.world.year_telling import as_plain, open_fault
from tests.agency_at_work import rows
from tests.flows.conftest import MONDAY, clock

DAYS, SEED, CLAIMS = 11, 7, 82


class FaultyWorldWithoutWorkers(FaultyWorld):
    """The world of `dev world --faults`; its jobs run here instead of in worker processes."""

    town = None

    def _until_quiet(self) -> None:
        self.town.work_off()


@pytest.fixture
def outside(town):
    made = TroubledOutside(simulator=town.simulator.url, portal=town.work.settings.public_url)
    yield made
    made.close()


def world_of(town, outside, memory, **how):
    world = FaultyWorldWithoutWorkers(wiring=town.work, outside=outside, seed=SEED, memory=memory, **how)
    world.town = town
    return world


class TestWorldOfFaults:
    def test_every_fault_comes_to_pass_and_ends_with_each_line_explained(
        self, town, outside, monkeypatch, tmp_path
    ):
        """A1-A4, A6-A18, A20-A24, B1-B11, B13-B17."""
        for name, claims in (("CONSUMER_CLAIMS", 36), ("TRADE_CLAIMS", 26), ("BELGIAN_CLAIMS", 8)):
            monkeypatch.setattr(demo, name, claims)
        town.it_is(clock(MONDAY, 9))
        demo.load()
        world = world_of(town, outside, tmp_path / "world.txt", claims=CLAIMS, faults=True)

        story = world.live(days=DAYS, tell=lambda *_: None)
        outcome = world.outcome()

        told = as_plain(story, outcome)
        assert {fault["case"]: fault["open"] for fault in told["faults"] if fault["open"]} == {}
        assert [fault["case"] for fault in told["faults"] if not fault["injected"]] == []
        assert [check for check in story.proof if check["blocks"] and not check["holds"]] == []
        assert (outcome.percent, outcome.unexplained_minor) == ("100.0000", 0)
        assert outcome.is_clean
        assert story.green
        assert rows(town.work, "SELECT count(*) AS n FROM claim WHERE state <> 'quoted'")[0].n >= CLAIMS


@pytest.mark.pure
class TestTelling:
    def test_what_has_not_ended_says_by_which_day_it_must(self):
        """Ten days leave three quiet ones: a payout that comes back over a weekend needs more."""
        one = Happened("B17 payout back", "2026-12-04", {}, "payouts stand at approved at attempt 2")
        told = open_fault(one)
        assert told == {"on": one.on, "why": one.why, "expected_by": "2026-12-18"}


@pytest.mark.pure
class TestCases:
    def test_name_each_case_of_the_catalogue(self):
        catalogue = {f"A{number}" for number in range(1, 25)} | {f"B{number}" for number in range(1, 19)}
        assert {case.number for case in CASES} | set(HELD_BY_TESTS) == catalogue
        assert len({case.key for case in CASES}) == len(CASES)


@pytest.mark.pure
class TestNewcomers:
    @pytest.mark.parametrize("draw", [consumer_portfolio, trade_portfolio, belgian_portfolio])
    def test_a_later_file_holds_other_claims_of_other_debtors(self, draw):
        early = draw(seed=7, today=MONDAY, claims=20)
        later = draw(seed=7, today=MONDAY, claims=20, first=20)
        for fact in ("claim_reference", "number"):
            assert not {getattr(one, fact) for one in early} & {getattr(one, fact) for one in later}
        assert not {one.debtor.email for one in early if one.debtor.email} & {
            one.debtor.email for one in later
        }

    @pytest.mark.parametrize("claims", [0, 1, 7, 385])
    def test_a_week_is_divided_without_losing_a_claim(self, claims):
        assert sum(shares(claims).values()) == claims
        assert all(share >= 0 for share in shares(claims).values())

    def test_all_are_there_some_weeks_before_the_end(self):
        today, last_on, standing = MONDAY, MONDAY + timedelta(days=365), 2_000
        while standing < 20_000:
            standing += week_size(wanted=20_000, standing=standing, days_left=(last_on - today).days)
            today += timedelta(days=7)
        assert timedelta(days=14) < last_on - today < timedelta(days=35)

    def test_none_come_when_as_many_stand_already(self):
        assert week_size(wanted=100, standing=100, days_left=300) == 0


@pytest.mark.pure
class TestJournal:
    def test_is_kept_between_runs(self, tmp_path):
        journal = Journal(
            due={"A1 duplicates": "2026-12-01"}, missing=["2026-12-03"], placed={"NOORDGAS": 12}
        )
        journal.note("A9 overpaid", date(2026, 12, 2), {"claim": "c", "line": "W1", "over": 1000})
        journal.settled["A1 duplicates"] += 3
        journal.keep(tmp_path / "faults.json")
        assert Journal.read(tmp_path / "faults.json") == journal
        assert journal.claims_in_use() == {"c"}

    def test_of_a_new_world_is_empty(self, tmp_path):
        assert Journal.read(tmp_path / "faults.json") == Journal()

    @pytest.mark.parametrize(
        ("explained", "lines", "percent"),
        [(0, 0, "100.0000"), (3, 3, "100.0000"), (2_999_999, 3_000_000, "99.9999"), (1, 3, "33.3333")],
    )
    def test_a_share_is_never_rounded_up_to_all(self, explained, lines, percent):
        outcome = Outcome(lines, explained, 0, Journal(), MONDAY)
        assert (outcome.percent, outcome.is_clean) == (percent, explained == lines)

    def test_an_open_fault_is_not_clean(self):
        journal = Journal(happened=Counter({"A9 overpaid": 1}))
        journal.note("A9 overpaid", date(2026, 12, 2), {})
        assert not Outcome(1, 1, 0, journal, MONDAY).is_clean


@pytest.mark.pure
class TestOutside:
    def test_everybody_has_one_valid_account(self):
        assert iban_of("J. Jansen") == iban_of("J. Jansen") != iban_of("P. de Vries")
        assert IBAN(iban_of("J. Jansen")).is_valid

    def test_only_the_chosen_line_is_marked_foreign(self):
        line = b'<Ntry><Amt Ccy="EUR">1.00</Amt><EndToEndId>%s</EndToEndId></Ntry>'
        content = b"<Stmt>" + line % b"W1" + line % b"W12" + b"</Stmt>"
        assert mark_foreign(content, "W1").count(b'Ccy="USD"') == 1
