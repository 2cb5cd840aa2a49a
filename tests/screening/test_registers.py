"""The registers are asked before anybody is contacted: hits hold, and silence is never clear."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from agency.kernel.errors import Invalid
from agency.kernel.outbox import drain
from agency.ports.providers import ProviderRefused, ProviderTransient
from agency.ports.registers import DebtorQuestion
from agency.screening.unclear import settle_unclear, unclear_debtors
from integrations.credit.registers import HttpRegisters
from tests.known_before import MONDAY

TUESDAY = MONDAY + timedelta(days=1)


def letters(house):
    return house.one("SELECT count(*) FROM message WHERE state IN ('sent', 'delivered', 'opened')")


class TestAtIntake:
    def test_a_hit_holds_the_claim_lawfully_and_tells_its_creditor(self, house):
        house.place(
            {"debtor_name": "J. Jansen OVERLEDEN"}, {"debtor_name": "P. Pieters", "debtor_reference": "K-2"}
        )
        held = house.rows("SELECT ground, ends_at FROM hold")
        assert [(row.ground, row.ends_at) for row in held] == [("deceased", None)]
        told = house.rows("SELECT facts FROM event WHERE kind = 'DebtorFoundInRegister' AND creditor_sees")
        assert [row.facts["ground"] for row in told] == ["deceased"]
        states = house.rows("SELECT state, count(*) AS n FROM screening GROUP BY 1 ORDER BY 1")
        assert [(row.state, row.n) for row in states] == [("clear", 1), ("found", 1)]

    @pytest.mark.parametrize(
        ("word", "ground"),
        [("FAILLIET", "bankruptcy"), ("SCHULDSANERING", "wsnp"), ("BEWIND", "guardianship"),
         ("SURSEANCE", "moratorium"), ("COLLECTIEVE", "collective_settlement")],
    )  # fmt: skip
    def test_each_entry_has_its_own_ground(self, house, word, ground):
        house.place({"debtor_name": f"Jan {word}"})
        assert house.one("SELECT ground FROM hold") == ground

    def test_a_moratorium_ends_when_the_law_says(self, house):
        house.place({"debtor_name": "Jan SURSEANCE"})
        assert house.one("SELECT ends_at FROM hold") is not None


class TestBeforeTheFirstContact:
    def test_nobody_is_written_to_whom_a_register_knows(self, house):
        placement = house.place(
            {"debtor_name": "J. OVERLEDEN"}, {"debtor_reference": "K-2", "debtor_name": "Piet"}
        )
        house.accept(placement)
        house.hours(TUESDAY, 3)
        written = house.rows("SELECT d.name FROM message m JOIN debtor d ON d.id = m.debtor_id")
        assert {row.name for row in written} == {"Piet"}
        assert letters(house) == 1

    def test_a_register_that_is_down_is_asked_again_and_nobody_counts_as_clear(self, house, simulator):
        placement = house.place({})
        simulator.fault("registers", "status", status=503, times=4)
        house.later(MONDAY + timedelta(days=3))
        quote = house.rows("SELECT id FROM quote WHERE placement_id = :p AND state = 'open'", p=placement)
        assert quote
        house.accept(placement)
        assert house.one("SELECT state FROM screening") == "waiting"
        house.hours(MONDAY + timedelta(days=3, hours=1), 1)
        assert house.one("SELECT state FROM screening") == "waiting"
        assert house.one("SELECT attempts FROM screening") > 0
        assert letters(house) == 0
        simulator.http.delete("/_sim/faults").raise_for_status()
        house.hours(MONDAY + timedelta(days=4), 3)
        assert house.one("SELECT state FROM screening") == "clear"
        assert letters(house) == 1

    def test_half_an_answer_is_none(self, house):
        """One register silent keeps the debtor waiting, and what another knows holds at once."""
        placement = house.place(
            {"debtor_name": "J. STILTE"}, {"debtor_reference": "K-2", "debtor_name": "FAILLIET STILTE"}
        )
        house.accept(placement)
        house.hours(TUESDAY, 3)
        assert house.one("SELECT count(*) FROM screening WHERE state = 'waiting'") == 2
        assert [row.ground for row in house.rows("SELECT ground FROM hold")] == ["bankruptcy"]
        assert house.one("SELECT count(*) FROM message") == 0

    def test_an_entry_that_nobody_understands_is_looked_into_by_a_person(self, house):
        placement = house.place({"debtor_name": "J. RAADSEL"})
        house.accept(placement)
        house.hours(TUESDAY, 3)
        assert house.one("SELECT state FROM screening") == "unclear"
        assert house.one("SELECT count(*) FROM message") == 0
        assert house.one("SELECT reason FROM work_item") == "register_unclear"
        with house.open() as unit:
            (waiting,) = unclear_debtors(unit, limit=10)
            assert (waiting.debtor, len(waiting.claims)) == ("J. RAADSEL", 1)
            assert waiting.entries[0]["kind"]
            with pytest.raises(Invalid, match="why"):
                settle_unclear(unit, creditor_id=waiting.creditor_id, debtor_id=waiting.debtor_id, why=" ")
            settle_unclear(
                unit, creditor_id=waiting.creditor_id, debtor_id=waiting.debtor_id, why="A namesake."
            )
            assert unclear_debtors(unit, limit=10) == []
        assert (
            house.one("SELECT facts ->> 'why' FROM audit_entry WHERE action = 'screening.settled'")
            == "A namesake."
        )
        house.hours(TUESDAY + timedelta(days=1), 3)
        assert letters(house) == 1


class TestEveryWeek:
    def test_a_debtor_who_died_meanwhile_is_found(self, house):
        placement = house.place({})
        house.accept(placement)
        house.hours(TUESDAY, 2)
        assert letters(house) == 1
        with house.open() as unit:
            unit.session.connection().execute(text("UPDATE debtor SET name = 'J. Jansen OVERLEDEN'"))
        house.later(MONDAY + timedelta(days=6))
        assert house.one("SELECT count(*) FROM hold") == 0
        house.later(MONDAY + timedelta(days=8))
        assert house.one("SELECT ground FROM hold") == "deceased"
        house.hours(MONDAY + timedelta(days=9), 2)
        assert letters(house) == 1

    def test_a_hold_that_a_person_lifted_is_placed_again_only_once_a_week(self, house):
        house.place({"debtor_name": "J. OVERLEDEN"})
        house.later(MONDAY + timedelta(hours=1))
        drain(house.work.units)
        assert house.one("SELECT count(*) FROM hold") == 1


class TestTheClient:
    @pytest.fixture
    def registers(self, simulator):
        made = HttpRegisters(url=f"{simulator.url}/registers", key="k", production=False, timeout_seconds=2)
        yield made
        made.close()

    QUESTION = DebtorQuestion(reference="1", name="Jan FAILLIET", country="NL", is_company=False)

    def test_reads_entries(self, registers):
        (answer,) = registers.ask([self.QUESTION])
        assert (answer.reference, answer.complete) == ("1", True)
        assert [entry.kind for entry in answer.entries] == ["bankruptcy"]

    @pytest.mark.parametrize("kind", ["reset", "lost", "status", "status_after"])
    def test_every_failure_is_one_that_may_be_asked_again(self, simulator, registers, kind):
        simulator.fault("registers", kind)
        with pytest.raises(ProviderTransient):
            registers.ask([self.QUESTION])
        assert registers.ask([self.QUESTION])

    def test_a_wrong_key_is_refused(self, simulator):
        registers = HttpRegisters(url=f"{simulator.url}/registers", key="wrong", production=False)
        with pytest.raises(ProviderRefused):
            registers.ask([self.QUESTION])
        registers.close()
