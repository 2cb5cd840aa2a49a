"""How an amount owed comes about: a pure replay of a claim's invoices, payments and announced costs.

Interest runs per invoice over what was open of it, the day of payment included. Where the law compounds,
what is unpaid of a full year of default joins the base when that year ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from agency.calendar import anniversary
from agency.money import Money
from agency.rules.facts import InterestKind, Law, Phase
from agency.rules.interest import Segment, Stop, compounds, interest
from agency.rules.trace import Trace, TraceLine

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """An invoice, or a credit note with a negative amount; `amount` was open when the claim was placed, and
    `disputed` is the part of it that is contested."""

    invoice_id: UUID
    number: str
    kind: str
    issued_on: date
    due_on: date
    amount: Money
    disputed_minor: int = 0


@dataclass(frozen=True, slots=True)
class Movement:
    """What a day changed in the ledger: principal and interest paid or waived (negative) or revived, costs
    fixed, costs paid, and how much of all of it was paid."""

    on: date
    principal: Money
    interest: Money
    costs_fixed: Money
    costs: Money
    paid: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """Everything that the amount owed on a claim follows from.

    With `undisputed` only what nobody contests counts: the disputed part of each invoice bears no interest,
    and of costs that were announced over the whole only the share of the rest is asked. The scales of costs
    flatten, so that share is never more than the law allows over the rest alone.
    """

    creditor_id: UUID
    claim_id: UUID
    law: Law
    interest_kind: InterestKind
    phase: Phase
    currency: str
    costs_from: date | None
    costs: Money
    costs_vat: Money
    contractual_percent: Decimal | None
    invoices: tuple[InvoiceFacts, ...]
    movements: tuple[Movement, ...]
    stops: tuple[Stop, ...] = ()
    undisputed: bool = False
    # The principal that the notice announced costs over, and the contested part that it had left out.
    costs_over: Money | None = None
    costs_left_out_minor: int = 0

    def amount_of(self, invoice: InvoiceFacts) -> int:
        """What counts of an invoice, in minor units."""
        return invoice.amount.minor - (invoice.disputed_minor if self.undisputed else 0)

    def asked_share(self, costs: Money) -> Money:
        """What is asked of announced costs: less the share of what became contested since the notice."""
        billed = sum(invoice.amount.minor for invoice in self.invoices if invoice.amount.minor > 0)
        left_out = sum(invoice.amount.minor - self.amount_of(invoice) for invoice in self.invoices)
        over = self.costs_over.minor if self.costs_over else billed
        contested = min(over, max(0, left_out - self.costs_left_out_minor))
        return costs.allocate([over - contested, contested])[0] if contested else costs


@dataclass(frozen=True, slots=True)
class ItemisedInvoice:
    """What is open of one invoice, and the interest that runs over it."""

    invoice_id: UUID
    number: str
    kind: str
    issued_on: date
    due_on: date
    amount: Money
    open: Money
    interest: Money
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class BuildUpLine:
    """One line of the sum: `label` is a key that pages and letters translate, `basis` says what it rests on.

    Labels: invoice, credit_note, disputed, interest, costs, costs_vat, paid, adjusted. The amounts add up to
    the total.
    """

    label: str
    amount: Money
    basis: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemisedClaim:
    """What is asked on a claim as of a day; `costs` is without the VAT that stands in `costs_vat`."""

    creditor_id: UUID
    claim_id: UUID
    on: date
    phase: Phase
    principal: Money
    interest: Money
    costs: Money
    costs_vat: Money
    paid: Money
    total: Money
    invoices: tuple[ItemisedInvoice, ...]
    lines: tuple[BuildUpLine, ...]
    trace: Trace
    # What is left of the costs that a notice announced, and the VAT on them, whether they are due yet or not.
    notice_costs: Money | None = None
    notice_costs_vat: Money | None = None


@dataclass(slots=True)
class _Running:
    """An invoice during the replay. `of_year` is unpaid interest of the running year of default,
    `capitalised` that of full years, which bears interest itself."""

    facts: InvoiceFacts
    open: int
    late_since: date | None
    next_day: date | None
    compounds: bool
    capitalised: int = 0
    of_year: int = 0
    segments: list[Segment] = field(default_factory=list)
    trace: list[TraceLine] = field(default_factory=list)


def build_up(*, facts: ClaimFacts, on: date) -> ItemisedClaim:
    """This function will work out what is asked on a claim at the end of a day, with every step shown.

    In the reminder phase only the principal is asked. Costs are asked from the first day on which the law
    allows them, and exactly as the notice announced them (BW 6:96(6); WER art. XIX.2).
    """
    charged = facts.phase is not Phase.reminder
    running = _replay(facts, on, charged=charged)
    movements = [movement for movement in facts.movements if movement.on <= on]
    zero = Money.zero(facts.currency)
    over_invoices = max(0, sum(movement.principal.minor for movement in movements))
    principal = Money(sum(run.open for run in running) + over_invoices, facts.currency)
    interest_open = Money(sum(run.capitalised + run.of_year for run in running), facts.currency)
    costs, costs_vat = _costs(facts, movements, on, charged=charged)
    parts = (principal, interest_open, costs, costs_vat)
    total = Money.total(parts, facts.currency)
    paid = -Money.total((movement.paid for movement in movements), facts.currency)
    vat = facts.asked_share(facts.costs_vat)
    return ItemisedClaim(
        creditor_id=facts.creditor_id,
        claim_id=facts.claim_id,
        on=on,
        phase=facts.phase,
        principal=principal,
        interest=interest_open,
        costs=costs,
        costs_vat=costs_vat,
        paid=max(paid, zero),
        total=total,
        invoices=tuple(_itemised(run, facts.currency) for run in running),
        lines=tuple(_lines(facts, running, movements, total, on, charged=charged)),
        trace=(*(line for run in running for line in run.trace), *_costs_trace(facts, on, charged=charged)),
        notice_costs=facts.asked_share(facts.costs + facts.costs_vat) - vat,
        notice_costs_vat=vat,
    )


def interest_begins(*, law: Law, kind: InterestKind, due_on: date, costs_from: date | None) -> date | None:
    """This function will return the first day of interest on an invoice, None when none runs yet.

    The day after the due date (BW 6:119a(1), Directive 2011/7/EU art. 3). A Belgian consumer owes none
    before the free reminder's term has passed (WER art. XIX.2), so it starts with the costs.
    """
    if law is Law.be and kind is InterestKind.consumer:
        return max(due_on + _DAY, costs_from) if costs_from else None
    return due_on + _DAY


def open_per_invoice(amounts: Sequence[int], reduced: int) -> list[int]:
    """This function will return what is open of each invoice, the oldest paid first.

    Credit notes (negative) reduce the invoices as payments do, from the start.

    :param amounts: minor units in order of due date.
    :param reduced: how much principal was paid or waived.
    """
    left = max(0, reduced) + sum(-amount for amount in amounts if amount < 0)
    opens = []
    for amount in amounts:
        taken = min(left, amount) if amount > 0 else 0
        left -= taken
        opens.append(max(0, amount) - taken)
    return opens


def _replay(facts: ClaimFacts, on: date, *, charged: bool) -> list[_Running]:
    ordered = sorted(facts.invoices, key=lambda invoice: (invoice.due_on, invoice.number))
    amounts = [facts.amount_of(invoice) for invoice in ordered]
    running = [
        _begin(facts, invoice, still_open)
        for invoice, still_open in zip(ordered, open_per_invoice(amounts, 0), strict=True)
    ]
    reduced = 0
    for movement in sorted(facts.movements, key=lambda movement: movement.on):
        if movement.on > on:
            break
        if charged:
            for run in running:
                _accrue(facts, run, movement.on)
            _take_interest(running, -movement.interest.minor)
        reduced -= movement.principal.minor
        for run, still_open in zip(running, open_per_invoice(amounts, reduced), strict=True):
            run.open = still_open
    if charged:
        for run in running:
            _accrue(facts, run, on)
    return running


def _begin(facts: ClaimFacts, invoice: InvoiceFacts, still_open: int) -> _Running:
    begins = interest_begins(
        law=facts.law, kind=facts.interest_kind, due_on=invoice.due_on, costs_from=facts.costs_from
    )
    raised = begins is not None and compounds(
        law=facts.law,
        kind=facts.interest_kind,
        late_since=begins,
        contractual_percent=facts.contractual_percent,
    )
    return _Running(invoice, still_open, begins, begins, raised)


def _accrue(facts: ClaimFacts, run: _Running, to: date) -> None:
    if run.next_day is None or run.late_since is None or to < run.next_day:
        return
    if run.compounds and run.of_year:
        turn = _next_turn(run.late_since, run.next_day)
        if turn <= to:
            _add_interest(facts, run, turn - _DAY)
            run.capitalised, run.of_year = run.capitalised + run.of_year, 0
    _add_interest(facts, run, to)


def _next_turn(late_since: date, day: date) -> date:
    """Return the first day of a new year of default, on or after a day."""
    years = max(1, day.year - late_since.year)
    turn = anniversary(late_since, years)
    return turn if turn >= day else anniversary(late_since, years + 1)


def _add_interest(facts: ClaimFacts, run: _Running, to: date) -> None:
    assert run.next_day is not None
    base = run.open + run.capitalised
    if base > 0 and run.next_day <= to:
        result = interest(
            law=facts.law,
            kind=facts.interest_kind,
            principal=Money(base, facts.currency),
            first_day=run.next_day,
            last_day=to,
            contractual_percent=facts.contractual_percent,
            late_since=run.late_since,
            stops=facts.stops,
        )
        raised = result.capitalised.minor
        run.capitalised += raised
        run.of_year += result.amount.minor - raised
        run.segments.extend(result.segments)
        run.trace.extend(result.trace)
    run.next_day = max(run.next_day, to + _DAY)


def _take_interest(running: Sequence[_Running], paid: int) -> None:
    """Take interest off the oldest invoice first, its full years before its running one."""
    if paid < 0 and running:
        running[0].of_year -= paid
        return
    for run in running:
        from_years = min(paid, run.capitalised)
        from_running = min(paid - from_years, run.of_year)
        run.capitalised -= from_years
        run.of_year -= from_running
        paid -= from_years + from_running


def _announced(facts: ClaimFacts, on: date, *, charged: bool) -> bool:
    return charged and facts.costs_from is not None and facts.costs_from <= on


def _costs(
    facts: ClaimFacts, movements: Sequence[Movement], on: date, *, charged: bool
) -> tuple[Money, Money]:
    """Return the open costs and the open VAT on them."""
    announced = facts.asked_share(facts.costs + facts.costs_vat)
    due = announced.minor if _announced(facts, on, charged=charged) else 0
    fixed = sum(movement.costs_fixed.minor for movement in movements)
    still_open = max(0, max(due, fixed) + sum(movement.costs.minor for movement in movements))
    if not facts.costs_vat:
        return Money(still_open, facts.currency), Money.zero(facts.currency)
    costs, vat = Money(still_open, facts.currency).allocate([facts.costs.minor, facts.costs_vat.minor])
    return costs, vat


def _itemised(run: _Running, currency: str) -> ItemisedInvoice:
    invoice = run.facts
    return ItemisedInvoice(
        invoice.invoice_id,
        invoice.number,
        invoice.kind,
        invoice.issued_on,
        invoice.due_on,
        invoice.amount,
        Money(run.open, currency),
        Money(run.capitalised + run.of_year, currency),
        tuple(run.segments),
    )


def _lines(
    facts: ClaimFacts,
    running: Sequence[_Running],
    movements: Sequence[Movement],
    total: Money,
    on: date,
    *,
    charged: bool,
) -> Iterator[BuildUpLine]:
    sum_so_far = Money.zero(facts.currency)
    for line in _charges(facts, running, on, charged=charged):
        sum_so_far += line.amount
        yield line
    paid = Money.total((movement.paid for movement in movements), facts.currency)
    if paid:
        sum_so_far += paid
        last = max(movement.on for movement in movements if movement.paid)
        yield BuildUpLine("paid", paid, {"last_on": last.isoformat()})
    if total != sum_so_far:
        # Waivers, additions and what was paid before it was asked.
        yield BuildUpLine("adjusted", total - sum_so_far, {})


def _charges(
    facts: ClaimFacts, running: Sequence[_Running], on: date, *, charged: bool
) -> Iterator[BuildUpLine]:
    for run in running:
        invoice = run.facts
        label = "invoice" if invoice.amount.minor > 0 else "credit_note"
        basis = {"number": invoice.number, "due_on": invoice.due_on.isoformat()}
        yield BuildUpLine(label, invoice.amount, basis)
    for run in running:
        contested = run.facts.amount.minor - facts.amount_of(run.facts)
        if contested:
            yield BuildUpLine("disputed", Money(-contested, facts.currency), {"number": run.facts.number})
    for run in running:
        for segment in run.segments:
            yield BuildUpLine(
                "interest",
                segment.amount,
                {
                    "number": run.facts.number,
                    "first_day": segment.first_day.isoformat(),
                    "last_day": segment.last_day.isoformat(),
                    "days": str(segment.days),
                    "percent": str(segment.percent),
                    "base": str(segment.base),
                    "source": segment.source,
                },
            )
    if _announced(facts, on, charged=charged):
        basis = {"from": str(facts.costs_from)}
        asked = facts.asked_share(facts.costs + facts.costs_vat)
        vat = facts.asked_share(facts.costs_vat)
        if asked - vat:
            yield BuildUpLine("costs", asked - vat, basis)
        if vat:
            yield BuildUpLine("costs_vat", vat, basis)


def _costs_trace(facts: ClaimFacts, on: date, *, charged: bool) -> Iterator[TraceLine]:
    """Say why costs are asked or not; their amounts stand in the lines of the sum."""
    if not charged:
        yield TraceLine(
            rule="claim.reminder_asks_principal",
            version="1",
            source="agency's own policy",
            inputs={"phase": facts.phase},
            outcome="claim.reminder_asks_principal",
        )
    elif facts.costs_from is not None:
        yield TraceLine(
            rule=f"{facts.law}.costs_as_announced",
            version="1",
            source="BW 6:96(6)" if facts.law is Law.nl else "WER art. XIX.2",
            inputs={"costs_from": facts.costs_from.isoformat(), "on": on.isoformat()},
            outcome="claim.costs_as_announced" if facts.costs_from <= on else "claim.costs_not_yet",
        )
