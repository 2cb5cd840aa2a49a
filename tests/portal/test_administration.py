"""Users, brands and health, as an administrator uses them without JavaScript."""

import re
from datetime import date

import pyotp
import pytest

from agency.kernel.errors import Conflict
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.parties.users import set_disabled
from agency.rules.freshness import AlarmLevel, RateAlarm, rate_alarms
from portal.admin import health
from tests.portal.house import send, token_of
from tests.portal.test_signing_in import give_code, give_password

NEW = {
    "name": "Jan de Vries",
    "email": "Jan@Example.org",
    "roles": ["collector", "finance"],
    "language": "nl",
}


MINA = "collector-house@example.org"


@pytest.fixture
def admin(house):
    return house.browser(Role.ADMIN)


def secrets_of(page: str) -> list[str]:
    return re.findall(r'<p class="secret">([^<]+)</p>', page)


def make(admin, **changes):
    return send(admin, "/admin/users", page="/admin/users/new", **{**NEW, **changes})


class TestChangingUsers:
    """A name, an address or a role is not for good."""

    def at(self, house, role=Role.COLLECTOR):
        person = house.person(role)
        return person, f"/admin/users/{person.user_id}"

    def change(self, client, page, **fields):
        shown = client.get(page).text
        read = re.search(r'name="read" value="([^"]*)"', shown)[1]
        sent = {
            "name": "Mina",
            "email": "collector-house@example.org",
            "roles": ["collector"],
            "read": read,
        } | fields
        return client.post(page, data={"csrf": token_of(shown)} | sent)

    def test_a_role_counts_from_the_next_request_on(self, house, admin):
        person, page = self.at(house)
        theirs = house.signed_in(person)
        assert theirs.get("/admin/users").status_code == 403
        done = self.change(admin, page, name="Mina de Vries", email="Mina.V@example.org", roles=["admin"])
        assert done.status_code == 303
        assert theirs.get("/admin/users").status_code == 200
        assert "mina.v@example.org" in admin.get(page).text
        facts = house.one("SELECT facts FROM audit_entry WHERE action = 'user.changed'")
        assert facts == {"roles": ["admin"]}

    def test_nobody_takes_administration_from_himself_or_from_all(self, house, admin):
        mine = house.one("SELECT id FROM user_account WHERE 'admin' = ANY(roles)")
        fields = {"name": "Ada", "email": "admin-house@example.org", "roles": ["finance"]}
        refused = self.change(admin, f"/admin/users/{mine}", **fields)
        assert refused.status_code == 422
        assert "cannot take the role of administrator from yourself" in refused.text
        assert 'value="Ada"' in refused.text
        assert house.one("SELECT count(*) FROM user_account WHERE 'admin' = ANY(roles)") == 1

    def test_roles_of_the_other_side_and_a_taken_address_are_refused(self, house, admin):
        _, page = self.at(house)
        assert "do not go together" in self.change(admin, page, roles=["creditor_clerk"]).text
        assert "Somebody else signs in" in self.change(admin, page, email="admin-house@example.org").text

    def test_two_at_once_are_told(self, house, admin):
        _, page = self.at(house)
        read = re.search(r'name="read" value="([^"]*)"', admin.get(page).text)[1]
        assert self.change(admin, page, roles=["finance"]).status_code == 303
        refused = self.change(admin, page, name="Mina Twee", roles=["collector"], read=read)
        assert refused.status_code == 422
        assert "changed this user after you opened" in refused.text
        assert 'value="Mina Twee"' in refused.text
        assert house.one("SELECT roles FROM user_account WHERE email = 'collector-house@example.org'") == [
            "finance"
        ]

    def test_two_who_block_each_other_leave_one(self, house, units):
        first, second = house.person(Role.ADMIN), house.person(Role.ADMIN, Role.FINANCE)
        with units.open(Door.STAFF, by=f"user:{first.user_id}") as unit:
            set_disabled(unit, user_id=second.user_id, disabled=True)
        with pytest.raises(Conflict), units.open(Door.STAFF, by=f"user:{second.user_id}") as unit:
            set_disabled(unit, user_id=first.user_id, disabled=True)


