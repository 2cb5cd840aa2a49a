"""A run's money in the ledger: the fee once, the payout at each attempt, a return when it comes.

Credit checks were booked when they were answered: what the payout keeps for them settles what was owed.

The agency's own share is on its own account when the bank has debited it, not before.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many
from agency.money import Money
from agency.remittance.models import RemittanceRun

PAYOUT: Final = "remittance"
PAID: Final = "remittance_paid"
RETURNED: Final = "remittance_returned"


# What was a cent of rounding over the whole invoice is booked with the run.
_CHECKS = text(
    "SELECT f.run_id, sum(k.price_minor)::bigint AS price_minor, sum(k.vat_minor)::bigint AS vat_minor"
    " FROM success_fee f JOIN credit_check k ON k.creditor_id = f.creditor_id AND k.id = f.cause_id"
    " WHERE f.run_id = ANY(:runs) AND f.kind = 'check' GROUP BY 1"
)


def source_key(run: RemittanceRun) -> str:
    """This function will return the ledger's key of a run's payout; later attempts have keys of their own."""
    return str(run.id) if run.attempt == 1 else f"{run.id}#{run.attempt}"


def book_export(unit: Unit, *, runs: Sequence[RemittanceRun]) -> None:
    """This function will move what runs pay out into transit, and with the first attempt their fees to the
    agency."""
    first = {"runs": [run.id for run in runs if run.attempt == 1]}
    checks = {
        row.run_id: (row.price_minor, row.vat_minor)
        for row in unit.session.connection().execute(_CHECKS, first)
    }
    post_many(
        unit, [posting for run in runs for posting in _export(run, checks.get(run.id, (0, 0)), unit.today)]
    )


def book_paid(unit: Unit, *, run: RemittanceRun, on: date) -> None:
    """This function will book a payout that was seen on the bank, out of suspense where its line stands."""
    net = Money(run.net_minor, run.currency)
    legs = (Leg("trust.in_transit", net), Leg("trust.suspense", -net))
    own = (Leg("agency.bank", net), Leg("agency.trust", -net)) if run.is_own else ()
    post_many(unit, _postings(run, PAID, legs, own, on))


def book_returned(unit: Unit, *, run: RemittanceRun, account: str, on: date) -> None:
    """This function will owe a payout to its creditor, or to the agency, again.

    :param account: where the money stands: in transit when the bank never paid it, in suspense when it did
        and the money came back on the statement.
    """
    net = Money(run.net_minor, run.currency)
    legs = (Leg(account, net), Leg(_owed(run), -net))
    was_paid = run.is_own and account == "trust.suspense"
    own = (Leg("agency.trust", net), Leg("agency.bank", -net)) if was_paid else ()
    post_many(unit, _postings(run, RETURNED, legs, own, on))


def _owed(run: RemittanceRun) -> str:
    return "trust.agency" if run.is_own else "trust.creditor"


def _export(run: RemittanceRun, checks: tuple[int, int], on: date) -> list[Posting]:
    """`checks` are the price and the VAT of the credit checks in it, as they were booked when answered."""

    def money(minor: int) -> Money:
        return Money(minor, run.currency)

    withheld = run.withheld_minor if run.attempt == 1 else 0
    fee, vat = run.fee_minor - checks[0], run.vat_minor - checks[1]
    invoiced = fee + vat - run.withheld_minor
    trust = (
        Leg(_owed(run), money(run.net_minor + withheld)),
        Leg("trust.in_transit", -money(run.net_minor)),
        Leg("trust.agency", -money(withheld)),
    )
    agency = (
        Leg("agency.trust", money(run.withheld_minor)),
        Leg("agency.receivable", money(invoiced)),
        Leg("agency.fee_income", -money(fee)),
        Leg("agency.vat", -money(vat)),
    )
    return _postings(run, PAYOUT, trust, agency if run.attempt == 1 else (), on)


def _postings(
    run: RemittanceRun, kind: str, trust: Sequence[Leg], agency: Sequence[Leg], on: date
) -> list[Posting]:
    books = ((Book.TRUST, trust), (Book.AGENCY, agency))
    postings = [_posting(run, book, kind, legs, on) for book, legs in books]
    return [posting for posting in postings if posting.legs]


def _posting(run: RemittanceRun, book: Book, kind: str, legs: Sequence[Leg], on: date) -> Posting:
    return Posting(
        creditor_id=run.creditor_id,
        book=book,
        kind=kind,
        source_key=source_key(run),
        legs=tuple(leg for leg in legs if leg.amount),
        effective_on=on,
    )
