"""A unit commits at its end, rolls back on any error, and sees only what its door may see."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from agency.kernel.clock import UnableToMoveClock, move_clock
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.unit import Door, Units
from agency.parties.models import Brand, Creditor


def a_creditor(units, reference="C1"):
    creditor_id = new_id()
    with units.open(Door.STAFF, by="system:test") as unit:
        unit.session.add(
            Creditor(id=creditor_id, created_at=unit.now, reference=reference, name=reference, country="NL")
        )
        unit.session.flush()
        unit.session.add(
            Brand(
                creditor_id=creditor_id, created_at=unit.now, name=f"brand of {reference}", sender_name="x",
                sender_email="x@example.com", reply_to="x@example.com", sms_sender="X", phone="1",
            )
        )  # fmt: skip
    return creditor_id


def count(unit, table):
    return unit.session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_an_error_leaves_nothing_behind(units):
    with pytest.raises(ZeroDivisionError), units.open(Door.STAFF, by="system:test") as unit:
        unit.session.add(Creditor(created_at=unit.now, reference="X", name="x", country="NL"))
        unit.session.flush()
        raise ZeroDivisionError
    with units.open(Door.STAFF, by="system:test") as unit:
        assert count(unit, "creditor") == 1


def test_connections_that_died_in_the_pool_are_not_noticed(units):
    units.engine.dispose()  # the engine serves many tests; this one counts its connections
    with units.open(Door.STAFF, by="system:test"), units.open(Door.STAFF, by="system:test"):
        pass  # two connections now wait in the pool
    assert kill_waiting_connections(units) == 2
    with units.open(Door.STAFF, by="system:test") as unit:
        assert count(unit, "creditor") == 1


def test_the_door_takes_what_it_is_given_as_a_value_only(units):
    """It is passed without the driver's parameters; a name of a parameter in a value is part of the value."""
    given = "o'neill\\'; SELECT :role; --"
    with units.open(Door.CREDITOR, by="user:1", creditor_id=given) as unit:
        told = unit.session.connection().execute(text("SELECT current_setting('app.creditor_id')"))
        assert told.scalar_one() == given


def test_a_door_that_cannot_be_gone_through_says_why(units):
    with pytest.raises(DBAPIError, match="closet"), units.open(Closet.CLOSET, by="system:test"):
        pytest.fail("nobody comes in")
    with units.open(Door.STAFF, by="system:test") as unit:  # by the same connection
        assert count(unit, "creditor") == 1


class Closet(StrEnum):
    CLOSET = "closet"


def kill_waiting_connections(units):
    """The server ends every session of this database but the one that asks it to."""
    engine = create_engine(units.engine.url, poolclass=NullPool)
    with Units(engine).open(Door.STAFF, by="system:test") as unit:
        connection = unit.session.connection()
        connection.execute(text("SET LOCAL ROLE NONE"))
        killed = connection.execute(
            text(
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
            )
        )
        return killed.scalar_one()


def test_a_creditor_sees_its_own_rows_only(units):
    first, second = a_creditor(units, "C1"), a_creditor(units, "C2")
    with units.open(Door.CREDITOR, by="user:1", creditor_id=first) as unit:
        names = unit.session.connection().execute(text("SELECT name FROM brand")).scalars().all()
        assert names == ["brand of C1"]
        assert count(unit, "creditor") == 1
    with units.open(Door.CREDITOR, by="user:1", creditor_id=second) as unit:
        assert count(unit, "brand") == 1


def test_a_door_without_its_creditor_sees_nothing_and_raises_nothing(units):
    a_creditor(units)
    for door in (Door.CREDITOR, Door.DEBTOR):
        with units.open(door, by="user:1") as unit:
            assert count(unit, "brand") == 0


def test_a_creditor_cannot_write_into_another_creditors_rows(units):
    first, second = a_creditor(units, "C1"), a_creditor(units, "C2")
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        units.open(Door.CREDITOR, by="user:1", creditor_id=first) as unit,
    ):
        unit.session.connection().execute(
            text(
                "INSERT INTO event (creditor_id, id, kind, at, by, creditor_sees, facts)"
                " VALUES (:c, :i, 'x', app.now(), 'x', true, '{}')"
            ),
            {"c": second, "i": new_id()},
        )


def test_no_door_can_take_the_owners_role(units):
    for door in Door:
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            units.open(door, by="x", creditor_id=HOUSE) as unit,
        ):
            unit.session.connection().execute(text("SET ROLE agency_owner"))


def test_the_clock_is_one_in_python_and_sql_and_only_moves_forward(units):
    with units.open(Door.STAFF, by="system:test") as unit:
        target = unit.now + timedelta(days=40)
        move_clock(unit, to=target, production=False)
    with units.open(Door.STAFF, by="system:test") as unit:
        assert timedelta(0) <= unit.now - target < timedelta(minutes=1)
        assert unit.session.connection().execute(text("SELECT app.now()")).scalar_one() == unit.now
        with pytest.raises(UnableToMoveClock):
            move_clock(unit, to=target - timedelta(days=1), production=False)
        with pytest.raises(UnableToMoveClock):
            move_clock(unit, to=target + timedelta(days=1), production=True)


def test_today_is_the_agencys_calendar_day(units):
    with units.open(Door.STAFF, by="system:test") as unit:
        midnight_in_utc = datetime(2031, 7, 1, 22, 30, tzinfo=UTC)
        move_clock(unit, to=midnight_in_utc, production=False)
    with units.open(Door.STAFF, by="system:test") as unit:
        assert unit.today.isoformat() == "2031-07-02"
