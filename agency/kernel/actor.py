"""One decorator for every background job; the row in the outbox is the job, the broker only wakes us."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

JobFunction = Callable[..., None]


@dataclass(frozen=True)
class Actor:
    """A registered job. `own_units` jobs get the Units to open several transactions (reserve, call,
    confirm); the others get one Unit that commits together with the job's completion."""

    name: str
    run: JobFunction
    queue: str
    attempts_max: int
    lease_seconds: int | None
    own_units: bool


ACTORS: dict[str, Actor] = {}


def actor(
    *,
    queue: str = "default",
    attempts_max: int = 5,
    lease_seconds: int | None = None,
    own_units: bool = False,
) -> Callable[[JobFunction], JobFunction]:
    """This function will register a job under `<room>.<function>`; its arguments are ids, keyword-only.

    :param lease_seconds: for jobs that take longer than the setting `job_lease_seconds` allows.
    :raises ValueError: the name is taken.
    """

    def register(function: JobFunction) -> JobFunction:
        name = actor_name(function)
        if name in ACTORS and ACTORS[name].run is not function:
            raise ValueError(f"two actors are called {name}")
        ACTORS[name] = Actor(name, function, queue, attempts_max, lease_seconds, own_units)
        return function

    return register


def actor_name(function: Callable[..., Any]) -> str:
    """This function will return the name under which a function is registered."""
    room = function.__module__.removeprefix("agency.").split(".")[0]
    return f"{room}.{function.__name__}"
