"""The chart of accounts: every account that may be posted to, and what its balance means."""

from dataclasses import dataclass
from enum import StrEnum

from agency.kernel.errors import Invalid
from agency.ledger.models import Book


class UnknownAccount(Invalid):
    """A posting names an account that is not in the chart."""


class Nature(StrEnum):
    """On which side an account's balance normally stands: assets and expenses are debit (positive)."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"
    CONTRA = "contra"


@dataclass(frozen=True, slots=True)
class Account:
    """One line of the chart."""

    code: str
    book: Book
    nature: Nature
    meaning: str


_LINES = (
    ("claims.principal", Nature.ASSET, "principal that debtors owe the creditor"),
    ("claims.interest", Nature.ASSET, "interest fixed by a payment, a letter or a judgment"),
    ("claims.costs", Nature.ASSET, "collection costs fixed likewise"),
    ("claims.control", Nature.CONTRA, "the other side of what debtors owe"),
    ("trust.bank", Nature.ASSET, "client money on the trust account"),
    ("trust.psp", Nature.ASSET, "paid at the payment provider, not yet on the bank"),
    ("trust.suspense", Nature.LIABILITY, "on the bank, not yet known whose it is"),
    ("trust.creditor", Nature.LIABILITY, "owed to the creditor"),
    ("trust.agency", Nature.LIABILITY, "owed to the agency: earned fees, costs and interest it keeps"),
    ("trust.debtor", Nature.LIABILITY, "overpaid, owed back to the debtor"),
    ("trust.in_transit", Nature.LIABILITY, "paid out by file, not yet seen on the bank"),
    ("agency.trust", Nature.ASSET, "the agency's share of the money in trust"),
    ("agency.receivable", Nature.ASSET, "invoiced to creditors"),
    ("agency.bank", Nature.ASSET, "the agency's own bank account"),
    ("agency.fee_income", Nature.INCOME, "success fees"),
    ("agency.credit_check_income", Nature.INCOME, "credit checks"),
    ("agency.costs_income", Nature.INCOME, "costs and interest that the agency keeps"),
    ("agency.vat", Nature.LIABILITY, "VAT to be paid to the tax office"),
    ("agency.psp_costs", Nature.EXPENSE, "what the payment provider charges"),
)

CHART: dict[str, Account] = {
    code: Account(code, Book(code.split(".")[0]), nature, meaning) for code, nature, meaning in _LINES
}

TRUST_ASSETS = tuple(
    account.code
    for account in CHART.values()
    if account.book is Book.TRUST and account.nature is Nature.ASSET
)
TRUST_LIABILITIES = tuple(
    account.code
    for account in CHART.values()
    if account.book is Book.TRUST and account.nature is Nature.LIABILITY
)


def account(code: str) -> Account:
    """This function will return a line of the chart.

    :raises UnknownAccount: there is none of that code.
    """
    try:
        return CHART[code]
    except KeyError:
        raise UnknownAccount(f"no account {code} in the chart") from None