class TestUsers:
    def test_a_new_user_signs_in_with_what_was_shown_once(self, house, admin):
        page = make(admin).text
        password, totp_secret = secrets_of(page)
        assert 'src="data:image/png;base64,' in page
        person = house.person(Role.FINANCE)
        person.email, person.totp_secret = "jan@example.org", totp_secret
        client = house.client()
        assert give_password(client, person, password=password).status_code == 303
        assert give_code(client, pyotp.TOTP(totp_secret).now()).headers["location"] == "/desk"

    def test_the_secrets_are_kept_nowhere_readable(self, house, admin):
        password, totp_secret = secrets_of(make(admin).text)
        row = house.one(
            "SELECT password_hash || encode(totp_secret, 'escape') FROM user_account"
            " WHERE email = 'jan@example.org'"
        )
        assert password not in row
        assert totp_secret not in row
        assert password not in admin.get("/admin/users").text

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"email": "no address"}, "Give an e-mail address"),
            ({"roles": []}, "Fill this in."),
            ({"roles": ["emperor"]}, "Choose one of the options."),
            ({"roles": ["creditor_clerk"]}, "Choose the creditor this user belongs to."),
            ({"roles": ["creditor_clerk", "admin"]}, "do not go together"),
            ({"email": "admin-house@example.org"}, "Somebody else signs in with this address"),
            ({"name": ""}, "Fill this in."),
        ],
    )
    def test_a_refusal_keeps_what_was_typed_and_makes_nobody(self, house, admin, changes, words):
        answer = make(admin, **changes)
        assert answer.status_code == 422
        assert words in answer.text
        if "name" not in changes:
            assert 'value="Jan de Vries"' in answer.text
        assert house.one("SELECT count(*) FROM user_account") == 1

    def test_a_creditors_user_belongs_to_its_creditor(self, house, admin):
        creditor_id = house.creditor()
        assert make(admin, roles="creditor_manager", creditor_id=str(creditor_id)).status_code == 200
        found = house.one("SELECT creditor_id FROM user_account WHERE email = 'jan@example.org'")
        assert found == creditor_id

    def test_the_list_finds_by_name_and_by_address(self, house, admin):
        make(admin)
        house.person(Role.COLLECTOR)
        found = admin.get("/admin/users?q=de+vries").text
        assert "jan@example.org" in found
        assert "collector-house@example.org" not in found
        assert "jan@example.org" in admin.get("/admin/users?q=EXAMPLE").text
        assert "Nothing matches these filters" in admin.get("/admin/users?q=100%25").text

    def test_blocking_ends_every_session_and_is_written_down(self, house, admin):
        person = house.person(Role.COLLECTOR)
        theirs = house.signed_in(person)
        assert theirs.get("/sessions").status_code == 200
        page = f"/admin/users/{person.user_id}"
        assert send(admin, f"{page}/block", page=page).status_code == 303
        assert theirs.get("/sessions").status_code == 303
        assert "Blocked" in admin.get(page).text
        assert house.one("SELECT count(*) FROM audit_entry WHERE action = 'user.disabled'") == 1
        assert send(admin, f"{page}/unblock", page=page).status_code == 303
        assert theirs.get("/sessions").status_code == 303
        assert house.signed_in(person).get("/sessions").status_code == 200

    def test_nobody_blocks_himself(self, house):
        me = house.person(Role.ADMIN)
        client = house.signed_in(me)
        page = f"/admin/users/{me.user_id}"
        assert send(client, f"{page}/block", page=page).status_code == 409
        assert client.get(page).status_code == 200

    def test_a_new_second_factor_replaces_the_old_one(self, house, admin):
        person = house.person(Role.COLLECTOR)
        theirs = house.signed_in(person)
        page = f"/admin/users/{person.user_id}"
        (totp_secret,) = secrets_of(send(admin, f"{page}/second-factor", page=page).text)
        assert totp_secret != person.totp_secret
        assert theirs.get("/sessions").status_code == 303
        give_password(client := house.client(), person)
        assert give_code(client, person.code()).status_code == 422
        assert give_code(client, pyotp.TOTP(totp_secret).now()).status_code == 303

    def test_a_new_password_replaces_the_old_one(self, house, admin):
        person = house.person(Role.COLLECTOR)
        page = f"/admin/users/{person.user_id}"
        (password,) = secrets_of(send(admin, f"{page}/password", page=page).text)
        assert give_password(house.client(), person).status_code == 422
        assert give_password(house.client(), person, password=password).status_code == 303

    def test_only_administrators_come_in(self, house):
        for role in (Role.COLLECTOR, Role.FINANCE):
            assert house.browser(role).get("/admin/users").status_code == 403


