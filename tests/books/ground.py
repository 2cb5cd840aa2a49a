"""A small agency to begin from: three creditors with different terms, six claims; a copy of it per run."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import create_engine, text

from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door, Unit, Units
from agency.parties.models import Creditor, RemittanceMode
from agency.rules.contract_split import Keeper
from agency.rules.facts import InterestKind, Phase
from agency.rules.tables import use_folder
from portal.local.postgres import APPLICATION, Postgres
from tests.books.claim_account import ClaimAccount
from tests.books.own_books import OwnBooks, Terms
from tests.made import a_claim, a_creditor, an_accepted_price

OVERDUE = timedelta(days=40)
COSTS_SINCE = timedelta(days=20)
PERCENT, COSTS, FEE_BPS = 8, 4_000, 1_000
WITHDRAWAL_BPS, WITHDRAWAL_MINIMUM = 500, 1_500
IBANS = ("NL91ABNA0417164300", "BE68539007547034", "NL44RABO0123456789")
# Principal of each claim, and whether interest and costs are asked on it; two claims for each creditor.
CLAIMS = ((30_000, False), (45_000, True), (60_000, True), (20_000, False), (25_000, False), (80_000, True))


@dataclass(frozen=True)
class Made:
    """A copy of the ground: the product on its database, whose claims there are, and own books of them."""

    units: Units
    claims: tuple[tuple[UUID, UUID], ...]
    books: OwnBooks
    begun_on: date


def _ask_every_cent() -> None:
    """No small remainder is waived here: when workers get to it would be one more thing to foresee. It has
    tests of its own."""
    with TemporaryDirectory() as folder:
        shipped = files("agency.rules.tables").joinpath("remainder.toml").read_text()
        Path(folder, "remainder.toml").write_text(re.sub(r"limit_minor = \d+", "limit_minor = 0", shipped))
        use_folder(Path(folder))


class Ground:
    """The agency as a template of databases, made once."""

    def __init__(self, postgres: Postgres, *, name: str, migrated: str) -> None:
        self.postgres, self.name, self.template = postgres, name, f"{name}_ground"
        _ask_every_cent()
        postgres.drop_database(self.template)
        postgres.ensure_database(self.template, template=migrated)
        with self._units(self.template) as units, units.open(Door.STAFF, by="system:test") as unit:
            self.creditors, self.claims = _found(unit)
            self.begun_on = unit.today

    @contextmanager
    def copy(self) -> Iterator[Made]:
        """The agency anew."""
        self.postgres.drop_database(self.name)
        self.postgres.ensure_database(self.name, template=self.template)
        with self._units(self.name) as units:
            yield Made(units, self.claims, self._own_books(), self.begun_on)

    def end(self) -> None:
        """Leave nothing behind."""
        use_folder(None)
        for name in (self.name, self.template):
            self.postgres.drop_database(name)

    @contextmanager
    def _units(self, name: str) -> Iterator[Units]:
        engine = create_engine(self.postgres.url(APPLICATION, name), pool_size=2)
        try:
            yield Units(engine)
        finally:
            engine.dispose()

    def _own_books(self) -> OwnBooks:
        accounts = {}
        for (creditor, claim), (principal, asked) in zip(self.claims, CLAIMS, strict=True):
            more = {"percent": PERCENT, "costs": COSTS, "costs_from": self.begun_on - COSTS_SINCE}
            due_on = self.begun_on - OVERDUE
            accounts[claim] = (creditor, ClaimAccount(principal, due_on, **(more if asked else {})))
        return OwnBooks(self.creditors, accounts)


def _found(unit: Unit) -> tuple[dict[UUID, Terms], tuple[tuple[UUID, UUID], ...]]:
    unit.session.add(
        Creditor(id=HOUSE, created_at=unit.now, reference="HOUSE", name="The agency", country="NL")
    )
    agreed = (
        Terms("net", "creditor", "agency", vat=21),
        Terms("gross", "agency", "creditor", vat=0),
        Terms(
            "combined", "creditor", "agency", vat=21,
            withdrawal_bps=WITHDRAWAL_BPS, withdrawal_minimum=WITHDRAWAL_MINIMUM,
        ),
    )  # fmt: skip
    creditors = {_creditor(unit, terms): terms for terms in agreed}
    unit.session.flush()
    unit.session.connection().execute(
        text(
            f"UPDATE creditor_terms SET contractual_interest_percent = '{PERCENT}';"
            f" UPDATE creditor_terms SET withdrawal_bps = {WITHDRAWAL_BPS},"
            f" withdrawal_minimum_minor = {WITHDRAWAL_MINIMUM} WHERE remittance_mode = 'combined'"
        )
    )
    claims = []
    for (principal, asked), creditor in zip(CLAIMS, [one for one in creditors for _ in "12"], strict=True):
        more = {
            "interest_kind": InterestKind.contract,
            "phase": Phase.amicable,
            "costs_minor": COSTS,
            "costs_from": unit.today - COSTS_SINCE,
        }
        claim = a_claim(
            unit, creditor_id=creditor, invoices=[(principal, unit.today - OVERDUE)],
            **(more if asked else {}),
        )  # fmt: skip
        an_accepted_price(unit, creditor_id=creditor, claim_id=claim, fee_bps=FEE_BPS)
        claims.append((creditor, claim))
    return creditors, tuple(claims)


def _creditor(unit: Unit, terms: Terms) -> UUID:
    abroad = {"country": "BE", "vat_number": "BE0203430576"} if not terms.vat else {}
    return a_creditor(
        unit,
        iban=IBANS[0],
        mode=RemittanceMode(terms.mode),
        interest_to=Keeper(terms.interest_to),
        costs_to=Keeper(terms.costs_to),
        **abroad,
    )
