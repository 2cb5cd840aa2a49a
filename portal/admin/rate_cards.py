"""Rate cards: what counts and counted, and drafts that one person writes and another lets out."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.drafts import OPEN, ChangedMeanwhile
from agency.kernel.errors import AgencyError
from agency.kernel.unit import Unit
from agency.money import Money
from agency.pricing.drafts import (
    RATE_CARD_DRAFTS,
    UnfitCard,
    approve_draft,
    card_faults,
    change_draft,
    start_draft,
    submit_draft,
)
from agency.pricing.models import RateCardDraft
from agency.pricing.rate_cards import NoRateCard, PublishedCard, card_of_version, card_on
from agency.rules.facts import DebtorKind, DisputeStatus, Phase
from agency.rules.price import PriceFacts, RateCard, price
from agency.rules.rate_card import CardFault, UnfairRateCard, card_differences
from portal.admin.drafting import attempt, draft_values, edition_read, remark_of
from portal.admin.rate_card_form import CardForm, form_of, read_form
from portal.admin.rate_card_words import DISPUTES, KEEPERS, difference_words, fault_words
from portal.shared.audience import StaffUnit, leave_for, router, show
from portal.shared.forms import Fields
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut
from portal.shared.words import DEBTOR_KINDS, DRAFT_STATES

routes = router(audience="admin", roles={"admin"}, prefix="/admin/rate-cards")

CARDS = (
    Column("version", N_("Version"), "link"),
    Column("valid_from", N_("Counts from"), "day"),
    Column("author", N_("Written by"), phone=False),
    Column("approver", N_("Approved by"), phone=False),
    Column("quotes", N_("Quotes"), "number"),
)
DRAFTS = (
    Column("name", N_("Name"), "link"),
    Column("state", N_("Status"), "chip"),
    Column("valid_from", N_("Counts from"), "day"),
    Column("changed_at", N_("Changed"), "moment", phone=False),
)
EXAMPLES = (50_000, 100_000, 500_000, 2_500_000, 10_000_000)
PHASES = {
    "reminder": N_("Reminders in the creditor's name"),
    "amicable": N_("Amicable collection"),
    "legal": N_("Legal phase"),
    "execution": N_("Execution of the judgment"),
}
_CARDS = text(
    "SELECT r.version, r.valid_from, coalesce(a.name, r.author) AS author,"
    " coalesce(b.name, r.approved_by) AS approver,"
    " (SELECT count(*) FROM quote q WHERE q.rate_card_id = r.id) AS quotes FROM rate_card r"
    " LEFT JOIN user_account a ON r.author = 'user:' || a.id"
    " LEFT JOIN user_account b ON r.approved_by = 'user:' || b.id ORDER BY r.version DESC LIMIT 500"
)
_DRAFTS = text(
    "SELECT id, name, state, valid_from, changed_at FROM rate_card_draft"
    " WHERE state IN ('draft', 'submitted') OR changed_at > :since ORDER BY changed_at DESC LIMIT 200"
)
_LATER = text(
    "SELECT version, valid_from FROM rate_card WHERE valid_from > :day"
    " ORDER BY valid_from, version DESC LIMIT 1"
)


@routes.get("")
def rate_cards(request: Request, unit: StaffUnit) -> HTMLResponse:
    """Every version, which one counts, and the drafts."""
    connection = unit.session.connection()
    cards = [
        row._asdict() | {"href": f"/admin/rate-cards/versions/{row.version}"}
        for row in connection.execute(_CARDS)
    ]
    since = {"since": unit.now.replace(year=unit.now.year - 1, day=1)}
    drafts = [
        row._asdict() | {"href": f"/admin/rate-cards/drafts/{row.id}", "state": DRAFT_STATES[row.state]}
        for row in connection.execute(_DRAFTS, since)
    ]
    values = {
        "cards": CARDS, "cards_cut": Cut(cards), "drafts": DRAFTS, "drafts_cut": Cut(drafts),
        "in_force": _in_force(unit),
    }  # fmt: skip
    return show(request, "admin/rate_cards.html", values)


def _in_force(unit: Unit) -> int | None:
    try:
        return card_on(unit, on=unit.today).version
    except NoRateCard:
        return None


@routes.get("/versions/{version:int}")
def published(request: Request, unit: StaffUnit, version: int) -> HTMLResponse:
    """One published card, and what differs from the one before it or `?against=` another."""
    found = card_of_version(unit, version=version)
    asked = request.query_params.get("against", "")
    other = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else version - 1
    try:
        before = card_of_version(unit, version=other)
    except NoRateCard:
        before = None
    differences = card_differences(before.card, found.card) if before else ()
    versions = unit.session.connection().execute(
        text("SELECT version FROM rate_card ORDER BY version DESC LIMIT 200")
    )
    values = {
        "version": version,
        "sha256": found.sha256,
        "against": before.version if before else None,
        "versions": [one for one in versions.scalars() if one != version],
        "differences": [difference_words(*one, found.card.currency) for one in differences],
        "examples": _examples(found.card, before.card if before else None),
    }
    return show(request, "admin/rate_card_version.html", values)


@routes.post("/drafts")
def begin(unit: StaffUnit) -> Response:
    """A draft that begins as a copy of the card in force."""
    draft_id = start_draft(unit, name=gettext("New rate card"))
    return leave_for(f"/admin/rate-cards/drafts/{draft_id}")


@routes.get("/drafts/{draft_id:uuid}")
def draft(request: Request, unit: StaffUnit, draft_id: UUID) -> HTMLResponse:
    """The editor of a draft."""
    kept = RATE_CARD_DRAFTS.find(unit, draft_id=draft_id)
    return _page(request, unit, kept, form_of(kept.name, kept.valid_from, kept.content))


@routes.post("/drafts/{draft_id:uuid}")
def keep(request: Request, unit: StaffUnit, draft_id: UUID, fields: Fields) -> Response:
    """Keep a draft: whatever rules it breaks, as long as each field can be read."""
    refused = _keep(request, unit, draft_id, fields)
    return refused or leave_for(f"/admin/rate-cards/drafts/{draft_id}", notice=N_("The draft is kept."))


@routes.post("/drafts/{draft_id:uuid}/check")
def check(request: Request, unit: StaffUnit, draft_id: UUID, fields: Fields) -> HTMLResponse:
    """What stands in the form at this moment: the rules it breaks and what ordinary claims would cost."""
    kept = RATE_CARD_DRAFTS.find(unit, draft_id=draft_id)
    form = read_form(fields, currency=str(kept.content["currency"]))
    return show(request, "admin/rate_card_checks.html", _checks(unit, form, kept))


@routes.post("/drafts/{draft_id:uuid}/submission")
def submit(request: Request, unit: StaffUnit, draft_id: UUID, fields: Fields) -> Response:
    """Keep what stands in the form, and hand it to a second person."""
    refused = _keep(request, unit, draft_id, fields)
    return refused or _done(request, unit, draft_id, lambda: submit_draft(unit, draft_id=draft_id),
                            N_("Submitted. A second person approves it."))  # fmt: skip


@routes.post("/drafts/{draft_id:uuid}/approval")
def approve(request: Request, unit: StaffUnit, draft_id: UUID, fields: Fields) -> Response:
    """Publish a submitted draft, as the second person."""
    edition = edition_read(fields)
    return _done(request, unit, draft_id,
                 lambda: approve_draft(unit, draft_id=draft_id, edition=edition),
                 N_("Approved. The card counts from its day."))  # fmt: skip


@routes.post("/drafts/{draft_id:uuid}/return")
def give_back(request: Request, unit: StaffUnit, draft_id: UUID, fields: Fields) -> Response:
    """Give a submitted draft back to its writer."""
    remark = remark_of(fields)
    return _done(request, unit, draft_id,
                 lambda: RATE_CARD_DRAFTS.give_back(unit, draft_id=draft_id, remark=remark),
                 N_("Given back to its writer."))  # fmt: skip


@routes.post("/drafts/{draft_id:uuid}/withdrawal")
def withdraw(request: Request, unit: StaffUnit, draft_id: UUID) -> Response:
    """End a draft."""
    return _done(request, unit, draft_id, lambda: RATE_CARD_DRAFTS.withdraw(unit, draft_id=draft_id),
                 N_("The draft is withdrawn."))  # fmt: skip


def _keep(request: Request, unit: Unit, draft_id: UUID, fields: dict[str, Any]) -> Response | None:
    """Keep what was typed; where that cannot be, return the page with all of it and why."""
    kept = RATE_CARD_DRAFTS.find(unit, draft_id=draft_id)
    form, edition = read_form(fields, currency=str(kept.content["currency"])), edition_read(fields)
    if not form.readable or form.day is None:
        return _page(request, unit, kept, form, edition=edition, status=422)
    try:
        change_draft(
            unit, draft_id=draft_id, name=form.name, valid_from=form.day, content=form.content,
            edition=edition,
        )  # fmt: skip
    except ChangedMeanwhile as refusal:
        return _page(request, unit, kept, form, error=refusal, edition=edition, status=refusal.status)
    return None


def _done(
    request: Request, unit: Unit, draft_id: UUID, effect: Callable[[], object], notice: str
) -> Response:
    def refused(refusal: AgencyError) -> Response:
        kept = RATE_CARD_DRAFTS.find(unit, draft_id=draft_id)
        form = form_of(kept.name, kept.valid_from, kept.content)
        broken = refusal.faults if isinstance(refusal, UnfitCard) else ()
        return _page(request, unit, kept, form, error=refusal, broken=broken, status=refusal.status)

    return attempt(unit, effect, refused=refused, then=f"/admin/rate-cards/drafts/{draft_id}", notice=notice)


def _page(
    request: Request,
    unit: Unit,
    kept: RateCardDraft,
    form: CardForm,
    *,
    error: AgencyError | None = None,
    broken: tuple[CardFault, ...] = (),
    edition: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The editor; what was typed over another edition stays with that one, so that it replaces no other."""
    values = {
        **draft_values(unit, kept),
        **({} if edition is None else {"edition": edition}),
        "form": form,
        "changed": isinstance(error, ChangedMeanwhile),
        "error": error.message if error else "",
        "promises": [fault_words(one) for one in broken if not one.field],
        "phases": PHASES,
        "debtors": DEBTOR_KINDS,
        "disputes": DISPUTES,
        "keepers": KEEPERS,
        **_checks(unit, form, kept),
    }
    return show(request, "admin/rate_card_draft.html", values, status=status)


