"""From a creditor's file to claims, rejects and a price, on a real database through the creditor's own
door.
"""

import io
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from agency.claims.opening import (
    CORRECTED_IN_FILE,
    CORRECTS_CLAIM,
    CREDITED_INVOICE_REJECTED,
    IN_COLLECTION,
    NOTHING_LEFT,
    NOTHING_TO_CREDIT,
    TORN,
    TWICE,
)
from agency.events import PlacementRead, QuoteAccepted
from agency.intake.amounts import FOREIGN
from agency.intake.invoice_remarks import BY_TERMS, NOT_BY_TERMS, NOT_PLAIN, OF_ANOTHER, OWED_BY_CREDITOR
from agency.intake.jobs import book_credits, know_debtors
from agency.intake.mapping import Mapped, save_mapping
from agency.intake.receive import read_placement
from agency.intake.rows import TOO_FAR
from agency.intake.table import SAMPLE_ROWS
from agency.kernel.emitting import install_reactions
from agency.kernel.errors import NotFound
from agency.kernel.ids import new_id
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.ledger.queries import claim_balance
from agency.parties.registration import creditor_by_reference
from agency.pricing.acceptance import accept_quote
from agency.pricing.reacting import open_books
from tests.einvoice.invoice_samples import BUYER, TOTALS, ubl
from tests.intake.factories import HEADERS, a_creditor, a_file, a_row, place, ports, rows_of


@pytest.fixture
def creditor_id(units):
    return a_creditor(units)


def remarks(units, creditor_id):
    found = "SELECT row, field, reason, value FROM placement_finding WHERE field = 'file'"
    return [tuple(row) for row in rows_of(units, creditor_id, found)]


def claims(units, creditor_id):
    return rows_of(
        units,
        creditor_id,
        "SELECT reference, principal_minor, state, due_on, law, interest_kind, number, payment_reference"
        " FROM claim ORDER BY reference",
    )


class TestFirstFile:
    @pytest.mark.parametrize("row", [{"due": "31-12-9999"}, {"issued": "31-12-9999", "due": ""}])
    def test_refuses_the_row_that_says_never_and_takes_the_others(self, units, creditor_id, row):
        report = place(units, creditor_id, a_file(a_row("F1"), a_row("F2", **row)))
        assert report.counts == (2, 1, 0, 0, 1)
        assert {reason for *_, reason in report.rejects} == {TOO_FAR}

    def test_becomes_claims_with_debtors_numbers_and_a_price(self, units, creditor_id):
        report = place(
            units,
            creditor_id,
            a_file(
                a_row("F1", customer="0007", amount="1.250,50"),
                a_row(
                    "F2",
                    customer="0008",
                    kind="consument",
                    name="Jan de Vries",
                    country="BE",
                    postcode="2000",
                ),
            ),
        )
        assert report.counts == (2, 2, 0, 0, 0)
        assert report.state == "quoted"
        first, second = claims(units, creditor_id)
        assert (first.reference, first.principal_minor, first.state) == ("F1", 125_050, "quoted")
        assert (first.law, first.interest_kind) == ("nl", "trade")
        assert (second.law, second.interest_kind) == ("be", "consumer")
        assert first.payment_reference.startswith("RF")
        assert second.payment_reference.startswith("+++")
        assert rows_of(units, creditor_id, "SELECT reference, name FROM debtor ORDER BY 1") == [
            ("0007", "Bakkerij Jansen B.V."),
            ("0008", "Jan de Vries"),
        ]

    def test_keeps_the_date_of_the_contract_and_takes_none_that_lies_ahead(self, units, creditor_id):
        head = "factuurnummer;bedrag;vervaldatum;naam;contractdatum;omschrijving"
        rows = ("F1;10,00;31-05-2026;Jan de Vries;14-04-2026;Keuken", "F2;10,00;31-05-2026;Ans de Vries;;",
                "F3;10,00;31-05-2026;Ton de Vries;14-04-2099;Keuken")  # fmt: skip
        report = place(units, creditor_id, "\n".join((head, *rows)).encode())
        kept = rows_of(units, creditor_id, "SELECT reference, contract_on, description FROM claim ORDER BY 1")
        assert kept == [("F1", date(2026, 4, 14), "Keuken"), ("F2", None, "")]
        assert report.counts[4] == 1

    def test_is_committed_with_its_outcome_per_row(self, units, creditor_id):
        report = place(units, creditor_id, a_file(a_row("F1"), a_row("F2", amount="0,00")))
        assert rows_of(
            units,
            creditor_id,
            "SELECT row, outcome FROM placement_row WHERE placement_id = :p ORDER BY row",
            p=report.placement_id,
        ) == [(2, "created"), (3, "rejected")]

    def test_keeps_a_consumer_a_consumer_where_a_rate_was_agreed(self, units, creditor_id):
        """WER art. XIX.4 and BW 6:119(3) protect him against that rate, by this kind."""
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(
                text("UPDATE creditor_terms SET contractual_interest_percent = '12' WHERE creditor_id = :id"),
                {"id": creditor_id},
            )
        consumer = a_row("F1", kind="consument", name="Jan de Vries", country="BE", postcode="2000")
        place(units, creditor_id, a_file(consumer, a_row("F2")))
        assert [claim.interest_kind for claim in claims(units, creditor_id)] == ["consumer", "trade"]


