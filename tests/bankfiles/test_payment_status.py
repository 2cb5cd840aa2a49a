"""pain.002: what a bank says of an order, in the words of the message's own schema."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.ports.readers import Unreadable
from integrations.bankfiles.payment_status import is_payment_status, read_payment_status
from integrations.bankfiles.xsd import schema_errors

pytestmark = pytest.mark.pure

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"


def payment(end_to_end: str = "E2E-1", *, status: str = "RJCT", reason: str = "AC04") -> str:
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn><AddtlInf>rekening opgeheven</AddtlInf></StsRsnInf>"
    return (
        f"<TxInfAndSts><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        f'{why if reason else ""}<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">12.50</InstdAmt></Amt></OrgnlTxRef>'
        "</TxInfAndSts>"
    )


def report(*payments: str, group: str = "", batch: str = "<PmtInfSts>PART</PmtInfSts>") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{NAMESPACE}"><CstmrPmtStsRpt><GrpHdr>'
        "<MsgId>R1</MsgId><CreDtTm>2026-11-03T06:00:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts>"
        f"<OrgnlMsgId>ORDER-7</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{group}"
        "</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>ORDER-7-1</OrgnlPmtInfId>"
        f"{batch}{''.join(payments)}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()


class TestReport:
    def test_the_samples_are_valid_in_the_messages_own_schema(self, real_data: Path):
        schema = (real_data / "04_schemas/pain/pain.002.001.10.xsd").read_bytes()
        assert schema_errors(report(payment(), group="<GrpSts>PART</GrpSts>"), schema=schema) == ()

    def test_b17_one_payment_of_an_order_is_refused_with_its_reason(self):
        read = read_payment_status(report(payment(), payment("E2E-2", status="ACSC", reason="")))
        assert (read.order_id, read.status) == ("ORDER-7", "PART")
        refused, made = read.payments
        assert (refused.end_to_end, refused.refused, refused.reason) == ("E2E-1", True, "AC04")
        assert (refused.said, refused.amount) == ("rekening opgeheven", Money(1_250, "EUR"))
        assert (made.end_to_end, made.refused, made.reason) == ("E2E-2", False, None)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
    def test_is_known_and_read_with_two_bytes_a_letter_too(self, encoding):
        content = report(payment()).decode().encode(encoding)
        assert is_payment_status(content)
        assert read_payment_status(content).order_id == "ORDER-7"

    def test_a_whole_order_that_is_refused(self):
        why = "<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>DU01</Cd></Rsn></StsRsnInf>"
        read = read_payment_status(report(group=why, batch=""))
        assert (read.status, read.reason, read.payments) == ("RJCT", "DU01", ())

    def test_b17_the_version_of_2006_has_no_batches(self):
        content = report(payment(), batch="").decode().replace("CstmrPmtStsRpt", "pain.002.001.02")
        content = content.replace(NAMESPACE, NAMESPACE[:-2] + "02").replace("Rsn><Cd>", "StsRsn><Cd>")
        for tag in (
            "<OrgnlPmtInfAndSts>",
            "</OrgnlPmtInfAndSts>",
            "<OrgnlPmtInfId>ORDER-7-1</OrgnlPmtInfId>",
        ):
            content = content.replace(tag, "")
        content = content.replace("</Cd></Rsn>", "</Cd></StsRsn>")
        (refused,) = read_payment_status(content.encode()).payments
        assert (refused.end_to_end, refused.refused, refused.reason) == ("E2E-1", True, "AC04")

    def test_a_batch_that_is_refused_whole_is_named_with_its_reason(self):
        why = "<StsRsnInf><Rsn><Cd>AM05</Cd></Rsn></StsRsnInf>"
        read = read_payment_status(
            report(group="<GrpSts>PART</GrpSts>", batch=f"<PmtInfSts>RJCT</PmtInfSts>{why}")
        )
        assert (read.status, read.refused_batches) == ("PART", (("ORDER-7-1", "AM05"),))
        assert read_payment_status(report()).refused_batches == ()

    def test_a_payment_without_a_status_fares_as_its_batch(self):
        silent = payment().replace("<TxSts>RJCT</TxSts>", "")
        read = read_payment_status(report(silent, batch="<PmtInfSts>RJCT</PmtInfSts>"))
        assert (read.payments[0].status, read.payments[0].refused) == ("RJCT", True)


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "it is no XML"),
            (b"<html/>", "not a status report"),
            (report().replace(b"pain.002.001.10", b"camt.053.001.08"), "not a status report"),
            (report().replace(b"OrgnlGrpInfAndSts", b"Other"), "does not name the order"),
            (report().replace(b"<OrgnlMsgId>ORDER-7</OrgnlMsgId>", b""), "does not name the order"),
            (report(payment().replace("<TxSts>RJCT</TxSts>", ""), batch=""), "E2E-1 has no status"),
            (report().replace(b"CstmrPmtStsRpt", b"Other"), "holds no report"),
        ],
    )
    def test_the_reason_is_named(self, content, reason):
        with pytest.raises(Unreadable, match=reason):
            read_payment_status(content)

    @given(end=st.integers(0, len(report(payment())) - 1))
    def test_b5_a_report_cut_anywhere_is_refused(self, end):
        with pytest.raises(Unreadable):
            read_payment_status(report(payment())[:end])
