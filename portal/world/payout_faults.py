"""What goes wrong with payouts: cases A24, B15, B16, B17."""

from functools import partial

from agency.money import Money
from agency.remittance.account_changes import UnableToApproveChange, approve_account_change, ask_change
from agency.remittance.models import RemittanceFile
from agency.remittance.runs import download_file, draft_runs
from portal.world.scene import Facts, Scene
from portal.world.troubled_outside import iban_of

_REFUSED_PAYMENTS = 2


def another_account(scene: Scene) -> Facts | None:
    """A24: somebody asks that a creditor is paid to another account."""
    people = scene.people()
    creditors = scene.rows(
        "SELECT k.id, k.name FROM creditor k WHERE k.iban IS NOT NULL AND NOT EXISTS (SELECT FROM"
        " creditor_account_change a WHERE a.creditor_id = k.id"
        " AND a.state IN ('asked', 'confirmed', 'approved'))"
        " AND EXISTS (SELECT FROM claim c WHERE c.creditor_id = k.id)"
        " ORDER BY md5(k.reference || :salt) LIMIT 1",
        salt=str(scene.rng.random()),
    )
    if not creditors or len(people) < 3:
        return None
    creditor = creditors[0]
    iban = iban_of(f"{creditor.name} {scene.today}")
    asks = partial(ask_change, creditor_id=creditor.id, iban=iban, holder=creditor.name, reason="by letter")
    change_id = scene.in_unit(asks, by=people[0])
    approves = partial(approve_account_change, creditor_id=creditor.id, change_id=change_id)
    try:
        scene.in_unit(approves, by=people[0])
        return {"change": str(change_id), "wrong": "who asked approved it"}
    except UnableToApproveChange:
        for person in people[1:3]:
            scene.in_unit(approves, by=person)
    return {"change": str(change_id)}


def drafted_twice(scene: Scene) -> Facts | None:
    """B15: another person drafts for the same cut-off."""
    again = scene.in_unit(partial(draft_runs, cutoff_on=scene.today), by=scene.people()[1])
    return {"wrong": f"{len(again)} runs more" if again else ""}


def downloaded_and_sent_twice(scene: Scene, file: RemittanceFile) -> Facts:
    """B16: the same file downloaded and handed in twice."""
    load = partial(download_file, file_id=file.id)
    (_, first, one), (_, second, two) = (scene.in_unit(load, by=scene.people()[0]) for _ in range(2))
    answers = [scene.outside.order(first), scene.outside.order(second)]
    taken = [answer for answer in answers if answer is not None and not answer["duplicate"]]
    same = first == second and two == one + 1
    return {"wrong": "" if same and len(taken) <= 1 else "the bank took it twice"}


def refused_by_bank(scene: Scene) -> Facts | None:
    """B17: the bank will refuse some payments of the next file."""
    scene.outside.refuse_payments(_REFUSED_PAYMENTS)
    return {"since": scene.today.isoformat()}


def payout_came_back(scene: Scene) -> Facts | None:
    """B17: a payout arrived at an account that is closed, and comes back."""
    runs = scene.rows(
        "SELECT id::text AS id, net_minor, end_to_end, payee_iban, payee_name FROM remittance_run"
        " WHERE state = 'paid' AND net_minor > 0 AND attempt = 1 ORDER BY paid_at DESC LIMIT 1"
    )
    if not runs:
        return None
    run = runs[0]
    scene.transfer(
        Money(run.net_minor, "EUR"),
        name=run.payee_name,
        from_iban=run.payee_iban,
        text="RETURN AC04",
        end_to_end=run.end_to_end,
        return_reason="AC04",
    )
    return {"runs": [run.id]}


def refund_came_back(scene: Scene) -> Facts | None:
    """B17: a refund by transfer comes back; its money is owed again, and goes out once more."""
    refunds = scene.rows(
        "SELECT r.amount_minor, r.end_to_end, r.iban, r.holder, r.claim_id::text AS claim_id"
        " FROM refund r WHERE r.state = 'paid' AND r.route = 'bank' AND r.payment_id IS NOT NULL"
        " AND NOT r.claim_id = ANY(CAST(:taken AS uuid[])) ORDER BY r.ended_at DESC LIMIT 1",
        taken=sorted(scene.taken),
    )
    if not refunds:
        return None
    refund = refunds[0]
    scene.transfer(
        Money(refund.amount_minor, "EUR"),
        name=refund.holder,
        from_iban=refund.iban,
        text="RETURN AC04",
        end_to_end=refund.end_to_end,
        return_reason="AC04",
    )
    return {"claim": refund.claim_id, "over": refund.amount_minor}
