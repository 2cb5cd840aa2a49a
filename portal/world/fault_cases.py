"""Which case of the fault catalogue comes to pass in the world, how often, and how it must end.

A and B are the catalogue's letters: A is links and the payment provider, B the bank, its files and payouts.
What nobody outside can bring about is listed with the test that holds it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portal.world import bank_faults as bank
from portal.world import endings
from portal.world import payout_faults as payout
from portal.world import provider_faults as provider
from portal.world.scene import Facts, Scene
from portal.world.statement_faults import AFTER, BEFORE


class Moment(StrEnum):
    """When in a day a fault comes to pass."""

    DEBTORS = "debtors"  # after debtors acted, with the portal open
    BANK = "bank"  # before the bank's day is closed
    FILE = "file"  # with the bank's file of the day
    DRAFTED = "drafted"  # between the drafts of a payout and their approval
    EXPORTED = "exported"  # when a payout file lies there


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the catalogue, or one way of it.

    :ivar key: the catalogue's number, and which way.
    :ivar days: about every how many days it happens; with thousands of claims, too.
    :ivar end: how the world expects it to end.
    :ivar happen: makes it happen; files and payout files are handled where they lie.
    :ivar still_open: what of it is not as it must end; empty when all is.
    """

    key: str
    end: str
    moment: Moment
    days: int
    happen: Callable[[Scene], Facts | None] | None
    still_open: Callable[[Scene, Facts], str] = endings.said_at_once

    @property
    def number(self) -> str:
        """The catalogue's number alone."""
        return self.key.partition(" ")[0]


_ONCE = "booked once, as the provider has it"
_BACK = "booked; what was too much went back, asked and approved by two people"
_AGAIN = "owed again, put forward again, approved by two people, paid"
_KNOWN = "no new line"
_REFUSED = "refused as a whole, nothing of it stays"

