"""Field :86: of MT940: six dialects and plain text, told apart by their look.

German and Polish banks number their subfields (?20 or >20), Triodos does so with numbers of its own, Dutch
banks name them (/REMI/) or, at ABN AMRO, label them in two columns (NAAM: ...), Knab labels the last line
(REK: .../NAAM: ...), ASN and SNS put the other account and name on the first line.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from integrations.bankfiles.movement import TOLD_IN_WORDS


@dataclass(frozen=True, slots=True)
class Details:
    """What a transaction's texts say, None where they are silent."""

    text: str = ""
    counterparty: str | None = None
    counterparty_iban: str | None = None
    end_to_end: str | None = None
    structured_references: tuple[str, ...] = ()
    return_reason: str | None = None


_IBAN: Final = r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}"
_IBAN_ALONE = re.compile(_IBAN)
_NUMBERED = re.compile(r"\s*\d{0,3}\s*(?=[?>]\d\d)")
# No number is above 63; a payer may write a question mark and digits.
_SUBFIELD = re.compile(r"[?>]([0-6]\d)")
_TRIODOS = re.compile(r"000>10\d")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_NAMED = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|CNTP|BENM|ORDP|CSID|MARF|RTRN|ADDR|ISDT|ULTC|ULTD|ULTB|PURP|PREF|"
    r"SVCL|CREF|KREF|MREF|RREF|ID|NRTX|INIT|EXCH|CHGS|OCMT|TRCD|RTYP|ACCW|BUSP|IREF|OAMT|UDTR|UCRD)/"
)
# Without one of these it is another bank's text between strokes.
_NAMED_FACT = re.compile(r"/(?:IBAN|NAME|REMI|EREF|CNTP|PREF|TRTP|RTRN)/")
_STRUCTURED = re.compile(r"(?:CDTRREFTP//.*/CDTRREF/|ISSUER: [A-Z]{2,4} +REF: *)(?P<reference>[^/]+)")
_ABN_AMRO = re.compile(r"SEPA ", re.IGNORECASE)
_ABN_AMRO_LABEL = re.compile(
    r"(?:^|(?<=\s))(IBAN|BIC|NAAM|OMSCHRIJVING|KENMERK|BETALINGSKENM\.|MACHTIGING|INCASSANT):\s*",
    re.IGNORECASE,
)
_KNAB = re.compile(rf"REK: ({_IBAN})/NAAM: (.*)")
# What was returned begins with why, at ING without words before the facts.
_REASON_AND_IBAN = re.compile(rf"([A-Z]{{2}}\d{{2}}) (?={_IBAN}(?:\s|$))")
_REASON = re.compile(r"[A-Z]{2}\d{2}\b")
_IBAN_AND_NAME = re.compile(rf"({_IBAN})(?: +(.*))?")
# Inside the remittance, SEPA's parts each begin a subfield or follow a blank.
_SEPA_PART = re.compile(
    r"(?:^|(?<=[\n ]))(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|RREF|BREF|COAM|OAMT|PURP|IBAN|BIC)\+"
)

# German transaction codes: a direct debit (108 between companies, 109) or a credit transfer came back.
_RETURNS: Final = frozenset({"108", "109", "159"})

# The widths at which banks cut a text in two without a blank.
_WRAP: Final = 65
_SUBFIELD_WIDTH: Final = 27
_REFERENCE_MAX: Final = 35
_COLUMN: Final = 32
# Not a character of any bank file: a text runs on here, with no blank between.
_RUNS_ON: Final = "\v"
# Where the account owner's reference only points at the details, or says that there is none.
_POINTERS: Final = frozenset({"EREF", "PREF", "MARF", "NONREF", "NOTPROVIDED"})
_REMITTANCE: Final = frozenset(map(str, [*range(20, 30), *range(60, 64)]))


