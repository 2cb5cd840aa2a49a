"""`dev up`: starts everything in order, keeps it running, stops it in order.

PostgreSQL and Valkey first, then migrations and (on a new database) the demo, then web, worker, relay
and simulator. A process that dies is started again, ever more slowly. Nothing outlives this process:
each child asks the kernel to be told when it dies.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psycopg

from portal.local import processes
from portal.local.database import migrate
from portal.local.places import PROJECT, LocalTrouble, data_folder, held, read_state, write_state
from portal.local.processes import Child, end_leftover, listen, port_of, wait_until
from portal.local.server import log_file
from portal.local.servers import Servers, Urls

PORTAL_PORT = 8000
SIMULATOR_PORT = 8025

# The whole stop takes less than five seconds: first what uses the servers, then the servers.
_STOP_PARTS_SECONDS = 2.5
_STOP_SERVERS_SECONDS = 1.5
_RESTART_SECONDS_MAX = 30.0
_STEADY_SECONDS = 60.0
_READY_SECONDS = 240.0

Say = Callable[[str], None]


class UnableToStart(LocalTrouble):
    """A part did not answer in time; the message holds the end of its log."""


@dataclass
class Part:
    """A supervised process of the product."""

    name: str
    words: list[str]
    ready: Callable[["Part"], bool]
    listening: socket.socket | None = None
    child: Child | None = None
    started_at: float = 0.0
    deaths: int = 0

    def start(self, folder: Path, environment: dict[str, str]) -> None:
        """Start it; its output goes to its log."""
        self.started_at = time.monotonic()
        self.child = processes.start(
            [sys.executable, "-P", "-m", *self.words],
            name=self.name,
            log=log_file(folder, self.name),
            environment=environment,
            cwd=PROJECT,
            listening=self.listening,
        )

    def ended(self) -> bool:
        """Whether it is not running."""
        return self.child is None or self.child.ended()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where people open the portal and the simulator."""

    portal: str
    simulator: str


