"""Trainings and ethics meetings: written down, corrected by a version more, never deleted, nobody else's."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from agency.kernel.errors import NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.privacy.recording import (
    Evidence,
    RecordFacts,
    UnfitRecord,
    add_record,
    correct_record,
    current_records,
    open_evidence,
    versions_of,
)
from agency.privacy.standing import records_standing
from agency.rules.kept_records import Authority, RecordKind, Standing
from tests.beside import beside
from tests.made import a_creditor
from tests.sorting.papers import a_pdf

DAY = date(2026, 11, 3)


@pytest.fixture
def staff(inspections):
    """One collector and one director, who have worked here for two years."""
    found = [
        inspections.colleague("Anna Bos", Role.COLLECTOR),
        inspections.colleague("Bram Dijk", Role.ADMIN),
    ]
    with inspections.units.open(Door.STAFF, by="system:test") as unit:
        unit.session.connection().execute(
            text("UPDATE user_account SET created_at = created_at - interval '2 years'")
        )
    return found


def training(*people, **values) -> RecordFacts:
    return RecordFacts(
        **{
            "kind": RecordKind.TRAINING, "held_on": DAY, "title": "Wki en BIK", "minutes_long": 240,
            "people": people, **values,
        }
    )  # fmt: skip


def meeting(*people, **values) -> RecordFacts:
    return training(
        *people,
        kind=RecordKind.ETHICS_MEETING,
        **{"title": "Ethiek", "report": "Besproken: schulden", **values},
    )


class TestWritingDown:
    def add(self, inspections, facts, evidence=None):
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            return add_record(unit, inspections.store, facts=facts, evidence=evidence)

    def test_keeps_who_what_when_and_the_file(self, inspections, staff):
        pdf = a_pdf("Certificaat")
        series = self.add(inspections, training(staff[0]), Evidence("certificaat.pdf", pdf))
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            [row] = current_records(unit)
            name, opened = open_evidence(unit, inspections.store, series_id=series, version=1)
            with opened:
                assert (name, opened.read()) == ("certificaat.pdf", pdf)
            audited = unit.session.connection().execute(
                text("SELECT action FROM audit_entry WHERE subject = :s"), {"s": f"kept_record:{series}"}
            )
            assert audited.scalars().all() == ["kept_record.added"]
        assert (row.people, row.minutes_long, row.version) == ([str(staff[0])], 240, 1)

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"title": " "}, "title"),
            ({"held_on": date(2026, 12, 2)}, "held_on"),
            ({"minutes_long": 0}, "hours"),
            ({"minutes_long": 60_001}, "hours"),
            ({"people": (), "others": " \n "}, "people"),
            ({"people": (new_id(),)}, "people"),
            ({"kind": RecordKind.ETHICS_MEETING}, "report"),
        ],
    )
    def test_refuses_what_cannot_have_been_and_keeps_nothing(self, inspections, staff, values, field):
        with pytest.raises(UnfitRecord) as refused:
            self.add(inspections, training(staff[0], **values))
        assert refused.value.field == field
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            assert current_records(unit) == []

    def test_people_who_do_not_sign_in_are_named(self, inspections):
        self.add(inspections, meeting(others=" C. de Groot \n\n D. Vos"))
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            assert current_records(unit)[0].others == "C. de Groot\nD. Vos"


class TestCorrecting:
    @pytest.fixture
    def series(self, inspections, staff):
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            return add_record(unit, inspections.store, facts=training(staff[0]))

    def correct(self, inspections, series, facts, **values):
        with inspections.units.open(Door.STAFF, by="user:other") as unit:
            return correct_record(
                unit,
                inspections.store,
                series_id=series,
                facts=facts,
                **{"version": 1, "why": "Typefout", **values},
            )

    def test_is_a_version_more_and_the_first_stays(self, inspections, staff, series):
        assert self.correct(inspections, series, training(*staff, title="Wki")) == 2
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            found = versions_of(unit, series_id=series)
            assert [(row.version, row.title, row.why) for row in found] == [
                (2, "Wki", "Typefout"), (1, "Wki en BIK", ""),
            ]  # fmt: skip
            assert [row.version for row in current_records(unit)] == [2]

    def test_needs_a_reason_and_the_newest_version(self, inspections, staff, series):
        for values, words in (({"why": " "}, "say why"), ({"version": 7}, "somebody else")):
            with pytest.raises(UnfitRecord, match=words):
                self.correct(inspections, series, training(staff[0]), **values)
        with pytest.raises(UnfitRecord, match="does not become"):
            self.correct(inspections, series, meeting(staff[0]))
        with pytest.raises(NotFound):
            self.correct(inspections, new_id(), training(staff[0]))

    def test_what_was_withdrawn_counts_for_nothing_and_is_still_there(self, inspections, staff, series):
        self.correct(inspections, series, training(staff[0]), withdrawn=True)
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            assert current_records(unit) == []
            assert len(current_records(unit, withdrawn=True)) == 1

    def test_no_door_can_change_or_delete_a_version(self, inspections, series):
        for door in (Door.STAFF, Door.WORKER):
            for statement in ("UPDATE kept_record SET title = 'x'", "DELETE FROM kept_record"):
                with (
                    pytest.raises(ProgrammingError, match="permission denied"),
                    inspections.units.open(door, by="user:admin") as unit,
                ):
                    unit.session.connection().execute(text(statement))


class TestWalls:
    def test_no_creditor_reads_a_record_or_an_export(self, inspections, staff):
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            creditor_id = a_creditor(unit)
            add_record(unit, inspections.store, facts=training(staff[0]))
        for table in ("kept_record", "inspection_export", "inspection_export_claim"):
            with (
                pytest.raises(ProgrammingError, match="permission denied"),
                inspections.units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit,
            ):
                unit.session.connection().execute(text(f"SELECT * FROM {table}"))


class TestStanding:
    def standing(self, inspections, on=DAY):
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            found = records_standing(unit, authority=Authority.NL, on=on)
        return {
            (one.wanted.key, one.person.name if one.person else ""): one.decision.standing
            for one in found.demands
        }, found.worst

    def test_names_each_person_and_the_agency(self, inspections, staff):
        found, worst = self.standing(inspections)
        assert set(found) == {
            ("collectors_training", "Anna Bos"), ("managers_training", "Bram Dijk"), ("ethics_meetings", ""),
        }  # fmt: skip
        assert worst is Standing.OVERDUE

    def test_is_in_order_when_all_was_done(self, inspections, staff):
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            add_record(unit, inspections.store, facts=training(*staff))
            for days in (0, 150):
                add_record(
                    unit, inspections.store, facts=meeting(staff[1], held_on=DAY - timedelta(days=days))
                )
        _, worst = self.standing(inspections)
        assert worst is Standing.IN_ORDER
        assert self.standing(inspections, on=DAY - timedelta(days=1))[1] is Standing.OVERDUE

    def test_who_is_blocked_owes_no_training(self, inspections, staff):
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            unit.session.connection().execute(
                text("UPDATE user_account SET disabled_at = :at WHERE id = :id"),
                {"at": unit.now - timedelta(days=60), "id": staff[0]},
            )
        assert ("collectors_training", "Anna Bos") not in self.standing(inspections)[0]

    def test_who_came_last_month_has_a_year(self, inspections):
        inspections.colleague("Cas Vos", Role.COLLECTOR)
        assert self.standing(inspections, on=date(2026, 12, 1))[0]["collectors_training", "Cas Vos"] is (
            Standing.IN_ORDER
        )


def test_two_corrections_at_once_leave_one_and_a_refusal(inspections, staff):
    files = inspections.store
    with inspections.units.open(Door.STAFF, by="system:test") as unit:
        series_id = add_record(unit, files, facts=training(staff[0]))

    def work(unit):
        correct_record(
            unit, files, series_id=series_id, version=1, facts=training(staff[1]), why="Typed wrong"
        )

    refused = beside(inspections.units, work, raises=UnfitRecord)
    assert refused == "somebody else has corrected this meanwhile; look at it again"
