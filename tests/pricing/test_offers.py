"""Prices of their own: asked for, offered with a second person where needed, accepted as a quote that
replays, and charged by the fee engine to the cent."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from agency.banking.proof import prove
from agency.claims.states import HoldGround
from agency.communication.creditor_mail import send_creditor_mails
from agency.communication.offer_mail import tell_of_offers
from agency.disputes.raising import raise_dispute
from agency.events import (
    ClaimClosed,
    ClaimPaidOff,
    DisputeRaised,
    DisputeResolved,
    DocumentAdded,
    QuoteAccepted,
)
from agency.kernel.drafts import ChangedMeanwhile, NotYourOwn
from agency.kernel.emitting import install_reactions
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.money import Money
from agency.parties.models import Role
from agency.pricing.acceptance import QuoteExpired, QuoteNotOpen, QuoteOutdated, accept_quote, decline_quote
from agency.pricing.asking import (
    AskedBefore,
    RequestClosed,
    answer_back,
    ask_back,
    ask_price,
    let_stand,
    withdraw_request,
)
from agency.pricing.models import PriceRequest
from agency.pricing.offer_acceptance import accept_offer, decline_offers
from agency.pricing.offer_work import UnableToWork, book_hours, offer_work, start_phase, take_back_hours
from agency.pricing.offering import (
    NotYours,
    UnfitOffer,
    approve_offers,
    draft_offer,
    drop_draft,
    give_back,
    send_offers,
    withdraw_offer,
)
from agency.pricing.reacting import open_books, price_again, price_no_more
from agency.pricing.replay import replay
from agency.remittance.invoices import from_facts
from agency.remittance.runs import approve_run, draft_runs
from agency.rules.facts import Phase
from agency.rules.offer import Nature, Offer, OfferKind, OfferPart, at_most
from portal.payouts import export_payouts
from tests.communication.correspondence import SETTINGS as OFFICE_SETTINGS
from tests.communication.correspondence import Office
from tests.intake.factories import a_creditor, a_file, a_row, place, rows_of
from tests.payments.races import race
from tests.pricing.test_price_mail import Told
from tests.pricing.test_quoting import as_creditor, open_quote
from tests.pricing.test_requoting import Accepted
from tests.remittance.test_runs import SETTINGS, bank_pays

SHARE = Offer(
    kind=OfferKind.success, currency="EUR", parts=(OfferPart(phase=Phase.amicable, success_bps=2_500),)
)
FLAT = Offer(kind=OfferKind.flat, currency="EUR", parts=(OfferPart(phase=Phase.amicable, flat=9_500),))
LOSS = Offer(kind=OfferKind.flat, currency="EUR", parts=(OfferPart(phase=Phase.amicable, flat=100),))
PHASED = Offer(
    kind=OfferKind.phased,
    currency="EUR",
    parts=(
        OfferPart(phase=Phase.amicable, success_bps=1_500, flat=2_500),
        OfferPart(phase=Phase.legal, nature=Nature.recommended, flat=20_000, hour=12_000, minutes_max=120),
    ),
)


class Asking(Accepted):
    """Claims that wait at the card's price, and what is asked and offered about them."""

    def __init__(self, units, reference="ODD", rows=2):
        again = (price_again,)
        install_reactions(
            {
                QuoteAccepted: (open_books,), DocumentAdded: again, DisputeRaised: again,
                DisputeResolved: again, ClaimPaidOff: (price_no_more,), ClaimClosed: (price_no_more,),
            }
        )  # fmt: skip
        self.units, self.creditor_id, self.paid = units, a_creditor(units, reference), 0
        place(units, self.creditor_id, a_file(*[a_row(f"F{n}", amount="1.000,00") for n in range(rows)]))
        self.claims = [row[0] for row in self.rows("SELECT id FROM claim ORDER BY number")]
        self.claim_id = self.claims[0]
        self.whose = {"creditor_id": self.creditor_id, "claim_id": self.claim_id}
        ((self.placement_id,),) = self.rows("SELECT id FROM placement")

    def creditor(self):
        return as_creditor(self.units, self.creditor_id)

    def staff(self, by="user:ann"):
        return self.units.open(Door.STAFF, by=by)

    def asks(self, **about):
        with self.creditor() as unit:
            request = ask_price(unit, creditor_id=self.creditor_id, **(about or {"claim_id": self.claim_id}))
            self.request_id = request.id
        return self.request_id

    @property
    def which(self):
        return {"creditor_id": self.creditor_id, "request_id": self.request_id}

    def edition(self):
        return self.rows("SELECT edition FROM price_request WHERE id = :r", r=self.request_id)[0][0]

    def drafts(self, *offers, by="user:ann", **more):
        for offer in offers:
            with self.staff(by) as unit:
                draft_offer(unit, **self.which, offer=offer, valid_days=14, edition=self.edition(), **more)

    def sends(self, by="user:ann", roles=("admin",)):
        with self.staff(by) as unit:
            return send_offers(unit, **self.which, edition=self.edition(), roles=roles)

    def offers(self, *offers):
        self.drafts(*offers)
        assert self.sends()
        return [row[0] for row in self.rows("SELECT id FROM price_offer WHERE state = 'open' ORDER BY place")]

    def accepts_offer(self, offer_id, phases=()):
        with self.creditor() as unit:
            quote_id = accept_offer(unit, **self.which, offer_id=offer_id, phases=phases, address="::1")
        drain(self.units)
        return quote_id

    def state(self):
        with self.staff() as unit:
            return unit.session.get_one(PriceRequest, (self.creditor_id, self.request_id)).state

    def replays(self, quote_id):
        with self.creditor() as unit:
            found = replay(unit, creditor_id=self.creditor_id, quote_id=quote_id)
        return found.same and found.intact

    def charged(self):
        """The fee rows by kind, before VAT."""
        self.fees()
        return self.rows("SELECT kind, net_minor FROM success_fee ORDER BY earned_at, kind, net_minor")


