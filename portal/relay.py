"""Relay process: `python -m portal.relay`. Wakes workers for waiting jobs and starts scheduled jobs.

It may be killed at any moment and two may run at once: a job that is named twice is leased once.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from agency.kernel.outbox import take_waiting
from agency.kernel.settings import Settings, settings
from agency.kernel.unit import Door
from portal.schedule import start_due_jobs
from portal.settling import settle_in
from portal.waking import WakingBroker
from portal.wiring import Wiring, wire

log = structlog.get_logger()

# Jobs named by one message run one after the other: few are spread over the workers' threads, many share
# messages, for fewer round trips.
CHUNK = 10
SPREAD = 16
LIMIT = 1000
IDLE_SECONDS = 1.0


def relay_once(wiring: Wiring, broker: WakingBroker) -> int:
    """This function will wake workers for every waiting job and return how many there were.

    A crash between marking and naming costs one re-dispatch interval, not a job.
    """
    with wiring.units.open(Door.WORKER, by="system:relay") as unit:
        waiting = take_waiting(unit, limit=LIMIT)
    for queue, ids in waiting.items():
        size = min(CHUNK, -(-len(ids) // SPREAD))
        broker.put(queue, (ids[start : start + size] for start in range(0, len(ids), size)))
    return sum(len(ids) for ids in waiting.values())


def run(config: Settings) -> None:
    """This function will relay until the process is told to stop; lost connections are made anew."""
    broker = WakingBroker(config)
    wiring = wire()
    settle_in()
    stop = _stop_flag()
    while not stop:
        try:
            with _woken(config.database_url) as waits:
                asked = 0.0
                while not stop:
                    if time.monotonic() - asked >= IDLE_SECONDS:
                        asked = time.monotonic()
                        with wiring.units.open(Door.WORKER, by="system:schedule") as unit:
                            start_due_jobs(unit)
                    if relay_once(wiring, broker) < LIMIT:
                        next(waits)
        except (SQLAlchemyError, psycopg.Error, RedisError, ConnectionError) as error:
            log.warning("relay.connection.lost", error=type(error).__name__)
            signal.sigtimedwait([], IDLE_SECONDS)


@contextmanager
def _woken(url: str) -> Iterator[Iterator[None]]:
    """Listen for new outbox rows; each `next` returns at a notification or after the idle time."""
    with psycopg.connect(
        url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True, connect_timeout=5
    ) as listener:
        listener.execute("LISTEN outbox")

        def waits() -> Iterator[None]:
            while True:
                for _ in listener.notifies(timeout=IDLE_SECONDS, stop_after=1):
                    pass
                yield

        yield waits()


def _stop_flag() -> list[bool]:
    flag: list[bool] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: flag.append(True))
    return flag


if __name__ == "__main__":
    run(settings())
