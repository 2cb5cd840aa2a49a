"""To which claim a message belongs: by what only its debtor can know, else by signs that agree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class Mark(StrEnum):
    """What points at a claim, the surest first."""

    REPLY_ADDRESS = "reply_address"  # one that we gave out, sealed
    ANSWERS_TO = "answers_to"  # the id of a message of ours
    PAYMENT_REFERENCE = "payment_reference"  # with check digits
    CLAIM_NUMBER = "claim_number"  # with check digits too, but not as secret
    LAST_TEXT = "last_text"  # the one claim that was texted about at this number lately
    SENDER = "sender"  # an address or a number that its debtor is known by


@dataclass(frozen=True, slots=True)
class Pointed:
    """A claim that something in a message points at; `is_open` when it is being collected."""

    creditor_id: UUID
    claim_id: UUID
    debtor_id: UUID
    is_open: bool
    marks: frozenset[Mark]


@dataclass(frozen=True, slots=True)
class Threaded:
    """The claim, or why there is none: nothing, several_claims, several_debtors, sender_of_another.

    :param by: the mark that decided; None where there is no claim.
    """

    claim: Pointed | None
    by: Mark | None
    why: str

    @property
    def sure_claim(self) -> tuple[UUID, UUID] | None:
        """Creditor and id of the claim where the message answers one of ours, which only its reader has."""
        return (self.claim.creditor_id, self.claim.claim_id) if self.claim and self.by in _CERTAIN else None


_CERTAIN: Final = (Mark.REPLY_ADDRESS, Mark.ANSWERS_TO)
_NAMED: Final = (Mark.PAYMENT_REFERENCE, Mark.CLAIM_NUMBER)


def thread(pointed: Sequence[Pointed]) -> Threaded:
    """Return the one claim that a message belongs to.

    A sealed reply address or the id of our own message is enough by itself. A reference is enough unless the
    sender is known as somebody else. A sender alone is enough when he is one debtor with one claim. Never is
    one claim picked out of several debtors' or creditors'.
    """
    for mark in _CERTAIN:
        sure = [one for one in pointed if mark in one.marks]
        if sure:
            return _the_one(sure, mark)
    named = [one for one in pointed if not one.marks.isdisjoint(_NAMED)]
    known = [one for one in pointed if Mark.SENDER in one.marks]
    if named:
        return _by_name(named, known)
    for mark in (Mark.LAST_TEXT, Mark.SENDER):
        by_sender = [one for one in known if mark in one.marks]
        if by_sender:
            return _the_one(by_sender, mark)
    return Threaded(None, None, "nothing")


def _by_name(named: list[Pointed], known: list[Pointed]) -> Threaded:
    both = [one for one in named if Mark.SENDER in one.marks]
    if both:
        return _the_one(both, _best(both))
    if known:
        return Threaded(None, None, "sender_of_another")
    return _the_one(named, _best(named))


def _best(pointed: Iterable[Pointed]) -> Mark:
    found = {mark for one in pointed for mark in one.marks}
    return next(mark for mark in _NAMED if mark in found)


def _the_one(pointed: list[Pointed], by: Mark) -> Threaded:
    if len({(one.creditor_id, one.debtor_id) for one in pointed}) > 1:
        return Threaded(None, None, "several_debtors")
    still_open = [one for one in pointed if one.is_open] or pointed
    if len({one.claim_id for one in still_open}) > 1:
        return Threaded(None, None, "several_claims")
    return Threaded(still_open[0], by, "")
