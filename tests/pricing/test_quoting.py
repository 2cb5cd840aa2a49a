"""A price is binding, made of shown factors, replayable, and accepted once."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from agency.documents.upload import add_document
from agency.events import QuoteAccepted
from agency.kernel.audit import verify_chain
from agency.kernel.emitting import install_reactions
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.ledger.posting import post_openings
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.pricing.acceptance import QuoteExpired, QuoteNotOpen, QuoteOutdated, accept_quote, decline_quote
from agency.pricing.document import unpack_document
from agency.pricing.quoting import quote_placement
from agency.pricing.rate_cards import card_on, publish_card
from agency.pricing.reacting import open_books
from agency.pricing.replay import replay
from agency.pricing.scoring import ClaimFacts, price_claim
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind
from agency.rules.price import DEFAULT_CARD, RateCard
from tests.intake.factories import Store, a_creditor, a_file, a_row, place, rows_of

PRICED = (
    "SELECT c.reference, l.fee_bps, l.facts, l.factors, c.law, c.interest_kind, c.due_on"
    " FROM quote_line l JOIN claim c ON c.id = l.claim_id ORDER BY 1"
)


@pytest.fixture
def creditor_id(units):
    install_reactions({})
    return a_creditor(units)


@pytest.fixture
def placed(units, creditor_id):
    return place(units, creditor_id, a_file(a_row("F1", amount="100,00"), a_row("F2", amount="2.500,00")))


def open_quote(units, creditor_id):
    ((quote_id,),) = rows_of(units, creditor_id, "SELECT id FROM quote WHERE state = 'open'")
    return quote_id


def as_creditor(units, creditor_id):
    return units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id)


def states(units, creditor_id):
    return {row[0] for row in rows_of(units, creditor_id, "SELECT state FROM claim")}


class TestQuote:
    def test_replays_to_the_same_bytes(self, units, creditor_id, placed):
        with as_creditor(units, creditor_id) as unit:
            found = replay(unit, creditor_id=creditor_id, quote_id=open_quote(units, creditor_id))
        assert (found.same, found.intact) == (True, True)

    def keep(self, units, document):
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(text("UPDATE quote SET document = :d"), {"d": document})

    def test_of_before_documents_were_packed_replays_too(self, units, creditor_id, placed):
        ((document,),) = rows_of(units, creditor_id, "SELECT document FROM quote")
        self.keep(units, unpack_document(document))
        with as_creditor(units, creditor_id) as unit:
            found = replay(unit, creditor_id=creditor_id, quote_id=open_quote(units, creditor_id))
        assert (found.same, found.intact) == (True, True)

    @pytest.mark.parametrize("packed", [True, False])
    def test_shows_a_tampered_document(self, units, creditor_id, placed, packed):
        quote_id = open_quote(units, creditor_id)
        ((document,),) = rows_of(units, creditor_id, "SELECT document FROM quote")
        if packed:
            at = len(document) // 2
            changed = document[:at] + bytes([document[at] ^ 1]) + document[at + 1 :]
        else:
            head, found, rest = unpack_document(document).partition(b'"fee_bps":')
            assert found
            changed = head + found + b"9" + rest[1:]
        self.keep(units, changed)
        with as_creditor(units, creditor_id) as unit:
            found = replay(unit, creditor_id=creditor_id, quote_id=quote_id)
        assert (found.same, found.intact) == (False, False)

    def test_gives_every_line_the_price_of_the_rule(self, units, creditor_id, placed):
        lines = rows_of(units, creditor_id, "SELECT fee_bps, facts, factors FROM quote_line")
        assert len(lines) == 2
        for line in lines:
            alone = price_claim(card=DEFAULT_CARD, facts=ClaimFacts.from_json(line.facts))
            assert line.fee_bps == alone.price.fee_bps == sum(factor["bps"] for factor in line.factors)

    def test_of_one_claim_alone_is_the_quote_of_the_same_claim_among_many(self, units, creditor_id):
        rows = [
            a_row(f"F{i}", amount=f"{100 + i * 37},00", kind=("bedrijf", "consument")[i % 2])
            for i in range(40)
        ]
        place(units, creditor_id, a_file(*rows))
        bulk = rows_of(units, creditor_id, PRICED)
        other = a_creditor(units, "ONEBYONE")
        for row in rows:
            place(units, other, a_file(row))
        single = rows_of(units, other, PRICED)
        assert bulk == single
        assert len(bulk) == 40

    def test_keeps_the_card_it_was_made_with(self, units, creditor_id, placed):
        quote_id = open_quote(units, creditor_id)
        dearer = RateCard.from_json(DEFAULT_CARD.to_json().replace(b'"floor_bps":200', b'"floor_bps":250'))
        with units.open(Door.STAFF, by="system:test") as unit:
            assert publish_card(unit, card=dearer, valid_from=unit.today) == 2
            assert publish_card(unit, card=dearer, valid_from=unit.today) == 2
            assert card_on(unit, on=unit.today).version == 2
        with as_creditor(units, creditor_id) as unit:
            assert replay(unit, creditor_id=creditor_id, quote_id=quote_id).same

    def test_falls_when_a_document_is_added_and_says_by_how_much(self, units, creditor_id, placed):
        ((claim_id,),) = rows_of(units, creditor_id, "SELECT id FROM claim WHERE reference = 'F2'")
        before = open_quote(units, creditor_id)
        with as_creditor(units, creditor_id) as unit:
            add_document(
                unit,
                Store(),
                creditor_id=creditor_id,
                claim_id=claim_id,
                kind=DocumentKind.delivery_note,
                name="bon.pdf",
                content=b"%PDF-1.4\n%%EOF",
            )
            issued = quote_placement(unit, creditor_id=creditor_id, placement_id=placed.placement_id)
        (change,) = issued.changes
        assert change.claim_id == claim_id
        assert change.after_bps < change.before_bps
        assert rows_of(units, creditor_id, "SELECT state FROM quote WHERE id = :q", q=before) == [
            ("replaced",)
        ]
        with as_creditor(units, creditor_id) as unit, pytest.raises(QuoteNotOpen):
            accept_quote(unit, creditor_id=creditor_id, quote_id=before)

    def test_is_kept_when_nothing_changed(self, units, creditor_id, placed):
        before = open_quote(units, creditor_id)
        with as_creditor(units, creditor_id) as unit:
            issued = quote_placement(unit, creditor_id=creditor_id, placement_id=placed.placement_id)
        assert (issued.quote_id, issued.new, issued.changes) == (before, False, ())

    def test_knows_the_dispute_that_came_with_the_file(self, units, creditor_id):
        headers = "Factuurnummer;Naam;Bedrag;Vervaldatum;Betwist"
        place(
            units,
            creditor_id,
            a_file("F1;Jan;100,00;31-05-2026;ja", "F2;Jan;100,00;31-05-2026;nee", headers=headers),
        )
        fees = dict(rows_of(units, creditor_id, "SELECT l.facts ->> 'dispute', l.fee_bps FROM quote_line l"))
        assert fees["raised"] > fees["none"]
        assert rows_of(units, creditor_id, "SELECT ground FROM hold") == [("dispute",)]


class TestAcceptance:
    def test_makes_the_claims_active_and_opens_the_books(self, units, creditor_id, placed):
        install_reactions({QuoteAccepted: (open_books,)})
        quote_id = open_quote(units, creditor_id)
        with as_creditor(units, creditor_id) as unit:
            assert accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id) == 2
        drain(units)
        assert states(units, creditor_id) == {"active"}
        with units.open(Door.STAFF, by="system:test") as unit:
            owed = account_balance(unit, account="claims.principal", currency="EUR", creditor_id=creditor_id)
            assert owed == Money(260_000, "EUR")
            assert verify_chain(unit, creditor_id=creditor_id).broken_at is None
        assert rows_of(units, creditor_id, "SELECT action FROM audit_entry") == [("quote.accepted",)]

    def test_by_two_people_at_once_happens_once(self, units, creditor_id, placed):
        quote_id = open_quote(units, creditor_id)
        ready, outcomes = threading.Barrier(2), []

        def accept(who):
            with units.open(Door.CREDITOR, by=f"user:{who}", creditor_id=creditor_id) as unit:
                ready.wait(10)
                try:
                    outcomes.append(accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id))
                except Conflict as refusal:
                    outcomes.append(type(refusal).__name__)

        threads = [threading.Thread(target=accept, args=(who,)) for who in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(outcomes, key=str) == [2, "QuoteNotOpen"]
        assert rows_of(units, creditor_id, "SELECT count(*) FROM event WHERE kind = 'QuoteAccepted'") == [
            (1,)
        ]
        moved = "SELECT count(*) FROM event WHERE kind = 'ClaimMoved' AND facts->>'to_state' = 'active'"
        assert rows_of(units, creditor_id, moved) == [(2,)]

    def test_after_its_last_moment_is_refused_by_the_databases_clock(self, units, creditor_id, placed):
        quote_id = open_quote(units, creditor_id)
        self.move_to_expiry(units, quote_id)
        with as_creditor(units, creditor_id) as unit, pytest.raises(QuoteExpired):
            accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
        assert states(units, creditor_id) == {"quoted"}
        with as_creditor(units, creditor_id) as unit:
            renewed = quote_placement(unit, creditor_id=creditor_id, placement_id=placed.placement_id)
            assert renewed.new
            assert accept_quote(unit, creditor_id=creditor_id, quote_id=renewed.quote_id) == 2

    def move_to_expiry(self, units, quote_id):
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(
                text("UPDATE quote SET expires_at = app.now() WHERE id = :q"), {"q": quote_id}
            )

    def test_of_claims_that_changed_meanwhile_is_refused(self, units, creditor_id, placed):
        quote_id = open_quote(units, creditor_id)
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(
                text("UPDATE claim SET principal_minor = principal_minor - 1 WHERE reference = 'F1'")
            )
        with as_creditor(units, creditor_id) as unit, pytest.raises(QuoteOutdated):
            accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)

    def test_of_another_creditors_quote_finds_nothing(self, units, creditor_id, placed):
        quote_id, other = open_quote(units, creditor_id), a_creditor(units, "OTHER")
        for owner in (other, creditor_id):
            with as_creditor(units, other) as unit, pytest.raises(NotFound):
                accept_quote(unit, creditor_id=owner, quote_id=quote_id)
        assert states(units, creditor_id) == {"quoted"}

    def test_is_not_a_licence_to_write_in_the_ledger(self, units, creditor_id, placed):
        with as_creditor(units, creditor_id) as unit, pytest.raises(DatabaseError, match="permission denied"):
            post_openings(unit, creditor_id=creditor_id, placement_id=placed.placement_id)

    def test_declining_withdraws_the_claims_and_ends_the_offer(self, units, creditor_id, placed):
        quote_id = open_quote(units, creditor_id)
        with as_creditor(units, creditor_id) as unit:
            assert decline_quote(unit, creditor_id=creditor_id, quote_id=quote_id) == 2
        assert states(units, creditor_id) == {"withdrawn"}
        with as_creditor(units, creditor_id) as unit, pytest.raises(QuoteNotOpen):
            accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)


@pytest.mark.pure
class TestPriceOfOneClaim:
    def facts(self, **changes):
        known = {
            "amount": Money(100_000, "EUR"),
            "age_days": 30,
            "debtor": DebtorKind.company,
            "country": "NL",
            "documents": frozenset(),
            "dispute": DisputeStatus.none,
        }
        return ClaimFacts(**known | changes)

    def test_survives_being_written_as_json(self):
        facts = self.facts(documents=frozenset({DocumentKind.invoice, DocumentKind.order}))
        assert ClaimFacts.from_json(facts.as_json()) == facts

    def test_every_saving_shown_is_the_price_with_that_document(self):
        priced = price_claim(card=DEFAULT_CARD, facts=self.facts())
        assert priced.price.cheaper
        for saving in priced.price.cheaper:
            after = price_claim(card=DEFAULT_CARD, facts=self.facts(documents=frozenset({saving.document})))
            assert after.price.fee_bps == saving.fee_bps_after
