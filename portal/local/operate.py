"""Servers for one operator's command: those that run, else ours for as long as the command takes."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.local.places import held, running_state
from portal.local.processes import listen, stop
from portal.local.servers import Servers, Urls
from portal.local.supervisor import (
    PORTAL_PORT,
    SIMULATOR_PORT,
    Addresses,
    address,
    await_part,
    prepare_database,
    process_environment,
    simulator_part,
    word_environment,
)


@contextmanager
def operating(folder: Path, *, say: Callable[[str], None]) -> Iterator[Urls]:
    """This function will set the environment (settings are read from it) to a migrated database and queue.

    :raises AlreadyRunning: the data folder is held, but not by a running `up`.
    """
    if state := running_state(folder):
        urls = Urls(state["database_url"], state["database_owner_url"], state["redis_url"])
        os.environ.update(word_environment(urls, Addresses(**state["addresses"]), folder))
        yield urls
        return
    with held(folder), listen(SIMULATOR_PORT) as listening:
        addresses = Addresses(f"http://127.0.0.1:{PORTAL_PORT}", address(listening))
        simulator = simulator_part(listening)
        servers = Servers.at(folder)
        try:
            servers.start()
            urls = servers.urls()
            os.environ.update(word_environment(urls, addresses, folder))
            simulator.start(folder, process_environment(urls, addresses, folder))
            await_part(simulator, stopping=threading.Event())
            prepare_database(servers, addresses, folder, say=say)
            yield urls
        finally:
            if simulator.child is not None:
                stop([simulator.child], number=signal.SIGTERM, seconds=3)
            servers.stop()
