"""Jobs of the bookkeeping: fetching, handing over, documents, and questions about what came in."""

from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.bookkeeping.falls import look_at_falls
from agency.bookkeeping.fetching import LEASE_SECONDS, Fetching, ask_fetch
from agency.bookkeeping.handing_over import hand_over_by_rule, hand_over_chosen
from agency.bookkeeping.models import BookkeepingFetch
from agency.bookkeeping.papers import fetch_papers
from agency.events import FetchAsked, InvoicesHandedOver, SelectionMade
from agency.kernel.actor import actor, actor_name
from agency.kernel.outbox import enqueue
from agency.kernel.ports import installed_ports
from agency.kernel.settings import settings
from agency.kernel.unit import Unit, Units

_DUE: Final = text(
    "UPDATE bookkeeping_fetch SET state = 'running', wait_until = NULL WHERE state = 'waiting'"
    " AND wait_until <= :now RETURNING creditor_id, id, pages, failures"
)
_CONNECTED: Final = text(
    "SELECT creditor_id, id FROM bookkeeping_connection WHERE state = 'connected' AND administration <> ''"
    " ORDER BY creditor_id, id"
)
_LEFT: Final = text(
    "SELECT DISTINCT b.creditor_id, b.connection_id FROM booked_invoice b JOIN bookkeeping_connection k"
    " ON k.creditor_id = b.creditor_id AND k.id = b.connection_id JOIN claim c"
    " ON c.creditor_id = b.creditor_id AND c.id = b.claim_id"
    " WHERE k.state = 'connected' AND (k.busy_until IS NULL OR k.busy_until <= :now)"
    # One at a time: two would ask for the same documents.
    " AND NOT EXISTS (SELECT FROM outbox o WHERE o.done_at IS NULL AND o.quarantined_at IS NULL"
    "  AND o.actor = ANY(:actors) AND o.args ->> 'connection_id' = CAST(k.id AS text))"
    " AND (b.document = 'wanted' OR (b.open_minor < b.told_minor AND c.state IN ('active', 'paid')))"
)


def fetch_later(unit: Unit, event: FetchAsked) -> None:
    """This reaction will have a fetch run by a job of its own."""
    enqueue(
        unit,
        run_fetch,
        key=f"bookkeeping:{event.fetch_id}:0:0",
        creditor_id=event.creditor_id,
        whose=str(event.creditor_id),
        fetch_id=str(event.fetch_id),
    )


@actor(queue="intake", lease_seconds=LEASE_SECONDS, attempts_max=20, own_units=True)
def run_fetch(units: Units, *, whose: str, fetch_id: str) -> None:
    """This function will fetch what is open, and when all is there hand over by rule and ask what fell."""
    Fetching(
        units, installed_ports(), creditor_id=UUID(whose), fetch_id=UUID(fetch_id), when_done=follow
    ).run()


def follow(unit: Unit, fetch: BookkeepingFetch) -> None:
    """This function will have done what follows from a fetch that has ended."""
    named = {"whose": str(fetch.creditor_id), "connection_id": str(fetch.connection_id)}
    for job, word in ((place_by_rule, "rule"), (ask_what_fell, "falls")):
        enqueue(unit, job, key=f"bookkeeping-{word}:{fetch.id}", creditor_id=fetch.creditor_id, **named)


@actor(queue="intake", lease_seconds=600)
def place_by_rule(unit: Unit, *, whose: str, connection_id: str) -> None:
    """This function will hand over what the creditor's rule says."""
    ports = installed_ports()
    hand_over_by_rule(
        unit, ports.files, ports.read_einvoice, creditor_id=UUID(whose), connection_id=UUID(connection_id)
    )


@actor(queue="intake", lease_seconds=LEASE_SECONDS, own_units=True)
def ask_what_fell(units: Units, *, whose: str, connection_id: str) -> None:
    """This function will ask the creditor about claims of which less is open in its books; a busy vendor is
    asked again when it has time."""
    look_at_falls(units, installed_ports(), creditor_id=UUID(whose), connection_id=UUID(connection_id))


def hand_over_later(unit: Unit, event: SelectionMade) -> None:
    """This reaction will have a large choice handed over by a job."""
    enqueue(
        unit,
        place_chosen,
        key=f"bookkeeping-handover:{event.handover_id}",
        creditor_id=event.creditor_id,
        whose=str(event.creditor_id),
        handover_id=str(event.handover_id),
    )


@actor(queue="intake", lease_seconds=600)
def place_chosen(unit: Unit, *, whose: str, handover_id: str) -> None:
    """This function will hand a large choice over."""
    ports = installed_ports()
    hand_over_chosen(
        unit, ports.files, ports.read_einvoice, creditor_id=UUID(whose), handover_id=UUID(handover_id)
    )


def documents_later(unit: Unit, event: InvoicesHandedOver) -> None:
    """This reaction will have the documents of handed-over invoices fetched."""
    enqueue(
        unit,
        fetch_documents,
        key=f"bookkeeping-papers:{event.placement_id}:{unit.now.isoformat()}",
        creditor_id=event.creditor_id,
        whose=str(event.creditor_id),
        connection_id=str(event.connection_id),
    )


@actor(queue="documents", lease_seconds=LEASE_SECONDS, own_units=True)
def fetch_documents(units: Units, *, whose: str, connection_id: str) -> None:
    """This function will fetch documents of invoices; a busy vendor is asked again later."""
    fetch_papers(
        units, installed_ports(), settings(), creditor_id=UUID(whose), connection_id=UUID(connection_id)
    )


@actor()
def fetch_nightly(unit: Unit) -> None:
    """This function will begin a fetch of every bookkeeping that is connected."""
    for row in unit.session.connection().execute(_CONNECTED).all():
        ask_fetch(unit, creditor_id=row.creditor_id, connection_id=row.id)


@actor()
def go_on_fetching(unit: Unit) -> None:
    """This function will go on with fetches whose wait is over."""
    for row in unit.session.connection().execute(_DUE, {"now": unit.now}).all():
        enqueue(
            unit,
            run_fetch,
            key=f"bookkeeping:{row.id}:{row.pages}:{row.failures}:{unit.now.isoformat()}",
            creditor_id=row.creditor_id,
            whose=str(row.creditor_id),
            fetch_id=str(row.id),
        )


@actor()
def finish_fetching(unit: Unit) -> None:
    """This function will go on with documents and questions that a busy vendor left undone."""
    follow_ups = (fetch_documents, ask_what_fell)
    values = {"now": unit.now, "actors": [actor_name(job) for job in follow_ups]}
    for row in unit.session.connection().execute(_LEFT, values).all():
        named = {"whose": str(row.creditor_id), "connection_id": str(row.connection_id)}
        for job in follow_ups:
            enqueue(unit, job, creditor_id=row.creditor_id, **named)
