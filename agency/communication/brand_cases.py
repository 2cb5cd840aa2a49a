"""Whose message a preview shows: a real claim of the creditor, or one that is made up for it."""

from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.build_up import ItemisedClaim, build_up
from agency.claims.claim_facts import ClaimFacts, InvoiceFacts
from agency.claims.itemisation import itemise
from agency.kernel.errors import NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.brand import BrandDesign
from agency.rules.facts import DebtorKind, InterestKind, Law, Phase

_CREDITOR: Final = text(
    "SELECT cr.name AS creditor_name, cr.registration_number AS creditor_registration,"
    " cr.email AS creditor_email, cr.phone AS creditor_phone, cr.street AS creditor_street,"
    " cr.postal_code AS creditor_postal_code, cr.city AS creditor_city, cr.vat_deductible,"
    " cr.language AS creditor_language, coalesce(terms.costs_clause, true) AS costs_clause,"
    " terms.contractual_interest_percent,"
    " coalesce(terms.reminder_in_creditors_name, true) AS in_creditors_name FROM creditor cr"
    " LEFT JOIN LATERAL (SELECT * FROM creditor_terms x WHERE x.creditor_id = cr.id"
    "  AND x.valid_from <= :today ORDER BY x.valid_from DESC LIMIT 1) terms ON true WHERE cr.id = :c"
)
_CLAIM: Final = text(
    "SELECT c.id AS claim_id, c.law, c.interest_kind, c.number, c.payment_reference, c.description,"
    " c.contract_on, c.currency,"
    " d.kind AS debtor_kind, d.name AS debtor_name, d.country, d.street, d.postal_code, d.city"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.number = :number"
)
# Nobody lives at these: the streets stand in no register.
_HOMES: Final = {
    Law.nl: ("NL", "Voorbeeldlaan 12", "3511 AB", "Utrecht"),
    Law.be: ("BE", "Voorbeeldlaan 12", "2000", "Antwerpen"),
    Law.de: ("DE", "Beispielallee 12", "10115", "Berlin"),
    Law.eu: ("FR", "12 rue de l’Exemple", "75001", "Paris"),
    Law.uk: ("GB", "12 Example Lane", "SW1A 1AA", "London"),
}
_PEOPLE: Final = {
    DebtorKind.consumer: "J. Voorbeeld",
    DebtorKind.sole_trader: "Klusbedrijf Voorbeeld",
    DebtorKind.company: "Voorbeeld Handel B.V.",
}
_WORDS_OF_A_PERSON: Final = {
    "nl": ["U betaalt de helft voor het einde van de maand.", "De rest betaalt u een maand later."],
    "fr": ["Vous payez la moitié avant la fin du mois.", "Vous payez le reste un mois plus tard."],
    "en": ["You pay half before the end of the month.", "You pay the rest a month later."],
    "de": ["Sie zahlen die Hälfte bis zum Ende des Monats.", "Den Rest zahlen Sie einen Monat später."],
}


@dataclass(frozen=True, slots=True)
class Case:
    """A claim with its debtor and creditor, and what is owed; `facts` are the columns that messages read."""

    facts: dict[str, Any]
    owed: ItemisedClaim

    @property
    def law(self) -> Law:
        """The law of the claim."""
        return Law(self.facts["law"])

    @property
    def debtor(self) -> DebtorKind:
        """Who owes."""
        return DebtorKind(self.facts["debtor_kind"])


@dataclass(frozen=True, slots=True)
class Sends:
    """Whether the records of a design's own names stand: else the agency's are used."""

    mail: bool = False
    pay: bool = False


def creditor_facts(unit: Unit, *, creditor_id: UUID) -> dict[str, Any]:
    """This function will read what messages say of a creditor.

    :raises NotFound: there is none.
    """
    found = unit.session.connection().execute(_CREDITOR, {"c": creditor_id, "today": unit.today})
    row = found.one_or_none()
    if row is None:
        raise NotFound("this page does not exist")
    return {"creditor_id": creditor_id, **row._mapping}


