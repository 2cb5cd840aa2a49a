"""A debtor's visit: opened by a link, confirmed by a second fact, confined to one claim.

The cookie names the link and whether the second fact was given; it is signed, and every request looks the
link up again, so that a link taken back ends its visits at once.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.errors import AgencyError, Forbidden
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit
from agency.payments.links import FAILED_CHECKS_MAX, LinkUnusable, ResolvedLink
from portal.shared.audience import wiring_of
from portal.shared.security import SAFE_METHODS, TOKEN_FIELD
from portal.wiring import Wiring

VALID = timedelta(hours=2)


class SecondFactNeeded(AgencyError):
    """The link alone shows nothing personal."""

    status = 401
    code = "second_fact_needed"


@dataclass(frozen=True, slots=True)
class Visit:
    """Who visits, with which link, and whether the second fact was given."""

    wiring: Wiring
    link: ResolvedLink
    confirmed: bool
    csrf: str

    @property
    def by(self) -> str:
        """The actor's name for history and audit."""
        return f"debtor:{self.link.debtor_id}"

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """Open a unit that sees this claim and nothing else."""
        with self.wiring.units.open(
            Door.DEBTOR,
            by=self.by,
            creditor_id=self.link.creditor_id,
            claim_id=self.link.claim_id,
            debtor_id=self.link.debtor_id,
        ) as unit:
            yield unit


def cookie_name(settings: Settings) -> str:
    """This function will return the cookie's name; `__Host-` needs https, which development has not."""
    return "__Host-debtor" if settings.public_url.startswith("https://") else "debtor"


def give_cookie(
    response: Response, settings: Settings, *, link: ResolvedLink, confirmed: bool, now: datetime
) -> None:
    """This function will let the browser remember the visit, and no script read it."""
    content = [str(link.creditor_id), str(link.link_id), confirmed, int(now.timestamp())]
    body = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
    response.set_cookie(
        cookie_name(settings),
        f"{body}.{_signature(settings, body)}",
        httponly=True,
        secure=settings.public_url.startswith("https://"),
        samesite="lax",
        path="/",
    )


def any_visit(request: Request) -> Visit:
    """This function will recognise a visit, confirmed or not, and refuse a form without its token.

    :raises LinkUnusable: there is no visit, it is too old, or its link does not work any more.
    :raises Forbidden: the form's token is absent or wrong.
    """
    wiring = wiring_of(request)
    cookie = request.cookies.get(cookie_name(wiring.settings), "")
    body, _, signature = cookie.partition(".")
    if not body or not hmac.compare_digest(signature, _signature(wiring.settings, body)):
        raise LinkUnusable("open the link in our message again")
    creditor_id, link_id, confirmed, since = json.loads(base64.urlsafe_b64decode(body))
    with wiring.units.open(Door.GATE, by="system:gate") as unit:
        if unit.now.timestamp() - since > VALID.total_seconds():
            raise LinkUnusable("your visit has ended; open the link in our message again")
        link = _look_up(unit, UUID(creditor_id), UUID(link_id))
    return Visit(wiring, link, bool(confirmed), _signature(wiring.settings, f"csrf:{cookie}"))


async def checked_visit(request: Request) -> Visit:
    """This function will recognise a confirmed visit; only then is anything personal shown.

    :raises SecondFactNeeded: the second fact was not given yet.
    :raises LinkUnusable, Forbidden: see `any_visit`.
    """
    visit = await token_checked(request)
    if not visit.confirmed:
        raise SecondFactNeeded("answer one question first")
    return visit


async def token_checked(request: Request) -> Visit:
    """This function will recognise a visit and check the token of a form.

    :raises LinkUnusable, Forbidden: see `any_visit`.
    """
    visit = await run_in_threadpool(any_visit, request)  # it asks the database
    if request.method not in SAFE_METHODS:
        given = (await request.form()).get(TOKEN_FIELD)
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), visit.csrf.encode()):
            raise Forbidden("this page has expired; load it again")
    return visit


TheVisit = Annotated[Visit, Depends(checked_visit)]
UnconfirmedVisit = Annotated[Visit, Depends(token_checked)]


def _look_up(unit: Unit, creditor_id: UUID, link_id: UUID) -> ResolvedLink:
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT l.id, l.creditor_id, l.claim_id, c.debtor_id, l.failed_checks FROM pay_link l"
                " JOIN claim c ON c.creditor_id = l.creditor_id AND c.id = l.claim_id"
                " WHERE l.creditor_id = :creditor AND l.id = :link AND l.revoked_at IS NULL"
                " AND l.expires_at > :now AND l.failed_checks < :most"
            ),
            {"creditor": creditor_id, "link": link_id, "now": unit.now, "most": FAILED_CHECKS_MAX},
        )
        .one_or_none()
    )
    if row is None:
        raise LinkUnusable("this link does not work any more; ask for a new one")
    return ResolvedLink(*row)


def _signature(settings: Settings, body: str) -> str:
    key = hashlib.sha256(b"debtor-visit:" + settings.secret.get_secret_value().encode()).digest()
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
