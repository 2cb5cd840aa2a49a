"""Two claims that look like one debt: asked side by side, decided once, and no pair is made of a habit."""

from datetime import date

import pytest
from sqlalchemy import text

from agency.intake.duplicates import decide_duplicate, look_for_duplicates, open_questions
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from tests.agency_at_work import register

JANSEN = {"debtor_name": "Bakkerij Jansen B.V.", "debtor_reference": "K-1", "debtor_kind": "company",
          "street": "Dorpsstraat 12", "postal_code": "3511 AB", "amount": "250.00"}  # fmt: skip
AGAIN = JANSEN | {"debtor_reference": "K-99", "debtor_name": "Bakkery Jansen", "street": "Dorpsstr. 12",
                  "invoice_number": "2026-0001"}  # fmt: skip


def questions(house, creditor_id=None):
    creditor_id = creditor_id or house.creditor_id
    with house.open(Door.CREDITOR, creditor_id) as unit:
        return open_questions(unit, creditor_id=creditor_id)


def decide(house, question, answer):
    with house.open(Door.CREDITOR, house.creditor_id) as unit:
        decide_duplicate(unit, creditor_id=house.creditor_id, duplicate_id=question.id, answer=answer)
    drain(house.work.units)


class TestFinding:
    def test_within_one_file(self, house):
        house.place(JANSEN, AGAIN)
        (found,) = questions(house)
        assert (found.older.debtor, found.younger.debtor) == ("Bakkerij Jansen B.V.", "Bakkery Jansen")
        assert found.days_apart == 0

    def test_across_files_the_younger_asks_about_the_older(self, house):
        house.place(JANSEN, name="een.csv")
        house.place(AGAIN, name="twee.csv")
        (found,) = questions(house)
        assert (found.older.file, found.younger.file) == ("een.csv", "twee.csv")

    @pytest.mark.parametrize(
        "other",
        [
            AGAIN | {"amount": "250.01"},
            AGAIN | {"debtor_name": "Slagerij De Groot"},
            AGAIN | {"street": "Langstraat 8", "postal_code": "9711 XX"},
            AGAIN | {"issued_on": "2026-08-01", "due_on": "2026-08-31"},
            # The same customer with another invoice two weeks later: that is a habit.
            JANSEN | {"invoice_number": "F-2", "issued_on": "2026-10-15", "due_on": "2026-11-14"},
        ],
        ids=["amount", "name", "address", "month", "habit"],
    )
    def test_what_differs_enough_is_two_claims(self, house, other):
        house.place(JANSEN, other)
        assert questions(house) == []

    def test_of_another_creditor_never(self, house):
        other = register(house.work, reference="ANDER", name="Ander B.V.")
        house.place(JANSEN, name="een.csv")
        house.place(AGAIN, creditor_id=other, name="twee.csv")
        assert questions(house) == []
        assert questions(house, other) == []


class TestDeciding:
    def test_one_debt_withdraws_the_younger_and_prices_anew(self, house):
        placement = house.place(JANSEN, AGAIN)
        (found,) = questions(house)
        decide(house, found, "same")
        row = house.rows("SELECT state, close_code FROM claim WHERE id = :c", c=found.younger.claim_id)[0]
        assert (row.state, row.close_code) == ("withdrawn", "duplicate")
        assert (
            house.one("SELECT claims FROM quote WHERE placement_id = :p AND state = 'open'", p=placement) == 1
        )
        assert questions(house) == []

    def test_two_debts_leave_both_and_are_not_asked_again(self, house):
        placement = house.place(JANSEN, AGAIN)
        (found,) = questions(house)
        decide(house, found, "two")
        with house.open() as unit:
            assert look_for_duplicates(unit, creditor_id=house.creditor_id, placement_id=placement) == 0
        assert house.one("SELECT count(*) FROM claim WHERE state = 'quoted'") == 2
        assert questions(house) == []

    def test_the_first_answer_counts(self, house):
        house.place(JANSEN, AGAIN)
        (found,) = questions(house)
        decide(house, found, "two")
        decide(house, found, "two")
        with pytest.raises(Conflict):
            decide(house, found, "same")

    def test_g1_nobody_answers_for_another_creditor(self, house):
        house.place(JANSEN, AGAIN)
        (found,) = questions(house)
        other = register(house.work, reference="ANDER", name="Ander B.V.")
        with pytest.raises(NotFound), house.open(Door.CREDITOR, other) as unit:
            decide_duplicate(unit, creditor_id=other, duplicate_id=found.id, answer="same")


def test_many_equal_amounts_stay_within_their_blocks(house):
    """A subscription of one price: many claims of one amount make no quadratic work."""
    placement = house.place(JANSEN)
    with house.open() as unit:
        run = unit.session.connection()
        run.execute(
            text(
                "INSERT INTO debtor (creditor_id, id, reference, kind, name, name_key, language, country,"
                " street, postal_code, city, created_at) SELECT :c, uuidv7(), 'S' || n, 'consumer', 'x',"
                " md5(n::text),"
                " 'nl', 'NL', 'Straat ' || n, (1000 + n % 8000) || ' AB', 'Utrecht', now()"
                " FROM generate_series(1, 20000) n"
            ),
            {"c": house.creditor_id},
        )
        run.execute(
            text(
                "INSERT INTO claim (creditor_id, id, number, reference, payment_reference, debtor_id,"
                " placement_id, law, interest_kind, currency, principal_minor, disputed_minor, due_on, state,"
                " phase, costs_minor, costs_vat_minor, description, created_at)"
                " SELECT creditor_id, uuidv7(), 'N' || reference, reference, 'RF' || reference, id, :p, 'nl',"
                " 'consumer', 'EUR', 2999, 0, :due, 'new', 'reminder', 0, 0, '', now() FROM debtor"
                " WHERE creditor_id = :c AND reference LIKE 'S%'"
            ),
            {"c": house.creditor_id, "p": placement, "due": date(2026, 10, 31)},
        )
        assert look_for_duplicates(unit, creditor_id=house.creditor_id, placement_id=placement) == 0
