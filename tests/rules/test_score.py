"""Completeness: what documents prove, what a dispute takes away, and what each missing one would add."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind
from agency.rules.score import Score, score
from agency.rules.tables import read_table

pytestmark = pytest.mark.pure

D = DocumentKind
debtors = st.sampled_from(list(DebtorKind))
disputes = st.sampled_from(list(DisputeStatus))
amounts = st.integers(1, 10**9).map(lambda minor: Money(minor, "EUR"))
documents = st.frozensets(st.sampled_from(list(DocumentKind)))


def scored(
    *kinds: DocumentKind,
    debtor: DebtorKind = DebtorKind.company,
    amount: str = "18500",
    dispute: DisputeStatus = DisputeStatus.none,
) -> Score:
    return score(
        debtor=debtor, amount=Money.parse(amount, "EUR"), documents=frozenset(kinds), dispute=dispute
    )


def test_every_set_of_points_adds_up_to_a_hundred():
    assert [sum(row["points"].values()) for row in read_table("score")["set"]] == [100] * 4


def test_counts_what_is_there_and_shows_what_is_not():
    found = scored(D.invoice, D.order)
    assert found.completeness == 45
    assert {item.kind for item in found.items if item.present} == {D.invoice, D.order}
    assert sum(item.points for item in found.items if item.present) == found.completeness
    assert "45 of 100" in found.trace[0].outcome


def test_shows_the_most_helpful_document_first():
    found = scored(D.invoice, D.order)
    assert [(gain.document, gain.completeness) for gain in found.gains][:2] == [
        (D.acknowledgement, 80),
        (D.delivery_note, 65),
    ]


def test_a_stronger_document_proves_what_a_weaker_one_would():
    found = scored(D.invoice, D.acknowledgement)
    assert {item.kind for item in found.items if item.present} == {
        D.invoice,
        D.contract,
        D.order,
        D.delivery_note,
        D.acknowledgement,
    }


def test_a_small_claim_is_proved_by_its_invoice():
    assert scored(D.invoice, debtor=DebtorKind.consumer, amount="61").completeness == 50
    assert scored(D.invoice, debtor=DebtorKind.consumer, amount="250").completeness == 30


@pytest.mark.parametrize(
    ("dispute", "expected"),
    [
        (DisputeStatus.none, 45),
        (DisputeStatus.raised, 35),
        (DisputeStatus.substantiated, 20),
        (DisputeStatus.resolved_creditor, 45),
        (DisputeStatus.resolved_debtor, 0),
    ],
)
def test_an_open_dispute_takes_points_away(dispute, expected):
    assert scored(D.invoice, D.order, dispute=dispute).completeness == expected


@given(debtors, amounts, documents, disputes)
def test_stays_between_nothing_and_complete(debtor, amount, kinds, dispute):
    found = score(debtor=debtor, amount=amount, documents=kinds, dispute=dispute)
    assert 0 <= found.completeness <= 100
    assert all(gain.completeness > found.completeness for gain in found.gains)


@given(debtors, amounts, documents, disputes, st.sampled_from(list(DocumentKind)))
def test_adding_a_document_never_lowers_it(debtor, amount, kinds, dispute, added):
    before = score(debtor=debtor, amount=amount, documents=kinds, dispute=dispute)
    after = score(debtor=debtor, amount=amount, documents=kinds | {added}, dispute=dispute)
    assert after.completeness >= before.completeness
    promised = {gain.document: gain.completeness for gain in before.gains}
    assert after.completeness == promised.get(added, before.completeness)


@given(debtors, amounts, documents, disputes)
def test_a_dispute_never_raises_it(debtor, amount, kinds, dispute):
    calm = score(debtor=debtor, amount=amount, documents=kinds, dispute=DisputeStatus.none)
    assert (
        score(debtor=debtor, amount=amount, documents=kinds, dispute=dispute).completeness
        <= calm.completeness
    )


@given(debtors, amounts)
def test_every_document_together_is_complete(debtor, amount):
    found = score(debtor=debtor, amount=amount, documents=frozenset(DocumentKind), dispute=DisputeStatus.none)
    assert (found.completeness, found.gains) == (100, ())
