"""What was given up of a claim, in words that desk, finance and creditor share."""

from collections.abc import Iterable
from typing import Any, Final

from agency.claims.giving_up import ByPart
from agency.claims.waiver_requests import GivenUpPart
from agency.rules.authority import Part
from portal.shared.i18n import N_, gettext

ACTS: Final = {"waiver": N_("Waived"), "write_off": N_("Written off")}
PART_NAMES: Final = {
    Part.principal: N_("Principal"),
    Part.interest: N_("Interest"),
    Part.costs: N_("Costs"),
}
# What programs write in the ledger, in the words of the page.
_WHY: Final = {
    "settled for a part": N_("Settled for a part, which was paid"),
    "the payment plan was kept": N_("The payment plan was kept"),
    "a small remainder of interest on a claim that was paid otherwise": N_(
        "A small remainder of interest; the rest was paid"
    ),
}


def part_rows(amounts: ByPart) -> list[tuple[str, Any]]:
    """This function will return name and amount of each part of which there is anything."""
    return [(gettext(name), amounts.of(part)) for part, name in PART_NAMES.items() if amounts.of(part)]


def given_up_rows(found: Iterable[GivenUpPart]) -> list[dict[str, Any]]:
    """This function will describe decisions for a page, each with its parts and whether it still stands."""
    return [
        {
            "id": one.transaction_id,
            "act": gettext(ACTS[one.act]),
            "total": one.amounts.total,
            "parts": part_rows(one.amounts),
            "why": gettext(_WHY.get(one.why, one.why)),
            "at": one.at,
            "by": one.by,
            "taken_back_at": one.taken_back_at,
            "may_undo": one.by_person and one.taken_back_at is None,
        }
        for one in found
    ]
