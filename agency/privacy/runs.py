"""A run of erasing: proposed by the night, asked for by one person, approved by another."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from agency.calendar import add_years
from agency.events import ErasureRunChanged
from agency.kernel.audit import record
from agency.kernel.emitting import nudge
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.privacy.blanking import count_of
from agency.privacy.inventory import KIND_SPOTS
from agency.privacy.models import ErasureItem, ErasureRun, RunState
from agency.privacy.standing_of_claims import ClaimStanding, begun_ahead, claims_over
from agency.rules.retention import ANY, Kind, Verdict, due_on, last_begun, run_rules, terms_of
from agency.rules.trace import as_json

OPEN: Final = (RunState.PROPOSED, RunState.ASKED, RunState.RUNNING)
_COUNTRY: Final = text("SELECT lower(country) FROM creditor WHERE id = :house")
_INSERT: Final = text(
    "INSERT INTO erasure_item (run_id, place, kind, creditor_id, claim_id, debtor_id, label, border, due_on,"
    " state, trace, why, rows, files) SELECT :run, i.place, i.kind, i.creditor_id, i.claim_id, i.debtor_id,"
    " i.label, i.border, i.due_on, 'pending', i.trace, '[]', '{}', 0"
    " FROM jsonb_to_recordset(CAST(:items AS jsonb)) AS i(place integer, kind text, creditor_id uuid,"
    " claim_id uuid, debtor_id uuid, label text, border date, due_on date, trace jsonb)"
)


class RunNotOpen(Conflict):
    """The run is not where this can be done to it any more."""


class SamePerson(Conflict):
    """Who asked may not approve."""


@dataclass(frozen=True, slots=True)
class KindStanding:
    """A kind of data that goes by its own day: the last day that is over, and how many rows are due."""

    kind: Kind
    country: str
    border: date
    rows: int


def house_country(unit: Unit) -> str:
    """This function will return the country whose law the agency's own books are kept by, in lower case."""
    found = unit.session.connection().execute(_COUNTRY, {"house": HOUSE}).scalar_one_or_none()
    return found or "nl"


def kinds_over(unit: Unit, *, on: date) -> list[KindStanding]:
    """This function will count what is due of each kind that goes by its own day."""
    found = []
    for kind, spots in KIND_SPOTS.items():
        country = house_country(unit) if kind is Kind.BOOKS else ANY
        border = last_begun(kind=kind, country=country, on=on)
        values = {"border": border, "today": on}
        rows = sum(unit.session.connection().execute(count_of(one), values).scalar_one() for one in spots)
        found.append(KindStanding(kind, country, border, rows))
    return found


def months_ahead(unit: Unit, *, on: date) -> dict[date, dict[Kind, int]]:
    """This function will count the claims that fall due within a year, by month and kind.

    A month is its first day; what is due already stands under this month.
    """
    first = on.replace(day=1)
    last = add_years(first, 1)
    found: dict[date, dict[Kind, int]] = {}
    for row in begun_ahead(unit):
        kind = Kind(row.kind)
        month = max(due_on(kind=kind, country=row.law, begun=row.begun, on=on).replace(day=1), first)
        if month < last:
            counts = found.setdefault(month, {})
            counts[kind] = counts.get(kind, 0) + row.n
    return dict(sorted(found.items()))


def propose_run(unit: Unit) -> UUID | None:
    """This function will list what is due today and return the run; None when nothing is, or one waits.

    A proposal that nobody has asked for is overtaken by today's.
    """
    open_run = unit.session.exec(
        select(ErasureRun).where(col(ErasureRun.state).in_(OPEN)).with_for_update()
    ).one_or_none()
    if open_run is not None and open_run.state is not RunState.PROPOSED:
        return None
    on = unit.today
    limit = run_rules(on=on).claims_max
    claims = [one for one in claims_over(unit, on=on, limit=limit) if one.decision.verdict is Verdict.DUE]
    kinds = [one for one in kinds_over(unit, on=on) if one.rows]
    if open_run is not None:
        open_run.state, open_run.ended_at, open_run.ended_by = RunState.OVERTAKEN, unit.now, unit.by
        unit.session.flush()
    if not claims and not kinds:
        return None
    run = ErasureRun(as_of=on, items=len(claims) + len(kinds), proposed_at=unit.now, proposed_by=unit.by)
    try:
        with unit.session.begin_nested():
            unit.session.add(run)
    except IntegrityError:
        return None  # another scheduler was quicker
    items = [_kind_item(one, on) for one in kinds] + [_claim_item(one) for one in claims]
    listed = [{**one, "place": place} for place, one in enumerate(items, start=1)]
    unit.session.connection().execute(_INSERT, {"run": run.id, "items": json.dumps(listed, default=str)})
    _audit(unit, run, "proposed", items=run.items)
    return run.id


