"""The print shop over real HTTP: batches, and every way in which handing them over goes wrong."""

import socket
from dataclasses import replace

import pytest

from agency.ports.providers import CopiedPage, ProviderAmbiguous, ProviderRefused, ProviderTransient
from agency.rules.print_batch import differences
from integrations.letters.printer import HttpLetterPrinter
from integrations.rendering import TemplateRenderer
from tests.printing import ADDRESS, TODAY, a_batch, letter

BATCH = a_batch(letter(1), letter(2, pages=3))


@pytest.fixture
def printer(simulator):
    opened = HttpLetterPrinter(url=f"{simulator.url}/letters", key="k", production=False, timeout_seconds=5)
    yield opened
    opened.close()


class TestSubmit:
    def test_the_printer_counts_what_we_counted_and_prints_nothing_before_the_release(
        self, simulator, printer
    ):
        taken = printer.submit(BATCH)
        assert taken.state == "held"
        assert differences(BATCH.totals, taken.totals) == ()
        assert (taken.totals.letters, taken.totals.pages, taken.totals.sheets) == (2, 4, 3)
        assert simulator.messages() == []
        assert printer.release(batch_id="batch-1").state == "released"
        one, two = simulator.messages(channel="letter")[::-1]
        assert [one["reference"], two["reference"]] == ["msg-1", "msg-2"]
        assert one["facts"] == {"address": list(ADDRESS), "country": "NL", "batch": "batch-1"}
        answer = simulator.http.get(f"/_sim/inbox/{two['id']}/letter.pdf")
        assert answer.content == BATCH.letters[1].pdf

    def test_the_pages_behind_a_letter_are_counted_by_both(self, printer):
        source = '#set document(title: "x")\n#set text(lang: "nl")\n= Brief'
        page = CopiedPage(picture=b'<svg xmlns="http://www.w3.org/2000/svg"/>', heading="", alternative="x")
        pdf = TemplateRenderer().letter(source=source, values={}, dated=TODAY, copies=(page, page))
        batch = a_batch(letter(1), replace(letter(2, pages=3), pdf=pdf))
        assert differences(batch.totals, printer.submit(batch).totals) == ()

    def test_f15_the_same_batch_twice_is_one(self, simulator, printer):
        assert printer.submit(BATCH) == printer.submit(BATCH)
        printer.release(batch_id="batch-1")
        printer.release(batch_id="batch-1")
        assert len(simulator.messages()) == 2

    def test_another_batch_under_the_same_id_is_refused(self, simulator, printer):
        printer.submit(BATCH)
        with pytest.raises(ProviderRefused) as refused:
            printer.submit(replace(BATCH, letters=(letter(1), letter(3))))
        assert refused.value.code == "idempotency"

    def test_what_was_taken_back_is_never_printed(self, simulator, printer):
        printer.submit(BATCH)
        assert printer.cancel(batch_id="batch-1").state == "cancelled"
        assert printer.cancel(batch_id="batch-1").state == "cancelled"
        with pytest.raises(ProviderRefused):
            printer.release(batch_id="batch-1")
        assert simulator.messages() == []

    def test_what_is_on_the_press_cannot_be_taken_back(self, printer):
        printer.submit(BATCH)
        printer.release(batch_id="batch-1")
        with pytest.raises(ProviderRefused):
            printer.cancel(batch_id="batch-1")

    @pytest.mark.parametrize(
        ("batch", "reason"),
        [
            (a_batch(replace(letter(1), pdf=b"not a PDF")), "PDF"),
            (a_batch(letter(1, address=("Jansen",))), "address"),
            (a_batch(letter(1, address=("Jansen", " "))), "address"),
            (replace(BATCH, country="Nederland"), "country"),
            (replace(BATCH, letters=()), "one at least"),
        ],
    )
    def test_a_refusal_carries_the_shops_reason(self, simulator, printer, batch, reason):
        with pytest.raises(ProviderRefused, match=reason):
            printer.submit(batch)
        assert printer.find(batch_id="batch-1") is None

    def test_a_wrong_key_is_refused(self, simulator):
        printer = HttpLetterPrinter(url=f"{simulator.url}/letters", key="wrong", production=False)
        with pytest.raises(ProviderRefused):
            printer.submit(BATCH)
        printer.close()

    @pytest.mark.parametrize(("status", "wait"), [(429, 60), (503, None)])
    def test_too_busy_is_transient_and_says_how_long(self, simulator, printer, status, wait):
        simulator.fault("letters", "status", status=status, retry_after=wait)
        with pytest.raises(ProviderTransient) as busy:
            printer.submit(BATCH)
        assert busy.value.retry_after == wait

    @pytest.mark.parametrize(
        ("kind", "arrived"), [("status", False), ("status_after", True), ("reset", False), ("lost", True)]
    )
    def test_a_lost_answer_is_ambiguous_and_find_tells(self, simulator, printer, kind, arrived):
        simulator.fault("letters", kind)
        with pytest.raises(ProviderAmbiguous):
            printer.submit(BATCH)
        found = printer.find(batch_id="batch-1")
        assert (found is not None and found.state == "held") == arrived

    def test_a_late_answer_is_ambiguous(self, simulator):
        printer = HttpLetterPrinter(
            url=f"{simulator.url}/letters", key="k", production=False, timeout_seconds=0.3
        )
        simulator.fault("letters", "late", seconds=1)
        with pytest.raises(ProviderAmbiguous):
            printer.submit(BATCH)
        printer.close()

    def test_no_connection_is_transient(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        printer = HttpLetterPrinter(url=f"http://127.0.0.1:{port}", key="k", production=False)
        with pytest.raises(ProviderTransient):
            printer.submit(BATCH)
        printer.close()

    def test_failing_to_look_is_transient(self, simulator, printer):
        simulator.fault("letters", "reset")
        with pytest.raises(ProviderTransient):
            printer.find(batch_id="batch-1")


class TestMiscounts:
    @pytest.mark.parametrize(
        ("kind", "told"),
        [
            ("one_short", {"letters": ("2", "1"), "pages": ("4", "1"), "sheets": ("3", "1")}),
            ("one_double", {"letters": ("2", "3"), "pages": ("4", "7"), "sheets": ("3", "5")}),
            ("wrong_pages", {"pages": ("4", "5")}),
        ],
    )
    def test_the_printers_mistake_is_seen_in_its_answer(self, simulator, printer, kind, told):
        simulator.fault("print:taken", kind)
        found = differences(BATCH.totals, printer.submit(BATCH).totals)
        counts = {
            one.total: (one.ours, one.theirs) for one in found if one.total in ("letters", "pages", "sheets")
        }
        assert counts == told
        assert ({"amount_minor", "files_sha256"} <= {one.total for one in found}) == (kind != "wrong_pages")
