"""How a fault is found to have ended: each answers what is still open, empty when nothing is."""

from collections.abc import Sequence
from typing import Any

from agency.kernel.ports import installed_ports
from portal.world.scene import Facts, Scene

_STANDING = """
    SELECT count(*) AS standing, coalesce(sum(s.minor), 0)::bigint AS minor FROM (
      SELECT p.amount_minor - coalesce((SELECT sum(r.amount_minor) FROM refund r
          WHERE r.creditor_id = p.creditor_id AND r.payment_id = p.id AND r.route = 'provider'
          AND r.state = 'paid'), 0) AS minor
        FROM payment p WHERE p.source = 'psp' AND starts_with(p.source_key, :ref || '#')
        AND p.reversed_at IS NULL
      UNION ALL SELECT h.amount_minor - coalesce((SELECT sum(r.amount_minor) FROM refund r
          WHERE r.creditor_id = h.creditor_id AND r.held_id = h.id AND r.route = 'provider'
          AND r.state = 'paid'), 0)
        FROM held_payment h WHERE h.source = 'psp' AND starts_with(h.source_key, :ref || '#')
        AND h.ended_at IS NULL) AS s
"""
_OVERPAID = """
    SELECT coalesce(sum(p.over_minor), 0)::bigint AS over,
      coalesce(sum((SELECT sum(r.amount_minor) FROM refund r WHERE r.creditor_id = p.creditor_id
        AND r.payment_id = p.id AND r.state = 'paid')), 0)::bigint AS given
    FROM payment p WHERE p.claim_id = CAST(:claim AS uuid) AND p.reversed_at IS NULL
"""
_CAME_BACK = """
    SELECT r.state, r.attempt, r.net_minor, (SELECT coalesce(-sum(e.amount_minor), 0) FROM ledger_entry e
      WHERE CASE r.mode WHEN 'own' THEN e.account = 'trust.agency'
        ELSE e.creditor_id = r.creditor_id AND e.account = 'trust.creditor' END)::bigint AS owed
    FROM remittance_run r
"""


def said_at_once(scene: Scene, facts: Facts) -> str:
    """What was seen at the moment itself, and nothing since can change."""
    return str(facts["wrong"])


def provider_agrees(scene: Scene, facts: Facts) -> str:
    """The books hold, once, exactly what the provider still has of a payment."""
    ref = facts["payment"]
    told = installed_ports().payments.fetch(ref)
    kept = (told.amount - told.amount_refunded - told.amount_charged_back).minor if told.paid_at else 0
    [booked] = scene.rows(_STANDING, ref=ref)
    if booked.minor != kept or booked.standing > 1:
        return f"the provider has {kept} of {ref}, booked are {booked.minor} in {booked.standing} payments"
    return ""


def one_payment_only(scene: Scene, facts: Facts) -> str:
    """As `provider_agrees`, and it stands once; no second one is open at the provider."""
    [found] = scene.rows(_STANDING, ref=facts["payment"])
    open_beside = facts.get("open", 0)
    wrong = f"{found.standing} payments stand, {open_beside} more are open at the provider"
    return provider_agrees(scene, facts) or ("" if (found.standing, open_beside) == (1, 0) else wrong)


def overpaid_went_back(scene: Scene, facts: Facts) -> str:
    """What was paid too much on a claim is in the debtor's hands again."""
    [found] = scene.rows(_OVERPAID, claim=facts["claim"])
    least = facts.get("over", 1)
    if found.over < least:
        return f"{found.over} is booked as overpaid, {least} was"
    return "" if found.given >= found.over else f"{found.given} of {found.over} went back"


def line_is(scene: Scene, facts: Facts, states: Sequence[str], *, count: int = 1) -> str:
    """The bank's lines of a fault are there once each, and in one of some states."""
    lines = scene.rows(
        "SELECT state FROM bank_line WHERE end_to_end = :line AND state <> 'split'", line=facts["line"]
    )
    if len(lines) != count:
        return f"{len(lines)} lines instead of {count}"
    other = sorted({line.state for line in lines} - set(states))
    return f"its line is {', '.join(other)}" if other else ""


def booked(scene: Scene, facts: Facts) -> str:
    """The line is booked on a claim."""
    return line_is(scene, facts, ["matched"])


def booked_as_meant(scene: Scene, facts: Facts) -> str:
    """The line is booked on the claim that its payer meant, by whoever could tell."""
    lines = scene.rows("SELECT claim_id FROM bank_line WHERE end_to_end = :line", line=facts["line"])
    wrong = [line for line in lines if line.claim_id and str(line.claim_id) != facts["claim"]]
    return "it is booked on another claim" if wrong else booked(scene, facts)


def booked_and_rest_back(scene: Scene, facts: Facts) -> str:
    """The lines are booked, and what was too much went back."""
    return line_is(scene, facts, ["matched"], count=facts.get("lines", 1)) or overpaid_went_back(scene, facts)


def booked_by_person(scene: Scene, facts: Facts) -> str:
    """The line is booked, and a person decided it."""
    lines = scene.rows("SELECT settled_by FROM bank_line WHERE end_to_end = :line", line=facts["line"])
    machine = [line for line in lines if not (line.settled_by or "user:").startswith("user:")]
    return "a machine booked it" if machine else booked(scene, facts)


def went_back(scene: Scene, facts: Facts) -> str:
    """The money of the line is with its sender again."""
    paid = scene.rows(
        "SELECT r.state FROM refund r JOIN bank_line l ON l.id = r.line_id WHERE l.end_to_end = :line"
        " AND r.state = 'paid'",
        line=facts["line"],
    )
    return line_is(scene, facts, ["sent_back"]) or ("" if paid else "it is on its way back")


