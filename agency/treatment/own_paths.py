"""Paths drawn from nothing, and the creditors whose claims begin on them instead of on a default path."""

import re
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit
from agency.rules.facts import DebtorKind, Law
from agency.rules.treatment_path import Signature
from agency.treatment.drafting import PATH_DRAFTS
from agency.treatment.models import CreditorPath, TreatmentPathDraft
from agency.treatment.paths import path_in_sight

NAME_MAX: Final = 80
_TAKEN = text(
    "SELECT EXISTS (SELECT FROM treatment_path WHERE key = :key)"
    " OR EXISTS (SELECT FROM treatment_path_draft WHERE key = :key)"
)
_CREDITORS = text(
    "SELECT p.id, p.creditor_id, c.name, c.reference, p.valid_from, p.ended_on FROM creditor_path p"
    " JOIN creditor c ON c.id = p.creditor_id WHERE p.path_key = :key AND p.ended_on IS NULL"
    " ORDER BY c.name, p.id LIMIT 500"
)
_BY_REFERENCE = text("SELECT id FROM creditor WHERE upper(reference) = upper(:reference)")


def draw_path(
    unit: Unit, *, name: str, law: Law, debtors: tuple[DebtorKind, ...], signature: Signature
) -> UUID:
    """This function will begin a path from nothing and return its draft, which has no steps yet.

    :raises Invalid: it has no name, a name that is too long, or is for nobody.
    """
    called = " ".join(name.split())
    if not called:
        raise Invalid("give the path a name", field="name")
    if len(called) > NAME_MAX:
        raise Invalid("write at most 80 characters", field="name")
    if not debtors:
        raise Invalid("choose at least one kind of debtor", field="debtors")
    key = _free_key(unit, called)
    content: dict[str, Any] = {
        "key": key, "version": "1", "law": law.value, "name": called,
        "debtors": [debtor.value for debtor in debtors], "signature": signature.value, "steps": [],
    }  # fmt: skip
    draft = TreatmentPathDraft(
        key=key, content=content, valid_from=unit.today, based_on=None, writers=[unit.by],
        changed_at=unit.now, created_at=unit.now,
    )  # fmt: skip
    return PATH_DRAFTS.begin(unit, draft).id


def follow_path(unit: Unit, *, key: str, reference: str, valid_from: date) -> None:
    """This function will let new claims of a creditor begin on a path of the agency's own, from a day on.

    :raises NotFound: there is no such path or creditor.
    :raises Invalid: the day has passed.
    :raises Conflict: the creditor follows it already.
    """
    path_in_sight(unit, key=key)
    if valid_from < unit.today:
        raise Invalid("choose today or a later day", field="valid_from")
    found = unit.session.connection().execute(_BY_REFERENCE, {"reference": reference.strip()})
    creditor_id = found.scalars().first()
    if creditor_id is None:
        raise NotFound("no such creditor", field="reference")
    row = CreditorPath(
        creditor_id=creditor_id, created_at=unit.now, path_key=key, valid_from=valid_from, by=unit.by
    )
    try:
        with unit.session.begin_nested():
            unit.session.add(row)
    except IntegrityError as error:
        raise Conflict("this creditor follows the path already", field="reference") from error
    record(unit, action="treatment_path.followed", subject=f"treatment_path:{key}", creditor_id=creditor_id)


def leave_path(unit: Unit, *, key: str, creditor_id: UUID) -> None:
    """This function will let new claims of a creditor begin on the default paths again.

    :raises NotFound: the creditor does not follow the path.
    """
    row = unit.session.exec(
        select(CreditorPath).where(
            CreditorPath.creditor_id == creditor_id,
            CreditorPath.path_key == key,
            col(CreditorPath.ended_on).is_(None),
        )
    ).one_or_none()
    if row is None:
        raise NotFound("no such creditor")
    row.ended_on = unit.today
    unit.session.add(row)
    record(unit, action="treatment_path.left", subject=f"treatment_path:{key}", creditor_id=creditor_id)


def followers(unit: Unit, *, key: str) -> list[Row[Any]]:
    """This function will return the creditors that follow a path, by name."""
    return list(unit.session.connection().execute(_CREDITORS, {"key": key}))


def _free_key(unit: Unit, name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "path"
    for number in range(1, 1000):
        key = f"own-{slug}" + (f"-{number}" if number > 1 else "")
        if not unit.session.connection().execute(_TAKEN, {"key": key}).scalar_one():
            return key
    raise Conflict("another path is called like this")
