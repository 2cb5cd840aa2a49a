"""What goes wrong between debtors, the payment provider and us: cases A1 to A23.

Each function makes one fault happen and returns what is to be remembered of it, None when today there is
nobody it could happen to.
"""

from agency.money import Money
from agency.remittance.withdrawing import withdraw_claim
from portal.world.scene import Facts, Scene, Somebody

_MANY = 20
_MONEY = '{"amount": "0.1+0.2"}'
_AMOUNTS = ("0", "-5", "1000000000000000", "0.1+0.2", "12,345", "1e2", "")
# Payments that finance can look at as the provider's: paid, kept whole, of a claim nothing else is tried on.
# Chosen by what the seed makes alike; the provider's own ids are others in each run.
_PAID_ONLINE = """
    SELECT p.claim_id::text AS claim_id, split_part(p.source_key, '#', 1) AS ref, p.amount_minor
    FROM payment p JOIN claim c ON c.creditor_id = p.creditor_id AND c.id = p.claim_id
    WHERE p.source = 'psp' AND p.reversed_at IS NULL AND p.over_minor = 0 AND p.source_key LIKE '%#1'
    AND p.amount_minor >= 1000 AND c.state IN ('active', 'paid')
    AND NOT p.claim_id = ANY(CAST(:taken AS uuid[]))
    AND {condition} ORDER BY md5(c.number || :salt), p.amount_minor, p.created_at LIMIT 1
"""
_REMITTED = """EXISTS (SELECT FROM success_fee f JOIN remittance_run r ON r.creditor_id = f.creditor_id
    AND r.id = f.run_id AND r.state = 'paid' WHERE f.creditor_id = p.creditor_id AND f.payment_id = p.id)"""
_IN_DRAFT = """EXISTS (SELECT FROM success_fee f JOIN remittance_run r ON r.creditor_id = f.creditor_id
    AND r.id = f.run_id AND r.state = 'draft' WHERE f.creditor_id = p.creditor_id AND f.payment_id = p.id)"""


def duplicate_webhook(scene: Scene) -> Facts | None:
    """A1: the same webhook again and again, many at once."""
    paid = _pays_online(scene)
    if paid is None:
        return None
    answers = scene.outside.tell_webhook(f"id={paid['payment']}".encode(), times=_MANY)
    return paid | {"answers": sorted(set(answers))}


