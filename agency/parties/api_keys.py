"""Keys of a creditor's programs: made, replaced and revoked by its managers; shown once, kept as a hash.

A key reads `agkey_<id>_<secret>`: a beginning that scanners for leaked secrets can look for, the id by which
it is found, and 43 signs by chance (256 bits), which a plain SHA-256 protects as well as a slow hash would.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.parties.models import ApiKey, Scope

KEY: Final = re.compile(r"agkey_([0-9a-f]{32})_[0-9A-Za-z]{43}")
KEYS_MAX: Final = 10
"""How many keys of a creditor live at once; one that is being replaced does not count."""
NAME_MAX: Final = 80
LIFE_DAYS: Final = 365
"""How long a key lives when nothing else is chosen."""
LIFE_DAYS_MAX: Final = 5 * 365
OVERLAP_DAYS_MAX: Final = 30
"""How long at most a key goes on beside the one that takes its place."""
_SIGNS: Final = string.ascii_letters + string.digits
_SECRET_SIGNS: Final = 43
_NOBODYS: Final = UUID(int=0)
_NOBODYS_SHA256: Final = hashlib.sha256(b"nobody has this key").hexdigest()

# A key outlives the user who made it, but not the last manager who could revoke it.
_LIVE: Final = (
    "k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > app.now()) AND EXISTS (SELECT FROM"
    " user_account u WHERE u.creditor_id = k.creditor_id AND u.disabled_at IS NULL"
    " AND 'creditor_manager' = ANY(u.roles))"
)
_FIND: Final = text(
    f"SELECT k.creditor_id, k.id, k.scopes, k.secret_sha256, {_LIVE} AS live, c.language,"
    " k.last_used_at IS NULL OR k.last_used_at < app.now() - interval '1 minute' AS unnoticed"
    " FROM api_key k JOIN creditor c ON c.id = k.creditor_id WHERE k.id = :id"
)
# Once a minute is enough to know which keys are used; of several requests at once the first one writes.
_NOTICE: Final = text(
    "UPDATE api_key SET last_used_at = app.now() WHERE creditor_id = :c AND id = :id"
    " AND (last_used_at IS NULL OR last_used_at < app.now() - interval '1 minute')"
)
_STILL: Final = text(f"SELECT FROM api_key k WHERE k.creditor_id = :c AND k.id = :id AND {_LIVE}")
_COUNT: Final = text(
    "SELECT count(*) FROM api_key k WHERE k.creditor_id = :c AND k.revoked_at IS NULL"
    " AND (k.expires_at IS NULL OR k.expires_at > app.now()) AND NOT EXISTS (SELECT FROM api_key n"
    "  WHERE n.creditor_id = k.creditor_id AND n.follows_id = k.id)"
)


class TooManyKeys(Conflict):
    """The creditor has as many keys as may live at once."""


class KeyMadeBefore(Conflict):
    """The form made its key already; it was shown on the first answer and nowhere else."""


class KeyEnded(Conflict):
    """The key was revoked, has expired, or has another in its place."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key that was just made; `secret` is the whole key, told once."""

    key_id: UUID
    secret: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose key was presented, and what it opens; `language` is the creditor's."""

    creditor_id: UUID
    key_id: UUID
    scopes: frozenset[Scope]
    language: str


def make_key(
    unit: Unit,
    *,
    creditor_id: UUID,
    name: str,
    scopes: Collection[Scope],
    expires_on: date | None,
    form_id: UUID | None = None,
) -> MadeKey:
    """This function will make a key for a creditor's program.

    :param expires_on: the last day on which it opens, in Amsterdam; None for no end.
    :param form_id: of the form that asks for it, so that sending it again makes no second key.
    :raises KeyMadeBefore: that form made one.
    :raises Invalid: no name or scope, or a last day that is over or more than five years away.
    :raises TooManyKeys: as many live as may.
    """
    called = name.strip()
    if not called or len(called) > NAME_MAX:
        raise Invalid(f"write at most {NAME_MAX} characters", field="name")
    if not scopes:
        raise Invalid("choose what the key may do", field="scopes")
    if expires_on is not None and not 0 <= (expires_on - unit.today).days <= LIFE_DAYS_MAX:
        raise Invalid(f"choose a day within {LIFE_DAYS_MAX} days", field="expires_on")
    take_turns(unit, "api_key", creditor_id)
    same_form = select(ApiKey.id).where(ApiKey.creditor_id == creditor_id, ApiKey.form_id == form_id)
    if form_id is not None and unit.session.exec(same_form).first() is not None:
        raise KeyMadeBefore("this form made a key before; if you did not see it, revoke it and make another")
    living = unit.session.connection().execute(_COUNT, {"c": creditor_id}).scalar_one()
    if living >= KEYS_MAX:
        raise TooManyKeys("as many keys as may live at once exist; revoke one first")
    return _keep(
        unit,
        creditor_id=creditor_id,
        name=called,
        scopes=[scope.value for scope in Scope if scope in scopes],
        expires_at=_end_of(expires_on) if expires_on else None,
        form_id=form_id,
    )


