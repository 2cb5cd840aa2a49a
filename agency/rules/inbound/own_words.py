"""A reply without what it quotes: the mail it answers to, and the signature."""

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

OWN_MAX: Final = 20_000
NAMED_MAX: Final = 400
_WROTE: Final = re.compile(
    r"\b(?:wrote|schreef|geschreven|a écrit|a ecrit|schrieb|geschrieben|escribió)\b", re.IGNORECASE
)
# A mail program names the writer with the day and ends in a colon or an address; people who tell do not.
_NAMED: Final = re.compile(
    r"^(?=.*\d)\s*(?:(?:on|op|le|am|el)\b.{4,160}|.{0,80}<[^<>\s]{1,100}@[^<>\s]{1,100}>.{0,80})$",
    re.IGNORECASE,
)
_ENDED: Final = re.compile(r":\s*$|<[^<>\s]{1,100}@[^<>\s]{1,100}>\W{0,20}$")
_QUOTE: Final = re.compile(
    r"^\s*(?:-{2,}\s*(?:original|oorspronkelijk|ursprungliche|ursprüngliche|message d'origine|message transf"
    r"|mail original|message original"
    r"|forwarded|doorgestuurd|weitergeleitet)"
    r"|(?:begin doorgestuurd bericht|begin forwarded message|début du message|anfang der weitergeleiteten)"
    r"|\*?(?:from|van|de|von)\s?:\*?\s.{0,200}@)",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"^\s*(?:_{10,}|-{5,}|={5,})\s*$")
_FROM: Final = re.compile(r"^\s*\*?(?:from|van|de|von)\s?:", re.IGNORECASE)
_SENT: Final = re.compile(
    r"^\s*\*?(?:sent|date|to|verzonden|datum|aan|envoyé|envoye|à|gesendet|an)\s?:", re.IGNORECASE
)
_DEVICE: Final = re.compile(
    r"^\s*(?:(?:sent from|verzonden (?:vanaf|met|via|vanuit)|verstuurd vanaf|envoyé (?:de|depuis|à partir de)"
    r"|envoye (?:de|depuis)|gesendet (?:von|mit|über))\b.{0,60}"
    r"|von meinem .{2,30} gesendet|get outlook for .{2,12}|outlook (?:voor|für) .{2,20}"
    r"|obtenir outlook pour .{2,12}|télécharger outlook .{0,20}|download outlook .{0,20}"
    r"|outlook .{2,20} (?:downloaden|herunterladen)|sent with proton ?mail\b.{0,30}"
    r"|laden sie outlook .{2,20})$",
    re.IGNORECASE,
)
_SIGNATURE: Final = re.compile(r"^--\s?$")


def own_words(text: str) -> str:
    """Return what the writer wrote himself; all of it where everything seems quoted.

    Answers written between quoted lines or below them are kept: only quoted lines themselves are left out.
    """
    lines = text[:OWN_MAX].splitlines()
    kept: list[str] = []
    named: int | None = None  # the second half of a broken line that names the writer
    for index, (line, following) in enumerate(zip_longest(lines, lines[1:], fillvalue="")):
        if index == named or line.lstrip().startswith(">") or _DEVICE.match(line):
            continue
        broken = (
            not _names(line) and _NAMED.match(line[:NAMED_MAX]) is not None and _names(f"{line} {following}")
        )
        rest = lines[index + 1 + broken :]
        if broken or _names(line) or _begins_quote(line, rest):
            if not _between(rest):
                kept += _below(rest)
                break
            named = index + broken
        else:
            kept.append(line)
    own = "\n".join(kept).strip()
    return own or text[:OWN_MAX].strip()


def _names(line: str) -> bool:
    """Whether a line names the writer of what follows it."""
    return len(line) < NAMED_MAX and bool(_NAMED.match(line) and _WROTE.search(line) and _ENDED.search(line))


def _begins_quote(line: str, rest: Sequence[str]) -> bool:
    """Whether a signature or another mail begins here; a rule alone may be drawn by a person, too."""
    if _SIGNATURE.match(line) or _QUOTE.match(line):
        return True
    said = [one for one in rest[:6] if one.strip()]
    if _FROM.match(line):
        return any(_SENT.match(one) for one in said[:2])
    if _SENT.match(line):  # some put the day, or the reader, above the writer
        return bool(said) and any(_FROM.match(one) and "@" in one for one in said[:2])
    return _RULE.match(line) is not None and any(_FROM.match(one) for one in said[:2])


def _between(rest: Sequence[str]) -> bool:
    """Whether what follows is quoted line by line, so that words between are the writer's."""
    said = [line for line in rest if line.strip()]
    return bool(said) and sum(line.lstrip().startswith(">") for line in said) * 2 >= len(said)


def _below(rest: Sequence[str]) -> list[str]:
    """What the writer wrote below a quote of few lines: paragraphs without any quoted line."""
    said = [line for line in rest if line.strip()]
    if not said or not said[0].lstrip().startswith(">"):
        return []
    paragraphs = "\n".join(rest).split("\n\n")
    return [one for one in paragraphs if not any(line.lstrip().startswith(">") for line in one.splitlines())]
