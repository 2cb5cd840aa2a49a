"""A creditor whose bookkeeping is connected, and what happens in its books."""

from typing import Any
from uuid import UUID

from agency.bookkeeping.connecting import begin_consent, choose_administration, keep_access, take_consent
from agency.bookkeeping.fetching import ask_fetch
from agency.bookkeeping.handing_over import hand_over
from agency.kernel.outbox import drain
from agency.kernel.settings import settings
from agency.kernel.unit import Door
from tests.bookkeeping.test_adapters import BACK, DIVISION, agreed_code

SESSION = "s" * 64
WHEN = {"issued_on": "2026-08-01", "due_on": "2026-08-31"}


class Books:
    """The creditor of a house, at Exact."""

    def __init__(self, house, simulator, *, invoices: int = 0, creditor_id: UUID | None = None) -> None:
        self.house, self.simulator = house, simulator
        self.creditor_id = creditor_id or house.creditor_id
        simulator.post("/clock", {"now": "2026-11-30T09:00:05+00:00"})
        simulator.post("/books/drawn", {"vendor": "exact", "invoices": invoices})
        self.port = house.work.ports.bookkeeping["exact"]
        self.connection_id = self.connect()

    def connect(self) -> UUID:
        """Go over the vendor's page and come back."""
        with self.open() as unit:
            state = begin_consent(unit, creditor_id=self.creditor_id, vendor="exact", session_sha256=SESSION)
        code = agreed_code(self.simulator, state=state)
        with self.open() as unit:
            connection_id = take_consent(
                unit, creditor_id=self.creditor_id, vendor="exact", state=state, session_sha256=SESSION
            )
        tokens = self.port.connect(code=code, redirect_url=BACK)
        administrations = self.port.administrations(tokens)
        with self.open() as unit:
            keep_access(
                unit, creditor_id=self.creditor_id, connection_id=connection_id, tokens=tokens,
                administrations=administrations, secret=settings().secret.get_secret_value(),
            )  # fmt: skip
            choose_administration(
                unit, creditor_id=self.creditor_id, connection_id=connection_id, code=DIVISION
            )
        return connection_id

    def open(self, door: Door = Door.CREDITOR):
        """A unit of the creditor's, or of another door."""
        return self.house.work.units.open(door, by="user:clerk", creditor_id=self.creditor_id)

    def line(self, number: int, open: str, **more: Any) -> None:
        """One line more in the books."""
        self.simulator.post("/books/lines", {"number": str(number), "open": open, **WHEN, **more})

    def pay(self, number: int, amount: str, text: str = "Betaling") -> None:
        """A customer pays the creditor itself."""
        happened = {"vendor": "exact", "number": str(number), "amount": amount, "text": text}
        self.simulator.post("/books/pay/now", happened)

    def fetch(self) -> UUID:
        """Have everything fetched, by the jobs."""
        with self.open() as unit:
            fetch_id = ask_fetch(unit, creditor_id=self.creditor_id, connection_id=self.connection_id)
        drain(self.house.work.units)
        return fetch_id

    def hand_over(self, *numbers: int) -> UUID:
        """Hand invoices over by their numbers."""
        ids = [self.invoice(number).id for number in numbers]
        ports = self.house.work.ports
        with self.open() as unit:
            done = hand_over(
                unit, ports.files, ports.read_einvoice, creditor_id=self.creditor_id,
                connection_id=self.connection_id, invoice_ids=ids,
            )  # fmt: skip
        drain(self.house.work.units)
        return done.placement_id

    def invoice(self, number: int):
        """An invoice as it was fetched."""
        [row] = self.house.rows(
            "SELECT * FROM booked_invoice WHERE number = :number AND creditor_id = :c",
            number=str(number),
            c=self.creditor_id,
        )
        return row

    def state(self, fetch_id: UUID):
        """A fetch as it stands."""
        [row] = self.house.rows("SELECT * FROM bookkeeping_fetch WHERE id = :id", id=fetch_id)
        return row

    @property
    def connection(self):
        """The connection as it stands."""
        [row] = self.house.rows("SELECT * FROM bookkeeping_connection WHERE id = :id", id=self.connection_id)
        return row

    def falls(self) -> list[Any]:
        """The questions about what fell."""
        return self.house.rows("SELECT * FROM booked_fall ORDER BY seen_at, id")
