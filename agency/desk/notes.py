"""Notes: what a collector wrote down. Those marked shareable stand in the dossier; the others stay inside."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text as sql

from agency.claims.models import Claim
from agency.desk.models import Note
from agency.events import NoteAdded
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit

NOTE_CHARACTERS_MAX: Final = 4000
# A form that is sent once more writes nothing once more.
_TWICE: Final = timedelta(minutes=5)
_THE_SAME: Final = sql(
    "SELECT id FROM note WHERE creditor_id = :c AND claim_id = :claim AND by = :by AND text = :words"
    " AND at > app.now() - CAST(:twice AS interval) LIMIT 1"
)


def add_note(unit: Unit, *, creditor_id: UUID, claim_id: UUID, words: str, shareable: bool = False) -> UUID:
    """This function will keep a note on a claim and return its id; the same words of the same person within
    five minutes are one note.

    :param shareable: whether it may stand in the dossier, which the creditor and a judge read.

    :raises Invalid: the note is empty or too long.
    :raises NotFound: no such claim.
    """
    text = words.strip()
    if not text:
        raise Invalid("write something", field="note")
    if len(text) > NOTE_CHARACTERS_MAX:
        raise Invalid(f"a note has at most {NOTE_CHARACTERS_MAX} characters", field="note")
    if unit.session.get(Claim, (creditor_id, claim_id)) is None:
        raise NotFound("no such claim")
    again = unit.session.connection().execute(
        _THE_SAME, {"c": creditor_id, "claim": claim_id, "by": unit.by, "words": text, "twice": _TWICE}
    )
    kept: UUID | None = again.scalar()
    if kept is not None:
        return kept
    note = Note(
        creditor_id=creditor_id,
        id=new_id(),
        claim_id=claim_id,
        text=text,
        by=unit.by,
        at=unit.now,
        shareable=shareable,
    )
    unit.session.add(note)
    unit.session.flush()
    emit(unit, NoteAdded(creditor_id=creditor_id, claim_id=claim_id, note_id=note.id))
    return note.id
