"""Signing in: two factors, sessions that end, throttling, and nothing that tells who exists."""

import pytest

from agency.kernel.settings import Settings
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.parties.users import set_disabled
from portal.shared.sessions import browser_name, cookie_name, hashed
from tests.portal.house import PASSWORD, send, token_of


def give_password(client, person, *, password=PASSWORD, to=""):
    return client.post("/sign-in", data={"email": person.email, "password": password, "next": to})


def give_code(client, code, to=""):
    page = client.get("/sign-in/code").text
    return client.post("/sign-in/code", data={"csrf": token_of(page), "code": code, "next": to})


def sign_in(client, person, *, to="", ahead=0):
    assert give_password(client, person).status_code == 303
    return give_code(client, person.code(ahead=ahead), to)


class TestTwoFactors:
    @pytest.mark.parametrize(
        ("role", "home"), [(Role.COLLECTOR, "/desk"), (Role.FINANCE, "/finance"), (Role.ADMIN, "/admin")]
    )
    def test_password_and_code_open_the_door_of_the_role(self, house, role, home):
        client = house.client()
        answer = sign_in(client, house.person(role))
        assert (answer.status_code, answer.headers["location"]) == (303, home)

    def test_a_creditors_user_comes_to_the_creditors_door(self, house):
        person = house.person(Role.CREDITOR_CLERK, creditor_id=house.creditor())
        assert sign_in(house.client(), person).headers["location"] == "/creditor"

    def test_the_password_alone_opens_nothing(self, house):
        client = house.client()
        give_password(client, house.person(Role.ADMIN))
        answer = client.get("/admin/users")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/admin/users")

    def test_who_asked_for_a_list_as_filtered_comes_back_to_it(self, house):
        client, person = house.client(), house.person(Role.ADMIN)
        asked = client.get("/admin/users?q=jansen&page=2").headers["location"]
        assert asked == "/sign-in?next=/admin/users%3Fq%3Djansen%26page%3D2"
        answer = sign_in(client, person, to="/admin/users?q=jansen&page=2")
        assert answer.headers["location"] == "/admin/users?q=jansen&page=2"
        assert client.get(asked).headers["location"] == "/admin/users?q=jansen&page=2"

    def test_a_part_of_a_page_leads_back_to_the_whole_of_it(self, house):
        shown = {"hx-request": "true", "hx-current-url": "https://elsewhere.example/admin/users?q=jansen"}
        answer = house.client().get("/admin/users", headers=shown)
        assert answer.headers["hx-redirect"] == "/sign-in?next=/admin/users%3Fq%3Djansen"

    def test_a_query_too_long_to_carry_along_is_left_behind(self, house):
        asked = house.client().get("/admin/users?q=" + "x" * 600).headers["location"]
        assert asked == "/sign-in?next=/admin/users"

    def test_the_session_is_another_one_after_the_code(self, house):
        client = house.client()
        person = house.person(Role.ADMIN)
        give_password(client, person)
        before = client.cookies["session"]
        give_code(client, person.code())
        assert client.cookies["session"] != before
        stale = house.client()
        stale.cookies.set("session", before)
        assert stale.get("/sign-in/code").headers["location"] == "/sign-in"

    def test_a_code_is_taken_once(self, house):
        person = house.person(Role.ADMIN)
        code = person.code()
        assert give_password(first := house.client(), person).status_code == 303
        assert give_code(first, code).status_code == 303
        give_password(second := house.client(), person)
        assert give_code(second, code).status_code == 422
        assert second.get("/admin").status_code == 303

    def test_an_older_code_than_the_last_is_refused(self, house):
        person = house.person(Role.ADMIN)
        assert sign_in(house.client(), person, ahead=1).status_code == 303
        give_password(client := house.client(), person)
        assert give_code(client, person.code(ahead=0)).status_code == 422

    def test_a_wrong_code_is_refused(self, house):
        give_password(client := house.client(), house.person(Role.ADMIN))
        assert give_code(client, "000000").status_code == 422

    def test_the_page_that_was_asked_for_is_shown_after_signing_in(self, house):
        client = house.client()
        assert (
            sign_in(client, house.person(Role.ADMIN), to="/admin/users").headers["location"] == "/admin/users"
        )

    @pytest.mark.parametrize(
        "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"]
    )
    def test_nobody_is_sent_to_another_site(self, house, target):
        client = house.client()
        assert sign_in(client, house.person(Role.ADMIN), to=target).headers["location"] == "/admin"


