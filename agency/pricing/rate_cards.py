"""Published rate cards: immutable versions, of which the latest that has begun prices a new quote."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID

from sqlalchemy import text

from agency.kernel.audit import record
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.rules.price import DEFAULT_CARD
from agency.rules.rate_card import CardFault, RateCard, unlawful_fees


class NoRateCard(NotFound):
    """No rate card had been published by that day."""


@dataclass(frozen=True)
class PublishedCard:
    """A rate card as it was published."""

    id: UUID
    version: int
    sha256: str
    card: RateCard


class UnlawfulCard(Invalid):
    """The card asks a fee by result where the law forbids it."""

    def __init__(self, faults: Sequence[CardFault]) -> None:
        super().__init__(faults[0].sentence, field=faults[0].field)
        self.faults = tuple(faults)


def publish_card(
    unit: Unit, *, card: RateCard, valid_from: date, author: str | None = None, approved_by: str | None = None
) -> int:
    """This function will publish a rate card from a day on and return its version; an equal card is not
    published twice. Quotes keep the version that they were made with.

    :raises UnlawfulCard: it names a phase that may not be done by result.
    """
    if faults := unlawful_fees(card, on=valid_from):
        raise UnlawfulCard(faults)
    content = card.to_json()
    sha256 = hashlib.sha256(content).hexdigest()
    connection = unit.session.connection()
    take_turns(unit, "rate_card")
    latest = connection.execute(
        text("SELECT version, sha256 FROM rate_card ORDER BY version DESC LIMIT 1")
    ).one_or_none()
    if latest and latest.sha256 == sha256:
        return int(latest.version)
    version = (latest.version if latest else 0) + 1
    connection.execute(
        text(
            "INSERT INTO rate_card (id, version, valid_from, card, sha256, author, approved_by, created_at)"
            " VALUES (:id, :version, :valid_from, :card, :sha, :author, :approver, :now)"
        ),
        {"id": new_id(), "version": version, "valid_from": valid_from, "card": content, "sha": sha256,
         "author": author, "approver": approved_by, "now": unit.now},
    )  # fmt: skip
    record(
        unit,
        action="rate_card.published",
        subject=f"rate_card:{version}",
        creditor_id=HOUSE,
        facts={"sha256": sha256, "valid_from": valid_from.isoformat(), "author": author},
    )
    return version


def publish_first_card(unit: Unit, *, valid_from: date) -> int:
    """This function will publish the agency's first rate card where none stands yet (set-up)."""
    standing = unit.session.connection().execute(text("SELECT max(version) FROM rate_card")).scalar_one()
    return int(standing) if standing else publish_card(unit, card=DEFAULT_CARD, valid_from=valid_from)


def card_on(unit: Unit, *, on: date) -> PublishedCard:
    """This function will return the rate card in force on a day.

    :raises NoRateCard: none was.
    """
    wanted = "valid_from <= :on ORDER BY valid_from DESC, version DESC LIMIT 1"
    found = _card_where(unit, wanted, on=on)
    if found is None:
        raise NoRateCard("no rate card has been published")
    return found


def card_of(unit: Unit, *, rate_card_id: UUID) -> PublishedCard:
    """This function will return a published rate card by its id.

    :raises NoRateCard: there is none.
    """
    found = _card_where(unit, "id = :id", id=rate_card_id)
    if found is None:
        raise NoRateCard("no such rate card")
    return found


def card_of_version(unit: Unit, *, version: int) -> PublishedCard:
    """This function will return a published rate card by its version.

    :raises NoRateCard: there is none.
    """
    found = _card_where(unit, "version = :version", version=version)
    if found is None:
        raise NoRateCard("no such rate card")
    return found


def _card_where(unit: Unit, wanted: str, **values: date | UUID | int) -> PublishedCard | None:
    row = (
        unit.session.connection()
        .execute(text(f"SELECT id, version, sha256, card FROM rate_card WHERE {wanted}"), values)
        .one_or_none()
    )
    return None if row is None else PublishedCard(row.id, row.version, row.sha256, _parsed(bytes(row.card)))


@lru_cache(maxsize=64)
def _parsed(content: bytes) -> RateCard:
    return RateCard.from_json(content)
