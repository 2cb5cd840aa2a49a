"""What a bench stands on: servers of its own in a temporary folder, databases copied from a template."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from agency.kernel.settings import SECRETS
from infra.bench.harness import tree_cpu
from portal.local.database import migrate
from portal.local.places import PROJECT
from portal.local.processes import Child, listen, port_of, start, stop, wait_until
from portal.local.servers import APPLICATION, OWNER, Postgres, Servers, Valkey

MIGRATED = "bench_migrated"
PUBLIC_URL = "https://bench.example"


class BenchFailed(Exception):
    """A process of the bench said what went wrong, or ended."""


class Helper:
    """A Python program beside the bench that answers each JSON line with one of its own."""

    def __init__(self, module: str, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=PROJECT, text=True,
        )  # fmt: skip
        self._read()  # it has imported what it needs, so a measurement does not begin with that

    def ask(self, **question: Any) -> dict[str, Any]:
        """This function will hand a question over and wait for its answer.

        :raises BenchFailed: the program answered with an error, or ended.
        """
        self.hand_over(**question)
        return self._read()

    def hand_over(self, **question: Any) -> None:
        """This function will hand a question over and not wait for its answer, which `answer` does."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """This function will wait for the answer to a question that was handed over.

        :raises BenchFailed: as `ask`.
        """
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise BenchFailed(f"{self.process.args!r} ended with {self.process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def cpu(self) -> float:
        """CPU seconds that it has used."""
        return tree_cpu(self.process.pid)

    def close(self) -> None:
        """End it: the end of its questions is the end of the program."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@dataclass
class Web:
    """A web application that serves on a port of its own, as the product serves."""

    children: list[Child]
    port: int

    def cpu(self) -> float:
        """CPU seconds that it has used."""
        return sum(tree_cpu(child.process.pid) for child in self.children)

    def stop(self) -> None:
        """End it."""
        stop(self.children, number=signal.SIGTERM, seconds=5)


@dataclass
class Ground:
    """The servers of one run of the benches."""

    postgres: Postgres
    valkey: Valkey
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def folder(self) -> Path:
        """Everything of this run; gone when it ends."""
        return self.postgres.folder

    def cpu(self) -> float:
        """CPU seconds that PostgreSQL has used, sessions that ended included."""
        assert self.postgres.child is not None
        return tree_cpu(self.postgres.child.process.pid)

    def copy(self, template: str, name: str) -> str:
        """This function will make a database anew from a template and return the application's URL of it."""
        self.postgres.drop_database(name)
        self.postgres.ensure_database(name, template=template)
        with self.postgres.superuser(name) as connection:
            connection.execute("VACUUM ANALYZE")  # a copy has no statistics of its own use
            connection.execute("CHECKPOINT")  # and its writing must not fall into what is measured
        return self.postgres.url(APPLICATION, name)

    def environment(self, database: str, **more: str) -> dict[str, str]:
        """The environment of a process on one of the databases; nothing of the caller's settings is in it."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AGENCY_", "PYTHON")) and name not in ("DATABASE_URL", "REDIS_URL")
        }
        return {
            **inherited,
            "AGENCY_DATABASE_URL": self.postgres.url(APPLICATION, database),
            "AGENCY_REDIS_URL": self.valkey.url(),
            "AGENCY_FILES_FOLDER": str(self.folder / "files"),
            "AGENCY_SECRET": self.secret,
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
            **more,
        }

    def production(self, database: str) -> dict[str, str]:
        """The environment of the portal as it serves customers: templates compiled once, strict settings."""
        keys = {f"AGENCY_{name.upper()}": secrets.token_urlsafe(32) for name in SECRETS if name != "secret"}
        return self.environment(
            database,
            AGENCY_MODE="production",
            AGENCY_PUBLIC_URL=PUBLIC_URL,
            AGENCY_HOSTS='["127.0.0.1", "testserver"]',
            # Nothing is sent or asked while pages are read.
            AGENCY_LETTERS_URL="http://127.0.0.1:9",
            AGENCY_REGISTERS_URL="http://127.0.0.1:9",
            AGENCY_CREDIT_URL="http://127.0.0.1:9",
            **keys,
        )

    def serve(self, application: str, environment: dict[str, str], *, ready: str, processes: int = 1) -> Web:
        """This function will start a web application the way the product is started.

        :param ready: a path that answers with 200 when it can work.
        :param processes: how many share its port.
        :raises BenchFailed: it did not come up within a minute; the message holds the end of its log.
        """
        listening = listen()
        port = port_of(listening)
        stem = application.split(":")[0]
        children = [
            start(
                [sys.executable, "-P", "-m", "portal.local.serve", application, str(listening.fileno())],
                name=application, log=self.folder / f"{stem}-{nth}.log",
                environment={**environment, "PYTHONPATH": str(PROJECT)}, cwd=PROJECT, listening=listening,
            )
            for nth in range(processes)
        ]  # fmt: skip
        listening.close()

        def settled() -> bool:
            ended = any(child.ended() for child in children)
            return ended or (all(map(_started, children)) and _answers(port, ready))

        if not wait_until(settled, seconds=60) or any(child.ended() for child in children):
            words = "\n".join(child.last_words() for child in children)
            raise BenchFailed(f"{application} did not come up:\n{words}")
        return Web(children, port)


def _started(child: Child) -> bool:
    return "Application startup complete" in child.log.read_text(errors="replace")


def _answers(port: int, path: str) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (TimeoutError, OSError):
        return False


@contextmanager
def ground() -> Iterator[Ground]:
    """This function will start PostgreSQL and Valkey in a temporary folder for as long as the block runs.

    Commits are durable: leaving out the disk would flatter whoever commits more often. `MIGRATED` is a
    migrated database to copy from.
    """
    # Not below a closed folder: root's servers run as a user without rights and must reach it.
    folder = Path(tempfile.mkdtemp(prefix="agency-bench-"))
    made = Ground(Postgres(folder), Valkey(folder))
    servers = Servers(made.postgres, made.valkey)
    try:
        servers.start()
        made.postgres.ensure_database(MIGRATED)
        migrate(made.postgres.url(OWNER, MIGRATED))
        yield made
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)
