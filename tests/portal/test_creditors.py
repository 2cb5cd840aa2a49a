"""A creditor comes in: registered by one, signed by itself, made sure of by another; then it is worked."""

import re
from datetime import date, timedelta

import pytest

from agency.kernel.emitting import install_reactions
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door
from agency.parties.api_keys import make_key
from agency.parties.branding import brand_of, design_of
from agency.parties.models import Audience, Creditor, Role, Scope
from agency.parties.registration import ReferenceTaken, creditor_by_reference, register_creditor
from agency.parties.users import EmailTaken, create_user
from agency.pricing.rate_cards import publish_first_card
from agency.rules.brand import brand_faults
from portal import main
from tests.barriers import barriers
from tests.beside import beside
from tests.intake.factories import a_file, a_row
from tests.portal.house import PASSWORD, SENDER, House, send
from tests.portal.served import serve
from tests.portal.test_creditor import PARTS, Browser

NEW = "/admin/creditors/new"
FACTS = {
    "name": "Bakkerij De Korenbloem B.V.", "country": "NL", "language": "nl",
    "registration_number": "12345678", "vat_number": "NL000099998B57", "vat_deductible": "true",
    "email": "post@korenbloem.example",
    "phone": "+31 20 765 43 21", "street": "Voorbeeldweg 1", "postal_code": "1000 AA", "city": "Amsterdam",
}  # fmt: skip
TERMS = {
    "interest_to": "creditor", "costs_to": "agency", "reminder_in_creditors_name": "true",
    "free_demand_days": "3", "withdrawal_percent": "2,50", "withdrawal_minimum": "25,00",
    "interest_percent": "8,5",
}  # fmt: skip
ACCOUNT = {
    "reference": "koren-1", "iban": "NL20 INGB 0001 2345 67", "mode": "net",
    "iban_holder": "Bakkerij De Korenbloem B.V.",
}  # fmt: skip
SURE = "KvK 12345678 read today; the account is in its name."


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", (*PARTS, "portal.admin"))
    install_reactions({})
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
    return House(units, folder=data_folder, redis_url=redis_url)


@pytest.fixture
def admin(house):
    return house.browser(Role.ADMIN)


def register(admin, **changes):
    fields = {
        name: value for name, value in {**FACTS, **TERMS, **ACCOUNT, **changes}.items() if value is not None
    }
    return send(admin, "/admin/creditors", page=NEW, **fields)


@pytest.fixture
def taken_in(house, admin):
    """The page of a creditor that has just come in, and its id."""
    there = register(admin).headers["location"]
    return there, house.one("SELECT id FROM creditor WHERE reference = 'KOREN-1'")


