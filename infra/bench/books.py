"""The books of a year, written as rows in one transaction: opened claims, each paid by a bank line and booked
on both sides, on 250 days of the bank. Nothing in them is wrong.
"""

from typing import Any

from agency import tables
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door, Units, engine_for
from agency.parties.registration import register_house
from infra.bench.ground import MIGRATED, Ground

ENTRIES_PER_CLAIM = 8
DAYS = 250
_ROWS = """
INSERT INTO creditor (id, reference, name, country, language, vat_deductible, created_at)
  SELECT uuidv7(), 'C' || n, 'Creditor ' || n, 'NL', 'nl', true, now() FROM generate_series(1, {creditors}) n;
CREATE TEMP TABLE made AS SELECT n, k.id AS creditor_id, uuidv7() AS claim_id, uuidv7() AS debtor_id,
    uuidv7() AS line_id, uuidv7() AS payment_id, uuidv7() AS opened, uuidv7() AS arrived,
    uuidv7() AS applied, uuidv7() AS owed, (1000 + n % 90000)::bigint AS minor,
    CURRENT_DATE - 1 - (n % {days})::int AS day
  FROM generate_series(1, {claims}) n
  JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS nth FROM creditor
    WHERE id <> '{house}') k ON k.nth = n % {creditors};
CREATE TEMP TABLE days AS SELECT day, uuidv7() AS id, sum(minor) AS minor FROM made GROUP BY day;
INSERT INTO bank_statement (id, iban, statement_id, name, format, currency, opening_minor, closing_minor,
    opens_on, closes_on, lines, file_sha256, warnings, imported_at, imported_by)
  SELECT id, 'NL86INGB0002445588', day::text, '', 'MT940', 'EUR', sum(minor) OVER (ORDER BY day) - minor,
    sum(minor) OVER (ORDER BY day), day, day, 1, day::text, '[]', now(), 'bench' FROM days;
INSERT INTO debtor (creditor_id, id, created_at, reference, kind, name, name_key, country,
    language)
  SELECT creditor_id, debtor_id, now(), 'D' || n, 'company', 'Debtor ' || n, 'debtor ' || n, 'NL', 'nl'
  FROM made;
INSERT INTO claim (creditor_id, id, created_at, number, reference, payment_reference, debtor_id, law,
    interest_kind, currency, principal_minor, due_on, state, phase, costs_minor, costs_vat_minor,
    costs_left_out_minor, disputed_minor, description)
  SELECT creditor_id, claim_id, now(), n::text, 'K' || n, 'R' || n, debtor_id, 'nl', 'trade', 'EUR', minor,
    day, 'paid', 'reminder', 0, 0, 0, 0, '' FROM made;
INSERT INTO bank_line (id, statement_id, iban, line_key, booked_on, value_on, amount_minor, currency,
    counterparty, counterparty_iban, text, structured_reference, end_to_end, bank_ref, entry_key, reversal,
    return_reason, state, creditor_id, claim_id, match_trace, bookings)
  SELECT m.line_id, d.id, 'NL86INGB0002445588', m.n::text, m.day, m.day, m.minor, 'EUR', '', '', '', '', '',
    '', '', false, '', 'matched', m.creditor_id, m.claim_id, '[]', 1 FROM made m JOIN days d USING (day);
INSERT INTO payment (creditor_id, id, created_at, claim_id, source, source_key, amount_minor, currency,
    value_on, costs_minor, interest_minor, principal_minor, over_minor, to_creditor_minor, to_agency_minor,
    transaction_id, trace)
  SELECT creditor_id, payment_id, now(), claim_id, 'bank', line_id || '#1', minor, 'EUR', day, 0, 0, minor, 0,
    minor, 0, owed, '[]' FROM made;
INSERT INTO ledger_account SELECT DISTINCT creditor_id, a.code, split_part(a.code, '.', 1) FROM made,
  unnest(ARRAY['claims.principal', 'claims.control', 'trust.suspense', 'trust.creditor']) AS a(code)
  UNION SELECT '{house}', a.code, 'trust' FROM unnest(ARRAY['trust.bank', 'trust.suspense']) AS a(code);
INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256, booked_on,
    effective_on, at, by, memo)
  SELECT t.*, '', CURRENT_DATE, m.day, now(), 'bench', '' FROM made m CROSS JOIN LATERAL (VALUES
    (m.creditor_id, m.opened, 'claims', 'opening', 'claim:' || m.claim_id),
    ('{house}'::uuid, m.arrived, 'trust', 'bank_line', m.line_id::text),
    (m.creditor_id, m.applied, 'claims', 'payment', 'bank:' || m.line_id || '#1'),
    (m.creditor_id, m.owed, 'trust', 'payment', 'bank:' || m.line_id || '#1')) AS t;
INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor, currency, claim_id)
  SELECT e.creditor_id, e.id, e.line, e.account, e.sign * m.minor, 'EUR', e.claim_id
  FROM made m CROSS JOIN LATERAL (VALUES
    (m.creditor_id, m.opened, 1, 'claims.principal', 1, m.claim_id),
    (m.creditor_id, m.opened, 2, 'claims.control', -1, m.claim_id),
    ('{house}'::uuid, m.arrived, 1, 'trust.bank', 1, NULL),
    ('{house}'::uuid, m.arrived, 2, 'trust.suspense', -1, NULL),
    (m.creditor_id, m.applied, 1, 'claims.control', 1, m.claim_id),
    (m.creditor_id, m.applied, 2, 'claims.principal', -1, m.claim_id),
    (m.creditor_id, m.owed, 1, 'trust.suspense', 1, m.claim_id),
    (m.creditor_id, m.owed, 2, 'trust.creditor', -1, m.claim_id))
    AS e(creditor_id, id, line, account, sign, claim_id);
"""


def write_books(ground: Ground, *, database: str, claims: int, creditors: int, more: str = "") -> Units:
    """This function will make a database with such books.

    :param more: further SQL over the rows of `made`, before the transaction ends.
    """
    assert tables.metadata.tables
    url = ground.copy(MIGRATED, database)
    units = Units(engine_for(url))
    with units.open(Door.STAFF, by="system:bench") as unit:
        register_house(unit, name="The agency")
    values: dict[str, Any] = {"claims": claims, "days": DAYS, "creditors": creditors, "house": HOUSE}
    with ground.postgres.superuser(database) as connection:
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute((_ROWS + more).format(**values).encode())
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return units
