"""A generated agency to show: three creditors and the claims they hand over, drawn from a seed.

The figures follow what real portfolios show: B2B open amounts P10/P50/P90 about 1,000 / 18,500 /
84,000 euro, small invoices 33 / 61 / 86; names with trailing blanks and several spellings; ids with
leading zeros. The same seed gives the same bytes.
"""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import exp, log

from stdnum.be import vat as be_vat

from integrations.simulator import names

Percentiles = tuple[int, int, int]
TRADE_AMOUNTS: Percentiles = (1_000_00, 18_500_00, 84_000_00)
SMALL_AMOUNTS: Percentiles = (33_00, 61_00, 86_00)
_Z90 = 1.2815515655446004
# (share, days overdue from, to): most claims are young, some are very old.
_AGES = ((0.45, 2, 30), (0.25, 31, 90), (0.18, 91, 180), (0.12, 181, 540))


@dataclass(frozen=True)
class SimulatedDebtor:
    """Somebody who owes, as the creditor's administration knows them."""

    reference: str
    kind: str  # consumer, sole_trader, company
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    region: str
    language: str
    email: str
    phone: str
    registration_number: str


@dataclass(frozen=True)
class SimulatedInvoice:
    """One unpaid invoice (or a credit note with a negative amount), in cents."""

    debtor: SimulatedDebtor
    claim_reference: str
    number: str
    issued_on: date
    due_on: date
    amount_minor: int
    description: str
    credits: str = ""


def draw_amount(rng: random.Random, percentiles: Percentiles) -> int:
    """This function will draw cents from a log-normal whose two halves meet the three percentiles."""
    p10, p50, p90 = percentiles
    z = rng.gauss(0, 1)
    sigma = (log(p50 / p10) if z < 0 else log(p90 / p50)) / _Z90
    return max(100, round(exp(log(p50) + sigma * z)))


def draw_age_days(rng: random.Random) -> int:
    """This function will draw how many days ago an invoice fell due."""
    (_, low, high), *_ = rng.choices(_AGES, weights=[share for share, *_ in _AGES])
    return rng.randint(low, high)


def _seeded(portfolio: str, seed: int, first: int) -> random.Random:
    """Each portfolio, and each later part of it, is drawn by itself."""
    return random.Random(f"{portfolio}-{seed}-{first}" if first else f"{portfolio}-{seed}")  # noqa: S311


def trade_portfolio(*, seed: int, today: date, claims: int, first: int = 0) -> list[SimulatedInvoice]:
    """This function will return a wholesaler's open invoices: Dutch companies and sole traders."""
    rng = _seeded("trade", seed, first)
    debtors = [_dutch_business(rng, first + index) for index in range(max(1, int(claims * 0.8)))]
    return list(_claims(rng, debtors, today, claims, TRADE_AMOUNTS, "G", "Levering goederen", first))


def consumer_portfolio(*, seed: int, today: date, claims: int, first: int = 0) -> list[SimulatedInvoice]:
    """This function will return a utility's open instalments: Dutch natural persons."""
    rng = _seeded("consumer", seed, first)
    debtors = [_dutch_person(rng, first + index) for index in range(claims)]
    return list(_claims(rng, debtors, today, claims, SMALL_AMOUNTS, "T", "Termijn energie", first))


def belgian_portfolio(*, seed: int, today: date, claims: int, first: int = 0) -> list[SimulatedInvoice]:
    """This function will return a Belgian supplier's open invoices and some credit notes."""
    rng = _seeded("belgian", seed, first)
    debtors = [_belgian_debtor(rng, first + index) for index in range(max(1, int(claims * 0.9)))]
    amounts = (90_00, 640_00, 4_800_00)
    small = list(_claims(rng, debtors, today, claims, amounts, "B", "Werken en materiaal", first))
    return list(_with_credit_notes(rng, small))


def _claims(
    rng: random.Random,
    debtors: list[SimulatedDebtor],
    today: date,
    claims: int,
    amounts: Percentiles,
    prefix: str,
    what: str,
    first: int,
) -> Iterator[SimulatedInvoice]:
    for index in range(claims):
        debtor = debtors[index] if index < len(debtors) else rng.choice(debtors)
        due_on = today - timedelta(days=draw_age_days(rng))
        yield SimulatedInvoice(
            debtor=_another_spelling(rng, debtor) if index >= len(debtors) else debtor,
            claim_reference=f"{prefix}{first + index + 1:06d}",
            number=f"{due_on.year % 100:02d}{prefix}{first + index + 1:05d}",
            issued_on=due_on - timedelta(days=30),
            due_on=due_on,
            amount_minor=draw_amount(rng, amounts),
            description=f"{what} {due_on:%m-%Y}",
        )


def _with_credit_notes(rng: random.Random, invoices: list[SimulatedInvoice]) -> Iterator[SimulatedInvoice]:
    for invoice in invoices:
        yield invoice
        if rng.random() < 0.04:
            yield replace(
                invoice,
                number=f"C{invoice.number}",
                amount_minor=-round(invoice.amount_minor * rng.choice((0.1, 0.25, 0.5))),
                description="Creditnota",
                credits=invoice.number,
            )


