"""Users: who may come in, with what roles. Secrets are shown once, right after they were made."""

import secrets
from typing import Annotated, Any
from uuid import UUID

import pyotp
import segno
from fastapi import Path
from pydantic import EmailStr, Field
from sqlalchemy import func, select, text
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.errors import Conflict, NotFound
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.parties.models import Audience, Creditor, Role, UserAccount, UserSession
from agency.parties.users import (
    change_user,
    create_user,
    details_of,
    reset_second_factor,
    set_disabled,
    set_password,
)
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for, router, show
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, Language, gettext
from portal.shared.listing import AnySelect, Chip, Column, Listing
from portal.shared.sessions import Visitor, end_other_sessions

routes = router(audience="admin", roles={"admin"}, prefix="/admin/users")
UserId = Annotated[UUID, Path(alias="user_id")]

ROLES = (
    (Role.COLLECTOR, N_("Collector"), N_("Works the queue: calls, notes, promises")),
    (Role.FINANCE, N_("Finance"), N_("Bank statements, suspense, payouts")),
    (Role.ADMIN, N_("Administrator"), N_("Users, brands, health")),
    (Role.CREDITOR_CLERK, N_("Creditor: clerk"), N_("Submits claims and follows them")),
    (Role.CREDITOR_MANAGER, N_("Creditor: manager"), N_("Also accepts prices and sees payouts")),
)
ROLE_WORDS: dict[str, str] = {role.value: word for role, word, _ in ROLES}
OF_CREDITORS = frozenset({Role.CREDITOR_CLERK, Role.CREDITOR_MANAGER})
MIXED = N_("Roles of the agency and of a creditor do not go together.")
ACTIVE, BLOCKED = Chip(N_("Active"), "good"), Chip(N_("Blocked"), "bad")

COLUMNS = (
    Column("name", N_("Name"), "link", sub="email", sort=True),
    Column("roles", N_("Roles")),
    Column("creditor", N_("Creditor"), phone=False),
    Column("state", N_("State"), "chip"),
    Column("seen", N_("Last seen"), "moment", phone=False),
    Column("since", N_("Since"), "day", sort=True, phone=False),
)

_NAME = func.lower(col(UserAccount.name))
_SEEN = (
    select(func.max(col(UserSession.last_seen_at)))
    .where(col(UserSession.user_id) == col(UserAccount.id))
    .scalar_subquery()
)
_LIST: AnySelect = select(
    col(UserAccount.id),
    col(UserAccount.name),
    col(UserAccount.email),
    col(UserAccount.roles),
    col(UserAccount.disabled_at),
    col(UserAccount.created_at),
    col(Creditor.name).label("creditor"),
    _SEEN.label("seen"),
).join(Creditor, col(Creditor.id) == col(UserAccount.creditor_id), isouter=True)


class ChangeForm(FormModel):
    """What may change of a user; `read` is what its sender read."""

    name: str = Field(min_length=2, max_length=200)
    email: EmailStr
    roles: list[Role] = Field(min_length=1)
    read: str = Field(default="", max_length=100)


class UserForm(FormModel):
    """A new user."""

    name: str = Field(min_length=2, max_length=200)
    email: EmailStr
    roles: list[Role] = Field(min_length=1)
    creditor_id: UUID | None = None
    language: Language


@routes.get("")
def users(request: Request, unit: StaffUnit) -> HTMLResponse:
    """Everybody who may sign in."""
    listing = Listing.read(
        "/admin/users", request.query_params, sorts=["name", "since"], default="name", filters=["q"]
    )
    statement = listing.apply(
        _LIST, columns={"name": _NAME, "since": col(UserAccount.created_at)}, tie=col(UserAccount.id)
    )
    wish = listing.filters.get("q")
    if wish:
        statement = statement.where(
            col(UserAccount.name).icontains(wish, autoescape=True)
            | col(UserAccount.email).icontains(wish, autoescape=True)
        )
    found = unit.session.connection().execute(statement).all()
    cut = listing.cut(
        [_row(user) for user in found], position=lambda row: (row["positions"][listing.sort], row["id"])
    )
    return show(request, "admin/users.html", {"columns": COLUMNS, "cut": cut, "listing": listing})


