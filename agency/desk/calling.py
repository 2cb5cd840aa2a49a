"""Whether a debtor may be called at this moment, by the law and the rules of the house, with the trace."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.holding_person import grounds_holding, person_grounds
from agency.claims.itemisation import open_total
from agency.claims.limitation import limitation_ends
from agency.claims.states import ClaimState
from agency.communication.mandatory import REPLIES
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.facts import Channel, DebtorKind, Law, Phase
from agency.rules.frequency import PersonContacts
from agency.rules.send import SendDecision, SendFacts, may_send

# Contacts count per person over all creditors: calls that rang, visits, and messages of our own accord, of
# which all channels of one step are one contact.
_FACTS = text(
    "SELECT c.state, c.phase, c.currency, c.law, c.due_on, c.costs_from, d.country, d.region, d.kind,"
    " coalesce(d.identity_id, d.id) AS person,"
    f" (SELECT array_agg(DISTINCT g.ground) FROM ({grounds_holding('c', 'c.id')}) g) AS grounds,"
    " (SELECT array_agg(p.value) FROM contact_point p WHERE p.creditor_id = c.creditor_id"
    "  AND p.debtor_id = c.debtor_id AND p.channel = 'phone' AND p.state = 'usable') AS numbers,"
    " contacts.last_at, contacts.others_at, coalesce(contacts.in_7_days, 0) AS in_7_days"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " LEFT JOIN LATERAL (SELECT max(x.at) AS last_at,"
    "  max(x.at) FILTER (WHERE x.creditor_id <> c.creditor_id) AS others_at,"
    "  count(DISTINCT x.contact) FILTER (WHERE x.at > :week_ago) AS in_7_days FROM ("
    "   SELECT m.creditor_id, coalesce(m.sent_at, m.reserved_at) AS at,"
    "    concat_ws(':', m.claim_id, replace(m.step, '_copy', ''), m.cycle) AS contact"
    "    FROM debtor p JOIN message m ON m.creditor_id = p.creditor_id AND m.debtor_id = p.id"
    "    JOIN template t ON t.id = m.template_id"
    "    WHERE (p.creditor_id, p.id) IN (SELECT d.creditor_id, d.id UNION ALL"
    "     SELECT s.creditor_id, s.id FROM debtor s WHERE s.identity_id = d.identity_id)"
    "    AND m.state IN ('sending', 'unknown', 'sent', 'delivered', 'opened') AND t.key <> ALL(:replies)"
    "    AND coalesce(m.sent_at, m.reserved_at) > :month_ago"
    "   UNION ALL"
    "   SELECT k.creditor_id, k.started_at, k.id::text FROM debtor p"
    "    JOIN claim o ON o.creditor_id = p.creditor_id AND o.debtor_id = p.id"
    "    JOIN call k ON k.creditor_id = o.creditor_id AND k.claim_id = o.id"
    "    WHERE (p.creditor_id, p.id) IN (SELECT d.creditor_id, d.id UNION ALL"
    "     SELECT s.creditor_id, s.id FROM debtor s WHERE s.identity_id = d.identity_id)"
    "    AND k.state <> 'failed' AND k.started_at > :month_ago"
    "   UNION ALL"
    "   SELECT v.creditor_id, v.began_at, v.id::text FROM debtor p"
    "    JOIN claim o ON o.creditor_id = p.creditor_id AND o.debtor_id = p.id"
    "    JOIN field_visit v ON v.creditor_id = o.creditor_id AND v.claim_id = o.id"
    "    WHERE (p.creditor_id, p.id) IN (SELECT d.creditor_id, d.id UNION ALL"
    "     SELECT s.creditor_id, s.id FROM debtor s WHERE s.identity_id = d.identity_id)"
    "    AND v.began_at > :month_ago) x) contacts ON true"
    " WHERE c.creditor_id = :creditor AND c.id = :claim"
)


def may_call(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, number: str = "", balance: Money | None = None
) -> SendDecision:
    """This function will ask whether a debtor may be called now: hours, holds, contacts, claim and number.

    :param number: the number to be rung; without one, any usable number of the debtor will do.
    :param balance: what is owed today, where the caller has read it already.
    :raises NotFound: no such claim.
    """
    row = call_facts(unit, creditor_id=creditor_id, claim_id=claim_id)
    owed = balance or open_total(
        unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today, undisputed=True
    )
    return decide(unit, row, number=number, balance=owed)


def call_facts(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Row[Any]:
    """This function will read what the decision looks at, in one query.

    :raises NotFound: no such claim.
    """
    row = (
        unit.session.connection()
        .execute(
            _FACTS,
            {
                "creditor": creditor_id,
                "claim": claim_id,
                "week_ago": unit.now - timedelta(days=7),
                "month_ago": unit.now - timedelta(days=31),
                "replies": sorted(REPLIES),
                **person_grounds(unit.today),
            },
        )
        .first()
    )
    if row is None:
        raise NotFound("no such claim")
    return row


def decide(unit: Unit, row: Row[Any], *, number: str, balance: Money) -> SendDecision:
    """This function will put the facts before the contact rules."""
    numbers = row.numbers or []
    reachable = number in numbers if number else bool(numbers)
    facts = spoken_facts(row, channel=Channel.call, reachable=reachable, balance=balance)
    return may_send(facts=facts, at=unit.now)


def spoken_facts(row: Row[Any], *, channel: Channel, reachable: bool, balance: Money) -> SendFacts:
    """This function will return what the rules look at before a call or a visit.

    :param row: what `call_facts` read.
    :param reachable: there is a number to ring, or a door to ring at.
    """
    return SendFacts(
        country=row.country,
        region=row.region,
        channel=channel,
        debtor=DebtorKind(row.kind),
        phase=Phase(row.phase),
        balance=balance,
        holds=tuple(sorted(row.grounds or ())),
        claim_closed=row.state != ClaimState.ACTIVE,
        contact_point_ok=reachable,
        contacts=PersonContacts(
            last_at=row.last_at, in_7_days=row.in_7_days, other_creditor_at=row.others_at
        ),
        limitation_ends=limitation_ends(law=Law(row.law), due_on=row.due_on),
        after_term=row.costs_from,
        agency_signs=True,
    )
