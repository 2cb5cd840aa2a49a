"""A small agency whose books have everything in them that somebody could forge.

Two creditors, four claims at an accepted price; three days of the bank with a payment by reference, one that
was taken back, money of nobody, a payout that was sent and seen, with its invoices; a refund that a second
person approved; and a letter. All of it goes through the rooms' own doors.
"""

from datetime import date, timedelta
from itertools import count
from uuid import UUID

from agency.banking.importing import import_statements
from agency.banking.matching import match_lines
from agency.banking.suspense import settle_line, suspense_items, undo_line
from agency.claims.itemisation import itemise
from agency.claims.models import Claim, Invoice
from agency.claims.states import ClaimState
from agency.communication.amounts import as_json
from agency.communication.models import Message, MessageState, Template
from agency.kernel.audit import record
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units
from agency.ledger.posting import post_openings
from agency.money import Money
from agency.parties.models import Creditor, CreditorTerms, Debtor
from agency.parties.registration import register_house
from agency.payments.refunds import checked_payee, request_line_refund
from agency.ports.readers import BankLine, BankStatement
from agency.pricing.document import PackedLines, canonical, pack_document
from agency.pricing.models import Quote, QuoteLine, QuoteState, RateCardVersion
from agency.remittance.models import RemittanceRun
from agency.remittance.paid import see_payouts
from agency.remittance.refund_orders import approve_refund
from agency.remittance.runs import approve_run, draft_runs
from agency.rules.facts import Channel, DebtorKind, InterestKind, Law, Phase
from portal.payouts import export_payouts

_SHARE = 1_000
_IBAN = "NL91ABNA0417164300"
ClaimKey = tuple[UUID, UUID]


def seed(units: Units) -> None:
    """This function will fill an empty, migrated database."""
    with units.open(Door.STAFF, by="user:ann") as unit:
        register_house(unit, name="The agency")
        claims = [_claim(unit, creditor) for creditor in (_creditor(unit), _creditor(unit)) for _ in "12"]
        _letter(unit, claims[0])
        bank = _Bank(unit.today)
    _first_day(units, claims, bank)
    sent = _pay_out(units)
    _send_back(units, bank)
    with units.open(Door.STAFF, by="user:ann") as unit:
        bank.says(unit, *((-minor, end_to_end) for end_to_end, minor in sent))
        see_payouts(unit)
        bank.says(unit, (1_250, "from nobody we know"))
        match_lines(unit)


def _first_day(units: Units, claims: list[ClaimKey], bank: "_Bank") -> None:
    with units.open(Door.STAFF, by="user:ann") as unit:
        references = [unit.session.get_one(Claim, key).payment_reference for key in claims]
        bank.says(unit, (40_000, references[0]), (20_000, references[2]), (7_000, "no reference"))
        match_lines(unit)
        line_id = bank.waiting(unit)
        settle_line(unit, line_id=line_id, creditor_id=claims[1][0], claim_id=claims[1][1])
        undo_line(unit, line_id=line_id, why="booked on the wrong claim")


def _send_back(units: Units, bank: "_Bank") -> None:
    """Have the money of nobody sent back to where it came from; its file is not made yet."""
    with units.open(Door.STAFF, by="user:ann") as unit:
        refund_id = request_line_refund(
            unit, line_id=bank.waiting(unit), amount=Money(7_000, "EUR"), reason="not ours",
            payee=checked_payee(iban=_IBAN, holder="Nobody we know"),
        )  # fmt: skip
    with units.open(Door.STAFF, by="user:bob") as unit:
        approve_refund(unit, creditor_id=HOUSE, refund_id=refund_id)


def _pay_out(units: Units) -> list[tuple[str, int]]:
    """Pay both creditors what was collected; returns each payout's id and amount in minor units."""
    with units.open(Door.STAFF, by="user:ann") as unit:
        drafted = draft_runs(unit, cutoff_on=unit.today)
    with units.open(Door.STAFF, by="user:bob") as unit:
        for creditor_id, run_id in drafted:
            approve_run(unit, creditor_id=creditor_id, run_id=run_id)
        export_payouts(unit, settings=Settings(trust_iban=_IBAN))
        runs = [unit.session.get_one(RemittanceRun, key) for key in drafted]
        return [(run.end_to_end or "", run.net_minor) for run in runs]


class _Bank:
    """The trust account: each statement is of the next day and opens where the last one closed."""

    def __init__(self, today: date) -> None:
        self.day = today - timedelta(days=3)
        self.balance = 0
        self.numbers = count(1)

    def says(self, unit: Unit, *lines: tuple[int, str]) -> None:
        """Import a statement of lines, each an amount and its text, which is the end-to-end id as well."""
        read = tuple(self._line(minor, words) for minor, words in lines)
        net = sum(minor for minor, _ in lines)
        statement = BankStatement(
            kind="statement", format="seeded", id=str(self.day), key=str(self.day), account=_IBAN,
            currency="EUR", opening=Money(self.balance, "EUR"), closing=Money(self.balance + net, "EUR"),
            net=Money(net, "EUR"),
            entries=len(read), lines=read, opens_on=self.day, closes_on=self.day,
            booked_days=frozenset({self.day} if read else ()),
            value_days=frozenset({self.day} if read else ()),
        )  # fmt: skip
        import_statements(unit, content=repr(statement).encode(), reader=lambda _: [statement], iban=_IBAN)
        self.balance += net
        self.day += timedelta(days=1)

    def waiting(self, unit: Unit) -> UUID:
        """The line that nobody recognised."""
        return suspense_items(unit)[0].line_id

    def _line(self, minor: int, words: str) -> BankLine:
        return BankLine(
            amount=Money(minor, "EUR"), booked_on=self.day, value_on=self.day, key=f"L{next(self.numbers)}",
            text=words, end_to_end=words,
        )  # fmt: skip


