"""Weighing debtors in SQL: each creditor's own files only, in chunks, told once, gone when it is over."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from agency.early_warning.jobs import weigh
from agency.early_warning.watching import weigh_debtors
from agency.kernel.outbox import drain, enqueue
from agency.kernel.unit import Door
from agency.progress.warning_list import all_warnings, warning_counts
from agency.rules.facts import DebtorKind
from tests.made import a_claim, a_creditor

COMPANY, CONSUMER = DebtorKind.company, DebtorKind.consumer


class Ground:
    """Creditors with debtors, and what happens to them, written as it stands in the tables."""

    def __init__(self, units) -> None:
        self.units = units
        with self.unit() as unit:
            self.today, self.now = unit.today, unit.now
            self.creditor_id, self.other_id = a_creditor(unit), a_creditor(unit)

    def unit(self, door: Door = Door.WORKER, creditor_id: UUID | None = None):
        return self.units.open(door, by="system:test", creditor_id=creditor_id)

    def run(self, sql: str, **values):
        with self.unit() as unit:
            return unit.session.connection().execute(text(sql), values)

    def rows(self, sql: str, **values):
        with self.unit() as unit:
            return unit.session.connection().execute(text(sql), values).all()

    def debtor(self, *, creditor_id: UUID | None = None, kind=COMPANY, claims: int = 1, due_days: int = 40):
        """A debtor with open claims; returns his id and theirs."""
        creditor_id = creditor_id or self.creditor_id
        with self.unit() as unit:
            due = self.today - timedelta(days=due_days)
            ids = [
                a_claim(unit, creditor_id=creditor_id, invoices=[(10_000, due)], debtor=kind)
                for _ in range(claims)
            ]
        first = self.rows("SELECT debtor_id FROM claim WHERE id = :id", id=ids[0])[0].debtor_id
        self.run("UPDATE claim SET debtor_id = :debtor WHERE id = ANY(:ids)", debtor=first, ids=ids)
        return first, ids

    def promise_broken(self, claim_id, times: int = 1):
        for _ in range(times):
            self.run(
                "INSERT INTO promise (creditor_id, id, claim_id, amount_minor, currency, due_on,"
                " state, made_at,"
                " made_by, settled_at) SELECT creditor_id, uuidv7(), id, 100, 'EUR', :on, 'broken',"
                " :now, 'x', :now"
                " FROM claim WHERE id = :claim",
                claim=claim_id, on=self.today, now=self.now,
            )  # fmt: skip

    def found_in_register(self, debtor_id, kind: str = "bankruptcy"):
        self.run(
            "INSERT INTO screening (creditor_id, id, debtor_id, state, asked_at, next_at, attempts,"
            " found, failure)"
            " SELECT creditor_id, uuidv7(), id, 'found', :now, :now, 0,"
            "  jsonb_build_array(jsonb_build_object('kind', CAST(:kind AS text))), '' FROM debtor"
            " WHERE id = :debtor",
            debtor=debtor_id, kind=kind, now=self.now,
        )  # fmt: skip

    def weigh(self):
        with self.unit() as unit:
            return weigh_debtors(unit)

    def warnings(self):
        rows = self.rows("SELECT debtor_id, level, points, signs, actions, facts FROM debtor_warning")
        return {row.debtor_id: row for row in rows}


@pytest.fixture
def ground(units):
    return Ground(units)


class TestSigns:
    def test_each_sign_comes_from_the_files(self, ground):
        debtor, (claim, *_) = ground.debtor(claims=5, due_days=5)
        ground.promise_broken(claim, 2)
        ground.found_in_register(debtor)
        for days, status in ((1, "raised"), (2, "raised"), (3, "resolved_debtor")):
            ground.run(
                "INSERT INTO dispute (creditor_id, id, claim_id, status, reason, text,"
                " disputed_minor, raised_at,"
                " raised_by) SELECT creditor_id, uuidv7(), id, :status, 'other', '', 1, :at, 'x' FROM claim"
                " WHERE id = :claim",
                status=status, at=ground.now - timedelta(days=days), claim=claim,
            )  # fmt: skip
        ground.run(
            "INSERT INTO call (creditor_id, id, claim_id, number, by, state, disposition, started_at)"
            " SELECT creditor_id, uuidv7(), id, '+31', 'x', 'ended', 'wrong_number', :now FROM claim"
            " WHERE id = :claim",
            claim=claim, now=ground.now,
        )  # fmt: skip
        for score, days in ((80, 20), (40, 1)):
            ground.run(
                "INSERT INTO credit_check (creditor_id, id, request_key, country,"
                " registration_number, name, state,"
                " price_minor, vat_minor, vat_percent, vat_category, currency, tariff_since, asked_at,"
                " asked_by, provider_ref,"
                " result, failure)"
                " VALUES (:c, uuidv7(), :key, 'NL', '12345678', '', 'answered', 0, 0, '21', 'S', 'EUR', :on,"
                " :at, 'x', '',"
                " jsonb_build_object('company', jsonb_build_object('score', CAST(:score AS int))), '')",
                c=ground.creditor_id, key=str(score), on=ground.today, score=score,
                at=ground.now - timedelta(days=days),
            )  # fmt: skip
        ground.run("UPDATE debtor SET registration_number = '12345678' WHERE id = :d", d=debtor)
        ground.weigh()
        warning = ground.warnings()[debtor]
        assert {sign["sign"]: sign["measure"] for sign in warning.signs} == {
            "broken": 2, "several": 5, "unreachable": 1, "register": 1, "credit": 40, "disputes": 2,
        }  # fmt: skip
        assert warning.level == "act"
        assert warning.points == sum(sign["points"] for sign in warning.signs)

    def test_who_pays_later_than_before_is_seen(self, ground):
        debtor, ids = ground.debtor(claims=3, due_days=80)
        for claim, closed, due in zip(ids[:2], (400, 300), (410, 310), strict=True):
            ground.run(
                "UPDATE claim SET state = 'paid', closed_at = :closed, due_on = :due WHERE id = :id",
                id=claim, closed=ground.now - timedelta(days=closed), due=ground.today - timedelta(days=due),
            )  # fmt: skip
        ground.weigh()
        facts = ground.warnings()[debtor].facts
        assert (facts["paid_before"], facts["late_before"], facts["late_now"]) == (2, 10, 80)

    def test_who_has_help_with_his_debts_is_met_with_care(self, ground):
        debtor, (claim, *_) = ground.debtor(kind=CONSUMER)
        ground.promise_broken(claim, 9)
        ground.run(
            "INSERT INTO hold (creditor_id, id, claim_id, ground, note, by, starts_at, facts)"
            " SELECT creditor_id, uuidv7(), id, 'debt_help', '', 'x', :now, '{}' FROM claim WHERE id"
            " = :claim",
            claim=claim, now=ground.now,
        )  # fmt: skip
        ground.weigh()
        warning = ground.warnings()[debtor]
        assert warning.actions == ["talk_about_help", "offer_plan"]
        assert warning.level == "warn"

    def test_of_a_consumer_no_register_is_even_kept(self, ground):
        debtor, (claim, *_) = ground.debtor(kind=CONSUMER)
        ground.promise_broken(claim)
        ground.found_in_register(debtor)
        ground.weigh()
        assert ground.warnings()[debtor].facts["register"] == []


class TestWall:
    def test_what_happens_at_another_creditor_changes_nothing(self, ground):
        """The same person behind two debtors: one creditor's warning is the same with and without"
        " the other."""
        debtor, (claim, *_) = ground.debtor()
        ground.promise_broken(claim)
        ground.weigh()
        before = ground.warnings()[debtor]
        other, (theirs, *_) = ground.debtor(creditor_id=ground.other_id, claims=6, due_days=3)
        ground.run(
            "INSERT INTO debtor_identity (id, match_key, created_at) VALUES (uuidv7(), 'same', :now)",
            now=ground.now,
        )
        ground.run(
            "UPDATE debtor SET identity_id = (SELECT id FROM debtor_identity), registration_number = '1'"
            " WHERE id = ANY(:ids)",
            ids=[debtor, other],
        )
        ground.promise_broken(theirs, 8)
        ground.found_in_register(other)
        # The agency marks a wrong number at every creditor of the same person.
        ground.run(
            "INSERT INTO contact_point (creditor_id, id, debtor_id, channel, value, state, created_at)"
            " SELECT creditor_id, uuidv7(), id, 'phone', '+31', 'wrong', :now FROM debtor WHERE id ="
            " ANY(:ids)",
            ids=[debtor, other], now=ground.now,
        )  # fmt: skip
        ground.weigh()
        assert ground.warnings()[debtor] == before
        assert ground.warnings()[other].level == "act"

    def test_a_creditor_sees_his_own_and_nobody_else_writes(self, ground):
        for creditor_id in (ground.creditor_id, ground.other_id):
            _, (claim, *_) = ground.debtor(creditor_id=creditor_id)
            ground.promise_broken(claim)
        ground.weigh()
        with ground.unit(Door.CREDITOR, ground.creditor_id) as unit:
            found = unit.session.connection().execute(all_warnings()).all()
            assert [row.creditor_id for row in found] == [ground.creditor_id]
            assert warning_counts(unit) == {"watch": 1}
        with ground.unit(Door.STAFF) as unit:
            assert warning_counts(unit) == {"watch": 2}
        with ground.unit(Door.DEBTOR) as unit, pytest.raises(Exception, match="permission denied"):
            unit.session.connection().execute(text("SELECT 1 FROM debtor_warning"))


