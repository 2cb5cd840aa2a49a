"""Creditors: who the agency works for. A new one comes in here, with what is done before its first claim."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.errors import NotFound
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.parties.api_keys import is_live, keys_of, revoke_key
from agency.parties.creditor_facts import change_facts, facts_of, new_creditor
from agency.parties.models import Creditor, CreditorTerms
from agency.parties.onboarding import make_sure, tasks_of
from agency.parties.registration import Sender, sms_sender, take_in
from agency.parties.terms import agree_contract, terms_history
from agency.rules.onboarding import TaskKind, task_of
from portal.admin.creditor_forms import (
    ContractForm,
    FactsForm,
    NewCreditorForm,
    NoteForm,
    contract_of,
    facts_form,
    new_facts,
    readable_account,
    terms_form,
)
from portal.admin.creditor_words import COUNTRIES, KEEPERS, TASKS, terms_rows
from portal.admin.drafting import names_of
from portal.agreement import signed_document
from portal.shared.audience import StaffUnit, TheWiring, leave_for, router, show
from portal.shared.forms import Fields, Form, blank, submitted
from portal.shared.i18n import N_
from portal.shared.listing import Chip, Column, Cut
from portal.shared.words import REMITTANCE_MODES

routes = router(audience="admin", roles={"admin"}, prefix="/admin/creditors")

PAGE = "/admin/creditors"
COLUMNS = (
    Column("creditor", N_("Creditor"), "link", sub="reference"),
    Column("place", N_("Place"), phone=False),
    Column("state", N_("Status"), "chip"),
    Column("claims", N_("Open claims"), "number"),
    Column("since", N_("Since"), "day", phone=False),
)
HISTORY = (
    Column("since", N_("From"), "day"),
    Column("interest", N_("Interest")),
    Column("costs", N_("Costs")),
    Column("other", N_("Otherwise"), "words"),
)
READY, OPEN = Chip(N_("Ready"), "good"), Chip(N_("Not everything is done"), "warning")
_SHOWN_MAX = 500
_ALL = text(
    "SELECT k.id, k.name, k.reference, k.city, k.country, k.created_at,"
    " EXISTS (SELECT FROM onboarding_task t WHERE t.creditor_id = k.id AND t.done_at IS NULL) AS waits,"
    " (SELECT count(*) FROM claim c WHERE c.creditor_id = k.id AND c.state = 'active') AS claims"
    " FROM creditor k WHERE k.id <> :house"
    " AND (:words = '' OR strpos(lower(k.name || ' ' || k.reference), lower(:words)) > 0)"
    " ORDER BY waits DESC, lower(k.name), k.id LIMIT :most"
)
_USERS = text(
    "SELECT id, name, email, disabled_at FROM user_account WHERE creditor_id = :creditor"
    " ORDER BY lower(name) LIMIT 200"
)


@routes.get("")
def creditors(request: Request, unit: StaffUnit, q: str = "") -> HTMLResponse:
    """Every creditor; those of whom something is open come first."""
    words = q.strip().replace("\0", "")[:100]
    rows = unit.session.connection().execute(_ALL, {"house": HOUSE, "words": words, "most": _SHOWN_MAX})
    found = [_row(row) for row in rows]
    values = {"columns": COLUMNS, "cut": Cut(found), "words": words, "more": len(found) == _SHOWN_MAX}
    return show(request, "admin/creditors.html", values)


@routes.get("/new")
def new(request: Request, unit: StaffUnit) -> HTMLResponse:
    """The form for a new creditor, with the usual terms filled in."""
    usual = CreditorTerms(creditor_id=HOUSE, valid_from=unit.today, created_at=unit.now)
    return _new_page(request, blank(**terms_form(usual), country="NL", language="nl", mode="net"))


@routes.post("")
def register(request: Request, unit: StaffUnit, wiring: TheWiring, fields: Fields) -> Response:
    """Take a creditor in; it may submit claims and see prices at once."""
    form = submitted(NewCreditorForm, fields)
    creditor_id = HOUSE
    with form.attempt(unit):
        data = form.data
        facts = new_facts(data)
        creditor = new_creditor(
            unit, reference=data.reference, facts=facts, iban=readable_account(data.iban),
            iban_holder=data.iban_holder,
        )  # fmt: skip
        terms = CreditorTerms(
            creditor_id=creditor.id, valid_from=unit.today, created_at=unit.now,
            remittance_mode=data.mode, **contract_of(data).columns(),
        )  # fmt: skip
        sender = Sender(
            name=facts.name, email=facts.email, reply_to=facts.email, sms=sms_sender(creditor.reference),
            phone=facts.phone or wiring.settings.agency_phone,
        )  # fmt: skip
        creditor_id = take_in(unit, creditor=creditor, sender=sender, terms=terms)
    if form.errors:
        return _new_page(request, form, status=422)
    return leave_for(f"{PAGE}/{creditor_id}", notice=N_("Registered. Now make its first user."))


@routes.get("/{creditor_id:uuid}")
def creditor(request: Request, unit: StaffUnit, creditor_id: UUID) -> HTMLResponse:
    """One creditor: who it is, what is open, what was agreed, who may sign in."""
    return _page(request, unit, creditor_id)


@routes.post("/{creditor_id:uuid}/facts")
def change(request: Request, unit: StaffUnit, creditor_id: UUID, fields: Fields) -> Response:
    """Keep what changed about a creditor."""
    form = submitted(FactsForm, fields)
    with form.attempt(unit):
        change_facts(unit, creditor_id=creditor_id, facts=new_facts(form.data))
    if form.errors:
        return _page(request, unit, creditor_id, facts=form, status=422)
    return leave_for(f"{PAGE}/{creditor_id}", notice=N_("Kept."))


@routes.post("/{creditor_id:uuid}/terms")
def agree(request: Request, unit: StaffUnit, creditor_id: UUID, fields: Fields) -> Response:
    """Let other terms count from a day on."""
    form = submitted(ContractForm, fields)
    with form.attempt(unit):
        agree_contract(
            unit, creditor_id=creditor_id, valid_from=form.data.valid_from, wanted=contract_of(form.data)
        )
    if form.errors:
        return _page(request, unit, creditor_id, terms=form, status=422)
    return leave_for(f"{PAGE}/{creditor_id}", notice=N_("Kept. It counts from the day that you gave."))


@routes.post("/{creditor_id:uuid}/tasks/{kind}")
def settle(request: Request, unit: StaffUnit, creditor_id: UUID, kind: str, fields: Fields) -> Response:
    """Note how the agency made sure of something."""
    if kind not in set(TaskKind):
        raise NotFound("no such task")
    form = submitted(NoteForm, fields)
    with form.attempt(unit):
        make_sure(unit, creditor_id=creditor_id, kind=TaskKind(kind), note=form.data.note)
    if form.errors:
        return _page(request, unit, creditor_id, note=form, status=422)
    return leave_for(f"{PAGE}/{creditor_id}", notice=N_("Kept."))


@routes.get("/{creditor_id:uuid}/tasks/{kind}/document.pdf")
def document(unit: StaffUnit, wiring: TheWiring, creditor_id: UUID, kind: str) -> Response:
    """What the creditor signed."""
    return signed_document(unit, wiring.ports.files, creditor_id=creditor_id, kind=kind)


@routes.post("/{creditor_id:uuid}/keys/{key_id:uuid}/revocation")
def revoke(request: Request, unit: StaffUnit, creditor_id: UUID, key_id: UUID) -> Response:
    """Revoke a key of the creditor's programs, as when it calls because one leaked."""
    form = blank()
    with form.attempt(unit):
        revoke_key(unit, creditor_id=creditor_id, key_id=key_id)
    if form.errors:
        return _page(request, unit, creditor_id, keys=form, status=409)
    return leave_for(f"{PAGE}/{creditor_id}", notice=N_("Revoked. The key opens nothing any more."))


