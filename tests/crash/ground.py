"""An agency on durable servers of its own, with messages about to leave, and a naive sender beside it."""

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

import httpx
import pytest
import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from agency.calendar import is_business_day
from agency.communication.jobs import print_letters
from agency.communication.planning import WantedMessage, cancel_queued, queue_messages
from agency.kernel.outbox import drain, enqueue
from agency.kernel.unit import AGENCY_ZONE, Door, Unit, agency_day
from agency.rules.facts import Channel
from agency.treatment.planner import plan_due
from portal.local import processes
from portal.local.database import migrate
from portal.local.places import PROJECT
from portal.local.postgres import APPLICATION, DATABASE, Postgres
from portal.local.processes import Child, wait_until
from portal.local.servers import Servers, Valkey
from portal.local.supervisor import (
    Addresses,
    Part,
    address,
    await_part,
    process_environment,
    relay_part,
    simulator_part,
    worker_part,
)
from portal.wiring import Wiring
from tests.agency_at_work import accept, as_file, at_moment, open_agency, open_quote, place, register, wired
from tests.outside import listening_agency

LOST_PERCENT = 2
MINUTE = timedelta(minutes=1)
PRINT_RUN_MINUTES = 3
# Of so many debtors one is only reached by letter, and one only by text message.
ONE_IN = 10
# Takeover after a kill takes seconds here, minutes in earnest; a chunk is rendered and sent within them also
# on a machine that has much else to do.
SHORT = {
    "AGENCY_JOB_LEASE_SECONDS": "12",
    "AGENCY_SENDING_LEASE_SECONDS": "12",
    "AGENCY_PROVIDER_PATIENCE_SECONDS": "3",
}
# Nobody's own choice of servers or providers may reach this run.
FOREIGN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is."""

    messages: int
    kills: int
    seed: int

    @property
    def per_round(self) -> int:
        """How many messages fall due between two kills."""
        return -(-self.messages // self.kills)


@dataclass
class Ground:
    """The agency's processes, the naive sender beside them, and the outside world that counts arrivals."""

    size: Size
    folder: Path
    servers: Servers
    environment: dict[str, str]
    outside: httpx.Client
    work: Wiring
    worker: Part
    relay: Part
    naive: Child | None = None
    killed: Counter[str] = field(default_factory=Counter)
    arrived: Counter[str] = field(default_factory=Counter)
    looked_up_to: int = 0
    minutes: int = 0

    def start(self) -> None:
        """Start what works."""
        for part in (self.worker, self.relay):
            part.start(self.folder, self.environment)
        for part in (self.worker, self.relay):
            await_part(part, stopping=threading.Event())
        self.start_naive()

    def start_naive(self) -> None:
        """Start the control."""
        self.naive = processes.start(
            [sys.executable, Path(__file__).with_name("naive_sender.py")],
            name="naive",
            log=self.folder / "logs" / "naive.log",
            environment=self.environment,
            cwd=PROJECT,
        )

    def kill(self, name: str) -> None:
        """`kill -9` one of the four and start it again at once, as the supervisor does; or empty Valkey."""
        self.killed[name] += 1
        match name:
            case "postgres" | "valkey":
                server = self.servers.postgres if name == "postgres" else self.servers.valkey
                assert server is not None
                assert server.child is not None
                kill_process(server.child)
                server.restart()
            case "flushall":
                with redis.Redis.from_url(self.servers.urls().redis, socket_timeout=20) as valkey:
                    valkey.flushall()
            case "relay":
                self._kill_part(self.relay)
            case _:
                self._kill_part(self.worker)
                assert self.naive is not None
                if not self.naive.ended():
                    kill_process(self.naive)
                    self.start_naive()

    def _kill_part(self, part: Part) -> None:
        assert part.child is not None
        kill_process(part.child)
        self._start_again(part)

    def _start_again(self, part: Part) -> None:
        assert part.child is not None
        part.child.kill_group()
        part.start(self.folder, self.environment)

    def revive(self) -> None:
        """Start again what ended by itself: a process that boots while a server is away gives up."""
        for part in (self.worker, self.relay):
            if part.ended():
                self._start_again(part)

    def stop(self) -> None:
        """End everything."""
        children = [self.worker.child, self.relay.child, self.naive]
        processes.stop([one for one in children if one is not None], number=signal.SIGTERM, seconds=5)

    def look(self) -> Counter[str]:
        """How often each message, by our id, is in a provider's hands; only what is new is fetched."""
        while True:
            new = {"after": self.looked_up_to, "limit": 1000}
            records = self.outside.get("/_sim/messages", params=new).raise_for_status().json()["messages"]
            for record in records:
                self.looked_up_to = record["seq"]
                self.arrived[record["reference"]] += 1
            if len(records) < new["limit"]:
                return self.arrived

    def later(self) -> None:
        """Let a minute pass: more is due, and the scheduler starts its jobs. The database may be away.

        The print run comes every few minutes, not twice a day, so that kills find letters on their way too.
        """
        self.minutes += 1
        self.revive()
        # Outside first: a provider that stamps what it took with an earlier moment than ours has not got it.
        outside = self.outside.get("/_sim/clock").raise_for_status().json()["now"]
        at_moment_outside(self.outside, datetime.fromisoformat(outside) + MINUTE)

        def passed() -> bool:
            try:
                with self.work.units.open(Door.STAFF, by="system:test") as unit:
                    unit.session.connection().execute(
                        text("UPDATE clock SET ahead = ahead + :minute"), {"minute": MINUTE}
                    )
                    if self.minutes % PRINT_RUN_MINUTES == 0:
                        enqueue(unit, print_letters)
            except SQLAlchemyError:
                return False
            return True

        assert wait_until(passed, seconds=30, every=0.2)

    def make_providers_lose_answers(self) -> None:
        """Let a few answers of each provider get lost after it has taken the message."""
        for target, path in (("sendgrid", "/mail/send"), ("twilio", "/Messages"), ("letters", "/letters")):
            where = {"target": target, "path": path, "method": "POST"}
            lost = {"kind": "lost", "percent": LOST_PERCENT} | where
            # Slow enough that a kill finds a message on its way.
            late = {"kind": "late", "seconds": 0.03} | where
            for fault in (lost, late):
                self.outside.post("/_sim/faults", json=fault).raise_for_status()


