"""From upload to what a document counts for: the job, what people say, completeness by hand, the walls."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from agency.claims.amending import InvoiceChange, amend_claim_type, amend_invoice
from agency.documents.check import claimed_facts, last_check, verdicts_of
from agency.documents.completeness import assess_claim
from agency.documents.correcting import judge_document
from agency.documents.jobs import check_claim_later
from agency.documents.models import Verdict
from agency.documents.overriding import open_override, override_completeness, withdraw_override
from agency.documents.quota import OverQuota, Quota
from agency.documents.upload import add_document, document_of
from agency.events import DueDateCorrected
from agency.kernel.audit import verify_chain
from agency.kernel.emitting import emit, install_reactions
from agency.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from agency.kernel.outbox import drain
from agency.kernel.ports import install_ports
from agency.kernel.unit import Door
from agency.pricing.replay import replay
from agency.reactions import REACTIONS
from agency.rules.evidence import Standing
from agency.rules.facts import ClaimType, DocumentKind
from tests.documents.papers import D, a_paper
from tests.intake.factories import Store, a_creditor, a_file, a_row, place, ports, rows_of

RIGHT = {"creditor": "Groothandel", "debtor": "Bakkerij Jansen B.V.", "number": "F-2026-17",
         "issued": "01-05-2026", "due": "31-05-2026", "amount": "€ 1.234,56"}  # fmt: skip


class Evidence:
    """A claim of a creditor, to which papers are added and whose jobs are worked off."""

    def __init__(self, units):
        self.units = units
        self.adapters = ports()
        install_ports(self.adapters)
        install_reactions(REACTIONS)
        self.creditor_id = a_creditor(units)
        place(units, self.creditor_id, a_file(a_row("F-2026-17", amount="1234,56")), adapters=self.adapters)
        ((self.claim_id,),) = self.rows("SELECT id FROM claim")

    def rows(self, sql, **values):
        return rows_of(self.units, self.creditor_id, sql, **values)

    def unit(self, door=Door.CREDITOR, by="user:creditor"):
        return self.units.open(door, by=by, creditor_id=self.creditor_id)

    def add(self, content, *, kind=None, name="scan.pdf", work=True, **values):
        with self.unit() as unit:
            document_id = add_document(
                unit, self.adapters.files, creditor_id=self.creditor_id, claim_id=self.claim_id, kind=kind,
                name=name, content=content, **values,
            )  # fmt: skip
        if work:
            drain(self.units)
        return document_id

    def document(self, document_id):
        with self.unit() as unit:
            return document_of(unit, creditor_id=self.creditor_id, document_id=document_id)

    def say(self, document_id, verdict, *, door=Door.CREDITOR, **values):
        with self.unit(door, by=f"user:{door}") as unit:
            judge_document(
                unit, creditor_id=self.creditor_id, document_id=document_id, verdict=verdict, **values
            )
        drain(self.units)
        return self.document(document_id).standing

    def completeness(self):
        with self.unit() as unit:
            return assess_claim(unit, creditor_id=self.creditor_id, claim_id=self.claim_id).completeness

    def fee(self):
        ((fee,),) = self.rows(
            "SELECT l.fee_bps FROM quote_line l"
            " JOIN quote q ON q.creditor_id = l.creditor_id AND q.id = l.quote_id WHERE q.state = 'open'"
        )
        return fee


@pytest.fixture
def evidence(units):
    return Evidence(units)


class TestReading:
    def test_happens_after_the_upload_and_tells_what_it_is(self, evidence):
        document_id = evidence.add(a_paper(D.delivery_note, **RIGHT), name="scan0001.pdf", work=False)
        before = evidence.document(document_id)
        assert (before.kind, before.standing, before.checked_at) == (D.other, Standing.unchecked, None)
        drain(evidence.units)
        after = evidence.document(document_id)
        assert (after.kind, after.kind_from, after.standing) == (D.delivery_note, "content", Standing.valid)
        with evidence.unit() as unit:
            check = last_check(unit, creditor_id=evidence.creditor_id, document_id=document_id)
        assert check.confidence > 60
        assert check.rule_version.count("/") == 1
        assert check.facts["debtor"] == "Bakkerij Jansen B.V."
        assert {one["field"] for one in check.findings} == {"number", "debtor", "creditor", "signature"}
        assert evidence.rows("SELECT count(*) FROM event WHERE kind = 'EvidenceChecked'") == [(1,)]

    def test_lets_the_price_fall_for_what_counts_and_rise_again_when_it_is_refuted(self, evidence):
        bare = evidence.fee()
        document_id = evidence.add(a_paper(D.delivery_note, **RIGHT))
        proved = evidence.fee()
        assert proved < bare
        assert evidence.say(document_id, Verdict.wrong_document) is Standing.refuted
        assert evidence.fee() == bare
        assert evidence.say(document_id, Verdict.right) is Standing.valid
        assert evidence.fee() == proved

    def test_of_another_debtors_paper_earns_nothing_and_prices_anew(self, evidence):
        bare, before = evidence.fee(), evidence.completeness()
        other = RIGHT | {"debtor": "Schildersbedrijf Oost", "number": "9-777"}
        document_id = evidence.add(a_paper(D.delivery_note, **other), kind=D.delivery_note)
        found = evidence.document(document_id)
        assert (found.standing, found.reasons) == (Standing.questioned, ["unlinked"])
        assert (evidence.fee(), evidence.completeness()) == (bare, before)

    def test_does_not_believe_a_kind_that_the_words_contradict(self, evidence):
        document_id = evidence.add(a_paper(D.invoice, **RIGHT), kind=D.delivery_note)
        found = evidence.document(document_id)
        assert (found.kind, found.standing, found.reasons) == (D.delivery_note, Standing.questioned, ["kind"])
        assert evidence.say(document_id, Verdict.kind, kind=D.invoice) is Standing.valid
        assert evidence.document(document_id).kind is D.invoice

    def test_of_what_nobody_can_open_refutes_it(self, evidence):
        document_id = evidence.add(b"%PDF-1.7 nothing", kind=D.delivery_note)
        assert evidence.document(document_id).reasons == ["state:broken"]
        with pytest.raises(Conflict, match="cannot be opened"):
            evidence.say(document_id, Verdict.right)

    def test_again_changes_nothing_and_tells_nothing(self, evidence):
        document_id = evidence.add(a_paper(D.delivery_note, **RIGHT))
        with evidence.unit() as unit:
            assert check_claim_later(unit, creditor_id=evidence.creditor_id, claim_id=evidence.claim_id) == 1
        drain(evidence.units)
        assert evidence.rows("SELECT count(*) FROM document_check") == [(2,)]
        assert evidence.rows("SELECT count(*) FROM event WHERE kind = 'EvidenceChecked'") == [(1,)]
        assert evidence.document(document_id).standing is Standing.valid

    def test_follows_a_corrected_due_date(self, evidence):
        evidence.add(a_paper(D.delivery_note, **RIGHT))
        with evidence.unit() as unit:
            emit(
                unit,
                DueDateCorrected(
                    creditor_id=evidence.creditor_id, claim_id=evidence.claim_id, number="F-2026-17",
                    before="2026-05-31", after="2026-05-26", why="the order says so",
                ),
            )  # fmt: skip
        drain(evidence.units)
        assert evidence.rows("SELECT count(*) FROM document_check") == [(2,)]

    def test_of_many_papers_is_as_many_jobs_that_the_upload_does_not_wait_for(self, evidence):
        paper = a_paper(D.delivery_note, **RIGHT)
        for number in range(20):
            evidence.add(paper + b"\n%" + str(number).encode(), work=False)
        assert evidence.rows("SELECT count(*) FROM document WHERE checked_at IS NULL") == [(20,)]
        drain(evidence.units)
        assert evidence.rows("SELECT count(*) FROM document WHERE standing = 'valid'") == [(20,)]

    def test_keeps_every_score_with_its_version_and_facts(self, evidence):
        evidence.add(a_paper(D.delivery_note, **RIGHT))
        runs = evidence.rows(
            "SELECT completeness, rule_version, facts FROM score_run ORDER BY at DESC, id DESC"
        )
        assert runs[0][0] == evidence.completeness()
        assert runs[0][1] == "2026-11-26"
        assert runs[0][2]["documents"] == "delivery_note"


class TestVerdicts:
    def test_are_kept_with_who_and_when_and_stand_when_the_paper_is_read_again(self, evidence):
        other = RIGHT | {"debtor": "Schildersbedrijf Oost", "number": "9-777"}
        document_id = evidence.add(a_paper(D.delivery_note, **other), kind=D.delivery_note)
        assert evidence.say(document_id, Verdict.right, note="sister company") is Standing.valid
        with evidence.unit() as unit:
            check_claim_later(unit, creditor_id=evidence.creditor_id, claim_id=evidence.claim_id)
        drain(evidence.units)
        assert evidence.document(document_id).standing is Standing.valid
        with evidence.unit() as unit:
            (said,) = verdicts_of(unit, creditor_id=evidence.creditor_id, document_id=document_id)
            assert (said.by, said.by_agency, said.note) == ("user:creditor", False, "sister company")
            assert said.reasons == ["unlinked"]
            assert verify_chain(unit, creditor_id=evidence.creditor_id).broken_at is None

    def test_of_the_agency_are_not_turned_around_by_a_creditor(self, evidence):
        document_id = evidence.add(a_paper(D.delivery_note, **RIGHT))
        assert evidence.say(document_id, Verdict.wrong_document, door=Door.STAFF) is Standing.refuted
        for verdict in (Verdict.right, Verdict.again, Verdict.kind):
            with pytest.raises(Conflict, match="the agency"):
                evidence.say(document_id, verdict, kind=D.contract)
        assert evidence.say(document_id, Verdict.right, door=Door.STAFF) is Standing.valid

    def test_need_a_kind_where_they_name_one_and_a_document_of_ones_own(self, evidence):
        document_id = evidence.add(a_paper(D.delivery_note, **RIGHT))
        with pytest.raises(Invalid) as refusal:
            evidence.say(document_id, Verdict.kind)
        assert refusal.value.field == "kind"
        other = a_creditor(evidence.units, "OTHER")
        for owner in (other, evidence.creditor_id):
            with (
                evidence.units.open(Door.CREDITOR, by="user:x", creditor_id=other) as unit,
                pytest.raises(NotFound),
            ):
                judge_document(unit, creditor_id=owner, document_id=document_id, verdict=Verdict.right)

    @pytest.mark.parametrize("table", ["document_check", "document_verdict"])
    @pytest.mark.parametrize(
        "change", ["UPDATE {} SET creditor_id = creditor_id", "DELETE FROM {}", "TRUNCATE {}"]
    )
    def test_and_checks_are_never_changed(self, evidence, table, change, owner_url):
        evidence.say(evidence.add(a_paper(D.delivery_note, **RIGHT)), Verdict.right)
        for door in (Door.STAFF, Door.WORKER, Door.CREDITOR):
            with pytest.raises(DBAPIError), evidence.unit(door) as unit:
                unit.session.connection().execute(text(change.format(table)))

    def test_a_creditor_cannot_write_a_check_or_lift_its_own_points(self, evidence):
        for table in ("document_check", "completeness_override"):
            with pytest.raises(DBAPIError), evidence.unit() as unit:
                unit.session.connection().execute(
                    text(f"INSERT INTO {table} (creditor_id, id) VALUES (:c, :c)"),
                    {"c": evidence.creditor_id},
                )


class TestByHand:
    def test_lifting_needs_the_agency_a_reason_and_more_points_than_there_are(self, evidence):
        key = {"creditor_id": evidence.creditor_id, "claim_id": evidence.claim_id}
        with evidence.unit() as unit, pytest.raises(Forbidden):
            override_completeness(unit, **key, at_least=60, reason="seen by us on paper")
        with evidence.unit(Door.STAFF, by="user:admin") as unit:
            for values, field in (
                ({"at_least": 60, "reason": "short"}, "reason"),
                ({"at_least": 0, "reason": "seen by us on paper"}, "at_least"),
                ({"at_least": 101, "reason": "seen by us on paper"}, "at_least"),
            ):
                with pytest.raises(Invalid) as refusal:
                    override_completeness(unit, **key, **values)
                assert refusal.value.field == field

    def test_lifts_the_price_is_shown_audited_and_can_be_taken_back(self, evidence):
        key = {"creditor_id": evidence.creditor_id, "claim_id": evidence.claim_id}
        bare = evidence.fee()
        with evidence.unit(Door.STAFF, by="user:admin") as unit:
            override_completeness(unit, **key, at_least=80, reason="signed note seen at the office")
        drain(evidence.units)
        assert evidence.completeness() == 80
        lifted = evidence.fee()
        assert lifted < bare
        ((quote,),) = evidence.rows("SELECT id FROM quote WHERE state = 'open'")
        with evidence.unit() as unit:
            assert replay(unit, creditor_id=evidence.creditor_id, quote_id=quote).same
            assert open_override(unit, **key).reason == "signed note seen at the office"
        with evidence.unit(Door.STAFF, by="user:admin") as unit:
            with pytest.raises(Conflict):
                override_completeness(unit, **key, at_least=90, reason="and once more please")
            withdraw_override(unit, **key, reason="the note was of another")
        drain(evidence.units)
        assert (evidence.completeness(), evidence.fee()) == (0, bare)
        actions = [row[0] for row in evidence.rows("SELECT action FROM audit_entry ORDER BY seq")]
        assert {"completeness.overridden", "completeness.override_withdrawn"} <= set(actions)


class TestQuota:
    def test_e20_a_creditor_without_room_is_refused_with_413_and_nothing_is_kept(self, evidence):
        paper = a_paper(D.delivery_note, **RIGHT)
        for quota in (Quota(bytes_max=100), Quota(documents_max=0)):
            with pytest.raises(OverQuota) as refusal:
                evidence.add(paper, quota=quota)
            assert refusal.value.status == 413
        assert evidence.rows("SELECT count(*) FROM document") == [(0,)]
        evidence.add(paper, quota=Quota(bytes_max=len(paper), documents_max=1))
        # The same file again needs no room.
        evidence.add(paper, quota=Quota(bytes_max=len(paper), documents_max=1))


class TestAmending:
    def change(self, evidence, **values):
        usual = {"number": "F-2026-17", "total_minor": 123_456, "open_minor": 123_456}
        days = {"issued_on": date(2026, 5, 1), "due_on": date(2026, 5, 31)}
        ((invoice_id,),) = evidence.rows("SELECT id FROM invoice")
        with evidence.unit() as unit:
            amend_invoice(
                unit, creditor_id=evidence.creditor_id, claim_id=evidence.claim_id, invoice_id=invoice_id,
                change=InvoiceChange(**usual | days | values),
            )  # fmt: skip
            check_claim_later(unit, creditor_id=evidence.creditor_id, claim_id=evidence.claim_id)
        drain(evidence.units)

    def test_the_claim_lets_a_paper_that_was_right_count(self, evidence):
        paper = a_paper(D.invoice, **RIGHT | {"number": "F-2026-18", "amount": "€ 2.000,00"})
        document_id = evidence.add(paper, kind=D.invoice)
        assert evidence.document(document_id).standing is Standing.questioned
        self.change(evidence, number="F-2026-18", total_minor=200_000, open_minor=200_000)
        assert evidence.document(document_id).standing is Standing.valid
        assert evidence.rows("SELECT principal_minor FROM claim") == [(200_000,)]
        with evidence.unit() as unit:
            facts = claimed_facts(unit, creditor_id=evidence.creditor_id, claim_id=evidence.claim_id)
        assert facts.invoices[0].number == "F-2026-18"

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"number": " "}, "number"),
            ({"issued_on": date(2099, 1, 1)}, "issued_on"),
            ({"due_on": date(2026, 4, 1)}, "due_on"),
            ({"total_minor": 0}, "total"),
            ({"open_minor": 200_000}, "open"),
            ({"open_minor": 0}, "open"),
        ],
    )
    def test_what_cannot_be_is_refused_with_its_field(self, evidence, values, field):
        with pytest.raises(Invalid) as refusal:
            self.change(evidence, **values)
        assert refusal.value.field == field

    def test_what_a_claim_is_for_changes_what_proves_it(self, evidence):
        evidence.add(a_paper(D.contract, **RIGHT))
        before = evidence.completeness()
        with evidence.unit() as unit:
            amend_claim_type(
                unit, creditor_id=evidence.creditor_id, claim_id=evidence.claim_id, claim_type=ClaimType.rent
            )
        assert evidence.completeness() > before

    def test_an_accepted_claim_is_not_changed_any_more(self, evidence):
        with evidence.unit(Door.STAFF) as unit:
            unit.session.connection().execute(text("UPDATE claim SET state = 'active'"))
        with pytest.raises(Conflict, match="accepted"):
            self.change(evidence)


def test_what_came_inside_an_e_invoice_counts_at_once(units, real_data):
    adapters = ports()
    install_ports(adapters)
    install_reactions({})
    creditor_id = a_creditor(units)
    path = next((real_data / "02_einvoice/ubl_be_v1.31").glob("*.xml"))
    place(units, creditor_id, path.read_bytes(), name="factuur.xml", adapters=adapters)
    kinds = rows_of(units, creditor_id, "SELECT kind, standing, counts FROM document WHERE kind = 'invoice'")
    assert kinds
    assert set(kinds) == {(DocumentKind.invoice.value, "valid", True)}


def test_real_invoices_agree_with_the_claims_that_were_made_of_them(units, real_data):
    adapters = ports()
    install_ports(adapters)
    install_reactions(REACTIONS)
    creditor_id = a_creditor(units)
    for path in sorted((real_data / "02_einvoice/facturx_pdf_ok").glob("Facture_*.pdf")):
        place(units, creditor_id, path.read_bytes(), name=path.name, adapters=adapters)
    with units.open(Door.STAFF, by="user:x", creditor_id=creditor_id) as unit:
        for (claim_id,) in rows_of(units, creditor_id, "SELECT id FROM claim"):
            check_claim_later(unit, creditor_id=creditor_id, claim_id=claim_id)
    drain(units)
    checks = rows_of(units, creditor_id, "SELECT standing, findings FROM document_check")
    assert len(checks) >= 3
    for standing, findings in checks:
        outcomes = {one["field"]: one["outcome"] for one in findings}
        # The seller is another than the creditor who places it here, and no paper names that one.
        assert outcomes.pop("creditor") == "absent"
        assert set(outcomes.values()) == {"match"}
        assert standing == "valid"


def test_what_is_attached_to_an_e_invoice_is_read_and_a_page_that_says_nothing_is_put_in_question(
    units, real_data
):
    adapters = ports()
    install_ports(adapters)
    install_reactions(REACTIONS)
    creditor_id = a_creditor(units)
    path = min((real_data / "02_einvoice/ubl_be_v1.31").glob("*.xml"))
    place(units, creditor_id, path.read_bytes(), name=path.name, adapters=adapters)
    drain(units)
    attached = "SELECT standing, reasons FROM document WHERE media_type = 'application/pdf'"
    assert rows_of(units, creditor_id, attached) == [("questioned", ["unlinked"])]


def test_a_store_that_lost_a_file_is_an_error_of_the_job_not_of_the_document(units):
    evidence = Evidence(units)
    document_id = evidence.add(a_paper(D.delivery_note, **RIGHT), work=False)
    kept, evidence.adapters.files.kept = evidence.adapters.files.kept, {}
    drain(units)
    assert evidence.document(document_id).checked_at is None
    evidence.adapters.files.kept = kept
    assert isinstance(evidence.adapters.files, Store)
