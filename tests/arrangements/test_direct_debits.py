"""Collections: announced in time, drafted and approved by two people, valid for the bank, and seen there."""

from datetime import UTC, date, datetime, timedelta

import pytest
from lxml import etree

from agency.arrangements.deciding import cancel_plan
from agency.arrangements.direct_debits import (
    NotAnotherPerson,
    NothingToCollect,
    UnableToApproveCollection,
    cancel_collection,
    collections,
    coming_collections,
    download_collection,
    draft_collection,
    mark_seen,
)
from agency.arrangements.mandates import revoke_mandate, sign_mandate
from agency.arrangements.plans import Wish, propose_plan
from agency.kernel.unit import Door
from agency.money import Money
from agency.remittance.withdrawing import withdraw_claim
from agency.rules.mandates import (
    NoSuchAccount,
    ends_mandate,
    first_collection_day,
    first_sending_day,
    may_collect,
    readable_iban,
    sequence_of,
)
from integrations.bankfiles.collection_order import Collection, Collector, UnwritableCollection, pain008
from integrations.bankfiles.xsd import schema_errors
from portal.collections import approve_and_write
from tests.arrangements.agreements import Bureau
from tests.communication.correspondence import SETTINGS

IBAN = "NL91ABNA0417164300"
WRITTEN_AT = datetime(2026, 12, 14, 9, 0, 0, 123, tzinfo=UTC)


@pytest.fixture
def office(units):
    return Bureau(units).open_up()  # Tuesday 1 December 2026


@pytest.fixture
def claim(office):
    return office.claim()  # 402.15 is owed


@pytest.fixture
def mandate(office, claim):
    with office.unit() as unit:
        plan = propose_plan(
            unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=Wish(first_on=date(2026, 12, 15), count=3)
        )
    office.react()
    with office.unit() as unit:
        return sign_mandate(
            unit,
            creditor_id=claim[0],
            plan_id=plan.id,
            iban="nl91 abna 0417 1643 00",
            holder="J. van den Berg",
        )


def by(office, who):
    return office.units.open(Door.STAFF, by=f"user:{who}")


def draft(office, who="anna"):
    with by(office, who) as unit:
        return draft_collection(unit).id


def approve(office, file_id, who="bert") -> bytes:
    with by(office, who) as unit:
        file = approve_and_write(unit, file_id=file_id, settings=SETTINGS)
        assert file.content is not None
        return bytes(file.content)


def values(content: bytes, name: str) -> list[str]:
    return [element.text or "" for element in etree.fromstring(content).iter(f"{{*}}{name}")]