class TestRejects:
    @pytest.mark.parametrize(
        ("row", "field"),
        [
            (a_row(amount="0,00"), "Bedrag"),
            (a_row(amount="-5,00"), "Bedrag"),
            (a_row(amount="1000000000000,00"), "Bedrag"),
            (a_row(amount="1,005"), "Bedrag"),
            (a_row(amount=""), "Bedrag"),
            (a_row(number=""), "Factuurnummer"),
            (a_row(name=" "), "Naam"),
            (a_row(due="31-02-2026"), "Vervaldatum"),
            (a_row(due="01-01-2026"), "Vervaldatum"),
            (a_row(issued="01-05-2036", due="02-05-2036"), "Factuurdatum"),
            (a_row(country="XX"), "Land"),
            (a_row(postcode="12"), "Postcode"),
            (a_row(email="geen"), "E-mail"),
            (a_row(phone="12"), "Telefoon"),
            (a_row(kvk="1"), "KvK-nummer"),
            (a_row(kind="ding"), "Soort"),
            (a_row(name="Jan\u202enaJ".encode("ascii", "ignore").decode() + "\x07"), "Naam"),
        ],
    )
    def test_name_the_row_the_creditors_own_header_and_the_reason(self, units, creditor_id, row, field):
        report = place(units, creditor_id, a_file(a_row("GOOD"), row))
        assert report.counts == (2, 1, 0, 0, 1)
        assert {(line, name) for line, name, _ in report.rejects} >= {(3, field)}
        assert all(reason for _, _, reason in report.rejects)
        assert [claim.reference for claim in claims(units, creditor_id)] == ["GOOD"]

    def test_an_ambiguous_amount_is_accepted_once_the_mapping_says_the_sign(self, units, creditor_id):
        columns = {
            "invoice_number": "Factuurnummer",
            "debtor_name": "Naam",
            "amount": "Bedrag",
            "due_on": "Vervaldatum",
        }
        first = place(units, creditor_id, a_file(a_row(amount="1.234")))
        assert first.state == "mapping"
        assert "1.234 could be thousands or decimals" in first.refusal
        with units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
            save_mapping(
                unit, creditor_id=creditor_id, name="upload", mapped=Mapped(columns=columns, decimal_sign=",")
            )
        report = place(units, creditor_id, a_file(a_row("F2", amount="1.234"), a_row("F3", amount="2,00")))
        assert report.counts == (2, 2, 0, 0, 0)
        assert [claim.principal_minor for claim in claims(units, creditor_id)] == [123_400, 200]

    def test_an_amount_that_another_of_the_file_explains_is_no_question(self, units, creditor_id):
        place(units, creditor_id, a_file(a_row("F1", amount="1.234"), a_row("F2", amount="99,50")))
        assert [claim.principal_minor for claim in claims(units, creditor_id)] == [123_400, 9_950]

    def test_dates_with_slashes_are_asked_about_unless_one_of_them_tells(self, units, creditor_id):
        doubtful = place(units, creditor_id, a_file(a_row(issued="03/04/2026", due="05/06/2026")))
        assert doubtful.state == "mapping"
        assert "03/04/2026" in doubtful.refusal
        place(units, creditor_id, a_file(a_row("F2", issued="04/13/2026", due="05/06/2026")))
        assert [claim.due_on for claim in claims(units, creditor_id)] == [date(2026, 5, 6)]

    @pytest.mark.parametrize(
        ("rows", "asked"),
        [
            (["1.234,50;08/11/2026", "7,50;08/31/2026"], "08/31/2026"),
            (["1,234;11/08/2026", "1,234.50;31/08/2026"], "1,234.50"),
            (["1.234,50;08/11/2026", "7,50;08/31/2026", "7,50;31/08/2026"], ""),
            (["1.234;08-11-2026"], ""),
        ],
    )
    def test_a_profile_that_was_made_for_a_file_written_otherwise_is_asked_about(
        self, units, creditor_id, rows, asked
    ):
        names = {"invoice_number": "Nr", "debtor_name": "Who", "amount": "Open", "due_on": "Due"}
        saved = Mapped(columns=names, decimal_sign=",", date_order="day")
        with units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
            save_mapping(unit, creditor_id=creditor_id, name="upload", mapped=saved)
        rows = [f"F{at};Jansen BV;{row}" for at, row in enumerate(rows)]
        report = place(units, creditor_id, a_file(*rows, headers=";".join(names.values())))
        assert (report.state == "mapping", asked in (report.refusal or "")) == (bool(asked), True)
        assert not asked or "otherwise than the profile says" in report.refusal

    def test_unclear_columns_wait_and_leave_nothing_until_they_are_explained(self, units, creditor_id):
        content = a_file("X1;Jansen;1.234;31-05-2026", headers="Wat;Wie;Hoeveel;Wanneer")
        adapters = ports()
        waiting = place(units, creditor_id, content, adapters=adapters)
        assert waiting.state == "mapping"
        assert claims(units, creditor_id) == []
        mapped = Mapped(
            columns={"invoice_number": "Wat", "debtor_name": "Wie", "amount": "Hoeveel", "due_on": "Wanneer"},
            decimal_sign=",",
        )
        done = place(units, creditor_id, content, mapped=mapped, adapters=adapters)
        assert done.counts == (1, 1, 0, 0, 0)
        assert claims(units, creditor_id)[0].principal_minor == 123_400

    def test_two_columns_that_could_be_the_same_are_not_chosen_between(self, units, creditor_id):
        report = place(
            units,
            creditor_id,
            a_file("1;J;5,00;6,00;31-05-2026", headers="Factuurnummer;Naam;Bedrag;Saldo;Vervaldatum"),
        )
        assert report.state == "mapping"
        assert "Bedrag" in report.refusal
        assert "Saldo" in report.refusal

    def test_a_broken_file_is_refused_whole(self, units, creditor_id):
        report = place(units, creditor_id, a_file(a_row("F1"), 'F2;"open'))
        assert report.state == "refused"
        assert "line" in report.refusal
        assert report.counts == (0, 0, 0, 0, 0)
        assert claims(units, creditor_id) == []
        assert rows_of(units, creditor_id, "SELECT count(*) FROM debtor") == [(0,)]


