"""Tables of the parties. Global: creditor (the tenant), user_account, user_session, debtor_identity."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field, SQLModel

from agency.kernel.columns import (
    CreditorRow,
    Minor,
    PartRow,
    Timestamped,
    choice,
    json_field,
    moment_field,
    within_creditor,
)
from agency.kernel.drafts import Draft
from agency.kernel.ids import new_id
from agency.rules.contract_split import Keeper
from agency.rules.facts import DebtorKind
from agency.rules.goals import Emphasis
from agency.rules.onboarding import TaskKind
from agency.rules.payout import PayoutCycle
from agency.rules.products import HandOver, Product


class Audience(StrEnum):
    """Who a user is; each audience has its own door."""

    STAFF = "staff"
    CREDITOR = "creditor"


class Role(StrEnum):
    """What a user may do; a user has one or more."""

    COLLECTOR = "collector"
    FINANCE = "finance"
    ADMIN = "admin"
    CREDITOR_CLERK = "creditor_clerk"
    CREDITOR_MANAGER = "creditor_manager"


class ContactChannel(StrEnum):
    """A kind of contact point."""

    EMAIL = "email"
    PHONE = "phone"


class ContactState(StrEnum):
    """Whether a contact point may be used."""

    USABLE = "usable"
    BOUNCED = "bounced"
    OPTED_OUT = "opted_out"
    WRONG = "wrong"


class RemittanceMode(StrEnum):
    """Net: the fee is kept from the payout; gross: everything is paid out and the fee invoiced; combined: the
    fee on what the agency collected is kept, the fee on what the creditor got itself is invoiced."""

    NET = "net"
    GROSS = "gross"
    COMBINED = "combined"


class Creditor(Timestamped, table=True):
    """A client of the agency; the agency itself stands here too, as the house."""

    __tablename__ = "creditor"
    __table_args__ = (UniqueConstraint("reference"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    reference: str
    name: str
    country: str
    language: str = "nl"
    registration_number: str | None = None
    vat_number: str | None = None
    vat_deductible: bool = True
    iban: str | None = None
    iban_holder: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None


class CreditorTerms(CreditorRow, Timestamped, table=True):
    """What was agreed with a creditor, from a date on; the latest row that has begun counts."""

    __tablename__ = "creditor_terms"
    __table_args__ = (
        UniqueConstraint("creditor_id", "valid_from"),
        CheckConstraint("payout_day BETWEEN 1 AND 31", name="payout_day"),
        CheckConstraint("payout_from_minor >= 0", name="payout_from"),
        CheckConstraint("free_demand_days >= 0", name="free_demand"),
        CheckConstraint(
            "withdrawal_bps BETWEEN 0 AND 10000 AND withdrawal_minimum_minor >= 0", name="withdrawal"
        ),
    )

    valid_from: date
    remittance_mode: RemittanceMode = Field(
        default=RemittanceMode.NET, sa_type=choice(RemittanceMode, "remittance_mode")
    )
    interest_to: Keeper = Field(default=Keeper.CREDITOR, sa_type=choice(Keeper, "interest_to"))
    costs_to: Keeper = Field(default=Keeper.AGENCY, sa_type=choice(Keeper, "costs_to"))
    # Belgium: indemnity and interest on a consumer need a reciprocal clause in the terms (WER XIX.4).
    costs_clause: bool = False
    contractual_interest_percent: str | None = None
    reminder_in_creditors_name: bool = True
    # When a payout falls due: an ISO weekday (weekly) or a day of the month (monthly), and the least amount.
    payout_cycle: PayoutCycle = Field(
        default=PayoutCycle.DAILY,
        sa_type=choice(PayoutCycle, "payout_cycle"),
        sa_column_kwargs={"server_default": "daily"},
    )
    payout_day: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    payout_from_minor: int = Field(default=0, sa_type=Minor, sa_column_kwargs={"server_default": "0"})
    # What is paid within so many days after acceptance bears no fee; what a withdrawal costs.
    free_demand_days: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    withdrawal_bps: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    withdrawal_minimum_minor: int = Field(default=0, sa_type=Minor, sa_column_kwargs={"server_default": "0"})


class CreditorGoals(CreditorRow, Timestamped, table=True):
    """What a creditor wants of collection: asked once, changed by a new row; the newest counts."""

    __tablename__ = "creditor_goals"
    __table_args__ = (
        Index("ix_creditor_goals_newest", "creditor_id", "created_at"),
        CheckConstraint("maximum_fee_bps BETWEEN 1 AND 10000", name="maximum_fee"),
    )

    emphasis: Emphasis = Field(sa_type=choice(Emphasis, "emphasis"))
    maximum_fee_bps: int | None = None
    by: str


class ProductChoice(CreditorRow, table=True):
    """What a creditor hands over, and from which step on; a new row changes it, the newest counts.

    Without a placement it is the standing choice.
    """

    __tablename__ = "product_choice"
    __table_args__ = (
        within_creditor("placement_id", "placement"),
        Index("ix_product_choice_newest", "creditor_id", "placement_id", "chosen_at"),
    )

    placement_id: UUID | None = None
    product: Product = Field(sa_type=choice(Product, "product"))
    hand_over: HandOver = Field(sa_type=choice(HandOver, "hand_over"))
    chosen_at: datetime = moment_field()
    chosen_by: str


class HostUse(StrEnum):
    """What a host name of a creditor is for."""

    MAIL = "mail"  # its mail comes from this domain
    PAY = "pay"  # its debtors pay at this host
    INBOUND = "inbound"  # answers to its mail come in at this domain


class HostState(StrEnum):
    """asked -> pending -> valid <-> broken; `asked` means that the provider's answer is not known yet."""

    ASKED = "asked"
    PENDING = "pending"
    VALID = "valid"
    BROKEN = "broken"
    REFUSED = "refused"


