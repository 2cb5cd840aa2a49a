"""The catalogue of what can happen: frozen records, named in the past tense.

Every event becomes a row on its claim's timeline. `creditor_sees` puts it on the creditor's timeline
too; `reacts` says that `agency.reactions` has an entry for it, which then runs as a job.
Each room's events stand in a file of its name; everybody takes them from here.
"""

# ruff: noqa: F403 - a room's file is the list of its events; a second list here would only repeat it

from dataclasses import fields
from typing import Any
from uuid import UUID

from agency.events.arrangements import *
from agency.events.banking import *
from agency.events.bookkeeping import *
from agency.events.claims import *
from agency.events.communication import *
from agency.events.credit import *
from agency.events.desk import *
from agency.events.disputes import *
from agency.events.documents import *
from agency.events.early_warning import *
from agency.events.event import Event as Event
from agency.events.intake import *
from agency.events.parties import *
from agency.events.payments import *
from agency.events.pricing import *
from agency.events.privacy import *
from agency.events.remittance import *
from agency.events.screening import *
from agency.events.treatment import *

EVENTS: dict[str, type[Event]] = {event.__name__: event for event in Event.__subclasses__()}


def from_row(*, kind: str, creditor_id: UUID, claim_id: UUID | None, facts: dict[str, Any]) -> Event:
    """This function will rebuild the event that stands in a row.

    UUID fields come back as UUID; unknown fields of an older or newer version are ignored.

    :raises KeyError: the kind is not in the catalogue.
    """
    event_type = EVENTS[kind]
    values: dict[str, Any] = {}
    for field in fields(event_type):
        if field.name in facts:
            value = facts[field.name]
            values[field.name] = UUID(value) if value and field.name.endswith("_id") else value
    return event_type(creditor_id=creditor_id, claim_id=claim_id, **values)
