"""Money in suspense: the lines that wait, what each may be, and settling them one after the other."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.banking.matching import look_again
from agency.banking.options import Option, options_of
from agency.banking.own_money import OwnKind
from agency.banking.queries import (
    LineRow,
    next_in_suspense,
    place_in_suspense,
    read_line,
    suspense_by_age,
)
from agency.banking.suspense import (
    Part,
    Proposal,
    SuspenseItem,
    claims_named,
    settle_line,
    split_line,
    suspense_item,
    suspense_items,
)
from agency.banking.suspense_cases import finance_people, notes_of, read_case
from agency.claims.finding import find_claims
from agency.claims.itemisation import itemise_many
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.unit import Unit
from agency.money import Money, UnreadableAmount
from agency.rules.match_score import AMOUNT_SIGNS
from agency.rules.split_line import split_over_claims
from agency.rules.suspense_age import SuspenseAge, suspense_age
from portal.finance.doors import finance_page, id_asked, names_of, routes
from portal.finance.words import LINE_STATES, OWN_KINDS, reasons
from portal.shared.audience import StaffUnit, leave_for, visitor_of
from portal.shared.forms import Fields, FormModel, blank, read_amount, submitted
from portal.shared.i18n import N_, format_day, gettext, typed_money
from portal.shared.listing import Chip, Column, Cut

ITEMS = (
    Column("who", N_("Counterparty"), "link", sub="text"),
    Column("booked_on", N_("Booked on"), "day"),
    Column("amount", N_("Amount"), "money"),
    Column("days", N_("Business days"), "number", phone=False),
    Column("age", N_("Age"), "chip", phone=False),
    Column("owner", N_("Looked after by"), phone=False, sub="due"),
    Column("why", N_("Why it waits"), phone=False),
)

GOING_BACK = Chip(N_("Goes back"), "info")
TO_AGREE = Chip(N_("To agree"), "warning")
PART = "part:"
SHOWN = 200
_FOUND_MAX = 12
_KEPT_MAX = 25


class BadPart(Invalid):
    """A part of a split is no amount."""


class SettleForm(FormModel):
    """The claim that a person chose for a line."""

    creditor_id: UUID
    claim_id: UUID


@routes.get("/suspense")
def suspense(request: Request, unit: StaffUnit) -> Response:
    """Every line that waits, the oldest first."""
    age = suspense_age(on=unit.today)
    after = id_asked(request, "after")
    items = suspense_items(unit, limit=SHOWN + 1, after=after)
    waiting = Cut(
        [_item_row(item, age) for item in items[:SHOWN]],
        next_url=f"/finance/suspense?after={items[SHOWN - 1].line_id}" if len(items) > SHOWN else None,
        previous_url="/finance/suspense" if after else None,
    )
    parked = Cut([_item_row(item, age) for item in suspense_items(unit, parked=True)])
    return finance_page(
        request,
        "suspense.html",
        columns=ITEMS,
        cut=waiting,
        parked=parked,
        ages=suspense_by_age(unit),
        done=done_before(request, unit),
    )


@routes.get("/suspense/{line_id:uuid}")
def suspense_line(request: Request, unit: StaffUnit, line_id: UUID) -> Response:
    """One line with the claims it may be for, and a search for others."""
    return line_page(request, unit, line_id, blank())


@routes.post("/suspense/{line_id:uuid}/settlement")
def settle(request: Request, unit: StaffUnit, line_id: UUID, fields: Fields) -> Response:
    """Book the line on a claim and go on to the next one."""
    form = submitted(SettleForm, fields)
    with form.attempt(unit):
        settle_line(unit, line_id=line_id, creditor_id=form.data.creditor_id, claim_id=form.data.claim_id)
    if form.errors:
        return line_page(request, unit, line_id, form, status=409)
    return on_to_the_next(unit, line_id, N_("Booked on the claim."))


@routes.post("/suspense/{line_id:uuid}/split")
def split(request: Request, unit: StaffUnit, line_id: UUID, fields: Fields) -> Response:
    """Book the line on several claims, each with its part, and go on to the next one."""
    line = read_line(unit, line_id=line_id)
    form = blank(**fields)
    with form.attempt(unit):
        split_line(unit, line_id=line_id, parts=_parts(fields, line.amount.currency))
    if form.errors:
        return line_page(request, unit, line_id, form, status=409)
    return on_to_the_next(unit, line_id, N_("Booked on the claims."))


def _parts(fields: dict[str, Any], currency: str) -> list[Part]:
    """Read the parts that were filled in: fields named by claim, each an amount.

    :raises BadPart: a field is no amount, or names no claim.
    """
    parts = []
    for name, value in fields.items():
        if not name.startswith(PART) or not str(value).strip():
            continue
        try:
            creditor_id, claim_id = map(UUID, name.removeprefix(PART).split("."))
            amount = Money.parse(str(read_amount(str(value).strip())), currency)
        except (ValueError, UnreadableAmount):
            raise BadPart("give each part as an amount, like 12.50") from None
        if amount:
            parts.append(Part(creditor_id, claim_id, amount))
    return parts


def on_to_the_next(unit: Unit, line_id: UUID, notice: str) -> Response:
    """This function will go on to the line that waits next; what was just decided can be undone there."""
    following = next_in_suspense(unit, after=line_id)
    if following:
        _look_again(unit, following)
    page = f"/finance/suspense/{following}" if following else "/finance/suspense"
    return leave_for(f"{page}?done={line_id}", notice=notice)


def _look_again(unit: Unit, line_id: UUID) -> None:
    """What was just decided may tell more of the next line, or have paid what was proposed for it.

    A line that names its claims, or that was held for another reason, stays as it was looked at.
    """
    kept = read_line(unit, line_id=line_id).match
    by_reference = {"reference", "several_claims_named"}
    if "ranked" in kept and not any(by_reference & set(one.reasons) for one in options_of(kept)):
        look_again(unit, line_id=line_id)


def done_before(request: Request, unit: Unit) -> LineRow | None:
    """This function will return the line that was decided just before, which can still be undone."""
    line_id = id_asked(request, "done")
    if line_id is None:
        return None
    with suppress(NotFound):
        return read_line(unit, line_id=line_id)
    return None


def _item_row(item: SuspenseItem, age: SuspenseAge) -> dict[str, Any]:
    return {
        "href": f"/finance/suspense/{item.line_id}",
        "who": item.counterparty or item.counterparty_iban or item.text or "–",
        "text": item.text,
        "booked_on": item.booked_on,
        "amount": item.amount,
        "days": item.business_days,
        "age": _stands(item, age),
        "owner": item.owner,
        "due": gettext("until %(day)s") % {"day": format_day(item.due_on)} if item.due_on else "",
        "why": reasons(item.reasons),
    }


def _stands(item: SuspenseItem, age: SuspenseAge) -> Chip:
    if item.going_back:
        return GOING_BACK
    return TO_AGREE if item.to_agree else age_chip(item.business_days, age)


def age_chip(business_days: int, age: SuspenseAge) -> Chip:
    """This function will say whether a line's age is fine, a warning, or blocks payouts."""
    if business_days > age.block_after:
        return Chip(N_("Blocks payouts"), "bad")
    return Chip(N_("Attention"), "warning") if business_days > age.warn_after else Chip(N_("New"), "neutral")


