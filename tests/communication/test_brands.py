"""What debtors get under a brand: whose domain, which version, whose logo, and who may use a name."""

import io
from datetime import timedelta
from email import message_from_bytes, policy
from uuid import UUID

import pytest
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import text

from agency.communication.brand_checklist import checklist, identities, of_each_make, rendered
from agency.communication.brand_previews import texts
from agency.communication.composing import values_named
from agency.communication.inbound.reply_address import messages_addressed
from agency.communication.mandatory import REPLIES
from agency.communication.pay_links import at_host
from agency.kernel.unit import Door
from agency.parties.branding import (
    brand_of,
    change_draft,
    design_of,
    lay_down_first,
    publish_draft,
    start_draft,
    submit_draft,
)
from agency.parties.hosts import NameTaken, add_host, check_all_hosts, check_host, pay_target
from agency.parties.models import HostState, HostUse
from agency.ports.hosts import HostRecord, MailDomain
from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient, TemplateRefused
from agency.rules.facts import Channel, DebtorKind, Phase
from tests.communication.correspondence import SETTINGS, TUESDAY, Office, a_correspondent, queue

DOMAIN = "enercity.example"
PUBLIC = "https://pay.agency.example"


class Domains:
    """A mail provider with domains; it fails as it is told to."""

    inbound_exchanger = "mx.sendgrid.net"

    def __init__(self) -> None:
        self.kept: dict[str, MailDomain] = {}
        self.is_set, self.failures = False, []

    def create(self, *, domain):
        self.kept[domain] = MailDomain("7", domain, False, (HostRecord(f"em.{domain}", "CNAME", "sendgrid"),))
        self._fail()
        return self.kept[domain]

    def find(self, *, domain):
        return self.kept.get(domain)

    def check(self, *, domain):
        self._fail()
        records = tuple(HostRecord(one.host, one.kind, one.value, self.is_set) for one in domain.records)
        return MailDomain(domain.ref, domain.domain, self.is_set, records)

    def _fail(self):
        if self.failures:
            raise self.failures.pop(0)


class Names:
    """A resolver that knows some aliases."""

    def __init__(self, **known: str) -> None:
        self.known = known

    def aliases(self, *, host):
        return [self.known[host]] if host in self.known else []

    def mail_exchangers(self, *, host):
        return self.known[host].split() if host in self.known else []


@pytest.fixture
def office(units):
    return Office(units).open_up()


@pytest.fixture
def claim(office):
    with office.unit() as unit:
        found = a_correspondent(unit)
        lay_down_first(unit, brand=brand_of(unit, creditor_id=found[0]))
        unit.session.add(brand_of(unit, creditor_id=found[0]))
    return found


def host(office, creditor, state, *, use="mail", name=DOMAIN):
    with office.unit() as unit:
        unit.session.connection().execute(
            text(
                "INSERT INTO brand_host (creditor_id, id, use, name, state, records, why, created_at) VALUES"
                " (:c, gen_random_uuid(), :use, :name, :state, '[]', '', now())"
                " ON CONFLICT (creditor_id, use, name) DO UPDATE SET state = :state"
            ),
            {"c": creditor, "use": use, "name": name, "state": state},
        )


def sent(office, claim, *, step, template="reminder_1", channel=Channel.email):
    """The message of a step as it was kept: a mail's headers and words, or the bytes of a letter."""
    with office.unit() as unit:
        message = queue(unit, *claim, template=template, channel=channel, step=step)
    office.send()
    (row,) = [one for one in office.messages(claim[1]) if one.id == message]
    assert row.state == "sent", row.reasons
    content = office.files.get(row.content_sha256)
    return row, message_from_bytes(content, policy=policy.default) if channel == Channel.email else content


