"""Production starts with its own secrets and providers, or says which setting is missing."""

import pytest
from pydantic import ValidationError

from agency.kernel.settings import SECRETS, UNADDRESSED, Settings
from portal.wiring import choose_ports, provider_url

pytestmark = pytest.mark.pure

COMPLETE = {
    "mode": "production",
    "public_url": "https://agency.example",
    **{secret: f"own-{secret}" for secret in SECRETS},
    **{f"{provider}_url": f"https://{provider}.example" for provider in UNADDRESSED},
}


def test_production_with_everything_said_reaches_no_simulator():
    config = Settings(**COMPLETE)
    assert choose_ports(config).registers is not None
    providers = ("sendgrid", "twilio", "mollie", "dns", *UNADDRESSED)
    urls = [provider_url(config, provider) for provider in providers]
    assert all(url.startswith("https://") and config.simulator_url not in url for url in urls)


@pytest.mark.parametrize(
    ("left_out", "named"),
    [(secret, f"AGENCY_{secret.upper()}") for secret in SECRETS]
    + [(f"{provider}_url", f"AGENCY_{provider.upper()}_URL") for provider in UNADDRESSED]
    + [("public_url", "AGENCY_PUBLIC_URL")],
)
def test_production_names_what_is_missing(left_out, named):
    with pytest.raises(ValidationError, match=rf"{named}\b"):
        Settings(**{name: value for name, value in COMPLETE.items() if name != left_out})


def test_development_needs_nothing_and_reaches_only_the_simulator():
    config = Settings(mode="development")
    assert all(provider_url(config, provider).startswith(config.simulator_url) for provider in UNADDRESSED)
