"""Settings: read once by the portal from the environment and passed down."""

from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_SECRET = "development-only-secret-never-use-elsewhere"  # noqa: S105 - refused outside development


# Settings whose development value stands in the code.
SECRETS = (
    "secret", "twilio_token", "sendgrid_key", "mollie_key", "letters_key", "registers_key", "credit_key",
    "inbound_key",
)  # fmt: skip

# Providers that have no address of their own: in production each must be said.
UNADDRESSED = ("letters", "registers", "credit")


# The official name of the register's keeper in each language of Belgium, and in English.
BELGIAN_REGISTER = {
    "nl": "FOD Economie",
    "fr": "SPF Économie",
    "de": "FÖD Wirtschaft",
    "en": "FPS Economy",
}


class InsecureSettings(ValueError):
    """Raised at start when a production setting still has its development value, or has none at all."""


class Settings(BaseSettings):
    """Everything that differs between machines; each field is the environment variable AGENCY_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="AGENCY_", extra="ignore", populate_by_name=True)

    mode: Literal["development", "production"] = "development"
    database_url: str = Field(
        default="postgresql+psycopg://agency_app@127.0.0.1:5432/agency",
        validation_alias=AliasChoices("AGENCY_DATABASE_URL", "DATABASE_URL"),
    )
    # Migrations run as the owner of the tables; the application never does.
    database_owner_url: str | None = Field(
        default=None, validation_alias=AliasChoices("AGENCY_DATABASE_OWNER_URL", "DATABASE_OWNER_URL")
    )
    redis_url: str = Field(
        default="redis://127.0.0.1:6379/0", validation_alias=AliasChoices("AGENCY_REDIS_URL", "REDIS_URL")
    )
    database_pool: int = 20
    secret: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    public_url: str = "http://127.0.0.1:8000"
    # Further names at which the agency's own doors are shown, as a JSON list; a creditor's pay host is none.
    hosts: frozenset[str] = frozenset()
    simulator_url: str = "http://127.0.0.1:8025"
    files_folder: Path = Path(".data/files")
    files_s3_url: str | None = None
    # Tables of law newer than the shipped ones, and how long before a half-year its rates should be in.
    tables_folder: Path | None = None
    rates_warning_days: int = Field(default=28, ge=0)

    twilio_url: str | None = None
    twilio_account: str = "AC00000000000000000000000000000000"
    twilio_token: SecretStr = SecretStr("simulator-twilio-token")
    twilio_caller_id: str = "+31201234567"
    sendgrid_url: str | None = None
    sendgrid_key: SecretStr = SecretStr("SG.simulator")
    sendgrid_webhook_key: str | None = None
    # A resolver that answers over HTTPS in JSON.
    dns_url: str | None = None
    # Where mail to us comes in: the key that SendGrid's inbound parse calls us with, and the domain of the
    # addresses that debtors answer to; without a domain they answer to the brand's own address.
    inbound_key: SecretStr = SecretStr("simulator-inbound-key")
    inbound_domain: str | None = "antwoord.incassonoord.example"
    # Where the mail room's scanner lays letters; without it none is looked at.
    scans_folder: Path | None = None
    mollie_url: str | None = None
    mollie_key: SecretStr = SecretStr("test_simulatorsimulatorsimulatorsim")
    letters_url: str | None = None
    letters_key: SecretStr = SecretStr("simulator-letters-key")
    registers_url: str | None = None
    registers_key: SecretStr = SecretStr("simulator-registers-key")
    credit_url: str | None = None
    credit_key: SecretStr = SecretStr("simulator-credit-key")
    # Bookkeeping of creditors: one at which the agency is not registered (Exact, QuickBooks, Teamleader) or
    # that it does not want (Stripe, Billit and Yuki, of which creditors have keys of their own) is not
    # offered; outside production all are.
    exact_url: str | None = None
    exact_client_id: str = "simulator-exact-client"
    exact_secret: SecretStr = SecretStr("simulator-exact-secret")
    stripe_url: str | None = None
    stripe_files_url: str | None = None
    stripe_invoices: bool = False
    billit_url: str | None = None
    billit_invoices: bool = False
    yuki_invoices: bool = False
    quickbooks_url: str | None = None
    quickbooks_client_id: str = "simulator-quickbooks-client"
    quickbooks_secret: SecretStr = SecretStr("simulator-quickbooks-secret")
    teamleader_url: str | None = None
    teamleader_files_url: str | None = None
    teamleader_client_id: str = "simulator-teamleader-client"
    teamleader_secret: SecretStr = SecretStr("simulator-teamleader-secret")

    agency_name: str = "Incasso Noord"
    agency_registration_nl: str = "Wki-register, voorbeeld 000000"
    # The number alone: the register has an official name in each language of Belgium.
    agency_registration_be: str = "000.000"
    agency_registration_de: str = "Rechtsdienstleistungsregister, Beispiel 000000"
    agency_phone: str = "+31 20 123 45 67"
    agency_email: str = "post@incassonoord.example"
    agency_address: str = "Voorbeeldkade 1, 1000 AA Amsterdam"
    # The same address in parts, and the numbers that an invoice must carry.
    agency_street: str = "Voorbeeldkade 1"
    agency_postal_code: str = "1000 AA"
    agency_city: str = "Amsterdam"
    agency_chamber_number: str = "90000001"
    agency_vat_number: str = "NL000099998B57"
    agency_visits_and_complaints_url: str = "https://incassonoord.example/klachten"
    agency_privacy_url: str = "https://incassonoord.example/privacy"
    # The country (ISO 3166-1 alpha-2) in which the printer posts letters: any other stands under the address.
    letters_posted_in: str = Field(default="NL", pattern="^[A-Z]{2}$")
    trust_iban: str = "NL86INGB0002445588"
    trust_name: str = "Stichting Derdengelden Incasso Noord"
    # The identifier under which the agency collects (SEPA), with its check digits.
    sepa_creditor_id: str = "NL79ZZZ999999990000"
    agency_iban: str = "NL44RABO0123456789"

    # How long a worker, and a sender of one chunk, may be silent before another takes over; and how long a
    # provider may take to know a message before "unknown there" means that it never arrived.
    job_lease_seconds: int = 120
    sending_lease_seconds: int = 180
    provider_patience_seconds: int = 300

    session_idle_minutes: int = 30
    session_absolute_hours: int = 12
    upload_bytes_max: int = 50 * 1024 * 1024
    # The room of one creditor for documents: bytes of all of them, and how many.
    evidence_bytes_max: int = Field(default=20 * 1024**3, gt=0)
    evidence_documents_max: int = Field(default=500_000, gt=0)

    @model_validator(mode="after")
    def refuse_development_values_in_production(self) -> Self:
        """Refuse to start in production with a secret that stands in the code or is none, or a provider left
        unsaid."""
        if self.mode == "production":
            said = {name: getattr(self, name).get_secret_value() for name in SECRETS}
            weak = [
                name
                for name, value in said.items()
                if value == type(self).model_fields[name].default.get_secret_value()
            ]
            if weak:
                names = ", ".join(f"AGENCY_{name.upper()}" for name in weak)
                raise InsecureSettings(f"set {names}: the development value is not allowed in production")
            # Whoever signs with nothing would be believed.
            if empty := [name for name, value in said.items() if not value.strip()]:
                names = ", ".join(f"AGENCY_{name.upper()}" for name in empty)
                raise InsecureSettings(f"set {names}: an empty value is not allowed in production")
            if not self.public_url.startswith("https://"):
                raise InsecureSettings("AGENCY_PUBLIC_URL must start with https:// in production")
            missing = [name for name in UNADDRESSED if not getattr(self, f"{name}_url")]
            if missing:
                names = ", ".join(f"AGENCY_{name.upper()}_URL" for name in missing)
                raise InsecureSettings(f"set {names}: in production there is no simulator to reach instead")
        return self

    @property
    def production(self) -> bool:
        """Whether real people may be reached and the clock may not be moved."""
        return self.mode == "production"

    @property
    def owner_url(self) -> str:
        """The database URL for migrations."""
        return self.database_owner_url or self.database_url

    def registration_in(self, country: str, language: str) -> str:
        """The agency's number in the register that protects debtors of a country (ISO 3166-1 alpha-2), as a
        reader of a language is told it; empty where it is not known.
        """
        if country == "BE":
            register = BELGIAN_REGISTER.get(language, BELGIAN_REGISTER["en"])
            return f"{register}, {self.agency_registration_be}" if self.agency_registration_be else ""
        return self.agency_registration_de if country == "DE" else self.agency_registration_nl


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This function will read the environment once and return the settings.

    :raises InsecureSettings: in production a secret has its development value or a provider has no
        address (wrapped by pydantic).
    """
    return Settings()
