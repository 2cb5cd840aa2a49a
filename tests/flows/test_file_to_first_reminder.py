"""Flow (a): a creditor's file becomes claims, a price, a mandate, and a lawful first reminder."""

from datetime import timedelta

import pytest

from agency.kernel.unit import Door
from agency.pricing.acceptance import accept_quote
from tests.agency_at_work import accept, as_file, open_quote, place, register, rows
from tests.flows.conftest import BAKERY, JANSEN, MONDAY, clock, placed

TUESDAY = MONDAY + timedelta(days=1)


def counts(town, *tables):
    return {table: rows(town.work, f"SELECT count(*) AS n FROM {table}")[0].n for table in tables}


class TestFile:
    def test_good_rows_become_claims_and_bad_ones_say_why(self, town):
        creditor_id = register(town.work, reference="ENERCITY", name="Enercity B.V.")
        broken = BAKERY | {"amount": "twelve"}
        place(town.work, creditor_id, as_file([JANSEN, broken]))

        [placement] = rows(town.work, "SELECT rows, created, rejected FROM placement")
        assert tuple(placement) == (2, 1, 1)
        [reject] = rows(town.work, "SELECT row, field, reason FROM placement_reject")
        assert tuple(reject) == (3, "amount", "is not an amount")
        claim = town.claim("F-1001")
        assert (claim.state, claim.principal_minor, claim.currency, claim.due_on) == (
            "quoted",
            125_00,
            "EUR",
            MONDAY,
        )

    def test_the_same_file_again_changes_nothing(self, town):
        creditor_id, quote_id = placed(town, JANSEN, BAKERY)
        before = counts(town, "placement", "claim", "invoice", "debtor", "quote", "event", "ledger_entry")
        again = place(town.work, creditor_id, as_file([JANSEN, BAKERY]))
        assert open_quote(town.work, creditor_id, again) == quote_id
        assert counts(town, *before) == before


class TestPrice:
    def test_is_offered_in_full_and_starts_nothing_until_it_is_accepted(self, town):
        _, quote_id = placed(town, JANSEN, BAKERY)
        [quote] = rows(town.work, "SELECT * FROM quote WHERE id = :q", q=quote_id)
        assert (quote.state, quote.claims, quote.principal_minor) == ("open", 2, 1_375_00)
        fees = rows(
            town.work,
            "SELECT i.number, l.fee_bps FROM quote_line l JOIN invoice i"
            " ON i.creditor_id = l.creditor_id AND i.claim_id = l.claim_id ORDER BY i.number",
        )
        assert [tuple(row) for row in fees] == [("F-1001", 2_225), ("F-1002", 1_465)]
        town.it_is(clock(TUESDAY, 9, 5))
        assert town.letterbox() == []
        assert counts(town, "message", "treatment", "ledger_entry") == {
            "message": 0,
            "treatment": 0,
            "ledger_entry": 0,
        }

    def test_is_accepted_once(self, town):
        creditor_id, quote_id = placed(town, JANSEN)
        accept(town.work, creditor_id, quote_id)
        before = counts(town, "treatment", "ledger_entry", "audit_entry")
        with (
            pytest.raises(Exception, match="accepted"),
            town.work.units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit,
        ):
            accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
        assert counts(town, *before) == before


class TestFirstReminder:
    def test_leaves_the_day_after_the_due_date_within_the_hours_and_once(self, town):
        creditor_id, quote_id = placed(town, JANSEN)
        accept(town.work, creditor_id, quote_id)
        claim = town.claim("F-1001")
        assert claim.state == "active"
        assert town.books() == {"claims.principal": 125_00, "claims.control": -125_00}

        town.it_is(clock(MONDAY, 17))
        assert town.messages(claim.id) == []  # due today is not late
        town.it_is(clock(TUESDAY, 5))
        assert town.inbox("jansen@example.org") == []  # nobody is written to before the morning
        town.it_is(clock(TUESDAY, 9, 5))

        [mail] = town.inbox("jansen@example.org")
        assert "€ 125,00" in mail["text"].replace("\u00a0", " ")
        assert "Enercity" in mail["facts"]["from_name"]
        assert town.messages(claim.id) == [("reminder_1", "email", "delivered")]
        town.it_is(clock(TUESDAY, 18))
        assert len(town.inbox("jansen@example.org")) == 1
        assert town.happened(claim.id) == [
            "ClaimMoved",
            "ClaimMoved",
            "TreatmentStarted",
            "MessageSent",
            "MessageDelivered",
        ]

    def test_the_second_follows_a_week_later(self, town):
        creditor_id, quote_id = placed(town, JANSEN)
        accept(town.work, creditor_id, quote_id)
        for day in range(1, 9):
            town.it_is(clock(MONDAY + timedelta(days=day), 9, 5))
        claim = town.claim("F-1001")
        assert town.messages(claim.id) == [
            ("reminder_1", "email", "delivered"),
            ("reminder_2", "email", "delivered"),
        ]
        sent = rows(town.work, "SELECT sent_at FROM message ORDER BY sent_at")
        assert [row.sent_at.date() for row in sent] == [TUESDAY, TUESDAY + timedelta(days=7)]
