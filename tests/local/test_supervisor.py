"""`dev up` as a person meets it: one command, addresses that answer, nothing left behind."""

import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from portal.local.places import PROJECT, read_state
from portal.local.processes import command_line, wait_until

pytestmark = pytest.mark.crash

START_SECONDS = 180


class Up:
    """A running `up` on a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.endswith(("DATABASE_URL", "REDIS_URL"))
            },
            "AGENCY_DATA_FOLDER": str(folder),
            "PYTHONPATH": str(PROJECT),
        }
        for servers_of_others in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
            self.environment.pop(servers_of_others, None)
        command = [sys.executable, "-P", "-m", "portal.cli", "up"]
        self.output = folder / "up.txt"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [*command, "--port", "18000", "--simulator-port", "18025"],
                env=self.environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def wait(self) -> dict:
        came = wait_until(
            lambda: "Ctrl-C stops" in self.output.read_text() or self.process.poll() is not None,
            seconds=START_SECONDS,
        )
        assert came, self.output.read_text()
        assert self.process.poll() is None, self.output.read_text()
        return read_state(self.folder)

    def word(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "portal.cli", *words],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=120)


@pytest.fixture
def up(data_folder):
    runs = []

    def start() -> Up:
        runs.append(Up(data_folder))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)


def everything(state: dict) -> list[int]:
    """The process ids of all that runs, what the parts forked included."""
    own = [*state["processes"].values(), *state["servers"].values()]
    listed = subprocess.run(["ps", "-eo", "pid=,pgid="], capture_output=True, text=True, check=True).stdout
    groups = [tuple(map(int, row.split())) for row in listed.splitlines()]
    return [pid for pid, group in groups if group in own]


def answer(url: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", "/healthz")
    status = connection.getresponse().status
    connection.close()
    return status


def leave_a_mark(state: dict) -> None:
    with psycopg.connect(state["database_owner_url"].replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE mark ()")


def has_mark(state: dict) -> bool:
    with psycopg.connect(state["database_owner_url"].replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT to_regclass('mark') IS NOT NULL").fetchone()
    return bool(row and row[0])


class TestUp:
    def test_it_runs_survives_its_parts_and_leaves_nothing(self, up):
        # A first start: everything answers, and `status` says where and who.
        first = up()
        state = first.wait()
        assert answer(state["addresses"]["portal"]) < 500
        assert answer(state["addresses"]["simulator"]) < 500
        status = json.loads(first.word("status", "--json").stdout)
        assert status["running"] is True
        assert status["addresses"] == state["addresses"]
        assert {person["audience"] for person in status["sign_ins"]} >= {"collector", "creditor", "finance"}
        assert status["debtor_links"]
        leave_a_mark(state)

        # A second `up` says politely that one runs, with its addresses.
        second = first.word("up")
        assert second.returncode == 0
        assert "It runs already" in second.stderr
        assert state["addresses"]["portal"] in second.stdout

        # A part that is killed comes back.
        os.kill(state["processes"]["worker"], signal.SIGKILL)
        assert wait_until(
            lambda: read_state(first.folder)["processes"]["worker"] != state["processes"]["worker"],
            seconds=60,
        )

        # Killed itself, it leaves no process.
        assert wait_until(lambda: len(everything(read_state(first.folder))) > 6, seconds=60)
        running = everything(read_state(first.folder))
        first.end(signal.SIGKILL)
        assert wait_until(lambda: not any(command_line(pid) for pid in running), seconds=60)
        assert json.loads(first.word("status", "--json").stdout)["running"] is False

        # Started again, it has kept its data; Ctrl-C ends it.
        third = up()
        state = third.wait()
        assert has_mark(state)
        running = everything(state)
        third.process.send_signal(signal.SIGINT)
        assert third.process.wait(timeout=120) == 0
        assert not any(command_line(pid) for pid in running)
