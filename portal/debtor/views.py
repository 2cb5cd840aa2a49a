"""What a debtor's page shows: plain values, made from what the rooms say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.arrangements.dividing import claims_of_plan
from agency.arrangements.models import PlanState
from agency.arrangements.queries import plan_of_claim
from agency.arrangements.settlements import OpenSettlement, open_settlement
from agency.claims.explaining import addends
from agency.claims.itemisation import ItemisedClaim, itemise
from agency.communication.payment_codes import transfer_fits
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.explain import explain
from portal.shared.explaining import Explanation, Part, explanation
from portal.shared.i18n import N_, current_language, gettext
from portal.shared.logos import logo_address

_CLAIM = text(
    "SELECT c.number, c.payment_reference, c.description, c.state, c.law, c.costs_from, c.costs_minor,"
    " c.costs_vat_minor, c.currency, c.disputed_minor, c.principal_minor,"
    " d.name AS debtor_name, d.country, cr.name AS creditor_name,"
    " EXISTS (SELECT FROM plan_claim pc JOIN plan p ON p.creditor_id = pc.creditor_id AND p.id = pc.plan_id"
    "  WHERE pc.creditor_id = c.creditor_id AND pc.claim_id = c.id AND pc.live AND p.state = 'active')"
    " AS in_plan,"
    " (SELECT p.due_on FROM promise p WHERE p.creditor_id = c.creditor_id AND p.claim_id = c.id"
    "  AND p.state = 'open') AS promised_on,"
    " (SELECT p.amount_minor FROM promise p WHERE p.creditor_id = c.creditor_id AND p.claim_id = c.id"
    "  AND p.state = 'open') AS promised_minor,"
    " (SELECT array_agg(DISTINCT h.ground) FROM hold h WHERE h.creditor_id = c.creditor_id"
    "  AND h.claim_id = c.id AND h.lifted_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > :now)) AS grounds"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " JOIN creditor cr ON cr.id = c.creditor_id WHERE c.creditor_id = :creditor AND c.id = :claim"
)
_BRAND = text(
    "SELECT cr.name, b.sender_name, b.logo_sha256, b.pay_text,"
    " (SELECT d.country FROM debtor d WHERE d.creditor_id = cr.id AND d.id = :debtor) AS country"
    " FROM creditor cr"
    " LEFT JOIN LATERAL (SELECT * FROM brand b WHERE b.creditor_id = cr.id ORDER BY b.id LIMIT 1) b ON true"
    " WHERE cr.id = :creditor"
)
_PAYMENTS = text(
    "SELECT value_on, amount_minor, currency, source FROM payment WHERE creditor_id = :creditor"
    " AND claim_id = :claim AND reversed_at IS NULL ORDER BY value_on DESC, id DESC"
)

HOLD_WORDS = {
    "reply_unread": N_("You wrote to us. Somebody reads it and answers you."),
    "dispute": N_("You told us that you do not agree. We are looking into it and ask nothing meanwhile."),
    "says_paid": N_("You told us that you have paid. We are looking for your payment."),
    "not_me": N_("You told us that this is not for you. We are looking into it."),
    "debt_help": N_("You told us that somebody helps you with your debts. We wait for their message."),
    "deceased": N_("We were told that somebody has died. We ask for nothing now."),
    "guardianship": N_("Somebody looks after your money matters. We write to that person."),
    "insolvency": N_("We were told of a procedure at court. We ask you for nothing now."),
    "complaint": N_("Your complaint is being handled."),
    "plan_requested": N_("Your request to pay in parts is being handled."),
}

COSTS_BASIS = {
    "nl": N_("Basis: article 6:96 of the Dutch Civil Code and the Decree on collection costs."),
    "be": N_("Basis: Book XIX of the Belgian Code of economic law, or the law of 2 August 2002."),
}


DUE_WORDS = {
    "settled": (N_("What we agreed: %(amount)s"), N_("The rest is cancelled.")),
    "instalment": (N_("This part of your plan: %(amount)s"), N_("The next part comes later.")),
}


@dataclass(frozen=True, slots=True)
class Due:
    """What an agreement asks now instead of everything: a settlement, or the next part of a running plan."""

    what: str
    amount: Money
    on: date


@dataclass(frozen=True, slots=True)
class ClaimView:
    """One claim as its debtor sees it."""

    number: str
    reference: str
    description: str
    debtor_name: str
    creditor_name: str
    country: str
    payable: bool
    in_plan: bool
    owed: ItemisedClaim
    interest: Explanation
    costs_from: date | None
    costs_basis: str
    announced: Money | None
    promised_on: date | None
    promised: Money | None
    holds: tuple[str, ...]
    grounds: tuple[str, ...]
    settlement: OpenSettlement | None
    due: Due | None

    @property
    def asked(self) -> Money:
        """What to transfer: what an agreement asks now, else all that is owed."""
        return self.due.amount if self.due else self.owed.total

    @property
    def has_code(self) -> bool:
        """Whether a banking app can read that amount from a code."""
        return transfer_fits(self.asked)

    @property
    def reduced(self) -> Money:
        """What was paid or cancelled of the invoices (negative)."""
        invoiced = (invoice.amount for invoice in self.owed.invoices)
        return self.owed.principal - Money.total(invoiced, self.owed.principal.currency)

    @property
    def costs(self) -> Money:
        """Costs with the VAT on them."""
        return self.owed.costs + self.owed.costs_vat


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment that was booked."""

    on: date
    amount: Money