class TestRegistering:
    def test_keeps_who_it_is_and_what_was_agreed(self, house, admin, taken_in):
        page = admin.get(taken_in[0]).text
        assert "Bakkerij De Korenbloem B.V." in page
        assert "Not everything is done" in page
        assert "taking back costs 2.5%, at least €25.00" in page
        assert "8.5% interest a year" in page
        assert re.search(r'class="lines">reminders in the creditor.{1,5}s name · ', page), "it is cut off"
        assert house.one("SELECT iban FROM creditor WHERE reference = 'KOREN-1'") == "NL20INGB0001234567"
        assert house.one("SELECT withdrawal_bps FROM creditor_terms") == 250
        assert "KOREN-1" in admin.get("/admin/creditors?q=koren").text
        assert "KOREN-1" not in admin.get("/admin/creditors?q=unknown").text

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"iban": "NL20INGB0001234568"}, "This is no valid IBAN."),
            ({"vat_number": "NL000099998B58"}, "This is no VAT number."),
            ({"vat_number": "BE0403170701"}, "This VAT number is of another country."),
            ({"registration_number": "1"}, "This is no Chamber of Commerce number of 8 digits."),
            ({"country": "US"}, "Choose one of the countries."),
            ({"reference": "a b"}, "Begin with a letter; use 2 to 20 capitals, digits and hyphens."),
            ({"reference": "12345"}, "Begin with a letter"),
            ({"language": "xxnl"}, "Choose one of the options."),
            ({"name": "De Koren\u202ebloem"}, "This must stand on one line."),
            ({"name": "K" * 101}, "This is too long."),
            ({"phone": "call us"}, "Give a telephone number, like +31 20 123 45 67."),
            ({"interest_percent": "1.00001"}, "Give at most 3 decimals."),
            ({"withdrawal_percent": "much"}, "Give a number, like 1.5."),
            ({"email": "nobody"}, "Give an e-mail address"),
            ({"interest_percent": "eight"}, "Give a per cent between 0 and 20."),
            ({"withdrawal_percent": "101"}, "Give a per cent between 0 and 100."),
            ({"withdrawal_percent": "1.005"}, "Give a per cent with at most two decimals."),
            ({"withdrawal_minimum": "-1"}, "Give an amount in euro."),
            ({"free_demand_days": "91"}, "Give a number of days between 0 and 90."),
            ({"name": None}, "Fill this in."),
        ],
    )
    def test_says_which_field_is_wrong_and_keeps_what_was_typed(self, house, admin, changes, words):
        answer = register(admin, **changes)
        assert answer.status_code == 422
        assert words in answer.text
        assert "Voorbeeldweg 1" in answer.text
        assert house.one("SELECT count(*) FROM creditor WHERE reference <> 'HOUSE'") == 0

    def test_gives_it_a_brand_that_may_be_published(self, house, admin):
        assert register(admin, reference="koren-en-meel-1", phone="").status_code == 303
        with house.units.open(Door.STAFF, by="system:test") as unit:
            creditor_id = creditor_by_reference(unit, reference="KOREN-EN-MEEL-1").id
            design = design_of(brand_of(unit, creditor_id=creditor_id))
        assert brand_faults(design, on=house.today()) == ()
        assert (design.sms_sender, design.phone) == ("KORENENMEEL", house.settings.agency_phone)

    def test_by_two_people_at_once_happens_once(self, house):
        def work(unit):
            made = Creditor(created_at=unit.now, reference="MEEL", name="Meel B.V.", country="NL")
            register_creditor(unit, creditor=made, sender=SENDER)

        refused = beside(house.units, work, raises=ReferenceTaken)
        assert refused == "this reference belongs to another creditor"

    def test_of_a_user_by_two_people_at_once_happens_once(self, house):
        def work(unit):
            create_user(
                unit, email="j@meel.example", name="J. Meel", audience=Audience.STAFF, roles=[Role.ADMIN],
                password=PASSWORD, sealing_secret=house.settings.secret.get_secret_value(),
            )  # fmt: skip

        refused = beside(house.units, work, raises=EmailTaken)
        assert refused == "somebody else signs in with this address"

    def test_leaves_out_signs_that_no_text_has(self, house, admin):
        assert register(admin, name="De\x00 Koren\x01bloem\x1b").status_code == 303
        assert house.one("SELECT name FROM creditor WHERE reference = 'KOREN-1'") == "De Korenbloem"

    def test_of_a_reference_that_is_taken_is_refused(self, admin, taken_in):
        answer = register(admin)
        assert answer.status_code == 422
        assert "This reference belongs to another creditor." in answer.text

    def test_is_for_administrators(self, house, taken_in):
        collector = house.browser(Role.COLLECTOR)
        for path in ("/admin/creditors", NEW, taken_in[0]):
            assert collector.get(path).status_code == 403

    def test_offers_its_first_user_with_the_creditor_chosen(self, admin, taken_in):
        link = re.search(r'href="(/admin/users/new\?creditor=[^"]+)"', admin.get(taken_in[0]).text)[1]
        assert f'value="{taken_in[1]}" selected' in admin.get(link).text