def real_case(unit: Unit, *, creditor: dict[str, Any], number: str) -> Case:
    """This function will take a claim of the creditor by its number.

    :raises NotFound: the creditor has no such claim.
    """
    whose = {"c": creditor["creditor_id"], "number": number}
    row = unit.session.connection().execute(_CLAIM, whose).one_or_none()
    if row is None:
        raise NotFound("no such claim")
    owed = itemise(
        unit, creditor_id=creditor["creditor_id"], claim_id=row.claim_id, on=unit.today, undisputed=True
    )
    return Case(creditor | dict(row._mapping), owed)


def made_up_case(
    *, creditor: dict[str, Any], law: Law, debtor: DebtorKind, on: date, phase: Phase = Phase.reminder
) -> Case:
    """This function will make a claim up: one invoice that was due a month and a half ago."""
    country, street, postal_code, city = _HOMES[law]
    kind = InterestKind.consumer if debtor is DebtorKind.consumer else InterestKind.trade
    zero = Money.zero("EUR")
    issued, due = on - timedelta(days=60), on - timedelta(days=45)
    invoice = InvoiceFacts(new_id(), "88231", "invoice", issued, due, Money(35_000, "EUR"))
    owed = build_up(
        facts=ClaimFacts(
            creditor_id=creditor["creditor_id"], claim_id=new_id(), law=law, interest_kind=kind,
            phase=phase, currency="EUR", costs_from=None, costs=zero, costs_vat=zero,
            contractual_percent=None, invoices=(invoice,), movements=(),
        ),
        on=on,
    )  # fmt: skip
    facts = {
        "law": law.value, "interest_kind": kind.value, "number": "2026-10412",
        "description": "Küche, geliefert und montiert" if law is Law.de else "",
        "contract_on": on - timedelta(days=75),
        "payment_reference": "RF18539007547034", "currency": "EUR", "debtor_kind": debtor.value,
        "debtor_name": _PEOPLE[debtor], "country": country, "street": street, "postal_code": postal_code,
        "city": city,
    }  # fmt: skip
    return Case(creditor | facts, owed)


def dressed(case: Case, design: BrandDesign, sends: Sends, **message: Any) -> Row[Any]:
    """This function will return what the release reads of a message (`facts.read_facts`), under a design."""
    look = {
        "colour": design.colour, "ink": design.ink, "accent": design.accent, "font": design.font,
        "logo_sha256": design.logo_sha256 or None, "letterhead": design.letterhead,
        "sender_name": design.sender_name, "sender_email": design.sender_email,
        "reply_to": design.reply_to, "sms_sender": design.sms_sender, "brand_phone": design.phone,
        "footer": design.footer, "pay_host": design.pay_host, "mail_valid": sends.mail,
        "pay_valid": sends.pay, "told_before": True,
    }  # fmt: skip
    return cast(Row[Any], SimpleNamespace(**case.facts, **look, **message))


def told_by(owed: ItemisedClaim, language: str, on: date) -> dict[str, Any]:
    """This function will make up what answers tell of: a promise, a payment of today, words of a person."""
    minor = owed.total.minor
    amount = {"amount_minor": minor, "currency": owed.total.currency}
    return {
        "promise": amount | {"due_on": (on + timedelta(days=14)).isoformat()},
        "payment": amount | {"on": on.isoformat()},
        "answer": {"lines": _WORDS_OF_A_PERSON[language][:1], "on": on.isoformat()},
        "note": {
            "lines": _WORDS_OF_A_PERSON[language],
            "answer_by": (on + timedelta(days=7)).isoformat(),
        },
        "refund": amount | {"on": on.isoformat()},
        "visit": {
            "on": (on + timedelta(days=7)).isoformat(),
            "first": "10:00",
            "last": "12:00",
            "visitor": "Anna de Wit",
        },
        "plan": amount
        | {
            "total_minor": 2 * minor,
            "due_on": (on + timedelta(days=14)).isoformat(),
            "parts": [[(on + timedelta(days=days)).isoformat(), minor] for days in (14, 44)],
        },
    }