def run_of(unit: Unit, *, run_id: UUID, lock: bool = False) -> ErasureRun:
    """This function will return a run as it stands now.

    :raises NotFound: there is no such run.
    """
    found = unit.session.get(ErasureRun, run_id, populate_existing=True, with_for_update=lock)
    if found is None:
        raise NotFound("no such run")
    return found


def runs(unit: Unit, *, limit: int = 50) -> Sequence[ErasureRun]:
    """This function will return the runs, the latest first; proposals that were overtaken are left out."""
    return unit.session.exec(
        select(ErasureRun)
        .where(ErasureRun.state != RunState.OVERTAKEN)
        .order_by(col(ErasureRun.proposed_at).desc(), col(ErasureRun.id).desc())
        .limit(limit)
    ).all()


def items_of(unit: Unit, *, run_id: UUID) -> Sequence[ErasureItem]:
    """This function will return what a run is of, in its order."""
    return unit.session.exec(
        select(ErasureItem).where(ErasureItem.run_id == run_id).order_by(col(ErasureItem.place))
    ).all()


def ask_run(unit: Unit, *, run_id: UUID) -> None:
    """This function will ask a second person to approve a proposal; asking twice changes nothing.

    :raises NotFound, RunNotOpen: there is none, or it is past that.
    """
    run = run_of(unit, run_id=run_id, lock=True)
    if run.state is RunState.ASKED and run.asked_by == unit.by:
        return
    if run.state is not RunState.PROPOSED:
        raise RunNotOpen("this run is not a proposal any more; look at it again")
    run.state, run.asked_at, run.asked_by = RunState.ASKED, unit.now, unit.by
    unit.session.flush()
    _audit(unit, run, "asked")


def approve_run(unit: Unit, *, run_id: UUID) -> bool:
    """This function will approve a run as a second person and return whether it begins now.

    :returns: False when it was approved already; the caller has a job erase otherwise.
    :raises NotFound, RunNotOpen: there is none, or it is past that.
    :raises SamePerson: who asked may not approve.
    """
    run = run_of(unit, run_id=run_id, lock=True)
    if run.state in (RunState.RUNNING, RunState.DONE) and run.approved_by == unit.by:
        return False
    if run.state is not RunState.ASKED:
        raise RunNotOpen("this run does not wait for approval any more; look at it again")
    if run.asked_by == unit.by:
        raise SamePerson("somebody else than who asked approves it")
    run.state, run.approved_at, run.approved_by = RunState.RUNNING, unit.now, unit.by
    unit.session.flush()
    _audit(unit, run, "approved")
    return True


def stop_run(unit: Unit, *, run_id: UUID, why: str) -> None:
    """This function will refuse a run that was not approved, or cancel one that runs after its present item.

    What was erased stays erased and stands in the certificate.

    :raises NotFound: there is no such run.
    :raises Invalid: no reason is given.
    """
    run = run_of(unit, run_id=run_id, lock=True)
    if run.state not in OPEN:
        return
    if not why.strip():
        raise Invalid("say why", field="why")
    running = run.state is RunState.RUNNING
    run.state = RunState.CANCELLED if running else RunState.REFUSED
    run.ended_at, run.ended_by, run.why = unit.now, unit.by, why.strip()
    unit.session.flush()
    _audit(unit, run, run.state.value)


def tell_run(unit: Unit, run_id: UUID) -> None:
    """This function will have open pages of a run read again."""
    nudge(unit, [ErasureRunChanged(creditor_id=HOUSE, run_id=run_id)])


def _claim_item(one: ClaimStanding) -> dict[str, Any]:
    return {
        "kind": one.kind, "creditor_id": one.creditor_id, "claim_id": one.claim_id,
        "debtor_id": one.debtor_id,
        "label": one.number, "border": one.begun, "due_on": one.decision.due_on,
        "trace": as_json(one.decision.trace),
    }  # fmt: skip


def _kind_item(one: KindStanding, on: date) -> dict[str, Any]:
    term = terms_of(kind=one.kind, country=one.country, on=on)[0]
    return {
        "kind": one.kind, "creditor_id": None, "claim_id": None, "debtor_id": None, "label": one.kind,
        "border": one.border, "due_on": on,
        "trace": [{
            "rule": f"{one.country}.retention.{one.kind}.{term.key}", "version": term.since,
            "source": term.source, "outcome": "retention.up_to", "amount": None,
            "inputs": {"kind": one.kind, "months": str(term.months), "border": one.border.isoformat()},
        }],
    }  # fmt: skip


def _audit(unit: Unit, run: ErasureRun, what: str, **facts: Any) -> None:
    record(unit, action=f"erasure.{what}", subject=f"erasure_run:{run.id}", creditor_id=HOUSE, facts=facts)
    tell_run(unit, run.id)
