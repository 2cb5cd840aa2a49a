"""A claim on a collector's page: everything that stands on it, and what can be done with it."""

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.event import listen

from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.events import Event
from agency.kernel.ids import new_id
from agency.ledger.posting import Leg, post
from agency.money import Money
from agency.treatment.starting import start_treatment
from portal.collector import words as collector_words
from tests.communication.correspondence import queue
from tests.portal.bureau import LONG_NAME, browser, bureau, send, url_of

__all__ = ["browser", "bureau"]


# What is told of a creditor, a file, a payout or the agency, never of one claim.
NOT_OF_A_CLAIM = {
    "AccountChangeMoved", "BookkeepingFetched", "CreditCheckAsked", "CreditChecked",
    "DirectPaymentsReported", "ErasureRunChanged", "FeeInvoiced", "FetchAsked", "InspectionExportChanged",
    "InvoicesHandedOver", "PathTried", "PlacementRead", "PlacementReceived", "QuoteDeclined", "QuoteIssued",
    "RateCardTried", "RemittanceApproved", "RemittanceDrafted", "RemittancePaid", "RemittanceReturned",
    "SelectionMade", "StatementImported",
}  # fmt: skip


def test_everything_that_can_happen_to_a_claim_is_told_in_words():
    """Without a sentence of its own an event would show its name in the code."""
    kinds = {kind.__name__ for kind in Event.__subclasses__()}
    assert kinds - collector_words._HAPPENINGS.keys() == NOT_OF_A_CLAIM


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

    def test_what_the_rules_said_is_read_in_sentences_and_kept_in_its_own_words(self, bureau, browser):
        """What the code calls a fact stands in the record alone, which is folded."""
        claim = bureau.claim()
        with bureau.office.unit() as unit:
            message_id = queue(unit, *claim)
        bureau.office.send()
        page = browser.get(f"{url_of(claim)}/messages/{message_id}").text
        read = re.sub(r"<details class=\"trace-record\">.*?</details>", "", page, flags=re.DOTALL)
        assert "Bki art. 4.2" in read
        for raw in ("number", "reply", "due_on", "nl.contact_hours"):
            assert f">{raw}<" in page, raw
            assert f">{raw}<" not in read, raw

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

    def test_other_claims_show_what_is_open_not_what_was_placed(self, bureau, browser):
        here, there = bureau.claim(), bureau.claim(brand="Fysio Plus")
        with bureau.office.unit() as unit:
            connection = unit.session.connection()
            identity = new_id()
            connection.execute(
                text("INSERT INTO debtor_identity (id, match_key, created_at) VALUES (:i, 'k', app.now())"),
                {"i": identity},
            )
            connection.execute(text("UPDATE debtor SET identity_id = :i"), {"i": identity})
            post(
                unit, creditor_id=there[0], book="claims", kind="payment", source_key="test:1",
                legs=(
                    Leg("claims.control", Money(10_000, "EUR")),
                    Leg("claims.principal", Money(-10_000, "EUR"), there[1]),
                ),
                effective_on=unit.today,
            )  # fmt: skip
        open_minor = bureau.value(
            "SELECT sum(amount_minor)::int FROM ledger_entry WHERE claim_id = :c"
            " AND account = 'claims.principal'", c=there[1],
        )  # fmt: skip
        shown = browser.get(url_of(here)).text.split("Other claims of this debtor")[1].split("</section>")[0]
        assert f"{open_minor // 100}.{open_minor % 100:02}" in shown

    def test_the_last_contact_and_the_next_step_stand_beside_what_is_owed(self, bureau, browser):
        claim = bureau.claim()
        owed = browser.get(url_of(claim)).text.split('id="owed"')[1].split("</section>")[0]
        assert "None yet" in owed
        with bureau.office.unit() as unit:
            queue(unit, *claim)
        bureau.office.send()
        send(
            browser, f"{url_of(claim)}/promises", page=url_of(claim), promise_amount="100",
            promise_on="2026-12-10",
        )  # fmt: skip
        owed = browser.get(url_of(claim)).text.split('id="owed"')[1].split("</section>")[0]
        assert "First reminder" in owed
        assert "The promise falls due" in owed

    def test_a_step_whose_day_is_still_to_come_is_the_next_one(self, bureau, browser):
        """A step becomes a row on its own day; until then the path itself says what comes."""
        claim = bureau.claim()
        with bureau.office.unit() as unit:
            start_treatment(unit, claim_ids=[claim[1]])
            unit.session.connection().execute(
                text("UPDATE claim SET due_on = :day WHERE id = :claim"),
                {"day": unit.today + timedelta(days=9), "claim": claim[1]},
            )
        owed = browser.get(url_of(claim)).text.split('id="owed"')[1].split("</section>")[0]
        assert re.search(
            r"<dt>Next step</dt><dd>E-mail: First reminder <span class=.muted.>11 Dec 2026", owed
        )

    def test_countries_and_languages_are_named(self, bureau, browser):
        page = browser.get(url_of(bureau.claim())).text
        assert "Utrecht, Netherlands" in page
        assert "Dutch" in page

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


