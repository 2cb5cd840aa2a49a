"""Row 109: only the disputed lines are held; the rest is asked with its own interest and costs."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.claims.build_up import build_up
from agency.claims.claim_facts import ClaimFacts, InvoiceFacts
from agency.claims.holds import running_holds
from agency.claims.itemisation import itemise
from agency.disputes.lines import InvoiceLine, spread
from agency.disputes.raising import raise_dispute
from agency.disputes.resolving import answer_dispute, resolve_dispute
from agency.kernel.emitting import install_reactions
from agency.kernel.errors import Invalid
from agency.kernel.unit import Door
from agency.money import Money
from agency.rules.facts import InterestKind, Law, Phase
from tests.intake.factories import HEADERS, a_creditor, a_file, a_row, place, rows_of

TWO = HEADERS + ";Dossiernummer"


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def claim(units):
    """One claim of two invoices: 1,000 euros and 400 euros."""
    install_reactions({})
    creditor_id = a_creditor(units)
    rows = [f"{a_row('F1', amount='1.000,00')};D1", f"{a_row('F2', amount='400,00', due='30-06-2026')};D1"]
    place(units, creditor_id, a_file(*rows, headers=TWO))
    [(claim_id,)] = rows_of(units, creditor_id, "SELECT DISTINCT claim_id FROM invoice")
    return creditor_id, claim_id


def staff(units):
    return units.open(Door.STAFF, by="user:collector")


def raise_on(units, claim, **contested):
    invoices = dict(tuple(row) for row in rows_of(units, claim[0], "SELECT number, id FROM invoice"))
    with staff(units) as unit:
        return raise_dispute(
            unit, creditor_id=claim[0], claim_id=claim[1], reason="not_as_agreed",
            lines={invoices[number]: euros(minor) for number, minor in contested.items()},
        )  # fmt: skip


def asked(units, claim):
    with staff(units) as unit:
        owed = itemise(unit, creditor_id=claim[0], claim_id=claim[1], on=unit.today, undisputed=True)
        whole = itemise(unit, creditor_id=claim[0], claim_id=claim[1], on=unit.today)
        held = running_holds(unit, creditor_id=claim[0], claim_id=claim[1])
    return owed.principal.minor, whole.principal.minor, len(held)


class TestLines:
    def test_one_line_is_held_and_the_rest_goes_on(self, units, claim):
        raise_on(units, claim, F2=40_000)
        assert asked(units, claim) == (100_000, 140_000, 0)

    def test_all_lines_hold_the_claim(self, units, claim):
        raise_on(units, claim, F1=100_000, F2=40_000)
        assert asked(units, claim) == (0, 140_000, 1)

    def test_resolving_for_the_creditor_restores_all(self, units, claim):
        dispute_id = raise_on(units, claim, F1=30_000, F2=40_000)
        with staff(units) as unit:
            resolve_dispute(
                unit, creditor_id=claim[0], dispute_id=dispute_id, outcome="resolved_creditor", why="bon"
            )
        assert asked(units, claim) == (140_000, 140_000, 0)

    def test_accepting_a_part_asks_the_rest_again(self, units, claim):
        dispute_id = raise_on(units, claim, F1=30_000)
        with staff(units) as unit:
            resolve_dispute(
                unit, creditor_id=claim[0], dispute_id=dispute_id, outcome="partly_accepted",
                why="scheef", accepted=euros(10_000),
            )  # fmt: skip
        assert asked(units, claim)[0] == 130_000
        assert rows_of(units, claim[0], "SELECT disputed_minor FROM claim") == [(10_000,)]

    def test_what_an_earlier_dispute_was_lost_on_stays_lost(self, units, claim):
        first = raise_on(units, claim, F2=15_000)
        with staff(units) as unit:
            resolve_dispute(unit, creditor_id=claim[0], dispute_id=first, outcome="resolved_debtor", why="ja")
        second = raise_on(units, claim, F1=20_000)
        with staff(units) as unit:
            resolve_dispute(
                unit, creditor_id=claim[0], dispute_id=second, outcome="resolved_creditor", why="nee"
            )
        assert asked(units, claim)[0] == 125_000

    @pytest.mark.parametrize("accepted", [None, 0, 30_000, 40_000])
    def test_a_part_is_less_than_what_is_disputed(self, units, claim, accepted):
        dispute_id = raise_on(units, claim, F1=30_000)
        with pytest.raises(Invalid), staff(units) as unit:
            resolve_dispute(
                unit, creditor_id=claim[0], dispute_id=dispute_id, outcome="partly_accepted", why="x",
                accepted=None if accepted is None else euros(accepted),
            )  # fmt: skip
        assert asked(units, claim)[0] == 110_000

    def test_more_than_an_invoice_or_another_ones_is_refused(self, units, claim):
        with pytest.raises(Invalid):
            raise_on(units, claim, F2=40_001)
        with pytest.raises(Invalid), staff(units) as unit:
            raise_dispute(
                unit, creditor_id=claim[0], claim_id=claim[1], reason="x", lines={UUID(int=1): euros(1)}
            )

    def test_the_history_says_who_what_and_which_lines(self, units, claim):
        dispute_id = raise_on(units, claim, F2=40_000)
        with units.open(Door.CREDITOR, by="user:clerk", creditor_id=claim[0]) as unit:
            answer_dispute(unit, creditor_id=claim[0], dispute_id=dispute_id, words="De bon is getekend")
        found = rows_of(
            units, claim[0], "SELECT action, by, words, lines FROM dispute_change ORDER BY at, id"
        )
        assert [(row.action, row.by, row.words) for row in found] == [
            ("raised", "user:collector", ""),
            ("answered", "user:clerk", "De bon is getekend"),
        ]
        assert [line["number"] for line in found[0].lines] == ["F2"]


@pytest.mark.pure
class TestAmounts:
    """Properties of what is asked, over any amounts."""

    def facts(self, amount: int, disputed: int, *, costs: int = 0, undisputed: bool = True) -> ClaimFacts:
        invoice = InvoiceFacts(
            UUID(int=3), "F1", "invoice", date(2026, 1, 1), date(2026, 1, 31), euros(amount), disputed
        )
        return ClaimFacts(
            creditor_id=UUID(int=1), claim_id=UUID(int=2), law=Law.nl, interest_kind=InterestKind.trade,
            phase=Phase.amicable, currency="EUR", costs_from=date(2026, 3, 1), costs=euros(costs),
            costs_vat=euros(0), contractual_percent=None, invoices=(invoice,), movements=(),
            undisputed=undisputed,
        )  # fmt: skip

    @given(amount=st.integers(1, 10**9), share=st.integers(0, 1000), costs=st.integers(0, 10**6))
    def test_never_more_than_the_whole_and_adds_up(self, amount, share, costs):
        disputed = amount * share // 1000
        on = date(2026, 6, 1)
        owed = build_up(facts=self.facts(amount, disputed, costs=costs), on=on)
        whole = build_up(facts=self.facts(amount, disputed, costs=costs, undisputed=False), on=on)
        assert owed.principal.minor == amount - disputed
        assert owed.interest <= whole.interest
        assert owed.costs <= whole.costs
        assert sum(line.amount.minor for line in owed.lines) == owed.total.minor
        if disputed == 0:
            assert owed.total == whole.total
        if disputed == amount:
            assert owed.total.minor == 0

    @given(opens=st.lists(st.integers(1, 10**8), min_size=1, max_size=8), share=st.integers(0, 1000))
    def test_spreading_loses_no_cent_and_overfills_no_invoice(self, opens, share):
        lines = [InvoiceLine(UUID(int=n), str(n), amount, 0) for n, amount in enumerate(opens)]
        part = sum(opens) * share // 1000
        parts = spread(lines, part)
        assert sum(parts.values()) == part
        assert all(parts.get(line.invoice_id, 0) <= line.open_minor for line in lines)
