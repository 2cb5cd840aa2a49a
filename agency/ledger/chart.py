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
    """One line of the chart; `number` is what an accountant files it under."""

    code: str
    number: str
    book: Book
    nature: Nature
    meaning: str


_LINES = (
    ("claims.principal", "1100", Nature.ASSET, "principal that debtors owe the creditor"),
    ("claims.interest", "1110", Nature.ASSET, "interest fixed by a payment, a letter or a judgment"),
    ("claims.costs", "1120", Nature.ASSET, "collection costs fixed likewise"),
    ("claims.control", "1190", Nature.CONTRA, "the other side of what debtors owe"),
    ("trust.bank", "2000", Nature.ASSET, "client money on the trust account"),
    ("trust.psp", "2010", Nature.ASSET, "paid at the payment provider, not yet on the bank"),
    ("trust.suspense", "2100", Nature.LIABILITY, "on the bank, not yet known whose it is"),
    ("trust.creditor", "2200", Nature.LIABILITY, "owed to the creditor"),
    (
        "trust.agency", "2300", Nature.LIABILITY,
        "owed to the agency: earned fees, costs and interest it keeps",
    ),
    ("trust.debtor", "2400", Nature.LIABILITY, "overpaid, owed back to the debtor"),
    ("trust.in_transit", "2500", Nature.LIABILITY, "paid out by file, not yet seen on the bank"),
    ("agency.bank", "3000", Nature.ASSET, "the agency's own bank account"),
    ("agency.trust", "3100", Nature.ASSET, "the agency's share of the money in trust"),
    ("agency.receivable", "3200", Nature.ASSET, "invoiced to creditors"),
    ("agency.vat", "3400", Nature.LIABILITY, "VAT to be paid to the tax office"),
    ("agency.psp_costs", "4000", Nature.EXPENSE, "what the payment provider charges"),
    ("agency.bank_costs", "4010", Nature.EXPENSE, "what the bank charges for the trust account"),
    ("bailiff.bank", "5000", Nature.ASSET, "money for and from bailiffs, on an account of its own"),
    ("bailiff.to_recover", "5100", Nature.ASSET, "bailiffs' fees that the debtor is to pay"),
    ("bailiff.payable", "5200", Nature.LIABILITY, "owed to bailiffs for their notes of fees"),
    ("bailiff.advances", "5300", Nature.LIABILITY, "advanced by creditors for bailiffs"),
    ("agency.fee_income", "8000", Nature.INCOME, "success fees"),
    ("agency.credit_check_income", "8010", Nature.INCOME, "credit checks"),
    ("agency.costs_income", "8020", Nature.INCOME, "costs and interest that the agency keeps"),
    ("agency.bank_interest", "8030", Nature.INCOME, "interest of the bank on the trust account"),
)  # fmt: skip

CHART: dict[str, Account] = {
    code: Account(code, number, Book(code.split(".")[0]), nature, meaning)
    for code, number, nature, meaning in _LINES
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