def read_details(info: str, supplementary: str, own_ref: str) -> Details:
    """This function will read the texts of one transaction.

    :param info: all of :86:, lines separated by line feeds.
    :param supplementary: the lines of :61: after its first.
    :param own_ref: the account owner's reference in :61:; some banks put the other account there.
    """
    joined = _unwrapped(info)
    if _TRIODOS.match(joined):
        return _triodos(info.replace("\n", ""))
    if _NUMBERED.match(joined):
        return _numbered(info.replace("\n", ""))
    if joined.startswith("/") and _NAMED_FACT.search(joined):
        # A line longer than banks wrap at shows that this file is not wrapped: its line ends are the payer's.
        wrapped = all(len(line) <= _WRAP for line in info.split("\n"))
        return _named(info.replace("\n", "" if wrapped else " "), supplementary)
    labelled = read_columns(info)
    if labelled:
        return labelled
    knab = _KNAB.search(info)
    if knab:
        return Details(_tidy(info[: knab.start()]), knab[2].strip() or None, knab[1])
    returned = _REASON_AND_IBAN.match(info)
    first_line, _, rest = info[returned.end() if returned else 0 :].strip().partition("\n")
    headed = _IBAN_AND_NAME.fullmatch(first_line.strip())
    if headed:
        reason = returned[1] if returned else None
        return Details(_tidy(_unwrapped(rest)), headed[2], headed[1], return_reason=reason)
    iban = _IBAN_ALONE.fullmatch(own_ref.strip()) or _IBAN_ALONE.match(supplementary)
    text = _tidy(joined) or _tidy(supplementary)
    if not text and not iban and own_ref.strip() not in _POINTERS:
        text = _tidy(own_ref)
    return Details(text, None, iban[0] if iban else None)


def _unwrapped(info: str) -> str:
    """Lines that fill the whole width run on; shorter ones ended on purpose."""
    return "".join(line if len(line) >= _WRAP else line + " " for line in info.split("\n")).strip()


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _subfields(info: str) -> dict[str, str]:
    parts = _SUBFIELD.split(info)
    fields: dict[str, list[str]] = {}
    for code, value in zip(parts[1::2], parts[2::2], strict=True):
        fields.setdefault(code, []).append(value)
    return {code: "".join(values) for code, values in fields.items()}


def _remitted(fields: Mapping[str, str]) -> list[str]:
    """The subfields of the remittance: those that fill their width run on, shorter ones ended on purpose."""
    return [
        value if len(value) >= _SUBFIELD_WIDTH else value + " "
        for code, value in sorted(fields.items())
        if code in _REMITTANCE
    ]


def _numbered(info: str) -> Details:
    fields = _subfields(info)
    remittance = _remitted(fields)
    words = _SEPA_PART.split("\n".join(remittance))
    named = {part: value.replace("\n", "") for part, value in zip(words[1::2], words[2::2], strict=True)}
    name = _tidy(fields.get("32", "") + fields.get("33", ""))
    account = "".join(fields.get("31", "").split())
    end_to_end = _tidy(named.get("EREF", ""))
    return Details(
        text=_tidy(named.get("SVWZ") or "".join(remittance) or fields.get("00", "")),
        counterparty=name or None,
        counterparty_iban=account or None,
        end_to_end=end_to_end if 0 < len(end_to_end) <= _REFERENCE_MAX else None,
        return_reason=TOLD_IN_WORDS if info.strip()[:3] in _RETURNS else None,
    )


def _triodos(info: str) -> Details:
    """The other account is 10, or 20 and 21 when they are a BIC and an IBAN; 31 is the account itself."""
    fields = _subfields(info)
    account = fields.get("10", "").strip().lstrip("0")
    if _BIC.fullmatch(fields.get("20", "").strip()) and _IBAN_ALONE.fullmatch(fields.get("21", "").strip()):
        account = fields["21"].strip()
        fields = {code: value for code, value in fields.items() if code not in {"20", "21"}}
    return Details(text=_tidy("".join(_remitted(fields))), counterparty_iban=account or None)


