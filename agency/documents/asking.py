"""Asking a creditor for what must be known before the first contact: one request per claim, item by item.

What is needed is data (`missing_information.toml`). A blocking item holds its claim; each item is solved by
the fact itself, whoever brings it; when the term passes, the table says whether work starts without it or the
claim goes back. All of it is set-based: a placement of a hundred thousand claims is a few statements.
"""

import json
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.amending import tell_subject
from agency.claims.holds import lift_hold
from agency.claims.lifecycle import claim_to_change, move
from agency.claims.states import ClaimState, HoldGround
from agency.documents.waiting import RequestState
from agency.events import (
    DocumentAdded,
    DocumentRemoved,
    InformationAsked,
    InformationExpired,
    InformationSolved,
    QuoteAccepted,
)
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.rules.tables import read_table

_TABLE: Final = "missing_information"
# The facts that an item asks for; `item` and `any_of` come from a row of the table or of the request.
_KNOWN: Final = (
    "CASE WHEN r.item = 'contact' THEN"
    "  (coalesce(d.street, '') <> '' AND coalesce(d.postal_code, '') <> '' AND coalesce(d.city, '') <> '')"
    "  OR EXISTS (SELECT 1 FROM contact_point p WHERE p.creditor_id = c.creditor_id"
    "   AND p.debtor_id = c.debtor_id AND p.state = 'usable')"
    " WHEN r.item IN ('agreement', 'bought') THEN c.description ~ '[[:alpha:]]'"
    "  AND (r.item = 'bought' OR c.contract_on IS NOT NULL)"
    "  AND NOT EXISTS (SELECT 1 FROM invoice v WHERE v.creditor_id = c.creditor_id AND v.claim_id = c.id"
    "   AND v.number = c.description)"
    " ELSE EXISTS (SELECT 1 FROM document f WHERE f.creditor_id = c.creditor_id AND f.claim_id = c.id"
    "  AND r.any_of ? f.kind) END"
)
_RULES: Final = (
    "jsonb_to_recordset(CAST(:rules AS jsonb)) AS r(item text, countries jsonb, debtors jsonb, above bigint,"
    " any_of jsonb, blocking boolean, on_expiry text)"
)
_ASK = text(
    "WITH lacking AS MATERIALIZED (SELECT c.id AS claim_id, r.item, r.blocking, r.on_expiry FROM claim c"
    f" JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id CROSS JOIN {_RULES}"
    " WHERE c.creditor_id = :c AND c.placement_id = :p AND c.state = 'active' AND r.debtors ? d.kind"
    " AND coalesce(r.countries ? d.country, true)"
    f" AND c.principal_minor >= r.above AND NOT ({_KNOWN})"
    " AND NOT EXISTS (SELECT 1 FROM information_request q WHERE q.creditor_id = c.creditor_id"
    "  AND q.claim_id = c.id)),"
    # Gathered, not joined again: a join could look for each claim among all, where sizes are misjudged.
    " wanted AS MATERIALIZED (SELECT uuidv7() AS id, claim_id, array_agg(item) AS items,"
    "  array_agg(blocking) AS blockings, array_agg(on_expiry) AS expiries FROM lacking GROUP BY claim_id),"
    " asked AS (INSERT INTO information_request (creditor_id, id, claim_id, state, rule_version, asked_at,"
    "  due_on) SELECT :c, id, claim_id, 'open', :version, :now, :due FROM wanted RETURNING id),"
    " items AS (INSERT INTO information_item (creditor_id, id, request_id, item, blocking, on_expiry)"
    "  SELECT :c, uuidv7(), wanted.id, u.item, u.blocking, u.on_expiry FROM wanted,"
    "  unnest(items, blockings, expiries) AS u(item, blocking, on_expiry)),"
    " held AS (INSERT INTO hold (creditor_id, id, claim_id, ground, note, by, starts_at, ends_at, facts)"
    "  SELECT :c, uuidv7(), claim_id, :ground, '', :by, :now,"
    "   CASE WHEN bool_and(on_expiry = 'start') THEN CAST(:ends AS timestamptz) END,"
    "   jsonb_build_object('items', jsonb_agg(item ORDER BY item))"
    "  FROM lacking WHERE blocking GROUP BY claim_id)"
    " SELECT count(*) FROM asked"
)
_SOLVE = text(
    "UPDATE information_item i SET solved_at = :now, solved_by = :by"
    " FROM information_request q JOIN claim c ON c.creditor_id = q.creditor_id AND c.id = q.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    f" CROSS JOIN {_RULES}"
    " WHERE i.solved_at IS NULL AND q.creditor_id = i.creditor_id AND q.id = i.request_id"
    " AND q.state = 'open' AND r.item = i.item AND (CAST(:c AS uuid) IS NULL OR q.creditor_id = :c)"
    f" AND (CAST(:claim AS uuid) IS NULL OR q.claim_id = :claim) AND ({_KNOWN})"
)
_REOPEN = text(
    "UPDATE information_item i SET solved_at = NULL, solved_by = NULL"
    " FROM information_request q JOIN claim c ON c.creditor_id = q.creditor_id AND c.id = q.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    f" CROSS JOIN {_RULES}"
    " WHERE i.solved_at IS NOT NULL AND q.creditor_id = i.creditor_id AND q.id = i.request_id"
    f" AND q.state = 'open' AND r.item = i.item AND q.creditor_id = :c AND q.claim_id = :claim"
    f" AND NOT ({_KNOWN})"
)
_FINISHED = text(
    "SELECT q.creditor_id, q.id, q.claim_id,"
    " NOT EXISTS (SELECT 1 FROM information_item i WHERE i.creditor_id = q.creditor_id"
    "  AND i.request_id = q.id AND i.solved_at IS NULL) AS solved,"
    " NOT EXISTS (SELECT 1 FROM information_item i WHERE i.creditor_id = q.creditor_id"
    "  AND i.request_id = q.id AND i.solved_at IS NULL AND i.blocking) AS unblocked,"
    " c.state AS claim_state FROM information_request q"
    " JOIN claim c ON c.creditor_id = q.creditor_id AND c.id = q.claim_id"
    " WHERE q.state = 'open' AND (CAST(:c AS uuid) IS NULL OR q.creditor_id = :c)"
    " AND (CAST(:claim AS uuid) IS NULL OR q.claim_id = :claim)"
    " AND (c.state <> 'active' OR NOT EXISTS (SELECT 1 FROM information_item i"
    "  WHERE i.creditor_id = q.creditor_id AND i.request_id = q.id AND i.solved_at IS NULL AND i.blocking))"
    " ORDER BY q.creditor_id, q.id FOR UPDATE OF q"
)
_EXPIRED = text(
    "SELECT q.creditor_id, q.id, q.claim_id, (SELECT bool_or(i.on_expiry = 'return' AND i.blocking)"
    "  FROM information_item i WHERE i.creditor_id = q.creditor_id AND i.request_id = q.id"
    "  AND i.solved_at IS NULL) AS returned FROM information_request q"
    " WHERE q.state = 'open' AND q.due_on < :today ORDER BY q.creditor_id, q.id LIMIT :limit"
    " FOR UPDATE OF q SKIP LOCKED"
)
# Every claim of which the same is asked: an energy company sells all its customers energy.
_TELL_ALL = text(
    "UPDATE claim c SET description = :subject FROM information_request q JOIN information_item i"
    " ON i.creditor_id = q.creditor_id AND i.request_id = q.id"
    " WHERE c.creditor_id = :c AND q.creditor_id = :c AND q.claim_id = c.id AND q.state = 'open'"
    " AND i.item = 'bought' AND i.solved_at IS NULL AND c.state = 'active'"
)
_CLOSE = text(
    "UPDATE information_request SET state = :state, closed_at = :now WHERE creditor_id = :c AND id = :id"
)
_HOLDS = text(
    "SELECT id FROM hold WHERE creditor_id = :c AND claim_id = :claim AND ground = :ground"
    " AND lifted_at IS NULL"
)
_LISTED = text(
    "SELECT q.id, q.claim_id, q.state, q.asked_at, q.due_on, q.closed_at, c.number, c.reference, c.currency,"
    " c.principal_minor, d.name AS debtor,"
    " (SELECT jsonb_agg(jsonb_build_object('item', i.item, 'blocking', i.blocking, 'on_expiry', i.on_expiry,"
    "   'solved_at', i.solved_at) ORDER BY i.blocking DESC, i.item) FROM information_item i"
    "  WHERE i.creditor_id = q.creditor_id AND i.request_id = q.id) AS items"
    " FROM information_request q JOIN claim c ON c.creditor_id = q.creditor_id AND c.id = q.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE q.creditor_id = :c AND (CAST(:claim AS uuid) IS NULL OR q.claim_id = :claim)"
    " AND (NOT :open OR q.state = 'open')"
    " AND (CAST(:after AS uuid) IS NULL OR (q.due_on, q.id) > (SELECT x.due_on, x.id"
    "  FROM information_request x WHERE x.creditor_id = :c AND x.id = :after))"
    " ORDER BY q.due_on, q.id LIMIT :limit"
)


