"""The words of facts are kept in books, traces and tables: another spelling would lose what is kept."""

import pytest

from agency.rules import facts

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (facts.Law, "nl be de uk eu"),
        (facts.DebtorKind, "consumer sole_trader company"),
        (facts.InterestKind, "consumer trade civil contract"),
        (facts.Channel, "email sms letter call visit"),
        (facts.Phase, "reminder amicable legal execution"),
        (
            facts.DocumentKind,
            "invoice contract terms order delivery_note reminder correspondence acknowledgement statement"
            " other",
        ),
        (facts.ClaimType, "sale services subscription rent loan other"),
        (
            facts.DisputeStatus,
            "none raised substantiated partly_accepted resolved_creditor resolved_debtor",
        ),
    ],
)
def test_facts_are_kept_under_their_own_words(kind, words):
    assert [fact.value for fact in kind] == words.split()
    assert all(fact.name == fact.value for fact in kind)