def brand_values(unit: Unit, *, creditor_id: UUID, debtor_id: UUID, settings: Settings) -> dict[str, Any]:
    """This function will return what the frame of every debtor's page shows: also the agency's number in the
    register of the debtor's country."""
    row = unit.session.connection().execute(_BRAND, {"creditor": creditor_id, "debtor": debtor_id}).one()
    return {
        "brand": {
            "name": row.sender_name or row.name,
            "creditor": row.name,
            "css": f"/brand/{creditor_id}.css",
            "logo": logo_address(creditor_id, row.logo_sha256),
            "pay_text": (row.pay_text or {}).get(current_language(), ""),
        },
        "agency": {
            "name": settings.agency_name,
            "registration": settings.registration_in(row.country or "", current_language()),
            "phone": settings.agency_phone,
            "email": settings.agency_email,
            "complaints": settings.agency_visits_and_complaints_url,
        },
    }


def claim_view(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> ClaimView:
    """This function will return a claim as of today."""
    row = (
        unit.session.connection()
        .execute(_CLAIM, {"creditor": creditor_id, "claim": claim_id, "now": unit.now})
        .one()
    )
    owed = itemise(
        unit,
        creditor_id=creditor_id,
        claim_id=claim_id,
        on=unit.today,
        undisputed=row.disputed_minor < row.principal_minor,
    )
    settlement = open_settlement(unit, creditor_id=creditor_id, claim_id=claim_id)
    announced = Money(row.costs_minor + row.costs_vat_minor, row.currency)
    term_runs = row.costs_from is not None and unit.today < row.costs_from
    return ClaimView(
        number=row.number,
        reference=row.payment_reference,
        description=row.description,
        debtor_name=row.debtor_name,
        creditor_name=row.creditor_name,
        country=row.country,
        payable=row.state == "active" and owed.total.minor > 0,
        in_plan=row.in_plan,
        owed=owed,
        interest=_interest(owed),
        costs_from=row.costs_from,
        costs_basis=COSTS_BASIS.get(row.law, ""),
        announced=announced if announced and term_runs else None,
        promised_on=row.promised_on,
        promised=Money(row.promised_minor, row.currency) if row.promised_on else None,
        holds=tuple(HOLD_WORDS[ground] for ground in row.grounds or () if ground in HOLD_WORDS),
        grounds=tuple(row.grounds or ()),
        settlement=settlement,
        due=due_now(unit, creditor_id=creditor_id, claim_id=claim_id, owed=owed.total),
    )


def due_now(unit: Unit, *, creditor_id: UUID, claim_id: UUID, owed: Money) -> Due | None:
    """This function will return what an agreement about a claim asks now; None where all that is owed is."""
    settlement = open_settlement(unit, creditor_id=creditor_id, claim_id=claim_id)
    if settlement is not None:
        return Due("settled", settlement.left, settlement.pay_by)
    part = next_part(unit, creditor_id=creditor_id, claim_id=claim_id)
    if part is None or part.amount < owed:
        return part
    # A plan over several claims may ask more at once than is owed on this one.
    covered = claims_of_plan(unit, creditor_id=creditor_id, claim_id=claim_id)
    return part if set(covered) - {claim_id} else None


def next_part(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Due | None:
    """This function will return the part that a claim's running plan asks next."""
    plan = plan_of_claim(unit, creditor_id=creditor_id, claim_id=claim_id)
    if plan is None or plan.state is not PlanState.ACTIVE or plan.next is None:
        return None
    return Due("instalment", plan.next.open, plan.next.due_on)


def payments(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Sequence[PaymentView]:
    """This function will return what was booked on a claim, the latest first."""
    rows = unit.session.connection().execute(_PAYMENTS, {"creditor": creditor_id, "claim": claim_id})
    return [PaymentView(row.value_on, Money(row.amount_minor, row.currency)) for row in rows]


def _interest(owed: ItemisedClaim) -> Explanation:
    """Interest by invoice, rate and period, each with the source of its rate."""
    interest = addends([line for line in owed.lines if line.label == "interest"], on=owed.on)
    parts = [
        Part(line.words, line.amount, line.source)
        for line in explain(interest, current_language())
        if line.amount is not None
    ]
    rest = owed.interest - Money.total((part.amount for part in parts), owed.interest.currency)
    if rest:
        parts.append(Part(gettext("Already paid or cancelled"), rest))
    return explanation(total=owed.interest, parts=parts)
