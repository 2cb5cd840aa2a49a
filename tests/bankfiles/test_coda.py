"""CODA: what a record means, and what is refused because the file's own sums say so."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.ports.readers import BankStatement, Unreadable
from integrations.bankfiles import read_bank_file
from tests.bankfiles.one_day import ACCOUNT, Paid, coda

pytestmark = pytest.mark.pure

LINES = [Paid(2500, end_to_end="E2E-1"), Paid(-1210, text="Loon oktober")]
OPENING = 10_000


def records(content: bytes) -> list[str]:
    return content.decode("latin-1").split("\r\n")[:-1]


def file_of(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")


def one(content: bytes) -> BankStatement:
    (only,) = read_bank_file(content)
    return only


def with_movement(change: dict[int, str], *, more: list[str] = []) -> bytes:  # noqa: B006
    """A file of one payment, characters of its first movement record replaced from a position on."""
    lines = records(coda([Paid(2500)], OPENING))
    movement = lines[2]
    for at, text in change.items():
        movement = movement[: at - 1] + text + movement[at - 1 + len(text) :]
    lines[2:5] = [movement, *lines[3:5], *more]
    count = len(lines) - 2
    lines[-1] = lines[-1][:16] + f"{count:06d}" + lines[-1][22:]
    return file_of(lines)


class TestStatement:
    def test_says_account_balances_and_lines(self):
        read = one(coda(LINES, OPENING))
        assert (read.kind, read.format, read.account, read.currency) == (
            "statement",
            "CODA 2",
            ACCOUNT,
            "EUR",
        )
        assert (read.opening, read.closing) == (Money(10_000, "EUR"), Money(11_290, "EUR"))
        assert (read.entries, read.balances, read.warnings) == (2, True, ())
        first, second = read.lines
        assert (first.amount.minor, first.end_to_end, first.counterparty) == (2_500, "E2E-1", "JANSEN")
        assert (first.bank_ref, first.counterparty_iban) == ("OWN1", "NL86INGB0002445588")
        assert (second.amount.minor, second.text) == (-1_210, "LOON OKTOBER")

    def test_a_structured_communication_is_a_reference(self):
        read = one(with_movement({62: "1", 63: "101123456789002".ljust(53)}))
        assert read.lines[0].structured_references == ("123456789002",)
        assert read.lines[0].text == ""

    def test_a_structured_creditor_reference_is_a_reference(self):
        read = one(with_movement({62: "1", 63: "100RF18539007547034".ljust(53)}))
        assert (read.lines[0].structured_references, read.lines[0].text) == (("RF18539007547034",), "")

    @pytest.mark.parametrize(
        ("information", "text"),
        [
            (["0KOSTEN OKTOBER"], "KOSTEN OKTOBER"),
            (["1002KOSTEN OKTOBER"], "KOSTEN OKTOBER"),
            (["0" + "KOSTEN" + " " * 63 + "OKTO", "BER"], "KOSTEN OKTOBER"),
            (["1001DE VRIES BV", "STRAAT 1"], ""),
            (["1006EUR0000000005000000100"], ""),
        ],
    )
    def test_only_information_in_words_is_a_text(self, information, text):
        lines = records(with_movement({63: " " * 53}))
        lines[4] = lines[4][:47] + " " * 35 + lines[4][82:]
        first, *rest = information
        more = [f"3100010001{'OWN1':<21}00150000{first:<86}".ljust(128)]
        more += [f"3200010001{each}".ljust(128) for each in rest]
        lines[5:5] = more
        lines[-1] = lines[-1][:16] + f"{len(lines) - 2:06d}" + lines[-1][22:]
        line = one(file_of(lines)).lines[0]
        named = "DE VRIES BV" if "VRIES" in first else None
        assert (line.text, line.counterparty) == (text, named)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
    def test_a_header_with_an_accent_is_one_in_every_encoding(self, encoding):
        content = coda(LINES, OPENING).decode().replace("KLANT ", "CAFÉ A", 1).encode(encoding)
        assert one(content).net.minor == 1_290

    @pytest.mark.parametrize(
        ("paid", "reason", "said"), [("2", "2MD06", "MD06"), ("3", "     ", "NARR"), ("0", "     ", None)]
    )
    def test_a_returned_direct_debit_says_why(self, paid, reason, said):
        communication = (
            f"127{'021126'}{'1'}{'1'}{paid}{'BE12ZZZ0123456789':<35}{'MANDAAT-7':<35}{'plan 3':<62}{reason}"
        )
        lines = records(coda([Paid(-2500)], OPENING))
        lines[2] = lines[2][:61] + "1" + communication[:53] + lines[2][115:]
        lines[3] = lines[3][:10] + communication[53:106] + lines[3][63:]
        lines[4] = lines[4][:82] + communication[106:149] + lines[4][125:]
        line = one(file_of(lines)).lines[0]
        assert (line.return_reason, line.reversal, line.text) == (said, said is not None, "plan 3")

    def test_an_r_transaction_of_a_transfer_says_why(self):
        lines = records(coda([Paid(2500)], OPENING))
        lines[3] = lines[3][:112] + "2AC04" + lines[3][117:]
        assert one(file_of(lines)).lines[0].return_reason == "AC04"

    def test_a_national_account_number_and_its_currency(self):
        lines = records(coda([], OPENING))
        lines[1] = lines[1][0] + "0" + lines[1][2:5] + "435000000080 EUR0BE".ljust(37) + lines[1][42:]
        assert (one(file_of(lines)).account, one(file_of(lines)).currency) == ("435000000080", "EUR")

    def test_balances_that_do_not_tie_are_read_with_both_figures(self):
        lines = records(coda(LINES, OPENING))
        lines[-2] = lines[-2].replace("000000000112900", "000000000112910")
        assert "closing says 112.91" in one(file_of(lines)).warnings[0]

    def test_several_statements_in_a_file(self):
        first = records(coda(LINES, OPENING))
        first[-1] = first[-1][:-1] + "1"
        read = read_bank_file(file_of([*first, *records(coda([Paid(1)], 11_290))]))
        assert [statement.entries for statement in read] == [2, 1]


class TestCollectiveMovement:
    def details(self, *amounts: int, kind: str) -> list[str]:
        found = []
        for number, cents in enumerate(amounts, start=1):
            head = records(coda([Paid(cents)], OPENING))[2]
            found.append(head[:6] + f"{number:04d}" + head[10:53] + kind + head[54:125] + "0 0")
        return found

    @pytest.mark.parametrize(("total", "detail"), [("1", "5"), ("1", "0"), ("2", "6"), ("2", "7")])
    def test_details_of_a_total_become_lines(self, total, detail):
        read = one(with_movement({54: total}, more=self.details(1_000, 1_500, kind=detail)))
        assert [line.amount.minor for line in read.lines] == [1_000, 1_500]
        assert (read.entries, {line.batch for line in read.lines}, read.net.minor) == (1, {True}, 2_500)

    def test_costs_within_a_detail_are_no_line_of_their_own(self):
        first, second, costs = self.details(1_000, 1_500, -5, kind="7")
        read = one(with_movement({54: "2"}, more=[first, second, costs[:53] + "9" + costs[54:]]))
        assert [line.amount.minor for line in read.lines] == [1_000, 1_500]

    def test_the_one_payment_of_a_total_says_who_paid_what(self):
        (detail,) = self.details(2_500, kind="5")
        worded = detail[:62] + "HUUR NOVEMBER".ljust(53) + detail[115:]
        read = one(with_movement({54: "1"}, more=[worded]))
        assert [(line.text, line.batch) for line in read.lines] == [("HUUR NOVEMBER", False)]

    def test_details_that_do_not_add_up_leave_it_whole_with_a_warning(self):
        read = one(with_movement({54: "1"}, more=self.details(1_000, 1_499, kind="5")))
        assert [line.amount.minor for line in read.lines] == [2_500]
        assert "do not add up to its 25.00" in read.warnings[0]

    def test_amount_and_costs_of_one_payment_stay_one_line(self):
        read = one(with_movement({54: "3"}, more=self.details(2_600, -100, kind="8")))
        assert [line.amount.minor for line in read.lines] == [2_500]


class TestRefused:
    @given(end=st.integers(0, len(coda(LINES, OPENING)) - 3))
    def test_b5_a_file_cut_anywhere_is_refused_as_a_whole(self, end):
        with pytest.raises(Unreadable):
            read_bank_file(coda(LINES, OPENING)[:end])

    def test_b5_every_record_that_is_lost_is_noticed(self):
        lines = records(coda(LINES, OPENING))
        for at in range(len(lines)):
            with pytest.raises(Unreadable):
                read_bank_file(file_of(lines[:at] + lines[at + 1 :]))

    @pytest.mark.parametrize(
        ("record", "at", "text", "reason"),
        [
            (2, 33, "000000000025010", "the trailer says 25.00 credit, the movements make 25.01"),
            (2, 32, "1", "the trailer says 12.10 debit, the movements make 37.10"),
            (2, 32, "2", "neither credit nor debit"),
            (2, 33, "00000000002500x", "cannot be read"),
            (2, 48, "311126", "is not a date"),
            (2, 33, "000000000025001", "record 3: an amount has more decimals than EUR"),
            (-1, 17, "000009", "the trailer counts 000009 records, the statement holds 8"),
            (2, 1, "7", "unknown record type"),
            (3, 3, "0009", "goes on with a movement that is not there"),
        ],
    )
    def test_the_record_and_the_reason_are_named(self, record, at, text, reason):
        lines = records(coda(LINES, OPENING))
        changed = lines[record]
        lines[record] = changed[: at - 1] + text + changed[at - 1 + len(text) :]
        with pytest.raises(Unreadable, match=reason):
            read_bank_file(file_of(lines))

    def test_a_text_with_a_nul_byte_is_refused(self):
        """The database holds no text with one."""
        lines = records(with_movement({63: "DANK\0U"}))
        with pytest.raises(Unreadable, match="NUL"):
            read_bank_file(file_of(lines))

    def test_a_longer_record_is_refused(self):
        lines = records(coda(LINES, OPENING))
        lines[2] += "x"
        with pytest.raises(Unreadable, match="record 3: longer than 128"):
            read_bank_file(file_of(lines))

    @given(place=st.integers(0, len(coda(LINES, OPENING)) - 1), byte=st.integers(0, 255))
    def test_one_wrong_byte_is_read_or_refused_and_nothing_else(self, place, byte):
        content = bytearray(coda(LINES, OPENING))
        content[place] = byte
        with contextlib.suppress(Unreadable):
            assert read_bank_file(bytes(content))