class TestSending:
    @pytest.mark.parametrize(
        ("state", "sender"),
        [
            (None, SETTINGS.agency_email),
            ("pending", SETTINGS.agency_email),
            ("broken", SETTINGS.agency_email),
            ("valid", f"facturen@{DOMAIN}"),
        ],
    )
    def test_mail_comes_from_the_creditors_domain_only_while_its_records_stand(
        self, office, claim, state, sender
    ):
        if state:
            host(office, claim[0], state)
        _, mail = sent(office, claim, step="a")
        assert mail["From"].addresses[0].addr_spec == sender
        assert mail["From"].addresses[0].display_name == "Enercity"

    def test_the_domain_of_another_creditor_does_not_help(self, office, claim):
        with office.unit() as unit:
            other, _ = a_correspondent(unit, brand="City")
        host(office, other, "valid")
        _, mail = sent(office, claim, step="a")
        assert mail["From"].addresses[0].addr_spec == SETTINGS.agency_email

    def test_where_the_law_wants_the_agency_nothing_of_the_brand_signs(self, office, claim):
        host(office, claim[0], "valid")
        _, mail = sent(office, claim, step="n", template="notice_nl_consumer")
        assert mail["From"].addresses[0].addr_spec == SETTINGS.agency_email
        assert mail["From"].addresses[0].display_name == SETTINGS.agency_name

    def test_links_lead_to_the_creditors_host_while_its_alias_stands(self, office, claim):
        with office.unit() as unit:
            unit.session.connection().execute(text("UPDATE brand SET pay_host = 'betalen.enercity.example'"))
        _, before = sent(office, claim, step="a")
        host(office, claim[0], "valid", use="pay", name="betalen.enercity.example")
        office.move_to(TUESDAY + timedelta(days=8))
        _, after = sent(office, claim, step="b", template="reminder_2")
        assert SETTINGS.public_url in before.get_body(("plain",)).get_content()
        assert "https://betalen.enercity.example/pay/" in after.get_body(("plain",)).get_content()
        assert at_host("http://127.0.0.1:8000/pay/abc", "") == "http://127.0.0.1:8000/pay/abc"

    def test_a_message_keeps_the_version_that_it_was_sent_with(self, office, claim):
        first, mail = sent(office, claim, step="a")
        with office.units.open(Door.STAFF, by="user:writer") as unit:
            draft = start_draft(unit, creditor_id=claim[0])
            changed = {"sender_name": "Enercity Klantenservice", "colour": "#7a1d46"}
            change_draft(unit, creditor_id=claim[0], draft_id=draft.id, content=changed)
            submit_draft(unit, creditor_id=claim[0], draft_id=draft.id)
        with office.units.open(Door.STAFF, by="user:second") as unit:
            assert publish_draft(unit, creditor_id=claim[0], draft_id=draft.id) == 2
        office.move_to(TUESDAY + timedelta(days=8))
        second, later = sent(office, claim, step="b", template="reminder_2")
        assert (mail["From"].addresses[0].display_name, later["From"].addresses[0].display_name) == (
            "Enercity", "Enercity Klantenservice",
        )  # fmt: skip
        (kept,) = [one for one in office.messages(claim[1]) if one.id == first.id]
        assert kept.brand_version_id == first.brand_version_id != second.brand_version_id == draft.id
        assert office.files.get(kept.content_sha256) == office.files.get(first.content_sha256)

    def test_a_letter_carries_logo_letterhead_and_font_where_the_creditor_signs(self, office, claim):
        out = io.BytesIO()
        Image.new("RGBA", (300, 100), "#7a1d46").save(out, "PNG")
        with office.unit() as unit:
            unit.session.connection().execute(
                text(
                    "UPDATE brand SET logo_sha256 = :sha, font = 'bookish',"
                    " letterhead = E'Afdeling Debiteuren\\nPostbus 12'"
                ),
                {"sha": office.files.put(out.getvalue())},
            )
        _, early = sent(office, claim, step="a", channel=Channel.letter)
        office.move_to(TUESDAY + timedelta(days=8))
        _, notice = sent(office, claim, step="n", template="notice_nl_consumer", channel=Channel.letter)
        first, other = (PdfReader(io.BytesIO(pdf)).pages[0] for pdf in (early, notice))
        assert "Postbus 12" in first.extract_text()
        assert "Postbus 12" not in other.extract_text()
        assert (len(first.images), len(other.images)) == (1, 0)
        fonts = [one.get_object()["/BaseFont"] for one in first["/Resources"]["/Font"].get_object().values()]
        assert all("NewCM" in font for font in fonts)


