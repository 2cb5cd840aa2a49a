"""The catalogue of what can happen: frozen records, named in the past tense.

Every event becomes a row on its claim's timeline. `creditor_sees` puts it on the creditor's timeline
too; `reacts` says that `agency.reactions` has an entry for it, which then runs as a job.
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a claim (or, with no claim, to a creditor)."""

    creditor_sees: ClassVar[bool] = True
    reacts: ClassVar[bool] = False

    creditor_id: UUID
    claim_id: UUID | None = None

    @property
    def kind(self) -> str:
        """The stable name that stands in the database."""
        return type(self).__name__

    def facts(self) -> dict[str, Any]:
        """This function will return the event's own fields as plain JSON values."""
        return {
            field.name: _plain(getattr(self, field.name))
            for field in fields(self)
            if field.name not in ("creditor_id", "claim_id")
        }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str | list | dict) else str(value)


# --- intake, documents, pricing ---


@dataclass(frozen=True, kw_only=True)
class PlacementReceived(Event):
    """A creditor handed over a file or a form."""

    reacts: ClassVar[bool] = True
    placement_id: UUID
    name: str


@dataclass(frozen=True, kw_only=True)
class PlacementRead(Event):
    """The rows were mapped and checked.

    `requote` are placements with an open price whose facts changed; `credited` are claims in collection
    that a credit note lowered.
    """

    reacts: ClassVar[bool] = True
    placement_id: UUID
    rows: int
    created: int
    updated: int
    merged: int
    rejected: int
    requote: list[str]
    credited: list[str]


@dataclass(frozen=True, kw_only=True)
class DocumentAdded(Event):
    """A file was added to a claim's dossier."""

    reacts: ClassVar[bool] = True
    document_id: UUID
    document_kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class EvidenceChecked(Event):
    """A document was read and compared with its claim, or a person judged it: what it counts for changed."""

    reacts: ClassVar[bool] = True
    document_id: UUID
    document_kind: str
    name: str
    standing: str
    by_person: bool = False


@dataclass(frozen=True, kw_only=True)
class DocumentRemoved(Event):
    """A file that was in the wrong claim's dossier was taken out of it."""

    reacts: ClassVar[bool] = True
    document_id: UUID
    document_kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class CompletenessOverridden(Event):
    """A person lifted the completeness of a claim (`at_least`), or took that back (0)."""

    reacts: ClassVar[bool] = True
    at_least: int


@dataclass(frozen=True, kw_only=True)
class DocumentsWait(Event):
    """Files came of which nobody can tell yet to which claim they belong."""

    documents: int


@dataclass(frozen=True, kw_only=True)
class InformationAsked(Event):
    """Claims miss something that must be known before their debtors are contacted."""

    claims: int
    due_on: str


@dataclass(frozen=True, kw_only=True)
class InformationSolved(Event):
    """Everything that was asked about a claim is known now."""

    reacts: ClassVar[bool] = True
    request_id: UUID


@dataclass(frozen=True, kw_only=True)
class InformationExpired(Event):
    """What was asked about a claim did not come in time; `outcome` is started_without or returned."""

    reacts: ClassVar[bool] = True
    request_id: UUID
    outcome: str


@dataclass(frozen=True, kw_only=True)
class DossierAsked(Event):
    """Somebody asked for a claim's dossier as one bundle."""

    creditor_sees: ClassVar[bool] = False
    dossier_id: UUID


@dataclass(frozen=True, kw_only=True)
class DossierBuilt(Event):
    """A claim's dossier is ready."""

    creditor_sees: ClassVar[bool] = False
    dossier_id: UUID
    pages: int


@dataclass(frozen=True, kw_only=True)
class QuoteIssued(Event):
    """A binding price was offered."""

    quote_id: UUID
    fee_bps: int


@dataclass(frozen=True, kw_only=True)
class QuoteAccepted(Event):
    """The creditor accepted: the mandate stands and treatment may start."""

    reacts: ClassVar[bool] = True
    quote_id: UUID
    placement_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class QuoteDeclined(Event):
    """The creditor declined."""

    quote_id: UUID


# --- claims and disputes ---


@dataclass(frozen=True, kw_only=True)
class ClaimMoved(Event):
    """A claim went from one state to another."""

    from_state: str
    to_state: str
    why: str


@dataclass(frozen=True, kw_only=True)
class ClaimPaidOff(Event):
    """Nothing is owed any more; pending contacts are cancelled."""

    reacts: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ClaimClosed(Event):
    """Collection ended without payment: given up, or credited in full; pending contacts are cancelled."""

    reacts: ClassVar[bool] = True
    close_code: str


