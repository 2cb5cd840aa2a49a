"""Writes the agency's collections as an ISO 20022 direct debit order, pain.008.001.08 (SEPA Core)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Final, Literal

from lxml import etree
from sepaxml import SepaDD

from agency.money import Money
from integrations.bankfiles.sepa_letters import keep_to_sepa_letters
from integrations.bankfiles.xsd import schema_errors

_MESSAGE: Final = "pain.008.001.08"
_NAMESPACE: Final = f"{{urn:iso:std:iso:20022:tech:xsd:{_MESSAGE}}}"
_ID_MAX: Final = 35
_SUFFIX: Final = "-FRST"


class UnwritableCollection(ValueError):
    """A direct debit order would be refused by the bank; nothing is written."""


@dataclass(frozen=True, slots=True)
class Collector:
    """Who collects, on which account, and under which SEPA creditor identifier."""

    name: str
    iban: str
    creditor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One amount to collect. `end_to_end` comes back on our statement, `text` reaches the payer's."""

    end_to_end: str
    name: str
    iban: str
    amount: Money
    sequence: Literal["FRST", "RCUR", "FNAL", "OOFF"]
    mandate: str
    signed_on: date
    text: str


def pain008(
    *,
    message_id: str,
    created_at: datetime,
    collector: Collector,
    collect_on: date,
    collections: Sequence[Collection],
) -> bytes:
    """This function will write a SEPA direct debit order; equal input gives equal bytes.

    Each sequence type is a batch of its own; each collection is booked by itself, so that it is seen by its
    own reference.

    :param message_id: at most 30 characters; a bank refuses an id it has seen.
    :raises UnwritableCollection: when an amount is not a positive sum in euro, an id is too long, there is
        nothing to collect, or the result breaks the message's schema.
    """
    _check(message_id, collections)
    order = SepaDD(_config(collector), schema=_MESSAGE, clean=True)
    for one in sorted(collections, key=lambda one: (one.sequence, one.end_to_end)):
        order.add_payment(_payment(one, collect_on))
    document = etree.fromstring(order.export(validate=False))
    _make_repeatable(document, message_id, created_at)
    keep_to_sepa_letters(document)
    content = etree.tostring(document, xml_declaration=True, encoding="UTF-8")
    errors = schema_errors(content, schema=(files("sepaxml") / "schemas" / f"{_MESSAGE}.xsd").read_bytes())
    if errors:
        raise UnwritableCollection(errors[0])
    return content


def _check(message_id: str, collections: Sequence[Collection]) -> None:
    if not collections:
        raise UnwritableCollection("a direct debit order collects something")
    if len(message_id) > _ID_MAX - len(_SUFFIX):
        raise UnwritableCollection(f"the message id is longer than {_ID_MAX - len(_SUFFIX)} characters")
    for one in collections:
        if one.amount.currency != "EUR" or one.amount.minor <= 0:
            raise UnwritableCollection(f"{one.end_to_end}: {one.amount} is not a positive sum in euro")


def _config(collector: Collector) -> dict[str, object]:
    return {
        "name": collector.name,
        "IBAN": "".join(collector.iban.split()),
        "batch": True,
        "creditor_id": collector.creditor_id,
        "currency": "EUR",
    }


def _payment(one: Collection, collect_on: date) -> dict[str, object]:
    return {
        "name": one.name,
        "IBAN": "".join(one.iban.split()),
        "amount": one.amount.minor,
        "type": one.sequence,
        "collection_date": collect_on,
        "mandate_id": one.mandate,
        "mandate_date": one.signed_on,
        "description": one.text,
        "endtoend_id": one.end_to_end,
    }


def _make_repeatable(document: etree._Element, message_id: str, created_at: datetime) -> None:
    """The library stamps its own clock and random ids; an order written twice must be the same order."""
    header = document[0].find(f"{_NAMESPACE}GrpHdr")
    assert header is not None, "every message has a header"
    for name, value in (("MsgId", message_id), ("CreDtTm", created_at.replace(microsecond=0).isoformat())):
        found = header.find(f"{_NAMESPACE}{name}")
        assert found is not None, name
        found.text = value
    for batch in document[0].findall(f"{_NAMESPACE}PmtInf"):
        batch_id, sequence = batch.find(f"{_NAMESPACE}PmtInfId"), batch.find(f".//{_NAMESPACE}SeqTp")
        assert batch_id is not None, "every batch has an id"
        assert sequence is not None, "every batch has a sequence type"
        batch_id.text = f"{message_id}-{sequence.text}"
        for booking in batch.iter(f"{_NAMESPACE}BtchBookg"):
            booking.text = "false"
