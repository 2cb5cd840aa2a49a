"""A mail as its parts and headers say: who wrote, to whom, what answers what, which files travel with it."""

import pytest

from agency.rules.inbound.bounce import bounces, is_bounce
from agency.rules.inbound.kind import InboundKind, complained_about, kind_of, kind_of_words
from agency.rules.inbound.mail import Part, address_in, decoded, read_mail
from agency.rules.inbound.own_words import own_words
from agency.rules.inbound.plain_words import clean, plain, words_of_html

pytestmark = pytest.mark.pure


def mail(body: str = "Hallo", **headers: str):
    named = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return read_mail(f"{named}\n{body}".encode())


def split(*parts: str, kind: str = "mixed", **headers: str):
    body = "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"
    return mail(body, Content_Type=f'multipart/{kind}; boundary="b"', **headers)


class TestHeaders:
    def test_say_who_wrote(self):
        found = mail(From="Jan de Boer <Jan@Example.ORG>", Subject="Over\n uw brief")
        assert (found.sender, found.sender_name) == ("jan@example.org", "Jan de Boer")
        assert found.subject == "Over uw brief"
        assert len(mail(From=f'"{"x" * 300}" <a@b.nl>').sender_name) == 200

    @pytest.mark.parametrize(
        "name", ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"]
    )
    def test_say_to_whom(self, name):
        found = mail(
            From="x@y.nl", **{name: "One <One@Example.org>, nobody, two@example.org, one@example.org"}
        )
        assert found.recipients == ("one@example.org", "two@example.org")

    def test_say_what_it_answers_the_nearest_first(self):
        found = mail(In_Reply_To="<c@x>", References="<a@x> <b@x> <c@x>")
        assert found.answers_to == ("c@x", "b@x", "a@x")
        assert mail(In_Reply_To=" bare-id ").answers_to == ("bare-id",)
        assert mail().answers_to == ()
        many = " ".join(f"<{number}@x>" for number in range(70))
        assert len(mail(References=many).answers_to) == 50

    @pytest.mark.parametrize(
        ("said", "address"),
        [
            ("Jan <A@B.nl>", "a@b.nl"), ("a@b", "a@b"), ("@b", ""), ("a@", ""),
            ("nobody", ""), ("", ""), (f"{'a' * 252}@b", f"{'a' * 252}@b"), (f"{'a' * 253}@b", ""),
            ('"<Xavier@b.nl>"', "xavier@b.nl"), ('"a b"@c.nl', ""), ("ab@c.nl", "ab@c.nl"), ("a@bc", "a@bc"),
        ],
    )  # fmt: skip
    def test_hold_an_address_or_none(self, said, address):
        assert address_in(said) == address

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("=?iso-8859-1?q?caf=E9?=", "café"),
            ("=?utf-8?b?Y2Fmw6k=?= =?utf-8?q?_noir?=", "café noir"),
            ("=?none?q?caf=C3=A9?=", "café"),
            ("=?none?q?caf=E9?=", "café"),
            ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
            ("café", "café"),
        ],
    )
    def test_are_written_out(self, value, words):
        assert decoded(value) == words

    @pytest.mark.parametrize("written", ["café".encode(), "café".encode("latin-1")])
    def test_are_read_where_they_hold_bytes_as_they_are(self, written):
        assert read_mail(b"Subject: " + written + b"\n\n").subject == "café"

    @pytest.mark.parametrize("first", ["From a@b.nl Tue Dec  1 10:00:00 2026", ">From a@b.nl Tue Dec  1"])
    def test_begin_behind_the_line_of_a_mailbox(self, first):
        found = read_mail(f"{first}\nSubject: Brief\n\nHallo".encode())
        assert (found.subject, found.text) == ("Brief", "Hallo")

    def test_are_shown_above_the_words_as_its_reader_saw_them(self):
        found = mail(
            "\nHallo\n", From="Jan <a@b.nl>", To="us@x.nl", Date="1 Dec 2026", Subject="Over\n uw brief"
        )
        assert (
            found.as_read
            == "From: Jan <a@b.nl>\nTo: us@x.nl\nDate: 1 Dec 2026\nSubject: Over uw brief\n\nHallo"
        )
        assert mail("Hallo", From="a@b.nl").as_read == "From: a@b.nl\n\nHallo"

    def test_beyond_what_people_write_are_left_out(self):
        found = read_mail(b"X-One: 1\n" * 501 + b"\n")
        assert len(found.headers) == 500
        assert len(mail(Subject="x" * 4_001).subject) == 4_000


