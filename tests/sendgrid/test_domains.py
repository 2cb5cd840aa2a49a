"""SendGrid's domain authentication through its real client, against the simulator and its DNS."""

from contextlib import ExitStack, closing

import pytest

from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient, Sender
from integrations.dns.over_https import DnsOverHttps
from integrations.sendgrid.domains import SendGridDomains
from integrations.sendgrid.sender import SendGridSender

DOMAIN = "enercity.example"


@pytest.fixture
def opened(simulator):
    with ExitStack() as until_the_end:
        yield lambda kind, path, **settings: until_the_end.enter_context(
            closing(kind(url=f"{simulator.url}/{path}", production=False, **settings))
        )


@pytest.fixture
def domains(opened):
    return opened(SendGridDomains, "sendgrid", key="k")


def set_records(simulator, domain, *, but: str = ""):
    for record in domain.records:
        value = "elsewhere.example" if record.host.startswith(but or "-") else record.value
        simulator.post("/dns", {"host": record.host, "kind": record.kind, "value": value})


def test_a_domain_is_valid_once_its_three_records_stand(simulator, domains):
    made = domains.create(domain=DOMAIN)
    assert (made.domain, made.valid, len(made.records)) == (DOMAIN, False, 3)
    assert {record.kind for record in made.records} == {"CNAME"}
    assert all(record.host.endswith(f".{DOMAIN}") and record.valid is None for record in made.records)
    before = domains.check(domain=made)
    assert (before.valid, [record.valid for record in before.records]) == (False, [False] * 3)
    assert "no record" in before.records[0].reason
    set_records(simulator, made)
    after = domains.check(domain=before)
    assert (after.valid, [record.valid for record in after.records]) == (True, [True] * 3)
    assert domains.find(domain=DOMAIN).valid is True


def test_one_wrong_record_is_named_with_what_was_found(simulator, domains):
    made = domains.create(domain=DOMAIN)
    set_records(simulator, made, but="s2.")
    found = domains.check(domain=made)
    assert found.valid is False
    assert [record.valid for record in found.records] == [True, True, False]
    assert "elsewhere.example" in found.records[2].reason


def test_a_domain_is_made_once_and_found_again(domains):
    made = domains.create(domain=DOMAIN)
    with pytest.raises(ProviderRefused, match="already exists"):
        domains.create(domain=DOMAIN)
    assert domains.find(domain=DOMAIN).ref == made.ref
    assert domains.find(domain="city.example") is None


def test_an_answer_that_got_lost_is_ambiguous_and_find_tells(simulator, domains):
    simulator.fault("sendgrid", "lost", path="/whitelabel/domains")
    with pytest.raises(ProviderAmbiguous):
        domains.create(domain=DOMAIN)
    assert domains.find(domain=DOMAIN) is not None


def test_looking_is_never_ambiguous(simulator, domains):
    made = domains.create(domain=DOMAIN)
    simulator.fault("sendgrid", "lost", path="/validate")
    with pytest.raises(ProviderTransient):
        domains.check(domain=made)


@pytest.mark.parametrize("name", ["no domain", "localhost", ""])
def test_what_is_no_domain_is_refused(domains, name):
    with pytest.raises(ProviderRefused):
        domains.create(domain=name)


def test_a_wrong_key_is_refused(opened):
    with pytest.raises(ProviderRefused) as refused:
        opened(SendGridDomains, "sendgrid", key="wrong").create(domain=DOMAIN)
    assert refused.value.code == "401"


def test_nothing_is_sent_from_a_domain_that_waits_for_its_records(simulator, opened, domains):
    sender = opened(SendGridSender, "sendgrid", key="k")
    mail = {
        "message_id": "m", "sender": Sender("Enercity", f"post@{DOMAIN}", f"post@{DOMAIN}"),
        "to": "j@example.org", "subject": "s", "html": "<p>h</p>", "text": "t",
    }  # fmt: skip
    made = domains.create(domain=DOMAIN)
    with pytest.raises(ProviderRefused, match="verified Sender Identity"):
        sender.send(**mail)
    set_records(simulator, made)
    domains.check(domain=made)
    assert sender.send(**mail)


def test_a_resolver_follows_one_alias(simulator, opened):
    resolver = opened(DnsOverHttps, "dns")
    assert resolver.aliases(host=f"betalen.{DOMAIN}") == []
    simulator.post("/dns", {"host": f"betalen.{DOMAIN}", "value": "Pay.Agency.Example"})
    assert resolver.aliases(host=f"betalen.{DOMAIN}") == ["pay.agency.example"]


def test_a_resolver_tells_who_takes_mail_in(simulator, opened):
    resolver = opened(DnsOverHttps, "dns")
    assert resolver.mail_exchangers(host=f"antwoord.{DOMAIN}") == []
    simulator.post("/dns", {"host": f"antwoord.{DOMAIN}", "kind": "MX", "value": "10 MX.SendGrid.net"})
    assert resolver.mail_exchangers(host=f"antwoord.{DOMAIN}") == ["mx.sendgrid.net"]
    assert resolver.aliases(host=f"antwoord.{DOMAIN}") == []


def test_the_simulators_page_sets_the_records_and_breaks_them(simulator, domains):
    made = domains.create(domain=DOMAIN)
    assert DOMAIN in simulator.http.get("/_sim/domains").text
    for right in ("yes", "no"):
        answer = simulator.http.post(f"/_sim/domains/{made.ref}", data={"right": right})
        assert answer.status_code == 303
        assert domains.check(domain=made).valid is (right == "yes")
    simulator.http.post("/_sim/domains", data={"host": "betalen.x.example", "value": "a.example"})
    assert "betalen.x.example" in simulator.http.get("/_sim/domains").text
