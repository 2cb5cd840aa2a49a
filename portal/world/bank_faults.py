"""What goes wrong with money on the bank account: payers' mistakes and the bank's own, cases A9 to A12 and B.

Each function lets the bank book what a fault is made of, today, and returns what is to be remembered of it;
None when today there is nobody it could happen to.
"""

from datetime import timedelta
from functools import partial

from agency.money import Money
from agency.remittance.withdrawing import withdraw_claim
from portal.world.scene import Facts, Scene
from portal.world.troubled_outside import FAULT, ORDINARY, iban_of

_TEN_EURO = Money(10_00, "EUR")
_STRANGER, _OFFICE, _OVERSEAS = "Onbekende Afzender", "Administratiekantoor Samen", "Overseas Trading Ltd"
UNKNOWN_FOR_DAYS = 5
"""So long it takes until who paid without an account rings up; by then the money is parked."""

_BOOKED_TRANSFERS = """
    SELECT l.end_to_end, l.amount_minor, l.counterparty, l.counterparty_iban, p.claim_id::text AS claim_id
    FROM bank_line l JOIN payment p ON p.source = 'bank' AND split_part(p.source_key, '#', 1) = l.id::text
      AND p.creditor_id = l.creditor_id AND p.claim_id = l.claim_id AND p.reversed_at IS NULL
    JOIN claim c ON c.creditor_id = p.creditor_id AND c.id = p.claim_id AND c.state IN ('active', 'paid')
    WHERE l.state = 'matched' AND left(l.end_to_end, 1) = ANY(:ours) AND p.over_minor = 0
      AND l.booked_on < :today AND NOT p.claim_id = ANY(CAST(:taken AS uuid[]))
      AND (SELECT count(*) FROM bank_line o WHERE o.end_to_end = l.end_to_end) = 1
    ORDER BY md5(l.end_to_end || :salt) LIMIT 1
"""


def overpaid(scene: Scene) -> Facts | None:
    """A9: ten euro more than was due."""
    for who in scene.who_owes():
        line = scene.pays(who, who.owes + _TEN_EURO)
        return {"claim": str(who.claim_id), "line": line, "over": _TEN_EURO.minor}
    return None


def paid_in_part(scene: Scene) -> Facts | None:
    """A10: a third of what was due."""
    for who in scene.who_owes():
        return {"claim": str(who.claim_id), "line": scene.pays(who, Money(who.owes.minor // 3, "EUR"))}
    return None


def paid_after_withdrawal(scene: Scene) -> Facts | None:
    """A11: the creditor took the claim back; the debtor pays all the same."""
    for who in scene.who_owes():
        withdraws = partial(
            withdraw_claim,
            creditor_id=who.creditor_id,
            claim_id=who.claim_id,
            why="taken back by the creditor",
        )
        scene.in_unit(withdraws)
        return {"claim": str(who.claim_id), "line": scene.pays(who, who.owes)}
    return None


def paid_again(scene: Scene) -> Facts | None:
    """A12: the claim is paid already."""
    who = scene.who_paid()
    if who is None:
        return None
    amount = Money(25_00, "EUR")
    return {"claim": str(who.claim_id), "line": scene.pays(who, amount), "over": amount.minor}


def two_references(scene: Scene) -> Facts | None:
    """B6: one payment for the claims of two debtors."""
    pair = scene.who_owes(2)
    if len(pair) < 2:
        return None
    line = scene.transfer(
        pair[0].owes + pair[1].owes,
        name=_OFFICE,
        from_iban=iban_of(_OFFICE),
        text=" / ".join(who.reference for who in pair),
    )
    return {"claim": str(pair[0].claim_id), "other": str(pair[1].claim_id), "line": line}


def mistyped_reference(scene: Scene) -> Facts | None:
    """B7: two neighbouring digits changed places."""
    for who in scene.who_owes():
        reference = _swapped(who.reference)
        line = scene.pays(who, who.owes, structured="", text=reference)
        return {"claim": str(who.claim_id), "line": line}
    return None


def two_identical_payments(scene: Scene) -> Facts | None:
    """B8: two true payments, equal in everything."""
    for who in scene.who_owes():
        line = scene.pays(who, who.owes)
        scene.pays(who, who.owes, end_to_end=line)
        return {"claim": str(who.claim_id), "line": line, "lines": 2, "over": who.owes.minor}
    return None


def reversed_by_bank(scene: Scene) -> Facts | None:
    """B9: the bank takes a credit back, with the flag of a reversal."""
    return _taken_back(scene, reversal=True)


def returned_debit(scene: Scene) -> Facts | None:
    """B9: a payment comes back as an R-transaction with its reason."""
    return _taken_back(scene, return_reason="MD06")


def foreign_currency(scene: Scene) -> Facts | None:
    """B10: the file marks the amount with another currency than the account's."""
    line = scene.transfer(
        Money(123_45, "EUR"), name=_OVERSEAS, from_iban=iban_of(_OVERSEAS), text="invoice payment"
    )
    return {"line": line, "marked": scene.today.isoformat()}


def closed_month(scene: Scene) -> Facts | None:
    """B11: booked today, with a value date in a month that is closed."""
    last_month = scene.today.replace(day=1) - timedelta(days=1)
    for who in scene.who_owes():
        line = scene.pays(who, Money(who.owes.minor // 2, "EUR"), value_on=last_month)
        return {"claim": str(who.claim_id), "line": line, "value_on": last_month.isoformat()}
    return None


def unknown_money(scene: Scene) -> Facts | None:
    """B14: nobody knows whose it is; it goes back to its account."""
    amount = Money(50_00 + scene.rng.randrange(40_00), "EUR")
    return {"line": scene.transfer(amount, name=_STRANGER, from_iban=iban_of(_STRANGER), text="betaling")}


def unknown_money_without_account(scene: Scene) -> Facts | None:
    """B14: nobody knows whose it is, nor from where; it is parked by two people until the payer rings up."""
    if (scene.last_on - scene.today).days <= UNKNOWN_FOR_DAYS:
        return None
    for who in scene.who_owes():
        line = scene.transfer(Money(who.owes.minor // 2, "EUR"), text="storting")
        rings_on = scene.today + timedelta(days=UNKNOWN_FOR_DAYS)
        return {
            "claim": str(who.claim_id), "creditor": str(who.creditor_id), "line": line,
            "rings_on": rings_on.isoformat(),
        }  # fmt: skip
    return None


def _taken_back(scene: Scene, *, reversal: bool = False, return_reason: str = "") -> Facts | None:
    found = scene.rows(
        _BOOKED_TRANSFERS,
        ours=[ORDINARY, FAULT],
        today=scene.today,
        taken=sorted(scene.taken),
        salt=str(scene.rng.random()),
    )
    if not found:
        return None
    line = found[0]
    scene.transfer(
        Money(-line.amount_minor, "EUR"),
        name=line.counterparty,
        from_iban=line.counterparty_iban,
        end_to_end=line.end_to_end,
        reversal=reversal,
        return_reason=return_reason,
    )
    return {"claim": line.claim_id, "line": line.end_to_end}


def _swapped(reference: str) -> str:
    for at in range(len(reference) - 2, 0, -1):
        left, right = reference[at], reference[at + 1]
        if left.isdigit() and right.isdigit() and left != right:
            return reference[:at] + right + left + reference[at + 2 :]
    return reference
