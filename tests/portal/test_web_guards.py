"""What every answer carries, and what an unsafe request must show."""

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount

from agency.parties.models import Role
from portal.main import create_app
from portal.shared.audience import OWN_GUARD, ROUTERS, router
from portal.shared.navigation import DOORS
from portal.shared.security import Guarded
from tests.portal.house import token_of

USER = {"name": "Jan de Vries", "email": "jan@example.org", "roles": "collector", "language": "nl"}
PAGES = ("/sign-in", "/admin", "/nowhere", "/healthz", "/static/app.css")


@pytest.fixture
def admin(house):
    return house.browser(Role.ADMIN)


def users(house):
    return house.one("SELECT count(*) FROM user_account WHERE email = 'jan@example.org'")


class TestHeaders:
    @pytest.mark.parametrize("path", PAGES)
    def test_every_answer_is_locked_down(self, house, path):
        headers = house.client().get(path).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'self'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"

    def test_pages_are_not_kept_and_static_files_are(self, house):
        client = house.client()
        assert client.get("/sign-in").headers["cache-control"] == "no-store"
        assert "immutable" in client.get("/static/app.css").headers["cache-control"]

    def test_nothing_of_a_page_stands_inline(self, admin):
        for path in (
            "/admin",
            "/admin/users/new",
            "/admin/brands",
            "/_styleguide",
            "/_styleguide/debtor",
            "/sign-in",
        ):
            page = admin.get(path).text
            assert " style=" not in page
            assert "<style" not in page
            assert " onclick" not in page
            assert page.count("<script") == page.count("<script src=")

    def test_https_is_demanded_where_the_portal_has_it(self):
        guarded = Guarded(FastAPI(), public_url="https://agency.example")
        assert guarded.https

    def test_the_documentation_page_is_closed(self, house):
        assert house.client().get("/docs").status_code == 404


class TestForeignForms:
    def test_a_form_needs_its_token(self, house, admin):
        assert admin.post("/admin/users", data=USER).status_code == 403
        assert admin.post("/admin/users", data={**USER, "csrf": "guessed"}).status_code == 403
        assert users(house) == 0

    def test_the_token_of_another_session_is_no_good(self, house, admin):
        other = token_of(house.browser(Role.FINANCE, Role.ADMIN).get("/admin/users/new").text)
        assert admin.post("/admin/users", data={**USER, "csrf": other}).status_code == 403
        assert users(house) == 0

    @pytest.mark.parametrize(
        "headers",
        [
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "https://evil.example"},
            {"origin": "null"},
        ],
    )
    def test_other_sites_send_nothing_even_with_the_token(self, house, admin, headers):
        token = token_of(admin.get("/admin/users/new").text)
        answer = admin.post("/admin/users", data={**USER, "csrf": token}, headers=headers)
        assert answer.status_code == 403
        assert users(house) == 0

    @pytest.mark.parametrize(
        "headers", [{"sec-fetch-site": "same-origin"}, {"origin": "http://127.0.0.1:8000"}, {}]
    )
    def test_our_own_forms_arrive(self, house, admin, headers):
        token = token_of(admin.get("/admin/users/new").text)
        assert admin.post("/admin/users", data={**USER, "csrf": token}, headers=headers).status_code == 200
        assert users(house) == 1

    def test_the_token_may_come_in_a_header(self, house, admin):
        token = token_of(admin.get("/admin/users/new").text)
        assert admin.post("/admin/users", data=USER, headers={"x-csrf-token": token}).status_code == 200

    def test_a_field_that_the_form_does_not_have_is_refused(self, house, admin):
        token = token_of(admin.get("/admin/users/new").text)
        answer = admin.post("/admin/users", data={**USER, "csrf": token, "audience": "staff"})
        assert answer.status_code == 422
        assert users(house) == 0


