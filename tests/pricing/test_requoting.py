"""An accepted price when facts change later: it falls by itself, rises when the creditor agrees, and every
fee points at the line that was in force when the money came."""

import json
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from agency.claims.amending import correct_due_date
from agency.claims.holds import running_holds
from agency.claims.states import HoldGround
from agency.disputes.raising import raise_dispute
from agency.disputes.resolving import resolve_dispute
from agency.documents.check import tell
from agency.documents.correcting import judge_document
from agency.documents.models import Document
from agency.documents.models import Verdict as OfDocument
from agency.documents.upload import add_document
from agency.events import (
    ClaimClosed,
    ClaimPaidOff,
    DisputeRaised,
    DisputeResolved,
    DocumentAdded,
    DueDateCorrected,
    EvidenceChecked,
    QuoteAccepted,
)
from agency.kernel.emitting import install_reactions
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import settle
from agency.pricing.acceptance import QuoteExpired, QuoteNotOpen, QuoteOutdated, accept_quote, decline_quote
from agency.pricing.comparing import compare_quote
from agency.pricing.document import unpack_document
from agency.pricing.quoting import quote_placement
from agency.pricing.rate_cards import publish_card
from agency.pricing.reacting import open_books, price_again, price_no_more
from agency.pricing.replay import replay
from agency.pricing.requoting import requote_claim
from agency.remittance.fees import charge_fees
from agency.rules.facts import DocumentKind
from agency.rules.price import DEFAULT_CARD, RateCard
from agency.rules.requote import Verdict
from tests.intake.factories import Store, a_creditor, a_file, a_row, place, rows_of
from tests.payments.races import race
from tests.pricing.test_quoting import as_creditor, open_quote

PDF = b"%PDF-1.4\n%%EOF"
PART = Money(20_000, "EUR")
"""Enough to count: a fifth of the claim."""
NUMBERS = count(1)
STEPS = [
    "pay", "dispute", "pay", "accept", "pay", "charge", "settle", "pay", "document", "dispute", "accept",
]  # fmt: skip


class Accepted:
    """One claim of 1,000.00 in collection at an agreed price, and what happens to it."""

    def __init__(self, units, reference="GROOTHANDEL", **row):
        again = (price_again,)
        install_reactions(
            {
                QuoteAccepted: (open_books,), DocumentAdded: again, EvidenceChecked: again,
                DisputeRaised: again, DisputeResolved: again, DueDateCorrected: again,
                ClaimPaidOff: (price_no_more,), ClaimClosed: (price_no_more,),
            }
        )  # fmt: skip
        self.units, self.creditor_id, self.paid = units, a_creditor(units, reference), 0
        place(units, self.creditor_id, a_file(a_row("F1", **({"amount": "1.000,00"} | row))))
        with as_creditor(units, self.creditor_id) as unit:
            accept_quote(unit, creditor_id=self.creditor_id, quote_id=open_quote(units, self.creditor_id))
        drain(units)
        ((self.claim_id,),) = self.rows("SELECT id FROM claim")
        self.whose = {"creditor_id": self.creditor_id, "claim_id": self.claim_id}

    def rows(self, statement, **values):
        return rows_of(self.units, self.creditor_id, statement, **values)

    def staff(self):
        return self.units.open(Door.STAFF, by="user:collector")

    def adds(self, kind=DocumentKind.contract, content=PDF, *, right=True):
        with as_creditor(self.units, self.creditor_id) as unit:
            document = add_document(unit, Store(), **self.whose, kind=kind, name="a.pdf", content=content)
        document_id = getattr(document, "id", document)
        if right:
            self.judges(document_id, OfDocument.right)
        drain(self.units)
        return document_id

    def judges(self, document_id, verdict):
        with self.staff() as unit:
            judge_document(unit, creditor_id=self.creditor_id, document_id=document_id, verdict=verdict)
        drain(self.units)

    def disputes(self, **more):
        with self.staff() as unit:
            dispute_id = raise_dispute(unit, **self.whose, reason="price", **more)
        drain(self.units)
        return dispute_id

    def resolves(self, dispute_id, outcome="resolved_creditor"):
        with self.staff() as unit:
            resolve_dispute(
                unit, creditor_id=self.creditor_id, dispute_id=dispute_id, outcome=outcome, why="seen"
            )
        drain(self.units)

    def waiting(self):
        found = self.rows("SELECT id FROM quote WHERE state = 'open'")
        return found[0][0] if found else None

    def accepts(self, quote_id=None):
        with as_creditor(self.units, self.creditor_id) as unit:
            accept_quote(unit, creditor_id=self.creditor_id, quote_id=quote_id or self.waiting())
        drain(self.units)

    def declines(self):
        with as_creditor(self.units, self.creditor_id) as unit:
            decline_quote(unit, creditor_id=self.creditor_id, quote_id=self.waiting(), why="price: too much")
        drain(self.units)

    def pays(self, minor, unit=None):
        self.paid += 1
        facts = {
            "source": PaymentSource.PSP, "source_key": f"tr_{self.paid}", "trust_account": "trust.psp",
            "amount": Money(minor, "EUR"),
        }  # fmt: skip
        if unit is not None:
            return settle(unit, **self.whose, **facts, value_on=unit.today)
        with self.staff() as unit:
            settle(unit, **self.whose, **facts, value_on=unit.today)
        return drain(self.units)

    def holds(self):
        with self.staff() as unit:
            return [hold.ground for hold in running_holds(unit, **self.whose)]

    def fee(self):
        """The fee of the line in force, in basis points."""
        in_force = (
            "SELECT l.fee_bps FROM quote_line l JOIN quote q ON q.id = l.quote_id WHERE q.state = 'accepted'"
            " ORDER BY q.accepted_at DESC LIMIT 1"
        )
        return self.rows(in_force)[0][0]

    def fees(self):
        """The fee of each payment in the order in which they came, with the line that it points at."""
        with self.staff() as unit:
            charge_fees(unit, creditor_id=self.creditor_id)
        return self.rows(
            "SELECT f.fee_bps, l.fee_bps FROM success_fee f JOIN payment p ON p.id = f.payment_id"
            " JOIN quote_line l ON l.quote_id = f.quote_id AND l.claim_id = f.claim_id ORDER BY p.created_at"
        )

    def told(self):
        return [
            kind for (kind,) in self.rows("SELECT kind FROM event WHERE kind LIKE 'Price%' ORDER BY position")
        ]


