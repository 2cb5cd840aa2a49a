"""One table: event -> who reacts. The reactions to an event run in one transaction: that of a job of its own,
or of a job for all that its creditor was told at once, as long as none of them fails."""

from agency.arrangements.deciding import free_everywhere, start_everywhere
from agency.arrangements.keeping import (
    check_plan_when_closed,
    check_plan_when_paid,
    check_plan_when_reversed,
)
from agency.arrangements.promises import check_when_paid
from agency.arrangements.remainders import owe_remainder_again, waive_small_remainder
from agency.arrangements.settlements import check_settlement_when_paid, undo_settlement_when_reversed
from agency.banking.collected import see_collected
from agency.banking.jobs import work_statement
from agency.bookkeeping.jobs import documents_later, fetch_later, hand_over_later
from agency.claims.holding_person import free_other_claims, hold_accepted, hold_other_claims
from agency.communication.inbound.opting_out import silence_read, silence_told
from agency.communication.replying import (
    confirm_completed,
    confirm_payment,
    confirm_plan,
    confirm_promise,
    drop_confirmation,
    tell_given_back,
    tell_missed,
)
from agency.credit.jobs import ask_bureau
from agency.desk.call_notes import drop_when_answered, drop_when_bounced
from agency.desk.reacting import (
    ask_about_note,
    ask_when_answered,
    ask_when_wanted,
    call_when_broken,
    call_when_due,
    call_when_missed,
    call_when_plan_ended,
    decide_when_proposed,
    drop_when_ended,
    drop_when_plan_agreed,
    drop_when_promised,
    drop_when_resolved,
    look_into_answer,
    look_into_dispute,
    look_into_disputes,
)
from agency.desk.returned_post import ask_when_post_came_back
from agency.desk.visits import ask_when_refused, call_off_when_left_in_peace, call_off_when_needless
from agency.documents.asking import ask_again_when_removed, ask_when_accepted, solve_when_documented
from agency.documents.incoming import match_when_read
from agency.documents.jobs import check_added, check_attachments, check_when_corrected, keep_score
from agency.events import (
    AccountChangeMoved,
    CallDue,
    CallNoteAnswered,
    ClaimClosed,
    ClaimPaidOff,
    CompletenessOverridden,
    CreditCheckAsked,
    DirectPaymentsReported,
    DisputeAnswered,
    DisputeRaised,
    DisputeResolved,
    DocumentAdded,
    DocumentRemoved,
    DueDateCorrected,
    DuplicateDecided,
    Event,
    EvidenceChecked,
    FetchAsked,
    HoldLifted,
    HoldPlaced,
    InformationExpired,
    InformationSolved,
    InstalmentGivenBack,
    InstalmentMissed,
    InvoicesHandedOver,
    LanguageAsked,
    MessageBounced,
    PartOwedAgain,
    PaymentReceived,
    PaymentReversed,
    PersonWanted,
    PlacementRead,
    PlacementReceived,
    PlanAgreed,
    PlanEnded,
    PlanProposed,
    PlanRefused,
    PriceRiseAccepted,
    PriceRiseDropped,
    PromiseBroken,
    PromiseMade,
    PromiseWithdrawn,
    QuoteAccepted,
    SelectionMade,
    SettlementEnded,
    StatementImported,
    VisitRefused,
)
from agency.intake.drops import file_when_read
from agency.intake.duplicates import find_duplicates
from agency.intake.jobs import book_credits, know_debtors, read_later
from agency.kernel.emitting import Reaction
from agency.parties.contacting import write_as_asked
from agency.pricing.reacting import open_books, price_again, price_no_more, price_read, price_without
from agency.remittance.account_changes import tell_old_contact
from agency.remittance.direct import book_reports
from agency.remittance.paid import see_paid_runs
from agency.remittance.refund_orders import see_refunded
from agency.screening.jobs import screen_before_contact, screen_placement
from agency.treatment.reacting import (
    begin_placement,
    plan_again_when_corrected,
    resume_when_broken,
    resume_when_informed,
    resume_when_owed_again,
    resume_when_plan_ended,
    resume_when_price_answered,
    resume_when_resolved,
    resume_when_reversed,
    stop_when_disputed,
    stop_when_ended,
    write_when_bounced,
)

