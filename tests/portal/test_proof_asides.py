"""Setting aside what only an earlier proof can tell, on the pages of finance."""

import re
from html import unescape

import pytest

from tests.portal.test_finance import app, claim, colleagues, post, statement_file, upload
from tests.portal.test_finance_books import spoil

__all__ = ["app", "claim", "colleagues"]

LOST = (
    "ALTER TABLE ledger_entry DISABLE TRIGGER USER",
    "ALTER TABLE ledger_transaction DISABLE TRIGGER USER",
    "CREATE TEMP TABLE gone AS SELECT id FROM ledger_transaction WHERE kind = 'opening' ORDER BY id LIMIT 1",
    "DELETE FROM ledger_entry WHERE transaction_id IN (SELECT id FROM gone)",
    "DELETE FROM ledger_transaction WHERE id IN (SELECT id FROM gone)",
    "DROP TABLE gone",
    "ALTER TABLE ledger_entry ENABLE TRIGGER USER",
    "ALTER TABLE ledger_transaction ENABLE TRIGGER USER",
)
LABEL = "transactions of the last proof that are still there"


@pytest.fixture
def two(units, claim, colleagues, fresh_database):
    """Ann and Bob, after an opening vanished that a proof had seen."""
    ann, bob = colleagues
    upload(ann, statement_file(units, ("B1", 123_456, "x")))
    post(ann, "/finance/proof")
    spoil(fresh_database[1], ";".join(LOST))
    post(ann, "/finance/proof")
    return ann, bob


def proposal(browser) -> str:
    page = browser.get("/finance/proof").text
    asked = re.search(r'href="(/finance/proof/[0-9a-f-]+/aside)"', page)
    assert asked
    assert LABEL in browser.get(asked[1]).text
    answer = post(browser, asked[1], reason="Restored from noon; five minutes were lost.")
    assert answer.status_code == 200
    found = re.search(r"/finance/proof/asides/[0-9a-f-]+", str(answer.url))
    assert found
    return found[0]


def test_one_proposes_another_accepts_and_it_shows_for_ever(two):
    ann, bob = two
    place = proposal(ann)
    assert "/acceptance" not in ann.get(place).text
    assert post(ann, f"{place}/acceptance").status_code == 409
    page = unescape(bob.get(place).text)
    for words in (LABEL, "Restored from noon; five minutes were lost.", "Ann"):
        assert words in page
    done = post(bob, f"{place}/acceptance")
    assert "From now on the proof looks for what is there today." in done.text
    assert "payouts are blocked" not in done.text
    post(ann, "/finance/proof")
    page = ann.get("/finance/proof").text
    for words in ("Set aside by two people", LABEL, "Restored from noon", "Ann", "Bob", place):
        assert words in page
    assert ann.get(place).status_code == 200
    assert post(bob, f"{place}/acceptance").status_code == 409


def test_what_differs_since_is_refused_and_shown(two, units, fresh_database):
    ann, bob = two
    place = proposal(ann)
    spoil(
        fresh_database[1],
        "ALTER TABLE audit_entry DISABLE TRIGGER USER; DELETE FROM audit_entry;"
        " ALTER TABLE audit_entry ENABLE TRIGGER USER",
    )
    answer = post(bob, f"{place}/acceptance")
    assert answer.status_code == 409
    assert "look at the newest proof and propose anew" in answer.text
    assert "The newest proof finds something else" in answer.text
    assert f'action="{place}/acceptance"' not in answer.text
    refused = post(bob, f"{place}/refusal", why="it goes on")
    assert "Not set aside" in refused.text
    assert "Not proven" in refused.text


def test_words_are_asked_for_and_what_was_typed_stays(two):
    ann, _ = two
    asked = re.search(r'href="(/finance/proof/[0-9a-f-]+/aside)"', ann.get("/finance/proof").text)
    assert asked
    answer = post(ann, asked[1], reason=" ")
    assert answer.status_code == 422
    long = "x" * 1_001
    answer = post(ann, asked[1], reason=long)
    assert answer.status_code == 422
    assert long in answer.text


def test_a_green_proof_offers_nothing(units, colleagues):
    ann, _ = colleagues
    post(ann, "/finance/proof")
    assert "/aside" not in ann.get("/finance/proof").text
    nowhere = "/finance/proof/00000000-0000-0000-0000-000000000000/aside"
    assert ann.get(nowhere).status_code == 404
