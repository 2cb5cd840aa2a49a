"""Worker process: `dramatiq portal.worker`. A message only names jobs; the jobs stand in the outbox."""

from uuid import UUID

import dramatiq

from agency.kernel.actor import ACTORS
from agency.kernel.outbox import run_jobs
from agency.kernel.settings import settings
from portal.inspection_papers import give_papers
from portal.logs import log_past_dramatiq
from portal.settling import settle_in
from portal.waking import WakingBroker
from portal.wiring import wire

log_past_dramatiq()
broker = WakingBroker(settings())
dramatiq.set_broker(broker)
wiring = wire()
give_papers(wiring)

QUEUES = tuple(sorted({actor.queue for actor in ACTORS.values()}))


def _wake(job_ids: list[str]) -> None:
    run_jobs(wiring.units, [UUID(job_id) for job_id in job_ids])


def _waker(queue: str) -> dramatiq.Actor[[list[str]], None]:
    decorate = dramatiq.actor(actor_name=f"wake.{queue}", queue_name=queue, max_retries=0, time_limit=600_000)
    return decorate(_wake)


WAKERS = {queue: _waker(queue) for queue in QUEUES}
settle_in()
