"""Which claim a document belongs to: what each sign weighs, and from where it is clear."""

from itertools import permutations
from uuid import UUID

import pytest

from agency.rules.documents_match import Candidate, Found, Matched, Sign, match_document

pytestmark = pytest.mark.pure

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


def signs(claim: UUID, **words: str) -> list[Found]:
    return [Found(claim, Sign(sign), text) for sign, text in words.items()]


def score(**words: str) -> int:
    return match_document(signs(A, **words)).candidates[0].score


@pytest.mark.parametrize(
    ("sign", "weight"),
    [
        ("claim_number", 70), ("payment_reference", 70), ("invoice_number", 65), ("reference", 45),
        ("name", 30), ("customer_number", 30), ("registration", 30), ("amount", 20), ("postal_code", 15),
        ("iban", 20),
    ],
)  # fmt: skip
def test_a_sign_weighs_what_the_table_says(sign, weight):
    assert score(**{sign: "F2026-0017"}) == weight


@pytest.mark.parametrize(
    ("number", "weak"),
    [
        ("123", True), ("1-2-3", True), ("1234", False), ("A-123", False), ("12 34", False),
        ("1900", True), ("2026", True), ("20-26", True), ("2099", True), ("1899", False), ("2100", False),
        ("A2026", False), ("", True),
    ],
)  # fmt: skip
def test_a_short_number_or_a_year_occurs_everywhere(number, weak):
    strong = {"claim_number": 70, "invoice_number": 65, "reference": 45, "customer_number": 30}
    for sign, weight in strong.items():
        assert score(**{sign: number}) == (25 if weak else weight)
    assert score(payment_reference=number) == 70
    assert score(amount=number) == 20


def test_of_two_words_for_one_sign_the_telling_one_counts_the_first_of_equals():
    for words in permutations(("12", "F2026-1")):
        found = match_document([Found(A, Sign.invoice_number, text) for text in words])
        assert found.candidates == (Candidate(A, 65, ((Sign.invoice_number, "F2026-1"),)),)
    equal = match_document([Found(A, Sign.invoice_number, text) for text in ("F2026-1", "F2026-2")])
    assert equal.candidates[0].reasons == ((Sign.invoice_number, "F2026-1"),)


def test_reasons_stand_the_weightiest_first_and_then_by_name():
    found = match_document(signs(A, iban="NL1", amount="1,00", invoice_number="F2026-1", name="jansen"))
    assert [sign for sign, _ in found.candidates[0].reasons] == ["invoice_number", "name", "amount", "iban"]
    assert found.candidates[0].score == 135
    swapped = match_document(signs(A, iban="1", amount="9,00"))
    assert [sign for sign, _ in swapped.candidates[0].reasons] == ["amount", "iban"]


@pytest.mark.parametrize(
    ("first", "second", "clear"),
    [
        ({"reference": "KL-2026", "postal_code": "1000 AA"}, {}, True),  # 60, the least that decides
        ({"name": "jansen", "registration": "12345678"}, {}, True),
        ({"reference": "KL-2026"}, {}, False),  # 45
        ({"invoice_number": "F2026-1"}, {"reference": "KL-2026"}, True),  # 65 against 45: just clear
        ({"claim_number": "CL2026"}, {"reference": "KL-2026"}, True),
        ({"reference": "KL-2026", "amount": "1,00"}, {"reference": "KL-2027"}, True),  # 65 against 45
        ({"reference": "KL-2026", "postal_code": "1"}, {"reference": "KL-2027"}, False),  # 60 against 45
    ],
)
def test_is_decided_only_when_it_is_clear(first, second, clear):
    for found in (signs(A, **first) + signs(B, **second), signs(B, **second) + signs(A, **first)):
        matched = match_document(found)
        assert (matched.claim_id, matched.question) == ((A, None) if clear else (None, "which_claim"))
        assert matched.candidates[0].claim_id == A


def test_the_second_best_decides_whether_it_is_clear_and_not_the_last():
    found = signs(A, claim_number="CL2026") + signs(C, amount="1,00") + signs(B, claim_number="CL2027")
    matched = match_document(found)
    assert [one.claim_id for one in matched.candidates] == [A, B, C]
    assert matched.question == "which_claim"


def test_nothing_found_is_a_question_with_the_version_of_the_weights():
    assert match_document([]) == Matched((), None, "no_claim", "2026-11-26")
    assert match_document(signs(A, name="jansen")).version == "2026-11-26"
