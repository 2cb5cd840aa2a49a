"""A user's own account: where it is signed in, and ending that."""

from typing import Annotated

from fastapi import Form
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.audit import record
from agency.kernel.unit import Door
from portal.shared.audience import TheVisitor, TheWiring, leave_for, router, show
from portal.shared.i18n import N_
from portal.shared.sessions import end_one_session, end_other_sessions, open_sessions

routes = router(
    audience="account",
    roles={"collector", "finance", "admin", "creditor_clerk", "creditor_manager"},
    prefix="/sessions",
)


@routes.get("")
def sessions(request: Request, visitor: TheVisitor, wiring: TheWiring) -> Response:
    """Where I am signed in."""
    with wiring.units.open(Door.GATE, by=visitor.by) as unit:
        found = open_sessions(
            unit,
            user_id=visitor.user_id,
            here_sha256=visitor.session_sha256,
            idle_minutes=wiring.settings.session_idle_minutes,
        )
    return show(request, "account/sessions.html", {"sessions": found})


@routes.post("/end")
def end_session(
    visitor: TheVisitor, wiring: TheWiring, handle: Annotated[str, Form(max_length=16)]
) -> Response:
    """Sign out one other browser."""
    with wiring.units.open(Door.GATE, by=visitor.by) as unit:
        end_one_session(unit, user_id=visitor.user_id, handle=handle)
        record(unit, action="user.session_ended", subject=visitor.by, creditor_id=visitor.creditor_id)
    return leave_for("/sessions", notice=N_("That browser is signed out."))


@routes.post("/end-others")
def end_others(visitor: TheVisitor, wiring: TheWiring) -> Response:
    """Sign out every other browser."""
    with wiring.units.open(Door.GATE, by=visitor.by) as unit:
        end_other_sessions(unit, user_id=visitor.user_id, keep_sha256=visitor.session_sha256)
        record(unit, action="user.sessions_ended", subject=visitor.by, creditor_id=visitor.creditor_id)
    return leave_for("/sessions", notice=N_("Every other browser is signed out."))
