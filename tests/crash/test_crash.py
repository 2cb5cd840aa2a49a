"""500 messages leave while worker, relay, PostgreSQL and Valkey are killed twenty times: each arrives once.

Beside it, under the same kills and lost answers, a program that sends and then marks: it must send twice.
"""

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as clock_time
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from agency.calendar import is_business_day
from agency.kernel.outbox import drain, outbox_state
from agency.kernel.unit import AGENCY_ZONE, Door
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

pytestmark = pytest.mark.crash

MESSAGES, KILLS, SEED = 500, 20, 7
PER_ROUND = MESSAGES // KILLS
LOST_PERCENT = 2
MINUTE = timedelta(minutes=1)
# Takeover after a kill takes seconds here, minutes in earnest.
SHORT = {
    "AGENCY_JOB_LEASE_SECONDS": "8",
    "AGENCY_SENDING_LEASE_SECONDS": "8",
    "AGENCY_PROVIDER_PATIENCE_SECONDS": "3",
}
# Nobody's own choice of servers or providers may reach this test.
FOREIGN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


@dataclass
class Ground:
    """The agency's processes, the naive sender beside them, and the outside world that counts arrivals."""

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
        """`kill -9` one of the four and start it again at once, as the supervisor does."""
        self.killed[name] += 1
        match name:
            case "postgres" | "valkey":
                server = self.servers.postgres if name == "postgres" else self.servers.valkey
                assert server is not None
                assert server.child is not None
                kill_process(server.child)
                server.restart()
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
        part.child.kill_group()
        part.start(self.folder, self.environment)

    def stop(self) -> None:
        """End everything."""
        children = [self.worker.child, self.relay.child, self.naive]
        processes.stop([one for one in children if one is not None], number=signal.SIGTERM, seconds=5)

    def look(self) -> Counter[str]:
        """How often each message, by our id, is in the provider's hands; only what is new is fetched."""
        new = {"channel": "email", "after": self.looked_up_to, "limit": 1000}
        for record in self.outside.get("/_sim/messages", params=new).raise_for_status().json()["messages"]:
            self.looked_up_to = record["seq"]
            self.arrived[record["reference"]] += 1
        return self.arrived

    def later(self) -> None:
        """Let a minute pass: more is due, and the scheduler starts its jobs. The database may be away."""

        def passed() -> bool:
            try:
                with self.work.units.open(Door.STAFF, by="system:test") as unit:
                    unit.session.connection().execute(
                        text("UPDATE clock SET ahead = ahead + :minute"), {"minute": MINUTE}
                    )
            except SQLAlchemyError:
                return False
            return True

        assert wait_until(passed, seconds=30, every=0.2)


def kill_process(child: Child) -> None:
    """The process alone, without what it forked: that is what `kill -9` does."""
    os.kill(child.process.pid, signal.SIGKILL)
    child.process.wait()


def a_tuesday_morning(after: datetime) -> datetime:
    """Ten o'clock on a Tuesday on which people may be written to."""
    day = after.astimezone(AGENCY_ZONE).date() + timedelta(days=1)
    while day.weekday() != 1 or not is_business_day(country="NL", day=day):
        day += timedelta(days=1)
    return datetime.combine(day, clock_time(10), AGENCY_ZONE)


def claims_file(today: datetime) -> bytes:
    """500 companies, each a day late with one invoice."""
    due = today.date() - timedelta(days=1)
    return as_file(
        [
            {
                "invoice_number": f"F{number:04d}",
                "amount": f"{100 + number}.00",
                "issued_on": (due - timedelta(days=14)).isoformat(),
                "due_on": due.isoformat(),
                "debtor_kind": "company",
                "debtor_name": f"Bakkerij nummer {number} B.V.",
                "debtor_reference": f"D{number:04d}",
                "email": f"inkoop@bakkerij{number}.example",
                "street": f"Dorpsstraat {number + 1}",
                "postal_code": "3511 AB",
                "city": "Utrecht",
                "country": "NL",
            }
            for number in range(MESSAGES)
        ]
    )


def prepare_messages(work: Wiring) -> None:
    """500 active claims, each with its first reminder due: some at once, some with each passing minute."""
    with work.units.open(Door.STAFF, by="system:test") as unit:
        tuesday = a_tuesday_morning(unit.now)
    at_moment(work, tuesday)
    open_agency(work)
    creditor_id = register(work, reference="BULK", name="Groothandel B.V.")
    placement_id = place(work, creditor_id, claims_file(tuesday))
    accept(work, creditor_id, open_quote(work, creditor_id, placement_id))
    with work.units.open(Door.WORKER, by="system:test") as unit:
        plan_due(unit)
    drain(work.units)
    with work.units.open(Door.WORKER, by="system:test") as unit:
        spread = unit.session.connection().execute(
            text(
                "UPDATE message m SET due_at = app.now() + n.nth / :per_round * interval '1 minute'"
                " FROM (SELECT creditor_id, id, row_number() OVER (ORDER BY id) - 1 AS nth FROM message) n"
                " WHERE n.creditor_id = m.creditor_id AND n.id = m.id AND m.state = 'queued'"
            ),
            {"per_round": PER_ROUND},
        )
        assert spread.rowcount == MESSAGES


def prepare_naive(postgres: Postgres) -> None:
    """The same number of messages for the control, in a table of its own."""
    with postgres.superuser(DATABASE) as connection:
        connection.execute(
            "CREATE TABLE naive_message (id uuid PRIMARY KEY DEFAULT uuidv7(), sent_at timestamptz)"
        )
        connection.execute(
            "INSERT INTO naive_message (sent_at) SELECT NULL FROM generate_series(1, %s)", [MESSAGES]
        )
        connection.execute(f"GRANT SELECT, UPDATE ON naive_message TO {APPLICATION}")


