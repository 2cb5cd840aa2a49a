"""The pages of sorting, missing information, disputes and dossiers, at both doors."""

import re
from datetime import date

import pytest
from sqlalchemy import text

from agency.disputes.raising import raise_dispute
from agency.documents.asking import ask_missing
from agency.documents.incoming import file_incoming
from agency.kernel.emitting import install_reactions
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.pricing.acceptance import accept_quote
from agency.pricing.rate_cards import publish_first_card
from portal import main
from tests.intake.factories import a_file, a_row
from tests.portal.house import House
from tests.portal.test_creditor import Browser
from tests.sorting.papers import a_delivery_note, a_pdf

PARTS = ("portal.shared.sign_in", "portal.creditor", "portal.collector", "portal.live")


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    install_reactions({})
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
    return House(units, folder=data_folder, redis_url=redis_url)


@pytest.fixture
def creditor_id(house):
    return house.creditor()


@pytest.fixture
def clerk(house, creditor_id):
    return Browser(house, creditor_id, Role.CREDITOR_MANAGER)


@pytest.fixture
def claims(house, clerk, creditor_id):
    """Two accepted claims, one of whose debtors nobody can reach."""
    clerk.drop(
        a_file(
            a_row("F2026-0117", email="b@example.org"),
            a_row("F2026-0118", customer="8", name="Hotel Zee BV", amount="12.000,00"),
        )
    )
    with house.units.open(Door.CREDITOR, by="user:x", creditor_id=creditor_id) as unit:
        connection = unit.session.connection()
        quote_id = connection.execute(text("SELECT id FROM quote")).scalar_one()
        accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
        return connection.execute(text("SELECT id FROM claim ORDER BY reference")).scalars().all()


def dropped(house, creditor_id, *papers):
    """Files that came without their claim."""
    with house.units.open(Door.CREDITOR, by="user:x", creditor_id=creditor_id) as unit:
        return [
            file_incoming(
                unit, house.ports.files, creditor_id=creditor_id, drop_id=None, name=name, content=content
            ).incoming_id
            for name, content in papers
        ]


def one(house, sql):
    with house.units.open(Door.STAFF, by="system:test") as unit:
        return unit.session.connection().execute(text(sql)).scalar_one()


