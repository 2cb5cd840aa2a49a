"""The way out of what only an earlier proof can tell: two people say that the books of today are right.

After a restore that lost minutes, or a row that was mended, the books never again hold what a proof once saw.
One person proposes to set that aside, with the figures he looked at; another accepts exactly those. From then
on the next proof must find what is there now. What the books tell by themselves is never set aside.
"""

import hashlib
import json
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from agency.banking.models import AsideState, ProofAside, ProofRun
from agency.banking.proof.running import all_kept, latest_proof, prove, prove_after
from agency.banking.proof.trail import Memory
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit

REASON_CHARACTERS_MAX = 1_000


class NothingToSetAside(Conflict):
    """The proof found nothing that only an earlier one can tell, or something waits already."""


class FoundOtherwise(Conflict):
    """The proof finds something else now than what was looked at."""


class DecidedBefore(Conflict):
    """A proposal was accepted or refused before."""


class NotTheSecondPerson(Forbidden):
    """Who proposed may not accept."""


class NoReason(Invalid):
    """Setting something aside, and refusing to, takes words."""


def only_earlier(run: ProofRun) -> list[dict[str, Any]]:
    """This function will return the red checks of a proof that only an earlier proof can tell."""
    found = [check for check in run.checks if check.get("earlier") and not check["holds"]]
    plain: list[dict[str, Any]] = json.loads(json.dumps(found))
    return plain


def propose_aside(unit: Unit, *, run_id: UUID, reason: str) -> ProofAside:
    """This function will propose to set aside what a proof found; asked the same twice it is one proposal.

    :param run_id: the proof whose figures the person looked at.
    :raises NotFound: no such proof.
    :raises NoReason: no words, or too many.
    :raises NothingToSetAside: nothing is red that only an earlier proof can tell, or a proposal waits.
    :raises FoundOtherwise: a later proof found something else.
    """
    take_turns(unit, "proof_aside")
    looked = unit.session.get(ProofRun, run_id)
    latest = latest_proof(unit)
    if looked is None or latest is None:
        raise NotFound("no such proof")
    words = _words(reason, "reason")
    checks = only_earlier(looked)
    waiting = waiting_aside(unit)
    if waiting is not None:
        if (waiting.run_id, waiting.asked_by, waiting.reason) == (run_id, unit.by, words):
            return waiting
        raise NothingToSetAside("a proposal to set this aside waits already")
    if not checks:
        raise NothingToSetAside("this proof found nothing that only an earlier proof can tell")
    if only_earlier(latest) != checks or latest.aside_id != looked.aside_id:
        raise FoundOtherwise("a later proof found something else; look at that one")
    aside = ProofAside(
        id=new_id(), run_id=run_id, checks=checks, reason=words, asked_at=unit.now, asked_by=unit.by
    )
    unit.session.add(aside)
    unit.session.flush()
    _record(unit, aside, "aside_proposed")
    return aside


def accept_aside(unit: Unit, *, aside_id: UUID) -> ProofRun:
    """This function will set aside what was proposed, as the second person (the database checks too), and
    return the first proof for which the books of now are what the next one must find.

    The proof is run anew first: it must find exactly the figures that were looked at, and all else that the
    proof saw which was looked at must be there still.

    :raises NotFound: no such proposal.
    :raises DecidedBefore: it was accepted or refused before.
    :raises NotTheSecondPerson: the same person proposed.
    :raises FoundOtherwise: the proof finds something else now.
    """
    aside = _waiting(unit, aside_id)
    if aside.asked_by == unit.by:
        raise NotTheSecondPerson("another person must agree to what you asked")
    looked = unit.session.get_one(ProofRun, aside.run_id)
    now = prove(unit, on=unit.today)
    same = only_earlier(now) == aside.checks and now.aside_id == looked.aside_id
    if not same or not all_kept(unit, looked.present):
        raise FoundOtherwise(
            "the books have changed since this was proposed: look at the newest proof and propose anew"
        )
    aside.state, aside.decided_at, aside.decided_by = AsideState.ACCEPTED, unit.now, unit.by
    unit.session.add(aside)
    unit.session.flush()
    _record(unit, aside, "aside_accepted")
    # After the link in the audit trail, so that the next proof misses it were it cut off. Every row is
    # compared: what is gone may have left others without their other side.
    return prove_after(unit, Memory(now.present, aside.id), on=unit.today, everything=True)


def refuse_aside(unit: Unit, *, aside_id: UUID, why: str) -> ProofAside:
    """This function will refuse a proposal, or take back one's own; all stays as red as it is.

    :raises NotFound: no such proposal.
    :raises NoReason: no words, or too many.
    :raises DecidedBefore: it was accepted or refused before.
    """
    aside = _waiting(unit, aside_id)
    aside.refusal = _words(why, "why")
    aside.state, aside.decided_at, aside.decided_by = AsideState.REFUSED, unit.now, unit.by
    unit.session.add(aside)
    unit.session.flush()
    _record(unit, aside, "aside_refused")
    return aside


def waiting_aside(unit: Unit) -> ProofAside | None:
    """This function will return the proposal that waits for a second person."""
    return unit.session.exec(select(ProofAside).where(ProofAside.state == AsideState.WAITING)).first()


def decided_asides(unit: Unit) -> list[ProofAside]:
    """This function will return all that was ever set aside or refused to be, the latest first."""
    return list(
        unit.session.exec(
            select(ProofAside)
            .where(ProofAside.state != AsideState.WAITING)
            .order_by(col(ProofAside.decided_at).desc(), col(ProofAside.id).desc())
        )
    )


def _waiting(unit: Unit, aside_id: UUID) -> ProofAside:
    aside = unit.session.get(ProofAside, aside_id, with_for_update=True, populate_existing=True)
    if aside is None:
        raise NotFound("no such proposal")
    if aside.state != AsideState.WAITING:
        raise DecidedBefore("this was decided before")
    return aside


def _words(typed: str, field: str) -> str:
    words = typed.strip()
    if not words:
        raise NoReason("say why", field=field)
    if len(words) > REASON_CHARACTERS_MAX:
        raise NoReason(f"write at most {REASON_CHARACTERS_MAX} characters", field=field)
    return words


def _record(unit: Unit, aside: ProofAside, done: str) -> None:
    """The figures stand in the chain; words that a person wrote by what tells them from others."""
    figures = [f"{one['key']}:{one['left']}/{one['right']}" for one in aside.checks]
    record(
        unit,
        action=f"proof.{done}",
        subject=f"proof_aside:{aside.id}",
        facts={
            "proof": str(aside.run_id),
            "checks": figures,
            "reason_sha256": hashlib.sha256(aside.reason.encode()).hexdigest(),
        },
    )
