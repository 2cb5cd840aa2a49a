"""The claims that a message points at, looked up by every mark it carries, in one statement each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import Unit
from agency.rules.inbound.threading import Mark, Pointed
from agency.rules.reference import printed_forms, references_in

POINTED_MAX: Final = 50
TEXTED_WITHIN: Final = timedelta(days=30)

_CLAIM = "SELECT c.creditor_id, c.id AS claim_id, c.debtor_id, c.state = 'active' AS is_open FROM claim c"
_BY_MESSAGE = text(
    f"{_CLAIM} WHERE (c.creditor_id, c.id) IN"
    " (SELECT m.creditor_id, m.claim_id FROM message m WHERE m.id = ANY(:ids)) LIMIT :most"
)
_BY_PAYMENT_REFERENCE = text(f"{_CLAIM} WHERE c.payment_reference = ANY(:values) LIMIT :most")
_BY_NUMBER = text(f"{_CLAIM} WHERE c.number = ANY(:values) LIMIT :most")
_BY_SENDER = text(
    f"{_CLAIM} JOIN contact_point p ON p.creditor_id = c.creditor_id AND p.debtor_id = c.debtor_id"
    " WHERE p.channel = :channel AND lower(p.value) = :value AND p.state <> 'wrong'"
    " ORDER BY c.state = 'active' DESC, c.id LIMIT :most"
)
# Only claims that were texted about since: the last text is what is answered.
_BY_LAST_TEXT = text(
    f"{_CLAIM} WHERE (c.creditor_id, c.id) IN (SELECT m.creditor_id, m.claim_id FROM message m"
    " WHERE m.channel = 'sms' AND m.to_value = :value AND m.sent_at > :since"
    " ORDER BY m.sent_at DESC LIMIT 1)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a message carries: our messages that it names, its words, and who wrote it, by email or phone."""

    addressed: Sequence[UUID] = ()
    answered: Sequence[UUID] = ()
    words: str = ""
    sender_channel: str = ""
    sender: str = ""


def pointed_at(unit: Unit, marks: Marks) -> list[Pointed]:
    """This function will return every claim that some mark of a message points at, with all its marks."""
    connection = unit.session.connection()
    found: defaultdict[tuple[UUID, UUID], set[Mark]] = defaultdict(set)
    claims: dict[tuple[UUID, UUID], Row[Any]] = {}

    def note(mark: Mark, statement: Any, **values: Any) -> None:
        for row in connection.execute(statement, values):
            claims[row.creditor_id, row.claim_id] = row
            found[row.creditor_id, row.claim_id].add(mark)

    if marks.addressed:
        note(Mark.REPLY_ADDRESS, _BY_MESSAGE, ids=list(marks.addressed), most=POINTED_MAX)
    if marks.answered:
        note(Mark.ANSWERS_TO, _BY_MESSAGE, ids=list(marks.answered), most=POINTED_MAX)
    forms = list(_printed(references_in(marks.words)))
    if forms:
        note(Mark.PAYMENT_REFERENCE, _BY_PAYMENT_REFERENCE, values=forms, most=POINTED_MAX)
        note(Mark.CLAIM_NUMBER, _BY_NUMBER, values=forms, most=POINTED_MAX)
    if marks.sender:
        sender = {"channel": marks.sender_channel, "value": marks.sender.lower()}
        note(Mark.SENDER, _BY_SENDER, **sender, most=POINTED_MAX)
        if marks.sender_channel == "phone":
            since = unit.now - TEXTED_WITHIN
            note(Mark.LAST_TEXT, _BY_LAST_TEXT, value=marks.sender, since=since)
    return [_pointed(claims[key], frozenset(marks_found)) for key, marks_found in found.items()]


def _printed(references: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(form for reference in references for form in printed_forms(reference))


def _pointed(row: Row[Any], marks: frozenset[Mark]) -> Pointed:
    return Pointed(row.creditor_id, row.claim_id, row.debtor_id, row.is_open, marks)