class TestParts:
    def test_texts_are_read_and_files_are_kept(self):
        found = split(
            "Content-Type: text/plain; charset=iso-8859-1\n"
            "Content-Transfer-Encoding: quoted-printable\n\ncaf=E9",
            "Content-Type: text/html\n\n<p>not <b>this</b></p>",
            "Content-Type: application/pdf; name=a.pdf\n\n%PDF",
            "Content-Type: text/csv\nContent-Disposition: attachment; filename=b.csv\n\n1;2",
            "Content-Type: text/x-log; name=c.log\n\nlogged",
            "Content-Type: application/pdf; name=empty.pdf\n\n",
            "Content-Type: image/png\n\nPNG",
        )
        assert found.text == "café\n\nlogged"
        assert [(one.media_type, one.name) for one in found.attachments] == [
            ("application/pdf", "a.pdf"), ("text/csv", "b.csv"), ("image/png", "attachment"),
        ]  # fmt: skip
        assert found.parts[1] == Part("text/html", "", "not this", b"")
        assert found.attachments[0].content == b"%PDF"

    def test_a_page_is_read_where_there_are_no_plain_words(self):
        found = split(
            "Content-Type: text/plain\n\n  ", "Content-Type: text/html\n\n<p>One</p>",
            "Content-Type: text/html\n\n<p>Two</p>", kind="alternative",
        )  # fmt: skip
        assert found.text == "One\nTwo"

    def test_words_are_read_by_their_charset(self):
        headers = b"Content-Type: text/plain; charset=%b\n\n"
        assert read_mail(headers % b"windows-1252" + b"\x80 10").text == "€ 10"
        assert read_mail(headers % b"none" + "€ 10".encode()).text == "€ 10"

    @pytest.mark.parametrize("charset", ["iso-8859-1", "us-ascii", "utf-8", "windows-1252"])
    def test_quotes_and_euros_of_windows_are_read_under_any_name(self, charset):
        raw = (
            f"From: a@b.nl\nContent-Type: text/plain; charset={charset}\n\n".encode() + b"j\x92ai 5 \x80 \xe9"
        )
        assert read_mail(raw).text == "j\u2019ai 5 \u20ac é"

    def test_a_byte_that_windows_has_not_is_kept(self):
        raw = b"From: a@b.nl\nContent-Type: text/plain; charset=iso-8859-1\n\nx\x81\xe9"
        assert read_mail(raw).text == "x\x81é"

    def test_are_read_whatever_their_own_headers_say(self):
        assert mail("Hallo", Content_Type="multipart/mixed").text == "Hallo"
        assert mail("Hallo", Content_Type="text/plain; charset*=a\0b'nl'x").text == "Hallo"
        named = mail("Hallo", Content_Type="text/plain; name*=a\0b'nl'x.txt")
        assert named.parts == (Part("text/plain", "", "Hallo", b""),)
        named = mail("%PDF", Content_Type="application/pdf; name*=a\0b'nl'x.pdf")
        assert named.attachments == (Part("application/pdf", "attachment", "", b"%PDF"),)

    def test_a_long_name_is_shortened(self):
        [part] = split(f"Content-Type: image/png; name={'n' * 300}\n\nPNG").attachments
        assert len(part.name) == 200

    @pytest.mark.parametrize("kind", ["message/rfc822", "message/partial"])
    def test_a_mail_that_comes_back_is_kept_apart(self, kind):
        found = split(
            "Content-Type: text/plain\n\nNot delivered",
            f"Content-Type: {kind}\n\nTo: a@b.nl\nSubject: Brief\n\nGeachte heer",
        )
        assert (found.text, [one.media_type for one in found.parts]) == ("Not delivered", ["text/plain"])
        assert found.returned == "To: a@b.nl\nSubject: Brief\n\nGeachte heer"
        headers = split("Content-Type: text/rfc822-headers\n\nTo: a@b.nl\n")
        assert headers.returned.strip() == "To: a@b.nl"

    def test_a_mail_that_is_sent_on_without_a_word_is_what_is_read(self):
        inside = "Content-Type: message/rfc822\n\nFrom: a@b.nl\nSubject: x\n\nIk ben failliet"
        assert split(inside, From="a@b.nl").text.endswith("Ik ben failliet")
        assert (
            split(inside, "Content-Type: text/plain\n\nZie mijn mail", From="a@b.nl").text == "Zie mijn mail"
        )

    def test_reports_keep_their_fields(self):
        found = split(
            "Content-Type: message/delivery-status\n\n"
            "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.nl\n"
        )
        told = found.report("message/delivery-status")
        assert [block.strip() for block in told.split("\n\n")][:2] == [
            "Reporting-MTA: dns; x", "Final-Recipient: rfc822; a@b.nl",
        ]  # fmt: skip
        assert found.report("message/feedback-report") == ""

    def test_what_is_split_or_long_beyond_people_is_cut(self):
        part = "Content-Type: text/plain\n\nx"
        assert not split(*[part] * 200).cut
        assert split(*[part] * 201).cut
        assert not mail("x" * 200_000).cut
        long = mail("x" * 200_001)
        assert (long.cut, len(long.text)) == (True, 200_000)
        multiparts = "Content-Type: multipart/mixed\n" * 200
        assert not read_mail(multiparts.encode()).cut
        unread = read_mail(b"Content-Type: multipart/mixed\n" * 201 + b"\xff")
        assert (unread.cut, unread.media_type, unread.headers) == (True, "text/plain", ())

    def test_is_opened_so_deep_and_no_deeper(self):
        def nested(depth: int) -> str:
            opened = "".join(
                f'Content-Type: multipart/mixed; boundary="b{i}"\n\n--b{i}\n' for i in range(depth)
            )
            return read_mail(f"{opened}Content-Type: text/plain\n\ninside".encode()).text

        assert nested(13) == "inside"
        assert nested(14) != "inside"


