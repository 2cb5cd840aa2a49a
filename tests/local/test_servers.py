"""The embedded servers: who may do what, and that data survives a stop."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.local.places import PROJECT
from portal.local.processes import command_line, listen, port_of, wait_until
from tests.conftest import ReachesOutside


def plain(url: str) -> str:
    """The URL as libpq reads it."""
    return url.replace("+psycopg", "")


class TestEmbeddedPostgres:
    def test_the_application_is_no_superuser_and_inherits_no_right(self, database_url):
        with psycopg.connect(plain(database_url)) as connection:
            row = connection.execute(
                "SELECT rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone()
        assert row == (False, False, False, False, False)

    def test_the_owner_is_no_superuser(self, owner_url):
        with psycopg.connect(plain(owner_url)) as connection:
            row = connection.execute(
                "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
        assert row == (False, False)

    def test_it_is_postgresql_18_with_unicode_case_rules(self, database_url):
        with psycopg.connect(plain(database_url)) as connection:
            version, upper = connection.execute(
                "SELECT current_setting('server_version_num')::int / 10000, upper('straße é')"
            ).fetchone()
        assert (version, upper) == (18, "STRASSE É")

    def test_a_wrong_password_is_refused(self, run_servers):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(
                host="127.0.0.1",
                port=run_servers.postgres.port,
                user="postgres",
                password="guess",
                dbname="postgres",
            )

    def test_valkey_demands_its_password(self, run_servers):
        once = Retry(NoBackoff(), 0)
        with redis.Redis(port=run_servers.valkey.port, retry=once) as client:  # noqa: SIM117
            with pytest.raises(redis.AuthenticationError):
                client.ping()


HOLDER = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from portal.local.postgres import Postgres
    from portal.local.servers import Servers
    from portal.local.valkey import Valkey
    servers = Servers(Postgres(Path(sys.argv[1])), Valkey(Path(sys.argv[1])))
    servers.start()
    with servers.postgres.superuser() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS runs (at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO runs DEFAULT VALUES")
        runs = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    pids = [server.child.process.pid for server in servers.embedded]
    print(runs, *pids, flush=True)
    time.sleep(600)
    """
)


@pytest.mark.crash
class TestKillingTheHolder:
    def start(self, folder: Path) -> tuple[subprocess.Popen, int, list[int]]:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(folder)],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )  # fmt: skip
        runs, *pids = map(int, holder.stdout.readline().split())
        return holder, runs, pids

    def kill(self, holder: subprocess.Popen) -> None:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()

    def test_leaves_no_server_and_keeps_the_data(self, data_folder):
        holder, runs, pids = self.start(data_folder)
        assert runs == 1
        assert all(command_line(pid) for pid in pids)
        self.kill(holder)
        assert wait_until(lambda: not any(command_line(pid) for pid in pids), seconds=60)

        # A number in a stale file may by now be anybody's: this test's own process, say.
        (data_folder / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
        (data_folder / "valkey" / "running").write_text(f"{os.getpid()} 1")
        holder, runs, pids = self.start(data_folder)
        assert runs == 2
        self.kill(holder)
        assert wait_until(lambda: not any(command_line(pid) for pid in pids), seconds=60)


class TestClosedSockets:
    pytestmark = pytest.mark.pure

    def test_another_machine_cannot_be_reached(self):
        with socket.socket() as outside, pytest.raises(ReachesOutside, match=r"192\.0\.2\.1"):
            outside.connect(("192.0.2.1", 80))

    def test_this_machine_can(self):
        with socket.socket() as listening, socket.socket() as calling:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            calling.connect(listening.getsockname())


class TestPorts:
    pytestmark = pytest.mark.pure

    def test_a_port_is_kept_from_the_moment_it_is_chosen(self):
        with listen(0) as first, listen(port_of(first)) as second:
            assert port_of(second) != port_of(first)

    def test_a_free_port_is_taken_as_preferred(self):
        with listen(0) as first:
            port = port_of(first)
        with listen(port) as again:
            assert port_of(again) == port
