"""From one plain text per language to what a channel needs: MJML for a mail, Typst for a letter, or a text.

A text is written once, so that the e-mail and the letter of a step say the same. Its markup is small:
paragraphs, `**bold**`, `{{ value }}`, `[[claim]]`, `[[pay]]`, `[[plan]]`, `[[visit]]` and `[[object]]` for
blocks that every language lays out alike, and `?value:` or `?!value:` before a paragraph that only stands
when there is (or is no) such value. A value that ends in a full stop of its own ("Enercity B.V.") gets no
second one, and in French "de" loses its e before a value that begins with a vowel.
"""

import html
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from agency.rules.facts import Channel
from agency.rules.french import ELIDED, VOWELS, elide, typeset

FOLDER = Path(__file__).with_name("templates")
LAYOUTS = FOLDER / "layouts"

# The block on objecting, the greeting and the name.
SIGNED_OFF_WITH = 3
BLOCKS = ("claim", "pay", "object", "answer", "note", "plan", "visit")
_VALUE = re.compile(r"\{\{\s*([a-z_]+(?:\.[a-z_]+)*)\s*\}\}")
_STOP = re.compile(r"(\*\*)?\.(?=\s|\*|$)")
_VALUE_AND_STOP = re.compile(_VALUE.pattern + _STOP.pattern)
_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_CONDITION = re.compile(r"\?(!?)([a-z_]+(?:\.[a-z_]+)*):\s+")
_NAMED = re.compile(
    r"(?:\{\{\s*|\bin\s+|\bif\s+(?:not\s+)?|(?=\bdata\.))"
    r"(?:data\.)?([a-z_]+(?:\.(?!map\b|len\b|trim\b|starts\b)[a-z_]+)*)"
)
_ELIDED_VALUE = re.compile(ELIDED + _VALUE.pattern)
_WORD = re.compile(r"%%([a-z_]+)%%")
_WORD_AND_COLON = re.compile(r"(%%[a-z_]+%%|\{\{ part\.words \}\}|#part\.words):")
_TYPST_MARKUP = re.compile(r"([\\#$*_@<>\[\]`~=/+\-\"'])")


class UnableToCompose(ValueError):
    """A text cannot be laid out: an unknown block, word or language, or no front matter."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text as its author wrote it."""

    key: str
    language: str
    subject: str
    channels: tuple[Channel, ...]
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """A text laid out for one channel; the values are still to be filled in."""

    key: str
    language: str
    channel: Channel
    subject: str
    body: str


def read_text(*, name: str, content: str) -> Text:
    """Read a text file called `<key>.<language>.md` (or `.sms`, which has no front matter).

    :raises UnableToCompose: the name or the front matter is not of that form.
    """
    key, language, kind = name.split(".")
    if kind == "sms":
        return Text(key, language, "", (Channel.sms,), (content.strip(),))
    if language == "fr":
        content = typeset(content)
    parts = content.split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise UnableToCompose(f"{name} has no front matter")
    front = dict(line.split(": ", 1) for line in parts[1].strip().splitlines())
    return Text(
        key=key,
        language=language,
        subject=front["subject"],
        channels=tuple(Channel(channel.strip()) for channel in front["channels"].split(",")),
        paragraphs=tuple(part.strip() for part in parts[2].split("\n\n") if part.strip()),
    )


def compose(text: Text, channel: Channel) -> Composed:
    """Lay a text out for a channel.

    :raises UnableToCompose: see the exception.
    """
    if channel is Channel.sms:
        body = text.paragraphs[0]
    elif channel is Channel.email:
        body = _laid_out(text, "email.mjml", [_mail_part(text, part) for part in text.paragraphs])
    else:
        body = _laid_out(text, "letter.typ", _letter_parts(text))
    return Composed(text.key, text.language, channel, text.subject, body)


def plain_words(text: Text) -> str:
    """Return what a reader reads of a text, a paragraph a line; "0" stands for each value, blocks are left
    out.

    Of two paragraphs of which only one stands (`?value:`, `?!value:`) both are returned.
    """
    written = (_conditional(part)[1] for part in text.paragraphs if not part.startswith("[["))
    return "\n".join(_VALUE.sub("0", part).replace("**", "") for part in written)


def fill(source: str, values: dict[str, object], *, language: str) -> str:
    """Put plain values into a one-line text (a subject, an SMS); line breaks in a value become blanks.

    :raises UnableToCompose: a value is not there, or not a text.
    """

    def words_of_value(name: str) -> str:
        found: object = values
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if not isinstance(found, str):
            raise UnableToCompose(f"no value {name}")
        return " ".join(found.split())

    if language == "fr":
        source = elide(source, _VALUE, words_of_value)

    def value(match: re.Match[str]) -> str:
        words = words_of_value(match[1])
        return words.removesuffix(".") if _STOP.match(source, match.end()) else words

    return _VALUE.sub(value, source)


def values_named(source: str) -> frozenset[str]:
    """Return every value that a composed body or a subject refers to, by its dotted name."""
    return frozenset(_NAMED.findall(source))


def _laid_out(text: Text, layout: str, parts: list[str]) -> str:
    layout_source = (LAYOUTS / layout).read_text()
    if "[[pay]]" not in text.paragraphs:  # nothing is asked: the line beside the subject must not ask either
        layout_source = layout_source.replace("%%preview%%", "%%preview_read%%")
    source = _words_in(layout_source, text.language)
    return source.replace("%%content%%", "\n".join(parts))


