"""A reply without what it quotes: the mail it answers to, and the signature."""

import re
from collections.abc import Sequence
from typing import Final

OWN_MAX: Final = 20_000
NAMED_MAX: Final = 400
NAMED_LINES_MAX: Final = 3
# Also in the languages that a phone may be set to which its owner does not write us in.
_SAYS_WROTE: Final = (
    r"(?:wrote|schreef|geschreven|a écrit|a ecrit|schrieb|geschrieben|escribió|ha scritto|escreveu|a scris"
    r"|napisał(?:\(a\))?|şunu yazdı|skrev|пишет|написал)"
)
_WROTE: Final = re.compile(rf"(?<!\w){_SAYS_WROTE}(?!\w)", re.IGNORECASE)
# A mail program names the writer with the day and ends in a colon or an address; people who tell do not.
_NAMED: Final = re.compile(
    r"^(?=.*\d)\s*(?:(?:on|op|le|am|el|il|em|aan|în)\b.{4,160}"
    r"|.{0,80}<\s?[^<>\s]{1,100}@[^<>\s]{1,100}>.{0,80})$",
    re.IGNORECASE,
)
# Others name the writer alone: with his address, so that no sentence of a person is taken for it.
_CITED: Final = re.compile(
    r"^\s*(?:(?:quoting|citeren|citeer|zitat von|citando(?: a)?)\s.{0,80}<[^<>\s]{1,100}@[^<>\s]{1,100}>"
    rf"|[^\W\d].{{0,80}}<[^<>\s]{{1,100}}@[^<>\s]{{1,100}}>\s{{0,3}}{_SAYS_WROTE})\s?:\s*$",
    re.IGNORECASE,
)
# A program that puts what it quotes behind the writer, in the same line.
_NAMED_BEFORE: Final = re.compile(
    r"^(?=.*\d)\s*(?:on|op|le|am)\b.{4,160}<\s?[^<>\s]{1,100}@[^<>\s]{1,100}>\s{0,3}"
    rf"{_SAYS_WROTE}\s?:\s{{2,}}\S",
    re.IGNORECASE,
)
_RULED: Final = re.compile(r"^\s*-{2,}\s*|\s*-{2,}\s*$")
_ENDED: Final = re.compile(r":\s*$|<[^<>\s]{1,100}@[^<>\s]{1,100}>\W{0,20}$")
_QUOTE: Final = re.compile(
    r"^\s*(?:-{2,}\s*(?:original|oorspronkelijk|ursprungliche|ursprüngliche|message d['’]origine"
    r"|message transf|mail original|message original"
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
# What nobody writes above a payment or in a form, as "van", "aan" and "datum" are.
_OF_A_MAIL: Final = re.compile(
    r"^\s*\*?(?:sent|verzonden|envoyé|envoye|gesendet|subject|onderwerp|betreft|objet|betreff)\s?:",
    re.IGNORECASE,
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
    named = 0  # the lines left of one that names the writer and was broken
    for index, line in enumerate(lines):
        if named > 0:
            named -= 1
            continue
        if line.lstrip().startswith(">") or _DEVICE.match(line):
            continue
        broken = _named_in(lines[index : index + NAMED_LINES_MAX])
        rest = lines[index + max(broken, 1) :]
        if broken or _begins_quote(line, rest):
            if not _between(rest):
                kept += _below(rest)
                break
            named = broken - 1
        else:
            kept.append(line)
    own = "\n".join(kept).strip()
    return own or text[:OWN_MAX].strip()


def _named_in(lines: Sequence[str]) -> int:
    """How many lines name the writer of what follows, since programs break such a line; 0 where none do."""
    if _names(lines[0]):
        return 1
    if not lines[0].strip() or _NAMED.match(lines[0][:NAMED_MAX]) is None:
        return 0
    joined = ((many, " ".join(lines[:many])) for many in range(2, len(lines) + 1))
    # Three lines may be three sentences of a person, unless an address stands in them.
    return next((many for many, one in joined if _names(one) and (many == 2 or "@" in one)), 0)


def _names(line: str) -> bool:
    """Whether a line names the writer of what follows it."""
    if len(line) >= NAMED_MAX:
        return False
    if _CITED.match(line) or _NAMED_BEFORE.match(line):
        return True
    bare = _RULED.sub("", line)
    ended = _ENDED.search(bare) or (bare != line and line.rstrip().endswith("--"))
    return bool(_NAMED.match(bare) and _WROTE.search(bare) and ended)


def _begins_quote(line: str, rest: Sequence[str]) -> bool:
    """Whether a signature or another mail begins here; a rule alone may be drawn by a person, too."""
    if _SIGNATURE.match(line) or _QUOTE.match(line):
        return True
    said = [one for one in rest[:6] if one.strip()]
    if _FROM.match(line):
        return any(_SENT.match(one) for one in said[:2]) and _is_head((line, *said[:5]))
    if _SENT.match(line) or _OF_A_MAIL.match(line):  # some put the day, reader or subject above the writer
        return any(_FROM.match(one) for one in said[:2]) and _is_head((line, *said[:4]))
    return _RULE.match(line) is not None and any(_FROM.match(one) for one in said[:3])


def _is_head(lines: Sequence[str]) -> bool:
    """Whether it is the head of a mail: people write "van: ... aan: ..." of a payment or a form, too."""
    named = next(at for at, line in enumerate(lines) if _FROM.match(line))
    return any("@" in one for one in lines[named : named + 2]) or any(map(_OF_A_MAIL.match, lines))


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
