"""A generated year on a trust account, with the truth of every line: what matching is measured on.

Debtors share surnames and whole names, creditors number their invoices alike and charge the same prices.
People pay as people do: with slips of the pen, without a reference, for several claims at once, in parts,
from somebody else's account. Among it is money that is nobody's here.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from agency.money import Money
from agency.rules.reference import claim_number, creditor_reference, structured_ogm

SEED = 2026
CREDITORS = 40
CLAIMS_PER_DEBTOR = (1, 1, 1, 1, 1, 1, 2, 2, 3)
PRICES = (999, 2500, 2995, 4950, 4999, 7500, 9900, 12100, 14950, 24200)
COSTS_MIN, COSTS_SHARE = 4_000, 15
_GIVEN = """
Jan Piet Klaas Anna Maria Johan Peter Sanne Fatima Mohammed Youssef Emma Lotte Bram Daan Sophie Thijs Eva Noor
Sem Milan Lars Julia Tess Anouk Wim Kees Henk Ingrid Karin Marieke Pieter Björn Zoë René Ömer
"""
_SURNAMES = """
Jansen;de Vries;van den Berg;Bakker;van Dijk;Visser;Smit;Meijer;de Boer;Mulder;de Groot;Bos;Vos;Peters;
Hendriks;van Leeuwen;Dekker;Brouwer;de Wit;Dijkstra;Smits;de Graaf;van der Meer;van der Linden;Kok;Jacobs;
Vermeulen;van den Heuvel;van der Veen;van den Broek;Schouten;van Beek;Willems;van Vliet;Hoekstra;Maas;
Verhoeven;Koster;Prins;Blom;Huisman;Peeters;de Jong;Kuipers;van Veen;Postma;Kramer;Yılmaz;Özdemir;El Amrani;
Müller;Schröder;Dubois;Lefèvre;Claes;Wouters;Goossens;Maes;Janssens
"""
GIVEN = tuple(_GIVEN.split())
SURNAMES = tuple(name.strip() for name in _SURNAMES.split(";"))
TRADES = ("Bakkerij", "Bouwbedrijf", "Garage", "Installatie", "Café", "Transport", "Schilders", "Kapsalon")
ENDINGS = ("de Linde", "Noord", "Zonen", "West", "Centrum", "Delta", "Rijn", "Holland", "Brabant", "Select")
NOISE = (
    ("Belastingdienst", "Voorlopige teruggaaf omzetbelasting {number}"),
    ("Stichting Pensioen Zorg", "Pensioen maand 10 klant {number}"),
    ("Uitzendbureau Flex BV", "Salaris week 44 pers.nr {number}"),
    ("Verzekeringen Nederland NV", "Uitkering schade {number}"),
    ("Energie Direct BV", "Teruggave jaarnota {number}"),
    ("Bank NV", "Rente en kosten kwartaal {number}"),
)


@dataclass(frozen=True, slots=True)
class Invoice:
    """A number of the creditor's own, and what is open of it in cents."""

    number: str
    minor: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim: `open` is principal with interest and costs, in cents."""

    creditor_id: UUID
    claim_id: UUID
    debtor_id: UUID
    number: str
    payment_reference: str
    invoices: tuple[Invoice, ...]
    open: int

    @property
    def key(self) -> tuple[UUID, UUID]:
        """How matching names the claim."""
        return self.creditor_id, self.claim_id

    @property
    def principal(self) -> int:
        """What is open of the invoices, in cents."""
        return sum(invoice.minor for invoice in self.invoices)


@dataclass(slots=True)
class Debtor:
    """Who owes; `iban` is the account that he pays from, `known` when it is known from earlier payments."""

    creditor_id: UUID
    debtor_id: UUID
    name: str
    company: bool
    iban: str
    known: bool
    claims: list[Claim] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """A bank line; `truth` are the claims that it pays, none when it is nobody's."""

    kind: str
    minor: int
    text: str
    reference: str
    payer: str
    iban: str
    truth: frozenset[tuple[UUID, UUID]]

    @property
    def amount(self) -> Money:
        """What came in."""
        return Money(self.minor, "EUR")


