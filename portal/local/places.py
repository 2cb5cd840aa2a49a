"""Where things lie on this machine: the project, its data, its logs and the state of a running `up`."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portal.local.processes import command_line

PROJECT = Path(__file__).resolve().parents[2]


class LocalTrouble(Exception):
    """What goes wrong on this machine and a person can act on; shown without a traceback."""


class AlreadyRunning(LocalTrouble):
    """Another process holds the data folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"The data in {folder} is in use. Stop what uses it first (Ctrl-C in its terminal).")


def data_folder() -> Path:
    """This function will return the folder that keeps databases, files and logs between runs.

    It is `.data` in the project. Root's servers run as a user without rights, who may not be able to
    enter the project's folder, so root's data lies under /var/lib. AGENCY_DATA_FOLDER overrides both.
    """
    if chosen := os.environ.get("AGENCY_DATA_FOLDER"):
        return Path(chosen).resolve()
    if os.geteuid() == 0:
        return Path("/var/lib") / f"agency-{hashlib.sha256(bytes(PROJECT)).hexdigest()[:10]}"
    return PROJECT / ".data"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """This function will hold the data folder for one process while the block runs.

    :raises AlreadyRunning: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o711)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(folder) from None
        yield


def write_private(path: Path, content: str) -> None:
    """This function will replace a file as a whole; only its owner may read it."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    fresh.replace(path)


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """This function will record what runs: process ids, database URLs with passwords, addresses."""
    write_private(folder / "state.json", json.dumps(state, indent=2) + "\n")


def read_state(folder: Path) -> dict[str, Any]:
    """This function will return what the last `up` recorded; empty when there is nothing."""
    try:
        state: dict[str, Any] = json.loads((folder / "state.json").read_text())
    except FileNotFoundError:
        return {}
    return state


def running_state(folder: Path) -> dict[str, Any]:
    """This function will return the state of the `up` that runs now; empty when none does or not yet."""
    state = read_state(folder)
    if not state.get("ready") or "portal.cli" not in command_line(state["supervisor"]):
        return {}
    return state