def line_page(request: Request, unit: Unit, line_id: UUID, form: Any, *, status: int = 200) -> Response:
    """This function will show a line with everything that can be done about it."""
    line = read_line(unit, line_id=line_id)
    words = request.query_params.get("q", "").replace("\0", "")[:100]
    found = [
        Proposal(row.creditor_id, row.id, row.number, row.creditor, row.debtor)
        for row in find_claims(unit, words=words, limit=_FOUND_MAX)
    ]
    item = suspense_item(unit, line_id=line_id)
    kept = _kept(request)
    options = options_of(line.match) if item else []
    proposals = _with_open(
        unit, claims_named(unit, list({claim_id for one in options for _, claim_id in one.claims}))
    )
    with_open = _with_open(unit, found)
    case, notes = read_case(unit, line_id=line_id), notes_of(unit, line_id=line_id)
    return finance_page(
        request,
        "suspense_line.html",
        status=status,
        line=line,
        item=item,
        chip=LINE_STATES[line.state],
        reasons=reasons(line.match.get("reasons", [])),
        options=_choices(line, options, proposals),
        place=place_in_suspense(unit, line_id=line_id),
        done=done_before(request, unit),
        words=words,
        found=with_open,
        split=_split_rows(
            line.amount, [*proposals, *_with_open(unit, claims_named(unit, kept)), *with_open], form
        ),
        kept=[str(claim_id) for claim_id in kept],
        case=case,
        people=[(str(user_id), name) for user_id, name in finance_people(unit)],
        notes=notes,
        by=visitor_of(request).by,
        own_kinds=OWN_KINDS,
        own_choices=[
            (kind, gettext(word))
            for kind, word in OWN_KINDS.items()
            if line.amount.minor > 0 or kind != OwnKind.DEPOSIT
        ],
        names=names_of(
            unit, [case.park_asked_by, case.parked_by, case.own_asked_by, *(note.by for note in notes)]
        ),
        form=form,
    )