class TestChanging:
    def test_keeps_what_changed_and_who_did(self, house, admin, taken_in):
        changed = send(admin, f"{taken_in[0]}/facts", page=taken_in[0], **{**FACTS, "city": "Utrecht"})
        assert changed.status_code == 303
        assert house.one("SELECT city FROM creditor WHERE reference = 'KOREN-1'") == "Utrecht"
        audited = "SELECT facts->'fields' FROM audit_entry WHERE action = 'creditor.changed'"
        assert house.one(audited) == ["city"]

    def test_refuses_what_cannot_be_beside_its_field(self, admin, taken_in):
        refused = send(admin, f"{taken_in[0]}/facts", page=taken_in[0], **{**FACTS, "vat_number": "NL1"})
        assert refused.status_code == 422
        assert "This is no VAT number." in refused.text

    def test_of_the_house_is_not_done_here(self, house, admin, taken_in):
        assert admin.get(f"/admin/creditors/{HOUSE}").status_code == 404

    def test_of_terms_counts_from_its_day(self, house, admin, taken_in):
        day = house.today() + timedelta(days=7)
        terms = {**TERMS, "valid_from": day.isoformat(), "costs_to": "creditor"}
        assert send(admin, f"{taken_in[0]}/terms", page=taken_in[0], **terms).status_code == 303
        kept = (
            "SELECT costs_to || ' ' || remittance_mode FROM creditor_terms ORDER BY valid_from DESC LIMIT 1"
        )
        assert house.one(kept) == "creditor net"
        again = send(admin, f"{taken_in[0]}/terms", page=taken_in[0], **terms)
        assert again.status_code == 422
        assert "Terms from this day or a later one stand already." in again.text

    @pytest.mark.parametrize("year", [2062, 9999])
    def test_of_terms_begins_on_a_day_after_which_others_can_follow(self, house, admin, taken_in, year):
        terms = {**TERMS, "valid_from": f"{year}-12-31"}
        refused = send(admin, f"{taken_in[0]}/terms", page=taken_in[0], **terms)
        assert refused.status_code == 422
        assert "Choose a day within 730 days." in refused.text
        assert house.one("SELECT count(*) FROM creditor_terms") == 1

    @pytest.mark.parametrize("whose", [HOUSE, "11111111-1111-4111-8111-111111111111"])
    def test_its_users_needs_a_creditor_that_there_is(self, house, admin, whose):
        wanted = {"name": "J. Meel", "email": "j@meel.example", "language": "nl"}
        refused = send(
            admin, "/admin/users", page="/admin/users/new", roles="creditor_manager",
            creditor_id=str(whose), **wanted,
        )  # fmt: skip
        assert refused.status_code == 422
        assert "Choose one of the creditors." in refused.text
        assert "j@meel.example" in refused.text


class TestKeysOfItsPrograms:
    def test_are_revoked_by_an_administrator_when_one_leaked(self, house, admin, taken_in):
        there, creditor_id = taken_in
        with house.units.open(Door.CREDITOR, by="user:manager", creditor_id=creditor_id) as unit:
            made = make_key(
                unit, creditor_id=creditor_id, name="Bookkeeping", scopes=[Scope.READ], expires_on=None
            )
        assert "Bookkeeping" in admin.get(there).text
        revocation = f"{there}/keys/{made.key_id}/revocation"
        assert send(admin, revocation, page=there).status_code == 303
        assert "Bookkeeping" not in admin.get(there).text
        assert house.one("SELECT revoked_by LIKE 'user:%' FROM api_key")
        assert send(admin, revocation, page=there).status_code == 409


