"""Every table of the agency, imported in one place for migrations and for the guards that walk them."""

from sqlmodel import SQLModel

from agency.arrangements import models as arrangements
from agency.banking import models as banking
from agency.bookkeeping import models as bookkeeping
from agency.claims import models as claims
from agency.communication import models as communication
from agency.communication.inbound import models as inbound
from agency.communication.print_batches import models as print_batches
from agency.communication.sender_health import models as sender_health
from agency.credit import models as credit
from agency.desk import models as desk
from agency.disputes import models as disputes
from agency.documents import models as documents
from agency.documents import waiting
from agency.early_warning import models as early_warning
from agency.intake import models as intake
from agency.kernel import models as kernel
from agency.ledger import models as ledger
from agency.parties import models as parties
from agency.payments import models as payments
from agency.pricing import models as pricing
from agency.privacy import models as privacy
from agency.remittance import models as remittance
from agency.screening import models as screening
from agency.treatment import models as treatment

ROOMS = (
    arrangements, banking, bookkeeping, claims, communication, credit, desk, disputes, documents,
    early_warning, inbound, intake, kernel, ledger, parties, payments, pricing, print_batches,
    privacy, remittance, screening, sender_health, treatment, waiting,
)  # fmt: skip

# Tables that belong to no creditor. Everything else carries creditor_id in its key and is walled off.
GLOBAL_TABLES = frozenset(
    {
        "bank_line",
        "bank_notice",
        "bank_statement",
        "clock",
        "creditor",
        "debtor_identity",
        "direct_debit_file",
        "erasure_item",
        "erasure_run",
        "experiment",
        "inbox",
        "inspection_export",
        "inspection_export_claim",
        "invoice_series",
        "outbox",
        "path_trial",
        "proof_aside",
        "proof_run",
        "rate_card",
        "rate_card_draft",
        "rate_card_trial",
        "rate_card_trial_part",
        "recovery_outcome",
        "remittance_file",
        "scheduled_run",
        "suspense_case",
        "suspense_note",
        "template",
        "treatment_path",
        "treatment_path_draft",
        "user_account",
        "user_session",
    }
)

metadata = SQLModel.metadata
