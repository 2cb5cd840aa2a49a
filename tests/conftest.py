"""What every test may lean on: real servers of this run's own, closed sockets, a browser where there is one.

One PostgreSQL and one Valkey serve the whole run from a temporary folder. The schema is migrated once
into a template; each worker of the run gets copies of it, and a Valkey database of its own.

A run's controller reads this file before its workers start: what takes long to import is imported where
it is used.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

    from agency.kernel.unit import Units
    from portal.local.postgres import Postgres
    from portal.local.valkey import Valkey
    from tests.emptied import EmptiedDatabase

TEMPLATE = "template_tests"

# A busy machine is slow, not wrong: no example has a deadline. `dev check` tries fewer, to be quick.
hypothesis.settings.register_profile("test", deadline=None)
hypothesis.settings.register_profile("check", max_examples=5, deadline=None)
hypothesis.settings.load_profile("test")
CI = os.environ.get("CI") == "true"


@dataclass(frozen=True)
class RunServers:
    """The servers of this run, with the template migrated."""

    postgres: Postgres
    valkey: Valkey

    @classmethod
    def start(cls, folder: Path) -> RunServers:
        from portal.local.database import migrate
        from portal.local.postgres import OWNER, Postgres
        from portal.local.servers import Servers
        from portal.local.valkey import Valkey

        servers = cls(Postgres(folder, durable=False), Valkey(folder, durable=False))
        Servers(servers.postgres, servers.valkey).start()
        servers.postgres.ensure_database(TEMPLATE)
        migrate(servers.postgres.url(OWNER, TEMPLATE))
        return servers

    def stop(self) -> None:
        from portal.local.servers import Servers

        Servers(self.postgres, self.valkey).stop()
        shutil.rmtree(self.postgres.folder, ignore_errors=True)


RUN: pytest.StashKey[RunServers] = pytest.StashKey()


# So long a page may take to show what a test waits for: a busy machine is slow, not wrong.
PAGE_PATIENCE_MS = 60_000
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 4 * 2**30


def _temporary_folder(*, below: Path | None = None) -> Path:
    """Not below pytest's own folder: only its owner enters that, and root's servers run as another user."""
    return Path(tempfile.mkdtemp(prefix="agency-tests-", dir=below))


def _servers_folder() -> Path:
    """In memory where there is enough: each test's database is 800 files, made and thrown away."""
    enough = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    return _temporary_folder(below=MEMORY if enough else None)


def pytest_collection_modifyitems() -> None:
    """Rooms refer to each other's tables by name, whichever test runs alone."""
    import agency.tables  # noqa: F401


