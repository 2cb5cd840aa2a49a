"""A generated year: what books itself is right, and the database finds what the measurement finds."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import insert

from agency.banking.candidates import find_candidates
from agency.claims.models import Claim, Invoice
from agency.kernel.unit import Door, Unit
from agency.parties.models import Creditor, Debtor
from agency.parties.names import name_key
from agency.ports.readers import Unreadable
from infra.bench.matching import DAY, interval, measure
from infra.bench.matching_index import Index
from infra.bench.matching_year import Line, Year, generate
from integrations.bankfiles import read_bank_file

GOAL = 0.999


@pytest.mark.pure
@pytest.mark.thorough
def test_of_what_books_itself_999_in_1000_are_right():
    year = generate(claims=2_000, lines=2_000)
    measured = measure(Index(year), year.lines)
    assert measured.precision[0] >= GOAL, measured.wrong
    assert measured.scored.posted > 200
    assert measured.all.right / measured.all.payable > 0.75
    assert measured.kinds["several claims"].first / measured.kinds["several claims"].lines > 0.8
    assert measured.kinds["noise"].posted == measured.kinds["namesake"].posted == 0


@pytest.mark.pure
@pytest.mark.thorough
def test_no_line_of_a_real_statement_is_booked_on_a_generated_claim(real_data):
    index = Index(generate(claims=2_000, lines=0))
    lines = [line for path in sorted((real_data / "03_bank").rglob("*")) for line in real_lines(path)]
    assert len(lines) > 200
    assert [line for line in lines if index.decide(line, on=DAY).certain] == []


def real_lines(path) -> list[Line]:
    """The incoming lines of a file, of which none is for a claim here; none when it is no statement."""
    if not path.is_file():
        return []
    try:
        read = read_bank_file(path.read_bytes())
    except Unreadable:
        return []
    return [
        Line(
            "real", line.amount.minor, line.text, " ".join(line.structured_references),
            line.counterparty or "", "".join((line.counterparty_iban or "").split()), frozenset(),
        )
        for statement in read
        for line in statement.lines
        if line.amount.minor > 0
    ]  # fmt: skip


@pytest.mark.pure
def test_the_interval_of_a_share_is_the_textbooks():
    assert [round(bound, 4) for bound in interval(95, 100)] == [0.95, 0.8882, 0.9785]
    assert interval(0, 0) == (1.0, 0.0, 1.0)


@dataclass(frozen=True)
class Row:
    """A bank line as the database gives it."""

    id: UUID
    amount_minor: int
    currency: str
    text: str
    structured_reference: str
    counterparty: str
    counterparty_iban: str


def test_the_database_finds_the_candidates_that_the_measurement_finds(units):
    year = generate(claims=400, lines=150, seed=7)
    year.shared.clear()
    for debtor in year.debtors:
        debtor.known = False
    index = Index(year)
    with units.open(Door.STAFF, by="system:test") as unit:
        load(unit, year)
        rows = [
            Row(UUID(int=n + 1), one.minor, "EUR", one.text, one.reference, one.payer, one.iban)
            for n, one in enumerate(year.lines)
        ]
        found = find_candidates(unit, rows)
    different = []
    for row, line in zip(rows, year.lines, strict=True):
        ours, theirs = found[row.id], index.look_up(line)
        mine = {one.claim_id for one in ours.candidates}
        if (mine, ours.crowded) != ({one.claim_id for one in theirs.candidates}, theirs.crowded):
            different.append((line, mine, theirs))
    assert different == []
    assert sum(bool(one.candidates) for one in found.values()) > 100


def load(unit: Unit, year: Year) -> None:
    """The portfolio as rows: no more of it than a look-up reads."""
    made = {"created_at": unit.now}
    creditors = sorted({debtor.creditor_id for debtor in year.debtors})
    claims = [claim for debtor in year.debtors for claim in debtor.claims]
    day = date(2026, 1, 1)
    unit.session.execute(
        insert(Creditor),
        [made | {"id": key, "reference": str(key), "name": str(key), "country": "NL"} for key in creditors],
    )
    unit.session.execute(
        insert(Debtor),
        [
            made | {"creditor_id": one.creditor_id, "id": one.debtor_id, "reference": str(one.debtor_id),
                    "kind": "company", "name": one.name, "name_key": name_key(one.name), "country": "NL"}
            for one in year.debtors
        ],
    )  # fmt: skip
    unit.session.execute(
        insert(Claim),
        [
            made | {"creditor_id": one.creditor_id, "id": one.claim_id, "number": one.number,
                    "reference": one.number, "payment_reference": one.payment_reference,
                    "debtor_id": one.debtor_id, "law": "nl", "interest_kind": "trade", "currency": "EUR",
                    "principal_minor": one.principal, "due_on": day, "state": "active"}
            for one in claims
        ],
    )  # fmt: skip
    unit.session.execute(
        insert(Invoice),
        [
            made | {"creditor_id": one.creditor_id, "claim_id": one.claim_id, "number": invoice.number,
                    "issued_on": day, "due_on": day, "currency": "EUR", "total_minor": invoice.minor,
                    "open_minor": invoice.minor}
            for one in claims
            for invoice in one.invoices
        ],
    )  # fmt: skip
