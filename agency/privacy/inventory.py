"""Every column that may hold something about a person, and what becomes of it: one list for all tables.

A `Spot` is a table, the rows of it that an item of a run reaches, and what each column becomes there. What is
not in a spot stays, and `STAYS` says why. A test holds both against the tables: a new column that nobody
thought of makes it red, and the database lets the eraser change these columns and no others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from agency.rules.retention import Kind

CLAIM: Final = "t.creditor_id = :creditor AND t.claim_id = :claim"
DEBTOR: Final = "t.creditor_id = :creditor AND t.debtor_id = :debtor"
_BEFORE: Final = "(CAST(:border AS date) + 1)::timestamp AT TIME ZONE 'Europe/Amsterdam'"


def _until(moment: str) -> str:
    """A moment on the border day or before it, on the agency's clock."""
    return f"{moment} < {_BEFORE}"


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """Rows of a table `t`, and what its columns become.

    `blank` loses its content, `keyed` becomes a mark with the row's id (for what must be unique), `figures`
    keeps numbers, days, ids and codes of a JSON, `fixed` becomes an expression. `key` names a row; `files`
    are expressions for the SHA-256 of files that go along.
    """

    table: str
    where: str
    blank: tuple[str, ...] = ()
    keyed: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    delete: bool = False
    key: str = "id"
    files: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that changes."""
        return (*self.blank, *self.keyed, *self.figures, *self.fixed)


_OF_DOCUMENT = (
    "t.creditor_id = :creditor AND EXISTS (SELECT FROM incoming_document i"
    " WHERE i.creditor_id = t.creditor_id AND i.id = t.incoming_id AND i.claim_id = :claim)"
)
_OF_MESSAGE = (
    "t.creditor_id = :creditor AND EXISTS (SELECT FROM message m WHERE m.creditor_id = t.creditor_id"
    " AND m.id = t.message_id AND m.claim_id = :claim)"
)
_OF_PLAN = (
    "t.creditor_id = :creditor AND EXISTS (SELECT FROM plan_claim p WHERE p.creditor_id = t.creditor_id"
    " AND p.plan_id = t.id AND p.claim_id = :claim)"
)
_OF_ROW = (
    "t.creditor_id = :creditor AND EXISTS (SELECT FROM placement_row r WHERE r.creditor_id = t.creditor_id"
    " AND r.placement_id = t.placement_id AND r.row = t.row AND r.claim_id = :claim)"
)
_OF_REQUEST = (
    "t.creditor_id = :creditor AND EXISTS (SELECT FROM price_request r WHERE r.creditor_id = t.creditor_id"
    " AND r.id = t.request_id AND r.claim_id = :claim)"
)
_CUSTOMER = (
    "number", "name", "street", "postal_code", "city", "country", "email", "phone", "vat_number",
    "registration_number",
)  # fmt: skip
_EMPTIED = "CASE WHEN t.document IS NOT NULL THEN CAST('' AS bytea) END"
_MARKED = "'erased-' || encode(sha256(convert_to(t.ref, 'UTF8')), 'hex')"
# A customer of whose invoices only this claim was handed over.
_ITS_CUSTOMER = (
    "t.creditor_id = :creditor AND EXISTS (SELECT FROM booked_invoice b WHERE b.creditor_id = t.creditor_id"
    " AND b.connection_id = t.connection_id AND b.customer_ref = t.ref AND b.claim_id = :claim)"
    " AND NOT EXISTS (SELECT FROM booked_invoice b WHERE b.creditor_id = t.creditor_id"
    " AND b.connection_id = t.connection_id AND b.customer_ref = t.ref"
    " AND b.claim_id IS DISTINCT FROM CAST(:claim AS uuid))"
)

# What goes with a claim. The order is that of reading: what a spot is found by goes after it.
CLAIM_SPOTS: Final = (
    Spot("placement_finding", _OF_ROW, ("reason", "value", "source"), key="row"),
    Spot("placement_reject", _OF_ROW, ("reason", "value"), key="row"),
    Spot("message_receipt", _OF_MESSAGE, ("detail",)),
    Spot("message", CLAIM, ("to_value", "subject", "provider_ref", "content_sha256", "trace", "reasons"),
         figures=("amounts",), files=("t.content_sha256",)),
    Spot("incoming_decision", _OF_DOCUMENT, ("why", "reasons")),
    Spot("incoming_document", CLAIM, ("name", "signs", "candidates", "why"), files=("t.sha256",)),
    Spot("dropped_file", CLAIM, ("name", "within", "facts", "question"), keyed=("key",), files=("t.sha256",)),
    Spot("document_check", CLAIM, ("reasons", "pages", "findings", "trace", "facts")),
    Spot("document_verdict", CLAIM, ("reasons", "note")),
    Spot("document", CLAIM, ("name", "checks", "reasons"), files=("t.sha256",)),
    Spot("dossier", CLAIM, ("pdf_sha256", "zip_sha256", "error"), files=("t.pdf_sha256", "t.zip_sha256")),
    Spot("reply", CLAIM, ("from_value", "subject", "words", "files", "signs", "answer"),
         files=("t.sha256", "jsonb_path_query(t.files, '$[*].sha256') #>> '{}'")),
    Spot("inbound", "t.for_creditor_id = :creditor AND t.for_claim_id = :claim",
         ("signs", "from_value", "from_name", "to_value", "subject", "words", "why", "candidates"),
         keyed=("source_key",), files=("t.sha256",)),
    Spot("call", CLAIM, ("number", "provider_ref")),
    Spot("call_note", CLAIM, ("terms", "points", "correction")),
    Spot("note", CLAIM, ("text",)),
    Spot("field_visit", CLAIM, ("visitor", "trace", "report")),
    Spot("work_item", CLAIM, ("reason",)),
    Spot("dispute_change", CLAIM, ("words", "lines")),
    Spot("dispute", CLAIM, ("text",)),
    Spot("hold", CLAIM, ("note", "facts")),
    Spot("earlier_step", CLAIM, ("facts",)),
    Spot("completeness_override", CLAIM, ("facts", "withdrawn_reason"),
         fixed={"reason": "'erased: its term is over'"}),
    Spot("insurance_cover", CLAIM, ("policy_number",)),
    Spot("plan", _OF_PLAN, ("reasons", "trace", "known_payments", "decision")),
    Spot("settlement", CLAIM, ("why", "known_payments")),
    Spot("waiver_request", CLAIM, ("why", "decision")),
    Spot("score_run", CLAIM, ("facts",)),
    Spot("treatment_step", CLAIM, ("why", "trace")),
    Spot("payment", CLAIM, ("trace",)),
    Spot("payment_intent", CLAIM, ("checkout_url",)),
    Spot("direct_payment", CLAIM, ("why", "given", "file_name")),
    Spot("quote", CLAIM, ("closed_why",)),
    Spot("price_note", _OF_REQUEST, ("words",)),
    Spot("price_offer", _OF_REQUEST, ("conditions",), fixed={"document": _EMPTIED}),
    Spot("price_request", CLAIM, ("question", "closed_from", "closed_why")),
    Spot("booked_hours", CLAIM, ("description",)),
    Spot("booked_customer", _ITS_CUSTOMER, ("ref", *_CUSTOMER), delete=True),
    Spot("booked_fall", CLAIM, ("description",)),
    # The mark keeps an invoice that the books still list from coming in as a new one.
    Spot("booked_invoice", CLAIM, ("customer_ref", "customer_name", "credits", "pass_lines"),
         keyed=("number",), fixed={"ref": f"CASE WHEN t.ref LIKE 'erased-%' THEN t.ref ELSE {_MARKED} END"}),
    Spot("event", CLAIM, figures=("facts",)),
    Spot("invoice", CLAIM, ("description",), keyed=("number",)),
    Spot("claim", "t.creditor_id = :creditor AND t.id = :claim", ("description",), keyed=("reference",),
         fixed={"erased_at": "app.now()"}),
)  # fmt: skip

# What goes with a person's record at a creditor, once each of his claims there has been erased.
DEBTOR_SPOTS: Final = (
    Spot("contact_point", DEBTOR, keyed=("value",)),
    Spot("debtor_relation", DEBTOR, ("why",)),
    Spot("debtor_warning", DEBTOR, ("signs", "actions", "facts", "owed")),
    Spot("screening", DEBTOR, ("found", "failure")),
    Spot("legal_hold", DEBTOR, ("ground", "lift_why")),
    Spot("privacy_request", DEBTOR, ("note",)),
    Spot("debtor", "t.creditor_id = :creditor AND t.id = :debtor",
         ("name_key", "registration_number", "vat_number", "iban", "birth_date", "street", "postal_code",
          "city"),
         keyed=("reference",), fixed={"name": "'–'"}),
    Spot("debtor_identity", "t.id = CAST(:identity AS uuid)", keyed=("match_key",)),
)  # fmt: skip

_OF_LINE = (
    "EXISTS (SELECT FROM bank_line l WHERE l.id = t.line_id AND l.booked_on <= :border"
    " AND l.state <> 'suspense')"
)
_OLD_PLACEMENT = (
    "EXISTS (SELECT FROM placement p WHERE p.creditor_id = t.creditor_id AND p.id = t.placement_id AND"
    f" {_until('p.received_at')})"
)
_FREE = "t.claim_id IS NULL"


def _old_request(row: str) -> str:
    """A request about a placement that has ended, while nobody holds a claim of the placement."""
    return (
        f"{row}.closed_at IS NOT NULL AND EXISTS (SELECT FROM placement p"
        f" WHERE p.creditor_id = {row}.creditor_id AND p.id = {row}.placement_id"
        f" AND {_until('p.received_at')}) AND NOT EXISTS (SELECT FROM claim c JOIN legal_hold h"
        " ON h.creditor_id = c.creditor_id AND (h.claim_id = c.id OR h.debtor_id = c.debtor_id)"
        " AND h.lifted_at IS NULL AND (h.until IS NULL OR h.until >= CAST(:today AS date))"
        f" WHERE c.creditor_id = {row}.creditor_id AND c.placement_id = {row}.placement_id)"
    )


_OF_OLD_REQUEST = (
    "EXISTS (SELECT FROM price_request r WHERE r.creditor_id = t.creditor_id AND r.id = t.request_id AND"
    f" {_old_request('r')}"
)
# Books that nobody read whole for so long, and that nobody is reading now.
_UNREAD = (
    "EXISTS (SELECT FROM bookkeeping_connection k WHERE k.creditor_id = t.creditor_id"
    f" AND k.id = t.connection_id AND {_until('coalesce(k.fetched_at, k.connected_at, k.started_at)')})"
    " AND NOT EXISTS (SELECT FROM bookkeeping_fetch f WHERE f.creditor_id = t.creditor_id"
    " AND f.connection_id = t.connection_id AND f.state IN ('running', 'waiting'))"
)

# What goes by its own day, whoever it is about; `:border` is the last day that is over.
KIND_SPOTS: Final[Mapping[Kind, tuple[Spot, ...]]] = {
    Kind.BOOKS: (
        Spot("payer_decision", _OF_LINE, fixed={"iban": "'–'", "payer_key": "'–'"}),
        Spot("suspense_note", _OF_LINE, ("text",)),
        Spot("suspense_case", _OF_LINE, ("park_reason",), key="line_id"),
        Spot("refund_account",
             "t.ended_at IS NOT NULL AND t.given_at IS NOT NULL AND " + _until("t.ended_at"),
             fixed={"iban": "'–'", "holder": "'–'"}),
        Spot("refund", "t.state IN ('paid', 'cancelled', 'rejected') AND " + _until("t.requested_at"),
             ("reason", "ended_why"), fixed={"iban": "'–'", "holder": "'–'"}),
        Spot("sepa_mandate", "EXISTS (SELECT FROM plan p WHERE p.creditor_id = t.creditor_id AND p.id ="
             f" t.plan_id AND p.ended_at IS NOT NULL AND {_until('p.ended_at')})",
             fixed={"iban": "'–'", "holder": "'–'"}),
        Spot("direct_debit_file", "t.collect_on <= :border", ("content",)),
        Spot("remittance_file", _until("t.made_at"), ("content",)),
        Spot("bank_line", "t.booked_on <= :border AND t.state <> 'suspense'",
             ("counterparty", "counterparty_iban", "text", "structured_reference", "match_trace"),
             # What left bears our own reference, by which payouts are proved.
             fixed={"end_to_end": "CASE WHEN t.amount_minor > 0 THEN '' ELSE t.end_to_end END"}),
        Spot("bank_notice", _until("t.imported_at"), ("name", "lines"), files=("t.file_sha256",)),
        Spot("bank_statement", "coalesce(t.closes_on, t.opens_on) <= :border AND NOT EXISTS (SELECT FROM"
             " bank_line l WHERE l.statement_id = t.id AND (l.state = 'suspense' OR l.booked_on > :border))",
             ("name", "warnings"), files=("t.file_sha256",)),
        Spot("ledger_transaction", "t.booked_on <= :border", ("memo",)),
        Spot("held_payment", "t.ended_at IS NOT NULL AND " + _until("t.ended_at"), ("reason",)),
    ),
    Kind.INTAKE_FILE: (
        Spot("staged_chunk", _OLD_PLACEMENT, ("checked", "rejects", "findings"), key="last_row"),
        Spot("placement", _until("t.received_at") + " AND NOT EXISTS (SELECT FROM claim c JOIN legal_hold h"
             " ON h.creditor_id = c.creditor_id AND (h.claim_id = c.id OR h.debtor_id = c.debtor_id)"
             " AND h.lifted_at IS NULL AND (h.until IS NULL OR h.until >= CAST(:today AS date))"
             " WHERE c.creditor_id = t.creditor_id AND c.placement_id = t.id)", ("name", "sheets", "refusal"),
             files=("t.sha256",)),
    ),
    Kind.INTAKE_REJECT: (
        Spot("placement_finding", _OLD_PLACEMENT, ("reason", "value", "source"), key="row"),
        Spot("placement_reject", _OLD_PLACEMENT, ("reason", "value"), key="row"),
        Spot("direct_payment", f"{_FREE} AND {_until('t.reported_at')}", ("why", "given", "file_name")),
    ),
    Kind.UNCLAIMED_UPLOAD: (
        Spot("incoming_decision", "EXISTS (SELECT FROM incoming_document i"
             " WHERE i.creditor_id = t.creditor_id"
             f" AND i.id = t.incoming_id AND i.claim_id IS NULL AND {_until('i.received_at')})",
             ("why", "reasons")),
        Spot("incoming_document", f"{_FREE} AND {_until('t.received_at')}",
             ("name", "signs", "candidates", "why"), files=("t.sha256",)),
        Spot("dropped_file", f"{_FREE} AND {_until('t.received_at')}",
             ("name", "within", "facts", "question"), keyed=("key",), files=("t.sha256",)),
    ),
    Kind.UNMATCHED_MAIL: (
        Spot("inbound", f"t.for_claim_id IS NULL AND t.reply_id IS NULL AND {_until('t.received_at')}",
             ("signs", "from_value", "from_name", "to_value", "subject", "words", "why", "candidates"),
             keyed=("source_key",), files=("t.sha256",)),
    ),
    Kind.CREDITOR_MAIL: (
        Spot("creditor_mail", f"t.state NOT IN ('queued', 'sending') AND {_until('t.created_at')}",
             fixed={"to_value": "''", "subject": "''", "why": "''", "facts": "'{}'::jsonb",
                    "content_sha256": "NULL"}, files=("t.content_sha256",)),
    ),
    Kind.PROVIDER_NOTICE: (
        Spot("inbox", f"t.handled_at IS NOT NULL AND {_until('t.received_at')}", ("body",)),
        Spot("outbox", f"t.done_at IS NOT NULL AND {_until('t.created_at')}", ("last_error",)),
    ),
    Kind.PROGRAM_ANSWER: (Spot("idempotency", _until("t.created_at"), ("body",), delete=True, key="key"),),
    Kind.SESSION: (
        Spot("user_session", _until("t.expires_at"), ("user_agent", "facts", "csrf"), delete=True,
             key="id_sha256"),
    ),
    Kind.USER: (
        Spot("user_account", f"t.disabled_at IS NOT NULL AND {_until('t.disabled_at')}",
             ("password_hash", "totp_secret"), keyed=("email",), fixed={"name": "'–'"}),
    ),
    Kind.PRICE_REQUEST: (
        Spot("price_note", f"{_OF_OLD_REQUEST})", ("words",)),
        # What was agreed on is looked up while a claim of it is kept.
        Spot("price_offer", f"{_OF_OLD_REQUEST} AND (t.state <> 'accepted' OR NOT EXISTS (SELECT FROM claim c"
             " WHERE c.creditor_id = r.creditor_id AND c.placement_id = r.placement_id"
             " AND c.erased_at IS NULL)))", ("conditions",), fixed={"document": _EMPTIED}),
        Spot("price_request", _old_request("t"), ("question", "closed_from", "closed_why")),
    ),
    Kind.BOOKKEEPING_LIST: (
        Spot("booked_invoice", f"{_FREE} AND {_UNREAD}",
             ("number", "customer_ref", "customer_name", "credits", "pass_lines"), keyed=("ref",),
             delete=True),
        Spot("booked_customer", f"{_UNREAD} AND NOT EXISTS (SELECT FROM booked_invoice b"
             " WHERE b.creditor_id = t.creditor_id AND b.connection_id = t.connection_id"
             " AND b.customer_ref = t.ref)", _CUSTOMER, keyed=("ref",), delete=True),
    ),
    Kind.CREDIT_CHECK: (
        Spot("credit_check", f"t.answered_at IS NOT NULL AND {_until('t.asked_at')}",
             ("registration_number", "name", "result", "failure"), keyed=("request_key",)),
    ),
}  # fmt: skip

_CODES = "codes and versions of ours"
_BUSINESS = "a client of the agency and its own settings; kept while it is a client"
_HOUSE = "made by the agency about its own work; no debtor stands in it"
_SEALED = "sealed: a chain of hashes covers it; ids and codes, and reasons that staff wrote"
_PRICE = "what a fee was agreed on: amounts, ages and codes, no person"
_IDS = "ids of ours or of a provider"
_HASHES = "hashes"

# Columns that stay, with the reason; "*" is every text, JSON or bytes of the table.
STAYS: Final[Mapping[str, Mapping[str, str]]] = {
    "api_key": {"*": _BUSINESS},
    "audit_entry": {"*": _SEALED},
    "bank_line": {"*": _IDS + "; our own account; the bank's number of the line"},
    "bank_notice": {"*": _IDS + "; our own account"},
    "bank_statement": {"*": _IDS + "; our own account"},
    "booked_fall": {"payment_ref": _IDS},
    "booked_hours": {"phase": _CODES},
    "bookkeeping_connection": {"*": _BUSINESS},
    "bookkeeping_fetch": {"cursor": "a vendor's mark of how far its list was read"},
    "bookkeeping_handover": {"invoice_ids": _IDS},
    "bookkeeping_tokens": {"sealed": "sealed: what opens a client's books; deleted with its connection"},
    "brand": {"*": _BUSINESS},
    "brand_host": {"*": _BUSINESS},
    "brand_version": {"*": _BUSINESS},
    "call": {"state": _CODES},
    "claim": {"number": _IDS, "payment_reference": _IDS, "close_code": _CODES},
    "column_mapping": {"*": _BUSINESS},
    "completeness_override": {"rule_version": _CODES},
    "credit_check": {"country": _CODES, "provider_ref": _IDS, "vat_percent": _CODES},
    "creditor": {"*": _BUSINESS},
    "creditor_account_change": {"*": _BUSINESS},
    "creditor_mail": {"template": _CODES, "provider_ref": _IDS},
    "creditor_path": {"*": _BUSINESS},
    "creditor_terms": {"*": _BUSINESS},
    "debtor": {"language": "statistics", "country": "statistics", "region": "statistics"},
    "debtor_warning": {"rule_version": _CODES},
    "direct_debit": {"*": _IDS + " and the bank's code"},
    "direct_debit_file": {"message_id": _IDS, "sha256": _HASHES},
    "direct_payment": {"field": _CODES},
    "dispute": {"reason": _CODES, "outcome": _CODES},
    "document": {"sha256": _HASHES, "media_type": _CODES},
    "document_check": {"state": _CODES, "language": _CODES, "rule_version": _CODES},
    "dropped_file": {"sha256": _HASHES, "kind": _CODES},
    "earlier_step": {"faults": _CODES},
    "erased_file": {"*": _HASHES},
    "erasure_item": {"*": "the certificate: numbers, days, rules and counts"},
    "erasure_run": {"*": "the certificate: numbers, days, rules and counts"},
    "event": {"kind": _CODES},
    "experiment": {"*": _HOUSE},
    "experiment_claim": {"*": _CODES},
    "fee_invoice": {"*": "books of a client: its claims by their numbers"},
    "held_payment": {"source_key": _IDS},
    "idempotency": {"*": "the whole row goes"},
    "inbound": {"sha256": _HASHES, "media_type": _CODES},
    "inbox": {"source": _CODES, "external_id": _IDS, "content_sha256": _HASHES},
    "incoming_document": {"sha256": _HASHES, "media_type": _CODES},
    "information_request": {"*": _CODES},
    "inspection_export": {"*": "numbers of ours, and why a supervisor asked"},
    "inspection_export_claim": {"*": _HASHES},
    "insurance_cover": {"insurer": "a company"},
    "invoice": {"kind": _CODES},
    "invoice_series": {"*": _CODES},
    "kept_record": {"*": "trainings of staff, which a supervisor may ask for"},
    "ledger_account": {"*": _CODES},
    "ledger_entry": {"*": _CODES},
    "ledger_transaction": {"kind": _CODES, "source_key": _IDS, "content_sha256": _HASHES},
    "message": {"step": _CODES},
    "message_receipt": {"kind": _CODES, "event_key": _IDS},
    "offer_phase": {"phase": _CODES},
    "onboarding_task": {"*": _BUSINESS},
    "outbox": {"actor": _CODES, "queue": _CODES, "args": _IDS, "key": _IDS},
    "mail_pause": {"*": "counts of mails, and what was found out about them"},
    "path_trial": {"*": _HOUSE},
    "pay_link": {"*": _HASHES},
    "payment": {"source_key": _IDS},
    "payment_intent": {"provider_ref": _IDS, "method": _CODES},
    "placement": {"sha256": _HASHES, "media_type": _CODES, "source": _CODES},
    "placement_finding": {"field": _CODES},
    "placement_reject": {"field": _CODES},
    "placement_row": {"*": _CODES},
    "plan": {"bands": "the terms of the creditor"},
    "price_note": {"side": _CODES},
    "price_offer": {"terms": _PRICE, "writers": _IDS, "review": _CODES, "sha256": _HASHES},
    "price_request": {"number": _IDS, "grounds": _CODES, "wished": _CODES},
    "print_batch": {"*": "counts of letters"},
    "print_batch_letter": {"*": _HASHES},
    "privacy_request": {"trace": _CODES},
    "proof_aside": {"*": "what the house found in its own books, and why it went on"},
    "proof_run": {"*": "counts and ids"},
    "quote": {"*": _PRICE},
    "quote_line": {"*": _PRICE},
    "rate_card": {"*": _HOUSE},
    "rate_card_draft": {"*": _HOUSE},
    "rate_card_trial": {"*": _HOUSE},
    "rate_card_trial_part": {"*": _HOUSE},
    "recovery_outcome": {"*": "statistics"},
    "refund": {"end_to_end": _IDS, "provider_ref": _IDS},
    "remittance_file": {"message_id": _IDS, "sha256": _HASHES},
    "remittance_run": {"*": _BUSINESS},
    "reply": {"sha256": _HASHES},
    "scheduled_run": {"*": _CODES},
    "score_run": {"dispute": _CODES, "rule_version": _CODES},
    "sepa_mandate": {"reference": _IDS},
    "settlement_part": {"*": _IDS},
    "staged_chunk": {"read_as": _CODES},
    "stored_file": {"*": _HASHES},
    "success_fee": {"*": "the fee and how it was worked out: amounts and codes"},
    "suspense_case": {"own_kind": _CODES},
    "template": {"*": _HOUSE},
    "treatment": {"*": _CODES},
    "treatment_path": {"*": _HOUSE},
    "treatment_path_draft": {"*": _HOUSE},
    "treatment_step": {"step": _CODES, "channel": _CODES},
    "user_account": {"roles": _CODES, "language": _CODES, "theme": _CODES},
    "user_session": {"*": "the whole row goes"},
    "work_item": {"key": _IDS},
}
