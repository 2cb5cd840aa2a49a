"""The one door into the ledger, and what the database refuses behind it."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door, Unit, Units
from agency.ledger.chart import UnknownAccount
from agency.ledger.models import Book
from agency.ledger.posting import (
    AlreadyReversed,
    KeyReused,
    Leg,
    Posting,
    Unbalanced,
    post,
    post_many,
    post_openings,
    reverse,
)
from agency.ledger.queries import account_balance, claim_balance, trial_balance
from agency.money import Money
from tests.made import a_claim, a_creditor

ON = date(2026, 3, 1)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def bank_in(unit: Unit, key: str = "line:1", minor: int = 100) -> UUID:
    return post(
        unit,
        creditor_id=HOUSE,
        book=Book.TRUST,
        kind="bank_line",
        source_key=key,
        legs=[Leg("trust.bank", eur(minor)), Leg("trust.suspense", eur(-minor))],
        effective_on=ON,
    )


def count(unit: Unit, table: str) -> int:
    return unit.session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


@pytest.fixture
def staff(units: Units):
    with units.open(Door.STAFF, by="user:test") as unit:
        yield unit


class TestPost:
    def test_books_both_sides_once_however_often_it_is_told(self, staff):
        first = bank_in(staff)
        assert bank_in(staff) == first
        assert count(staff, "ledger_transaction") == 1
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(100)
        assert account_balance(staff, account="trust.suspense", currency="EUR") == eur(-100)

    def test_refuses_other_content_under_the_same_key(self, staff):
        bank_in(staff)
        with pytest.raises(KeyReused):
            bank_in(staff, minor=101)
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(100)

    @pytest.mark.parametrize(
        "legs",
        [
            [Leg("trust.bank", eur(100)), Leg("trust.suspense", eur(-99))],
            [Leg("trust.bank", eur(100)), Leg("trust.suspense", Money(-100, "USD"))],
            [Leg("trust.bank", eur(100))],
            [],
            [Leg("trust.bank", eur(100)), Leg("agency.bank", eur(-100))],
            [Leg("trust.bank", eur(10**14)), Leg("trust.suspense", eur(-(10**14)))],
        ],
    )
    def test_refuses_what_does_not_balance_in_its_book(self, staff, legs):
        with pytest.raises(Unbalanced):
            post(
                staff,
                creditor_id=HOUSE,
                book="trust",
                kind="x",
                source_key="x",
                legs=legs,
                effective_on=ON,
            )
        assert count(staff, "ledger_transaction") == 0

    def test_refuses_an_account_outside_the_chart(self, staff):
        with pytest.raises(UnknownAccount):
            post(
                staff,
                creditor_id=HOUSE,
                book="trust",
                kind="x",
                source_key="x",
                legs=[Leg("trust.pocket", eur(1)), Leg("trust.bank", eur(-1))],
                effective_on=ON,
            )

    def test_posts_many_in_one_go_and_keeps_their_order(self, staff):
        earlier = bank_in(staff, key="line:3", minor=3)
        postings = [
            Posting(
                creditor_id=HOUSE,
                book=Book.TRUST,
                kind="bank_line",
                source_key=f"line:{n}",
                legs=(Leg("trust.bank", eur(n)), Leg("trust.suspense", eur(-n))),
                effective_on=ON,
            )
            for n in range(1, 6)
        ]
        ids = post_many(staff, postings)
        assert ids[2] == earlier
        assert len(set(ids)) == 5
        assert account_balance(staff, account="trust.bank", currency="EUR") == eur(15)


class TestReverse:
    def test_takes_a_transaction_back_exactly_once(self, staff):
        transaction = bank_in(staff)
        back = reverse(staff, creditor_id=HOUSE, transaction_id=transaction, source_key="undo:1", why="wrong")
        again = reverse(
            staff, creditor_id=HOUSE, transaction_id=transaction, source_key="undo:1", why="wrong"
        )
        assert again == back
        with pytest.raises(AlreadyReversed):
            reverse(staff, creditor_id=HOUSE, transaction_id=transaction, source_key="undo:2", why="again")
        assert [row.balance.minor for row in trial_balance(staff)] == [0, 0]

    def test_is_refused_by_the_database_too_when_done_twice(self, staff):
        transaction = bank_in(staff)
        reverse(staff, creditor_id=HOUSE, transaction_id=transaction, source_key="undo:1", why="wrong")
        with pytest.raises(IntegrityError):
            post_many(
                staff,
                [
                    Posting(
                        creditor_id=HOUSE,
                        book=Book.TRUST,
                        kind="bank_line.reversal",
                        source_key="undo:2",
                        legs=(Leg("trust.bank", eur(-100)), Leg("trust.suspense", eur(100))),
                        effective_on=ON,
                        reverses_id=transaction,
                    )
                ],
            )


class TestOpenings:
    def test_equal_what_posting_one_by_one_would_write(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(12_345, date(2026, 1, 1))])
        assert claim_balance(staff, creditor_id=creditor, claim_id=claim).principal == eur(12_345)
        opened_on = staff.today
        transaction = post(
            staff,
            creditor_id=creditor,
            book="claims",
            kind="opening",
            source_key=f"claim:{claim}",
            legs=[
                Leg("claims.principal", eur(12_345), claim),
                Leg("claims.control", eur(-12_345), claim),
            ],
            effective_on=opened_on,
        )
        assert transaction is not None
        assert count(staff, "ledger_transaction") == 1

    def test_open_each_claim_once(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(100, date(2026, 1, 1))])
        assert post_openings(staff, creditor_id=creditor, claim_ids=[claim]) == 0
        assert claim_balance(staff, creditor_id=creditor, claim_id=claim).total == eur(100)


INSERT_ENTRY = (
    "INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor, currency) VALUES"
)


class TestTheDatabaseRefuses:
    """D25 and D26: whatever the application does, these never commit."""

    def refused(self, units: Units, statement: str, **values) -> str:
        with pytest.raises(DBAPIError) as error, units.open(Door.STAFF, by="user:x") as unit:
            unit.session.connection().execute(text(statement), values)
        return str(error.value.orig)

    def booked(self, units: Units) -> UUID:
        with units.open(Door.STAFF, by="user:x") as unit:
            return bank_in(unit)

    def test_balanced_legs_added_late(self, units):
        transaction = self.booked(units)
        reason = self.refused(
            units,
            f"{INSERT_ENTRY} (:c, :t, 3, 'trust.bank', 5, 'EUR'), (:c, :t, 4, 'trust.suspense', -5, 'EUR')",
            c=HOUSE,
            t=transaction,
        )
        assert "sealed" in reason

    @pytest.mark.parametrize(
        "legs",
        [
            "(:c, :t, 1, 'trust.bank', 5, 'EUR'), (:c, :t, 2, 'trust.suspense', -4, 'EUR')",
            "(:c, :t, 1, 'trust.bank', 5, 'EUR'), (:c, :t, 2, 'trust.suspense', -5, 'USD')",
            None,
        ],
    )
    def test_unbalanced_cross_currency_and_empty_transactions(self, units, legs):
        self.booked(units)
        with pytest.raises(DBAPIError) as error, units.open(Door.STAFF, by="user:x") as unit:
            unit.session.connection().execute(
                text(
                    "INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256,"
                    " booked_on, effective_on, at, by, memo) VALUES (:c, :t, 'trust', 'x', 'x', '', :on, :on,"
                    " :now, '', '')"
                ),
                {"c": HOUSE, "t": UUID(int=7), "on": ON, "now": unit.now},
            )
            if legs:
                unit.session.connection().execute(
                    text(f"{INSERT_ENTRY} {legs}"), {"c": HOUSE, "t": UUID(int=7)}
                )
        assert "does not balance" in str(error.value.orig)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ledger_entry SET amount_minor = 1",
            "DELETE FROM ledger_entry",
            "TRUNCATE ledger_entry",
            "UPDATE ledger_transaction SET memo = 'x'",
            "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
            "INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256,"
            " booked_on, effective_on, at, by, memo, xid) SELECT creditor_id, uuidv7(), book, kind, 'forged',"
            " '', booked_on, effective_on, at, by, memo, xid FROM ledger_transaction",
        ],
    )
    def test_edits_deletions_truncation_and_a_forged_seal_by_the_application(self, units, statement):
        self.booked(units)
        reason = self.refused(units, statement)
        assert "denied" in reason or "must be owner" in reason

    @pytest.mark.parametrize(
        "statement", ["UPDATE ledger_entry SET amount_minor = 1", "TRUNCATE ledger_entry"]
    )
    def test_even_a_plain_edit_by_the_owner(self, units, fresh_database, statement):
        self.booked(units)
        owner = create_engine(fresh_database[1])
        with pytest.raises(DBAPIError) as error, owner.begin() as connection:
            connection.execute(text("SET row_security = off"))
            connection.execute(text("SELECT set_config('app.agency', 'on', true)"))
            connection.execute(text(statement))
        owner.dispose()
        assert "append-only" in str(error.value.orig) or "row-level" in str(error.value.orig)

    def test_another_tenants_claim_on_an_entry(self, units):
        with units.open(Door.STAFF, by="user:x") as unit:
            mine, theirs = a_creditor(unit), a_creditor(unit)
            claim = a_claim(unit, creditor_id=theirs, invoices=[(100, ON)])
        with pytest.raises(IntegrityError), units.open(Door.STAFF, by="user:x") as unit:
            post(
                unit,
                creditor_id=mine,
                book="claims",
                kind="x",
                source_key="x",
                legs=[Leg("claims.principal", eur(1), claim), Leg("claims.control", eur(-1), claim)],
                effective_on=ON,
            )