class TestTablesInAnArchive:
    @pytest.mark.parametrize(
        ("header", "amount"), [("Bedrag (USD)", "100,00"), ("Bedrag", "$ 100,00"), ("Bedrag", "100,00 gbp")]
    )
    def test_are_not_taken_for_euros_either(self, units, creditor_id, header, amount):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            table = a_file(a_row("F1", amount=amount), headers=HEADERS.replace("Bedrag", header))
            archive.writestr("open.csv", table)
        report = place(units, creditor_id, packed.getvalue(), name="alles.zip")
        assert report.counts == (1, 0, 0, 0, 1)
        assert [reason for *_, reason in report.rejects] == [FOREIGN]

    def test_are_read_as_they_are_by_themselves(self, units, creditor_id):
        rows = [f"F{at},Jansen BV,{at}.50,08/13/2026,08/31/2026," for at in range(10, SAMPLE_ROWS + 10)]
        rows += [
            "X1,Jansen BV,1,000.00,08/13/2026,08/31/2026",
            "X2,Jansen BV,12.50,08/01/2026,13/10/2026,",
            'X3,Jansen BV,"1.234,56",08/01/2026,08/31/2026,',
            "X4,Jansen BV,12.50",
            "X5,Jansen BV,12.50,08/01/2026,08/31/2026,nobody",
        ]
        headers = "Invoice number,Customer name,Amount,Invoice date,Due date,E-mail"
        table = "\n".join((headers, *rows))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("open.csv", table)
        alone = place(units, creditor_id, table.encode())
        together = place(units, a_creditor(units, reference="OTHER"), packed.getvalue(), name="alles.zip")
        assert together.counts == alone.counts == (SAMPLE_ROWS + 5, SAMPLE_ROWS, 0, 0, 5)
        assert [why for _, *why in together.rejects] == [why for _, *why in alone.rejects]


