"""The brand studio, as administrators use it without JavaScript: drafts, checklist, versions and previews."""

import io
import re

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from agency.communication.mandatory import KINDS
from agency.kernel.files import store
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.ports.hosts import HostRecord, MailDomain
from portal import main
from portal.shared.brand_words import MESSAGES
from tests.portal.conftest import SHELL
from tests.portal.house import SENDER, House, read_of, send, token_of
from tests.portal.test_words_and_figures import png

FIELDS = {
    "name": "Enercity", "colour": "#1d7a46", "ink": "#ffffff", "accent": "#1d7a46", "font": "classic",
    "letterhead": "Afdeling Debiteuren\r\nPostbus 12", "sender_name": "Enercity Klantenservice",
    "sender_email": "", "reply_to": "klant@enercity.example", "sms_sender": "Enercity",
    "phone": "+31 20 765 43 21", "caller_id": "", "pay_host": "", "footer": "",
    "pay_text_nl": "Betaal hier veilig.",
}  # fmt: skip


class Provider:
    """A mail provider that finds the records when told to."""

    def __init__(self) -> None:
        self.is_set = False

    def create(self, *, domain):
        return MailDomain("7", domain, False, (HostRecord(f"em1.{domain}", "CNAME", "u1.sendgrid.net"),))

    def find(self, *, domain):
        return None

    def check(self, *, domain):
        records = tuple(HostRecord(one.host, one.kind, one.value, self.is_set) for one in domain.records)
        return MailDomain(domain.ref, domain.domain, self.is_set, records)


def picture(width, height):
    """A picture that says in its metadata where it was made."""
    out, about = io.BytesIO(), PngInfo()
    about.add_text("Comment", "secret place")
    Image.new("RGB", (width, height), "#1d7a46").save(out, "PNG", pnginfo=about)
    return out.getvalue()


@pytest.fixture
def creditor(house):
    made = house.creditor()
    house.change(
        "UPDATE creditor SET street = 'Keizersgracht 1', postal_code = '1015 CJ', city = 'Amsterdam',"
        " registration_number = '12345678' WHERE id = :c", c=made,
    )  # fmt: skip
    return made


class Studio:
    """One administrator in the studio of one creditor."""

    def __init__(self, house, creditor) -> None:
        self.house, self.creditor = house, creditor
        self.writer = house.browser(Role.ADMIN)
        self.second = house.browser(Role.ADMIN, Role.COLLECTOR)
        self.home = f"/admin/brands/{creditor}"
        self.at = ""

    def begin(self, **changes):
        self.at = send(self.writer, f"{self.home}/drafts", page=self.home).headers["location"]
        return self.keep(**changes)

    def keep(self, path="", **changes):
        return send(self.writer, f"{self.at}{path}", page=self.at, **{**FIELDS, **changes})

    def logo(self, content):
        data = {"csrf": token_of(self.writer.get(self.at).text)}
        return self.writer.post(f"{self.at}/logo", data=data, files={"logo": ("logo.png", content)})

    def does(self, what, *, by=None, **fields):
        by = by or self.writer
        return send(by, f"{self.at}/{what}", page=self.at, **fields)

    def publish(self):
        assert self.does("submission").status_code == 303
        assert self.does("publication", by=self.second).status_code == 303


@pytest.fixture
def studio(house, creditor):
    return Studio(house, creditor)


