"""Where a debtor can be reached: a new number, address or language, and what turned out not to be right."""

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import text
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.models import Claim
from agency.desk.models import WorkKind
from agency.desk.notes import add_note
from agency.desk.queue import ask_for_person, drop_work
from agency.intake.contact_told import contact_told
from agency.kernel.unit import Unit
from agency.parties.contacting import (
    LANGUAGES,
    NewContact,
    ToldBy,
    correct_contact,
    leave_address,
    mark_contact,
)
from agency.parties.models import ContactPoint, ContactState, Debtor
from agency.payments.links import open_links, revoke_links
from agency.treatment.reacting import go_on_when_reachable
from portal.collector.doors import claim_of, claim_url, desk_page, routes
from portal.collector.words import CONTACT_STATES
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, country_name, gettext, language_name

_ADDRESS: Final = "/claims/{creditor_id:uuid}/{claim_id:uuid}/contact"
TOLD_BY: Final[Mapping[ToldBy, str]] = {
    ToldBy.DEBTOR: N_("The debtor himself"),
    ToldBy.HELPER: N_("Somebody who helps him: debt help, a guardian, a lawyer"),
    ToldBy.CREDITOR: N_("The creditor"),
    ToldBy.REGISTER: N_("A public register"),
    ToldBy.VISIT: N_("Seen at a visit"),
}
_WHAT: Final = {
    "email": N_("E-mail address"),
    "phone": N_("Phone number"),
    "address": N_("Address"),
    "language": N_("Language"),
}
_ELSEWHERE: Final = text(
    "SELECT count(DISTINCT o.creditor_id) FROM debtor d JOIN debtor o ON o.identity_id = d.identity_id"
    " AND o.creditor_id <> d.creditor_id WHERE d.creditor_id = :c AND d.id = :debtor"
)
_CAME_BACK: Final = text(
    "SELECT m.to_value FROM message m JOIN debtor d ON d.creditor_id = m.creditor_id AND d.id = m.debtor_id"
    " WHERE m.creditor_id = :c AND m.debtor_id = :debtor AND m.channel = 'letter' AND m.state = 'bounced'"
    " AND coalesce(d.street, '') = '' ORDER BY m.sent_at DESC LIMIT 1"
)


class ContactForm(FormModel):
    """What is heard of where the debtor is, and from whom."""

    phone: str = ""
    email: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    language: str
    told_by: ToldBy
    words: str = Field(default="", max_length=1_000)
    everywhere: bool = False


class MarkForm(FormModel):
    """Whether a number or mail address works."""

    state: Literal["usable", "wrong"]


@routes.get(_ADDRESS)
def contact(request: Request, unit: StaffUnit, creditor_id: UUID, claim_id: UUID) -> Response:
    """What is known, and the form for what is new."""
    return _page(request, unit, claim_of(unit, creditor_id, claim_id))


@routes.post(_ADDRESS)
def correct(request: Request, unit: StaffUnit, fields: Fields, creditor_id: UUID, claim_id: UUID) -> Response:
    """Write down what is new; messages that wait go there, in that language for what is yet to be queued."""
    claim = claim_of(unit, creditor_id, claim_id)
    debtor = unit.session.get_one(Debtor, (creditor_id, claim.debtor_id))
    form = submitted(ContactForm, fields)
    with form.attempt(unit):
        data = form.data
        told = contact_told(
            country=debtor.country, email_typed=data.email, phone_typed=data.phone, street=data.street,
            postal_code=data.postal_code, city=data.city,
        )  # fmt: skip
        changed = correct_contact(
            unit, creditor_id=creditor_id, debtor_id=claim.debtor_id, contact=told, language=data.language,
            told_by=data.told_by, everywhere=data.everywhere,
        )  # fmt: skip
        add_note(unit, creditor_id=creditor_id, claim_id=claim_id, words=_note(changed, told, data))
        if set(changed) - {"language"}:
            drop_work(unit, creditor_id=creditor_id, claim_id=claim_id, kinds=(WorkKind.UNREACHABLE,))
            go_on_when_reachable(unit, creditor_id=creditor_id, debtor_id=claim.debtor_id)
    if form.errors:
        return _page(request, unit, claim, form)
    return leave_for(
        claim_url(creditor_id, claim_id), notice=N_("It is on file; messages go there from now on.")
    )


