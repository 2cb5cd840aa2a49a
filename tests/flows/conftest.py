"""A town for stories: the agency with its portal on one side, the simulated outside world on the other.

Both talk over real HTTP. Time stands where a story puts it; jobs run when the story lets time pass.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from redis import Redis

from agency.banking.importing import import_statements
from agency.banking.proof import prove
from agency.kernel.outbox import drain
from agency.kernel.unit import AGENCY_ZONE, Door
from integrations.bankfiles.reader import read_bank_file
from portal import main
from portal.local.processes import listen
from portal.local.supervisor import address
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
from tests.outside import Agency, Simulator, running_simulator, wait_until

# What people and vendors outside the agency use; staff's and creditors' pages have tests of their own.
OUTER_DOORS = ("portal.shared.sign_in", "portal.hooks", "portal.debtor")
MONDAY = date(2026, 11, 30)


def clock(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment on the clocks of Amsterdam."""
    return datetime.combine(day, clock_time(hour, minute), AGENCY_ZONE)


class Debtor:
    """A debtor's browser: cookies, and the token of the last page."""

    def __init__(self, town: "Town") -> None:
        self.town = town
        self.browser = httpx.Client(base_url=town.work.settings.public_url, timeout=30, trust_env=False)

    def look(self, path: str) -> httpx.Response:
        """Open a page."""
        answer = self.browser.get(path)
        found = re.search(r'name="csrf" value="([^"]*)"', answer.text)
        self.token = found[1] if found else ""
        return answer

    def send(self, path: str, *, on: str = "/pay", **fields: str) -> httpx.Response:
        """Send a form that stands on a page."""
        self.look(on)
        return self.browser.post(path, data=fields | {"csrf": self.token})

    def open(self, link: str, *, answer: str) -> httpx.Response:
        """Follow the link and answer its question."""
        self.look(httpx.URL(link).path)
        return self.send("/pay/identify", answer=answer)

    def pay(self, **part: str) -> None:
        """Pay everything at the provider's page, which then tells the agency."""
        started = self.send("/pay/start", **(part or {"what": "all"}))
        assert started.status_code == 303
        self.town.simulator.post(f"/payments/{started.headers['location'].rsplit('/', 1)[1]}/pay")


@dataclass
class Town:
    """What a story needs: to let time pass, to look into the inbox, the books and the timeline."""

    work: Wiring
    simulator: Simulator

    def it_is(self, moment: datetime) -> None:
        """Let it become a moment; what the schedule starts then is done."""
        at_moment(self.work, moment)
        self.simulator.post("/clock", {"now": moment.isoformat()})
        with self.work.units.open(Door.WORKER, by="system:schedule") as unit:
            start_due_jobs(unit)
        self.work_off()

    def work_off(self) -> None:
        """Let the outside world tell what it has to tell, and run jobs, until nothing is left of either.

        In this order: the simulator also tells by itself, and what it told just before waits as a job.
        """
        while self.simulator.post("/drain")["told"] + drain(self.work.units):
            pass

    def inbox(self, to: str) -> list[dict[str, Any]]:
        """What somebody got by mail, the oldest first."""
        return self.simulator.messages(to=to)[::-1]

    def letterbox(self) -> list[dict[str, Any]]:
        """Everything that arrived anywhere, the oldest first."""
        return self.simulator.messages(limit=1000)[::-1]

    def pay_link(self, to: str) -> str:
        """The link in the last mail that somebody got."""
        return next(link for link in self.inbox(to)[-1]["links"] if "/pay/" in link)

    def happened(self, claim_id: UUID) -> list[str]:
        """The claim's timeline: what happened, the oldest first."""
        found = rows(self.work, "SELECT kind FROM event WHERE claim_id = :c ORDER BY position", c=claim_id)
        return [row.kind for row in found]

    def claim(self, number: str) -> Any:
        """The claim of an invoice."""
        [found] = rows(
            self.work,
            "SELECT c.* FROM claim c JOIN invoice i ON i.creditor_id = c.creditor_id AND i.claim_id = c.id"
            " WHERE i.number = :number",
            number=number,
        )
        return found

    def messages(self, claim_id: UUID) -> list[tuple[str, str, str]]:
        """(step, channel, state) of the claim's messages, the oldest first."""
        found = rows(
            self.work,
            "SELECT step, channel, state FROM message WHERE claim_id = :c ORDER BY created_at, id",
            c=claim_id,
        )
        return [tuple(row) for row in found]

    def books(self) -> dict[str, int]:
        """The balances of all accounts that are not empty, in cents."""
        found = rows(
            self.work,
            "SELECT account, sum(amount_minor)::bigint AS minor FROM ledger_entry GROUP BY account"
            " HAVING sum(amount_minor) <> 0",
        )
        return {row.account: row.minor for row in found}

    def bank_file(self, day: date) -> bytes:
        """The bank's statement of a day."""
        iban = self.work.settings.trust_iban
        answer = self.simulator.http.get(f"/bank/statements/{iban}", params={"date": day.isoformat()})
        return answer.raise_for_status().content

    def import_bank_day(self, day: date) -> int:
        """Import the bank's statement of a day, as the finance page does, and return its new lines."""
        iban = self.work.settings.trust_iban
        content = self.bank_file(day)
        with self.work.units.open(Door.STAFF, by="user:ann") as unit:
            imported = import_statements(unit, content=content, reader=read_bank_file, iban=iban)
        return imported.new_lines

    def proof_is_green(self) -> bool:
        """Prove the books as they stand, without letting any job run."""
        with self.work.units.open(Door.STAFF, by="system:test") as unit:
            return prove(unit, on=unit.today).green


