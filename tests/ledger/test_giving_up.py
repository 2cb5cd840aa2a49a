"""Waiver and write-off: by authority, with a reason, to the cent, and taken back as if never done."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from agency.claims.giving_up import MoreThanOpen, NoReason, give_up, given_up, only, take_back
from agency.claims.itemisation import itemise
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.kernel.errors import NotFound
from agency.kernel.unit import Door
from agency.ledger.posting import AlreadyReversed
from agency.ledger.queries import claim_balance
from agency.money import Money
from agency.rules.authority import Act, Part, authority
from agency.rules.facts import Phase
from tests.made import a_claim, a_creditor

ON = date(2026, 11, 26)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def staff(units):
    with units.open(Door.STAFF, by="user:test") as unit:
        yield unit


@pytest.fixture
def claim(staff):
    creditor = a_creditor(staff)
    due_on = staff.today - timedelta(days=100)
    return creditor, a_claim(
        staff, creditor_id=creditor, invoices=[(100_000, due_on)], phase=Phase.amicable,
        costs_from=staff.today - timedelta(days=30), costs_minor=15_000,
    )  # fmt: skip


def waive(unit, claim, minor, *, part=Part.principal, key="1", act=Act.waiver):
    creditor, claim_id = claim
    return give_up(
        unit, creditor_id=creditor, claim_id=claim_id, act=act, amounts=only(part, eur(minor)),
        why="agreed with the creditor", key=key,
    )  # fmt: skip


def owed(unit, claim):
    return itemise(unit, creditor_id=claim[0], claim_id=claim[1], on=unit.today)


class TestAuthority:
    @pytest.mark.pure
    @pytest.mark.parametrize(
        ("roles", "act", "part", "minor", "before", "allowed"),
        [
            (["collector"], Act.waiver, Part.costs, 10_000, 0, True),
            (["collector"], Act.waiver, Part.costs, 10_001, 0, False),
            (["collector"], Act.waiver, Part.costs, 1, 10_000, False),
            (["collector"], Act.waiver, Part.principal, 1, 0, False),
            (["collector"], Act.write_off, Part.costs, 1, 0, False),
            (["finance"], Act.write_off, Part.principal, 250_000, 0, True),
            (["collector", "finance"], Act.waiver, Part.interest, 250_000, 0, True),
            (["admin"], Act.waiver, Part.principal, 10_000_000, 10_000_000, True),
            ([], Act.waiver, Part.interest, 1, 0, False),
            (["creditor_manager"], Act.waiver, Part.interest, 1, 0, False),
        ],
    )
    def test_is_a_role_and_a_limit_over_the_whole_claim(self, roles, act, part, minor, before, allowed):
        found = authority(
            act=act, parts=[part], amount=eur(minor), given_up_before=eur(before), roles=roles, on=ON
        )
        assert found.allowed is allowed
        assert found.trace[0].outcome == ("authority.allowed" if allowed else "authority.refused")

    @pytest.mark.pure
    def test_of_several_parts_a_role_must_be_allowed_each(self):
        def may(parts):
            return authority(
                act=Act.waiver, parts=parts, amount=eur(1), given_up_before=eur(0), roles=["collector"], on=ON
            ).allowed  # fmt: skip

        assert may([Part.interest, Part.costs])
        assert not may([Part.interest, Part.principal])

    @pytest.mark.pure
    @given(minor=st.integers(1, 10**6), roles=st.sets(st.sampled_from(["collector", "finance", "admin"])))
    def test_more_is_never_allowed_where_less_is_not(self, minor, roles):
        def may(amount):
            return authority(
                act=Act.waiver,
                parts=[Part.costs],
                amount=eur(amount),
                given_up_before=eur(0),
                roles=roles,
                on=ON,
            ).allowed

        assert may(minor) or not may(minor + 1)


class TestGivingUp:
    def test_principal_is_less_owed_from_that_day(self, staff, claim):
        waive(staff, claim, 40_000)
        assert owed(staff, claim).principal == eur(60_000)
        assert given_up(staff, creditor_id=claim[0], claim_id=claim[1], currency="EUR") == eur(40_000)

    @pytest.mark.parametrize("part", [Part.interest, Part.costs])
    def test_what_only_ran_so_far_is_fixed_first(self, staff, claim, part):
        before = owed(staff, claim)
        waive(staff, claim, 500, part=part)
        after = owed(staff, claim)
        assert before.total - after.total == eur(500)
        booked = claim_balance(staff, creditor_id=claim[0], claim_id=claim[1])
        assert (booked.interest if part is Part.interest else booked.costs).minor > 0
        assert after.principal == before.principal

    def test_all_of_a_part_leaves_nothing_of_it(self, staff, claim):
        waive(staff, claim, owed(staff, claim).interest.minor, part=Part.interest)
        assert owed(staff, claim).interest == eur(0)

    def test_the_same_decision_twice_counts_once(self, staff, claim):
        first = waive(staff, claim, 1_000)
        assert waive(staff, claim, 1_000) == first
        assert owed(staff, claim).principal == eur(99_000)

    def test_is_taken_back_once_and_the_claim_is_as_before(self, staff, claim):
        before = owed(staff, claim).total
        transaction = waive(staff, claim, 1_000, part=Part.costs, act=Act.write_off)
        take_back(
            staff, creditor_id=claim[0], transaction_id=transaction, why="the debtor has money after all"
        )
        assert owed(staff, claim).total == before
        assert given_up(staff, creditor_id=claim[0], claim_id=claim[1], currency="EUR") == eur(0)

    def test_taken_back_twice_leaves_a_claim_closed_that_ended_in_between(self, staff, claim):
        creditor = claim[0]
        first = waive(staff, claim, 4_000, key="first")
        found = [take_back(staff, creditor_id=creditor, transaction_id=first, why="wrong")]
        rest = owed(staff, claim)
        for part, amount in ((Part.principal, rest.principal), (Part.interest, rest.interest)):
            waive(staff, claim, amount.minor, part=part, key=part.value)
        waive(staff, claim, (rest.costs + rest.costs_vat).minor, part=Part.costs, key="costs")
        found.append(take_back(staff, creditor_id=creditor, transaction_id=first, why="clicked twice"))
        assert found[0] == found[1]
        assert staff.session.get_one(Claim, claim).state == ClaimState.CLOSED
        told = text("SELECT count(*) FROM event WHERE kind = 'PartOwedAgain'")
        assert staff.session.connection().execute(told).scalar_one() == 1

    def test_another_person_cannot_take_it_back_again(self, units, claim, staff):
        transaction = waive(staff, claim, 1_000)
        take_back(staff, creditor_id=claim[0], transaction_id=transaction, why="wrong")
        staff.session.commit()
        with units.open(Door.STAFF, by="user:other") as unit, pytest.raises(AlreadyReversed):
            take_back(unit, creditor_id=claim[0], transaction_id=transaction, why="wrong")

    @pytest.mark.parametrize("minor", [0, -1, 100_001])
    def test_never_more_than_is_owed_nor_less_than_a_cent(self, staff, claim, minor):
        with pytest.raises(MoreThanOpen):
            waive(staff, claim, minor)

    def test_needs_a_reason(self, staff, claim):
        with pytest.raises(NoReason):
            give_up(
                staff, creditor_id=claim[0], claim_id=claim[1], act=Act.waiver,
                amounts=only(Part.costs, eur(1)), why="  ", key="1",
            )  # fmt: skip

    def test_another_creditor_has_no_such_claim(self, staff, claim):
        other = a_creditor(staff)
        with pytest.raises(NotFound):
            waive(staff, (other, claim[1]), 1)
