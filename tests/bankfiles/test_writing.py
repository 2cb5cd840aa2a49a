"""What we write ourselves: payment orders for the bank, and the simulated bank's statements."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from agency.money import CurrencyMismatch, Money
from agency.ports.readers import BankLine, Unreadable
from integrations.bankfiles import read_bank_file
from integrations.bankfiles.camt_writer import StatementLine, write_camt053
from integrations.bankfiles.payment_order import Payer, Transfer, UnwritableOrder, pain001
from integrations.bankfiles.xsd import schema_errors
from tests.bankfiles.bank_samples import IBAN

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

CREATED = datetime(2026, 11, 21, 14, 30, 5, 123456)
DAY = date(2026, 11, 23)

WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=60).map(
    lambda text: " ".join(text.split())
)
NAMES = WORDS.filter(bool) | st.none()
LINES = st.lists(
    st.builds(
        StatementLine,
        amount=st.integers(-(10**12), 10**12).filter(bool).map(lambda minor: Money(minor, "EUR")),
        booked_on=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
        bank_ref=st.from_regex(r"\A[A-Z]{2}[0-9]{1,20}\Z"),
        value_on=st.dates(date(2026, 1, 1), date(2026, 12, 31)) | st.none(),
        end_to_end=st.from_regex(r"\AE2E-[0-9]{1,20}\Z") | st.none(),
        text=WORDS,
        structured_reference=st.from_regex(r"\ARF[0-9]{8,20}\Z") | st.none(),
        counterparty=NAMES,
        counterparty_iban=st.sampled_from([None, "BE68539007547034"]),
        reversal=st.booleans(),
        return_reason=st.sampled_from([None, "MD06"]),
    ),
    max_size=6,
)


def write(lines: list[StatementLine], opening: Money) -> bytes:
    return write_camt053(
        statement_id="SIM-1", account=IBAN, currency="EUR", created_at=CREATED,
        from_day=date(2026, 1, 1), to_day=date(2026, 12, 31), opening=opening, lines=lines, sequence_number=7,
    )  # fmt: skip


def order(**changes: object) -> bytes:
    facts: dict[str, object] = {
        "message_id": "RUN-2026-11-23-0001",
        "created_at": CREATED,
        "payer": Payer("Incasso Noord B.V.", "NL91 ABNA 0417 1643 00"),
        "execute_on": DAY,
        "transfers": [
            Transfer(
                "REM-1", "Bakkerij Zoë & Zn", "BE68539007547034", Money(123456, "EUR"), "Afdracht november"
            ),
            Transfer(
                "REM-2", "Müller GmbH", "DE89370400440532013000", Money(1, "EUR"), "Afdracht <november>"
            ),
        ],
    }
    return pain001(**(facts | changes))  # type: ignore[arg-type]


def texts(content: bytes, name: str) -> list[str | None]:
    return [element.text for element in etree.fromstring(content).iter(f"{{*}}{name}")]


def told(line: BankLine | StatementLine) -> tuple[object, ...]:
    """What a line says, as written or as read back."""
    names = (
        "amount", "booked_on", "bank_ref", "end_to_end", "text", "structured_reference", "counterparty",
        "counterparty_iban", "reversal", "return_reason",
    )  # fmt: skip
    return (line.value_on or line.booked_on, *(getattr(line, name) for name in names))


class TestSimulatedStatement:
    @given(LINES, st.integers(-(10**12), 10**12))
    @settings(deadline=None)
    def test_our_reader_finds_what_was_written(self, lines, opening):
        (read,) = read_bank_file(write(lines, Money(opening, "EUR")))
        assert (read.account, read.id, read.format, read.number) == (IBAN, "SIM-1", "camt.053.001.08", "7")
        assert read.opening == Money(opening, "EUR")
        assert read.balances is True
        assert read.warnings == ()
        assert [told(line) for line in read.lines] == [told(line) for line in lines]

    def test_it_is_valid_by_its_schema(self, real_data: Path):
        schema = (real_data / "04_schemas/camt/camt.053.001.08.xsd").read_bytes()
        lines = [
            StatementLine(
                amount=Money(2500, "EUR"), booked_on=DAY, bank_ref="B1", value_on=DAY - timedelta(days=1),
                end_to_end="E1", text="Factuur 42", structured_reference="RF18539007547034",
                counterparty="J. Jansen", counterparty_iban="NL86INGB0002445588",
            ),
            StatementLine(
                amount=Money(-2500, "EUR"), booked_on=DAY, bank_ref="B2", reversal=True,
                return_reason="MD06", text="x" * 200,
            ),
        ]  # fmt: skip
        assert schema_errors(write(lines, Money(-5, "EUR")), schema=schema) == ()
        assert schema_errors(write([], Money(0, "EUR")), schema=schema) == ()

    def test_equal_input_gives_equal_bytes(self):
        lines = [StatementLine(Money(1, "EUR"), DAY, "B1")]
        assert write(lines, Money(0, "EUR")) == write(lines, Money(0, "EUR"))

    def test_a_line_in_another_currency_is_refused(self):
        with pytest.raises(CurrencyMismatch):
            write([StatementLine(Money(1, "USD"), DAY, "B1")], Money(0, "EUR"))


class TestPaymentOrder:
    def test_it_says_what_is_paid_and_what_it_adds_up_to(self):
        content = order()
        assert texts(content, "InstdAmt") == ["1234.56", "0.01"]
        assert texts(content, "CtrlSum") == ["1234.57", "1234.57"]
        assert texts(content, "NbOfTxs") == ["2", "2"]
        assert texts(content, "EndToEndId") == ["REM-1", "REM-2"]
        assert texts(content, "IBAN") == ["NL91ABNA0417164300", "BE68539007547034", "DE89370400440532013000"]
        assert texts(content, "ReqdExctnDt")[0] is None
        assert texts(content, "Dt") == ["2026-11-23"]

    def test_it_is_valid_by_the_published_schema(self, real_data: Path):
        schema = (real_data / "04_schemas/pain/pain.001.001.09.xsd").read_bytes()
        assert schema_errors(order(), schema=schema) == ()
        assert schema_errors(order(payer=Payer("X", IBAN, bic="ABNANL2A")), schema=schema) == ()

    def test_written_twice_it_is_the_same_order(self):
        assert order() == order()
        assert texts(order(), "MsgId") == ["RUN-2026-11-23-0001"]
        assert texts(order(), "PmtInfId") == ["RUN-2026-11-23-0001-1"]
        assert texts(order(), "CreDtTm") == ["2026-11-21T14:30:05"]

    def test_names_and_texts_keep_to_the_letters_every_bank_passes_on(self):
        content = order()
        assert texts(content, "Nm")[2:] == ["Bakkerij Zoe Zn", "Muller GmbH"]
        assert texts(content, "Ustrd") == ["Afdracht november", "Afdracht november"]

    def test_no_postal_addresses_are_written(self):
        assert texts(order(), "PstlAdr") == []

    def test_a_bank_that_is_left_out_is_said_to_be_left_out(self):
        assert "NOTPROVIDED" in texts(order(), "Id")
        assert texts(order(payer=Payer("X", IBAN, bic="ABNANL2A")), "BICFI") == ["ABNANL2A"]

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"transfers": []}, "pays somebody"),
            ({"message_id": "R" * 34}, "longer than 33"),
            ({"transfers": [Transfer("R", "X", IBAN, Money(0, "EUR"), "x")]}, "not a positive sum"),
            ({"transfers": [Transfer("R", "X", IBAN, Money(-1, "EUR"), "x")]}, "not a positive sum"),
            ({"transfers": [Transfer("R", "X", IBAN, Money(1, "USD"), "x")]}, "not a positive sum"),
            ({"transfers": [Transfer("R", "X", "geen iban", Money(1, "EUR"), "x")]}, "IBAN"),
            ({"transfers": [Transfer("R", "&", IBAN, Money(1, "EUR"), "x")]}, "Nm"),
            ({"transfers": [Transfer("R" * 36, "X", IBAN, Money(1, "EUR"), "x")]}, "EndToEndId"),
        ],
    )
    def test_an_order_the_bank_would_refuse_is_not_written(self, changes, reason):
        with pytest.raises(UnwritableOrder, match=reason):
            order(**changes)


class TestSchemaCheck:
    def test_published_files_are_valid_or_not_as_was_found(self, real_data: Path):
        compared = 0
        rows = (real_data / "_expected/iso20022_xsd.csv").read_text().splitlines()[1:]
        for row in rows:
            name, message, verdict = row.split(",")[:3]
            if verdict in {"valid", "INVALID"}:
                schema = (real_data / "04_schemas" / message[:4] / f"{message}.xsd").read_bytes()
                errors = schema_errors((real_data / name).read_bytes(), schema=schema)
                assert bool(errors) == (verdict == "INVALID"), name
                compared += 1
        assert compared >= 75

    def test_what_is_not_xml_is_refused(self, real_data: Path):
        schema = (real_data / "04_schemas/pain/pain.001.001.09.xsd").read_bytes()
        with pytest.raises(Unreadable):
            schema_errors(b"geen xml", schema=schema)