class Mailed(Asking, Told):
    """The same, with the post."""

    def __init__(self, units):
        Asking.__init__(self, units, "MAILED")
        self.office = Office(units)

    def tell(self):
        with self.office.unit() as unit:
            told = tell_of_offers(unit, settings=OFFICE_SETTINGS)
        send_creditor_mails(self.units, ports=self.office.ports)
        return told


@pytest.fixture
def case(units):
    return Asking(units)


class TestAsking:
    def test_stands_in_the_queue_with_a_day_and_is_asked_once(self, case):
        case.asks()
        [(number, due, today)] = case.rows("SELECT number, due_on, app.now()::date FROM price_request")
        assert number.startswith("P-")
        assert today < due <= today + timedelta(days=12)
        with pytest.raises(AskedBefore):
            case.asks()
        other = case.asks(placement_id=case.placement_id)
        assert other == case.request_id

    def test_is_refused_for_another_creditor_and_for_what_is_closed(self, case, units):
        stranger = units.open(Door.CREDITOR, by="user:x", creditor_id=a_creditor(units, "OTHER"))
        with stranger as unit, pytest.raises(NotFound):
            ask_price(unit, creditor_id=unit.creditor_id, claim_id=case.claim_id)
        with case.creditor() as unit:
            decline_quote(unit, creditor_id=case.creditor_id, quote_id=open_quote(units, case.creditor_id))
        with pytest.raises(Conflict):
            case.asks()
        with pytest.raises(Invalid):
            case.asks(claim_id=case.claim_id, wished="barter")

    def test_is_withdrawn_and_asked_about(self, case):
        case.asks()
        with case.creditor() as unit:
            ask_back(unit, **case.which, words="Can it be cheaper?")
        with case.staff() as unit:
            answer_back(unit, **case.which, words="No.")
        assert case.rows("SELECT side, words FROM price_note ORDER BY at, id") == [
            ("creditor", "Can it be cheaper?"), ("agency", "No."),
        ]  # fmt: skip
        with case.creditor() as unit:
            withdraw_request(unit, **case.which)
        assert case.state() == "withdrawn"
        with case.creditor() as unit, pytest.raises(RequestClosed):
            ask_back(unit, **case.which, words="Hello?")

    def test_ends_when_the_card_is_accepted_after_all(self, case, units):
        case.asks(placement_id=case.placement_id)
        case.offers(SHARE)
        with case.creditor() as unit:
            accept_quote(unit, creditor_id=case.creditor_id, quote_id=open_quote(units, case.creditor_id))
        assert case.state() == "lapsed"
        assert case.rows("SELECT state FROM price_offer") == [("outdated",)]