class TestAnswers:
    """One inbound domain per brand: answers come in at it while mail leaves from the brand and both stand."""

    @pytest.mark.parametrize(
        ("mail", "inbound", "domain"),
        [
            ("valid", "valid", f"antwoord.{DOMAIN}"),
            ("valid", "pending", SETTINGS.inbound_domain),
            ("valid", "broken", SETTINGS.inbound_domain),
            ("broken", "valid", SETTINGS.inbound_domain),
        ],
    )
    def test_go_to_the_brands_own_domain_while_it_works(self, office, claim, mail, inbound, domain):
        host(office, claim[0], mail)
        host(office, claim[0], inbound, use="inbound", name=f"antwoord.{DOMAIN}")
        row, content = sent(office, claim, step="a")
        (to,) = content["Reply-To"].addresses
        assert to.domain == domain
        assert messages_addressed(to.addr_spec, secret=SETTINGS.secret.get_secret_value()) == [row.id]

    def test_go_to_the_agency_where_the_agency_signs(self, office, claim):
        host(office, claim[0], "valid")
        host(office, claim[0], "valid", use="inbound", name=f"antwoord.{DOMAIN}")
        _, content = sent(office, claim, step="n", template="notice_nl_consumer")
        assert content["Reply-To"].addresses[0].domain == SETTINGS.inbound_domain


class TestHosts:
    @pytest.mark.parametrize(
        ("exchangers", "state"),
        [
            ("", "pending"),
            ("mx.sendgrid.net", "valid"),
            ("mail.elsewhere.example", "pending"),
            ("mx.sendgrid.net mail.elsewhere.example", "pending"),
        ],
    )
    def test_the_answers_domain_has_one_exchanger_ours(self, office, claim, ports, exchangers, state):
        name = f"antwoord.{DOMAIN}"
        ports.host_names.known[name] = exchangers
        assert self.add(office, ports, claim[0], use=HostUse.INBOUND, name=name) == state
        (record,) = self.kept(office, "records")
        assert (record["kind"], record["value"]) == ("MX", "10 mx.sendgrid.net")

    @pytest.fixture
    def ports(self, office):
        found = office.ports
        object.__setattr__(found, "domains", Domains())
        object.__setattr__(found, "host_names", Names())
        return found

    def add(self, office, ports, creditor, *, use=HostUse.MAIL, name=DOMAIN):
        return add_host(
            office.units,
            ports=ports,
            by="user:a",
            creditor_id=creditor,
            use=use,
            name=name,
            public_url=PUBLIC,
        )

    def kept(self, office, column):
        with office.unit() as unit:
            return unit.session.connection().execute(text(f"SELECT {column} FROM brand_host")).scalar_one()

    def look(self, office, ports, creditor):
        host_id: UUID = self.kept(office, "id")
        return check_host(
            office.units, ports=ports, by="user:a", creditor_id=creditor, host_id=host_id, public_url=PUBLIC
        )

    def test_a_domain_waits_stands_breaks_and_stands_again(self, office, ports, claim):
        assert self.add(office, ports, claim[0]) is HostState.PENDING
        ports.domains.is_set = True
        assert self.look(office, ports, claim[0]) is HostState.VALID
        since = self.kept(office, "valid_since")
        assert self.look(office, ports, claim[0]) is HostState.VALID
        assert self.kept(office, "valid_since") == since
        ports.domains.is_set = False
        assert check_all_hosts(office.units, ports=ports, public_url=PUBLIC) == 1
        assert self.kept(office, "state") == "broken"
        assert self.kept(office, "valid_since") is None
        ports.domains.is_set = True
        check_all_hosts(office.units, ports=ports, public_url=PUBLIC)
        assert self.kept(office, "state") == "valid"

    def test_a_lost_answer_makes_no_second_domain(self, office, ports, claim):
        ports.domains.failures = [ProviderAmbiguous("lost")]
        assert self.add(office, ports, claim[0]) is HostState.ASKED
        assert self.kept(office, "why") == "lost"
        assert self.add(office, ports, claim[0]) is HostState.PENDING
        assert list(ports.domains.kept) == [DOMAIN]
        assert self.kept(office, "provider_ref") == "7"

    def test_a_provider_that_is_silent_changes_nothing(self, office, ports, claim):
        self.add(office, ports, claim[0])
        ports.domains.is_set = True
        self.look(office, ports, claim[0])
        ports.domains.failures = [ProviderTransient("silent")]
        assert self.look(office, ports, claim[0]) is HostState.VALID
        assert self.kept(office, "why") == "silent"

    def test_a_refused_name_is_not_asked_after(self, office, ports, claim):
        ports.domains.failures = [ProviderRefused("400", "already exists")]
        assert self.add(office, ports, claim[0]) is HostState.REFUSED
        assert check_all_hosts(office.units, ports=ports, public_url=PUBLIC) == 0

    def test_a_name_belongs_to_one_creditor(self, office, ports, claim):
        with office.unit() as unit:
            other, _ = a_correspondent(unit, brand="City")
        self.add(office, ports, claim[0])
        with pytest.raises(NameTaken):
            self.add(office, ports, other)
        with pytest.raises(NameTaken):
            self.add(office, ports, other, use=HostUse.PAY, name=pay_target(PUBLIC))

    def test_a_pay_host_is_valid_as_an_alias_of_ours(self, office, ports, claim):
        name = "betalen.enercity.example"
        assert self.add(office, ports, claim[0], use=HostUse.PAY, name=name) is HostState.PENDING
        assert self.kept(office, "records")[0]["value"] == "pay.agency.example"
        object.__setattr__(ports, "host_names", Names(**{name: "pay.agency.example"}))
        assert self.look(office, ports, claim[0]) is HostState.VALID

    def test_a_creditor_sees_its_own_names_and_versions_only(self, office, ports, claim):
        with office.unit() as unit:
            other, _ = a_correspondent(unit, brand="City")
        self.add(office, ports, claim[0])
        for creditor, seen in ((claim[0], 1), (other, 0)):
            with office.units.open(Door.CREDITOR, by="user:c", creditor_id=creditor) as unit:
                for table in ("brand_host", "brand_version"):
                    count = text(f"SELECT count(*) FROM {table}")
                    assert unit.session.connection().execute(count).scalar_one() == seen


