"""Hooks of what comes in: only with the key or the signature, kept before it is answered, each once."""

import base64
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from agency.rules.inbound.kind import kind_of
from agency.rules.inbound.mail import read_mail
from integrations.multipart import NotAForm, read_form
from integrations.sendgrid import inbound as sendgrid
from integrations.webhooks import WebhookRefused
from portal import main
from portal.wiring import Wiring
from tests.communication.correspondence import SETTINGS, a_correspondent
from tests.inbound.letterbox import Letterbox, a_mail

KEY = SETTINGS.inbound_key.get_secret_value()
FORM = "multipart/form-data; boundary=xYzZY"


def a_form(fields, *, files=()):
    """A form as SendGrid posts it: bytes in each field's own charset."""
    parts = [
        f'--xYzZY\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in fields.items()
    ]
    parts += [
        f'--xYzZY\r\nContent-Disposition: form-data; name="attachment{nth}"; filename="{name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for nth, (name, kind, content) in enumerate(files, 1)
    ]
    return b"".join(parts) + b"--xYzZY--\r\n"


@pytest.fixture(scope="session")
def samples(real_data):
    folder = real_data / "09_messages" / "sendgrid_inbound"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.txt"))}


@pytest.fixture
def box(units):
    return Letterbox(units).open_up()


@pytest.fixture
def browser(box, monkeypatch):
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.hooks"))
    app = main.create_app(Wiring(settings=SETTINGS, units=box.units, ports=box.ports))
    with TestClient(app, base_url=SETTINGS.public_url) as client:
        yield client


def basic(password):
    return "Basic " + base64.b64encode(f"sendgrid:{password}".encode()).decode()


def post(browser, body, *, path=f"/hooks/sendgrid/inbound/{KEY}", **headers):
    return browser.post(path, content=body, headers={"content-type": FORM, **headers})


@pytest.mark.pure
class TestForms:
    @pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
    def test_the_published_samples_give_the_mail_that_was_sent(self, samples, ends):
        assert set(samples) == {"default_data.txt", "raw_data.txt"}
        for body in samples.values():
            told = sendgrid.parsed_mail(content_type=FORM, body=body.replace(b"\n", ends))
            mail = read_mail(told.raw)
            assert (mail.sender, mail.text.strip()) == ("test@example.com", "Hello Twilio SendGrid!")
            assert told.sender == "test@example.com"
            assert told.to.startswith("inbound@inbound.")

    def test_charsets_and_files_of_a_mail_that_was_taken_apart(self):
        pdf = b"%PDF-1.4\r\n\r\n--not a boundary\r\n\x00\xff"
        body = a_form(
            {
                "headers": b"From: =?utf-8?q?Zo=C3=AB?= <zoe@example.nl>\r\nContent-Type: a/b;\r\n y=z",
                "subject": "Réclamation".encode("latin-1"),
                "text": "J’ai payé".encode("cp1252"),
                "charsets": b'{"subject": "iso-8859-1", "text": "windows-1252"}',
                "envelope": b'{"to": ["re-x@a.example"], "from": "zoe@example.nl"}',
            },
            files=[("preuve é.pdf", "application/pdf", pdf)],
        )
        told = sendgrid.parsed_mail(content_type=FORM, body=body)
        mail = read_mail(told.raw)
        assert (mail.sender, mail.sender_name, mail.subject) == ("zoe@example.nl", "Zoë", "Réclamation")
        assert mail.text.strip() == "J’ai payé"
        assert [(one.name, one.content) for one in mail.attachments] == [("preuve é.pdf", pdf)]
        assert sendgrid.parsed_mail(content_type=FORM, body=body).raw == told.raw

    @given(st.binary(max_size=300), st.sampled_from([FORM, "text/plain", "multipart/form-data", ""]))
    def test_no_body_makes_the_reader_fail_otherwise_than_by_refusing(self, body, content_type):
        for sent in (body, b"--xYzZY\r\n" + body + b"\r\n--xYzZY--", a_form({"headers": body, "text": body})):
            with suppress(WebhookRefused):
                read_mail(sendgrid.parsed_mail(content_type=content_type, body=sent).raw)

    def test_a_form_of_very_many_fields_is_refused(self):
        with pytest.raises(NotAForm):
            read_form(content_type=FORM, body=a_form({f"f{n}": b"x" for n in range(500)}))

    @pytest.mark.parametrize(
        ("told", "boundary"), [('"a b;c"', b"a b;c"), ("abc", b"abc"), ('"abc"', b"abc")]
    )
    def test_a_boundary_and_a_name_may_be_quoted_or_not(self, told, boundary):
        body = b"--%b\r\nContent-Disposition: form-data; name=x; filename=y.txt\r\n\r\n1\r\n--%b--" % (
            (boundary,) * 2
        )
        [field] = read_form(content_type=f"multipart/form-data; boundary={told}", body=body)
        assert (field.name, field.filename, field.content) == ("x", "y.txt", b"1")

    def test_a_report_of_a_mail_that_was_taken_apart_is_still_one(self):
        told = (
            b"Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a@b.nl\r\nAction: failed\r\nStatus: 5.1.1"
        )
        files = [("details.txt", "message/delivery-status", told)]
        body = a_form({"from": b"MAILER-DAEMON@x.nl", "text": b"Sorry"}, files=files)
        [found] = kind_of(read_mail(sendgrid.parsed_mail(content_type=FORM, body=body).raw)).bounces
        assert (found.recipient, found.status, found.hard) == ("a@b.nl", "5.1.1", True)

    def test_a_line_break_in_a_name_makes_no_header(self):
        """F5."""
        body = a_form(
            {"from": b"A\r\nBcc: x@y.z <a@b.nl>", "text": b"x"}, files=[("a\r\nX: y.pdf", "a/b", b"x")]
        )
        raw = sendgrid.parsed_mail(content_type=FORM, body=body).raw
        assert {name for name, _ in read_mail(raw).headers} == {"from", "mime-version", "content-type"}


