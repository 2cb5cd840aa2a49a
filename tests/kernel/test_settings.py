"""Production starts with its own secrets and providers, or says which setting is missing."""

import pytest
from pydantic import ValidationError

from agency.kernel.settings import SECRETS, UNADDRESSED, Settings
from portal.main import _form_targets
from portal.wiring import YUKI, choose_bookkeeping, choose_ports, provider_url

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


@pytest.mark.parametrize("empty", ["", " "])
@pytest.mark.parametrize("secret", SECRETS)
def test_production_takes_no_empty_secret(secret, empty):
    with pytest.raises(ValidationError, match=rf"AGENCY_{secret.upper()}\b.*empty"):
        Settings(**COMPLETE | {secret: empty})


def test_development_needs_nothing_and_reaches_only_the_simulator():
    config = Settings(mode="development")
    assert all(provider_url(config, provider).startswith(config.simulator_url) for provider in UNADDRESSED)


def test_production_offers_only_the_bookkeeping_that_is_set_up():
    assert choose_bookkeeping(Settings(**COMPLETE)) == {}
    wanted = {
        "exact_secret": "own", "quickbooks_secret": "own", "stripe_invoices": True, "billit_invoices": True,
        "teamleader_secret": "own", "yuki_invoices": True,
    }  # fmt: skip
    config = Settings(**COMPLETE, **wanted)
    with_an_address = {"exact", "quickbooks", "stripe", "billit", "teamleader"}
    assert set(choose_bookkeeping(config)) == with_an_address | {"yuki"}
    for vendor in with_an_address:
        assert provider_url(config, vendor).startswith("https://")
    assert all(url.startswith("https://api.yukiworks.") for url in YUKI.values())
    page = choose_bookkeeping(config)["quickbooks"].consent_url(state="s", redirect_url="https://a.example")
    assert page.startswith("https://appcenter.intuit.com/connect/oauth2?")
    page = choose_bookkeeping(config)["teamleader"].consent_url(state="s", redirect_url="https://a.example")
    assert page.startswith("https://focus.teamleader.eu/oauth2/authorize?")
    assert "https://focus.teamleader.eu" in _form_targets(config).split()
