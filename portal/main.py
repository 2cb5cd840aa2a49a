"""The web process: `uvicorn portal.main:app`."""

import asyncio
from importlib import import_module

from fastapi import FastAPI
from sqlalchemy import text
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from agency.kernel.settings import Settings
from agency.kernel.unit import Door
from portal.shared.assets import STATIC
from portal.shared.audience import ROUTERS, recognise, router
from portal.shared.errors import install_errors
from portal.shared.hosts import KnownHosts, PayHosts, own_hosts
from portal.shared.i18n import compile_catalogues
from portal.shared.rendering import environment
from portal.shared.security import Guarded
from portal.shared.sign_in import home_of
from portal.wiring import QUICKBOOKS_CONSENT, TEAMLEADER_DOOR, Wiring, provider_url, wire

# Each part of the portal that declares routers, in the order in which addresses are matched.
PARTS = (
    "portal.shared.sign_in",
    "portal.shared.account",
    "portal.hooks",
    "portal.debtor",
    "portal.collector",
    "portal.creditor",
    "portal.finance",
    "portal.admin",
    "portal.api",
    "portal.live",
    "portal.shared.logos",
    "portal.shared.calculators",
    "portal.shared.styleguide",
)

public = router(audience="public")


@public.get("/")
def start(request: Request) -> Response:
    """Everybody's own door."""
    visitor = recognise(request)
    signed_in = visitor is not None and not visitor.pending
    return RedirectResponse(home_of(visitor.roles) if visitor and signed_in else "/sign-in", status_code=303)


@public.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@public.get("/readyz")
def readyz(request: Request) -> Response:
    """The database answers and is migrated."""
    wiring: Wiring = request.app.state.wiring
    with wiring.units.open(Door.GATE, by="system:health") as unit:
        unit.session.connection().execute(text("SELECT 1 FROM clock"))
    return JSONResponse({"status": "ready"})


def turns_for(config: Settings) -> int:
    """This function will return how many requests may hold a unit at once: some connections stay free for
    units that are opened and closed within one thread, such as finding out who is signed in."""
    return max(1, config.database_pool * 3 // 4)


def create_app(wiring: Wiring) -> FastAPI:
    """This function will build the portal on a wiring: routes of every door, guards, error pages."""
    production = wiring.settings.production
    app = FastAPI(
        title="Agency",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # the interface serves its own, which tells of nothing else
    )
    app.state.wiring = wiring
    app.state.turns = asyncio.Semaphore(turns_for(wiring.settings))
    compile_catalogues()
    install_errors(app)
    for part in PARTS:
        import_module(part)
    for declared in ROUTERS:
        app.include_router(declared.router)
    # Only static files are compressed: a compressed page would tell its token by its length (BREACH).
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC), minimum_size=1000), name="static")
    # Inside the guards, which tell a program in its own words that it sent too much.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=wiring.settings.upload_bytes_max)
    app.add_middleware(KnownHosts, own=own_hosts(wiring.settings), is_pay_host=PayHosts(wiring.units))
    app.add_middleware(
        Guarded,
        public_url=wiring.settings.public_url,
        body_bytes_max=wiring.settings.upload_bytes_max,
        form_targets=wiring.settings.simulator_url if not production else _form_targets(wiring.settings),
    )
    return app


def _form_targets(config: Settings) -> str:
    """Whom a form of ours may lead to: the checkout, and the pages on which a creditor opens its books."""
    return f"https://www.mollie.com {provider_url(config, 'exact')} {QUICKBOOKS_CONSENT} {TEAMLEADER_DOOR}"


def __getattr__(name: str) -> FastAPI:
    """Build the app when the server asks for `app`, so that importing this module has no effect."""
    if name == "app":
        wiring = wire()
        # The macros of all pages, read now: it takes a second that the first visitor would wait.
        environment(not wiring.settings.production)
        return create_app(wiring)
    raise AttributeError(name)
