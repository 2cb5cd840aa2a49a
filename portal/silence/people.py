"""The people and firms of the simulation: made up by the seed, written in bulk, opened in the ledger."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import text

from agency.arrangements.terms import Wanted, set_terms
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.ledger.posting import post_openings
from agency.parties.models import Brand, Creditor, CreditorTerms
from agency.treatment.starting import start_treatment
from portal.silence.diary import Debt, Owed

ANCIENT_YEARS = 12
_ANCIENT, _KNOWN_ALREADY = 0.01, 0.15  # shares
_UNTOLD = 8  # of so many creditors one does not tell what was agreed and when
_KNOWN_LATELY = 8  # who owes several owes them at about the same time
# Where they live: country, region as it is written (ISO 3166-2), languages, weight.
_PLACES = (
    ("NL", None, ("nl", "en"), 30),
    ("BE", "VLG", ("nl",), 20),
    ("BE", "WAL", ("fr",), 18),
    ("BE", "BRU", ("fr", "nl", "en"), 6),
    ("DE", "NW", ("en",), 9),
    ("DE", "SN", ("en",), 5),
    ("PT", "20", ("en",), 7),
    ("FI", "18", ("en",), 5),
)
_LAWS = {"NL": "nl", "BE": "be", "DE": "de"}
_KINDS = (("consumer", 60), ("company", 28), ("sole_trader", 12))

_DEBTORS = text(
    "INSERT INTO debtor (creditor_id, id, created_at, reference, kind, name, name_key, language, country,"
    " region, street, postal_code, city, identity_id)"
    " SELECT r.creditor_id, r.debtor_id, :now, r.mark, r.kind, 'Debiteur ' || r.mark, 'debiteur ' || r.mark,"
    " r.language, r.country, r.region, 'Weg ' || r.mark || ' 1', '1000 AA', 'Stad', r.identity_id"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(creditor_id uuid, debtor_id uuid, mark text,"
    "  kind text, language text, country text, region text, identity_id uuid)"
)
_IDENTITIES = text(
    "INSERT INTO debtor_identity (id, match_key, created_at) SELECT r.identity_id, r.identity_id::text, :now"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(identity_id uuid)"
    " WHERE r.identity_id IS NOT NULL ON CONFLICT DO NOTHING"
)
_POINTS = text(
    "INSERT INTO contact_point (creditor_id, id, created_at, debtor_id, channel, value, state)"
    " SELECT r.creditor_id, uuidv7(), :now, r.debtor_id, p.channel, p.value, 'usable'"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(creditor_id uuid, debtor_id uuid, mark text,"
    "  digits text, email boolean, phone boolean),"
    " LATERAL (VALUES ('email', r.mark || '@example.org', r.email), ('phone', '+3161' || r.digits, r.phone))"
    "  AS p(channel, value, has) WHERE p.has"
)
_CLAIMS = text(
    "INSERT INTO claim (creditor_id, id, created_at, number, reference, payment_reference, debtor_id, law,"
    " interest_kind, currency, principal_minor, disputed_minor, due_on, state, phase, costs_minor,"
    " costs_vat_minor, costs_left_out_minor, description, contract_on)"
    " SELECT r.creditor_id, r.claim_id, :now, 'N' || r.mark, 'K' || r.mark, r.payment_reference, r.debtor_id,"
    " r.law, r.interest, 'EUR', r.principal, 0, r.due_on, 'active', 'reminder', 0, 0, 0,"
    " CASE WHEN r.told THEN 'Een keuken' ELSE '' END, CASE WHEN r.told THEN r.due_on - 60 END"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(creditor_id uuid, claim_id uuid, debtor_id uuid,"
    "  mark text, payment_reference text, law text, interest text, principal bigint, due_on date,"
    "  told boolean)"
)
_INVOICES = text(
    "INSERT INTO invoice (creditor_id, id, created_at, claim_id, number, kind, issued_on, due_on, currency,"
    " total_minor, open_minor, disputed_minor, description)"
    " SELECT r.creditor_id, uuidv7(), :now, r.claim_id, 'F' || r.mark || '-' || i.position, 'invoice',"
    " CAST(i.row->>'due_on' AS date) - 30, CAST(i.row->>'due_on' AS date), 'EUR',"
    " CAST(i.row->>'minor' AS bigint), CAST(i.row->>'minor' AS bigint), 0, ''"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(creditor_id uuid, claim_id uuid, mark text,"
    "  invoices jsonb), jsonb_array_elements(r.invoices) WITH ORDINALITY AS i(row, position)"
)


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody who owes, whoever it is owed to."""

    id: str
    country: str
    region: str | None
    language: str
    kind: str


@dataclass(frozen=True, slots=True)
class Client:
    """A creditor of the simulation, whose brand stands on what may carry it."""

    creditor_id: UUID
    brand: str
    vat_deductible: bool


def make_clients(unit: Unit) -> list[Client]:
    """This function will register creditors: of two countries, with and without deductible VAT."""
    return [
        _client(unit, number, country, vat)
        for number, (country, vat) in enumerate(
            [("NL", True), ("BE", True), ("NL", False), ("BE", True), ("NL", True)], start=1
        )
    ]