def _row(row: Any) -> dict[str, Any]:
    return {
        "href": f"{PAGE}/{row.id}",
        "creditor": row.name,
        "reference": row.reference,
        "place": ", ".join(part for part in (row.city, row.country) if part),
        "state": OPEN if row.waits else READY,
        "claims": row.claims,
        "since": row.created_at,
    }


def _new_page(request: Request, form: Form[Any], *, status: int = 200) -> HTMLResponse:
    values = {"form": form, "modes": REMITTANCE_MODES.items(), **_lists()}
    return show(request, "admin/creditor_new.html", values, status=status)


def _page(
    request: Request,
    unit: Unit,
    creditor_id: UUID,
    *,
    facts: Form[Any] | None = None,
    terms: Form[Any] | None = None,
    note: Form[Any] | None = None,
    keys: Form[Any] | None = None,
    status: int = 200,
) -> HTMLResponse:
    found = unit.session.get(Creditor, creditor_id, populate_existing=True)
    if found is None or creditor_id == HOUSE:
        raise NotFound("no such creditor")
    history = terms_history(unit, creditor_id=creditor_id)
    tasks = tasks_of(unit, creditor_id=creditor_id)
    users = unit.session.connection().execute(_USERS, {"creditor": creditor_id}).all()
    newest = history[0] if history else CreditorTerms(
        creditor_id=creditor_id, valid_from=unit.today, created_at=unit.now
    )  # fmt: skip
    first_day = max(unit.today, newest.valid_from + timedelta(days=1))
    values = {
        "creditor": found,
        "at": f"{PAGE}/{creditor_id}",
        "chip": OPEN if any(task.done_at is None for task in tasks) else READY,
        "facts": facts or blank(**facts_form(facts_of(found))),
        "terms": terms or blank(**terms_form(newest), valid_from=first_day.isoformat()),
        "note": note or blank(),
        "revoking": keys or blank(),
        "keys": [key for key in keys_of(unit, creditor_id=creditor_id) if is_live(key, now=unit.now)],
        "first_day": first_day.isoformat(),
        "tasks": [
            (task, TASKS[task.kind], task_of(task.kind).done_by == "agency", task.opened_by == unit.by)
            for task in tasks
        ],
        "names": names_of(unit, [task.done_by for task in tasks]),
        "history": HISTORY,
        "agreed": Cut([terms_rows(one) for one in history]),
        "users": users,
        **_lists(),
    }
    return show(request, "admin/creditor.html", values, status=status)


def _lists() -> dict[str, Any]:
    return {"countries": COUNTRIES.items(), "keepers": KEEPERS}
