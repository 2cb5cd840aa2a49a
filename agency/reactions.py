"""One table: event -> who reacts. Every reaction runs in its own job, with the event's own transaction."""

from typing import Any

from agency.events import Event
from agency.kernel.emitting import Reaction

REACTIONS: dict[type[Event], tuple[Reaction, ...]] = {}

__all__ = ["REACTIONS", "Any"]
