"""The page of one person: every claim with every creditor, what holds each, and the contacts."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.erased import told_reference
from agency.claims.itemisation import ItemisedClaim, itemise_many
from agency.desk.person import PersonOverview, person_overview
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.contacting import write_in
from portal.collector.doors import claim_url, desk_page, person_url, persons
from portal.collector.kept import kept_of_person
from portal.collector.words import HOLDS, PHASES, said
from portal.shared.audience import StaffUnit, TheVisitor, leave_for
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import (
    LANGUAGES,
    N_,
    Language,
    country_name,
    format_day,
    format_money,
    gettext,
    language_name,
)
from portal.shared.listing import Chip, Column, Cut
from portal.shared.sessions import Visitor
from portal.shared.words import CHANNEL_ICONS, CHANNELS, CLAIM_STATES, DEBTOR_KINDS, step_words

COLUMNS = (
    Column("number", N_("Claim"), "link", sub="reference"),
    Column("state", N_("Status"), "chip"),
    Column("owed", N_("Owed now"), "money"),
    Column("stands", N_("What holds it"), "words"),
    Column("next_at", N_("Next step"), "day"),
)
CONTACTS = (
    Column("what", N_("Contact"), sub="way"),
    Column("number", N_("Claim"), "link", sub="creditor"),
    Column("at", N_("Moment"), "moment"),
)


class LanguageForm(FormModel):
    """In which language a debtor wants to be written to."""

    language: Language


@persons.get("/debtors/{creditor_id:uuid}/{debtor_id:uuid}")
def person(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, debtor_id: UUID
) -> Response:
    """One person over all creditors: only the agency may see this."""
    return show_person(request, unit, visitor, creditor_id, debtor_id)


@persons.post("/debtors/{creditor_id:uuid}/{debtor_id:uuid}/language")
def change_language(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, debtor_id: UUID
) -> Response:
    """Write to a debtor in the language that he asks for."""
    form = submitted(LanguageForm, fields)
    with form.attempt(unit):
        write_in(unit, creditor_id=creditor_id, debtor_id=debtor_id, language=form.data.language)
    if form.errors:
        return show_person(request, unit, visitor, creditor_id, debtor_id, forms={"language": form})
    return leave_for(
        person_url(creditor_id, debtor_id), notice=N_("The next message is written in this language.")
    )


def show_person(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    creditor_id: UUID,
    debtor_id: UUID,
    *,
    forms: Mapping[str, Form[Any]] | None = None,
) -> Response:
    """This function will answer with the page of one person, with refused forms in their places.

    :raises NotFound: there is no such debtor.
    """
    found = person_overview(unit, creditor_id=creditor_id, debtor_id=debtor_id)
    running = [(row.creditor_id, row.id) for row in found.claims if row.state == "active"]
    owed = itemise_many(unit, keys=running, on=unit.today)
    claims = [_claim(row, owed) for row in found.claims]
    return desk_page(
        request,
        "person.html",
        status=422 if forms else 200,
        **kept_of_person(unit, visitor, creditor_id, debtor_id, forms or {}),
        debtor=found.debtor,
        kind=said(DEBTOR_KINDS, found.debtor.kind),
        address=", ".join(
            part
            for part in (
                found.debtor.street,
                " ".join(filter(None, (found.debtor.postal_code, found.debtor.city))),
                country_name(found.debtor.country),
            )
            if part
        ),
        language=language_name(found.debtor.language),
        spoken=LANGUAGES.items(),
        language_form=(forms or {}).get("language") or blank(language=found.debtor.language),
        columns=COLUMNS,
        creditors=[_creditor(name, list(rows)) for (name, _), rows in groupby(claims, _by_creditor)],
        totals=[format_money(one) for one in _sums(claims)],
        running=len(running),
        next_at=min((row["next_at"] for row in claims if row["next_at"]), default=None),
        contacts=Cut([_contact(row) for row in found.contacts]),
        contact_columns=CONTACTS,
        **_frequency(found),
    )


def _frequency(found: PersonOverview) -> dict[str, Any]:
    return {
        "in_7_days": found.in_7_days,
        "cap": found.rule.in_7_days_max,
        "hours_between": found.rule.hours_between,
        "cap_reached": found.in_7_days >= found.rule.in_7_days_max,
    }


def _by_creditor(row: Mapping[str, Any]) -> tuple[str, UUID]:
    return row["creditor"], row["creditor_id"]


def _creditor(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "cut": Cut(rows),
        "count": len(rows),
        "totals": [format_money(one) for one in _sums(rows)],
        "id": f"creditor-{rows[0]['creditor_id']}",
    }


def _sums(rows: list[dict[str, Any]]) -> list[Money]:
    """One sum per currency: euros and pounds are not added."""
    sums: dict[str, Money] = {}
    for row in rows:
        if row["owed"] is not None:
            owed = row["owed"]
            sums[owed.currency] = sums.get(owed.currency, Money(0, owed.currency)) + owed
    return [sums[currency] for currency in sorted(sums)]


def _claim(row: Row[Any], owed: Mapping[tuple[UUID, UUID], ItemisedClaim]) -> dict[str, Any]:
    key = (row.creditor_id, row.id)
    state = PHASES[row.phase] if row.state == "active" else CLAIM_STATES[row.state]
    if row.state == "active" and row.disputed_minor:
        state = Chip(N_("Disputed"), "bad")
    return {
        "id": row.id,
        "href": claim_url(*key),
        "creditor": row.creditor,
        "creditor_id": row.creditor_id,
        "number": row.number,
        "reference": told_reference(row.reference),
        "state": state,
        "owed": owed[key].total if key in owed else None,
        "stands": "; ".join(_stands(row)) or None,
        "next_at": row.next_at if row.state == "active" else None,
    }


def _stands(row: Row[Any]) -> list[str]:
    """Holds in force, an open promise, a plan: what keeps a claim from going on, in words."""
    found = [said(HOLDS, ground) for ground in row.holds or () if ground not in ("promise", "plan_kept")]
    if row.promised_on:
        money = format_money(Money(row.promised_minor, row.currency))
        found.append(
            gettext("Promise: %(money)s by %(day)s") % {"money": money, "day": format_day(row.promised_on)}
        )
    if row.in_plan:
        found.append(gettext("In a payment plan"))
    return found


def _contact(row: Row[Any]) -> dict[str, Any]:
    # Calls and visits are no steps of a text: the way says it.
    spoken = row.way in ("call", "visit")
    return {
        "id": row.contact,
        "href": claim_url(row.creditor_id, row.claim_id),
        "what": said(CHANNELS, row.way) if spoken else step_words(row.what),
        "way": "" if spoken else said(CHANNELS, row.way),
        "icon": CHANNEL_ICONS.get(row.way, "mail"),
        "number": row.number,
        "creditor": row.creditor,
        "at": row.at,
    }
