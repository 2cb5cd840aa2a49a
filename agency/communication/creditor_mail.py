"""E-mail to creditors: what their claims miss, in one mail for all of them, one reminder before the term, and
notices of what concerns their money.

A mail is reserved with the requests that it tells of, in one transaction; then the provider is called with
our id, and what became of it is written down. A call whose answer got lost is never made again blindly.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal
from uuid import UUID

from babel.dates import format_date, format_datetime
from sqlalchemy import Row, text

from agency.kernel.files import store
from agency.kernel.ids import new_id
from agency.kernel.ports import Ports
from agency.kernel.settings import Settings
from agency.kernel.unit import AGENCY_ZONE, Door, Unit, Units
from agency.ports.providers import (
    ProviderAmbiguous,
    ProviderRefused,
    ProviderTransient,
    Sender,
    TemplateRefused,
)
from agency.rules.tables import read_table

LINES_MAX: Final = 20
_BY: Final = "system:communication.mail_creditors"
_FOLDER: Final = files("agency.communication") / "templates" / "creditor"
Template = Literal["missing_information", "missing_information_reminder"]

_DUE = text(
    "SELECT q.creditor_id, q.id, q.due_on, c.number, d.name AS debtor,"
    " (SELECT jsonb_agg(i.item ORDER BY i.blocking DESC, i.item) FROM information_item i"
    "  WHERE i.creditor_id = q.creditor_id AND i.request_id = q.id AND i.solved_at IS NULL) AS items"
    " FROM information_request q JOIN claim c ON c.creditor_id = q.creditor_id AND c.id = q.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE q.state = 'open' AND CASE WHEN :reminder THEN q.told_at IS NOT NULL AND q.reminded_at IS NULL"
    "  AND q.due_on <= :soon ELSE q.told_at IS NULL END"
    " ORDER BY q.creditor_id, q.due_on, q.id FOR UPDATE OF q SKIP LOCKED"
)
_MARK = {
    False: text("UPDATE information_request SET told_at = :now WHERE creditor_id = :c AND id = ANY(:ids)"),
    True: text("UPDATE information_request SET reminded_at = :now WHERE creditor_id = :c AND id = ANY(:ids)"),
}
_TO = text(
    "SELECT cr.name, cr.language, coalesce(nullif(cr.email, ''), (SELECT u.email FROM user_account u"
    "  WHERE u.creditor_id = cr.id AND u.disabled_at IS NULL AND 'creditor_manager' = ANY(u.roles)"
    "  ORDER BY u.created_at, u.id LIMIT 1)) AS email FROM creditor cr WHERE cr.id = :c"
)
_RESERVE = text(
    "INSERT INTO creditor_mail (creditor_id, id, template, state, to_value, subject, facts, created_at,"
    " attempts, why) VALUES (:c, :id, :template, :state, :to, :subject, CAST(:facts AS jsonb), :now, 0, :why)"
)
_TAKE = text(
    "UPDATE creditor_mail SET state = 'sending', attempts = attempts + 1 WHERE (creditor_id, id) IN"
    " (SELECT creditor_id, id FROM creditor_mail WHERE state = 'queued' ORDER BY id LIMIT :limit"
    "  FOR UPDATE SKIP LOCKED) RETURNING creditor_id, id, to_value, subject, facts, attempts, created_at"
)
_CONFIRM = text(
    "UPDATE creditor_mail SET state = CAST(:state AS varchar), provider_ref = :ref, content_sha256 = :sha,"
    " why = :why,"
    " sent_at = CASE WHEN CAST(:state AS varchar) = 'sent' THEN CAST(:now AS timestamptz) END"
    " WHERE creditor_id = :c AND id = :id AND state = 'sending'"
)
ATTEMPTS_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: str
    ref: str | None = None
    why: str = ""


def tell_creditors(unit: Unit, *, settings: Settings) -> int:
    """This function will queue one mail per creditor about what was asked since the last, one that reminds of
    what is due soon, and return how many mails it queued."""
    soon = unit.today + timedelta(days=read_table("missing_information")["remind_days_before"])
    queued = 0
    for reminder in (False, True):
        rows = unit.session.connection().execute(_DUE, {"reminder": reminder, "soon": soon}).all()
        by_creditor: dict[UUID, list[Row[Any]]] = {}
        for row in rows:
            by_creditor.setdefault(row.creditor_id, []).append(row)
        for creditor_id, asked in by_creditor.items():
            _queue(unit, creditor_id, asked, reminder=reminder, settings=settings)
            queued += 1
    return queued


def _queue(
    unit: Unit, creditor_id: UUID, asked: list[Row[Any]], *, reminder: bool, settings: Settings
) -> None:
    to = unit.session.connection().execute(_TO, {"c": creditor_id}).one()
    values = _values(to, asked, reminder=reminder, settings=settings)
    template: Template = "missing_information_reminder" if reminder else "missing_information"
    reserve_mail(unit, creditor_id, template, to.email, values)
    ids = [row.id for row in asked]
    unit.session.connection().execute(_MARK[reminder], {"c": creditor_id, "ids": ids, "now": unit.now})


def queue_notice(
    unit: Unit,
    *,
    creditor_id: UUID,
    notice: str,
    variant: str,
    values: Mapping[str, str | datetime],
    link: str,
    mark: Mapping[str, str],
    settings: Settings,
) -> None:
    """This function will queue a mail to the contact of a creditor as it stands now, in its language.

    :param notice: the file of words beside the templates; `variant` begins the keys of its subject and texts.
    :param values: what stands in braces in the words; moments are written out in the agency's time.
    :param mark: facts by which the mail is found again.
    """
    to = unit.session.connection().execute(_TO, {"c": creditor_id}).one()
    said = words_of(notice)
    language = to.language if to.language in said else "en"
    words = said[language]
    filled = {name: _written(value, language) for name, value in values.items()}
    facts: dict[str, Any] = {
        "language": language,
        "subject": words[f"{variant}_subject"].format(**filled),
        "greeting": words["greeting"].format(creditor=to.name),
        "intro": words[f"{variant}_intro"].format(**filled),
        "lines": [words[key].format(**filled) for key in ("line_account", "line_holder", "line_wait")],
        "more": "",
        "deadline": words["objection"].format(phone=settings.agency_phone),
        "link": link,
        "button": words["button"],
        **signed_by(settings),
        **mark,
    }
    reserve_mail(unit, creditor_id, notice, to.email, facts)


def _written(value: str | datetime, language: str) -> str:
    if isinstance(value, str):
        return value
    return format_datetime(value.astimezone(AGENCY_ZONE), "d MMMM y, HH:mm", locale=language)


def reserve_mail(
    unit: Unit, creditor_id: UUID, template: str, email: str | None, facts: Mapping[str, Any]
) -> None:
    """This function will queue a mail with what its layout shows; without an address it stands as failed."""
    unit.session.connection().execute(
        _RESERVE,
        {
            "c": creditor_id,
            "id": new_id(),
            "template": template,
            "state": "queued" if email else "failed",
            "to": email or "",
            "subject": facts["subject"],
            "facts": json.dumps(facts),
            "now": unit.now,
            "why": "" if email else "the creditor has no e-mail address",
        },
    )


def signed_by(settings: Settings) -> dict[str, Any]:
    """This function will return what every mail says of the agency, and whom it comes from."""
    return {
        "agency": ", ".join((settings.agency_name, settings.agency_address, settings.agency_phone)),
        "sender": {
            "name": settings.agency_name,
            "email": settings.agency_email,
            "reply_to": settings.agency_email,
        },
    }


def send_creditor_mails(units: Units, *, ports: Ports, limit: int = 50) -> int:
    """This function will send what is queued, each mail once, and return how many left."""
    with units.open(Door.WORKER, by=_BY) as unit:
        taken = unit.session.connection().execute(_TAKE, {"limit": limit}).all()
    sent = 0
    for mail in taken:
        outcome, html = _send(mail, ports)
        with units.open(Door.WORKER, by=_BY) as unit:
            sha = (
                store(unit, ports.files, creditor_id=mail.creditor_id, content=html, media_type="text/html")
                if html
                else None
            )
            unit.session.connection().execute(
                _CONFIRM,
                {"c": mail.creditor_id, "id": mail.id, "state": outcome.state, "ref": outcome.ref,
                 "sha": sha, "why": outcome.why, "now": unit.now},
            )  # fmt: skip
        sent += outcome.state == "sent"
    return sent


def _send(mail: Row[Any], ports: Ports) -> tuple[_Outcome, bytes]:
    try:
        html, plain = ports.renderer.email(mjml=_layout(), values=mail.facts)
    except TemplateRefused as refusal:
        return _Outcome("failed", why=f"not rendered: {refusal}"), b""
    sender = Sender(**mail.facts["sender"])
    try:
        ref = ports.email.send(
            message_id=str(mail.id),
            sender=sender,
            to=mail.to_value,
            subject=mail.subject,
            html=html,
            text=plain,
        )
    except ProviderTransient as error:
        state = "queued" if mail.attempts < ATTEMPTS_MAX else "failed"
        return _Outcome(state, why=str(error)), html.encode()
    except ProviderRefused as error:
        return _Outcome("failed", why=str(error)), html.encode()
    except ProviderAmbiguous as error:
        found = None
        if ports.email.can_find:
            found = ports.email.find(message_id=str(mail.id), to=mail.to_value, after=mail.created_at)
        return _Outcome("sent" if found else "unknown", found, str(error)), html.encode()
    return _Outcome("sent", ref), html.encode()


def _values(to: Row[Any], asked: list[Row[Any]], *, reminder: bool, settings: Settings) -> dict[str, Any]:
    said = words_of("missing_information")
    words = said.get(to.language) or said["en"]
    count = len(asked)
    subject = words["subject_one"] if count == 1 else words["subject"].format(count=count)
    language = to.language if to.language in said else "en"
    day = format_date(min(row.due_on for row in asked), "long", locale=language)
    return {
        "language": language,
        "subject": words["reminder"].format(subject=subject) if reminder else subject,
        "greeting": words["greeting"].format(creditor=to.name),
        "intro": words["intro"],
        "lines": [
            words["line"].format(
                debtor=row.debtor, number=row.number, items=", ".join(words[item] for item in row.items or ())
            )
            for row in asked[:LINES_MAX]
        ],
        "more": words["more"].format(count=count - LINES_MAX) if count > LINES_MAX else "",
        "deadline": words["deadline"].format(day=day),
        "link": f"{settings.public_url}/creditor/missing",
        "button": words["button"],
        **signed_by(settings),
    }


@cache
def words_of(notice: str) -> dict[str, dict[str, str]]:
    """This function will return the words of a mail by language."""
    return tomllib.loads((_FOLDER / f"{notice}.toml").read_text(encoding="utf-8"))


@cache
def _layout() -> str:
    return (_FOLDER / "missing_information.mjml").read_text(encoding="utf-8")
