"""Outside production nothing but this machine can be reached, whoever asks."""

import pytest

from integrations.egress import EgressRefused, base_url
from integrations.letters.printer import HttpLetterPrinter
from integrations.mollie.payments import REAL_URL as MOLLIE
from integrations.mollie.payments import MolliePayments
from integrations.sendgrid.sender import REAL_URL as SENDGRID
from integrations.sendgrid.sender import SendGridSender
from integrations.simulator.configuration import Configuration
from integrations.twilio.client import REAL_URL as TWILIO
from integrations.twilio.sms import TwilioSms
from integrations.twilio.voice import TwilioVoice

pytestmark = pytest.mark.pure

ELSEWHERE = [
    "https://api.sendgrid.com",
    "http://10.0.0.5:8025",
    "http://169.254.169.254",
    "http://127.0.0.1.example.com",
    "http://localhost.example.com",
    "http://127.0.0.1@example.com",
    "http://example.com\\@127.0.0.1",
    "http://2130706433",
    "http://0.0.0.0:8025",
    "http://[::ffff:10.0.0.5]",
    "ftp://127.0.0.1",
    "//127.0.0.1",
    "http://127.0.0.1?next=example.com",
    "http://127.0.0.1 .example.com",
    "",
]


class TestBaseUrl:
    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:8025", "http://localhost:8025/x/", "http://[::1]:8025"]
    )
    def test_lets_this_machine_through(self, url):
        assert base_url(url, production=False) == url.rstrip("/")

    @pytest.mark.parametrize("url", ELSEWHERE)
    def test_refuses_everything_else_outside_production(self, url):
        with pytest.raises(EgressRefused):
            base_url(url, production=False)

    def test_production_reaches_the_world_over_https_only(self):
        assert base_url(SENDGRID, production=True) == SENDGRID
        with pytest.raises(EgressRefused):
            base_url("http://api.sendgrid.com", production=True)


class TestAdapters:
    @pytest.mark.parametrize(
        "make",
        [
            lambda url: SendGridSender(url=url, key="k", production=False),
            lambda url: TwilioSms(url=url, account="AC", token="t", status_callback="x", production=False),
            lambda url: TwilioVoice(url=url, account="AC", token="t", status_callback="x", production=False),
            lambda url: MolliePayments(url=url, key="k", production=False),
            lambda url: HttpLetterPrinter(url=url, key="k", production=False),
            lambda url: Configuration.from_environment({"AGENCY_PUBLIC_URL": url}),
        ],
    )
    @pytest.mark.parametrize("url", [SENDGRID, TWILIO, MOLLIE, "http://10.0.0.5:8025"])
    def test_none_can_be_made_to_reach_out(self, make, url):
        with pytest.raises(EgressRefused):
            make(url)