class TestTheSameAgain:
    def test_the_same_file_changes_nothing(self, units, creditor_id):
        content, adapters = a_file(a_row("F1"), a_row("F2", amount="x")), ports()
        first = place(units, creditor_id, content, adapters=adapters)
        before = claims(units, creditor_id)
        again = place(units, creditor_id, content, adapters=adapters)
        assert again.again
        assert again.placement_id == first.placement_id
        assert claims(units, creditor_id) == before
        assert rows_of(units, creditor_id, "SELECT count(*) FROM quote") == [(1,)]

    def test_the_same_rows_in_another_file_are_unchanged(self, units, creditor_id):
        place(units, creditor_id, a_file(a_row("F1")))
        report = place(units, creditor_id, a_file(a_row("F1"), a_row("F2")))
        assert report.counts == (2, 1, 0, 1, 0)
        assert report.unchanged == 1

    def test_a_changed_row_updates_its_claim_and_makes_the_price_anew(self, units, creditor_id):
        place(units, creditor_id, a_file(a_row("F1", amount="100,00")))
        report = place(units, creditor_id, a_file(a_row("F1", amount="80,00")))
        assert report.counts == (1, 0, 1, 0, 0)
        assert claims(units, creditor_id)[0].principal_minor == 8_000
        assert rows_of(
            units, creditor_id, "SELECT state, principal_minor FROM quote ORDER BY issued_at, id"
        ) == [
            ("replaced", 10_000),
            ("open", 8_000),
        ]

    def test_a_number_twice_in_one_file_counts_once(self, units, creditor_id):
        report = place(units, creditor_id, a_file(a_row("F1"), a_row("F1"), a_row("F1", amount="7,00")))
        assert report.counts == (3, 1, 0, 1, 1)
        assert report.rejects == [(4, "Factuurnummer", TWICE)]
        rows = rows_of(
            units,
            creditor_id,
            "SELECT row, outcome, claim_id = (SELECT id FROM claim) FROM placement_row ORDER BY 1",
        )
        assert rows == [(2, "created", True), (3, "unchanged", True), (4, "rejected", None)]

    def test_a_number_again_shares_the_fate_of_its_first_row(self, units, creditor_id):
        place(units, creditor_id, a_file(a_row("F1", customer="0007")))
        report = place(units, creditor_id, a_file(a_row("F1", customer="0009"), a_row("F1", customer="0009")))
        assert report.counts == (2, 0, 0, 0, 2)

    def test_a_claim_in_collection_is_not_changed_by_a_file(self, units, creditor_id):
        place(units, creditor_id, a_file(a_row("F1")))
        accept(units, creditor_id)
        report = place(units, creditor_id, a_file(a_row("F1", amount="1,00")))
        assert report.rejects == [(2, "Factuurnummer", IN_COLLECTION)]
        assert claims(units, creditor_id)[0].principal_minor == 10_000


def accept(units, creditor_id):
    ((quote_id,),) = rows_of(units, creditor_id, "SELECT id FROM quote WHERE state = 'open'")
    with units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
        accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)


MERGE = "Dossiernummer;Factuurnummer;Klantnummer;Naam;Bedrag;Vervaldatum;Crediteert factuur"


