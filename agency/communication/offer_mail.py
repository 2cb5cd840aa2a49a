"""E-mail to a creditor about a price of its own: offers that are ready, a reminder before the last of them
expires, and that a question was answered; to everybody who may accept."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from babel.dates import format_date
from sqlalchemy import Row, text

from agency.communication.creditor_mail import reserve_mail, signed_by, words_of
from agency.communication.price_mail import MAY_ACCEPT
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit, agency_day
from agency.rules.offer import offer_policy

_NOTICE: Final = "price_offers"
_OPEN: Final = (
    "JOIN LATERAL (SELECT count(*) AS offers, max(o.expires_at) AS until FROM price_offer o"
    " WHERE o.creditor_id = r.creditor_id AND o.request_id = r.id AND o.state = 'open'"
    " AND o.expires_at > :now) o ON true"
)
_FROM: Final = (
    "SELECT r.creditor_id, r.id, r.number, coalesce(p.name, c.number || ' · ' || c.reference) AS about,"
    f" o.offers, o.until FROM price_request r {_OPEN}"
    " LEFT JOIN placement p ON p.creditor_id = r.creditor_id AND p.id = r.placement_id"
    " LEFT JOIN claim c ON c.creditor_id = r.creditor_id AND c.id = r.claim_id WHERE "
)
_LOCKED: Final = " ORDER BY r.creditor_id, r.id FOR UPDATE OF r SKIP LOCKED"
# What a mail is about -> which requests, and how it is kept that they were told.
_DUE: Final = {
    "offer": (
        text(f"{_FROM} r.state = 'offered' AND r.told_at IS NULL AND o.offers > 0{_LOCKED}"),
        text("UPDATE price_request SET told_at = :now WHERE creditor_id = :c AND id = :r"),
    ),
    "reminder": (
        text(
            f"{_FROM} r.state = 'offered' AND r.told_at IS NOT NULL AND r.reminded_at IS NULL"
            f" AND o.offers > 0 AND o.until <= :soon{_LOCKED}"
        ),
        text("UPDATE price_request SET reminded_at = :now WHERE creditor_id = :c AND id = :r"),
    ),
    "answer": (
        text(f"{_FROM} r.note_waits{_LOCKED}"),
        text("UPDATE price_request SET note_waits = false WHERE creditor_id = :c AND id = :r"),
    ),
}


def tell_of_offers(unit: Unit, *, settings: Settings) -> int:
    """This function will queue mails about offers and answers that nobody was written to about, and about
    offers that expire soon, and return how many mails it queued."""
    soon = unit.now + timedelta(days=offer_policy(unit.today).remind_days_before)
    queued = 0
    for variant, (due, mark) in _DUE.items():
        values = {"now": unit.now} | ({"soon": soon} if variant == "reminder" else {})
        for row in unit.session.connection().execute(due, values).all():
            queued += _queue(unit, row, variant, settings)
            told = {"c": row.creditor_id, "r": row.id} | ({} if variant == "answer" else {"now": unit.now})
            unit.session.connection().execute(mark, told)
    return queued


def _queue(unit: Unit, row: Row[Any], variant: str, settings: Settings) -> int:
    creditor_id: UUID = row.creditor_id
    people = unit.session.connection().execute(MAY_ACCEPT, {"c": creditor_id}).all()
    for to in people:
        reserve_mail(unit, creditor_id, f"{_NOTICE}_{variant}", to.email, _values(to, row, variant, settings))
    return len(people)


def _values(to: Row[Any], row: Row[Any], variant: str, settings: Settings) -> dict[str, Any]:
    said = words_of(_NOTICE)
    language = to.language if to.language in said else "en"
    words = said[language]
    line = "line_answer" if variant == "answer" else "line_one" if row.offers == 1 else "line"
    deadline = words["deadline_none"]
    if row.until is not None:
        day = format_date(agency_day(row.until), "long", locale=language)
        deadline = words["deadline"].format(day=day)
    return {
        "language": language,
        "subject": words[f"{variant}_subject"].format(number=row.number),
        "greeting": words["greeting"].format(name=to.name),
        "intro": words[f"{variant}_intro"],
        "lines": [words[line].format(about=row.about, offers=row.offers)],
        "more": "",
        "deadline": deadline,
        "link": f"{settings.public_url}/creditor/price-requests/{row.id}",
        "button": words["button"],
        **signed_by(settings),
    }