class TestDrafts:
    def test_two_people_publish_and_the_brand_changes_then(self, house, studio):
        studio.begin()
        assert house.one("SELECT sender_name FROM brand") == SENDER.name
        studio.publish()
        assert house.one("SELECT sender_name FROM brand") == "Enercity Klantenservice"
        assert house.one("SELECT letterhead FROM brand") == "Afdeling Debiteuren\nPostbus 12"
        assert house.one("SELECT max(version) FROM brand_version") == 2
        assert "Enercity Klantenservice" in studio.writer.get("/admin/brands").text
        told = "SELECT string_agg(action, ' ' ORDER BY seq) FROM audit_entry WHERE action LIKE 'brand.%'"
        assert house.one(told) == "brand.drafted brand.submitted brand.published"

    def test_whoever_wrote_does_not_publish(self, house, studio):
        studio.begin()
        assert studio.does("submission").status_code == 303
        answer = studio.does("publication")
        assert answer.status_code == 403
        assert "you wrote in this one" in answer.text
        assert house.one("SELECT sender_name FROM brand") == SENDER.name

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"colour": "#ffd400"}, "on this colour the text has a contrast of 1.4, and 4.5 is needed"),
            ({"sms_sender": "A sender too long"}, "give at most 11 letters and digits"),
            (
                {"sender_email": "post@enercity.example"},
                "nobody has asked for the records of enercity.example",
            ),
            ({"pay_host": "betalen.enercity.example"}, "nobody has asked for the records of betalen"),
        ],
    )
    def test_what_is_wrong_is_kept_said_and_not_published(self, house, studio, changes, said):
        assert studio.begin(**changes).status_code == 303
        page = studio.writer.get(studio.at).text
        assert said in page
        (name, value), *_ = changes.items()
        assert house.one(f"SELECT content->>'{name}' FROM brand_version WHERE state = 'draft'") == value
        answer = studio.does("submission")
        assert answer.status_code == 422
        assert "the checklist is not green yet" in answer.text.lower()
        why = answer.text[answer.text.lower().index("the checklist is not green yet") :]
        assert said in why[: why.index("</ul>")]
        assert house.one("SELECT count(*) FROM brand_version WHERE state = 'submitted'") == 0

    def test_a_creditor_without_an_address_is_named_on_the_checklist(self, house, studio):
        house.change("UPDATE creditor SET street = NULL, postal_code = NULL, city = NULL")
        studio.begin()
        assert "creditor.address" in studio.writer.get(studio.at).text
        assert studio.does("submission").status_code == 422

    def test_every_change_is_kept_at_once_and_shown(self, house, studio):
        studio.begin()
        answer = studio.keep("/now", colour="#7a1d46", view_key="reminder_2", view_compare="yes")
        assert answer.status_code == 200
        assert "<html" not in answer.text
        assert "Second reminder" in answer.text
        assert "What counts now" in answer.text
        assert house.one("SELECT content->>'colour' FROM brand_version WHERE state = 'draft'") == "#7a1d46"

    def test_a_stale_tab_replaces_nothing_that_somebody_else_wrote(self, house, studio):
        studio.begin()
        stale = read_of(studio.second.get(studio.at).text) | FIELDS | {"view_key": "reminder_2"}
        studio.keep(sender_name="Written meanwhile")
        for path, status in (("/now", 422), ("", 409), ("/now", 422)):
            refused = studio.second.post(f"{studio.at}{path}", data=stale)
            assert refused.status_code == status
            assert "changed after you opened it" in refused.text
            if path:
                assert read_of(refused.text, csrf=False)["edition"] == stale["edition"]
        kept = "SELECT content->>'sender_name' FROM brand_version WHERE state = 'draft'"
        assert house.one(kept) == "Written meanwhile"

    def test_every_keystroke_follows_the_one_before(self, house, studio):
        studio.begin()
        read = read_of(studio.writer.get(studio.at).text)
        for name in ("E", "En", "Ene"):
            shown = studio.writer.post(f"{studio.at}/now", data=read | FIELDS | {"sender_name": name})
            assert shown.status_code == 200
            read |= read_of(shown.text, csrf=False)
        assert house.one("SELECT content->>'sender_name' FROM brand_version WHERE state = 'draft'") == "Ene"

    def test_it_is_given_back_with_a_remark_or_withdrawn(self, house, studio):
        studio.begin()
        studio.does("submission")
        studio.does("return", by=studio.second, remark="Rather the other green.")
        assert "Rather the other green." in studio.writer.get(studio.at).text
        studio.does("withdrawal")
        assert studio.keep().status_code == 409
        assert house.one("SELECT count(*) FROM brand_version WHERE state = 'withdrawn'") == 1

    def test_only_what_the_second_person_read_is_published(self, house, studio):
        studio.begin()
        studio.does("submission")
        read = read_of(studio.second.get(studio.at).text)
        studio.does("return", by=studio.second, remark="Rather the other green.")
        studio.keep(sender_name="Somebody else")
        studio.does("submission")
        refused = studio.second.post(f"{studio.at}/publication", data=read)
        assert refused.status_code == 409
        assert "changed after you opened it" in refused.text
        assert house.one("SELECT sender_name FROM brand") == SENDER.name

    def test_one_draft_at_a_time(self, studio):
        studio.begin()
        first = studio.at
        again = send(studio.second, f"{studio.home}/drafts", page=first)
        assert again.headers["location"] == first

    def test_only_administrators_come_in(self, house, creditor):
        for role in (Role.COLLECTOR, Role.FINANCE):
            assert house.browser(role).get(f"/admin/brands/{creditor}").status_code == 403

    def test_a_creditor_that_is_not_there_has_no_page(self, studio):
        nobody = "01a200fe-6dae-76ab-9dd5-f982109367e5"
        assert studio.writer.get(f"/admin/brands/{nobody}").status_code == 404
        studio.begin()
        assert studio.writer.get(studio.at.replace(str(studio.creditor), nobody)).status_code == 404