class TestMerging:
    def test_invoices_of_one_case_reference_become_one_claim(self, units, creditor_id):
        report = place(
            units,
            creditor_id,
            a_file("D1;F1;7;Jansen;10,00;31-05-2026;", "D1;F2;7;JANSEN ;20,00;01-04-2026;", headers=MERGE),
        )
        assert report.counts == (2, 1, 0, 1, 0)
        (claim,) = claims(units, creditor_id)
        assert (claim.reference, claim.principal_minor, claim.due_on) == ("D1", 3_000, date(2026, 4, 1))

    def test_one_case_of_two_debtors_is_refused(self, units, creditor_id):
        report = place(
            units,
            creditor_id,
            a_file("D1;F1;7;Jansen;10,00;31-05-2026;", "D1;F2;8;Pieters;20,00;01-04-2026;", headers=MERGE),
        )
        assert report.counts == (2, 1, 0, 0, 1)
        assert report.rejects[0][:2] == (3, "Dossiernummer")

    def test_a_credit_note_lowers_the_claim_of_its_invoice(self, units, creditor_id):
        report = place(
            units,
            creditor_id,
            a_file("D1;F1;7;Jansen;10,00;31-05-2026;", "D1;C1;7;Jansen;-4,00;31-05-2026;F1", headers=MERGE),
        )
        assert report.counts == (2, 1, 0, 1, 0)
        assert claims(units, creditor_id)[0].principal_minor == 600

    def test_a_later_credit_note_finds_its_invoice_and_reprices(self, units, creditor_id):
        place(units, creditor_id, a_file("D1;F1;7;Jansen;10,00;31-05-2026;", headers=MERGE))
        report = place(units, creditor_id, a_file("D1;C1;7;Jansen;-4,00;31-05-2026;F1", headers=MERGE))
        assert report.counts == (1, 0, 0, 1, 0)
        assert claims(units, creditor_id)[0].principal_minor == 600
        assert rows_of(units, creditor_id, "SELECT principal_minor FROM quote WHERE state = 'open'") == [
            (600,)
        ]

    @pytest.mark.parametrize(
        ("rows", "reasons"),
        [
            (["D1;C1;7;Jansen;-4,00;31-05-2026;F9"], [NOTHING_TO_CREDIT]),
            (["D1;F1;7;Jansen;4,00;31-05-2026;", "D1;C1;7;Jansen;-4,00;31-05-2026;F1"], [NOTHING_LEFT] * 2),
            (
                ["D1;F1;7;Jansen;x;31-05-2026;", "D1;C1;7;Jansen;-4,00;31-05-2026;F1"],
                [None, NOTHING_TO_CREDIT],
            ),
        ],
    )
    def test_a_credit_note_without_anything_to_lower_is_refused(self, units, creditor_id, rows, reasons):
        report = place(units, creditor_id, a_file(*rows, headers=MERGE))
        assert report.rejected == report.rows == len(rows)
        assert [want for want in reasons if want] == [r for _, _, r in report.rejects if r in reasons]
        assert claims(units, creditor_id) == []

    def test_full_credit_of_a_waiting_claim_withdraws_it(self, units, creditor_id):
        place(units, creditor_id, a_file("D1;F1;7;Jansen;10,00;31-05-2026;", headers=MERGE))
        place(units, creditor_id, a_file("D1;C1;7;Jansen;-10,00;31-05-2026;F1", headers=MERGE))
        assert claims(units, creditor_id)[0].state == "withdrawn"

    def test_a_credit_on_a_claim_in_collection_is_booked(self, units, creditor_id):
        install_reactions({PlacementRead: (book_credits,), QuoteAccepted: (open_books,)})
        place(units, creditor_id, a_file("D1;F1;7;Jansen;10,00;31-05-2026;", headers=MERGE))
        accept(units, creditor_id)
        drain(units)
        place(units, creditor_id, a_file("D1;C1;7;Jansen;-4,00;31-05-2026;F1", headers=MERGE))
        drain(units)
        ((claim_id,),) = rows_of(units, creditor_id, "SELECT id FROM claim")
        with units.open(Door.STAFF, by="system:test") as unit:
            assert claim_balance(unit, creditor_id=creditor_id, claim_id=claim_id).principal.minor == 600
        assert rows_of(
            units, creditor_id, "SELECT count(*) FROM ledger_transaction WHERE kind = 'credit_note'"
        ) == [(1,)]

    def test_case_logic_makes_one_claim_per_debtor(self, units, creditor_id):
        mapped = Mapped(
            columns={
                "invoice_number": "F",
                "debtor_reference": "K",
                "debtor_name": "N",
                "amount": "B",
                "due_on": "V",
            },
            decimal_sign=",",
            one_claim_per="debtor",
        )
        rows = ("1;7;Jansen;10,00;31-05-2026", "2;8;Pieters;5,00;31-05-2026", "3;7;Jansen;1,00;31-05-2026")
        report = place(units, creditor_id, a_file(*rows, headers="F;K;N;B;V"), mapped=mapped)
        assert report.counts == (3, 2, 0, 1, 0)
        assert [claim.principal_minor for claim in claims(units, creditor_id)] == [1_100, 500]


class TestLinesOfInvoices:
    """A hospital's or a landlord's list: an invoice stands on as many rows as it has lines."""

    MAPPED = Mapped(
        columns={"invoice_number": "F", "debtor_reference": "K", "debtor_name": "N", "amount": "B",
                 "due_on": "V"},
        decimal_sign=",",
        repeats="added",
    )  # fmt: skip

    def placed(self, units, creditor_id, *rows, **more):
        return place(
            units, creditor_id, a_file(*rows, headers="F;K;N;B;V"), mapped=more.pop("mapped", self.MAPPED)
        )

    def test_are_added_up_equal_ones_too(self, units, creditor_id):
        report = self.placed(
            units, creditor_id,
            "1;7;Jansen;35,00;31-05-2026", "2;8;Pieters;5,10;31-05-2026", "1;7;Jansen;35,00;31-05-2026",
            "1;7;Jansen;-0,01;31-05-2026", "2;8;Pieters;5,00;31-05-2026",
        )  # fmt: skip
        assert report.counts == (5, 2, 0, 3, 0)
        assert [(one.reference, one.principal_minor) for one in claims(units, creditor_id)] == [
            ("1", 6_999),
            ("2", 1_010),
        ]
        lost = rows_of(units, creditor_id, "SELECT count(*) FROM placement_row WHERE claim_id IS NULL")
        assert lost == [(0,)]

    def test_sent_again_change_nothing(self, units, creditor_id):
        rows = ("1;7;Jansen;35,00;31-05-2026", "1;7;Jansen;5,00;31-05-2026")
        self.placed(units, creditor_id, *rows)
        again = self.placed(units, creditor_id, *rows, "3;7;Jansen;1,00;31-05-2026")
        assert again.counts == (3, 1, 0, 2, 0)
        assert [one.principal_minor for one in claims(units, creditor_id)] == [4_000, 100]

    def test_that_come_to_nothing_or_tell_of_another_debtor_are_refused(self, units, creditor_id):
        report = self.placed(
            units, creditor_id,
            "1;7;Jansen;35,00;31-05-2026", "1;7;Jansen;-35,00;31-05-2026",
            "2;8;Pieters;5,00;31-05-2026", "2;9;Smit;5,00;31-05-2026", "2;8;Pieters;1,00;31-05-2026",
        )  # fmt: skip
        assert [(row, reason) for row, _, reason in report.rejects] == [
            (2, NOTHING_LEFT),
            (3, NOTHING_LEFT),
            (5, TWICE),
        ]
        assert [one.principal_minor for one in claims(units, creditor_id)] == [600]

    def test_of_which_one_cannot_be_read_are_none_of_them_taken(self, units, creditor_id):
        """What is left of them would ask too little, or too much where the line was a discount."""
        report = self.placed(
            units, creditor_id,
            "1;7;Jansen;35,00;31-05-2026", "2;8;Pieters;5,00;31-05-2026", "1;7;Jansen;-x;31-05-2026",
        )  # fmt: skip
        assert {(row, reason) for row, field, reason in report.rejects if field == "F"} == {
            (2, TORN),
            (4, TORN),
        }
        assert [(one.reference, one.principal_minor) for one in claims(units, creditor_id)] == [("2", 500)]

    def test_are_never_added_up_unasked(self, units, creditor_id):
        rows = ("1;7;Jansen;35,00;31-05-2026", "1;7;Jansen;5,00;31-05-2026")
        report = self.placed(units, creditor_id, *rows, mapped=replace(self.MAPPED, repeats="once"))
        assert [reason for _, _, reason in report.rejects] == [TWICE]

    def test_are_kept_with_the_profile(self, units, creditor_id):
        with units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
            save_mapping(unit, creditor_id=creditor_id, name="Ziekenhuis", mapped=self.MAPPED)
        rows = ("1;7;Jansen;35,00;31-05-2026", "1;7;Jansen;5,00;31-05-2026")
        assert self.placed(units, creditor_id, *rows, mapped=None).counts == (2, 1, 0, 1, 0)


