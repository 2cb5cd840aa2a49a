"""Reserving messages: the law is asked again under the claim's lock, in the moment before sending.

The reservation is committed before any provider is called. It fixes the verdict with its trace, the
amounts as of that moment, the address, and a generation that only this sender holds.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.explaining import claim_trace
from agency.claims.itemisation import ItemisedClaim, itemise_many
from agency.claims.limitation import limitation_ends
from agency.claims.states import ClaimState, HoldGround
from agency.communication import amounts as as_of
from agency.communication.amounts import AnnouncedCosts, announce_costs
from agency.communication.composing import fill
from agency.communication.enclosing import ClaimKey, copies_of
from agency.communication.facts import read_facts, take_due
from agency.communication.inbound.reply_address import reply_address
from agency.communication.mandatory import REPLIES, WITHIN_PLAN, content_held
from agency.communication.pay_links import at_host, issue_pay_links
from agency.communication.values import (
    TOLD,
    address_lines,
    in_creditors_name,
    message_values,
    pay_values,
)
from agency.events import MessageRefused
from agency.kernel.emitting import emit
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit
from agency.money import Money
from agency.ports.providers import Sender
from agency.rules.content import threatens_court
from agency.rules.enclosures import CopyFacts, Enclosed, Enclosure, enclosed
from agency.rules.facts import Channel, DebtorKind, Law, Phase
from agency.rules.frequency import PersonContacts
from agency.rules.send import SendDecision, SendFacts, may_send
from agency.rules.trace import Trace
from agency.rules.trace import as_json as trace_json

# Few enough that a morning of a hundred messages is shared by all workers, enough for set-based statements.
CHUNK = 40
_NOTHING_ENCLOSED = Enclosed((), ())

_VERDICT = text(
    "UPDATE message m SET state = v.state, due_at = v.due_at, to_value = v.to_value,"
    " generation = v.generation, attempts = m.attempts + v.tried, reserved_at = v.reserved_at,"
    " subject = v.subject, content_sha256 = NULL,"
    " lease_until = CASE WHEN v.tried = 1 THEN clock_timestamp() + make_interval(secs => :lease) END,"
    # What the ledger said is told by what could be seen of it: a moment that was read before waiting for a
    # lock lies before payments that the amounts know of already.
    " amounts = v.amounts || jsonb_build_object('seen', pg_current_snapshot()::text),"
    " trace = v.trace, reasons = v.reasons, brand_version_id = v.brand"
    " FROM jsonb_to_recordset(CAST(:verdicts AS jsonb)) AS v(creditor_id uuid, id uuid, state text,"
    "  due_at timestamptz, to_value text, generation integer, tried integer, reserved_at timestamptz,"
    "  subject text, amounts jsonb, trace jsonb, reasons jsonb, brand uuid)"
    " WHERE m.creditor_id = v.creditor_id AND m.id = v.id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """A message that this sender alone may send, with everything it needs for it."""

    creditor_id: UUID
    claim_id: UUID
    message_id: UUID
    generation: int
    channel: Channel
    step: str
    template: str
    is_reply: bool
    to: str
    address: tuple[str, ...]
    country: str
    sender: Sender
    sms_sender: str
    body_source: str
    subject: str
    values: dict[str, Any]
    reserved_at: datetime
    ledger_entries: int
    disputed_minor: int
    asked: Money
    brand_version_id: UUID | None = None
    logo_sha256: str = ""
    passes: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True)
class Reservation:
    """What became of a chunk: how many messages were looked at, and which of them are to be sent now."""

    looked_at: int
    reserved: tuple[Reserved, ...]


@dataclass(frozen=True, slots=True)
class _Ruled:
    """A message with its verdict and what the verdict was made of."""

    row: Row[Any]
    owed: ItemisedClaim
    announced: AnnouncedCosts | None
    decision: SendDecision
    values: dict[str, Any]
    to: str
    lacking: Trace = ()
    enclosed: Enclosed = _NOTHING_ENCLOSED


def reserve_due(
    unit: Unit, *, settings: Settings, limit: int = CHUNK, letters: bool | None = None
) -> Reservation:
    """This function will take due messages and give each a verdict: send now, later, or not at all.

    :param letters: only letters, or everything but letters; when None letters after all others.
    """
    # One reservation at a time: two chunks must not both decide that a person was not contacted today. Many
    # workers stand in line on a busy machine, and a turn that comes late is no failure.
    unit.session.connection().execute(
        text(
            "SELECT set_config('lock_timeout', '60s', true),"
            " pg_advisory_xact_lock(hashtextextended('reserve', 0))"
        )
    )
    keys = take_due(unit, limit=limit, letters=letters)
    if not keys:
        return Reservation(0, ())
    rows = read_facts(
        unit,
        keys=keys,
        replies=sorted(REPLIES),
        week_ago=unit.now - timedelta(days=7),
        month_ago=unit.now - timedelta(days=31),
        lease_seconds=settings.sending_lease_seconds,
    )
    # What is contested is not asked; the rest of the claim goes on.
    owed = itemise_many(
        unit, keys=[(row.creditor_id, row.claim_id) for row in rows], on=unit.today, undisputed=True
    )
    contacted: dict[UUID, Row[Any]] = {}
    ruled: list[_Ruled] = []
    for row in rows:
        one = _rule(unit, row, owed[row.creditor_id, row.claim_id], contacted, settings)
        if one.decision.verdict == "send" and row.template not in REPLIES:
            contacted[row.person] = row
        ruled.append(one)
    ruled = _with_copies(unit, ruled)
    _link(unit, [one for one in ruled if one.decision.verdict == "send"], settings)
    verdicts = json.dumps([_written(unit, one) for one in ruled], default=str)
    unit.session.connection().execute(
        _VERDICT, {"verdicts": verdicts, "lease": settings.sending_lease_seconds}
    )
    emit(unit, *[_refused(one) for one in ruled if one.decision.verdict == "refuse"])
    return Reservation(
        len(rows), tuple(_reserved(unit, one, settings) for one in ruled if one.decision.verdict == "send")
    )


def _rule(
    unit: Unit, row: Row[Any], owed: ItemisedClaim, contacted: dict[UUID, Row[Any]], settings: Settings
) -> _Ruled:
    announced = _announced(unit, row, owed)
    posted = "\n".join(address_lines(row, posted_in=settings.letters_posted_in))
    to = posted if row.channel == Channel.letter else (row.contact_value or "")
    values = message_values(row=row, owed=owed, announced=announced, today=unit.today, settings=settings)
    content = content_held(
        row.template,
        values,
        law=Law(row.law),
        debtor=DebtorKind(row.debtor_kind),
        channel=Channel(row.channel),
        home=row.country,
        on=unit.today,
    )
    facts = _facts(unit, row, owed, contacted, to=to, complete=content.complete)
    decision = may_send(facts=facts, at=unit.now)
    return _Ruled(row, owed, announced, decision, values, to, () if content.complete else content.trace)


def _with_copies(unit: Unit, ruled: Sequence[_Ruled]) -> list[_Ruled]:
    """What is sent by mail or letter takes the copies along that its step asks for."""
    asking = {
        one.row.id: one
        for one in ruled
        if one.decision.verdict == "send" and one.row.told.get("copies") and one.row.channel != Channel.sms
    }
    copies = copies_of(unit, [(one.row.creditor_id, one.row.claim_id) for one in asking.values()])
    return [_enclosing(unit, one, copies) if one.row.id in asking else one for one in ruled]


def _enclosing(unit: Unit, one: _Ruled, copies: Mapping[ClaimKey, list[CopyFacts]]) -> _Ruled:
    found = enclosed(
        copies.get((one.row.creditor_id, one.row.claim_id), ()),
        open_numbers=[invoice.number for invoice in one.owed.invoices if invoice.open.minor > 0],
        channel=Channel(one.row.channel),
        language=one.row.language,
        on=unit.today,
    )
    one.values["copies"] = ", ".join(file.number for file in found.files)
    return replace(one, enclosed=found)


def _link(unit: Unit, sent: Sequence[_Ruled], settings: Settings) -> None:
    """Only what is sent gets a link; what goes to one debtor for one claim now shares it."""
    keys = list(dict.fromkeys((one.row.creditor_id, one.row.claim_id) for one in sent))
    links = issue_pay_links(unit, public_url=settings.public_url, keys=keys)
    for one in sent:
        host = one.row.pay_host if one.row.pay_valid else ""
        link = at_host(links[one.row.creditor_id, one.row.claim_id], host)
        one.values["pay"] = pay_values(row=one.row, owed=one.owed, link=link, settings=settings)
        one.values["subject"] = fill(one.row.subject_source, one.values, language=one.row.language)


def _announced(unit: Unit, row: Row[Any], owed: ItemisedClaim) -> AnnouncedCosts | None:
    """The costs a notice announces. A copy repeats those of its notice, less what became contested since."""
    if not row.template.startswith("notice"):
        return None
    if row.costs_from is not None:
        zero = Money.zero(row.currency)
        return AnnouncedCosts(owed.notice_costs or zero, owed.notice_costs_vat or zero, ())
    return announce_costs(
        owed=owed,
        law=Law(row.law),
        debtor=DebtorKind(row.debtor_kind),
        on=unit.today,
        vat_deductible=row.vat_deductible,
        clause_agreed=row.costs_clause,
    )


def _facts(
    unit: Unit,
    row: Row[Any],
    owed: ItemisedClaim,
    contacted: dict[UUID, Row[Any]],
    *,
    to: str,
    complete: bool,
) -> SendFacts:
    # What this chunk has decided already is as good as sent.
    other = contacted.get(row.person)
    now_contacted = other is not None and _contact(other) != _contact(row)
    for_others = other is not None and other.creditor_id != row.creditor_id
    return SendFacts(
        country=row.country,
        region=row.region,
        channel=Channel(row.channel),
        debtor=DebtorKind(row.debtor_kind),
        phase=Phase(row.phase),
        balance=owed.total,
        holds=tuple(ground for ground in row.holds or () if ground not in _passed(row)),
        # A dispute about everything is a hold as well; either alone is enough to stop.
        disputed=row.disputed_minor > 0 and owed.principal.minor <= 0,
        claim_closed=row.claim_state != ClaimState.ACTIVE,
        contact_point_ok=_reachable(row, to),
        consent_withdrawn=row.opted_out,
        # Counted by person: `facts` joins the debtors of every creditor by their common identity.
        contacts=PersonContacts(
            last_at=unit.now if now_contacted else row.last_at,
            in_7_days=(row.in_7_days or 0) + now_contacted,
            other_creditor_at=unit.now if for_others else row.others_at,
        ),
        limitation_ends=limitation_ends(law=Law(row.law), due_on=row.due_on),
        threatens_court=threatens_court(text=row.body_source, language=row.language, on=unit.today),
        content_complete=complete,
        repeats_term=row.template.startswith("notice") and row.step.endswith("_copy"),
        term_ended=row.costs_from is not None and unit.today >= row.costs_from,
        is_notice=row.template.startswith("notice"),
        after_term=row.costs_from,
        # What keeps a plan going follows from what the debtor agreed to.
        agency_signs=row.template not in WITHIN_PLAN and not in_creditors_name(row, on=unit.today),
        is_reply=row.template in REPLIES,
    )


def _passed(row: Row[Any]) -> tuple[str, ...]:
    """The grounds of hold that a message about the plan itself passes."""
    return (HoldGround.PLAN_KEPT.value,) if row.template in WITHIN_PLAN else ()


def _reachable(row: Row[Any], to: str) -> bool:
    if row.channel == Channel.letter:
        return bool(row.street and row.postal_code and row.city)
    return bool(to)


def _contact(row: Row[Any]) -> str:
    """What counts as one contact: a step of a claim, the copy of a notice included."""
    return f"{row.claim_id}:{row.step.removesuffix('_copy')}:{row.cycle}"


def _written(unit: Unit, one: _Ruled) -> dict[str, Any]:
    sends = one.decision.verdict == "send"
    state = {"send": "sending", "defer": "queued", "refuse": "refused"}[one.decision.verdict]
    trace: Trace = (
        *one.decision.trace,
        *one.lacking,
        *claim_trace(one.owed),
        *(one.announced.trace if one.announced else ()),
        *one.enclosed.trace,
    )
    told = {key: one.row.told[key] for key in TOLD if key in one.row.told}
    return {
        "creditor_id": one.row.creditor_id,
        "id": one.row.id,
        "state": state,
        "due_at": one.decision.until or unit.now,
        "to_value": one.to,
        "generation": one.row.generation + sends,
        "tried": int(sends),
        "reserved_at": unit.now if sends else None,
        "subject": one.values.get("subject", ""),
        "amounts": told | _enclosed_json(one.enclosed) | as_of.as_json(one.owed, one.announced),
        "trace": trace_json(trace),
        "reasons": list(one.decision.reasons),
        "brand": one.row.brand_version_id,
    }


def _enclosed_json(found: Enclosed) -> dict[str, Any]:
    return {"enclosed": [asdict(one) for one in found.files]} if found.files else {}


def _refused(one: _Ruled) -> MessageRefused:
    return MessageRefused(
        creditor_id=one.row.creditor_id,
        claim_id=one.row.claim_id,
        message_id=one.row.id,
        channel=one.row.channel,
        reasons=list(one.decision.reasons),
    )


def _reserved(unit: Unit, one: _Ruled, settings: Settings) -> Reserved:
    row = one.row
    return Reserved(
        creditor_id=row.creditor_id,
        claim_id=row.claim_id,
        message_id=row.id,
        generation=row.generation + 1,
        channel=Channel(row.channel),
        step=row.step,
        template=row.template,
        is_reply=row.template in REPLIES,
        to=one.to,
        address=tuple(address_lines(row, posted_in=settings.letters_posted_in)),
        country=row.country,
        sender=_answerable(sender_of(row, one.values, settings), row, settings),
        sms_sender=sms_sender_of(row, one.values, settings),
        body_source=row.body_source,
        subject=one.values["subject"],
        values=one.values,
        reserved_at=unit.now,
        ledger_entries=row.ledger_entries,
        disputed_minor=row.disputed_minor,
        asked=one.owed.total,
        brand_version_id=row.brand_version_id,
        logo_sha256="" if one.values["sender"]["on_behalf"] else row.logo_sha256 or "",
        passes=_passed(row),
        enclosures=one.enclosed.files,
    )


def _answerable(sender: Sender, row: Row[Any], settings: Settings) -> Sender:
    """A mail is answered to an address that names it, so that the answer finds its claim by itself: at the
    brand's own domain where its mail comes from there and answers to it come in, else at the agency's."""
    own = row.inbound_domain if row.sender_email and sender.email == row.sender_email else None
    domain = own or settings.inbound_domain
    if domain is None:
        return sender
    secret = settings.secret.get_secret_value()
    return replace(sender, reply_to=reply_address(row.id, domain=domain, secret=secret))


def sender_of(row: Row[Any], values: dict[str, Any], settings: Settings) -> Sender:
    """Return who a mail is from: the creditor's address where it signs and its domain's records stand."""
    name = values["sender"]["name"]
    if values["sender"]["on_behalf"]:
        return Sender(name=name, email=settings.agency_email, reply_to=settings.agency_email)
    email = row.sender_email if row.sender_email and row.mail_valid else settings.agency_email
    return Sender(name=name, email=email, reply_to=row.reply_to or settings.agency_email)


def sms_sender_of(row: Row[Any], values: dict[str, Any], settings: Settings) -> str:
    """Return whom a text message is from: at most 11 signs, or a number."""
    own = "" if values["sender"]["on_behalf"] else row.sms_sender
    return own or settings.agency_name[:11]