class TestActions:
    def test_note(self, bureau, browser):
        claim = bureau.claim()
        send(browser, f"{url_of(claim)}/notes", page=url_of(claim), note="<b>Called</b> back")
        page = browser.get(url_of(claim)).text
        assert "&lt;b&gt;Called&lt;/b&gt; back" in page
        assert "Marieke van Wijngaarden" in page

    def test_a_note_that_is_sent_twice_is_one(self, bureau, browser):
        claim = bureau.claim()
        for words in ("Called back", "Called back", "And again"):
            send(browser, f"{url_of(claim)}/notes", page=url_of(claim), note=words)
        assert bureau.value("SELECT count(*) FROM note") == 2

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

    def test_a_hold_that_is_placed_again_keeps_what_was_written_both_times(self, bureau, browser):
        claim = bureau.claim()
        for note in ("By letter", "And by mail"):
            send(browser, f"{url_of(claim)}/holds", page=url_of(claim), ground="complaint", hold_note=note)
        assert bureau.value("SELECT note FROM hold") == "By letter\nAnd by mail"

    def test_what_happened_says_why_a_hold_began_and_ended(self, bureau, browser):
        claim = bureau.claim()
        send(browser, f"{url_of(claim)}/holds", page=url_of(claim), ground="complaint", hold_note="By letter")
        path = f"{url_of(claim)}/holds/{bureau.value('SELECT id FROM hold')}/end"
        send(browser, path, page=url_of(claim), why="Answered on paper")
        happened = browser.get(url_of(claim)).text.split("What happened")[1]
        assert "By letter" in happened
        assert "Answered on paper" in happened

    def test_a_refused_lifting_keeps_what_was_typed(self, bureau, browser):
        claim = bureau.claim()
        send(browser, f"{url_of(claim)}/holds", page=url_of(claim), ground="complaint", hold_note="By letter")
        path = f"{url_of(claim)}/holds/{bureau.value('SELECT id FROM hold')}/end"
        long = "Answered " + "at length " * 1_000
        answer = send(browser, path, page=url_of(claim), why=long)
        assert answer.status_code == 422
        assert 'id="error-why"' in answer.text
        assert "at length at length" in answer.text
        # A colleague lifted it while this was written: the words are a note.
        send(browser, path, page=url_of(claim), why="Answered")
        late = send(browser, path, page=url_of(claim), why=long)
        assert 'id="field-note"' in late.text
        assert "at length at length" in late.text

    def test_a_promise_is_taken_back_with_a_reason(self, bureau, browser):
        claim = bureau.claim()
        send(
            browser, f"{url_of(claim)}/promises", page=url_of(claim), promise_amount="100",
            promise_on="2026-12-10",
        )  # fmt: skip
        assert "Take it back first" in browser.get(url_of(claim)).text
        path = f"{url_of(claim)}/promises/{bureau.value('SELECT id FROM promise')}/end"
        assert send(browser, path, page=url_of(claim), why="").status_code == 422
        assert send(browser, path, page=url_of(claim), why="It was 10, not 100").status_code == 303
        page = browser.get(url_of(claim)).text
        assert "It was 10, not 100" in page.split("What happened")[1]
        assert "Take it back first" not in page
        again = send(browser, path, page=url_of(claim), why="Once more, in other words")
        assert again.status_code == 422
        assert "This promise is not open any more." in again.text
        assert "Once more, in other words</textarea>" in again.text

    def test_a_hold_until_the_end_of_the_calendar_is_refused(self, bureau, browser):
        """What other programs write for "for ever"."""
        claim = bureau.claim()
        answer = send(
            browser, f"{url_of(claim)}/holds", page=url_of(claim), ground="guardianship", hold_note="x",
            hold_until="9999-12-31",
        )  # fmt: skip
        assert answer.status_code == 422
        assert "This hold may not last so long." in answer.text
        assert bureau.value("SELECT count(*) FROM hold") == 0

    def test_a_sign_that_nothing_can_keep_is_left_out(self, bureau, browser):
        claim = bureau.claim()
        send(
            browser, f"{url_of(claim)}/holds", page=url_of(claim), ground="complaint", hold_note="By\0 letter"
        )
        assert bureau.value("SELECT note FROM hold") == "By letter"

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

    def test_an_outcome_after_a_colleague_s_says_so_and_keeps_the_words(self, bureau, browser):
        claim = bureau.claim()
        send(browser, f"{url_of(claim)}/disputes", page=url_of(claim), reason="not_ordered")
        path = f"{url_of(claim)}/disputes/{bureau.value('SELECT id FROM dispute')}/outcome"
        first = {"outcome": "resolved_creditor", "outcome_why": "Order signed"}
        assert send(browser, path, page=url_of(claim), **first).status_code == 303
        late = {"outcome": "resolved_debtor", "outcome_why": "The signature is not hers."}
        answer = send(browser, path, page=url_of(claim), **late)
        assert answer.status_code == 422
        assert "This dispute was resolved before." in answer.text
        assert "The signature is not hers.</textarea>" in answer.text


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

    def test_a_refused_message_says_what_it_lacks(self, bureau, browser):
        claim = bureau.claim()
        with bureau.office.unit() as unit:
            unit.session.connection().execute(text("UPDATE debtor SET country = 'DE', kind = 'consumer'"))
            message_id = queue(unit, *claim)
        bureau.office.send()
        page = browser.get(f"{url_of(claim)}/messages/{message_id}").text
        assert "The text lacks this: the object of the contract." in page
        assert "The text lacks this: the date of the contract." in page

    def test_a_message_of_another_claim(self, bureau, browser):
        claim, other = bureau.claim(), bureau.claim()
        with bureau.office.unit() as unit:
            message_id = queue(unit, *claim)
        assert browser.get(f"{url_of(other)}/messages/{message_id}").status_code == 404


