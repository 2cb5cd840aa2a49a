"""Writes the agency's payouts as an ISO 20022 payment order, pain.001.001.09."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Final

from lxml import etree
from sepaxml import SepaTransfer

from agency.money import Money
from integrations.bankfiles.sepa_letters import keep_to_sepa_letters
from integrations.bankfiles.xsd import schema_errors

_MESSAGE: Final = "pain.001.001.09"
_NAMESPACE: Final = f"{{urn:iso:std:iso:20022:tech:xsd:{_MESSAGE}}}"
_ID_MAX: Final = 35
_BATCH_SUFFIX: Final = "-1"


class UnwritableOrder(ValueError):
    """A payment order would be refused by the bank; nothing is written."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose account the payments leave; the bank's code may be left out within SEPA."""

    name: str
    iban: str
    bic: str | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One payment. `text` reaches the payee's statement; `end_to_end` comes back on ours."""

    end_to_end: str
    name: str
    iban: str
    amount: Money
    text: str


def pain001(
    *, message_id: str, created_at: datetime, payer: Payer, execute_on: date, transfers: Sequence[Transfer]
) -> bytes:
    """This function will write a SEPA credit transfer order; equal input gives equal bytes.

    No postal addresses are written: unstructured ones are refused since 15 November 2026 and within
    the EEA none are needed.

    :param message_id: at most 33 characters; a bank refuses an id it has seen.
    :raises UnwritableOrder: when an amount is not a positive sum in euro, an id is too long, there is
        nothing to pay, or the result breaks the message's schema.
    """
    _check(message_id, transfers)
    order = SepaTransfer(_config(payer), schema=_MESSAGE, clean=True)
    for transfer in transfers:
        order.add_payment(_payment(transfer, execute_on))
    document = etree.fromstring(order.export(validate=False))
    _make_repeatable(document, message_id, created_at)
    _book_singly(document)
    _name_no_bank(document)
    keep_to_sepa_letters(document)
    content = etree.tostring(document, xml_declaration=True, encoding="UTF-8")
    errors = schema_errors(content, schema=(files("sepaxml") / "schemas" / f"{_MESSAGE}.xsd").read_bytes())
    if errors:
        raise UnwritableOrder(errors[0])
    return content


def _check(message_id: str, transfers: Sequence[Transfer]) -> None:
    if not transfers:
        raise UnwritableOrder("a payment order pays somebody")
    if len(message_id) > _ID_MAX - len(_BATCH_SUFFIX):
        raise UnwritableOrder(f"the message id is longer than {_ID_MAX - len(_BATCH_SUFFIX)} characters")
    for transfer in transfers:
        if transfer.amount.currency != "EUR" or transfer.amount.minor <= 0:
            raise UnwritableOrder(f"{transfer.end_to_end}: {transfer.amount} is not a positive sum in euro")


def _config(payer: Payer) -> dict[str, object]:
    config: dict[str, object] = {
        "name": payer.name,
        "IBAN": _compact(payer.iban),
        "batch": True,
        "currency": "EUR",
    }
    return config | ({"BIC": payer.bic} if payer.bic else {})


def _payment(transfer: Transfer, execute_on: date) -> dict[str, object]:
    return {
        "name": transfer.name,
        "IBAN": _compact(transfer.iban),
        "amount": transfer.amount.minor,
        "execution_date": execute_on,
        "description": transfer.text,
        "endtoend_id": transfer.end_to_end,
    }


def _make_repeatable(document: etree._Element, message_id: str, created_at: datetime) -> None:
    """The library stamps its own clock and random ids; an order written twice must be the same order."""
    _only(document, "GrpHdr/MsgId").text = message_id
    _only(document, "GrpHdr/CreDtTm").text = created_at.replace(microsecond=0).isoformat()
    _only(document, "PmtInf/PmtInfId").text = message_id + _BATCH_SUFFIX


def _book_singly(document: etree._Element) -> None:
    """One debit per payee on our statement, so that each payout is seen by its own reference."""
    for element in document.iter("{*}BtchBookg"):
        element.text = "false"


def _name_no_bank(document: etree._Element) -> None:
    """Where the payer's bank is left out, the SEPA rulebook wants that said in so many words."""
    bank = _only(document, "PmtInf/DbtrAgt/FinInstnId")
    if not len(bank):
        other = etree.SubElement(bank, f"{_NAMESPACE}Othr")
        etree.SubElement(other, f"{_NAMESPACE}Id").text = "NOTPROVIDED"


def _only(document: etree._Element, path: str) -> etree._Element:
    found = document[0].findall("/".join(f"{_NAMESPACE}{step}" for step in path.split("/")))
    assert len(found) == 1, path
    return found[0]


def _compact(iban: str) -> str:
    return "".join(iban.split())
