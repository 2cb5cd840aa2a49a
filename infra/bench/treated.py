"""A portfolio under treatment, written as rows in one transaction, each claim of its own debtor and amount.

All of it can be written to: addresses, e-mail, texts and paths as an agency publishes them. The clock stands
at ten in the morning of a working day.
"""

from datetime import UTC, datetime

from agency import tables
from agency.communication.templates import publish_templates
from agency.kernel.clock import move_clock
from agency.kernel.unit import Door, Units, engine_for
from agency.parties.registration import register_house
from agency.treatment.paths import publish_paths
from infra.bench.ground import MIGRATED, Ground

MOMENT = datetime(2027, 6, 8, 8, 0, tzinfo=UTC)  # a Tuesday without a feast, after every clock of this bench
CLAIMS_PER_CREDITOR = 500
BY = "system:bench"
_ROWS = """
INSERT INTO creditor (id, reference, name, country, language, vat_deductible, registration_number, email,
    phone, street, postal_code, city, created_at)
  SELECT uuidv7(), 'C' || n, 'Wholesale ' || n || ' B.V.', 'NL', 'nl', true, (10000000 + n)::text,
    'vragen' || n || '@wholesale.example', '+31 20 765 43 21', 'Havenkade ' || n, '1011 AB', 'Amsterdam',
    now() - interval '1 year'
  FROM generate_series(1, {creditors}) n;
INSERT INTO brand (creditor_id, id, created_at, name, colour, sender_name, sender_email, reply_to, sms_sender,
    phone, footer)
  SELECT id, uuidv7(), now(), 'standard', '#0b5cad', name, email, email, 'WHOLESALE', phone, '' FROM creditor
  WHERE reference LIKE 'C%';
CREATE TEMP TABLE made AS SELECT n, k.id AS creditor_id, uuidv7() AS claim_id, uuidv7() AS debtor_id,
    uuidv7() AS opened, (1000 + n * 7919::bigint % 400000)::bigint AS minor,
    DATE '{today}' - 30 - (n % 300)::int AS due_on,
    CASE WHEN n % 5 < 3 THEN 'company' ELSE 'consumer' END AS kind
  FROM generate_series(1, {claims}) n
  JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS nth FROM creditor
    WHERE reference LIKE 'C%') k ON k.nth = n % {creditors};
INSERT INTO debtor (creditor_id, id, created_at, reference, kind, name, name_key, country, language, street,
    postal_code, city)
  SELECT creditor_id, debtor_id, now(), 'D' || n, kind, 'Debtor ' || n, 'debtor ' || n, 'NL', 'nl',
    'Dorpsstraat ' || n, 1000 + n % 9000 || ' AB', 'Utrecht' FROM made;
INSERT INTO contact_point (creditor_id, id, created_at, debtor_id, channel, value, state)
  SELECT creditor_id, uuidv7(), now(), debtor_id, 'email', 'debtor' || n || '@klant.example', 'usable' FROM
    made;
INSERT INTO screening (creditor_id, id, debtor_id, state, asked_at, answered_at, next_at, attempts, found,
    failure)
  SELECT creditor_id, uuidv7(), debtor_id, 'clear', now(), now(), now() + interval '10 years', 1, '[]', ''
  FROM made;
INSERT INTO claim (creditor_id, id, created_at, number, reference, payment_reference, debtor_id, law,
    interest_kind, currency, principal_minor, due_on, state, phase, costs_minor, costs_vat_minor,
    costs_left_out_minor, disputed_minor, description)
  SELECT creditor_id, claim_id, now(), n::text, 'K' || n, 'R' || n, debtor_id, 'nl',
    CASE kind WHEN 'company' THEN 'trade' ELSE 'consumer' END, 'EUR', minor, due_on, 'active', '{phase}', 0,
    0, 0, 0, 'Delivery ' || n FROM made;
INSERT INTO invoice (creditor_id, id, created_at, claim_id, number, kind, issued_on, due_on, currency,
    total_minor, open_minor, disputed_minor, description)
  SELECT creditor_id, uuidv7(), now(), claim_id, 'F' || n, 'invoice', due_on - 30, due_on, 'EUR', minor,
    minor,
    0, '' FROM made;
INSERT INTO ledger_account SELECT DISTINCT creditor_id, a.code, 'claims' FROM made,
  unnest(ARRAY['claims.principal', 'claims.control']) AS a(code);
INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256, booked_on,
    effective_on, at, by, memo)
  SELECT creditor_id, opened, 'claims', 'opening', 'claim:' || claim_id, '', due_on, due_on, now(),
    'bench', ''
  FROM made;
INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor, currency, claim_id)
  SELECT creditor_id, opened, e.line, e.account, e.sign * minor, 'EUR', claim_id
  FROM made, (VALUES (1, 'claims.principal', 1), (2, 'claims.control', -1)) AS e(line, account, sign);
"""
MESSAGES = """
INSERT INTO message (creditor_id, id, claim_id, debtor_id, channel, step, cycle, template_id, state, due_at,
    to_value, generation, attempts, subject, amounts, trace, reasons, created_at)
  SELECT m.creditor_id, uuidv7(), m.claim_id, m.debtor_id, t.channel, 'final_notice', 1, t.id, 'queued',
    now(),
    '', 0, 0, '', '{{}}', '[]', '[]', now()
  FROM made m JOIN template t ON t.key = 'final_notice' AND t.language = 'nl' AND t.channel = '{channel}';
"""
"""Further SQL for `write_treated`: a final notice waits for every claim, with interest built up on it."""