class TestOffering:
    def test_a_draft_is_not_seen_by_the_creditor_and_what_was_sent_without_its_review(self, case):
        case.asks()
        case.drafts(SHARE)
        count = text("SELECT count(*) FROM price_offer")
        with case.staff() as unit:
            assert unit.session.connection().execute(count).scalar_one() == 1
        with case.creditor() as unit:
            assert unit.session.connection().execute(count).scalar_one() == 0
        case.sends()
        with case.creditor() as unit:
            assert unit.session.connection().execute(count).scalar_one() == 1
            with pytest.raises(Exception, match="permission denied"), unit.session.begin_nested():
                unit.session.connection().execute(text("SELECT review FROM price_offer"))

    def test_two_who_answer_at_once_meet(self, case):
        case.asks()
        read = case.edition()
        case.drafts(SHARE)
        with case.staff("user:bob") as unit, pytest.raises(ChangedMeanwhile):
            draft_offer(unit, **case.which, offer=FLAT, valid_days=14, edition=read)
        read = case.edition()
        sending = lambda unit: send_offers(unit, **case.which, edition=read, roles=("admin",))  # noqa: E731
        outcome = race(case.units, sending, sending)
        assert outcome.done == [True, False]
        assert isinstance(outcome.refusals[1], ChangedMeanwhile)
        assert case.rows("SELECT count(*) FROM event WHERE kind = 'OffersMade'") == [(1,)]

    def test_a_loss_waits_for_a_second_person_who_did_not_write_it(self, case):
        case.asks()
        case.drafts(LOSS)
        assert not case.sends()
        assert case.state() == "to_approve"
        with case.staff("user:ann") as unit, pytest.raises(NotYourOwn):
            approve_offers(unit, **case.which, edition=case.edition(), roles=("admin",))
        with case.staff("user:bob") as unit, pytest.raises(NotYours):
            approve_offers(unit, **case.which, edition=case.edition(), roles=("finance",))
        with case.staff("user:bob") as unit:
            give_back(unit, **case.which, edition=case.edition(), why="too low")
        assert not case.sends()
        with case.staff("user:bob") as unit:
            approve_offers(unit, **case.which, edition=case.edition(), roles=("admin",))
        assert case.state() == "offered"

    def test_breaks_no_rule_of_a_card(self, case):
        case.asks()
        with pytest.raises(UnfitOffer) as refused:
            case.drafts(Offer(kind=OfferKind.flat, currency="EUR", parts=(OfferPart(phase=Phase.legal),)))
        assert refused.value.field == "parts.1.flat"
        with pytest.raises(Conflict):
            case.sends()
        case.drafts(SHARE)
        with case.staff() as unit:
            found = unit.session.connection().execute(text("SELECT id FROM price_offer"))
            offer_id = found.scalar_one()
            drop_draft(unit, **case.which, offer_id=offer_id, edition=case.edition())
        assert case.rows("SELECT count(*) FROM price_offer") == [(0,)]


