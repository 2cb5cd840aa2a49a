"""The one clock, in the application and in SQL (`app.now()`); it can be moved outside production only."""

from datetime import datetime, timedelta

from sqlalchemy import text

from agency.kernel.errors import Forbidden
from agency.kernel.unit import Unit


class UnableToMoveClock(Forbidden):
    """The clock of a production agency is the world's."""


def move_clock(unit: Unit, *, to: datetime, production: bool) -> timedelta:
    """This function will move the product's clock forward to a moment, for tests and the simulated world.

    :returns: how far the clock now runs ahead of the machine.
    :raises UnableToMoveClock: in production, or when the moment lies in the past.
    """
    if production:
        raise UnableToMoveClock("the clock cannot be moved in production")
    row = unit.session.connection().execute(
        text(
            "UPDATE clock SET ahead = :to - clock_timestamp() WHERE id = 1"
            " AND :to >= clock_timestamp() + ahead RETURNING ahead"
        ),
        {"to": to},
    )
    ahead: timedelta | None = row.scalar_one_or_none()
    if ahead is None:
        raise UnableToMoveClock("the clock only moves forward")
    return ahead
