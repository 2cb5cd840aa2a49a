"""Users: who signs in, with a password and a second factor. Secrets are kept hashed or encrypted."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from cryptography.fernet import Fernet
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text
from sqlmodel import select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.parties.models import Audience, Creditor, Role, UserAccount

# OWASP's minimum for Argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHash((Argon2Hasher(memory_cost=19_456, time_cost=2, parallelism=1),))
PASSWORD_BYTES_MAX = 1024
PASSWORD_CHARACTERS_MIN = 15  # NIST SP 800-63B-4
_CODE_SECONDS = 30
# Checked when nobody has the address, so that the answer takes as long as for somebody who exists.
_ADMINISTRATORS = text("SELECT count(*) FROM user_account WHERE disabled_at IS NULL AND :role = ANY(roles)")
_NOBODY = _HASHER.hash("nobody-has-this-password")


class EmailTaken(Conflict):
    """Another user signs in with this address."""


@dataclass(frozen=True)
class NewUser:
    """A user who was just made: the second factor's secret is told once."""

    user_id: UUID
    totp_secret: str


def create_user(
    unit: Unit,
    *,
    email: str,
    name: str,
    audience: Audience,
    roles: Sequence[Role],
    password: str,
    sealing_secret: str,
    creditor_id: UUID | None = None,
    language: str = "nl",
) -> NewUser:
    """This function will make a user and return the second factor's secret.

    :raises EmailTaken: the address is in use.
    :raises Invalid: the password is too short or too long, or there is no such creditor.
    """
    address = email.strip().lower()
    check_password_rules(password)
    take_turns(unit, "user", address)
    if unit.session.exec(select(UserAccount.id).where(UserAccount.email == address)).first():
        raise EmailTaken("somebody else signs in with this address", field="email")
    _refuse_unknown_creditor(unit, creditor_id)
    secret = pyotp.random_base32()
    user = UserAccount(
        id=new_id(),
        created_at=unit.now,
        email=address,
        name=name.strip(),
        audience=audience,
        roles=[role.value for role in roles],
        creditor_id=creditor_id,
        password_hash=_HASHER.hash(password),
        totp_secret=_seal(secret, sealing_secret),
        language=language,
    )
    unit.session.add(user)
    unit.session.flush()
    record(unit, action="user.created", subject=f"user:{user.id}", creditor_id=creditor_id)
    return NewUser(user.id, secret)


def _refuse_unknown_creditor(unit: Unit, creditor_id: UUID | None) -> None:
    """Nobody signs in for the house as if it were a creditor; its own people are staff."""
    if creditor_id is None:
        return
    if creditor_id == HOUSE or unit.session.get(Creditor, creditor_id) is None:
        raise Invalid("choose one of the creditors", field="creditor_id")


def check_password_rules(password: str) -> None:
    """This function will refuse a password that is too short, or too long to hash safely.

    :raises Invalid: it is.
    """
    if len(password) < PASSWORD_CHARACTERS_MIN:
        raise Invalid(f"a password has at least {PASSWORD_CHARACTERS_MIN} characters", field="password")
    if len(password.encode()) > PASSWORD_BYTES_MAX or "\0" in password:
        raise Invalid("this password is too long", field="password")


def user_with_password(unit: Unit, *, email: str, password: str) -> UserAccount | None:
    """This function will return the enabled user with this address and password, else None.

    It takes as long for an address that nobody has.
    """
    user = unit.session.exec(
        select(UserAccount).where(UserAccount.email == email.strip().lower())
    ).one_or_none()
    if len(password.encode()) > PASSWORD_BYTES_MAX:
        return None
    right = _HASHER.verify(password, user.password_hash if user else _NOBODY)
    return user if user and right and user.disabled_at is None else None


def use_code(unit: Unit, *, user_id: UUID, code: str, sealing_secret: str, at: datetime) -> bool:
    """This function will accept a code of the second factor once: the step it belongs to is used up.

    One step of 30 seconds before or after is allowed for clocks that differ.
    """
    user = unit.session.exec(select(UserAccount).where(UserAccount.id == user_id)).one()
    totp = pyotp.TOTP(_unseal(user.totp_secret, sealing_secret))
    step_now = int(at.timestamp()) // _CODE_SECONDS
    for step in (step_now, step_now - 1, step_now + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(step), code.replace(" ", "")):
            taken = unit.session.connection().execute(
                text(
                    "UPDATE user_account SET totp_last_step = :step WHERE id = :id AND totp_last_step < :step"
                ),
                {"step": step, "id": user_id},
            )
            return taken.rowcount == 1
    return False