class TestKind:
    @pytest.mark.parametrize(
        ("headers", "sign"),
        [
            ({"Auto-Submitted": "auto-replied; x=1"}, ("header", "auto-submitted: auto-replied")),
            ({"X-Autoreply": "yes"}, ("header", "x-autoreply: yes")),
            ({"Precedence": "bulk"}, ("header", "precedence: bulk")),
        ],
    )
    def test_a_machine_says_so_in_its_headers(self, headers, sign):
        found = kind_of(mail(From="a@b.nl", **headers))
        assert (found.kind, found.signs) == ("auto_reply", (sign,))

    def test_what_a_person_sends_is_no_machines(self):
        for headers in ({"Auto-Submitted": "no"}, {"Precedence": "first-class"}, {}):
            assert kind_of(mail(From="a@b.nl", **headers)).kind is InboundKind.REPLY

    def test_a_machine_says_so_in_subject_or_text(self):
        by_subject = kind_of(mail(From="a@b.nl", Subject="Out of office: Jan"))
        assert (by_subject.kind, by_subject.signs) == (
            InboundKind.AUTO_REPLY,
            (("subject", "out of office"),),
        )
        [sign] = kind_of(mail("I am currently out of the office.", From="a@b.nl")).signs
        assert sign[0] == "text"
        assert sign[1] in "i am currently out of the office"

    @pytest.mark.parametrize(
        ("words", "headers"),
        [
            ("Ik ben met vakantie geweest, maar de rekening is al betaald", {"Subject": "Re: brief"}),
            ("Dit is een automatische afschrijving die ik niet ken", {}),
            ("Ich bin bis Ostern ohne Arbeit und kann nicht zahlen", {"Subject": "AW: Mahnung"}),
            ("Je suis absente, mais je conteste la facture", {}),
            ("Graag uitstel, ik lag in het ziekenhuis", {"Subject": "Afwezig door ziekte"}),
            ("Belt u mij even terug?", {"Subject": "Re: Automatisch antwoord: brief"}),
            ("Ik wil in termijnen betalen", {"Subject": "Ontvangstbevestiging: uw brief"}),
            ("We spoke at nine", {"Subject": "Out of office hours call"}),
            ("Onze cliënt staat onder bewind", {"Feedback-ID": "1.eu:mailservice"}),
            ("Wij betwisten de nota", {"Auto-Submitted": "auto-generated"}),
            ("Wilt u ons terugbellen?", {"Auto-Submitted": "auto-generated", "Subject": "Re: brief"}),
            ("Wilt u ons terugbellen?", {"Precedence": "list", "List-Post": "<mailto:post@b.nl>"}),
            ("Kunt u mij bellen?", {"X-Auto-Response-Suppress": "OOF", "Subject": "Re: brief"}),
            ("Hij is op 3 mei overleden", {"Auto-Submitted": "auto-replied"}),
            ("Ik wil niet meer leven", {"X-Autoreply": "yes", "Subject": "Automatic reply: brief"}),
        ],
    )
    def test_a_person_is_read_whatever_looks_like_a_machine(self, words, headers):
        assert kind_of(mail(words, From="a@b.nl", **headers)).kind is InboundKind.REPLY

    @pytest.mark.parametrize(
        ("words", "headers"),
        [
            ("Ik betaal u niet, ik ben er even niet", {"Auto-Submitted": "auto-replied"}),
            ("Over rekeningen: bel de balie", {"Auto-Submitted": "auto-generated", "Subject": "Auto: brief"}),
            ("Dit bericht is automatisch gemaakt, bij nota's belt u", {"X-Auto-Response-Suppress": "All"}),
            ("Ik ben afwezig tot maandag", {"Subject": "Afwezig"}),
            ("Ik ben afwezig tot maandag", {"Subject": "Re: brief", "Precedence": "bulk"}),
            ("Sokken in de aanbieding! Afmelden kan hier", {"Precedence": "list", "List-Post": "NO"}),
            ("Tot maandag", {"Subject": "Out of office until Monday"}),
        ],
    )
    def test_a_machine_is_known_by_a_certain_sign_or_by_two(self, words, headers):
        assert kind_of(mail(words, From="a@b.nl", **headers)).kind is InboundKind.AUTO_REPLY

    def test_who_sends_a_file_is_read_unless_the_sign_is_certain(self):
        scan = "Content-Type: application/pdf; name=scan.pdf\n\n%PDF"
        words = "Content-Type: text/plain\n\nZie bijlage"
        assert kind_of(split(words, scan, From="a@b.nl", Precedence="bulk")).kind is InboundKind.REPLY
        found = kind_of(split(words, scan, From="a@b.nl", Precedence="auto_reply"))
        assert found.kind is InboundKind.AUTO_REPLY

    @pytest.mark.parametrize(
        "fields",
        [
            "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; a@b.nl\n"
            "Disposition: manual-action/MDN-sent-manually; displayed\n",
            "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b.nl\nAction: relayed\n",
        ],
    )
    def test_a_receipt_that_mail_arrived_or_was_opened_is_a_machines(self, fields):
        found = kind_of(split("Content-Type: text/plain\n\nGelezen.", fields, kind="report", From="a@b.nl"))
        assert (found.kind, found.signs[0][0]) == ("auto_reply", "report")

    @pytest.mark.parametrize(("before", "kind"), [(573, "auto_reply"), (574, "reply")])
    def test_a_machine_says_so_at_the_beginning(self, before, kind):
        assert kind_of(mail(f"{'x' * before} This is an automatic reply", From="a@b.nl")).kind == kind

    def test_a_bounce_says_why(self):
        found = kind_of(report("Final-Recipient: rfc822; a@b.nl", "Diagnostic-Code: smtp; 550 unknown user"))
        assert (found.kind, found.signs) == ("bounce", (("report", "550 unknown user"),))
        assert [one.recipient for one in found.bounces] == ["a@b.nl"]

    @pytest.mark.parametrize(
        ("words", "stops"),
        [
            ("STOP", True), ("stop!", True), ("Stop met mailen", True),
            ("stop met uw berichten alstublieft nu", True),
            ("stop met uw berichten alstublieft nu meteen", False),
            ("stop payment", False), ("stop de betaling", False), ("arretez le paiement", False),
            ("stop mit der Zahlung", False), ("cancel the contract", False), ("stop le contrat", False),
            ("Stop mit dem Vertrag", False), ("End of next week", False),
            ("betaald", False), ("", False), ("Ik stop niet", False), ("Stop, ik heb al betaald", True),
            ("quit my job, no money", False), ("end my life", False),
        ],
    )  # fmt: skip
    def test_a_short_wish_to_hear_no_more_is_one(self, words, stops):
        found = kind_of_words(words)
        assert (found.kind is InboundKind.STOP) is stops
        assert bool(found.signs) is stops
        assert kind_of(mail(words, From="a@b.nl")).kind is found.kind

    def test_the_words_of_a_wish_are_told(self):
        assert kind_of_words("Stop!").signs == (("text", "stop"),)
        assert kind_of_words("Stop met uw berichten").signs == (("text", "stop"),)

    def test_a_wish_in_the_subject_counts_beside_few_words(self):
        found = kind_of(mail("Groet, Jan", From="a@b.nl", Subject="Re: unsubscribe"))
        assert (found.kind, found.signs) == ("stop", (("subject", "unsubscribe"),))
        long = "Ik heb uw brief gelezen en ik wil graag met u bellen over de rekening."
        assert kind_of(mail(long, From="a@b.nl", Subject="unsubscribe")).kind is InboundKind.REPLY
        assert kind_of(mail("Groet", From="a@b.nl", Subject="vraag")).kind is InboundKind.REPLY

    @pytest.mark.parametrize(
        ("fields", "kind", "about"),
        [
            ("Feedback-Type: Not-Spam\nOriginal-Rcpt-To: <A@b.nl>", "not-spam", "a@b.nl"),
            ("Version: 1\nfeedback-type: abuse\noriginal-rcpt-to: a@b.nl", "abuse", "a@b.nl"),
            ("User-Agent: x", "abuse", ""),
        ],
    )
    def test_a_complaint_says_about_whom(self, fields, kind, about):
        found = split(f"Content-Type: message/feedback-report\n\n{fields}\n", kind="report")
        kinded = kind_of(found)
        assert (kinded.kind, kinded.signs) == ("complaint", (("report", kind),))
        assert complained_about(found) == about


