"""Worker process: `dramatiq portal.worker`. A message only names jobs; the jobs stand in the outbox."""

from importlib import import_module
from uuid import UUID

import dramatiq

from agency.kernel.actor import ACTORS
from agency.kernel.outbox import run_jobs
from agency.kernel.settings import settings
from agency.privacy.papers import Papers, install_papers
from portal.logs import log_past_dramatiq
from portal.settling import settle_in
from portal.waking import WakingBroker
from portal.wiring import wire

log_past_dramatiq()
broker = WakingBroker(settings())
dramatiq.set_broker(broker)
wiring = wire()


def draw_papers() -> Papers:
    """This function will return what draws the documents of an inspector's export.

    Read when the first one is made: it brings the pages of every door, which other workers never need.
    """
    papers: Papers = import_module("portal.inspection_papers").DoorPapers(
        wiring.settings, wiring.ports.renderer
    )
    return papers


install_papers(draw_papers)

QUEUES = tuple(sorted({actor.queue for actor in ACTORS.values()}))


def _wake(job_ids: list[str]) -> None:
    run_jobs(wiring.units, [UUID(job_id) for job_id in job_ids])


def _waker(queue: str) -> dramatiq.Actor[[list[str]], None]:
    decorate = dramatiq.actor(actor_name=f"wake.{queue}", queue_name=queue, max_retries=0, time_limit=600_000)
    return decorate(_wake)


WAKERS = {queue: _waker(queue) for queue in QUEUES}
settle_in()