def reset_second_factor(unit: Unit, *, user_id: UUID, sealing_secret: str) -> str:
    """This function will give a user a new second factor and return its secret, told once.

    :raises NotFound: no such user.
    """
    user = unit.session.get(UserAccount, user_id)
    if user is None:
        raise NotFound("no such user")
    secret = pyotp.random_base32()
    user.totp_secret, user.totp_last_step = _seal(secret, sealing_secret), 0
    unit.session.flush()
    record(unit, action="user.second_factor_reset", subject=f"user:{user_id}", creditor_id=user.creditor_id)
    return secret


def set_password(unit: Unit, *, user_id: UUID, password: str) -> None:
    """This function will give a user another password.

    :raises NotFound: no such user.
    :raises Invalid: the password is too short or too long.
    """
    user = unit.session.get(UserAccount, user_id)
    if user is None:
        raise NotFound("no such user")
    check_password_rules(password)
    user.password_hash = _HASHER.hash(password)
    unit.session.flush()
    record(unit, action="user.password_set", subject=f"user:{user_id}", creditor_id=user.creditor_id)


def details_of(user: UserAccount) -> str:
    """This function will return what tells whether a user's details still say what somebody read of them."""
    said = json.dumps([user.name, user.email, sorted(user.roles)])
    return hashlib.sha256(said.encode()).hexdigest()


def change_user(
    unit: Unit, *, user_id: UUID, name: str, email: str, roles: Sequence[Role], read: str | None = None
) -> None:
    """This function will change a user's name, address and roles; they count from the next request on.

    Whoever works for a creditor stays with it: roles of another side are those of another user.

    :param read: `details_of` what the person who changes them read.
    :raises NotFound: no such user.
    :raises Conflict: somebody else changed the user since, nobody would be left to administer, or one takes
        that role from oneself.
    :raises EmailTaken: the address is in use.
    """
    address, wanted = email.strip().lower(), sorted({role.value for role in roles})
    take_turns(unit, "user", address)
    take_turns(unit, "administrators")
    user = unit.session.get(UserAccount, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        raise NotFound("no such user")
    if read and read != details_of(user):
        raise Conflict("somebody else changed this user after you opened the page; look at it again")
    taken = select(UserAccount.id).where(UserAccount.email == address, UserAccount.id != user_id)
    if unit.session.exec(taken).first():
        raise EmailTaken("somebody else signs in with this address", field="email")
    loses = Role.ADMIN.value in user.roles and Role.ADMIN.value not in wanted
    if loses and unit.by == f"user:{user_id}":
        raise Conflict("you cannot take the role of administrator from yourself", field="roles")
    facts = {"roles": wanted} if wanted != sorted(user.roles) else {}
    user.name, user.email, user.roles = name.strip(), address, wanted
    unit.session.flush()
    if loses:
        _keep_an_administrator(unit)
    record(unit, action="user.changed", subject=f"user:{user_id}", creditor_id=user.creditor_id, facts=facts)


def _keep_an_administrator(unit: Unit) -> None:
    """Two administrators may each take the other out at the same moment: the second of them is refused."""
    left = unit.session.connection().execute(_ADMINISTRATORS, {"role": Role.ADMIN.value}).scalar_one()
    if not left:
        raise Conflict("somebody has to be left who administers")


def set_disabled(unit: Unit, *, user_id: UUID, disabled: bool) -> None:
    """This function will let a user in or keep the user out, from the next request on.

    :raises NotFound: no such user.
    :raises Conflict: nobody would be left to administer.
    """
    take_turns(unit, "administrators")
    user = unit.session.get(UserAccount, user_id, populate_existing=True)
    if user is None:
        raise NotFound("no such user")
    user.disabled_at = unit.now if disabled else None
    unit.session.flush()
    if disabled and Role.ADMIN.value in user.roles:
        _keep_an_administrator(unit)
    word = "disabled" if disabled else "enabled"
    record(unit, action=f"user.{word}", subject=f"user:{user_id}", creditor_id=user.creditor_id)


def _key(sealing_secret: str) -> Fernet:
    digest = hashlib.sha256(b"second-factor:" + sealing_secret.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def _seal(secret: str, sealing_secret: str) -> bytes:
    return _key(sealing_secret).encrypt(secret.encode())


def _unseal(sealed: bytes, sealing_secret: str) -> str:
    return _key(sealing_secret).decrypt(bytes(sealed)).decode()