REACTIONS: dict[type[Event], tuple[Reaction, ...]] = {
    PlacementReceived: (read_later,),
    PlacementRead: (
        price_read,
        know_debtors,
        silence_read,
        book_credits,
        match_when_read,
        file_when_read,
        check_attachments,
        find_duplicates,
        screen_placement,
    ),
    DocumentAdded: (price_again, check_added, solve_when_documented),
    DocumentRemoved: (price_again, ask_again_when_removed),
    EvidenceChecked: (price_again, keep_score),
    CompletenessOverridden: (price_again, keep_score),
    # The books are opened before treatment starts: what is asked must be owed, and what is needed known. The
    # registers are asked before it too: who is not known to be clear is not written to.
    QuoteAccepted: (
        open_books,
        ask_when_accepted,
        screen_before_contact,
        hold_accepted,
        begin_placement,
        look_into_disputes,
    ),
    DuplicateDecided: (price_without,),
    CreditCheckAsked: (ask_bureau,),
    FetchAsked: (fetch_later,),
    SelectionMade: (hand_over_later,),
    InvoicesHandedOver: (documents_later,),
    InformationSolved: (silence_told, resume_when_informed),
    InformationExpired: (resume_when_informed,),
    ClaimPaidOff: (stop_when_ended, drop_when_ended, call_off_when_needless, price_no_more),
    ClaimClosed: (
        stop_when_ended,
        drop_when_ended,
        call_off_when_needless,
        price_no_more,
        check_plan_when_closed,
    ),
    PartOwedAgain: (resume_when_owed_again, price_again),
    PriceRiseAccepted: (resume_when_price_answered,),
    PriceRiseDropped: (resume_when_price_answered,),
    CallDue: (call_when_due,),
    CallNoteAnswered: (ask_about_note, drop_when_answered),
    PersonWanted: (ask_when_wanted,),
    VisitRefused: (ask_when_refused,),
    LanguageAsked: (write_as_asked,),
    HoldPlaced: (look_into_answer, hold_other_claims, call_off_when_left_in_peace),
    HoldLifted: (free_other_claims,),
    DisputeRaised: (price_again, stop_when_disputed, look_into_dispute, call_off_when_needless),
    DisputeAnswered: (ask_when_answered,),
    DueDateCorrected: (price_again, plan_again_when_corrected, check_when_corrected),
    DisputeResolved: (price_again, resume_when_resolved, drop_when_resolved),
    MessageBounced: (write_when_bounced, ask_when_post_came_back, drop_when_bounced),
    # A small remainder is waived before anything is judged or told: the claim was paid.
    PaymentReceived: (
        waive_small_remainder,
        check_when_paid,
        check_plan_when_paid,
        check_settlement_when_paid,
        confirm_payment,
    ),
    # What was waived because it was paid is owed again before the path is taken up.
    PaymentReversed: (
        owe_remainder_again,
        check_plan_when_reversed,
        undo_settlement_when_reversed,
        resume_when_reversed,
        price_again,
    ),
    PromiseMade: (confirm_promise, drop_when_promised, call_off_when_needless),
    PromiseBroken: (resume_when_broken, call_when_broken),
    PromiseWithdrawn: (drop_confirmation, resume_when_broken),
    PlanProposed: (decide_when_proposed,),
    PlanAgreed: (start_everywhere, drop_when_plan_agreed, confirm_plan, call_off_when_needless),
    PlanRefused: (free_everywhere, resume_when_plan_ended),
    InstalmentGivenBack: (tell_given_back,),
    InstalmentMissed: (call_when_missed, tell_missed),
    PlanEnded: (resume_when_plan_ended, call_when_plan_ended, confirm_completed),
    SettlementEnded: (resume_when_plan_ended,),
    StatementImported: (see_paid_runs, see_refunded, see_collected, work_statement),
    AccountChangeMoved: (tell_old_contact,),
    DirectPaymentsReported: (book_reports,),
}
