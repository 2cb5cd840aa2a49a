"""Looking things up in an invoice's tree by local name, so that no prefix and no version matters."""

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import date, datetime

from lxml import etree

from agency.money import Money
from agency.ports.readers import EmbeddedFile, Party, Unreadable
from integrations.amounts import exact_money, iso_date, known_currency

MaybeMoney = Money | None
MaybeDay = date | None


def find(node: etree._Element | None, path: str) -> list[etree._Element]:
    """This function will return the elements at a path such as "Party/PartyName/Name", in any namespace."""
    if node is None:
        return []
    return node.findall("/".join("{*}" + step for step in path.split("/")))


def first(node: etree._Element | None, *paths: str) -> etree._Element | None:
    """This function will return the first element at the first path that has one."""
    for path in paths:
        for found in find(node, path):
            return found
    return None


def texts(node: etree._Element | None, *paths: str) -> list[str]:
    """This function will return the non-empty texts at the paths, blanks and line ends collapsed."""
    found = (clean(element) for path in paths for element in find(node, path))
    return [text for text in found if text]


def each_once(node: etree._Element | None, path: str) -> tuple[str, ...]:
    """This function will return the texts at a path in their order, each once."""
    return tuple(dict.fromkeys(texts(node, path)))


def text(node: etree._Element | None, *paths: str) -> str | None:
    """This function will return the first non-empty text at the paths, in the order of the paths."""
    return next(iter(texts(node, *paths)), None)


def clean(element: etree._Element) -> str:
    """This function will return an element's text with blanks and line ends collapsed."""
    return " ".join((element.text or "").split())


def the_only(values: Iterable[str], what: str) -> str | None:
    """This function will return the one value there is, None for none.

    :raises Unreadable: when the document says different things about what it may say once.
    """
    distinct = list(dict.fromkeys(values))
    if len(distinct) > 1:
        raise Unreadable(f"the document states more than one {what}: {' and '.join(distinct[:3])}")
    return distinct[0] if distinct else None


def required(value: str | None, what: str) -> str:
    """This function will return the value.

    :raises Unreadable: when it is absent.
    """
    if not value:
        raise Unreadable(f"the document states no {what}")
    return value


def present(value: Money | None, what: str) -> Money:
    """This function will return the amount.

    :raises Unreadable: when it is absent.
    """
    if value is None:
        raise Unreadable(f"the document states no {what}")
    return value


def amount(node: etree._Element | None, path: str, currency: str) -> Money | None:
    """This function will return the amount at a path in the document's currency, None when absent.

    Amounts that name another currency, such as VAT in the seller's books, are passed over.

    :raises Unreadable: when it cannot be read exactly or is stated twice.
    """
    in_currency = (e for e in find(node, path) if (e.get("currencyID") or currency).strip() == currency)
    stated = the_only(
        (clean(e) for e in in_currency if clean(e)), etree.QName(path.rpartition("/")[2]).localname
    )
    return None if stated is None else exact_money(stated, currency)


def payable(node: etree._Element | None, path: str, currency: str) -> Money | None:
    """This function will return the amount to pay at a path, None when absent.

    :raises Unreadable: as `amount`, and when it is stated in another currency only.
    """
    found = amount(node, path, currency)
    others = {(e.get("currencyID") or currency).strip() for e in find(node, path) if clean(e)} - {currency}
    if found is None and others:
        raise Unreadable(f"the amount to pay is in {min(others)[:10]}, the document in {currency}")
    return found


def day(stated: str | None) -> date | None:
    """This function will read a date in ISO form or as digits (UN/CEFACT formats 102, 203 and 204), without
    the time that may stand behind it."""
    if stated is None:
        return None
    if len(stated) in (8, 12, 14) and stated.isascii() and stated.isdigit():
        try:
            return datetime.strptime(stated[:8], "%Y%m%d").date()  # noqa: DTZ007 - a calendar day has no zone
        except ValueError:
            return None
    return iso_date(stated)