CASES: Final[tuple[Case, ...]] = (
    Case("A1 duplicates", _ONCE, Moment.DEBTORS, 3, provider.duplicate_webhook, endings.one_payment_only),
    Case("A2 out of order", _ONCE, Moment.DEBTORS, 4, provider.webhooks_out_of_order,
         endings.provider_agrees),
    Case("A3 forged", "answered 200, nothing happens", Moment.DEBTORS, 7, provider.forged_webhook),
    Case("A4 bad signature", "refused, nothing happens", Moment.DEBTORS, 7, provider.bad_signature),
    Case("A6 before our commit", _ONCE, Moment.DEBTORS, 5, provider.paid_before_we_know,
         endings.one_payment_only),
    Case("A7 lost", _ONCE, Moment.DEBTORS, 3, provider.lost_webhook, endings.one_payment_only),
    Case("A7 late", _ONCE, Moment.DEBTORS, 5, provider.late_webhook, endings.one_payment_only),
    Case("A7 lost chargeback", _ONCE, Moment.BANK, 9, provider.charged_back_untold, endings.provider_agrees),
    Case("A8 lost answer", _ONCE, Moment.DEBTORS, 4, provider.lost_answer, endings.one_payment_only),
    Case("A9 overpaid", _BACK, Moment.BANK, 3, bank.overpaid, endings.booked_and_rest_back),
    Case("A10 in part", "booked by the law's order", Moment.BANK, 4, bank.paid_in_part, endings.booked),
    Case("A11 by bank", "back to its sender", Moment.BANK, 6, bank.paid_after_withdrawal, endings.went_back),
    Case("A11 by link", "held, and refunded by the provider", Moment.DEBTORS, 8,
         provider.withdrawn_while_paying, endings.nothing_kept),
    Case("A12 paid claim", _BACK, Moment.BANK, 4, bank.paid_again, endings.booked_and_rest_back),
    Case("A13 refunds", _ONCE, Moment.BANK, 6, provider.refunded_twice, endings.provider_agrees),
    Case("A14 after payout", "taken back; the creditor's next payout is less", Moment.BANK, 6,
         provider.charged_back_after_payout, endings.provider_agrees),
    Case("A14 in draft", "the draft is cancelled and drafted again", Moment.DRAFTED, 14,
         provider.charged_back_in_draft, endings.provider_agrees),
    Case("A15 won", _ONCE, Moment.BANK, 9, provider.charged_back_and_won, endings.provider_agrees),
    Case("A16 link and bank", _BACK, Moment.DEBTORS, 5, provider.paid_by_link_and_bank,
         endings.agrees_and_rest_back),
    Case("A17 two tabs", "one payment at the provider", Moment.DEBTORS, 5, provider.two_tabs,
         endings.one_payment_only),
    Case("A18 paid less", "booked as paid", Moment.DEBTORS, 5, provider.paid_less, endings.one_payment_only),
    Case("A20 late report", "the lump waits, then is explained", Moment.BANK, 7,
         provider.late_settlement_report, endings.lumps_are_explained),
    Case("A20 several lumps", "each explained to the cent", Moment.BANK, 8, provider.settled_in_lumps,
         endings.lumps_are_explained),
    Case("A21 tampered form", "ignored", Moment.DEBTORS, 7, provider.tampered_form, endings.never_paid),
    Case("A22 says paid", "being checked, then expired", Moment.DEBTORS, 6, provider.says_paid_and_is_not,
         endings.never_paid),
    Case("A23 odd amounts", "refused", Moment.DEBTORS, 7, provider.odd_amounts, endings.never_paid),
    Case("A24 other account", "two people and a wait before it counts", Moment.BANK, 45,
         payout.another_account, endings.account_waits_or_counts),
    *(Case(key, _KNOWN, Moment.FILE, 4, None) for key in AFTER),
    *(Case(key, _KNOWN if "B3" in key else _REFUSED, Moment.FILE, 5, None) for key in BEFORE
      if key != "B5 unbalanced"),
    Case("B4 missing day", "payouts stop until it is there", Moment.FILE, 12, None),
    Case("B5 unbalanced", "warned, payouts stop until it is right", Moment.FILE, 11, None),
    Case("B6 two references", "split by a person", Moment.BANK, 5, bank.two_references, endings.both_booked),
    Case("B7 mistyped", "booked on the claim that was meant, by a person unless name and amount agree",
         Moment.BANK, 4, bank.mistyped_reference, endings.booked_as_meant),
    Case("B8 identical", "both booked; the second went back", Moment.BANK, 4, bank.two_identical_payments,
         endings.booked_and_rest_back),
    Case("B9 reversal", "taken back once", Moment.BANK, 6, bank.reversed_by_bank, endings.returned),
    Case("B9 returned", "taken back once", Moment.BANK, 6, bank.returned_debit, endings.returned),
    Case("B10 foreign", "looked at by a person, back to its sender", Moment.BANK, 9, bank.foreign_currency,
         endings.went_back),
    Case("B11 closed month", "booked in the open month, value date kept", Moment.BANK, 8, bank.closed_month,
         endings.booked_in_open_month),
    Case("B14 unknown", "back to its sender", Moment.BANK, 5, bank.unknown_money, endings.went_back),
    Case("B14 no account", "parked by two people, booked when the payer rings up", Moment.BANK, 12,
         bank.unknown_money_without_account, endings.booked_by_person),
    Case("B15 drafted twice", "one run", Moment.DRAFTED, 7, payout.drafted_twice),
    Case("B16 sent twice", "the bank takes it once", Moment.EXPORTED, 7, None),
    Case("B17 refused", _AGAIN, Moment.DRAFTED, 13, payout.refused_by_bank, endings.refusals_paid_after_all),
    Case("B17 payout back", _AGAIN, Moment.BANK, 10, payout.payout_came_back, endings.runs_paid_again),
    Case("B17 refund back", "owed again, and refunded again", Moment.BANK, 10, payout.refund_came_back,
         endings.overpaid_went_back),
)  # fmt: skip

HELD_BY_TESTS: Final = {
    "A5": "nobody outside has the bytes of a signed call: tests/sendgrid and letters, test_webhooks.py",
    "A19": "the provider takes euro only: tests/payments/test_settlement.py",
    "B12": "a million lines is a matter of size, not of days: infra/bench/bank_day.py",
    "B18": "only who owns the tables can do it: tests/banking/test_sabotage.py",
}
"""Cases that nobody outside can bring about, and what holds them."""