def _checks(unit: Unit, form: CardForm, kept: RateCardDraft) -> dict[str, Any]:
    """What is wrong, what ordinary claims cost, and what differs from the card that it takes the place of.

    That is the one which counts on its first day; it may have been published since the draft was begun.
    """
    standing = kept.state in OPEN
    day = max(form.day or unit.today, unit.today) if standing else unit.today
    faults = tuple(form.faults) or card_faults(form.content, on=form.day or unit.today)
    try:
        replaced: PublishedCard | None = card_on(unit, on=day)
    except NoRateCard:
        replaced = None
    base = replaced.card if replaced else None
    card = None if form.faults else _card(form.content)
    differences = card_differences(base, card) if base and card else ()
    undone = replaced and standing and replaced.version > (kept.based_on or 0)
    return {
        "replaces": replaced.version if replaced and standing else None,
        "undoes": bool(undone and differences),
        "first_day": day,
        "later": unit.session.connection().execute(_LATER, {"day": day}).one_or_none() if standing else None,
        "faults": [fault_words(fault) for fault in faults],
        "examples": _examples(card, base) if card else [],
        "differences": [difference_words(*one, str(form.content["currency"])) for one in differences],
    }


def _card(content: dict[str, Any]) -> RateCard | None:
    try:
        return RateCard.from_fields(content)
    except (UnfairRateCard, KeyError, TypeError, ValueError):
        return None


def _examples(card: RateCard, base: RateCard | None) -> list[dict[str, Any]]:
    """What an ordinary claim costs: a company at home, a month late, half documented, undisputed."""
    found = []
    for minor in EXAMPLES:
        facts = PriceFacts(
            amount=Money(minor, card.currency), age_days=30, debtor=DebtorKind.company, country="NL",
            completeness=card.pivot_points, dispute=DisputeStatus.none, phase=Phase.reminder,
        )  # fmt: skip
        new = price(card=card, facts=facts)
        old = price(card=base, facts=facts).fee_bps if base and base.currency == card.currency else None
        found.append({"amount": facts.amount, "fee": new.fee_bps, "maximum": new.maximum, "before": old})
    return found
