"""Two people at the same thing at once: the second comes while the first one's work is not kept yet."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import text

from agency.kernel.unit import Door, Unit, Units

_WAITS = text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")


def beside(units: Units, work: Callable[[Unit], Any], *, raises: type[Exception]) -> str:
    """Do the same work in two units at once, and return what the second one was refused with."""

    def late() -> str:
        try:
            with units.open(Door.STAFF, by="user:late") as unit:
                work(unit)
        except raises as refusal:
            return str(refusal)
        return ""

    with ThreadPoolExecutor(1) as other:
        with units.open(Door.STAFF, by="user:first") as unit:
            work(unit)
            second = other.submit(late)
            while not unit.session.connection().execute(_WAITS).scalar_one() and not second.done():
                pass
        return second.result()
