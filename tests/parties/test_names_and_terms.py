"""Names meet over spellings; terms count from their first day."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.kernel.unit import Door
from agency.parties.models import Creditor, CreditorTerms
from agency.parties.names import has_legal_form, name_key
from agency.parties.registration import ReferenceTaken, Sender, register_creditor
from agency.parties.terms import NoTerms, terms_on
from agency.rules.contract_split import Keeper

SENDER = Sender(name="A", email="a@a.example", reply_to="a@a.example", sms="A", phone="+31")


@pytest.mark.pure
class TestNameKey:
    @pytest.mark.parametrize(
        "spelling",
        [
            "Bakkerij De Vries B.V.",
            "BAKKERIJ DE VRIES BV  ",
            "bakkerij  de vries b v",
            "Bakkerij de Vriés, B.V.",
        ],
    )
    def test_is_one_for_all_spellings(self, spelling):
        assert name_key(spelling) == "bakkerij de vries"

    def test_keeps_different_names_apart(self):
        assert len({name_key(name) for name in ("Jansen", "Janssen", "De Jansen", "Jansen & Zoon")}) == 4

    def test_of_a_bare_legal_form_is_the_form(self):
        assert name_key("B.V.") == "bv"

    @given(st.text(max_size=60))
    def test_is_stable(self, name):
        assert name_key(name_key(name)) == name_key(name)

    def test_knows_a_company_by_its_form(self):
        assert has_legal_form("Bakkerij De Vries B.V.")
        assert not has_legal_form("Jan de Vries")


class TestTerms:
    def test_count_from_their_day_on(self, units):
        with units.open(Door.STAFF, by="system:test") as unit:
            found = register_creditor(
                unit,
                creditor=Creditor(reference="A", name="A", country="NL", created_at=unit.now),
                sender=SENDER,
                valid_from=date(2026, 1, 1),
            )
            unit.session.add(
                CreditorTerms(
                    creditor_id=found,
                    valid_from=date(2026, 7, 1),
                    interest_to=Keeper.AGENCY,
                    created_at=unit.now,
                )
            )
            unit.session.flush()
            assert terms_on(unit, creditor_id=found, on=date(2026, 6, 30)).interest_to == Keeper.CREDITOR
            assert terms_on(unit, creditor_id=found, on=date(2026, 7, 1)).interest_to == Keeper.AGENCY
            with pytest.raises(NoTerms):
                terms_on(unit, creditor_id=found, on=date(2025, 12, 31))

    def test_a_reference_belongs_to_one_creditor(self, units):
        with units.open(Door.STAFF, by="system:test") as unit:
            for expected in (None, ReferenceTaken):
                creditor = Creditor(reference="A", name="A", country="NL", created_at=unit.now)
                if expected is None:
                    register_creditor(unit, creditor=creditor, sender=SENDER)
                else:
                    with pytest.raises(expected):
                        register_creditor(unit, creditor=creditor, sender=SENDER)
