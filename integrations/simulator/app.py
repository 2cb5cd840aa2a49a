"""The simulator's web application: `uvicorn integrations.simulator.app:app --port 8025`."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from integrations.simulator import (
    bank_routes,
    billit,
    book_pages,
    control,
    dns,
    exact,
    letters,
    mollie,
    pages,
    quickbooks,
    registers,
    sendgrid,
    sendgrid_domains,
    stripe,
    teamleader,
    twilio,
    yuki,
)
from integrations.simulator.clock import Clock
from integrations.simulator.configuration import Configuration
from integrations.simulator.faults import Faults, FaultyApp
from integrations.simulator.reports import Reports
from integrations.simulator.store import Store
from integrations.simulator.world import World

_log = logging.getLogger(__name__)

_BODY_MAX = 40 * 1024 * 1024
_TICK_SECONDS = 5


def create_app(configuration: Configuration) -> FastAPI:
    """This function will build the simulator of one outside world."""
    app = FaultyApp(
        title="Simulator of the outside world",
        lifespan=_lifespan(configuration),
        max_body_size=_BODY_MAX,
        docs_url=None,
        redoc_url=None,
    )
    app.faults = Faults()
    parts = (sendgrid, sendgrid_domains, twilio, mollie, letters, registers, bank_routes, dns, control)
    for part in (*parts, exact, stripe, billit, quickbooks, teamleader, yuki, book_pages, pages):
        app.include_router(part.routes)
    app.include_router(stripe.files)
    app.include_router(teamleader.files)
    app.mount("/_sim/static", StaticFiles(directory=Path(__file__).with_name("static")))
    return app


def _lifespan(configuration: Configuration) -> Callable[[FaultyApp], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def live(app: FaultyApp) -> AsyncIterator[None]:
        """The world stands as long as the app does; its memory is on the thread that serves it."""
        store = Store(configuration.data)
        clock = Clock(store)
        reports = Reports(store=store, clock=clock, faults=app.faults)
        world = World(configuration, store, clock, app.faults, reports)
        control.open_the_agencys_accounts(world)
        app.state.world = world
        tasks = [asyncio.create_task(reports.run()), asyncio.create_task(_pass_time(world))]
        yield
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await reports.close()
        store.close()

    return live


async def _pass_time(world: World) -> None:
    while True:
        try:
            control.pass_time(world)
        except Exception:  # noqa: BLE001 - one bad payment must not stop time
            _log.exception("time could not pass")
        await asyncio.sleep(_TICK_SECONDS)


app = create_app(Configuration.from_environment(os.environ))
