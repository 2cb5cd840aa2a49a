"""An agency that is wired to the outside world, without pages: what is known before collection starts."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from agency.kernel.outbox import drain
from agency.kernel.unit import AGENCY_ZONE, Door
from portal.schedule import start_due_jobs
from portal.wiring import Wiring
from tests.agency_at_work import (
    accept,
    as_file,
    at_moment,
    open_agency,
    open_quote,
    place,
    register,
    rows,
    wired,
)
from tests.outside import outside_world, simulator

__all__ = ["MONDAY", "House", "house", "outside_world", "simulator"]

MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=AGENCY_ZONE)
CLAIM = {
    "invoice_number": "F-1", "amount": "125.00", "issued_on": "2026-10-01", "due_on": "2026-10-31",
    "debtor_kind": "consumer", "debtor_name": "J. Jansen", "debtor_reference": "K-1",
    "email": "jansen@post.nl", "street": "Dorpsstraat 12", "postal_code": "3511 AB", "city": "Utrecht",
    "country": "NL",
}  # fmt: skip


class House:
    """A creditor's files go in; time passes; what stands in the tables is looked at."""

    def __init__(self, work: Wiring) -> None:
        self.work = work
        self.creditor_id = register(work, reference="ENERCITY", name="Enercity B.V.")

    def place(self, *claims: dict[str, str], creditor_id: UUID | None = None, name: str = "c.csv") -> UUID:
        """Place claims as one file; each says what differs from the usual one."""
        whole = [CLAIM | {"invoice_number": f"F-{number}"} | claim for number, claim in enumerate(claims, 1)]
        fields = {key for claim in whole for key in claim}
        filled = [{key: claim.get(key, "") for key in sorted(fields)} for claim in whole]
        return place(self.work, creditor_id or self.creditor_id, as_file(filled), name=name)

    def accept(self, placement_id: UUID) -> None:
        """Accept the price of a placement."""
        accept(self.work, self.creditor_id, open_quote(self.work, self.creditor_id, placement_id))

    def later(self, moment: datetime) -> None:
        """Let it become a moment, and the schedule do what is due then."""
        at_moment(self.work, moment)
        with self.work.units.open(Door.WORKER, by="system:schedule") as unit:
            start_due_jobs(unit)
        drain(self.work.units)

    def hours(self, moment: datetime, count: int) -> None:
        """Let hours pass from a moment on, one by one."""
        for hour in range(count):
            self.later(moment + timedelta(hours=hour))

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """Read as a worker."""
        return rows(self.work, sql, **values)

    def one(self, sql: str, **values: Any) -> Any:
        """The only value that a query gives."""
        [row] = self.rows(sql, **values)
        return row[0]

    def open(self, door: Door = Door.STAFF, creditor_id: UUID | None = None) -> Any:
        """A unit of work."""
        return self.work.units.open(door, by="user:clerk", creditor_id=creditor_id)


@pytest.fixture
def house(simulator, fresh_database, redis_url, tmp_path: Path) -> Iterator[House]:
    """An agency on a Monday morning with one creditor."""
    environment = {
        "DATABASE_URL": fresh_database[0],
        "AGENCY_DATABASE_URL": fresh_database[0],
        "AGENCY_REDIS_URL": redis_url,
        "AGENCY_SIMULATOR_URL": simulator.url,
        "AGENCY_FILES_FOLDER": str(tmp_path),
    }
    with wired(environment) as work:
        at_moment(work, MONDAY)
        open_agency(work)
        yield House(work)
