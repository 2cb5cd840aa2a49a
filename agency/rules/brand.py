"""What a creditor's brand may be: colours that can be read, fonts without download, names that arrive."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from dataclasses import field as made_anew
from datetime import date
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from typing import Any, Final

from agency.rules.readability import readability
from agency.rules.tables import read_table, row_in_force

LANGUAGES: Final = ("nl", "fr", "en", "de")
PAPER: Final = "#ffffff"
_HEX: Final = re.compile(r"#[0-9a-f]{6}")
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"(?=.{{4,253}}$)({_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")
_MAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9.-]+)")
_PHONE: Final = re.compile(r"\+?[0-9 ()/-]{6,30}")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_RED, _GREEN, _BLUE = Decimal("0.2126"), Decimal("0.7152"), Decimal("0.0722")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandDesign:
    """How a creditor looks and signs towards debtors.

    `colour` is the ground of buttons with `ink` on it, `accent` the colour of headings on white. `caller_id`
    is shown on a call and `pay_host` stands in links; both may be empty, and then the agency's own are used.
    A `sender_email` that is empty means: mail goes out from the agency's address. `pay_text` is shown on the
    pay page, by language.
    """

    name: str = ""
    colour: str = "#0b5cad"
    ink: str = "#ffffff"
    accent: str = "#0b5cad"
    font: str = "plain"
    logo_sha256: str = ""
    letterhead: str = ""
    sender_name: str = ""
    sender_email: str = ""
    reply_to: str = ""
    sms_sender: str = ""
    phone: str = ""
    caller_id: str = ""
    pay_host: str = ""
    footer: str = ""
    pay_text: Mapping[str, str] = made_anew(default_factory=dict)

    @classmethod
    def from_fields(cls, content: Mapping[str, Any]) -> "BrandDesign":
        """Return the design of plain fields; unknown ones are left out, absent ones are empty.

        :raises TypeError: a field is no text.
        """
        known = {one.name for one in fields(cls)}
        given = {name: value for name, value in content.items() if name in known and value is not None}
        texts = dict(given.pop("pay_text", {}))
        for name, value in (*given.items(), *texts.items()):
            if not isinstance(value, str):
                raise TypeError(f"{name} is no text")
        return cls(**given, pay_text=texts)

    def plain(self) -> dict[str, Any]:
        """Return the design as plain fields, in their order."""
        return asdict(self)

    @property
    def mail_domain(self) -> str:
        """The domain that its mail comes from, in lower case; empty when it is the agency's."""
        found = _MAIL.fullmatch(self.sender_email)
        return found[1].lower() if found else ""

    def inbound_domain(self, *, on: date) -> str:
        """The domain at which answers to its mail come in, below its mail domain; empty without one."""
        return f"{brand_limits(on=on)['inbound_label']}.{self.mail_domain}" if self.mail_domain else ""