def replace_key(unit: Unit, *, creditor_id: UUID, key_id: UUID, overlap_days: int) -> MadeKey:
    """This function will make a key in the place of another: same name, scopes and length of life.

    :param overlap_days: how long the old one goes on beside it; with 0 it is revoked at once.
    :raises NotFound: this creditor has no such key.
    :raises KeyEnded: it opens nothing any more, or was replaced before.
    """
    if not 0 <= overlap_days <= OVERLAP_DAYS_MAX:
        raise Invalid(f"choose a day within {OVERLAP_DAYS_MAX} days", field="overlap_days")
    old = _live_key(unit, creditor_id, key_id)
    follower = select(ApiKey.id).where(ApiKey.creditor_id == creditor_id, ApiKey.follows_id == key_id)
    if unit.session.exec(follower).first() is not None:
        raise KeyEnded("this key was replaced before")
    expires_at = unit.now + (old.expires_at - old.created_at) if old.expires_at else None
    made = _keep(
        unit, creditor_id=creditor_id, name=old.name, scopes=old.scopes, expires_at=expires_at,
        follows_id=key_id,
    )  # fmt: skip
    if overlap_days == 0:
        _stop(unit, old)
    else:
        ends_at = unit.now + timedelta(days=overlap_days)
        old.expires_at = min(old.expires_at or ends_at, ends_at)
        unit.session.flush()
        record(
            unit, action="api_key.replaced", subject=f"api_key:{key_id}", creditor_id=creditor_id,
            facts={"opens_until": old.expires_at, "by": made.key_id},
        )  # fmt: skip
    return made


def revoke_key(unit: Unit, *, creditor_id: UUID, key_id: UUID) -> None:
    """This function will revoke a key: no request that begins later is let in by it.

    :raises NotFound: this creditor has no such key.
    :raises KeyEnded: it was revoked before, or has expired.
    """
    _stop(unit, _live_key(unit, creditor_id, key_id))


def keys_of(unit: Unit, *, creditor_id: UUID) -> Sequence[ApiKey]:
    """This function will return a creditor's keys, the newest first."""
    return unit.session.exec(
        select(ApiKey).where(ApiKey.creditor_id == creditor_id).order_by(col(ApiKey.id).desc()).limit(200)
    ).all()


def key_of(unit: Unit, *, creditor_id: UUID, key_id: UUID) -> ApiKey:
    """This function will return one key of a creditor.

    :raises NotFound: this creditor has no such key.
    """
    key = unit.session.get(ApiKey, (creditor_id, key_id))
    if key is None:
        raise NotFound("no such key")
    return key


def is_live(key: ApiKey, *, now: datetime) -> bool:
    """This function will say whether a key still opens something."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def id_presented(presented: str) -> UUID | None:
    """This function will return the id in what was presented as a key; None where it is no key at all."""
    found = KEY.fullmatch(presented)
    return UUID(found[1]) if found else None


def bearer_of(unit: Unit, *, presented: str) -> Bearer | None:
    """This function will return whose live key was presented, else None, and note once a minute that it was.

    It does the same for a key that is wrong, unknown, expired or revoked, so that none of them is told from
    another by its time.
    """
    connection = unit.session.connection()
    row = connection.execute(_FIND, {"id": id_presented(presented) or _NOBODYS}).one_or_none()
    right = hmac.compare_digest(_hashed(presented), row.secret_sha256 if row else _NOBODYS_SHA256)
    if row is None or not right or not row.live:
        return None
    if row.unnoticed:
        connection.execute(_NOTICE, {"c": row.creditor_id, "id": row.id})
    return Bearer(row.creditor_id, row.id, frozenset(map(Scope, row.scopes)), row.language)


def still_opens(unit: Unit, *, creditor_id: UUID, key_id: UUID) -> bool:
    """This function will say, in the transaction of what a key asked for, whether it opens anything still."""
    found = unit.session.connection().execute(_STILL, {"c": creditor_id, "id": key_id})
    return found.first() is not None


def _live_key(unit: Unit, creditor_id: UUID, key_id: UUID) -> ApiKey:
    """Whoever changes a creditor's keys waits for who did so first, and then sees what that left."""
    take_turns(unit, "api_key", creditor_id)
    key = key_of(unit, creditor_id=creditor_id, key_id=key_id)
    unit.session.refresh(key)
    if not is_live(key, now=unit.now):
        raise KeyEnded("this key was revoked or has expired")
    return key


def _keep(
    unit: Unit,
    *,
    creditor_id: UUID,
    name: str,
    scopes: list[str],
    expires_at: datetime | None,
    follows_id: UUID | None = None,
    form_id: UUID | None = None,
) -> MadeKey:
    key_id = new_id()
    secret = f"agkey_{key_id.hex}_{''.join(secrets.choice(_SIGNS) for _ in range(_SECRET_SIGNS))}"
    unit.session.add(
        ApiKey(
            creditor_id=creditor_id,
            id=key_id,
            created_at=unit.now,
            name=name,
            scopes=scopes,
            secret_sha256=_hashed(secret),
            made_by=unit.by,
            expires_at=expires_at,
            follows_id=follows_id,
            form_id=form_id,
        )
    )
    unit.session.flush()
    facts = {"scopes": scopes, "expires_at": expires_at, "follows": follows_id}
    record(unit, action="api_key.made", subject=f"api_key:{key_id}", creditor_id=creditor_id, facts=facts)
    return MadeKey(key_id, secret)


def _stop(unit: Unit, key: ApiKey) -> None:
    key.revoked_at, key.revoked_by = unit.now, unit.by
    unit.session.flush()
    record(unit, action="api_key.revoked", subject=f"api_key:{key.id}", creditor_id=key.creditor_id)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), AGENCY_ZONE)