class TestAccepting:
    def test_is_a_quote_that_replays_and_the_other_claim_keeps_the_card(self, case, units):
        case.asks()
        _, flat = case.offers(SHARE, FLAT)
        quote_id = case.accepts_offer(flat)
        assert case.replays(quote_id)
        assert case.state() == "accepted"
        assert case.rows("SELECT state FROM price_offer ORDER BY place") == [("not_chosen",), ("accepted",)]
        assert case.rows("SELECT state FROM claim ORDER BY number") == [("active",), ("quoted",)]
        rest = open_quote(units, case.creditor_id)
        assert case.rows("SELECT claim_id FROM quote_line WHERE quote_id = :q", q=rest) == [(case.claims[1],)]
        with case.creditor() as unit:
            accept_quote(unit, creditor_id=case.creditor_id, quote_id=rest)
        assert case.rows("SELECT part FROM quote WHERE state = 'accepted' ORDER BY part") == [(1,), (2,)]

    def test_of_a_whole_placement_leaves_nothing_open(self, case):
        case.asks(placement_id=case.placement_id)
        [share] = case.offers(SHARE)
        quote_id = case.accepts_offer(share)
        assert case.replays(quote_id)
        assert case.rows("SELECT state FROM claim") == [("active",), ("active",)]
        assert case.rows("SELECT count(*) FROM quote WHERE state = 'open'") == [(0,)]

    @pytest.mark.parametrize("phases", [(), (Phase.legal,)])
    def test_by_phase_freezes_what_was_chosen(self, case, phases):
        case.asks()
        [phased] = case.offers(PHASED)
        quote_id = case.accepts_offer(phased, phases)
        assert case.replays(quote_id)
        with case.creditor() as unit:
            work = offer_work(unit, **case.whose)
        assert [one.phase for one in work.offer.parts] == [Phase.amicable, *phases]

    def test_of_a_part_that_is_not_recommended_is_refused(self, case):
        case.asks()
        [share] = case.offers(SHARE)
        with pytest.raises(Invalid):
            case.accepts_offer(share, (Phase.legal,))
        assert case.state() == "offered"

    def test_meets_its_withdrawal_once(self, case):
        case.asks()
        [share] = case.offers(SHARE)
        accepting = lambda unit: accept_offer(unit, **case.which, offer_id=share)  # noqa: E731
        taking_back = lambda unit: withdraw_offer(unit, **case.which, offer_id=share)  # noqa: E731
        outcome = race(case.units, accepting, taking_back)
        assert outcome.done == [True, False]
        assert isinstance(outcome.refusals[1], RequestClosed)
        assert case.rows("SELECT count(*) FROM quote WHERE state = 'accepted'") == [(1,)]

    def test_meets_an_earlier_withdrawal(self, case):
        case.asks()
        [share] = case.offers(SHARE)
        accepting = lambda unit: accept_offer(unit, **case.which, offer_id=share)  # noqa: E731
        taking_back = lambda unit: withdraw_offer(unit, **case.which, offer_id=share)  # noqa: E731
        outcome = race(case.units, taking_back, accepting)
        assert outcome.done == [True, False]
        assert isinstance(outcome.refusals[1], QuoteNotOpen)
        assert case.state() == "asked"

    def test_twice_at_once_accepts_one(self, case):
        case.asks()
        share, flat = case.offers(SHARE, FLAT)
        outcome = race(
            case.units,
            lambda unit: accept_offer(unit, **case.which, offer_id=share),
            lambda unit: accept_offer(unit, **case.which, offer_id=flat),
        )
        assert outcome.done == [True, False]

    def test_beside_the_card_accepts_one(self, case, units):
        case.asks()
        [share] = case.offers(SHARE)
        quote_id = open_quote(units, case.creditor_id)
        outcome = race(
            case.units,
            lambda unit: accept_quote(unit, creditor_id=case.creditor_id, quote_id=quote_id),
            lambda unit: accept_offer(unit, **case.which, offer_id=share),
        )
        assert outcome.done[0]
        assert set(case.rows("SELECT state FROM claim")) == {("active",)}

    def test_after_its_last_moment_is_refused(self, case):
        case.asks()
        [share] = case.offers(SHARE)
        with case.staff() as unit:
            unit.session.connection().execute(text("UPDATE price_offer SET expires_at = app.now()"))
        with pytest.raises(QuoteExpired):
            case.accepts_offer(share)

    def test_on_other_facts_is_refused_and_the_request_waits_again(self, case):
        case.asks()
        [share] = case.offers(SHARE)
        with case.staff() as unit:
            raise_dispute(unit, **case.whose, reason="price")
        with pytest.raises(QuoteOutdated):
            case.accepts_offer(share)
        drain(case.units)
        assert case.state() == "asked"
        assert case.rows("SELECT state FROM price_offer") == [("outdated",)]

    def test_is_declined_with_a_reason(self, case):
        case.asks()
        case.offers(SHARE)
        with case.creditor() as unit, pytest.raises(Invalid):
            decline_offers(unit, **case.which, why=" ")
        with case.creditor() as unit:
            decline_offers(unit, **case.which, why="too dear")
        assert case.state() == "declined"
        assert case.rows("SELECT DISTINCT state FROM claim") == [("quoted",)]