class TestVersions:
    def test_the_difference_is_shown_and_a_version_is_gone_back_to(self, house, studio):
        studio.begin()
        studio.publish()
        page = studio.writer.get(f"{studio.home}/versions/2").text
        assert "Colour of buttons" in page
        assert "#1d7a46" in page
        answer = send(studio.writer, f"{studio.home}/versions/1/return", page=f"{studio.home}/versions/1")
        studio.at = answer.headers["location"]
        # The first version has a mail domain of its own, whose records nobody set.
        answer = studio.does("submission")
        assert answer.status_code == 422
        studio.keep(**{**FIELDS, "sender_name": SENDER.name, "colour": SENDER.colour})
        studio.publish()
        assert house.one("SELECT colour FROM brand") == SENDER.colour
        assert house.one("SELECT max(version) FROM brand_version") == 3


class TestLogos:
    def test_a_logo_is_drawn_anew_and_shown_to_everybody_also_after_it_changed(self, house, studio):
        studio.begin()
        before = picture(1200, 400)
        assert b"secret place" in before
        assert studio.logo(before).status_code == 303
        sha256 = house.one("SELECT content->>'logo_sha256' FROM brand_version WHERE state = 'draft'")
        studio.publish()
        address = f"/logo/{studio.creditor}/{sha256}"
        answer = house.client().get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert b"secret place" not in answer.content
        assert Image.open(io.BytesIO(answer.content)).size == (480, 160)
        studio.begin()
        studio.does("logo/removal")
        studio.publish()
        assert house.one("SELECT logo_sha256 FROM brand") is None
        # Mails that were sent still show it.
        assert house.client().get(address).status_code == 200

    @pytest.mark.parametrize(
        "content",
        [
            b"<svg onload=alert(1)>",
            b"",
            png(5000, 5000),
            png(300, 80)[:60],
            b"\xff\xd8\xff" + b"x" * 2_000_000,
        ],
        ids=["svg", "empty", "too many pixels", "broken", "too large"],
    )
    def test_a_file_that_is_no_logo_is_refused(self, house, studio, content):
        studio.begin()
        assert studio.logo(content).status_code == 422
        assert house.one("SELECT count(*) FROM stored_file") == 0

    def test_another_file_of_the_creditor_is_not_served_as_a_logo(self, house, creditor):
        with house.units.open(Door.STAFF, by="system:test") as unit:
            sha256 = store(
                unit, house.ports.files, creditor_id=creditor, content=b"x", media_type="image/png"
            )
        assert house.client().get(f"/logo/{creditor}/{sha256}").status_code == 404


