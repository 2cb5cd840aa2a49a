"""E-mail to a creditor about higher prices that wait for an answer: one mail for all of them to everybody who
may accept, and one that reminds before the first expires."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from babel.dates import format_date
from babel.numbers import format_percent
from sqlalchemy import Row, text

from agency.communication.creditor_mail import LINES_MAX, reserve_mail, signed_by, words_of
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit, agency_day
from agency.rules.requote import requote_policy

_NOTICE: Final = "price_to_agree"
_DUE = text(
    "SELECT q.creditor_id, q.id, q.expires_at, q.fee_bps_average AS after, l.fee_bps AS before, c.number,"
    " d.name AS debtor FROM quote q"
    " JOIN claim c ON c.creditor_id = q.creditor_id AND c.id = q.claim_id AND c.state = 'active'"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " JOIN quote_line l ON l.creditor_id = q.creditor_id AND l.quote_id = q.follows_id AND l.claim_id = c.id"
    " WHERE q.state = 'open' AND q.claim_id IS NOT NULL AND q.reminded_at IS NULL AND q.expires_at > :now"
    " AND CASE WHEN :reminder THEN q.told_at IS NOT NULL AND q.expires_at <= :soon ELSE q.told_at IS NULL END"
    " ORDER BY q.creditor_id, q.expires_at, q.id FOR UPDATE OF q SKIP LOCKED"
)
_MARK = {
    False: text("UPDATE quote SET told_at = :now WHERE creditor_id = :c AND id = ANY(:ids)"),
    True: text("UPDATE quote SET reminded_at = :now WHERE creditor_id = :c AND id = ANY(:ids)"),
}
# Everybody who may accept; where nobody can sign in, the contact of the creditor.
MAY_ACCEPT = text(
    "SELECT u.name, u.email, u.language FROM user_account u WHERE u.creditor_id = :c"
    " AND u.disabled_at IS NULL AND 'creditor_manager' = ANY(u.roles)"
    " UNION ALL SELECT cr.name, cr.email, cr.language FROM creditor cr WHERE cr.id = :c"
    " AND NOT EXISTS (SELECT 1 FROM user_account u WHERE u.creditor_id = :c AND u.disabled_at IS NULL"
    "  AND 'creditor_manager' = ANY(u.roles)) ORDER BY 2"
)


def tell_of_prices(unit: Unit, *, settings: Settings) -> int:
    """This function will queue mails about higher prices that nobody was written to about, and about those
    that expire soon, and return how many mails it queued."""
    soon = unit.now + timedelta(days=requote_policy(unit.today).remind_days_before)
    queued = 0
    for reminder in (False, True):
        values = {"reminder": reminder, "now": unit.now, "soon": soon}
        by_creditor: dict[UUID, list[Row[Any]]] = {}
        for row in unit.session.connection().execute(_DUE, values).all():
            by_creditor.setdefault(row.creditor_id, []).append(row)
        for creditor_id, rows in by_creditor.items():
            queued += _queue(unit, creditor_id, rows, reminder=reminder, settings=settings)
    return queued


def _queue(unit: Unit, creditor_id: UUID, rows: list[Row[Any]], *, reminder: bool, settings: Settings) -> int:
    people = unit.session.connection().execute(MAY_ACCEPT, {"c": creditor_id}).all()
    for to in people:
        facts = _values(to, rows, reminder=reminder, settings=settings)
        reserve_mail(unit, creditor_id, f"{_NOTICE}_reminder" if reminder else _NOTICE, to.email, facts)
    ids = [row.id for row in rows]
    unit.session.connection().execute(_MARK[reminder], {"c": creditor_id, "ids": ids, "now": unit.now})
    return len(people)


def _values(to: Row[Any], rows: list[Row[Any]], *, reminder: bool, settings: Settings) -> dict[str, Any]:
    said = words_of(_NOTICE)
    language = to.language if to.language in said else "en"
    words, count = said[language], len(rows)
    subject = words["subject_one"] if count == 1 else words["subject"].format(count=count)
    first = agency_day(rows[0].expires_at)
    page = f"/creditor/quotes/{rows[0].id}" if count == 1 else "/creditor/quotes/waiting"
    return {
        "language": language,
        "subject": words["reminder"].format(subject=subject) if reminder else subject,
        "greeting": words["greeting"].format(name=to.name),
        "intro": words["intro"],
        "lines": [
            words["line"].format(
                debtor=row.debtor,
                number=row.number,
                before=_percent(row.before, language),
                after=_percent(row.after, language),
            )
            for row in rows[:LINES_MAX]
        ],
        "more": words["more"].format(count=count - LINES_MAX) if count > LINES_MAX else "",
        "deadline": words["deadline"].format(day=format_date(first, "long", locale=language)),
        "link": f"{settings.public_url}{page}",
        "button": words["button"],
        **signed_by(settings),
    }


def _percent(bps: int, language: str) -> str:
    return format_percent(Decimal(bps) / 10_000, "#,##0.0#\xa0%", locale=language)
