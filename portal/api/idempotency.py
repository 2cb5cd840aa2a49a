"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same request twice has one effect and one
answer; the key is kept in the transaction of the effect."""

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header
from sqlalchemy import text

from agency.kernel.errors import Conflict, Invalid
from agency.kernel.unit import Unit

NAMED: Final = "Idempotency-Key"
KEY_MAX: Final = 200
# Optional to the framework, which would answer 422 of its own; `once` refuses its absence, and the
# description tells that it must be sent.
Key = Annotated[str | None, Header(alias=NAMED)]


class KeyMissing(Invalid):
    """The request makes something and must carry a key."""

    status = 400
    code = "idempotency_key_missing"


class KeyReused(Invalid):
    """The key belongs to a request with another content."""

    code = "idempotency_key_reused"


class StillRunning(Conflict):
    """The first request with this key has not ended."""

    code = "idempotency_key_running"


def once(
    unit: Unit,
    *,
    creditor_id: UUID,
    key: str | None,
    asked: Any,
    effect: Callable[[], tuple[int, dict[str, Any]]],
) -> tuple[int, dict[str, Any]]:
    """This function will run an effect once per key and give every repetition the first answer.

    :param asked: the request as plain JSON, method and path included.
    :raises KeyMissing, KeyReused, StillRunning: nothing was done.
    """
    if not key or len(key) > KEY_MAX:
        raise KeyMissing(f"send an {NAMED} of at most {KEY_MAX} characters")
    sha256 = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    connection = unit.session.connection()
    free = connection.execute(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"idempotency:{creditor_id}:{key}"},
    ).scalar_one()
    if not free:
        raise StillRunning("the first request with this key is still running")
    known = connection.execute(
        text("SELECT request_sha256, status, body FROM idempotency WHERE creditor_id = :c AND key = :key"),
        {"c": creditor_id, "key": key},
    ).one_or_none()
    if known is not None:
        if known.request_sha256 != sha256:
            raise KeyReused("this key was used for another request")
        return known.status, _in_order(known.body)
    status, body = effect()
    connection.execute(
        text(
            "INSERT INTO idempotency (creditor_id, key, request_sha256, status, body, created_at)"
            " VALUES (:c, :key, :sha, :status, CAST(:body AS jsonb), :now)"
        ),
        {
            "c": creditor_id,
            "key": key,
            "sha": sha256,
            "status": status,
            "body": json.dumps(body),
            "now": unit.now,
        },
    )
    return status, _in_order(body)


def _in_order(body: dict[str, Any]) -> dict[str, Any]:
    """The database keeps no order of keys, and a repetition must be the same bytes."""
    return {name: body[name] for name in sorted(body)}
