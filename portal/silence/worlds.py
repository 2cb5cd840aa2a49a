"""Several runs side by side, a process and a database each: a world is one thread, a machine has more.

A run of full size is parted into worlds with seeds of their own; what left in all of them is added up.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from multiprocessing.pool import AsyncResult
from multiprocessing.queues import Queue
from queue import Empty

import psycopg
from psycopg import sql

from portal.local.postgres import APPLICATION, Postgres
from portal.silence.days import Size
from portal.silence.guards import named
from portal.silence.running import TEMPLATE, Run, run_in

# What a world tells each day: its number, days done, the day, and how many messages left.
Told = tuple[int, int, date, int]
_SUPERUSER = "postgres"
_TOLD: "Queue[Told]"


@dataclass(frozen=True, slots=True)
class World:
    """A run to be lived in a database of its own, without a guard if one is named."""

    number: int
    size: Size
    guard: str | None = None


def parted(size: Size, worlds: int) -> list[World]:
    """This function will part a run into worlds of equal size, with seeds of their own."""
    messages = -(-size.messages // worlds)
    return [World(number, Size(size.days, messages, size.seed + number)) for number in range(worlds)]


def live_all(postgres: Postgres, worlds: Sequence[World], *, tell: Callable[[Told], None]) -> list[Run]:
    """This function will live through worlds, as many at once as there are processors, in their order.

    :param tell: called for each day that passed in one of them.
    """
    context = multiprocessing.get_context("spawn")
    told: Queue[Told] = context.Queue()
    with context.Pool(min(len(worlds), os.cpu_count() or 1), _begin, (told,)) as pool:
        server = postgres.url(_SUPERUSER, "{}").replace("+psycopg", "")
        application = postgres.url(APPLICATION, "{}")
        coming = [pool.apply_async(_live, (world, server, application)) for world in worlds]
        _follow(coming, told, tell)
        return [run.get() for run in coming]


def _follow(coming: Sequence[AsyncResult[Run]], told: "Queue[Told]", tell: Callable[[Told], None]) -> None:
    """Pass on what worlds tell until each has ended, or one broke."""
    while not all(run.ready() for run in coming):
        if any(run.ready() and not run.successful() for run in coming):
            return
        try:
            tell(told.get(timeout=0.5))
        except Empty:
            continue


def _begin(told: "Queue[Told]") -> None:
    """In each process: whoever started it hears Ctrl-C, and ends it."""
    global _TOLD
    _TOLD = told
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _live(world: World, server: str, application: str) -> Run:
    name = f"silence_{world.number}"

    def tell(done: int, day: date, left: int) -> None:
        _TOLD.put((world.number, done, day, left))

    with psycopg.connect(server.format("postgres"), autocommit=True) as administrator:
        names = {"run": sql.Identifier(name), "template": sql.Identifier(TEMPLATE)}
        administrator.execute(sql.SQL("CREATE DATABASE {run} TEMPLATE {template}").format(**names))
        with psycopg.connect(server.format(name), autocommit=True) as superuser:
            guard = named(world.guard) if world.guard else None
            run = run_in(application.format(name), superuser, size=world.size, guard=guard, tell=tell)
        administrator.execute(sql.SQL("DROP DATABASE {run} WITH (FORCE)").format(**names))
    return run