@dataclass(frozen=True, slots=True)
class BrandFault:
    """Something that a brand may not be: `code` says what, `facts` fill its sentence."""

    field: str
    code: str
    facts: Mapping[str, str] = made_anew(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Font:
    """A font by what each medium calls it."""

    key: str
    mail: str
    page: str
    letter: str


@lru_cache(maxsize=1)
def fonts() -> Mapping[str, Font]:
    """Return every font that a brand may use, by its key."""
    return {row["key"]: Font(**row) for row in read_table("brand")["font"]}


@lru_cache(maxsize=64)
def brand_limits(*, on: date) -> Mapping[str, Any]:
    """Return the limits in force: lengths, lines, bytes and pixels."""
    row = row_in_force(read_table("brand")["limit"], on)
    assert row is not None, "the limits of the house have always been in force"
    return row


@lru_cache(maxsize=64)
def text_contrast_min(*, on: date) -> Decimal:
    """Return the least contrast of text of ordinary size (WCAG 2.2, 1.4.3)."""
    row = row_in_force(read_table("brand")["contrast"], on)
    return Decimal(row["text_min"]) if row else Decimal("4.5")


@lru_cache(maxsize=4096)
def contrast(one: str, other: str) -> Decimal:
    """Return the contrast ratio of two colours #rrggbb, 1 to 21 (WCAG 2.2, relative luminance).

    :raises ValueError: one is no such colour.
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + Decimal("0.05")) / (dark + Decimal("0.05"))


def brand_faults(design: BrandDesign, *, on: date) -> tuple[BrandFault, ...]:
    """Return all that is wrong with a design, in the order of its fields; empty when it may be published.

    :param on: the day of publishing; it picks the limits in force.
    """
    return tuple(fault for check in _CHECKS for fault in check(design, on))


def looks_alike(name: str) -> bool:
    """Return whether a name has letters or digits that only look like ours: of another script, or made for
    phonetics or mathematics.

    A name in two scripts can be read as somebody else's (Unicode Technical Standard 39, section 5.1). Here
    all but Latin is refused, also in a name of one script: no text of ours is written in another.
    """
    return any(not sign.isascii() and sign.isalnum() and not _ordinary(sign) for sign in name)


def _ordinary(sign: str) -> bool:
    # Latin-1, Extended-A and -B, and Extended Additional: what European names are written with.
    return unicodedata.name(sign, "").startswith("LATIN ") and (
        sign <= "\u024f" or "\u1e00" <= sign <= "\u1eff"
    )


def is_phone(number: str) -> bool:
    """Return whether a text is a telephone number as people read it: digits, and what stands between them."""
    return _PHONE.fullmatch(number) is not None


def changes(before: BrandDesign, after: BrandDesign) -> tuple[tuple[str, str, str], ...]:
    """Return what differs between two designs: field, before, after; a text of the pay page by language."""
    old, new = _flat(before), _flat(after)
    return tuple((name, old[name], new[name]) for name in old if old[name] != new[name])


def _flat(design: BrandDesign) -> dict[str, str]:
    flat: dict[str, Any] = design.plain()
    texts = flat.pop("pay_text")
    return flat | {f"pay_text_{language}": texts.get(language, "") for language in LANGUAGES}


def _luminance(colour: str) -> Decimal:
    if not _HEX.fullmatch(colour):
        raise ValueError(f"{colour!r} is no colour like #0b5cad")
    red, green, blue = (_linear(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return _RED * red + _GREEN * green + _BLUE * blue


def _linear(part: int) -> Decimal:
    value = Decimal(part) / 255
    if value <= Decimal("0.04045"):
        return value / Decimal("12.92")
    return ((value + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")


def _names(design: BrandDesign, on: date) -> Iterator[BrandFault]:
    most = brand_limits(on=on)["name_max"]
    for name in ("name", "sender_name"):
        value = getattr(design, name)
        if len(value.strip()) < 2:
            yield BrandFault(name, "too_short")
        elif len(value) > most:
            yield BrandFault(name, "too_long", {"most": str(most)})
        if not value.isprintable():
            yield BrandFault(name, "one_line")
        if looks_alike(value):
            yield BrandFault(name, "look_alike")


def _colours(design: BrandDesign, on: date) -> Iterator[BrandFault]:
    named = {name: getattr(design, name) for name in ("colour", "ink", "accent")}
    wrong = [name for name, value in named.items() if not _HEX.fullmatch(value)]
    yield from (BrandFault(name, "no_colour") for name in wrong)
    for name, text, ground in (("ink", "ink", "colour"), ("accent", "accent", "")):
        if {text, ground} & set(wrong):
            continue
        found = contrast(named[text], named[ground] if ground else PAPER)
        least = text_contrast_min(on=on)
        if found < least:
            # Rounded down: what falls short by a hair must not read as enough.
            shown = found.quantize(Decimal("0.1"), ROUND_DOWN)
            facts = {"found": str(shown), "least": f"{least:.1f}"}
            yield BrandFault(name, "contrast_button" if ground else "contrast_paper", facts)


def _look(design: BrandDesign, on: date) -> Iterator[BrandFault]:
    limits = brand_limits(on=on)
    if design.font not in fonts():
        yield BrandFault("font", "no_font")
    lines = design.letterhead.splitlines()
    if len(lines) > limits["letterhead_lines"]:
        yield BrandFault("letterhead", "too_many_lines", {"most": str(limits["letterhead_lines"])})
    if any(len(line) > limits["letterhead_line_max"] for line in lines):
        yield BrandFault("letterhead", "line_too_long", {"most": str(limits["letterhead_line_max"])})


def _addresses(design: BrandDesign, on: date) -> Iterator[BrandFault]:
    for name in ("sender_email", "reply_to"):
        value = getattr(design, name)
        found = _MAIL.fullmatch(value)
        if (value or name == "reply_to") and not (found and _HOST.fullmatch(found[1].lower())):
            yield BrandFault(name, "no_mail")
    if design.pay_host and not _HOST.fullmatch(design.pay_host):
        yield BrandFault("pay_host", "no_host")


def _numbers(design: BrandDesign, on: date) -> Iterator[BrandFault]:
    most = brand_limits(on=on)["sms_sender_max"]
    sender = design.sms_sender
    named = re.fullmatch(rf"[A-Za-z0-9 ]{{1,{most}}}", sender) and re.search("[A-Za-z]", sender)
    # An alphanumeric sender without a letter would read as a number that nobody has.
    if not (named or _NUMBER.fullmatch(sender)):
        yield BrandFault("sms_sender", "no_sms_sender", {"most": str(most)})
    if not is_phone(design.phone):
        yield BrandFault("phone", "no_phone")
    if design.caller_id and not _NUMBER.fullmatch(design.caller_id):
        yield BrandFault("caller_id", "no_caller_id")


def _texts(design: BrandDesign, on: date) -> Iterator[BrandFault]:
    most = brand_limits(on=on)["text_max"]
    if len(design.footer) > most:
        yield BrandFault("footer", "too_long", {"most": str(most)})
    for language, words in design.pay_text.items():
        where = f"pay_text_{language}"
        if language not in LANGUAGES:
            yield BrandFault(where, "no_language")
        elif len(words) > most:
            yield BrandFault(where, "too_long", {"most": str(most)})
        elif any(letter.isalpha() for letter in words):
            found = readability(text=words, language=language, on=on)
            if not found.passes:
                worst = (*found.long_sentences[:1], *found.hard_words[:3])
                yield BrandFault(where, "too_hard", {"mend": " | ".join(worst)})


_CHECKS: Final[tuple[Callable[[BrandDesign, date], Iterator[BrandFault]], ...]] = (
    _names, _colours, _look, _addresses, _numbers, _texts,
)  # fmt: skip