def report(*fields: str, notice: str = "Sorry."):
    return split(
        f"Content-Type: text/plain\n\n{notice}",
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n" + "\n".join(fields) + "\n",
        kind="report", From="MAILER-DAEMON@x.nl",
    )  # fmt: skip


class TestBounces:
    def one(self, *fields: str, **more: str):
        [found] = bounces(report(*fields, **more))
        return found

    def test_a_report_is_one_unless_all_arrived(self):
        assert is_bounce(report("Final-Recipient: rfc822; a@b.nl", "Action: failed (for good)"))
        assert not is_bounce(report("Final-Recipient: rfc822; a@b.nl", "Action: delivered"))
        assert is_bounce(report("Final-Recipient: rfc822; a@b.nl", "Action: expired"))
        assert is_bounce(report("Something: else"))
        assert is_bounce(mail(From="a@b.nl", Content_Type="multipart/report; report-type=delivery-status"))

    def test_is_one_by_whatever_word_a_server_has_for_failure(self):
        for action in ("error", "failure", "undeliverable"):
            assert is_bounce(report("Final-Recipient: rfc822; a@b.nl", f"Action: {action}"))

    def test_is_read_in_utf8_too(self):
        found = split(
            "Content-Type: message/global-delivery-status\n\n"
            "Final-Recipient: utf-8; a@b.nl\nAction: failed\n",
            kind="report", From="MAILER-DAEMON@x.nl",
        )  # fmt: skip
        assert [one.recipient for one in kind_of(found).bounces] == ["a@b.nl"]

    def test_an_address_that_passed_it_on_is_the_one_it_is_about(self):
        found = self.one("Original-Recipient: rfc822; A@b.nl", "Final-Recipient: rfc822; new@c.nl")
        assert (found.recipient, found.sent_to) == ("new@c.nl", "a@b.nl")
        assert [found.is_about(one) for one in ("a@b.nl", "new@c.nl", "x@b.nl")] == [True, True, False]
        elsewhere = self.one("Original-Recipient: rfc822; a@b.nl", "Final-Recipient: x400; /G=A/S=B/")
        assert (elsewhere.recipient, elsewhere.sent_to) == ("a@b.nl", "")
        [nobody] = self.told("Sorry, nobody.")
        assert nobody.is_about("a@b.nl")

    def test_says_whom_why_and_whether_somebody_tries_again(self):
        found = self.one(
            "Original-Recipient: rfc822; other@b.nl", "Final-Recipient: rfc822; A@b.nl", "Action: failed",
            "Status: 5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 user", " unknown",
        )  # fmt: skip
        assert (found.recipient, found.status, found.reply, found.final) == ("a@b.nl", "5.1.1", "550", True)
        assert (found.diagnosis, found.reason, found.hard) == ("550 5.1.1 user unknown", "userunknown", True)
        later = self.one("Original-Recipient: rfc822; a@b.nl", "Action: delayed", "Status: 4.4.1")
        assert (later.recipient, later.final, later.hard) == ("a@b.nl", False, False)
        assert (later.status, later.diagnosis) == ("4.4.1", "Sorry.")
        assert [
            one.recipient for one in bounces(report("Final-Recipient: rfc822; a@b.nl", "Action: relayed"))
        ] == [""]

    def test_a_class_of_its_own_says_for_good_or_for_now(self):
        assert self.one("Final-Recipient: rfc822; a@b.nl", "Action: failed").status.startswith("5.")
        assert self.one("Final-Recipient: rfc822; a@b.nl", "Action: delayed").status.startswith("4.")
        assert self.one(
            "Final-Recipient: rfc822; a@b.nl", "Action: failed", "Diagnostic-Code: smtp; 450 later"
        ).status.startswith("4.")

    def test_a_nearer_status_in_the_words_counts(self):
        found = self.one(
            "Final-Recipient: rfc822; a@b.nl", "Action: failed", "Status: 5.0.0",
            "Diagnostic-Code: smtp; 552 5.2.2 full",
        )  # fmt: skip
        assert found.status == "5.2.2"
        told = self.one(
            "Final-Recipient: rfc822; a@b.nl", "Action: failed", notice="x\na@b.nl: 5.1.1 unknown"
        )
        assert (told.status, told.diagnosis) == ("5.1.1", "a@b.nl: 5.1.1 unknown")
        kept = self.one(
            "Final-Recipient: rfc822; a@b.nl", "Action: failed", "Status: 5.1.1",
            "Diagnostic-Code: smtp; 552 5.2.2 full",
        )  # fmt: skip
        assert kept.status == "5.1.1"

    def test_each_address_of_a_report_has_its_own_answer(self):
        found = bounces(
            report(
                "Final-Recipient: rfc822; a@b.nl", "Action: failed", "Status: 5.1.1", "",
                "Final-Recipient: rfc822; c@d.nl", "Action: delayed", "Status: 4.2.2",
            )
        )  # fmt: skip
        assert [(one.recipient, one.status) for one in found] == [("a@b.nl", "5.1.1"), ("c@d.nl", "4.2.2")]
        many = [line for i in range(51) for line in (f"Final-Recipient: rfc822; a{i}@b.nl", "")]
        assert len(bounces(report(*many))) == 50

    def test_a_report_that_begins_with_something_else_is_read_all_the_same(self):
        found = self.one(
            "Sorry about that", "Final-Recipient: rfc822; a@b.nl", "Action: failed",
            "Diagnostic-Code: smtp; 550 user", " unknown",
        )  # fmt: skip
        assert (found.recipient, found.diagnosis) == ("a@b.nl", "550 user unknown")

    def test_what_the_readers_own_server_says_comes_before_the_relays_words(self):
        found = self.one(
            "Final-Recipient: rfc822; a@b.nl", "Action: failed", "Status: 5.1.1",
            "Diagnostic-Code: smtp; 550 user unknown",
            notice="Your message was automatically rejected:\n\nmailbox is full",
        )  # fmt: skip
        assert (found.reason, found.diagnosis) == ("mailboxfull", "mailbox is full")

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ("A@b.nl: 550 user unknown (in reply to end of DATA command)", "filtered"),
            ("c@d.nl: 550 no (in reply to end of DATA command)\na@b.nl: 550 user unknown", "userunknown"),
        ],
    )
    def test_the_stage_at_which_an_address_was_refused_tells_more(self, said, reason):
        found = self.one(
            "Final-Recipient: rfc822; a@b.nl", "Action: failed", "Diagnostic-Code: smtp; 550 user unknown",
            notice=said,
        )  # fmt: skip
        assert found.reason == reason

    def told(self, text: str, **headers: str):
        return bounces(mail(text, **{"From": "MAILER-DAEMON@x.nl", "To": "us@agency.example"} | headers))

    def test_plain_words_name_each_address_at_the_start_of_a_line(self):
        first, second = self.told(
            "<a@b.nl>: 550 user unknown\nmore\n <c@d.nl> 452 mailbox full\nus@agency.example x"
        )
        assert (first.recipient, first.reply, first.diagnosis) == (
            "a@b.nl",
            "550",
            "<a@b.nl>: 550 user unknown more",
        )
        assert (second.recipient, second.reply, second.final) == ("c@d.nl", "452", True)
        [waiting] = self.told("a@b.nl: 450 later\nThis is a warning message only")
        assert not waiting.final
        [long] = self.told(f"a@b.nl: {'x' * 300}")
        assert len(long.diagnosis) == 300

    @pytest.mark.parametrize(
        ("words", "status"),
        [
            ("user unknown", "5."), ("delivery time expired", "4."), ("you are greylisted", "4."),
            ("too many messages", "4."),
        ],
    )  # fmt: skip
    def test_without_figures_the_reason_says_for_good_or_for_now(self, words, status):
        [found] = self.told(f"a@b.nl: {words}")
        assert found.status.startswith(status)

    def test_the_mail_that_comes_back_names_nobody(self):
        found = self.told("a@b.nl: unknown\n--- Below this line is a copy of the message.\nc@d.nl: hallo")
        assert [(one.recipient, one.diagnosis) for one in found] == [("a@b.nl", "a@b.nl: unknown")]

    @pytest.mark.parametrize(
        "before",
        ["Received: from x by y", "> Return-Path: <us@agency.example>", "--- START OF RETURNED MAIL ---"],
    )
    def test_nor_do_its_headers(self, before):
        found = self.told(f"a@b.nl: unknown\n{before}\nc@d.nl: hallo")
        assert [one.recipient for one in found] == ["a@b.nl"]

    def test_each_address_may_stand_behind_its_label(self):
        found = self.told("Unknown user: a@b.nl\n550 no\nFailed recipient: <c@d.nl>\nmailbox full")
        assert [(one.recipient, one.reason) for one in found] == [
            ("a@b.nl", "userunknown"), ("c@d.nl", "mailboxfull"),
        ]  # fmt: skip

    def test_the_reason_may_stand_above_the_address(self):
        [found] = self.told("The mailbox of this reader is full:\n\n<a@b.nl>")
        assert (found.recipient, found.reason) == ("a@b.nl", "mailboxfull")
        [quoted] = self.told("Your mail to 'a@b.nl' was lost")
        assert quoted.recipient == "a@b.nl"

    @pytest.mark.parametrize(
        "words",
        ["Delivery attempts will continue for some days", "We will continue to try", "This is just a warning",
         "it has been postponed", "has not yet been delivered"],
    )  # fmt: skip
    def test_a_warning_is_not_final(self, words):
        [found] = self.told(f"a@b.nl: no answer yet\n{words}")
        assert not found.final

    @pytest.mark.parametrize(("before", "final"), [(39_981, False), (39_982, True)])
    def test_a_notice_is_read_so_far_and_no_farther(self, before, final):
        [found] = self.told(f"a@b.nl:{' ' * before}still trying")
        assert found.final is final

    def test_else_the_address_stands_in_a_header_the_words_or_the_mail_that_came_back(self):
        [found] = self.told("Sorry, nobody.", X_Failed_Recipients="A@b.nl")
        assert found.recipient == "a@b.nl"
        [found] = self.told("Your mail from us@agency.example to a@b.nl failed")
        assert found.recipient == "a@b.nl"
        back = split(
            "Content-Type: text/plain\n\nNot delivered",
            "Content-Type: message/rfc822\n\nFrom: us@agency.example\nTo: A@b.nl\n\nx",
            From="MAILER-DAEMON@x.nl", To="us@agency.example",
        )  # fmt: skip
        assert [one.recipient for one in bounces(back)] == ["a@b.nl"]
        assert [one.recipient for one in self.told("Sorry, nobody.")] == [""]

    @pytest.mark.parametrize(
        ("text", "headers", "bounced"),
        [
            ("user unknown", {"From": "MAILER-DAEMON@x.nl"}, True),
            ("it failed: 550 x", {"From": "MAILER-DAEMON@x.nl"}, True),
            ("hello", {"From": "MAILER-DAEMON@x.nl"}, False),
            ("hello", {"From": "Mail Delivery System <a@x.nl>", "Subject": "Undelivered mail"}, True),
            ("hello", {"From": "a@x.nl", "Return-Path": "<>", "Subject": "Undelivered mail"}, True),
            ("hello", {"Subject": "Undelivered mail"}, True),
            (
                "hello",
                {"From": "a@x.nl", "Return-Path": "<MAILER-DAEMON@x.nl>", "Subject": "Mail failure"},
                True,
            ),
            ("I have paid 450 euro", {"From": "postmaster@x.nl"}, False),
            ("Ik betaal 500 per maand", {"From": "bounces@x.nl"}, False),
            ("user unknown", {"From": "postmaster@x.nl"}, True),
            ("hello", {"From": "a@x.nl", "Return-Path": "<a@x.nl>", "Subject": "Undelivered mail"}, False),
            ("hello", {"From": "a@x.nl", "Return-Path": "<>"}, False),
            ("user unknown", {"From": "noreply@x.nl", "Subject": "Undelivered mail"}, True),
            ("hello", {"From": "noreply@x.nl", "Subject": "Undelivered mail"}, False),
            ("user unknown", {"From": "a@x.nl", "Auto-Submitted": "x", "Subject": "Undelivered mail"}, True),
            ("user unknown", {"From": "a@x.nl"}, False),
            (f"{'x' * 3_987} user unknown", {"From": "MAILER-DAEMON@x.nl"}, True),
            (f"{'x' * 3_988} user unknown", {"From": "MAILER-DAEMON@x.nl"}, False),
        ],
    )
    def test_who_writes_and_what_decide_together(self, text, headers, bounced):
        assert is_bounce(mail(text, **headers)) is bounced

    def test_a_server_that_gives_the_mail_back_need_not_say_why(self):
        back = "Content-Type: message/rfc822\n\nFrom: us@agency.example\n\nx"
        assert is_bounce(split("Content-Type: text/plain\n\n:", back, From="MAILER-DAEMON@x.nl"))
        assert not is_bounce(split("Content-Type: text/plain\n\nZie", back, From="postmaster@x.nl"))


