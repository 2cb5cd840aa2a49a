"""One table: event -> who reacts. Every reaction runs in its own job, with the event's own transaction."""

from agency.arrangements.promises import check_when_paid
from agency.banking.jobs import work_statement
from agency.communication.replying import confirm_payment, confirm_promise
from agency.desk.reacting import (
    ask_when_wanted,
    call_when_broken,
    call_when_due,
    drop_when_paid,
    drop_when_promised,
    drop_when_resolved,
    look_into_answer,
    look_into_dispute,
    look_into_disputes,
)
from agency.documents.jobs import check_added, check_attachments, keep_score
from agency.events import (
    CallDue,
    ClaimPaidOff,
    CompletenessOverridden,
    DisputeRaised,
    DisputeResolved,
    DocumentAdded,
    Event,
    EvidenceChecked,
    HoldPlaced,
    MessageBounced,
    PaymentReceived,
    PaymentReversed,
    PersonWanted,
    PlacementRead,
    PlacementReceived,
    PromiseBroken,
    PromiseMade,
    QuoteAccepted,
    StatementImported,
)
from agency.intake.jobs import book_credits, know_debtors, read_later
from agency.kernel.emitting import Reaction
from agency.pricing.reacting import open_books, price_again, price_read
from agency.remittance.paid import see_paid_runs
from agency.treatment.reacting import (
    begin_placement,
    resume_when_broken,
    resume_when_resolved,
    resume_when_reversed,
    stop_when_disputed,
    stop_when_paid,
    write_when_bounced,
)

REACTIONS: dict[type[Event], tuple[Reaction, ...]] = {
    PlacementReceived: (read_later,),
    PlacementRead: (price_read, know_debtors, book_credits, check_attachments),
    DocumentAdded: (price_again, check_added),
    EvidenceChecked: (price_again, keep_score),
    CompletenessOverridden: (price_again, keep_score),
    # The books are opened before treatment starts: what is asked must be owed.
    QuoteAccepted: (open_books, begin_placement, look_into_disputes),
    ClaimPaidOff: (stop_when_paid, drop_when_paid),
    CallDue: (call_when_due,),
    PersonWanted: (ask_when_wanted,),
    HoldPlaced: (look_into_answer,),
    DisputeRaised: (price_again, stop_when_disputed, look_into_dispute),
    DisputeResolved: (price_again, resume_when_resolved, drop_when_resolved),
    MessageBounced: (write_when_bounced,),
    PaymentReceived: (check_when_paid, confirm_payment),
    PaymentReversed: (resume_when_reversed,),
    PromiseMade: (confirm_promise, drop_when_promised),
    PromiseBroken: (resume_when_broken, call_when_broken),
    StatementImported: (see_paid_runs, work_statement),
}
