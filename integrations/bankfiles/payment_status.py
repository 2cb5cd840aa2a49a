"""What a bank says of an order that was handed in: pain.002, any version."""

import re
from collections.abc import Iterator
from typing import Final

from lxml import etree

from agency.money import Money
from agency.ports.readers import OrderStatus, PaymentStatus, Unreadable
from integrations import untrusted_xml
from integrations.amounts import exact_money
from integrations.bankfiles.camt_entries import local, reason_of, text_at
from integrations.bankfiles.movements import said

STATUS_BYTES_MAX: Final = 100_000_000

_MESSAGE: Final = re.compile(r"urn:iso:std:iso:20022:tech:xsd:pain\.002\.\d{3}\.\d{2}")
_REFUSED: Final = "RJCT"


def is_payment_status(content: bytes) -> bool:
    """This function will tell whether a file says that it is a pain.002, whatever else is wrong with it."""
    # In UTF-16 a NUL stands beside each letter.
    return b"iso:20022:tech:xsd:pain.002." in content[:8_000].replace(b"\x00", b"")


def read_payment_status(content: bytes) -> OrderStatus:
    """This function will read a status report on a payment or collection order.

    A report lists single payments only where they fare otherwise than their order or batch.

    :raises Unreadable: when it is not a pain.002, is cut off, or a payment in it has no status.
    """
    if not untrusted_xml.looks_like_xml(content):
        raise Unreadable("not a status report (pain.002): it is no XML")
    root = untrusted_xml.parse(content, max_bytes=STATUS_BYTES_MAX)
    if not _MESSAGE.fullmatch(etree.QName(root).namespace or ""):
        raise Unreadable("not a status report (pain.002)")
    report = next((child for child in root if local(child) in {"CstmrPmtStsRpt", "pain.002.001.02"}), None)
    if report is None:
        raise Unreadable("the pain.002 holds no report")
    group = next((child for child in report if local(child) == "OrgnlGrpInfAndSts"), None)
    if group is None:
        raise Unreadable("the pain.002 does not name the order that it is about")
    order_id = text_at(group, "OrgnlMsgId")
    if order_id is None:
        raise Unreadable("the pain.002 does not name the order that it is about")
    batches = [child for child in report if local(child) == "OrgnlPmtInfAndSts"]
    whole = text_at(group, "GrpSts") or _common_status(batches)
    # In the version of 2006 payments stand beside the order, not in a batch.
    payments = tuple(
        _payment(element, batch, whole)
        for batch in (report, *batches)
        for element in batch
        if local(element) == "TxInfAndSts"
    )
    return OrderStatus(
        order_id,
        whole,
        _reason(group) or _common_reason(batches),
        payments,
        tuple(_refused_batches(batches)),
    )


def _refused_batches(batches: list[etree._Element]) -> Iterator[tuple[str, str | None]]:
    for batch in batches:
        batch_id = text_at(batch, "OrgnlPmtInfId")
        if batch_id and text_at(batch, "PmtInfSts") == _REFUSED:
            yield batch_id, _reason(batch)


def _common_status(batches: list[etree._Element]) -> str | None:
    found = {text_at(batch, "PmtInfSts") for batch in batches}
    return found.pop() if len(found) == 1 else None


def _common_reason(batches: list[etree._Element]) -> str | None:
    found = {_reason(batch) for batch in batches}
    return found.pop() if len(found) == 1 else None


def _payment(element: etree._Element, batch: etree._Element, whole: str | None) -> PaymentStatus:
    end_to_end = said(text_at(element, "OrgnlEndToEndId"))
    status = text_at(element, "TxSts") or text_at(batch, "PmtInfSts") or whole
    if status is None:
        raise Unreadable(f"the payment {end_to_end or '?'} has no status")
    return PaymentStatus(
        end_to_end=end_to_end,
        status=status,
        refused=status == _REFUSED,
        reason=_reason(element) or _reason(batch),
        said=_said(element),
        amount=_amount(element),
    )


def _reason(element: etree._Element) -> str | None:
    for child in element:
        if local(child) == "StsRsnInf":
            return reason_of(child, "Rsn", "StsRsn")
    return None


def _said(element: etree._Element) -> str:
    words = (text_at(child, "AddtlInf") for child in element if local(child) == "StsRsnInf")
    return " ".join(" ".join(filter(None, words)).split())


def _amount(element: etree._Element) -> Money | None:
    for reference in element:
        for amount in reference if local(reference) == "OrgnlTxRef" else ():
            for stated in amount if local(amount) == "Amt" else ():
                if local(stated) == "InstdAmt" and stated.get("Ccy"):
                    return exact_money((stated.text or "").strip(), str(stated.get("Ccy")))
    return None