class TestErrors:
    def test_unknown_and_forbidden_ids_look_the_same(self, admin, house):
        creditor = house.creditor()
        unknown = admin.get("/admin/users/01a200fe-6dae-76ab-9dd5-f982109367e5")
        foreign = admin.get(f"/admin/users/{creditor}")
        assert unknown.status_code == foreign.status_code == 404
        assert unknown.text == foreign.text

    def test_who_is_not_signed_in_learns_nothing_about_addresses_behind_the_door(self, house):
        client = house.client()
        for path in ("/admin/users", "/admin/users/01a200fe-6dae-76ab-9dd5-f982109367e5"):
            assert client.get(path).headers["location"] == f"/sign-in?next={path}"

    def test_a_role_that_does_not_fit_is_refused(self, house):
        assert house.browser(Role.COLLECTOR).get("/admin/users").status_code == 403

    def test_a_fragment_is_sent_to_the_sign_in_page_as_a_whole(self, house):
        answer = house.client().get("/admin/users", headers={"hx-request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")

    def test_a_form_that_is_too_large_is_refused(self, house):
        small = type(house)(
            house.units,
            folder=house.settings.files_folder,
            redis_url=house.settings.redis_url,
            upload_bytes_max=1000,
        )
        answer = small.client().post("/sign-in", data={"email": "x" * 5000, "password": "y"})
        assert answer.status_code == 413

    def test_what_was_written_is_given_back_when_the_session_has_ended(self, house, admin):
        words = "Rang on Monday: she has <no> work & pays in June."
        house.change("UPDATE user_session SET revoked_at = app.now()")
        answer = admin.post("/admin/users", data={**USER, "name": words, "password": "four words of mine"})
        assert answer.status_code == 401
        assert "Rang on Monday: she has &lt;no&gt; work &amp; pays in June.</textarea>" in answer.text
        assert "four words of mine" not in answer.text
        assert "jan@example.org" not in answer.text, "only what takes long to write again"

    def test_so_it_is_when_the_page_is_of_an_earlier_session(self, admin):
        answer = admin.post("/admin/users", data={**USER, "name": "A long story", "csrf": "guessed"})
        assert answer.status_code == 403
        assert "A long story</textarea>" in answer.text

    def test_files_and_a_broken_form_do_not_stand_in_the_way(self, house):
        client = house.client()
        files = {"document": ("a b c.pdf", b"%PDF-1.4 one two three", "application/pdf")}
        answer = client.post("/admin/users", data={"name": "A long story"}, files=files)
        assert answer.status_code == 401
        assert "A long story</textarea>" in answer.text
        assert "one two three" not in answer.text
        broken = {"content-type": "multipart/form-data; boundary=x"}
        assert client.post("/admin/users", content=b"no form", headers=broken).status_code == 401

    def test_the_message_is_in_the_readers_language(self, house):
        client = house.client()
        assert "This page does not exist" in client.get("/nowhere").text
        client.cookies.delete("language")
        assert "Deze pagina bestaat niet" in client.get("/nowhere", headers={"accept-language": "nl"}).text

    def test_the_components_page_is_not_part_of_the_product(self, house):
        house.app.state.wiring = type(house.app.state.wiring)(
            settings=house.settings.model_copy(update={"mode": "production"}),
            units=house.units,
            ports=house.ports,
        )
        assert house.client().get("/_styleguide").status_code == 404


class TestAudiences:
    def test_every_route_stands_on_a_router_with_an_audience_and_a_role(self, house, monkeypatch):
        monkeypatch.undo()  # every part of the portal, not only the shell
        assert unguarded(create_app(house.app.state.wiring)) == set()
        assert {declared.audience for declared in ROUTERS} >= {"admin", "account", "live", "public"}
        for declared in ROUTERS:
            assert declared.roles or declared.audience in OWN_GUARD

    def test_a_route_beside_the_routers_is_noticed(self, house):
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        app.get("/forgotten")(token_of)
        assert unguarded(app) == {"/forgotten"}

    def test_a_router_without_roles_cannot_be_made(self):
        with pytest.raises(ValueError, match="say which roles"):
            router(audience="finance")

    def test_public_pages_are_few_and_known(self):
        public = {
            route.path
            for declared in ROUTERS
            if declared.audience == "public"
            for route in declared.router.routes
            if isinstance(route, APIRoute)
        }
        assert public == {
            "/", "/healthz", "/readyz", "/sign-in", "/sign-in/code", "/sign-out", "/preferences",
            "/logo/{creditor_id}/{sha256}", "/_styleguide", "/_styleguide/debtor", "/_styleguide/brand.css",
            "/calculators", "/calculators/costs", "/calculators/interest",
        }  # fmt: skip


class TestMenus:
    def test_every_line_of_every_menu_leads_to_a_page(self, house, monkeypatch):
        monkeypatch.undo()  # every part of the portal, not only the shell
        house.app = create_app(house.app.state.wiring)
        staff = house.browser(Role.COLLECTOR, Role.FINANCE, Role.ADMIN)
        manager = house.browser(Role.CREDITOR_MANAGER, creditor_id=house.creditor())
        for door in DOORS:
            client = manager if door.name == "creditor" else staff
            for path in (door.home, *(entry.href for entry in door.entries)):
                answer = client.get(path)
                assert (path, answer.status_code) == (path, 200)
                assert 'aria-current="page"' in answer.text
            if door.search:
                assert client.get(f"{door.search}?q=jansen").status_code == 200


def unguarded(app: FastAPI) -> set[str]:
    """The addresses of an app that no declared router answers."""
    declared = {id(route) for one in ROUTERS for route in one.router.routes}
    found = set()
    for route in app.routes:
        inside = getattr(route, "original_router", None)
        routes = inside.routes if inside is not None else [route]
        for one in routes:
            if not isinstance(one, Mount) and id(one) not in declared:
                found.add(getattr(one, "path", repr(one)))
    return found