def _words_in(source: str, language: str) -> str:
    words = words_of(language) | {"language": language}
    if language == "fr":  # a colon stands apart in French, and never at the start of a line
        source = _WORD_AND_COLON.sub("\\1\u00a0:", source)

    def word(match: re.Match[str]) -> str:
        if match[1] == "content":
            return match[0]
        if match[1] not in words:
            raise UnableToCompose(f"no word {match[1]} in {language}")
        return words[match[1]]

    return _WORD.sub(word, source)


@lru_cache(maxsize=16)
def words_of(language: str) -> dict[str, str]:
    """Return the words of every layout in a language, by their key.

    :raises UnableToCompose: there are none.
    """
    path = LAYOUTS / f"words.{language}.toml"
    if not path.exists():
        raise UnableToCompose(f"no words in {language}")
    written = path.read_text()
    return tomllib.loads(typeset(written) if language == "fr" else written)


def _block(text: Text, paragraph: str, kind: str, suffix: str) -> str | None:
    if not paragraph.startswith("[["):
        return None
    name = paragraph.removeprefix("[[").removesuffix("]]")
    if name not in BLOCKS:
        raise UnableToCompose(f"no block {name}")
    return _words_in((LAYOUTS / f"{kind}.{name}.{suffix}").read_text(), text.language)


def _mail_part(text: Text, paragraph: str) -> str:
    block = _block(text, paragraph, "email", "mjml")
    if block is not None:
        return block
    condition, words = _conditional(paragraph)
    written = _one_stop(html.escape(words, quote=False))
    if text.language == "fr":
        written = _elided_in_mail(words=written)
    safe = _BOLD.sub(r"<strong>\1</strong>", written)
    # Not every mail program makes a link of an address that stands in the words.
    safe = safe.replace("{{ pay.link }}", '<a href="{{ pay.link }}">{{ pay.link }}</a>')
    part = (
        '    <mj-section css-class="paper"><mj-column><mj-text css-class="long">'
        f"{safe}</mj-text></mj-column></mj-section>"
    )
    if condition is None:
        return part
    negated, name = condition
    return f"{{% if {'not ' if negated else ''}{name} %}}\n{part}\n{{% endif %}}"


def _one_stop(words: str) -> str:
    """Write the full stop behind a value of a mail so that it only stands where the value has none."""
    return _VALUE_AND_STOP.sub(r'{{ \1 }}\2{{ \1[-1:] != "." and "." or "" }}', words)


def _elided_in_mail(words: str) -> str:
    return _ELIDED_VALUE.sub(rf'{{{{ \2[:1] in "{VOWELS}" and "\1’" or "\1e " }}}}{{{{ \2 }}}}', words)


def _letter_parts(text: Text) -> list[str]:
    """The parts of a letter; its end stays on one page, so that a greeting never stands alone on a second."""
    parts = [_letter_part(text, part) for part in text.paragraphs]
    signed = text.paragraphs[-SIGNED_OFF_WITH:]
    end = len(parts) - (len(signed) - signed.index("[[object]]") if "[[object]]" in signed else 1)
    return [*parts[:end], "#block(breakable: false)[\n", *parts[end:], "]\n"]


def _letter_part(text: Text, paragraph: str) -> str:
    block = _block(text, paragraph, "letter", "typ")
    if block is not None:
        return block
    condition, words = _conditional(paragraph)
    part = "".join(
        piece if bold is None else f"#strong[{bold}]"
        for piece, bold in _bold_pieces(_typst_text(words, elides=text.language == "fr"))
    )
    if condition is None:
        return f"{part}\n"
    negated, name = condition
    return f'#if data.{name} {"==" if negated else "!="} "" [\n{part}\n]\n'


def _conditional(paragraph: str) -> tuple[tuple[bool, str] | None, str]:
    found = _CONDITION.match(paragraph)
    if found is None:
        return None, paragraph
    return (found[1] == "!", found[2]), paragraph[found.end() :]


def _typst_text(words: str, *, elides: bool) -> str:
    """Escape what Typst would read as markup, and turn values into references to the data."""
    pieces: list[str] = []
    end = 0
    for match in _VALUE.finditer(words):
        before = words[end : match.start()]
        if elides and (found := re.search(f"{ELIDED}$", before)):
            starts = f'data.{match[1]}.starts-with(regex("[{VOWELS}]"))'
            before = before[: found.start()]
            pieces += [_escaped(before), f'#(if {starts} {{ "{found[1]}’" }} else {{ "{found[1]}e " }})']
        else:
            pieces.append(_escaped(before))
        one_stop = '.trim(".", at: end, repeat: false)' if _STOP.match(words, match.end()) else ""
        pieces.append(f"#(data.{match[1]}{one_stop})")
        end = match.end()
    return "".join([*pieces, _escaped(words[end:])])


def _escaped(words: str) -> str:
    # Bold is ours: its stars are kept for `_bold_pieces`.
    return "**".join(_TYPST_MARKUP.sub(r"\\\1", part) for part in words.split("**"))


def _bold_pieces(words: str) -> list[tuple[str, str | None]]:
    parts = words.split("**")
    return [(part, None) if index % 2 == 0 else ("", part) for index, part in enumerate(parts)]