class TestMail:
    def test_a_raw_mail_becomes_a_reply_on_its_claim_once(self, browser, box):
        with box.unit() as unit:
            _, claim_id = a_correspondent(unit)
        body = a_form({"email": a_mail("Ik heb al betaald"), "envelope": b"{}"})
        for _ in range(3):
            assert post(browser, body).status_code == 200
        box.react()
        assert [(one.claim_id, one.topic) for one in box.replies()] == [(claim_id, "paid")]
        assert box.files.get(box.inbound()[0].sha256) == a_mail("Ik heb al betaald")

    @pytest.mark.parametrize(
        ("path", "headers", "status"),
        [
            ("/hooks/sendgrid/inbound/wrong", {}, 403),
            ("/hooks/sendgrid/inbound", {}, 403),
            ("/hooks/sendgrid/inbound", {"authorization": "Basic !!!"}, 403),
            ("/hooks/sendgrid/inbound", {"authorization": basic("no")}, 403),
            ("/hooks/sendgrid/inbound", {"authorization": basic(KEY)}, 200),
        ],
    )  # fmt: skip
    def test_only_with_the_key(self, browser, box, path, headers, status):
        body = a_form({"email": a_mail("Hallo")})
        assert post(browser, body, path=path, **headers).status_code == status
        box.react()
        assert len(box.inbound()) == (status == 200)

    def test_what_is_no_form_or_too_large_is_refused(self, browser, box, monkeypatch):
        assert post(browser, b"hello").status_code == 403
        monkeypatch.setattr(sendgrid, "BYTES_MAX", 1_000)
        assert post(browser, a_form({"email": b"x" * 2_000})).status_code == 413
        assert box.files.kept == {}


class TestTexts:
    def call(self, browser, form, *, forged=False):
        path = "/hooks/twilio/inbound"
        token = SETTINGS.twilio_token.get_secret_value()
        signature = RequestValidator(token).compute_signature(SETTINGS.public_url + path, form)
        headers = {"X-Twilio-Signature": signature, "content-type": "application/x-www-form-urlencoded"}
        if forged:
            form = form | {"Body": "STOP"}
        return browser.post(path, content=urlencode(form), headers=headers)

    def test_a_signed_text_comes_in_once(self, browser, box):
        with box.unit() as unit:
            a_correspondent(unit)
        form = {"MessageSid": "SM1", "From": "+31612345678", "To": "+3197", "Body": "Ik betwist dit ☂"}
        for _ in range(2):
            answer = self.call(browser, form)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
        box.react()
        assert [(one.topic, one.words) for one in box.replies()] == [("dispute", "Ik betwist dit ☂")]

    def test_the_carriers_own_key_words_are_heard_and_taken_back(self, browser, box):
        """Twilio says in OptOutType what a word means that its messaging service was taught."""
        with box.unit() as unit:
            _, claim_id = a_correspondent(unit)
        form = {"From": "+31612345678", "To": "+3197"}
        self.call(browser, form | {"MessageSid": "SM1", "Body": "Foei", "OptOutType": "STOP"})
        box.react()
        assert box.point("+31612345678") == "opted_out"
        for _ in range(2):
            self.call(browser, form | {"MessageSid": "SM2", "Body": "Weer aan", "OptOutType": "START"})
        box.react()
        assert box.point("+31612345678") == "usable"
        assert [one.kind for one in box.inbound()] == ["stop", "start"]
        told = [kind for kind in box.kinds(claim_id) if kind.startswith("DebtorOpted")]
        assert told == ["DebtorOptedOut", "DebtorOptedIn"]
        assert [one.state for one in box.replies()] == ["waiting"]  # the STOP is read, the START is not

    def test_start_without_the_carriers_sign_is_heard_and_other_sentences_are_not(self, browser, box):
        with box.unit() as unit:
            a_correspondent(unit)
        form = {"From": "+31612345678", "To": "+3197"}
        self.call(browser, form | {"MessageSid": "SM1", "Body": "STOP"})
        box.react()
        self.call(browser, form | {"MessageSid": "SM2", "Body": "Start maar met betalen terug"})
        box.react()
        assert box.point("+31612345678") == "opted_out"
        self.call(browser, form | {"MessageSid": "SM3", "Body": "Start"})
        box.react()
        assert box.point("+31612345678") == "usable"

    def test_start_does_not_mend_a_number_that_is_wrong(self, browser, box):
        with box.unit() as unit:
            a_correspondent(unit)
            unit.session.connection().execute(text("UPDATE contact_point SET state = 'wrong'"))
        form = {"From": "+31612345678", "To": "+3197", "MessageSid": "SM2", "Body": "START"}
        self.call(browser, form | {"OptOutType": "START"})
        box.react()
        assert box.point("+31612345678") == "wrong"

    def test_who_asks_the_carrier_for_help_is_read(self, browser, box):
        with box.unit() as unit:
            a_correspondent(unit)
        form = {"From": "+31612345678", "To": "+3197", "MessageSid": "SM2", "Body": "HELP"}
        self.call(browser, form | {"OptOutType": "HELP"})
        box.react()
        assert [one.state for one in box.replies()] == ["waiting"]
        assert box.point("+31612345678") == "usable"

    def test_a_forged_text_is_refused(self, browser, box):
        form = {"MessageSid": "SM1", "From": "+31612345678", "To": "+3197", "Body": "hallo"}
        assert self.call(browser, form, forged=True).status_code == 403
        box.react()
        assert box.inbound() == []
