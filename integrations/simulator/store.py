"""The outside world's memory: one small SQLite file, or this process's memory.

Everything runs on the event loop's one thread, so there is one connection and no lock.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,          -- the provider's own id
    channel TEXT NOT NULL,            -- email, sms, letter, call
    reference TEXT NOT NULL,          -- the sender's id, as it travelled with the message
    account TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '',
    text TEXT NOT NULL DEFAULT '',
    html TEXT NOT NULL DEFAULT '',
    pdf BLOB,
    facts TEXT NOT NULL DEFAULT '{}', -- what only one provider knows, as JSON
    state TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS message_reference ON message (reference);
CREATE INDEX IF NOT EXISTS message_recipient ON message (recipient, seq);
CREATE INDEX IF NOT EXISTS message_at ON message (at);

CREATE TABLE IF NOT EXISTS attachment (
    message_seq INTEGER NOT NULL REFERENCES message (seq),
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (message_seq, number)
) STRICT;

-- Letters that were handed to the print shop together; they are messages only once they are released.
CREATE TABLE IF NOT EXISTS print_batch (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,   -- the sender's id
    account TEXT NOT NULL,
    state TEXT NOT NULL,              -- held, released, cancelled
    fingerprint TEXT NOT NULL,
    manifest TEXT NOT NULL,
    totals TEXT NOT NULL,             -- as the shop counted them
    at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS print_batch_file (
    batch_id TEXT NOT NULL REFERENCES print_batch (id),
    number INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    pdf BLOB NOT NULL,
    PRIMARY KEY (batch_id, number)
) STRICT;

-- What will become of a message or payment, and whom to tell. An empty url tells nobody.
CREATE TABLE IF NOT EXISTS report (
    id INTEGER PRIMARY KEY,
    vendor TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    state_after TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL,
    secret TEXT NOT NULL DEFAULT '',
    content TEXT NOT NULL,
    due_at TEXT NOT NULL,             -- on the outside world's clock
    retry_at TEXT NOT NULL DEFAULT '', -- on the machine's clock: waiting between tries is real
    attempts INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'waiting' -- waiting, told, dropped, given_up
) STRICT;
CREATE INDEX IF NOT EXISTS report_waiting ON report (due_at) WHERE status = 'waiting';

CREATE TABLE IF NOT EXISTS answer (
    vendor TEXT NOT NULL,
    key TEXT NOT NULL,                -- the caller's idempotency key
    fingerprint TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (vendor, key)
) STRICT;

CREATE TABLE IF NOT EXISTS payment (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    description TEXT NOT NULL,
    metadata TEXT NOT NULL,
    locale TEXT NOT NULL,
    redirect_url TEXT NOT NULL,
    webhook_url TEXT NOT NULL,
    method TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT NOT NULL DEFAULT '',
    settle_on TEXT NOT NULL DEFAULT '9999-12-31', -- not yet known
    settlement_id TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS payment_status ON payment (status, expires_at);
CREATE INDEX IF NOT EXISTS payment_unsettled ON payment (settle_on) WHERE settlement_id = '';
CREATE INDEX IF NOT EXISTS payment_settlement ON payment (settlement_id);

-- Money that went back: refunds and chargebacks.
CREATE TABLE IF NOT EXISTS reversal (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,               -- refund, chargeback
    payment_id TEXT NOT NULL REFERENCES payment (id),
    amount_minor INTEGER NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    metadata TEXT NOT NULL DEFAULT 'null',
    created_at TEXT NOT NULL,
    settle_on TEXT NOT NULL,
    settlement_id TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS reversal_payment ON reversal (payment_id);
CREATE INDEX IF NOT EXISTS reversal_settlement ON reversal (settlement_id);

CREATE TABLE IF NOT EXISTS settlement (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL,
    settled_on TEXT NOT NULL,
    settled_at TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    costs TEXT NOT NULL,              -- per method: count, net, VAT; JSON
    listed_on TEXT NOT NULL DEFAULT '', -- the day from which the report is to be had
    scripted TEXT NOT NULL DEFAULT '' -- how it differs from others: late, lump
) STRICT;

CREATE TABLE IF NOT EXISTS account (
    iban TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    opening_minor INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY,
    iban TEXT NOT NULL REFERENCES account (iban),
    amount_minor INTEGER NOT NULL,    -- negative leaves the account
    booked_on TEXT NOT NULL,
    bank_ref TEXT NOT NULL UNIQUE,
    end_to_end TEXT NOT NULL DEFAULT '',
    text TEXT NOT NULL DEFAULT '',
    structured_reference TEXT NOT NULL DEFAULT '',
    counterparty TEXT NOT NULL DEFAULT '',
    counterparty_iban TEXT NOT NULL DEFAULT '',
    batch TEXT NOT NULL DEFAULT '',   -- entries with the same batch are one lump on the statement
    reversal INTEGER NOT NULL DEFAULT 0,
    value_on TEXT NOT NULL DEFAULT '', -- where it is not the day of booking
    return_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS entry_day ON entry (iban, booked_on);

CREATE TABLE IF NOT EXISTS dns_record (
    host TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (host, kind, value)
) STRICT;

CREATE TABLE IF NOT EXISTS mail_domain (
    id INTEGER PRIMARY KEY,
    domain TEXT NOT NULL UNIQUE,
    subdomain TEXT NOT NULL,
    valid INTEGER NOT NULL
) STRICT;

-- The books of a creditor at a bookkeeping vendor, and who was let in.
CREATE TABLE IF NOT EXISTS book_customer (
    vendor TEXT NOT NULL,
    ref TEXT NOT NULL,
    division TEXT NOT NULL,
    facts TEXT NOT NULL,              -- JSON
    modified_at TEXT NOT NULL,
    PRIMARY KEY (vendor, ref)
) STRICT;

CREATE TABLE IF NOT EXISTS book_line (
    id INTEGER PRIMARY KEY,           -- Exact's HID
    vendor TEXT NOT NULL,
    division TEXT NOT NULL,
    ref TEXT NOT NULL,                -- Stripe's id of the invoice
    number TEXT NOT NULL,
    customer_ref TEXT NOT NULL,
    issued_on TEXT NOT NULL,
    due_on TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_minor INTEGER NOT NULL,
    open_minor INTEGER NOT NULL,      -- negative is in the customer's favour
    credited_minor INTEGER NOT NULL DEFAULT 0,
    your_ref TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS book_line_open ON book_line (vendor, division, id);
CREATE INDEX IF NOT EXISTS book_line_number ON book_line (vendor, number);

CREATE TABLE IF NOT EXISTS book_receipt (
    id TEXT PRIMARY KEY,
    vendor TEXT NOT NULL,
    division TEXT NOT NULL,
    customer_ref TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    received_on TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS book_grant (
    token TEXT PRIMARY KEY,
    kind TEXT NOT NULL,               -- code, access, refresh
    chain TEXT NOT NULL,              -- all tokens of one consent
    facts TEXT NOT NULL DEFAULT '',   -- of a code: the address to come back to
    expires_at TEXT NOT NULL,
    used INTEGER NOT NULL DEFAULT 0,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
"""