class TestPreviews:
    def frames(self, page):
        return [one.replace("&amp;", "&") for one in re.findall(r'<(?:iframe|img)[^>]* src="([^"]+)"', page)]

    @pytest.mark.parametrize("language", ["fr", "de"])
    def test_every_message_letter_and_page_is_shown_in_every_language(self, studio, language):
        studio.begin()
        page = studio.writer.get(f"{studio.at}?view_key=all&view_language={language}").text
        frames = [one for one in self.frames(page) if "/preview/" in one]
        assert len([one for one in frames if "/mail?" in one]) == 2 * len(KINDS)
        assert len([one for one in frames if "/letter-1.jpg?" in one]) == len(KINDS)
        assert set(MESSAGES) == set(KINDS)
        assert len([one for one in frames if "/page?" in one]) == 2
        assert page.count('class="sms"') == 3
        for address in (frames[0], next(one for one in frames if "letter" in one), frames[-1]):
            assert studio.writer.get(address).status_code == 200

    def test_a_mail_shows_the_draft_and_can_do_nothing(self, studio):
        studio.begin(sender_name="Enercity <b>Klant</b>")
        page = studio.writer.get(studio.at).text
        answer = studio.writer.get(self.frames(page)[0])
        assert "Enercity &lt;b&gt;Klant&lt;/b&gt;" in answer.text
        assert "#1d7a46" in answer.text
        assert "Georgia" in answer.text
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]

    def test_the_payment_page_has_the_drafts_colours_and_words(self, studio):
        studio.begin()
        page = studio.writer.get(studio.at).text
        answer = studio.writer.get(next(one for one in self.frames(page) if "/page?" in one))
        assert "Betaal hier veilig." in answer.text
        css = re.search(r'href="([^"]+brand\.css[^"]*)"', answer.text)[1].replace("&amp;", "&")
        assert "--brand:#1d7a46;" in studio.writer.get(css).text

    def test_a_message_is_shown_in_the_tone_that_was_chosen(self, studio):
        studio.begin()
        usual, firm = (
            studio.writer.get(f"{studio.at}?view_key=reminder_1&view_tone={tone}").text
            for tone in ("", "firm")
        )
        assert "tone: friendly" in usual
        assert "tone: firm" in firm
        mails = [studio.writer.get(self.frames(page)[0]).text for page in (usual, firm)]
        assert "Misschien bent u het vergeten" in mails[0]
        assert "Misschien bent u het vergeten" not in mails[1]

    def test_a_message_that_is_worded_once_says_so_and_an_unknown_tone_is_the_usual_one(self, studio):
        studio.begin()
        page = studio.writer.get(f"{studio.at}?view_key=notice_nl_consumer&view_tone=firm").text
        assert "one wording for every tone" in page
        assert "tone: friendly" in studio.writer.get(f"{studio.at}?view_tone=angry").text

    def test_a_claim_of_another_creditor_is_not_shown(self, studio):
        studio.begin()
        page = studio.writer.get(f"{studio.at}?view_number=2026-00001").text
        assert "has no claim with that number" in page

    def test_a_notice_is_signed_by_the_agency(self, studio):
        studio.begin()
        page = studio.writer.get(f"{studio.at}?view_key=notice_nl_consumer").text
        assert "the agency signs" in page
        assert "the agency signs" not in studio.writer.get(f"{studio.at}?view_key=reminder_1").text


