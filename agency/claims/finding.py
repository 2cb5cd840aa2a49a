"""Finding claims by what people have at hand: a name, a number of ours, an invoice, a payment reference, or
by what a caller can spell: a telephone number, a mail address, an account, a registration, a postal code, an
amount."""

import re
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, false, func, or_, select, tuple_, union
from sqlalchemy.orm import aliased
from sqlmodel import col

from agency.claims.models import Claim, Invoice
from agency.kernel.unit import Unit
from agency.parties.models import ContactChannel, ContactPoint, Creditor, Debtor
from agency.parties.names import name_key
from agency.rules.reference import printed_forms, references_in

_FOUND: Final[tuple[Any, ...]] = (
    col(Claim.creditor_id), col(Claim.id), col(Claim.number), col(Claim.reference),
    col(Debtor.name).label("debtor"), col(Creditor.name).label("creditor"),
)  # fmt: skip

_BETWEEN: Final = re.compile(r"[\s().\-/\u2010-\u2015]")
# The zero of +31 (0)6 is only dialled at home.
_ZERO_AT_HOME: Final = re.compile(r"(?<=\d)\s*\(0\)")
_TELEPHONE: Final = re.compile(r"(?:\+|00?)?([1-9][0-9]{5,14})")
_ACCOUNT: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{4,30}")
_REGISTRATION: Final = re.compile(r"[A-Z]{0,2}[0-9]{8,12}[A-Z0-9]{0,4}")
_DUTCH_POSTAL_CODE: Final = re.compile(r"[1-9][0-9]{3}[A-Z]{2}")
# Two decimals tell an amount from every other number; thousands may be apart by a point, a comma or a blank.
_AMOUNT: Final = re.compile(
    r"(?:€|£|\$|[A-Z]{3})? ?([0-9]{1,3}(?:[ .,'][0-9]{3})+|[0-9]{1,9})[.,]([0-9]{2}) ?(?:€|£|\$|[A-Z]{3})?",
    re.IGNORECASE,
)
# Letters that are no other letter with an accent: people type them without.
_LETTERS: Final = ("łøđıħ", "lodih")
_PLAIN_LETTERS: Final = str.maketrans(*_LETTERS)


def matches(words: str) -> ColumnElement[bool]:
    """This function will return the condition that a claim is meant by some words, for a statement that
    names `claim`.

    :param words: words of the debtor's name in any order, the start of the claim's or an invoice's number or
        of the creditor's own reference, or the payment reference as people write it; of the debtor also a
        telephone number in any spelling (its last six digits or more), the start of a mail address or of the
        account he pays from, the number in a register, or a Dutch postal code; or an amount with its cents,
        as it was handed over or stands on an invoice.
    """
    plain = " ".join(words.split())
    start = f"{_literal(plain)}%"
    printed = [form for reference in references_in(plain) for form in printed_forms(reference)]
    ours, owes = aliased(Claim), aliased(Debtor)
    # Each way of finding is a look-up of its own and the list is joined to what they give together:
    # conditions of several tables in one OR are asked anew for each row, for seconds in a long list.
    minor = _amount(plain)
    numbered = select(col(ours.creditor_id), col(ours.id)).where(
        or_(
            col(ours.number).ilike(start),
            col(ours.reference).ilike(start),
            col(ours.payment_reference).in_(printed),
            *([col(ours.principal_minor) == minor] if minor else []),
        )
    )
    invoiced = select(col(Invoice.creditor_id), col(Invoice.claim_id)).where(
        or_(
            col(Invoice.number).ilike(start),
            *([col(Invoice.total_minor) == minor, col(Invoice.open_minor) == minor] if minor else []),
        )
    )
    named = (
        select(col(ours.creditor_id), col(ours.id))
        .join(owes, and_(col(owes.creditor_id) == col(ours.creditor_id), col(owes.id) == col(ours.debtor_id)))
        .where(
            or_(
                _is_called(owes, plain),
                *_told_apart(owes, _compact(plain)),
            )
        )
    )
    reached = [
        select(col(ours.creditor_id), col(ours.id))
        .join(
            ContactPoint,
            and_(
                col(ContactPoint.creditor_id) == col(ours.creditor_id),
                col(ContactPoint.debtor_id) == col(ours.debtor_id),
            ),
        )
        .where(
            col(ContactPoint.channel) == channel, func.lower(col(ContactPoint.value)).like(pattern)
        )
        for channel, pattern in _points_like(plain)
    ]  # fmt: skip
    return tuple_(col(Claim.creditor_id), col(Claim.id)).in_(union(numbered, invoiced, named, *reached))


def _is_called(debtor: type[Debtor], plain: str) -> ColumnElement[bool]:
    """Every word stands in the name: lists and letters put the family name first, people speak it last."""
    key = func.translate(col(debtor.name_key), *_LETTERS)
    words = (name_key(plain) or plain).translate(_PLAIN_LETTERS).split()
    return and_(*(key.like(f"%{_literal(word)}%") for word in words)) if words else false()


def _amount(plain: str) -> int | None:
    """What the words are in minor units, where they are an amount."""
    found = _AMOUNT.fullmatch(plain)
    return int("".join(sign for sign in found[1] + found[2] if sign.isdigit())) if found else None


def _compact(plain: str) -> str:
    return _BETWEEN.sub("", _ZERO_AT_HOME.sub("", plain)).upper()


def _told_apart(debtor: type[Debtor], compact: str) -> list[ColumnElement[bool]]:
    """What stands with a debtor: only what the words look like is looked for."""
    found: list[ColumnElement[bool]] = []
    if _ACCOUNT.fullmatch(compact):
        found.append(col(debtor.iban).like(f"{compact}%"))
    if _REGISTRATION.fullmatch(compact):
        found.append(or_(col(debtor.registration_number) == compact, col(debtor.vat_number) == compact))
    if _DUTCH_POSTAL_CODE.fullmatch(compact):
        found.append(col(debtor.postal_code).in_((compact, f"{compact[:4]} {compact[4:]}")))
    return found


def _points_like(plain: str) -> list[tuple[ContactChannel, str]]:
    """The way and the pattern of a number or address, where the words look like one."""
    found = []
    telephone = _TELEPHONE.fullmatch(_compact(plain))
    if telephone:
        found.append((ContactChannel.PHONE, f"%{telephone[1]}"))
    if "@" in plain:
        found.append((ContactChannel.EMAIL, f"{_literal(plain.lower())}%"))
    return found


def find_claims(unit: Unit, *, words: str, limit: int = 8) -> list[Row[Any]]:
    """This function will return the claims that a few letters or digits may mean, running ones first, each
    with creditor_id, id, number, reference, debtor and creditor; nothing for less than two signs."""
    if len(words.strip()) < 2:
        return []
    of_claim = and_(col(Debtor.creditor_id) == col(Claim.creditor_id), col(Debtor.id) == col(Claim.debtor_id))
    statement = (
        select(*_FOUND)
        .select_from(Claim)
        .join(Debtor, of_claim)
        .join(Creditor, col(Creditor.id) == col(Claim.creditor_id))
        .where(matches(words))
        .order_by((col(Claim.state) == "active").desc(), col(Debtor.name_key), col(Claim.number))
        .limit(limit)
    )
    return list(unit.session.connection().execute(statement))


def _literal(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
