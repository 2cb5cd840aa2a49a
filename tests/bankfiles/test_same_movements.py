"""One real movement is one line, whatever files bring it and in what order (B1, B2, B3, B8)."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agency.banking.known_lines import told_line
from agency.banking.line_booking import entry_key
from agency.ports.readers import BankStatement
from agency.rules.same_line import Period, ToldLine, sort_out
from integrations.bankfiles import read_bank_file
from tests.bankfiles.bank_samples import balance, camt053, entry, statement
from tests.bankfiles.one_day import FORMATS, Paid, camt, closing_of

pytestmark = pytest.mark.pure

OPENING = 100_000


class Books:
    """What the import does with the decision, in memory."""

    def __init__(self) -> None:
        self.lines: list[ToldLine] = []
        self.periods: dict[object, Period] = {}

    def deliver(self, content: bytes) -> None:
        for read in read_bank_file(content):
            self._deliver(read)

    def _deliver(self, read: BankStatement) -> None:
        told = [told_line(line, format=read.format, entry=entry_key(read.key, line)) for line in read.lines]
        period = Period(read.opening, read.closing, read.closes_on)
        name = len(self.periods)
        days = {line.day for line in told}
        shared = [line for line in self.lines if line.day in days]
        found = sort_out(told=told, booked=shared, period=period, periods=self.periods)
        self.periods[name] = period
        explaining = {at for many in found.parts.values() for at in many}
        for at in found.parts:
            self.lines.remove(shared[at])
        for at, line in enumerate(told):
            if at not in found.known:
                batch = f"parts of {name}" if at in explaining else line.batch
                kept = {field: getattr(line, field) for field in ToldLine.__slots__}
                self.lines.append(ToldLine(**kept | {"statement": name, "batch": batch}))

    @property
    def amounts(self) -> Counter[tuple[date, int]]:
        return Counter((line.day, line.amount.minor) for line in self.lines)


BNP = (
    "Volgnummer;Uitvoeringsdatum;Valutadatum;Bedrag;Valuta rekening;Rekeningnummer;Type verrichting;"
    "Tegenpartij;Naam van de tegenpartij;Mededeling;Details;Status;Reden van weigering\n"
)


def bnp(*payers: tuple[str, str, str]) -> bytes:
    """An export of BNP, the latest first, whose rows have the year of a number and no number yet."""
    rows = (
        f"2026-;02/11/2026;02/11/2026;25,00;EUR;BE68539007547034;Overschrijving;{iban};{name};{text};;"
        "Geaccepteerd;\n"
        for name, iban, text in payers
    )
    return (BNP + "".join(rows)).encode()


def test_rows_that_the_bank_has_not_numbered_yet_are_told_apart_by_who_paid():
    first = ("J JANSEN", "BE43068999999501", "Dossier 1")
    second = ("K PEETERS", "BE71096123456769", "Dossier 2")
    books = Books()
    books.deliver(bnp(first))
    books.deliver(bnp(second, first))
    assert sorted(line.text for line in books.lines) == ["Dossier 1", "Dossier 2"]


def mt940(*texts: str) -> bytes:
    """A day of MT940 at a bank that fills the field of its reference with zeros."""
    lines = "".join(f":61:2611021102C25,00NTRFNONREF//000000000000\n:86:{text}\n" for text in texts)
    return (
        f":20:A\n:25:NL86INGB0002445588\n:28C:1\n:60F:C261101EUR0,00\n{lines}"
        f":62F:C261102EUR{25 * len(texts)},00\n-"
    ).encode()


def test_a_reference_of_zeros_is_none():
    books = Books()
    books.deliver(mt940("Dossier 1"))
    books.deliver(mt940("Dossier 2", "Dossier 1"))
    assert sorted(line.text for line in books.lines) == ["Dossier 1", "Dossier 2"]


def real(lines: Sequence[Paid]) -> Counter[tuple[date, int]]:
    return Counter((line.day, line.cents) for line in lines)


PAID = st.builds(
    Paid,
    st.sampled_from([2500, 2500, 1210, -1210]),
    iban=st.sampled_from(["NL86INGB0002445588", "BE68539007547034"]),
    text=st.sampled_from(["Factuur 42", "Factuur 43", "dank u"]),
    end_to_end=st.sampled_from(["", "", "E2E-1", "E2E-2"]),
)
DAY = st.lists(PAID, min_size=1, max_size=7)
WITH_BALANCES = sorted(FORMATS.keys() - {"bunq"})


class TestOtherFormats:
    @given(DAY, st.lists(st.sampled_from(sorted(FORMATS)), min_size=1, max_size=6))
    def test_b3_a_day_in_any_formats_in_any_order_is_booked_once(self, lines, formats):
        books = Books()
        for name in formats:
            books.deliver(FORMATS[name](lines, OPENING))
        assert books.amounts == real(lines)

    @given(DAY, st.permutations(range(7)), st.sampled_from(WITH_BALANCES), st.sampled_from(WITH_BALANCES))
    def test_b3_another_format_may_tell_the_day_in_another_order(self, lines, order, one, other):
        books = Books()
        books.deliver(FORMATS[one](lines, OPENING))
        turned = [lines[at] for at in order if at < len(lines)]
        books.deliver(FORMATS[other](turned, OPENING))
        assert books.amounts == real(lines)

    @pytest.mark.parametrize("formats", list(permutations(sorted(FORMATS), 2)))
    def test_b8_two_true_payments_that_look_the_same_are_two_in_every_format(self, formats):
        lines = [Paid(2500), Paid(2500)]
        books = Books()
        for name in formats:
            books.deliver(FORMATS[name](lines, OPENING))
        assert books.amounts == {(lines[0].day, 2500): 2}


class TestPartsOfADay:
    @given(DAY, DAY, st.sampled_from(WITH_BALANCES), st.sampled_from(WITH_BALANCES), st.booleans())
    def test_a_day_cut_in_two_is_booked_whole_even_when_the_halves_look_the_same(
        self, morning, evening, one, other, later_first
    ):
        # A half that comes to nothing opens and closes alike: no balance tells it from its neighbour.
        assume(sum(line.cents for line in morning) and sum(line.cents for line in evening))
        halves = [
            FORMATS[one](morning, OPENING),
            FORMATS[other](evening, closing_of(morning, OPENING)),
        ]
        books = Books()
        for content in halves[::-1] if later_first else halves:
            books.deliver(content)
        assert books.amounts == real([*morning, *evening])

    @given(DAY, DAY, st.sampled_from(WITH_BALANCES))
    def test_the_whole_day_after_its_halves_brings_nothing(self, morning, evening, whole):
        assume(sum(line.cents for line in morning) and sum(line.cents for line in evening))
        books = Books()
        books.deliver(camt(morning, OPENING))
        books.deliver(camt(evening, closing_of(morning, OPENING)))
        books.deliver(FORMATS[whole]([*morning, *evening], OPENING))
        assert books.amounts == real([*morning, *evening])

    @given(DAY, DAY, DAY, st.sampled_from(WITH_BALANCES))
    def test_exports_that_overlap_share_their_day(self, first, second, third, name):
        days = [
            [Paid(one.cents, one.iban, one.text, one.end_to_end, day=date(2026, 11, number)) for one in lines]
            for number, lines in ((2, first), (3, second), (4, third))
        ]
        books = Books()
        books.deliver(camt([*days[0], *days[1]], OPENING))
        books.deliver(FORMATS[name]([*days[1], *days[2]], closing_of(days[0], OPENING)))
        assert books.amounts == real([*days[0], *days[1], *days[2]])

    def test_a_half_without_balances_is_told_apart_by_what_its_lines_say(self):
        books = Books()
        books.deliver(FORMATS["bunq"]([Paid(2500, text="Factuur 42")], OPENING))
        books.deliver(FORMATS["bunq"]([Paid(2500, text="Factuur 43")], OPENING))
        books.deliver(FORMATS["bunq"]([Paid(2500, text="Factuur 42", iban="BE68539007547034")], OPENING))
        assert books.amounts == {(date(2026, 11, 2), 2500): 3}


DETAILS = "".join(
    f'<TxDtls><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    f"<RmtInf><Ustrd>incasso {number}</Ustrd></RmtInf></TxDtls>"
    for number, amount in enumerate(("10.00", "10.00", "5.00"))
)


class TestCollectiveEntries:
    LUMP = FORMATS["mt940"]([Paid(2500, iban="", text="Verzamelboeking")], 10_000)
    SPLIT = camt053(statement(entry(details=DETAILS), opening=balance("OPBD", "100.00")))

    def test_details_explain_the_sum_that_another_format_booked(self):
        books = Books()
        books.deliver(self.LUMP)
        books.deliver(self.SPLIT)
        assert sorted(line.amount.minor for line in books.lines) == [500, 1000, 1000]

    def test_a_sum_is_known_by_the_details_that_were_booked(self):
        books = Books()
        for content in (self.SPLIT, self.LUMP, self.SPLIT, self.LUMP):
            books.deliver(content)
        assert sorted(line.amount.minor for line in books.lines) == [500, 1000, 1000]

    def test_details_do_not_explain_one_payers_payment_of_the_same_sum(self):
        books = Books()
        books.deliver(FORMATS["bunq"]([Paid(2500, text="Verzamelboeking")]))
        books.deliver(self.SPLIT)
        assert sorted(line.amount.minor for line in books.lines) == [500, 1000, 1000, 2500]


class TestWhatSpeaksAgainst:
    @pytest.mark.parametrize(
        "other", [{"iban": "BE68539007547034"}, {"text": "Factuur 43"}, {"end_to_end": "E2E-2"}]
    )
    def test_lines_that_say_otherwise_are_two(self, other):
        self.two_of(Paid(2500, end_to_end="E2E-1"), Paid(2500, **{"end_to_end": "E2E-1"} | other))

    def test_two_references_of_the_bank_are_two_lines(self):
        self.two_of(Paid(2500, ref="B1"), Paid(2500, ref="B2"))

    @staticmethod
    def two_of(*lines: Paid) -> None:
        books = Books()
        for line in lines:
            # Interim balances say nothing of what came before or after.
            books.deliver(camt([line], OPENING).replace(b"OPBD", b"ITAV").replace(b"CLBD", b"ITBD"))
        assert len(books.lines) == 2

    def test_an_old_account_number_is_the_end_of_its_iban(self):
        books = Books()
        books.deliver(FORMATS["bunq"]([Paid(2500, iban="2445588", text="Factuur")]))
        books.deliver(FORMATS["bunq"]([Paid(2500, text="Factuur 42")]))
        assert len(books.lines) == 1
