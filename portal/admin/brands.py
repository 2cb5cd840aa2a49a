"""Brands: how each creditor looks and signs towards its debtors."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import EmailStr, Field, field_validator
from sqlalchemy import text
from sqlmodel import select
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.audit import record
from agency.kernel.errors import NotFound
from agency.kernel.files import store
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.parties.models import Brand
from portal.shared.audience import StaffUnit, TheWiring, leave_for, router, show
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut
from portal.shared.logos import LOGO_BYTES_MAX, check_logo, logo_address

routes = router(audience="admin", roles={"admin"}, prefix="/admin/brands")
CreditorId = Annotated[UUID, Path()]

COLUMNS = (
    Column("creditor", N_("Creditor"), "link", sub="reference"),
    Column("colour", N_("Colour"), "html"),
    Column("sender", N_("Sender"), sub="sender_email"),
    Column("phone", N_("Phone"), phone=False),
)
_LIST = text(
    "SELECT c.id, c.name AS creditor, c.reference, b.colour, b.sender_name, b.sender_email, b.phone"
    " FROM creditor c LEFT JOIN LATERAL (SELECT * FROM brand b WHERE b.creditor_id = c.id"
    " ORDER BY b.id LIMIT 1) b ON true WHERE c.id <> :house ORDER BY lower(c.name) LIMIT 1000"
)
_PHONE = re.compile(r"\+?[0-9 ()/-]{6,30}")
_FIELDS = ("name", "colour", "sender_name", "sender_email", "reply_to", "sms_sender", "phone", "footer")


class BrandForm(FormModel):
    """A creditor's brand."""

    name: str = Field(min_length=2, max_length=100)
    colour: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    sender_name: str = Field(min_length=2, max_length=100)
    sender_email: EmailStr
    reply_to: EmailStr
    sms_sender: str
    phone: str
    footer: str = Field(default="", max_length=500)

    @field_validator("name", "sender_name", "phone", "sms_sender")
    @classmethod
    def one_line(cls, value: str) -> str:
        """Refuse what could start another header line in a mail."""
        if any(ord(sign) < 32 for sign in value):
            raise ValueError(N_("This must stand on one line."))
        return value

    @field_validator("sms_sender")
    @classmethod
    def eleven_signs(cls, value: str) -> str:
        """An alphanumeric sender of an SMS has at most eleven signs (GSM 03.40), or is a number."""
        if not re.fullmatch(r"[A-Za-z0-9 ]{1,11}|\+[0-9]{8,15}", value):
            raise ValueError(N_("Give at most 11 letters and digits, or a number like +31612345678."))
        return value

    @field_validator("phone")
    @classmethod
    def a_number(cls, value: str) -> str:
        """Refuse what nobody can call."""
        if not _PHONE.fullmatch(value):
            raise ValueError(N_("Give a telephone number, like +31 20 123 45 67."))
        return value


@routes.get("")
def brands(request: Request, unit: StaffUnit) -> HTMLResponse:
    """Every creditor with its brand."""
    found = unit.session.connection().execute(_LIST, {"house": HOUSE})
    rows = [
        {
            "href": f"/admin/brands/{row.id}",
            "creditor": row.creditor,
            "reference": row.reference,
            "colour": row.colour,
            "sender": row.sender_name,
            "sender_email": row.sender_email,
            "phone": row.phone,
        }
        for row in found
    ]
    return show(request, "admin/brands.html", {"columns": COLUMNS, "cut": Cut(rows)})


@routes.get("/{creditor_id}")
def brand(request: Request, unit: StaffUnit, creditor_id: CreditorId) -> HTMLResponse:
    """One brand, to change it."""
    kept = brand_of(unit, creditor_id)
    return _page(request, unit, kept, blank(**{name: getattr(kept, name) for name in _FIELDS}))


@routes.post("/{creditor_id}")
def keep_brand(
    request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: CreditorId, fields: Fields
) -> Response:
    """Change a brand; messages sent before keep the look they had."""
    kept = brand_of(unit, creditor_id)
    logo = fields.pop("logo", None)
    form = submitted(BrandForm, fields)
    with form.attempt(unit):
        data = form.data
        for name in _FIELDS:
            setattr(kept, name, getattr(data, name))
        if isinstance(logo, UploadFile):
            content = logo.file.read(LOGO_BYTES_MAX + 1)
            kept.logo_sha256 = store(
                unit, wiring.ports.files, creditor_id=creditor_id, content=content,
                media_type=check_logo(content),
            )  # fmt: skip
        unit.session.add(kept)
        unit.session.flush()
        record(unit, action="brand.changed", subject=f"brand:{kept.id}", creditor_id=creditor_id)
    if form.errors:
        unit.session.expire(kept)
        return _page(request, unit, kept, form)
    return leave_for(f"/admin/brands/{creditor_id}", notice=N_("The brand is kept."))


@routes.post("/{creditor_id}/logo/removal")
def remove_logo(unit: StaffUnit, creditor_id: CreditorId) -> Response:
    """Show the name instead of a logo."""
    kept = brand_of(unit, creditor_id)
    kept.logo_sha256 = None
    unit.session.add(kept)
    record(unit, action="brand.logo_removed", subject=f"brand:{kept.id}", creditor_id=creditor_id)
    return leave_for(f"/admin/brands/{creditor_id}", notice=N_("The logo is removed."))


def brand_of(unit: Unit, creditor_id: UUID) -> Brand:
    """This function will return a creditor's brand.

    :raises NotFound: there is no such creditor, or it has no brand.
    """
    found = unit.session.exec(
        select(Brand).where(Brand.creditor_id == creditor_id).order_by(text("id")).limit(1)
    ).first()
    if found is None:
        raise NotFound("this page does not exist")
    return found


def _page(request: Request, unit: Unit, kept: Brand, form: Form[Any]) -> HTMLResponse:
    creditor = unit.session.connection().execute(
        text("SELECT name FROM creditor WHERE id = :c"), {"c": kept.creditor_id}
    )
    values = {
        "form": form,
        "creditor": creditor.scalar_one(),
        "creditor_id": str(kept.creditor_id),
        "logo": logo_address(kept.creditor_id, kept.logo_sha256),
    }
    return show(request, "admin/brand.html", values, status=422 if form.errors else 200)
