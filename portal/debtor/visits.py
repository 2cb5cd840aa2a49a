"""A debtor's visit: opened by a link, confirmed by a second fact, confined to one claim.

The cookie names the link, its claim and whether the second fact was given. It is signed; every unit of a
visit is confined to what it names and looks the link up again, so that a link taken back ends its visits at
once.
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
_PERSON = "person"
"""What the cookie says where the second fact was about the debtor himself."""


class SecondFactNeeded(AgencyError):
    """The link alone shows nothing personal."""

    status = 401
    code = "second_fact_needed"


class VisitEnded(LinkUnusable):
    """The link still works, but must be opened again."""

    code = "visit_ended"


_LOOK_UP = text(
    "SELECT l.id, l.creditor_id, l.claim_id, c.debtor_id, l.failed_checks FROM pay_link l"
    " JOIN claim c ON c.creditor_id = l.creditor_id AND c.id = l.claim_id"
    " WHERE l.creditor_id = :creditor AND l.id = :link AND l.claim_id = :claim AND c.debtor_id = :debtor"
    " AND l.revoked_at IS NULL AND l.expires_at > :now AND l.failed_checks < :most"
    " AND c.erased_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """Who visits, with which link, since when (seconds), and whether the second fact was given.

    :param person: that fact was about the debtor himself, not about the one claim.
    """

    wiring: Wiring
    creditor_id: UUID
    claim_id: UUID
    debtor_id: UUID
    link_id: UUID
    confirmed: bool
    since: int
    csrf: str
    person: bool = False

    @property
    def by(self) -> str:
        """The actor's name for history and audit."""
        return f"debtor:{self.debtor_id}"

    @contextmanager
    def open(self) -> Iterator[tuple[Unit, ResolvedLink]]:
        """Open a unit that sees this claim and nothing else, with the link as it stands now.

        :raises LinkUnusable: the visit is too old, or its link does not work any more.
        """
        with self.wiring.units.open(
            Door.DEBTOR,
            by=self.by,
            creditor_id=self.creditor_id,
            claim_id=self.claim_id,
            debtor_id=self.debtor_id,
        ) as unit:
            if unit.now.timestamp() - self.since > VALID.total_seconds():
                raise VisitEnded("your visit has ended; open the link in our message again")
            yield unit, _look_up(unit, self)

    @contextmanager
    def beside(self, claim_id: UUID) -> Iterator[Unit]:
        """Open a unit that sees another claim of this debtor at this creditor, as the caller has found out
        within `unit`, and nothing else."""
        with self.wiring.units.open(
            Door.DEBTOR,
            by=self.by,
            creditor_id=self.creditor_id,
            claim_id=claim_id,
            debtor_id=self.debtor_id,
        ) as unit:
            yield unit

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """Open a unit as `open` does.

        :raises LinkUnusable: see `open`.
        """
        with self.open() as (unit, _):
            yield unit


def cookie_name(settings: Settings) -> str:
    """This function will return the cookie's name; `__Host-` needs https, which development has not."""
    return "__Host-debtor" if settings.public_url.startswith("https://") else "debtor"


def give_cookie(
    response: Response,
    settings: Settings,
    *,
    link: ResolvedLink,
    confirmed: bool,
    now: datetime,
    person: bool = False,
) -> None:
    """This function will let the browser remember the visit, and no script read it."""
    ids = (link.creditor_id, link.claim_id, link.debtor_id, link.link_id)
    content = [*map(str, ids), _PERSON if person and confirmed else confirmed, int(now.timestamp())]
    body = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
    response.set_cookie(
        cookie_name(settings),
        f"{body}.{_signature(settings, body)}",
        httponly=True,
        secure=settings.public_url.startswith("https://"),
        samesite="lax",
        path="/",
    )


async def any_visit(request: Request) -> Visit:
    """This function will recognise a visit, confirmed or not, and refuse a form without its token.

    Whether its link still works is seen when its unit is opened, without which nothing is shown or done.

    :raises LinkUnusable: there is no visit.
    :raises Forbidden: the form's token is absent or wrong.
    """
    wiring = wiring_of(request)
    cookie = request.cookies.get(cookie_name(wiring.settings), "")
    body, _, signature = cookie.partition(".")
    if not body or not hmac.compare_digest(signature, _signature(wiring.settings, body)):
        raise LinkUnusable("open the link in our message again")
    creditor_id, claim_id, debtor_id, link_id, confirmed, since = json.loads(base64.urlsafe_b64decode(body))
    visit = Visit(
        wiring=wiring,
        creditor_id=UUID(creditor_id),
        claim_id=UUID(claim_id),
        debtor_id=UUID(debtor_id),
        link_id=UUID(link_id),
        confirmed=bool(confirmed),
        person=confirmed == _PERSON,
        since=since,
        csrf=_signature(wiring.settings, f"csrf:{cookie}"),
    )
    if request.method not in SAFE_METHODS:
        given = (await request.form()).get(TOKEN_FIELD)
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), visit.csrf.encode()):
            raise Forbidden("this page has expired; load it again")
    return visit


async def checked_visit(request: Request) -> Visit:
    """This function will recognise a confirmed visit; only then is anything personal shown.

    :raises SecondFactNeeded: the second fact was not given yet.
    :raises LinkUnusable, Forbidden: see `any_visit`.
    """
    visit = await any_visit(request)
    if not visit.confirmed:
        raise SecondFactNeeded("answer one question first")
    return visit


TheVisit = Annotated[Visit, Depends(checked_visit)]
UnconfirmedVisit = Annotated[Visit, Depends(any_visit)]


def _look_up(unit: Unit, visit: Visit) -> ResolvedLink:
    values = {
        "creditor": visit.creditor_id,
        "claim": visit.claim_id,
        "debtor": visit.debtor_id,
        "link": visit.link_id,
        "now": unit.now,
        "most": FAILED_CHECKS_MAX,
    }
    row = unit.session.connection().execute(_LOOK_UP, values).one_or_none()
    if row is None:
        raise LinkUnusable("this link does not work any more; ask for a new one")
    return ResolvedLink(*row)


def _signature(settings: Settings, body: str) -> str:
    key = hashlib.sha256(b"debtor-visit-of-claim:" + settings.secret.get_secret_value().encode()).digest()
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