@pytest.fixture
def ground(data_folder: Path) -> Iterator[Ground]:
    """An agency on durable servers of its own, with 500 messages that are about to leave."""
    with pytest.MonkeyPatch.context() as patch, listening_agency() as ear:
        for name in FOREIGN:
            patch.delenv(name, raising=False)
        servers = Servers(Postgres(data_folder), Valkey(data_folder))
        socket = processes.listen()
        simulator = simulator_part(socket)
        try:
            servers.start()
            assert servers.postgres is not None
            servers.postgres.ensure_database()
            migrate(servers.urls().database_owner)
            addresses = Addresses(portal=ear.url, simulator=address(socket))
            environment = process_environment(servers.urls(), addresses, data_folder) | SHORT
            environment["PYTHONPATH"] = str(PROJECT)
            simulator.start(data_folder, environment)
            await_part(simulator, stopping=threading.Event())
            with (
                wired({name: value for name, value in environment.items() if name.isupper()}) as work,
                httpx.Client(base_url=addresses.simulator, timeout=20) as outside,
            ):
                prepare_messages(work)
                prepare_naive(servers.postgres)
                made = Ground(
                    data_folder,
                    servers,
                    environment,
                    outside,
                    work,
                    worker_part(),
                    relay_part(servers.urls()),
                )
                try:
                    yield made
                finally:
                    made.stop()
        finally:
            if simulator.child is not None:
                processes.stop([simulator.child], number=signal.SIGTERM, seconds=5)
            socket.close()
            servers.stop()


def make_the_provider_lose_answers(outside: httpx.Client) -> None:
    for fault in (
        {"target": "sendgrid", "kind": "lost", "percent": LOST_PERCENT, "path": "/mail/send"},
        # Slow enough that a kill finds a message on its way.
        {"target": "sendgrid", "kind": "late", "seconds": 0.03, "path": "/mail/send"},
    ):
        outside.post("/_sim/faults", json=fault).raise_for_status()


def states(work: Wiring) -> Counter[str]:
    with work.units.open(Door.WORKER, by="system:test") as unit:
        found = unit.session.connection().execute(text("SELECT state, count(*) FROM message GROUP BY state"))
        return Counter({row.state: row.count for row in found})


class TestKills:
    def test_lose_and_duplicate_nothing(self, ground, capsys):
        began = time.monotonic()
        ours = {str(id_) for id_ in message_ids(ground.work)}
        make_the_provider_lose_answers(ground.outside)
        ground.start()
        kill_while_messages_leave(ground, ours)
        settle(ground, ours)

        arrived = ground.look()
        references = provider_references(ground.work)
        lost = sum(arrived[one] == 0 for one in ours)
        duplicated = sum(arrived[one] > 1 for one in ours)
        naive = sum(count > 1 for one, count in arrived.items() if one not in ours)
        kills = " ".join(f"{name} {count}" for name, count in sorted(ground.killed.items()))
        with capsys.disabled():
            print(  # noqa: T201 - the figures are the result
                f"\n{MESSAGES} messages | {KILLS} kills ({kills}) | {lost} lost | {duplicated} duplicated"
                f" | naive: {naive} duplicated | {time.monotonic() - began:.0f} s"
            )
        assert (lost, duplicated) == (0, 0)
        assert sum(arrived[one] for one in ours) == MESSAGES
        assert states(ground.work) == {"sent": MESSAGES}
        # What we hold as proof of sending is what the provider knows the message by.
        assert references.keys() == ours
        assert all(references.values())
        assert naive > 0


def message_ids(work: Wiring) -> list:
    with work.units.open(Door.WORKER, by="system:test") as unit:
        return list(unit.session.connection().execute(text("SELECT id FROM message")).scalars())


def provider_references(work: Wiring) -> dict[str, str]:
    with work.units.open(Door.WORKER, by="system:test") as unit:
        found = unit.session.connection().execute(text("SELECT id::text, provider_ref FROM message"))
        return {row.id: row.provider_ref for row in found}


def leaving(ground: Ground, ours: set[str], before: int) -> bool:
    return len(ground.look().keys() & ours) > before


def kill_while_messages_leave(ground: Ground, ours: set[str]) -> None:
    """Each round: a minute passes, fresh messages start to leave, and somewhere among them the kill."""
    chance = random.Random(SEED)
    targets = ["worker", "relay", "postgres", "valkey"] * (KILLS // 4)
    chance.shuffle(targets)
    for target in targets:
        before = len(ground.look().keys() & ours)
        ground.later()
        wait_until(partial(leaving, ground, ours, before), seconds=6, every=0.05)
        time.sleep(chance.uniform(0, 0.6))  # the moment of the kill is the experiment, not a wait
        ground.kill(target)


def settle(ground: Ground, ours: set[str]) -> None:
    """Let time pass until everything has left and every job is done."""

    def all_sent() -> bool:
        ground.later()
        return states(ground.work) == {"sent": MESSAGES}

    def all_done() -> bool:
        with ground.work.units.open(Door.WORKER, by="system:test") as unit:
            return outbox_state(unit).open == 0

    assert wait_until(all_sent, seconds=180, every=0.5), states(ground.work)
    # A job that a kill made fail a few times waits up to half a minute before it is tried again.
    assert wait_until(all_done, seconds=180, every=0.5)
    assert ground.naive is not None
    assert wait_until(ground.naive.ended, seconds=60)
    with ground.work.units.open(Door.WORKER, by="system:test") as unit:
        assert outbox_state(unit).quarantined == 0