@pytest.fixture
def case(units):
    return Accepted(units)


class TestALowerPrice:
    def test_counts_at_once_and_is_told(self, case):
        agreed = case.fee()
        case.adds()
        assert case.fee() < agreed
        assert (case.waiting(), case.holds(), case.told()) == (None, [], ["PriceLowered"])

    def test_follows_a_scan_that_was_read_and_counts_on_the_word_of_who_added_it(self, case):
        agreed = case.fee()
        document_id = case.adds(right=False)
        with case.staff() as unit:
            unit.session.connection().execute(text("UPDATE document SET checked_at = app.now()"))
            tell(unit, unit.session.get_one(Document, (case.creditor_id, document_id)), by_person=False)
        drain(case.units)
        assert case.fee() < agreed

    def test_waits_until_somebody_looked_at_the_document(self, case):
        """Refuted afterwards it would rise again, for a document that its creditor added in good faith."""
        agreed = case.fee()
        document_id = case.adds(right=False)
        assert case.fee() == agreed
        case.judges(document_id, OfDocument.wrong_document)
        assert (case.fee(), case.told(), case.holds()) == (agreed, [], [])

    def test_follows_a_dispute_at_intake_that_is_settled_for_the_creditor(self, case):
        dispute_id = case.disputes()
        case.accepts()
        dear = case.fee()
        case.resolves(dispute_id)
        assert case.fee() < dear
        assert case.told() == ["PriceRiseAsked", "PriceRiseAccepted", "PriceLowered"]

    def test_is_not_changed_by_a_later_card_or_by_age(self, case):
        """A frozen card and a frozen age: what changed elsewhere is no new fact of the claim."""
        agreed = case.fee()
        dearer = json.loads(DEFAULT_CARD.to_json()) | {"floor_bps": 3_000, "ceiling_bps": 5_000}
        with case.staff() as unit:
            publish_card(unit, card=RateCard.from_json(json.dumps(dearer).encode()), valid_from=unit.today)
            unit.session.connection().execute(text("UPDATE clock SET ahead = interval '400 days'"))
        try:
            with case.staff() as unit:
                assert requote_claim(unit, **case.whose) is Verdict.stands
            case.adds()
            assert case.fee() < agreed
        finally:
            with case.staff() as unit:
                unit.session.connection().execute(text("UPDATE clock SET ahead = interval '0'"))


