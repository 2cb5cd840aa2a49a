"""A creditor's bookkeeping: connected once, its overdue invoices to choose from, what came in to answer."""

from typing import Any, Final
from uuid import UUID

from limits import parse
from sqlmodel import func, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.bookkeeping.connecting import (
    begin_consent,
    begin_with_key,
    choose_administration,
    connection_of,
    connections_of,
    disconnect,
    keep_access,
    set_overdue_days,
    set_rule,
    stop_rule,
    take_consent,
)
from agency.bookkeeping.falls import open_falls
from agency.bookkeeping.fetching import ask_fetch, cancel_fetch, last_fetch
from agency.bookkeeping.handing_over import hand_over, overdue_ids
from agency.bookkeeping.models import (
    BookedInvoice,
    BookkeepingConnection,
    BookkeepingHandover,
    ConnectionState,
    FetchState,
    HandoverState,
)
from agency.kernel.errors import AgencyError, Conflict, Forbidden, NotFound
from agency.kernel.unit import Door, Unit
from agency.money import Money
from agency.ports.providers import ProviderError
from agency.ports.providers.bookkeeping import Bookkeeping
from portal.creditor.booked_invoices import COLUMNS, FILTERS, SORTS, invoice_rows
from portal.creditor.doors import MANAGERS, binding, creditor_page, routes
from portal.creditor.placed import next_page
from portal.creditor.quote_closing import chosen_ids
from portal.creditor.words import BOOK_STATES, FETCH_PROBLEMS, KEY_HINTS
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.forms import AmountField, Fields, Form, FormModel, blank, money_of, submitted
from portal.shared.i18n import N_, typed_money
from portal.shared.listing import Column, Cut, Listing
from portal.shared.sessions import Visitor
from portal.shared.throttling import refuse_too_many
from portal.wiring import Wiring

HOME: Final = "/creditor/bookkeeping"
# A key is tried at the vendor: nobody guesses with our help.
KEYS_TRIED: Final = parse("10/hour")
NOT_LET_IN: Final = N_("The bookkeeping did not let us in. Try again, or look at your rights there.")
FALL_COLUMNS: Final = (
    Column("number", N_("Invoice"), "link", sub="customer"),
    Column("amount", N_("No longer open"), "money"),
    Column("paid_on", N_("Day"), "day", phone=False),
    Column("seen_at", N_("Noticed"), "moment", phone=False),
)


class KeyForm(FormModel):
    """A key that the creditor made at the vendor."""

    key: str


class DaysForm(FormModel):
    """From how many days overdue invoices are shown."""

    overdue_days: int


class RuleForm(FormModel):
    """What is handed over by itself."""

    rule_days: int
    rule_amount: AmountField
    confirmed: bool = False


@routes.get("/bookkeeping")
def bookkeeping(request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring) -> Response:
    """The connections with their state, questions, and the invoices to choose from."""
    return home(request, unit, visitor, wiring)


def home(
    request: Request, unit: Unit, visitor: Visitor, wiring: Wiring, *, form: Form[Any] | None = None
) -> Response:
    """This function will answer with the page of the creditor's bookkeeping."""
    creditor_id, offered = own_creditor(visitor), wiring.ports.bookkeeping
    connections = connections_of(unit, creditor_id=creditor_id)
    wanted = request.query_params.get("connection", "")
    shown = next((one for one in connections if str(one.id) == wanted), next(iter(connections), None))
    listing = Listing.read(HOME, request.query_params, sorts=SORTS, default="due_on", filters=FILTERS)
    cut: Cut[dict[str, Any]] = Cut([])
    if shown is not None and shown.administration:
        cut = invoice_rows(unit, listing, connection=shown)
    connected = {one.vendor for one in connections}
    return creditor_page(
        request,
        "bookkeeping.html",
        status=422 if form is not None and form.errors else 200,
        form=form or blank(),
        connections=[_connection(unit, one, offered) for one in connections],
        offers=[
            (key, port.name, port.by, KEY_HINTS.get(key, ""))
            for key, port in offered.items()
            if key not in connected
        ],
        shown=shown,
        listing=listing,
        columns=COLUMNS,
        cut=cut,
        falls=Cut(_falls(unit, creditor_id)),
        fall_columns=FALL_COLUMNS,
        waiting=_waiting(unit, creditor_id),
        may_bind=bool(visitor.roles & MANAGERS),
    )


