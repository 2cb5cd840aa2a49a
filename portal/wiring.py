"""Wiring: the one place that chooses adapters and connects rooms to them.

Outside production every adapter points at the simulator, and the adapters themselves refuse any address
that is not this machine: a demo never reaches a real person.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

import agency
from agency import tables
from agency.communication.pay_links import install_pay_links
from agency.kernel.emitting import install_reactions
from agency.kernel.ports import Ports, install_ports
from agency.kernel.settings import Settings, settings
from agency.kernel.unit import Units, engine_for
from agency.payments.links import issue_links
from agency.ports.providers.bookkeeping import Bookkeeping
from agency.reactions import REACTIONS
from agency.rules.tables import use_folder
from integrations.bookkeeping.billit import Billit
from integrations.bookkeeping.exact import ExactOnline
from integrations.bookkeeping.quickbooks import QuickBooks
from integrations.bookkeeping.stripe import StripeInvoices
from integrations.bookkeeping.teamleader import Teamleader
from integrations.bookkeeping.yuki import Yuki
from integrations.credit.bureau import HttpCreditBureau
from integrations.credit.registers import HttpRegisters
from integrations.dns.over_https import DnsOverHttps
from integrations.einvoice import read_einvoice
from integrations.letters.printer import HttpLetterPrinter
from integrations.mollie.payments import MolliePayments
from integrations.rendering.binder import bind
from integrations.rendering.covered_links import cover_links
from integrations.rendering.renderer import TemplateRenderer
from integrations.sendgrid.domains import SendGridDomains
from integrations.sendgrid.sender import SendGridSender
from integrations.storage.content_store import open_file_store
from integrations.twilio.sms import TwilioSms
from integrations.twilio.voice import TwilioVoice
from portal.logs import configure_logs

# Where the providers themselves are; a setting of the same name overrides, for another region.
PROVIDERS = {
    "sendgrid": "https://api.sendgrid.com",
    "twilio": "https://twilio.com",
    "mollie": "https://api.mollie.com",
    "dns": "https://dns.google",
    "exact": "https://start.exactonline.nl",
    "stripe": "https://api.stripe.com",
    "billit": "https://api.billit.be",
    "quickbooks": "https://quickbooks.api.intuit.com",
    "teamleader": "https://api.focus.teamleader.eu",
}
QUICKBOOKS_CONSENT = "https://appcenter.intuit.com"
QUICKBOOKS_TOKENS = "https://oauth.platform.intuit.com"
STRIPE_FILES = "https://pay.stripe.com"
TEAMLEADER_DOOR = "https://focus.teamleader.eu"
TEAMLEADER_FILES = "https://cdn.teamleader.eu"
YUKI = {"nl": "https://api.yukiworks.nl/ws", "be": "https://api.yukiworks.be/ws"}


@dataclass(frozen=True)
class Wiring:
    """What a process needs to work: settings, units on its database, adapters."""

    settings: Settings
    units: Units
    ports: Ports


@lru_cache(maxsize=1)
def wire() -> Wiring:
    """This function will connect this process once: tables of law, engine, adapters, reactions.

    :raises BrokenTable: a table in the operator's folder is wrong, so none of them is used.
    """
    # Every table and every job is known before the first statement: rooms refer to each other's by name.
    assert tables.metadata.tables
    import_jobs()
    config = settings()
    configure_logs(production=config.production)
    use_folder(config.tables_folder)
    ports = choose_ports(config)
    install_ports(ports)
    install_reactions(REACTIONS)
    install_pay_links(issue_links)
    return Wiring(
        settings=config, units=Units(engine_for(config.database_url, config.database_pool)), ports=ports
    )


def import_jobs() -> None:
    """This function will import every room's jobs, so that this process can write and run all of them."""
    for room in iter_modules(agency.__path__, "agency."):
        if room.ispkg and find_spec(f"{room.name}.jobs"):
            import_module(f"{room.name}.jobs")


def provider_url(config: Settings, provider: str) -> str:
    """This function will return where a provider is reached: its setting, else its own address in
    production and the simulator's everywhere else. One without an address of its own is always set in
    production: the settings refuse to be read without it.
    """
    configured: str | None = getattr(config, f"{provider}_url")
    if configured:
        return configured
    return PROVIDERS[provider] if config.production else f"{config.simulator_url}/{provider}"


