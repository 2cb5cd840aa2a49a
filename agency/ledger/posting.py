"""The one door into the ledger: balanced transactions, posted once per key, corrected by reversal only.

`effective_on` is the day the fact belongs to (a value date), `booked_on` the day it was written: a fact
of a closed month is booked in the open one and keeps its own date.
"""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.errors import Conflict, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.transaction import Leg, Posting, Unbalanced, refuse_unbalanced
from agency.money import Money

__all__ = [
    "AlreadyReversed",
    "KeyReused",
    "Leg",
    "Posting",
    "Unbalanced",
    "post",
    "post_many",
    "post_openings",
    "reverse",
]


class KeyReused(Conflict):
    """The key of an earlier posting was used again for something else."""


class AlreadyReversed(Conflict):
    """The transaction was taken back before; a second reversal would book the money twice."""


# All of it in one statement, the legs only of transactions whose key was new; a leg is [account, minor units,
# currency, claim]. Accounts are made on first use, in key order so that two bulk postings never wait for each
# other in a circle.
_POST = text(
    "WITH given AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(CAST(:transactions AS jsonb))"
    "  AS t(creditor_id uuid, id uuid, book text, kind text, source_key text, content_sha256 text,"
    "  effective_on date, memo text, reverses_id uuid, legs jsonb)),"
    " accounts AS (INSERT INTO ledger_account (creditor_id, code, book)"
    "  SELECT l.creditor_id, l.code, l.book"
    "  FROM unnest(CAST(:creditors AS uuid[]), CAST(:codes AS text[]), CAST(:books AS text[]))"
    "   AS l(creditor_id, code, book)"
    "  WHERE NOT EXISTS (SELECT FROM ledger_account a"
    "   WHERE a.creditor_id = l.creditor_id AND a.code = l.code)"
    "  ORDER BY 1, 2 ON CONFLICT DO NOTHING),"
    " fresh AS (INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256,"
    "  booked_on, effective_on, at, by, memo, reverses_id)"
    "  SELECT creditor_id, id, book, kind, source_key, content_sha256, :today, effective_on, :now, :by, memo,"
    "  reverses_id FROM given ORDER BY creditor_id, book, kind, source_key"
    "  ON CONFLICT (creditor_id, book, kind, source_key) DO NOTHING RETURNING id),"
    " entries AS (INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor,"
    "  currency, claim_id)"
    "  SELECT g.creditor_id, g.id, l.line, l.leg->>0, (l.leg->>1)::bigint, l.leg->>2, (l.leg->>3)::uuid"
    "  FROM fresh JOIN given g USING (id), jsonb_array_elements(g.legs) WITH ORDINALITY AS l(leg, line))"
    " SELECT id FROM fresh"
)
_EARLIER = text(
    "SELECT t.id, t.content_sha256, k.position FROM jsonb_to_recordset(CAST(:keys AS jsonb))"
    " AS k(position int, creditor_id uuid, book text, kind text, source_key text)"
    " JOIN ledger_transaction t USING (creditor_id, book, kind, source_key)"
)


def post(
    unit: Unit,
    *,
    creditor_id: UUID,
    book: Book | str,
    kind: str,
    source_key: str,
    legs: Sequence[Leg],
    effective_on: date,
    memo: str = "",
) -> UUID:
    """This function will post one transaction and return its id; the same key and content again is a no-op.

    Legs of nothing are left out.

    :raises KeyReused: the key stands with other content.
    :raises Unbalanced: the legs do not add up to zero.
    :raises UnknownAccount: a leg names an account outside the chart or the book.
    """
    posting = Posting(
        creditor_id=creditor_id,
        book=Book(book),
        kind=kind,
        source_key=source_key,
        legs=tuple(leg for leg in legs if leg.amount),
        effective_on=effective_on,
        memo=memo,
    )
    return post_many(unit, [posting])[0]


def post_many(unit: Unit, postings: Sequence[Posting]) -> list[UUID]:
    """This function will post many transactions in one statement, whatever their number.

    :returns: their ids in the order given; the earlier id where a key already stood with the same content.
    :raises KeyReused, Unbalanced, UnknownAccount: see `post`; then none is posted.
    """
    if not postings:
        return []
    for posting in postings:
        refuse_unbalanced(posting)
    ids = [new_id() for _ in postings]
    named = {
        (posting.creditor_id, leg.account, posting.book.value) for posting in postings for leg in posting.legs
    }
    creditors, codes, books = map(list, zip(*named, strict=True))
    rows = [_row(posting, id_) for posting, id_ in zip(postings, ids, strict=True)]
    posted = unit.session.connection().execute(
        _POST,
        {
            "creditors": creditors,
            "codes": codes,
            "books": books,
            "transactions": json.dumps(rows),
            "today": unit.today,
            "now": unit.now,
            "by": unit.by,
        },
    )
    fresh = {row.id for row in posted}
    return ids if len(fresh) == len(ids) else _with_earlier(unit, postings, ids, fresh)


def reverse(
    unit: Unit,
    *,
    creditor_id: UUID,
    transaction_id: UUID,
    source_key: str,
    why: str,
    effective_on: date | None = None,
) -> UUID:
    """This function will post the exact opposite of a transaction, effective today unless told otherwise.

    :raises NotFound: the creditor has no such transaction.
    :raises AlreadyReversed: another key took it back before.
    """
    original = _read(unit, creditor_id, transaction_id)
    taken_back_by = (
        unit.session.connection()
        .execute(
            text(
                "SELECT source_key FROM ledger_transaction WHERE creditor_id = :c AND reverses_id = :id"
                " AND source_key <> :key"
            ),
            {"c": creditor_id, "id": transaction_id, "key": source_key},
        )
        .scalar_one_or_none()
    )
    if taken_back_by is not None:
        raise AlreadyReversed("this transaction was already reversed")
    posting = original.opposite(
        transaction_id=transaction_id,
        source_key=source_key,
        effective_on=effective_on or unit.today,
        memo=why,
    )
    return post_many(unit, [posting])[0]


