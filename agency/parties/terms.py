"""What was agreed with a creditor, as of a date; it is never changed, only followed by what counts later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import Creditor, CreditorTerms
from agency.rules.contract_split import Keeper

_OWN: Final = frozenset({"creditor_id", "id", "created_at", "valid_from"})
_PERCENT_MAX, _BPS_MAX, _DAYS_MAX = Decimal(20), 10_000, 90
_DECIMALS_MAX: Final = 3
# Terms are only followed by later ones, so a slip of the pen in the year would stand in the way for good.
_AHEAD_DAYS_MAX: Final = 2 * 365


class NoTerms(NotFound):
    """Nothing had been agreed with the creditor on that day."""


class UnableToAgree(Conflict):
    """Terms from that day or a later one stand already; what was agreed is not changed behind them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractAgreement:
    """Who keeps what, in whose name reminders go, and what a withdrawal costs.

    :param costs_clause: whether the creditor's terms with its customers hold the reciprocal clause without
        which a Belgian consumer owes neither indemnity nor interest (WER XIX.4).
    :param interest_percent: of the creditor's own contracts, a year, as a decimal text; empty for the law's.
    :param free_demand_days: what is paid within so many days after acceptance bears no fee.
    :param withdrawal_bps: of the principal of a claim that is taken back, at least `withdrawal_minimum`.
    """

    interest_to: Keeper
    costs_to: Keeper
    costs_clause: bool
    interest_percent: str
    reminder_in_creditors_name: bool
    free_demand_days: int
    withdrawal_bps: int
    withdrawal_minimum: Money

    def columns(self) -> dict[str, Any]:
        """The agreement as the table keeps it.

        :raises Invalid: naming the field that is out of bounds.
        """
        if not 0 <= self.free_demand_days <= _DAYS_MAX:
            raise Invalid("give a number of days between 0 and 90", field="free_demand_days")
        if not 0 <= self.withdrawal_bps <= _BPS_MAX:
            raise Invalid("give a per cent between 0 and 100", field="withdrawal_percent")
        if self.withdrawal_minimum.minor < 0 or self.withdrawal_minimum.currency != "EUR":
            raise Invalid("give an amount in euro", field="withdrawal_minimum")
        return {
            "interest_to": self.interest_to,
            "costs_to": self.costs_to,
            "costs_clause": self.costs_clause,
            "contractual_interest_percent": _percent(self.interest_percent),
            "reminder_in_creditors_name": self.reminder_in_creditors_name,
            "free_demand_days": self.free_demand_days,
            "withdrawal_bps": self.withdrawal_bps,
            "withdrawal_minimum_minor": self.withdrawal_minimum.minor,
        }


def terms_on(unit: Unit, *, creditor_id: UUID, on: date) -> CreditorTerms:
    """This function will return the latest terms that had begun on a day.

    :raises NoTerms: none had.
    """
    terms = unit.session.exec(
        select(CreditorTerms)
        .where(CreditorTerms.creditor_id == creditor_id, CreditorTerms.valid_from <= on)
        .order_by(col(CreditorTerms.valid_from).desc())
        .limit(1)
    ).one_or_none()
    if terms is None:
        raise NoTerms("no terms were agreed with this creditor on that day")
    return terms


def terms_history(unit: Unit, *, creditor_id: UUID) -> Sequence[CreditorTerms]:
    """This function will return what was agreed with a creditor, the newest first."""
    return unit.session.exec(
        select(CreditorTerms)
        .where(CreditorTerms.creditor_id == creditor_id)
        .order_by(col(CreditorTerms.valid_from).desc())
    ).all()


def agree_contract(unit: Unit, *, creditor_id: UUID, valid_from: date, wanted: ContractAgreement) -> None:
    """This function will let other terms count from a day on; how the creditor is paid out stays.

    :raises NotFound: no such creditor.
    :raises Invalid: the day has passed, or a field is out of bounds.
    :raises UnableToAgree: see the exception.
    """
    columns = wanted.columns()
    follow_terms(unit, creditor_id=creditor_id, valid_from=valid_from, changes=columns)
    told = {
        name: value if isinstance(value, bool | int) else str(value or "") for name, value in columns.items()
    }
    record(
        unit,
        action="terms.agreed",
        subject=f"creditor:{creditor_id}",
        creditor_id=creditor_id,
        facts={"valid_from": valid_from.isoformat(), **told},
    )


def follow_terms(unit: Unit, *, creditor_id: UUID, valid_from: date, changes: Mapping[str, Any]) -> None:
    """This function will add terms from a day on: those that stand, with some columns changed.

    :raises NotFound: no such creditor.
    :raises Invalid: the day has passed, or is so far away that nothing could follow it.
    :raises UnableToAgree: see the exception.
    """
    if creditor_id == HOUSE or unit.session.get(Creditor, creditor_id, with_for_update=True) is None:
        raise NotFound("no such creditor")
    if valid_from < unit.today:
        raise Invalid("choose today or a later day", field="valid_from")
    if (valid_from - unit.today).days > _AHEAD_DAYS_MAX:
        raise Invalid(f"choose a day within {_AHEAD_DAYS_MAX} days", field="valid_from")
    newest = next(iter(terms_history(unit, creditor_id=creditor_id)), None)
    if newest is not None and newest.valid_from >= valid_from:
        raise UnableToAgree("terms from this day or a later one stand already", field="valid_from")
    kept = newest.model_dump(exclude=set(_OWN)) if newest is not None else {}
    unit.session.add(
        CreditorTerms(
            creditor_id=creditor_id, id=new_id(), created_at=unit.now, valid_from=valid_from,
            **{**kept, **changes},
        )
    )  # fmt: skip
    unit.session.flush()


def _percent(typed: str) -> str | None:
    if not typed:
        return None
    try:
        percent = Decimal(typed.replace(",", "."))
    except InvalidOperation:
        percent = Decimal(-1)
    if not percent.is_finite() or not 0 <= percent <= _PERCENT_MAX:
        raise Invalid("give a per cent between 0 and 20", field="interest_percent")
    if percent != round(percent, _DECIMALS_MAX):
        raise Invalid(f"give at most {_DECIMALS_MAX} decimals", field="interest_percent")
    return f"{percent.normalize():f}"