@routes.get("/new")
def new_user(request: Request, unit: StaffUnit, creditor: str = "") -> HTMLResponse:
    """The form for a new user, also of a creditor that was chosen already."""
    roles = [Role.CREDITOR_MANAGER.value] if creditor else []
    return _form_page(request, unit, blank(language="nl", roles=roles, creditor_id=creditor))


@routes.post("")
def make_user(request: Request, unit: StaffUnit, wiring: TheWiring, fields: Fields) -> HTMLResponse:
    """A new user, with a password and second factor that are shown once."""
    if isinstance(fields.get("roles"), str):
        fields["roles"] = [fields["roles"]]
    form = submitted(UserForm, fields)
    password = secrets.token_urlsafe(15)
    with form.attempt(unit):
        data = form.data
        audience = _side(form, data)
        made = create_user(
            unit,
            email=data.email,
            name=data.name,
            audience=audience,
            roles=data.roles,
            password=password,
            sealing_secret=wiring.settings.secret.get_secret_value(),
            creditor_id=data.creditor_id if audience is Audience.CREDITOR else None,
            language=data.language,
        )
    if form.errors:
        return _form_page(request, unit, form)
    return _told_once(
        request, unit, made.user_id, agency=wiring.settings.agency_name,
        password=password, totp_secret=made.totp_secret,
    )  # fmt: skip


@routes.get("/{user_id}")
def user(request: Request, unit: StaffUnit, visitor: TheVisitor, user_id: UserId) -> HTMLResponse:
    """One user."""
    return _page(request, unit, visitor, user_id)


@routes.post("/{user_id}")
def change(
    request: Request, unit: StaffUnit, visitor: TheVisitor, user_id: UserId, fields: Fields
) -> Response:
    """Change a user's name, address and roles."""
    if isinstance(fields.get("roles"), str):
        fields["roles"] = [fields["roles"]]
    form = submitted(ChangeForm, fields)
    with form.attempt(unit):
        data = form.data
        if not set(data.roles) <= _side_roles(_one(unit, user_id)["audience"]):
            raise Conflict(MIXED, field="roles")
        change_user(unit, user_id=user_id, name=data.name, email=data.email, roles=data.roles, read=data.read)
    if form.errors:
        return _page(request, unit, visitor, user_id, form)
    return leave_for(f"/admin/users/{user_id}", notice=N_("The user is changed."))


def _page(
    request: Request, unit: Unit, visitor: Visitor, user_id: UUID, form: Form[Any] | None = None
) -> HTMLResponse:
    shown = _one(unit, user_id)
    values = {
        "user": shown,
        "myself": user_id == visitor.user_id,
        "form": form or blank(**{key: shown[key] for key in ("name", "email", "read")}, roles=shown["has"]),
        "roles": [(role.value, word, about) for role, word, about in ROLES if role in shown["may"]],
    }
    return show(request, "admin/user.html", values, status=422 if form else 200)


@routes.post("/{user_id}/block")
def block(unit: StaffUnit, visitor: TheVisitor, user_id: UserId) -> Response:
    """Keep a user out from the next request on."""
    if user_id == visitor.user_id:
        raise Conflict("you cannot block yourself")
    set_disabled(unit, user_id=user_id, disabled=True)
    end_other_sessions(unit, user_id=user_id)
    return leave_for(f"/admin/users/{user_id}", notice=N_("This user is blocked and signed out."))


@routes.post("/{user_id}/unblock")
def unblock(unit: StaffUnit, user_id: UserId) -> Response:
    """Let a user in again."""
    set_disabled(unit, user_id=user_id, disabled=False)
    return leave_for(f"/admin/users/{user_id}", notice=N_("This user may sign in again."))


