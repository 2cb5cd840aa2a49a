"""SEPA mandates: signed by the debtor on the page for one plan, and taken back there at any time.

Who signed and when stands in the row and in its event; a debtor's door writes no audit.
"""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from agency.arrangements.deciding import plan_to_change
from agency.arrangements.given_back import is_collected_again
from agency.arrangements.models import PlanState, SepaMandate
from agency.arrangements.plans import reached
from agency.events import MandateRevoked, MandateSigned
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit, agency_day
from agency.rules.mandates import NoSuchAccount, prenotification_days, readable_iban

_HOLDER_MAX = 70
_SENTENCES = {
    "not_an_iban": "this is not an IBAN; check it and try again",
    "outside_sepa": "money cannot be collected from an account in this country",
}


class UnableToSign(Conflict):
    """The plan does not run, or a mandate for it was signed already."""


def sign_mandate(unit: Unit, *, creditor_id: UUID, plan_id: UUID, iban: str, holder: str) -> SepaMandate:
    """This function will keep the debtor's permission to collect a plan's instalments from an account.

    :raises Invalid: the account is none, SEPA does not reach it, or the holder's name is missing or too long.
    :raises UnableToSign, NotFound: see the exceptions.
    """
    plan = plan_to_change(unit, creditor_id=creditor_id, plan_id=plan_id)
    if plan.state != PlanState.ACTIVE or plan.currency != "EUR":
        raise UnableToSign("this plan is not running")
    name = " ".join(holder.split())
    if not 0 < len(name) <= _HOLDER_MAX:
        raise Invalid("fill in the name on the account", field="holder")
    try:
        account = readable_iban(iban)
    except NoSuchAccount as wrong:
        raise Invalid(_SENTENCES[wrong.reason], field="iban") from None
    mandate_id = new_id()
    mandate = SepaMandate(
        creditor_id=creditor_id,
        id=mandate_id,
        plan_id=plan_id,
        debtor_id=plan.debtor_id,
        # Unique under the agency's one identifier, whichever creditor it is for.
        reference=f"M{mandate_id.hex[:32]}".upper(),
        iban=account,
        holder=name,
        signed_at=unit.now,
        signed_by=unit.by,
    )
    try:
        with unit.session.begin_nested():
            unit.session.add(mandate)
    except IntegrityError as error:
        raise UnableToSign("a mandate was signed already") from error
    lead = next(iter(reached(unit, plan)), None)
    emit(unit, MandateSigned(creditor_id=creditor_id, claim_id=lead, mandate_id=mandate_id, plan_id=plan_id))
    return mandate


def revoke_mandate(unit: Unit, *, creditor_id: UUID, mandate_id: UUID) -> None:
    """This function will end a mandate now; ending it twice changes nothing.

    :raises NotFound: this debtor has no such mandate.
    """
    mandate = unit.session.get(
        SepaMandate, (creditor_id, mandate_id), with_for_update=True, populate_existing=True
    )
    if mandate is None:
        raise NotFound("no such mandate")
    if mandate.revoked_at is not None:
        return
    mandate.revoked_at, mandate.revoked_by = unit.now, unit.by
    unit.session.add(mandate)
    unit.session.flush()
    plan = plan_to_change(unit, creditor_id=creditor_id, plan_id=mandate.plan_id)
    lead = next(iter(reached(unit, plan)), None)
    emit(
        unit,
        MandateRevoked(
            creditor_id=creditor_id, claim_id=lead, mandate_id=mandate_id, plan_id=mandate.plan_id
        ),
    )


def live_mandate(unit: Unit, *, creditor_id: UUID, plan_id: UUID) -> SepaMandate | None:
    """This function will return the mandate that a plan's instalments are collected under, if any."""
    return unit.session.exec(
        select(SepaMandate).where(
            SepaMandate.creditor_id == creditor_id,
            SepaMandate.plan_id == plan_id,
            col(SepaMandate.revoked_at).is_(None),
        )
    ).one_or_none()


def collects(unit: Unit, *, mandate: SepaMandate, number: int, due_on: date) -> bool:
    """This function will tell whether an instalment is collected by its day: it could be announced in time
    since the mandate was signed, and it was not collected before. Else the debtor pays it himself."""
    signed_on = agency_day(mandate.signed_at)
    if signed_on + timedelta(days=prenotification_days(due_on)) > due_on:
        return False
    return is_collected_again(unit, creditor_id=mandate.creditor_id, plan_id=mandate.plan_id, number=number)