class TestDebtors:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (a_row("F1", customer="7", name="Jansen"), a_row("F2", customer="7", name="De heer JANSEN  ")),
            (
                a_row("F1", customer="", kvk="12345678"),
                a_row("F2", customer="", name="Jansen Holding", kvk="12 345 678"),
            ),
            (
                a_row("F1", customer=""),
                a_row("F2", customer="", name="BAKKERIJ JANSEN BV ", postcode="1012ab"),
            ),
        ],
    )
    def test_meet_in_one_file_and_across_files(self, units, creditor_id, one, other):
        place(units, creditor_id, a_file(one, other))
        assert rows_of(units, creditor_id, "SELECT count(*) FROM debtor") == [(1,)]
        second = a_creditor(units, "SECOND")
        place(units, second, a_file(one))
        place(units, second, a_file(other))
        assert rows_of(units, second, "SELECT count(*) FROM debtor") == [(1,)]

    def test_of_one_name_at_two_addresses_stay_two(self, units, creditor_id):
        place(
            units, creditor_id, a_file(a_row("F1", customer=""), a_row("F2", customer="", postcode="9711 AA"))
        )
        assert rows_of(units, creditor_id, "SELECT count(*) FROM debtor") == [(2,)]

    def test_of_two_creditors_are_linked_by_the_agency_only(self, units, creditor_id):
        install_reactions({PlacementRead: (know_debtors,)})
        other = a_creditor(units, "SECOND")
        for owner in (creditor_id, other):
            place(units, owner, a_file(a_row("F1", kvk="12345678")))
        drain(units)
        with units.open(Door.STAFF, by="system:test") as unit:
            linked = unit.session.connection().execute(
                text("SELECT count(DISTINCT identity_id), count(*) FROM debtor")
            )
            assert linked.one() == (1, 2)
        with units.open(Door.CREDITOR, by="user:x", creditor_id=other) as unit, pytest.raises(DatabaseError):
            unit.session.connection().execute(text("SELECT * FROM debtor_identity"))


class TestSum:
    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["F1", "F2", "F3", "F4", ""]),
                st.sampled_from(["10,00", "1.234", "-3,00", "0,00", "20,00"]),
                st.sampled_from(["7", "8", ""]),
                st.sampled_from(["", "F1", "F2", "F9"]),
            ),
            min_size=1,
            max_size=12,
        )
    )
    def test_of_outcomes_is_the_number_of_rows_whatever_comes_in(self, units, rows):
        owner = a_creditor(units, f"C{new_id().hex}")
        lines = [
            f";{number};{who};Jansen;{amount};31-05-2026;{credits}" for number, amount, who, credits in rows
        ]
        for content in (a_file(*lines, headers=MERGE), a_file(*lines[::-1], headers=MERGE + ";Extra")):
            report = place(units, owner, content)
            if report.state in ("refused", "mapping"):  # as a whole, or until its creditor says what 1.234 is
                assert report.rows == 0
                continue
            assert report.rows == len(lines)
            assert report.rows == report.created + report.updated + report.merged + report.rejected
        bad = rows_of(
            units,
            owner,
            "SELECT 1 FROM claim c WHERE state IN ('new', 'quoted') AND principal_minor <>"
            " (SELECT sum(open_minor) FROM invoice i WHERE i.claim_id = c.id)",
        )
        assert bad == []


