"""The overdue invoices of a creditor's books to choose from, each with what its collection costs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, Table, and_, exists, func, or_, select

from agency.bookkeeping.models import BookedCustomer, BookedInvoice, BookkeepingConnection
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.names import has_legal_form
from agency.pricing.rate_cards import card_on
from agency.pricing.scoring import ClaimFacts, age_in_days, price_claim
from agency.rules.facts import DebtorKind, DisputeStatus, Phase
from portal.creditor.words import BOOKED_STATES
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut, Listing

SORTS: Final = ("due_on", "number", "customer", "open")
FILTERS: Final = ("q", "connection")
COLUMNS: Final = (
    Column("number", N_("Invoice"), sub="customer", sort=True),
    Column("due_on", N_("Due"), "day", sort=True, phone=False),
    Column("days", N_("Days overdue"), "number"),
    Column("open", N_("Still open"), "money", sort=True),
    Column("fee_bps", N_("Fee, at most"), "bps", phone=False),
    Column("state", N_("Remark"), "html"),
)
_INVOICE: Final[Table] = BookedInvoice.__table__  # type: ignore[attr-defined]
_B: Final = _INVOICE.c
_CREDIT: Final = _INVOICE.alias("credit").c
_CUSTOMER: Final = BookedCustomer.__table__.alias("customer")  # type: ignore[attr-defined]
_K: Final = _CUSTOMER.c
_ORDERS: Final[Mapping[str, Any]] = {
    "due_on": _B.due_on,
    "number": _B.number,
    "customer": func.lower(_B.customer_name),
    "open": _B.open_minor,
}
_POSITIONS: Final[Mapping[str, Callable[[Row[Any]], Any]]] = {
    "due_on": lambda row: row.due_on,
    "number": lambda row: row.number,
    "customer": lambda row: row.customer_name.lower(),
    "open": lambda row: row.open_minor,
}


def invoice_rows(unit: Unit, listing: Listing, *, connection: BookkeepingConnection) -> Cut[dict[str, Any]]:
    """This function will return one page of what is so many days overdue and no claim yet."""
    wanted = [
        _B.creditor_id == connection.creditor_id,
        _B.connection_id == connection.id,
        _B.open_minor > 0,
        _B.claim_id.is_(None),
        _B.number != "",
        _B.due_on < unit.today - timedelta(days=connection.overdue_days),
    ]
    if sought := listing.filters.get("q"):
        like = f"%{_literal(sought)}%"
        wanted.append(or_(_B.number.ilike(like), _B.customer_name.ilike(like)))
    total = unit.session.execute(select(func.count()).where(and_(*wanted))).scalar_one()
    statement = (
        select(
            *(_B[name] for name in ("id", "number", "customer_name", "due_on", "currency", "open_minor")),
            _B.placement_id,
            _K.country,
            _K.registration_number,
            _K.vat_number,
            exists()
            .where(
                _CREDIT.creditor_id == _B.creditor_id,
                _CREDIT.connection_id == _B.connection_id,
                _CREDIT.customer_ref == _B.customer_ref,
                _CREDIT.open_minor < 0,
            )
            .label("credit_waits"),
        )
        .outerjoin(
            _CUSTOMER,
            and_(
                _K.creditor_id == _B.creditor_id,
                _K.connection_id == _B.connection_id,
                _K.ref == _B.customer_ref,
            ),
        )
        .where(and_(*wanted))
    )
    found = unit.session.execute(listing.apply(statement, columns=_ORDERS, tie=_B.id)).all()
    position = _POSITIONS[listing.sort]
    cut = listing.cut(found, position=lambda row: (position(row), row.id), total=total)
    return Cut(_shown(unit, cut.rows), cut.next_url, cut.previous_url, cut.total)


def _literal(sought: str) -> str:
    """What is looked for as it is written: the signs of a pattern are signs like others."""
    return sought.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _shown(unit: Unit, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    card = card_on(unit, on=unit.today).card if rows else None
    return [
        {
            "id": row.id,
            "number": row.number,
            "customer": row.customer_name,
            "due_on": row.due_on,
            "days": (unit.today - row.due_on).days,
            "open": Money(row.open_minor, row.currency),
            "fee_bps": _fee(unit, card, row) if row.currency == "EUR" else None,
            "state": BOOKED_STATES.get(_state(row)),
            "placement_id": row.placement_id,
        }
        for row in rows
    ]


def _state(row: Row[Any]) -> str:
    if row.currency != "EUR":
        return "foreign"
    if row.placement_id is not None:
        return "refused"
    return "credit" if row.credit_waits else "new"


def _fee(unit: Unit, card: Any, row: Row[Any]) -> int:
    """As without any document: what proves the claim only makes it cheaper."""
    company = row.registration_number or row.vat_number or has_legal_form(row.customer_name)
    facts = ClaimFacts(
        amount=Money(row.open_minor, row.currency),
        age_days=age_in_days(due_on=row.due_on, today=unit.today),
        debtor=DebtorKind.company if company else DebtorKind.consumer,
        country=row.country or "NL",
        documents=frozenset(),
        dispute=DisputeStatus.none,
        phase=Phase.reminder,
    )
    return price_claim(card=card, facts=facts).price.fee_bps