_OPEN_CLAIMS = (
    "WITH opened AS MATERIALIZED (SELECT creditor_id, id, currency, principal_minor, uuidv7() AS posting,"
    " (created_at AT TIME ZONE 'Europe/Amsterdam')::date AS opened_on FROM claim"
    " WHERE creditor_id = :c AND (id = ANY(:claims) OR placement_id = :placement AND state = 'active')),"
)


def post_openings(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_ids: Sequence[UUID] | None = None,
    placement_id: UUID | None = None,
) -> int:
    """This function will book the principal of claims as owed, in one statement for all of them.

    Claims that were opened before are left alone.

    :param placement_id: a placement, whose accepted claims are meant.
    :returns: how many were opened.
    """
    if claim_ids is None and placement_id is None:
        raise ValueError("post_openings needs claims or a placement")
    chosen = {"c": creditor_id, "claims": list(claim_ids or ()), "placement": placement_id}
    connection = unit.session.connection()
    connection.execute(
        text(
            "INSERT INTO ledger_account (creditor_id, code, book) VALUES (:c, 'claims.control', 'claims'),"
            " (:c, 'claims.principal', 'claims') ON CONFLICT DO NOTHING"
        ),
        {"c": creditor_id},
    )
    opened = connection.execute(
        text(
            _OPEN_CLAIMS
            + " fresh AS (INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key,"
            " content_sha256, booked_on, effective_on, at, by, memo)"
            " SELECT creditor_id, posting, 'claims', 'opening', 'claim:' || id, encode(sha256(convert_to("
            "  'claims|opening|' || opened_on || '||claims.principal:' || principal_minor || ':' || currency"
            "  || ':' || id || ';claims.control:-' || principal_minor || ':' || currency || ':' || id,"
            "  'UTF8')), 'hex'), :today, opened_on, :now, :by, '' FROM opened ORDER BY id"
            " ON CONFLICT (creditor_id, book, kind, source_key) DO NOTHING RETURNING id)"
            " INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor, currency,"
            " claim_id)"
            " SELECT o.creditor_id, o.posting, s.line, s.account, s.sign * o.principal_minor, o.currency,"
            " o.id FROM opened o, (VALUES (1, 'claims.principal', 1), (2, 'claims.control', -1))"
            "  AS s(line, account, sign)"
            # Asked of a set, not joined: a join could look for each among all, where sizes are misjudged.
            " WHERE (o.posting IN (SELECT id FROM fresh)) IS TRUE"
        ),
        {**chosen, "today": unit.today, "now": unit.now, "by": unit.by},
    )
    return opened.rowcount // 2


def _row(posting: Posting, transaction_id: UUID) -> dict[str, Any]:
    return {
        "creditor_id": str(posting.creditor_id),
        "id": str(transaction_id),
        "book": posting.book,
        "kind": posting.kind,
        "source_key": posting.source_key,
        "content_sha256": posting.content_sha256(),
        "effective_on": posting.effective_on.isoformat(),
        "memo": posting.memo,
        "reverses_id": str(posting.reverses_id) if posting.reverses_id else None,
        "legs": [
            [leg.account, leg.amount.minor, leg.amount.currency, str(leg.claim_id) if leg.claim_id else None]
            for leg in posting.legs
        ],
    }


def _with_earlier(unit: Unit, postings: Sequence[Posting], ids: list[UUID], fresh: set[UUID]) -> list[UUID]:
    """Replace the ids of keys that already stood, after comparing what stands under them."""
    keys = [
        {
            "position": position,
            "creditor_id": str(posting.creditor_id),
            "book": posting.book,
            "kind": posting.kind,
            "source_key": posting.source_key,
        }
        for position, posting in enumerate(postings)
        if ids[position] not in fresh
    ]
    for row in unit.session.connection().execute(_EARLIER, {"keys": json.dumps(keys)}):
        posting = postings[row.position]
        if row.content_sha256 != posting.content_sha256():
            raise KeyReused(f"{posting.kind} {posting.source_key} was posted before with other content")
        ids[row.position] = row.id
    return ids


def _read(unit: Unit, creditor_id: UUID, transaction_id: UUID) -> Posting:
    rows = (
        unit.session.connection()
        .execute(
            text(
                "SELECT t.book, t.kind, t.source_key, t.effective_on, t.memo, e.account, e.amount_minor,"
                " e.currency, e.claim_id FROM ledger_transaction t JOIN ledger_entry e"
                " ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id"
                " WHERE t.creditor_id = :c AND t.id = :id ORDER BY e.line"
            ),
            {"c": creditor_id, "id": transaction_id},
        )
        .all()
    )
    if not rows:
        raise NotFound("no such transaction")
    head = rows[0]
    return Posting(
        creditor_id=creditor_id,
        book=Book(head.book),
        kind=head.kind,
        source_key=head.source_key,
        legs=tuple(Leg(row.account, Money(row.amount_minor, row.currency), row.claim_id) for row in rows),
        effective_on=head.effective_on,
        memo=head.memo,
    )