def pytest_configure_node(node) -> None:
    """With xdist the controller owns the servers, because workers end before one another."""
    if node.config.option.markexpr.startswith("pure"):
        return
    stash = node.config.stash
    if RUN not in stash:
        stash[RUN] = RunServers.start(_servers_folder())
    node.workerinput["servers"] = (
        str(stash[RUN].postgres.folder),
        stash[RUN].postgres.port,
        stash[RUN].valkey.port,
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    if RUN in config.stash:
        config.stash[RUN].stop()


@pytest.fixture(scope="session")
def run_servers(request: pytest.FixtureRequest) -> RunServers:
    """The servers of this run; without xdist they start when the first test asks for them."""
    from portal.local.postgres import Postgres
    from portal.local.valkey import Valkey

    config = request.config
    if shared := getattr(config, "workerinput", {}).get("servers"):
        folder, postgres_port, valkey_port = Path(shared[0]), shared[1], shared[2]
        return RunServers(
            Postgres(folder, durable=False, port=postgres_port),
            Valkey(folder, durable=False, port=valkey_port),
        )
    if RUN not in config.stash:
        config.stash[RUN] = RunServers.start(_servers_folder())
    return config.stash[RUN]


@pytest.fixture(scope="session")
def worker_number(request: pytest.FixtureRequest) -> int:
    """Which worker of the run this is, from 0."""
    name = getattr(request.config, "workerinput", {}).get("workerid", "gw0")
    return int(name.removeprefix("gw"))


@pytest.fixture(scope="session")
def database_name(run_servers: RunServers, worker_number: int) -> str:
    """This worker's own copy of the migrated template."""
    name = f"tests_{worker_number}"
    run_servers.postgres.drop_database(name)
    run_servers.postgres.ensure_database(name, template=TEMPLATE)
    return name


@pytest.fixture(scope="session")
def database_url(run_servers: RunServers, database_name: str) -> str:
    """SQLAlchemy URL of the application's login on this worker's database."""
    from portal.local.postgres import APPLICATION

    return run_servers.postgres.url(APPLICATION, database_name)


@pytest.fixture(scope="session")
def owner_url(run_servers: RunServers, database_name: str) -> str:
    """SQLAlchemy URL of the owner of the tables on this worker's database."""
    from portal.local.postgres import OWNER

    return run_servers.postgres.url(OWNER, database_name)


@pytest.fixture(scope="session")
def redis_url(run_servers: RunServers, worker_number: int) -> str:
    """URL of this worker's Valkey database."""
    return run_servers.valkey.url(worker_number % 16)


@pytest.fixture(scope="session")
def emptied_database(run_servers: RunServers, worker_number: int) -> Iterator[EmptiedDatabase]:
    """This worker's database for tests that commit."""
    from tests.emptied import EmptiedDatabase

    database = EmptiedDatabase(run_servers.postgres, f"tests_{worker_number}_fresh", template=TEMPLATE)
    yield database
    database.drop()


@pytest.fixture
def fresh_database(emptied_database: EmptiedDatabase) -> tuple[str, str]:
    """A database as it was migrated, for one test that commits: the application's URL and the owner's."""
    from portal.local.postgres import APPLICATION, OWNER

    emptied_database.prepare()
    return emptied_database.url(APPLICATION), emptied_database.url(OWNER)


@pytest.fixture
def units(fresh_database: tuple[str, str], emptied_database: EmptiedDatabase) -> Units:
    """Units of work on a database of this test's own, with the agency's house in place."""
    from agency.kernel.ids import HOUSE
    from agency.kernel.unit import Door, Units
    from agency.parties.models import Creditor

    units = Units(emptied_database.engine)
    with units.open(Door.STAFF, by="system:test") as unit:
        unit.session.add(
            Creditor(id=HOUSE, created_at=unit.now, reference="HOUSE", name="The agency", country="NL")
        )
    return units


@pytest.fixture(autouse=True, scope="session")
def passwords_are_hashed_quickly() -> Iterator[None]:
    """Hundreds of people sign in; what guards a stolen table in production is held by a test of its own."""
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    from agency.parties import users

    with pytest.MonkeyPatch.context() as patch:
        quick = Argon2Hasher(memory_cost=8, time_cost=1, parallelism=1)
        patch.setattr(users, "_HASHER", PasswordHash((quick,)))
        yield


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """An empty data folder for servers of a test's own."""
    folder = _temporary_folder()
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser of this machine. CI fails without one; elsewhere its tests are skipped."""
    from portal.local.browser import HOW_TO_GET_CHROMIUM, find_chromium

    found = find_chromium()
    if found is None:
        (pytest.fail if CI else pytest.skip)(HOW_TO_GET_CHROMIUM)
    return found


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """A running browser without windows; what a page is to show may be a minute late on a busy machine."""
    from playwright.sync_api import expect, sync_playwright

    def window(**settings: Any) -> BrowserContext:
        context = new_context(**settings)
        context.set_default_timeout(PAGE_PATIENCE_MS)
        return context

    expect.set_options(timeout=PAGE_PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(chromium),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        new_context = started.new_context
        started.new_context = window  # type: ignore[method-assign]
        yield started
        started.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files: REAL_DATA, else `../shared/data`. CI fails without it."""
    folder = Path(os.environ.get("REAL_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not folder.is_dir():
        (pytest.fail if CI else pytest.skip)(f"no real files at {folder}; set REAL_DATA to their folder")
    return folder


class ReachesOutside(AssertionError):
    """A test tried to open a connection to another machine."""


def _is_local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a socket in the file system
    host = str(address[0])
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def only_this_machine() -> Iterator[None]:
    """Connections leave this machine never: a test that tries fails by name of the address."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(original):
        def connect_locally(self, address):
            if not _is_local(address):
                raise ReachesOutside(f"a test tried to reach {address!r}")
            return original(self, address)

        return connect_locally

    socket.socket.connect, socket.socket.connect_ex = guarded(connect), guarded(connect_ex)
    yield
    socket.socket.connect, socket.socket.connect_ex = connect, connect_ex
