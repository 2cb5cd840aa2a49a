"""A reply without what it quotes: the mail it answers to, and the signature."""

import re
from itertools import zip_longest
from typing import Final

OWN_MAX: Final = 20_000
_QUOTE: Final = re.compile(
    r"^\s*(?:>|-{2,}\s*(?:original|oorspronkelijk|ursprungliche|ursprüngliche|message d'origine|forwarded)"
    r"|_{10,}|-{5,}\s*$"
    r"|(?:on|op|le|am)\b.{4,120}\b(?:wrote|schreef|a écrit|a ecrit|schrieb)\b.{0,80}:?\s*$"
    r"|(?:from|van|de|von)\s?:\s.{0,200}@"
    r"|(?:sent from my|verzonden vanaf mijn|envoyé de mon|envoye de mon)\b"
    r"|(?:gesendet von meinem|von meinem .{2,20} gesendet)\b)",
    re.IGNORECASE,
)
# The line that names the writer may be broken in two by a mail program.
_BROKEN: Final = re.compile(r"^\s*(?:on|op|le|am)\b.{4,120}$", re.IGNORECASE)
_WROTE: Final = re.compile(r"\b(?:wrote|schreef|a écrit|a ecrit|schrieb)\b.{0,80}:\s*$", re.IGNORECASE)
_SIGNATURE: Final = re.compile(r"^--\s?$")


def own_words(text: str) -> str:
    """Return what the writer wrote himself; all of it where everything seems quoted.

    Answers written between quoted lines are kept: only quoted lines themselves are left out.
    """
    lines = text[:OWN_MAX].splitlines()
    kept: list[str] = []
    named: int | None = None  # the second half of a broken line that names the writer
    for index, (line, following) in enumerate(zip_longest(lines, lines[1:], fillvalue="")):
        if index == named or line.lstrip().startswith(">"):
            continue
        broken = _BROKEN.match(line) is not None and _WROTE.search(following) is not None
        if broken or _SIGNATURE.match(line) or _QUOTE.match(line):
            if not _between(lines[index + 1 + broken :]):
                break
            named = index + broken
        else:
            kept.append(line)
    own = "\n".join(kept).strip()
    return own or text[:OWN_MAX].strip()


def _between(rest: list[str]) -> bool:
    """Whether what follows is quoted line by line, so that words between are the writer's."""
    said = [line for line in rest if line.strip()]
    return bool(said) and sum(line.lstrip().startswith(">") for line in said) * 2 >= len(said)
