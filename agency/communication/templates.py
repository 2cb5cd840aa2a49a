"""Templates: files of this room, published as versions by what they say; messages pin the version."""

import hashlib
from collections.abc import Iterator

from sqlalchemy import text

from agency.communication.composing import FOLDER, Composed, compose, read_text
from agency.communication.mandatory import missing
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit

_PUBLISH = text(
    "INSERT INTO template (id, key, language, channel, version, subject, body, sha256, created_at)"
    " SELECT :id, :key, :language, :channel, coalesce(max(version), 0) + 1, :subject, :body, :sha, :now"
    " FROM template WHERE key = :key AND language = :language AND channel = :channel"
    # Only what the newest version does not say already becomes a version.
    " HAVING :sha IS DISTINCT FROM (SELECT t.sha256 FROM template t WHERE t.key = :key"
    "  AND t.language = :language AND t.channel = :channel ORDER BY t.version DESC LIMIT 1)"
)


class TemplateIncomplete(Invalid):
    """A template lacks something that the law wants a message to say; it is not published."""


def publish_templates(unit: Unit) -> int:
    """This function will publish every text of this room that changed and return how many versions it gave.

    :raises TemplateIncomplete: one lacks mandatory content; then none is published.
    """
    return sum(publish(unit, composed) for composed in composed_files())


def publish(unit: Unit, composed: Composed) -> bool:
    """This function will publish one text unless its newest version says the same.

    :raises TemplateIncomplete: it lacks mandatory content.
    """
    lacking = missing(composed)
    if lacking:
        where = f"{composed.key} in {composed.language} by {composed.channel}"
        raise TemplateIncomplete(f"{where} does not say: {', '.join(lacking)}")
    published = unit.session.connection().execute(
        _PUBLISH,
        {
            "id": new_id(),
            "key": composed.key,
            "language": composed.language,
            "channel": composed.channel,
            "subject": composed.subject,
            "body": composed.body,
            "sha": hashlib.sha256(f"{composed.subject}\n{composed.body}".encode()).hexdigest(),
            "now": unit.now,
        },
    )
    return published.rowcount == 1


def composed_files() -> Iterator[Composed]:
    """This function will lay out every text of this room for each of its channels."""
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in (".md", ".sms"):
            written = read_text(name=path.name, content=path.read_text())
            for channel in written.channels:
                yield compose(written, channel)