def kill_process(child: Child) -> None:
    """The process alone, without what it forked: that is what `kill -9` does."""
    os.kill(child.process.pid, signal.SIGKILL)
    child.process.wait()


@contextmanager
def crash_ground(folder: Path, size: Size) -> Iterator[Ground]:
    """An agency in an empty folder, with so many messages that are about to leave; nothing runs yet."""
    with pytest.MonkeyPatch.context() as patch, listening_agency() as ear:
        for name in FOREIGN:
            patch.delenv(name, raising=False)
        servers = Servers(Postgres(folder), Valkey(folder))
        socket = processes.listen()
        simulator = simulator_part(socket)
        try:
            servers.start()
            assert servers.postgres is not None
            servers.postgres.ensure_database()
            migrate(servers.urls().database_owner)
            addresses = Addresses(portal=ear.url, simulator=address(socket))
            environment = process_environment(servers.urls(), addresses, folder) | SHORT
            environment["PYTHONPATH"] = str(PROJECT)
            simulator.start(folder, environment)
            await_part(simulator, stopping=threading.Event())
            with (
                wired({name: value for name, value in environment.items() if name.isupper()}) as work,
                httpx.Client(base_url=addresses.simulator, timeout=20) as outside,
            ):
                prepare_messages(work, size)
                prepare_naive(servers.postgres, size)
                relay = relay_part(servers.urls())
                with work.units.open(Door.STAFF, by="system:test") as unit:
                    at_moment_outside(outside, unit.now)
                made = Ground(size, folder, servers, environment, outside, work, worker_part(), relay)
                try:
                    yield made
                finally:
                    made.stop()
        finally:
            if simulator.child is not None:
                processes.stop([simulator.child], number=signal.SIGTERM, seconds=5)
            socket.close()
            servers.stop()


def at_moment_outside(outside: httpx.Client, moment: datetime) -> None:
    """Make it another moment for the providers."""
    outside.post("/_sim/clock", json={"now": moment.isoformat()}).raise_for_status()