class TestSilence:
    def test_unknown_people_get_the_same_answer(self, house):
        person = house.person(Role.ADMIN)
        wrong = give_password(house.client(), person, password="not the password")
        person.email = "nobody@example.org"
        unknown = give_password(house.client(), person)
        assert wrong.status_code == unknown.status_code == 422
        known_words = wrong.text.replace("admin-house@example.org", "")
        assert known_words == unknown.text.replace("nobody@example.org", "")

    def test_a_blocked_user_gets_the_same_answer(self, house):
        person = house.person(Role.COLLECTOR)
        with house.units.open(Door.STAFF, by="system:test") as unit:
            set_disabled(unit, user_id=person.user_id, disabled=True)
        assert give_password(house.client(), person).status_code == 422

    @pytest.mark.parametrize("password", ["x" * 2000, "a\0b" * 10, "👩‍👩‍👧" * 30])
    def test_odd_passwords_are_just_wrong(self, house, password):
        answer = give_password(house.client(), house.person(Role.ADMIN), password=password)
        assert answer.status_code == 422

    def test_a_person_who_guesses_has_to_wait(self, house):
        person = house.person(Role.ADMIN)
        answers = [give_password(house.client(), person, password="wrong").status_code for _ in range(9)]
        assert answers == [422] * 8 + [429]
        assert give_password(house.client(), person).status_code == 429
        assert house.one("SELECT count(*) FROM user_session") == 0


class TestSessions:
    def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(self, house):
        answer = give_password(house.client(), house.person(Role.ADMIN))
        words = answer.headers["set-cookie"].lower()
        assert "httponly" in words
        assert "samesite=lax" in words

    def test_over_https_the_cookie_belongs_to_this_host_only(self):
        assert cookie_name(Settings(public_url="https://agency.example")) == "__Host-session"

    def test_only_the_hash_is_kept(self, house):
        client = house.browser(Role.ADMIN)
        kept = house.one("SELECT id_sha256 FROM user_session")
        assert kept == hashed(client.cookies["session"])

    @pytest.mark.parametrize(
        "ended",
        [
            "last_seen_at = app.now() - interval '31 minutes'",
            "expires_at = app.now() - interval '1 second'",
            "revoked_at = app.now()",
        ],
    )
    def test_an_idle_old_or_revoked_session_opens_nothing(self, house, ended):
        client = house.browser(Role.ADMIN)
        assert client.get("/admin").status_code == 200
        house.change(f"UPDATE user_session SET {ended}")
        assert client.get("/admin").status_code == 303

    def test_being_active_keeps_a_session_alive(self, house):
        client = house.browser(Role.ADMIN)
        house.change("UPDATE user_session SET last_seen_at = app.now() - interval '29 minutes'")
        assert client.get("/admin").status_code == 200
        assert house.one("SELECT app.now() - last_seen_at < interval '1 minute' FROM user_session")

    def test_a_blocked_user_is_out_at_the_next_request(self, house):
        person = house.person(Role.ADMIN)
        house.person(Role.ADMIN, Role.COLLECTOR)  # one has to be left
        client = house.signed_in(person)
        with house.units.open(Door.STAFF, by="system:test") as unit:
            set_disabled(unit, user_id=person.user_id, disabled=True)
        assert client.get("/admin").status_code == 303

    def test_a_role_that_was_taken_closes_its_door_at_the_next_request(self, house):
        client = house.browser(Role.ADMIN)
        house.change("UPDATE user_account SET roles = '{collector}'")
        assert client.get("/admin").status_code == 403

    def test_a_creditors_user_with_an_agency_role_stays_outside(self, house):
        client = house.browser(Role.CREDITOR_CLERK, creditor_id=house.creditor())
        house.change("UPDATE user_account SET roles = '{creditor_clerk,admin}'")
        assert client.get("/admin").status_code == 403

    def test_signing_out_ends_the_session(self, house):
        client = house.browser(Role.ADMIN)
        session = client.cookies["session"]
        assert send(client, "/sign-out", page="/admin").headers["location"] == "/sign-in"
        client.cookies.set("session", session)
        assert client.get("/admin").status_code == 303

    def test_another_browser_can_be_signed_out(self, house):
        person = house.person(Role.ADMIN)
        mine = house.signed_in(person)
        other = house.signed_in(person, user_agent="Mozilla/5.0 (X11; Linux) Gecko Firefox/145.0")
        page = mine.get("/sessions").text
        assert "Firefox, Linux" in page
        handle = hashed(other.cookies["session"])[:16]
        assert send(mine, "/sessions/end", page="/sessions", handle=handle).status_code == 303
        assert other.get("/admin").status_code == 303
        assert mine.get("/admin").status_code == 200

    def test_nobody_ends_the_session_of_somebody_else(self, house):
        mine = house.browser(Role.ADMIN)
        other = house.browser(Role.FINANCE)
        handle = hashed(other.cookies["session"])[:16]
        send(mine, "/sessions/end", page="/sessions", handle=handle)
        assert house.one("SELECT count(*) FROM user_session WHERE revoked_at IS NULL") == 2