def _rules() -> dict[str, Any]:
    return {"rules": json.dumps(read_table(_TABLE)["needed"], default=str)}


def ask_missing(unit: Unit, *, creditor_id: UUID, placement_id: UUID) -> int:
    """This function will ask for what an accepted placement's claims lack, hold those that cannot start, and
    return how many claims are asked about. A claim is asked about once.
    """
    table = read_table(_TABLE)
    due_on = unit.today + timedelta(days=table["term_days"])
    asked: int = (
        unit.session.connection()
        .execute(
            _ASK,
            {
                **_rules(),
                "c": creditor_id,
                "p": placement_id,
                "version": table["version"],
                "now": unit.now,
                "by": unit.by,
                "due": due_on,
                "ends": datetime.combine(due_on + timedelta(days=1), time(), tzinfo=AGENCY_ZONE),
                "ground": HoldGround.MISSING_INFORMATION.value,
            },
        )
        .scalar_one()
    )
    if asked:
        emit(unit, InformationAsked(creditor_id=creditor_id, claims=asked, due_on=due_on.isoformat()))
    return asked


def solve(unit: Unit, *, creditor_id: UUID | None = None, claim_id: UUID | None = None) -> int:
    """This function will tick off every item whose fact is there now, close what is complete, lift its holds,
    and return how many requests were closed. Without a creditor it looks at all that the door shows.
    """
    chosen = {"c": creditor_id, "claim": claim_id}
    connection = unit.session.connection()
    connection.execute(_SOLVE, {**_rules(), **chosen, "now": unit.now, "by": unit.by})
    closed = 0
    for row in connection.execute(_FINISHED, chosen).all():
        if row.claim_state != ClaimState.ACTIVE:
            _close(unit, row, RequestState.WITHDRAWN)
            closed += 1
        elif row.solved:
            _close(unit, row, RequestState.SOLVED)
            emit(
                unit, InformationSolved(creditor_id=row.creditor_id, claim_id=row.claim_id, request_id=row.id)
            )
            closed += 1
        elif _lift(unit, row.creditor_id, row.claim_id):
            # What is still asked does not keep the debtor waiting.
            emit(
                unit, InformationSolved(creditor_id=row.creditor_id, claim_id=row.claim_id, request_id=row.id)
            )
    return closed