class TestPages:
    @pytest.mark.parametrize(
        ("page", "words"),
        [
            ("a<br>b<p>c</p>", "a\nb\nc"),
            ("a\nb <b>c</b>", "a b c"),
            ("a\nb<br>", "a b"),
            ("a\n&gt; b", "a\n> b"),
            ("<style>x{}</style>a", "a"),
            ("<style>x <b>y</b> z</style>a", "a"),
            ("<head><title>x</title><p>y</head>a", "a"),
            ("<head>x<body>a", "a"),
            ("a<script>x", "a"),
            ("a<blockquote>b</blockquote>c", "a\n> b\nc"),
            ("a<blockquote>b<br>c<p>d</blockquote>e", "a\n> b\n> c\n> d\ne"),
            ("a<blockquote>b<blockquote>c</blockquote>d</blockquote></blockquote>e", "a\n> b\n> c\n> d\n\ne"),
            ("a<!-- b -->c<!-- d", "ac"),
            ("<!-- a <!-- b -->c", "c"),
            ("a<!---->b --> c", "ab --> c"),
            (f"{' ' * 399_999}ab", "a"),
            ("&eacute;&amp;", "é&"),
            ("a<p></p><p></p><p></p>b", "a\n\nb"),
        ],
    )
    def test_are_read_as_a_reader_sees_them(self, page, words):
        assert words_of_html(page) == words

    @pytest.mark.parametrize("block", ["br", "p", "DIV", "tr", "li", "h1", "h2", "h3", "h4", "table", "hr"])
    def test_each_block_begins_a_line(self, block):
        assert words_of_html(f"a<{block} class='x'>b") == "a\nb"

    @pytest.mark.parametrize("hidden", ["style", "SCRIPT", "head", "title"])
    def test_what_no_reader_sees_is_left_out(self, hidden):
        assert words_of_html(f"a<{hidden}>b</{hidden}>c") == "ac"

    def test_signs_that_nobody_sees_are_taken_away(self):
        assert clean("a\0b\u202ec\ufeffd") == "abcd"
        assert clean("a\r\nb\rc\nd") == "a\nb\nc\nd"

    def test_words_are_compared_as_they_sound(self):
        assert plain(" L\u2019Été \n d\u2018ici ") == "l'ete d'ici"