class Brand(CreditorRow, Timestamped, table=True):
    """How a creditor looks and signs towards debtors now: what its newest published version says."""

    __tablename__ = "brand"
    __table_args__ = (
        UniqueConstraint("creditor_id", "name"),
        within_creditor("version_id", "brand_version"),
    )

    name: str
    colour: str = "#0b5cad"
    ink: str = Field(default="#ffffff", sa_column_kwargs={"server_default": "#ffffff"})
    accent: str = Field(default="#0b5cad", sa_column_kwargs={"server_default": "#0b5cad"})
    font: str = Field(default="plain", sa_column_kwargs={"server_default": "plain"})
    logo_sha256: str | None = None
    letterhead: str = Field(default="", sa_column_kwargs={"server_default": ""})
    sender_name: str
    sender_email: str
    reply_to: str
    sms_sender: str
    phone: str
    caller_id: str = Field(default="", sa_column_kwargs={"server_default": ""})
    pay_host: str = Field(default="", sa_column_kwargs={"server_default": ""})
    footer: str = ""
    pay_text: dict[str, Any] = json_field(default_factory=dict, sa_column_kwargs={"server_default": "{}"})
    version_id: UUID | None = None


class BrandVersion(Draft, CreditorRow, table=True):
    """One version of a brand, never changed once it is published.

    `content` are the fields of `agency.rules.brand.BrandDesign`.
    """

    __tablename__ = "brand_version"
    __table_args__ = (
        Index(
            "uq_brand_version_number", "creditor_id", "version", unique=True,
            postgresql_where="version IS NOT NULL",
        ),
        Index(
            "uq_brand_version_open", "creditor_id", unique=True,
            postgresql_where="state IN ('draft', 'submitted')",
        ),
    )  # fmt: skip


class BrandHost(CreditorRow, Timestamped, table=True):
    """A domain or host of a creditor, the records that it must set, and whether they were found there.

    `records` are plain `{"host", "kind", "value", "valid", "reason"}`; `provider_ref` is the provider's id.
    """

    __tablename__ = "brand_host"
    __table_args__ = (UniqueConstraint("creditor_id", "use", "name"),)

    use: HostUse = Field(sa_type=choice(HostUse, "use"))
    name: str
    state: HostState = Field(default=HostState.ASKED, sa_type=choice(HostState, "state"))
    provider_ref: str | None = None
    records: list[Any] = json_field(default_factory=list)
    checked_at: datetime | None = moment_field(default=None)
    valid_since: datetime | None = moment_field(default=None)
    why: str = ""


