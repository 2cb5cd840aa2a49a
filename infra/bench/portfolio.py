"""A creditor's file for the benches: 25 columns, drawn from a seed, about one row in a hundred wrong."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

SEED = 2026
BAD_ROWS_PER_THOUSAND = 10
DISPUTED_PER_THOUSAND = 40

COLUMNS = (
    "dossiernummer", "factuurnummer", "documentsoort", "bedrag", "factuurbedrag", "valuta", "factuurdatum",
    "vervaldatum", "klantnummer", "soort", "naam", "kvk", "iban", "taal", "land", "straat", "huisnummer",
    "postcode", "plaats", "email", "telefoon", "omschrijving", "betwist", "redenbetwisting", "kenmerk klant",
)  # fmt: skip
# The last one is a creditor's own column, which intake does not know and must leave alone.

_FIRST = ("Anna", "Bram", "Carla", "Daan", "Eva", "Fleur", "Gijs", "Hanna", "Iris", "Joost", "Karin", "Lars")
_LAST = (
    "Visser",
    "Bakker",
    "Mulder",
    "Peeters",
    "Jacobs",
    "Smit",
    "Dekker",
    "Hendriks",
    "Kok",
    "Vos",
    "Maes",
)
_TRADES = ("Bouw", "Transport", "Techniek", "Advies", "Handel", "Interieur", "Installatie", "Horeca", "Agro")
_STREETS = ("Dorpsstraat", "Kerkweg", "Molenlaan", "Havenkade", "Stationsplein", "Lindelaan", "Industrieweg")
_TOWNS = ("Utrecht", "Zwolle", "Breda", "Alkmaar", "Venlo", "Assen", "Delft", "Goes", "Hoorn", "Tiel", "Ede")
_BANKS = ("INGB", "RABO", "ABNA", "SNSB", "TRIO")

# A wrong value of each kind, by its column.
_MISTAKES = {
    "bedrag": "0.00",
    "iban": "NL00INGB0000000000",
    "email": "nobody at example",
    "postcode": "12345",
    "telefoon": "12",
    "land": "XX",
    "valuta": "USD",
    "naam": "",
}


def write_portfolio(*, rows: int, today: date) -> bytes:
    """This function will return the file as UTF-8 with a semicolon between values, header line included."""
    lines = [";".join(COLUMNS), *(";".join(row) for row in _rows(rows, today, random.Random(SEED)))]
    return ("\n".join(lines) + "\n").encode()


def _rows(rows: int, today: date, rng: random.Random) -> Iterator[tuple[str, ...]]:
    debtors = [_debtor(number, rng) for number in range(1, rows * 3 // 5 + 2)]
    for number in range(1, rows + 1):
        due = today - timedelta(days=rng.randint(2, 400))
        minor = max(500, round(rng.lognormvariate(10.5, 1.4)))
        disputed = rng.randrange(1000) < DISPUTED_PER_THOUSAND
        debtor = rng.choice(debtors)
        row = {
            "dossiernummer": f"D{number:08d}",
            "factuurnummer": f"F2026-{number:07d}",
            "documentsoort": "factuur",
            "bedrag": _euros(minor),
            "factuurbedrag": _euros(minor + rng.choice((0, 0, 0, 2500))),
            "valuta": "EUR",
            "factuurdatum": (due - timedelta(days=rng.choice((14, 30)))).isoformat(),
            "vervaldatum": due.isoformat(),
            "omschrijving": f"Levering {rng.randint(1, 52)} bestelling {rng.randint(10_000, 99_999)}",
            "betwist": "ja" if disputed else "nee",
            "redenbetwisting": "niet geleverd" if disputed else "",
            # Scattered and each another: 7919 has no factor in common with a thousand million.
            "kenmerk klant": f"PO-{number * 7919 % 10**9:09d}",
            **debtor,
        }
        if rng.randrange(1000) < BAD_ROWS_PER_THOUSAND:
            column = rng.choice(tuple(_MISTAKES))
            row[column] = _MISTAKES[column]
        yield tuple(row[column] for column in COLUMNS)


def _debtor(number: int, rng: random.Random) -> dict[str, str]:
    company = rng.random() < 0.6
    last = rng.choice(_LAST)
    name = f"{last} {rng.choice(_TRADES)} {number} B.V." if company else f"{rng.choice(_FIRST)} {last}"
    account = f"{rng.choice(_BANKS)}{rng.randrange(10**10):010d}"
    return {
        "klantnummer": f"{number:07d}",
        "soort": "bedrijf" if company else "consument",
        "naam": name,
        "kvk": f"{10_000_000 + number}" if company else "",
        "iban": f"NL{_check_digits(account)}{account}",
        "taal": "nl",
        "land": "NL",
        "straat": rng.choice(_STREETS),
        "huisnummer": str(rng.randint(1, 250)),
        "postcode": f"{rng.randint(1011, 9999)} {rng.choice('ABCDEFGHJK')}{rng.choice('BCEGHJKLMN')}",
        "plaats": rng.choice(_TOWNS),
        "email": f"{last.lower()}{number}@klant.example",
        "telefoon": f"06{rng.randint(10_000_000, 59_999_999)}",
    }


def _check_digits(account: str) -> str:
    """ISO 13616: 98 less the remainder by 97 of account and country as digits."""
    digits = "".join(str(int(sign, 36)) for sign in f"{account}NL00")
    return f"{98 - int(digits) % 97:02d}"


def _euros(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
