"""One person over all creditors: every claim with its state, and how often he was contacted.

Only the agency sees this. The law asks for it (Bki 5.2: number and state of all claims per debtor), and a
creditor may never: it tells of other creditors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.communication.mandatory import REPLIES
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.rules.frequency import FrequencyRule, frequency_rule

_CLAIMS_MAX: Final = 500
# Everybody who is this person: the debtor himself, and whom the agency knows as the same elsewhere.
_FACES: Final = (
    "WITH faces AS (SELECT d.creditor_id, d.id FROM debtor d"
    "  WHERE d.creditor_id = :creditor AND d.id = :debtor UNION SELECT s.creditor_id, s.id"
    "  FROM debtor d JOIN debtor s ON s.identity_id = d.identity_id"
    "  WHERE d.creditor_id = :creditor AND d.id = :debtor)"
)
_PERSON: Final = text(
    "SELECT d.creditor_id, d.id, d.name, d.kind, d.country, d.language, d.street, d.postal_code, d.city,"
    " d.registration_number FROM debtor d WHERE d.creditor_id = :creditor AND d.id = :debtor"
)
_CLAIMS: Final = text(
    f"{_FACES} SELECT c.creditor_id, c.id, c.number, c.reference, c.state, c.phase,"
    " c.currency, c.principal_minor, c.disputed_minor, c.due_on, c.created_at, cr.name AS creditor,"
    " (SELECT array_agg(h.ground ORDER BY h.starts_at, h.id) FROM hold h WHERE h.creditor_id = c.creditor_id"
    "  AND h.claim_id = c.id AND h.lifted_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > :now)) AS holds,"
    " p.amount_minor AS promised_minor, p.due_on AS promised_on,"
    " EXISTS (SELECT FROM plan_claim x JOIN plan y ON y.creditor_id = x.creditor_id AND y.id = x.plan_id"
    "  WHERE x.creditor_id = c.creditor_id AND x.claim_id = c.id AND x.live AND y.state = 'active')"
    "  AS in_plan,"
    " (SELECT min(s.due_at) FROM treatment_step s WHERE s.creditor_id = c.creditor_id AND s.claim_id = c.id"
    "  AND s.state = 'planned') AS next_at"
    " FROM faces f JOIN claim c ON c.creditor_id = f.creditor_id AND c.debtor_id = f.id"
    " JOIN creditor cr ON cr.id = c.creditor_id"
    " LEFT JOIN promise p ON p.creditor_id = c.creditor_id AND p.claim_id = c.id AND p.state = 'open'"
    " ORDER BY cr.name, c.creditor_id, c.state = 'active' DESC, c.number LIMIT :limit"
)
# As the gate counts them: messages of our own accord, of which all channels of a step and the copy of a
# notice are one contact, calls that rang, and visits.
CONTACTS: Final = (
    " SELECT m.creditor_id, m.claim_id, m.debtor_id, coalesce(m.sent_at, m.reserved_at) AS at,"
    "  CAST(m.channel AS text) AS way, m.step AS what,"
    "  concat_ws(':', m.claim_id, replace(m.step, '_copy', ''), m.cycle) AS contact"
    "  FROM faces f JOIN message m ON m.creditor_id = f.creditor_id AND m.debtor_id = f.id"
    "  JOIN template t ON t.id = m.template_id"
    "  WHERE m.state IN ('sending', 'unknown', 'sent', 'delivered', 'opened') AND t.key <> ALL(:replies)"
    "  AND coalesce(m.sent_at, m.reserved_at) IS NOT NULL"
    " UNION ALL SELECT k.creditor_id, k.claim_id, c.debtor_id, k.started_at, 'call', 'call', k.id::text"
    "  FROM faces f JOIN claim c ON c.creditor_id = f.creditor_id AND c.debtor_id = f.id"
    "  JOIN call k ON k.creditor_id = c.creditor_id AND k.claim_id = c.id WHERE k.state <> 'failed'"
    " UNION ALL SELECT v.creditor_id, v.claim_id, c.debtor_id, v.began_at, 'visit', 'visit', v.id::text"
    "  FROM faces f JOIN claim c ON c.creditor_id = f.creditor_id AND c.debtor_id = f.id"
    "  JOIN field_visit v ON v.creditor_id = c.creditor_id AND v.claim_id = c.id WHERE v.began_at IS NOT NULL"
)
_LATELY: Final = text(
    f"{_FACES} SELECT x.creditor_id, x.claim_id, x.at, x.way, x.what, x.contact, c.number,"
    " cr.name AS creditor"
    f" FROM ({CONTACTS}) x JOIN claim c ON c.creditor_id = x.creditor_id AND c.id = x.claim_id"
    " JOIN creditor cr ON cr.id = x.creditor_id WHERE x.at > :since ORDER BY x.at DESC, x.contact LIMIT 100"
)


@dataclass(frozen=True, slots=True)
class PersonOverview:
    """One person: `debtor` is the face that was asked for; claims stand creditor by creditor.

    `contacts` are those of the last thirty days, the latest first; `in_7_days` counts as the gate does.
    """

    debtor: Row[Any]
    claims: Sequence[Row[Any]]
    contacts: Sequence[Row[Any]]
    in_7_days: int
    rule: FrequencyRule


def person_overview(unit: Unit, *, creditor_id: UUID, debtor_id: UUID) -> PersonOverview:
    """This function will read a person's claims with every creditor and the contacts of thirty days.

    :raises NotFound: this creditor has no such debtor.
    """
    connection = unit.session.connection()
    key: Mapping[str, Any] = {"creditor": creditor_id, "debtor": debtor_id}
    debtor = connection.execute(_PERSON, key).one_or_none()
    if debtor is None:
        raise NotFound("no such debtor")
    claims = connection.execute(_CLAIMS, {**key, "now": unit.now, "limit": _CLAIMS_MAX}).all()
    since = unit.now - timedelta(days=30)
    contacts = connection.execute(_LATELY, {**key, "since": since, "replies": sorted(REPLIES)}).all()
    week = unit.now - timedelta(days=7)
    return PersonOverview(
        debtor=debtor,
        claims=claims,
        contacts=contacts,
        in_7_days=len({row.contact for row in contacts if row.at > week}),
        rule=frequency_rule(on=unit.today),
    )