class TestSorting:
    @pytest.fixture
    def waiting(self, house, creditor_id, claims):
        paper = a_pdf("Algemene voorwaarden", "Bakkerij Jansen BV")
        return dropped(house, creditor_id, ("a.pdf", paper), ("b.txt", b"los briefje zonder nummer"))

    def test_from_the_pile_through_each_file_and_back(self, house, clerk, claims, waiting):
        assert "a.pdf" in clerk.get("/creditor/sorting").text
        assert clerk.get("/creditor/sorting/next").headers["location"] == f"/creditor/sorting/{waiting[0]}"
        shown = clerk.get(f"/creditor/sorting/{waiting[0]}").text
        assert "Bakkerij Jansen" in shown
        assert 'data-key="1"' in shown
        assert clerk.get(f"/creditor/sorting/{waiting[0]}/pages/1").headers["content-type"] == "image/jpeg"
        assert clerk.get(f"/creditor/sorting/{waiting[0]}/pages/2").status_code == 404
        answer = clerk.post(f"/creditor/sorting/{waiting[0]}", {"claim": str(claims[0]), "kind": "terms"})
        assert answer.headers["location"] == f"/creditor/sorting/{waiting[1]}"
        assert one(house, "SELECT kind FROM document") == "terms"
        assert "is on claim" in clerk.get(f"/creditor/sorting/{waiting[1]}").text
        clerk.post(f"/creditor/sorting/{waiting[0]}/undo")
        assert one(house, "SELECT claim_id IS NULL FROM document")

    def test_not_needed_wants_a_reason_and_says_so_in_place(self, clerk, waiting):
        refused = clerk.post(f"/creditor/sorting/{waiting[1]}", {"reason": "other"})
        assert refused.status_code == 422
        assert "in a few words" in refused.text
        assert clerk.post(f"/creditor/sorting/{waiting[1]}", {"reason": "duplicate"}).status_code == 303
        assert "b.txt" not in clerk.get("/creditor/sorting").text.split("<tbody>")[1]

    def test_several_at_once_by_number(self, house, clerk, claims, waiting):
        fields = {"file": [str(one) for one in waiting], "claim": "F2026-0118"}
        assert clerk.post("/creditor/sorting", fields).status_code == 303
        assert one(house, "SELECT count(*) FROM document") == 2
        assert "Nothing to sort" in clerk.get("/creditor/sorting").text

    @pytest.mark.parametrize("claim", ["", "NOPE", "F2026"])
    def test_a_number_that_means_no_single_claim_is_refused(self, clerk, waiting, claim):
        answer = clerk.post("/creditor/sorting", {"file": [str(waiting[0])], "claim": claim})
        assert answer.status_code == 422
        assert "no single claim has this number" in answer.text

    def test_search_finds_a_claim(self, clerk, waiting):
        assert "Hotel Zee BV" in clerk.get(f"/creditor/sorting/{waiting[0]}?q=Hotel").text

    def test_the_desk_sorts_for_a_creditor(self, house, creditor_id, claims, waiting):
        desk = house.signed_in(house.person(Role.COLLECTOR))
        assert f"/desk/sorting/{creditor_id}" in desk.get("/desk/sorting").text
        page = desk.get(f"/desk/sorting/{creditor_id}/{waiting[0]}")
        csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
        answer = desk.post(
            f"/desk/sorting/{creditor_id}/{waiting[0]}", data={"csrf": csrf, "claim": str(claims[0])}
        )
        assert answer.headers["location"] == f"/desk/sorting/{creditor_id}/{waiting[1]}"

    def test_another_creditors_files_do_not_exist(self, house, claims, waiting):
        other = Browser(house, house.creditor("Rivaal"), Role.CREDITOR_CLERK)
        for path in ("", "/pages/1", "/file"):
            assert other.get(f"/creditor/sorting/{waiting[0]}{path}").status_code == 404
        assert other.post(f"/creditor/sorting/{waiting[0]}/undo").status_code == 404


class TestMissing:
    @pytest.fixture
    def asked(self, house, creditor_id, claims):
        with house.units.open(Door.WORKER, by="system:test") as unit:
            placement = unit.session.connection().execute(text("SELECT id FROM placement")).scalar_one()
            assert ask_missing(unit, creditor_id=creditor_id, placement_id=placement) == 1

    def test_is_listed_counted_and_closed_by_filling_it_in(self, clerk, claims, asked):
        assert "We need something from you" in clerk.get("/creditor").text
        assert "Hotel Zee BV" in clerk.get("/creditor/missing").text
        page = f"/creditor/missing/{claims[1]}"
        assert "Where can the debtor be reached?" in clerk.get(page).text
        refused = clerk.post(page, {"email": "no mail"})
        assert refused.status_code == 422
        assert 'id="error-email"' in refused.text
        assert clerk.post(page, {"email": "zee@example.org"}).status_code == 303
        shown = clerk.get(page).text
        assert "Where can the debtor be reached?" not in shown
        assert "Add the document" in shown

    def test_says_what_a_belgian_consumer_bought_with_what_was_typed_kept(
        self, house, creditor_id, clerk, claims
    ):
        with house.units.open(Door.WORKER, by="system:test") as unit:
            connection = unit.session.connection()
            connection.execute(text("UPDATE debtor SET country = 'BE', kind = 'consumer'"))
            placement = connection.execute(text("SELECT id FROM placement")).scalar_one()
            ask_missing(unit, creditor_id=creditor_id, placement_id=placement)
        page = f"/creditor/missing/{claims[0]}"
        assert "What was bought or done?" in clerk.get(page).text
        refused = clerk.post(f"{page}/bought", {"subject": "2026-0117", "everywhere": "true"})
        assert refused.status_code == 422
        assert 'id="error-subject"' in refused.text
        assert 'value="2026-0117"' in refused.text
        told = {"subject": "Keukenblad, geplaatst", "everywhere": "true"}
        assert clerk.post(f"{page}/bought", told).status_code == 303
        assert clerk.post(f"{page}/bought", told).status_code == 303
        assert one(house, "SELECT count(*) FROM claim WHERE description = 'Keukenblad, geplaatst'") == 2
        assert 'name="everywhere"' not in clerk.get(page).text
        stranger = Browser(house, house.creditor("Rivaal"), Role.CREDITOR_CLERK)
        assert stranger.post(f"{page}/bought", told).status_code in (404, 422)

    def test_stands_on_the_claim_at_both_doors(self, house, creditor_id, clerk, claims, asked):
        assert "We need something from you" in clerk.get(f"/creditor/claims/{claims[1]}").text
        desk = house.signed_in(house.person(Role.COLLECTOR))
        assert "Asked of the creditor" in desk.get(f"/desk/claims/{creditor_id}/{claims[1]}").text