@dataclass
class Year:
    """The portfolio, the lines, and accounts that pay for many debtors."""

    debtors: list[Debtor]
    lines: list[Line]
    shared: dict[str, list[Debtor]]


def generate(*, claims: int, lines: int, seed: int = SEED) -> Year:
    """This function will draw a portfolio and a year of lines on it, the same for the same seed."""
    rng = random.Random(seed)
    debtors = _debtors(rng, claims)
    shared = {_iban(rng): rng.sample(debtors, 12) for _ in range(max(1, claims // 2_000))}
    makers = [maker for maker, share in KINDS for _ in range(share)]
    year = Year(debtors, [], shared)
    while len(year.lines) < lines:
        year.lines.append(rng.choice(makers)(rng, year))
    return year


def _debtors(rng: random.Random, claims: int) -> list[Debtor]:
    debtors: list[Debtor] = []
    numbers = [rng.randrange(1, 500) for _ in range(CREDITORS)]
    made = 0
    while made < claims:
        creditor = rng.randrange(CREDITORS)
        company = rng.random() < 0.3
        name = _company(rng) if company else f"{rng.choice(GIVEN)} {rng.choice(SURNAMES)}"
        debtor = Debtor(
            UUID(int=creditor + 1_000),
            UUID(int=len(debtors) + 1),
            name,
            company,
            _iban(rng),
            rng.random() < 0.25,
        )
        for _ in range(rng.choice(CLAIMS_PER_DEBTOR)):
            made += 1
            debtor.claims.append(_claim(rng, debtor, made, creditor, numbers))
        debtors.append(debtor)
    return debtors


def _claim(rng: random.Random, debtor: Debtor, number: int, creditor: int, numbers: list[int]) -> Claim:
    invoices = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        numbers[creditor] += 1
        minor = rng.choice(PRICES) if rng.random() < 0.3 else rng.randrange(1_000, 250_000)
        invoices.append(Invoice(_invoice_number(creditor, numbers[creditor]), minor))
    principal = sum(invoice.minor for invoice in invoices)
    costs = max(COSTS_MIN, principal * COSTS_SHARE // 100) if rng.random() < 0.8 else 0
    reference = structured_ogm(number) if creditor % 4 == 0 else creditor_reference(number)
    return Claim(
        debtor.creditor_id, UUID(int=number), debtor.debtor_id, claim_number(number),
        reference, tuple(invoices), principal + costs + principal * rng.randrange(0, 40) // 1_000,
    )  # fmt: skip


def _invoice_number(creditor: int, number: int) -> str:
    forms = ("2026-{:05d}", "F{:06d}", "2026{:04d}", "INV/2026/{:04d}", "{:06d}")
    return forms[creditor % len(forms)].format(number)


def _company(rng: random.Random) -> str:
    middle = rng.choice(SURNAMES) if rng.random() < 0.7 else str(rng.choice(ENDINGS))
    return f"{rng.choice(TRADES)} {middle} {rng.choice(('B.V.', 'VOF', 'NV', ''))}".strip()


def _iban(rng: random.Random) -> str:
    return f"NL{rng.randrange(10, 99)}INGB{rng.randrange(10**10):010d}"


# --- how people write ---


def _payer(rng: random.Random, debtor: Debtor) -> str:
    """How the bank prints the holder: in capitals, with initials or a joint holder."""
    if debtor.company:
        return rng.choice((debtor.name, debtor.name.upper(), debtor.name.replace(" B.V.", "")))
    given, surname = debtor.name.split(" ", 1)
    partner = f"{rng.choice(GIVEN)[0]}. {rng.choice(SURNAMES)}"
    forms = (
        debtor.name, debtor.name.upper(), f"{given[0]}. {surname}", f"{given[0]} {surname}".upper(),
        f"{given[0]}.{rng.choice('ABHMT')}. {surname}", f"{given[0]}. {surname} e/o {partner}",
        f"Hr {given[0]} {surname}", f"Fam. {surname}", f"{surname} {given[0]}",
    )  # fmt: skip
    return rng.choice(forms)


def _slip(rng: random.Random, written: str) -> str:
    """One digit wrong, missing or doubled."""
    places = [place for place, sign in enumerate(written) if sign.isdigit()]
    place = rng.choice(places)
    wrong = str((int(written[place]) + rng.randrange(1, 10)) % 10)
    digit = rng.choice((wrong, wrong, wrong, "", written[place] * 2))
    return written[:place] + digit + written[place + 1 :]


def _swap(rng: random.Random, written: str) -> str:
    """Two neighbouring digits that differ change places; the same text when there are none."""
    places = [
        place
        for place in range(len(written) - 1)
        if written[place : place + 2].isdigit() and written[place] != written[place + 1]
    ]
    if not places:
        return written
    place = rng.choice(places)
    return written[:place] + written[place + 1] + written[place] + written[place + 2 :]


def _amount(rng: random.Random, claim: Claim) -> int:
    """What debtors pay: all that is open, mostly; the invoices without costs; or a part."""
    drawn = rng.random()
    if drawn < 0.65:
        return claim.open
    if drawn < 0.85:
        return claim.principal
    return _part(rng, claim)


def _part(rng: random.Random, claim: Claim) -> int:
    return max(500, min(claim.open, rng.choice((2_500, 5_000, 7_500, claim.open // 2, claim.open // 3))))


def _reference(rng: random.Random, claim: Claim) -> str:
    plain = claim.payment_reference.replace(" ", "")
    return rng.choice((claim.payment_reference, plain, claim.number))


def _account(rng: random.Random, debtor: Debtor) -> str:
    return debtor.iban if rng.random() < 0.85 else _iban(rng)


def _of(
    rng: random.Random, kind: str, debtor: Debtor, claim: Claim, text: str, minor: int, payer: str = "",
    iban: str = "",
) -> Line:  # fmt: skip
    structured = rng.random() < 0.3
    return Line(
        kind, minor, "" if structured else text, text if structured else "",
        payer or _payer(rng, debtor), iban or _account(rng, debtor), frozenset({claim.key}),
    )  # fmt: skip


def _pick(rng: random.Random, year: Year) -> tuple[Debtor, Claim]:
    debtor = rng.choice(year.debtors)
    return debtor, rng.choice(debtor.claims)


# --- kinds of lines ---


def _by_reference(rng: random.Random, year: Year) -> Line:
    debtor, claim = _pick(rng, year)
    words = rng.choice(("", "betaling ", "kenmerk ", "inzake "))
    return _of(
        rng, "reference", debtor, claim, words + _reference(rng, claim), _amount(rng, claim)
    )  # fmt: skip


def _mistyped(rng: random.Random, year: Year) -> Line:
    debtor, claim = _pick(rng, year)
    return _of(
        rng, "typo in the reference", debtor, claim, _slip(rng, _reference(rng, claim)), _amount(rng, claim)
    )


def _swapped(rng: random.Random, year: Year) -> Line:
    debtor, claim = _pick(rng, year)
    return _of(rng, "swapped digits", debtor, claim, _swap(rng, _reference(rng, claim)), _amount(rng, claim))


def _no_reference(rng: random.Random, year: Year) -> Line:
    debtor, claim = _pick(rng, year)
    words = rng.choice(("", "betaling", "openstaand bedrag", "zie brief", "rekening"))
    return _of(rng, "no reference", debtor, claim, words, _amount(rng, claim))


def _invoice_named(rng: random.Random, year: Year) -> Line:
    debtor, claim = _pick(rng, year)
    number = rng.choice(claim.invoices).number
    written = rng.choice((number, number.replace("-", " "), number.replace("/", ""), number.lower()))
    return _of(rng, "invoice number", debtor, claim, f"factuur {written}", _amount(rng, claim))


def _invoice_mistyped(rng: random.Random, year: Year) -> Line:
    debtor, claim = _pick(rng, year)
    number = _slip(rng, rng.choice(claim.invoices).number)
    return _of(rng, "typo in the invoice number", debtor, claim, f"fact.nr {number}", _amount(rng, claim))


def _instalment(rng: random.Random, year: Year) -> Line:
    debtor, claim = _pick(rng, year)
    return _of(rng, "instalment", debtor, claim, rng.choice(("", "termijn 2")), _part(rng, claim))


def _combined(rng: random.Random, year: Year) -> Line:
    debtor, _ = _pick(rng, year)
    while len(debtor.claims) < 2:
        debtor, _ = _pick(rng, year)
    claims = rng.sample(debtor.claims, 2) if rng.random() < 0.7 else debtor.claims
    named = rng.random()
    text = " ".join(_reference(rng, claim) for claim in claims) if named < 0.3 else "alle openstaande posten"
    if 0.3 <= named < 0.5:
        text = "facturen " + ", ".join(claim.invoices[0].number for claim in claims)
    minor = sum(claim.open for claim in claims)
    truth = frozenset(claim.key for claim in claims)
    return Line("several claims", minor, text, "", _payer(rng, debtor), _account(rng, debtor), truth)


def _third_party(rng: random.Random, year: Year) -> Line:
    debtor, claim = _pick(rng, year)
    other = f"{rng.choice(GIVEN)} {rng.choice(SURNAMES)}"
    text = rng.choice((_reference(rng, claim), f"factuur {claim.invoices[0].number}", f"voor {debtor.name}"))
    return _of(rng, "third party", debtor, claim, text, _amount(rng, claim), payer=other, iban=_iban(rng))


def _administrator(rng: random.Random, year: Year) -> Line:
    """A budget administrator pays for many from one account."""
    iban = rng.choice(sorted(year.shared))
    debtor = rng.choice(year.shared[iban])
    claim = rng.choice(debtor.claims)
    text = rng.choice((_reference(rng, claim), f"inz. {debtor.name}", claim.invoices[0].number))
    payer = "Stichting Budgetbeheer Rivierenland"
    return _of(rng, "administrator", debtor, claim, text, _amount(rng, claim), payer=payer, iban=iban)


def _namesake(rng: random.Random, year: Year) -> Line:
    """Somebody with a debtor's name who pays something else here, at times a price that many pay."""
    debtor, _ = _pick(rng, year)
    minor = rng.choice(PRICES) if rng.random() < 0.5 else rng.randrange(500, 100_000)
    number = _invoice_number(rng.randrange(CREDITORS), rng.randrange(1, 9_999))
    text = rng.choice(("", "contributie", f"bestelling {number}"))
    return Line("namesake", minor, text, "", _payer(rng, debtor), _iban(rng), frozenset())


def _known_but_other(rng: random.Random, year: Year) -> Line:
    """A debtor from his own account for something that is not a claim here."""
    debtor, _ = _pick(rng, year)
    minor = rng.randrange(1_000, 60_000)
    return Line(
        "debtor, not for us", minor, "huur november", "", _payer(rng, debtor), debtor.iban, frozenset()
    )


def _noise(rng: random.Random, year: Year) -> Line:
    payer, text = rng.choice(NOISE)
    minor = rng.choice(PRICES) if rng.random() < 0.3 else rng.randrange(100, 500_000)
    said = text.format(number=rng.randrange(10**6, 10 ** rng.randrange(7, 13)))
    return Line("noise", minor, said, "", payer, _iban(rng), frozenset())


Maker = Callable[[random.Random, Year], Line]

KINDS: tuple[tuple[Maker, int], ...] = (
    (_by_reference, 110),
    (_mistyped, 12),
    (_swapped, 8),
    (_no_reference, 14),
    (_invoice_named, 16),
    (_invoice_mistyped, 4),
    (_instalment, 8),
    (_combined, 6),
    (_third_party, 6),
    (_administrator, 3),
    (_namesake, 2),
    (_known_but_other, 1),
    (_noise, 10),
)
"""How many of two hundred lines are of each kind."""