def a_tuesday_morning(after: datetime) -> datetime:
    """Eight o'clock on a Tuesday on which people may be written to."""
    day = agency_day(after) + timedelta(days=1)
    while day.weekday() != 1 or not is_business_day(country="NL", day=day):
        day += timedelta(days=1)
    return datetime.combine(day, clock_time(8), AGENCY_ZONE)


def claims_file(today: datetime, messages: int) -> bytes:
    """So many companies, each a day late with one invoice."""
    due = today.date() - timedelta(days=1)
    return as_file(
        [
            {
                "invoice_number": f"F{number:05d}",
                "amount": f"{100 + number % 300}.00",
                "issued_on": (due - timedelta(days=14)).isoformat(),
                "due_on": due.isoformat(),
                "debtor_kind": "company",
                "debtor_name": f"Bakkerij nummer {number} B.V.",
                "debtor_reference": f"D{number:05d}",
                "email": f"inkoop@bakkerij{number}.example" if number % ONE_IN > 1 else "",
                "phone": f"+3161{number:07d}" if number % ONE_IN == 1 else "",
                "street": f"Dorpsstraat {number + 1}",
                "postal_code": "3511 AB",
                "city": "Utrecht",
                "country": "NL",
            }
            for number in range(messages)
        ]
    )


def prepare_messages(work: Wiring, size: Size) -> None:
    """Active claims, each with its first reminder due: some at once, some with each passing minute."""
    with work.units.open(Door.STAFF, by="system:test") as unit:
        tuesday = a_tuesday_morning(unit.now)
    at_moment(work, tuesday)
    open_agency(work)
    creditor_id = register(work, reference="BULK", name="Groothandel B.V.")
    placement_id = place(work, creditor_id, claims_file(tuesday, size.messages))
    accept(work, creditor_id, open_quote(work, creditor_id, placement_id))
    with work.units.open(Door.WORKER, by="system:test") as unit:
        while plan_due(unit):
            pass
    drain(work.units)
    with work.units.open(Door.WORKER, by="system:test") as unit:
        text_instead(unit)
        spread = unit.session.connection().execute(
            text(
                "UPDATE message m SET due_at = app.now() + n.nth / :per_round * interval '1 minute'"
                " FROM (SELECT creditor_id, id, row_number() OVER (ORDER BY md5(id::text)) - 1 AS nth"
                "  FROM message WHERE state = 'queued') n"
                " WHERE n.creditor_id = m.creditor_id AND n.id = m.id"
            ),
            {"per_round": size.per_round},
        )
        assert spread.rowcount == size.messages


def text_instead(unit: Unit) -> None:
    """Who is reached by phone gets a text message instead of the letter that waits for him."""
    reached = unit.session.connection().execute(
        text(
            "SELECT m.creditor_id, m.claim_id FROM message m JOIN contact_point p"
            " ON p.creditor_id = m.creditor_id AND p.debtor_id = m.debtor_id AND p.channel = 'phone'"
        )
    )
    keys = [(row.creditor_id, row.claim_id) for row in reached]
    for creditor_id, claim_id in keys:
        cancel_queued(unit, creditor_id=creditor_id, claim_id=claim_id, why="a text instead")
    texts = [
        WantedMessage(
            creditor_id=creditor_id, claim_id=claim_id, channel=Channel.sms, step="text", cycle=1,
            template="reminder_1", due_at=unit.now,
        )
        for creditor_id, claim_id in keys
    ]  # fmt: skip
    queue_messages(unit, texts)


def prepare_naive(postgres: Postgres, size: Size) -> None:
    """The same number of messages for the control, in a table of its own."""
    with postgres.superuser(DATABASE) as connection:
        connection.execute(
            "CREATE TABLE naive_message (id uuid PRIMARY KEY DEFAULT uuidv7(), sent_at timestamptz)"
        )
        connection.execute(
            "INSERT INTO naive_message (sent_at) SELECT NULL FROM generate_series(1, %s)", [size.messages]
        )
        connection.execute(f"GRANT SELECT, UPDATE ON naive_message TO {APPLICATION}")