def webhooks_out_of_order(scene: Scene) -> Facts | None:
    """A2: paid and partly refunded within a moment, and told last first."""
    who = _who(scene)
    ref = scene.begins_to_pay(who) if who else ""
    if who is None or not ref:
        return None
    scene.outside.misfortune("webhooks:mollie", "reorder")
    scene.outside.step(ref, "pay")
    scene.outside.step(ref, "refund", Money(max(1, who.owes.minor // 4), "EUR"))
    return _facts(who, ref)


def forged_webhook(scene: Scene) -> Facts | None:
    """A3: ids that nobody gave out, and bodies that are none."""
    forged = f"tr_{scene.rng.getrandbits(40):010x}"
    bodies = (f"id={forged}".encode(), b"id=tr_1&id=tr_2", b"\xff\x00", _MONEY.encode())
    answers = {answer for body in bodies for answer in scene.outside.tell_webhook(body)}
    known = scene.rows("SELECT 1 FROM payment_intent WHERE provider_ref = :ref", ref=forged)
    return {"wrong": "" if answers == {200} and not known else f"answered {sorted(answers)}"}


def bad_signature(scene: Scene) -> Facts | None:
    """A4: reports that nobody signed, and one of the provider's own signed wrongly, then rightly."""
    scene.outside.misfortune("webhooks:sendgrid", "bad_signature")
    answers = {
        answer
        for vendor in ("sendgrid", "letters", "twilio/status")
        for answer in scene.outside.tell_webhook(b'[{"event":"delivered"}]', vendor=vendor)
    }
    return {"wrong": "" if answers <= {400, 401, 403} else f"answered {sorted(answers)}"}


def paid_before_we_know(scene: Scene) -> Facts | None:
    """A6: the provider's answer was lost, so it tells of a payment that we know only by our own id."""
    who = _who(scene)
    if who is None or not _starts_unheard(scene, who):
        return None
    found = scene.outside.open_payments(who.number)
    if not found:
        return None
    scene.outside.step(found[0], "pay")
    return _facts(who, found[0])


def lost_webhook(scene: Scene) -> Facts | None:
    """A7: paid, and nobody ever tells."""
    who = _who(scene)
    ref = scene.begins_to_pay(who) if who else ""
    if who is None or not ref:
        return None
    scene.outside.misfortune("webhooks:mollie", "drop")
    scene.outside.step(ref, "pay")
    return _facts(who, ref)


def late_webhook(scene: Scene) -> Facts | None:
    """A7: paid, and told hours later."""
    who = _who(scene)
    ref = scene.begins_to_pay(who) if who else ""
    if who is None or not ref:
        return None
    scene.outside.misfortune("webhooks:mollie", "delay", seconds=7_200)
    scene.outside.step(ref, "pay")
    return _facts(who, ref)


def lost_answer(scene: Scene) -> Facts | None:
    """A8: 'create payment' was done and its answer lost; the debtor tries once more."""
    who = _who(scene)
    if who is None or not _starts_unheard(scene, who):
        return None
    ref = scene.begins_to_pay(who)
    if not ref:
        return None
    scene.outside.step(ref, "pay")
    return _facts(who, ref) | {"open": len(scene.outside.open_payments(who.number))}


def withdrawn_while_paying(scene: Scene) -> Facts | None:
    """A11: the creditor takes the claim back while the debtor stands at the provider's page."""
    who = _who(scene)
    ref = scene.begins_to_pay(who) if who else ""
    if who is None or not ref:
        return None
    scene.in_unit(
        lambda unit: withdraw_claim(
            unit, creditor_id=who.creditor_id, claim_id=who.claim_id, why="settled with the debtor"
        )
    )
    scene.outside.step(ref, "pay")
    return _facts(who, ref)


def refunded_twice(scene: Scene) -> Facts | None:
    """A13: refunded in part at the provider, and again, and once more than there was."""
    found = _paid_online(scene, "true")
    if found is None:
        return None
    minor = found.pop("minor")
    scene.outside.step(found["payment"], "refund", Money(minor // 3, "EUR"))
    scene.outside.step(found["payment"], "refund", Money(minor // 3, "EUR"))
    if scene.outside.step(found["payment"], "refund", Money(minor, "EUR")):
        return found | {"wrong": "the provider gave back more than it had"}
    return found


def charged_back_after_payout(scene: Scene) -> Facts | None:
    """A14: the creditor has the money already."""
    return _charged_back(scene, _REMITTED)


def charged_back_in_draft(scene: Scene) -> Facts | None:
    """A14: taken back between the draft of a payout and its approval."""
    return _charged_back(scene, _IN_DRAFT)


def charged_back_untold(scene: Scene) -> Facts | None:
    """A7, A14: charged back, and nobody tells."""
    found = _paid_online(scene, "true")
    if found is None:
        return None
    scene.outside.misfortune("webhooks:mollie", "drop")
    scene.outside.step(found["payment"], "chargeback")
    return found


def charged_back_and_won(scene: Scene) -> Facts | None:
    """A15: charged back, and then won."""
    found = _paid_online(scene, "true")
    if found is None or not scene.outside.step(found["payment"], "chargeback"):
        return None
    scene.outside.tell_all()
    scene.outside.step(found["payment"], "win")
    return found


def paid_by_link_and_bank(scene: Scene) -> Facts | None:
    """A16: by link and by bank on the same day."""
    who = _who(scene)
    ref = scene.begins_to_pay(who) if who else ""
    if who is None or not ref:
        return None
    scene.outside.step(ref, "pay")
    return _facts(who, ref) | {"line": scene.pays(who, who.owes), "over": who.owes.minor}


def two_tabs(scene: Scene) -> Facts | None:
    """A17: two tabs lead to one payment."""
    who = _who(scene)
    refs = [scene.begins_to_pay(who) for _ in range(2)] if who else [""]
    if who is None or not all(refs):
        return None
    scene.outside.step(refs[0], "pay")
    return _facts(who, refs[0]) | {"wrong": "" if len(set(refs)) == 1 else "two payments were opened"}


def paid_less(scene: Scene) -> Facts | None:
    """A18: what was really paid is not what was asked."""
    who = _who(scene)
    ref = scene.begins_to_pay(who) if who else ""
    if who is None or not ref:
        return None
    scene.outside.step(ref, "pay", Money(who.owes.minor // 2, "EUR"))
    return _facts(who, ref)


def late_settlement_report(scene: Scene) -> Facts | None:
    """A20: the provider pays out, and says what for days later."""
    scene.outside.script_settlement(late_days=2)
    return {"since": scene.today.isoformat(), "scripted": "late"}


def settled_in_lumps(scene: Scene) -> Facts | None:
    """A20: one day's payments in several lumps, each with its own costs."""
    scene.outside.script_settlement(lumps=2)
    return {"since": scene.today.isoformat(), "scripted": "lump"}


def tampered_form(scene: Scene) -> Facts | None:
    """A21: another claim, amount and address to come back to in the form: the server's own count."""
    who = _who(scene)
    if who is None:
        return None
    browser = scene.outside.browser()
    browser.follow(scene.links[str(who.claim_id)])
    if not browser.identify(who.second_fact):
        return None
    paid = _paid_before(scene, who)
    forged = {
        "what": "all",
        "claim_id": "00000000-0000-0000-0000-000000000000",
        "amount": "0.01",
        "redirect_url": "https://elsewhere.example/",
    }
    answer = browser.send("/pay/start", forged)
    target = answer.headers.get("location", "")
    asked = scene.rows(
        "SELECT amount_minor FROM payment_intent WHERE claim_id = :claim AND state = 'open'",
        claim=who.claim_id,
    )
    own = [who.owes.minor] if answer.status == 303 else []  # a form with foreign fields may be refused
    right = [row.amount_minor for row in asked] == own and "elsewhere" not in target
    return {"claim": str(who.claim_id), "paid": paid, "wrong": "" if right else "the form was believed"}


def says_paid_and_is_not(scene: Scene) -> Facts | None:
    """A22: comes back from the provider without having paid."""
    who = _who(scene)
    if who is None or not scene.begins_to_pay(who):
        return None
    return {"claim": str(who.claim_id), "paid": _paid_before(scene, who)}


def odd_amounts(scene: Scene) -> Facts | None:
    """A23: amounts that are none."""
    who = _who(scene)
    if who is None:
        return None
    browser = scene.outside.browser()
    browser.follow(scene.links[str(who.claim_id)])
    if not browser.identify(who.second_fact):
        return None
    paid = _paid_before(scene, who)
    answers = [browser.send("/pay/start", {"what": "part", "amount": amount}).status for amount in _AMOUNTS]
    opened = scene.rows(
        "SELECT 1 FROM payment_intent WHERE claim_id = :claim AND state = 'open'", claim=who.claim_id
    )
    refused = set(answers) == {422} and not opened
    return {"claim": str(who.claim_id), "paid": paid, "wrong": "" if refused else f"answered {answers}"}


def _paid_before(scene: Scene, who: Somebody) -> int:
    """How often the claim was paid in part before: what is tried now must add nothing."""
    asked = "SELECT count(*) AS n FROM payment WHERE claim_id = :claim AND source = 'psp'"
    return int(scene.rows(asked, claim=who.claim_id)[0].n)


def _who(scene: Scene) -> Somebody | None:
    return next(iter(scene.who_owes(with_link=True)), None)


def _facts(who: Somebody, ref: str) -> Facts:
    return {"claim": str(who.claim_id), "payment": ref}


def _pays_online(scene: Scene) -> Facts | None:
    who = _who(scene)
    ref = scene.begins_to_pay(who) if who else ""
    if who is None or not ref:
        return None
    scene.outside.step(ref, "pay")
    return _facts(who, ref)


def _starts_unheard(scene: Scene, who: Somebody) -> bool:
    """The provider opens a payment, and its answer is lost on the way."""
    scene.outside.misfortune("mollie", "lost", path="/payments", method="POST")
    return not scene.begins_to_pay(who)


def _charged_back(scene: Scene, condition: str) -> Facts | None:
    found = _paid_online(scene, condition)
    if found is None or not scene.outside.step(found["payment"], "chargeback"):
        return None
    return found


def _paid_online(scene: Scene, condition: str) -> Facts | None:
    rows = scene.rows(
        _PAID_ONLINE.format(condition=condition), taken=sorted(scene.taken), salt=str(scene.rng.random())
    )
    return (
        {"claim": rows[0].claim_id, "payment": rows[0].ref, "minor": rows[0].amount_minor} if rows else None
    )
