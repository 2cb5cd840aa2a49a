"""A claim's invoices walked through from day to day: what is open of each, and the interest over it.

Interest runs per invoice over what was open of it, the day of payment included. Where the law compounds,
what is unpaid of a full year of default joins the base when that year ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from agency.calendar import anniversary
from agency.claims.claim_facts import ClaimFacts, InvoiceFacts
from agency.money import Money
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import Interest, Segment, compounds, interest
from agency.rules.trace import Trace

_DAY = timedelta(days=1)


@dataclass(slots=True)
class RunningInvoice:
    """An invoice during the replay. `of_year` is unpaid interest of the running year of default,
    `capitalised` that of full years, which bears interest itself. `parts` is the interest that ran, whose
    segments and trace are worked out for those who ask."""

    facts: InvoiceFacts
    open: int
    late_since: date | None
    next_day: date | None
    compounds: bool
    capitalised: int = 0
    of_year: int = 0
    parts: list[Interest] = field(default_factory=list)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The runs of days at one rate over one base."""
        return tuple(segment for part in self.parts for segment in part.segments)

    @property
    def trace(self) -> Trace:
        """What was decided about the interest and why."""
        return tuple(line for part in self.parts for line in part.trace)


def replayed(facts: ClaimFacts, on: date, *, charged: bool) -> list[RunningInvoice]:
    """This function will return every invoice as it stands at the end of a day, oldest first.

    :param charged: interest runs and is paid; in the reminder phase only principal is asked.
    """
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


def _begin(facts: ClaimFacts, invoice: InvoiceFacts, still_open: int) -> RunningInvoice:
    begins = interest_begins(
        law=facts.law, kind=facts.interest_kind, due_on=invoice.due_on, costs_from=facts.costs_from
    )
    raised = begins is not None and compounds(
        law=facts.law,
        kind=facts.interest_kind,
        late_since=begins,
        contractual_percent=facts.contractual_percent,
    )
    return RunningInvoice(invoice, still_open, begins, begins, raised)


def _accrue(facts: ClaimFacts, run: RunningInvoice, to: date) -> None:
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


def _add_interest(facts: ClaimFacts, run: RunningInvoice, to: date) -> None:
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
        run.parts.append(result)
    run.next_day = max(run.next_day, to + _DAY)


def _take_interest(running: Sequence[RunningInvoice], paid: int) -> None:
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
