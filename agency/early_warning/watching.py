"""Weighing the debtors of all creditors, a chunk in one transaction; nothing else follows from it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.early_warning.facts import KnownDebtor, facts_of, next_debtors
from agency.events import DebtorNeedsAttention
from agency.kernel.emitting import emit
from agency.kernel.locks import single
from agency.kernel.unit import Unit
from agency.rules.early_warning import EarlyWarning, Level, assess_debtor

NOBODY: Final = (UUID(int=0), UUID(int=0))
"""Before the first debtor."""
CHUNK: Final = 2_000

_KEYS: Final = "unnest(CAST(:creditors AS uuid[]), CAST(:debtors AS uuid[])) AS k(creditor_id, debtor_id)"
_BEFORE: Final = text(
    f"SELECT w.debtor_id, w.level FROM debtor_warning w JOIN {_KEYS} USING (creditor_id, debtor_id)"
)
_KEEP: Final = text(
    "INSERT INTO debtor_warning (creditor_id, id, debtor_id, level, points, careful, signs, actions,"
    " facts, owed,"
    " open_claims, rule_version, since, assessed_at)"
    " SELECT w.creditor_id, uuidv7(), w.debtor_id, w.level, w.points, w.careful, w.signs, w.actions,"
    " w.facts, w.owed,"
    "  w.open_claims, w.rule_version, :today, :now"
    " FROM jsonb_to_recordset(CAST(:warnings AS jsonb)) AS w(creditor_id uuid, debtor_id uuid, level text,"
    "  points int, careful boolean, signs jsonb, actions jsonb, facts jsonb, owed jsonb, open_claims int,"
    "  rule_version text)"
    " ON CONFLICT (creditor_id, debtor_id) DO UPDATE SET since = CASE WHEN debtor_warning.level ="
    " excluded.level"
    "  THEN debtor_warning.since ELSE excluded.since END, level = excluded.level, points = excluded.points,"
    "  careful = excluded.careful, signs = excluded.signs, actions = excluded.actions, facts ="
    " excluded.facts,"
    "  owed = excluded.owed, open_claims = excluded.open_claims, rule_version = excluded.rule_version,"
    "  assessed_at = excluded.assessed_at"
)
_DROP: Final = text(
    f"DELETE FROM debtor_warning w USING {_KEYS} WHERE w.creditor_id = k.creditor_id AND w.debtor_id"
    " = k.debtor_id"
)


def weigh_debtors(
    unit: Unit, *, after: tuple[UUID, UUID] = NOBODY, chunk: int = CHUNK
) -> tuple[UUID, UUID] | None:
    """This function will weigh the next debtors behind one and keep who asks for attention.

    :param after: the key (creditor, debtor) behind which to go on.
    :returns: the key of the last debtor, to go on behind; None when there are no more.
    :raises AlreadyRunning: another transaction weighs them.
    """
    single(unit, "early_warning")
    unit.allow_long_statements()
    keys = next_debtors(unit, after=after, chunk=chunk)
    if not keys:
        return None
    found = [
        (known, warning)
        for known in facts_of(unit, keys)
        if (warning := assess_debtor(known.facts, on=unit.today)) is not None
    ]
    _keep(unit, keys, found)
    return keys[-1] if len(keys) == chunk else None


def _keep(
    unit: Unit, keys: Sequence[tuple[UUID, UUID]], found: Sequence[tuple[KnownDebtor, EarlyWarning]]
) -> None:
    connection = unit.session.connection()
    before = {row.debtor_id: row.level for row in connection.execute(_BEFORE, _columns(keys))}
    warned = {known.debtor_id for known, _ in found}
    calm = [key for key in keys if key[1] in before and key[1] not in warned]
    if calm:
        connection.execute(_DROP, _columns(calm))
    if found:
        rows = json.dumps([_row(known, warning) for known, warning in found], default=str)
        connection.execute(_KEEP, {"warnings": rows, "today": unit.today, "now": unit.now})
    emit(
        unit,
        *(
            DebtorNeedsAttention(creditor_id=known.creditor_id, claim_id=known.oldest, points=warning.points)
            for known, warning in found
            if warning.level is Level.act and before.get(known.debtor_id) != Level.act
        ),
    )


def _columns(keys: Sequence[tuple[UUID, UUID]]) -> dict[str, Any]:
    return {"creditors": [creditor for creditor, _ in keys], "debtors": [debtor for _, debtor in keys]}


def _row(known: KnownDebtor, warning: EarlyWarning) -> dict[str, Any]:
    return {
        "creditor_id": known.creditor_id, "debtor_id": known.debtor_id, "open_claims": known.open_claims,
        "owed": known.owed, "facts": asdict(known.facts), "level": warning.level, "points": warning.points,
        "careful": warning.careful, "signs": [asdict(sign) for sign in warning.signs],
        "actions": list(warning.actions), "rule_version": warning.version,
    }  # fmt: skip