class TestHosts:
    def test_a_domain_is_asked_for_checked_and_then_green(self, house, studio):
        provider = Provider()
        house.uses(domains=provider)
        studio.begin(sender_email="post@enercity.example")
        where = f"{studio.home}/hosts"
        draft = studio.at.rsplit("/", 1)[1]
        send(studio.writer, where, page=studio.at, use="mail", draft=draft)
        page = studio.writer.get(studio.at).text
        assert "em1.enercity.example" in page
        assert 'data-copy="u1.sendgrid.net"' in page
        assert "the records of enercity.example are not set yet" in page
        assert studio.does("submission").status_code == 422
        provider.is_set = True
        host = house.one("SELECT id FROM brand_host")
        send(studio.writer, f"{where}/{host}/check", page=studio.at, draft=draft)
        assert "the records of enercity.example stand" in studio.writer.get(studio.at).text
        studio.publish()

    def test_a_name_of_another_creditor_is_refused(self, house, studio):
        house.uses(domains=Provider())
        studio.begin(sender_email="post@enercity.example")
        draft = studio.at.rsplit("/", 1)[1]
        send(studio.writer, f"{studio.home}/hosts", page=studio.at, use="mail", draft=draft)
        other = Studio.__new__(Studio)
        other.house, other.creditor, other.writer = house, house.creditor("City"), studio.writer
        other.home, other.at = f"/admin/brands/{other.creditor}", ""
        other.begin(sender_email="post@enercity.example")
        answer = send(
            other.writer, f"{other.home}/hosts", page=other.at, use="mail", draft=other.at.rsplit("/", 1)[1]
        )
        assert "belongs%20to%20somebody%20else" in answer.headers["set-cookie"]
        assert house.one("SELECT count(*) FROM brand_host") == 1

    def test_a_name_asked_for_by_mistake_is_removed_and_holds_nothing_up(self, house, studio):
        house.uses(domains=Provider())
        studio.begin(sender_email="post@enercitty.example")
        draft = studio.at.rsplit("/", 1)[1]
        where = f"{studio.home}/hosts"
        send(studio.writer, where, page=studio.at, use="inbound", draft=draft)
        assert studio.does("submission").status_code == 422
        host = house.one("SELECT id FROM brand_host")
        for _ in range(2):
            answer = send(studio.writer, f"{where}/{host}/removal", page=studio.at, draft=draft)
            assert answer.headers["location"] == f"{studio.at}#hosts"
        assert house.one("SELECT count(*) FROM brand_host") == 0
        assert house.one("SELECT count(*) FROM audit_entry WHERE action = 'brand_host.dropped'") == 1
        studio.keep(sender_email="")
        studio.publish()

    def test_a_name_that_the_brand_uses_stays_until_another_brand_counts(self, house, studio):
        provider = Provider()
        house.uses(domains=provider)
        studio.begin(sender_email="post@enercity.example")
        draft, where = studio.at.rsplit("/", 1)[1], f"{studio.home}/hosts"
        provider.is_set = True
        send(studio.writer, where, page=studio.at, use="mail", draft=draft)
        host = house.one("SELECT id FROM brand_host")
        send(studio.writer, f"{where}/{host}/check", page=studio.at, draft=draft)
        studio.publish()
        remove = f"{where}/{host}/removal"
        assert "uses%20this%20name" in send(studio.writer, remove, page=studio.home).headers["set-cookie"]
        provider.is_set = False
        send(studio.writer, f"{where}/{host}/check", page=studio.home)
        health = studio.writer.get("/admin").text
        assert "Names of brands whose records are gone" in health
        assert "Records are gone" in studio.writer.get("/admin/brands").text
        assert "uses%20this%20name" in send(studio.writer, remove, page=studio.home).headers["set-cookie"]
        studio.begin(sender_email="")
        studio.publish()
        send(studio.writer, remove, page=studio.home)
        assert house.one("SELECT count(*) FROM brand_host") == 0
        assert "Records are gone" not in studio.writer.get("/admin/brands").text

    def test_why_a_record_is_not_found_is_told_in_the_readers_language(self, house, studio):
        studio.begin(pay_host="betalen.enercity.example", sender_email="")
        draft = studio.at.rsplit("/", 1)[1]
        send(studio.writer, f"{studio.home}/hosts", page=studio.at, use="pay", draft=draft)
        page = studio.writer.get(studio.at, headers={"accept-language": "nl"}).text
        assert "the alias was not found" not in page


class TestCreditorsView:
    @pytest.fixture
    def house(self, house, monkeypatch, units, redis_url, data_folder):
        monkeypatch.setattr(main, "PARTS", (*SHELL, "portal.creditor"))
        return House(units, folder=data_folder, redis_url=redis_url)

    def test_a_manager_sees_its_own_brand_and_draft_and_changes_nothing(self, house, studio):
        studio.begin()
        manager = house.browser(Role.CREDITOR_MANAGER, creditor_id=studio.creditor)
        now = manager.get("/creditor/brand?view_key=reminder_1")
        assert now.status_code == 200
        assert SENDER.name in now.text
        draft = manager.get("/creditor/brand?look=draft").text
        assert "Enercity Klantenservice" in draft
        for address in re.findall(r'<(?:iframe|img)[^>]* src="(/creditor/brand/preview/[^"]+)"', draft):
            assert manager.get(address.replace("&amp;", "&")).status_code == 200
        assert manager.get(studio.at).status_code == 403

    def test_another_creditors_draft_and_a_clerk_are_kept_out(self, house, studio):
        studio.begin()
        other = house.creditor("City")
        manager = house.browser(Role.CREDITOR_MANAGER, creditor_id=other)
        draft = studio.at.rsplit("/", 1)[1]
        assert manager.get(f"/creditor/brand/preview/{draft}/mail").status_code == 404
        clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=studio.creditor)
        assert clerk.get("/creditor/brand").status_code == 403
