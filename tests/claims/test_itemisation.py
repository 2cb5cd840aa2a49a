"""What is owed as of a day, against worked examples and against the ledger."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.claims.build_up import build_up
from agency.claims.claim_facts import ClaimFacts, InvoiceFacts, Movement
from agency.claims.invoice_replay import open_per_invoice
from agency.claims.itemisation import itemise, itemise_many, open_total
from agency.kernel.errors import NotFound
from agency.kernel.unit import Door
from agency.ledger.posting import Leg, post
from agency.money import Money
from agency.rules.facts import InterestKind, Law, Phase
from agency.rules.interest import Stop, StopGround, interest
from tests.made import a_claim, a_creditor

ZERO = Money.zero("EUR")


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def paid(
    on: date, *, principal: int = 0, interest_minor: int = 0, costs: int = 0, fixed: int = 0
) -> Movement:
    whole = principal + interest_minor + costs
    return Movement(on, eur(-principal), eur(-interest_minor), eur(fixed), eur(-costs), eur(-whole))


def claim_facts(
    *invoices: tuple[int, date],
    law: Law = Law.nl,
    kind: InterestKind = InterestKind.trade,
    phase: Phase = Phase.amicable,
    movements: tuple[Movement, ...] = (),
    costs_from: date | None = None,
    costs: int = 0,
    vat: int = 0,
    stops: tuple[Stop, ...] = (),
) -> ClaimFacts:
    return ClaimFacts(
        creditor_id=UUID(int=1),
        claim_id=UUID(int=2),
        law=law,
        interest_kind=kind,
        phase=phase,
        currency="EUR",
        costs_from=costs_from,
        costs=eur(costs),
        costs_vat=eur(vat),
        contractual_percent=None,
        invoices=tuple(
            InvoiceFacts(
                UUID(int=n), f"F{n}", "invoice" if minor > 0 else "credit_note", due, due, eur(minor)
            )
            for n, (minor, due) in enumerate(invoices)
        ),
        movements=movements,
        stops=stops,
    )


@pytest.mark.pure
class TestBuildUp:
    def test_asks_only_the_principal_in_the_reminder_phase(self):
        facts = claim_facts(
            (100_000, date(2026, 6, 15)),
            phase=Phase.reminder,
            costs_from=date(2026, 7, 1),
            costs=15_000,
        )
        claim = build_up(facts=facts, on=date(2026, 9, 1))
        assert (claim.principal, claim.interest, claim.costs, claim.total) == (
            eur(100_000),
            ZERO,
            ZERO,
            eur(100_000),
        )

    def test_counts_trade_interest_to_the_day_of_payment(self):
        claim = build_up(facts=claim_facts((100_000, date(2026, 6, 15))), on=date(2026, 7, 15))
        assert claim.interest == eur(845)  # 15 days at 10.15 and 15 at 10.40
        assert [line.amount.minor for line in claim.lines if line.label == "interest"] == [417, 428]

    def test_asks_costs_from_the_first_lawful_day_exactly_as_announced(self):
        facts = claim_facts(
            (100_000, date(2026, 6, 15)), costs_from=date(2026, 7, 16), costs=15_000, vat=3_150
        )
        before = build_up(facts=facts, on=date(2026, 7, 15))
        after = build_up(facts=facts, on=date(2026, 7, 16))
        assert (before.costs, before.costs_vat) == (ZERO, ZERO)
        assert (after.costs, after.costs_vat) == (eur(15_000), eur(3_150))

    def test_lets_interest_run_over_what_is_left_after_a_payment(self):
        facts = claim_facts(
            (100_000, date(2026, 6, 15)),
            movements=(paid(date(2026, 7, 15), principal=60_000, interest_minor=845),),
        )
        claim = build_up(facts=facts, on=date(2026, 8, 14))
        rest = interest(
            law=Law.nl,
            kind=InterestKind.trade,
            principal=eur(40_000),
            first_day=date(2026, 7, 16),
            last_day=date(2026, 8, 14),
            late_since=date(2026, 6, 16),
        )
        assert claim.principal == eur(40_000)
        assert claim.interest == rest.amount
        assert claim.paid == eur(60_845)

    def test_keeps_interest_unpaid_when_the_principal_is_paid(self):
        facts = claim_facts(
            (100_000, date(2026, 6, 15)), movements=(paid(date(2026, 7, 15), principal=100_000),)
        )
        assert build_up(facts=facts, on=date(2026, 12, 1)).interest == eur(845)

    def test_compounds_a_full_year_even_when_a_small_payment_came_between(self):
        facts = claim_facts((100_000, date(2024, 6, 14)))
        whole = build_up(facts=facts, on=date(2026, 6, 14)).interest
        marked = claim_facts((100_000, date(2024, 6, 14)), movements=(paid(date(2025, 1, 10)),))
        assert build_up(facts=marked, on=date(2026, 6, 14)).interest.minor == pytest.approx(
            whole.minor, abs=1
        )

    def test_charges_no_interest_while_it_is_stopped(self):
        """Fw 303: from the day of the ruling; the lines say why there is a hole."""
        ruling = Stop(StopGround.wsnp, date(2026, 7, 1))
        facts = claim_facts((100_000, date(2026, 6, 15)), stops=(ruling,))
        claim = build_up(facts=facts, on=date(2026, 9, 1))
        assert claim.interest == eur(417)  # 15 days at 10.15
        assert "interest.stopped" in [line.outcome for line in claim.trace]

    @pytest.mark.parametrize("paid_on", [date(2024, 9, 1), date(2025, 3, 1), date(2025, 8, 1)])
    def test_what_ran_before_a_stop_still_joins_the_base_when_its_year_ends(self, paid_on):
        """A payment of nothing cuts the replay in two; the year of default turns on 15 June all the same."""
        rest = Stop(StopGround.insolvency, date(2024, 12, 1), date(2025, 11, 30))
        period = {"first_day": date(2024, 6, 15), "last_day": date(2026, 3, 31), "stops": [rest]}
        whole = interest(
            law=Law.nl, kind=InterestKind.trade, principal=eur(100_000), **period
        )  # fmt: skip
        marked = claim_facts((100_000, date(2024, 6, 14)), movements=(paid(paid_on),), stops=(rest,))
        claim = build_up(facts=marked, on=date(2026, 3, 31))
        assert claim.interest.minor == pytest.approx(whole.amount.minor, abs=1)
        assert claim.invoices[0].segments[-1].base == whole.segments[-1].base

    def test_does_not_compound_under_belgian_law(self):
        facts = claim_facts((100_000, date(2023, 6, 30)), law=Law.be)
        claim = build_up(facts=facts, on=date(2026, 6, 30))
        assert {segment.base for segment in claim.invoices[0].segments} == {eur(100_000)}

    def test_starts_a_belgian_consumers_interest_with_the_costs(self):
        silent = claim_facts((100_000, date(2026, 1, 5)), law=Law.be, kind=InterestKind.consumer)
        assert build_up(facts=silent, on=date(2026, 9, 1)).interest == ZERO
        noticed = claim_facts(
            (100_000, date(2026, 1, 5)),
            law=Law.be,
            kind=InterestKind.consumer,
            costs_from=date(2026, 3, 1),
        )
        claim = build_up(facts=noticed, on=date(2026, 9, 1))
        assert claim.invoices[0].segments[0].first_day == date(2026, 3, 1)

    @given(
        amounts=st.lists(st.integers(-5_000, 20_000).filter(bool), min_size=1, max_size=6),
        reduced=st.integers(0, 50_000),
    )
    def test_opens_the_oldest_invoices_last(self, amounts, reduced):
        opens = open_per_invoice(amounts, reduced)
        assert all(0 <= left <= max(0, amount) for left, amount in zip(opens, amounts, strict=True))
        assert sum(opens) == max(0, sum(amounts) - reduced) or sum(a for a in amounts if a > 0) < reduced

    @given(
        amounts=st.lists(st.integers(1, 200_000), min_size=1, max_size=4),
        payments=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 60_000)), max_size=4),
        costs=st.integers(0, 5_000),
        phase=st.sampled_from(list(Phase)),
    )
    def test_shows_lines_that_add_up_to_the_total(self, amounts, payments, costs, phase):
        start = date(2023, 5, 17)
        facts = claim_facts(
            *((minor, start + timedelta(days=30 * n)) for n, minor in enumerate(amounts)),
            movements=tuple(paid(start + timedelta(days=day), principal=minor) for day, minor in payments),
            phase=phase,
            costs_from=start + timedelta(days=60),
            costs=costs,
        )
        claim = build_up(facts=facts, on=start + timedelta(days=1_000))
        assert Money.total((line.amount for line in claim.lines), "EUR") == claim.total
        assert claim.total == claim.principal + claim.interest + claim.costs + claim.costs_vat
        assert Money.total((invoice.open for invoice in claim.invoices), "EUR") == claim.principal
        assert Money.total((invoice.interest for invoice in claim.invoices), "EUR") == claim.interest


class TestItemise:
    def test_reads_the_ledger_and_equals_the_batch(self, units):
        with units.open(Door.STAFF, by="user:x") as unit:
            creditor = a_creditor(unit)
            claims = [
                a_claim(
                    unit,
                    creditor_id=creditor,
                    invoices=[(100_000, date(2026, 6, 15)), (50_000, date(2026, 7, 1))],
                    phase=Phase.amicable,
                )
                for _ in range(3)
            ]
            post(
                unit,
                creditor_id=creditor,
                book="claims",
                kind="payment",
                source_key="p1",
                legs=[
                    Leg("claims.control", eur(30_000), claims[0]),
                    Leg("claims.principal", eur(-30_000), claims[0]),
                ],
                effective_on=date(2026, 7, 15),
            )
            on = date(2026, 8, 1)
            many = itemise_many(unit, keys=[(creditor, claim) for claim in claims], on=on)
            for claim in claims:
                assert many[creditor, claim] == itemise(unit, creditor_id=creditor, claim_id=claim, on=on)
            first = many[creditor, claims[0]]
            assert first.principal == eur(120_000)
            assert [invoice.open.minor for invoice in first.invoices] == [70_000, 50_000]
            assert open_total(unit, creditor_id=creditor, claim_id=claims[0], on=on) == first.total
            assert itemise(
                unit, creditor_id=creditor, claim_id=claims[0], on=date(2026, 7, 14)
            ).principal == eur(150_000)

    def test_shows_a_debtor_his_own_claim_and_no_other(self, units):
        with units.open(Door.STAFF, by="user:x") as unit:
            creditor = a_creditor(unit)
            mine = a_claim(unit, creditor_id=creditor, invoices=[(100, date(2026, 6, 15))])
            other = a_claim(unit, creditor_id=creditor, invoices=[(200, date(2026, 6, 15))])
            post(
                unit,
                creditor_id=creditor,
                book="claims",
                kind="payment",
                source_key="p1",
                legs=[Leg("claims.control", eur(30), mine), Leg("claims.principal", eur(-30), mine)],
                effective_on=date(2026, 7, 15),
            )
        with units.open(Door.DEBTOR, by="debtor:x", creditor_id=creditor, claim_id=mine) as unit:
            shown = itemise(unit, creditor_id=creditor, claim_id=mine, on=date(2026, 8, 1))
            assert (shown.principal, shown.paid) == (eur(70), eur(30))
            with pytest.raises(NotFound):
                itemise(unit, creditor_id=creditor, claim_id=other, on=date(2026, 8, 1))
