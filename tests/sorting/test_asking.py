"""What must be known before the first contact is asked once, holds its claim, and solves itself (S-23)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from agency.claims.amending import tell_contract
from agency.claims.holds import running_holds
from agency.communication.creditor_mail import send_creditor_mails, tell_creditors
from agency.documents.asking import ask_missing, expire, open_requests, requests_of, solve, tell_bought
from agency.documents.upload import add_document
from agency.kernel.clock import move_clock
from agency.kernel.emitting import install_reactions
from agency.kernel.errors import Invalid
from agency.kernel.unit import Door
from agency.parties.contacting import NewContact, add_contact
from agency.ports.providers import ProviderAmbiguous, ProviderTransient
from agency.pricing.acceptance import accept_quote
from agency.rules.facts import DocumentKind
from agency.treatment.paths import publish_paths
from agency.treatment.planner import plan_due
from agency.treatment.starting import start_treatment
from tests.communication.correspondence import SETTINGS, Office
from tests.intake.factories import Store, a_creditor, a_file, a_row, place, rows_of
from tests.sorting.papers import a_pdf


@pytest.fixture
def creditor_id(units):
    install_reactions({})
    return a_creditor(units)


def accepted(units, creditor_id, *rows):
    """Claims that were accepted, before anything follows from it; their placement."""
    placed = place(units, creditor_id, a_file(*rows))
    [(quote_id,)] = rows_of(
        units,
        creditor_id,
        "SELECT id FROM quote WHERE placement_id = :p AND state = 'open'",
        p=placed.placement_id,
    )
    with units.open(Door.CREDITOR, by="user:manager", creditor_id=creditor_id) as unit:
        accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
    return placed.placement_id


def ask(units, creditor_id, placement_id):
    with units.open(Door.WORKER, by="system:test") as unit:
        return ask_missing(unit, creditor_id=creditor_id, placement_id=placement_id)


def grounds(units, creditor_id):
    with units.open(Door.WORKER, by="system:test") as unit:
        ids = unit.session.connection().execute(text("SELECT id FROM claim ORDER BY number")).scalars().all()
        return [
            [hold.ground for hold in running_holds(unit, creditor_id=creditor_id, claim_id=claim_id)]
            for claim_id in ids
        ]


def claim_ids(units, creditor_id):
    return [row.id for row in rows_of(units, creditor_id, "SELECT id FROM claim ORDER BY number")]


REACHED = a_row("F1", email="jan@example.org")
UNREACHED = a_row("F2", customer="8", name="Jan Bakker", email="")
LARGE = a_row("F3", customer="9", name="Hotel Zee BV", amount="12.000,00", email="zee@example.org")


class TestAsking:
    def test_asks_only_for_what_is_missing_and_holds_only_what_cannot_start(self, units, creditor_id):
        placement_id = accepted(units, creditor_id, REACHED, UNREACHED, LARGE)
        assert ask(units, creditor_id, placement_id) == 2
        items = rows_of(
            units, creditor_id, "SELECT c.reference, i.item, i.blocking FROM information_item i"
            " JOIN information_request q ON q.id = i.request_id JOIN claim c ON c.id = q.claim_id"
            " ORDER BY 1, 2"
        )  # fmt: skip
        assert [tuple(row) for row in items] == [
            ("F2", "contact", True),
            ("F3", "due_date_basis", False),
            ("F3", "proof", True),
        ]
        assert grounds(units, creditor_id) == [[], ["missing_information"], ["missing_information"]]

    def test_a_consumer_in_germany_waits_until_his_contract_is_told(self, units, creditor_id):
        abroad = a_row(
            "F4", kind="particulier", name="Jan Bakker", country="DE", postcode="10115", email="j@example.org"
        )
        shop = a_row(
            "F5", customer="9", name="Laden GmbH", country="DE", postcode="10115", email="l@example.org"
        )
        assert ask(units, creditor_id, accepted(units, creditor_id, abroad, shop)) == 1
        consumer, _company = claim_ids(units, creditor_id)
        assert grounds(units, creditor_id) == [["missing_information"], []]
        with units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
            tell_contract(
                unit, creditor_id=creditor_id, claim_id=consumer, subject="Ein Fahrrad",
                contract_on=date(2026, 4, 20),
            )  # fmt: skip
            assert solve(unit, creditor_id=creditor_id, claim_id=consumer) == 1
        assert grounds(units, creditor_id) == [[], []]

    def test_a_consumer_in_belgium_waits_until_it_is_told_what_was_bought_one_word_for_all(
        self, units, creditor_id
    ):
        rows = [
            a_row(
                f"B{number}", customer=str(number), kind="particulier", name=f"Jan {number}", country="BE",
                postcode="9000", email=f"j{number}@example.org",
            )
            for number in range(3)
        ]  # fmt: skip
        assert ask(units, creditor_id, accepted(units, creditor_id, *rows)) == 3
        first, second, _third = claim_ids(units, creditor_id)
        assert grounds(units, creditor_id) == [["missing_information"]] * 3

        def tells(claim_id, subject, *, everywhere=False):
            with units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
                return tell_bought(
                    unit, creditor_id=creditor_id, claim_id=claim_id, subject=subject, everywhere=everywhere
                )

        for number in ("B0", "2026 / 17"):
            with pytest.raises(Invalid):
                tells(first, number)
        assert tells(first, "Een fiets") == 1
        assert grounds(units, creditor_id) == [[], ["missing_information"], ["missing_information"]]
        assert tells(second, "  Elektriciteit,  oktober 2026 ", everywhere=True) == 2
        assert grounds(units, creditor_id) == [[], [], []]
        assert [row[0] for row in rows_of(units, creditor_id, "SELECT description FROM claim ORDER BY number")
        ] == ["Een fiets", "Elektriciteit, oktober 2026", "Elektriciteit, oktober 2026"]  # fmt: skip

    def test_asking_again_asks_nothing_twice(self, units, creditor_id):
        placement_id = accepted(units, creditor_id, UNREACHED)
        assert [ask(units, creditor_id, placement_id) for _ in range(2)] == [1, 0]

    def test_the_planner_leaves_the_debtor_alone_until_it_is_solved(self, units, creditor_id):
        placement_id = accepted(units, creditor_id, LARGE)
        ask(units, creditor_id, placement_id)
        with units.open(Door.WORKER, by="system:test") as unit:
            publish_paths(unit)
            start_treatment(unit, placement_id=placement_id)
            plan_due(unit)
        steps = "SELECT count(*) FROM treatment_step"
        assert rows_of(units, creditor_id, steps) == [(0,)]
        [claim_id] = claim_ids(units, creditor_id)
        with units.open(Door.WORKER, by="system:test") as unit:
            add_document(
                unit, Store(), creditor_id=creditor_id, claim_id=claim_id, kind=DocumentKind.delivery_note,
                name="bon.pdf", content=a_pdf("bon"),
            )  # fmt: skip
            assert solve(unit, creditor_id=creditor_id) == 0, "the invoice is still asked for"
            later = unit.now + timedelta(days=2)
        with units.open(Door.WORKER, by="system:test") as unit:
            move_clock(unit, to=later, production=False)
        with units.open(Door.WORKER, by="system:test") as unit:
            plan_due(unit)
        assert rows_of(units, creditor_id, steps) == [(1,)]
        assert grounds(units, creditor_id) == [[]]

    def test_every_item_that_is_there_closes_it(self, units, creditor_id):
        placement_id = accepted(units, creditor_id, LARGE)
        ask(units, creditor_id, placement_id)
        [claim_id] = claim_ids(units, creditor_id)
        with units.open(Door.WORKER, by="system:test") as unit:
            for kind in (DocumentKind.contract,):
                add_document(
                    unit, Store(), creditor_id=creditor_id, claim_id=claim_id, kind=kind,
                    name="contract.pdf", content=a_pdf(kind),
                )  # fmt: skip
            assert solve(unit, creditor_id=creditor_id) == 1
            [asked] = requests_of(unit, creditor_id=creditor_id, only_open=False)
        assert asked.state == "solved"

    def test_telling_where_the_debtor_is_solves_it(self, units, creditor_id):
        placement_id = accepted(units, creditor_id, UNREACHED)
        ask(units, creditor_id, placement_id)
        [(debtor_id,)] = rows_of(units, creditor_id, "SELECT debtor_id FROM claim")
        with units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
            with pytest.raises(Invalid):
                add_contact(
                    unit, creditor_id=creditor_id, debtor_id=debtor_id, contact=NewContact(street="Kade 1")
                )
            add_contact(
                unit, creditor_id=creditor_id, debtor_id=debtor_id, contact=NewContact(email="j@example.org")
            )
            assert solve(unit, creditor_id=creditor_id) == 1
            assert open_requests(unit, creditor_id=creditor_id).asked == 0
        assert grounds(units, creditor_id) == [[]]


class TestExpiry:
    def test_unproved_starts_and_unreachable_goes_back(self, units, creditor_id):
        placement_id = accepted(units, creditor_id, UNREACHED, LARGE)
        ask(units, creditor_id, placement_id)
        with units.open(Door.WORKER, by="system:test") as unit:
            assert expire(unit) == 0
            later = unit.now + timedelta(days=15)
        with units.open(Door.WORKER, by="system:test") as unit:
            move_clock(unit, to=later, production=False)
        with units.open(Door.WORKER, by="system:test") as unit:
            assert expire(unit) == 2
        found = rows_of(units, creditor_id, "SELECT c.reference, c.state, q.state FROM claim c"
                        " JOIN information_request q ON q.claim_id = c.id ORDER BY 1")  # fmt: skip
        assert [tuple(row) for row in found] == [
            ("F2", "withdrawn", "returned"),
            ("F3", "active", "started_without"),
        ]
        assert grounds(units, creditor_id) == [[], []]


class TestMail:
    @pytest.fixture
    def office(self, units):
        return Office(units)

    def tell(self, office):
        with office.unit() as unit:
            told = tell_creditors(unit, settings=SETTINGS)
        return told, send_creditor_mails(office.units, ports=office.ports)

    def asked(self, units, creditor_id):
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(text("UPDATE creditor SET email = 'post@groot.example'"))
        ask(units, creditor_id, accepted(units, creditor_id, UNREACHED, LARGE))

    def test_is_one_for_all_claims_and_one_reminder(self, office, units, creditor_id):
        self.asked(units, creditor_id)
        assert self.tell(office) == (1, 1)
        assert self.tell(office) == (0, 0)
        [mail] = office.mail.left
        assert mail.to == "post@groot.example"
        assert "2 vorderingen wachten op gegevens van u" in mail.subject
        assert "Hotel Zee BV" in mail.body
        assert "/creditor/missing" in mail.body
        with office.unit() as unit:
            later = unit.now + timedelta(days=10)
        with office.unit() as unit:
            move_clock(unit, to=later, production=False)
        assert self.tell(office) == (1, 1)
        assert office.mail.left[1].subject.startswith("Herinnering")

    def test_that_the_provider_did_not_take_is_tried_again(self, office, units, creditor_id):
        self.asked(units, creditor_id)
        office.mail.failures.append(ProviderTransient("busy"))
        assert self.tell(office) == (1, 0)
        assert self.tell(office) == (0, 1)

    def test_whose_answer_was_lost_is_not_sent_twice(self, office, units, creditor_id):
        self.asked(units, creditor_id)
        office.mail.lost_answers = 1
        assert self.tell(office) == (1, 1)
        assert self.tell(office) == (0, 0)
        assert len(office.mail.left) == 1

    def test_that_nobody_can_find_back_stays_unknown(self, office, units, creditor_id):
        self.asked(units, creditor_id)
        office.mail.can_find = False
        office.mail.failures.append(ProviderAmbiguous("lost"))
        self.tell(office)
        assert rows_of(units, creditor_id, "SELECT state FROM creditor_mail") == [("unknown",)]
