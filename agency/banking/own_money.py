"""Lines on the trust account that are the agency's own: the bank's charges, its interest, and what the agency
puts in to make good what it owes the account.

The account holds other people's money, so what the bank takes for keeping it is borne by the agency's share
in trust. Where that share does not reach, it stands negative until the agency has paid in what is missing.
One person asks and another agrees: a line that is called a charge is money that left without a payee.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.banking.matching import SUSPENSE, payment_keys
from agency.banking.models import BankLine, LineState, SuspenseCase
from agency.banking.suspense import UnableToUndo, locked_line, mark_line, refuse_going_back
from agency.banking.suspense_cases import NotTheSecondPerson, read_case, waiting_case
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many, reverse
from agency.money import Money

OWN_MONEY: Final = "own_money"
"""The kind of the transactions that book such a line."""


class OwnKind(StrEnum):
    """What a line of the agency's own is."""

    CHARGES = "charges"  # what the bank takes, or gives back of it
    INTEREST = "interest"  # of either sign: banks have charged it for keeping money, too
    DEPOSIT = "deposit"  # paid in by the agency


_OTHER_SIDE: Final[Mapping[OwnKind, str]] = {
    OwnKind.CHARGES: "agency.bank_costs",
    OwnKind.INTEREST: "agency.bank_interest",
    OwnKind.DEPOSIT: "agency.bank",
}
_STANDING = text(
    "SELECT t.id, t.source_key FROM ledger_transaction t WHERE t.creditor_id = :house AND t.kind = :kind"
    " AND starts_with(t.source_key, :line) AND NOT EXISTS (SELECT FROM ledger_transaction r"
    "  WHERE r.creditor_id = t.creditor_id AND r.reverses_id = t.id) ORDER BY t.id"
)


class UnableToBookAsOwn(Conflict):
    """The line is not in euro, or nobody asked."""


class NotOfThisKind(Invalid):
    """Money that left is no deposit."""


def ask_to_book_as_own(unit: Unit, *, line_id: UUID, kind: OwnKind) -> None:
    """This function will ask that a line in suspense is booked as the agency's own; another person agrees.

    :raises NotFound: no such line.
    :raises UnableToPark: the line does not wait.
    :raises UnableToBookAsOwn: it is not in euro.
    :raises UnableToSettleLine: it goes back to its sender.
    :raises NotOfThisKind: a deposit that left the account.
    """
    line, case = _waiting(unit, line_id)
    if kind is OwnKind.DEPOSIT and line.amount_minor < 0:
        raise NotOfThisKind("money that left the account was not paid in", field="kind")
    case.own_kind, case.own_asked_at, case.own_asked_by = kind, unit.now, unit.by
    _keep(unit, case, "own_asked")


def book_as_own(unit: Unit, *, line_id: UUID) -> None:
    """This function will book a line as the agency's own, by another person than who asked for it.

    :raises NotFound, UnableToPark, UnableToSettleLine: as in `ask_to_book_as_own`.
    :raises UnableToBookAsOwn: it is not in euro, or nobody asked.
    :raises NotTheSecondPerson: the same person asked.
    """
    line, case = _waiting(unit, line_id)
    if case.own_kind is None:
        raise UnableToBookAsOwn("nobody asked to book this line as our own")
    if case.own_asked_by == unit.by:
        raise NotTheSecondPerson("another person must agree to what you asked")
    post_many(unit, _postings(line, OwnKind(case.own_kind), payment_keys(unit, [line.id])[line.id]))
    mark_line(unit, line=line, state=LineState.OWN, creditor_id=None, claim_id=None)
    case.own_agreed_by = unit.by
    _keep(unit, case, "own_booked")


def let_own_wait(unit: Unit, *, line_id: UUID) -> None:
    """This function will let go of the wish to book a line as the agency's own.

    :raises NotFound, UnableToPark, UnableToSettleLine, UnableToBookAsOwn: as in `book_as_own`.
    """
    _, case = _waiting(unit, line_id)
    if case.own_kind is None:
        raise UnableToBookAsOwn("nobody asked to book this line as our own")
    _forget(unit, case, "own_let_go")


def undo_own(unit: Unit, *, line_id: UUID, why: str) -> None:
    """This function will take back that a line is the agency's own: its bookings are reversed and it waits.

    :raises NotFound: no such line.
    :raises UnableToUndo: it is not booked as the agency's own.
    """
    line = locked_line(unit, line_id)
    if line.state != LineState.OWN:
        raise UnableToUndo("this line is not booked as our own")
    standing = unit.session.connection().execute(
        _STANDING, {"house": HOUSE, "kind": OWN_MONEY, "line": f"{line_id}#"}
    )
    for transaction in standing.all():
        reverse(
            unit,
            creditor_id=HOUSE,
            transaction_id=transaction.id,
            source_key=transaction.source_key,
            why=why,
            effective_on=line.value_on,
        )
    mark_line(unit, line=line, state=LineState.SUSPENSE, creditor_id=None, claim_id=None)
    _forget(unit, read_case(unit, line_id=line_id), "own_undone")


def _waiting(unit: Unit, line_id: UUID) -> tuple[BankLine, SuspenseCase]:
    line, case = waiting_case(unit, line_id)
    if line.currency != "EUR":
        raise UnableToBookAsOwn("our own share is kept in euro")
    refuse_going_back(unit, line_id)
    return line, case


def _postings(line: BankLine, kind: OwnKind, source_key: str) -> list[Posting]:
    amount = Money(line.amount_minor, line.currency)
    sides = {
        Book.TRUST: (Leg(SUSPENSE, amount), Leg("trust.agency", -amount)),
        Book.AGENCY: (Leg("agency.trust", amount), Leg(_OTHER_SIDE[kind], -amount)),
    }
    return [
        Posting(
            creditor_id=HOUSE,
            book=book,
            kind=OWN_MONEY,
            source_key=source_key,
            legs=legs,
            effective_on=line.value_on,
            memo=kind.value,
        )
        for book, legs in sides.items()
    ]


def _keep(unit: Unit, case: SuspenseCase, what: str) -> None:
    unit.session.add(case)
    unit.session.flush()
    facts = {"kind": case.own_kind}
    record(unit, action=f"bank_line.{what}", subject=f"bank_line:{case.line_id}", facts=facts)


def _forget(unit: Unit, case: SuspenseCase, what: str) -> None:
    _keep(unit, case, what)
    case.own_kind = case.own_asked_at = case.own_asked_by = case.own_agreed_by = None
    unit.session.flush()