class TestCharging:
    def test_by_phase_adds_up_to_what_was_worked_out(self, case):
        case.asks()
        legal = replace(PHASED.parts[1], success_bps=1_500)
        whole = replace(PHASED, parts=(PHASED.parts[0], legal))
        [phased] = case.offers(whole)
        case.accepts_offer(phased, (Phase.legal,))
        with case.staff() as unit:
            start_phase(unit, **case.whose, phase=Phase.legal)
        case.pays(100_000)
        key = uuid4()
        for _ in range(2):
            self.books(case, 50, key)
        self.books(case, 70)
        with pytest.raises(Invalid) as refused:
            self.books(case, 1)
        assert refused.value.field == "minutes"
        rows = case.charged()
        assert rows == [
            ("fee", 15_000),
            ("flat", 2_500),
            ("flat", 20_000),
            ("hours", 10_000),
            ("hours", 14_000),
        ]
        assert sum(net for _, net in rows) == at_most(whole, Money(100_000, "EUR")).minor
        assert case.charged() == rows
        assert case.rows(
            "SELECT count(*) FROM success_fee f JOIN quote_line l ON l.quote_id = f.quote_id"
            " AND l.claim_id = f.claim_id AND l.facts ? 'offer'"
        ) == [(5,)]

    def books(self, case, minutes, key=None):
        with case.staff() as unit:
            book_hours(
                unit, **case.whose, phase=Phase.legal, minutes=minutes, worked_on=unit.today,
                description="Read the file", sent_key=key or uuid4(),
            )  # fmt: skip

    def test_what_comes_in_after_a_phase_without_a_share_bears_none(self, case):
        case.asks()
        [phased] = case.offers(PHASED)
        case.accepts_offer(phased, (Phase.legal,))
        case.pays(40_000)
        with case.staff() as unit:
            start_phase(unit, **case.whose, phase=Phase.legal)
        case.pays(60_000)
        assert sorted(net for kind, net in case.charged() if kind == "fee") == [0, 6_000]

    def test_hours_are_taken_back_until_they_are_charged(self, case):
        case.asks()
        [phased] = case.offers(PHASED)
        case.accepts_offer(phased, (Phase.legal,))
        with case.staff() as unit, pytest.raises(UnableToWork):
            book_hours(
                unit, **case.whose, phase=Phase.legal, minutes=5, worked_on=unit.today, description="x",
                sent_key=uuid4(),
            )  # fmt: skip
        with case.staff() as unit:
            start_phase(unit, **case.whose, phase=Phase.legal)
        self.books(case, 60)
        [(hours_id,)] = case.rows("SELECT id FROM booked_hours")
        with case.staff() as unit:
            take_back_hours(unit, **case.whose, hours_id=hours_id)
        self.books(case, 120)
        assert ("hours", 24_000) in case.charged()
        [(charged,)] = case.rows("SELECT id FROM booked_hours WHERE taken_back_at IS NULL")
        with case.staff() as unit, pytest.raises(UnableToWork):
            take_back_hours(unit, **case.whose, hours_id=charged)

    def test_a_phase_begins_in_its_turn(self, case):
        case.asks()
        [phased] = case.offers(PHASED)
        case.accepts_offer(phased)
        with case.staff() as unit, pytest.raises(UnableToWork):
            start_phase(unit, **case.whose, phase=Phase.legal)


