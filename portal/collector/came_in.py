"""What came in for a claim, as its page shows it: messages, scans, machines' answers, answered call notes."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from agency.communication.inbound.queries import came_in_of_claim
from agency.desk.call_notes import answered_notes
from agency.desk.models import CallNote, CallNoteState
from agency.kernel.unit import Unit
from portal.collector.inbound_words import KINDS, STATES, TOPICS, WAY_ICONS, WAYS
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Chip

SHOWN: Final = 5
KEPT: Final = 50
_WORDS_SHOWN: Final = 160
_NOTE_CHIPS: Final = {
    CallNoteState.CONFIRMED: Chip(N_("Confirmed"), "good"),
    CallNoteState.CORRECTED: Chip(N_("Corrected"), "warning"),
}


def came_in(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> dict[str, Any]:
    """This function will return the values of the card: `entries` newest first, how many are `unread` and
    `more` than are shown, and the address of the one to read `first`."""
    messages = came_in_of_claim(unit, creditor_id=creditor_id, claim_id=claim_id, limit=KEPT)
    notes = answered_notes(unit, creditor_id=creditor_id, claim_id=claim_id, limit=KEPT)
    entries = [_message(creditor_id, row) for row in messages] + [_note(note) for note in notes]
    entries.sort(key=lambda entry: entry["at"], reverse=True)
    unread = [entry for entry in entries if entry["unread"]]
    total = (messages[0].total if messages else 0) + len(notes)
    return {
        "entries": entries[:SHOWN],
        "older": entries[SHOWN:KEPT],
        "more": max(0, total - min(len(entries), KEPT)),
        "unread": len(unread),
        # The one that waits longest is read first, as in the queue.
        "first": unread[-1]["href"] if unread else "",
    }


def _message(creditor_id: UUID, row: Row[Any]) -> dict[str, Any]:
    by_person = row.reply_id is not None
    words = " ".join((row.words or row.subject).split())
    return {
        "at": row.received_at,
        "href": f"/desk/inbound/{creditor_id}/{row.reply_id}" if by_person else "",
        "icon": WAY_ICONS[row.channel],
        "way": gettext(WAYS[row.channel]),
        "words": words[:_WORDS_SHOWN] + ("…" if len(words) > _WORDS_SHOWN else ""),
        "chip": TOPICS[row.topic] if by_person else KINDS[row.kind],
        "state": STATES[row.state] if by_person and row.state != "waiting" else None,
        "unread": row.state == "waiting",
        "files": row.files,
    }


def _note(note: CallNote) -> dict[str, Any]:
    return {
        "at": note.answered_at,
        "href": "",
        "icon": "phone",
        "way": gettext(N_("Answer to what was agreed on the phone")),
        "words": " ".join((note.correction or note.points).split())[:_WORDS_SHOWN],
        "chip": _NOTE_CHIPS.get(note.state, Chip(N_("Answered"), "neutral")),
        "state": None,
        "unread": False,
        "files": 0,
    }