@dataclass
class Supervisor:
    """Everything that `dev up` runs, on one data folder."""

    say: Say
    folder: Path = field(default_factory=data_folder)
    portal_port: int = PORTAL_PORT
    simulator_port: int = SIMULATOR_PORT
    stopping: threading.Event = field(default_factory=threading.Event)
    servers: Servers = field(init=False)
    addresses: Addresses = field(init=False)
    portal_socket: socket.socket = field(init=False)
    simulator_socket: socket.socket = field(init=False)
    parts: list[Part] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *, show: Callable[[], None]) -> None:
        """Start, call `show` once everything answers, and keep running until asked to stop.

        :raises AlreadyRunning: another process holds the data folder.
        :raises UnableToStart, UnableToStartServer: a part does not come up.
        """
        with held(self.folder):
            self._heed_signals()
            try:
                self._start()
                if not self.stopping.is_set():
                    self._record(ready=True)
                    show()
                while not self.stopping.wait(0.25):
                    self._revive()
            finally:
                self._stop()

    def _heed_signals(self) -> None:
        def stop(number: int, frame: FrameType | None) -> None:
            self.stopping.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)

    def _start(self) -> None:
        last = read_state(self.folder)
        for process in last.get("processes", {}).values():
            end_leftover(process, sign=sys.executable)
        _rotate_logs(self.folder)
        self.servers = Servers.at(self.folder)
        self.say("Starting the database and the queue …")
        self.servers.start(ports=last.get("ports"))
        self._take_ports()
        self.environment = process_environment(self.servers.urls(), self.addresses, self.folder)
        simulator, *others = self._describe_parts()
        self._launch(simulator)  # first: loading the demo already sends its first mails
        prepare_database(self.servers, self.addresses, self.folder, say=self.say)
        self.say("Starting web, worker and relay …")
        self._launch(*others)

    def _launch(self, *parts: Part) -> None:
        for part in parts:
            part.start(self.folder, self.environment)
            self.parts.append(part)
        self._record()
        for part in parts:
            self._await(part)

    def _take_ports(self) -> None:
        self.portal_socket = listen(self.portal_port)
        self.simulator_socket = listen(self.simulator_port)
        self.addresses = Addresses(address(self.portal_socket), address(self.simulator_socket))

    def _describe_parts(self) -> list[Part]:
        return [
            simulator_part(self.simulator_socket),
            # Python works on one core per process: two on one socket answer side by side.
            _web_part("web", "portal.main:app", self.portal_socket),
            _web_part("web-2", "portal.main:app", self.portal_socket),
            worker_part(),
            relay_part(self.servers.urls()),
        ]

    def _await(self, part: Part) -> None:
        await_part(part, stopping=self.stopping)

    def _revive(self) -> None:
        """Start again what has died, waiting longer after each death in a row."""
        for server in self.servers.embedded:
            if server.ended():
                self.say(f"{server.name} ended; starting it again")
                server.restart()
                self._record(ready=True)
        for part in self.parts:
            if part.ended():
                self._revive_part(part)

    def _revive_part(self, part: Part) -> None:
        assert part.child is not None
        now = time.monotonic()
        part.child.kill_group()  # what it forked may still be there
        wait = min(2.0 ** min(part.deaths, 10), _RESTART_SECONDS_MAX)
        if part.deaths == 0 or now - part.started_at >= wait:
            steady = now - part.started_at > _STEADY_SECONDS
            part.deaths = 1 if steady else part.deaths + 1
            self.say(f"{part.name} ended (code {part.child.process.returncode}); starting it again")
            part.start(self.folder, self.environment)
            self._record(ready=True)

    def _record(self, *, ready: bool = False) -> None:
        urls = self.servers.urls()
        pids = {server.name: server.child.process.pid for server in self.servers.embedded if server.child}
        parts = {part.name: part.child.process.pid for part in self.parts if part.child}
        write_state(
            self.folder,
            {
                "supervisor": os.getpid(),
                "ready": ready,
                "processes": parts,
                "servers": pids,
                "ports": {server.name: server.port for server in self.servers.embedded},
                "addresses": {"portal": self.addresses.portal, "simulator": self.addresses.simulator},
                "database_url": urls.database,
                "database_owner_url": urls.database_owner,
                "redis_url": urls.redis,
            },
        )

    def _stop(self) -> None:
        self.say("Stopping …")
        running = [part.child for part in self.parts if part.child is not None]
        processes.stop(running, number=signal.SIGTERM, seconds=_STOP_PARTS_SECONDS)
        if hasattr(self, "servers"):
            self.servers.stop(seconds=_STOP_SERVERS_SECONDS)
        state = read_state(self.folder)
        if state:
            write_state(self.folder, {"ports": state["ports"]})


def simulator_part(listening: socket.socket) -> Part:
    """This function will describe the simulator's process."""
    return _web_part("simulator", "integrations.simulator.app:app", listening)


def address(listening: socket.socket) -> str:
    """This function will return where a web process on this socket is reached."""
    return f"http://127.0.0.1:{port_of(listening)}"


def worker_part() -> Part:
    """This function will describe the worker's process."""
    words = ["dramatiq", "portal.worker", "--processes", "2", "--threads", "4"]
    return Part("worker", [*words, "--worker-shutdown-timeout", "1500"], _log_says("ready for action"))


def relay_part(urls: Urls) -> Part:
    """This function will describe the relay's process."""
    return Part("relay", ["portal.relay"], _listens(urls))


def _web_part(name: str, app: str, listening: socket.socket) -> Part:
    words = ["portal.local.serve", app, str(listening.fileno())]
    return Part(name, words, _answers_http(port_of(listening)), listening)


def await_part(part: Part, *, stopping: threading.Event) -> None:
    """This function will wait until a part answers, or until everything is to stop.

    :raises UnableToStart: it ended, or did not answer in time.
    """

    def settled() -> bool:
        return part.ready(part) or part.ended() or stopping.is_set()

    came = wait_until(settled, seconds=_READY_SECONDS, every=0.1)
    if stopping.is_set():
        return
    if not came or part.ended():
        words = part.child.last_words() if part.child else ""
        raise UnableToStart(f"{part.name} did not come up; the end of its log:\n{words}")


