"""Brands as versions: drawn up as often as one likes, let out by a second person, gone back to at will.

The row of `brand` says what counts now and is only written here, from a published version.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.kernel.drafts import OPEN, Drafts, DraftState, refuse_other
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.parties.models import Brand, BrandVersion
from agency.rules.brand import BrandDesign

BRAND_DRAFTS: Final = Drafts(BrandVersion, tells="brand")
_COLUMNS: Final = (
    "name", "colour", "ink", "accent", "font", "letterhead", "sender_name", "sender_email", "reply_to",
    "sms_sender", "phone", "caller_id", "pay_host", "footer", "pay_text",
)  # fmt: skip


def brand_of(unit: Unit, *, creditor_id: UUID) -> Brand:
    """This function will return how a creditor looks now.

    :raises NotFound: there is no such creditor, or it has no brand.
    """
    found = unit.session.exec(
        select(Brand).where(Brand.creditor_id == creditor_id).order_by(text("id")).limit(1)
    ).first()
    if found is None:
        raise NotFound("this page does not exist")
    return found


def design_of(brand: Brand) -> BrandDesign:
    """This function will return the design that counts now."""
    content = {name: getattr(brand, name) for name in _COLUMNS}
    return BrandDesign.from_fields(content | {"logo_sha256": brand.logo_sha256 or ""})


def lay_down_first(unit: Unit, *, brand: Brand) -> None:
    """This function will keep a fresh brand as its creditor's first version (set-up; nobody approved it)."""
    first = BrandVersion(
        creditor_id=brand.creditor_id, id=new_id(), version=1, state=DraftState.PUBLISHED,
        content=design_of(brand).plain(), writers=[unit.by], changed_at=unit.now, created_at=unit.now,
    )  # fmt: skip
    unit.session.add(first)
    unit.session.flush()
    brand.version_id = first.id


def start_draft(unit: Unit, *, creditor_id: UUID, from_version: int | None = None) -> BrandVersion:
    """This function will begin a draft as a copy of what counts, or of an earlier version to go back to.

    A creditor has one open draft at a time: the one that stands is returned as it is.

    :raises NotFound: the creditor has no brand, or no such version.
    :raises Conflict: an earlier version is asked for while a draft is open.
    """
    brand = brand_of(unit, creditor_id=creditor_id)
    unit.session.connection().execute(
        text("SELECT FROM brand WHERE creditor_id = :c AND id = :id FOR UPDATE"),
        {"c": creditor_id, "id": brand.id},
    )
    if standing := open_draft(unit, creditor_id=creditor_id):
        if from_version is not None:
            raise Conflict("there is a draft already; publish or withdraw it first")
        return standing
    newest = versions_of(unit, creditor_id=creditor_id)
    if from_version is None:
        content = design_of(brand).plain()
    else:
        content = dict(version_numbered(unit, creditor_id=creditor_id, version=from_version).content)
    draft = BrandVersion(
        creditor_id=creditor_id, id=new_id(), content=content, writers=[unit.by], changed_at=unit.now,
        based_on=newest[0].version if newest else None, created_at=unit.now,
        remark="" if from_version is None else f"back to {from_version}",
    )  # fmt: skip
    return BRAND_DRAFTS.begin(unit, draft)


def open_draft(unit: Unit, *, creditor_id: UUID) -> BrandVersion | None:
    """This function will return the draft that a creditor's brand has, also when it was submitted."""
    return unit.session.exec(
        select(BrandVersion).where(BrandVersion.creditor_id == creditor_id, col(BrandVersion.state).in_(OPEN))
    ).one_or_none()


def versions_of(unit: Unit, *, creditor_id: UUID) -> list[BrandVersion]:
    """This function will return the published versions of a creditor's brand, the newest first."""
    return list(
        unit.session.exec(
            select(BrandVersion)
            .where(BrandVersion.creditor_id == creditor_id, col(BrandVersion.version).is_not(None))
            .order_by(col(BrandVersion.version).desc())
            .limit(500)
        )
    )


def version_numbered(unit: Unit, *, creditor_id: UUID, version: int) -> BrandVersion:
    """This function will return a published version by its number.

    :raises NotFound: the creditor has none.
    """
    found = unit.session.exec(
        select(BrandVersion).where(BrandVersion.creditor_id == creditor_id, BrandVersion.version == version)
    ).one_or_none()
    if found is None:
        raise NotFound("this page does not exist")
    return found


def change_draft(
    unit: Unit, *, creditor_id: UUID, draft_id: UUID, content: Mapping[str, Any], edition: str | None = None
) -> BrandVersion:
    """This function will keep fields of a draft, whatever rules they break; others stay as they are.

    :param edition: of the draft that the fields were written over.
    :raises ChangedMeanwhile: somebody else changed it since.
    :raises Conflict: it is not a draft any more.
    :raises TypeError: a field is no text.
    """
    draft = BRAND_DRAFTS.to_write(unit, creditor_id=creditor_id, draft_id=draft_id)
    changed = BrandDesign.from_fields(draft.content | dict(content)).plain()
    if changed == draft.content:
        return draft
    refuse_other(draft, edition)
    return BRAND_DRAFTS.write(unit, draft, changed)


def submit_draft(unit: Unit, *, creditor_id: UUID, draft_id: UUID) -> BrandVersion:
    """This function will hand a draft to a second person; whether it may be is asked in
    `agency.communication.brand_checklist` first.

    :raises Conflict: it is not a draft any more.
    """
    draft = BRAND_DRAFTS.to_write(unit, creditor_id=creditor_id, draft_id=draft_id)
    return BRAND_DRAFTS.submit(unit, draft)


def publish_draft(unit: Unit, *, creditor_id: UUID, draft_id: UUID, edition: str | None = None) -> int:
    """This function will make a submitted draft count from now on and return its version; what was sent
    before keeps its own. Only `agency.communication.brand_checklist` calls it, when nothing is wrong.

    :param edition: of what the person read.
    :raises NotYourOwn: the person wrote in it.
    :raises ChangedMeanwhile: it says something else by now.
    :raises Conflict: it was not submitted, or says what counts already.
    """
    draft = BRAND_DRAFTS.to_publish(unit, creditor_id=creditor_id, draft_id=draft_id, edition=edition)
    brand = brand_of(unit, creditor_id=creditor_id)
    design = BrandDesign.from_fields(draft.content)
    if design == design_of(brand):
        raise Conflict("this draft changes nothing")
    standing = versions_of(unit, creditor_id=creditor_id)
    version = 1 + (standing[0].version or 0 if standing else 0)
    BRAND_DRAFTS.publish(unit, draft, version=version)
    for name in _COLUMNS:
        setattr(brand, name, design.plain()[name])
    brand.logo_sha256, brand.version_id = design.logo_sha256 or None, draft.id
    unit.session.add(brand)
    unit.session.flush()
    return version
