"""The collectors' door over HTTP: queue, case, call, disposition, and everything else on a claim's page."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.event import listen

from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.desk.models import WorkKind
from agency.disputes.raising import raise_dispute
from agency.kernel.ids import new_id
from agency.kernel.unit import Door
from agency.parties.models import Role
from tests.communication.correspondence import TUESDAY, queue
from tests.desk.desks import NUMBER, OWN_NUMBER
from tests.portal.bureau import bureau, send, url_of

__all__ = ["bureau"]

LONG_NAME = "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming"


@pytest.fixture
def browser(bureau):
    return bureau.browser()


def case_url(answer) -> str:
    assert answer.status_code == 303, answer.text[:800]
    return answer.headers["location"]


def completion(page: str) -> tuple[str, str]:
    """Where a case is finished, and under which lease."""
    found = re.search(r'action="([^"]+/completion)".*?name="generation" value="(\d+)"', page, re.DOTALL)
    assert found, "the case is not in hand"
    return found[1], found[2]


class TestGuards:
    @pytest.mark.parametrize("role", [Role.FINANCE, Role.ADMIN])
    def test_other_roles_stay_out(self, bureau, role):
        other = bureau.browser("Other", role)
        for path in ("/desk", "/desk/claims", "/desk/promises", "/desk/disputes", "/desk/search?q=x"):
            assert other.get(path).status_code == 403

    def test_whoever_is_not_signed_in_is_sent_to_the_door(self, bureau):
        client = bureau.browser()
        client.cookies.clear()
        assert client.get("/desk").headers["location"].startswith("/sign-in")

    def test_a_form_without_its_token_changes_nothing(self, bureau, browser):
        bureau.ask(bureau.claim())
        assert browser.post("/desk/cases").status_code == 403
        assert bureau.value("SELECT leased_by FROM work_item") is None


class TestQueue:
    def test_empty(self, browser):
        page = browser.get("/desk").text
        assert "Nothing waits" in page
        assert send(browser, "/desk/cases", page="/desk").headers["location"] == "/desk"
        assert "Well done" in browser.get("/desk").text

    def test_it_says_why_each_case_waits_in_the_order_of_taking(self, bureau, browser):
        call, dispute = bureau.claim(name="P. Peeters"), bureau.claim(name=LONG_NAME)
        bureau.ask(call)
        bureau.ask(dispute, WorkKind.DISPUTE, reason="not_delivered")
        page = browser.get("/desk").text
        assert page.index(LONG_NAME) < page.index("P. Peeters")
        assert "Did not receive it" in page
        assert "the plan now asks for a call" in page
        assert case_url(send(browser, "/desk/cases", page="/desk")) == url_of(dispute)

    def test_sorted_filtered_and_searched_by_the_database(self, bureau, browser):
        first, second = bureau.claim(name="Aïcha El Amrani"), bureau.claim(name="Zoë Peeters BV")
        bureau.ask(first)
        bureau.ask(second, WorkKind.DISPUTE)
        by_name = browser.get("/desk?sort=debtor").text
        assert by_name.index("Aïcha") < by_name.index("Zoë")
        only = browser.get("/desk?kind=dispute").text
        assert "Zoë" in only
        assert "Aïcha" not in only
        found = browser.get("/desk?q=aicha+el").text
        assert "Aïcha" in found
        assert "Zoë" not in found
        assert "Nothing matches" in browser.get("/desk?q=nobody").text
        assert browser.get("/desk?sort=password&kind=x&after=rubbish").status_code == 200

    def test_pages_neither_skip_nor_repeat_a_case(self, bureau, browser):
        claims = [bureau.claim(name=f"Debtor {number:03}") for number in range(3)]
        for number in range(120):
            bureau.ask(claims[number % 3], key=f"k{number}", due_at=TUESDAY - timedelta(minutes=number % 7))
        seen, url = [], "/desk"
        while url:
            page = browser.get(url).text
            seen += re.findall(r'<tr role="row">\s*<td role="cell" data-label="Debtor"', page)
            following = re.search(r'rel="next" href="([^"]+)"', page)
            url = following[1].replace("&amp;", "&") if following else None
        assert len(seen) == 120

    def test_a_colleagues_case_says_whose_it_is(self, bureau, browser):
        bureau.ask(bureau.claim())
        colleague = bureau.browser("Pieter Post")
        send(colleague, "/desk/cases", page="/desk")
        assert "with Pieter Post" in browser.get("/desk").text
        assert "Nothing matches" in browser.get("/desk?mine=1").text
        assert "J. van den Berg" in colleague.get("/desk?mine=1").text

    def test_figures_alone(self, bureau, browser):
        bureau.ask(bureau.claim())
        page = browser.get("/desk/figures").text
        assert "<html" not in page
        assert "Waiting" in page


class TestCase:
    def test_take_finish_next(self, bureau, browser):
        first, second = bureau.claim(), bureau.claim()
        bureau.ask(first, WorkKind.DISPUTE)
        bureau.ask(second)
        page = browser.get(case_url(send(browser, "/desk/cases", page="/desk"))).text
        action, generation = completion(page)
        answer = send(browser, action, page=url_of(first), generation=generation)
        assert case_url(answer) == url_of(second)
        action, generation = completion(browser.get(url_of(second)).text)
        answer = send(browser, action, page=url_of(second), generation=generation)
        assert case_url(answer) == "/desk"
        assert bureau.value("SELECT count(*) FROM work_item WHERE done_by = :b", b=bureau.by) == 2

    def test_two_collectors_get_different_cases(self, bureau, browser):
        bureau.ask(bureau.claim())
        bureau.ask(bureau.claim())
        colleague = bureau.browser("Pieter Post")
        mine = case_url(send(browser, "/desk/cases", page="/desk"))
        theirs = case_url(send(colleague, "/desk/cases", page="/desk"))
        assert mine != theirs
        assert "in the hands of Pieter Post" in browser.get(theirs).text

    def test_a_late_finisher_reads_what_happened(self, bureau, browser):
        claim = bureau.claim()
        bureau.ask(claim)
        send(browser, "/desk/cases", page="/desk")
        action, generation = completion(browser.get(url_of(claim)).text)
        bureau.office.move_to(TUESDAY + timedelta(minutes=40))
        colleague = bureau.browser("Pieter Post")
        send(colleague, "/desk/cases", page="/desk")
        answer = send(browser, action, page="/desk", generation=generation)
        assert answer.status_code == 409
        assert "taken this case over" in answer.text

    def test_a_chosen_case(self, bureau, browser):
        claim = bureau.claim()
        bureau.ask(claim)
        action = re.search(r'action="(/desk/cases/[^"]+)"', browser.get(url_of(claim)).text)[1]
        send(browser, action, page=url_of(claim))
        assert (
            "In your hands until" in browser.get(url_of(claim)).text
            or "in your hands" in browser.get(url_of(claim)).text
        )

    def test_put_back(self, bureau, browser):
        claim = bureau.claim()
        bureau.ask(claim)
        send(browser, "/desk/cases", page="/desk")
        assert send(browser, "/desk/cases/return", page=url_of(claim)).headers["location"] == "/desk"
        assert bureau.value("SELECT leased_by FROM work_item") is None

    def test_let_it_rest(self, bureau, browser):
        claim = bureau.claim()
        bureau.ask(claim)
        send(browser, "/desk/cases", page="/desk")
        item = bureau.value("SELECT id FROM work_item")
        path = f"/desk/cases/{claim[0]}/{item}/{claim[1]}/rest"
        wrong = send(browser, path, page=url_of(claim), generation="1", until="2020-01-01T10:00")
        assert wrong.status_code == 422
        assert "within 90 days" in wrong.text
        send(browser, path, page=url_of(claim), generation="1", until="2026-12-03T10:00")
        assert bureau.value("SELECT due_at FROM work_item") == datetime(2026, 12, 3, 9, tzinfo=UTC)


class TestClaim:
    def test_everything_stands_on_it(self, bureau, browser):
        claim = bureau.claim(name=LONG_NAME)
        with bureau.office.unit() as unit:
            queue(unit, *claim)
        bureau.office.send()
        page = browser.get(url_of(claim)).text
        for words in (LONG_NAME, "402.15", "+31612345678", "debtor@example.org", "First reminder",
                      "By which rules?", "What happened", "Dorpsstraat 12, 3511 AB Utrecht"):  # fmt: skip
            assert words in page, words

    def test_another_persons_claim_at_another_creditor(self, bureau, browser):
        here, there = bureau.claim(), bureau.claim(brand="Fysio Plus")
        assert "Other claims of this debtor" not in browser.get(url_of(here)).text
        with bureau.office.unit() as unit:
            connection = unit.session.connection()
            identity = new_id()
            connection.execute(
                text("INSERT INTO debtor_identity (id, match_key, created_at) VALUES (:i, 'k', app.now())"),
                {"i": identity},
            )
            connection.execute(text("UPDATE debtor SET identity_id = :i"), {"i": identity})
        page = browser.get(url_of(here)).text
        assert "Other claims of this debtor" in page
        assert url_of(there) in page

    def test_unknown(self, bureau, browser):
        claim = bureau.claim()
        assert browser.get(url_of((claim[0], new_id()))).status_code == 404
        assert browser.get(url_of((new_id(), claim[1]))).status_code == 404

    def test_a_page_is_a_handful_of_statements(self, bureau, browser):
        claim = bureau.claim()
        statements = []
        listen(
            bureau.office.units.engine,
            "before_cursor_execute",
            lambda *given: statements.append(given[2]),
        )
        browser.get(url_of(claim))
        assert len(statements) <= 13, "\n".join(statement[:80] for statement in statements)
        statements.clear()
        browser.get("/desk")
        assert len(statements) <= 7, "\n".join(statement[:80] for statement in statements)


class TestCall:
    def ring(self, browser, claim, **fields):
        fields = {"number": NUMBER, "collector": "+31 20 111 22 22", **fields}
        return send(browser, f"{url_of(claim)}/calls", page=url_of(claim), **fields)

    def close(self, bureau, browser, claim, **fields):
        call_id = bureau.value("SELECT id FROM call")
        return send(browser, f"{url_of(claim)}/calls/{call_id}/disposition", page=url_of(claim), **fields)

    def test_rings_both_and_remembers_the_own_number(self, bureau, browser):
        claim = bureau.claim()
        answer = self.ring(browser, claim)
        assert case_url(answer) == url_of(claim)
        assert bureau.telephone.rung == [(OWN_NUMBER, NUMBER)]
        page = browser.get(url_of(claim)).text
        assert "How did it end?" in page
        assert browser.cookies["own_number"].strip('"') == OWN_NUMBER

    @pytest.mark.parametrize(
        ("at", "words"),
        [
            (datetime(2026, 12, 1, 19, 1, tzinfo=UTC), "outside the hours"),
            (datetime(2026, 12, 6, 11, 0, tzinfo=UTC), "on a Sunday"),
        ],
    )
    def test_not_now_with_the_reason_the_moment_and_the_rule(self, bureau, browser, at, words):
        claim = bureau.claim()
        bureau.office.move_to(at)
        page = browser.get(url_of(claim)).text
        assert words in page
        assert "Again from" in page
        assert "nl.contact_hours" in page
        assert 'id="call"' not in page
        answer = self.ring(browser, claim)
        assert answer.status_code == 422
        assert words in answer.text
        assert bureau.telephone.rung == []

    def test_an_own_number_that_is_none_is_refused_beside_its_field(self, bureau, browser):
        answer = self.ring(browser, bureau.claim(), collector="020-1112222")
        assert answer.status_code == 422
        assert 'id="error-collector"' in answer.text

    def test_a_promise(self, bureau, browser):
        claim = bureau.claim()
        self.ring(browser, claim)
        fields = {
            "disposition": "promise",
            "promised": "402,15",
            "promised_on": "2026-12-10",
            "note": "Salary.",
        }
        assert case_url(self.close(bureau, browser, claim, **fields)) == url_of(claim)
        assert bureau.value("SELECT amount_minor FROM promise") == 40215
        page = browser.get(url_of(claim)).text
        assert "Salary." in page
        assert "Collection is paused: promise to pay" in page
        assert "Called: Promises a payment" in page

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"promised": "402,15"}, "error-promised_on"),
            ({"promised": "9999", "promised_on": "2026-12-10"}, "error-promised"),
            ({"promised": "1,2345", "promised_on": "2026-12-10"}, "error-promised"),
            ({"promised": "402,15", "promised_on": "2027-12-10"}, "error-promised_on"),
        ],
    )
    def test_a_promise_that_makes_no_sense_keeps_what_was_typed(self, bureau, browser, fields, error):
        claim = bureau.claim()
        self.ring(browser, claim)
        answer = self.close(bureau, browser, claim, disposition="promise", note="Long story", **fields)
        assert answer.status_code == 422
        assert f'id="{error}"' in answer.text
        assert "Long story" in answer.text
        assert bureau.value("SELECT disposition FROM call") is None

    def test_another_ending_ignores_what_belongs_to_a_promise(self, bureau, browser):
        claim = bureau.claim()
        self.ring(browser, claim)
        answer = self.close(
            bureau, browser, claim, disposition="refuses", promised="nonsense", dispute_reason="other"
        )
        assert case_url(answer) == url_of(claim)

    def test_nothing_chosen(self, bureau, browser):
        claim = bureau.claim()
        self.ring(browser, claim)
        assert self.close(bureau, browser, claim, note="x").status_code == 422


class TestActions:
    def test_note(self, bureau, browser):
        claim = bureau.claim()
        send(browser, f"{url_of(claim)}/notes", page=url_of(claim), note="<b>Called</b> back")
        page = browser.get(url_of(claim)).text
        assert "&lt;b&gt;Called&lt;/b&gt; back" in page
        assert "Marieke van Wijngaarden" in page

    def test_an_empty_note_is_refused(self, bureau, browser):
        claim = bureau.claim()
        answer = send(browser, f"{url_of(claim)}/notes", page=url_of(claim), note="  ")
        assert answer.status_code == 422
        assert 'id="error-note"' in answer.text

    def test_promise_with_its_audit(self, bureau, browser):
        claim = bureau.claim()
        path = f"{url_of(claim)}/promises"
        wrong = send(browser, path, page=url_of(claim), promise_amount="9999", promise_on="2026-12-10")
        assert wrong.status_code == 422
        assert 'id="error-promise_amount"' in wrong.text
        send(browser, path, page=url_of(claim), promise_amount="100,00", promise_on="2026-12-10")
        assert bureau.value("SELECT facts ->> 'amount' FROM audit_entry WHERE action = 'promise.noted'")
        page = browser.get(url_of(claim)).text
        assert "A promise is open already." in page

    def test_hold_and_lift(self, bureau, browser):
        claim = bureau.claim()
        send(
            browser, f"{url_of(claim)}/holds", page=url_of(claim), ground="complaint", hold_note="By letter",
            hold_until="2026-12-20",
        )  # fmt: skip
        assert bureau.value("SELECT ends_at FROM hold") == datetime(2026, 12, 20, 23, tzinfo=UTC)
        assert "Collection is paused: complaint" in browser.get(url_of(claim)).text
        hold_id = bureau.value("SELECT id FROM hold")
        path = f"{url_of(claim)}/holds/{hold_id}/end"
        assert send(browser, path, page=url_of(claim), why="").status_code == 422
        send(browser, path, page=url_of(claim), why="answered")
        assert (
            bureau.value("SELECT facts ->> 'why' FROM audit_entry WHERE action = 'hold.lifted'") == "answered"
        )
        assert "Collection is paused" not in browser.get(url_of(claim)).text

    def test_a_hold_that_forbids_talking_takes_the_call_away(self, bureau, browser):
        claim = bureau.claim()
        with bureau.unit() as unit:
            place_hold(unit, creditor_id=claim[0], claim_id=claim[1], ground=HoldGround.INSOLVENCY)
        page = browser.get(url_of(claim)).text
        assert "The claim is on hold: insolvency." in page
        assert 'id="call"' not in page

    def test_dispute_and_its_outcome(self, bureau, browser):
        claim = bureau.claim()
        send(
            browser, f"{url_of(claim)}/disputes", page=url_of(claim), reason="wrong_amount",
            dispute_words="Should be 100", disputed="302,15", substantiated="true",
        )  # fmt: skip
        assert bureau.value("SELECT disputed_minor FROM dispute") == 30215
        bureau.office.react()
        page = browser.get(url_of(claim)).text
        assert "Should be 100" in page
        assert "With grounds" in page
        dispute_id = bureau.value("SELECT id FROM dispute")
        path = f"{url_of(claim)}/disputes/{dispute_id}/outcome"
        assert send(browser, path, page=url_of(claim), outcome="resolved_creditor").status_code == 422
        send(browser, path, page=url_of(claim), outcome="resolved_creditor", outcome_why="Order signed")
        assert bureau.value("SELECT outcome FROM dispute") == "Order signed"
        assert bureau.value("SELECT by FROM audit_entry WHERE action = 'dispute.resolved'") == bureau.by


class TestLists:
    def test_claims_are_found_by_name_number_reference_and_invoice(self, bureau, browser):
        bureau.claim(name="Aïcha El Amrani")
        bureau.claim(name="P. Peeters")
        number, reference, invoice = (
            bureau.value(f"SELECT {column} FROM claim c JOIN debtor d ON d.id = c.debtor_id"
                         " JOIN invoice i ON i.claim_id = c.id WHERE d.name LIKE 'A%'")
            for column in ("c.number", "c.reference", "i.number")
        )  # fmt: skip
        for words in ("amrani", number, reference, invoice):
            page = browser.get(f"/desk/claims?q={words}").text
            assert "Aïcha" in page, words
            assert "Peeters" not in page, words
        assert "Nothing matches" in browser.get("/desk/claims?state=paid").text
        for sort in ("number", "-debtor", "due_on", "-principal"):
            assert browser.get(f"/desk/claims?sort={sort}").status_code == 200

    def test_search_of_the_palette_is_a_fragment_of_links(self, bureau, browser):
        claim = bureau.claim(name="Aïcha <El> Amrani")
        page = browser.get("/desk/search?q=aicha").text
        assert "<html" not in page
        assert f'<li><a href="{url_of(claim)}">' in page
        assert "&lt;El&gt;" in page
        assert browser.get("/desk/search?q=a").text.strip() == ""
        assert browser.get("/desk/search?q=%25%25").text.strip() == ""

    def test_promises(self, bureau, browser):
        claim = bureau.claim()
        send(
            browser, f"{url_of(claim)}/promises", page=url_of(claim), promise_amount="100",
            promise_on="2026-12-10",
        )  # fmt: skip
        assert "J. van den Berg" in browser.get("/desk/promises").text
        assert "J. van den Berg" not in browser.get("/desk/promises?state=kept").text
        for sort in ("due_on", "-amount", "debtor"):
            assert "100.00" in browser.get(f"/desk/promises?sort={sort}&q=berg").text

    def test_disputes(self, bureau, browser):
        claim = bureau.claim()
        with bureau.unit() as unit:
            raise_dispute(unit, creditor_id=claim[0], claim_id=claim[1], reason="other", words="Odd")
        assert "Odd" in browser.get("/desk/disputes").text
        assert "Odd" not in browser.get("/desk/disputes?state=settled").text
        for sort in ("raised_at", "-disputed", "debtor"):
            assert browser.get(f"/desk/disputes?sort={sort}&q=berg").status_code == 200


class TestEvidence:
    def test_a_message_with_its_verdict_and_its_text_in_a_sandbox(self, bureau, browser):
        claim = bureau.claim()
        with bureau.office.unit() as unit:
            message_id = queue(unit, *claim)
        url = f"{url_of(claim)}/messages/{message_id}"
        assert "Not written yet" in browser.get(url).text
        assert browser.get(f"{url}/content").status_code == 404
        bureau.office.send()
        page = browser.get(url).text
        assert "send.gate" in page
        assert "Why it was allowed" in page
        assert f'src="{url}/content"' in page
        sent = browser.get(f"{url}/content")
        assert sent.headers["content-security-policy"].startswith("sandbox;")
        assert "van den Berg" in sent.text

    def test_a_message_of_another_claim(self, bureau, browser):
        claim, other = bureau.claim(), bureau.claim()
        with bureau.office.unit() as unit:
            message_id = queue(unit, *claim)
        assert browser.get(f"{url_of(other)}/messages/{message_id}").status_code == 404


class TestUnclearRegisters:
    def test_wait_on_a_page_of_their_own_until_somebody_says_why_they_do_not_matter(self, bureau, browser):
        claim = bureau.claim()
        entry = {
            "kind": "raadsel",
            "register": "CIR",
            "reference": "R-1",
            "since": "2026-01-02",
            "until": None,
        }
        with bureau.office.units.open(Door.WORKER, by="system:test") as unit:
            unit.session.connection().execute(
                text(
                    "INSERT INTO screening (creditor_id, id, debtor_id, state, asked_at, answered_at,"
                    " next_at, attempts, found, failure)"
                    " SELECT creditor_id, :id, debtor_id, 'unclear', app.now(), app.now(),"
                    " app.now() + interval '7 days', 0, :found, '' FROM claim WHERE id = :claim"
                    " ON CONFLICT (creditor_id, debtor_id) DO UPDATE SET state = 'unclear', found = :found,"
                    " answered_at = app.now()"
                ),
                {
                    "id": new_id(),
                    "claim": claim[1],
                    "found": json.dumps([entry]),
                },
            )
        page = browser.get("/desk/registers").text
        assert "raadsel" in page
        action = re.search(r'action="(/desk/registers/[^"]+)"', page)[1]
        refused = send(browser, action, page="/desk/registers", why=" ")
        assert refused.status_code == 422
        assert send(browser, action, page="/desk/registers", why="A namesake.").status_code == 303
        assert "raadsel" not in browser.get("/desk/registers").text
        assert bureau.value("SELECT state FROM screening") == "clear"
