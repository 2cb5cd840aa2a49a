"""Periods without interest: which days they take, what they leave, and how they are explained."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import Interest, Stop, StopGround, interest, plan_request_stop
from agency.rules.interest_stops import running_spans

pytestmark = pytest.mark.pure

DAY = timedelta(days=1)
days = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@st.composite
def stops(draw):
    begin = draw(days)
    return Stop(StopGround.insolvency, begin, draw(st.none() | days.filter(lambda end: end >= begin)))


def run(*stopped: Stop, first=date(2025, 1, 1), last=date(2025, 12, 31), **more) -> Interest:
    terms = {"law": Law.nl, "kind": InterestKind.consumer, "principal": Money(100_000, "EUR")} | more
    return interest(**terms, first_day=first, last_day=last, stops=stopped)


def lines(found: Interest) -> list[tuple[str, str, str]]:
    return [
        (line.inputs["ground"], line.inputs["first_day"], line.inputs["last_day"])
        for line in found.trace
        if line.outcome == "interest.stopped"
    ]


class TestDays:
    def test_the_day_of_the_ruling_bears_no_interest_any_more(self):
        """Fw 303: from the day of the ruling; 181 days at 6% are left of 2025."""
        found = run(Stop(StopGround.wsnp, date(2025, 7, 1)))
        assert found.segments[-1].last_day == date(2025, 6, 30)
        assert found.amount == Money(2975, "EUR")
        assert lines(found) == [("wsnp", "2025-07-01", "2025-12-31")]

    def test_interest_runs_again_after_the_last_day(self):
        found = run(Stop(StopGround.collective_settlement, date(2025, 3, 1), date(2025, 3, 31)))
        assert [(segment.first_day, segment.last_day) for segment in found.segments] == [
            (date(2025, 1, 1), date(2025, 2, 28)),
            (date(2025, 4, 1), date(2025, 12, 31)),
        ]
        assert found.amount == Money(5490, "EUR")  # 334 days of 365

    def test_a_stop_of_one_day_takes_one_day(self):
        found = run(Stop(StopGround.insolvency, date(2025, 12, 31), date(2025, 12, 31)))
        assert found.amount == Money(5984, "EUR")

    def test_days_that_two_stops_share_count_once(self):
        found = run(
            Stop(StopGround.insolvency, date(2025, 3, 1), date(2025, 3, 20)),
            Stop(StopGround.plan_request, date(2025, 3, 10), date(2025, 3, 31)),
        )
        assert sum(segment.days for segment in found.segments) == 334
        assert lines(found) == [
            ("insolvency", "2025-03-01", "2025-03-20"),
            ("plan_request", "2025-03-10", "2025-03-31"),
        ]

    def test_a_stop_inside_another_changes_nothing(self):
        outer = Stop(StopGround.insolvency, date(2025, 3, 1), date(2025, 5, 31))
        inner = Stop(StopGround.wsnp, date(2025, 4, 1), date(2025, 4, 30))
        assert run(outer, inner).amount == run(outer).amount
        assert lines(run(inner, outer)) == [
            ("insolvency", "2025-03-01", "2025-05-31"),
            ("wsnp", "2025-04-01", "2025-04-30"),
        ]

    def test_stops_that_begin_on_one_day_are_told_in_the_order_given(self):
        begins = date(2025, 3, 1)
        insolvency, request = Stop(StopGround.insolvency, begins), Stop(StopGround.plan_request, begins)
        assert [ground for ground, _, _ in lines(run(request, insolvency))] == ["plan_request", "insolvency"]
        assert [ground for ground, _, _ in lines(run(insolvency, request))] == ["insolvency", "plan_request"]

    def test_a_stop_from_the_first_day_leaves_what_follows(self):
        stop = Stop(StopGround.insolvency, date(2025, 1, 1), date(2025, 1, 31))
        spans = running_spans(date(2025, 1, 1), date(2025, 3, 31), [stop])
        assert spans == ((date(2025, 2, 1), date(2025, 3, 31)),)

    @pytest.mark.parametrize(
        "stop",
        [
            Stop(StopGround.insolvency, date(2024, 1, 1), date(2024, 12, 31)),
            Stop(StopGround.insolvency, date(2026, 1, 1)),
        ],
    )
    def test_a_stop_outside_the_period_is_not_mentioned(self, stop):
        assert lines(run(stop)) == []
        assert run(stop).amount == run().amount

    def test_a_stop_over_every_day_leaves_nothing(self):
        found = run(Stop(StopGround.insolvency, date(2024, 1, 1)))
        assert (found.amount, found.segments) == (Money(0, "EUR"), ())
        assert found.trace[-1].outcome == "interest.nothing"

    def test_years_of_default_go_on_during_a_stop(self):
        """What ran before the stop still joins the base when its year ends."""
        found = run(Stop(StopGround.insolvency, date(2025, 7, 1), date(2026, 1, 31)), last=date(2026, 2, 28))
        assert found.capitalised == Money(2975, "EUR")
        assert found.segments[-1].base == Money(102_975, "EUR")

    def test_what_joined_the_base_is_known_when_no_day_ran_after_it(self):
        found = run(Stop(StopGround.insolvency, date(2025, 7, 1)), last=date(2026, 2, 28))
        assert found.capitalised == found.amount == Money(2975, "EUR")

    def test_the_stop_stands_in_its_place_among_the_days(self):
        found = run(Stop(StopGround.insolvency, date(2025, 3, 1), date(2025, 3, 31)), last=date(2025, 4, 30))
        assert [line.outcome for line in found.trace][-3:] == [
            "interest.segment",
            "interest.stopped",
            "interest.segment",
        ]
        line = found.trace[-2]
        assert (line.rule, line.inputs["days"], line.amount) == ("interest.stop.insolvency", "31", None)
        assert "Fw art. 128" in line.source

    def test_no_doubt_is_told_of_days_that_bore_nothing(self):
        found = run(
            Stop(StopGround.insolvency, date(2027, 1, 1)), first=date(2026, 12, 1), last=date(2027, 3, 1)
        )
        assert "rates.unconfirmed" not in [line.outcome for line in found.trace]


class TestRefusals:
    def test_refuses_a_stop_that_ends_before_it_begins(self):
        with pytest.raises(ValueError, match="ends on or after"):
            Stop(StopGround.insolvency, date(2025, 1, 2), date(2025, 1, 1))

    def test_refuses_a_ground_that_the_law_did_not_know_yet(self):
        assert Stop(StopGround.unregistered_collector, date(2026, 10, 1))
        with pytest.raises(ValueError, match="on the ground of unregistered_collector on 2026-09-30"):
            Stop(StopGround.unregistered_collector, date(2026, 9, 30))

    @pytest.mark.parametrize("ground", list(StopGround))
    def test_every_ground_has_its_source(self, ground):
        stop = Stop(ground, date(2026, 10, 1))
        (line,) = (
            line for line in run(stop, last=date(2026, 10, 1)).trace if line.outcome == "interest.stopped"
        )
        assert line.source
        assert line.version < "2026-10-02"


class TestPlanRequests:
    """WER Book XIX: no decision within 30 days of the request stops default interest until there is one."""

    def test_interest_stops_after_the_thirtieth_day(self):
        found = plan_request_stop(requested_on=date(2026, 3, 1))
        assert found == Stop(StopGround.plan_request, date(2026, 4, 1), None)

    def test_the_day_of_the_decision_bears_interest_again(self):
        found = plan_request_stop(requested_on=date(2026, 3, 1), decided_on=date(2026, 4, 10))
        assert found == Stop(StopGround.plan_request, date(2026, 4, 1), date(2026, 4, 9))

    @pytest.mark.parametrize("decided_on", [date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)])
    def test_a_decision_in_time_stops_nothing(self, decided_on):
        assert plan_request_stop(requested_on=date(2026, 3, 1), decided_on=decided_on) is None

    def test_a_decision_a_day_too_late_stops_one_day(self):
        found = plan_request_stop(requested_on=date(2026, 3, 1), decided_on=date(2026, 4, 2))
        assert found == Stop(StopGround.plan_request, date(2026, 4, 1), date(2026, 4, 1))

    def test_refuses_a_decision_before_the_request(self):
        with pytest.raises(ValueError, match="after it is made"):
            plan_request_stop(requested_on=date(2026, 3, 1), decided_on=date(2026, 2, 28))


class TestAlways:
    @given(st.lists(stops(), max_size=4), days, days)
    def test_every_day_is_either_stopped_or_running(self, stopped, one, other):
        first, last = sorted((one, other))
        spans = running_spans(first, last, stopped)
        for number in range((last - first).days + 1):
            day = first + number * DAY
            rests = any(
                stop.first_day <= day and (stop.last_day is None or day <= stop.last_day) for stop in stopped
            )
            assert sum(begin <= day <= end for begin, end in spans) == (0 if rests else 1)

    @given(st.lists(stops(), max_size=3), stops(), days, days)
    def test_another_stop_never_raises_the_interest(self, stopped, another, one, other):
        first, last = sorted((one, other))
        with_it = run(*stopped, another, first=first, last=last).amount
        assert with_it <= run(*stopped, first=first, last=last).amount

    @given(st.lists(stops(), max_size=4), st.randoms(use_true_random=False))
    def test_the_order_of_stops_does_not_matter(self, stopped, random):
        shuffled = random.sample(stopped, len(stopped))
        assert run(*stopped).segments == run(*shuffled).segments