def currency(stated: str | None) -> str:
    """This function will return the document's currency.

    :raises Unreadable: when it is absent or unknown.
    """
    return known_currency(required(stated, "currency"))


def required_day(stated: str | None, what: str) -> date:
    """This function will read a date that must be there.

    :raises Unreadable: when it is absent or not a date.
    """
    found = day(required(stated, what))
    if found is None:
        raise Unreadable(f"the {what} is not a date: {(stated or '')[:40]!r}")
    return found


def due_day(stated: Iterable[str], warnings: list[str]) -> date | None:
    """This function will return the due date; of several the last, as only then all of it is due. Several, or
    one that is no date, become a warning."""
    distinct = list(dict.fromkeys(stated))
    days = {found for found in map(day, distinct) if found is not None}
    if len(days) > 1:
        warnings.append(f"several due dates: {', '.join(sorted(found.isoformat() for found in days))}")
    if distinct and not days:
        warnings.append(f"the due date is not a date: {distinct[0][:40]!r}")
    return max(days, default=None)


def embedded(objects: Iterable[etree._Element], warnings: list[str]) -> tuple[EmbeddedFile, ...]:
    """This function will decode embedded documents; one that is damaged becomes a warning."""
    files = []
    for element in objects:
        name = element.get("filename") or "attachment"
        try:
            content = base64.b64decode("".join((element.text or "").split()), validate=True)
        except (binascii.Error, ValueError):
            warnings.append(f"the embedded document {name!r} is damaged and left out")
            continue
        files.append(EmbeddedFile(name, element.get("mimeCode") or "application/octet-stream", content))
    return tuple(files)


def schemed(element: etree._Element | None) -> str | None:
    """This function will write an identifier with its scheme before it, as "0208:0123456789"."""
    if element is None or not clean(element):
        return None
    scheme = element.get("schemeID")
    return f"{scheme}:{clean(element)}" if scheme else clean(element)


def by_mail(endpoint: etree._Element | None) -> str | None:
    """This function will return an electronic address that is one for mail (EAS code EM)."""
    is_mail = endpoint is not None and endpoint.get("schemeID") == "EM"
    return (clean(endpoint) or None) if endpoint is not None and is_mail else None


def street(address: etree._Element | None, number: str, *more: str) -> str | None:
    """This function will return the lines of an address above its town, each once: a "bus 3" or the street
    itself may stand on any of them.

    :param number: the path of the first line, or of its parts, separated by blanks.
    """
    lines = [joined(address, *number.split()), *texts(address, *more)]
    return ", ".join(dict.fromkeys(line for line in lines if line)) or None


def to_be_paid(payee: str | None, seller: Party, warnings: list[str]) -> None:
    """This function will warn where another than the seller must be paid (BG-10), such as a factor: the claim
    may have been sold."""
    if payee and _is_another(payee, seller):
        warnings.append(f"the amount is to be paid to {payee}, not to the seller")


def addressed_to(invoicee: str | None, buyer: Party, warnings: list[str]) -> None:
    """This function will warn where another gets the invoice than who bought: either may be the debtor."""
    if invoicee and _is_another(invoicee, buyer):
        warnings.append(f"the invoice is addressed to {invoicee}, not to the buyer")


def _is_another(name: str, party: Party) -> bool:
    called = (party.name, party.legal_name, party.legal_id, party.identifier)
    return _bare(name) not in {_bare(one) for one in called if one}


def _bare(name: str) -> str:
    return re.sub(r"\W", "", name).casefold()


def joined(node: etree._Element | None, *paths: str) -> str | None:
    """This function will return the texts at the paths as one line, None when all are empty."""
    return " ".join(texts(node, *paths)) or None


def account(stated: str | None) -> str | None:
    """This function will return an account number without blanks, in capitals."""
    return "".join(stated.split()).upper() if stated else None
