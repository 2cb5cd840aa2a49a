"""The router of finance's door and what its pages share."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import HTMLResponse

from agency.kernel.unit import Unit
from portal.finance.words import SYSTEM
from portal.shared.audience import router, show
from portal.shared.i18n import gettext

routes = router(audience="finance", roles={"finance"}, prefix="/finance")


def finance_page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """This function will answer with a page of this door."""
    return show(request, f"finance/{template}", values, status=status)


def names_of(unit: Unit, actors: Iterable[str | None]) -> dict[str | None, str]:
    """This function will return the names behind `user:<id>`; programs are called the system."""
    known = {actor for actor in actors if actor}
    ids = [actor.removeprefix("user:") for actor in known if actor.startswith("user:")]
    rows = unit.session.connection().execute(
        text("SELECT id::text AS id, name FROM user_account WHERE id::text = ANY(:ids)"), {"ids": ids}
    )
    found: dict[str | None, str] = {f"user:{row.id}": row.name for row in rows}
    named: dict[str | None, str] = {actor: found.get(actor, gettext(SYSTEM)) for actor in known}
    return named | {None: ""}


def id_asked(request: Request, name: str) -> UUID | None:
    """This function will return the id that a parameter of the address gives, None where it gives none."""
    with suppress(ValueError):
        return UUID(request.query_params.get(name, ""))
    return None
