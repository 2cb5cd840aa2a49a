"""Payouts that came back: when the account itself is wrong, and how long they may wait for somebody."""

from datetime import date

from agency.rules.tables import read_table, row_in_force


def account_is_wrong(reason: str, *, on: date) -> bool:
    """Decide whether the bank's reason says that the account cannot be paid to.

    :param reason: the bank's code first (AC04), its words behind it; words alone say nothing for certain.
    """
    row = row_in_force(read_table("payout")["returned_payout"], on)
    code = next(iter(reason.split()), "").upper()
    return row is not None and code in row["account_reasons"]


def waits_too_long(business_days: int, *, on: date) -> bool:
    """Decide whether a payout that came back so many business days ago waits longer than the house allows."""
    row = row_in_force(read_table("payout")["returned_payout"], on)
    return row is not None and business_days > row["business_days"]
