"""Keys of programs: kept as a hash, found in constant time, throttled, ended, replaced and audited."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from limits import RateLimitItemPerMinute
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool

from agency.kernel.audit import verify_chain
from agency.kernel.clock import move_clock
from agency.kernel.unit import Door
from agency.parties import api_keys
from agency.parties.api_keys import KEY, KEYS_MAX, KeyEnded, TooManyKeys, make_key, replace_key, revoke_key
from agency.parties.models import Role, Scope
from agency.parties.users import set_disabled
from portal.api import access
from tests.api.conftest import Program, key_for


def wait(house, **span) -> None:
    """Move the clock forward."""
    with house.units.open(Door.STAFF, by="system:test") as unit:
        move_clock(unit, to=unit.now + timedelta(**span), production=False)


def revoke(house, program) -> None:
    with house.units.open(Door.CREDITOR, by="user:test", creditor_id=program.creditor_id) as unit:
        revoke_key(unit, creditor_id=program.creditor_id, key_id=program.made.key_id)


def refused(answer) -> bool:
    """The one answer to every key that opens nothing."""
    return (answer.status_code, answer.json(), answer.headers["www-authenticate"]) == (
        401,
        {"type": "about:blank", "title": "this key is not valid", "status": 401, "code": "key_refused"},
        'Bearer realm="api", error="invalid_token"',
    )


class TestKey:
    def test_opens_without_a_session_or_a_token(self, program):
        assert program.ask("GET", "/claims").json() == {"claims": [], "next": None}
        assert program.place().status_code == 201

    def test_begins_as_scanners_know_it_and_is_kept_as_a_hash_alone(self, house, program):
        secret = program.made.secret
        assert KEY.fullmatch(secret)
        assert program.made.key_id.hex in secret
        kept = house.one("SELECT secret_sha256 FROM api_key")
        assert kept == hashlib.sha256(secret.encode()).hexdigest()

    def test_is_refused_in_one_way_whatever_is_wrong_with_it(self, house, program):
        right = program.made.secret
        other = f"agkey_{'0' * 32}_{right[-43:]}"
        for wrong in (f"{right[:-1]}?", right.swapcase(), right[:-1] + "é", other, "x", "", right + " x"):
            sent = {"authorization": f"Bearer {wrong}".encode("latin-1")}
            assert refused(program.ask("GET", "/claims", headers=sent)), wrong
        for scheme in ("Basic", "Token"):
            program.client.headers["authorization"] = f"{scheme} {right}"
            assert refused(program.ask("GET", "/claims"))
        program.client.headers["authorization"] = f"bearer {right}"
        assert program.ask("GET", "/claims").status_code == 200
        revoke(house, program)
        assert refused(program.ask("GET", "/claims"))

    def test_given_twice_is_refused(self, program):
        twice = [("authorization", f"Bearer {program.made.secret}")] * 2
        del program.client.headers["authorization"]
        assert refused(program.client.get("/api/v1/claims", headers=twice))

    def test_ends_with_its_last_day(self, house, creditor_id, manager):
        made = key_for(house, creditor_id, expires_on=house.today() + timedelta(days=1))
        program = Program(house, creditor_id, made)
        wait(house, days=1)
        assert program.ask("GET", "/claims").status_code == 200
        wait(house, days=1)
        assert refused(program.ask("GET", "/claims"))

    def test_outlives_who_made_it_but_not_the_last_manager(self, house, creditor_id, manager):
        program = Program(house, creditor_id, key_for(house, creditor_id, by=f"user:{manager.user_id}"))
        clerk = house.person(Role.CREDITOR_CLERK, creditor_id=creditor_id)
        with house.units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(
                text("UPDATE user_account SET roles = roles || 'creditor_manager'::text WHERE id = :u"),
                {"u": clerk.user_id},
            )
            set_disabled(unit, user_id=manager.user_id, disabled=True)
        assert program.ask("GET", "/claims").status_code == 200
        with house.units.open(Door.STAFF, by="system:test") as unit:
            set_disabled(unit, user_id=clerk.user_id, disabled=True)
        assert refused(program.ask("GET", "/claims"))

    def test_says_when_it_was_last_used_and_writes_that_once_a_minute(self, house, program):
        seen = "SELECT last_used_at FROM api_key"
        assert house.one(seen) is None
        program.ask("GET", "/claims")
        first = house.one(seen)
        wait(house, seconds=40)
        program.ask("GET", "/claims")
        assert house.one(seen) == first
        wait(house, seconds=40)
        program.ask("GET", "/claims")
        assert house.one(seen) > first

    def test_that_is_wrong_is_not_noted_as_used(self, house, program):
        program.client.headers["authorization"] = f"Bearer {other_than(program.made.secret)}"
        program.ask("GET", "/claims")
        assert house.one("SELECT last_used_at FROM api_key") is None


def other_than(secret: str) -> str:
    """A key that differs in its last sign, whatever that is."""
    return secret[:-1] + ("1" if secret.endswith("0") else "0")


class TestKeyBesideASession:
    def test_is_judged_alone(self, house, creditor_id, program):
        person = house.browser(Role.CREDITOR_CLERK, creditor_id=creditor_id)
        assert person.get("/api/v1/claims").status_code == 200
        wrong = {"authorization": f"Bearer {other_than(program.made.secret)}"}
        assert refused(person.get("/api/v1/claims", headers=wrong))
        only_reads = key_for(house, creditor_id, [Scope.READ])
        answer = person.post(
            "/api/v1/claims/dry-run",
            json={"claims": []},
            headers={"authorization": f"Bearer {only_reads.secret}"},
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")

    def test_a_session_needs_its_token_as_before(self, house, creditor_id):
        person = house.browser(Role.CREDITOR_MANAGER, creditor_id=creditor_id)
        answer = person.post("/api/v1/quotes", json={})
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")

    def test_opens_no_page(self, house, program):
        for path in ("/creditor", "/creditor/keys", "/creditor/claims.csv", "/sessions"):
            answer = program.client.get(path)
            assert answer.status_code in (303, 404), path


class TestThrottling:
    def test_wrong_keys_are_refused_sooner_and_sooner_shut_out(self, house, program, stranger):
        right = program.client.headers["authorization"]
        program.client.headers["authorization"] = right[:-1] + "0"
        statuses = [program.ask("GET", "/claims").status_code for _ in range(12)]
        assert statuses == [401] * 8 + [429] * 4
        shut_out = program.ask("GET", "/claims")
        assert 1 <= int(shut_out.headers["retry-after"]) <= 60
        assert shut_out.json()["code"] == "too_many"
        assert stranger.ask("GET", "/claims").status_code == 200, "a program beside it goes on"

    def test_an_address_that_tries_many_keys_is_shut_out(self, program):
        own = program.client.headers.pop("authorization")
        for number in range(60):
            wrong = {"authorization": f"Bearer agkey_{number:032x}_{'a' * 43}"}
            assert program.client.get("/api/v1/claims", headers=wrong).status_code == 401
        fresh = {"authorization": f"Bearer agkey_{'f' * 32}_{'a' * 43}"}
        assert program.client.get("/api/v1/claims", headers=fresh).status_code == 429
        assert program.client.get("/api/v1/claims", headers={"authorization": own}).status_code == 429

    def test_each_key_has_a_limit_of_its_own(self, program, stranger, monkeypatch):
        monkeypatch.setattr(access, "PER_CALLER", RateLimitItemPerMinute(3))
        statuses = [program.ask("GET", "/claims").status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        over = program.ask("GET", "/claims")
        assert over.headers["content-type"] == "application/problem+json"
        assert 1 <= int(over.headers["retry-after"]) <= 60
        assert stranger.ask("GET", "/claims").status_code == 200


class TestRevoking:
    def test_at_once_by_two_people_happens_once(self, house, program):
        barrier = threading.Barrier(2)

        def one() -> bool:
            barrier.wait()
            try:
                revoke(house, program)
            except KeyEnded:
                return False
            return True

        with ThreadPoolExecutor(2) as both:
            done = sorted(both.map(lambda _: one(), range(2)))
        assert done == [False, True]
        assert house.one("SELECT count(*) FROM audit_entry WHERE action = 'api_key.revoked'") == 1

    def test_while_a_request_waits_for_its_turn_stops_it(self, house, program):
        """The key was right when the request came; it is revoked before the request begins its work."""

        class RevokedMeanwhile:
            async def __aenter__(self):
                await run_in_threadpool(revoke, house, program)

            async def __aexit__(self, *_):
                return None

        house.app.state.turns = RevokedMeanwhile()
        assert refused(program.place())
        assert house.one("SELECT count(*) FROM claim") == 0
        assert house.one("SELECT last_used_at FROM api_key") is not None, "it was let in at first"

    def test_a_replaced_key_goes_on_for_the_chosen_term(self, house, program):
        with house.units.open(Door.CREDITOR, by="user:test", creditor_id=program.creditor_id) as unit:
            whose = {"creditor_id": program.creditor_id, "key_id": program.made.key_id}
            newer = replace_key(unit, **whose, overlap_days=7)
            with pytest.raises(KeyEnded, match="replaced before"):
                replace_key(unit, **whose, overlap_days=7)
        after = Program(house, program.creditor_id, newer)
        for one in (program, after):
            assert one.ask("GET", "/claims").status_code == 200
        wait(house, days=7, seconds=1)
        assert refused(program.ask("GET", "/claims"))
        assert after.place().status_code == 201

    def test_a_replaced_key_may_stop_at_once(self, house, program):
        with house.units.open(Door.CREDITOR, by="user:test", creditor_id=program.creditor_id) as unit:
            replace_key(unit, creditor_id=program.creditor_id, key_id=program.made.key_id, overlap_days=0)
        assert refused(program.ask("GET", "/claims"))


class TestMaking:
    def test_more_than_may_live_at_once_is_refused_also_by_two_people_at_once(self, house, creditor_id):
        for number in range(KEYS_MAX - 1):
            key_for(house, creditor_id, name=f"key {number}")
        barrier = threading.Barrier(2)

        def one() -> bool:
            barrier.wait()
            try:
                key_for(house, creditor_id)
            except TooManyKeys:
                return False
            return True

        with ThreadPoolExecutor(2) as both:
            made = sorted(both.map(lambda _: one(), range(2)))
        assert made == [False, True]
        assert house.one("SELECT count(*) FROM api_key") == KEYS_MAX

    def test_an_ended_key_makes_room(self, house, creditor_id, program):
        for number in range(KEYS_MAX - 1):
            key_for(house, creditor_id, name=f"key {number}")
        revoke(house, program)
        key_for(house, creditor_id)

    def test_a_creditor_sees_and_ends_its_own_alone(self, house, program, stranger):
        with house.units.open(Door.CREDITOR, by="user:test", creditor_id=stranger.creditor_id) as unit:
            found = api_keys.keys_of(unit, creditor_id=program.creditor_id)
            assert list(found) == []
            with pytest.raises(api_keys.NotFound):
                revoke_key(unit, creditor_id=program.creditor_id, key_id=program.made.key_id)

    @pytest.mark.parametrize("change", ["secret_sha256 = 'x'", "scopes = ARRAY['accept']", "name = 'x'"])
    def test_what_a_key_is_cannot_be_changed_by_its_creditor(self, house, program, change):
        with (
            pytest.raises(Exception, match="permission denied"),
            house.units.open(Door.CREDITOR, by="user:test", creditor_id=program.creditor_id) as unit,
        ):
            unit.session.connection().execute(text(f"UPDATE api_key SET {change}"))


class TestTraces:
    def test_everything_is_in_the_audit_and_the_secret_nowhere(self, house, program, capfd):
        with house.units.open(Door.CREDITOR, by="user:test", creditor_id=program.creditor_id) as unit:
            newer = replace_key(
                unit, creditor_id=program.creditor_id, key_id=program.made.key_id, overlap_days=1
            )
        program.place()
        program.client.headers["authorization"] += "0"
        program.ask("GET", "/claims")
        revoke(house, program)
        with house.units.open(Door.STAFF, by="system:test") as unit:
            connection = unit.session.connection()
            actions = connection.execute(
                text("SELECT action, by FROM audit_entry WHERE action LIKE 'api_key%' ORDER BY seq")
            ).all()
            tables = connection.execute(
                text(
                    "SELECT relname FROM pg_class WHERE relkind = 'r' AND has_table_privilege(oid, 'SELECT')"
                    " AND relnamespace = 'public'::regnamespace"
                )
            ).scalars()
            rows = "\n".join(
                row  # whole: the text of a row of SQLAlchemy's is cut short
                for table in tables.all()
                for row in connection.execute(text(f"SELECT t::text FROM {table} t")).scalars()
            )
            assert verify_chain(unit, creditor_id=program.creditor_id).broken_at is None
        assert [tuple(row) for row in actions] == [
            ("api_key.made", "user:test"),
            ("api_key.made", "user:test"),
            ("api_key.replaced", "user:test"),
            ("api_key.revoked", "user:test"),
        ]
        assert "api_key.made" in rows
        printed = "".join(capfd.readouterr())
        for made in (program.made, newer):
            assert made.secret[-43:] not in rows
            assert made.secret[-43:] not in printed
        assert house.one("SELECT received_by FROM placement") == f"key:{program.made.key_id}"

    def test_a_bug_tells_no_key(self, house, program, monkeypatch, capfd):
        monkeypatch.setattr("portal.api.claim_list.changes_since", None)
        answer = program.ask("GET", "/claims/changes")
        assert (answer.status_code, answer.json()["code"]) == (500, "bug")
        assert answer.headers["content-type"] == "application/problem+json"
        assert program.made.secret[-43:] not in "".join(capfd.readouterr())


def test_a_key_without_a_scope_or_a_name_is_not_made(house, creditor_id):
    with house.units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
        for field, wrong in (
            ("scopes", {"scopes": ()}),
            ("name", {"name": " "}),
            ("expires_on", {"expires_on": unit.today - timedelta(days=1)}),
        ):
            asked = {"name": "ERP", "scopes": (Scope.READ,), "expires_on": None} | wrong
            with pytest.raises(api_keys.Invalid) as refusal:
                make_key(unit, creditor_id=creditor_id, **asked)
            assert refusal.value.field == field
    assert house.one("SELECT count(*) FROM api_key") == 0
