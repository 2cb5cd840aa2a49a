"""Claims that were erased: what answers for them from then on."""

from typing import Final

from agency.claims.models import Claim
from agency.kernel.errors import Gone

# What names an erased row where a name must stay unique.
MARK: Final = "erased-"


def refuse_erased(claim: Claim) -> None:
    """This function will refuse what would show a claim of which what was personal has been erased.

    :raises Gone: it was; its amounts and days still count in overviews.
    """
    if claim.erased_at is not None:
        raise Gone("this was erased when its time was over")


def told_reference(reference: str) -> str:
    """This function will return a claim's reference for people, empty where it was erased."""
    return "" if reference.startswith(MARK) else reference
