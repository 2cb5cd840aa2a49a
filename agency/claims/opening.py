"""Opening claims, set-based: one row or a hundred thousand take the same statements.

The rows stand in a temporary table of the caller (`CLAIM_COLUMNS`). Each ends with one outcome: created,
updated, merged, unchanged or rejected; a rejected row says which field and why. Every step only looks at
rows without an outcome, so the order of the steps is the order of precedence.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from agency.claims.numbering import take_numbers
from agency.claims.states import ENDED
from agency.kernel.unit import Unit

CLAIM_COLUMNS: Final = (
    "row integer PRIMARY KEY",
    "outcome text",
    "reject_field text",
    "reject_reason text",
    "claim_reference text",
    "invoice_number text",
    "document_kind text",
    "billing_reference text",
    "currency text",
    "amount_minor bigint",
    "total_minor bigint",
    "issued_on date",
    "due_on date",
    "contract_on date",
    "description text",
    "disputed boolean",
    "law text",
    "interest_kind text",
    "debtor_changed boolean",
    "claim_key text",
    "claim_id uuid",
    "invoice_id uuid",
)
"""What a staging table must carry besides the columns that find its debtor."""

OTHER_DEBTOR: Final = "this invoice number already stands with another debtor"
TWICE: Final = "this invoice number stands earlier in the file with other details"
ALIKE: Final = (
    "several rows of the file are known by the same; say that such rows are added up, or what sets them apart"
)
TORN: Final = "a line of this invoice cannot be read, so that none of it is taken"
IN_COLLECTION: Final = "this claim is being collected; send a credit note or report a payment instead"
CLOSED: Final = "this claim is closed"
REFERENCE_OF_OTHER: Final = "this claim reference belongs to another debtor"
REFERENCE_IN_COLLECTION: Final = "a claim with this reference is being collected; give the invoice its own"
OTHER_CURRENCY: Final = "one claim has one currency, and this claim has another"
NOTHING_TO_CREDIT: Final = "no invoice with this number is known to be credited"
CREDITED_INVOICE_REJECTED: Final = "the invoice that it credits was rejected"
CORRECTS_CLAIM: Final = (
    "corrects an invoice that is a claim already; withdraw that claim, or send a credit note"
)
CORRECTED_IN_FILE: Final = (
    "an invoice and another that corrects it stand in this file; send only what is owed"
)
NOTHING_LEFT: Final = "credited in full: nothing is left to collect"
TOO_LARGE: Final = "the invoices of this claim together exceed what one claim can hold"

PRINCIPAL_MINOR_MAX: Final = 99_999_999_999_999
NUMBERS_AT_ONCE: Final = 20_000


@dataclass(frozen=True)
class Opened:
    """What an opening touched beyond the new claims.

    `requote` are placements with an open price whose facts changed; `credited` are claims in collection
    that a credit note lowered, to be booked in the ledger by a worker.
    """

    requote: tuple[UUID, ...]
    credited: tuple[UUID, ...]


def mark_duplicates(
    unit: Unit, *, staging: str, added_up: bool = False, torn: Collection[str] = (), worked_out: bool = False
) -> None:
    """This function will settle invoice numbers that stand twice in one file: the first row counts.

    :param added_up: whether such rows are lines of their invoice: then the first row holds their sum, and one
        that tells of another debtor or other days is still refused.
    :param torn: numbers of invoices of which a line was refused: their sum would ask the wrong amount.
    :param worked_out: whether nobody gave the rows their numbers: then two that are alike in all may be two
        debts, such as two garages of one tenant, and which of them a later file means could not be told.
    """
    if added_up:
        unit.session.connection().execute(
            text(
                f"UPDATE {staging} SET outcome = 'rejected', reject_field = 'invoice_number',"
                " reject_reason = :why WHERE outcome IS NULL AND invoice_number = ANY(:torn)"
            ),
            {"why": TORN, "torn": list(torn)},
        )
        _add_lines_up(unit, staging)
    same = ", ".join(
        f"{name} IS NOT DISTINCT FROM first_value({name}) OVER w"
        for name in ("document_kind", "amount_minor", "currency", "issued_on", "due_on", "name_key",
                     "claim_reference", "billing_reference", "debtor_reference")
    ).replace(", ", " AND ")  # fmt: skip
    if worked_out:
        unit.session.connection().execute(
            text(
                f"UPDATE {staging} s SET outcome = 'rejected', reject_field = 'invoice_number',"
                " reject_reason = :why WHERE outcome IS NULL AND invoice_number IN (SELECT invoice_number"
                f" FROM {staging} WHERE outcome IS NULL GROUP BY invoice_number HAVING count(*) > 1)"
            ),
            {"why": ALIKE},
        )
    unit.session.connection().execute(
        text(
            f"UPDATE {staging} s SET outcome = CASE WHEN d.same THEN 'unchanged' ELSE 'rejected' END,"
            " reject_field = CASE WHEN NOT d.same THEN 'invoice_number' END,"
            " reject_reason = CASE WHEN NOT d.same THEN :why END"
            f" FROM (SELECT row, row_number() OVER w AS nth, {same} AS same FROM {staging}"
            "  WHERE outcome IS NULL WINDOW w AS (PARTITION BY invoice_number ORDER BY row)) d"
            " WHERE s.row = d.row AND d.nth > 1"
        ),
        {"why": TWICE},
    )


def _add_lines_up(unit: Unit, staging: str) -> None:
    """The sum of an invoice's lines on its first row; those that are in it wait for its fate."""
    same = " AND ".join(
        f"{name} IS NOT DISTINCT FROM first_value({name}) OVER w"
        for name in ("document_kind", "currency", "issued_on", "due_on", "name_key", "claim_reference",
                     "billing_reference", "debtor_reference")
    )  # fmt: skip
    unit.session.connection().execute(
        text(
            f"UPDATE {staging} s SET amount_minor = d.amount, total_minor = d.total,"
            " outcome = CASE WHEN d.nth > 1 THEN 'line' WHEN d.amount <= 0 THEN 'rejected' END,"
            " reject_field = CASE WHEN d.nth = 1 AND d.amount <= 0 THEN 'amount' END,"
            " reject_reason = CASE WHEN d.nth = 1 AND d.amount <= 0 THEN :nothing END"
            " FROM (SELECT row, nth, sum(amount_minor) OVER i AS amount, sum(total_minor) OVER i AS total"
            f"  FROM (SELECT row, invoice_number, amount_minor, total_minor, row_number() OVER w AS nth,"
            f"   {same} AS same FROM {staging} WHERE outcome IS NULL"
            "    WINDOW w AS (PARTITION BY invoice_number ORDER BY row)) l"
            "  WHERE same AND invoice_number IN"
            f"   (SELECT invoice_number FROM {staging} WHERE document_kind = 'invoice')"
            "  WINDOW i AS (PARTITION BY invoice_number)) d WHERE s.row = d.row"
        ),
        {"nothing": NOTHING_LEFT},
    )


