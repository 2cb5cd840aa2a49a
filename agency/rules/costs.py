"""What may be claimed for collection out of court."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from agency.money import Money
from agency.rules.agreed_costs import agreed_lines
from agency.rules.cost_scale import CostScale, scale_in_force
from agency.rules.costs_vat import VatPosition, vat_lines
from agency.rules.facts import DebtorKind, Law
from agency.rules.german_costs import GermanFee, german_costs
from agency.rules.lawful_costs import Costs, UnlawfulCosts, addends, costs_of
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import TraceLine

__all__ = ["CostConditions", "Costs", "UnlawfulCosts", "VatPosition", "collection_costs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostConditions:
    """Facts that seldom differ; the defaults are the ordinary, lawful case.

    `vat` names each condition of the Dutch uplift and counts instead of `vat_deductible`.
    `agency_registered`: the agency stands in the Dutch register (Wki).
    Belgium: `clause_reciprocal`, the clause binds both sides alike; `reminder_waited`, the free first
    reminder was sent and its fourteen days have passed; `contract_on` and `due_on` decide whether Book XIX
    covers the debt, None being a contract made under it.
    Germany: `fee_reason` for a rate above the usual one; `instalment_agreement` adds the fee of one that was
    made after the debtor was told what it costs (RDG s. 13a(3)).
    """

    vat: VatPosition | None = None
    agency_registered: bool = True
    clause_reciprocal: bool = True
    reminder_waited: bool = True
    contract_on: date | None = None
    due_on: date | None = None
    fee_reason: str = ""
    instalment_agreement: bool = False


_ORDINARY: Final = CostConditions()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    law: Law
    debtor: DebtorKind
    principals: tuple[Money, ...]
    paid: Money
    on: date
    clause_agreed: bool
    agreed: Money | None
    fee_rate: Decimal | None
    vat: VatPosition
    conditions: CostConditions

    @property
    def reminded(self) -> Money:
        return Money.total(self.principals, self.principals[0].currency)


def collection_costs(
    *,
    law: Law,
    debtor: DebtorKind,
    principals: Sequence[Money],
    on: date,
    vat_deductible: bool = True,
    clause_agreed: bool = True,
    paid_within_term: Money | None = None,
    fee_rate: Decimal | None = None,
    agreed: Money | None = None,
    conditions: CostConditions = _ORDINARY,
) -> Costs:
    """Work out the costs that may be claimed for the principals reminded in one letter.

    Interest and costs are no part of the base. Dutch principals are added up (BW 6:96(7)); a Belgian consumer
    owes the lower of "each" and "together" (WER art. XIX.4). Nothing to claim is zero, with the reason.

    :param principals: the open principals of the letter, credit notes negative, in one currency.
    :param on: the day of the notice; it picks the scale in force.
    :param vat_deductible: whether the creditor can set off the VAT on the agency's invoice.
    :param paid_within_term: paid within the term of the notice: the costs are those of the rest (HR
        ECLI:NL:HR:2016:2704). What is paid later leaves them as they are.
    :param fee_rate: Germany: a multiple of the lawyer's fee; 0.9 when None, 0.5 when all was paid in time.
    :param agreed: costs agreed in the contract.
    :raises UnlawfulCosts: no scale in force, not in its currency, a rate or agreement the law does not know.
    :raises CurrencyMismatch: when the amounts are in several currencies.
    :raises ValueError: when there is no principal at all, or a negative payment.
    """
    case = _Case(
        law=law,
        debtor=debtor,
        principals=tuple(principals),
        paid=_checked_payment(principals, paid_within_term),
        on=on,
        clause_agreed=clause_agreed,
        agreed=agreed,
        fee_rate=fee_rate,
        vat=conditions.vat or VatPosition(deductible=vat_deductible),
        conditions=conditions,
    )
    return _german(case) if law is Law.de else _on_scale(case)


def _checked_payment(principals: Sequence[Money], paid: Money | None) -> Money:
    if not principals:
        raise ValueError("costs need at least one principal")
    zero = Money.zero(principals[0].currency)
    if paid is None:
        return zero
    if paid < zero:
        raise ValueError("a payment within the term is not negative")
    return paid


def _german(case: _Case) -> Costs:
    if case.agreed is not None:
        raise UnlawfulCosts("de.rvg_2300: no agreement raises collection costs above a lawyer's fee")
    if case.reminded.minor <= 0:
        return _nothing(case, None, "no_principal")
    fee = GermanFee(
        rate=case.fee_rate,
        reason=case.conditions.fee_reason,
        instalment_agreement=case.conditions.instalment_agreement,
        paid_at_once=case.paid >= case.reminded,
    )
    lines = german_costs(value=case.reminded, debtor=case.debtor, on=case.on, fee=fee)
    return costs_of(lines, currency=case.reminded.currency)


def _on_scale(case: _Case) -> Costs:
    if case.fee_rate is not None or case.conditions.instalment_agreement:
        raise UnlawfulCosts(f"the law of {case.law} knows no multiples of a lawyer's fee")
    scale, reminded = scale_in_force(case.law, case.debtor, case.on), case.reminded
    if scale is None:
        return _nothing(case, None, "no_scale")
    if reminded.currency != scale.currency:
        raise UnlawfulCosts(f"{scale.rule} is a scale in {scale.currency}, not in {reminded.currency}")
    reason = _why_nothing(case, scale)
    if reason:
        return _nothing(case, scale, reason)
    lines = _scale_lines(case, scale)
    lowered = None
    if case.agreed is not None:
        lines, lowered = agreed_lines(agreed=case.agreed, scale=scale, on_scale=lines)
    raised: tuple[TraceLine, ...] = ()
    if scale.vat_uplift:
        costs = addends(lines, scale.currency)
        raised = vat_lines(costs=costs, law=case.law, position=case.vat, on=case.on)
    return costs_of(lines, currency=scale.currency, vat_lines=raised, court_may_lower_to=lowered)


def _why_nothing(case: _Case, scale: CostScale) -> str:
    """Return the key of the reason why nothing may be claimed, empty when something may."""
    if not case.conditions.agency_registered and _unregistered(case):
        return "unregistered"
    if scale.clause_needed:
        _refuse_older_debt(case, scale)
        if not case.clause_agreed:
            return "no_clause"
        if not case.conditions.clause_reciprocal:
            return "one_sided_clause"
        if not case.conditions.reminder_waited:
            return "reminder_first"
    if case.reminded.minor <= 0:
        return "no_principal"
    paid_off = scale.recomputed and case.paid >= case.reminded
    return "paid_in_full" if paid_off and not scale.floor else ""


def _refuse_older_debt(case: _Case, scale: CostScale) -> None:
    contract_on, due_on = case.conditions.contract_on, case.conditions.due_on
    if contract_on is None or scale.contracts_from is None or contract_on >= scale.contracts_from:
        return
    assert scale.older_due_from is not None, "a scale with a date for contracts has one for older debts"
    if (due_on or case.on) < scale.older_due_from:
        raise UnlawfulCosts(
            f"{scale.rule} does not cover a contract of {contract_on} whose debt fell due before"
            f" {scale.older_due_from}"
        )


def _scale_lines(case: _Case, scale: CostScale) -> list[TraceLine]:
    paid = case.paid if scale.recomputed else Money.zero(scale.currency)
    opens = _still_open(case.principals, paid)
    base = Money.total(opens, scale.currency)
    lines = [_base_line(case, scale, base, paid)]
    if base.minor <= 0:
        floor = Money(scale.floor, scale.currency)
        return [*lines, scale.line("floor", floor, floor=str(floor))]
    together = scale.lines(base)
    owing = [principal for principal in opens if principal.minor > 0]
    if scale.lower_of_each:
        # The law caps the indemnity per debt and does not say whether invoices reminded together are one
        # debt: the debtor gets the lower of both readings.
        each = [line for principal in owing for line in scale.lines(principal)]
        if addends(each, scale.currency) < addends(together, scale.currency):
            return [*lines, scale.line("each_lower", None, debts=str(len(owing))), *each]
    return lines + together


def _base_line(case: _Case, scale: CostScale, base: Money, paid: Money) -> TraceLine:
    inputs = {"principal": str(base), "debts": str(len(case.principals)), "debtor": case.debtor.value}
    if not paid:
        return scale.line("base", None, **inputs)
    return scale.line("base_rest", None, **inputs, reminded=str(case.reminded), paid=str(paid))


def _still_open(principals: Sequence[Money], paid: Money) -> list[Money]:
    """Take a payment off the principals, the first ones first; credit notes stay as they are."""
    opens, left = [], paid
    for principal in principals:
        taken = min(left, max(principal, Money.zero(principal.currency)))
        opens.append(principal - taken)
        left -= taken
    return opens


def _unregistered(case: _Case) -> TraceLine | None:
    """Return the line that refuses costs to an unregistered agency, when such a rule is in force."""
    rows = [
        row
        for row in read_table("costs")["unregistered"]
        if row["law"] == case.law and case.debtor in row["debtors"]
    ]
    row = row_in_force(rows, case.on)
    if row is None:
        return None
    return TraceLine(
        rule=row["rule"],
        version=row["since"].isoformat(),
        source=row["source"],
        inputs={"principal": str(case.reminded), "since": row["since"].isoformat()},
        outcome="costs.unregistered",
        amount=Money.zero(case.reminded.currency),
    )


def _nothing(case: _Case, scale: CostScale | None, why: str) -> Costs:
    zero = Money.zero(case.reminded.currency)
    line = _unregistered(case) if why == "unregistered" else None
    inputs = {"principal": str(case.reminded), "debtor": case.debtor.value, "paid": str(case.paid)}
    if line is None and scale is not None:
        line = scale.line(why, zero, **inputs)
    if line is None:
        line = TraceLine(
            rule=f"{case.law}.no_costs",
            version=case.on.isoformat(),
            source="there is nothing to collect" if why == "no_principal" else "no scale for this debtor",
            inputs=inputs,
            outcome=f"costs.{why}",
            amount=zero,
        )
    return costs_of([line], currency=zero.currency)
