"""One person planted into every table that may hold a person, and a search for him through all of them."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    Boolean,
    Date,
    DateTime,
    Engine,
    Enum,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Time,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from agency.privacy.inventory import CLAIM_SPOTS, DEBTOR_SPOTS, KIND_SPOTS, Spot

# What a search looks for: each tells who it is by itself.
WORDS = ("Quirijntje", "quirijntje.qanarie@example.net", "+31698765432", "NL86INGB0002445588", "Kanariepad")
SAID = f"{WORDS[0]} Qanarie, {WORDS[1]}, {WORDS[2]}, {WORDS[3]}, {WORDS[4]} 7"
LONG_AGO = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)

# What a row must say so that it is over, and so that the checks of its table are met.
FIXED: dict[str, dict[str, Any]] = {
    "refund": {"state": "paid", "approved_by": "user:b", "requested_by": "user:a", "line_id": None,
               "held_id": None, "payment_id": uuid4()},
    "refund_account": {"held_id": None, "payment_id": uuid4()},
    "bank_line": {"state": "matched", "claim_id": None, "part_of": None},
    "legal_hold": {"lifted_by": "user:b", "lift_asked_by": "user:a"},
    "plan": {"state": "completed"},
    "settlement": {"state": "kept", "owed_minor": 2},
    "waiver_request": {"state": "granted", "decided_by": "user:b", "asked_by": "user:a"},
    "suspense_case": {"parked_by": "user:b", "park_asked_by": "user:a"},
    "user_account": {"audience": "staff", "creditor_id": None},
    "direct_payment": {"state": "refused"},
    "held_payment": {"refund_minor": 0},
    "debtor": {"country": "NL"},
    "creditor_mail": {"state": "sent"},
    "quote": {"state": "accepted", "placement_id": None},
    "work_item": {"leased_by": None},
    "credit_check": {"state": "answered"},
    "field_visit": {"first": time(10), "last": time(12)},
    "payer_decision": {"undone_by": "user:b"},
    "price_request": {"state": "declined"},
    "price_offer": {"state": "withdrawn"},
    "price_note": {"side": "agency"},
    "direct_debit_file": {"approved_by": "user:b", "drafted_by": "user:a"},
    "api_key": {"scopes": ["read"]},
    "fee_invoice": {"kind": "invoice"},
    "proof_aside": {"state": "accepted", "checks": []},
}  # fmt: skip


@dataclass
class Planted:
    """Where the person stands: as a superuser sees it, with triggers and keys asleep."""

    engine: Engine
    store: Any
    creditor_id: UUID
    claim_id: UUID
    debtor_id: UUID
    said: str = SAID
    ids: dict[str, UUID] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(70_000))

    def plant(self) -> set[tuple[str, str]]:
        """Write the person into each row and column of the inventory; return those columns."""
        self.ids |= {"claim": self.claim_id, "debtor": self.debtor_id}
        found: set[tuple[str, str]] = set()
        with self.engine.begin() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            connection.execute(
                text("INSERT INTO debtor_identity (id, created_at, match_key) VALUES (:i, :at, :said)"),
                {"i": self._id("debtor_identity"), "at": LONG_AGO, "said": self.said},
            )
            self._claim_and_debtor(connection)
            spots = [(one, True) for one in (*CLAIM_SPOTS, *DEBTOR_SPOTS)]
            spots += [(one, False) for several in KIND_SPOTS.values() for one in several]
            for spot, of_claim in spots:
                if spot.table not in ("claim", "debtor", "debtor_identity"):
                    self._row(connection, spot, of_claim=of_claim)
                found |= {(spot.table, name) for name in self._telling(spot)}
            for spot in (
                Spot("plan_claim", ""),
                Spot("placement_row", ""),
                Spot("bookkeeping_connection", "", ("busy_until",)),  # the creditor's, and not his
            ):
                self._row(connection, spot, of_claim=True)
        return found

    def also(self, tables: Iterable[str]) -> None:
        """A row of the creditor in each of these tables that has none yet."""
        with self.engine.begin() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            for table in tables:
                if f"taken {table}" not in self.ids and table not in ("claim", "debtor"):
                    self._row(connection, Spot(table, ""), of_claim=True)

    def _claim_and_debtor(self, connection) -> None:
        connection.execute(
            text("UPDATE claim SET description = :said, reference = :said, placement_id = :p"
                 " WHERE id = :claim"),
            {"said": self.said, "claim": self.claim_id, "p": self._id("placement")},
        )  # fmt: skip
        connection.execute(
            text(
                "UPDATE debtor SET name = :said, name_key = :said, reference = :said, street = :said,"
                " registration_number = :said, vat_number = :said, iban = :said, postal_code = :said,"
                " city = :said, birth_date = '1980-01-01', identity_id = :who WHERE id = :debtor"
            ),
            {"said": self.said, "debtor": self.debtor_id, "who": self._id("debtor_identity")},
        )

    def _id(self, table: str) -> UUID:
        return self.ids.setdefault(table, uuid4())

    def _table(self, name: str) -> Table:
        known = SQLModel.metadata.tables.get(name)
        return Table(name, MetaData(), autoload_with=self.engine) if known is None else known

    def _telling(self, spot: Spot) -> Iterable[str]:
        columns = self._table(spot.table).c
        for name in spot.columns or [one.name for one in columns if isinstance(one.type, JSONB)]:
            plain = isinstance(columns[name].type, Date | DateTime)
            if not plain and not name.endswith("sha256"):
                yield name

    def _row(self, connection, spot: Spot, *, of_claim: bool) -> None:
        table = self._table(spot.table)
        telling = set(self._telling(spot))
        fixed = FIXED.get(spot.table, {})
        values: dict[str, Any] = {}
        for column in table.columns:
            if column.computed is not None or column.identity is not None:
                continue
            if column.name in fixed and column.name not in telling:
                values[column.name] = fixed[column.name]
            else:
                values[column.name] = self._value(spot, column, column.name in telling, of_claim)
        connection.execute(table.insert(), [values])

    def _value(self, spot: Spot, column, telling: bool, of_claim: bool) -> Any:
        kind, name = column.type, column.name
        number = next(self.numbers)
        if isinstance(kind, JSONB):
            # What an object holds under a name, and what a list holds by itself.
            return (
                ({"said": self.said, "list": [self.said]} if number % 2 else [self.said]) if telling else []
            )
        if isinstance(kind, LargeBinary):
            return self.said.encode() if telling else b""
        if telling and name in spot.keyed:
            return f"{self.said} {number}"
        if telling:
            return self.said if len(self.said) <= (getattr(kind, "length", None) or 10_000) else WORDS[3]
        if name == "creditor_id":
            return self.creditor_id
        if name in ("claim_id", "for_claim_id", "for_creditor_id"):
            mine = {"claim_id": self.claim_id, "for_claim_id": self.claim_id}
            return mine.get(name, self.creditor_id) if of_claim or not column.nullable else None
        if name.endswith("sha256"):
            return self._file(number) if f"t.{name}" in spot.files else f"{number:064d}"
        if name in ("row", "last_row"):
            return 1 if of_claim else 2
        if isinstance(kind, Uuid):
            return self._link(spot, column, number, of_claim)
        return self._plain(column, kind, number)

    def _link(self, spot: Spot, column, number: int, of_claim: bool) -> UUID | None:
        request = (spot.table, column.name) == ("price_request", "id") or column.name == "request_id"
        if request and not of_claim:
            return self._id("price_request about a placement")
        if spot.table == "price_request" and column.name == "placement_id":
            return None if of_claim else self._id("placement")
        if column.name == "id":
            first = self._id(spot.table)
            taken = self.ids.get(f"taken {spot.table}")
            self.ids[f"taken {spot.table}"] = first
            return uuid4() if taken else first
        for key in column.foreign_keys:
            if key.column.table.name not in ("creditor",) and key.column.name == "id":
                wanted = key.column.table.name
                if column.nullable and (not of_claim or wanted in ("payment", "message", "inbound")):
                    return None
                return self._id(wanted)
        return None if column.nullable else uuid4()

    def _file(self, number: int) -> str:
        content = f"{self.said} in file {number}".encode()
        return self.store.put(content)

    def _plain(self, column, kind, number: int) -> Any:
        if isinstance(kind, Enum):
            return kind.enums[0]
        if isinstance(kind, DateTime):
            return LONG_AGO
        if isinstance(kind, Date):
            return LONG_AGO.date()
        if isinstance(kind, Time):
            return time(10)
        if isinstance(kind, Boolean):
            return False
        if isinstance(kind, Integer):
            return 1
        if isinstance(kind, ARRAY):
            return []
        length = getattr(kind, "length", None)
        return "EUR" if length == 3 else f"x{number}"[: length or 40]


def found_in_tables(engine: Engine, words: Iterable[str] = WORDS) -> set[tuple[str, str]]:
    """Every text, JSON, array or bytes column of every table in which one of the words stands."""
    patterns = [f"%{word}%" for word in words]
    found = set()
    with engine.connect() as connection:
        columns = connection.execute(
            text(
                "SELECT table_name, column_name, data_type FROM information_schema.columns"
                " WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'character',"
                " 'json', 'jsonb', 'bytea', 'ARRAY') ORDER BY 1, 2"
            )
        ).all()
        assert len(columns) > 400, "the catalogue is read"
        for table, column, kind in columns:
            said = f"encode({column}, 'escape')" if kind == "bytea" else f'"{column}"::text'
            sql = f'SELECT count(*) FROM "{table}" WHERE {said} ILIKE ANY(:patterns)'
            if connection.execute(text(sql), {"patterns": patterns}).scalar_one():
                found.add((table, column))
    return found


def found_in_files(folder: Path, words: Iterable[str] = WORDS) -> set[str]:
    """Every file of the store in which one of the words stands."""
    wanted = [word.encode() for word in words]
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in wanted)
    }


def born(engine: Engine) -> list[date]:
    """Every day of birth that any debtor still has."""
    with engine.connect() as connection:
        return list(
            connection.execute(text("SELECT birth_date FROM debtor WHERE birth_date IS NOT NULL")).scalars()
        )