def open_claims(
    unit: Unit, *, creditor_id: UUID, placement_id: UUID, staging: str, one_claim_per: str = "invoice"
) -> Opened:
    """This function will turn the staged rows, whose debtors are known, into claims and invoices.

    :param one_claim_per: "invoice" makes each invoice a claim unless it names a claim reference; "debtor"
        makes all invoices of one debtor in the file one claim.
    """
    opening = _Opening(unit, staging, creditor_id, placement_id)
    opening.find_known_invoices()
    opening.refuse_corrections()
    opening.key_new_invoices(one_claim_per)
    opening.join_open_claims()
    opening.refuse_mixed_claims()
    opening.aim_credit_notes()
    opening.refuse_empty_claims()
    opening.lock_touched()
    opening.insert_claims()
    opening.insert_invoices()
    opening.update_invoices()
    opening.settle_repeats()
    return opening.settle_touched()


class _Opening:
    """One run over one staging table; holds only what every statement needs."""

    def __init__(self, unit: Unit, staging: str, creditor_id: UUID, placement_id: UUID) -> None:
        self.unit = unit
        self.connection: Connection = unit.session.connection()
        self.staging = staging
        self.fixed: dict[str, Any] = {"c": creditor_id, "p": placement_id, "now": unit.now}

    def run(self, statement: str, **more: Any) -> int:
        sql = statement.replace("{t}", self.staging)
        return self.connection.execute(text(sql), self.fixed | more).rowcount

    def reject(self, condition: str, field: str, why: str, **more: Any) -> None:
        """Reject the rows (alias s) for which the condition holds."""
        self.run(
            "UPDATE {t} s SET outcome = 'rejected', reject_field = :field, reject_reason = :why"
            f" WHERE s.outcome IS NULL AND ({condition})",
            field=field,
            why=why,
            **more,
        )

    def some(self, condition: str) -> bool:
        """Whether there is such a row (alias s) without an outcome: most files have no credit note, and none
        of their invoices stands in the books, so that most questions need not be asked row by row."""
        sql = f"SELECT EXISTS (SELECT FROM {self.staging} s WHERE s.outcome IS NULL AND ({condition}))"
        found: bool = self.connection.execute(text(sql), self.fixed).scalar_one()
        return found

    def find_known_invoices(self) -> None:
        found = self.run(
            "UPDATE {t} s SET invoice_id = i.id, claim_id = i.claim_id FROM invoice i"
            " WHERE s.outcome IS NULL AND i.creditor_id = :c AND i.number = s.invoice_number"
        )
        if found:
            self.judge_known_invoices()

    def judge_known_invoices(self) -> None:
        known = "SELECT 1 FROM claim c WHERE c.creditor_id = :c AND c.id = s.claim_id"
        self.reject(f"s.invoice_id IS NOT NULL AND EXISTS ({known} AND c.debtor_id <> s.debtor_id)",
                    "invoice_number", OTHER_DEBTOR)  # fmt: skip
        differs = (
            "SELECT 1 FROM invoice i WHERE i.creditor_id = :c AND i.id = s.invoice_id AND"
            " (i.open_minor, i.total_minor, i.currency, i.issued_on, i.due_on, i.kind)"
            " IS DISTINCT FROM (s.amount_minor, s.total_minor, s.currency, s.issued_on, s.due_on,"
            " s.document_kind)"
        )
        self.run(
            "UPDATE {t} s SET outcome = CASE WHEN s.debtor_changed THEN 'updated' ELSE 'unchanged' END"
            f" WHERE s.outcome IS NULL AND s.invoice_id IS NOT NULL AND NOT EXISTS ({differs})"
        )
        self.reject(f"s.invoice_id IS NOT NULL AND EXISTS ({known} AND c.state = 'active')",
                    "invoice_number", IN_COLLECTION)  # fmt: skip
        self.reject(f"s.invoice_id IS NOT NULL AND EXISTS ({known} AND c.state NOT IN ('new', 'quoted'))",
                    "invoice_number", CLOSED)  # fmt: skip
        self.reject(f"s.invoice_id IS NOT NULL AND EXISTS ({known} AND c.currency <> s.currency)",
                    "currency", OTHER_CURRENCY)  # fmt: skip

    def refuse_corrections(self) -> None:
        """Refuse an invoice that corrects another which is or would be a claim too: of the two only one is
        owed, and whether the second replaces the first or adds to it, only the creditor knows."""
        corrects = (
            "s.document_kind = 'invoice' AND s.invoice_id IS NULL AND s.billing_reference <> s.invoice_number"
        )
        if not self.some(corrects):
            return
        self.reject(
            f"{corrects} AND EXISTS (SELECT 1 FROM invoice i JOIN claim c"
            " ON c.creditor_id = i.creditor_id AND c.id = i.claim_id"
            " WHERE i.creditor_id = :c AND i.number = s.billing_reference AND c.state <> 'withdrawn')",
            "billing_reference",
            CORRECTS_CLAIM,
        )
        self.run(
            "UPDATE {t} s SET outcome = 'rejected', reject_reason = :why, reject_field ="
            " CASE WHEN s.row = p.corrector THEN 'billing_reference' ELSE 'invoice_number' END"
            " FROM (SELECT s.row AS corrector, o.row AS corrected FROM {t} s JOIN {t} o"
            "  ON o.document_kind = 'invoice' AND o.outcome IS NULL"
            "  AND o.invoice_number = s.billing_reference"
            f"  WHERE s.outcome IS NULL AND {corrects}) p"
            " WHERE s.row IN (p.corrector, p.corrected)",
            why=CORRECTED_IN_FILE,
        )

    def key_new_invoices(self, one_claim_per: str) -> None:
        own = "s.invoice_number"
        if one_claim_per == "debtor":
            self.run(
                "UPDATE {t} s SET claim_key = g.key FROM (SELECT t.debtor_id, coalesce("
                "  (SELECT c.reference FROM claim c WHERE c.creditor_id = :c AND c.debtor_id = t.debtor_id"
                "   AND c.state IN ('new', 'quoted') ORDER BY c.created_at, c.id LIMIT 1),"
                "  (array_agg(t.invoice_number ORDER BY t.row))[1]) AS key FROM {t} t"
                " WHERE t.outcome IS NULL AND t.invoice_id IS NULL AND t.document_kind = 'invoice'"
                " AND t.claim_reference IS NULL GROUP BY t.debtor_id) g"
                " WHERE s.debtor_id = g.debtor_id AND s.claim_reference IS NULL"
            )
            own = "coalesce(s.claim_key, s.invoice_number)"
        self.run(
            f"UPDATE {{t}} s SET claim_key = coalesce(s.claim_reference, {own})"
            " WHERE s.outcome IS NULL AND s.invoice_id IS NULL AND s.document_kind = 'invoice'"
        )

    def join_open_claims(self) -> None:
        joined = self.run(
            "UPDATE {t} s SET claim_id = c.id FROM claim c WHERE s.outcome IS NULL AND s.invoice_id IS NULL"
            " AND s.document_kind = 'invoice' AND c.creditor_id = :c AND c.reference = s.claim_key"
        )
        if not joined:
            return
        joins = (
            "s.invoice_id IS NULL AND EXISTS (SELECT 1 FROM claim c WHERE c.creditor_id = :c"
            " AND c.id = s.claim_id AND "
        )
        self.reject(f"{joins} c.debtor_id <> s.debtor_id)", "claim_reference", REFERENCE_OF_OTHER)
        self.reject(f"{joins} c.state NOT IN ('new', 'quoted'))", "claim_reference", REFERENCE_IN_COLLECTION)
        self.reject(f"{joins} c.currency <> s.currency)", "currency", OTHER_CURRENCY)

    def refuse_mixed_claims(self) -> None:
        if not self.some("s.claim_key <> s.invoice_number"):
            return  # each invoice is a claim of its own
        first = (
            "EXISTS (SELECT 1 FROM (SELECT DISTINCT ON (claim_key) claim_key, debtor_id, currency FROM {t}"
            " WHERE outcome IS NULL AND invoice_id IS NULL AND claim_id IS NULL"
            " AND document_kind = 'invoice' ORDER BY claim_key, row) f"
            " WHERE f.claim_key = s.claim_key AND f."
        )
        new = "s.invoice_id IS NULL AND s.claim_id IS NULL AND s.document_kind = 'invoice' AND "
        self.reject(f"{new}{first}debtor_id <> s.debtor_id)", "claim_reference", REFERENCE_OF_OTHER)
        self.reject(f"{new}{first}currency <> s.currency)", "currency", OTHER_CURRENCY)

    def aim_credit_notes(self) -> None:
        """Point every new credit note at the claim of the invoice it credits, in this file or in the
        books.
        """
        credit = "s.invoice_id IS NULL AND s.document_kind = 'credit_note'"
        if not self.some("s.document_kind = 'credit_note'"):
            return
        self.run(
            "UPDATE {t} s SET claim_id = i.claim_id FROM invoice i JOIN claim c"
            " ON c.creditor_id = i.creditor_id AND c.id = i.claim_id"
            f" WHERE s.outcome IS NULL AND {credit} AND i.creditor_id = :c AND i.number = s.billing_reference"
        )
        self.run(
            "UPDATE {t} s SET claim_key = o.claim_key, claim_id = coalesce(s.claim_id, o.claim_id),"
            " outcome = CASE WHEN o.outcome = 'rejected' THEN 'rejected' END,"
            " reject_field = CASE WHEN o.outcome = 'rejected' THEN 'billing_reference' END,"
            " reject_reason = CASE WHEN o.outcome = 'rejected' THEN :why END FROM {t} o"
            f" WHERE s.outcome IS NULL AND {credit} AND s.claim_id IS NULL AND o.document_kind = 'invoice'"
            " AND o.invoice_number = s.billing_reference AND o.outcome IS DISTINCT FROM 'unchanged'",
            why=CREDITED_INVOICE_REJECTED,
        )
        self.reject(f"{credit} AND s.claim_id IS NULL AND s.claim_key IS NULL",
                    "billing_reference", NOTHING_TO_CREDIT)  # fmt: skip
        of_claim = (
            f"{credit} AND EXISTS (SELECT 1 FROM claim c WHERE c.creditor_id = :c AND c.id = s.claim_id"
        )
        self.reject(f"{of_claim} AND c.debtor_id <> s.debtor_id)", "billing_reference", OTHER_DEBTOR)
        self.reject(f"{of_claim} AND c.currency <> s.currency)", "currency", OTHER_CURRENCY)
        self.reject(
            f"{of_claim} AND c.state = ANY(:ended))", "billing_reference", CLOSED, ended=sorted(ENDED)
        )
        self.refuse_foreign_credits()

    def refuse_foreign_credits(self) -> None:
        other = (
            "s.document_kind = 'credit_note' AND s.claim_id IS NULL AND EXISTS (SELECT 1 FROM {t} o"
            " WHERE o.document_kind = 'invoice' AND o.invoice_number = s.billing_reference"
            " AND o.outcome IS NULL AND o."
        )
        self.reject(f"{other}debtor_id <> s.debtor_id)", "billing_reference", OTHER_DEBTOR)
        self.reject(f"{other}currency <> s.currency)", "currency", OTHER_CURRENCY)

    def refuse_empty_claims(self) -> None:
        if not self.some(f"s.amount_minor NOT BETWEEN 1 AND {PRINCIPAL_MINOR_MAX}"
                         " OR s.claim_key <> s.invoice_number"):  # fmt: skip
            return  # each claim is one invoice of an amount that one claim can hold
        for condition, why in (("<= 0", NOTHING_LEFT), (f"> {PRINCIPAL_MINOR_MAX}", TOO_LARGE)):
            self.reject(
                "s.claim_id IS NULL AND s.claim_key IN (SELECT claim_key FROM {t} WHERE outcome IS NULL"
                f" AND claim_id IS NULL GROUP BY claim_key HAVING sum(amount_minor) {condition})",
                "amount",
                why,
            )

    def lock_touched(self) -> None:
        """Lock the claims that stand already, so that an acceptance waits for us or we for it."""
        self.run(
            "SELECT id FROM claim WHERE creditor_id = :c AND id IN (SELECT claim_id FROM {t}"
            " WHERE outcome IS NULL AND claim_id IS NOT NULL) ORDER BY id FOR UPDATE"
        )

    def insert_claims(self) -> None:
        self.run(
            # Ids in the order of the rows: what is written next to each other stands so in every index.
            "CREATE TEMP TABLE claim_group ON COMMIT DROP AS SELECT uuidv7() AS id, row_number() OVER ()"
            " AS position, g.* FROM (SELECT claim_key, min(row) AS first_row,"
            " sum(amount_minor) AS principal_minor,"
            " sum(amount_minor) FILTER (WHERE disputed AND amount_minor > 0) AS disputed_minor,"
            " min(due_on) FILTER (WHERE document_kind = 'invoice') AS due_on FROM {t}"
            " WHERE outcome IS NULL AND claim_id IS NULL GROUP BY claim_key ORDER BY min(row)) g"
        )
        self.number_claims()
        self.run(
            "INSERT INTO claim (creditor_id, id, number, reference, payment_reference, debtor_id,"
            " placement_id,"
            " law, interest_kind, currency, principal_minor, disputed_minor, due_on, state, phase,"
            " costs_minor, costs_vat_minor, contract_on, description, created_at)"
            " SELECT :c, g.id, n.number, g.claim_key, CASE WHEN s.law = 'be' THEN n.ogm ELSE n.rf END,"
            " s.debtor_id, :p, s.law, s.interest_kind, s.currency, g.principal_minor,"
            " least(coalesce(g.disputed_minor, 0), g.principal_minor), g.due_on, 'new', 'reminder', 0, 0,"
            " s.contract_on, coalesce(s.description, ''), :now"
            " FROM claim_group g JOIN claim_number_taken n USING (position)"
            " JOIN {t} s ON s.row = g.first_row ORDER BY g.position"
        )
        self.run(
            "UPDATE {t} s SET claim_id = g.id, outcome = CASE WHEN s.row = g.first_row THEN 'created'"
            " ELSE 'merged' END FROM claim_group g"
            " WHERE s.outcome IS NULL AND s.claim_id IS NULL AND s.claim_key = g.claim_key"
        )
        self.run("DROP TABLE claim_group, claim_number_taken")

    def number_claims(self) -> None:
        self.run("CREATE TEMP TABLE claim_number_taken (position bigint, number text, rf text, ogm text)"
                 " ON COMMIT DROP")  # fmt: skip
        count = self.connection.execute(text("SELECT count(*) FROM claim_group")).scalar_one()
        raw = self.connection.connection.driver_connection
        assert raw is not None
        for first in range(1, count + 1, NUMBERS_AT_ONCE):
            # The numbers come over the same connection, so they are taken before the copy starts.
            numbers = list(take_numbers(self.unit, count=min(NUMBERS_AT_ONCE, count + 1 - first)))
            lines = (
                f"{position}\t{taken.number}\t{taken.rf}\t{taken.ogm}\n"
                for position, taken in enumerate(numbers, start=first)
            )
            with raw.cursor().copy("COPY claim_number_taken FROM STDIN") as copy:
                copy.write("".join(lines))

    def insert_invoices(self) -> None:
        self.run("UPDATE {t} s SET outcome = 'merged' WHERE s.outcome IS NULL AND s.invoice_id IS NULL")
        self.run(
            "INSERT INTO invoice (creditor_id, id, claim_id, number, kind, issued_on, due_on, currency,"
            " total_minor, open_minor, description, created_at)"
            " SELECT :c, uuidv7(), claim_id, invoice_number, document_kind, issued_on, due_on, currency,"
            " total_minor, amount_minor, coalesce(description, ''), :now FROM {t}"
            " WHERE outcome IN ('created', 'merged') AND invoice_id IS NULL ORDER BY row"
        )

    def update_invoices(self) -> None:
        self.run(
            "UPDATE invoice i SET open_minor = s.amount_minor, total_minor = s.total_minor,"
            " issued_on = s.issued_on, due_on = s.due_on, kind = s.document_kind"
            " FROM {t} s WHERE s.outcome IS NULL AND i.creditor_id = :c AND i.id = s.invoice_id"
        )
        self.run("UPDATE {t} s SET outcome = 'updated' WHERE s.outcome IS NULL")

    def settle_repeats(self) -> None:
        """Give each row that says again what an earlier row said the fate of that row."""
        self.run(
            "UPDATE {t} s SET claim_id = f.claim_id, outcome = CASE WHEN f.outcome = 'rejected' THEN"
            " 'rejected' WHEN s.outcome = 'line' THEN 'merged' ELSE 'unchanged' END,"
            " reject_field = f.reject_field, reject_reason = f.reject_reason"
            " FROM {t} f WHERE s.outcome IN ('unchanged', 'line') AND s.claim_id IS NULL"
            " AND f.invoice_number = s.invoice_number AND f.row = (SELECT min(row) FROM {t} e"
            "  WHERE e.invoice_number = s.invoice_number)"
        )

    def settle_touched(self) -> Opened:
        """Recompute the claims that stood already and were touched; one credited in full is withdrawn."""
        # Asked for first, and by itself: seldom any, and never a guess of the planner within what follows.
        touched = self.ids(
            "SELECT DISTINCT s.claim_id FROM {t} s JOIN claim c ON c.creditor_id = :c AND c.id = s.claim_id"
            " WHERE s.outcome IN ('updated', 'merged') AND c.placement_id IS DISTINCT FROM :p"
        )
        requote = self.recompute(touched) if touched else ()
        credited = self.ids(
            "SELECT DISTINCT c.id FROM claim c JOIN {t} s ON s.claim_id = c.id WHERE c.creditor_id = :c"
            " AND c.state = 'active' AND s.outcome = 'merged' AND s.document_kind = 'credit_note'"
        )
        return Opened(requote=requote, credited=credited)

    def recompute(self, touched: Sequence[UUID]) -> tuple[UUID, ...]:
        """Take claims that stood already for what their invoices add up to now, and return the placements
        to price again.
        """
        sums = (
            "SELECT i.claim_id, sum(i.open_minor) AS open, min(i.due_on) FILTER (WHERE i.kind = 'invoice')"
            " AS due FROM invoice i WHERE i.creditor_id = :c AND i.claim_id = ANY(:touched)"
            " GROUP BY i.claim_id"
        )
        ids = list(touched)
        self.run(
            "UPDATE claim SET principal_minor = x.open, due_on = x.due,"
            f" disputed_minor = least(claim.disputed_minor, x.open) FROM ({sums}) x"
            " WHERE claim.creditor_id = :c AND claim.id = x.claim_id AND claim.state IN ('new', 'quoted')"
            " AND x.open > 0",
            touched=ids,
        )
        self.withdraw_credited(sums, ids)
        return self.ids(
            "SELECT DISTINCT c.placement_id FROM claim c WHERE c.creditor_id = :c AND c.state = 'quoted'"
            " AND c.id = ANY(:touched)",
            touched=ids,
        )

    def withdraw_credited(self, sums: str, touched: list[UUID]) -> None:
        self.run(
            f"WITH gone AS (SELECT x.claim_id, c.state FROM ({sums}) x JOIN claim c ON c.creditor_id = :c"
            "  AND c.id = x.claim_id WHERE x.open <= 0 AND c.state IN ('new', 'quoted')),"
            " moved AS (UPDATE claim SET state = 'withdrawn', closed_at = :now, close_code = 'credited'"
            "  FROM gone WHERE claim.creditor_id = :c AND claim.id = gone.claim_id)"
            " INSERT INTO event (creditor_id, id, kind, at, by, claim_id, creditor_sees, facts)"
            " SELECT :c, uuidv7(), 'ClaimMoved', :now, :by, claim_id, true, jsonb_build_object("
            "  'from_state', state, 'to_state', 'withdrawn', 'why', 'credited in full') FROM gone",
            by=self.unit.by,
            touched=touched,
        )

    def ids(self, statement: str, **more: Any) -> tuple[UUID, ...]:
        sql = statement.replace("{t}", self.staging)
        return tuple(row[0] for row in self.connection.execute(text(sql), self.fixed | more))
