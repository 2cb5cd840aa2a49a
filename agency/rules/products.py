"""What a creditor hands over: one claim to collect, or the care of its invoices from the due date on."""

from enum import StrEnum
from typing import Final

from agency.rules.facts import DebtorKind, Law
from agency.rules.treatment_path import TreatmentPath, default_paths


class Product(StrEnum):
    """What the agency does with what is handed over."""

    collection = "collection"  # collect what was not paid, by the path of the creditor's goal
    management = "management"  # look after invoices from the due date on, in the creditor's name at first


class HandOver(StrEnum):
    """From which step on the agency works; what comes before, the creditor does itself."""

    first_reminder = "first_reminder"
    second_reminder = "second_reminder"
    formal_notice = "formal_notice"


_ENDINGS: Final = {
    HandOver.first_reminder: "-managed",
    HandOver.second_reminder: "-managed-second",
    HandOver.formal_notice: "-managed-notice",
}


def managed_path(*, law: Law, debtor: DebtorKind, hand_over: HandOver) -> TreatmentPath:
    """Return the path of invoices that are looked after from a step on; other laws follow the Dutch one for
    business, as their usual path does.

    Each begins after the due date, the friendly reminders before the notice that the law asks for.
    """
    paths = [path for path in default_paths() if path.key.endswith(_ENDINGS[hand_over])]
    own = next((path for path in paths if path.law is law and debtor in path.debtors), None)
    return own or next(path for path in paths if path.law is Law.nl and DebtorKind.company in path.debtors)


def product_of_path(key: str) -> tuple[Product, HandOver]:
    """Tell from the key of a claim's path what was handed over."""
    for hand_over, ending in _ENDINGS.items():
        if key.endswith(ending):
            return Product.management, hand_over
    return Product.collection, HandOver.first_reminder