def _choices(line: LineRow, options: list[Option], claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the line may be, each with its parts; `value` names claims and cents, so that what is confirmed is
    what was read. What was paid since comes last; neither that nor the whole of a line on one of several
    claims that it names is one stroke of Enter away."""
    known = {(one["claim"].creditor_id, one["claim"].claim_id): one for one in claims}
    several = "several_claims_named" in line.match.get("reasons", [])
    shown: list[dict[str, Any]] = []
    for option in options:
        if not all(key in known for key in option.claims):
            continue
        whole = len(option.parts) == 1
        parts = [(key, line.amount.minor if whole else minor) for key, minor in option.parts]
        paid = any(known[key]["open"].minor <= 0 for key in option.claims)
        said = list(option.reasons or line.match.get("reasons", []))
        if paid:
            said = [*(sign for sign in said if sign not in AMOUNT_SIGNS | {"nothing_open"}), "nothing_open"]
        shown.append(
            {
                "value": ";".join(f"{key[0]}.{key[1]}.{minor}" for key, minor in parts),
                "parts": [(known[key], Money(minor, line.amount.currency)) for key, minor in parts],
                "reasons": reasons(said),
                "points": 0 if paid else option.points,
                "paid": paid,
            }
        )
    shown.sort(key=lambda one: one["paid"])
    for place, one in enumerate(shown):
        one["chosen"] = not (place or one["paid"] or (several and len(one["parts"]) == 1))
    return shown


def _kept(request: Request) -> list[UUID]:
    """The claims of earlier searches that a split should keep."""
    kept = []
    for written in request.query_params.getlist("keep")[:_KEPT_MAX]:
        with suppress(ValueError):
            kept.append(UUID(written))
    return kept


def _split_rows(paid: Money, choices: list[dict[str, Any]], form: Any) -> list[dict[str, Any]]:
    """The claims that a line may be split over, each with the part that is proposed or was filled in."""
    claims = {(one["claim"].creditor_id, one["claim"].claim_id): one for one in choices}
    owed = [(key, one["open"]) for key, one in claims.items()]
    proposed = dict(split_over_claims(paid=paid, claims=owed).parts)
    rows = []
    for key, one in claims.items():
        name = f"{PART}{key[0]}.{key[1]}"
        value = form.values.get(name, typed_money(proposed[key]) if key in proposed else "")
        rows.append({**one, "name": name, "value": value})
    return rows


def _with_open(unit: Unit, claims: tuple[Proposal, ...] | list[Proposal]) -> list[dict[str, Any]]:
    keys = [(claim.creditor_id, claim.claim_id) for claim in claims]
    owed = itemise_many(unit, keys=keys, on=unit.today)
    return [{"claim": claim, "open": owed[claim.creditor_id, claim.claim_id].total} for claim in claims]
