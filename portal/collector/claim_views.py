"""The page of one claim: what is owed and why, what may be done now and why not, and all that happened."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.arrangements.promises import days_ahead_max
from agency.claims.explaining import addends
from agency.claims.models import Claim
from agency.claims.states import ENDED
from agency.desk.visits import open_visit
from agency.documents.completeness import score_of
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.matching import given_reference
from agency.progress.claim_page import ClaimPage, Part, claim_page
from agency.rules.explain import explain
from agency.rules.facts import DebtorKind
from agency.rules.holds import stops_contact
from agency.rules.products import product_of_path
from agency.rules.send import NOTICE_FIRST, TERM_RUNNING
from agency.rules.trace import Trace, from_json
from agency.treatment.planner import upcoming
from portal.collector.came_in import came_in
from portal.collector.doors import claim_url, desk_page, person_url, who
from portal.collector.fields import as_note
from portal.collector.words import (
    CALL_STATES,
    CONTACT_STATES,
    DISPOSITIONS,
    HOLDS,
    LAWS,
    PHASES,
    PROMISE_STATES,
    SOURCES,
    WORK,
    days_between,
    happening,
    holds_to_place,
    local_moment,
    planned,
    reasons,
    said,
    step_words,
    why_work,
)
from portal.disputes import history_of, invoice_lines
from portal.dossiers import dossier_words
from portal.products import chosen_words
from portal.requests import request_words
from portal.shared.audience import wiring_of
from portal.shared.evidence import evidence_items, standing_chip
from portal.shared.explaining import Explanation, explanation
from portal.shared.explaining import Part as Share
from portal.shared.forms import Form, blank
from portal.shared.i18n import (
    N_,
    country_name,
    current_language,
    gettext,
    inside,
    language_name,
    typed_money,
)
from portal.shared.listing import Chip
from portal.shared.sessions import Visitor
from portal.shared.words import (
    CHANNEL_ICONS,
    CHANNELS,
    CLAIM_STATES,
    DEBTOR_KINDS,
    DISPUTE_REASONS,
    DISPUTE_STATES,
    DOCUMENTS,
    MESSAGE_STATES,
)

OWN_NUMBER_COOKIE: Final = "own_number"
Failed = tuple[str, Form[Any]] | None


@dataclass(frozen=True)
class Action:
    """Something a collector may do, or not now: `why_not` says it in sentences, `trace` by which rule."""

    name: str
    why_not: list[str]
    until: datetime | None = None
    trace: Trace = ()

    @property
    def allowed(self) -> bool:
        """Whether it may be done now."""
        return not self.why_not


def show_claim(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    creditor_id: UUID,
    claim_id: UUID,
    *,
    failed: Failed = None,
) -> Response:
    """This function will answer with a claim's page; `failed` is a form that was refused, by its name.

    :raises NotFound: no such claim.
    """
    found = claim_page(unit, creditor_id=creditor_id, claim_id=claim_id)
    if found.claim.erased_at is not None:
        return _erased(request, found, unit)
    failed = _still_there(found, failed)
    return desk_page(
        request,
        "claim.html",
        status=422 if failed else 200,
        url=claim_url(creditor_id, claim_id),
        by_offer=found.claim.by_offer,
        person_url=person_url(creditor_id, found.claim.debtor_id),
        claim=found.claim,
        customer_number=given_reference(found.claim.debtor_reference),
        owed=found.owed,
        explained=_explained(found),
        actions=_actions(
            found,
            unit.today,
            expected=open_visit(unit, creditor_id=creditor_id, claim_id=claim_id) is not None,
        ),
        number_choices=[(point["value"], point["value"], "") for point in _numbers(found)],
        dispute_lines=invoice_lines(found.invoices, found.claim.currency),
        dispute_history=history_of(found.dispute_changes, found.claim.currency),
        asked=[request_words(row) for row in found.requests],
        dossier=dossier_words(found.dossiers, base=claim_url(creditor_id, claim_id)),
        open_dispute=next((one for one in found.disputes if not one["resolved_at"]), None),
        came_in=came_in(unit, creditor_id=creditor_id, claim_id=claim_id),
        now=unit.now,
        legally_held=found.legal_holds,
        held_url=f"{person_url(creditor_id, found.claim.debtor_id)}#legal-holds",
        **_heading(found, unit),
        **_case(found, unit, visitor),
        **_forms(request, found, unit, failed),
        **_parts(found),
        **_evidence(found, unit, visitor),
    )


def _erased(request: Request, found: ClaimPage, unit: Unit) -> Response:
    """What is left of a claim that was erased: amounts, days and how it ended, and nothing to do."""
    paid = sum(one["amount_minor"] for one in found.payments if one["reversed_at"] is None)
    return desk_page(
        request,
        "claim_erased.html",
        claim=found.claim,
        closed_at=unit.session.get_one(Claim, (found.claim.creditor_id, found.claim.id)).closed_at,
        paid=Money(paid, found.claim.currency),
        person=person_url(found.claim.creditor_id, found.claim.debtor_id),
        **_heading(found, unit),
    )


def _still_there(found: ClaimPage, failed: Failed) -> Failed:
    """The refused form; a note with its words where what it was about has ended meanwhile."""
    running = {
        **{f"lift-{hold['id']}": True for hold in found.holds},
        **{f"unpromise-{one['id']}": one["state"] == "open" for one in found.promises},
        "close": any(call["disposition"] is None for call in found.calls),
        "resolve": any(not dispute["resolved_at"] for dispute in found.disputes),
    }
    if failed is None or running.get(failed[0], not failed[0].startswith("lift-")):
        return failed
    return "note", as_note(failed[1])


def _evidence(found: ClaimPage, unit: Unit, visitor: Visitor) -> dict[str, Any]:
    """The documents with what each counts for, and how complete they make the file."""
    (facts,) = found.evidence
    score = score_of(facts, on=unit.today)
    return {
        "documents": [
            {
                "id": one["id"],
                "name": one["name"],
                "label": said(DOCUMENTS, one["kind"]),
                "chip": standing_chip(one["standing"], checked=one["checked_at"] is not None),
            }
            for one in found.documents
        ],
        "score": score,
        "evidence_items": evidence_items(score, kinds=DOCUMENTS, cheaper=()),
        "override": facts if facts["at_least"] else None,
        "may_override": "admin" in visitor.roles,
    }


def _heading(found: ClaimPage, unit: Unit) -> dict[str, Any]:
    claim = found.claim
    state = PHASES[claim.phase] if claim.state == "active" else CLAIM_STATES[claim.state]
    return {
        "chip": Chip(N_("Disputed"), "bad") if claim.disputed_minor and claim.state == "active" else state,
        "days": days_between(claim.due_on, unit.today),
        "placed": Money(claim.principal_minor, claim.currency),
        "debtor_kind": said(DEBTOR_KINDS, claim.debtor_kind),
        "law": said(LAWS, claim.law),
        "product": chosen_words(*product_of_path(claim.path)) if claim.path else "",
        "pauses": []
        if claim.state in ENDED
        else [inside(HOLDS.get(hold["ground"], str(hold["ground"]))) for hold in found.holds],
        "address": ", ".join(
            part
            for part in (
                claim.street,
                " ".join(filter(None, (claim.postal_code, claim.city))),
                country_name(claim.country),
            )
            if part
        ),
        "language": language_name(claim.language),
        "last_contact": _last_contact(found),
        "next_step": _next_step(found, unit),
    }


def _last_contact(found: ClaimPage) -> tuple[str, datetime] | None:
    """What reached the debtor last from our side on this claim, and when."""
    sent = [
        (f"{said(CHANNELS, one['channel'])}: {step_words(one['step'])}", one["sent_at"])
        for one in found.messages
        if one["sent_at"]
    ]
    called = {value: gettext(label) for value, label, _ in DISPOSITIONS}
    rung = [
        (f"{said(CHANNELS, 'call')}: {called[one['disposition']]}", one["started_at"])
        for one in found.calls
        if one["disposition"] in called
    ]
    return max([*sent, *rung], key=lambda contact: contact[1], default=None)


def _next_step(found: ClaimPage, unit: Unit) -> tuple[str, datetime | date] | None:
    """What comes next by itself, and when: a promise falls due, a step of the plan, work that returns."""
    if found.claim.state != "active":
        return None
    promised = [one["due_on"] for one in found.promises if one["state"] == "open"]
    if promised:
        return gettext("The promise falls due"), promised[0]
    steps: list[tuple[str, datetime | date]] = [
        (f"{said(CHANNELS, one.channel)}: {step_words(one.step)}", one.due_at) for one in found.planned
    ]
    work = {kind: chip.label for kind, chip in WORK.items()}
    later = [(said(work, item["kind"]), item["due_at"]) for item in found.work if item["due_at"] > unit.now]
    if steps or later:
        return [*steps, *later][0]
    # A step becomes a row on its own day; until then the path says what comes, and nothing while it is held.
    coming = upcoming(unit, creditor_id=found.claim.creditor_id, claim_id=found.claim.id)
    return (f"{said(CHANNELS, coming.channel)}: {step_words(coming.key)}", coming.due_on) if coming else None


def _case(found: ClaimPage, unit: Unit, visitor: Visitor) -> dict[str, Any]:
    """The work that waits on this claim, and whether this collector or a colleague has it in hand."""
    waiting = [item for item in found.work if item["due_at"] <= unit.now]
    held = next((item for item in waiting if _holder(item, unit) == visitor.user_id), None)
    case = held or (waiting[0] if waiting else None)
    holder = _holder(case, unit) if case else None
    open_call = next((call for call in found.calls if call["disposition"] is None), None)
    return {
        "case": case,
        "case_chip": WORK[case["kind"]] if case else None,
        "case_why": why_work(case["kind"], case["reason"]) if case else None,
        "mine": held is not None,
        "colleague": found.staff.get(holder, "") if holder and held is None else "",
        "later": [item for item in found.work if item["due_at"] > unit.now],
        "work_words": {kind: chip.label for kind, chip in WORK.items()},
        "open_call": open_call,
        "call_chip": CALL_STATES[open_call["state"]] if open_call else None,
    }


def _holder(item: Part, unit: Unit) -> UUID | None:
    """Who has it in hand now; a lease that ran out holds nothing."""
    until: datetime | None = item["leased_until"]
    holder: UUID | None = item["leased_by"]
    return holder if until and until >= unit.now else None


def _silent(ground: str, found: ClaimPage, on: date) -> bool:
    debtor = DebtorKind(found.claim.debtor_kind)
    return stops_contact(ground=ground, country=found.claim.country, debtor=debtor, on=on)


def _actions(found: ClaimPage, on: date, *, expected: bool) -> dict[str, Action]:
    """What may be done now, and for the rest why not; a visit that is expected is made or called off."""
    call = found.call
    running = [] if found.claim.state == "active" else ["claim_closed"]
    owed = [] if found.owed.total.minor > 0 else ["nothing_owed"]
    planned = ["plan_stands"] if found.claim.in_plan else []
    silent = [f"hold:{hold['ground']}" for hold in found.holds if _silent(hold["ground"], found, on)]
    promised = ["promise_open"] if any(promise["state"] == "open" for promise in found.promises) else []
    too_early = ["channel_not_in_phase"] if found.claim.phase not in ("amicable", "legal") else []
    noticed = [reason for reason in call.reasons if reason in (NOTICE_FIRST, TERM_RUNNING)]
    until, trace = (call.until, call.trace) if noticed else (None, ())
    refused = [] if expected else [*running, *owed, *silent, *too_early, *noticed]
    disputed = ["dispute_open"] if any(not one["resolved_at"] for one in found.disputes) else []
    return {
        "call": Action("call", reasons(call.reasons), call.until, call.trace),
        "promise": Action("promise", reasons([*running, *owed, *promised, *planned, *silent])),
        "plan": Action("plan", reasons([*running, *owed, *promised])),
        "visit": Action("visit", reasons(refused), until, trace),
        "give_up": Action("give_up", []),
        "dispute": Action("dispute", reasons([*running, *disputed])),
        "hold": Action("hold", reasons(running)),
        "note": Action("note", []),
    }


def _explained(found: ClaimPage) -> Explanation:
    owed = found.owed
    lines = explain(addends(owed.lines, on=owed.on), current_language())
    return explanation(
        total=owed.total,
        parts=[
            Share(line.words, line.amount, line.source if line.rule == "claim.interest" else "")
            for line in lines
            if line.amount is not None
        ],
    )


def _numbers(found: ClaimPage) -> list[Part]:
    return [
        point for point in found.contact_points if point["channel"] == "phone" and point["state"] == "usable"
    ]


def _forms(request: Request, found: ClaimPage, unit: Unit, failed: Failed) -> dict[str, Any]:
    """Every form of the page with what stands in it; the refused one keeps what was typed."""
    numbers = _numbers(found)
    tomorrow = unit.now + timedelta(days=1)
    again = found.call.until if found.call.until and found.call.until > unit.now else tomorrow
    config = wiring_of(request).settings
    own = request.cookies.get(OWN_NUMBER_COOKIE) or config.agency_phone.replace(" ", "")
    amount = typed_money(found.owed.total)
    usual: dict[str, Form[Any]] = {
        "call": blank(number=numbers[0]["value"] if numbers else "", collector=own),
        "close": blank(promised=amount),
        "promise": blank(promise_amount=amount),
        "rest": blank(until=local_moment(again)),
        **{name: blank() for name in ("note", "dispute", "hold", "resolve")},
    }
    if failed:
        usual[failed[0]] = failed[1]
    return {
        "forms": usual,
        "failed": failed[0] if failed else "",
        "own_number": own,
        "first_day": unit.today.isoformat(),
        "last_day": (unit.today + timedelta(days=days_ahead_max(unit.today))).isoformat(),
        "dispositions": DISPOSITIONS,
        "dispute_reasons": [(k, v) for k, v in DISPUTE_REASONS.items() if k != "known_at_intake"],
        "grounds": holds_to_place(
            country=found.claim.country, debtor=DebtorKind(found.claim.debtor_kind), on=unit.today
        ),
    }


def _parts(found: ClaimPage) -> dict[str, Any]:
    staff = found.staff
    names = {f"user:{user_id}": name for user_id, name in staff.items()}
    texts = {str(note["id"]): note["text"] for note in found.notes}
    texts |= {f"HoldPlaced:{hold['id']}": hold["note"] for hold in found.hold_words}
    texts |= {f"HoldLifted:{hold['id']}": hold["why"] or "" for hold in found.hold_words}
    return {
        "contact_points": [
            {**point, "chip": CONTACT_STATES[point["state"]]} for point in found.contact_points
        ],
        "holds": [{**hold, "label": said(HOLDS, hold["ground"]), "who": who(hold["by"], staff)}
                  for hold in found.holds],
        "notes": [{**note, "who": who(note["by"], staff)} for note in found.notes],
        "promises": [
            {
                **one,
                "amount": Money(one["amount_minor"], one["currency"]),
                "chip": PROMISE_STATES[one["state"]],
            }
            for one in found.promises
        ],
        "disputes": [_dispute(one, found) for one in found.disputes],
        "messages": [_message(one, found) for one in found.messages],
        "payments": [_payment(one) for one in found.payments],
        "others": [_other(one) for one in found.other_claims],
        "happened": [happening(event, by=names.get(event.by, ""), notes=texts) for event in found.happened],
        "planned": [planned(action) for action in found.planned],
        "ways": [_way(one) for one in found.ways],
    }  # fmt: skip


def _way(one: Part) -> dict[str, Any]:
    return {
        "what": step_words(one["step"]),
        "channel": said(CHANNELS, one["channel"]),
        "at": one["due_at"],
        "trace": from_json(one["trace"]),
    }


def _dispute(one: Part, found: ClaimPage) -> dict[str, Any]:
    return {
        **one,
        "label": said(DISPUTE_REASONS, one["reason"]),
        "chip": DISPUTE_STATES[one["status"]],
        "amount": Money(one["disputed_minor"], found.claim.currency),
    }


def _message(one: Part, found: ClaimPage) -> dict[str, Any]:
    return {
        "href": f"{claim_url(found.claim.creditor_id, found.claim.id)}/messages/{one['id']}",
        "what": step_words(one["step"]),
        "channel": said(CHANNELS, one["channel"]),
        "copies": one["copies"],
        "icon": CHANNEL_ICONS.get(one["channel"], "mail"),
        "at": one["sent_at"] or one["due_at"],
        "to": one["to_value"].replace("\n", ", "),
        "chip": MESSAGE_STATES[one["state"]],
        "reasons": reasons(one["reasons"]) if one["state"] in ("refused", "queued") else [],
    }


def _payment(one: Part) -> dict[str, Any]:
    def money(name: str) -> Money:
        return Money(int(one[name]), one["currency"])

    law = [(N_("Costs"), "costs_minor"), (N_("Interest"), "interest_minor"),
           (N_("Principal"), "principal_minor"), (N_("Overpaid"), "over_minor")]  # fmt: skip
    contract = [(N_("To the creditor"), "to_creditor_minor"), (N_("To the agency"), "to_agency_minor")]
    return {
        "amount": money("amount_minor"),
        "on": one["value_on"],
        "source": said(SOURCES, one["source"]),
        "reversed_at": one["reversed_at"],
        "by_law": [(gettext(label), money(name)) for label, name in law if one[name]],
        "by_contract": [(gettext(label), money(name)) for label, name in contract if one[name]],
    }


def _other(one: Part) -> dict[str, Any]:
    return {
        "href": claim_url(one["creditor_id"], one["id"]),
        "number": one["number"],
        "creditor": one["creditor"],
        # What still stands in the books of a running claim, what was placed of one that did not begin.
        "amount": Money(int(one["open_minor"]), one["currency"])
        if one["state"] == "active"
        else Money(one["principal_minor"], one["currency"])
        if one["state"] in ("new", "quoted")
        else None,
        "chip": PHASES[one["phase"]] if one["state"] == "active" else CLAIM_STATES[one["state"]],
    }