class TestAHigherPrice:
    def test_is_asked_for_and_what_is_not_contested_goes_on(self, case):
        agreed = case.fee()
        case.disputes(disputed=PART)
        assert case.waiting() is not None
        assert (case.fee(), case.holds()) == (agreed, [])
        assert case.told() == ["PriceRiseAsked"]

    def test_holds_the_claim_once_its_dispute_is_settled_for_the_debtor(self, case):
        """Nothing of it is contested any more that could wait in its place."""
        dispute_id = case.disputes(disputed=PART)
        first = case.waiting()
        case.resolves(dispute_id, "resolved_debtor")
        assert case.waiting() not in (None, first)
        assert case.holds() == [HoldGround.PRICE_TO_AGREE]
        case.accepts()
        assert case.holds() == []

    def test_for_refuted_evidence_holds_the_claim_also_beside_a_dispute(self, units):
        case = Accepted(units, "BOTH")
        document_id = case.adds()
        case.disputes(disputed=PART)
        assert case.holds() == []
        case.judges(document_id, OfDocument.wrong_document)
        assert case.holds() == [HoldGround.PRICE_TO_AGREE]
        case.judges(document_id, OfDocument.right)
        assert case.holds() == []
        assert case.waiting() is not None

    def test_counts_from_its_acceptance_and_the_work_goes_on(self, case):
        agreed = case.fee()
        case.disputes(disputed=PART)
        case.accepts()
        assert case.fee() > agreed
        assert (case.holds(), case.waiting()) == ([], None)
        who = "SELECT accepted_by, closed_by FROM quote WHERE claim_id IS NOT NULL"
        assert case.rows(who) == [("user:test", "user:test")]

    def test_that_is_declined_gives_the_claim_back_at_no_charge(self, case):
        case.pays(10_000)
        agreed = case.fee()
        case.disputes(disputed=PART)
        with case.staff() as unit:
            unit.session.connection().execute(
                text("UPDATE creditor_terms SET withdrawal_minimum_minor = 5000")
            )
        case.declines()
        assert case.rows("SELECT state, close_code FROM claim") == [("withdrawn", "price_declined")]
        assert case.rows("SELECT closed_why FROM quote WHERE state = 'declined'") == [("price: too much",)]
        assert case.holds() == []
        assert case.fees() == [(agreed, agreed)]
        assert case.rows("SELECT kind FROM success_fee") == [("fee",)]

    def test_is_no_longer_asked_when_the_fact_goes_away(self, case):
        agreed = case.fee()
        dispute_id = case.disputes(disputed=PART)
        case.resolves(dispute_id)
        assert (case.fee(), case.waiting(), case.holds()) == (agreed, None, [])
        assert case.told() == ["PriceRiseAsked", "PriceRiseDropped"]

    def test_follows_evidence_that_was_agreed_on_and_is_refuted(self, units):
        case = Accepted(units, "REFUTED")
        document_id = case.adds()
        cheap = case.fee()
        case.judges(document_id, OfDocument.wrong_document)
        assert case.fee() == cheap
        assert case.holds() == [HoldGround.PRICE_TO_AGREE]
        with as_creditor(units, case.creditor_id) as unit:
            compared = compare_quote(unit, creditor_id=case.creditor_id, quote_id=case.waiting())
        [line] = compared.lines
        assert (line.removed, line.before_bps) == (("contract",), cheap)
        assert line.after_bps > cheap

    def test_is_made_anew_when_the_facts_change_again(self, case):
        case.disputes(disputed=PART)
        first = case.waiting()
        case.disputes(disputed=PART, substantiated=True)
        second = case.waiting()
        assert first != second
        with as_creditor(case.units, case.creditor_id) as unit, pytest.raises(QuoteOutdated):
            accept_quote(unit, creditor_id=case.creditor_id, quote_id=first)
        case.accepts(second)
        with as_creditor(case.units, case.creditor_id) as unit, pytest.raises(QuoteNotOpen):
            accept_quote(unit, creditor_id=case.creditor_id, quote_id=second)

    def test_is_not_accepted_on_facts_that_nobody_priced_yet(self, case):
        case.disputes(disputed=PART)
        with case.staff() as unit:
            unit.session.connection().execute(text("UPDATE dispute SET status = 'substantiated'"))
        with as_creditor(case.units, case.creditor_id) as unit, pytest.raises(QuoteOutdated):
            accept_quote(unit, creditor_id=case.creditor_id, quote_id=case.waiting())
        assert case.waiting() is not None

    def test_expires_keeps_the_claim_held_and_can_be_asked_for_again(self, case):
        case.resolves(case.disputes(disputed=PART), "resolved_debtor")
        first = case.waiting()
        with case.staff() as unit:
            unit.session.connection().execute(
                text("UPDATE quote SET expires_at = app.now() WHERE state = 'open'")
            )
        with as_creditor(case.units, case.creditor_id) as unit, pytest.raises(QuoteExpired):
            accept_quote(unit, creditor_id=case.creditor_id, quote_id=first)
        with as_creditor(case.units, case.creditor_id) as unit:
            assert requote_claim(unit, **case.whose) is Verdict.rises
        assert case.waiting() != first
        assert case.holds() == [HoldGround.PRICE_TO_AGREE]
        case.accepts()
        assert case.holds() == []

    def test_is_dropped_when_the_claim_is_paid(self, case):
        case.disputes(disputed=PART)
        case.pays(200_000)
        assert case.rows("SELECT state FROM claim") == [("paid",)]
        assert (case.waiting(), case.holds()) == (None, [])

    def test_is_one_at_a_time(self, case):
        case.disputes(disputed=PART)
        with pytest.raises(IntegrityError), case.staff() as unit:
            unit.session.connection().execute(
                text(
                    "INSERT INTO quote SELECT (jsonb_populate_record(q, jsonb_build_object('id', uuidv7(),"
                    " 'number', 'R-X'))).* FROM quote q WHERE q.state = 'open'"
                )
            )


