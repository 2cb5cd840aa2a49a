"""Everything the gate and a template look at, read for a chunk of messages in one query."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.holding_person import grounds_holding, person_grounds
from agency.communication.sender_health.pausing import held_mail
from agency.kernel.unit import Unit

MessageKey = tuple[UUID, UUID]

# Both locks in one statement: a hold or a payment that is being written keeps its claim for itself, and
# the message waits for the next round instead of for the lock.
_TAKE_ONES = (
    "SELECT m.creditor_id, m.id FROM message m"
    " JOIN claim c ON c.creditor_id = m.creditor_id AND c.id = m.claim_id"
    " WHERE m.state = 'queued' AND m.due_at <= :now AND m.channel {which} 'letter'{held}"
    " ORDER BY {order}m.due_at, m.id LIMIT :limit FOR UPDATE OF m, c SKIP LOCKED"
)
# The mail of a brand of which too much came back waits, whatever is due after it goes on.
_HELD_BACK = (
    " AND NOT (m.channel = 'email' AND m.creditor_id = ANY(:paused) AND m.template_id <> ALL(:replies))"
)
_TAKE_OTHERS = text(_TAKE_ONES.format(which="<>", order="", held=_HELD_BACK))
# Letters by creditor, so that those of one brand travel together.
_TAKE_LETTERS = text(_TAKE_ONES.format(which="=", order="m.creditor_id, ", held=""))
_FACTS = text(
    "SELECT m.creditor_id, m.id, m.claim_id, m.debtor_id, m.channel, m.step, m.cycle, m.generation,"
    " m.attempts, m.amounts AS told, t.key AS template, t.language, t.subject AS subject_source,"
    " t.body AS body_source,"
    " c.law, c.interest_kind, c.state AS claim_state, c.phase, c.number, c.payment_reference, c.description,"
    " c.due_on, c.contract_on,"
    " c.disputed_minor, c.costs_from, c.costs_minor, c.costs_vat_minor, c.currency,"
    " d.kind AS debtor_kind, d.name AS debtor_name, d.country, d.region, d.street, d.postal_code, d.city,"
    " coalesce(d.identity_id, d.id) AS person,"
    " cr.name AS creditor_name, cr.registration_number AS creditor_registration,"
    " cr.email AS creditor_email, cr.phone AS creditor_phone, cr.street AS creditor_street,"
    " cr.postal_code AS creditor_postal_code, cr.city AS creditor_city, cr.vat_deductible,"
    " b.colour, b.ink, b.accent, b.font, b.logo_sha256, b.letterhead, b.sender_name, b.sender_email,"
    " b.reply_to, b.sms_sender, b.phone AS brand_phone, b.footer, b.pay_host,"
    " b.version_id AS brand_version_id,"
    # A name counts while its records stand; until then, and when they break, the agency's own is used.
    " coalesce(hosts.mail, false) AS mail_valid, coalesce(hosts.pay, false) AS pay_valid,"
    " hosts.inbound AS inbound_domain,"
    " coalesce(terms.costs_clause, false) AS costs_clause, terms.contractual_interest_percent,"
    " coalesce(terms.reminder_in_creditors_name, true) AS in_creditors_name,"
    " holds.grounds AS holds, point.value AS contact_value, coalesce(point.opted_out, false) AS opted_out,"
    " contacts.last_at, contacts.others_at, contacts.in_7_days,"
    " (SELECT count(*) FROM ledger_entry e WHERE e.creditor_id = m.creditor_id AND e.claim_id = m.claim_id)"
    "  AS ledger_entries,"
    # A text message says too little to be the first demand.
    " m.channel = 'sms' AND EXISTS (SELECT FROM message f WHERE f.creditor_id = m.creditor_id"
    "  AND f.claim_id = m.claim_id AND f.channel IN ('email', 'letter')"
    "  AND f.state IN ('sent', 'delivered', 'opened')) AS told_before"
    " FROM message m"
    " JOIN unnest(CAST(:creditors AS uuid[]), CAST(:ids AS uuid[])) AS k(creditor_id, id)"
    "  ON m.creditor_id = k.creditor_id AND m.id = k.id"
    " JOIN template t ON t.id = m.template_id"
    " JOIN claim c ON c.creditor_id = m.creditor_id AND c.id = m.claim_id"
    " JOIN debtor d ON d.creditor_id = m.creditor_id AND d.id = m.debtor_id"
    " JOIN creditor cr ON cr.id = m.creditor_id"
    " LEFT JOIN LATERAL (SELECT * FROM brand b WHERE b.creditor_id = m.creditor_id ORDER BY b.id LIMIT 1) b"
    "  ON true"
    " LEFT JOIN LATERAL (SELECT bool_or(h.use = 'mail'"
    "  AND h.name = lower(split_part(b.sender_email, '@', 2))) AS mail,"
    "  bool_or(h.use = 'pay' AND h.name = b.pay_host) AS pay,"
    "  max(h.name) FILTER (WHERE h.use = 'inbound'"
    "   AND h.name LIKE '%.' || lower(split_part(b.sender_email, '@', 2))) AS inbound FROM brand_host h"
    "  WHERE h.creditor_id = m.creditor_id AND h.state = 'valid') hosts ON true"
    " LEFT JOIN LATERAL (SELECT * FROM creditor_terms x WHERE x.creditor_id = m.creditor_id"
    "  AND x.valid_from <= :today ORDER BY x.valid_from DESC LIMIT 1) terms ON true"
    " LEFT JOIN LATERAL (SELECT array_agg(DISTINCT g.ground ORDER BY g.ground) AS grounds"
    f"  FROM ({grounds_holding('m', 'm.claim_id')}) g) holds ON true"
    " LEFT JOIN LATERAL (SELECT (array_agg(p.value ORDER BY p.created_at DESC, p.id)"
    "   FILTER (WHERE p.state = 'usable'))[1] AS value,"
    "  bool_or(p.state = 'opted_out') AND NOT bool_or(p.state = 'usable') AS opted_out FROM contact_point p"
    "  WHERE p.creditor_id = m.creditor_id AND p.debtor_id = m.debtor_id"
    "  AND p.channel = CASE m.channel WHEN 'email' THEN 'email' ELSE 'phone' END) point ON true"
    # Contacts of the same person on other steps, for whichever creditor: messages, of which all channels of a
    # step and the copy of a notice are one contact, and calls that rang. A message reaches its reader after
    # it was reserved: it counts from the latest moment at which it can have been handed over.
    " LEFT JOIN LATERAL (SELECT max(x.at) AS last_at,"
    "  max(x.at) FILTER (WHERE x.creditor_id <> m.creditor_id) AS others_at,"
    "  count(DISTINCT x.contact) FILTER (WHERE x.at > :week_ago) AS in_7_days FROM ("
    "   SELECT o.creditor_id,"
    "    coalesce(o.sent_at, o.reserved_at) + make_interval(secs => :lease) AS at,"
    "    concat_ws(':', o.claim_id, replace(o.step, '_copy', ''), o.cycle) AS contact"
    "   FROM debtor od JOIN message o ON o.creditor_id = od.creditor_id AND o.debtor_id = od.id"
    "   JOIN template ot ON ot.id = o.template_id"
    "   WHERE (od.creditor_id, od.id) IN (SELECT m.creditor_id, m.debtor_id UNION ALL"
    "    SELECT s.creditor_id, s.id FROM debtor s WHERE s.identity_id = d.identity_id)"
    "   AND o.state IN ('sending', 'unknown', 'sent', 'delivered', 'opened') AND ot.key <> ALL(:replies)"
    "   AND coalesce(o.sent_at, o.reserved_at) > :month_ago"
    "   AND (o.claim_id <> m.claim_id OR o.cycle <> m.cycle"
    "    OR replace(o.step, '_copy', '') <> replace(m.step, '_copy', ''))"
    "   UNION ALL"
    "   SELECT k.creditor_id, k.started_at, k.id::text FROM debtor od"
    "   JOIN claim oc ON oc.creditor_id = od.creditor_id AND oc.debtor_id = od.id"
    "   JOIN call k ON k.creditor_id = oc.creditor_id AND k.claim_id = oc.id"
    "   WHERE (od.creditor_id, od.id) IN (SELECT m.creditor_id, m.debtor_id UNION ALL"
    "    SELECT s.creditor_id, s.id FROM debtor s WHERE s.identity_id = d.identity_id)"
    "   AND k.state <> 'failed' AND k.started_at > :month_ago"
    "   UNION ALL"
    "   SELECT v.creditor_id, v.began_at, v.id::text FROM debtor od"
    "   JOIN claim oc ON oc.creditor_id = od.creditor_id AND oc.debtor_id = od.id"
    "   JOIN field_visit v ON v.creditor_id = oc.creditor_id AND v.claim_id = oc.id"
    "   WHERE (od.creditor_id, od.id) IN (SELECT m.creditor_id, m.debtor_id UNION ALL"
    "    SELECT s.creditor_id, s.id FROM debtor s WHERE s.identity_id = d.identity_id)"
    "   AND v.began_at > :month_ago) x) contacts ON true"
    " ORDER BY m.due_at, m.id"
)


def take_due(unit: Unit, *, limit: int, letters: bool | None = None) -> list[MessageKey]:
    """This function will lock up to `limit` due messages, each with its claim, skipping what others hold.

    :param letters: only letters, or everything but letters; when None letters after all others.
    """
    keys: list[MessageKey] = []
    for statement, are_letters in ((_TAKE_OTHERS, False), (_TAKE_LETTERS, True)):
        if letters in (None, are_letters) and len(keys) < limit:
            values = {"now": unit.now, "limit": limit - len(keys)} | ({} if are_letters else held_mail(unit))
            keys += [
                (row.creditor_id, row.id) for row in unit.session.connection().execute(statement, values)
            ]
    return keys


def lock_messages(unit: Unit, message_ids: Sequence[UUID]) -> None:
    """This function will lock messages in the order of their ids: two that change many wait, never clash."""
    unit.session.connection().execute(
        text("SELECT FROM message WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"),
        {"ids": list(message_ids)},
    )


def read_facts(
    unit: Unit,
    *,
    keys: Sequence[MessageKey],
    replies: Sequence[str],
    week_ago: datetime,
    month_ago: datetime,
    lease_seconds: int,
) -> list[Row[Any]]:
    """This function will return one row per message with all that its verdict and its text need.

    :param lease_seconds: within how long after its reservation a message is handed over.
    """
    return list(
        unit.session.connection().execute(
            _FACTS,
            {
                "creditors": [creditor_id for creditor_id, _ in keys],
                "ids": [message_id for _, message_id in keys],
                "now": unit.now,
                "today": unit.today,
                "week_ago": week_ago,
                "month_ago": month_ago,
                "replies": list(replies),
                "lease": lease_seconds,
                **person_grounds(unit.today),
            },
        )
    )
