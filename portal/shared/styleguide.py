"""Every component on one page, filled with made-up data: long names, empty states, thousands of rows.

Only in development. People look at it after a change to the look; browser tests check it with axe.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.errors import NotFound
from agency.money import Money
from agency.rules.trace import TraceLine
from portal.shared import i18n
from portal.shared.audience import TheWiring, here, router
from portal.shared.charts import Point, chart
from portal.shared.explaining import Part, explanation
from portal.shared.forms import AmountField, Form, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.shared.listing import Chip, Column, Cut, Listing
from portal.shared.navigation import DOORS
from portal.shared.rendering import Notice, Reader, page

routes = router(audience="public", prefix="/_styleguide")

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
STATES = (
    Chip(N_("Reminder 1"), "info"),
    Chip(N_("14-day letter"), "calm"),
    Chip(N_("Payment plan"), "good"),
    Chip(N_("Promise to pay"), "special"),
    Chip(N_("Dispute"), "bad"),
    Chip(N_("On hold"), "warning"),
    Chip(N_("Closed"), "neutral"),
)
NAMES = (
    "J. van den Berg",
    "Peeters & Zn. BV",
    "Aïcha El Amrani",
    "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming BV",
    "Garage Lemmens",
    "Brasserie Le Sud",
    "Ö. Yılmaz-Đorđević",
    "M. Janssens",
)
COLUMNS = (
    Column("debtor", N_("Debtor"), "link", sub="number", sort=True),
    Column("creditor", N_("Creditor"), phone=False),
    Column("state", N_("State"), "chip"),
    Column("open", N_("Open"), "money", sort=True),
    Column("age", N_("Days"), "number", sort=True, phone=False),
    Column("next", N_("Next step"), sub="why"),
    Column("due", N_("Due on"), "day", sort=True),
)


class _SampleForm(FormModel):
    amount: AmountField
    day: date
    name: str
    note: str = ""


@routes.get("")
def styleguide(request: Request, wiring: TheWiring) -> HTMLResponse:
    """The components of the back office."""
    if wiring.settings.production:
        raise NotFound("this page does not exist")
    listing = Listing.read(
        "/_styleguide",
        request.query_params,
        sorts=["debtor", "open", "age", "due"],
        default="-open",
        filters=["q", "state"],
    )
    shown = _as_reader(request, Notice(N_("The promise is kept."), "good"))
    return page("styleguide/index.html", _values(listing), here=shown)


@routes.get("/debtor")
def debtor_styleguide(request: Request, wiring: TheWiring) -> HTMLResponse:
    """The components of the debtor's pages."""
    if wiring.settings.production:
        raise NotFound("this page does not exist")
    values = {
        "brand": {"name": "Energie voor Noord", "css": "/_styleguide/brand.css", "logo": ""},
        "agency": {
            "name": wiring.settings.agency_name,
            "registration": wiring.settings.agency_registration_nl,
            "phone": wiring.settings.agency_phone,
            "email": wiring.settings.agency_email,
            "complaints": wiring.settings.agency_visits_and_complaints_url,
        },
        "owed": _owed(),
        "due": date(2026, 12, 4),
    }
    return page("styleguide/debtor.html", values, here=here(request))


@routes.get("/brand.css")
def sample_brand() -> Response:
    """A creditor's colours."""
    colours = "--brand:#8a3b12;--brand-deep:#76320f;--brand-on-light:#8a3b12;--brand-on-dark:#e5a27e"
    return Response(f":root{{{colours}}}", media_type="text/css")


def _as_reader(request: Request, *notices: Notice) -> Any:
    described = here(request, *notices)
    values = {name: getattr(described, name) for name in type(described).__dataclass_fields__}
    reader = Reader("Marieke van Wijngaarden", "m.vanwijngaarden@incassonoord.example", _EVERY_ROLE)
    return type(described)(**{**values, "reader": reader, "door": DOORS[0]})


_EVERY_ROLE = frozenset({"collector", "finance", "admin"})


