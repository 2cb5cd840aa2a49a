"""What runs by the clock: a job, how often, and nothing else. Two schedulers start a due moment once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from agency.arrangements.jobs import check_due_plans, check_due_promises
from agency.banking.jobs import explain_settlements, prove_everything
from agency.bookkeeping.jobs import fetch_nightly, finish_fetching, go_on_fetching
from agency.communication.jobs import mail_creditors, print_letters, release, resolve, take_scans
from agency.desk.jobs import lapse_call_notes
from agency.documents.jobs import follow_requests
from agency.early_warning.jobs import weigh
from agency.kernel.actor import JobFunction, actor_name
from agency.kernel.outbox import enqueue
from agency.kernel.unit import Unit
from agency.parties.jobs import check_hosts
from agency.payments.jobs import ask_given_back, ask_open_intents
from agency.payments.provider_refunds import send_waiting_refunds
from agency.pricing.jobs import measure_recovery
from agency.privacy.jobs import erase_exports, propose_erasing
from agency.remittance.jobs import begin_accounts
from agency.screening.jobs import screen
from agency.treatment.jobs import plan


@dataclass(frozen=True)
class Scheduled:
    """A job that is due every `every`, counted from midnight UTC."""

    job: JobFunction
    every: timedelta


SCHEDULE: tuple[Scheduled, ...] = (
    Scheduled(plan, timedelta(hours=1)),
    Scheduled(release, timedelta(minutes=1)),
    # Two print runs a day, at night and at noon: letters are gathered into batches between them.
    Scheduled(print_letters, timedelta(hours=12)),
    Scheduled(resolve, timedelta(minutes=5)),
    Scheduled(take_scans, timedelta(minutes=1)),
    Scheduled(follow_requests, timedelta(hours=1)),
    Scheduled(mail_creditors, timedelta(hours=1)),
    Scheduled(check_due_promises, timedelta(hours=6)),
    Scheduled(check_due_plans, timedelta(hours=6)),
    Scheduled(lapse_call_notes, timedelta(hours=6)),
    Scheduled(ask_open_intents, timedelta(minutes=5)),
    Scheduled(ask_given_back, timedelta(days=1)),
    Scheduled(send_waiting_refunds, timedelta(hours=1)),
    Scheduled(explain_settlements, timedelta(hours=1)),
    # Often, because a register that was silent is tried again soon; who is not due is not asked about.
    Scheduled(screen, timedelta(minutes=5)),
    Scheduled(prove_everything, timedelta(days=1)),
    Scheduled(measure_recovery, timedelta(days=1)),
    Scheduled(weigh, timedelta(days=1)),
    Scheduled(begin_accounts, timedelta(hours=1)),
    Scheduled(check_hosts, timedelta(hours=1)),
    Scheduled(erase_exports, timedelta(hours=1)),
    Scheduled(fetch_nightly, timedelta(days=1)),
    # Often: a vendor that asked for a minute is asked again after one.
    Scheduled(go_on_fetching, timedelta(minutes=1)),
    Scheduled(finish_fetching, timedelta(minutes=1)),
    Scheduled(propose_erasing, timedelta(days=1)),
)

_BY_NAME = {actor_name(scheduled.job): scheduled.job for scheduled in SCHEDULE}
_START = text(
    "INSERT INTO scheduled_run (job, due_at, started_at)"
    " SELECT s.job, s.due_at, :now FROM unnest(CAST(:jobs AS text[]), CAST(:dues AS timestamptz[]))"
    " AS s(job, due_at) ON CONFLICT DO NOTHING RETURNING job"
)


def due_moment(*, now: datetime, every: timedelta) -> datetime:
    """This function will return the latest moment not after `now` at which a job of this rhythm is due."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ((now - midnight) // every) * every


def start_due_jobs(unit: Unit) -> int:
    """This function will enqueue each scheduled job once per due moment and return how many were started."""
    dues = [due_moment(now=unit.now, every=scheduled.every) for scheduled in SCHEDULE]
    values = {"jobs": list(_BY_NAME), "dues": dues, "now": unit.now}
    started = unit.session.connection().execute(_START, values).scalars().all()
    for name in started:
        enqueue(unit, _BY_NAME[name])
    return len(started)
