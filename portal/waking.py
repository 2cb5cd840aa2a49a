"""The broker between relay and workers: jobs stand in the outbox, a message only names some of them.

Dramatiq's consumers look into their queues again and again, which costs an idle worker a good part of a
core, or the first page that waits for it a good part of a second. Here the relay says that it has put
something in, and a consumer sleeps until it hears that.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import dramatiq
import structlog
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from redis.exceptions import RedisError

from agency.kernel.settings import Settings

log = structlog.get_logger()

_CHANNEL: Final = "wake"
# A word may get lost while a connection is made anew: then a consumer looks by itself after this long.
_LOOK_ANYWAY_SECONDS: Final = 1.0
_LISTEN_AGAIN_SECONDS: Final = 1.0


class WakingBroker(RedisBroker):
    """A Redis broker whose consumers wait to be told.

    Redelivery after a killed worker must not wait for Dramatiq's default minute; the relay names the same
    job again anyway, and the lease in the database decides who runs it.
    """

    def __init__(self, config: Settings) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            url=config.redis_url, heartbeat_timeout=10_000, maintenance_chance=100_000
        )
        self._told: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._listening = threading.Lock()

    def get_declared_delay_queues(self) -> set[str]:
        """None: jobs that wait do so in the outbox, so Dramatiq's queues of delayed messages stay empty."""
        return set()

    def put(self, queue: str, chunks: Iterable[Sequence[UUID]]) -> None:
        """Name jobs of one queue, each chunk in a message of its own, and tell the workers."""
        for ids in chunks:
            self.enqueue(
                dramatiq.Message(
                    queue_name=queue,
                    actor_name=f"wake.{queue}",
                    args=([str(job_id) for job_id in ids],),
                    kwargs={},
                    options={},
                )
            )
        self.client.publish(_CHANNEL, queue)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> "_WaitingConsumer":
        """Take messages of one queue; `timeout` is not used, as nobody looks again and again."""
        if self._listening.acquire(blocking=False):
            threading.Thread(target=self._listen, name="wake", daemon=True).start()
        return _WaitingConsumer(self, queue_name, prefetch, told=self._told[queue_name])

    def _listen(self) -> None:
        """Pass on what the relay says; after a lost connection everybody looks once."""
        while True:
            try:
                with self.client.pubsub(ignore_subscribe_messages=True) as channel:
                    channel.subscribe(_CHANNEL)
                    self._tell_all()
                    for word in channel.listen():
                        self._told[word["data"].decode()].set()
            except (RedisError, OSError) as error:
                log.warning("worker.wake.lost", error=type(error).__name__)
                threading.Event().wait(_LISTEN_AGAIN_SECONDS)

    def _tell_all(self) -> None:
        for told in list(self._told.values()):
            told.set()


class _WaitingConsumer(_RedisConsumer):
    """Looks into its queue when it is told to, when it has room again, and once a second."""

    def __init__(self, broker: WakingBroker, queue: str, prefetch: int, *, told: threading.Event) -> None:
        # The parent's own pause between two looks is a millisecond at most: the waiting is done below.
        super().__init__(broker, queue, prefetch, timeout=1)  # type: ignore[no-untyped-call]
        self._told = told

    def __next__(self) -> Any:
        # Cleared before the look: what is put in after it sets the event again, and nothing is missed.
        self._told.clear()
        message = super().__next__()  # type: ignore[no-untyped-call]
        if message is None:
            self._told.wait(_LOOK_ANYWAY_SECONDS)
        return message

    def ack(self, message: Any) -> None:
        """Done with one, so there is room for another."""
        super().ack(message)  # type: ignore[no-untyped-call]
        self._told.set()

    def nack(self, message: Any) -> None:
        """Failed with one, so there is room for another."""
        super().nack(message)  # type: ignore[no-untyped-call]
        self._told.set()