def _connection(unit: Unit, row: BookkeepingConnection, offered: Any) -> dict[str, Any]:
    fetch = last_fetch(unit, creditor_id=row.creditor_id, connection_id=row.id)
    port: Bookkeeping | None = offered.get(row.vendor)
    going_on = fetch is not None and fetch.state in (FetchState.RUNNING, FetchState.WAITING)
    return {
        "row": row,
        "vendor": port.name if port else row.vendor,
        "by": port.by if port else "",
        "key_hint": KEY_HINTS.get(row.vendor, ""),
        "chip": BOOK_STATES["broken" if row.state == ConnectionState.BROKEN else "connected"],
        "fetch": fetch,
        "going_on": going_on,
        "problem": FETCH_PROBLEMS[fetch.problem] if fetch and fetch.problem else "",
    }


def _falls(unit: Unit, creditor_id: UUID) -> list[dict[str, Any]]:
    shown = []
    for fall in open_falls(unit, creditor_id=creditor_id):
        invoice = unit.session.get_one(BookedInvoice, (creditor_id, fall.invoice_id))
        shown.append(
            {
                "href": f"{HOME}/questions/{fall.id}",
                "number": invoice.number,
                "customer": invoice.customer_name,
                "amount": Money(fall.minor, fall.currency),
                "paid_on": fall.paid_on,
                "seen_at": fall.seen_at,
            }
        )
    return shown


def _waiting(unit: Unit, creditor_id: UUID) -> int:
    return unit.session.exec(
        select(func.count()).where(
            BookkeepingHandover.creditor_id == creditor_id,
            BookkeepingHandover.state == HandoverState.WAITING,
        )
    ).one()


@binding.post("/bookkeeping/connect/{vendor}")
def connect(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, vendor: str
) -> Response:
    """Go to the vendor's page, with something that only this session can bring back."""
    port = _port(wiring, vendor, "consent")
    form = blank()
    state = ""
    with form.attempt(unit):
        state = begin_consent(
            unit,
            creditor_id=own_creditor(visitor),
            vendor=vendor,
            session_sha256=visitor.session_sha256,
        )
    if form.errors:
        return home(request, unit, visitor, wiring, form=form)
    url = port.consent_url(state=state, redirect_url=_redirect_url(wiring, vendor))
    return RedirectResponse(url, status_code=303)


@binding.get("/bookkeeping/callback/{vendor}")
def come_back(request: Request, visitor: TheVisitor, wiring: TheWiring, vendor: str) -> Response:
    """Come back from the vendor's page: what it gave is used once, and only for this session."""
    port, creditor_id = _port(wiring, vendor, "consent"), own_creditor(visitor)
    query = request.query_params
    doors = {"by": visitor.by, "creditor_id": creditor_id}
    try:
        with wiring.units.open(Door.CREDITOR, **doors) as unit:  # type: ignore[arg-type]
            connection_id = take_consent(
                unit,
                creditor_id=creditor_id,
                vendor=vendor,
                state=query.get("state", ""),
                session_sha256=visitor.session_sha256,
            )
    except Forbidden:
        notice = N_("This answer does not belong to a question of yours, or came too late. Begin again.")
        return leave_for(HOME, notice=notice, tone="bad")
    if query.get("error") or not query.get("code"):
        return leave_for(HOME, notice=N_("Nothing was connected: access was not given."), tone="info")
    # QuickBooks alone names the company here; the others ask which one, with what they give for the code.
    books = query.get("realmId", "")
    return _let_in(wiring, visitor, port, vendor, connection_id, code=query["code"], books=books)


def _let_in(
    wiring: Wiring,
    visitor: Visitor,
    port: Bookkeeping,
    vendor: str,
    connection_id: UUID,
    *,
    code: str,
    books: str = "",
) -> Response:
    """Ask the vendor outside a transaction, keep what it gives, and fetch when it is clear what."""
    creditor_id = own_creditor(visitor)
    try:
        tokens = port.connect(code=code, redirect_url=_redirect_url(wiring, vendor), books=books)
        administrations = port.administrations(tokens)
    except ProviderError:
        return leave_for(HOME, notice=NOT_LET_IN, tone="bad")
    try:
        with wiring.units.open(Door.CREDITOR, by=visitor.by, creditor_id=creditor_id) as unit:
            keep_access(
                unit,
                creditor_id=creditor_id,
                connection_id=connection_id,
                tokens=tokens,
                administrations=administrations,
                secret=wiring.settings.secret.get_secret_value(),
            )
            row = connection_of(unit, creditor_id=creditor_id, connection_id=connection_id)
            if row.administration:
                ask_fetch(unit, creditor_id=creditor_id, connection_id=connection_id)
    except AgencyError as refusal:
        return leave_for(HOME, notice=refusal.message, tone="bad")
    return leave_for(HOME, notice=N_("Connected. We only read, and write nothing there."))


