"""Server-side sessions: the cookie holds a random id, the table its SHA-256; rotated at sign-in."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.settings import Settings
from agency.kernel.unit import Unit

PENDING_MINUTES = 5  # how long the second factor may take after the password

_FIND = text(
    "SELECT u.id, u.name, u.email, u.audience, u.roles, u.creditor_id, u.language, u.theme, s.csrf,"
    " s.id_sha256, coalesce((s.facts ->> 'pending')::boolean, false) AS pending, c.name AS organisation,"
    " s.last_seen_at < app.now() - interval '1 minute' AS unnoticed"
    " FROM user_session s JOIN user_account u ON u.id = s.user_id"
    " LEFT JOIN creditor c ON c.id = u.creditor_id"
    " WHERE s.id_sha256 = :sha AND s.revoked_at IS NULL AND u.disabled_at IS NULL"
    " AND s.expires_at > app.now() AND s.last_seen_at > app.now() - :idle"
)
# Once a minute is enough to know who is idle; a write for every page would cost more than the page.
_NOTICE = text("UPDATE user_session SET last_seen_at = app.now() WHERE id_sha256 = :sha")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in, as the database says at this request. `pending` lacks the second factor."""

    user_id: UUID
    name: str
    email: str
    audience: str
    roles: frozenset[str]
    creditor_id: UUID | None
    language: str
    theme: str
    csrf: str
    session_sha256: str
    pending: bool
    organisation: str

    @property
    def by(self) -> str:
        """How this person stands in history and audit."""
        return f"user:{self.user_id}"


def start_session(
    unit: Unit, *, user_id: UUID, hours: int, pending: bool = False, user_agent: str = ""
) -> str:
    """This function will open a session and return its id for the cookie; only the hash is kept."""
    session_id = secrets.token_urlsafe(32)
    lifetime = timedelta(minutes=PENDING_MINUTES) if pending else timedelta(hours=hours)
    unit.session.connection().execute(
        text(
            "INSERT INTO user_session"
            " (id_sha256, user_id, csrf, created_at, last_seen_at, expires_at, user_agent, facts)"
            " VALUES (:sha, :user, :csrf, :now, :now, :expires, :agent,"
            " jsonb_build_object('pending', CAST(:pending AS boolean)))"
        ),
        {
            "sha": hashed(session_id),
            "user": user_id,
            "csrf": secrets.token_urlsafe(24),
            "now": unit.now,
            "expires": unit.now + lifetime,
            "agent": user_agent[:200],
            "pending": pending,
        },
    )
    return session_id


def find_visitor(unit: Unit, *, session_id: str, idle_minutes: int) -> Visitor | None:
    """This function will return who holds a session that is neither expired, idle nor revoked."""
    row = (
        unit.session.connection()
        .execute(_FIND, {"sha": hashed(session_id), "idle": timedelta(minutes=idle_minutes)})
        .first()
    )
    if row is None:
        return None
    if row.unnoticed:
        unit.session.connection().execute(_NOTICE, {"sha": row.id_sha256})
    return Visitor(
        user_id=row.id,
        name=row.name,
        email=row.email,
        audience=row.audience,
        roles=frozenset(row.roles),
        creditor_id=row.creditor_id,
        language=row.language,
        theme=row.theme,
        csrf=row.csrf,
        session_sha256=row.id_sha256,
        pending=row.pending,
        organisation=row.organisation or "",
    )


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser that somebody is signed in with; `handle` names it in a form without giving it away."""

    handle: str
    browser: str
    created_at: datetime
    last_seen_at: datetime
    here: bool


def open_sessions(unit: Unit, *, user_id: UUID, here_sha256: str, idle_minutes: int) -> list[OpenSession]:
    """This function will return where a user is signed in, the present browser first."""
    rows = unit.session.connection().execute(
        text(
            "SELECT id_sha256, user_agent, created_at, last_seen_at FROM user_session"
            " WHERE user_id = :user AND revoked_at IS NULL AND expires_at > app.now()"
            " AND last_seen_at > app.now() - :idle AND NOT coalesce((facts ->> 'pending')::boolean, false)"
            " ORDER BY id_sha256 = :here DESC, last_seen_at DESC LIMIT 100"
        ),
        {"user": user_id, "here": here_sha256, "idle": timedelta(minutes=idle_minutes)},
    )
    return [
        OpenSession(
            handle=row.id_sha256[:16],
            browser=browser_name(row.user_agent),
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            here=row.id_sha256 == here_sha256,
        )
        for row in rows
    ]


def browser_name(user_agent: str) -> str:
    """This function will return a browser and its system as people call them: `Firefox, Linux`.

    Browsers claim to be each other, so the rarer name is looked for first.
    """
    browsers = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
    systems = ("iPhone", "iPad", "Android", "Windows", "Mac OS X", "Linux")
    shown = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS"}
    found = [next((name for name in names if name in user_agent), "") for names in (browsers, systems)]
    return ", ".join(shown.get(name, name) for name in found if name)


def end_one_session(unit: Unit, *, user_id: UUID, handle: str) -> bool:
    """This function will revoke one of a user's own sessions, and tell whether it was there."""
    ended = unit.session.connection().execute(
        text(
            "UPDATE user_session SET revoked_at = :now"
            " WHERE user_id = :user AND left(id_sha256, 16) = :handle AND revoked_at IS NULL"
        ),
        {"now": unit.now, "user": user_id, "handle": handle},
    )
    return ended.rowcount > 0


def end_session(unit: Unit, *, session_sha256: str) -> None:
    """This function will revoke a session."""
    unit.session.connection().execute(
        text("UPDATE user_session SET revoked_at = :now WHERE id_sha256 = :sha AND revoked_at IS NULL"),
        {"now": unit.now, "sha": session_sha256},
    )


def end_other_sessions(unit: Unit, *, user_id: UUID, keep_sha256: str = "") -> int:
    """This function will revoke every session of a user but one, and return how many there were."""
    ended = unit.session.connection().execute(
        text(
            "UPDATE user_session SET revoked_at = :now"
            " WHERE user_id = :user AND id_sha256 <> :keep AND revoked_at IS NULL"
        ),
        {"now": unit.now, "user": user_id, "keep": keep_sha256},
    )
    return ended.rowcount


def hashed(session_id: str) -> str:
    """This function will return the SHA-256 under which a session stands."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def cookie_name(config: Settings) -> str:
    """This function will return the cookie's name; `__Host-` needs https, which development has not."""
    return "__Host-session" if config.public_url.startswith("https://") else "session"


def session_of(request: Request, config: Settings) -> str | None:
    """This function will return the session id that the browser sent."""
    return request.cookies.get(cookie_name(config))


def give_cookie(response: Response, config: Settings, session_id: str) -> None:
    """This function will hand the session to the browser; it ends with the browser or the session."""
    response.set_cookie(
        cookie_name(config),
        session_id,
        httponly=True,
        samesite="lax",
        secure=config.public_url.startswith("https://"),
        path="/",
    )


def take_cookie(response: Response, config: Settings) -> None:
    """This function will take the session from the browser."""
    response.delete_cookie(cookie_name(config), path="/")