class TestHealth:
    def test_everything_in_order_is_said_so(self, admin, monkeypatch):
        monkeypatch.setattr(health, "rate_alarms", lambda **_: ())
        page = admin.get("/admin").text
        assert page.count("In order") == 8
        assert "PostgreSQL" in page

    def test_a_rate_that_nobody_confirmed_is_an_error_on_the_page(self, admin, monkeypatch):
        alarms = (
            RateAlarm("rates_nl_trade", AlarmLevel.missing, date(2026, 6, 30)),
            RateAlarm("uk_bank_rate", AlarmLevel.ending, date(2026, 12, 31)),
        )
        monkeypatch.setattr(health, "rate_alarms", lambda **_: alarms)
        page = admin.get("/admin").text
        assert 'role="alert"' in page
        assert "Rates of law are missing" in page
        assert "Trade interest, Netherlands (rates_nl_trade)" in page
        assert "Rates of law are needed soon" in page
        assert page.count("In order") == 7

    def test_every_table_that_grows_old_has_a_name(self):
        assert {alarm.table for alarm in rate_alarms(on=date(2040, 1, 1))} <= health.RATE_TABLES.keys()

    def test_the_warning_comes_as_early_as_the_setting_says(self, house, admin):
        config = house.settings.model_copy(update={"rates_warning_days": 36_500})
        state = house.app.state
        state.wiring = type(state.wiring)(settings=config, units=house.units, ports=house.ports)
        assert "rates_nl_trade" in admin.get("/admin").text

    def test_late_jobs_and_those_set_aside_are_shown(self, house, admin):
        job = (
            "INSERT INTO outbox (id, actor, queue, args, created_at, available_at, attempts, generation,"
            " last_error{more}) VALUES (gen_random_uuid(), 'made.up', 'default', '{{}}',"
            " now() - interval '1 hour', now(), 5, 0, 'ValueError: no such thing'{value})"
        )
        house.change(job.format(more="", value=""))
        house.change(job.format(more=", quarantined_at", value=", now()"))
        page = admin.get("/admin").text
        assert "made.up" in page
        assert "ValueError: no such thing" in page
        assert page.count("Late") == 1
        assert re.search(r"oldest 36[0-5]\d seconds", page), "an hour, and what the page took"

    def test_a_fact_that_waits_is_late_by_the_machines_clock_also_where_the_products_was_moved(
        self, house, admin
    ):
        house.change(
            "INSERT INTO inbox (id, source, external_id, body, content_sha256, received_at)"
            " VALUES (uuidv7(interval '-1 hour'), 'made', 'up', '{}', '', now() + interval '16 days')"
        )
        page = admin.get("/admin").text
        assert page.count("Late") == 1
        assert re.search(r"oldest 36[0-5]\d seconds", page), "an hour, and what the page took"

    def test_a_broker_that_is_away_is_said_so(self, house, admin):
        config = house.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
        state = house.app.state
        state.wiring = type(state.wiring)(settings=config, units=house.units, ports=house.ports)
        assert "Away" in admin.get("/admin").text