@dataclass(frozen=True, kw_only=True)
class GivingUpAsked(Event):
    """Somebody asks a person of more authority to give up a part of a claim."""

    creditor_sees: ClassVar[bool] = False
    request_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PartGivenUp(Event):
    """A part of what is owed was given up; `act` is "waiver" or "write_off"."""

    act: str
    amount_minor: int
    currency: str
    why: str


@dataclass(frozen=True, kw_only=True)
class PartOwedAgain(Event):
    """What was given up is owed again."""

    reacts: ClassVar[bool] = True
    act: str
    amount_minor: int
    currency: str
    why: str


@dataclass(frozen=True, kw_only=True)
class HoldPlaced(Event):
    """Nothing may leave for this claim until the hold is lifted."""

    reacts: ClassVar[bool] = True
    hold_id: UUID
    ground: str


@dataclass(frozen=True, kw_only=True)
class HoldLifted(Event):
    """The claim may be worked again."""

    hold_id: UUID
    ground: str


@dataclass(frozen=True, kw_only=True)
class DisputeRaised(Event):
    """The debtor disputes all or part; collection stops for it."""

    reacts: ClassVar[bool] = True
    dispute_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class DisputeAnswered(Event):
    """The creditor said what it thinks of a dispute; a collector looks at it."""

    reacts: ClassVar[bool] = True
    dispute_id: UUID


@dataclass(frozen=True, kw_only=True)
class DisputeResolved(Event):
    """A dispute got an outcome."""

    reacts: ClassVar[bool] = True
    dispute_id: UUID
    outcome: str


@dataclass(frozen=True, kw_only=True)
class EarlierStepKnown(Event):
    """The creditor told of a reminder, notice or call of its own; `faults` are what the law finds wrong."""

    step_kind: str
    channel: str
    sent_on: str
    faults: list[str]


@dataclass(frozen=True, kw_only=True)
class CoverChanged(Event):
    """The creditor told of its credit insurance on the claim."""

    insurer: str
    notify_by: str
    notified_on: str | None = None


@dataclass(frozen=True, kw_only=True)
class DuplicateDecided(Event):
    """A person said whether two claims that look alike are one; the younger of one is withdrawn."""

    reacts: ClassVar[bool] = True
    duplicate_id: UUID
    answer: str
    placement_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class DebtorFoundInRegister(Event):
    """A public register knows something of the debtor that stops collection."""

    ground: str
    register: str
    since: str


@dataclass(frozen=True, kw_only=True)
class CreditCheckAsked(Event):
    """A creditor asked about a company; it concerns no claim."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    check_id: UUID


@dataclass(frozen=True, kw_only=True)
class CreditChecked(Event):
    """A credit check was answered; it concerns no claim."""

    check_id: UUID
    state: str


# --- treatment and communication ---


@dataclass(frozen=True, kw_only=True)
class TreatmentStarted(Event):
    """A treatment path was pinned to the claim."""

    path: str
    version: int


@dataclass(frozen=True, kw_only=True)
class MessageSent(Event):
    """A message was accepted by its provider."""

    message_id: UUID
    channel: str
    step: str


@dataclass(frozen=True, kw_only=True)
class MessageDelivered(Event):
    """The provider says that the message arrived."""

    message_id: UUID
    channel: str


@dataclass(frozen=True, kw_only=True)
class MessageOpened(Event):
    """The debtor opened the message."""

    message_id: UUID
    channel: str


@dataclass(frozen=True, kw_only=True)
class MessageBounced(Event):
    """The message could not be delivered."""

    reacts: ClassVar[bool] = True
    message_id: UUID
    channel: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class MessageRefused(Event):
    """The law or a hold forbade the message at the moment of sending."""

    message_id: UUID
    channel: str
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class PathTried(Event):
    """The try-out of a draft path has come further; only nudges open pages."""

    creditor_sees: ClassVar[bool] = False
    draft_id: UUID


@dataclass(frozen=True, kw_only=True)
class PathChanged(Event):
    """A claim follows another version of its path from here on, where it stood."""

    creditor_sees: ClassVar[bool] = False
    path: str
    version: int
    before: int


@dataclass(frozen=True, kw_only=True)
class CallDue(Event):
    """The path has come to a phone call: a collector is asked to make it."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    step: str
    cycle: int
    why: str


@dataclass(frozen=True, kw_only=True)
class ReplyReceived(Event):
    """The debtor wrote; the path stands still until a person has read it. `topic` is the likeliest."""

    reply_id: UUID
    channel: str
    topic: str