@routes.post("/{user_id}/second-factor")
def new_second_factor(request: Request, unit: StaffUnit, wiring: TheWiring, user_id: UserId) -> HTMLResponse:
    """A new second factor, for who lost the phone; every session ends."""
    secret = wiring.settings.secret.get_secret_value()
    totp_secret = reset_second_factor(unit, user_id=user_id, sealing_secret=secret)
    end_other_sessions(unit, user_id=user_id)
    return _told_once(request, unit, user_id, agency=wiring.settings.agency_name, totp_secret=totp_secret)


@routes.post("/{user_id}/password")
def new_password(request: Request, unit: StaffUnit, wiring: TheWiring, user_id: UserId) -> HTMLResponse:
    """A new password, made by chance: nobody chooses one for somebody else. Every session ends."""
    password = secrets.token_urlsafe(15)
    set_password(unit, user_id=user_id, password=password)
    end_other_sessions(unit, user_id=user_id)
    return _told_once(request, unit, user_id, agency=wiring.settings.agency_name, password=password)


def _row(user: Any) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "href": f"/admin/users/{user.id}",
        "name": user.name,
        "email": user.email,
        "roles": ", ".join(gettext(ROLE_WORDS[role]) for role in user.roles),
        "creditor": user.creditor,
        "state": BLOCKED if user.disabled_at else ACTIVE,
        "seen": user.seen,
        "since": user.created_at,
        "positions": {"name": user.name.lower(), "since": user.created_at},
    }


def _one(unit: Unit, user_id: UUID) -> dict[str, Any]:
    found = unit.session.connection().execute(_LIST.where(col(UserAccount.id) == user_id)).one_or_none()
    if found is None:
        raise NotFound("this page does not exist")
    account = unit.session.get_one(UserAccount, user_id)
    return _row(found) | {
        "audience": account.audience, "has": list(account.roles), "may": _side_roles(account.audience),
        "read": details_of(account),
    }  # fmt: skip


def _side_roles(audience: Audience) -> frozenset[Role]:
    return OF_CREDITORS if audience is Audience.CREDITOR else frozenset(Role) - OF_CREDITORS


def _side(form: Form[UserForm], data: UserForm) -> Audience:
    """Roles of the agency and of a creditor do not mix; a creditor's user belongs to one."""
    theirs = OF_CREDITORS & set(data.roles)
    if theirs and theirs != set(data.roles):
        form.refuse(MIXED, "roles")
    if theirs and data.creditor_id is None:
        form.refuse(N_("Choose the creditor this user belongs to."), "creditor_id")
    if form.errors:
        raise Conflict(next(iter(form.errors.values())), field=next(iter(form.errors)))
    return Audience.CREDITOR if theirs else Audience.STAFF


def _form_page(request: Request, unit: Unit, form: Form[Any]) -> HTMLResponse:
    creditors = unit.session.connection().execute(
        text("SELECT id, name FROM creditor WHERE id <> :house ORDER BY lower(name)"), {"house": HOUSE}
    )
    values = {
        "form": form,
        "roles": [(role.value, word, about) for role, word, about in ROLES],
        "creditors": [(str(row.id), row.name) for row in creditors],
    }
    return show(request, "admin/user_new.html", values, status=422 if form.errors else 200)


def _told_once(
    request: Request, unit: Unit, user_id: UUID, *, agency: str, password: str = "", totp_secret: str = ""
) -> HTMLResponse:
    """The page with the secrets: answered directly, so that they stand in no address, cookie or log."""
    user = _one(unit, user_id)
    code = ""
    if totp_secret:
        uri = pyotp.TOTP(totp_secret).provisioning_uri(name=user["email"], issuer_name=agency)
        code = segno.make(uri, error="m").png_data_uri(scale=5, border=2)
    values = {"user": user, "password": password, "totp_secret": totp_secret, "code": code}
    return show(request, "admin/user_secrets.html", values)