@routes.post(_ADDRESS + "/{point_id:uuid}")
def mark(
    request: Request, unit: StaffUnit, fields: Fields, creditor_id: UUID, claim_id: UUID, point_id: UUID
) -> Response:
    """Say that a number or mail address is wrong, or works again."""
    claim = claim_of(unit, creditor_id, claim_id)
    form = submitted(MarkForm, fields)
    with form.attempt(unit):
        mark_contact(
            unit, creditor_id=creditor_id, debtor_id=claim.debtor_id, point_id=point_id,
            state=ContactState(form.data.state),
        )  # fmt: skip
    return _marked(request, unit, claim, form)


@routes.post(_ADDRESS + "/left")
def left(request: Request, unit: StaffUnit, creditor_id: UUID, claim_id: UUID) -> Response:
    """The debtor does not live there: no letter goes there, and somebody looks for the new address."""
    claim = claim_of(unit, creditor_id, claim_id)
    form = submitted(FormModel, {})
    with form.attempt(unit):
        address = leave_address(unit, creditor_id=creditor_id, debtor_id=claim.debtor_id)
        words = gettext("Does not live there any more: %(address)s") % {"address": address}
        add_note(unit, creditor_id=creditor_id, claim_id=claim_id, words=words)
        if claim.state == "active":
            ask_for_person(
                unit, creditor_id=creditor_id, claim_id=claim_id, kind=WorkKind.UNREACHABLE,
                key=f"left:{claim_id}:{unit.today.isoformat()}", reason="moved",
            )  # fmt: skip
    return _marked(request, unit, claim, form)


@routes.post(_ADDRESS + "/links")
def close_links(request: Request, unit: StaffUnit, creditor_id: UUID, claim_id: UUID) -> Response:
    """A message came into wrong hands: no link that was sent opens the debtor's page any more."""
    claim = claim_of(unit, creditor_id, claim_id)
    form = submitted(FormModel, {})
    with form.attempt(unit):
        if revoke_links(unit, creditor_id=creditor_id, claim_id=claim_id, why="closed by a collector"):
            words = gettext("The payment links that were sent are closed.")
            add_note(unit, creditor_id=creditor_id, claim_id=claim_id, words=words)
    return _marked(request, unit, claim, form)


def _marked(request: Request, unit: Unit, claim: Claim, form: Form[Any]) -> Response:
    if form.errors:
        return _page(request, unit, claim, marking=form)
    return leave_for(f"{claim_url(claim.creditor_id, claim.id)}/contact", notice=N_("It is on file."))


def _note(changed: tuple[str, ...], told: NewContact, data: ContactForm) -> str:
    """What a colleague reads later: what is new, and who said so."""
    now = {
        "email": told.email, "phone": told.phone, "address": ", ".join(told.address),
        "language": language_name(data.language),
    }  # fmt: skip
    lines = [f"{gettext(_WHAT[what])}: {now[what]}" for what in changed]
    lines.append(f"{gettext('From whom?')} {gettext(TOLD_BY[data.told_by])}")
    return "\n".join([*lines, *filter(None, [data.words.strip()])])


def _page(
    request: Request,
    unit: Unit,
    claim: Claim,
    form: Form[Any] | None = None,
    *,
    marking: Form[Any] | None = None,
) -> Response:
    debtor = unit.session.get_one(Debtor, (claim.creditor_id, claim.debtor_id))
    unit.session.refresh(debtor)
    points = unit.session.exec(
        select(ContactPoint)
        .where(ContactPoint.creditor_id == claim.creditor_id, ContactPoint.debtor_id == debtor.id)
        .order_by("channel", "created_at", "id")
    ).all()
    whose = {"c": claim.creditor_id, "debtor": debtor.id}
    usual = blank(
        street=debtor.street or "", postal_code=debtor.postal_code or "", city=debtor.city or "",
        language=debtor.language if debtor.language in LANGUAGES else "en",
    )  # fmt: skip
    return desk_page(
        request,
        "contact.html",
        status=422 if form or marking else 200,
        form=form or usual,
        marking=marking or blank(),
        url=claim_url(claim.creditor_id, claim.id),
        number=claim.number,
        debtor=debtor,
        country=country_name(debtor.country),
        points=[(point, CONTACT_STATES[point.state]) for point in points],
        written=[(code, language_name(code)) for code in LANGUAGES],
        links=open_links(unit, creditor_id=claim.creditor_id, claim_id=claim.id),
        told_by=[(value.value, gettext(label), "") for value, label in TOLD_BY.items()],
        came_back=_came_back(unit, whose),
        elsewhere=unit.session.connection().execute(_ELSEWHERE, whose).scalar_one(),
    )


def _came_back(unit: Unit, whose: dict[str, Any]) -> str:
    """The address from which the post brought a letter back, while none is known; without the name."""
    lines = unit.session.connection().execute(_CAME_BACK, whose).scalar() or ""
    return ", ".join(lines.split("\n")[1:])
