"""Finance's books: why a balance is what it is, what the proof found, and the journal as files."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from agency.kernel.unit import Door
from portal.books import FORMS
from tests.portal.test_finance import (
    app,
    claim,
    colleagues,
    post,
    statement_file,
    upload,
)

__all__ = ["app", "claim", "colleagues"]


@pytest.fixture
def ann(units, colleagues):
    """Ann, with a day of the bank in the books."""
    first, _ = colleagues
    upload(first, statement_file(units, ("B1", 123_456, "x"), ("B2", -456, "kosten")))
    return first


class TestLedger:
    def test_every_account_stands_there_with_its_number(self, ann):
        page = ann.get("/finance/ledger").text
        for words in ("2000", "trust.bank", "5100", "Bailiffs: what passes through", "8000"):
            assert words in page

    def test_a_figure_opens_its_build_up_and_that_its_entries(self, ann):
        """Why is this 1,230.00? Because of what each kind of booking added."""
        page = ann.get("/finance/ledger/trust.bank").text
        assert "1,230.00" in page
        assert "Why is this the balance?" in page
        kind = re.search(r'href="(/finance/ledger/trust\.bank\?kind=bank_line#entries)"', page)
        assert kind
        narrowed = ann.get(kind[1]).text
        assert "1,234.56" in narrowed
        assert ann.get("/finance/ledger/trust.bank?kind=payment").status_code == 200

    def test_as_of_a_day_leaves_out_what_came_later(self, units, ann):
        with units.open(Door.STAFF, by="system:test") as unit:
            yesterday = unit.today - timedelta(days=1)
        assert "1,230.00" in ann.get("/finance/ledger").text
        for name in ("on", "booked"):
            page = ann.get("/finance/ledger", params={name: yesterday.isoformat()}).text
            assert "1,230.00" not in page
            assert f'value="{yesterday.isoformat()}"' in page
        one = ann.get("/finance/ledger/trust.bank", params={"booked": yesterday.isoformat()}).text
        assert "1,230.00" not in one

    @pytest.mark.parametrize("query", ["on=yesterday", "booked=2026-13-45", "kind=%00", "creditor=x&claim=y"])
    def test_nonsense_in_the_address_is_left_out(self, ann, query):
        assert ann.get(f"/finance/ledger?{query}").status_code in (200, 422)
        assert ann.get(f"/finance/ledger/trust.bank?{query}").status_code == 200


class TestBooks:
    @pytest.mark.parametrize(
        ("form", "holds"),
        [("csv", "1234.56"), ("beancount", "balance Assets:Trust:Bank"), ("xaf", "<auditfile")],
    )
    def test_each_form_is_a_download(self, ann, form, holds):
        answer = ann.get("/finance/books", params={"format": form})
        assert answer.status_code == 200
        assert holds in answer.text
        assert f".{form}" in answer.headers["content-disposition"]

    def test_the_page_offers_each(self, ann):
        page = ann.get("/finance/ledger").text
        assert all(f'value="{form}"' in page for form in FORMS)

    def test_a_period_that_ends_before_it_begins_is_refused_in_words(self, ann):
        answer = ann.get("/finance/books", params={"from": "2026-02-01", "to": "2026-01-01"})
        assert answer.status_code == 422
        assert "before it begins" in answer.text
        assert 'value="2026-02-01"' in answer.text, "nothing typed is lost"

    @pytest.mark.parametrize("typed", [{"from": "next year"}, {"to": "31-02-2026"}])
    def test_a_day_that_cannot_be_read_gives_no_other_period(self, ann, typed):
        answer = ann.get("/finance/books", params={"format": "csv", **typed})
        assert answer.status_code == 422
        assert "Give a date" in answer.text
        assert f'value="{next(iter(typed.values()))}"' in answer.text

    def test_days_are_read_as_people_write_them(self, ann):
        answer = ann.get("/finance/books", params={"from": "1-1-2026", "to": "31/12/2026"})
        assert "journal-2026-01-01-2026-12-31.csv" in answer.headers["content-disposition"]

    def test_an_as_of_day_that_cannot_be_read_is_not_now(self, ann):
        answer = ann.get("/finance/ledger", params={"on": "yesterday"})
        assert answer.status_code == 422
        assert "Give a date" in answer.text


class TestProof:
    def test_shows_the_rows_that_differ_and_where_they_are(self, units, ann, owner_url, fresh_database):
        spoil(
            fresh_database[1], "UPDATE bank_line SET amount_minor = amount_minor + 1 WHERE amount_minor > 0"
        )
        post(ann, "/finance/proof")
        page = ann.get("/finance/proof").text
        assert "bank lines not booked exactly once" in page
        line = re.search(r'href="(/finance/lines/[0-9a-f-]+)"', page)
        assert line
        assert ann.get(line[1]).status_code == 200
        assert "1,234.57" in page

    def test_every_kind_of_row_has_words(self, units, ann):
        from portal.finance.proof_rows import _PLACES
        from portal.finance.words import DIFFERENCES

        assert _PLACES.keys() <= DIFFERENCES.keys()


def spoil(owner: str, statement: str) -> None:
    engine = create_engine(owner)
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.agency', 'on', true)"))
        connection.execute(text(statement))
    engine.dispose()
