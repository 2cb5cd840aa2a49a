"""What finance does about what went wrong: it splits, parks, sends back, and pays again what came back.

Every act goes through the function that its page calls, by a person of finance; two where two are needed.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from agency.banking.sending_back import send_back
from agency.banking.suspense import (
    Part,
    Proposal,
    SuspenseItem,
    UnableToSettleLine,
    settle_line,
    split_line,
    suspense_items,
)
from agency.banking.suspense_cases import ask_to_park, park
from agency.claims.itemisation import open_total
from agency.money import Money
from agency.payments.refunds import BadAccount, UnableToRefund
from agency.remittance.models import RemittanceFile
from agency.remittance.order_answers import AnswerTaken, take_answer
from agency.remittance.orders import NothingToExport, PayoutsBlocked
from agency.remittance.returned import put_forward_again
from agency.remittance.runs import UnableToApprove, approve_run, cancel_run, draft_own_run, draft_runs
from integrations.bankfiles.payment_status import read_payment_status
from portal.payouts import export_payouts
from portal.world import finance
from portal.world.scene import Scene
from portal.world.troubled_outside import PROVIDER_NAME

LOOKED_AT_AFTER = 1
"""Business days after which finance stops waiting for an explanation; the house warns after as many."""
_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class PaidOut:
    """What a payout came to, in minor units; `file` is None when nothing left."""

    minor: int
    file: RemittanceFile | None
    cancelled: int


def clear_suspense(scene: Scene) -> list[str]:
    """This function will let finance look at each line that still waits and return a word for each act."""
    asker, second = scene.people()[:2]
    waiting: Sequence[SuspenseItem] = scene.in_unit(partial(suspense_items, limit=_SHOWN))
    words = (_look_at(scene, item, asker, second) for item in waiting)
    return [word for word in words if word]


def _look_at(scene: Scene, item: SuspenseItem, asker: str, second: str) -> str:
    if item.going_back or item.amount.minor <= 0 or item.counterparty == PROVIDER_NAME:
        return ""
    if len(item.proposals) > 1 and _is_split(scene, item, asker):
        return "split by finance"
    if item.counterparty_iban:
        # A person looked and found nobody; what is marked with another currency nobody needs to wait for.
        if item.business_days < LOOKED_AT_AFTER and not {"other_currency"} & set(item.reasons):
            return ""
        send = partial(send_back, line_id=item.line_id, reason="we cannot tell whose this is")
        with suppress(UnableToSettleLine, BadAccount, UnableToRefund):
            scene.in_unit(send, by=asker)
            return "sent back by finance"
        return ""
    if item.business_days < LOOKED_AT_AFTER:
        return ""
    reason = "the bank names no account and nobody knows the sender"
    scene.in_unit(partial(ask_to_park, line_id=item.line_id, reason=reason), by=asker)
    scene.in_unit(partial(park, line_id=item.line_id), by=second)
    return "parked by finance"


def _is_split(scene: Scene, item: SuspenseItem, by: str) -> bool:
    """Each claim gets what is open on it; the last one what is left."""
    parts = [
        Part(one.creditor_id, one.claim_id, _open(scene, one, scene.today)) for one in item.proposals[:-1]
    ]
    last = item.proposals[-1]
    rest = item.amount - Money.total((part.amount for part in parts), item.amount.currency)
    if rest.minor <= 0 or any(part.amount.minor <= 0 for part in parts):
        return False
    parts.append(Part(last.creditor_id, last.claim_id, rest))
    try:
        scene.in_unit(partial(split_line, line_id=item.line_id, parts=parts), by=by)
    except UnableToSettleLine:
        return False
    return True


def _open(scene: Scene, one: Proposal, on: date) -> Money:
    owed: Money = scene.in_unit(
        lambda unit: open_total(unit, creditor_id=one.creditor_id, claim_id=one.claim_id, on=on)
    )
    return owed


def payer_rings_up(scene: Scene, *, line: str, creditor_id: str, claim_id: str) -> bool:
    """This function will book a parked line on the claim that its payer names on the telephone."""
    found = scene.rows("SELECT id FROM bank_line WHERE end_to_end = :line AND state = 'suspense'", line=line)
    if not found:
        return False
    settles = partial(
        settle_line, line_id=found[0].id, creditor_id=UUID(creditor_id), claim_id=UUID(claim_id)
    )
    with suppress(UnableToSettleLine):
        scene.in_unit(settles, by=scene.people()[0])
        return True
    return False


def draft(scene: Scene, *, cutoff_on: date) -> None:
    """This function will draft what every creditor and the agency itself have coming, and put forward what
    came back.
    """
    drafter = scene.people()[0]
    scene.in_unit(partial(draft_runs, cutoff_on=cutoff_on), by=drafter)
    scene.in_unit(draft_own_run, by=drafter)
    came_back = scene.rows("SELECT creditor_id, id FROM remittance_run WHERE state = 'returned'")
    for run in came_back:
        scene.in_unit(
            partial(put_forward_again, creditor_id=run.creditor_id, run_id=run.id, account_confirmed=True),
            by=drafter,
        )


def pay_out(scene: Scene, *, cutoff_on: date) -> PaidOut:
    """This function will approve the drafts as another person, drafting anew what went stale, and export.

    :raises PayoutsBlocked: the proof is red.
    """
    approver = scene.people()[1]
    stale = _approve(scene, approver)
    if stale:
        scene.in_unit(partial(draft_runs, cutoff_on=cutoff_on), by=scene.people()[0])
        scene.in_unit(draft_own_run, by=scene.people()[0])
        _approve(scene, approver)
    file = None
    with suppress(NothingToExport):
        file = scene.in_unit(partial(export_payouts, settings=scene.settings), by=approver)
    return PaidOut(file.total_minor if file else 0, file, stale)


def _approve(scene: Scene, approver: str) -> int:
    """Approve each draft, and cancel what promises money that was taken back; returns how many those were.

    One that came back from the bank cannot be cancelled: it waits until its creditor is owed that much.
    """
    stale = 0
    for run in _drafts(scene):
        approves = partial(approve_run, creditor_id=run.creditor_id, run_id=run.id)
        try:
            scene.in_unit(approves, by=approver)
        except UnableToApprove:
            if run.attempt == 1:
                why = "a payment was taken back"
                cancels = partial(cancel_run, creditor_id=run.creditor_id, run_id=run.id, why=why)
                scene.in_unit(cancels, by=scene.people()[0])
                stale += 1
    return stale


def _drafts(scene: Scene) -> list[Any]:
    return scene.rows(
        "SELECT creditor_id, id, attempt FROM remittance_run WHERE state = 'draft' ORDER BY creditor_id, id"
    )


def give_back(scene: Scene) -> int:
    """This function will let refunds be asked, approved and exported; none while the proof is red."""
    try:
        return finance.give_back(scene.in_unit, settings=scene.settings)
    except PayoutsBlocked:
        return 0


def hand_in_orders(scene: Scene) -> int:
    """This function will hand every payment order to the bank that it has not executed, and take back what
    it says it refused (pain.002). What the account does not cover today waits.

    :returns: how many payments the bank refused.
    """
    refused = 0
    for content in scene.in_unit(finance.files_under_way):
        answer = scene.outside.order(content)
        if answer is not None and answer["rejected"]:
            refused += _take_back(scene, scene.outside.order_status(answer["message_id"]))
    return refused


def _take_back(scene: Scene, content: bytes) -> int:
    """Finance uploads the bank's answer."""
    taking = partial(take_answer, content=content, reader=read_payment_status)
    taken: AnswerTaken = scene.in_unit(taking, by=scene.people()[0])
    return taken.payouts + taken.refunds + taken.collections
