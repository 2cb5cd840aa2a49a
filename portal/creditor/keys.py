"""Keys of a creditor's programs: which there are and when they were used, one more, another in its place, or
revoked. A key is shown once, on the answer to the form that made it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.ids import new_id
from agency.kernel.unit import Unit, agency_day
from agency.parties.api_keys import (
    KEYS_MAX,
    LIFE_DAYS,
    NAME_MAX,
    OVERLAP_DAYS_MAX,
    MadeKey,
    is_live,
    key_of,
    keys_of,
    make_key,
    replace_key,
    revoke_key,
)
from agency.parties.models import ApiKey, Scope, UserAccount
from portal.creditor.doors import binding, creditor_page
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Chip, Column, Cut

SCOPES = (
    (Scope.READ, N_("Reading"), N_("Claims with their history and documents, prices, payouts")),
    (Scope.PRICE, N_("Pricing"), N_("Ask what claims would cost; nothing is stored")),
    (Scope.PLACE, N_("Placing"), N_("Hand claims over, and add documents and facts to them")),
    (Scope.ACCEPT, N_("Accepting prices"), N_("Accept and decline prices, which binds you")),
    (Scope.CREDIT, N_("Credit checks"), N_("Ask for credit checks, which are charged")),
)
SCOPE_WORDS: Mapping[str, str] = {scope.value: word for scope, word, _ in SCOPES}
OVERLAPS = (
    ("7", N_("After 7 days")),
    ("1", N_("After a day")),
    (str(OVERLAP_DAYS_MAX), N_("After 30 days")),
    ("0", N_("At once")),
)
LIVE, ENDING = Chip(N_("Works"), "good"), Chip(N_("Ends soon"), "warning")
EXPIRED, REVOKED = Chip(N_("Expired"), "calm"), Chip(N_("Revoked"), "calm")
SOON = timedelta(days=30)
COLUMNS = (
    Column("name", N_("Key"), "link", sub="sign"),
    Column("state", N_("Status"), "chip"),
    Column("scopes", N_("May"), "words", phone=False),
    Column("used", N_("Last used"), "moment"),
    Column("ends", N_("Last day"), "day", phone=False),
)


class KeyForm(FormModel):
    """A new key; without a last day it has no end."""

    name: str = Field(max_length=NAME_MAX)
    scopes: list[Scope] = Field(min_length=1)
    expires_on: date | None = None
    form_id: UUID | None = None


class ReplaceForm(FormModel):
    """When the old key stops."""

    overlap_days: int = Field(ge=0, le=OVERLAP_DAYS_MAX)


@binding.get("/keys")
def keys(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """Every key, and the form for another."""
    last_day = unit.today + timedelta(days=LIFE_DAYS)
    form = blank(expires_on=last_day.isoformat(), scopes=[Scope.READ.value, Scope.PRICE.value])
    return _list_page(request, unit, own_creditor(visitor), form)


@binding.post("/keys")
def make(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields
) -> Response:
    """A new key, shown on this answer and never again."""
    creditor_id = own_creditor(visitor)
    if isinstance(fields.get("scopes"), str):
        fields["scopes"] = [fields["scopes"]]
    form = submitted(KeyForm, fields)
    with form.attempt(unit):
        made = make_key(
            unit,
            creditor_id=creditor_id,
            name=form.data.name,
            scopes=form.data.scopes,
            expires_on=form.data.expires_on,
            form_id=form.data.form_id,
        )
    if form.errors:
        return _list_page(request, unit, creditor_id, form, status=422)
    return _shown_once(request, unit, creditor_id, made, wiring.settings.public_url)


@binding.get("/keys/{key_id:uuid}")
def key(request: Request, unit: CreditorUnit, visitor: TheVisitor, key_id: UUID) -> Response:
    """One key: what it opens, who made it, and what can be done with it."""
    return _key_page(request, unit, own_creditor(visitor), key_id, blank(overlap_days="7"))


@binding.post("/keys/{key_id:uuid}/replacement")
def replace(
    request: Request,
    unit: CreditorUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    fields: Fields,
    key_id: UUID,
) -> Response:
    """A new key beside this one, which stops after the chosen term."""
    creditor_id = own_creditor(visitor)
    form = submitted(ReplaceForm, fields)
    with form.attempt(unit):
        made = replace_key(unit, creditor_id=creditor_id, key_id=key_id, overlap_days=form.data.overlap_days)
    if form.errors:
        return _key_page(request, unit, creditor_id, key_id, form, status=422)
    return _shown_once(request, unit, creditor_id, made, wiring.settings.public_url)


@binding.post("/keys/{key_id:uuid}/revocation")
def revoke(request: Request, unit: CreditorUnit, visitor: TheVisitor, key_id: UUID) -> Response:
    """Stop a key at once and for good."""
    creditor_id = own_creditor(visitor)
    form = blank(overlap_days="7")
    with form.attempt(unit):
        revoke_key(unit, creditor_id=creditor_id, key_id=key_id)
    if form.errors:
        return _key_page(request, unit, creditor_id, key_id, form, status=409)
    return leave_for("/creditor/keys", notice=N_("The key is revoked; it opens nothing any more."))


def _list_page(
    request: Request, unit: Unit, creditor_id: UUID, form: Form[Any], *, status: int = 200
) -> Response:
    found = keys_of(unit, creditor_id=creditor_id)
    return creditor_page(
        request,
        "keys.html",
        status=status,
        form=form,
        form_id=new_id(),
        scopes=[(scope.value, word, about) for scope, word, about in SCOPES],
        columns=COLUMNS,
        cut=Cut([_row(one, unit.now) for one in found]),
        orphans=_orphans(unit, creditor_id, found),
        most=KEYS_MAX,
        today=unit.today.isoformat(),
    )


def _key_page(
    request: Request, unit: Unit, creditor_id: UUID, key_id: UUID, form: Form[Any], *, status: int = 200
) -> Response:
    found = key_of(unit, creditor_id=creditor_id, key_id=key_id)
    others = keys_of(unit, creditor_id=creditor_id)
    people = _people(unit, creditor_id)
    return creditor_page(
        request,
        "key.html",
        status=status,
        form=form,
        key=found,
        chip=_chip(found, unit.now),
        scopes=_words(found),
        last_day=_last_day(found),
        made_by=people.get(found.made_by),
        revoked_by=people.get(found.revoked_by or ""),
        before=next((one for one in others if one.id == found.follows_id), None),
        after=next((one for one in others if one.follows_id == found.id), None),
        live=is_live(found, now=unit.now),
        overlaps=OVERLAPS,
    )


def _shown_once(request: Request, unit: Unit, creditor_id: UUID, made: MadeKey, public_url: str) -> Response:
    """The page with the key: answered directly, so that it stands in no address, cookie or log."""
    found = key_of(unit, creditor_id=creditor_id, key_id=made.key_id)
    return creditor_page(
        request, "key_made.html", key=found, secret=made.secret, scopes=_words(found),
        last_day=_last_day(found), address=public_url.rstrip("/"),
    )  # fmt: skip


def _row(one: ApiKey, now: datetime) -> dict[str, Any]:
    return {
        "href": f"/creditor/keys/{one.id}",
        "name": one.name,
        "sign": f"agkey_…{one.id.hex[-8:]}",
        "state": _chip(one, now),
        "scopes": _words(one),
        "used": one.last_used_at,
        "ends": _last_day(one),
    }


def _words(one: ApiKey) -> str:
    return ", ".join(gettext(SCOPE_WORDS[scope]) for scope in one.scopes)


def _chip(one: ApiKey, now: datetime) -> Chip:
    if one.revoked_at is not None:
        return REVOKED
    if not is_live(one, now=now):
        return EXPIRED
    return ENDING if one.expires_at is not None and one.expires_at - now < SOON else LIVE


def _last_day(one: ApiKey) -> date | None:
    """The last day on which a key opens something: it ends at the first moment of the next, or within it."""
    return None if one.expires_at is None else agency_day(one.expires_at - timedelta(microseconds=1))


def _people(unit: Unit, creditor_id: UUID) -> dict[str, UserAccount]:
    found = unit.session.exec(select(UserAccount).where(UserAccount.creditor_id == creditor_id))
    return {f"user:{one.id}": one for one in found}


def _orphans(unit: Unit, creditor_id: UUID, found: Sequence[ApiKey]) -> list[str]:
    """Names of live keys whose maker may not sign in any more, and may still know them."""
    people = _people(unit, creditor_id)
    gone = {by for by, person in people.items() if person.disabled_at is not None}
    return [one.name for one in found if one.made_by in gone and is_live(one, now=unit.now)]