@pytest.fixture
def doors() -> tuple[str, ...]:
    """The parts of the portal that the town opens."""
    return OUTER_DOORS


@pytest.fixture
def town(doors, fresh_database, redis_url, tmp_path: Path, monkeypatch) -> Iterator[Town]:
    """An agency that has just opened, on a Monday morning."""
    monkeypatch.setattr(main, "PARTS", doors)
    with closing(Redis.from_url(redis_url)) as memory:
        memory.flushdb()
    with closing(listen()) as listening, running_simulator(Agency(address(listening))) as simulator:
        portal_url = address(listening)
        environment = {
            "DATABASE_URL": fresh_database[0],
            "AGENCY_DATABASE_URL": fresh_database[0],
            "AGENCY_REDIS_URL": redis_url,
            "AGENCY_PUBLIC_URL": portal_url,
            "AGENCY_SIMULATOR_URL": simulator.url,
            "AGENCY_FILES_FOLDER": str(tmp_path),
        }
        with wired(environment) as work:
            server = uvicorn.Server(
                uvicorn.Config(main.create_app(work), log_level="error", timeout_graceful_shutdown=1)
            )
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            try:
                wait_until(lambda: server.started or not thread.is_alive())
                simulator.post("/delays", {"email": 0, "sms": 0, "call_ring": 0, "letter_print": 0})
                made = Town(work, simulator)
                at_moment(work, clock(MONDAY, 9))
                open_agency(work)
                made.it_is(clock(MONDAY, 9))
                yield made
            finally:
                server.should_exit = True
                thread.join()


@pytest.fixture
def debtor(town: Town) -> Iterator[Debtor]:
    """Somebody with a browser."""
    made = Debtor(town)
    yield made
    made.browser.close()


JANSEN = {
    "invoice_number": "F-1001",
    "amount": "125.00",
    "issued_on": "2026-11-16",
    "due_on": "2026-11-30",
    "debtor_kind": "consumer",
    "debtor_name": "J. Jansen",
    "debtor_reference": "K-1",
    "email": "jansen@example.org",
    "phone": "+31612345678",
    "street": "Dorpsstraat 12",
    "postal_code": "3511 AB",
    "city": "Utrecht",
    "country": "NL",
}
BAKERY = JANSEN | {
    "invoice_number": "F-1002",
    "amount": "1250.00",
    "debtor_kind": "company",
    "debtor_name": "Bakkerij De Vries B.V.",
    "debtor_reference": "K-2",
    "email": "inkoop@devries.example",
    "phone": "+31612345679",
    "street": "Molenweg 3",
}


def placed(town: Town, *claims: dict[str, str], reference: str = "ENERCITY") -> tuple[UUID, UUID]:
    """A creditor who has placed claims: the creditor, and the price that waits for an answer."""
    creditor_id = register(town.work, reference=reference, name=f"{reference.title()} B.V.")
    placement_id = place(town.work, creditor_id, as_file(claims))
    return creditor_id, open_quote(town.work, creditor_id, placement_id)


def reminded(town: Town, *claims: dict[str, str]) -> UUID:
    """A creditor whose claims are being collected: on Tuesday morning the first reminders have arrived."""
    creditor_id, quote_id = placed(town, *claims)
    accept(town.work, creditor_id, quote_id)
    town.it_is(clock(MONDAY + timedelta(days=1), 9, 5))
    assert len(town.letterbox()) == len(claims)
    return creditor_id