class TestOwnWords:
    @pytest.mark.parametrize(
        ("text", "own"),
        [
            ("Ja.\nOp 1 december schreef u\n<a@b.nl> schreef:\n> x\nNee.\n> y", "Ja.\nNee."),
            ("Ja.\nOp 1 december schreef Jan:\n> x\nNee.\nToch.", "Ja."),
            ("Ja.\nOp 1 december schreef Jan:\n> x\n> y\nNee.\nToch.", "Ja.\nNee.\nToch."),
            ("> x", "> x"),
            ("", ""),
            ("Bel mij.\n\nVan: Bureau\nVerzonden: maandag\nAan: mij\n\nAl betaald?", "Bel mij."),
            ("Bel mij.\n\n*Van:* Bureau <a@b.nl>\n\nAl betaald?", "Bel mij."),
            (
                "Bel mij.\nOp 1 dec om 9:00 heeft Bureau <a@b.nl> het volgende geschreven:\nAl betaald?",
                "Bel mij.",
            ),
            ("Ja.\nBureau <a@b.de> schrieb am Mo., 1. Dez. 2026:\nBezahlt?", "Ja."),
            ("Ja.\nOutlook voor iOS\n__________\nVan: Bureau <a@b.nl>\nBetaald?", "Ja."),
            ("Verzonden vanaf mijn telefoon\n\nIk ben failliet", "Ik ben failliet"),
            ("Op 2 mei schreef ik u al.\nGraag antwoord", "Op 2 mei schreef ik u al.\nGraag antwoord"),
            ("Le juge a écrit :\nnon", "Le juge a écrit :\nnon"),
            ("Hallo\n-----\nIk kan niet", "Hallo\n-----\nIk kan niet"),
            ("Dag,\n\nOp 1 dec 2026 schreef u <a@b.nl>:\n> x\n\nA\nB\nC", "Dag,\n\nA\nB\nC"),
            ("Van: mijn loon blijft niets over\nSorry", "Van: mijn loon blijft niets over\nSorry"),
            ("x" * 20_001, "x" * 20_000),
        ],
    )
    def test_are_kept_between_quoted_lines(self, text, own):
        assert own_words(text) == own
