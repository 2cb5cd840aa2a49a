"""The interface as programs see it: what each route takes, whose things it tells, and how it refuses."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text

from agency.kernel.unit import Door
from agency.parties.models import Role, Scope
from agency.remittance.models import RemittanceRun
from portal.api.access import GuardedRoute
from portal.api.description import description, routes
from portal.shared.audience import ROUTERS, router
from tests.api.conftest import CLAIM, Program, key_for
from tests.intake.factories import a_file, a_row
from tests.portal.house import House

PDF = b"%PDF-1.4\n%%EOF"
UNKNOWN = str(UUID(int=1))
# A body that each route reads, so that a refusal is about what is tried and nothing else.
BODIES = {
    "/api/v1/claims": CLAIM,
    "/api/v1/claims/dry-run": {"claims": [CLAIM]},
    "/api/v1/quotes": {
        "amount": "1.00",
        "due_on": "2026-05-01",
        "debtor_kind": "company",
        "country": "NL",
    },
    "/api/v1/quotes/{number}/acceptance": {},
    "/api/v1/quotes/{number}/refusal": {"reason": "too dear"},
    "/api/v1/price-requests/{number}/acceptance": {"offer": UNKNOWN},
    "/api/v1/price-requests/{number}/refusal": {"reason": "too dear"},
    "/api/v1/price-requests/{number}/questions": {"words": "Why?"},
    "/api/v1/credit-checks": {"country": "NL", "name": "Jansen"},
    "/api/v1/claims/{claim_id}/earlier-steps": {
        "steps": [{"kind": "reminder", "channel": "email", "sent_on": "2026-06-01"}]
    },
    "/api/v1/claims/{claim_id}/insurance": {
        "insurer": "Atradius",
        "policy_number": "1",
        "covered_percent": "90",
    },
}
FILES = {"/api/v1/claims/{claim_id}/documents", "/api/v1/placements"}


def every_route() -> list[tuple[str, str, Scope]]:
    """(method, path, scope) of each route that takes one."""
    return sorted(
        (method, route.path_format, scope)
        for route, scope in routes()
        if scope is not None
        for method in route.methods
    )


def called(program: Program, method: str, path: str, **ids: str):
    """Call a route with a body that it reads and ids in its path."""
    filled = path.removeprefix("/api/v1")
    for name in ("claim_id", "number", "check_id", "placement_id", "run_id"):
        filled = filled.replace(f"{{{name}}}", ids.get(name, UNKNOWN))
    if path in FILES and method == "POST":
        return program.client.post(f"/api/v1{filled}?name=a.pdf", content=PDF)
    return program.ask(method, filled, BODIES.get(path) if method != "GET" else None, key="k")


class TestScopes:
    def test_every_route_of_the_interface_stands_behind_one(self, house):
        found = list(routes())
        assert len(found) > 20
        without = [route.path for route, scope in found if scope is None]
        assert without == ["/api/v1/openapi.json"], "make its router with opened_by(Scope.…)"
        assert {scope for _, scope in found} - {None} == set(Scope)

    def test_a_planted_route_without_one_is_noticed(self):
        planted = router(audience="api", prefix="/api/v1")
        planted.get("/planted")(list)
        try:
            with pytest.raises(LookupError, match="/api/v1/planted has no guard"):
                list(routes())
        finally:
            ROUTERS.pop()

    @pytest.mark.parametrize("scope", Scope)
    def test_a_key_opens_what_its_scope_says_and_nothing_else(self, house, creditor_id, manager, scope):
        program = Program(house, creditor_id, key_for(house, creditor_id, [scope]))
        lacking = {}
        for method, path, needed in every_route():
            answer = called(program, method, path)
            if needed is scope:
                assert answer.status_code not in (401, 403), (method, path)
            else:
                lacking[method, path] = (
                    answer.status_code,
                    answer.json()["code"],
                    answer.json()["title"].endswith(f" {needed}"),
                    f'scope="{needed}"' in answer.headers["www-authenticate"],
                )
        assert lacking
        assert set(lacking.values()) == {(403, "scope_missing", True, True)}

    def test_without_a_key_nothing_opens(self, house):
        client = house.client()
        for method, path, _ in every_route():
            answer = client.request(method, _with_ids(path))
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == 'Bearer realm="api"'
        assert client.get("/api/v1/openapi.json").status_code == 401

    def test_without_a_key_or_its_scope_no_body_is_read(self, house, creditor_id, manager):
        reader = Program(house, creditor_id, key_for(house, creditor_id, [Scope.READ]))
        for method, path, scope in every_route():
            if path not in BODIES:
                continue
            sent = {"content": b"{", "headers": {"content-type": "application/json"}}
            answer = house.client().request(method, _with_ids(path), **sent)
            assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed"), (method, path)
            if scope is not Scope.READ:
                answer = reader.client.request(method, _with_ids(path), **sent)
                assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), (method, path)

    def test_a_route_without_a_guard_is_refused_when_it_is_made(self):
        planted = router(audience="api", prefix="/api/v1")
        planted.route_class = GuardedRoute
        try:
            with pytest.raises(LookupError, match="/api/v1/planted has no guard"):
                planted.get("/planted")(list)
        finally:
            ROUTERS.pop()

    def test_a_clerk_may_do_everything_but_accept(self, house, creditor_id):
        clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=creditor_id)
        token = house.one("SELECT csrf FROM user_session")
        for method, path, scope in every_route():
            answer = clerk.request(
                method, _with_ids(path), json=BODIES.get(path), headers={"x-csrf-token": token}
            )
            assert (answer.status_code == 403) == (scope is Scope.ACCEPT), (method, path)


def _with_ids(path: str) -> str:
    for name in ("claim_id", "number", "check_id", "placement_id", "run_id"):
        path = path.replace(f"{{{name}}}", UNKNOWN)
    return path


class TestTenants:
    def test_see_nothing_of_each_other_by_any_route(self, house, program, stranger):
        own = _something_of_everything(house, program)
        lists = {"/api/v1/claims", "/api/v1/claims/changes", "/api/v1/payouts", "/api/v1/quotes",
                 "/api/v1/price-requests"}  # fmt: skip
        tried = 0
        for method, path, _ in every_route():
            if "{" not in path:
                continue
            foreign = called(stranger, method, path, **own)
            unknown = called(stranger, method, path)
            assert foreign.status_code == 404, (method, path)
            assert foreign.content == unknown.content, "it must read like one that never was"
            tried += 1
        assert tried > 12
        for path in lists:
            told = stranger.client.get(path).text
            assert not [value for value in own.values() if value in told], path
        assert house.one("SELECT count(*) FROM claim WHERE state <> 'quoted'") == 0, "nothing was changed"

    def test_use_the_same_idempotency_key_without_meeting(self, program, stranger):
        ours, theirs = program.place(key="same"), stranger.place(key="same", amount="7.00")
        assert (ours.status_code, theirs.status_code) == (201, 201)
        assert ours.json()["claim"] != theirs.json()["claim"]


def _draft_payout(house: House, creditor_id: UUID) -> UUID:
    """A payout of 88 euros: 100 were collected, 10 are fee and 2 VAT."""
    with house.units.open(Door.STAFF, by="system:test") as unit:
        run = RemittanceRun(
            creditor_id=creditor_id, cutoff_on=unit.today, mode="net", collected_minor=100_00,
            fee_minor=10_00, vat_minor=2_00, withheld_minor=12_00, net_minor=88_00, currency="EUR",
            drafted_at=unit.now, drafted_by="user:test",
        )  # fmt: skip
        unit.session.add(run)
    return run.id


def _something_of_everything(house: House, program: Program) -> dict[str, str]:
    """Ids of things that a creditor has, by the names that routes call them."""
    placed = program.place().json()
    asked = program.ask("POST", "/credit-checks", BODIES["/api/v1/credit-checks"], key="check").json()
    run_id = str(_draft_payout(house, program.creditor_id))
    return {
        "claim_id": placed["claim"],
        "number": placed["quote"],
        "check_id": asked["id"],
        "placement_id": str(house.one("SELECT id FROM placement")),
        "run_id": run_id,
    }


class TestPlacing:
    def test_the_same_key_or_reference_twice_is_the_same_claim(self, house, program):
        first, again = program.place(key="a"), program.place(key="a")
        other_key, changed = program.place(key="b"), program.place(key="c", amount="1300.00")
        assert [one.status_code for one in (first, again, other_key, changed)] == [201, 201, 200, 200]
        assert again.content == first.content
        assert {one.json()["claim"] for one in (first, other_key, changed)} == {first.json()["claim"]}
        assert changed.json()["fee_bps"], "the price that waits is told"
        assert house.one("SELECT count(*) FROM claim") == 1
        assert house.one("SELECT principal_minor FROM claim") == 130_000

    def test_the_same_key_with_another_content_is_refused(self, program):
        program.place(key="a")
        answer = program.place(key="a", amount="1.00")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")

    @pytest.mark.parametrize("amounts", [("10.00", "10.00"), ("10.00", "20.00")])
    def test_two_programs_with_one_reference_at_once_make_one_claim(self, house, program, amounts):
        second = Program(house, program.creditor_id, key_for(house, program.creditor_id, name="second"))
        barrier = threading.Barrier(2)

        def place(one: Program, amount: str):
            barrier.wait()
            return one.place(key=f"of {one.made.key_id}", amount=amount)

        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(place, (program, second), amounts))
        assert sorted(one.status_code for one in answers) == [200, 201]
        assert len({one.json()["claim"] for one in answers}) == 1
        assert house.one("SELECT count(*) FROM claim") == 1

    def test_one_program_that_sends_one_request_twice_at_once_places_it_once(self, house, program):
        barrier = threading.Barrier(2)

        def place(_: int):
            barrier.wait()
            return program.place(key="same").status_code

        with ThreadPoolExecutor(2) as both:
            assert set(both.map(place, range(2))) <= {201, 409}
        assert program.place(key="same").status_code == 201
        assert house.one("SELECT count(*) FROM claim") == 1

    def test_a_refused_claim_leaves_nothing_and_names_every_field(self, house, program):
        answer = program.place(debtor_name="", due_on="")
        assert answer.status_code == 422
        assert {one["field"] for one in answer.json()["errors"]} == {"debtor_name", "due_on"}
        assert house.one("SELECT count(*) FROM placement") == 0
        assert program.place().status_code == 201


class TestDocuments:
    def test_come_as_a_body_or_as_a_form_and_make_the_price_fall(self, house, program):
        claim = program.place().json()["claim"]
        path = f"/api/v1/claims/{claim}/documents"
        body = program.client.post(f"{path}?name=f1.pdf&kind=invoice", content=PDF)
        assert body.status_code == 201
        assert body.json()["fee_bps"] < body.json()["fee_bps_before"]
        files = [("file", ("f1.pdf", PDF)), ("file", ("contract.pdf", PDF + b"\n"))]
        form = program.client.post(path, files=files)
        assert form.status_code == 201
        assert form.json()["documents"][0] == body.json()["documents"][0], (
            "the same file is the same document"
        )
        named = {"content-disposition": "attachment; filename*=UTF-8''bestelbon%20%C3%A9.pdf"}
        assert program.client.post(path, content=PDF + b"\n\n", headers=named).status_code == 201
        told = program.client.get(path).json()
        assert [one["name"] for one in told["documents"]] == ["f1.pdf", "contract.pdf", "bestelbon é.pdf"]
        assert "invoice" not in told["missing"]

    @pytest.mark.parametrize(
        ("query", "content", "status", "field"),
        [
            ("", PDF, 422, "name"),
            ("?name=a.pdf", b"", 422, "file"),
            ("?name=a.exe", b"MZ" * 50, 422, "file"),
            ("?name=a.pdf&kind=poem", PDF, 422, "kind"),
        ],
    )
    def test_that_are_none_are_refused_by_field(self, house, program, query, content, status, field):
        claim = program.place().json()["claim"]
        answer = program.client.post(f"/api/v1/claims/{claim}/documents{query}", content=content)
        assert (answer.status_code, answer.json()["field"]) == (status, field)
        assert house.one("SELECT count(*) FROM document") == 0

    def test_one_that_is_refused_keeps_the_others_out_too(self, house, program):
        claim = program.place().json()["claim"]
        files = [("file", ("a.pdf", PDF)), ("file", ("a.exe", b"MZ" * 50))]
        assert program.client.post(f"/api/v1/claims/{claim}/documents", files=files).status_code == 422
        assert house.one("SELECT count(*) FROM document") == 0


class TestFiles:
    def test_are_read_and_their_rejects_told_by_row_and_field(self, house, program):
        content = a_file(a_row("F1"), a_row("F2", amount="veel"), a_row("F3", customer="8", name="Jan"))
        sent = program.client.post("/api/v1/placements?name=open.csv", content=content)
        assert sent.status_code == 202
        told = sent.json()
        assert (told["state"], told["rows"], told["rejected"]) == ("quoted", 3, 1)
        assert program.client.post("/api/v1/placements?name=open.csv", content=content).status_code == 200
        path = f"/placements/{told['id']}"
        assert program.ask("GET", path).json() == told
        rejects = program.ask("GET", f"{path}/rejects").json()
        assert [(one["row"], one["reasons"][0]["value"]) for one in rejects["rejects"]] == [(3, "veel")]
        assert program.ask("GET", f"{path}/rejects?after=3").json() == {"rejects": [], "next": None}
        lines = program.ask("GET", f"/quotes/{told['quote']}").json()
        assert [one["reference"] for one in lines["lines"]] == ["F1", "F3"]
        assert program.ask("GET", "/quotes?open=true").json()[0]["number"] == told["quote"]


class TestAnswering:
    def test_a_price_is_accepted_by_claim_and_the_rest_declined(self, house, program):
        content = a_file(a_row("F1"), a_row("F2", customer="8", name="Jan"))
        quote = program.client.post("/api/v1/placements?name=a.csv", content=content).json()["quote"]
        first = program.ask("GET", f"/quotes/{quote}?limit=1").json()
        assert first["next"] == first["lines"][0]["claim"]
        accepted = program.ask("POST", f"/quotes/{quote}/acceptance", {"claims": [first["next"]]}, key="a")
        assert accepted.json()["claims"] == 1
        assert house.one("SELECT closed_by FROM quote WHERE state = 'accepted'").startswith("key:")
        rest = program.ask("GET", "/quotes?open=true").json()[0]["number"]
        declined = program.ask("POST", f"/quotes/{rest}/refusal", {"reason": "price"}, key="b")
        assert declined.status_code == 200
        states = {one["reference"]: one["state"] for one in program.ask("GET", "/claims").json()["claims"]}
        assert states == {"F1": "active", "F2": "withdrawn"}
        page = house.browser(Role.CREDITOR_CLERK, creditor_id=program.creditor_id)
        assert "ERP" in page.get(f"/creditor/quotes/{first['id']}").text, "who accepted is told by its name"


class TestListing:
    def test_pages_are_the_same_whatever_changes(self, program):
        numbers = [f"F{number}" for number in range(5)]
        for number in numbers:
            program.place(number)
        seen, after = [], ""
        while True:
            page = program.ask("GET", f"/claims?limit=2{after}").json()
            seen += [one["reference"] for one in page["claims"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert seen == numbers
        found = program.ask("GET", "/claims?reference=F3").json()["claims"]
        assert [one["reference"] for one in found] == ["F3"]
        assert program.ask("GET", "/claims?state=active").json()["claims"] == []

    def test_one_claim_and_its_history_are_told(self, house, program):
        placed = program.place().json()
        claim = placed["claim"]
        program.ask("POST", f"/quotes/{placed['quote']}/acceptance", {}, key="a")
        now = program.ask("GET", f"/claims/{claim}").json()
        assert (now["state"], now["owed"]["principal"]) == ("active", "1250.50")
        assert [one["number"] for one in now["invoices"]] == ["F1"]
        told = program.ask("GET", f"/claims/{claim}/history?limit=1").json()
        assert told["events"][0]["facts"] == {"from_state": "quoted", "to_state": "active"}
        older = program.ask("GET", f"/claims/{claim}/history?before={told['next']}").json()
        assert older["events"][0]["facts"]["to_state"] == "quoted"
        assert older["next"] is None


class TestPayouts:
    def test_are_listed_and_told_line_by_line(self, house, program):
        run_id = _draft_payout(house, program.creditor_id)
        listed = program.ask("GET", "/payouts").json()
        (one,) = listed["payouts"]
        assert (one["state"], one["collected"], one["fee"], one["vat"], one["withheld"], one["paid_out"]) == (
            "draft", "100.00", "10.00", "2.00", "12.00", "88.00",
        )  # fmt: skip
        assert listed["on_its_way"] == "0.00"
        assert program.ask("GET", f"/payouts/{run_id}").json() == one | {"lines": []}


class TestChanges:
    def since(self, program, place: str = "", **more):
        return program.ask("GET", "/claims/changes", params={"since": place} | more).json()

    def told(self, program, place: str, claims: int) -> dict:
        """Ask on, as programs do, until so many claims were told: other writers of the server's, of other
        tests too, hold changes back for as long as they are at work."""
        seen: dict[str, dict] = {}
        for _ in range(2_000):
            page = self.since(program, place)
            place = page["next"]
            seen |= {one["reference"]: one for one in page["claims"]}
            if len(seen) >= claims and not page["more"]:
                break
        return {"claims": seen, "next": place}

    def test_tell_each_claim_that_changed_and_no_other(self, program):
        for number in ("F1", "F2", "F3"):
            program.place(number)
        first = self.told(program, "", 3)
        assert sorted(first["claims"]) == ["F1", "F2", "F3"]
        nothing = self.since(program, first["next"])
        assert (nothing["claims"], nothing["more"], nothing["next"]) == ([], False, first["next"])
        number = program.place("F2").json()["quote"]
        program.ask("POST", f"/quotes/{number}/acceptance", {}, key="a")
        changed = self.told(program, first["next"], 1)
        assert {name: one["state"] for name, one in changed["claims"].items()} == {"F2": "active"}

    def test_tell_a_new_amount_of_a_claim_that_waits_for_its_price(self, program):
        program.place("F1")
        place = self.told(program, "", 1)["next"]
        program.place("F1", key="again", amount="9.00")
        assert self.told(program, place, 1)["claims"]["F1"]["principal"] == "9.00"

    def test_page_through_one_price_of_many_claims(self, house, program):
        content = a_file(*(a_row(f"F{number}", customer=str(number)) for number in range(7)))
        program.client.post("/api/v1/placements?name=a.csv", content=content)
        seen: list[str] = []
        place = ""
        while len(seen) < 7:
            page = self.since(program, place, limit=3)
            assert len(page["claims"]) <= 3
            seen += [one["reference"] for one in page["claims"]]
            place = page["next"]
        assert set(seen) == {f"F{number}" for number in range(7)}

    def test_skip_none_that_was_written_before_and_seen_later(self, house, program):
        """A slow transaction takes its place in the order first and ends last."""
        for number in ("F1", "F2"):
            program.place(number)
        place = self.told(program, "", 2)["next"]
        ids = {one["reference"]: one["id"] for one in program.ask("GET", "/claims").json()["claims"]}
        told = text(
            "INSERT INTO event (creditor_id, id, kind, at, by, claim_id, creditor_sees, facts)"
            " VALUES (:c, uuidv7(), 'MessageSent', app.now(), 'system:test', CAST(:claim AS uuid), true,"
            " '{}')"
        )
        with house.units.open(Door.STAFF, by="system:test") as slow:
            slow.session.connection().execute(told, {"c": program.creditor_id, "claim": ids["F1"]})
            with house.units.open(Door.STAFF, by="system:test") as quick:
                quick.session.connection().execute(told, {"c": program.creditor_id, "claim": ids["F2"]})
            early = self.since(program, place)
            assert early["claims"] == [], "what could still be overtaken is held back"
        assert list(self.told(program, early["next"], 2)["claims"]) == ["F1", "F2"]


class TestProblems:
    @pytest.mark.parametrize(
        ("method", "path", "more", "status", "code"),
        [
            ("GET", "/claims/x", {}, 404, "not_found"),
            ("GET", "/nowhere", {}, 404, "not_found"),
            ("DELETE", "/claims", {}, 405, "http_405"),
            ("POST", "/claims", {"content": b"x", "headers": {"content-type": "text/csv"}},
             415, "media_type"),
            ("POST", "/claims", {"content": b"x" * 5000}, 413, "http_413"),
            ("POST", "/claims", {"json": CLAIM}, 400, "idempotency_key_missing"),
            ("POST", "/claims", {"json": CLAIM | {"status": "paid"}}, 422, "invalid"),
            ("POST", "/claims/dry-run", {"content": b"{", "headers": {"content-type": "application/json"}},
             422, "invalid"),
            ("GET", "/claims?limit=1000000000", {}, 422, "invalid"),
            ("GET", "/claims/changes?since=1-x", {}, 422, "invalid"),
            ("GET", "/claims/changes?since=99999999999999999999-0", {}, 422, "invalid"),
            ("GET", "/quotes/Q%00", {}, 404, "not_found"),
        ],
    )  # fmt: skip
    def test_are_told_in_one_way(self, units, redis_url, data_folder, house, program, method, path, more,
                                 status, code):  # fmt: skip
        small = House(units, folder=data_folder, redis_url=redis_url, upload_bytes_max=4000)
        one = Program(small, program.creditor_id, program.made)
        answer = one.client.request(method, f"/api/v1{path}", **more)
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
        assert told["title"]
        assert (status == 405) == ("allow" in answer.headers)

    def test_a_wrong_method_is_told_every_right_one(self, program):
        assert program.ask("DELETE", "/claims").headers["allow"] == "GET, POST"
        assert program.ask("POST", f"/claims/{UNKNOWN}").headers["allow"] == "GET"

    def test_name_the_row_and_each_field(self, program):
        wrong = [CLAIM, CLAIM | {"amount": "veel", "x": 1}]
        told = program.ask("POST", "/claims/dry-run", {"claims": wrong}).json()
        assert (told["row"], told["field"]) == (1, "claims.1.amount")
        assert [(one["row"], one["field"]) for one in told["errors"]] == [
            (1, "claims.1.amount"),
            (1, "claims.1.x"),
        ]

    def test_tell_of_another_site_in_the_same_way(self, program):
        answer = program.place()
        assert answer.status_code == 201
        cross = program.ask("POST", "/claims", CLAIM, key="x", headers={"sec-fetch-site": "cross-site"})
        assert (cross.status_code, cross.headers["content-type"]) == (403, "application/problem+json")


class TestDescription:
    def test_tells_of_every_route_and_of_nothing_else(self, program):
        told = program.client.get("/api/v1/openapi.json")
        assert told.status_code == 200
        paths = told.json()["paths"]
        found = {(method.upper(), path) for path, operations in paths.items() for method in operations}
        assert found == {(method, path) for method, path, _ in every_route()}
        for method, path, scope in every_route():
            operation = paths[path][method.lower()]
            assert operation["x-scope"] == scope
            assert operation["security"] == [{"key": []}]
            assert set(operation["responses"]) >= {"401", "403", "404", "409", "413", "415", "422", "429"}
        assert "HTTPValidationError" not in str(told.json())

    def test_tells_what_each_route_answers(self):
        for method, path, _ in every_route():
            responses = description()["paths"][path][method.lower()]["responses"]
            good = next(told for status, told in responses.items() if status.startswith("2"))
            assert "$ref" in str(good["content"]), (method, path)

    def test_tells_which_requests_carry_a_key(self, program):
        """By sending none: what answers that it is missing is what the description must tell."""
        for method, path, _ in every_route():
            if method == "GET" or path in FILES:
                continue
            operation = description()["paths"][path][method.lower()]
            told = [one for one in operation.get("parameters", ()) if one["name"] == "Idempotency-Key"]
            body = BODIES.get(path)
            answer = program.client.request(method, _with_ids(path).replace(UNKNOWN, "Q-1"), json=body)
            if answer.json().get("code") == "idempotency_key_missing":
                assert told[0]["required"], (method, path)
            assert "400" in operation["responses"]
            assert "410" in operation["responses"]
            assert all(one["required"] and one["schema"]["maxLength"] == 200 for one in told), path

    def test_tells_the_answer_to_a_repetition(self, program):
        paths = description()["paths"]
        for path in ("/api/v1/claims", "/api/v1/placements"):
            responses = paths[path]["post"]["responses"]
            first = next(status for status in responses if status in ("201", "202"))
            assert responses["200"]["content"] == responses[first]["content"]
        program.place("F7", key="one")
        assert program.place("F7", key="two").status_code == 200

    def test_is_made_once(self):
        assert description() is description()

    def test_the_page_shows_them_all_without_anything_from_elsewhere(self, house, creditor_id):
        page = house.browser(Role.CREDITOR_CLERK, creditor_id=creditor_id).get("/creditor/interface")
        assert page.status_code == 200
        for method, path, _ in every_route():
            assert f">{method} {path}</code>" in page.text
        assert 'src="http' not in page.text
        assert "<style" not in page.text
