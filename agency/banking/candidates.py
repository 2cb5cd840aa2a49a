"""Claims that lines without a known reference may be for: one look-up for many lines.

A line finds debtors by a reference with one slip, an invoice number, an account, a name, and an amount with a
similar name; each brings all its open claims, for one payment may be for several. Debtors and invoices are
read in one pass over their tables for a whole batch of lines: an index on every word of every name would cost
each intake more than this costs a bank's day.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.banking.payer_memory import Known, payer_of, what_is_known
from agency.claims.itemisation import itemise_many
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.names import name_key
from agency.rules.match_score import Candidate, LineFacts
from agency.rules.match_search import lookups
from agency.rules.payer_name import holders, initials_of, search_words

ClaimKey = tuple[UUID, UUID]

NAMED_MAX: Final = 15
CLAIMS_MAX: Final = 40
SIMILAR_FOUND_FROM: Final = 450

_FOUND = text(
    "WITH line AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS l(n int,"
    "  minor bigint, currency text, payer text, refs text[], numbers text[], words text[], letters text[],"
    "  iban text)),"
    " word AS MATERIALIZED (SELECT DISTINCT n, w FROM line, unnest(words) AS w),"
    " number AS MATERIALIZED (SELECT DISTINCT n, w FROM line, unnest(numbers) AS w),"
    " known AS (SELECT * FROM jsonb_to_recordset(CAST(:known AS jsonb))"
    "  AS k(n int, creditor_id uuid, debtor_id uuid)),"
    # A debtor's name shares words with the payer's; two words, or the first letter of a given name with one,
    # or the amount of a claim.
    " shared AS (SELECT word.n, d.creditor_id, d.id AS debtor_id, count(DISTINCT word.w) AS words,"
    "  bool_or(left(d.name_key, 1) = ANY(line.letters)) AS begins, bool_or(EXISTS (SELECT FROM claim c"
    "   WHERE c.creditor_id = d.creditor_id AND c.debtor_id = d.id AND c.principal_minor = line.minor"
    "   AND c.currency = line.currency AND c.state = 'active')) AS amount"
    "  FROM debtor d CROSS JOIN LATERAL unnest(string_to_array(d.name_key, ' ')) AS own(w)"
    "  JOIN word ON word.w = own.w JOIN line ON line.n = word.n GROUP BY word.n, d.creditor_id, d.id),"
    " weighed AS (SELECT *, 2 * words + begins::int + 3 * amount::int AS weight FROM shared s"
    "  WHERE (words > 1 OR begins OR amount) AND EXISTS (SELECT FROM claim c"
    "   WHERE c.creditor_id = s.creditor_id AND c.debtor_id = s.debtor_id AND c.state = 'active')),"
    " ranked AS (SELECT *, max(weight) OVER (PARTITION BY n) AS best, row_number() OVER (PARTITION BY n"
    "  ORDER BY weight DESC, creditor_id, debtor_id) AS place FROM weighed),"
    " hit AS ("
    "  SELECT n, creditor_id, debtor_id, false AS cut FROM ranked WHERE place <= :named"
    "  UNION SELECT n, creditor_id, debtor_id, true FROM ranked"
    "   WHERE place = :named + 1 AND weight >= best - 1"
    "  UNION SELECT line.n, c.creditor_id, c.debtor_id, false FROM line, claim c"
    "   WHERE c.payment_reference = ANY(line.refs) OR c.number = ANY(line.refs)"
    "  UNION SELECT number.n, c.creditor_id, c.debtor_id, false FROM number"
    "   JOIN invoice i ON upper(translate(i.number, ' -/._#:+*()', '')) = number.w"
    "   JOIN claim c ON c.creditor_id = i.creditor_id AND c.id = i.claim_id"
    "  UNION SELECT line.n, d.creditor_id, d.id, false FROM line JOIN debtor d ON d.iban = line.iban"
    "  UNION SELECT known.n, known.creditor_id, known.debtor_id, false FROM known"
    "  UNION SELECT line.n, d.creditor_id, d.id, false FROM line"
    "   JOIN claim c ON c.principal_minor = line.minor AND c.currency = line.currency AND c.state = 'active'"
    "   JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    "   WHERE line.payer <> '' AND round(1000 * similarity(d.name_key, line.payer)) >= :similar)"
    " SELECT hit.n, hit.cut, c.creditor_id, c.id, c.number, c.payment_reference, c.debtor_id, d.name_key,"
    "  d.iban FROM hit JOIN claim c ON c.creditor_id = hit.creditor_id AND c.debtor_id = hit.debtor_id"
    "   AND c.state = 'active'"
    "  JOIN debtor d ON d.creditor_id = hit.creditor_id AND d.id = hit.debtor_id"
    " ORDER BY hit.n, hit.cut, c.creditor_id, c.id"
)


@dataclass
class Found:
    """The candidates of a line; `crowded` when there are more than these."""

    candidates: list[Candidate[ClaimKey]] = field(default_factory=list)
    crowded: bool = False


def line_facts(line: Row[Any]) -> LineFacts:
    """This function will return what matching looks at of a line."""
    return LineFacts(
        amount=Money(line.amount_minor, line.currency),
        # As a whole: payers type the blanks of a printed reference, which a split would tear apart.
        references=(line.structured_reference,),
        text=line.text,
        iban=line.counterparty_iban or None,
        payers=tuple(name_key(name) for name in holders(line.counterparty)),
    )


def find_candidates(unit: Unit, lines: Sequence[Row[Any]]) -> dict[UUID, Found]:
    """This function will return for each line the open claims that something of it points to."""
    payers = [payer_of(line.counterparty_iban, line.counterparty) for line in lines]
    known = what_is_known(unit, payers)
    rows = unit.session.connection().execute(
        _FOUND,
        {
            "lines": json.dumps([_asked(n, line) for n, line in enumerate(lines)]),
            "known": json.dumps(
                [
                    {"n": n, "creditor_id": str(creditor_id), "debtor_id": str(debtor_id)}
                    for n, payer in enumerate(payers)
                    for creditor_id, debtor_id in known[payer].paid_for
                ]
            ),
            "named": NAMED_MAX,
            "similar": SIMILAR_FOUND_FROM,
        },
    )
    by_line: defaultdict[int, dict[ClaimKey, Row[Any]]] = defaultdict(dict)
    crowded: set[int] = set()
    for row in rows:
        if row.cut or len(by_line[row.n]) == CLAIMS_MAX:
            crowded.add(row.n)
        else:
            by_line[row.n].setdefault((row.creditor_id, row.id), row)
    owed = itemise_many(
        unit, keys=sorted({key for claims in by_line.values() for key in claims}), on=unit.today
    )
    return {
        line.id: Found(
            [_candidate(row, owed[key], line, known[payer]) for key, row in by_line[n].items()], n in crowded
        )
        for n, (line, payer) in enumerate(zip(lines, payers, strict=True))
    }


def _asked(n: int, line: Row[Any]) -> dict[str, Any]:
    facts = line_facts(line)
    looked = lookups(text=line.text, references=(line.structured_reference,))
    return {
        "n": n,
        "minor": line.amount_minor,
        "currency": line.currency,
        "payer": facts.payers[0] if facts.payers else "",
        "refs": looked.repaired,
        "numbers": looked.numbers,
        "words": search_words(facts.payers),
        "letters": initials_of(facts.payers),
        "iban": line.counterparty_iban or None,
    }


def _candidate(row: Row[Any], claim: Any, line: Row[Any], known: Known) -> Candidate[ClaimKey]:
    debtor, iban = (row.creditor_id, row.debtor_id), line.counterparty_iban
    accounts = (iban,) if iban and debtor in known.paid_for else ()
    return Candidate(
        claim_id=(row.creditor_id, row.id),
        references=(row.payment_reference, row.number),
        open=claim.total,
        debtor_ibans=accounts if known.for_one else (),
        shared_ibans=() if known.for_one else accounts,
        ibans_on_file=(row.iban,) if row.iban else (),
        invoice_numbers=tuple(invoice.number for invoice in claim.invoices),
        invoice_amounts=tuple(invoice.open for invoice in claim.invoices),
        debtor=debtor,
        debtor_name=row.name_key,
        refused=debtor in known.refused,
    )
