"""Everything that was handed to a provider for a person: kept, listed, searched."""

import json
import re
import secrets
import sqlite3
from collections.abc import Sequence
from typing import Any

from agency.ports.providers import Attachment
from integrations.simulator.store import as_json, moment_text
from integrations.simulator.world import World

_LINK = re.compile(r"https?://[^\s<>\"'()]+")
_LISTED = (
    "seq, id, channel, reference, sender, recipient, subject, text, facts, state, at,"
    " (SELECT count(*) FROM attachment WHERE message_seq = seq) AS attachments"
)


def new_id(prefix: str = "", *, size: int = 16) -> str:
    """This function will return an id in the form of a provider's: a prefix and hex."""
    return prefix + secrets.token_hex(size)


def keep(
    world: World,
    *,
    channel: str,
    provider_id: str,
    reference: str,
    account: str,
    sender: str,
    recipient: str,
    state: str,
    subject: str = "",
    text: str = "",
    html: str = "",
    pdf: bytes | None = None,
    facts: dict[str, Any] | None = None,
    attachments: Sequence[Attachment] = (),
) -> None:
    """This function will keep one accepted message."""
    seq = world.store.insert(
        "message",
        id=provider_id,
        channel=channel,
        reference=reference,
        account=account,
        sender=sender,
        recipient=recipient,
        subject=subject,
        text=text,
        html=html,
        pdf=pdf,
        facts=as_json(facts or {}),
        state=state,
        at=moment_text(world.clock.now()),
    )
    for number, attachment in enumerate(attachments):
        world.store.insert(
            "attachment",
            message_seq=seq,
            number=number,
            name=attachment.name,
            media_type=attachment.media_type,
            content=attachment.content,
        )


def search(
    world: World,
    *,
    to: str = "",
    words: str = "",
    channel: str = "",
    reference: str = "",
    since: str = "",
    after: int = 0,
    before: int = 0,
    limit: int = 100,
    newest_first: bool = True,
) -> list[sqlite3.Row]:
    """This function will list messages.

    :param since: a moment as kept (`moment_text`); `after` and `before` are numbers in the order of arrival.
    """
    tests: list[str] = ["1 = 1"]
    values: list[Any] = []
    for test, value in (
        ("recipient = ?", to),
        ("channel = ?", channel),
        ("reference = ?", reference),
        ("at >= ?", since),
        ("seq > ?", after),
        ("seq < ?", before),
    ):
        if value:
            tests.append(test)
            values.append(value)
    for word in words.split():
        tests.append("(recipient || ' ' || subject || ' ' || text || ' ' || reference LIKE ? ESCAPE '\\')")
        values.append("%" + re.sub(r"([%_\\])", r"\\\1", word) + "%")
    order = "DESC" if newest_first else "ASC"
    sql = f"SELECT {_LISTED} FROM message WHERE {' AND '.join(tests)} ORDER BY seq {order} LIMIT ?"
    return world.store.all(sql, *values, limit)


def message(world: World, provider_id: str) -> sqlite3.Row | None:
    """This function will return one message with everything in it."""
    return world.store.one("SELECT * FROM message WHERE id = ?", provider_id)


def attachments(world: World, seq: int) -> list[sqlite3.Row]:
    """This function will return what travelled with a mail."""
    return world.store.all("SELECT * FROM attachment WHERE message_seq = ? ORDER BY number", seq)


def as_record(row: sqlite3.Row) -> dict[str, Any]:
    """This function will return a listed message as JSON, with the links its text holds."""
    record = {name: row[name] for name in row.keys() if name != "facts"}  # noqa: SIM118 - not a dict
    return {**record, "facts": json.loads(row["facts"]), "links": _LINK.findall(row["text"])}