def _values(listing: Listing) -> dict[str, Any]:
    rows = [_row(number) for number in range(12)]
    bad: Form[Any] = submitted(_SampleForm, {"amount": "1.234", "day": "30 november", "name": ""})
    bad.values["note"] = "Belde over de factuur van mei."
    months = ("Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov")
    amounts = (31, 46, 28, 51, 57, 49, 66, 62, 75, 71, 84, 97)
    points = [
        Point(m, a, i18n.format_money(Money(a * 100_000, "EUR")))
        for m, a in zip(months, amounts, strict=True)
    ]
    return {
        "listing": listing,
        "columns": COLUMNS,
        "cut": Cut(rows, next_url=listing.url(after="x"), previous_url=listing.url(), total=12_847),
        "nothing": Cut[dict[str, Any]]([]),
        "states": [(state.label, state.tone) for state in STATES],
        "owed": _owed(),
        "trace": _trace(),
        "events": _events(),
        "collected": chart(
            title="Collected per month",
            points=points,
            write=lambda thousands: i18n.format_money_short(Money(thousands * 100_000, "EUR")),
        ),
        "bad": bad,
        "form": blank(kind="email"),
        "now": NOW,
        "eur": lambda minor: Money(minor, "EUR"),
    }


def _row(number: int) -> dict[str, Any]:
    return {
        "id": f"claim-{number}",
        "href": f"/_styleguide?row={number}",
        "debtor": NAMES[number % len(NAMES)],
        "number": f"2026-{10412 + 37 * number}",
        "creditor": ("Enercity", "Fysio Plus", "Telenova Groothandel")[number % 3],
        "state": STATES[number % len(STATES)],
        "open": Money((48_15, 12_734, 1_284_599, 206_53, -1_250)[number % 5] * (1 + number // 5), "EUR"),
        "age": 12 + 9 * number,
        "next": ("Call", "E-mail", "Letter", None)[number % 4],
        "why": ("Promise broken yesterday", "Letter's term ends today", "", None)[number % 4],
        "due": date(2026, 11, 20) + timedelta(days=number * 3),
    }


def _owed() -> Any:
    return explanation(
        total=Money(41_235, "EUR"),
        parts=[
            Part(N_("Invoice 88231"), Money(35_000, "EUR"), "12 aug 2026"),
            Part(
                N_("Statutory interest"), Money(985, "EUR"), "12 sep – 20 nov 2026, 70 × 4 % (art. 6:119 BW)"
            ),
            Part(N_("Collection costs"), Money(5_250, "EUR"), "15 % × € 350,00 (Besluit BIK art. 2)"),
        ],
    )


def _trace() -> tuple[TraceLine, ...]:
    return (
        TraceLine(
            "nl.contact.hours",
            "2024-04-01",
            "Besluit kwaliteit incassodienstverlening, art. 12",
            {"local time": "vr 14:30", "country": "NL", "channel": "call"},
            "A call is allowed at this hour.",
        ),
        TraceLine(
            "nl.bik",
            "2012-07-01",
            "Besluit vergoeding voor buitengerechtelijke incassokosten, art. 2",
            {"principal": "€ 350,00", "percentage": "15 %", "minimum": "€ 40,00"},
            "Collection costs",
            Money(5_250, "EUR"),
        ),
    )


def _events() -> list[dict[str, Any]]:
    def at(**ago: int) -> datetime:
        return NOW - timedelta(**ago)

    return [
        {"at": at(minutes=10), "title": "Payment link opened", "icon": "link", "tone": "info"},
        {
            "at": at(hours=3),
            "title": "Called: promise to pay € 206,53 on 27 November",
            "text": "Salary comes on the 25th; asked to be called on the 28th in case it does not arrive.",
            "icon": "phone",
            "tone": "special",
            "by": "Marieke van Wijngaarden",
            "href": "#",
        },
        {"at": at(days=2), "title": "Reminder delivered", "icon": "mail", "by": "E-mail", "tone": "good"},
        {"at": at(days=2, hours=1), "title": "E-mail bounced", "icon": "alert", "tone": "bad"},
        {"at": at(days=9), "title": "14-day letter posted", "icon": "letter", "by": "Post", "tone": "calm"},
    ]
