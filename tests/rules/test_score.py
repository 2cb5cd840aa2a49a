"""Completeness: what documents prove, what a dispute takes away, and what each missing one would add."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.facts import ClaimType, DebtorKind, DisputeStatus, DocumentKind, Law
from agency.rules.score import Score, score, score_version
from agency.rules.tables import read_table

pytestmark = pytest.mark.pure

D = DocumentKind
debtors = st.sampled_from(list(DebtorKind))
disputes = st.sampled_from(list(DisputeStatus))
amounts = st.integers(1, 10**9).map(lambda minor: Money(minor, "EUR"))
documents = st.frozensets(st.sampled_from(list(DocumentKind)))
settings_of_a_claim = st.fixed_dictionaries(
    {
        "law": st.sampled_from(list(Law)),
        "claim_type": st.sampled_from(list(ClaimType)),
        "at_least": st.integers(0, 100),
    }
)


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
    sets = [row for version in read_table("score")["version"] for row in version["set"]]
    assert {sum(row["points"].values()) for row in sets} == {100}
    assert all(set(row["required"]) <= set(row["points"]) for row in sets)


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


@given(debtors, amounts, documents, disputes, settings_of_a_claim)
def test_stays_between_nothing_and_complete(debtor, amount, kinds, dispute, rest):
    found = score(debtor=debtor, amount=amount, documents=kinds, dispute=dispute, **rest)
    assert 0 <= found.completeness <= 100
    assert all(gain.completeness > found.completeness for gain in found.gains)


@given(debtors, amounts, documents, disputes, st.sampled_from(list(DocumentKind)), settings_of_a_claim)
def test_adding_a_document_never_lowers_it(debtor, amount, kinds, dispute, added, rest):
    before = score(debtor=debtor, amount=amount, documents=kinds, dispute=dispute, **rest)
    after = score(debtor=debtor, amount=amount, documents=kinds | {added}, dispute=dispute, **rest)
    assert after.completeness >= before.completeness
    promised = {gain.document: gain.completeness for gain in before.gains}
    assert after.completeness == promised.get(added, before.completeness)


@given(debtors, amounts, documents, disputes, settings_of_a_claim)
def test_a_dispute_never_raises_it(debtor, amount, kinds, dispute, rest):
    calm = score(debtor=debtor, amount=amount, documents=kinds, dispute=DisputeStatus.none, **rest)
    assert (
        score(debtor=debtor, amount=amount, documents=kinds, dispute=dispute, **rest).completeness
        <= calm.completeness
    )


@given(debtors, amounts)
def test_every_document_together_is_complete(debtor, amount):
    found = score(debtor=debtor, amount=amount, documents=frozenset(DocumentKind), dispute=DisputeStatus.none)
    assert (found.completeness, found.gains) == (100, ())


@given(debtors, amounts, documents, disputes, settings_of_a_claim)
def test_what_a_person_lifted_is_a_floor_under_the_documents(debtor, amount, kinds, dispute, rest):
    lifted = score(debtor=debtor, amount=amount, documents=kinds, dispute=dispute, **rest)
    plain = score(debtor=debtor, amount=amount, documents=kinds, dispute=dispute, **rest | {"at_least": 0})
    assert lifted.completeness >= plain.completeness
    assert lifted.items == plain.items


@pytest.mark.parametrize(
    ("law", "claim_type", "debtor", "missing"),
    [
        (Law.nl, ClaimType.sale, DebtorKind.company, {D.delivery_note}),
        (Law.nl, ClaimType.services, DebtorKind.company, {D.order}),
        (Law.be, ClaimType.sale, DebtorKind.consumer, {D.contract, D.reminder}),
        (Law.uk, ClaimType.sale, DebtorKind.consumer, {D.contract, D.statement}),
        (Law.de, ClaimType.rent, DebtorKind.consumer, {D.contract, D.statement}),
        (Law.nl, ClaimType.loan, DebtorKind.company, {D.contract, D.statement}),
        (Law.nl, ClaimType.subscription, DebtorKind.consumer, {D.contract}),
    ],
)
def test_what_is_required_depends_on_law_and_on_what_the_claim_is_for(law, claim_type, debtor, missing):
    found = score(
        debtor=debtor, amount=Money(500_000, "EUR"), documents=frozenset({D.invoice}),
        dispute=DisputeStatus.none, law=law, claim_type=claim_type,
    )  # fmt: skip
    assert set(found.missing) == missing


def test_the_trace_names_version_source_and_all_facts():
    line = scored(D.invoice).trace[0]
    assert (line.version, line.inputs["law"], line.inputs["claim_type"]) == ("2026-11-26", "nl", "sale")
    assert "court" in line.source


def test_before_its_first_version_the_first_counts():
    found = score(
        debtor=DebtorKind.company, amount=Money(50_000, "EUR"), documents=frozenset({D.invoice}),
        dispute=DisputeStatus.none, on=date(2000, 1, 1),
    )  # fmt: skip
    assert found.trace[0].version == read_table("score")["version"][0]["version"]


def test_the_version_is_the_newest_or_that_of_a_day():
    rows = read_table("score")["version"]
    assert score_version() == max(rows, key=lambda row: row["since"])["version"]
    assert score_version(date(2000, 1, 1)) == rows[0]["version"]