def _dutch_business(rng: random.Random, index: int) -> SimulatedDebtor:
    area, city = rng.choice(names.DUTCH_PLACES)
    surname = rng.choice(names.DUTCH_SURNAMES)
    sole = rng.random() < 0.25
    name = f"{rng.choice(names.TRADES)} {surname}" + (
        "" if sole else f" {rng.choice(names.COMPANY_FORMS_NL)}"
    )
    return SimulatedDebtor(
        reference=f"{index + 1:06d}",
        kind="sole_trader" if sole else "company",
        name=name + ("  " if rng.random() < 0.08 else ""),
        street=f"{rng.choice(names.DUTCH_STREETS)} {rng.randint(1, 240)}",
        postal_code=_dutch_postcode(rng, area),
        city=city,
        country="NL",
        region="",
        language="nl",
        email=f"administratie{index + 1:06d}@bedrijf.example",
        phone=_dutch_mobile(index),
        registration_number=f"{90000000 + index:08d}",
    )


def _dutch_person(rng: random.Random, index: int) -> SimulatedDebtor:
    area, city = rng.choice(names.DUTCH_PLACES)
    return SimulatedDebtor(
        reference=f"{index + 1:07d}",
        kind="consumer",
        name=f"{rng.choice(names.DUTCH_GIVEN)} {rng.choice(names.DUTCH_SURNAMES)}",
        street=f"{rng.choice(names.DUTCH_STREETS)} {rng.randint(1, 240)}{rng.choice(('', '', 'A', ' bis'))}",
        postal_code=_dutch_postcode(rng, area),
        city=city,
        country="NL",
        region="",
        language="nl",
        # One in ten gave no usable address: the path must fall back on letters.
        email="" if rng.random() < 0.1 else f"klant{index + 1:07d}@post.example",
        phone=_dutch_mobile(500_000 + index),
        registration_number="",
    )


def _belgian_debtor(rng: random.Random, index: int) -> SimulatedDebtor:
    postal_code, city, language, region = rng.choice(names.BELGIAN_PLACES)
    company = rng.random() < 0.7
    surname = rng.choice(names.BELGIAN_SURNAMES)
    given = rng.choice(names.FLEMISH_GIVEN if language == "nl" else names.WALLOON_GIVEN)
    streets = names.BELGIAN_STREETS_NL if language == "nl" else names.BELGIAN_STREETS_FR
    return SimulatedDebtor(
        reference=f"{index + 1:05d}",
        kind="company" if company else "consumer",
        name=f"{rng.choice(names.TRADES)} {surname} {rng.choice(names.COMPANY_FORMS_BE)}"
        if company
        else f"{given} {surname}",
        street=f"{rng.choice(streets)} {rng.randint(1, 180)}",
        postal_code=postal_code,
        city=city,
        country="BE",
        region=region,
        language=language,
        email=f"client{index + 1:05d}@poste.example",
        phone=f"+32470{index % 1_000_000:06d}",
        registration_number=_belgian_enterprise_number(index) if company else "",
    )


def _another_spelling(rng: random.Random, debtor: SimulatedDebtor) -> SimulatedDebtor:
    """The same customer again, as another clerk typed the name."""
    spellings = (debtor.name.upper(), f"{debtor.name} ", debtor.name.replace("B.V.", "BV"), debtor.name)
    return replace(debtor, name=rng.choice(spellings))


def _dutch_postcode(rng: random.Random, area: str) -> str:
    return f"{area} {rng.choice('ABCDEGHJKLMNPRTVWXZ')}{rng.choice('ABCDEGHJKLMNPRTVWXZ')}"


def _dutch_mobile(index: int) -> str:
    return f"+316{10_000_000 + index:08d}"


def _belgian_enterprise_number(index: int) -> str:
    base = f"{7_000_000 + index:08d}"
    number = f"{base}{97 - int(base) % 97:02d}"
    return be_vat.compact(number)


CSV_HEADERS = (
    "Dossiernummer", "Klantnummer", "Soort", "Naam", "KvK-nummer", "Straat", "Postcode", "Plaats", "Land",
    "Taal", "E-mail", "Telefoon", "Factuurnummer", "Factuurdatum", "Vervaldatum", "Bedrag", "Valuta",
    "Omschrijving",
)  # fmt: skip
_KINDS = {"consumer": "consument", "sole_trader": "eenmanszaak", "company": "bedrijf"}


def as_csv(invoices: list[SimulatedInvoice]) -> bytes:
    """This function will write the file that a Dutch bookkeeping package exports: semicolons, decimal
    commas, day-first dates, Windows-1252."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(CSV_HEADERS)
    for invoice in invoices:
        debtor = invoice.debtor
        writer.writerow(
            (
                invoice.claim_reference,
                debtor.reference,
                _KINDS[debtor.kind],
                debtor.name,
                debtor.registration_number,
                debtor.street,
                debtor.postal_code,
                debtor.city,
                debtor.country,
                debtor.language,
                debtor.email,
                debtor.phone,
                invoice.number,
                f"{invoice.issued_on:%d-%m-%Y}",
                f"{invoice.due_on:%d-%m-%Y}",
                f"{invoice.amount_minor // 100},{invoice.amount_minor % 100:02d}",
                "EUR",
                invoice.description,
            )
        )
    return out.getvalue().encode("cp1252")