class TestCollecting:
    def test_nothing_before_the_days_of_notice(self, office, mandate):
        office.on(date(2026, 12, 11))
        with pytest.raises(NothingToCollect):
            draft(office)

    def test_a_due_instalment_is_collected_by_a_valid_file(self, office, mandate, real_data):
        office.on(date(2026, 12, 14))
        content = approve(office, draft(office))
        schema = (real_data / "04_schemas/pain/pain.008.001.08.xsd").read_bytes()
        assert schema_errors(content, schema=schema) == ()
        assert values(content, "InstdAmt") == ["134.05"]
        assert values(content, "SeqTp") == ["FRST"]
        assert values(content, "ReqdColltnDt") == ["2026-12-15"]
        assert values(content, "MndtId") == [mandate.reference]
        assert values(content, "DtOfSgntr") == ["2026-12-01"]
        assert IBAN in values(content, "IBAN")
        assert office.one("SELECT payment_reference FROM claim") in values(content, "Ustrd")[0]

    def test_the_second_person_approves(self, office, mandate):
        office.on(date(2026, 12, 14))
        file_id = draft(office)
        with pytest.raises(NotAnotherPerson):
            approve(office, file_id, "anna")
        assert office.one("SELECT state FROM direct_debit") == "draft"
        content = approve(office, file_id)
        with pytest.raises(UnableToApproveCollection):
            approve(office, file_id, "carla")
        with by(office, "anna") as unit:
            assert download_collection(unit, file_id=file_id)[1:] == (content, 1)

    def test_an_instalment_is_never_in_two_files(self, office, mandate):
        office.on(date(2026, 12, 14))
        draft(office)
        with pytest.raises(NothingToCollect):
            draft(office, "bert")

    def test_a_draft_thrown_away_makes_room(self, office, mandate):
        office.on(date(2026, 12, 14))
        file_id = draft(office)
        with by(office, "anna") as unit:
            cancel_collection(unit, file_id=file_id)
        assert draft(office) != file_id

    def test_a_mandate_taken_back_meanwhile_is_not_used(self, office, mandate):
        office.on(date(2026, 12, 14))
        file_id = draft(office)
        with office.unit() as unit:
            revoke_mandate(unit, creditor_id=mandate.creditor_id, mandate_id=mandate.id)
        with pytest.raises(UnableToApproveCollection):
            approve(office, file_id)

    @pytest.mark.parametrize("meanwhile", ["taken_back", "paid", "paid_in_part", "plan_ended"])
    def test_what_is_not_asked_any_more_when_it_is_approved_is_not_collected(
        self, office, claim, mandate, meanwhile
    ):
        office.on(date(2026, 12, 14))
        file_id = draft(office)
        if meanwhile == "taken_back":
            with office.units.open(Door.CREDITOR, by="user:clerk", creditor_id=claim[0]) as unit:
                withdraw_claim(unit, creditor_id=claim[0], claim_id=claim[1], why="settled between us")
        elif meanwhile == "plan_ended":
            with office.unit() as unit:
                cancel_plan(unit, creditor_id=claim[0], plan_id=mandate.plan_id, why="asked for")
        else:
            office.pay(claim, 40_215 if meanwhile == "paid" else 10_000)
        with pytest.raises(UnableToApproveCollection):
            approve(office, file_id)
        with by(office, "anna") as unit:
            cancel_collection(unit, file_id=file_id)
        if meanwhile == "paid_in_part":  # what is left of the instalment is collected
            assert values(approve(office, draft(office)), "InstdAmt") == ["34.05"]

    def test_the_others_of_its_file_are_collected(self, office, claim, mandate):
        other = office.claim()
        with office.unit() as unit:
            plan = propose_plan(
                unit,
                creditor_id=other[0],
                claim_ids=[other[1]],
                wish=Wish(first_on=date(2026, 12, 15), count=3),
            )
        office.react()
        with office.unit() as unit:
            sign_mandate(
                unit, creditor_id=other[0], plan_id=plan.id, iban="NL91ABNA0417164300", holder="P. de Boer"
            )
        office.on(date(2026, 12, 14))
        file_id = draft(office)
        office.pay(claim, 40_215)
        content = approve(office, file_id)
        assert values(content, "InstdAmt") == ["134.05"]
        assert "P. de Boer" in values(content, "Nm")
        states = dict(office.rows("SELECT claim_id, state FROM direct_debit"))
        assert states == {claim[1]: "cancelled", other[1]: "sent"}
        with by(office, "anna") as unit:
            [file] = collections(unit, limit=5)
        assert (file.total_minor, file.debits, file.left_out) == (13_405, 1, 1)

    def test_a_day_that_has_gone_by_is_not_approved(self, office, mandate):
        office.on(date(2026, 12, 14))
        file_id = draft(office)
        office.on(date(2026, 12, 15))
        with pytest.raises(UnableToApproveCollection):
            approve(office, file_id)

    def test_first_then_recurring_then_final(self, office, claim, mandate):
        found = []
        for day, collected in (
            (date(2026, 12, 14), date(2026, 12, 15)),
            (date(2027, 1, 14), date(2027, 1, 15)),
            (date(2027, 2, 12), date(2027, 2, 15)),
        ):
            office.on(day)
            found += values(approve(office, draft(office)), "SeqTp")
            office.on(collected)
            office.pay(claim, 13_405)
        assert found == ["FRST", "RCUR", "FNAL"]
        assert (office.one("SELECT state FROM plan"), office.owed(claim)) == ("completed", 0)


class TestComing:
    def coming(self, office):
        with office.unit() as unit:
            return coming_collections(unit)

    def test_the_next_one_and_its_first_day(self, office, mandate):
        [one] = self.coming(office)
        assert (one.number, one.due_on, one.draft_from) == (1, date(2026, 12, 15), date(2026, 12, 14))
        office.on(date(2026, 12, 14))
        draft(office)
        [one] = self.coming(office)
        assert (one.number, one.draft_from) == (2, date(2027, 1, 14))

    @pytest.mark.parametrize(("signed_at", "listed"), [("2024-01-02", True), ("2023-12-01", False)])
    def test_a_mandate_that_lapses_before_it_is_used_is_left_out(self, office, mandate, signed_at, listed):
        with office.unit() as unit:
            signed = unit.session.get_one(type(mandate), (mandate.creditor_id, mandate.id))
            signed.signed_at = datetime.fromisoformat(f"{signed_at}T12:00:00+00:00")
        assert len(self.coming(office)) == int(listed)