def tell_bought(unit: Unit, *, creditor_id: UUID, claim_id: UUID, subject: str, everywhere: bool) -> int:
    """This function will say what was bought or done, of a claim or of all of which that is asked, tick it
    off, and return how many claims were described.

    :raises NotFound: this creditor has no such claim.
    :raises Conflict: the claim is closed.
    :raises Invalid: there are no words, or they are only a number.
    """
    claim = tell_subject(unit, creditor_id=creditor_id, claim_id=claim_id, subject=subject)
    told = 1
    if everywhere:
        values = {"c": creditor_id, "subject": claim.description}
        told = unit.session.connection().execute(_TELL_ALL, values).rowcount
        facts = {"subject": claim.description, "claims": told}
        record(
            unit, action="claim.subject_told_of_all", subject=f"creditor:{creditor_id}",
            creditor_id=creditor_id, facts=facts,
        )  # fmt: skip
    solve(unit, creditor_id=creditor_id, claim_id=None if everywhere else claim_id)
    return told


def expire(unit: Unit, *, limit: int = 500) -> int:
    """This function will close requests whose term has passed, as the table says, and return how many."""
    rows = unit.session.connection().execute(_EXPIRED, {"today": unit.today, "limit": limit}).all()
    for row in rows:
        outcome = RequestState.RETURNED if row.returned else RequestState.STARTED_WITHOUT
        _close(unit, row, outcome)
        if row.returned:
            claim = claim_to_change(unit, creditor_id=row.creditor_id, claim_id=row.claim_id)
            if claim.state == ClaimState.ACTIVE:
                move(
                    unit,
                    claim=claim,
                    to=ClaimState.WITHDRAWN,
                    why="information missing",
                    close_code="information_missing",
                )
        emit(
            unit,
            InformationExpired(
                creditor_id=row.creditor_id, claim_id=row.claim_id, request_id=row.id, outcome=outcome.value
            ),
        )
    return len(rows)


