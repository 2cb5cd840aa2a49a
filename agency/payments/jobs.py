"""Jobs that ask the payment provider: after a webhook, and by the clock for what was never told."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text

from agency.kernel.actor import actor
from agency.kernel.ids import new_id
from agency.kernel.inbox import Told, receive, take_unhandled
from agency.kernel.outbox import enqueue_many
from agency.kernel.ports import installed_ports
from agency.kernel.unit import Door, Unit, Units
from agency.payments.provider_payments import Question, apply_answer, ask, give_up
from agency.payments.provider_refunds import send_refund, send_waiting_refunds
from agency.ports.providers import ProviderPayment, ProviderRefused

# Imported here too, so that every process that knows this room's jobs knows these.
__all__ = ["send_refund", "send_waiting_refunds"]

log = structlog.get_logger()

SOURCE = "mollie"
# A stranger who posts made-up ids makes us ask the provider at most this often.
NOTICES_PER_MINUTE = 300
ASK_PER_JOB = 20
# The provider forgets an idempotency key after an hour: by then a payment whose creation was never
# answered cannot be found by us, nor paid by anybody, because nobody got its address.
CREATING_FOR_MAX = timedelta(hours=1)
# A paid payment may still be refunded or charged back, and notices of that may be lost too. The provider
# is asked daily which ones were, far enough back for an outage of some days.
LOOK_BACK = timedelta(days=14)


def take_notice(unit: Unit, *, ref: str) -> bool:
    """This function will keep a webhook's pointer to a payment and have it fetched.

    A pointer that already waits is not kept twice, so a storm of duplicates is asked about once.

    :returns: False when it was dropped because too many came within a minute.
    """
    state = (
        unit.session.connection()
        .execute(
            text(
                "SELECT count(*) FILTER (WHERE body->>'ref' = :ref AND handled_at IS NULL) AS waiting,"
                " count(*) AS recent FROM inbox WHERE source = :source"
                " AND received_at > CAST(:now AS timestamptz) - interval '1 minute'"
            ),
            {"source": SOURCE, "ref": ref, "now": unit.now},
        )
        .one()
    )
    if state.recent >= NOTICES_PER_MINUTE:
        log.warning("payments.notice.dropped", recent=state.recent)
        return False
    if not state.waiting:
        told = Told(external_id=f"{ref}:{new_id()}", body={"ref": ref})
        receive(unit, source=SOURCE, facts=[told], handler=handle_notices)
    return True


@actor(queue="payments", own_units=True)
def handle_notices(units: Units, *, inbox_ids: list[str]) -> None:
    """This job will fetch each payment that a webhook pointed at and bring the books to it.

    A notice counts as handled before the provider is asked: one that comes after that is a new question.
    """
    with units.open(Door.WORKER, by="system:payments") as unit:
        take_unhandled(unit, inbox_ids)
        rows = unit.session.connection().execute(
            text("SELECT body->>'ref' FROM inbox WHERE id = ANY(CAST(:ids AS uuid[]))"), {"ids": inbox_ids}
        )
        refs = sorted(set(rows.scalars()))
    for ref in refs:
        ask_about(units, ref=ref)


@actor(queue="payments")
def ask_open_intents(unit: Unit) -> None:
    """This job will have the provider asked about every payment whose end we were not told."""
    _ask_where(
        unit,
        "state IN ('creating', 'open') AND created_at < CAST(:now AS timestamptz) - interval '2 minutes'",
        now=unit.now,
    )


@actor(queue="payments", own_units=True)
def ask_given_back(units: Units) -> None:
    """This job will, run daily, ask about each payment of which the provider gave something back."""
    with units.open(Door.WORKER, by="system:payments") as unit:
        since = unit.today - LOOK_BACK
    refs = installed_ports().payments.given_back(since=since)
    with units.open(Door.WORKER, by="system:payments") as unit:
        _ask_where(unit, "state = 'paid' AND provider_ref = ANY(:refs)", refs=sorted(refs))


def _ask_where(unit: Unit, condition: str, **values: Any) -> None:
    rows = unit.session.connection().execute(
        text(f"SELECT id FROM payment_intent WHERE {condition} ORDER BY id"), values
    )
    ids = [str(intent_id) for intent_id in rows.scalars()]
    chunks = [{"intent_ids": ids[start : start + ASK_PER_JOB]} for start in range(0, len(ids), ASK_PER_JOB)]
    enqueue_many(unit, ask_intents, chunks)


@actor(queue="payments", own_units=True)
def ask_intents(units: Units, *, intent_ids: list[str]) -> None:
    """This job will ask about a chunk of intents."""
    for intent_id in intent_ids:
        ask_about(units, intent_id=UUID(intent_id))


def ask_about(units: Units, *, ref: str | None = None, intent_id: UUID | None = None) -> None:
    """This function will ask the provider about one payment and apply the answer.

    A payment that we do not know by its reference may be one whose creation was never answered: it then
    carries our own id.

    :raises ProviderTransient: the provider could not be asked; the job is tried again.
    """
    with units.open(Door.WORKER, by="system:payments") as unit:
        question = ask(unit, ref=ref, intent_id=intent_id)
    known_ref = question.ref if question and question.ref else ref
    if known_ref is None:
        if question is not None:
            _end_if_old(units, question)
        return
    try:
        answer = installed_ports().payments.fetch(known_ref)
    except ProviderRefused:
        log.info("payments.notice.unknown")
        return
    if question is None:
        question = _by_own_id(units, answer)
    if question is None:
        return
    with units.open(Door.WORKER, by="system:payments") as unit:
        apply_answer(unit, question=question, answer=answer)


def _by_own_id(units: Units, answer: ProviderPayment) -> Question | None:
    try:
        own_id = UUID(answer.intent_id)
    except ValueError:
        return None
    with units.open(Door.WORKER, by="system:payments") as unit:
        return ask(unit, intent_id=own_id)


def _end_if_old(units: Units, question: Question) -> None:
    with units.open(Door.WORKER, by="system:payments") as unit:
        created_at = (
            unit.session.connection()
            .execute(
                text("SELECT created_at FROM payment_intent WHERE creditor_id = :c AND id = :id"),
                {"c": question.creditor_id, "id": question.intent_id},
            )
            .scalar_one()
        )
        if created_at < unit.now - CREATING_FOR_MAX:
            give_up(unit, question=question)
