"""Letters leave in batches that both sides counted alike, each letter in one only, whoever dies when."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.communication.print_batches import handing_over
from agency.communication.print_batches.deciding import UnableToSettleBatch, settle_batch, take_back
from agency.communication.print_batches.reporting import apply_report
from agency.communication.receipts import apply_receipt
from agency.communication.resolving import resolve_unknown
from agency.communication.sending import send_chunk
from agency.ports.providers import PrintReport, ProviderRefused, ProviderTransient
from agency.rules.facts import Channel
from tests.communication.correspondence import (
    SETTINGS,
    TUESDAY,
    Letters,
    Office,
    a_correspondent,
    queue,
    receipt,
)


class Killed(BaseException):
    """The process is gone: nothing behind this line happens."""


@dataclass
class KillingLetters(Letters):
    """A printer in whose calls the sender dies: `at` names the call, before or after it had its effect."""

    at: str = ""

    def _die(self, moment: str) -> None:
        if self.at == moment:
            self.at = ""
            raise Killed

    def submit(self, batch):
        self._die("before submit")
        taken = super().submit(batch)
        self._die("after submit")
        return taken

    def release(self, *, batch_id):
        self._die("before release")
        taken = super().release(batch_id=batch_id)
        self._die("after release")
        return taken


@pytest.fixture
def office(units):
    opened = Office(units).open_up()
    opened.letters = KillingLetters()
    return opened


def letters(office, count=3, **more):
    with office.unit() as unit:
        claims = [a_correspondent(unit, name=f"Debiteur {number}", **more) for number in range(count)]
        for creditor_id, claim_id in claims:
            queue(unit, creditor_id, claim_id, channel=Channel.letter)
    return claims


def of_one_creditor(office, count=3):
    with office.unit() as unit:
        creditor_id, claim_id = a_correspondent(unit)
        claims = [(creditor_id, claim_id)]
        claims += [a_correspondent(unit, creditor_id=creditor_id, email=None) for _ in range(count - 1)]
        for claim in claims:
            queue(unit, *claim, channel=Channel.letter)
    return claims


def rows(office, sql, **values):
    with office.unit() as unit:
        return list(unit.session.connection().execute(text(sql), values))


def batches(office):
    return rows(office, "SELECT * FROM print_batch ORDER BY id")


def states(office, claims):
    return [office.messages(claim_id)[0].state for _, claim_id in claims]


def let_leases_end(office):
    with office.unit() as unit:
        for table in ("message", "print_batch"):
            unit.session.connection().execute(
                text(f"UPDATE {table} SET lease_until = clock_timestamp() - interval '1 hour'"
                     " WHERE lease_until IS NOT NULL")
            )  # fmt: skip


def recover(office):
    for _ in range(3):
        let_leases_end(office)
        resolve_unknown(office.units, ports=office.ports)
    office.send()


def report(office, batch, event, **wrong):
    counts = {"letters": batch.letters, "pages": batch.pages, "sheets": batch.sheets} | wrong
    told = PrintReport(
        batch_id=str(batch.id), provider_ref="bat", event=event, at=TUESDAY + timedelta(hours=2),
        event_key=f"{event}{counts}", **counts,
    )  # fmt: skip
    with office.unit() as unit:
        return apply_report(unit, told)


class TestGathering:
    def test_letters_of_one_brand_travel_together_with_their_totals(self, office):
        claims = of_one_creditor(office)
        letters(office, 1, country="BE")
        office.send()
        assert states(office, claims) == ["sent"] * 3
        found = batches(office)
        assert sorted((one.country, one.letters, one.state) for one in found) == [
            ("BE", 1, "on_press"), ("NL", 3, "on_press"),
        ]  # fmt: skip
        ours = next(one for one in found if one.country == "NL")
        assert (ours.envelope, ours.mail_class, ours.currency) == ("c5", "plain", "EUR")
        assert ours.amount_minor == sum(office.messages(claim)[0].amounts["total"] for _, claim in claims)
        assert ours.answer["files_sha256"] == ours.files_sha256
        assert len(office.letters.left) == 4

    def test_the_release_job_leaves_letters_to_the_print_run(self, office):
        (claim,) = of_one_creditor(office, 1)
        send_chunk(office.units, ports=office.ports, settings=SETTINGS, letters=False)
        assert states(office, [claim]) == ["queued"]
        send_chunk(office.units, ports=office.ports, settings=SETTINGS, letters=True)
        assert states(office, [claim]) == ["sent"]

    def test_one_letter_that_the_printer_refuses_does_not_stop_the_others(self, office):
        claims = of_one_creditor(office, 5)
        bad = str(office.messages(claims[3][1])[0].id)
        take = office.letters.submit

        def picky(batch):
            if any(one.message_id == bad for one in batch.letters):
                raise ProviderRefused("422", "no such street")
            return take(batch)

        office.letters.submit = picky
        office.send()
        assert sorted(states(office, claims)) == ["failed", "sent", "sent", "sent", "sent"]
        assert office.messages(claims[3][1])[0].state == "failed"
        assert len(office.letters.left) == 4

    def test_a_printer_that_is_away_is_asked_once_and_letters_wait(self, office):
        claims = letters(office, 3)
        office.letters.failures = [ProviderTransient("down") for _ in range(3)]
        office.send()
        assert len(office.letters.failures) == 2
        assert states(office, claims) == ["queued"] * 3
        assert {one.state for one in batches(office)} == {"cancelled"}
        office.letters.failures = []
        office.move_to(TUESDAY + timedelta(hours=2))
        office.send()
        assert states(office, claims) == ["sent"] * 3


class TestDifferences:
    @pytest.mark.parametrize("miscount", [{"letters": -1}, {"letters": 1}, {"pages": 1}, {"amount_minor": 5}])
    def test_what_was_counted_otherwise_is_never_printed(self, office, miscount):
        claims = of_one_creditor(office)
        office.letters.miscount = miscount
        office.send()
        recover(office)
        assert office.letters.left == []
        (batch,) = batches(office)
        assert batch.state == "blocked"
        assert [one["total"] for one in batch.differences] == list(miscount)
        assert states(office, claims) == ["unknown"] * 3

    def test_taken_back_its_letters_travel_in_another_batch(self, office):
        claims = of_one_creditor(office)
        office.letters.miscount = {"letters": -1}
        office.send()
        (batch,) = batches(office)
        office.letters.miscount = {}
        which = {"creditor_id": batch.creditor_id, "batch_id": batch.id}
        assert take_back(office.units, ports=office.ports, by="user:test", **which) == 3
        with pytest.raises(UnableToSettleBatch):
            take_back(office.units, ports=office.ports, by="user:test", **which)
        office.send()
        assert states(office, claims) == ["sent"] * 3
        assert len(office.letters.left) == 3
        assert [one.state for one in batches(office)] == ["cancelled", "on_press"]

    def test_what_is_printed_and_posted_otherwise_blocks_until_somebody_explains_it(self, office):
        of_one_creditor(office)
        office.send()
        (batch,) = batches(office)
        assert report(office, batch, "printed")
        assert report(office, batch, "posted", letters=2, pages=batch.pages - 1)
        report(office, batch, "posted", letters=2, pages=batch.pages - 1)
        (batch,) = batches(office)
        assert (batch.state, len(batch.differences)) == ("blocked", 2)
        which = {"creditor_id": batch.creditor_id, "batch_id": batch.id}
        with pytest.raises(UnableToSettleBatch):
            take_back(office.units, ports=office.ports, by="user:test", **which)
        with office.unit() as unit:
            settle_batch(unit, **which, remark="One letter jammed; printed the next day.")
        (batch,) = batches(office)
        assert (batch.state, batch.remark) == ("settled", "One letter jammed; printed the next day.")

    def test_a_letter_that_got_lost_at_the_printer_is_written_again_once(self, office):
        claims = of_one_creditor(office)
        office.send()
        (batch,) = batches(office)
        report(office, batch, "posted", letters=2, pages=2, sheets=2)
        posted, lost = (office.messages(claims[place][1])[0] for place in (0, 1))
        with office.unit() as unit:
            told = receipt(str(posted.id), "sent", TUESDAY + timedelta(hours=2))
            apply_receipt(unit, receipt=told, message_id=posted.id)
        letter = {
            one.message_id: one.id for one in rows(office, "SELECT * FROM print_batch_letter")
        }  # fmt: skip
        which = {"creditor_id": batch.creditor_id, "batch_id": batch.id, "remark": "Torn; thrown away."}
        with pytest.raises(UnableToSettleBatch), office.unit() as unit:
            settle_batch(unit, **which, lost=[letter[posted.id], letter[lost.id]])
        assert batches(office)[0].state == "blocked"
        with office.unit() as unit:
            assert settle_batch(unit, **which, lost=[letter[lost.id]]) == 1
        office.react()
        office.send()
        assert states(office, claims) == ["sent", "failed", "sent"]
        again = office.messages(claims[1][1])[1]
        assert (again.channel, again.step, again.cycle, again.state) == ("letter", lost.step, 2, "sent")
        with pytest.raises(UnableToSettleBatch), office.unit() as unit:
            settle_batch(unit, **which, lost=[letter[lost.id]])
        assert len(office.letters.left) == 4

    def test_reports_in_any_order_end_with_posted(self, office):
        of_one_creditor(office)
        office.send()
        (batch,) = batches(office)
        for event in ("posted", "printed", "posted"):
            report(office, batch, event)
        report(office, batch, "returned", letters=1, pages=1, sheets=1)
        assert batches(office)[0].state == "posted"

    def test_a_report_faster_than_the_confirmation_counts(self, office, monkeypatch):
        of_one_creditor(office, 1)
        release = office.letters.release

        def told_at_once(*, batch_id):
            taken = release(batch_id=batch_id)
            report(office, batches(office)[0], "printed")
            return taken

        monkeypatch.setattr(office.letters, "release", told_at_once)
        office.send()
        assert batches(office)[0].state == "printed"


class TestLastMoment:
    def test_i2_i5_what_changes_while_the_printer_counts_is_not_printed(self, office):
        claims = of_one_creditor(office)
        take = office.letters.submit

        def held_meanwhile(batch):
            office.letters.submit = take
            with office.unit() as unit:
                place_hold(unit, creditor_id=claims[0][0], claim_id=claims[0][1], ground=HoldGround.DEBT_HELP)
            return take(batch)

        office.letters.submit = held_meanwhile
        office.send()
        assert office.letters.left == []
        assert [one.state for one in batches(office)] == ["cancelled"]
        office.send()
        left = sorted(states(office, claims))
        assert left.count("sent") == 2
        assert office.messages(claims[0][1])[0].reasons == ["hold:debt_help"]


class TestCrashes:
    @pytest.mark.parametrize("moment", ["before submit", "after submit", "before release", "after release"])
    def test_c16_f15_killed_at_any_moment_each_letter_is_printed_once(self, office, moment):
        claims = of_one_creditor(office)
        office.letters.at = moment
        with pytest.raises(Killed):
            office.send()
        recover(office)
        assert states(office, claims) == ["sent"] * 3
        assert len({one.message_id for one in office.letters.left}) == len(office.letters.left) == 3
        pressed = [one for one in batches(office) if one.state == "on_press"]
        assert sum(one.letters for one in pressed) == 3

    def test_killed_before_the_confirmation(self, office, monkeypatch):
        claims = of_one_creditor(office)
        with monkeypatch.context() as patched:
            patched.setattr(handing_over, "put_on_press", lambda *_, **__: (_ for _ in ()).throw(Killed()))
            with pytest.raises(Killed):
                office.send()
        recover(office)
        assert states(office, claims) == ["sent"] * 3
        assert len(office.letters.left) == 3

    @pytest.mark.parametrize("lost", ["lost_answers", "lost_releases"])
    def test_a_lost_answer_is_asked_after(self, office, lost):
        claims = of_one_creditor(office)
        setattr(office.letters, lost, 1)
        office.send()
        assert states(office, claims) == ["unknown"] * 3
        recover(office)
        assert states(office, claims) == ["sent"] * 3
        assert len(office.letters.left) == 3

    def test_a_late_sender_finds_its_letters_gone(self, office):
        """The first sender sleeps through its lease while the batch is at the printer."""
        claims = of_one_creditor(office)
        take = office.letters.submit

        def slow(batch):
            office.letters.submit = take
            taken = take(batch)
            recover(office)
            return taken

        office.letters.submit = slow
        office.send()
        assert states(office, claims) == ["sent"] * 3
        assert len({one.message_id for one in office.letters.left}) == len(office.letters.left) == 3

    def test_the_database_keeps_a_printed_letter_in_its_batch(self, office):
        of_one_creditor(office, 1)
        office.send()
        with pytest.raises(IntegrityError, match="stays in its batch"), office.unit() as unit:
            unit.session.connection().execute(text("UPDATE print_batch_letter SET freed_at = app.now()"))
        with pytest.raises(IntegrityError, match="uq_print_batch_letter_message"), office.unit() as unit:
            unit.session.connection().execute(
                text(
                    "INSERT INTO print_batch_letter SELECT creditor_id, uuidv7(), uuidv7(), message_id,"
                    " generation, sha256, pages, amount_minor, NULL FROM print_batch_letter"
                )
            )


def test_the_days_letters_of_many_creditors_are_not_mixed(office):
    claims = [*letters(office, 4), *letters(office, 4, invoices=((9900, date(2026, 11, 30)),))]
    office.send()
    mixed = rows(
        office,
        "SELECT l.batch_id FROM print_batch_letter l JOIN message m ON m.id = l.message_id"
        " GROUP BY l.batch_id HAVING count(DISTINCT m.creditor_id) > 1",
    )
    assert mixed == []
    assert states(office, claims) == ["sent"] * 8