@binding.post("/bookkeeping/keys/{vendor}")
def connect_by_key(
    request: Request, visitor: TheVisitor, wiring: TheWiring, fields: Fields, vendor: str
) -> Response:
    """Try a key at the vendor and keep it; it is shown to nobody again."""
    port, creditor_id = _port(wiring, vendor, "key"), own_creditor(visitor)
    refuse_too_many(request, wiring.settings, KEYS_TRIED, what="bookkeeping-key")
    # Named by the vendor: two such fields stand on one page, each with its own label.
    form = submitted(KeyForm, {"key": fields.get(f"key-{vendor}", "")})
    if form.errors:
        return leave_for(HOME, notice=N_("Paste the key."), tone="bad")
    try:
        with wiring.units.open(Door.CREDITOR, by=visitor.by, creditor_id=creditor_id) as unit:
            connection_id = begin_with_key(unit, creditor_id=creditor_id, vendor=vendor)
    except Conflict as refusal:
        return leave_for(HOME, notice=refusal.message, tone="bad")
    return _let_in(wiring, visitor, port, vendor, connection_id, code=form.data.key)


@binding.post("/bookkeeping/{connection_id:uuid}/administration")
def choose(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields,
    connection_id: UUID,
) -> Response:  # fmt: skip
    """Settle which administration is read, and fetch it."""
    form: Form[Any] = Form(fields)
    creditor_id = own_creditor(visitor)
    with form.attempt(unit):
        code = str(fields.get("administration", ""))
        choose_administration(unit, creditor_id=creditor_id, connection_id=connection_id, code=code)
        ask_fetch(unit, creditor_id=creditor_id, connection_id=connection_id)
    if form.errors:
        return home(request, unit, visitor, wiring, form=form)
    return leave_for(HOME, notice=N_("Your open invoices are being fetched."))


@routes.post("/bookkeeping/{connection_id:uuid}/fetch")
def fetch_now(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, connection_id: UUID
) -> Response:
    """Fetch everything that is open now."""
    form = blank()
    with form.attempt(unit):
        ask_fetch(unit, creditor_id=own_creditor(visitor), connection_id=connection_id)
    if form.errors:
        return home(request, unit, visitor, wiring, form=form)
    return leave_for(HOME, notice=N_("Your open invoices are being fetched."))


@routes.post("/bookkeeping/{connection_id:uuid}/cancel")
def stop_fetching(unit: CreditorUnit, visitor: TheVisitor, connection_id: UUID) -> Response:
    """Stop a fetch; what was known before it stays."""
    creditor_id = _of(unit, visitor, connection_id)
    try:
        cancel_fetch(unit, creditor_id=creditor_id, connection_id=connection_id)
    except Conflict:
        return leave_for(HOME, notice=N_("Nothing was being fetched any more."), tone="info")
    return leave_for(HOME, notice=N_("Stopped. What was fetched before stays as it was."), tone="info")


@routes.post("/bookkeeping/{connection_id:uuid}/handover")
def choose_invoices(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields,
    connection_id: UUID,
) -> Response:  # fmt: skip
    """Hand the chosen invoices over, or all that are overdue; the price waits for acceptance."""
    form: Form[Any] = Form(fields)
    creditor_id = own_creditor(visitor)
    chosen = fields.get("invoice", [])
    done = None
    with form.attempt(unit):
        row = connection_of(unit, creditor_id=creditor_id, connection_id=connection_id)
        if fields.get("do") == "all":
            named = {"creditor_id": creditor_id, "connection_id": connection_id}
            ids = overdue_ids(unit, **named, days=row.overdue_days)
        else:
            ids = sorted(chosen_ids([chosen] if isinstance(chosen, str) else chosen))
        done = hand_over(
            unit, wiring.ports.files, wiring.ports.read_einvoice, creditor_id=creditor_id,
            connection_id=connection_id, invoice_ids=ids,
        )  # fmt: skip
    if form.errors or done is None:
        return home(request, unit, visitor, wiring, form=form)
    if done.placement_id is None:
        notice = N_("These invoices are being handed over. Their price will wait for you under Quotes.")
        return leave_for(HOME, notice=notice)
    notice = N_("We are fetching the documents of these invoices. With them this price becomes lower.")
    return leave_for(next_page(unit, creditor_id, done.placement_id), notice=notice, tone="info")