class TestEInvoices:
    def test_every_real_one_becomes_a_claim_or_a_reject_with_a_reason(self, units, creditor_id, real_data):
        files = sorted(
            path for path in (real_data / "02_einvoice").rglob("*") if path.suffix in (".xml", ".pdf")
        )
        assert len(files) > 100
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path in files:
                archive.writestr(f"../../{path.parent.name}_{path.name}", path.read_bytes())
        report = place(units, creditor_id, packed.getvalue(), name="alles.zip")
        assert report.state == "quoted"
        assert report.rows == len(files)
        assert report.created > 20
        assert report.rejected == len({row for row, _, _ in report.rejects})
        assert all(reason for _, _, reason in report.rejects)
        without = rows_of(
            units,
            creditor_id,
            "SELECT count(*) FROM claim c WHERE NOT EXISTS"
            " (SELECT 1 FROM document d WHERE d.claim_id = c.id AND d.kind = 'invoice')",
        )
        assert without == [(0,)]

    def test_a_single_one_keeps_its_file_as_evidence(self, units, creditor_id, real_data):
        path = real_data / "02_einvoice/josemmo/peppol-invoice-example.xml"
        report = place(units, creditor_id, path.read_bytes(), name=path.name)
        assert report.counts == (1, 1, 0, 0, 0)
        assert rows_of(units, creditor_id, "SELECT kind, name FROM document ORDER BY kind") == [
            ("invoice", path.name),
            ("other", "att.txt"),
        ]

    @pytest.mark.parametrize(
        ("terms", "due", "reason"),
        [
            ("60 dagen netto", date(2026, 11, 30), BY_TERMS),
            ("Contant", date(2026, 10, 31), NOT_BY_TERMS),
        ],
    )
    def test_without_a_due_date_is_due_by_its_terms_in_words(self, units, creditor_id, terms, due, reason):
        told = f"<cac:PaymentTerms><cbc:Note>{terms}</cbc:Note></cac:PaymentTerms>"
        content = ubl(payment=told).replace("<cbc:DueDate>2026-10-31</cbc:DueDate>", "")
        report = place(units, creditor_id, content.encode(), name="f.xml")
        assert report.counts == (1, 1, 0, 0, 0)
        assert [claim.due_on for claim in claims(units, creditor_id)] == [due]
        found = "SELECT reason FROM placement_finding WHERE field = 'due_on'"
        assert reason in [row.reason for row in rows_of(units, creditor_id, found)]

    def test_what_one_says_against_itself_is_shown_with_its_claim(self, units, creditor_id):
        content = ubl(totals=TOTALS.replace(">121.00</cbc:Payable", ">120.00</cbc:Payable")).encode()
        report = place(units, creditor_id, content, name="f.xml")
        assert report.counts == (1, 1, 0, 0, 0)
        said = "total with VAT less prepaid plus rounding is 121.00, the document says 120.00"
        assert remarks(units, creditor_id) == [(1, "file", NOT_PLAIN, said)]

    @pytest.mark.parametrize(
        ("own", "counts", "shown"),
        [
            ("NL123456789B01", (1, 1, 0, 0, 0), []),
            ("NL001234567B01", (1, 1, 0, 0, 0), [(1, "file", OF_ANOTHER, "Bakker Brood B.V.")]),
            ("BE0403170701", (1, 0, 0, 0, 1), []),
        ],
    )
    def test_one_of_another_seller_is_remarked_and_one_that_it_must_pay_itself_refused(
        self, units, creditor_id, own, counts, shown
    ):
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(
                text("UPDATE creditor SET vat_number = :own WHERE id = :c"), {"own": own, "c": creditor_id}
            )
        end = "</cbc:RegistrationName>"
        owed_by = BUYER.replace(end, f"{end}<cbc:CompanyID>0403.170.701</cbc:CompanyID>")
        report = place(units, creditor_id, ubl(buyer=owed_by).encode(), name="f.xml")
        assert report.counts == counts
        assert [reason for _, _, reason in report.rejects] == [OWED_BY_CREDITOR] * counts[4]
        assert remarks(units, creditor_id) == shown

    @pytest.mark.parametrize("folder", ["xml_defusedxml"])
    def test_hostile_ones_are_refused(self, units, creditor_id, real_data, folder):
        for path in sorted((real_data / "06_hostile" / folder).iterdir()):
            report = place(units, creditor_id, path.read_bytes(), name=path.name)
            assert report.state == "refused", path.name
        assert claims(units, creditor_id) == []


