"""Rows that tests start from: a creditor, a debtor, a claim with its opening in the ledger."""

from collections.abc import Sequence
from datetime import date
from itertools import count
from uuid import UUID

from agency.claims.models import Claim, Invoice
from agency.claims.states import ClaimState
from agency.intake.models import Placement
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.ledger.posting import post_openings
from agency.parties.models import Creditor, CreditorTerms, Debtor, RemittanceMode
from agency.pricing.models import Quote, QuoteLine, QuoteState, RateCardVersion
from agency.rules.contract_split import Keeper
from agency.rules.facts import DebtorKind, InterestKind, Law, Phase

NUMBERS = count(1)


def rf_reference(number: int) -> str:
    """A creditor reference (ISO 11649) with its two check digits."""
    return f"RF{98 - int(f'{number:010d}271500') % 97:02d}{number:010d}"


def a_creditor(
    unit: Unit,
    *,
    country: str = "NL",
    iban: str = "NL91ABNA0417164300",
    interest_to: Keeper = Keeper.CREDITOR,
    costs_to: Keeper = Keeper.AGENCY,
    mode: RemittanceMode = RemittanceMode.NET,
    vat_number: str | None = None,
    costs_clause: bool = True,
) -> UUID:
    """A creditor with terms from long ago."""
    number = next(NUMBERS)
    creditor = Creditor(
        created_at=unit.now,
        reference=f"C{number}",
        name=f"Creditor {number} BV",
        country=country,
        iban=iban,
        iban_holder=f"Creditor {number} BV",
        vat_number=vat_number,
    )
    unit.session.add(creditor)
    unit.session.flush()
    unit.session.add(
        CreditorTerms(
            creditor_id=creditor.id,
            created_at=unit.now,
            valid_from=date(2020, 1, 1),
            remittance_mode=mode,
            interest_to=interest_to,
            costs_to=costs_to,
            costs_clause=costs_clause,
        )
    )
    unit.session.flush()
    return creditor.id


def a_claim(
    unit: Unit,
    *,
    creditor_id: UUID,
    invoices: Sequence[tuple[int, date]],
    law: Law = Law.nl,
    interest_kind: InterestKind = InterestKind.trade,
    debtor: DebtorKind = DebtorKind.company,
    phase: Phase = Phase.reminder,
    state: ClaimState = ClaimState.ACTIVE,
    costs_from: date | None = None,
    costs_minor: int = 0,
    costs_vat_minor: int = 0,
    currency: str = "EUR",
) -> UUID:
    """An active claim with invoices of (minor units, due date), opened in the ledger."""
    number = next(NUMBERS)
    debtor_id, claim_id = new_id(), new_id()
    unit.session.add(
        Debtor(
            creditor_id=creditor_id,
            id=debtor_id,
            created_at=unit.now,
            reference=f"D{number}",
            kind=debtor,
            name=f"Debtor {number}",
            name_key=f"debtor {number}",
            country="NL",
        )
    )
    unit.session.flush()
    unit.session.add(
        Claim(
            creditor_id=creditor_id,
            id=claim_id,
            created_at=unit.now,
            number=f"{number:08d}",
            reference=f"K{number}",
            payment_reference=rf_reference(number),
            debtor_id=debtor_id,
            law=law,
            interest_kind=interest_kind,
            currency=currency,
            principal_minor=sum(minor for minor, _ in invoices),
            due_on=min(due for _, due in invoices),
            state=state,
            phase=phase,
            costs_from=costs_from,
            costs_minor=costs_minor,
            costs_vat_minor=costs_vat_minor,
        )
    )
    unit.session.flush()
    for position, (minor, due) in enumerate(invoices, start=1):
        unit.session.add(
            Invoice(
                creditor_id=creditor_id,
                created_at=unit.now,
                claim_id=claim_id,
                number=f"F{number}-{position}",
                kind="invoice" if minor > 0 else "credit_note",
                issued_on=due,
                due_on=due,
                currency=currency,
                total_minor=minor,
                open_minor=minor,
            )
        )
    unit.session.flush()
    post_openings(unit, creditor_id=creditor_id, claim_ids=[claim_id])
    return claim_id


def an_accepted_price(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, fee_bps: int = 1_000, minimum_minor: int = 0
) -> None:
    """A fee agreement for one claim."""
    number = next(NUMBERS)
    card = RateCardVersion(
        created_at=unit.now, version=number, valid_from=date(2026, 1, 1), card=b"{}", sha256=""
    )
    placement = Placement(
        creditor_id=creditor_id,
        name="claims.csv",
        sha256=str(number),
        media_type="text/csv",
        source="upload",
        received_at=unit.now,
        received_by="user:clerk",
    )
    unit.session.add_all([card, placement])
    unit.session.flush()
    quote = Quote(
        creditor_id=creditor_id,
        number=f"Q{number}",
        placement_id=placement.id,
        rate_card_id=card.id,
        state=QuoteState.ACCEPTED,
        claims=1,
        principal_minor=1,
        currency="EUR",
        fee_bps_average=fee_bps,
        document=b"",
        sha256="",
        issued_at=unit.now,
        expires_at=unit.now,
        accepted_at=unit.now,
        accepted_by="user:manager",
    )
    unit.session.add(quote)
    unit.session.flush()
    unit.session.add(
        QuoteLine(
            creditor_id=creditor_id,
            quote_id=quote.id,
            claim_id=claim_id,
            fee_bps=fee_bps,
            minimum_minor=minimum_minor,
            facts={},
            factors=[],
        )
    )
    unit.session.flush()
