"""A rate card as fields of a form and back: per cents and euros for people, basis points and cents inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from agency.money import Money, UnreadableAmount
from agency.rules.facts import DebtorKind, DisputeStatus, Phase
from agency.rules.rate_card import OTHER_COUNTRIES, CardFault
from portal.shared.forms import read_amount
from portal.shared.i18n import N_, typed_number

_HUNDRED = Decimal(100)
_BPS_MAX = 100_000
_PERCENTS = ("bps_per_point", "floor_bps", "ceiling_bps")
_OTHERS = ("pivot_points", "minimum", "file_fee", "interest_to", "costs_to")
NO_PERCENT = N_("Give a per cent, like 12.5.")
NO_COUNT = N_("Give a whole number.")
NO_AMOUNT = N_("Give an amount, like 12.50.")
NO_DATE = N_("Give a date, like 2026-11-30.")
NO_COUNTRY = N_("Give a country as two letters, like NL, or * for all others.")


@dataclass
class CardForm:
    """What stands in the form: the values as they were typed, the card's fields where they can be read, and
    what is wrong, by field."""

    name: str
    valid_from: str
    values: dict[str, Any]
    content: dict[str, Any] = field(default_factory=dict)
    day: date | None = None
    faults: list[CardFault] = field(default_factory=list)

    @property
    def readable(self) -> bool:
        """Whether every field could be read."""
        return not self.faults


def form_of(name: str, valid_from: date, content: Mapping[str, Any]) -> CardForm:
    """This function will fill the form in from a card's fields."""
    phases = {step["phase"]: step for step in content.get("phases", ())}
    values: dict[str, Any] = {
        "bands": [(_euros(band.get("up_to")), _percent(band["bps"])) for band in content["bands"]],
        "ages": [(str(step["from_days"]), _percent(step["bps"])) for step in content["ages"]],
        "countries": [(code, _percent(bps)) for code, bps in content["countries"].items()],
        "phases": {
            phase.value: (
                _percent(phases[phase]["bps"]) if phase in phases else "",
                ", ".join(phases[phase].get("not_in", ())) if phase in phases else "",
            )
            for phase in Phase
        },
        "debtors": {kind.value: _percent(content["debtors"].get(kind, 0)) for kind in DebtorKind},
        "disputes": {
            status.value: _percent(bps)
            for status in DisputeStatus
            if (bps := content["disputes"].get(status)) is not None
        },
        "minimum": _euros(content.get("minimum", 0)),
        "file_fee": _euros(content.get("file_fee", 0)),
        "pivot_points": str(content["pivot_points"]),
        "interest_to": content.get("interest_to", "creditor"),
        "costs_to": content.get("costs_to", "agency"),
    }
    for key in _PERCENTS:
        values[key] = _percent(content[key])
    return CardForm(name, valid_from.isoformat(), values, dict(content), valid_from)


def read_form(sent: Mapping[str, Any], *, currency: str) -> CardForm:
    """This function will read what was sent; what cannot be read stands in `faults`, field by field."""
    made = CardForm(str(sent.get("name") or "").strip()[:100], str(sent.get("valid_from") or ""), {})
    reader = _Reader(sent, made, currency)
    if not made.name:
        made.faults.append(CardFault("name", N_("Fill this in.")))
    try:
        made.day = date.fromisoformat(made.valid_from)
    except ValueError:
        made.faults.append(CardFault("valid_from", NO_DATE))
    content = {
        "version": made.valid_from,
        "currency": currency,
        "bands": reader.bands(),
        "ages": reader.ages(),
        "countries": reader.countries(),
        "phases": reader.phases(),
        "debtors": reader.group("debtors", [kind.value for kind in DebtorKind]),
        "disputes": reader.group("disputes", [status.value for status in DisputeStatus], optional=True),
        "pivot_points": reader.count("pivot_points", str(sent.get("pivot_points") or "")),
        "minimum": reader.euros("minimum", str(sent.get("minimum") or "0")),
        "file_fee": reader.euros("file_fee", str(sent.get("file_fee") or "0")),
        "interest_to": str(sent.get("interest_to") or ""),
        "costs_to": str(sent.get("costs_to") or ""),
    }
    for key in _PERCENTS:
        content[key] = reader.percent(key, str(sent.get(key) or ""))
    for key in (*_PERCENTS, *_OTHERS):
        made.values[key] = str(sent.get(key) or "")
    made.content = content
    return made