@dataclass(frozen=True, kw_only=True)
class ReplyDecided(Event):
    """A person read what the debtor wrote: answered, closed without, or withdrawn from the claim."""

    creditor_sees: ClassVar[bool] = False
    reply_id: UUID
    decision: str
    topic: str


@dataclass(frozen=True, kw_only=True)
class InboundNoted(Event):
    """A machine answered one of our messages (`inbound_kind`): kept, and nothing follows from it."""

    creditor_sees: ClassVar[bool] = False
    inbound_id: UUID
    inbound_kind: str


@dataclass(frozen=True, kw_only=True)
class DebtorOptedOut(Event):
    """The debtor wants no more messages by this channel; it is not used any more."""

    channel: str


@dataclass(frozen=True, kw_only=True)
class MessageWaitsForClaim(Event):
    """Something came in of which nobody can tell yet to which claim it belongs; told under the house."""

    creditor_sees: ClassVar[bool] = False
    inbound_id: UUID
    why: str


@dataclass(frozen=True, kw_only=True)
class CallNoteSent(Event):
    """What a call agreed on was written to the debtor, to be confirmed or corrected."""

    creditor_sees: ClassVar[bool] = False
    note_id: UUID
    agreed: str


@dataclass(frozen=True, kw_only=True)
class CallNoteAnswered(Event):
    """The debtor confirmed or corrected what a call agreed on, or did not answer in time (`answer`)."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    note_id: UUID
    answer: str
    agreed: str


# --- payments and promises ---


@dataclass(frozen=True, kw_only=True)
class PayLinkOpened(Event):
    """The debtor opened the pay page."""

    link_id: UUID


@dataclass(frozen=True, kw_only=True)
class PaymentStarted(Event):
    """The debtor went to the payment provider."""

    intent_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentReceived(Event):
    """Money for this claim was booked."""

    reacts: ClassVar[bool] = True
    payment_id: UUID
    amount_minor: int
    currency: str
    source: str


@dataclass(frozen=True, kw_only=True)
class PaymentHeld(Event):
    """Money came in that may not be booked on its claim; finance decides what becomes of it."""

    creditor_sees: ClassVar[bool] = False
    amount_minor: int
    currency: str
    source: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PaymentReversed(Event):
    """A booked payment was taken back."""

    reacts: ClassVar[bool] = True
    payment_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundRequested(Event):
    """Somebody asked that money goes back to who paid it; another person decides."""

    creditor_sees: ClassVar[bool] = False
    refund_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundAccountGiven(Event):
    """The debtor named the account to which his money may go back."""

    creditor_sees: ClassVar[bool] = False
    request_id: UUID


@dataclass(frozen=True, kw_only=True)
class RefundPaid(Event):
    """Money went back: seen on the bank, or carried out by the payment provider."""

    creditor_sees: ClassVar[bool] = False
    refund_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundEnded(Event):
    """A refund came to nothing; the money is owed back as before."""

    creditor_sees: ClassVar[bool] = False
    refund_id: UUID
    amount_minor: int
    currency: str
    why: str


@dataclass(frozen=True, kw_only=True)
class PromiseMade(Event):
    """The debtor promised to pay on a date; the path pauses."""

    reacts: ClassVar[bool] = True
    promise_id: UUID
    amount_minor: int
    currency: str
    due_on: str


@dataclass(frozen=True, kw_only=True)
class PromiseKept(Event):
    """The promised amount arrived in time."""

    promise_id: UUID


@dataclass(frozen=True, kw_only=True)
class PromiseBroken(Event):
    """The promised amount did not arrive in time."""

    reacts: ClassVar[bool] = True
    promise_id: UUID


@dataclass(frozen=True, kw_only=True)
class PlanProposed(Event):
    """The debtor asked for a payment plan outside the creditor's bands.

    `lead` marks the first claim of a plan over several: what is done once for a plan is done there.
    """

    reacts: ClassVar[bool] = True
    plan_id: UUID
    reasons: list[str]
    lead: bool


@dataclass(frozen=True, kw_only=True)
class PlanOffered(Event):
    """A collector offered the debtor a payment plan."""

    plan_id: UUID
    lead: bool


@dataclass(frozen=True, kw_only=True)
class PlanAgreed(Event):
    """A payment plan was agreed: the first instalment is `amount_minor` on `due_on`."""

    reacts: ClassVar[bool] = True
    plan_id: UUID
    amount_minor: int
    currency: str
    due_on: str
    total_minor: int
    lead: bool


@dataclass(frozen=True, kw_only=True)
class PlanRefused(Event):
    """A payment plan did not come about: refused, declined, or not answered in time (`outcome`)."""

    reacts: ClassVar[bool] = True
    plan_id: UUID
    outcome: str
    lead: bool


@dataclass(frozen=True, kw_only=True)
class InstalmentMissed(Event):
    """An instalment did not arrive within its days of grace; the plan goes on."""

    reacts: ClassVar[bool] = True
    plan_id: UUID
    number: int
    due_on: str
    amount_minor: int
    currency: str
    lead: bool


@dataclass(frozen=True, kw_only=True)
class PlanEnded(Event):
    """A payment plan ended: completed, broken or cancelled (`outcome`)."""

    reacts: ClassVar[bool] = True
    plan_id: UUID
    outcome: str
    lead: bool


@dataclass(frozen=True, kw_only=True)
class SettlementOffered(Event):
    """A smaller sum was offered for full discharge; `waiting` when the creditor decides first."""

    settlement_id: UUID
    amount_minor: int
    currency: str
    due_on: str
    waiting: bool


@dataclass(frozen=True, kw_only=True)
class SettlementKept(Event):
    """The settlement was paid in time and the rest was waived."""

    settlement_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class SettlementEnded(Event):
    """A settlement came to nothing (lapsed, refused, cancelled): the full amount stands again."""

    reacts: ClassVar[bool] = True
    settlement_id: UUID
    outcome: str


@dataclass(frozen=True, kw_only=True)
class MandateSigned(Event):
    """The debtor lets the instalments of a plan be collected from an account."""

    creditor_sees: ClassVar[bool] = False
    mandate_id: UUID
    plan_id: UUID


@dataclass(frozen=True, kw_only=True)
class MandateRevoked(Event):
    """A mandate was taken back; nothing is collected any more."""

    creditor_sees: ClassVar[bool] = False
    mandate_id: UUID
    plan_id: UUID


# --- desk ---


@dataclass(frozen=True, kw_only=True)
class PersonWanted(Event):
    """The path asks for a person; `kind` is one of the desk's kinds of work, `key` asks once."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    work_kind: str
    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CallMade(Event):
    """A collector called."""

    call_id: UUID
    disposition: str


