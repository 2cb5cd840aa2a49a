"""Asking the registers about debtors, and what follows from their answers.

The call stands between two transactions: what is asked for is leased first, so that two workers never ask
about one debtor at once, and an answer that got lost is simply asked for again: asking changes nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.calendar import at_local
from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.events import DebtorFoundInRegister, PersonWanted
from agency.kernel.emitting import emit
from agency.kernel.unit import AGENCY_ZONE, Door, Unit, Units
from agency.ports.providers import ProviderError
from agency.ports.registers import (
    DebtorQuestion,
    DebtorRegisters,
    RegisterAnswer,
    RegisterEntry,
)
from agency.rules.facts import DebtorKind
from agency.rules.holds import Ground, HoldTooLong, NoSuchHold, hold_of
from agency.screening.models import ScreeningState
from agency.screening.rhythm import rhythm_on

# What a register's entry means for collection. A kind that stands here nowhere is unclear, never clear.
GROUNDS: Final = {
    "deceased": HoldGround.DECEASED,
    "bankruptcy": HoldGround.BANKRUPTCY,
    "moratorium": HoldGround.MORATORIUM,
    "insolvency": HoldGround.INSOLVENCY,
    "wsnp": HoldGround.WSNP,
    "collective_settlement": HoldGround.COLLECTIVE_SETTLEMENT,
    "guardianship": HoldGround.GUARDIANSHIP,
    "minor": HoldGround.MINOR,
}
_LEASE: Final = timedelta(minutes=5)

_ASK_NEW = text(
    "INSERT INTO screening (creditor_id, id, debtor_id, state, asked_at, next_at, attempts, found, failure)"
    " SELECT x.creditor_id, uuidv7(), x.debtor_id, 'waiting', :now, :now, 0, '[]', '' FROM ("
    "  SELECT DISTINCT c.creditor_id, c.debtor_id FROM claim c WHERE c.creditor_id = :c"
    "  AND c.placement_id = :p AND c.state IN ('new', 'quoted', 'active')) x"
    " ON CONFLICT (creditor_id, debtor_id) DO NOTHING"
)
_ASK_AGAIN = text(
    "UPDATE screening s SET state = CASE WHEN s.state = 'clear' THEN 'waiting' ELSE s.state END,"
    " asked_at = :now,"
    " next_at = :now, attempts = 0, answered_at = CASE WHEN s.state = 'clear' THEN NULL ELSE"
    " s.answered_at END"
    " FROM (SELECT DISTINCT c.debtor_id FROM claim c WHERE c.creditor_id = :c AND c.placement_id = :p) x"
    " WHERE s.creditor_id = :c AND s.debtor_id = x.debtor_id"
    " AND (s.answered_at IS NULL OR s.answered_at < :fresh_from)"
    # Somebody who was contacted before waits for no register: only the first contact does.
    " AND NOT EXISTS (SELECT 1 FROM message m WHERE m.creditor_id = s.creditor_id"
    "  AND m.debtor_id = s.debtor_id AND m.sent_at IS NOT NULL)"
)
_LEASE_DUE = text(
    "UPDATE screening s SET next_at = :until FROM (SELECT w.creditor_id, w.id FROM screening w"
    " WHERE w.next_at <= :now AND EXISTS (SELECT 1 FROM claim c WHERE c.creditor_id = w.creditor_id"
    "  AND c.debtor_id = w.debtor_id AND c.state IN ('new', 'quoted', 'active'))"
    " ORDER BY w.next_at LIMIT :batch FOR UPDATE OF w SKIP LOCKED) due, debtor d"
    " WHERE s.creditor_id = due.creditor_id AND s.id = due.id"
    " AND d.creditor_id = s.creditor_id AND d.id = s.debtor_id"
    " RETURNING s.creditor_id, s.id, s.debtor_id, s.attempts, d.kind, d.name, d.birth_date, d.country,"
    "  d.registration_number, d.street, d.postal_code, d.city"
)
_ANSWERED = text(
    "UPDATE screening s SET state = a.state, answered_at = :now, next_at = :next, attempts = 0,"
    " found = a.found, failure = a.failure"
    " FROM jsonb_to_recordset(CAST(:answers AS jsonb)) AS a(creditor uuid, id uuid, state text, found jsonb,"
    "  failure text) WHERE s.creditor_id = a.creditor AND s.id = a.id"
)
_FAILED = text(
    "UPDATE screening s SET attempts = attempts + 1, next_at = f.next, failure = f.failure"
    " FROM jsonb_to_recordset(CAST(:failures AS jsonb)) AS f(creditor uuid, id uuid, next timestamptz,"
    "  failure text) WHERE s.creditor_id = f.creditor AND s.id = f.id"
)
_CLAIMS = text(
    "SELECT id FROM claim WHERE creditor_id = :creditor AND debtor_id = :debtor"
    " AND state IN ('new', 'quoted', 'active') ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A debtor that this worker asks about."""

    creditor_id: UUID
    screening_id: UUID
    debtor_id: UUID
    attempts: int
    country: str
    kind: DebtorKind
    question: DebtorQuestion