class TestNights:
    def test_who_newly_asks_for_action_is_told_once(self, ground):
        debtor, (claim, *_) = ground.debtor()
        ground.found_in_register(debtor)
        for _ in range(2):
            ground.weigh()
        told = ground.rows("SELECT claim_id, creditor_sees FROM event WHERE kind = 'DebtorNeedsAttention'")
        assert [(row.claim_id, row.creditor_sees) for row in told] == [(claim, True)]

    def test_a_warning_ends_with_its_reason(self, ground):
        debtor, (claim, *_) = ground.debtor()
        ground.promise_broken(claim)
        ground.weigh()
        assert debtor in ground.warnings()
        ground.run(
            "UPDATE claim SET state = 'paid', closed_at = :now WHERE id = :id", id=claim, now=ground.now
        )
        ground.weigh()
        assert ground.warnings() == {}

    def test_thousands_are_weighed_in_chunks_by_jobs_that_follow_each_other(self, ground):
        debtor, (claim, *_) = ground.debtor()
        ground.run(
            "WITH made AS (INSERT INTO debtor (creditor_id, id, created_at, reference, kind, name,"
            " name_key, country,"
            "  language) SELECT creditor_id, uuidv7(), created_at, 'M' || n, kind, 'Many ' || n,"
            " 'many ' || n, 'NL', 'nl'"
            "  FROM debtor, generate_series(1, 3000) n WHERE id = :debtor RETURNING id, reference)"
            " INSERT INTO claim (creditor_id, id, created_at, number, reference, payment_reference,"
            " debtor_id, law,"
            "  interest_kind, currency, principal_minor, disputed_minor, due_on, state, phase, costs_minor,"
            "  costs_vat_minor, costs_left_out_minor, description)"
            " SELECT c.creditor_id, uuidv7(), c.created_at, m.reference, m.reference, m.reference, m.id, law,"
            "  interest_kind, currency, principal_minor, 0, due_on, state, phase, 0, 0, 0, '' FROM"
            " made m, claim c"
            " WHERE c.id = :claim",
            debtor=debtor, claim=claim,
        )  # fmt: skip
        ground.run(
            "INSERT INTO promise (creditor_id, id, claim_id, amount_minor, currency, due_on, state,"
            " made_at, made_by,"
            " settled_at) SELECT creditor_id, uuidv7(), id, 100, 'EUR', :on, 'broken', :now, 'x',"
            " :now FROM claim",
            on=ground.today, now=ground.now,
        )  # fmt: skip
        with ground.unit() as unit:
            enqueue(unit, weigh)
        drain(ground.units)
        assert len(ground.warnings()) == 3_001
        jobs = ground.rows(
            "SELECT count(*) AS n FROM outbox WHERE actor = 'early_warning.weigh' AND done_at IS NOT NULL"
        )
        assert jobs[0].n >= 2