@binding.get("/bookkeeping/{connection_id:uuid}")
def settings_page(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, connection_id: UUID
) -> Response:
    """What the creditor wants of a connection, and how to end it."""
    return _settings(request, unit, visitor, wiring, connection_id, blank(), blank())


def _settings(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    wiring: Wiring,
    connection_id: UUID,
    days: Form[Any],
    rule: Form[Any],
) -> Response:
    row = connection_of(unit, creditor_id=own_creditor(visitor), connection_id=connection_id)
    port = wiring.ports.bookkeeping.get(row.vendor)
    days.values = {"overdue_days": row.overdue_days} | days.values
    rule.values = {
        "rule_days": row.rule_days,
        "rule_amount": typed_money(Money(row.rule_minor, "EUR")),
    } | rule.values
    return creditor_page(
        request,
        "bookkeeping_settings.html",
        status=422 if days.errors or rule.errors else 200,
        row=row,
        vendor=port.name if port else row.vendor,
        days_form=days,
        rule_form=rule,
        rule_amount=Money(row.rule_minor, "EUR"),
    )


@binding.post("/bookkeeping/{connection_id:uuid}/days")
def settle_days(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields,
    connection_id: UUID,
) -> Response:  # fmt: skip
    """Settle from how many days overdue invoices are shown."""
    form = submitted(DaysForm, fields)
    with form.attempt(unit):
        set_overdue_days(
            unit, creditor_id=own_creditor(visitor), connection_id=connection_id, days=form.data.overdue_days
        )
    if form.errors:
        return _settings(request, unit, visitor, wiring, connection_id, form, blank())
    return leave_for(HOME, notice=N_("Kept."))


@binding.post("/bookkeeping/{connection_id:uuid}/rule")
def settle_rule(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields,
    connection_id: UUID,
) -> Response:  # fmt: skip
    """Have invoices handed over by themselves, once that is confirmed."""
    form = submitted(RuleForm, fields)
    with form.attempt(unit):
        set_rule(
            unit,
            creditor_id=own_creditor(visitor),
            connection_id=connection_id,
            days=form.data.rule_days,
            minor=money_of(form.data.rule_amount, "EUR", "rule_amount").minor,
            confirmed=form.data.confirmed,
        )
    if form.errors:
        return _settings(request, unit, visitor, wiring, connection_id, blank(), form)
    return leave_for(HOME, notice=N_("Kept. From the next fetch on it happens by itself."))


@binding.post("/bookkeeping/{connection_id:uuid}/rule/stop")
def stop(unit: CreditorUnit, visitor: TheVisitor, connection_id: UUID) -> Response:
    """Have nothing handed over by itself any more."""
    stop_rule(unit, creditor_id=own_creditor(visitor), connection_id=connection_id)
    return leave_for(HOME, notice=N_("Stopped. Nothing is handed over by itself any more."))


@binding.post("/bookkeeping/{connection_id:uuid}/end")
def end(unit: CreditorUnit, visitor: TheVisitor, connection_id: UUID) -> Response:
    """Disconnect: what opens the books is erased."""
    creditor_id = _of(unit, visitor, connection_id)
    try:
        disconnect(unit, creditor_id=creditor_id, connection_id=connection_id)
    except NotFound:
        return leave_for(HOME, notice=N_("This connection had ended already."), tone="info")
    return leave_for(HOME, notice=N_("Disconnected. What opened your books is erased; your claims stay."))


def _of(unit: Unit, visitor: Visitor, connection_id: UUID) -> UUID:
    """The creditor that the connection is or was of, so that one that ended reads otherwise than none."""
    creditor_id = own_creditor(visitor)
    if unit.session.get(BookkeepingConnection, (creditor_id, connection_id)) is None:
        raise NotFound("no such connection")
    return creditor_id


def _port(wiring: Wiring, vendor: str, by: str) -> Bookkeeping:
    port = wiring.ports.bookkeeping.get(vendor)
    if port is None or port.by != by:
        raise NotFound("no such bookkeeping")
    return port


def _redirect_url(wiring: Wiring, vendor: str) -> str:
    """Fixed, as it is registered at the vendor."""
    return f"{wiring.settings.public_url}{HOME}/callback/{vendor}"