def requests_of(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID | None = None,
    only_open: bool = True,
    after: UUID | None = None,
    limit: int = 50,
) -> Sequence[Row[Any]]:
    """This function will return requests with their claim and items, the first due first."""
    values = {"c": creditor_id, "claim": claim_id, "open": only_open, "after": after, "limit": limit}
    return unit.session.connection().execute(_LISTED, values).all()


def open_requests(unit: Unit, *, creditor_id: UUID) -> Row[Any]:
    """This function will count a creditor's open requests: all, those that hold a claim, the first due."""
    return (
        unit.session.connection()
        .execute(
            text(
                "SELECT count(*) AS asked, count(*) FILTER (WHERE EXISTS (SELECT 1 FROM information_item i"
                " WHERE i.creditor_id = q.creditor_id AND i.request_id = q.id AND i.blocking"
                " AND i.solved_at IS NULL)) AS holding, min(due_on) AS first_due"
                " FROM information_request q WHERE q.creditor_id = :c AND q.state = 'open'"
            ),
            {"c": creditor_id},
        )
        .one()
    )


def ask_when_accepted(unit: Unit, event: QuoteAccepted) -> None:
    """This function will ask what an accepted placement lacks, before its treatment starts."""
    if event.placement_id is not None:
        ask_missing(unit, creditor_id=event.creditor_id, placement_id=event.placement_id)


def solve_when_documented(unit: Unit, event: DocumentAdded) -> None:
    """This function will tick off what a new document proves."""
    solve(unit, creditor_id=event.creditor_id, claim_id=event.claim_id)


def ask_again_when_removed(unit: Unit, event: DocumentRemoved) -> None:
    """This function will ask again for what a document proved that was in the wrong file."""
    values = {**_rules(), "c": event.creditor_id, "claim": event.claim_id}
    unit.session.connection().execute(_REOPEN, values)


def _close(unit: Unit, row: Row[Any], state: RequestState) -> None:
    unit.session.connection().execute(
        _CLOSE, {"c": row.creditor_id, "id": row.id, "state": state.value, "now": unit.now}
    )
    _lift(unit, row.creditor_id, row.claim_id)


def _lift(unit: Unit, creditor_id: UUID, claim_id: UUID) -> int:
    values = {"c": creditor_id, "claim": claim_id, "ground": HoldGround.MISSING_INFORMATION.value}
    holds = unit.session.connection().execute(_HOLDS, values).scalars().all()
    for hold_id in holds:
        lift_hold(unit, creditor_id=creditor_id, hold_id=hold_id)
    return len(holds)
