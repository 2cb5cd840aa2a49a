"""The outside world of one process: its parts, and how routes reach them."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel

from integrations.simulator.clock import Clock
from integrations.simulator.configuration import Configuration
from integrations.simulator.faults import Faults
from integrations.simulator.reports import Reports
from integrations.simulator.store import Store


class Delays(BaseModel):
    """How long things take outside, in seconds."""

    email: int = 1
    sms: int = 1
    call_ring: int = 2
    letter_print: int = 10
    letter_post: int = 60
    letter_return: int = 3 * 24 * 3600

    def of(self, name: str) -> timedelta:
        """One of them."""
        return timedelta(seconds=getattr(self, name))


@dataclass
class World:
    """Everything that a route needs. Lives on the event loop's one thread."""

    configuration: Configuration
    store: Store
    clock: Clock
    faults: Faults
    reports: Reports
    delays: Delays = field(default_factory=Delays)


async def world_of(request: Request) -> World:
    """This function will return the world of the running app."""
    world: World = request.app.state.world
    return world


TheWorld = Annotated[World, Depends(world_of)]
