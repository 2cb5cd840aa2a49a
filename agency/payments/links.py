"""Pay links: 128 random bits that open one claim's page, kept as SHA-256, with an end and a second fact."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from agency.claims.itemisation import ClaimKey
from agency.kernel.audit import record
from agency.kernel.errors import Gone, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit

TOKEN_BYTES = 16
FAILED_CHECKS_MAX = 5
VALID = timedelta(days=90)

_ISSUE = text(
    "INSERT INTO pay_link (creditor_id, id, created_at, claim_id, token_sha256, expires_at, failed_checks)"
    " SELECT l.creditor_id, l.id, :now, l.claim_id, l.token_sha256, :expires_at, 0"
    " FROM jsonb_to_recordset(CAST(:links AS jsonb))"
    " AS l(creditor_id uuid, id uuid, claim_id uuid, token_sha256 text)"
)


class LinkUnusable(NotFound):
    """The link is unknown, too old, taken back, or was locked after too many wrong answers."""


@dataclass(frozen=True, slots=True)
class ResolvedLink:
    """Whose page a link opens, and how often its second fact was answered wrongly."""

    link_id: UUID
    creditor_id: UUID
    claim_id: UUID
    debtor_id: UUID
    failed_checks: int

    @property
    def checks_left(self) -> int:
        """How many wrong answers lock the link."""
        return max(0, FAILED_CHECKS_MAX - self.failed_checks)


def issue_link(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> str:
    """This function will make a link to a claim's page and return its token, which is not kept anywhere."""
    return issue_links(unit, keys=[(creditor_id, claim_id)])[creditor_id, claim_id]


def issue_links(unit: Unit, *, keys: Sequence[ClaimKey]) -> dict[ClaimKey, str]:
    """This function will make a link per claim in one statement and return the tokens."""
    tokens = {key: secrets.token_urlsafe(TOKEN_BYTES) for key in keys}
    rows = [
        {
            "creditor_id": str(creditor_id),
            "id": str(new_id()),
            "claim_id": str(claim_id),
            "token_sha256": token_sha256(token),
        }
        for (creditor_id, claim_id), token in tokens.items()
    ]
    if rows:
        values = {"links": json.dumps(rows), "now": unit.now, "expires_at": unit.now + VALID}
        unit.session.connection().execute(_ISSUE, values)
    return tokens


def token_sha256(token: str) -> str:
    """This function will return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def resolve_link(unit: Unit, token: str) -> ResolvedLink:
    """This function will tell whose page a token opens, before anybody is known (the gate's door).

    :raises LinkUnusable: whatever is wrong with it; from outside all cases look the same.
    :raises Gone: its claim was closed long ago, and what was personal in it erased.
    """
    row = unit.session.connection().execute(
        text(
            "SELECT l.id, l.creditor_id, l.claim_id, c.debtor_id, l.failed_checks, c.erased_at"
            " FROM pay_link l"
            " JOIN claim c ON c.creditor_id = l.creditor_id AND c.id = l.claim_id"
            " WHERE l.token_sha256 = :sha AND (c.erased_at IS NOT NULL OR (l.revoked_at IS NULL"
            " AND l.expires_at > :now AND l.failed_checks < :most))"
        ),
        {"sha": token_sha256(token), "now": unit.now, "most": FAILED_CHECKS_MAX},
    )
    found = row.one_or_none()
    if found is None:
        raise LinkUnusable("this link does not work any more; ask for a new one")
    *link, erased_at = found
    if erased_at is not None:
        raise Gone("this claim is closed; you do not have to do anything")
    return ResolvedLink(*link)


def asks_postal_code(unit: Unit, *, link: ResolvedLink) -> bool:
    """This function will tell whether the second fact is the debtor's postal code; without one it is the
    creditor's number for him or for this claim."""
    return not isinstance(_known(unit, link), tuple)


def _known(unit: Unit, link: ResolvedLink) -> str | tuple[str, ...]:
    """The postal code, or the numbers of which each is right."""
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT d.postal_code, d.reference AS of_debtor, c.reference AS of_claim FROM claim c"
                " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
                " WHERE c.creditor_id = :c AND c.id = :claim"
            ),
            {"c": link.creditor_id, "claim": link.claim_id},
        )
        .one()
    )
    if row.postal_code and _plain(row.postal_code):
        return str(row.postal_code)
    return tuple(number for number in (row.of_debtor, row.of_claim) if number and _plain(number))


def check_second_fact(unit: Unit, *, link: ResolvedLink, answer: str) -> bool:
    """This function will compare an answer with the debtor's postal code (without one, the creditor's numbers
    for him and the claim) and count a wrong one. The count must be kept, so a wrong answer does not raise.

    The count goes up in the database before the answer is looked at, so that parallel guesses cannot
    outnumber the limit.
    """
    guessed = unit.session.connection().execute(
        text(
            "UPDATE pay_link SET failed_checks = failed_checks + 1 WHERE creditor_id = :c AND id = :id"
            " AND failed_checks < :most RETURNING failed_checks"
        ),
        {"c": link.creditor_id, "id": link.link_id, "most": FAILED_CHECKS_MAX},
    )
    if guessed.one_or_none() is None:
        return False
    known = _known(unit, link)
    given = _plain(answer).encode()
    numbers = (known,) if isinstance(known, str) else known
    right = any(hmac.compare_digest(given, _plain(one).encode()) for one in numbers)
    if right:
        unit.session.connection().execute(
            text(
                "UPDATE pay_link SET failed_checks = 0, opened_at = coalesce(opened_at, :now)"
                " WHERE creditor_id = :c AND id = :id"
            ),
            {"c": link.creditor_id, "id": link.link_id, "now": unit.now},
        )
    return right


def is_about_person(unit: Unit, *, link: ResolvedLink, answer: str) -> bool:
    """This function will tell whether a right answer proves who the debtor is: his postal code, or the
    creditor's number for him. The number of one claim proves that claim alone."""
    row = (
        unit.session.connection()
        .execute(
            text("SELECT postal_code, reference FROM debtor WHERE creditor_id = :c AND id = :debtor"),
            {"c": link.creditor_id, "debtor": link.debtor_id},
        )
        .one()
    )
    known = {_plain(one) for one in (row.postal_code, row.reference) if one} - {""}
    return _plain(answer) in known


def open_links(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> int:
    """This function will count the links that open a claim's page today."""
    counted: int = (
        unit.session.connection()
        .execute(
            text(
                "SELECT count(*) FROM pay_link WHERE creditor_id = :c AND claim_id = :claim"
                " AND revoked_at IS NULL AND expires_at > :now AND failed_checks < :most"
            ),
            {"c": creditor_id, "claim": claim_id, "now": unit.now, "most": FAILED_CHECKS_MAX},
        )
        .scalar_one()
    )
    return counted


def revoke_links(unit: Unit, *, creditor_id: UUID, claim_id: UUID, why: str) -> int:
    """This function will make every link of a claim useless at once and return how many there were."""
    revoked = unit.session.connection().execute(
        text(
            "UPDATE pay_link SET revoked_at = :now WHERE creditor_id = :c AND claim_id = :claim"
            " AND revoked_at IS NULL"
        ),
        {"c": creditor_id, "claim": claim_id, "now": unit.now},
    )
    if revoked.rowcount:
        record(
            unit,
            action="pay_link.revoked",
            subject=f"claim:{claim_id}",
            creditor_id=creditor_id,
            facts={"why": why, "links": revoked.rowcount},
        )
    return revoked.rowcount


def _plain(answer: str) -> str:
    return "".join(sign for sign in answer.upper() if sign.isalnum())
