"""Previews of a brand: the first reminder as a debtor gets it, and the payment page, with made-up data."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.communication.composing import FOLDER, compose, fill, read_text
from agency.communication.values import date_text, money_text
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import Brand
from agency.rules.facts import Channel
from portal.admin.brands import brand_of
from portal.shared.audience import StaffUnit, TheWiring, here, router, show
from portal.shared.explaining import Part, explanation
from portal.shared.i18n import N_
from portal.shared.logos import logo_address
from portal.shared.rendering import page

routes = router(audience="admin", roles={"admin"}, prefix="/admin/brands/{creditor_id}/preview")

TEMPLATE = "reminder_1"
# The mail is shown in a frame of its own: its inline styles may do nothing there but look.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox; frame-ancestors 'self'"
)
OWED = Money(35_000, "EUR")
INTEREST = Money(985, "EUR")


@routes.get("/mail")
def mail_page(request: Request, unit: StaffUnit, creditor_id: UUID) -> HTMLResponse:
    """The first reminder, in a frame."""
    creditor = _creditor_name(unit, brand_of(unit, creditor_id))
    values = {"creditor": creditor, "creditor_id": str(creditor_id)}
    return show(request, "admin/preview_mail.html", values)


@routes.get("/mail/content")
def mail_content(unit: StaffUnit, wiring: TheWiring, creditor_id: UUID) -> Response:
    """The mail itself, exactly as the mailer would send it."""
    kept = brand_of(unit, creditor_id)
    name = f"{TEMPLATE}.nl.md"
    composed = compose(read_text(name=name, content=(FOLDER / name).read_text()), Channel.email)
    values = _mail_values(unit, kept, wiring.settings)
    values["subject"] = fill(composed.subject, values)
    html, _ = wiring.ports.renderer.email(mjml=composed.body, values=values)
    headers = {"content-security-policy": _MAIL_POLICY, "x-frame-options": "SAMEORIGIN"}
    return HTMLResponse(html, headers=headers)


@routes.get("/page")
def payment_page(request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: UUID) -> HTMLResponse:
    """The payment page in the brand's colours."""
    kept = brand_of(unit, creditor_id)
    config = wiring.settings
    values = {
        "brand": {
            "name": kept.sender_name,
            "css": f"/brand/{creditor_id}.css",
            "logo": logo_address(creditor_id, kept.logo_sha256),
        },
        "agency": {
            "name": config.agency_name,
            "registration": config.agency_registration_nl,
            "phone": config.agency_phone,
            "email": config.agency_email,
            "complaints": config.agency_visits_and_complaints_url,
        },
        "creditor": _creditor_name(unit, kept),
        "owed": explanation(
            total=OWED + INTEREST,
            parts=[Part(N_("Invoice 88231"), OWED), Part(N_("Statutory interest"), INTEREST)],
        ),
        "due": unit.today + timedelta(days=14),
    }
    return page(request, "admin/preview_page.html", values, here=here(request))


def _creditor_name(unit: Unit, kept: Brand) -> str:
    found = unit.session.connection().execute(
        text("SELECT name FROM creditor WHERE id = :c"), {"c": kept.creditor_id}
    )
    return str(found.scalar_one())


def _mail_values(unit: Unit, kept: Brand, config: Settings) -> dict[str, Any]:
    """What a first reminder of one invoice shows; the shape is that of a real message."""

    def day(days_ago: int) -> str:
        return date_text(unit.today - timedelta(days=days_ago), "nl")

    creditor = _creditor_name(unit, kept)
    nothing = {"amount": "", "due_on": "", "on": ""}
    return {
        "language": "nl",
        "date": day(0),
        "agency": {
            "name": config.agency_name,
            "registration": config.agency_registration_nl,
            "phone": config.agency_phone,
            "email": config.agency_email,
            "address": config.agency_address,
            "complaints_url": config.agency_visits_and_complaints_url,
            "privacy_url": config.agency_privacy_url,
        },
        "creditor": {
            "name": creditor, "address": "", "registration": "", "phone": kept.phone, "email": kept.reply_to,
        },
        "sender": {"name": kept.sender_name, "on_behalf": False, "address": ""},
        "brand": {"colour": kept.colour, "footer": kept.footer},
        "debtor": {"name": "J. van den Berg", "lines": ["Dorpsstraat 12", "3511 AB Utrecht"]},
        "claim": {"number": "2026-10412", "description": "88231"},
        "invoices": [
            {
                "number": "88231",
                "issued_on": day(31),
                "due_on": day(1),
                "amount": money_text(OWED, "nl"),
            }
        ],
        "invoices_more": "",
        "amounts": {
            "principal": money_text(OWED, "nl"), "interest": "", "costs": "", "paid": "",
            "total": money_text(OWED, "nl"), "open": "yes",
        },
        "interest": [],
        "costs": {"total": "", "vat": "", "with_total": "", "basis": "", "how": []},
        "term": {"by_post": "", "by_email": "yes"},
        "pay": {
            "link": f"{config.public_url}/", "iban": config.trust_iban, "holder": config.trust_name,
            "reference": "RF18 5390 0754 7034", "qr": "", "qr_is_link": True,
        },
        "promise": nothing,
        "payment": nothing,
    }  # fmt: skip