class TestTheFirstClaim:
    @pytest.fixture
    def manager(self, house, taken_in):
        return Browser(house, taken_in[1], Role.CREDITOR_MANAGER)

    @staticmethod
    def sign(manager, kind, **fields):
        page = manager.get("/creditor/onboarding").text
        card = page[page.index(f'id="{kind}"') :]
        read = re.search(r'name="read" value="([^"]+)"', card)[1]
        return manager.post(f"/creditor/onboarding/{kind}", {"read": read, **fields})

    def test_waits_until_all_is_done(self, house, taken_in, manager):
        quote = manager.drop(a_file(a_row("F1"))).headers["location"]
        shown = manager.get(quote).text
        assert "Sign first" in shown
        assert "Accept and start" not in shown
        refused = manager.post(f"{quote}/acceptance")
        assert refused.status_code == 409
        assert "Before your first claim is collected you sign the agreement" in refused.text
        assert house.one("SELECT state FROM claim") == "quoted"

        for kind in ("agreement", "power_of_attorney"):
            assert self.sign(manager, kind, may_sign="true").status_code == 303
        assert manager.post(f"{quote}/acceptance").status_code == 409
        second = house.browser(Role.ADMIN, Role.FINANCE)
        sure = send(second, f"{taken_in[0]}/tasks/identity", page=taken_in[0], note=SURE)
        assert sure.status_code == 303
        assert "All is done" in manager.get("/creditor/onboarding").text
        assert manager.post(f"{quote}/acceptance").status_code == 303
        assert house.one("SELECT state FROM claim") == "active"

    def test_document_is_kept_as_it_was_signed(self, house, admin, taken_in, manager):
        self.sign(manager, "agreement", may_sign="true")
        theirs = manager.get("/creditor/onboarding/agreement/document.pdf")
        assert theirs.headers["content-type"] == "application/pdf"
        assert admin.get(f"{taken_in[0]}/tasks/agreement/document.pdf").content == theirs.content
        again = manager.post("/creditor/onboarding/agreement", {"read": "x", "may_sign": "true"})
        assert again.status_code == 422
        other = Browser(house, house.creditor("Another"), Role.CREDITOR_MANAGER)
        assert other.get("/creditor/onboarding/agreement/document.pdf").status_code == 404

    def test_says_in_a_second_tab_that_it_was_signed_before(self, manager, taken_in):
        page = manager.get("/creditor/onboarding").text
        card = page[page.index('id="agreement"') :]
        read = re.search(r'name="read" value="([^"]+)"', card)[1]
        self.sign(manager, "agreement", may_sign="true")
        again = manager.post("/creditor/onboarding/agreement", {"read": read, "may_sign": "true"})
        assert again.status_code == 422
        assert "This was done before." in again.text

    def test_keeps_what_a_second_person_noted_too_late(self, house, taken_in):
        at = f"{taken_in[0]}/tasks/identity"
        first, late = house.browser(Role.ADMIN, Role.FINANCE), house.browser(Role.ADMIN, Role.COLLECTOR)
        assert send(first, at, page=taken_in[0], note=SURE).status_code == 303
        words = "Called the owner, who knows of it."
        refused = send(late, at, page=taken_in[0], note=words)
        assert refused.status_code == 422
        assert "This was done before." in refused.text
        assert words in refused.text

    def test_needs_who_may_sign_and_has_read_it(self, house, taken_in, manager):
        assert self.sign(manager, "agreement").status_code == 422
        stale = manager.post("/creditor/onboarding/agreement", {"read": "another text", "may_sign": "true"})
        assert "The text has changed since you opened it; read it again." in stale.text
        clerk = Browser(house, taken_in[1], Role.CREDITOR_CLERK)
        assert "A manager of your organisation signs this" in clerk.get("/creditor/onboarding").text
        assert clerk.post("/creditor/onboarding/agreement", {"may_sign": "true"}).status_code == 403
        assert manager.post("/creditor/onboarding/identity", {"may_sign": "true"}).status_code == 404
        assert house.one("SELECT count(*) FROM onboarding_task WHERE done_at IS NOT NULL") == 0

    def test_is_made_sure_of_by_another_than_who_registered_it(self, house, admin, taken_in):
        refused = send(admin, f"{taken_in[0]}/tasks/identity", page=taken_in[0], note=SURE)
        assert refused.status_code == 422
        assert house.one("SELECT count(*) FROM onboarding_task WHERE done_at IS NOT NULL") == 0
        second = house.browser(Role.ADMIN, Role.FINANCE)
        short = send(second, f"{taken_in[0]}/tasks/identity", page=taken_in[0], note="yes")
        assert "Say what you looked at, and where." in short.text

    def test_of_a_creditor_from_before_waits_for_nothing(self, house):
        manager = Browser(house, house.creditor("Old"), Role.CREDITOR_MANAGER)
        quote = manager.drop(a_file(a_row("F1"))).headers["location"]
        assert manager.post(f"{quote}/acceptance").status_code == 303
        assert "Nothing is open" in manager.get("/creditor/onboarding").text


@pytest.mark.browser
class TestInABrowser:
    @pytest.fixture
    def served(self, units, tmp_path, redis_url, monkeypatch):
        monkeypatch.setattr(main, "PARTS", (*PARTS, "portal.admin"))
        with serve(House(units, folder=tmp_path, redis_url=redis_url)) as running:
            yield running

    def test_a_name_of_one_long_word_fits_where_creditors_are_chosen(self, served, browser):
        served.house.creditor("Wasserstofftankstellenbetreibergesellschaft" * 3)
        session = served.house.browser(Role.ADMIN).cookies["session"]
        with browser.new_context(base_url=served.url, locale="en-GB") as context:
            context.add_cookies([{"name": "session", "value": session, "url": served.url}])
            page = context.new_page()
            page.goto("/admin/inspection/exports/new")
            assert barriers(page) == []