# What a file from before does not have yet.
_LATER_COLUMNS = (
    ("reversal", "metadata", "null"),
    ("settlement", "listed_on", ""),
    ("settlement", "scripted", ""),
    ("entry", "value_on", ""),
    ("entry", "return_reason", ""),
)


class Store:
    """One SQLite connection with the few calls that the simulator makes."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        # WAL with NORMAL survives the death of the process, which is all that tests do to it.
        self._connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
        )
        self._connection.executescript(_SCHEMA)
        for table, column, default in _LATER_COLUMNS:
            if not any(one["name"] == column for one in self.all(f"PRAGMA table_info({table})")):
                self.run(f"ALTER TABLE {table} ADD COLUMN {column} TEXT NOT NULL DEFAULT '{default}'")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may stand inside another."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> int:
        """Run one statement and return how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def insert(self, table: str, **columns: Any) -> int:
        """Insert one row and return its rowid."""
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        cursor = self._connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", list(columns.values())
        )
        return cursor.lastrowid or 0

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Every row of a query."""
        return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query."""
        row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def number(self, sql: str, *values: Any) -> int:
        """The first column of the first row, 0 when there is none."""
        row = self.one(sql, *values)
        return int(row[0] or 0) if row else 0

    def setting(self, name: str) -> str | None:
        """A kept setting."""
        row = self.one("SELECT value FROM setting WHERE name = ?", name)
        return str(row["value"]) if row else None

    def keep_setting(self, name: str, value: str) -> None:
        """Keep a setting over a restart."""
        self.run(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value,
        )

    def forget(self) -> None:
        """Empty every table."""
        with self.transaction():
            for table in ("attachment", "message", "report", "answer", "reversal", "payment", "settlement"):
                self.run(f"DELETE FROM {table}")
            for table in ("entry", "account", "setting", "dns_record", "mail_domain"):
                self.run(f"DELETE FROM {table}")
            for table in ("book_customer", "book_line", "book_receipt", "book_grant"):
                self.run(f"DELETE FROM {table}")
            for table in ("print_batch_file", "print_batch"):
                self.run(f"DELETE FROM {table}")


def moment_text(moment: datetime) -> str:
    """This function will write a moment so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def marks(values: Sequence[object]) -> str:
    """This function will return as many question marks as there are values, for `IN (...)`."""
    return ", ".join("?" * len(values))


def as_json(content: object) -> str:
    """This function will write JSON as it is kept: short, and the same each time."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)