class TestOwnPassword:
    NEW = "een heel andere zin"

    def change(self, client, **fields):
        return send(client, "/password", page="/password", **fields)

    def test_a_new_password_signs_other_browsers_out(self, house):
        person = house.person(Role.ADMIN)
        mine, other = house.signed_in(person), house.signed_in(person)
        answer = self.change(mine, present=PASSWORD, new=self.NEW, again=self.NEW)
        assert answer.headers["location"] == "/sessions"
        assert mine.get("/admin").status_code == 200
        assert other.get("/admin").status_code == 303
        assert give_password(house.client(), person).status_code == 422
        assert give_password(house.client(), person, password=self.NEW).status_code == 303

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            (
                {"present": "not the present one", "new": NEW, "again": NEW},
                "This is not your present password.",
            ),
            (
                {"present": PASSWORD, "new": NEW, "again": NEW + "!"},
                "This is not the same as the new password.",
            ),
            (
                {"present": PASSWORD, "new": "short", "again": "short"},
                "A password has at least 15 characters",
            ),
        ],
    )
    def test_a_refusal_changes_nothing(self, house, fields, words):
        client = house.browser(Role.ADMIN)
        kept = house.one("SELECT password_hash FROM user_account")
        answer = self.change(client, **fields)
        assert answer.status_code == 422
        assert words in answer.text
        assert PASSWORD not in answer.text
        assert house.one("SELECT password_hash FROM user_account") == kept


class TestPreferences:
    def test_language_and_theme_go_with_the_user(self, house):
        person = house.person(Role.ADMIN)
        client = house.signed_in(person)
        page = client.get("/admin").text
        client.post(
            "/preferences", data={"csrf": token_of(page), "theme": "dark", "language": "nl", "back": "/admin"}
        )
        elsewhere = house.signed_in(person).get("/admin").text
        assert '<html lang="nl" data-bs-theme="dark">' in elsewhere

    def test_without_the_token_only_this_browser_changes(self, house):
        client = house.browser(Role.ADMIN)
        client.post("/preferences", data={"language": "nl"})
        assert house.one("SELECT language FROM user_account") == "en"

    def test_the_browsers_language_is_used_before_anybody_signs_in(self, house):
        client = house.client()
        client.cookies.delete("language")
        assert '<html lang="en">' in client.get("/sign-in", headers={"accept-language": "en"}).text
        assert (
            '<html lang="nl">' in client.get("/sign-in", headers={"accept-language": "nl-BE,en;q=0.5"}).text
        )

    def test_what_does_not_exist_is_left_out(self, house):
        client = house.client()
        answer = client.post(
            "/preferences", data={"language": "xx", "theme": "pink", "back": "//evil.example"}
        )
        assert answer.headers["location"] == "/"
        assert "set-cookie" not in answer.headers


class TestNames:
    @pytest.mark.parametrize(
        ("user_agent", "name"),
        [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit Version/19 Safari/604",
                "Safari, iPhone",
            ),
            ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/142 Safari/537 Edg/142", "Edge, Windows"),
            ("curl/8", ""),
        ],
    )
    def test_browsers_are_called_as_people_do(self, user_agent, name):
        assert browser_name(user_agent) == name