class DebtorIdentity(Timestamped, table=True):
    """The same person behind debtors of several creditors; only the agency sees it."""

    __tablename__ = "debtor_identity"
    __table_args__ = (UniqueConstraint("match_key"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    match_key: str


class Debtor(CreditorRow, Timestamped, table=True):
    """Who owes one creditor. `name` stands as given (trimmed); `name_key` is for finding."""

    __tablename__ = "debtor"
    __table_args__ = (
        UniqueConstraint("creditor_id", "reference"),
        Index("ix_debtor_name_key", "creditor_id", "name_key"),
        Index("ix_debtor_identity", "identity_id"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
    )

    reference: str
    kind: DebtorKind = Field(sa_type=choice(DebtorKind, "kind"))
    name: str
    name_key: str
    registration_number: str | None = None
    vat_number: str | None = None
    iban: str | None = None  # the account it pays from, as the creditor knows it
    birth_date: date | None = None
    language: str = "nl"
    country: str
    region: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    identity_id: UUID | None = Field(default=None, foreign_key="debtor_identity.id")


class DebtorRelation(PartRow, table=True):
    """Whether a creditor wants to keep a debtor as a customer; a new row changes it, the newest counts."""

    __tablename__ = "debtor_relation"
    __table_args__ = (
        within_creditor("debtor_id", "debtor"),
        Index("ix_debtor_relation_newest", "creditor_id", "debtor_id", "marked_at"),
    )

    debtor_id: UUID
    important: bool
    why: str = ""
    marked_at: datetime = moment_field()
    marked_by: str


class ContactPoint(PartRow, Timestamped, table=True):
    """An e-mail address or phone number of a debtor."""

    __tablename__ = "contact_point"
    __table_args__ = (
        within_creditor("debtor_id", "debtor"),
        UniqueConstraint("creditor_id", "debtor_id", "channel", "value"),
    )

    debtor_id: UUID
    channel: ContactChannel = Field(sa_type=choice(ContactChannel, "channel"))
    value: str
    state: ContactState = Field(default=ContactState.USABLE, sa_type=choice(ContactState, "state"))


class UserAccount(Timestamped, table=True):
    """Somebody who signs in. Global: the sign-in page does not know a creditor yet."""

    __tablename__ = "user_account"
    __table_args__ = (
        UniqueConstraint("email"),
        CheckConstraint("(audience = 'creditor') = (creditor_id IS NOT NULL)", name="audience"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str
    name: str
    audience: Audience = Field(sa_type=choice(Audience, "audience_value"))
    roles: list[str] = Field(sa_type=ARRAY(TEXT))
    creditor_id: UUID | None = Field(default=None, foreign_key="creditor.id")
    password_hash: str
    totp_secret: bytes = Field(sa_type=LargeBinary)  # encrypted with a key derived from settings.secret
    totp_last_step: int = 0
    language: str = "nl"
    theme: str = "auto"
    failed_sign_ins: int = 0
    disabled_at: datetime | None = moment_field(default=None)


class Scope(StrEnum):
    """What a key to the programming interface opens."""

    READ = "read"  # claims, documents, prices, payouts
    PRICE = "price"  # what a claim would cost; nothing is stored
    PLACE = "place"  # hand claims over, and add to them
    ACCEPT = "accept"  # answer a price, which binds the creditor
    CREDIT = "credit"  # credit checks, which are charged


class ApiKey(CreditorRow, Timestamped, table=True):
    """A key with which a creditor's program calls the interface; only the SHA-256 of the whole key is kept.

    `follows_id` is the key that it takes the place of, which then ends at its own `expires_at`. `form_id`
    is the form that made it, which makes no second one.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        within_creditor("follows_id", "api_key"),
        Index("ix_api_key_id", "id"),  # who calls is not known before the key is
        CheckConstraint(
            "scopes <@ ARRAY['read', 'price', 'place', 'accept', 'credit'] AND cardinality(scopes) > 0",
            name="scopes",
        ),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
        UniqueConstraint("creditor_id", "form_id"),
    )

    name: str
    scopes: list[str] = Field(sa_type=ARRAY(TEXT))
    secret_sha256: str
    made_by: str
    expires_at: datetime | None = moment_field(default=None)
    last_used_at: datetime | None = moment_field(default=None)
    revoked_at: datetime | None = moment_field(default=None)
    revoked_by: str | None = None
    follows_id: UUID | None = None
    form_id: UUID | None = None


class UserSession(SQLModel, table=True):
    """A signed-in browser; the cookie holds the id, the table its SHA-256."""

    __tablename__ = "user_session"

    id_sha256: str = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    csrf: str
    created_at: datetime = moment_field()
    last_seen_at: datetime = moment_field()
    expires_at: datetime = moment_field()
    revoked_at: datetime | None = moment_field(default=None)
    user_agent: str = ""
    facts: dict[str, Any] = json_field(default_factory=dict)


class OnboardingTask(CreditorRow, Timestamped, table=True):
    """What has to be done before a creditor's first claim is worked; a creditor without rows came in before.

    Of what was signed: `text_version` and the signed document's `sha256`; of what the agency did: `note`.
    """

    __tablename__ = "onboarding_task"
    __table_args__ = (UniqueConstraint("creditor_id", "kind"),)

    kind: TaskKind = Field(sa_type=choice(TaskKind, "kind"))
    opened_by: str
    done_at: datetime | None = moment_field(default=None)
    done_by: str | None = None
    note: str = ""
    text_version: str | None = None
    sha256: str | None = None
    address: str | None = None