class TestDisputesAndDossier:
    def test_the_creditor_answers_in_part(self, house, creditor_id, clerk, claims):
        with house.units.open(Door.STAFF, by="user:x") as unit:
            dispute_id = raise_dispute(
                unit, creditor_id=creditor_id, claim_id=claims[1], reason="wrong_amount", words="Te veel"
            )
        page = f"/creditor/claims/{claims[1]}"
        assert "Te veel" in clerk.get(page).text
        refused = clerk.post(f"{page}/disputes/{dispute_id}/answer", {"verdict": "part", "answer": "Klopt"})
        assert refused.status_code == 422
        assert "Klopt</textarea>" in refused.text
        assert 'value="part" checked' in refused.text
        assert one(house, "SELECT count(*) FROM dispute_change") == 1, "nothing of a refused answer stays"
        fields = {"verdict": "part", "answer": "Klopt deels", "accepted": "2.000,00"}
        assert clerk.post(f"{page}/disputes/{dispute_id}/answer", fields).status_code == 303
        assert one(house, "SELECT disputed_minor FROM claim WHERE reference = 'F2026-0118'") == 200_000
        assert "For the debtor in part" in clerk.get(page).text
        late = clerk.post(f"{page}/disputes/{dispute_id}/answer", {"verdict": "all", "answer": "Alles klopt"})
        assert late.status_code == 422
        assert "This dispute was resolved before" in late.text
        assert "Alles klopt</textarea>" in late.text

    def test_the_dossier_is_asked_for_and_cancelled(self, house, creditor_id, clerk, claims):
        page = f"/creditor/claims/{claims[0]}"
        assert clerk.post(f"{page}/dossiers").status_code == 303
        assert "The dossier is being made" in clerk.get(page).text
        dossier_id = one(house, "SELECT id FROM dossier")
        assert clerk.get(f"{page}/dossiers/{dossier_id}/pdf").status_code == 409
        assert clerk.post(f"{page}/dossiers/{dossier_id}/cancel").status_code == 303
        assert "Cancelled" in clerk.get(page).text
        other = Browser(house, house.creditor("Rivaal"), Role.CREDITOR_CLERK)
        assert other.get(f"{page}/dossiers/{dossier_id}/pdf").status_code == 404


def test_a_paper_that_finds_its_claim_asks_nothing(house, creditor_id, clerk, claims):
    dropped(house, creditor_id, ("x.pdf", a_delivery_note(number="F2026-0117", debtor="Bakkerij Jansen BV")))
    assert "Nothing to sort" in clerk.get("/creditor/sorting").text
