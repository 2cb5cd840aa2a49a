"""Invoice or credit note, from the document's type code (UNTDID 1001)."""

from collections.abc import Sequence
from typing import Literal

from agency.ports.readers import NoInvoice

# The codes EN 16931 admits for credit notes (rule BR-CL-01).
_CREDIT_NOTE_CODES = frozenset(
    {"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"}
)
_PRO_FORMA = "325"
_CORRECTED = "384"
_FACTORED = "393"


def kind_of(type_code: str | None, *, is_credit_note: bool = False) -> Literal["invoice", "credit_note"]:
    """This function will decide on credit note when either the root element or the type code says so.

    A document that calls itself a credit note anywhere must never become a claim.

    :raises NoInvoice: it is a pro forma invoice.
    """
    if type_code == _PRO_FORMA:
        raise NoInvoice("a pro forma invoice asks for no payment")
    return "credit_note" if is_credit_note or type_code in _CREDIT_NOTE_CODES else "invoice"


def warn_of_type(type_code: str | None, earlier: Sequence[str], warnings: list[str]) -> None:
    """This function will warn of a corrected invoice, which says anew what the earlier one said, and of a
    factored invoice: the claim was assigned to a third party (UNTDID 1001)."""
    if type_code == _CORRECTED and earlier:
        names = " and ".join(earlier)
        warnings.append(f"it corrects invoice {names}: only one of the two may be collected")
    if type_code == _FACTORED:
        warnings.append("it is a factored invoice: the claim was assigned to a third party")