class TestWall:
    def test_a_reference_of_another_creditor_is_free_for_this_one(self, units, creditor_id):
        other = a_creditor(units, "SECOND")
        place(units, creditor_id, a_file(a_row("F1")))
        assert place(units, other, a_file(a_row("F1"))).counts == (1, 1, 0, 0, 0)

    def test_another_creditors_placement_does_not_exist(self, units, creditor_id):
        other, adapters = a_creditor(units, "SECOND"), ports()
        report = place(units, creditor_id, a_file(a_row("F1")), adapters=adapters)
        with units.open(Door.CREDITOR, by="user:x", creditor_id=other) as unit:
            for owner in (other, creditor_id):
                with pytest.raises(NotFound):
                    read_placement(
                        unit,
                        adapters.files,
                        adapters.read_einvoice,
                        creditor_id=owner,
                        placement_id=report.placement_id,
                    )

    def test_a_claim_cannot_point_at_another_creditors_debtor(self, units, creditor_id):
        other = a_creditor(units, "SECOND")
        place(units, creditor_id, a_file(a_row("F1")))
        place(units, other, a_file(a_row("F1")))
        ((debtor_id,),) = rows_of(units, other, "SELECT id FROM debtor")
        with (
            pytest.raises(DatabaseError, match="foreign key"),
            units.open(Door.STAFF, by="system:test") as unit,
        ):
            unit.session.connection().execute(
                text("UPDATE claim SET debtor_id = :d WHERE creditor_id = :c"),
                {"d": debtor_id, "c": creditor_id},
            )

    def test_the_creditor_is_found_by_its_reference(self, units, creditor_id):
        with units.open(Door.STAFF, by="system:test") as unit:
            assert creditor_by_reference(unit, reference="GROOTHANDEL").id == creditor_id


def test_the_unused_reason_is_reached_when_an_invoice_of_the_file_falls_out(units, creditor_id):
    place(units, creditor_id, a_file("D0;F0;7;Jansen;10,00;31-05-2026;", headers=MERGE))
    report = place(
        units,
        creditor_id,
        a_file("D0;F1;8;Pieters;5,00;31-05-2026;", "D0;C1;8;Pieters;-1,00;31-05-2026;F1", headers=MERGE),
    )
    assert [reason for _, _, reason in report.rejects][-1] == CREDITED_INVOICE_REJECTED
    assert report.rejected == 2


class TestCorrectedInvoices:
    """UNTDID 1001 code 384: it says anew, in whole or in part, what an earlier invoice said."""

    REFERENCE = (
        "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>00042</cbc:ID>"
        "</cac:InvoiceDocumentReference></cac:BillingReference><cac:AccountingSupplierParty>"
    )

    def corrected(self, code: str = "384") -> str:
        text = ubl().replace("<cbc:ID>00042</cbc:ID>", "<cbc:ID>00043</cbc:ID>", 1)
        return text.replace(">380<", f">{code}<").replace("<cac:AccountingSupplierParty>", self.REFERENCE, 1)

    def test_are_not_collected_beside_the_claim_that_they_correct(self, units, creditor_id):
        place(units, creditor_id, ubl().encode(), name="one.xml")
        report = place(units, creditor_id, self.corrected().encode(), name="two.xml")
        assert [(field, reason) for _, field, reason in report.rejects] == [
            ("billing_reference", CORRECTS_CLAIM)
        ]
        assert [row.reference for row in claims(units, creditor_id)] == ["00042"]

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_in_one_file_with_what_they_correct_leave_the_choice_to_the_creditor(
        self, units, creditor_id, order
    ):
        packed, files = io.BytesIO(), (ubl(), self.corrected())
        with zipfile.ZipFile(packed, "w") as archive:
            for at in order:
                archive.writestr(f"{at}.xml", files[at])
        report = place(units, creditor_id, packed.getvalue(), name="alles.zip")
        assert {reason for *_, reason in report.rejects} == {CORRECTED_IN_FILE}
        assert (report.rows, report.rejected) == (2, 2)

    def test_are_collected_where_nothing_else_is(self, units, creditor_id):
        report = place(units, creditor_id, self.corrected().encode(), name="two.xml")
        assert report.counts == (1, 1, 0, 0, 0)
        again = place(units, creditor_id, self.corrected().encode() + b"\n", name="two.xml")
        assert again.rejected == 0

    def test_are_told_from_invoices_that_follow_an_earlier_one(self, units, creditor_id):
        place(units, creditor_id, ubl().encode(), name="one.xml")
        report = place(units, creditor_id, self.corrected("380").encode(), name="two.xml")
        assert report.counts == (1, 1, 0, 0, 0)