class _Reader:
    """Reads one sent form; rows that are wholly blank are left out."""

    def __init__(self, sent: Mapping[str, Any], made: CardForm, currency: str) -> None:
        self.sent, self.made, self.currency = sent, made, currency

    def bands(self) -> list[dict[str, Any]]:
        rows = self._rows("bands", "band_up_to", "band_percent")
        return [
            {
                "up_to": self.euros(f"bands.{nth}", top) if top else None,
                "bps": self.percent(f"bands.{nth}", rate),
            }
            for nth, (top, rate) in enumerate(rows, 1)
        ]

    def ages(self) -> list[dict[str, Any]]:
        rows = self._rows("ages", "age_days", "age_points")
        return [
            {"from_days": self.count(f"ages.{nth}", days), "bps": self.percent(f"ages.{nth}", points)}
            for nth, (days, points) in enumerate(rows, 1)
        ]

    def countries(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for nth, (code, points) in enumerate(self._rows("countries", "country_code", "country_points"), 1):
            country = code.upper()
            if country in found or not _is_country(country):
                self._wrong(f"countries.{nth}", NO_COUNTRY)
            found[country] = self.percent(f"countries.{nth}", points)
        return found

    def phases(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = []
        shown = self.made.values["phases"] = {}
        for phase in Phase:
            points = str(self.sent.get(f"phase_{phase}") or "").strip()
            out = str(self.sent.get(f"phase_{phase}_not_in") or "").strip()
            shown[phase.value] = (points, out)
            if not points:
                continue
            not_in = [code.strip().upper() for code in out.split(",") if code.strip()]
            if not all(_is_country(code) and code != OTHER_COUNTRIES for code in not_in):
                self._wrong(f"phases.{len(steps) + 1}", NO_COUNTRY)
            bps = self.percent(f"phases.{len(steps) + 1}", points)
            steps.append({"phase": phase.value, "bps": bps, "not_in": not_in})
        return steps

    def group(self, name: str, keys: Sequence[str], *, optional: bool = False) -> dict[str, int]:
        typed = {key: str(self.sent.get(f"{name}_{key}") or "").strip() for key in keys}
        if optional:
            typed = {key: text for key, text in typed.items() if text or f"{name}_{key}" in self.sent}
        self.made.values[name] = typed
        return {key: self.percent(f"{name}.{key}", text) for key, text in typed.items()}

    def percent(self, where: str, text: str) -> int:
        try:
            bps = Decimal(text.strip().removesuffix("%").strip().replace(",", ".")) * _HUNDRED
        except InvalidOperation:
            return self._wrong(where, NO_PERCENT)
        if not bps.is_finite() or bps != bps.to_integral_value() or abs(bps) > _BPS_MAX:
            return self._wrong(where, NO_PERCENT)
        return int(bps)

    def euros(self, where: str, text: str) -> int:
        try:
            return Money.parse(f"{read_amount(text)}", self.currency).minor
        except (ValueError, UnreadableAmount):
            return self._wrong(where, NO_AMOUNT)

    def count(self, where: str, text: str) -> int:
        plain = text.strip()
        if not plain.isascii() or not plain.isdigit() or len(plain) > 6:
            return self._wrong(where, NO_COUNT)
        return int(plain)

    def _rows(self, name: str, first: str, second: str) -> list[tuple[str, str]]:
        pairs = zip(_list(self.sent.get(first)), _list(self.sent.get(second)), strict=False)
        rows = [(one.strip(), other.strip()) for one, other in pairs if one.strip() or other.strip()]
        self.made.values[name] = rows[:60]
        return rows[:60]

    def _wrong(self, where: str, sentence: str) -> int:
        self.made.faults.append(CardFault(where, sentence))
        return 0


def _list(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value] if value is not None else []
    return [text if isinstance(text, str) else "" for text in texts]


def _is_country(code: str) -> bool:
    return code == OTHER_COUNTRIES or (len(code) == 2 and code.isascii() and code.isalpha())


def _percent(bps: int) -> str:
    return typed_number((Decimal(bps) / _HUNDRED).normalize())


def _euros(minor: int | None) -> str:
    if minor is None:
        return ""
    euros, cents = divmod(minor, 100)
    return typed_number((Decimal(minor) / _HUNDRED).quantize(Decimal("0.01"))) if cents else str(euros)