def choose_ports(config: Settings) -> Ports:
    """This function will build the adapters: real providers in production, the simulator elsewhere."""
    production = config.production
    twilio_url = provider_url(config, "twilio")
    twilio_token = config.twilio_token.get_secret_value()
    return Ports(
        email=SendGridSender(
            url=provider_url(config, "sendgrid"),
            key=config.sendgrid_key.get_secret_value(),
            production=production,
            can_find=not production,
        ),
        sms=TwilioSms(
            url=twilio_url,
            account=config.twilio_account,
            token=twilio_token,
            status_callback=f"{config.public_url}/hooks/twilio/status",
            production=production,
        ),
        calls=TwilioVoice(
            url=twilio_url,
            account=config.twilio_account,
            token=twilio_token,
            status_callback=f"{config.public_url}/hooks/twilio/call",
            production=production,
        ),
        letters=HttpLetterPrinter(
            url=provider_url(config, "letters"),
            key=config.letters_key.get_secret_value(),
            production=production,
        ),
        payments=MolliePayments(
            url=provider_url(config, "mollie"),
            key=config.mollie_key.get_secret_value(),
            production=production,
        ),
        renderer=TemplateRenderer(),
        files=open_file_store(folder=config.files_folder, s3_url=config.files_s3_url, production=production),
        read_einvoice=read_einvoice,
        registers=HttpRegisters(
            url=provider_url(config, "registers"),
            key=config.registers_key.get_secret_value(),
            production=production,
        ),
        credit=HttpCreditBureau(
            url=provider_url(config, "credit"),
            key=config.credit_key.get_secret_value(),
            production=production,
        ),
        bind=bind,
        cover=cover_links,
        domains=SendGridDomains(
            url=provider_url(config, "sendgrid"),
            key=config.sendgrid_key.get_secret_value(),
            production=production,
        ),
        host_names=DnsOverHttps(url=provider_url(config, "dns"), production=production),
        bookkeeping=choose_bookkeeping(config),
    )


def choose_bookkeeping(config: Settings) -> dict[str, Bookkeeping]:
    """This function will build the connectors that are set up; those of production need our registration at
    the vendor, or its word that they are wanted."""
    found: dict[str, Bookkeeping] = {}
    if secret := _secret_of(config, "exact"):
        found["exact"] = ExactOnline(
            url=provider_url(config, "exact"),
            client_id=config.exact_client_id,
            secret=secret,
            production=config.production,
        )
    if secret := _secret_of(config, "quickbooks"):
        simulated = f"{config.simulator_url}/quickbooks"
        found["quickbooks"] = QuickBooks(
            url=provider_url(config, "quickbooks"),
            consent_at=QUICKBOOKS_CONSENT if config.production else simulated,
            tokens_at=QUICKBOOKS_TOKENS if config.production else simulated,
            client_id=config.quickbooks_client_id,
            secret=secret,
            production=config.production,
        )
    if secret := _secret_of(config, "teamleader"):
        files = TEAMLEADER_FILES if config.production else f"{config.simulator_url}/teamleader-files"
        found["teamleader"] = Teamleader(
            url=provider_url(config, "teamleader"),
            door=TEAMLEADER_DOOR if config.production else f"{config.simulator_url}/teamleader",
            files_url=config.teamleader_files_url or files,
            client_id=config.teamleader_client_id,
            secret=secret,
            production=config.production,
        )
    if config.stripe_invoices or not config.production:
        files = STRIPE_FILES if config.production else f"{config.simulator_url}/stripe-files"
        found["stripe"] = StripeInvoices(
            url=provider_url(config, "stripe"),
            files_url=config.stripe_files_url or files,
            production=config.production,
        )
    if config.billit_invoices or not config.production:
        found["billit"] = Billit(url=provider_url(config, "billit"), production=config.production)
    if config.yuki_invoices or not config.production:
        simulated_at = {country: f"{config.simulator_url}/yuki/{country}/ws" for country in YUKI}
        found["yuki"] = Yuki(urls=YUKI if config.production else simulated_at, production=config.production)
    return found


def _secret_of(config: Settings, vendor: str) -> str:
    """The secret of our registration at a vendor; in production the simulator's is none."""
    kept: str = getattr(config, f"{vendor}_secret").get_secret_value()
    ours = kept != type(config).model_fields[f"{vendor}_secret"].default.get_secret_value()
    return kept if getattr(config, f"{vendor}_client_id") and (ours or not config.production) else ""