def returned(scene: Scene, facts: Facts) -> str:
    """The line and its return left suspense together, and the payment of it was taken back once."""
    standing = scene.rows(
        "SELECT 1 FROM payment p JOIN bank_line l ON split_part(p.source_key, '#', 1) = l.id::text"
        " WHERE p.source = 'bank' AND p.reversed_at IS NULL AND l.end_to_end = :line",
        line=facts["line"],
    )
    return line_is(scene, facts, ["returned"], count=2) or ("its payment stands" if standing else "")


def runs_paid_again(scene: Scene, facts: Facts) -> str:
    """Payouts that did not arrive were put forward again, and arrived."""
    runs = scene.rows(f"{_CAME_BACK} WHERE r.id = ANY(CAST(:runs AS uuid[]))", runs=facts["runs"])
    return _not_paid_again(runs)


def _not_paid_again(runs: Sequence[Any]) -> str:
    """What waits, except for what the creditor is not owed any more since payments in it were taken back."""
    waiting = [
        f"{run.state} at attempt {run.attempt}"
        for run in runs
        if (run.state, run.attempt > 1) != ("paid", True)
        and (run.state != "draft" or run.net_minor <= run.owed)
    ]
    return f"payouts stand at {', '.join(waiting)}" if waiting else ""


def lumps_are_explained(scene: Scene, facts: Facts) -> str:
    """Every lump that the provider paid since, however reported, is explained."""
    lumps = scene.outside.settlements(since=scene.today.fromisoformat(facts["since"]))
    if not any(lump["scripted"] == facts["scripted"] for lump in lumps):
        return "the provider has not paid yet"
    waiting = scene.rows(
        "SELECT count(*) AS n FROM bank_line WHERE state = 'suspense' AND text = ANY(:texts)",
        texts=[f"REF {lump['reference']}" for lump in lumps],
    )
    return f"{waiting[0].n} lumps wait" if waiting[0].n else ""


def account_waits_or_counts(scene: Scene, facts: Facts) -> str:
    """Payouts go to the old account until two people agreed and the wait is over, then to the new one."""
    [row] = scene.rows(
        "SELECT a.state, a.pays_from, a.iban = k.iban AS counts FROM creditor_account_change a"
        " JOIN creditor k ON k.id = a.creditor_id WHERE a.id = CAST(:change AS uuid)",
        change=facts["change"],
    )
    if row.state == "in_force":
        return "" if row.counts else "in force, and not paid to"
    if row.counts:
        return "the new account counts before its time"
    waits = row.state == "approved" and row.pays_from.date() > scene.last_on
    return "" if waits else f"the change is {row.state}"


def never_paid(scene: Scene, facts: Facts) -> str:
    """What was begun at the provider and not paid has expired there and here, and is booked nowhere."""
    [found] = scene.rows(
        "SELECT (SELECT count(*) FROM payment WHERE claim_id = CAST(:claim AS uuid)"
        "  AND source = 'psp') AS paid,"
        " (SELECT count(*) FROM payment_intent WHERE claim_id = CAST(:claim AS uuid)"
        "  AND state IN ('creating', 'open')) AS open",
        claim=facts["claim"],
    )
    if found.paid > facts.get("paid", 0):
        return "it is booked"
    return "it is still open" if found.open else facts.get("wrong", "")


def refusals_paid_after_all(scene: Scene, facts: Facts) -> str:
    """What the bank refused to pay (pain.002) was owed again, and paid with a later file."""
    runs = scene.rows(f"{_CAME_BACK} WHERE r.returned_why LIKE 'AC04%'")
    refunds = scene.rows(
        "SELECT r.claim_id::text AS claim FROM refund r WHERE r.state = 'rejected'"
        " AND r.payment_id IS NOT NULL AND r.ended_why LIKE 'AC04%'"
    )
    if not runs and not refunds:
        return "the bank refused nothing yet"
    if waiting := _not_paid_again(runs):
        return waiting
    return next(filter(None, (overpaid_went_back(scene, {"claim": one.claim}) for one in refunds)), "")


def booked_in_open_month(scene: Scene, facts: Facts) -> str:
    """The line is booked on the day it was read, and keeps the bank's value date."""
    rows = scene.rows(
        "SELECT t.booked_on > t.effective_on AND t.effective_on = CAST(:value_on AS date) AS right_day"
        " FROM ledger_transaction t JOIN bank_line l ON l.id::text = t.source_key"
        " WHERE t.kind = 'bank_line' AND l.end_to_end = :line",
        line=facts["line"],
        value_on=facts["value_on"],
    )
    return booked(scene, facts) or (
        "" if all(row.right_day for row in rows) else "booked into the closed month"
    )


def both_booked(scene: Scene, facts: Facts) -> str:
    """One line is booked on two claims, and a person decided it."""
    rows = scene.rows(
        "SELECT count(*) AS n FROM payment p JOIN bank_line l"
        " ON split_part(p.source_key, '#', 1) = l.id::text"
        " WHERE p.source = 'bank' AND p.reversed_at IS NULL AND l.end_to_end = :line",
        line=facts["line"],
    )
    return booked_by_person(scene, facts) or ("" if rows[0].n == 2 else f"it makes {rows[0].n} payments")


def agrees_and_rest_back(scene: Scene, facts: Facts) -> str:
    """The provider's payment is booked as it stands, the bank's line too, and what was too much went back."""
    return line_is(scene, facts, ["matched"]) or overpaid_went_back(scene, facts)


def nothing_kept(scene: Scene, facts: Facts) -> str:
    """The money that no claim takes went back by the provider."""
    ref = facts["payment"]
    told = installed_ports().payments.fetch(ref)
    return provider_agrees(scene, facts) or (
        "" if told.amount_refunded == told.amount else "it is still here"
    )