def read_columns(info: str) -> Details | None:
    """This function will read what ABN AMRO writes in lines of two columns with a blank between.

    The kind of payment comes first, then facts behind labels. A fact that fills its column goes on in the
    next one. In exports the lines stand behind one another. None where it is no such text.
    """
    info = info.lstrip()
    if not _ABN_AMRO.match(info):
        return None
    lines, width = info.split("\n"), _WRAP
    if _ABN_AMRO_LABEL.match(info, _COLUMN + 1):
        width = _COLUMN
        wrapped = [line[at : at + _WRAP] for line in lines for at in range(0, len(line), _WRAP)]
        lines = [cell for line in wrapped for cell in _cells(line)]
    text = "".join(line + (_RUNS_ON if len(line.rstrip()) >= width else " ") for line in lines)
    words = _ABN_AMRO_LABEL.split(text)
    facts: dict[str, str] = {}
    for label, value in zip(words[1::2], words[2::2], strict=True):
        facts.setdefault(label.upper(), _tidy(value.replace(_RUNS_ON, "")))
    if not facts.keys() & {"IBAN", "NAAM"}:
        return None
    reference = facts.get("BETALINGSKENM.")
    return Details(
        text=facts.get("OMSCHRIJVING", ""),
        counterparty=facts.get("NAAM") or None,
        counterparty_iban="".join(facts.get("IBAN", "").split()) or None,
        end_to_end=facts.get("KENMERK") or None,
        structured_references=(reference,) if reference else (),
    )


def _cells(line: str) -> tuple[str, ...]:
    parted = line[_COLUMN : _COLUMN + 1] == " "
    return (line[:_COLUMN], line[_COLUMN + 1 :]) if parted else (line,)


def _named(info: str, supplementary: str) -> Details:
    words = _NAMED.split(info)
    fields = _words_of(words)
    counterparty = _party(fields)
    text, structured = _remittance(fields.get("REMI", ""))
    iban = _first_iban(fields.get("IBAN", "")) or fields.get("IBAN") or counterparty[0]
    iban = iban or _first_iban(supplementary)
    name = fields.get("NAME") or (counterparty[2] if len(counterparty) > 2 else "")
    return Details(
        text=text or ("" if structured else _tidy(words[0]) or fields.get("PREF", "")),
        counterparty=name or None,
        counterparty_iban=iban or None,
        end_to_end=fields.get("EREF") or None,
        structured_references=structured,
        return_reason=_reason(fields.get("RTRN", "")),
    )


def _party(fields: Mapping[str, str]) -> list[str]:
    """Account, bank and name of the other party; of one that comes with words of its own, nothing."""
    parties = [list(map(str.strip, fields.get(word, "").split("/"))) for word in ("CNTP", "BENM", "ORDP")]
    return next((party for party in parties if len(party) > 1 or _IBAN_ALONE.fullmatch(party[0])), [""])


def _reason(stated: str) -> str | None:
    """The code of a return; words that are not known may stand behind it."""
    found = _REASON.match(stated)
    return found[0] if found else stated or None


def _words_of(words: Sequence[str]) -> dict[str, str]:
    """What stands behind each word for the first time; a word that comes again was written by the payer."""
    fields: dict[str, list[str]] = {}
    latest = ""
    for code, value in zip(words[1::2], words[2::2], strict=True):
        told = _tidy(value).strip("/")
        if not any(fields.get(code, [])):
            fields[code], latest = [told], code
        elif latest == "REMI":
            fields["REMI"].append(f"{code}/{told}")
    return {code: "/".join(told) for code, told in fields.items()}


def _remittance(remitted: str) -> tuple[str, tuple[str, ...]]:
    """ING and Rabobank write words around a text or a reference, ABN AMRO only around a reference."""
    if remitted.startswith("USTD/"):
        return remitted.removeprefix("USTD/").strip("/ "), ()
    if remitted.startswith("STRD/"):
        reference = remitted.rstrip("/").rpartition("/")[2]
        return "", (reference,) if reference else ()
    structured = _STRUCTURED.fullmatch(remitted)
    return ("", (structured["reference"].strip(),)) if structured else (remitted.strip(), ())


def _first_iban(supplementary: str) -> str:
    found = _IBAN_ALONE.match(supplementary)
    return found[0] if found else ""
