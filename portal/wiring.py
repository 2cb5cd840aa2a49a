"""Wiring: the one place that chooses adapters and connects rooms to them.

Outside production every adapter points at the simulator, and the adapters themselves refuse any address
that is not this machine: a demo never reaches a real person.
"""

from dataclasses import dataclass
from functools import lru_cache

from agency.kernel.emitting import install_reactions
from agency.kernel.ports import Ports, install_ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Units, engine_for
from agency.reactions import REACTIONS


@dataclass(frozen=True)
class Wiring:
    """What a process needs to work: settings, units on its database, adapters."""

    settings: Settings
    units: Units
    ports: Ports


@lru_cache(maxsize=1)
def wire(settings: Settings) -> Wiring:
    """This function will connect this process: engine, adapters, reactions."""
    ports = choose_ports(settings)
    install_ports(ports)
    install_reactions(REACTIONS)
    return Wiring(
        settings=settings,
        units=Units(engine_for(settings.database_url, settings.database_pool)),
        ports=ports,
    )


def choose_ports(settings: Settings) -> Ports:
    """This function will build the adapters: real providers in production, the simulator elsewhere."""
    raise NotImplementedError
