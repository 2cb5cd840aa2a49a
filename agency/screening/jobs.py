"""Jobs of the screening: asking the registers at intake, before the first contact, and every week."""

from agency.events import PlacementRead, QuoteAccepted
from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.ports import installed_ports
from agency.kernel.unit import Door, Unit, Units
from agency.screening.asking import ask_about_placement, screen_due


@actor(own_units=True, lease_seconds=300)
def screen(units: Units) -> None:
    """This function will ask about the debtors whose turn has come, and go on while there are more."""
    if screen_due(units, installed_ports().registers):
        with units.open(Door.WORKER, by="system:screening") as unit:
            enqueue(unit, screen)


def screen_placement(unit: Unit, event: PlacementRead) -> None:
    """This function will have the registers asked about the debtors of a placement that was read."""
    if ask_about_placement(unit, creditor_id=event.creditor_id, placement_id=event.placement_id):
        enqueue(unit, screen)


def screen_before_contact(unit: Unit, event: QuoteAccepted) -> None:
    """This function will have them asked again where their answer is no longer fresh, before treatment.

    Until they have answered, the planner lets nobody be contacted for the first time.
    """
    if event.placement_id is None:
        return
    placement_id = event.placement_id
    if ask_about_placement(
        unit, creditor_id=event.creditor_id, placement_id=placement_id, before_contact=True
    ):
        enqueue(unit, screen)
