"""Identity: whose name a message bears, and that it never hides who collects."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.facts import DebtorKind, Phase
from agency.rules.identity import Identity, hidden, identity_shown
from tests.rules.wording import assert_readable

pytestmark = pytest.mark.pure

TODAY = date(2026, 11, 3)
COLLECTOR = {"agency.name", "agency.address", "agency.phone", "agency.registration"}


def shown(
    country: str = "NL",
    debtor: DebtorKind = DebtorKind.consumer,
    phase: Phase = Phase.reminder,
    brand: bool = True,
    on: date = TODAY,
) -> Identity:
    return identity_shown(country=country, debtor=debtor, phase=phase, in_creditors_name=brand, on=on)


def test_a_reminder_may_bear_the_creditors_name_where_that_was_agreed():
    assert shown().sender == "creditor"
    assert shown(brand=False).sender == "agency"
    assert shown().trace[0].outcome == "identity.in_creditors_name"
    assert shown(brand=False).trace[0].outcome == "identity.on_behalf"


@pytest.mark.parametrize("phase", [Phase.amicable, Phase.legal, Phase.execution])
@pytest.mark.parametrize("country", ["NL", "BE", "DE", "GB", "FR"])
def test_later_the_agency_signs_whatever_was_agreed(country, phase):
    for debtor in DebtorKind:
        found = shown(country, debtor, phase)
        assert found.sender == "agency"
        assert found.trace[0].outcome == "identity.brand_not_allowed"


def test_a_german_consumer_always_reads_the_collectors_name_first():
    assert shown("DE").sender == "agency"
    assert shown("DE", DebtorKind.company).sender == "creditor"


def test_names_register_and_supervisor_where_the_law_does():
    assert shown("NL").register.startswith("register incassodienstverlening")
    assert shown("NL").supervisor == "Inspectie Justitie en Veiligheid"
    assert shown("BE").supervisor.startswith("FOD Economie")
    assert shown("DE").supervisor == "Bundesamt für Justiz"
    assert shown("DE", on=date(2024, 12, 31)).supervisor == ""
    assert "53113 Bonn" in shown("DE").reach
    assert shown("NL").reach == ""
    assert {line.rule for line in shown("BE").trace} == {"be.identity"}
    assert {line.rule for line in shown("BE", DebtorKind.company).trace} == {"house.identity"}
    assert (shown("NL", DebtorKind.company).register, shown("GB").supervisor) == ("", "")


def test_belgium_wants_the_enterprise_number_and_germany_the_supervisor():
    assert "creditor.registration" in shown("BE").shows
    assert "agency.supervisor" in shown("DE").shows
    assert "creditor.phone" in shown("NL", DebtorKind.sole_trader).shows
    assert "creditor.phone" not in shown("NL", DebtorKind.company).shows


def test_a_text_that_leaves_something_out_hides_it():
    found = shown("BE")
    assert hidden(found, frozenset(found.shows)) == ()
    assert hidden(found, frozenset(found.shows) - {"agency.registration"}) == ("agency.registration",)
    assert hidden(found, frozenset()) == found.shows


@given(
    st.sampled_from(["NL", "BE", "DE", "FR", "ZZ"]),
    st.sampled_from(list(DebtorKind)),
    st.sampled_from(list(Phase)),
    st.booleans(),
    st.dates(date(2000, 1, 1), date(2040, 1, 1)),
)
def test_the_collector_is_always_shown(country, debtor, phase, brand, on):
    found = shown(country, debtor, phase, brand, on)
    assert set(found.shows) >= COLLECTOR
    assert found.sender == "agency" or (brand and phase is Phase.reminder)
    assert_readable(found.trace)
