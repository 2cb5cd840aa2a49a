"""Steps and messages are proved per statement: what hangs from nothing is refused, and nothing moves."""

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.communication.correspondence import Office
from tests.treatment.test_paths import begin, live, noon

_ROWS = {
    "message": "SELECT creditor_id, id, claim_id, debtor_id, template_id FROM message",
    "treatment_step": "SELECT creditor_id, id, claim_id FROM treatment_step",
}
_AGAIN = {
    "message": "channel, step, cycle, state, due_at, to_value, generation, attempts, subject, amounts, trace,"
    " reasons, created_at",
    "treatment_step": "step, cycle, channel, due_at, state, why, trace",
}
KEYS = [("message", key) for key in ("creditor_id", "claim_id", "debtor_id", "template_id")] + [
    ("treatment_step", key) for key in ("creditor_id", "claim_id")
]


@pytest.fixture
def office(units):
    office = Office(units).open_up(noon(date(2026, 11, 28)))
    begin(office)
    live(office, date(2026, 12, 1))
    return office


def row_of(unit, table):
    return dict(unit.session.connection().execute(text(_ROWS[table])).mappings().one())


def test_a_row_that_hangs_from_nothing_is_refused(office):
    with office.unit() as unit:
        for table, key in KEYS:
            fresh = row_of(unit, table) | {"id": uuid4()}
            copy = text(
                f"INSERT INTO {table} ({', '.join(fresh)}, {_AGAIN[table]}) SELECT :{', :'.join(fresh)},"
                f" {_AGAIN[table].replace('cycle', 'cycle + 1')} FROM {table}"
            )
            attempt = unit.session.begin_nested()
            assert unit.session.connection().execute(copy, fresh).rowcount == 1
            attempt.rollback()
            attempt = unit.session.begin_nested()
            with pytest.raises(IntegrityError, match="foreign key"):
                unit.session.connection().execute(copy, fresh | {key: uuid4()})
            attempt.rollback()


def test_a_row_stays_where_it_hangs(office):
    with office.unit() as unit:
        for table, key in KEYS:
            attempt = unit.session.begin_nested()
            with pytest.raises(IntegrityError, match="refused"):
                unit.session.connection().execute(
                    text(f"UPDATE {table} SET {key} = :other"), {"other": uuid4()}
                )
            attempt.rollback()
