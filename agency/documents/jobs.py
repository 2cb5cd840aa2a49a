"""Jobs of the documents: following up what was asked, binding dossiers."""

from agency.documents.asking import expire, solve
from agency.kernel.actor import actor
from agency.kernel.unit import Unit


@actor()
def follow_requests(unit: Unit) -> None:
    """This function will tick off what became known, and close what was not answered in time."""
    solve(unit)
    expire(unit)
