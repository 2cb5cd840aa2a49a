"""How each creditor is paid out: daily, weekly, monthly or from an amount; net, gross or combined."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.errors import NotFound
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import Creditor, CreditorTerms, RemittanceMode
from agency.parties.payout_terms import PayoutAgreement, agree_payouts
from agency.parties.terms import terms_history
from agency.rules.payout import PayoutCycle
from portal.finance.doors import finance_page, routes
from portal.finance.words import MODES, WEEKDAYS
from portal.payout_words import CYCLES, cycle_words, terms_words
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.forms import AmountField, Fields, Form, FormModel, blank, money_of, submitted
from portal.shared.i18n import N_, gettext, typed_money
from portal.shared.listing import Column, Cut
from portal.shared.words import REMITTANCE_MODES

PAGE = "/finance/payout-terms"
COLUMNS = (
    Column("creditor", N_("Creditor"), "link", sub="reference"),
    Column("cycle", N_("How often")),
    Column("mode", N_("Fee"), "words", phone=False),
    Column("least", N_("At least"), "money", phone=False),
    Column("since", N_("Since"), "day", phone=False),
)
HISTORY = (
    Column("since", N_("From"), "day"),
    Column("cycle", N_("How often")),
    Column("mode", N_("Fee"), "words"),
    Column("least", N_("At least"), "money"),
)
_SHOWN_MAX = 500
_ALL = text(
    "SELECT k.id, k.name, k.reference, t.remittance_mode, t.payout_cycle, t.payout_day, t.payout_from_minor,"
    " t.valid_from FROM creditor k LEFT JOIN LATERAL (SELECT * FROM creditor_terms t"
    "  WHERE t.creditor_id = k.id AND t.valid_from <= :today ORDER BY t.valid_from DESC LIMIT 1) t ON true"
    " WHERE k.id <> :house"
    " AND (:words = '' OR strpos(lower(k.name || ' ' || k.reference), lower(:words)) > 0)"
    " ORDER BY lower(k.name), k.id LIMIT :most"
)


class TermsForm(FormModel):
    """From when, how often, on which day, from which amount, and what becomes of the fee."""

    valid_from: date
    cycle: PayoutCycle
    mode: RemittanceMode
    weekday: int = 1
    day: int = 1
    least: AmountField | None = None


@routes.get("/payout-terms")
def payout_terms(request: Request, unit: StaffUnit, q: str = "") -> Response:
    """Every creditor with how it is paid out now."""
    words = q.strip().replace("\0", "")[:100]
    rows = unit.session.connection().execute(
        _ALL, {"today": unit.today, "house": HOUSE, "words": words, "most": _SHOWN_MAX}
    )
    found = rows.all()
    return finance_page(
        request,
        "payout_terms.html",
        columns=COLUMNS,
        words=words,
        more=len(found) == _SHOWN_MAX,
        cut=Cut(
            [
                {
                    "href": f"{PAGE}/{row.id}",
                    "creditor": row.name,
                    "reference": row.reference,
                    "cycle": cycle_words(row.payout_cycle or "daily", row.payout_day or 1),
                    "mode": gettext(
                        MODES[row.remittance_mode] if row.remittance_mode else MODES[RemittanceMode.NET]
                    ),
                    "least": Money(row.payout_from_minor, "EUR") if row.payout_from_minor else None,
                    "since": row.valid_from,
                }
                for row in found
            ]
        ),
    )


@routes.get("/payout-terms/{creditor_id:uuid}")
def terms_of_one(request: Request, unit: StaffUnit, creditor_id: UUID) -> Response:
    """What was agreed with one creditor, and the form for what counts from a day on."""
    newest = next(iter(terms_history(unit, creditor_id=creditor_id)), None)
    return _page(request, unit, creditor_id, _filled(newest, _first_day(newest, unit.today)))


@routes.post("/payout-terms/{creditor_id:uuid}")
def agree(request: Request, unit: StaffUnit, creditor_id: UUID, fields: Fields) -> Response:
    """Let it count; payouts drafted before keep what they were drafted by."""
    form = submitted(TermsForm, fields)
    with form.attempt(unit):
        data = form.data
        weekly = data.cycle is PayoutCycle.WEEKLY
        wanted = PayoutAgreement(
            mode=data.mode,
            cycle=data.cycle,
            day=data.weekday if weekly else data.day,
            least=Money.zero("EUR") if data.least is None else money_of(data.least, "EUR", "least"),
        )
        agree_payouts(unit, creditor_id=creditor_id, valid_from=data.valid_from, wanted=wanted)
    if form.errors:
        return _page(request, unit, creditor_id, form, status=422)
    return leave_for(f"{PAGE}/{creditor_id}", notice=N_("Kept. It counts from the day that you gave."))


def _first_day(newest: CreditorTerms | None, today: date) -> date:
    """What was agreed is only followed by what counts later."""
    return today if newest is None else max(today, newest.valid_from + timedelta(days=1))


def _filled(newest: CreditorTerms | None, first_day: date) -> Form[Any]:
    if newest is None:
        return blank(valid_from=first_day.isoformat(), cycle="daily", mode="net", weekday=1, day=1)
    weekly = newest.payout_cycle == PayoutCycle.WEEKLY
    return blank(
        valid_from=first_day.isoformat(),
        cycle=newest.payout_cycle,
        mode=newest.remittance_mode,
        weekday=newest.payout_day if weekly else 1,
        day=1 if weekly else newest.payout_day,
        least=typed_money(Money(newest.payout_from_minor, "EUR")) if newest.payout_from_minor else "",
    )


def _page(request: Request, unit: Unit, creditor_id: UUID, form: Form[Any], *, status: int = 200) -> Response:
    creditor = unit.session.get(Creditor, creditor_id)
    if creditor is None:
        raise NotFound("no such creditor")
    history = terms_history(unit, creditor_id=creditor_id)
    now = next((one for one in history if one.valid_from <= unit.today), None)
    return finance_page(
        request,
        "payout_terms_of_one.html",
        status=status,
        url=f"{PAGE}/{creditor_id}",
        creditor=creditor.name,
        form=form,
        cycles=[(cycle, label, explained) for cycle, (label, explained) in CYCLES.items()],
        modes=[(mode, label, "") for mode, label in REMITTANCE_MODES.items()],
        weekdays=list(enumerate(WEEKDAYS, 1)),
        first_day=_first_day(next(iter(history), None), unit.today).isoformat(),
        now=terms_words(now) if now else "",
        columns=HISTORY,
        cut=Cut([_row(one) for one in history]),
    )


def _row(one: CreditorTerms) -> dict[str, Any]:
    return {
        "since": one.valid_from,
        "cycle": cycle_words(one.payout_cycle, one.payout_day),
        "mode": gettext(MODES[one.remittance_mode]),
        "least": Money(one.payout_from_minor, "EUR") if one.payout_from_minor else None,
    }
