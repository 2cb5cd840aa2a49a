"""Claim numbers and payment references are unique, checkable and found again in a payer's words."""

from stdnum.be import ogm_vcs

from agency.claims.numbering import take_numbers
from agency.kernel.unit import Door
from agency.rules.facts import Law
from agency.rules.reference import references_in, valid_rf


class TestNumbers:
    def test_are_taken_once_and_carry_check_digits(self, units):
        with units.open(Door.WORKER, by="system:test") as unit:
            taken = list(take_numbers(unit, count=200))
        assert len({number.number for number in taken}) == 200
        for number in taken:
            assert ogm_vcs.is_valid(number.payment_reference(Law.be))
            assert valid_rf(number.payment_reference(Law.nl))
            assert references_in(f"betaling {number.number} dank")

    def test_are_not_given_again_after_a_rollback(self, units):
        seen = []
        try:
            with units.open(Door.WORKER, by="system:test") as unit:
                seen += [number.number for number in take_numbers(unit, count=3)]
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        with units.open(Door.WORKER, by="system:test") as unit:
            seen += [number.number for number in take_numbers(unit, count=3)]
        assert len(set(seen)) == 6
