"""Domain authentication at SendGrid: three records by which a domain's owner lets it send in his name.

With `automatic_security` SendGrid gives CNAMEs and turns its DKIM keys by itself; the owner never has to come
back. See "Domain Authentication" in SendGrid's reference (/v3/whitelabel/domains).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agency.ports.hosts import HostRecord, MailDomain
from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient
from integrations.sendgrid.client import open_client


class SendGridDomains:
    """A `MailDomains`."""

    def __init__(self, *, url: str, key: str, production: bool, timeout_seconds: float = 10) -> None:
        self._api, self._http = open_client(
            url=url, key=key, production=production, timeout_seconds=timeout_seconds
        )

    @property
    def inbound_exchanger(self) -> str:
        """See `MailDomains.inbound_exchanger`: where SendGrid's inbound parse takes mail in."""
        return "mx.sendgrid.net"

    def create(self, *, domain: str) -> MailDomain:
        """See `MailDomains.create`."""
        body = {"domain": domain, "automatic_security": True, "custom_spf": False, "default": False}
        return _domain(self._api.client.whitelabel.domains.post(request_body=body).json())

    def find(self, *, domain: str) -> MailDomain | None:
        """See `MailDomains.find`."""
        listed = self._api.client.whitelabel.domains.get(query_params={"domain": domain, "limit": "50"})
        try:
            found = [one for one in listed.json() if str(one["domain"]).lower() == domain]
        except (ValueError, KeyError, TypeError) as error:
            raise ProviderRefused("answer", "not in SendGrid's form") from error
        return _domain(found[0]) if found else None

    def check(self, *, domain: MailDomain) -> MailDomain:
        """See `MailDomains.check`."""
        try:
            answer = self._api.client.whitelabel.domains._(domain.ref).validate.post(request_body={})
        except ProviderAmbiguous as error:  # looking has no effect that could be doubled
            raise ProviderTransient(error.reason) from error
        try:
            told = answer.json()
            results: Mapping[str, Any] = told["validation_results"]
            # The results come by the names of the records, in the order in which they were given.
            names = ("mail_cname", "dkim1", "dkim2")
            if len(domain.records) != len(names):
                raise ProviderRefused("answer", "the records are not known")
            records = tuple(
                replace(
                    record,
                    valid=results[name]["valid"] is True,
                    reason=str(results[name].get("reason") or ""),
                )
                for name, record in zip(names, domain.records, strict=True)
            )
            return replace(domain, valid=told["valid"] is True, records=records)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProviderRefused("answer", "not in SendGrid's form") from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _domain(told: Any) -> MailDomain:
    try:
        dns = told["dns"]
        records = tuple(
            HostRecord(
                host=str(dns[name]["host"]),
                kind=str(dns[name]["type"]).upper(),
                value=str(dns[name]["data"]),
                # A fresh domain says "false" of records that nobody has looked for yet.
                valid=True if dns[name].get("valid") is True else None,
            )
            for name in ("mail_cname", "dkim1", "dkim2")
        )
        return MailDomain(str(int(told["id"])), str(told["domain"]).lower(), told["valid"] is True, records)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProviderRefused("answer", "not in SendGrid's form") from error