def ask_about_placement(
    unit: Unit, *, creditor_id: UUID, placement_id: UUID, before_contact: bool = False
) -> int:
    """This function will mark the debtors of a placement to be asked about and return how many there are.

    :param before_contact: also those whose clear answer is no longer fresh and whom nobody wrote to
        yet; until it is there again they are not contacted.
    """
    connection = unit.session.connection()
    values = {"c": creditor_id, "p": placement_id, "now": unit.now}
    marked = connection.execute(_ASK_NEW, values).rowcount
    if before_contact:
        fresh_from = unit.now - rhythm_on(unit.today).fresh
        marked += connection.execute(_ASK_AGAIN, values | {"fresh_from": fresh_from}).rowcount
    return marked


def screen_due(units: Units, registers: DebtorRegisters) -> bool:
    """This function will ask about one batch of debtors whose turn has come; True when there may be more."""
    with units.open(Door.WORKER, by="system:screening") as unit:
        batch = rhythm_on(unit.today).batch
        asked = _lease(unit, batch)
    if not asked:
        return False
    failure, answers = "", {}
    try:
        given = registers.ask([one.question for one in asked])
        answers = {answer.reference: answer for answer in given}
    except ProviderError as error:
        failure = str(error)[:300]
    with units.open(Door.WORKER, by="system:screening") as unit:
        _keep_all(unit, asked, answers, failure or "no answer for this debtor")
        for one in asked:
            if answer := answers.get(one.question.reference):
                _follow(unit, one, answer)
    return not failure and len(asked) == batch


def _lease(unit: Unit, batch: int) -> list[_Asked]:
    rows = unit.session.connection().execute(
        _LEASE_DUE, {"now": unit.now, "until": unit.now + _LEASE, "batch": batch}
    )
    return [
        _Asked(
            row.creditor_id, row.id, row.debtor_id, row.attempts, row.country, DebtorKind(row.kind),
            DebtorQuestion(
                reference=str(row.id), name=row.name, country=row.country, is_company=row.kind == "company",
                registration_number=row.registration_number or "", birth_date=row.birth_date,
                postal_code=row.postal_code or "", street=row.street or "", city=row.city or "",
            ),
        )
        for row in rows
    ]  # fmt: skip


def _keep_all(unit: Unit, asked: Sequence[_Asked], answers: dict[str, RegisterAnswer], failure: str) -> None:
    """Keep what the registers said of each debtor, or that they have to be asked again and why."""
    rhythm = rhythm_on(unit.today)
    given, failed = [], []
    for one in asked:
        whose = {"creditor": str(one.creditor_id), "id": str(one.screening_id)}
        answer = answers.get(one.question.reference)
        if answer is not None and answer.complete:
            given.append(whose | _outcome(answer))
            continue
        why = failure if answer is None else "a register did not answer"
        again = unit.now + rhythm.retry_after(one.attempts + 1)
        failed.append(whose | {"next": again.isoformat(), "failure": why})
    connection = unit.session.connection()
    if given:
        moments = {"now": unit.now, "next": unit.now + rhythm.again}
        connection.execute(_ANSWERED, {"answers": json.dumps(given), **moments})
    if failed:
        connection.execute(_FAILED, {"failures": json.dumps(failed)})


