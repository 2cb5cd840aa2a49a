"""Before the first claim: what a new creditor signs, and what the agency still makes sure of."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.errors import Conflict, NotFound
from agency.kernel.files import store
from agency.kernel.unit import Unit
from agency.parties.models import Creditor, UserAccount
from agency.parties.onboarding import sign, tasks_of
from agency.rules.onboarding import AgreementText, TaskKind, agreement_text, task_of
from portal.agreement import Signature, agreement_pdf, signed_document
from portal.creditor.doors import binding, creditor_page, routes
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.shared.sessions import Visitor
from portal.shared.throttling import address_of
from portal.wiring import Wiring

PAGE = "/creditor/onboarding"
MAY_SIGN = N_("Say that you may sign for your organisation.")


class SignForm(FormModel):
    """That the person may sign, and what tells which text was read."""

    may_sign: bool = False
    read: str = ""


@routes.get("/onboarding")
def onboarding(request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring) -> HTMLResponse:
    """What is open, what was signed, each with its text."""
    return _page(request, unit, visitor, wiring.settings.agency_name, blank())


@routes.get("/onboarding/{kind}/document.pdf")
def document(unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, kind: str) -> Response:
    """The document as it was signed."""
    return signed_document(unit, wiring.ports.files, creditor_id=own_creditor(visitor), kind=kind)


@binding.post("/onboarding/{kind}")
def sign_one(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, kind: str, fields: Fields
) -> Response:
    """Sign what a task asks for; the document is kept as it was read."""
    if kind not in set(TaskKind) or task_of(TaskKind(kind)).done_by != "creditor":
        raise NotFound("no such task")
    form = submitted(SignForm, fields)
    with form.attempt(unit):
        if not form.data.may_sign:
            raise Conflict(MAY_SIGN, field="may_sign")
        _sign(request, unit, visitor, wiring, TaskKind(kind), read=form.data.read)
    if form.errors:
        return _page(request, unit, visitor, wiring.settings.agency_name, form, refused=kind, status=422)
    return leave_for(PAGE, notice=N_("Signed. You find the document here at any time."))


def _sign(
    request: Request, unit: Unit, visitor: Visitor, wiring: Wiring, kind: TaskKind, *, read: str
) -> None:
    creditor_id, address = own_creditor(visitor), address_of(request)
    creditor = unit.session.get_one(Creditor, creditor_id)
    person = unit.session.get_one(UserAccount, visitor.user_id)
    agency = wiring.settings.agency_name
    said = _text(kind, unit, visitor.language, creditor, agency)
    if read != said.edition:
        raise Conflict("the text has changed since you opened it; read it again")
    content = agreement_pdf(
        said, creditor=creditor, signed=Signature(person.name, person.email, unit.now, address),
        agency=agency, language=visitor.language, renderer=wiring.ports.renderer,
    )  # fmt: skip
    sha256 = store(
        unit, wiring.ports.files, creditor_id=creditor_id, content=content, media_type="application/pdf"
    )
    sign(unit, creditor_id=creditor_id, kind=kind, sha256=sha256, text_version=said.version, address=address)


def _text(kind: TaskKind, unit: Unit, language: str, creditor: Creditor, agency: str) -> AgreementText:
    return agreement_text(kind, language=language, on=unit.today, creditor=creditor.name, agency=agency)


def _page(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    agency: str,
    form: Form[Any],
    *,
    refused: str = "",
    status: int = 200,
) -> HTMLResponse:
    creditor_id: UUID = own_creditor(visitor)
    creditor = unit.session.get_one(Creditor, creditor_id)
    asked = tasks_of(unit, creditor_id=creditor_id)
    tasks: list[dict[str, Any]] = []
    for task in asked:
        ours = task_of(task.kind).done_by == "agency"
        said = None if task.done_at or ours else _text(task.kind, unit, visitor.language, creditor, agency)
        tasks.append(
            {"task": task, "ours": ours, "text": said, "form": form if refused == task.kind else blank()}
        )
    return creditor_page(
        request, "onboarding.html", status=status, tasks=tasks, agency=agency,
        may_sign="creditor_manager" in visitor.roles,
        ready=all(task.done_at for task in asked),
    )  # fmt: skip
