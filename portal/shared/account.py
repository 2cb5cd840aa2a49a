"""A user's own account: where it is signed in, and its password."""

from typing import Annotated, Any

from fastapi import Form as FormField
from pydantic import ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.audit import record
from agency.kernel.errors import Invalid
from agency.kernel.unit import Door
from agency.parties.users import PASSWORD_CHARACTERS_MIN, set_password, user_with_password
from portal.shared.audience import TheVisitor, TheWiring, leave_for, router, show
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.shared.sessions import end_one_session, end_other_sessions, open_sessions

routes = router(
    audience="account",
    roles={"collector", "finance", "admin", "creditor_clerk", "creditor_manager"},
)


class PasswordForm(FormModel):
    """Changing one's own password takes the present one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False, str_max_length=1024)

    present: str
    new: str
    again: str


@routes.get("/sessions")
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


@routes.post("/sessions/end")
def end_session(
    visitor: TheVisitor, wiring: TheWiring, handle: Annotated[str, FormField(max_length=16)]
) -> Response:
    """Sign out one other browser."""
    with wiring.units.open(Door.GATE, by=visitor.by) as unit:
        end_one_session(unit, user_id=visitor.user_id, handle=handle)
        record(unit, action="user.session_ended", subject=visitor.by, creditor_id=visitor.creditor_id)
    return leave_for("/sessions", notice=N_("That browser is signed out."))


@routes.post("/sessions/end-others")
def end_others(visitor: TheVisitor, wiring: TheWiring) -> Response:
    """Sign out every other browser."""
    with wiring.units.open(Door.GATE, by=visitor.by) as unit:
        end_other_sessions(unit, user_id=visitor.user_id, keep_sha256=visitor.session_sha256)
        record(unit, action="user.sessions_ended", subject=visitor.by, creditor_id=visitor.creditor_id)
    return leave_for("/sessions", notice=N_("Every other browser is signed out."))


@routes.get("/password")
def ask_new_password(request: Request) -> Response:
    """The form for another password."""
    return _password_page(request, blank())


@routes.post("/password")
def change_password(request: Request, visitor: TheVisitor, wiring: TheWiring, fields: Fields) -> Response:
    """Another password; every other browser is signed out."""
    form = submitted(PasswordForm, fields)
    with wiring.units.open(Door.GATE, by=visitor.by) as unit, form.attempt(unit):
        data = form.data
        if data.new != data.again:
            raise Invalid(N_("This is not the same as the new password."), field="again")
        if user_with_password(unit, email=visitor.email, password=data.present) is None:
            raise Invalid(N_("This is not your present password."), field="present")
        try:
            set_password(unit, user_id=visitor.user_id, password=data.new)
        except Invalid as refusal:
            raise Invalid(refusal.message, field="new") from refusal
        end_other_sessions(unit, user_id=visitor.user_id, keep_sha256=visitor.session_sha256)
    if form.errors:
        return _password_page(request, form)
    return leave_for("/sessions", notice=N_("Your password is changed. Other browsers are signed out."))


def _password_page(request: Request, form: Form[Any]) -> Response:
    values = {"form": form, "characters": PASSWORD_CHARACTERS_MIN}
    return show(request, "account/password.html", values, status=422 if form.errors else 200)