def _outcome(answer: RegisterAnswer) -> dict[str, Any]:
    unclear = _unclear(answer)
    state = ScreeningState.CLEAR
    if answer.entries:
        state = ScreeningState.UNCLEAR if unclear else ScreeningState.FOUND
    return {
        "state": state.value,
        "found": [entry.as_json() for entry in answer.entries],
        "failure": f"unknown kind of entry: {', '.join(unclear)}"[:300] if unclear else "",
    }


def _unclear(answer: RegisterAnswer) -> list[str]:
    return [entry.kind for entry in answer.entries if entry.kind not in GROUNDS]


def _follow(unit: Unit, one: _Asked, answer: RegisterAnswer) -> None:
    """What one register knows holds even while another is silent."""
    _hold(unit, one, answer.entries)
    if answer.complete and (unclear := _unclear(answer)):
        _ask_for_person(unit, one, unclear)


def work_key(screening_id: UUID) -> str:
    """This function will return how the keys of the work begin that an unclear answer makes."""
    return f"screening:{screening_id}:"


def _ask_for_person(unit: Unit, one: _Asked, unclear: Sequence[str]) -> None:
    """An entry that nobody understands is looked into by a person; until then nobody is contacted."""
    for claim_id in _claims(unit, one):
        emit(
            unit,
            PersonWanted(
                creditor_id=one.creditor_id,
                claim_id=claim_id,
                work_kind="answer",
                key=f"{work_key(one.screening_id)}{','.join(sorted(unclear))}"[:200],
                reason="register_unclear",
            ),
        )


def _claims(unit: Unit, one: _Asked) -> Sequence[UUID]:
    found = unit.session.connection().execute(_CLAIMS, {"creditor": one.creditor_id, "debtor": one.debtor_id})
    return found.scalars().all()


def _hold(unit: Unit, one: _Asked, entries: Sequence[RegisterEntry]) -> None:
    """Hold every open claim of a debtor on what a register says, and tell its creditor once per claim."""
    known = [(entry, GROUNDS[entry.kind]) for entry in entries if entry.kind in GROUNDS]
    if not known:
        return
    for claim_id in _claims(unit, one):
        for entry, ground in known:
            _hold_claim(unit, one, claim_id, entry, ground)


def _hold_claim(unit: Unit, one: _Asked, claim_id: UUID, entry: RegisterEntry, ground: HoldGround) -> None:
    held = unit.session.connection().execute(
        text(
            "SELECT 1 FROM hold WHERE creditor_id = :c AND claim_id = :claim AND ground = :ground"
            " AND lifted_at IS NULL AND (ends_at IS NULL OR ends_at > :now) LIMIT 1"
        ),
        {"c": one.creditor_id, "claim": claim_id, "ground": ground.value, "now": unit.now},
    )
    if held.first():
        return
    place_hold(
        unit,
        creditor_id=one.creditor_id,
        claim_id=claim_id,
        ground=ground,
        note=f"{entry.register}: {entry.reference}",
        ends_at=_ends_at(one, entry, ground),
    )
    emit(
        unit,
        DebtorFoundInRegister(
            creditor_id=one.creditor_id,
            claim_id=claim_id,
            ground=ground.value,
            register=entry.register,
            since=entry.since.isoformat(),
        ),
    )


def _ends_at(one: _Asked, entry: RegisterEntry, ground: HoldGround) -> datetime | None:
    """The end that the law gives this ground; None lasts until a person lifts it."""
    try:
        hold = hold_of(
            ground=Ground(ground.value),
            country=one.country,
            debtor=one.kind,
            since=entry.since,
            until=entry.until,
        )
    except (NoSuchHold, HoldTooLong, ValueError):
        return None
    if hold.ends is None:
        return None
    return at_local(day=hold.ends + timedelta(days=1), clock=time(0), zone=AGENCY_ZONE)