class TestOnTheBank:
    def test_what_came_in_and_what_was_given_back_is_seen(self, office, mandate):
        office.on(date(2026, 12, 14))
        approve(office, draft(office))
        reference = office.one("SELECT end_to_end FROM direct_debit")
        with office.unit() as unit:
            assert not mark_seen(unit, end_to_end=reference, amount_minor=1)
            assert mark_seen(unit, end_to_end=reference, amount_minor=13_405)
        assert office.one("SELECT state FROM direct_debit") == "collected"
        with office.unit() as unit:
            assert mark_seen(unit, end_to_end=reference, amount_minor=-13_405, why="MD06")
        assert office.rows("SELECT state, return_reason FROM direct_debit") == [("returned", "MD06")]
        with pytest.raises(NothingToCollect):
            draft(office)


@pytest.mark.pure
class TestRules:
    @pytest.mark.parametrize("typed", ["NL91 ABNA 0417 1643 00", "nl91abna0417164300", "BE68 5390 0754 7034"])
    def test_accounts_are_read_as_people_write_them(self, typed):
        assert readable_iban(typed) == typed.replace(" ", "").upper()

    @pytest.mark.parametrize(
        ("typed", "reason"),
        [
            ("NL92ABNA0417164300", "not_an_iban"),
            ("", "not_an_iban"),
            ("SA0380000000608010167519", "outside_sepa"),
        ],
    )
    def test_others_are_refused(self, typed, reason):
        with pytest.raises(NoSuchAccount) as refused:
            readable_iban(typed)
        assert refused.value.reason == reason

    def test_a_mandate_that_was_not_used_for_three_years_has_ended(self):
        signed = date(2026, 12, 1)
        assert may_collect(signed_on=signed, used_on=None, due_on=date(2026, 12, 15))
        assert not may_collect(signed_on=signed, used_on=None, due_on=date(2026, 12, 14))
        assert may_collect(signed_on=signed, used_on=None, due_on=date(2029, 12, 1))
        assert not may_collect(signed_on=signed, used_on=None, due_on=date(2029, 12, 2))
        assert may_collect(signed_on=signed, used_on=date(2027, 1, 1), due_on=date(2029, 12, 2))

    @pytest.mark.parametrize(
        ("due_on", "first"),
        [
            (date(2026, 12, 15), date(2026, 12, 14)),
            (date(2026, 12, 14), date(2026, 12, 11)),  # a Monday: drafted on Friday
            (date(2026, 12, 28), date(2026, 12, 24)),  # behind two days of Christmas and a weekend
        ],
    )
    def test_the_first_day_of_a_draft_is_the_first_that_collects_on_time(self, due_on, first):
        assert first_sending_day(due_on=due_on) == first
        assert first_collection_day(today=first) >= due_on
        assert first_collection_day(today=first - timedelta(days=1)) < due_on

    def test_a_mandate_ends_by_what_cannot_change(self):
        on = date(2026, 12, 15)
        assert ends_mandate("MD01", on=on)
        assert ends_mandate("AC04 account closed", on=on)
        assert not any(ends_mandate(one, on=on) for one in ("AM04", "MS02", "", "MD06", "returned MD01"))

    def test_the_only_one_is_a_one_off(self):
        assert sequence_of(used_before=False, is_last=True) == "OOFF"


@pytest.mark.pure
class TestOrder:
    def order(self, *amounts: int, message_id: str = "DD-20261214-0001") -> bytes:
        made = [
            Collection(
                end_to_end=f"D{number}", name="Zoë & Zn <x>", iban=IBAN, amount=Money(minor, "EUR"),
                sequence="FRST" if number % 2 else "RCUR", mandate=f"M{number}", signed_on=date(2026, 12, 1),
                text="RF18 instalment",
            )
            for number, minor in enumerate(amounts)
        ]  # fmt: skip
        return pain008(
            message_id=message_id, created_at=WRITTEN_AT, collect_on=date(2026, 12, 15), collections=made,
            collector=Collector("Stichting Derdengelden", "NL86INGB0002445588", SETTINGS.sepa_creditor_id),
        )  # fmt: skip

    def test_twice_is_the_same_bytes(self):
        assert self.order(100, 200, 300) == self.order(100, 200, 300)

    def test_each_sequence_type_is_a_batch_that_adds_up(self):
        content = self.order(100, 200, 300)
        assert values(content, "SeqTp") == ["FRST", "RCUR"]
        assert values(content, "CtrlSum") == ["6.00", "2.00", "4.00"]

    @pytest.mark.parametrize(
        ("amounts", "message_id"), [((), "X"), ((0,), "X"), ((-1,), "X"), ((1,), "X" * 31)]
    )
    def test_what_a_bank_would_refuse_is_not_written(self, amounts, message_id):
        with pytest.raises(UnwritableCollection):
            self.order(*amounts, message_id=message_id)
