"""How an amount owed comes about: invoices, interest, costs and payments added up, each step shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from uuid import UUID

from agency.claims.claim_facts import ClaimFacts, Movement
from agency.claims.invoice_replay import RunningInvoice, replayed
from agency.money import Money
from agency.rules.facts import Law, Phase
from agency.rules.interest import Segment
from agency.rules.trace import Trace, TraceLine


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


@dataclass(frozen=True, kw_only=True)
class ItemisedClaim:
    """What is asked on a claim as of a day; `costs` is without the VAT that stands in `costs_vat`.

    Invoices, lines and trace are worked out when they are first asked for: money that comes in and the match
    of a bank line ask for the sums only.
    """

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
    # What is left of the costs that a notice announced, and the VAT on them, whether they are due yet or not.
    notice_costs: Money | None = None
    notice_costs_vat: Money | None = None
    _facts: ClaimFacts
    _running: Sequence[RunningInvoice]
    _movements: Sequence[Movement]

    @cached_property
    def invoices(self) -> tuple[ItemisedInvoice, ...]:
        """What is open of each invoice, oldest first."""
        return tuple(_itemised(run, self._facts.currency) for run in self._running)

    @cached_property
    def lines(self) -> tuple[BuildUpLine, ...]:
        """The lines of the sum, which add up to `total`."""
        charged = _charged(self.phase)
        return tuple(
            _lines(self._facts, self._running, self._movements, self.total, self.on, charged=charged)
        )

    @cached_property
    def trace(self) -> Trace:
        """Which rules made the interest what it is, and why costs are asked or not."""
        costs = _costs_trace(self._facts, self.on, charged=_charged(self.phase))
        return (*(line for run in self._running for line in run.trace), *costs)


def build_up(*, facts: ClaimFacts, on: date) -> ItemisedClaim:
    """This function will work out what is asked on a claim at the end of a day, with every step shown.

    In the reminder phase only the principal is asked. Costs are asked from the first day on which the law
    allows them, and exactly as the notice announced them (BW 6:96(6); WER art. XIX.2).
    """
    charged = _charged(facts.phase)
    running = replayed(facts, on, charged=charged)
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
        notice_costs=facts.asked_share(facts.costs + facts.costs_vat) - vat,
        notice_costs_vat=vat,
        _facts=facts,
        _running=running,
        _movements=movements,
    )


def _charged(phase: Phase) -> bool:
    return phase is not Phase.reminder


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


def _itemised(run: RunningInvoice, currency: str) -> ItemisedInvoice:
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
        run.segments,
    )


def _lines(
    facts: ClaimFacts,
    running: Sequence[RunningInvoice],
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
    facts: ClaimFacts, running: Sequence[RunningInvoice], on: date, *, charged: bool
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
