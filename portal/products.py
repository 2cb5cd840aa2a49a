"""The products as creditors and collectors read them."""

from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.rules.products import HandOver, Product, product_of_path
from portal.shared.i18n import N_, gettext

PRODUCTS: Final = {
    "collection": (
        N_("Collection case"),
        N_("You reminded the debtor yourself, or want it done at once: we collect at the pace of your goal."),
    ),
    "management": (
        N_("Outsourced debtor management"),
        N_(
            "Also invoices that are not due yet: from the day after the due date we remind in your name,"
            " call, and only then write in ours. Before the due date nothing is asked."
        ),
    ),
}
HAND_OVERS: Final = {
    "first_reminder": N_("From the first reminder, the day after the due date"),
    "second_reminder": N_("From the second reminder; you send the first yourself"),
    "formal_notice": N_("From the formal notice; you send both reminders yourself"),
}
_PATH: Final = text(
    "SELECT p.key FROM treatment t JOIN treatment_path p ON p.id = t.path_id"
    " WHERE t.creditor_id = :c AND t.claim_id = :claim"
)


def chosen_words(product: Product, hand_over: HandOver) -> str:
    """This function will say a product, and from which step on it begins, in one line."""
    label, _ = PRODUCTS[product.value]
    if product is Product.collection:
        return gettext(label)
    start = HAND_OVERS[hand_over.value]
    return f"{gettext(label)}: {gettext(start)}"


def product_of_claim(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> str:
    """This function will say the product that a claim is worked by, from the path that it is pinned to; empty
    before it is worked."""
    found = unit.session.connection().execute(_PATH, {"c": creditor_id, "claim": claim_id})
    key = found.scalar_one_or_none()
    return chosen_words(*product_of_path(key)) if key else ""
