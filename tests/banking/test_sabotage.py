"""What a superuser forges, triggers asleep, the proof finds: every kind, by the check that should (B18)."""

import pytest
from sqlalchemy import NullPool, create_engine, text

from agency.banking.proof import prove
from agency.kernel.unit import Door, Units
from portal.local.postgres import APPLICATION
from portal.proving import sabotage as saboteur
from portal.proving.kinds import KINDS, Sabotage
from portal.proving.sabotage import SUPERUSER, NotGreenBefore, NothingToForge, sabotage

EXPECTED = {
    "the amount of an entry changed": "P1",
    "both sides of a transaction made larger": "P1",
    "a transaction deleted with all its entries": "P1",
    "the currency of a transaction changed": "P1",
    "a transaction booked twice": "P4",
    "a cent more owed to creditors than is in trust": "P3",
    "the amount of a bank line edited": "P4",
    "a bank line moved to another statement": "P2",
    "the closing balance of a statement changed": "P2",
    "a payment shows another amount": "P8",
    "a payment deleted": "P4",
    "the amount of a payout changed": "P6",
    "a payment dropped from a payout": "P6",
    "an entry of the audit log edited": "P10",
    "the last entry of the audit log deleted": "P10",
    "a claim called paid that is not": "P8",
    "the amount of a letter changed": "P7",
    "the seal of the ledger switched off": "P1",
    "a payment given to another creditor in ledger, bank and list": "P1",
    "a transaction booked back into a closed month": "P1",
    "a bank line deleted with its booking": "P1",
    "the share of an accepted price raised": "P6",
    "the share of a fee and its amounts raised": "P6",
    "a creditor's account changed past its approvals": "P6",
    "the account of an approved refund changed": "P6",
    "a payout file replaced together with its hash": "P6",
    "a payout approved by one who never saw it": "P6",
    "the amount of an invoice changed": "P11",
    "an invoice deleted with what points at it": "P11",
    "another document put in an invoice's place": "P11",
}


@pytest.fixture
def urls(run_servers, fresh_database):
    """The application's address of an empty database, and the superuser's."""
    name = fresh_database[0].rsplit("/", 1)[1]
    postgres = run_servers.postgres
    return postgres.url(APPLICATION, name), postgres.url(SUPERUSER, name)


def test_every_kind_is_found_and_leaves_nothing_behind(urls):
    outcomes = {outcome.name: outcome for outcome in sabotage(*urls)}
    assert len(outcomes) >= 20
    assert [name for name, outcome in outcomes.items() if not outcome.found] == []
    missed = {
        name: outcomes[name].checks for name, key in EXPECTED.items() if key not in outcomes[name].checks
    }
    assert missed == {}
    assert outcomes["a cent more owed to creditors than is in trust"].blocks
    engine = create_engine(urls[0])
    with Units(engine).open(Door.STAFF, by="system:test") as unit:
        assert [check for check in prove(unit, on=unit.today).checks if not check["holds"]] == []
    engine.dispose()


def test_what_changes_nothing_that_counts_stays_unseen(urls, monkeypatch):
    """The table can say no: a harmless edit turns no check red."""
    harmless = Sabotage("a note reworded", ("UPDATE ledger_transaction SET memo = memo || '!'",))
    monkeypatch.setattr(saboteur, "KINDS", (harmless,))
    [outcome] = sabotage(*urls)
    assert (outcome.found, outcome.checks) == (False, ())


def test_a_kind_that_finds_no_row_is_no_success(urls, monkeypatch):
    nothing = Sabotage("nothing", ("DELETE FROM bank_line WHERE false",))
    monkeypatch.setattr(saboteur, "KINDS", (nothing, *KINDS))
    with pytest.raises(NothingToForge):
        sabotage(*urls)


def test_books_that_are_red_before_prove_nothing(urls, monkeypatch):
    sown = saboteur.seed

    def seed_and_spoil(units):
        sown(units)
        engine = create_engine(urls[1])
        with engine.begin() as connection:
            connection.execute(text("UPDATE bank_statement SET closing_minor = closing_minor + 1"))
        engine.dispose()

    monkeypatch.setattr(saboteur, "seed", seed_and_spoil)
    with pytest.raises(NotGreenBefore):
        sabotage(*urls)


@pytest.mark.parametrize(
    "name",
    [
        "a transaction deleted with all its entries",
        "a transaction booked back into a closed month",
        "the last entry of the audit log deleted",
        "a creditor's account changed past its approvals",
    ],
)
def test_what_only_an_earlier_proof_can_tell_stays_red_until_it_is_mended(urls, name):
    """Proving again must not make forgery the new truth."""
    engine, forger = (create_engine(url, poolclass=NullPool) for url in urls)
    units = Units(engine)
    saboteur.seed(units)
    assert _red(units) == []
    with forger.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in next(kind.statements for kind in KINDS if kind.name == name):
            connection.execute(text(statement))
    first = _red(units)
    assert first
    assert _red(units) == _red(units) == first


def _red(units: Units) -> list[str]:
    with units.open(Door.STAFF, by="system:test") as unit:
        return [check["left_label"] for check in prove(unit, on=unit.today).checks if not check["holds"]]
