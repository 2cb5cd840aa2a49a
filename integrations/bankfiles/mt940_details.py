"""Field :86: of MT940: four dialects and plain text, told apart by their look.

German and Polish banks number their subfields (?20 or >20), Dutch banks name them (/REMI/), Knab labels
the last line (REK: .../NAAM: ...), ASN and SNS put the other account and name on the first line.
"""

import re
from dataclasses import dataclass
from typing import Final


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
_SUBFIELD = re.compile(r"[?>](\d\d)")
_NAMED = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|CNTP|BENM|ORDP|CSID|MARF|RTRN|ADDR|ISDT|ULTC|ULTD|ULTB|PURP|PREF|"
    r"SVCL|CREF|KREF|MREF|ID|NRTX|INIT|EXCH|CHGS|OCMT)/"
)
_KNAB = re.compile(rf"REK: ({_IBAN})/NAAM: (.*)")
_IBAN_AND_NAME = re.compile(rf"({_IBAN})(?: +(.*))?")
# Inside the remittance, SEPA's parts each begin a subfield or follow a blank.
_SEPA_PART = re.compile(
    r"(?:^|(?<=[\n ]))(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|RREF|BREF|COAM|OAMT|PURP|IBAN|BIC)\+"
)

# The widths at which banks cut a text in two without a blank.
_WRAP: Final = 65
_SUBFIELD_WIDTH: Final = 27
_REFERENCE_MAX: Final = 35
_REMITTANCE: Final = frozenset(map(str, [*range(20, 30), *range(60, 64)]))


def read_details(info: str, supplementary: str, own_ref: str) -> Details:
    """This function will read the texts of one transaction.

    :param info: all of :86:, lines separated by line feeds.
    :param supplementary: the lines of :61: after its first.
    :param own_ref: the account owner's reference in :61:; some banks put the other account there.
    """
    joined = _unwrapped(info)
    if _NUMBERED.match(joined):
        return _numbered(info.replace("\n", ""))
    if _NAMED.search(joined):
        return _named(info.replace("\n", ""), supplementary)
    knab = _KNAB.search(info)
    if knab:
        return Details(_tidy(info[: knab.start()]), knab[2].strip() or None, knab[1])
    first_line, _, rest = info.strip().partition("\n")
    headed = _IBAN_AND_NAME.fullmatch(first_line.strip())
    if headed:
        return Details(_tidy(_unwrapped(rest)), headed[2], headed[1])
    iban = _IBAN_ALONE.fullmatch(own_ref.strip()) or _IBAN_ALONE.match(supplementary)
    return Details(_tidy(joined) or _tidy(supplementary), None, iban[0] if iban else None)


def _unwrapped(info: str) -> str:
    """Lines that fill the whole width run on; shorter ones ended on purpose."""
    return "".join(line if len(line) >= _WRAP else line + " " for line in info.split("\n")).strip()


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _numbered(info: str) -> Details:
    parts = _SUBFIELD.split(info)
    fields: dict[str, str] = {}
    for code, value in zip(parts[1::2], parts[2::2], strict=True):
        fields[code] = fields.get(code, "") + value
    remittance = [
        value if len(value) >= _SUBFIELD_WIDTH else value + " "
        for code, value in sorted(fields.items())
        if code in _REMITTANCE
    ]
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
    )


def _named(info: str, supplementary: str) -> Details:
    words = _NAMED.split(info)
    fields: dict[str, str] = {}
    for code, value in zip(words[1::2], words[2::2], strict=True):
        fields.setdefault(code, _tidy(value).strip("/"))
    counterparty = fields.get("CNTP", "").split("/")
    text, structured = _remittance(fields.get("REMI", ""))
    iban = fields.get("IBAN") or counterparty[0] or _first_iban(supplementary)
    name = fields.get("NAME") or (counterparty[2] if len(counterparty) > 2 else "")
    return Details(
        text=text or _tidy(words[0]),
        counterparty=name or None,
        counterparty_iban=iban or None,
        end_to_end=fields.get("EREF") or None,
        structured_references=structured,
        return_reason=fields.get("RTRN") or None,
    )


def _remittance(remitted: str) -> tuple[str, tuple[str, ...]]:
    """ING writes USTD//text or STRD/issuer/reference, ABN AMRO and Rabobank the text itself."""
    if remitted.startswith("USTD/"):
        return remitted.removeprefix("USTD/").strip("/ "), ()
    if remitted.startswith("STRD/"):
        reference = remitted.rstrip("/").rpartition("/")[2]
        return "", (reference,) if reference else ()
    return remitted.strip(), ()


def _first_iban(supplementary: str) -> str:
    found = _IBAN_ALONE.match(supplementary)
    return found[0] if found else ""