class TestInCollection:
    @pytest.fixture
    def active(self, units, case):
        with case.creditor() as unit:
            accept_quote(unit, creditor_id=case.creditor_id, quote_id=open_quote(units, case.creditor_id))
        drain(units)
        return case

    def test_an_offer_takes_the_place_of_a_higher_price_that_waits(self, active):
        active.disputes(disputed=Money(20_000, "EUR"))
        active.asks()
        [share] = active.offers(SHARE)
        quote_id = active.accepts_offer(share)
        assert active.replays(quote_id)
        assert active.rows("SELECT count(*) FROM quote WHERE state = 'open'") == [(0,)]
        assert HoldGround.PRICE_TO_AGREE not in active.holds()
        active.pays(50_000)
        assert ("fee", 12_500) in active.charged()

    def test_facts_that_change_after_it_open_a_request_once(self, active):
        active.asks()
        [share] = active.offers(SHARE)
        active.accepts_offer(share)
        dispute = active.disputes()
        [(active.request_id, grounds)] = active.rows(
            "SELECT id, grounds FROM price_request WHERE state = 'asked'"
        )
        assert grounds == ["facts", "raised"]
        with active.staff() as unit:
            let_stand(unit, **active.which)
        assert active.state() == "stands"
        active.adds()
        assert active.rows("SELECT count(*) FROM price_request WHERE state = 'asked'") == [(0,)]
        active.resolves(dispute)
        assert active.rows("SELECT count(*) FROM quote WHERE state = 'open'") == [(0,)]

    def test_ends_when_the_claim_is_paid(self, active):
        active.asks()
        active.offers(SHARE)
        active.pays(100_000)
        assert active.state() == "lapsed"


def test_every_row_belongs_to_its_creditor(units):
    mine, other = Asking(units, "MINE"), Asking(units, "YOURS")
    mine.asks()
    with other.creditor() as unit:
        count = text("SELECT count(*) FROM price_request")
        assert unit.session.connection().execute(count).scalar_one() == 0
    assert rows_of(units, mine.creditor_id, "SELECT count(*) FROM price_request") == [(1,)]


def test_what_falls_due_is_invoiced_with_the_payout_and_the_books_stay_green(case):
    """An amount and a share, the claim paid by bank: one payout, one invoice, and every balance proven."""
    case.asks()
    [phased] = case.offers(PHASED)
    case.accepts_offer(phased)
    with case.staff("system:bank") as unit:
        bank_pays(unit, case.creditor_id, case.claim_id, 100_000, key="s1")
    with case.staff() as unit:
        [(_, run_id)] = draft_runs(unit, cutoff_on=unit.today)
    with case.staff("user:bob") as unit:
        approve_run(unit, creditor_id=case.creditor_id, run_id=run_id)
    with case.staff("user:bob") as unit:
        unit.session.connection().execute(
            text("UPDATE creditor SET iban = 'NL91ABNA0417164300' WHERE id = :c"), {"c": case.creditor_id}
        )
        export_payouts(unit, settings=SETTINGS)
        assert prove(unit, on=unit.today).green
    [(fee, vat, kinds)] = case.rows(
        "SELECT r.fee_minor, r.vat_minor, (SELECT array_agg(f.kind ORDER BY f.kind) FROM success_fee f"
        " WHERE f.run_id = r.id AND f.invoice_id IS NOT NULL) FROM remittance_run r"
    )
    assert (fee, vat, kinds) == (17_500, 3_675, ["fee", "flat"])
    [(facts,)] = case.rows("SELECT facts FROM fee_invoice")
    lines = {(line.kind, line.net.minor) for line in from_facts(facts).lines}
    assert lines == {("fee", 15_000), ("flat", 2_500)}


def test_offers_answers_and_what_expires_are_written_to_whoever_may_accept(units):
    case = Mailed(units)
    case.user("anna", Role.CREDITOR_MANAGER)
    case.user("clerk", Role.CREDITOR_CLERK)
    case.asks()
    assert case.tell() == 0
    case.offers(SHARE, FLAT)
    assert (case.tell(), case.tell()) == (1, 0)
    with case.staff() as unit:
        answer_back(unit, **case.which, words="Because the roof leaks.")
    assert (case.tell(), case.tell()) == (1, 0)
    with case.staff() as unit:
        unit.session.connection().execute(
            text("UPDATE price_offer SET expires_at = app.now() + interval '2 days'")
        )
    assert (case.tell(), case.tell()) == (1, 0)
    subjects = [row[0] for row in case.rows("SELECT subject FROM creditor_mail ORDER BY id")]
    assert [subject.split(" ")[0] for subject in subjects] == ["Ons", "Wij", "Herinnering:"]
