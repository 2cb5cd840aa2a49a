"""Where the simulator lives, whom it calls back, and which bank accounts exist from the start."""

from collections.abc import Mapping
from dataclasses import dataclass

from integrations import egress


@dataclass(frozen=True, slots=True)
class Configuration:
    """The defaults are those of a development machine; the accounts are the demo agency's."""

    data: str = ":memory:"
    own_url: str = "http://127.0.0.1:8025"
    agency_url: str = "http://127.0.0.1:8000"
    trust_iban: str = "NL86INGB0002445588"
    trust_name: str = "Stichting Derdengelden Incasso Noord"
    agency_iban: str = "NL44RABO0123456789"
    agency_name: str = "Incasso Noord"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Configuration":
        """This function will read SIMULATOR_DATA (a file; empty means memory) and the AGENCY_ settings.

        :raises EgressRefused: webhooks would go to another machine.
        """
        own = cls()

        def given(name: str, default: str) -> str:
            return environment.get(name) or default

        return cls(
            data=given("SIMULATOR_DATA", own.data),
            own_url=egress.base_url(given("AGENCY_SIMULATOR_URL", own.own_url), production=False),
            agency_url=egress.base_url(given("AGENCY_PUBLIC_URL", own.agency_url), production=False),
            trust_iban=given("AGENCY_TRUST_IBAN", own.trust_iban),
            trust_name=given("AGENCY_TRUST_NAME", own.trust_name),
            agency_iban=given("AGENCY_AGENCY_IBAN", own.agency_iban),
            agency_name=given("AGENCY_AGENCY_NAME", own.agency_name),
        )

    @property
    def sendgrid_hook(self) -> str:
        """Where SendGrid's events go; a setting of the account, not of a mail."""
        return f"{self.agency_url}/hooks/sendgrid"

    @property
    def letters_hook(self) -> str:
        """Where the print shop's reports go."""
        return f"{self.agency_url}/hooks/letters"
