"""An accepted price, and facts that change afterwards: no work goes on at a price nobody agreed to."""

from datetime import timedelta

import pytest

from agency.claims.amending import correct_due_date
from agency.disputes.raising import raise_dispute
from agency.disputes.resolving import resolve_dispute
from agency.kernel.errors import Conflict
from agency.kernel.unit import Door
from agency.money import Money
from tests.agency_at_work import accept, rows
from tests.flows.conftest import JANSEN, MONDAY, clock, placed


class TestADisputeAfterAcceptance:
    def test_lets_the_rest_go_on_at_the_agreed_price_while_the_higher_one_waits(self, town):
        creditor_id, quote_id = placed(town, JANSEN)
        accept(town.work, creditor_id, quote_id)
        claim = town.claim("F-1001")
        raised(town, creditor_id, claim.id)
        assert len(rows(town.work, "SELECT id FROM quote WHERE claim_id IS NOT NULL AND state = 'open'")) == 1
        town.it_is(clock(MONDAY + timedelta(days=1), 9, 5))
        assert len(town.inbox("jansen@example.org")) == 1

    def test_holds_the_claim_until_the_answer_where_it_is_settled_for_the_debtor(self, town):
        creditor_id, quote_id = placed(town, JANSEN)
        accept(town.work, creditor_id, quote_id)
        claim = town.claim("F-1001")
        dispute_id = raised(town, creditor_id, claim.id)
        with town.work.units.open(Door.STAFF, by="user:collector") as unit:
            resolve_dispute(
                unit, creditor_id=creditor_id, dispute_id=dispute_id, outcome="resolved_debtor", why="seen"
            )
        town.work_off()
        [risen] = rows(town.work, "SELECT id FROM quote WHERE claim_id IS NOT NULL AND state = 'open'")
        town.it_is(clock(MONDAY + timedelta(days=1), 9, 5))
        assert town.inbox("jansen@example.org") == []

        accept(town.work, creditor_id, risen.id)
        town.it_is(clock(MONDAY + timedelta(days=2), 9, 5))
        assert len(town.inbox("jansen@example.org")) == 1
        assert [kind for kind in town.happened(claim.id) if kind.startswith(("Price", "Hold"))] == [
            "PriceRiseAsked", "PriceRiseAsked", "HoldPlaced", "HoldLifted", "PriceRiseAccepted",
        ]  # fmt: skip


def raised(town, creditor_id, claim_id):
    with town.work.units.open(Door.STAFF, by="user:collector") as unit:
        dispute_id = raise_dispute(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            reason="price",
            disputed=Money(5_000, "EUR"),
            substantiated=True,
        )
    town.work_off()
    return dispute_id


class TestADueDateThatWasWrong:
    def test_is_corrected_and_the_reminder_still_leaves_once(self, town):
        creditor_id, quote_id = placed(town, JANSEN)
        accept(town.work, creditor_id, quote_id)
        claim = town.claim("F-1001")
        [invoice] = rows(town.work, "SELECT id, due_on FROM invoice")
        with town.work.units.open(Door.CREDITOR, by="user:manager", creditor_id=creditor_id) as unit:
            correct_due_date(
                unit, creditor_id=creditor_id, claim_id=claim.id, invoice_id=invoice.id,
                due_on=invoice.due_on - timedelta(days=5), why="the order says so",
            )  # fmt: skip
        town.work_off()
        town.it_is(clock(MONDAY + timedelta(days=1), 9, 5))
        [reminder] = town.inbox("jansen@example.org")
        assert "F-1001" in str(reminder)
        assert "DueDateCorrected" in town.happened(claim.id)

    def test_may_come_later_only_while_the_notice_still_asked_for_what_was_due(self, town):
        creditor_id, quote_id = placed(town, JANSEN)
        accept(town.work, creditor_id, quote_id)
        claim = town.claim("F-1001")
        [invoice] = rows(town.work, "SELECT id, due_on FROM invoice")
        day = MONDAY
        while town.claim("F-1001").costs_from is None:
            day += timedelta(days=1)
            town.it_is(clock(day, 9, 5))

        def corrected(due_on):
            with town.work.units.open(Door.STAFF, by="user:collector") as unit:
                correct_due_date(
                    unit, creditor_id=creditor_id, claim_id=claim.id, invoice_id=invoice.id,
                    due_on=due_on, why="the order says so",
                )  # fmt: skip

        [notice] = rows(
            town.work, "SELECT min(coalesce(m.posted_at, m.sent_at)) AS at FROM message m JOIN template t"
            " ON t.id = m.template_id WHERE t.key LIKE 'notice%'",
        )  # fmt: skip
        with pytest.raises(Conflict, match="formal notice"):
            corrected(notice.at.date())
        corrected(notice.at.date() - timedelta(days=1))
        assert town.claim("F-1001").due_on == notice.at.date() - timedelta(days=1)