class TestAPriceThatStandsByTheHouseRule:
    def test_is_not_asked_for_where_little_is_contested(self, case):
        agreed = case.fee()
        dispute_id = case.disputes(disputed=Money(9_999, "EUR"))
        assert (case.fee(), case.waiting(), case.holds()) == (agreed, None, [])
        assert case.told() == ["PriceKept"]
        ((why, outcome),) = case.rows(
            "SELECT facts ->> 'why', facts -> 'trace' -> 0 ->> 'outcome' FROM event WHERE kind = 'PriceKept'"
        )
        assert (why, outcome) == ("small_part", "requote.small_part")
        case.resolves(dispute_id, "resolved_debtor")
        assert (case.fee(), case.told()) == (agreed, ["PriceKept", "PriceKept"])

    def test_is_asked_for_when_more_is_contested_later(self, case):
        case.disputes(disputed=Money(9_999, "EUR"))
        case.disputes(disputed=Money(10_000, "EUR"))
        assert case.told() == ["PriceKept", "PriceRiseAsked"]

    def test_is_told_once_and_falls_in_full_with_evidence(self, units):
        """A dispute that is left out costs nothing later either."""
        quiet, contested = Accepted(units, "QUIET"), Accepted(units, "CONTESTED")
        contested.disputes(disputed=Money(1_000, "EUR"))
        with contested.staff() as unit:
            assert requote_claim(unit, **contested.whose) is Verdict.stands
        assert contested.told() == ["PriceKept"]
        quiet.adds()
        contested.adds()
        assert contested.fee() == quiet.fee()

    def test_is_not_asked_for_where_the_difference_is_small(self, units):
        case = Accepted(units, "SMALL", amount="15,00")
        case.disputes()
        assert (case.waiting(), case.told()) == (None, ["PriceKept"])
        assert case.rows("SELECT facts ->> 'why' FROM event WHERE kind = 'PriceKept'") == [("small_rise",)]