ON_PATH = """
INSERT INTO treatment (creditor_id, id, claim_id, path_id, started_at, next_on, next_minutes)
  SELECT m.creditor_id, uuidv7(), m.claim_id, p.id, now() - interval '30 days', DATE '{today}', 0
  FROM made m JOIN treatment_path p
    ON p.version = 1 AND p.key = CASE m.kind WHEN 'company' THEN 'nl-business' ELSE 'nl-consumer' END;
INSERT INTO treatment_step (creditor_id, id, claim_id, step, cycle, channel, due_at, state, done_at, why,
    trace)
  SELECT creditor_id, uuidv7(), claim_id, 'reminder_1', 1, 'email', at, 'done', at, 'bench', '[]'
  FROM made, LATERAL (SELECT TIMESTAMPTZ '{today} 08:00Z' - make_interval(days => 8 + (n % 5)::int) AS at);
"""
"""Further SQL: every claim is on its path, had its first reminder some days ago, and is due today."""
BEFORE_NOTICE = (
    ON_PATH
    + """
INSERT INTO treatment_step (creditor_id, id, claim_id, step, cycle, channel, due_at, state, done_at, why,
    trace)
  SELECT creditor_id, uuidv7(), claim_id, k.step, 1, k.channel, at, 'done', at, 'bench', '[]'
  FROM made, LATERAL (SELECT TIMESTAMPTZ '{today} 08:00Z' - make_interval(days => 8) AS at),
    (VALUES ('reminder_2', 'email'), ('reminder_2_copy', 'letter'), ('early_call', 'call'))
      AS k(step, channel);
"""
)
"""Further SQL: the formal notice, which announces costs, is next and due today."""


def write_treated(
    ground: Ground, *, database: str, claims: int, more: str = "", phase: str = "amicable"
) -> Units:
    """This function will make a database with such a portfolio.

    :param more: further SQL over the rows of `made`, before the transaction ends; its braces are doubled.
    """
    assert tables.metadata.tables
    units = Units(engine_for(ground.copy(MIGRATED, database)))
    with units.open(Door.STAFF, by=BY) as unit:
        register_house(unit, name="The agency")
        publish_templates(unit)
        publish_paths(unit)
        move_clock(unit, to=MOMENT, production=False)
    values = {
        "claims": claims,
        "creditors": -(-claims // CLAIMS_PER_CREDITOR),
        "today": MOMENT.date(),
        "phase": phase,
    }
    with ground.postgres.superuser(database) as connection:
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute((_ROWS + more).format(**values).encode())
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return units
