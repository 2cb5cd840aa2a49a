"""What is known of payers: every decision of a person teaches, a refusal too; taken back it is unlearned.

Of an account it is known for whom it paid: from lines that a reference settled, and from decisions. Where the
bank gave no account, the payer's name stands in for it. Of several decisions on one payer and debtor the
latest counts. What matching booked by weighing signs teaches nothing: it would prove itself right.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text

from agency.banking.models import BankLine, PayerDecision, Verdict
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.parties.names import name_key

DebtorKey = tuple[UUID, UUID]
"""A creditor's id and a debtor's."""

_KNOWN = text(
    "WITH asked AS (SELECT unnest(CAST(:ibans AS text[])) AS iban), said AS ("
    " SELECT l.counterparty_iban AS iban, '' AS payer_key, c.creditor_id, c.debtor_id,"
    "  'confirmed' AS verdict, l.settled_at AS at, l.id FROM asked"
    "  JOIN bank_line l ON l.counterparty_iban = asked.iban AND l.state = 'matched'"
    "  JOIN claim c ON c.creditor_id = l.creditor_id AND c.id = l.claim_id"
    "  WHERE l.match_trace->0->>'kind' IS DISTINCT FROM 'scored'"
    " UNION ALL SELECT p.iban, '', p.creditor_id, p.debtor_id, p.verdict, p.at, p.id FROM asked"
    "  JOIN payer_decision p ON p.iban = asked.iban AND p.iban <> '' AND p.undone_at IS NULL"
    " UNION ALL SELECT '', p.payer_key, p.creditor_id, p.debtor_id, p.verdict, p.at, p.id"
    "  FROM payer_decision p WHERE p.payer_key = ANY(CAST(:payers AS text[])) AND p.iban = ''"
    "  AND p.undone_at IS NULL)"
    " SELECT DISTINCT ON (s.iban, s.payer_key, s.creditor_id, s.debtor_id) s.iban, s.payer_key, s.verdict,"
    "  s.creditor_id, s.debtor_id, coalesce(d.identity_id, d.id) AS person FROM said s"
    " JOIN debtor d ON d.creditor_id = s.creditor_id AND d.id = s.debtor_id"
    " ORDER BY s.iban, s.payer_key, s.creditor_id, s.debtor_id, s.at DESC, s.id DESC"
)


@dataclass
class Known:
    """What is known of one payer: debtors that he paid for, how many people those are, and whom not."""

    paid_for: set[DebtorKey] = field(default_factory=set)
    people: set[UUID] = field(default_factory=set)
    refused: set[DebtorKey] = field(default_factory=set)

    @property
    def for_one(self) -> bool:
        """Whether the payer only ever paid for one person."""
        return len(self.people) == 1


def payer_of(iban: str, name: str) -> tuple[str, str]:
    """This function will name a payer: by the account, and by the key of the name where there is none."""
    return (iban, "") if iban else ("", name_key(name))


def what_is_known(unit: Unit, payers: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Known]:
    """This function will return what is known of payers (see `payer_of`); of strangers an empty record."""
    asked = set(payers)
    known: defaultdict[tuple[str, str], Known] = defaultdict(Known)
    rows = unit.session.connection().execute(
        _KNOWN,
        {
            "ibans": sorted({iban for iban, _ in asked if iban}),
            "payers": sorted({key for _, key in asked if key}),
        },
    )
    for row in rows:
        one, debtor = known[row.iban, row.payer_key], (row.creditor_id, row.debtor_id)
        if row.verdict == Verdict.REFUSED:
            one.refused.add(debtor)
        else:
            one.paid_for.add(debtor)
            one.people.add(row.person)
    return {payer: known[payer] for payer in asked}


def teach(
    unit: Unit,
    *,
    line: BankLine,
    claims: Sequence[tuple[UUID, UUID]],
    verdict: Verdict,
    but: Sequence[tuple[UUID, UUID]] = (),
) -> None:
    """This function will keep that a line is, or is not, for the debtors of some claims.

    :param claims: each by its creditor's id and its own.
    :param but: claims whose debtors are left out.
    """
    debtors = _debtors(unit, claims) - _debtors(unit, but)
    iban, payer_key = payer_of(line.counterparty_iban, line.counterparty)
    unit.session.add_all(
        PayerDecision(
            creditor_id=creditor_id, id=new_id(), line_id=line.id, debtor_id=debtor_id,
            verdict=verdict, iban=iban, payer_key=payer_key, at=unit.now, by=unit.by,
        )
        for creditor_id, debtor_id in sorted(debtors)
    )  # fmt: skip
    unit.session.flush()


def _debtors(unit: Unit, claims: Sequence[tuple[UUID, UUID]]) -> set[DebtorKey]:
    if not claims:
        return set()
    rows = unit.session.connection().execute(
        text(
            "SELECT c.creditor_id, c.debtor_id FROM claim c JOIN unnest(CAST(:creditors AS uuid[]),"
            " CAST(:claims AS uuid[])) AS k(creditor_id, id) ON c.creditor_id = k.creditor_id AND c.id = k.id"
        ),
        {"creditors": [key for key, _ in claims], "claims": [key for _, key in claims]},
    )
    return {(row.creditor_id, row.debtor_id) for row in rows}


def unlearn(unit: Unit, *, line_id: UUID) -> None:
    """This function will let what was decided about a line count no more; the decisions stay on file."""
    unit.session.connection().execute(
        text(
            "UPDATE payer_decision SET undone_at = :now, undone_by = :by"
            " WHERE line_id = :line AND undone_at IS NULL"
        ),
        {"now": unit.now, "by": unit.by, "line": line_id},
    )