@dataclass(frozen=True, kw_only=True)
class CallReported(Event):
    """The telephone provider told what became of a call: answered, busy, no_answer, failed or completed."""

    creditor_sees: ClassVar[bool] = False
    call_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True)
class NoteAdded(Event):
    """A collector wrote something down."""

    creditor_sees: ClassVar[bool] = False
    note_id: UUID


# --- banking and remittance ---


@dataclass(frozen=True, kw_only=True)
class StatementImported(Event):
    """A bank statement was booked."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    statement_id: UUID
    lines: int


@dataclass(frozen=True, kw_only=True)
class RemittanceDrafted(Event):
    """A payout to the creditor was prepared."""

    creditor_sees: ClassVar[bool] = False
    run_id: UUID
    net_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RemittanceApproved(Event):
    """A second person approved the payout."""

    run_id: UUID
    net_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RemittancePaid(Event):
    """The payout was seen on the bank."""

    run_id: UUID
    net_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RemittanceReturned(Event):
    """The bank did not pay the payout, or the money came back; it will be paid again."""

    run_id: UUID
    net_minor: int
    currency: str
    why: str


@dataclass(frozen=True, kw_only=True)
class FeeInvoiced(Event):
    """The agency issued an invoice for its fees, or a credit note (`document`)."""

    invoice_id: UUID
    number: str
    document: str
    total_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class AccountChangeMoved(Event):
    """A change of the creditor's account was asked, approved, put in force or stopped."""

    reacts: ClassVar[bool] = True
    change_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True)
class DirectPaymentsReported(Event):
    """The creditor reported money that it received itself, or took a report back."""

    reacts: ClassVar[bool] = True
    report_id: UUID
    payments: int


EVENTS: dict[str, type[Event]] = {event.__name__: event for event in Event.__subclasses__()}


def from_row(*, kind: str, creditor_id: UUID, claim_id: UUID | None, facts: dict[str, Any]) -> Event:
    """This function will rebuild the event that stands in a row.

    UUID fields come back as UUID; unknown fields of an older or newer version are ignored.

    :raises KeyError: the kind is not in the catalogue.
    """
    event_type = EVENTS[kind]
    values: dict[str, Any] = {}
    for field in fields(event_type):
        if field.name in facts:
            value = facts[field.name]
            values[field.name] = UUID(value) if value and field.name.endswith("_id") else value
    return event_type(creditor_id=creditor_id, claim_id=claim_id, **values)