_NUMBERS = count(1)


def _creditor(unit: Unit) -> UUID:
    number = next(_NUMBERS)
    creditor = Creditor(
        created_at=unit.now, reference=f"SEED{number}", name=f"Schuldeiser {number}", country="NL",
        iban=_IBAN,
        iban_holder=f"Schuldeiser {number}",
    )  # fmt: skip
    unit.session.add(creditor)
    unit.session.flush()
    unit.session.add(CreditorTerms(creditor_id=creditor.id, created_at=unit.now, valid_from=date(2020, 1, 1)))
    unit.session.flush()
    record(unit, action="creditor.registered", subject=f"creditor:{creditor.id}", creditor_id=creditor.id)
    return creditor.id


def _claim(unit: Unit, creditor_id: UUID) -> ClaimKey:
    number, debtor_id, claim_id = next(_NUMBERS), new_id(), new_id()
    due_on = unit.today - timedelta(days=90)
    unit.session.add(
        Debtor(
            creditor_id=creditor_id, id=debtor_id, created_at=unit.now, reference=f"D{number}",
            kind=DebtorKind.company, name=f"Debiteur {number}", name_key=f"debiteur {number}", country="NL",
        )
    )  # fmt: skip
    unit.session.flush()
    unit.session.add(
        Claim(
            creditor_id=creditor_id, id=claim_id, created_at=unit.now, number=f"{number:08d}",
            reference=f"K{number}", payment_reference=_reference(number), debtor_id=debtor_id, law=Law.nl,
            interest_kind=InterestKind.trade, currency="EUR", principal_minor=100_000, due_on=due_on,
            state=ClaimState.ACTIVE, phase=Phase.amicable,
        )
    )  # fmt: skip
    unit.session.flush()
    unit.session.add(
        Invoice(
            creditor_id=creditor_id, created_at=unit.now, claim_id=claim_id, number=f"F{number}",
            kind="invoice",
            issued_on=due_on, due_on=due_on, currency="EUR", total_minor=100_000, open_minor=100_000,
        )
    )  # fmt: skip
    unit.session.flush()
    post_openings(unit, creditor_id=creditor_id, claim_ids=[claim_id])
    _price(unit, creditor_id, claim_id)
    return creditor_id, claim_id


def _price(unit: Unit, creditor_id: UUID, claim_id: UUID) -> None:
    """A price that was accepted, with its document."""
    number, then = next(_NUMBERS), unit.now - timedelta(days=30)
    card = RateCardVersion(
        created_at=then, version=number, valid_from=date(2020, 1, 1), card=b"{}", sha256=""
    )
    unit.session.add(card)
    unit.session.flush()
    line = canonical({"claim": str(claim_id), "fee_bps": _SHARE})
    document, sha256 = pack_document(head={"number": f"Q{number}"}, lines=PackedLines([line]))
    quote = Quote(
        creditor_id=creditor_id, number=f"Q{number}", claim_id=claim_id, rate_card_id=card.id,
        state=QuoteState.ACCEPTED, claims=1, principal_minor=100_000, currency="EUR", fee_bps_average=_SHARE,
        document=document, sha256=sha256, issued_at=then, expires_at=then, accepted_at=then,
        accepted_by="user:clerk",
    )  # fmt: skip
    unit.session.add(quote)
    unit.session.flush()
    unit.session.add(
        QuoteLine(
            creditor_id=creditor_id, quote_id=quote.id, claim_id=claim_id, fee_bps=_SHARE, minimum_minor=0,
            facts={}, factors=[],
        )
    )  # fmt: skip
    unit.session.flush()


def _reference(number: int) -> str:
    """A creditor reference (ISO 11649) with its two check digits."""
    return f"RF{98 - int(f'{number:010d}271500') % 97:02d}{number:010d}"


def _letter(unit: Unit, key: ClaimKey) -> None:
    owed = itemise(unit, creditor_id=key[0], claim_id=key[1], on=unit.today)
    template = Template(
        created_at=unit.now, key="seeded", language="nl", channel=Channel.letter, version=1, subject="",
        body="",
        sha256="",
    )  # fmt: skip
    unit.session.add(template)
    unit.session.flush()
    claim = unit.session.get_one(Claim, key)
    unit.session.add(
        Message(
            creditor_id=key[0], created_at=unit.now, claim_id=key[1], debtor_id=claim.debtor_id,
            channel=Channel.letter, step="first_reminder", template_id=template.id, state=MessageState.SENT,
            due_at=unit.now, reserved_at=unit.now, sent_at=unit.now, amounts=as_json(owed, None),
        )
    )  # fmt: skip
    unit.session.flush()
