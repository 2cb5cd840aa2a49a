"""Quotes that are accepted in part, replayed after tables changed, and what closed claims brought in."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from agency.events import QuoteAccepted
from agency.kernel.emitting import install_reactions
from agency.kernel.errors import Invalid
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.pricing import replay as replaying
from agency.pricing.acceptance import QuoteNotOpen, accept_quote, decline_quote
from agency.pricing.document import unpack_document
from agency.pricing.rate_cards import card_on
from agency.pricing.reacting import open_books
from agency.pricing.recovering import measure_outcomes, own_books
from agency.pricing.replay import replay, replay_document
from agency.rules import tables
from agency.rules.facts import DebtorKind
from agency.rules.price import DEFAULT_CARD
from agency.rules.recovery import Kind
from agency.rules.tables import use_folder
from tests.intake.factories import a_creditor, a_file, a_row, place, rows_of
from tests.pricing.test_quoting import as_creditor, open_quote


@pytest.fixture
def creditor_id(units):
    install_reactions({QuoteAccepted: (open_books,)})
    return a_creditor(units)


@pytest.fixture
def placed(units, creditor_id):
    rows = [a_row(f"F{nth}", amount=f"{nth}00,00", customer=str(nth)) for nth in (1, 2, 3)]
    return place(units, creditor_id, a_file(*rows))


def claims(units, creditor_id, *references):
    found = dict(rows_of(units, creditor_id, "SELECT reference, id FROM claim"))
    return [found[one] for one in references]


class TestPartOfAQuote:
    def test_is_accepted_and_only_its_books_are_opened(self, units, creditor_id, placed):
        quote_id = open_quote(units, creditor_id)
        chosen = claims(units, creditor_id, "F1", "F3")
        with as_creditor(units, creditor_id) as unit:
            accepted = accept_quote(
                unit, creditor_id=creditor_id, quote_id=quote_id, claims=chosen, address="10.0.0.1"
            )
        assert accepted == 2
        drain(units)
        opened = rows_of(
            units, creditor_id, "SELECT DISTINCT claim_id FROM ledger_entry WHERE claim_id IS NOT NULL"
        )
        assert {row[0] for row in opened} == set(chosen)
        second = open_quote(units, creditor_id)
        assert rows_of(
            units, creditor_id, "SELECT follows_id, part, claims FROM quote WHERE id = :q", q=second
        ) == [(quote_id, 2, 1)]
        with as_creditor(units, creditor_id) as unit:
            assert accept_quote(unit, creditor_id=creditor_id, quote_id=second) == 1
        with as_creditor(units, creditor_id) as unit, pytest.raises(QuoteNotOpen):
            accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
        assert rows_of(units, creditor_id, "SELECT DISTINCT state FROM claim") == [("active",)]

    @pytest.mark.parametrize("before", ["active", "paid", "closed"])
    @pytest.mark.parametrize(("answer", "after"), [(accept_quote, "active"), (decline_quote, "withdrawn")])
    def test_is_answered_without_touching_what_was_answered_before(
        self, units, creditor_id, placed, before, answer, after
    ):
        (chosen,) = claims(units, creditor_id, "F1")
        whole = open_quote(units, creditor_id)
        with as_creditor(units, creditor_id) as unit:
            accept_quote(unit, creditor_id=creditor_id, quote_id=whole, claims=[chosen])
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(
                text("UPDATE claim SET state = :state WHERE id = :id"), {"state": before, "id": chosen}
            )
        rest = open_quote(units, creditor_id)
        with as_creditor(units, creditor_id) as unit:
            assert answer(unit, creditor_id=creditor_id, quote_id=rest) == 2
        states = dict(rows_of(units, creditor_id, "SELECT reference, state FROM claim"))
        assert states == {"F1": before, "F2": after, "F3": after}

    def test_costs_what_it_cost_in_the_whole(self, units, creditor_id, placed):
        """Split or merged batches never gain: each claim is priced by itself."""
        fees = dict(rows_of(units, creditor_id, "SELECT claim_id, fee_bps FROM quote_line"))
        (chosen,) = claims(units, creditor_id, "F2")
        quote_id = open_quote(units, creditor_id)
        with as_creditor(units, creditor_id) as unit:
            accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id, claims=[chosen])
        second = open_quote(units, creditor_id)
        rest = dict(
            rows_of(
                units, creditor_id, "SELECT claim_id, fee_bps FROM quote_line WHERE quote_id = :q", q=second
            )
        )
        assert rest == {claim: fee for claim, fee in fees.items() if claim != chosen}

    def test_is_declined_and_the_rest_still_waits(self, units, creditor_id, placed):
        quote_id = open_quote(units, creditor_id)
        with as_creditor(units, creditor_id) as unit:
            decline_quote(
                unit, creditor_id=creditor_id, quote_id=quote_id, why="self",
                claims=claims(units, creditor_id, "F1"),
            )  # fmt: skip
        states = dict(rows_of(units, creditor_id, "SELECT reference, state FROM claim"))
        assert states == {"F1": "withdrawn", "F2": "quoted", "F3": "quoted"}
        assert rows_of(units, creditor_id, "SELECT state FROM placement") == [("quoted",)]

    def test_of_claims_that_are_not_in_it_is_refused(self, units, creditor_id, placed):
        other = a_creditor(units, "OTHER")
        place(units, other, a_file(a_row("X1")))
        (stranger,) = claims(units, other, "X1")
        quote_id = open_quote(units, creditor_id)
        for chosen in ([stranger], []):
            with as_creditor(units, creditor_id) as unit, pytest.raises(Invalid):
                accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id, claims=chosen)
        assert open_quote(units, creditor_id) == quote_id

    def test_keeps_who_when_and_from_where(self, units, creditor_id, placed):
        quote_id = open_quote(units, creditor_id)
        with as_creditor(units, creditor_id) as unit:
            accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id, address="192.0.2.7")
        (found,) = rows_of(
            units, creditor_id, "SELECT closed_by, closed_from, closed_at IS NOT NULL AS at FROM quote"
        )
        assert found == ("user:test", "192.0.2.7", True)


class TestReplay:
    @pytest.fixture
    def other_score(self, tmp_path):
        shipped = Path(tables.__file__).with_name("score.toml").read_text()
        changed = shipped.replace("delivery_note = 20", "delivery_note = 19").replace(
            "order = 15", "order = 16"
        )
        assert changed != shipped
        (tmp_path / "score.toml").write_text(changed.replace('version = "2', 'version = "3', 1))
        yield tmp_path
        use_folder(None)

    def test_gives_the_same_bytes_after_the_table_of_evidence_changed(
        self, units, creditor_id, placed, other_score
    ):
        quote_id = open_quote(units, creditor_id)
        use_folder(other_score)
        with as_creditor(units, creditor_id) as unit:
            found = replay(unit, creditor_id=creditor_id, quote_id=quote_id)
        assert (found.same, found.intact) == (True, True)
        assert found.recorded[0].startswith("score 2")

    def test_says_which_rule_it_does_not_have(self, units, creditor_id, placed, monkeypatch):
        quote_id = open_quote(units, creditor_id)
        monkeypatch.setattr(replaying, "PRICE_RULE", "2")
        with as_creditor(units, creditor_id) as unit:
            found = replay(unit, creditor_id=creditor_id, quote_id=quote_id)
        assert (found.same, found.unknown) == (False, ("price 1",))

    def test_notices_a_completeness_that_the_documents_do_not_give(self, units, creditor_id, placed):
        ((document,),) = rows_of(units, creditor_id, "SELECT document FROM quote")
        parsed = json.loads(unpack_document(document))
        assert replay_document(unpack_document(document), card=DEFAULT_CARD).same
        parsed["lines"][0]["completeness"] += 10
        again = json.dumps(parsed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert not replay_document(again, card=DEFAULT_CARD).same

    def test_freezes_rules_card_and_keepers(self, units, creditor_id, placed):
        ((document,),) = rows_of(units, creditor_id, "SELECT document FROM quote")
        head = json.loads(unpack_document(document))["head"]
        assert set(head["rules"]) == {"price", "score"}
        assert head["keeps"] == {"interest": "creditor", "costs": "agency"}
        with as_creditor(units, creditor_id) as unit:
            assert head["rate_card"]["sha256"] == card_on(unit, on=unit.today).sha256

    def test_of_a_broken_document_is_told_not_raised(self):
        found = replay_document(b"{", card=DEFAULT_CARD)
        assert (found.same, found.intact) == (False, False)


class TestBlendedAge:
    def test_of_several_invoices_is_weighed_by_what_is_open(self, units, creditor_id):
        headers = "Dossiernummer;Factuurnummer;Naam;Soort;Bedrag;Vervaldatum"
        with units.open(Door.STAFF, by="system:test") as unit:
            today = unit.today
        old, young = today - timedelta(days=400), today - timedelta(days=10)
        rows = (
            f"D1;F1;Jansen B.V.;bedrijf;100,00;{old:%d-%m-%Y}",
            f"D1;F2;Jansen B.V.;bedrijf;900,00;{young:%d-%m-%Y}",
        )
        place(units, creditor_id, a_file(*rows, headers=headers))
        ((age,),) = rows_of(units, creditor_id, "SELECT facts -> 'age_days' FROM quote_line")
        assert age == (100 * 400 + 900 * 10) // 1000


class TestOutcomes:
    def test_are_counted_over_all_creditors_by_kind(self, units, creditor_id, placed):
        for number in range(2):
            other = a_creditor(units, f"C{number}")
            place(units, other, a_file(a_row("F1", amount="300,00")))
            self.accept_and_close(units, other)
        self.accept_and_close(units, creditor_id)
        with units.open(Door.WORKER, by="system:test") as unit:
            measure_outcomes(unit)
            measure_outcomes(unit)
        with as_creditor(units, creditor_id) as unit:
            found = own_books(unit, on=unit.today)
        kinds = {kind.amount_band: books for kind, books in found.items()}
        assert all(kind.debtor == DebtorKind.company for kind in found)
        assert (kinds[2].claims, kinds[2].creditors, kinds[2].share_sum) == (3, 3, 0)
        assert isinstance(next(iter(found)), Kind)

    def accept_and_close(self, units, creditor_id):
        quote_id = open_quote(units, creditor_id)
        with as_creditor(units, creditor_id) as unit:
            accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(
                text("UPDATE claim SET state = 'closed' WHERE creditor_id = :c"), {"c": creditor_id}
            )

    def test_count_before_there_are_any(self, units, creditor_id):
        with as_creditor(units, creditor_id) as unit:
            assert own_books(unit, on=unit.today) == {}
