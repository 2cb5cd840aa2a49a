"""Worker process: `dramatiq portal.worker`. A message only names jobs; the jobs stand in the outbox."""

from uuid import UUID

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from agency.kernel.actor import ACTORS
from agency.kernel.outbox import run_jobs
from agency.kernel.settings import settings
from portal.wiring import wire


class Broker(RedisBroker):
    """Jobs that wait do so in the outbox: nothing is ever in Dramatiq's own queues of delayed messages, and
    looking into those costs an idle worker as much as looking into the others."""

    def get_declared_delay_queues(self) -> set[str]:
        """None."""
        return set()


# Redelivery after a killed worker must not wait for Dramatiq's default minute; the relay wakes the same
# job again anyway, and the lease in the database decides who runs it.
broker = Broker(  # type: ignore[no-untyped-call]
    url=settings().redis_url, heartbeat_timeout=10_000, maintenance_chance=100_000
)
dramatiq.set_broker(broker)
wiring = wire()

QUEUES = tuple(sorted({actor.queue for actor in ACTORS.values()}))


def _wake(job_ids: list[str]) -> None:
    run_jobs(wiring.units, [UUID(job_id) for job_id in job_ids])


def _waker(queue: str) -> dramatiq.Actor[[list[str]], None]:
    decorate = dramatiq.actor(actor_name=f"wake.{queue}", queue_name=queue, max_retries=0, time_limit=600_000)
    return decorate(_wake)


WAKERS = {queue: _waker(queue) for queue in QUEUES}