class TestDueDate:
    def invoice(self, bureau, claim):
        with bureau.office.unit() as unit:
            return (
                unit.session.connection()
                .execute(text("SELECT id, number, due_on FROM invoice WHERE claim_id = :c"), {"c": claim[1]})
                .one()
            )

    def test_is_corrected_for_a_creditor_who_rang(self, bureau, browser):
        claim = bureau.claim()
        with bureau.office.unit() as unit:
            unit.session.connection().execute(text("UPDATE invoice SET issued_on = issued_on - 30"))
        before, path = self.invoice(bureau, claim), f"{url_of(claim)}/due-date"
        assert path in browser.get(url_of(claim)).text
        assert before.number in browser.get(path).text
        right = before.due_on - timedelta(days=1)
        told = {"invoice": str(before.id), "due_on": right.isoformat(), "why": "rang up, contract seen"}
        wrong = send(browser, path, page=path, **told | {"due_on": before.due_on.isoformat()})
        assert (wrong.status_code, "This day stands there already" in wrong.text) == (422, True)
        assert "rang up, contract seen" in wrong.text
        done = send(browser, path, page=path, **told)
        assert done.status_code == 303, done.text
        assert self.invoice(bureau, claim).due_on == right
        assert "rang up, contract seen" in browser.get(url_of(claim)).text

    def test_of_which_invoice_must_be_said(self, bureau, browser):
        claim = bureau.claim()
        path = f"{url_of(claim)}/due-date"
        answer = send(browser, path, page=path, due_on="2026-10-01", why="x")
        assert (answer.status_code, 'id="error-invoice"' in answer.text) == (422, True)

    def test_is_not_another_claim_s(self, bureau, browser):
        claim, other = bureau.claim(), bureau.claim(brand="Fysio Plus")
        told = {"invoice": str(self.invoice(bureau, other).id), "due_on": "2026-10-01", "why": "x"}
        path = f"{url_of(claim)}/due-date"
        refused = send(browser, path, page=path, **told)
        assert (refused.status_code, "No such invoice" in refused.text) == (422, True)
