"""Limitation: terms per law and kind, what renews them, and what never does."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.calendar import add_years
from agency.rules.facts import Law
from agency.rules.limitation import (
    Interruption,
    InterruptionKind,
    Limitation,
    LimitationKind,
    NoLimitationRule,
    limitation,
)
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

LETTER, NOTICE = InterruptionKind.letter, InterruptionKind.formal_notice
ACKNOWLEDGED, PAID = InterruptionKind.acknowledgement, InterruptionKind.part_payment
COURT, TALKS = InterruptionKind.claim, InterruptionKind.negotiation
DAY = timedelta(days=1)


def event(on: str, kind=LETTER, proof="receipt of the post", until: str | None = None) -> Interruption:
    end = None if until is None else date.fromisoformat(until)
    return Interruption(kind=kind, on=date.fromisoformat(on), proof=proof, until=end)


def runs(due: str, *events: Interruption, law: Law = Law.nl, kind: str = "contract", **more) -> Limitation:
    found = limitation(
        law=law, kind=LimitationKind(kind), due=date.fromisoformat(due), interruptions=events, **more
    )
    assert_explains(found.trace)
    assert all(line.amount is None for line in found.trace)
    return found


def ends(*args, **more) -> str:
    return runs(*args, **more).ends.isoformat()


def outcomes(found: Limitation) -> list[str]:
    return [line.outcome.removeprefix("limitation.") for line in found.trace]


class TestTerms:
    @pytest.mark.parametrize(
        ("law", "kind", "due", "expected", "source"),
        [
            (Law.nl, "contract", "2025-03-01", "2030-03-01", "S35: BW 3:307"),
            (Law.nl, "periodic", "2025-03-01", "2030-03-01", "BW 3:308"),
            (Law.nl, "interest", "2025-03-01", "2030-03-01", "BW 3:308"),
            (Law.nl, "consumer_sale", "2025-03-01", "2027-03-01", "BW 7:28"),
            (Law.nl, "energy", "2025-03-01", "2027-03-01", "BW 7:5(5)"),
            (Law.nl, "general", "2025-03-01", "2045-03-01", "BW 3:306"),
            (Law.nl, "judgment", "2025-03-01", "2045-03-01", "BW 3:324"),
            (Law.nl, "judgment_periodic", "2025-03-01", "2030-03-01", "BW 3:324"),
            (Law.be, "contract", "2025-03-01", "2035-03-01", "general, ten years"),
            (Law.be, "judgment", "2025-03-01", "2035-03-01", "general, ten years"),
            (Law.be, "periodic", "2025-03-01", "2030-03-01", "five years"),
            (Law.be, "utilities", "2017-08-03", "2022-08-03", "gevaco, rdc-tbh"),
            (Law.be, "energy", "2025-03-01", "2030-03-01", "gevaco, rdc-tbh"),
            (Law.be, "medical", "2025-03-01", "2027-03-31", "end of the month of service"),
            (Law.be, "medical", "2024-02-10", "2026-02-28", "end of the month of service"),
            (Law.be, "medical", "2025-12-31", "2027-12-31", "end of the month of service"),
            (Law.be, "lawyer", "2025-03-01", "2030-03-01", "vrt.be, knack"),
            (Law.be, "hotel", "2025-08-31", "2026-02-28", "six months"),
            (Law.be, "trade_to_consumer", "2025-03-01", "2026-03-01", "one year"),
            (Law.de, "regular", "2023-02-10", "2026-12-31", "S36: BGB s. 195, 199"),
            (Law.de, "contract", "2023-12-31", "2026-12-31", "BGB s. 199"),
            (Law.de, "contract", "2024-01-01", "2027-12-31", "BGB s. 199"),
            (Law.de, "judgment", "2024-02-29", "2054-02-28", "BGB s. 197"),
            (Law.uk, "contract", "2025-03-01", "2031-03-01", "Limitation Act s. 5"),
        ],
    )
    def test_is_the_laws(self, law, kind, due, expected, source):
        assert ends(due, law=law, kind=kind) == expected, source

    @pytest.mark.parametrize(
        ("law", "due", "expected"),
        [
            (Law.nl, "2024-02-29", "2029-02-28"),
            (Law.nl, "2024-02-28", "2029-02-28"),
            (Law.nl, "2023-02-28", "2028-02-29"),
            (Law.nl, "2024-12-31", "2029-12-31"),
            (Law.uk, "2024-02-29", "2030-02-28"),
            (Law.uk, "2022-02-28", "2028-02-28"),
        ],
    )
    def test_knows_the_29th_of_february(self, law, due, expected):
        """BW 3:307: five years from the beginning of the day after, so 1 March 2023 to 29 February 2028."""
        assert ends(due, law=law) == expected

    @pytest.mark.parametrize(
        ("law", "kind", "due"),
        [
            (Law.eu, "contract", "2025-01-01"),
            (Law.uk, "medical", "2025-01-01"),
            (Law.be, "utilities", "2017-08-02"),
            (Law.nl, "contract", "1991-12-31"),
        ],
    )
    def test_guesses_no_term(self, law, kind, due):
        with pytest.raises(NoLimitationRule, match="no limitation is kept"):
            runs(due, law=law, kind=kind)


class TestDutchInterruption:
    def test_gives_a_new_term_as_long_as_the_first(self):
        """S35: BW 3:317, 3:319."""
        found = runs("2025-03-01", event("2026-03-01"))
        assert (found.ends, outcomes(found)) == (date(2031, 3, 1), ["term", "restart"])
        assert found.trace[1].inputs["proof"] == "receipt of the post"

    @pytest.mark.parametrize("kind", [LETTER, NOTICE, ACKNOWLEDGED, PAID, COURT])
    def test_comes_by_letter_acknowledgement_payment_or_claim(self, kind):
        assert ends("2025-03-01", event("2027-06-30", kind)) == "2032-06-30"

    def test_gives_two_years_again_for_a_consumer_sale(self):
        found = ends("2025-03-01", event("2026-03-01"), event("2028-03-01"), kind="consumer_sale")
        assert found == "2030-03-01"

    def test_gives_at_most_five_years_and_never_shortens(self):
        """BW 3:319(2)."""
        assert ends("2025-03-01", event("2043-03-01"), kind="judgment") == "2048-03-01"
        early = runs("2025-03-01", event("2026-03-01"), kind="judgment")
        assert (early.ends, outcomes(early)) == (date(2045, 3, 1), ["term", "not_longer"])

    def test_does_not_revive_what_has_ended(self):
        on_time, late = runs("2025-03-01", event("2030-03-01")), runs("2025-03-01", event("2030-03-02"))
        assert (on_time.ends, late.ends) == (date(2035, 3, 1), date(2030, 3, 1))
        assert outcomes(late) == ["term", "too_late"]

    @pytest.mark.parametrize("proof", ["", "  "])
    def test_does_not_count_without_proof_but_is_shown(self, proof):
        found = runs("2025-03-01", event("2026-03-01", proof=proof))
        assert (found.ends, outcomes(found)) == (date(2030, 3, 1), ["term", "no_proof"])

    def test_is_taken_in_order_of_time(self):
        first, second = event("2029-01-01"), event("2033-06-01")
        assert ends("2025-03-01", second, first) == "2038-06-01"
        assert ends("2025-03-01", second) == "2030-03-01"

    def test_of_a_kind_that_is_not_kept_is_refused(self):
        with pytest.raises(NoLimitationRule, match="negotiation"):
            runs("2025-03-01", event("2026-03-01", TALKS))

    def test_on_a_leap_day(self):
        assert ends("2023-03-01", event("2024-02-29")) == "2029-02-28"


class TestBelgianInterruption:
    def test_needs_more_than_a_plain_letter(self):
        found = runs("2025-03-01", event("2026-03-01"), law=Law.be)
        assert (found.ends, outcomes(found)) == (date(2035, 3, 1), ["term", "no_effect"])

    def test_begins_anew_when_the_debtor_acknowledges_or_pays_a_part(self):
        """knack: also by asking for time."""
        assert ends("2025-03-01", event("2026-03-01", ACKNOWLEDGED), law=Law.be) == "2036-03-01"
        assert ends("2025-08-31", event("2025-12-31", PAID), law=Law.be, kind="hotel") == "2026-06-30"

    def test_lasts_a_year_more_after_a_formal_notice(self):
        """Old BW 2244(2), not confirmed."""
        found = runs("2025-03-01", event("2035-02-01", NOTICE), law=Law.be)
        assert (found.ends, outcomes(found)) == (date(2036, 2, 1), ["term", "extend"])
        assert ends("2025-03-01", event("2030-02-01", NOTICE), law=Law.be) == "2035-03-01"


class TestGermanInterruption:
    def test_a_reminder_changes_nothing(self):
        """S36: BGB s. 203-213."""
        found = runs("2023-02-10", event("2026-11-02"), law=Law.de)
        assert (found.ends, outcomes(found)) == (date(2026, 12, 31), ["term", "no_effect"])

    @pytest.mark.parametrize("kind", [ACKNOWLEDGED, PAID])
    def test_three_new_years_begin_the_day_after(self, kind):
        """BGB s. 212(1)."""
        assert ends("2023-02-10", event("2025-05-05", kind), law=Law.de) == "2028-05-05"

    def test_an_acknowledgement_in_the_first_year_does_not_shorten(self):
        found = runs("2023-02-10", event("2023-05-05", PAID), law=Law.de)
        assert (found.ends, outcomes(found)[-1]) == (date(2026, 12, 31), "not_longer")

    def test_a_court_order_suspends_until_six_months_after_it(self):
        """BGB s. 204, 209: 1 March to 30 September 2026 are 214 days."""
        found = runs("2023-02-10", event("2026-03-01", COURT, until="2026-03-30"), law=Law.de)
        assert (found.ends, outcomes(found)[-1]) == (date(2026, 12, 31) + 214 * DAY, "suspend")

    def test_talks_suspend_and_leave_at_least_three_months(self):
        """BGB s. 203."""
        long_before = runs("2023-02-10", event("2025-01-01", TALKS, until="2025-01-31"), law=Law.de)
        assert long_before.ends == date(2027, 1, 31)
        at_the_end = runs("2023-02-10", event("2026-12-22", TALKS, until="2026-12-31"), law=Law.de)
        assert at_the_end.ends == date(2027, 3, 31)

    def test_days_that_overlap_count_out_once(self):
        talks = event("2025-01-01", TALKS, until="2025-01-31")
        more = event("2025-01-15", TALKS, until="2025-02-10")
        inside = event("2025-01-20", TALKS, until="2025-01-25")
        assert ends("2023-02-10", talks, more, law=Law.de) == (date(2026, 12, 31) + 41 * DAY).isoformat()
        assert ends("2023-02-10", talks, inside, law=Law.de) == (date(2026, 12, 31) + 31 * DAY).isoformat()

    def test_days_before_the_term_began_do_not_count(self):
        before = runs("2023-02-10", event("2023-06-01", TALKS, until="2023-08-31"), law=Law.de)
        assert (before.ends, outcomes(before)[-1]) == (date(2026, 12, 31), "not_longer")
        across = ends("2023-02-10", event("2023-12-01", TALKS, until="2024-01-31"), law=Law.de)
        assert across == "2027-01-31"

    @pytest.mark.parametrize("until", [None, "2026-02-28"])
    def test_a_suspension_needs_its_end(self, until):
        with pytest.raises(ValueError, match="day on which it ended"):
            runs("2023-02-10", event("2026-03-01", COURT, until=until), law=Law.de)
        single = runs("2023-02-10", event("2026-03-01", TALKS, until="2026-03-01"), law=Law.de)
        assert single.ends == date(2027, 1, 1)


class TestBritishInterruption:
    def test_six_new_years_begin_when_the_debtor_acknowledges(self):
        assert ends("2020-03-01", event("2024-02-29", PAID), law=Law.uk) == "2030-02-28"
        assert ends("2020-03-01", event("2024-02-29", LETTER), law=Law.uk) == "2026-03-01"
        assert ends("2020-03-01", event("2024-01-01", COURT, until="2024-01-10"), law=Law.uk) == "2026-03-11"


class TestUse:
    def test_warns_ninety_days_ahead(self):
        found = runs("2025-03-01")
        assert found.warn_from == date(2029, 12, 1)
        assert [found.near(found.warn_from - DAY), found.near(found.warn_from)] == [False, True]
        assert [found.near(found.ends), found.near(found.ends + DAY)] == [True, False]

    def test_never_lets_a_letter_threaten_with_court_after_the_end(self):
        found = runs("2025-03-01")
        assert [found.barred(found.ends), found.barred(found.ends + DAY)] == [False, True]

    def test_interest_falls_with_the_principal(self):
        """BW 3:312."""
        principal = runs("2025-03-01")
        later = runs("2027-03-01", kind="interest", principal=principal)
        assert (later.ends, outcomes(later)) == (principal.ends, ["term", "falls_with_principal"])
        earlier = runs("2025-02-28", kind="interest", principal=principal)
        assert outcomes(earlier) == ["term"]
        assert outcomes(runs("2025-03-01", kind="interest", principal=principal)) == ["term"]


days = st.dates(date(2002, 1, 1), date(2040, 12, 31))
renewals = st.builds(
    lambda kind, on, proof: Interruption(kind=kind, on=on, proof=proof),
    st.sampled_from([LETTER, NOTICE, ACKNOWLEDGED, PAID]),
    st.dates(date(2013, 7, 11), date(2060, 1, 1)),
    st.sampled_from(["", "receipt"]),
)
kinds = st.sampled_from(
    [(Law.nl, "contract"), (Law.nl, "judgment"), (Law.be, "contract"), (Law.de, "regular")]
)


@given(kinds, days, st.lists(renewals, max_size=4), renewals)
def test_one_event_more_never_shortens_the_term(known, due, events, more):
    law, kind = known
    facts = {"law": law, "kind": LimitationKind(kind), "due": due}
    without = limitation(**facts, interruptions=events)
    assert limitation(**facts, interruptions=[*events, more]).ends >= without.ends
    assert without.ends >= limitation(**facts).ends


@given(kinds, days, st.lists(renewals, max_size=4))
def test_the_order_of_telling_does_not_matter(known, due, events):
    law, kind = known
    facts = {"law": law, "kind": LimitationKind(kind), "due": due}
    assert (
        limitation(**facts, interruptions=events).ends == limitation(**facts, interruptions=events[::-1]).ends
    )


@given(days)
def test_a_later_due_day_never_ends_earlier(due):
    for law, kind in ((Law.nl, "contract"), (Law.de, "regular"), (Law.be, "medical"), (Law.be, "hotel")):
        facts = {"law": law, "kind": LimitationKind(kind)}
        assert limitation(**facts, due=due).ends <= limitation(**facts, due=due + DAY).ends


@given(days)
def test_five_dutch_years_are_five_years(due):
    """Independent of the calendar's anniversaries: the date itself, but for a leap day at either end."""
    found = limitation(law=Law.nl, kind=LimitationKind.contract, due=due).ends
    assert found - add_years(due, 5) in (timedelta(0), DAY)
    assert (found == add_years(due, 5)) or (found.month, found.day) == (2, 29)
