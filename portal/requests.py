"""What is asked of a creditor about a claim, in words."""

from collections.abc import Mapping
from typing import Any

from agency.money import Money
from portal.shared.i18n import N_

ITEMS = {
    "contact": N_("An address, e-mail address or phone number of the debtor"),
    "agreement": N_("What was agreed and when: a consumer in Germany must be told"),
    "bought": N_("What was bought or done: a consumer in Belgium must be told"),
    "due_date_basis": N_("The invoice, or what was agreed about the term of payment"),
    "proof": N_("Proof of the order or of the delivery"),
}
STATES = {
    "open": N_("Open"),
    "solved": N_("Complete"),
    "started_without": N_("Started without it"),
    "returned": N_("Claim returned to you"),
    "withdrawn": N_("No longer needed"),
}
EXPIRY = {
    "start": N_("after this day we start without it, at the price of the less complete file"),
    "return": N_("after this day the claim goes back to you"),
}


def request_words(row: Mapping[str, Any]) -> dict[str, Any]:
    """This function will describe a request: its day, and its items with what becomes of them."""
    items = [
        {**item, "label": ITEMS.get(item["item"], item["item"]), "expiry": EXPIRY[item["on_expiry"]]}
        for item in row["items"] or ()
    ]
    return {
        "claim_id": row["claim_id"],
        "due_on": row["due_on"],
        "state": STATES[row["state"]],
        "open": row["state"] == "open",
        "items": items,
        "left": [item for item in items if not item["solved_at"]],
        "holds": any(item["blocking"] and not item["solved_at"] for item in items),
    }


def request_of_claim(row: Mapping[str, Any]) -> dict[str, Any]:
    """This function will describe a request together with the claim it is about."""
    return {
        **request_words(row),
        "number": row["number"],
        "reference": row["reference"],
        "debtor": row["debtor"],
        "amount": Money(row["principal_minor"], row["currency"]),
    }