class TestChecklist:
    def test_each_point_goes_green_by_itself(self, office, claim):
        def points():
            with office.unit() as unit:
                design = design_of(brand_of(unit, creditor_id=claim[0]))
                found = checklist(unit, creditor_id=claim[0], design=design, settings=SETTINGS)
                return {one.point for one in found if not one.passes}

        assert points() == {"mail_domain"}
        host(office, claim[0], "valid")
        assert points() == set()
        with office.unit() as unit:
            unit.session.connection().execute(text("UPDATE brand SET accent = '#ffd400'"))
            unit.session.connection().execute(
                text("UPDATE creditor SET city = NULL, street = NULL, postal_code = NULL WHERE id = :c"),
                {"c": claim[0]},
            )
        assert points() == {"contrast", "mandatory"}

    def test_what_is_made_before_a_person_waits_shows_every_part_of_a_design(self):
        """A part of a design that no made message shows would break only when it is sent."""

        def parts(keys):
            named = (values_named(texts()[key].body) for key in keys)
            return {one for names in named for one in names if one.startswith(("brand.", "sender."))}

        made = of_each_make()
        for channel, language in {(channel, language) for _, channel, language in texts()}:
            whole, few = ([one for one in of if one[1:] == (channel, language)] for of in (texts(), made))
            assert parts(few) == parts(whole)
            assert any(key.startswith(("notice", "final")) for key, _, _ in few), "one that the agency signs"
            assert any(key.startswith("reminder") or key in REPLIES for key, _, _ in few)
        assert len(made) <= len(texts()) / 3, "a person waits for it"

    def test_what_cannot_be_laid_out_is_named_with_its_message(self, office, claim):
        class Torn:
            def email(self, **_):
                return "", ""

            def letter(self, **_):
                raise TemplateRefused("the press is torn")

        with office.unit() as unit:
            design = design_of(brand_of(unit, creditor_id=claim[0]))
            found = rendered(unit, creditor_id=claim[0], design=design, settings=SETTINGS, renderer=Torn())
        letters = {key for key, channel, _ in of_each_make() if channel is Channel.letter}
        assert {one.split(",")[0] for one in found.wrong} == letters

    def test_who_signs_is_what_the_release_decides(self):
        shown = {(one.country, one.debtor, one.phase): one.identity.sender for one in
                 identities(in_creditors_name=True, on=TUESDAY.date())}  # fmt: skip
        assert shown["NL", DebtorKind.consumer, Phase.reminder] == "creditor"
        assert shown["DE", DebtorKind.consumer, Phase.reminder] == "agency"
        assert {sender for (_, _, phase), sender in shown.items() if phase is not Phase.reminder} == {
            "agency"
        }
        never = identities(in_creditors_name=False, on=TUESDAY.date())
        assert {one.identity.sender for one in never} == {"agency"}