class TestADueDateThatWasWrong:
    def invoice(self, case):
        return case.rows("SELECT id, due_on FROM invoice")[0]

    def corrects(self, case, days):
        invoice_id, due_on = self.invoice(case)
        with as_creditor(case.units, case.creditor_id) as unit:
            correct_due_date(
                unit, **case.whose, invoice_id=invoice_id, due_on=due_on + timedelta(days=days), why="order"
            )
        drain(case.units)

    def test_makes_an_older_claim_dearer_when_the_creditor_agrees(self, case):
        with case.staff() as unit:
            unit.session.connection().execute(text("UPDATE invoice SET issued_on = issued_on - 900"))
        agreed, before = case.fee(), self.invoice(case).due_on
        self.corrects(case, -800)
        assert case.rows("SELECT due_on FROM claim") == [(before - timedelta(days=800),)]
        assert (case.fee(), case.holds()) == (agreed, [HoldGround.PRICE_TO_AGREE])
        case.accepts()
        assert case.fee() > agreed

    def test_makes_a_younger_claim_cheaper_at_once(self, units):
        case = Accepted(units, "OLD", due="01-03-2024", issued="01-02-2024")
        agreed = case.fee()
        self.corrects(case, 700)
        assert case.fee() < agreed
        assert case.told() == ["PriceLowered"]
        assert case.rows(
            "SELECT action, facts ->> 'why' FROM audit_entry WHERE action LIKE 'claim.due%'"
        ) == [("claim.due_date_corrected", "order")]

    def test_cannot_be_corrected_once_money_was_divided_by_it(self, case):
        case.pays(1_000)
        with pytest.raises(Conflict, match="money was divided"):
            self.corrects(case, -1)

    def test_cannot_come_later_once_a_notice_was_sent_by_it(self, case):
        with case.staff() as unit:
            unit.session.connection().execute(text("UPDATE claim SET costs_from = due_on + 20"))
        with pytest.raises(Conflict, match="formal notice"):
            self.corrects(case, 1)
        self.corrects(case, -1)

    @pytest.mark.parametrize(("days", "field"), [(0, "due_on"), (-4000, "due_on"), (4000, "due_on")])
    def test_is_a_day_that_can_be(self, case, days, field):
        with pytest.raises(Invalid) as refused:
            self.corrects(case, days)
        assert refused.value.field == field
        assert case.told() == []

    def test_is_corrected_by_its_own_creditor(self, case, units):
        other = a_creditor(units, "OTHER")
        invoice_id, due_on = self.invoice(case)
        with as_creditor(units, other) as unit, pytest.raises(NotFound):
            correct_due_date(unit, **case.whose, invoice_id=invoice_id, due_on=due_on, why="mine")


class TestWhatStays:
    def test_is_the_placement_s_own_quote(self, case):
        """A new price of one claim is no part of its placement: the next part is counted without it."""
        case.disputes(disputed=PART)
        ((placement_id,),) = case.rows("SELECT id FROM placement")
        with as_creditor(case.units, case.creditor_id) as unit:
            assert quote_placement(unit, creditor_id=case.creditor_id, placement_id=placement_id) is None
        assert case.rows("SELECT state, claim_id IS NULL FROM quote ORDER BY id") == [
            ("accepted", True), ("open", False),
        ]  # fmt: skip

    def test_replays_to_the_same_bytes(self, case):
        case.adds()
        case.disputes(disputed=PART)
        case.accepts()
        quotes = case.rows("SELECT id, number, document FROM quote ORDER BY issued_at")
        assert [number.partition("-")[0] for _, number, _ in quotes] == ["Q", "R", "R"]
        for quote_id, _, _ in quotes:
            with as_creditor(case.units, case.creditor_id) as unit:
                found = replay(unit, creditor_id=case.creditor_id, quote_id=quote_id)
            assert (found.same, found.intact, found.unknown) == (True, True, ())
        head = json.loads(unpack_document(quotes[2][2]))["head"]
        assert head["follows"]["quote"] == str(quotes[1][0])
        assert head["claim"] == str(case.claim_id)
        assert json.loads(unpack_document(quotes[1][2]))["lines"][0]["evidence"][0].startswith("contract:")

    def test_belongs_to_its_creditor_alone(self, case, units):
        case.disputes(disputed=PART)
        waiting = case.waiting()
        other = a_creditor(units, "OTHER")
        for answer in (accept_quote, decline_quote):
            with as_creditor(units, other) as unit, pytest.raises(NotFound):
                answer(unit, creditor_id=other, quote_id=waiting)
            with as_creditor(units, other) as unit, pytest.raises(NotFound):
                answer(unit, creditor_id=case.creditor_id, quote_id=waiting)
        with as_creditor(units, other) as unit, pytest.raises(NotFound):
            requote_claim(unit, **case.whose)
        assert case.waiting() == waiting

    def test_is_answered_for_its_own_claim(self, case):
        case.disputes(disputed=PART)
        with as_creditor(case.units, case.creditor_id) as unit, pytest.raises(Invalid):
            accept_quote(
                unit, creditor_id=case.creditor_id, quote_id=case.waiting(), claims=[case.creditor_id]
            )