def _client(unit: Unit, number: int, country: str, vat_deductible: bool) -> Client:
    creditor = Creditor(
        created_at=unit.now, reference=f"STILL{number}", name=f"Leverancier {number} B.V.", country=country,
        iban="NL91ABNA0417164300", iban_holder=f"Leverancier {number} B.V.", street=f"Kade {number}",
        postal_code="1011 AB", city="Amsterdam", registration_number=f"1000000{number}",
        vat_deductible=vat_deductible, email=f"post{number}@leverancier.example", phone="+31 20 765 43 21",
    )  # fmt: skip
    unit.session.add(creditor)
    unit.session.flush()
    brand = f"Merk {number}"
    # Interest runs on while a plan is kept, so that the audit need not know which plans stop it.
    wanted = Wanted(
        months_max=12, instalment_min_minor=1_000, monthly_min_minor=2_500, share_min_bps=500,
        interest_stops=False, grace_days=3, missed_max=1, collector_bps=1_000, admin_bps=2_500,
    )  # fmt: skip
    set_terms(unit, creditor_id=creditor.id, valid_from=unit.today, wanted=wanted)
    unit.session.add_all(
        [
            CreditorTerms(
                creditor_id=creditor.id, created_at=unit.now, valid_from=date(2020, 1, 1), costs_clause=True
            ),
            Brand(
                creditor_id=creditor.id, created_at=unit.now, name="standard", colour="#0b5cad",
                sender_name=brand, sender_email=f"facturen{number}@leverancier.example",
                reply_to=f"vragen{number}@leverancier.example", sms_sender=f"Merk{number}",
                phone="+31 20 765 43 21",
            ),
        ]
    )  # fmt: skip
    unit.session.flush()
    return Client(creditor.id, brand, vat_deductible)


class People:
    """Makes debts, a batch at a time; some debtors of several creditors are one person."""

    def __init__(self, *, clients: Sequence[Client], rng: random.Random) -> None:
        self.clients = clients
        self.rng = rng
        self.numbers = count(1)
        self.known: list[_Person] = []

    def place(self, unit: Unit, *, claims: int) -> list[Debt]:
        """This function will hand over so many claims, open them in the ledger and start their treatment."""
        debts = [self._debt(unit.today) for _ in range(claims)]
        rows = [self._row(debt) for debt in debts]
        values = {"rows": json.dumps(rows), "now": unit.now}
        for statement in (_IDENTITIES, _DEBTORS, _POINTS, _CLAIMS, _INVOICES):
            unit.session.connection().execute(statement, values)
        for client in self.clients:
            ids = [debt.claim_id for debt in debts if debt.creditor_id == client.creditor_id]
            post_openings(unit, creditor_id=client.creditor_id, claim_ids=ids)
        start_treatment(unit, claim_ids=[debt.claim_id for debt in debts])
        return debts

    def _debt(self, today: date) -> Debt:
        rng = self.rng
        person = self._person()
        law = _LAWS.get(person.country, "eu")
        client = rng.choice(self.clients)
        number = next(self.numbers)
        # Elsewhere nobody knows a term: such a claim is never threatened with, but may be written about.
        ancient = rng.random() < _ANCIENT and law in _LAWS.values()
        late = 365 * ANCIENT_YEARS if ancient else 0
        return Debt(
            creditor_id=client.creditor_id,
            debtor_id=new_id(),
            claim_id=new_id(),
            number=number,
            person=person.id,
            kind=person.kind,
            country=person.country,
            region=person.region,
            language=person.language,
            law=law,
            interest="consumer" if person.kind == "consumer" else "trade",
            invoices=self._invoices(today - timedelta(days=late)),
            brand=client.brand,
            vat_deductible=client.vat_deductible,
            reachable=tuple(way for way, part in (("email", 0.85), ("phone", 0.7)) if rng.random() < part),
            ancient=ancient,
        )

    def _invoices(self, today: date) -> tuple[Owed, ...]:
        number = self.rng.choices([1, 2, 3], [70, 20, 10])[0]
        return tuple(
            Owed(self.rng.randint(2_000, 400_000), today - timedelta(days=self.rng.randint(0, 40)))
            for _ in range(number)
        )

    def _person(self) -> "_Person":
        """A tenth of the debtors is somebody who owes already."""
        rng = self.rng
        if self.known and rng.random() < _KNOWN_ALREADY:
            return rng.choice(self.known[-_KNOWN_LATELY:])
        country, region, languages, _ = rng.choices(_PLACES, [place[-1] for place in _PLACES])[0]
        kind = rng.choices([kind for kind, _ in _KINDS], [weight for _, weight in _KINDS])[0]
        # Abroad the agency collects from businesses only.
        abroad = country not in _LAWS
        person = _Person(str(new_id()), country, region, rng.choice(languages), "company" if abroad else kind)
        self.known.append(person)
        return person

    def _row(self, debt: Debt) -> dict[str, object]:
        return {
            "creditor_id": str(debt.creditor_id),
            "debtor_id": str(debt.debtor_id),
            "claim_id": str(debt.claim_id),
            "identity_id": debt.person,
            "mark": debt.mark,
            "digits": f"{debt.number:07d}",
            "payment_reference": _reference(debt.number),
            "kind": debt.kind,
            "language": debt.language,
            "country": debt.country,
            "region": debt.region,
            "email": "email" in debt.reachable,
            "phone": "phone" in debt.reachable,
            "law": debt.law,
            "interest": debt.interest,
            "told": debt.number % _UNTOLD != 0,
            "principal": sum(owed.minor for owed in debt.invoices),
            "due_on": min(owed.due_on for owed in debt.invoices).isoformat(),
            "invoices": [{"minor": owed.minor, "due_on": owed.due_on.isoformat()} for owed in debt.invoices],
        }


def _reference(number: int) -> str:
    """A creditor reference (ISO 11649) with its two check digits."""
    return f"RF{98 - int(f'{number:010d}271500') % 97:02d}{number:010d}"
