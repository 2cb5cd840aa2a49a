"""What makes two lines the same line: the property that imports rest on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from agency.ports.readers import BankStatement
from integrations.bankfiles import read_bank_file
from tests.bankfiles.bank_samples import MT940, camt053, entry, statement

pytestmark = pytest.mark.pure


def keys(*statements: BankStatement) -> list[str]:
    return [line.key for each in statements for line in each.lines]


def delivered_again(content: bytes) -> bytes:
    """The same facts under another message id, prefix, layout and creation time."""
    text = content.decode().replace("<MsgId>M1", "<MsgId>M2").replace("T06:00:00", "T09:30:00")
    document = etree.fromstring(text.encode())
    etree.indent(document, space="\t")
    pretty = etree.tostring(document, encoding="unicode")
    prefixed = pretty.replace("<", "<ns:").replace("<ns:/", "</ns:").replace("xmlns=", "xmlns:ns=")
    return b"\xef\xbb\xbf" + prefixed.replace("\n", "\r\n").encode()


LINES = st.lists(
    st.builds(
        entry,
        st.sampled_from(["25.00", "12.10"]),
        direction=st.sampled_from(["CRDT", "DBIT"]),
        ref=st.sampled_from([None, "B1", "B2"]),
        day=st.sampled_from(["2026-11-02", "2026-11-03"]),
    ),
    max_size=12,
)


class TestLineKeys:
    @given(LINES)
    def test_a_statement_delivered_again_gives_equal_keys(self, entries):
        content = camt053(statement(*entries))
        first, again = read_bank_file(content), read_bank_file(delivered_again(content))
        assert keys(*first) == keys(*again)
        assert [each.key for each in first] == [each.key for each in again]

    @given(LINES)
    def test_every_line_of_a_statement_has_a_key_of_its_own(self, entries):
        found = keys(*read_bank_file(camt053(statement(*entries))))
        assert len(set(found)) == len(found) == len(entries)

    @pytest.mark.parametrize("ref", ["B1", None])
    def test_two_true_payments_that_look_the_same_are_two(self, ref):
        one, other = keys(*read_bank_file(camt053(statement(entry(ref=ref), entry(ref=ref)))))
        assert one != other

    def test_two_true_payments_in_mt940_are_two(self):
        twice = MT940.replace(":61:2611021102D5,5N426NONREF//B2\n", ":61:2611021102C25,00N654NONREF//B1\n")
        one, other = keys(*read_bank_file(twice.encode()))
        assert one != other

    def test_a_day_spread_over_two_statements_keeps_both_payments(self):
        morning = statement(entry(ref=None), id="S1")
        evening = statement(entry(ref=None), id="S2").replace("100.00", "125.00", 1)
        one, other = keys(*read_bank_file(camt053(morning, evening)))
        assert one != other

    def test_a_statement_twice_in_one_file_is_one(self):
        first, again = read_bank_file(
            camt053(statement(entry(ref=None)), statement(entry(ref=None), id="S2"))
        )
        assert first.key == again.key
        assert keys(first) == keys(again)

    def test_exports_that_overlap_agree_on_the_day_they_share(self):
        days = [[entry(ref=None, day=f"2026-11-0{day}") for _ in range(2)] for day in (1, 2, 3)]
        early = keys(*read_bank_file(camt053(statement(*days[0], *days[1]))))
        late = keys(*read_bank_file(camt053(statement(*days[1], *days[2]))))
        assert early[2:] == late[:2]
        assert len(set(early + late)) == 6

    def test_an_intraday_report_with_a_shorter_text_is_the_same_line_by_its_reference(self):
        full = camt053(statement(entry()))
        short = full.replace(b"Factuur 42", b"Fact").replace(b"camt.053", b"camt.052")
        short = short.replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt").replace(b"Stmt>", b"Rpt>")
        assert read_bank_file(short)[0].kind == "report"
        assert keys(*read_bank_file(short)) == keys(*read_bank_file(full))

    @pytest.mark.parametrize(
        "other",
        [entry(ref=None, day="2026-11-03"), entry("25.01", ref=None), entry(ref=None, direction="DBIT"),
         entry(ref=None, details="<TxDtls><RmtInf><Ustrd>Factuur 43</Ustrd></RmtInf></TxDtls>")],
    )  # fmt: skip
    def test_another_day_amount_direction_or_text_is_another_line(self, other):
        assert keys(*read_bank_file(camt053(statement(entry(ref=None))))) != keys(
            *read_bank_file(camt053(statement(other)))
        )