def process_environment(urls: Urls, addresses: Addresses, folder: Path) -> dict[str, str]:
    """This function will return the environment of the long-running parts.

    The owner's URL is not in it: what serves people cannot change tables.
    """
    own = {
        "DATABASE_URL": urls.database,
        "REDIS_URL": urls.redis,
        "AGENCY_PUBLIC_URL": addresses.portal,
        "AGENCY_SIMULATOR_URL": addresses.simulator,
        "AGENCY_FILES_FOLDER": str(folder / "files"),
        "SIMULATOR_DATA": str(simulator_memory(folder)),
        "PYTHONUNBUFFERED": "1",
        # How many messages a worker process takes from a queue ahead of its threads: with few messages
        # waiting, one process would take all of them while the other has nothing to do.
        "dramatiq_queue_prefetch": "2",
    }
    inherited = {name: value for name, value in os.environ.items() if "DATABASE_OWNER_URL" not in name}
    # What a person has set for the providers (AGENCY_...) wins over what we would choose.
    chosen = {name: value for name, value in inherited.items() if name.startswith("AGENCY_")}
    return {**inherited, **own, **chosen}


def simulator_memory(folder: Path) -> Path:
    """This function will return the file in which the simulator keeps its inboxes, payments and bank."""
    return folder / "simulator.sqlite"


def word_environment(urls: Urls, addresses: Addresses, folder: Path) -> dict[str, str]:
    """This function will return the environment of an operator's command, who may act as the owner."""
    return {**process_environment(urls, addresses, folder), "DATABASE_OWNER_URL": urls.database_owner}


def prepare_database(servers: Servers, addresses: Addresses, folder: Path, *, say: Say) -> None:
    """This function will migrate and lay down what the release brings; a new database gets the demo, and for
    that the simulator must answer.

    Our own database is made anew when its demo was broken off halfway; a server that somebody else runs
    is never emptied. Production gets no demo.
    """
    unfinished = folder / "demo.unfinished"
    if servers.postgres is not None:
        if unfinished.exists():
            servers.postgres.drop_database()
        if servers.postgres.ensure_database():
            unfinished.touch()
    new = migrate(servers.urls().database_owner)
    if new and os.environ.get("AGENCY_MODE") != "production":
        say("Loading the demo (once) …")
        load_demo(word_environment(servers.urls(), addresses, folder), written=folder / "demo.json")
    else:
        lay_down(word_environment(servers.urls(), addresses, folder))
    unfinished.unlink(missing_ok=True)


def lay_down(environment: dict[str, str]) -> None:
    """This function will publish the texts and paths that changed since this database was made.

    :raises UnableToStart: it ended with an error, which it has printed.
    """
    done = subprocess.run(
        [sys.executable, "-P", "-m", "portal.setup"], env=environment, cwd=PROJECT, check=False
    )
    if done.returncode != 0:
        raise UnableToStart("the agency could not be set up; see above")


def load_demo(environment: dict[str, str], *, written: Path) -> None:
    """This function will load the demo in a process of its own, which writes who may sign in.

    :raises UnableToStart: it ended with an error, which it has printed.
    """
    words = ["-P", "-m", "portal.local.demo", str(written)]
    loaded = subprocess.run([sys.executable, *words], env=environment, cwd=PROJECT, check=False)
    if loaded.returncode != 0:
        raise UnableToStart("the demo could not be loaded; see above")


def _rotate_logs(folder: Path) -> None:
    """Keep the logs of the last run beside this one's."""
    for log in (folder / "logs").glob("*.log"):
        log.replace(log.with_suffix(".log.1"))


def _answers_http(port: int) -> Callable[[Part], bool]:
    def ready(part: Part) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz")
            with connection.getresponse() as answer:
                return answer.status < 500
        return False

    return ready


def _log_says(words: str) -> Callable[[Part], bool]:
    def ready(part: Part) -> bool:
        return part.child is not None and words in part.child.log.read_text(errors="replace")

    return ready


def _listens(urls: Urls) -> Callable[[Part], bool]:
    """The relay works as soon as it listens for new jobs."""
    url = urls.database.replace("+psycopg", "")

    def ready(part: Part) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=5) as connection:
            asked = connection.execute("SELECT 1 FROM pg_stat_activity WHERE query = 'LISTEN outbox'")
            return asked.fetchone() is not None
        return False

    return ready