class TestMoney:
    def test_that_came_before_keeps_the_old_line_and_each_fee_points_at_its_own(self, case):
        old = case.fee()
        case.pays(10_000)
        case.disputes(disputed=PART)
        case.pays(10_000)  # asked, not accepted: the old line prices it
        case.accepts()
        new = case.fee()
        case.pays(10_000)
        assert case.fees() == [(old, old), (old, old), (new, new)]

    def test_of_a_value_day_before_the_acceptance_is_priced_as_it_was_then(self, case):
        old = case.fee()
        case.disputes(disputed=PART)
        case.accepts()
        with case.staff() as unit:
            unit.session.connection().execute(
                text("UPDATE quote SET accepted_at = accepted_at - interval '9 days' WHERE claim_id IS NULL")
            )
        case.pays(10_000)
        with case.staff() as unit:
            unit.session.connection().execute(text("UPDATE payment SET value_on = value_on - 2"))
        assert case.fees() == [(old, old)]

    def test_after_a_lower_price_is_not_free_because_the_new_maximum_was_reached(self, case):
        """Half is collected at the old fee; the maximum of the new line is for what the new line prices."""
        case.pays(90_000)
        case.fees()
        case.adds()
        case.adds(DocumentKind.delivery_note, PDF + b"2")
        new = case.fee()
        case.pays(5_000)
        assert case.fees()[-1] == (new, new)
        assert case.rows("SELECT net_minor > 0 FROM success_fee ORDER BY id DESC LIMIT 1") == [(True,)]

    @given(steps=st.permutations(STEPS))
    @settings(
        max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
        derandomize=True,
    )  # fmt: skip
    def test_is_priced_by_the_line_in_force_when_it_came_whatever_happened_between(self, units, steps):
        case = Accepted(units, f"C{next(NUMBERS)}")
        expected, dispute_id, added = [], None, 0
        for step in [*steps, "pay"]:
            if step == "pay":
                expected.append(case.fee())
                case.pays(1_000)
            elif step == "dispute":
                dispute_id = case.disputes(disputed=PART, substantiated=dispute_id is not None)
            elif step == "settle" and dispute_id:
                case.resolves(dispute_id)
                dispute_id = None
            elif step == "accept" and case.waiting():
                case.accepts()
            elif step == "charge":
                case.fees()
            elif step == "document":
                before = case.fee()
                added += 1
                case.adds(list(DocumentKind)[added], PDF + bytes([added]))
                assert case.fee() <= before
        assert case.fees() == [(bps, bps) for bps in expected]
        assert case.holds() == []


class TestPaymentAndAcceptanceAtOneMoment:
    @pytest.mark.parametrize("payment_first", [True, False])
    def test_are_ordered_by_the_claim_s_lock(self, case, payment_first):
        old = case.fee()
        case.disputes(disputed=PART)
        waiting = case.waiting()

        def accept(unit):
            accept_quote(unit, creditor_id=case.creditor_id, quote_id=waiting)

        def pay(unit):
            case.pays(10_000, unit)

        steps = (pay, accept) if payment_first else (accept, pay)
        outcome = race(case.units, *steps)
        assert outcome.done == [True, True]
        # Whichever got the lock first: what began before the acceptance is priced by the old line.
        ((before,),) = case.rows(
            "SELECT p.created_at < q.accepted_at FROM payment p, quote q WHERE q.claim_id IS NOT NULL"
        )
        assert before or not payment_first
        charged = case.fees()
        assert charged == [(old, old)] if before else charged == [(case.fee(), case.fee())]
        assert case.fees() == charged

    def test_a_fee_that_was_charged_between_stays_right(self, case):
        """The acceptance began first and came last: its moment is that of the claim's lock."""
        old = case.fee()
        case.disputes(disputed=PART)
        waiting = case.waiting()
        with as_creditor(case.units, case.creditor_id) as unit:
            case.pays(10_000)
            assert case.fees() == [(old, old)]
            accept_quote(unit, creditor_id=case.creditor_id, quote_id=waiting)
        ordered = "SELECT p.created_at < q.accepted_at FROM payment p, quote q WHERE q.claim_id IS NOT NULL"
        assert case.rows(ordered) == [(True,)]
