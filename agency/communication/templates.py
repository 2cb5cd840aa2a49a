"""Templates: files of this room, published as versions by what they say; messages pin the version."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import text

from agency.communication.composing import FOLDER, Composed, Text, compose, plain_words, read_text
from agency.communication.mandatory import missing
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.rules.readability import readability

_NEWEST = text(
    "SELECT DISTINCT ON (key, language, channel) key, language, channel, version, sha256 FROM template"
    " ORDER BY key, language, channel, version DESC"
)
_PUBLISH = text(
    "INSERT INTO template (id, key, language, channel, version, subject, body, sha256, created_at)"
    " VALUES (:id, :key, :language, :channel, :version, :subject, :body, :sha, :now)"
)


class TemplateIncomplete(Invalid):
    """A template lacks something that the law wants a message to say; it is not published."""


class TemplateTooHard(Invalid):
    """A template reads harder than level B1; it is not published."""


def publish_templates(unit: Unit) -> int:
    """This function will publish every text of this room that changed and return how many versions it gave.

    :raises TemplateIncomplete: one lacks mandatory content; then none is published.
    :raises TemplateTooHard: one reads too hard; then none is published.
    """
    return _publish_changed(unit, _looked_at(unit.today))


def refuse_too_hard(written: Text, *, on: date) -> None:
    """This function will refuse a text that reads harder than level B1 and name what its writer can mend.

    :raises TemplateTooHard: see the exception.
    """
    found = readability(text=plain_words(written), language=written.language, on=on)
    if not found.passes:
        why = ", ".join(found.failures).replace("_", " ")
        mend = " | ".join(found.long_sentences[:1] + found.hard_words[:3])
        raise TemplateTooHard(f"{written.key} in {written.language} reads too hard ({why}): {mend}")


def publish(unit: Unit, composed: Composed) -> bool:
    """This function will publish one text unless its newest version says the same.

    :raises TemplateIncomplete: it lacks mandatory content.
    """
    _refuse_incomplete(composed, on=unit.today)
    return bool(_publish_changed(unit, [composed]))


@lru_cache(maxsize=4)
def _looked_at(on: date) -> tuple[Composed, ...]:
    """Every text of this room, with nothing wrong on a day; a process reads and looks through them once."""
    for written in written_files():
        refuse_too_hard(written, on=on)
    texts = tuple(composed_files())
    for composed in texts:
        _refuse_incomplete(composed, on=on)
    return texts


def _refuse_incomplete(composed: Composed, *, on: date) -> None:
    if lacking := missing(composed, on=on):
        where = f"{composed.key} in {composed.language} by {composed.channel}"
        raise TemplateIncomplete(f"{where} does not say: {', '.join(lacking).replace('_', ' ')}")


def _publish_changed(unit: Unit, texts: Sequence[Composed]) -> int:
    connection = unit.session.connection()
    newest = {(row.key, row.language, row.channel): row for row in connection.execute(_NEWEST)}
    versions: list[dict[str, Any]] = []
    for composed in texts:
        which = {"key": composed.key, "language": composed.language, "channel": composed.channel.value}
        sha256 = hashlib.sha256(f"{composed.subject}\n{composed.body}".encode()).hexdigest()
        before = newest.get((composed.key, composed.language, composed.channel.value))
        if before is not None and before.sha256 == sha256:
            continue
        words = {"subject": composed.subject, "body": composed.body, "sha": sha256}
        version = before.version + 1 if before else 1
        versions.append(which | words | {"id": new_id(), "version": version, "now": unit.now})
    if versions:
        connection.execute(_PUBLISH, versions)
    return len(versions)


def written_files() -> Iterator[Text]:
    """This function will read every text of this room as its author wrote it."""
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in (".md", ".sms"):
            yield read_text(name=path.name, content=path.read_text())


def composed_files() -> Iterator[Composed]:
    """This function will lay out every text of this room for each of its channels."""
    for written in written_files():
        for channel in written.channels:
            yield compose(written, channel)
