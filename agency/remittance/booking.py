"""A run's money in the ledger: the fee once, the payout at each attempt, a return when it comes.

The agency's own share is on its own account when the bank has debited it, not before.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many
from agency.money import Money
from agency.remittance.models import RemittanceRun

PAYOUT: Final = "remittance"
PAID: Final = "remittance_paid"
RETURNED: Final = "remittance_returned"


def source_key(run: RemittanceRun) -> str:
    """This function will return the ledger's key of a run's payout; later attempts have keys of their own."""
    return str(run.id) if run.attempt == 1 else f"{run.id}#{run.attempt}"


def book_export(unit: Unit, *, runs: Sequence[RemittanceRun]) -> None:
    """This function will move what runs pay out into transit, and with the first attempt their fees to the
    agency."""
    post_many(unit, [posting for run in runs for posting in _export(run, unit.today)])


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


def _export(run: RemittanceRun, on: date) -> list[Posting]:
    def money(minor: int) -> Money:
        return Money(minor, run.currency)

    withheld = run.withheld_minor if run.attempt == 1 else 0
    invoiced = run.fee_minor + run.vat_minor - run.withheld_minor
    trust = (
        Leg(_owed(run), money(run.net_minor + withheld)),
        Leg("trust.in_transit", -money(run.net_minor)),
        Leg("trust.agency", -money(withheld)),
    )
    agency = (
        Leg("agency.trust", money(run.withheld_minor)),
        Leg("agency.receivable", money(invoiced)),
        Leg("agency.fee_income", -money(run.fee_minor)),
        Leg("agency.vat", -money(run.vat_minor)),
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
