"""How much of the open amount contacts brought in so far, by channel: what a forecast goes by."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import text

from agency.communication.mandatory import REPLIES
from agency.kernel.unit import Unit
from agency.money.rounding import round_ratio
from agency.rules.facts import Channel
from agency.rules.path_walk import response_rule, usual_response

_YEAR = timedelta(days=365)
# What came in within some days of a message, of what that message asked. Sums over all creditors.
_MEASURED = text(
    "SELECT m.channel, count(*) AS contacts, sum(m.asked) AS asked, sum(least(m.asked, m.paid)) AS paid"
    " FROM ("
    " SELECT o.channel, CAST(o.amounts->>'total' AS bigint) AS asked, coalesce((SELECT sum(p.amount_minor)"
    "  FROM payment p WHERE p.creditor_id = o.creditor_id AND p.claim_id = o.claim_id"
    "  AND p.reversed_at IS NULL AND p.value_on >= CAST(o.sent_at AS date)"
    "  AND p.value_on <= CAST(o.sent_at AS date) + CAST(:days AS integer)), 0) AS paid"
    " FROM message o JOIN template t ON t.id = o.template_id"
    " WHERE o.sent_at > :since AND o.sent_at < :until AND t.key <> ALL(:replies)"
    " AND o.step NOT LIKE '%\\_copy' AND o.amounts ? 'total' ORDER BY o.sent_at DESC LIMIT 50000) m"
    " WHERE m.asked > 0 GROUP BY m.channel"
)


def response_rates(unit: Unit) -> Mapping[Channel, int]:
    """This function will return the share of the open amount, in basis points, that a contact brings in: as
    measured in the last year where enough contacts were made, else the estimate of the house."""
    rule = response_rule(on=unit.today)
    rows = unit.session.connection().execute(
        _MEASURED,
        {
            "days": rule.within_days, "since": unit.now - _YEAR, "replies": sorted(REPLIES),
            "until": unit.now - timedelta(days=rule.within_days),
        },
    )  # fmt: skip
    measured = {
        Channel(row.channel): round_ratio(int(row.paid) * 10_000, int(row.asked))
        for row in rows
        if row.contacts >= rule.contacts_min
    }
    return {
        channel: measured.get(channel, usual_response(channel=channel, on=unit.today)) for channel in Channel
    }
