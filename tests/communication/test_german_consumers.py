"""What a consumer in Germany is told with the first demand; nothing leaves that lacks some of it."""

import io
from datetime import date

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from agency.rules.facts import Channel, DebtorKind, Law
from tests.communication.correspondence import Office, a_correspondent, queue


@pytest.fixture
def office(units):
    return Office(units).open_up()


class TestGermanConsumer:
    """RDG s. 13a: with the first demand, in text form, whatever the law of the claim is."""

    SUBJECT = "Küche, geliefert und montiert"

    def a_message(self, office, *, law=Law.nl, told=True, channel=Channel.letter, language="de", **changed):
        with office.unit() as unit:
            creditor_id, claim_id = a_correspondent(
                unit, country="DE", law=law, debtor=DebtorKind.consumer, language=language, **changed
            )
            if told:
                self.tell(unit, claim_id)
            queue(unit, creditor_id, claim_id, channel=channel)
        return creditor_id, claim_id

    def tell(self, unit, claim_id):
        unit.session.connection().execute(
            text("UPDATE claim SET description = :what, contract_on = '2026-09-14' WHERE id = :id"),
            {"what": self.SUBJECT, "id": claim_id},
        )

    @pytest.mark.parametrize("law", [Law.nl, Law.de])
    def test_reads_the_object_and_date_of_the_contract_and_who_supervises(self, office, law):
        _, claim_id = self.a_message(office, law=law)
        office.send()
        assert [message.state for message in office.messages(claim_id)] == ["sent"]
        words = " ".join(
            " ".join(page.extract_text().split())
            for page in PdfReader(io.BytesIO(office.letters.left[0].body)).pages
        )
        assert f"{self.SUBJECT} (Vertrag vom 14. September 2026)" in words
        assert "Bundesamt für Justiz, Adenauerallee 99–103, 53113 Bonn, rdg@bfj.bund.de" in words
        assert "Beispiel 000000" in words

    def test_nothing_leaves_while_the_creditor_did_not_tell_and_the_refusal_names_it(self, office):
        _, claim_id = self.a_message(office, told=False)
        office.send()
        (message,) = office.messages(claim_id)
        assert (message.state, message.reasons) == ("refused", ["content_incomplete"])
        lacking = [line["inputs"]["item"] for line in message.trace if line["outcome"] == "content.missing"]
        assert lacking == ["item_object_of_the_contract", "item_date_of_the_contract"]
        assert office.letters.left == []

    def test_the_number_of_an_invoice_is_no_object_of_a_contract(self, office):
        _, claim_id = self.a_message(office)
        with office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE claim c SET description = i.number FROM invoice i WHERE i.claim_id = c.id")
            )
        office.send()
        assert office.messages(claim_id)[0].reasons == ["content_incomplete"]

    def test_a_text_message_waits_for_a_whole_message(self, office):
        _, claim_id = self.a_message(office, channel=Channel.sms)
        office.send()
        assert office.messages(claim_id)[0].reasons == ["content_incomplete"]
        assert office.texts.left == []

    @pytest.mark.parametrize("changed", [{"country": "NL"}, {"debtor": DebtorKind.company}])
    def test_nobody_else_needs_it(self, office, changed):
        with office.unit() as unit:
            facts = {"country": "DE", "debtor": DebtorKind.consumer, "language": "de"} | changed
            creditor_id, claim_id = a_correspondent(unit, **facts)
            queue(unit, creditor_id, claim_id)
        office.send()
        assert [message.state for message in office.messages(claim_id)] == ["sent"]
        assert "RDG" not in office.mail.left[0].body

    @pytest.mark.parametrize(
        ("language", "heading"),
        [("nl", "volgens Duits recht"), ("fr", "droit allemand"), ("en", "German law"), ("pl", "German law")],
    )
    def test_reads_it_in_his_own_language_or_english(self, office, language, heading):
        self.a_message(office, channel=Channel.email, language=language)
        office.send()
        assert heading in office.mail.left[0].body
        assert self.SUBJECT in office.mail.left[0].body

    def test_interest_above_the_statutory_rate_has_a_note_of_its_own(self, office):
        creditor_id, claim_id = self.a_message(
            office, law=Law.de, channel=Channel.email, invoices=((100_000, date(2026, 6, 1)),)
        )
        with office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE creditor_terms SET contractual_interest_percent = '12' WHERE creditor_id = :c"),
                {"c": creditor_id},
            )
            unit.session.connection().execute(
                text("UPDATE claim SET phase = 'amicable' WHERE id = :id"), {"id": claim_id}
            )
        office.send()
        assert "Der Zinssatz von 12 % ist höher als der gesetzliche." in office.mail.left[0].body
        assert "§ 288 Absatz 1 BGB" in office.mail.left[0].body
