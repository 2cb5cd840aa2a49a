"""Letters that the post brought back, or that were never made: somebody looks for the way to the debtor."""

from typing import Final

from sqlalchemy import text

from agency.communication.mandatory import MUST_ARRIVE
from agency.communication.print_batches.deciding import LOST_AT_THE_PRINTER
from agency.desk.models import WorkKind
from agency.desk.queue import ask_for_person
from agency.events import MessageBounced
from agency.kernel.unit import Unit
from agency.parties.contacting import leave_address
from agency.rules.facts import Channel

_LETTER: Final = text(
    "SELECT m.state, m.to_value, m.debtor_id, m.step, m.cycle, t.key AS template, d.street, d.postal_code,"
    " d.city, c.state AS claim_state FROM message m JOIN template t ON t.id = m.template_id"
    " JOIN debtor d ON d.creditor_id = m.creditor_id AND d.id = m.debtor_id"
    " JOIN claim c ON c.creditor_id = m.creditor_id AND c.id = m.claim_id"
    " WHERE m.creditor_id = :creditor AND m.id = :message"
)


def ask_when_post_came_back(unit: Unit, event: MessageBounced) -> None:
    """This function will forget an address from which the post brought a letter back, and ask for a person
    who looks for another; also for one who sees to a letter that must arrive and was never made.

    One that came back from where the debtor was known to live before says nothing of where he lives now.
    """
    # What got lost at the printer is written again by itself.
    if event.channel != Channel.letter or event.reason == LOST_AT_THE_PRINTER:
        return
    assert event.claim_id is not None, "a message belongs to a claim"
    key = {"creditor": event.creditor_id, "message": event.message_id}
    row = unit.session.connection().execute(_LETTER, key).one()
    reason = ""
    if row.state == "bounced":
        known = [part for part in (row.street, row.postal_code, row.city) if part]
        if known and all(part in row.to_value for part in known):
            leave_address(unit, creditor_id=event.creditor_id, debtor_id=row.debtor_id)
            reason = "letter_returned"
    elif row.template in MUST_ARRIVE and not row.step.endswith("_copy"):
        reason = "letter_failed"
    if reason and row.claim_state == "active":
        ask_for_person(
            unit, creditor_id=event.creditor_id, claim_id=event.claim_id, kind=WorkKind.UNREACHABLE,
            key=f"{reason}:{event.message_id}", reason=reason,
        )  # fmt: skip
