"""Mail in the shapes that servers and mail programs write, made here: what is decisive is read in all."""

import time

import pytest

from agency.rules.inbound.kind import InboundKind, complained_about, kind_of, kind_of_words
from agency.rules.inbound.mail import read_mail
from agency.rules.inbound.own_words import own_words
from agency.rules.inbound.triage import triage

pytestmark = pytest.mark.pure

READER = "jan@klant.example"
EXCHANGE = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@klant.example"
OURS = f"From: Kantoor <re-a@incasso.example>\nTo: {READER}\nSubject: Herinnering\n\nBetaal."
WORDS = "Content-Type: text/plain; charset=utf-8\n\nIk heb al betaald.\n"


def a_mail(words, *, sender="Jan <jan@klant.example>", subject="Herinnering", kind="text/plain", headers=""):
    head = f"From: {sender}\nTo: re-a@incasso.example\nSubject: {subject}\n{headers}"
    return read_mail(f"{head}MIME-Version: 1.0\nContent-Type: {kind}; charset=utf-8\n\n{words}".encode())


def of_parts(*parts, kind="mixed", sender="Jan <jan@klant.example>", subject="Re: Herinnering"):
    body = "".join(f"--zz\n{part}\n" for part in parts)
    head = f"From: {sender}\nSubject: {subject}\nMIME-Version: 1.0\n"
    return read_mail(f'{head}Content-Type: multipart/{kind}; boundary="zz"\n\n{body}--zz--\n'.encode())


def a_report(status, said, kind="message/delivery-status"):
    fields = (
        f"Final-Recipient: rfc822; {READER}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {said}"
    )
    return of_parts(
        "Content-Type: text/plain\n\nIt did not arrive.\n",
        f"Content-Type: {kind}\n\nReporting-MTA: dns; mx.example\n\n{fields}\n",
        f"Content-Type: message/rfc822\n\n{OURS}\n",
        kind="report; report-type=delivery-status", sender="MAILER-DAEMON@mx.example",
        subject="Undelivered",
    )  # fmt: skip


class TestBounces:
    @pytest.mark.parametrize(
        "sender", ["postmaster@klant.onmicrosoft.example", f"Microsoft Outlook <{EXCHANGE}>"]
    )
    @pytest.mark.parametrize(
        ("subject", "words"),
        [
            ("Onbestelbaar: Herinnering", "De bezorging bij de volgende geadresseerden of groepen is"
             f" mislukt:</p><p>{READER}<br>Het ingevoerde e-mailadres is niet gevonden."),
            ("Niet te bezorgen: Herinnering", f"Uw bericht is niet bezorgd bij {READER}.</p><p>jan is niet"
             " gevonden op klant.example."),
            ("Non remis : Rappel", f"Votre message n'a pas pu être remis à {READER}.</p><p>jan est"
             " introuvable à klant.example."),
            ("Unzustellbar: Mahnung", f"Ihre Nachricht an {READER} konnte nicht zugestellt werden.</p>"
             f"<p>{READER}<br>Die eingegebene E-Mail-Adresse konnte nicht gefunden werden."),
            ("Undeliverable: Reminder", f"Your message to {READER} couldn't be delivered.</p><p>jan wasn't"
             f" found.</p><p>{READER}<br>The email address you entered couldn't be found."),
        ],
    )  # fmt: skip
    def test_exchange_that_sends_a_page_and_no_report(self, sender, subject, words):
        kinded = kind_of(
            a_mail(f"<html><p>{words}</p></html>", sender=sender, subject=subject, kind="text/html")
        )
        assert kinded.kind is InboundKind.BOUNCE
        assert [(one.recipient, one.reason, one.hard) for one in kinded.bounces] == [
            (READER, "userunknown", True)
        ]

    @pytest.mark.parametrize(
        ("name", "subject", "words"),
        [
            ("Systeembeheerder", "Onbestelbaar: x", "heeft de volgende geadresseerde(n) niet bereikt:"),
            ("Administrateur système", "Non remis : x", "n'a pas atteint le ou les destinataires suivants :"),
            ("Systemadministrator", "Unzustellbar: x", "hat folgende(n) Empfänger nicht erreicht:"),
            ("Mail Delivery System", "Uw e-mail kon niet worden afgeleverd", "kon niet worden afgeleverd"),
            ("MAILER-DAEMON", "Echec de distribution", "n'a pas pu être distribué à"),
            (
                "Mail Delivery System",
                "Zustellung Ihrer E-Mail fehlgeschlagen",
                "konnte nicht ausgeliefert werden:",
            ),
        ],
    )
    def test_servers_of_three_languages(self, name, subject, words):
        kinded = kind_of(
            a_mail(f"Bericht / message / Nachricht {words}\n\n{READER}\n    550 5.1.1", subject=subject,
                   sender=f"{name} <exchange@klant.example>")
        )  # fmt: skip
        assert [(one.recipient, one.hard) for one in kinded.bounces] == [(READER, True)]

    @pytest.mark.parametrize(
        ("status", "said", "reason", "hard"),
        [
            (
                "5.5.0",
                "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
                "userunknown",
                True,
            ),
            ("5.2.1", "550 5.2.1 The email account that you tried to reach is inactive.", "suspend", False),
            ("5.1.1", "550 5.2.1 This mailbox has been blocked due to inactivity", "suspend", False),
            ("5.0.0", "554 No SMTP service. Bad DNS PTR resource record.", "requireptr", False),
        ],
    )
    def test_what_large_providers_mean(self, status, said, reason, hard):
        (found,) = kind_of(a_report(status, said)).bounces
        assert (found.reason, found.hard) == (reason, hard)

    def test_a_report_in_utf_8_is_read_to_its_end(self):
        (found,) = kind_of(a_report("5.1.1", "550 5.1.1 no", "message/global-delivery-status")).bounces
        assert (found.recipient, found.status, found.hard) == (READER, "5.1.1", True)

    def test_a_server_of_any_name_that_gives_the_mail_back(self):
        said = "Requested action not taken. [SMTP Error Code 550]"
        told = f"------ Failed Recipients ------\n\n<{READER}>: {said}\n"
        returned = f"Received: from x by y\n{OURS}"
        sender = "E500_SMTP_Mail_Service@example.org"
        given_back = a_mail(told + returned, sender=sender, subject="Returned Mail - Error During Delivery")
        assert [one.recipient for one in kind_of(given_back).bounces] == [READER]
        for subject in ("FW: Undeliverable: Herinnering", "Re: Returned mail"):
            assert kind_of(a_mail(told + returned, subject=subject)).kind is InboundKind.REPLY

    def test_a_parcel_that_was_not_delivered_is_no_bounce(self):
        mail = a_mail("Het pakket is nooit bezorgd, ik betaal die 550 euro niet.", subject="Niet bezorgd")
        assert kind_of(mail).kind is InboundKind.REPLY


class TestOfMachines:
    @pytest.mark.parametrize(
        ("subject", "words"),
        [
            ("Automatisch antwoord: Herinnering", "Van 1 t/m 15 december ben ik niet aanwezig."),
            ("Afwezig Re: Herinnering", "Ik ben er niet tot en met 15 december."),
            ("Absence", "Je suis en congé jusqu'au 15 décembre."),
            ("Abwesend: Mahnung", "Ich bin ab dem 15. Dezember wieder im Büro."),
            ("Away from my desk Re: Reminder", "Back on Monday."),
            ("Vraag", "Wij hebben uw bericht ontvangen. Uw ticketnummer is 12345."),
            ("[#123] x", "Your request (123) has been received and is being reviewed by our support staff."),
        ],
    )
    def test_answers_without_a_header_that_says_so(self, subject, words):
        assert kind_of(a_mail(words, subject=subject)).kind is InboundKind.AUTO_REPLY

    def test_who_is_away_does_not_say_that_it_is_not_him(self):
        away = "Tot 15 december ben ik niet aanwezig."
        assert "not_me" not in triage(away).topics
        assert triage("Die meneer, dat ben ik niet").topic == "not_me"
        headers = "Auto-Submitted: auto-replied\n"
        assert kind_of(a_mail(away, headers=headers)).kind is InboundKind.AUTO_REPLY
        dead = a_mail("De eigenaar van dit adres is overleden.", headers=headers)
        assert kind_of(dead).kind is InboundKind.REPLY

    def test_an_answer_to_an_invitation_only_counts_as_a_persons_with_words_of_his_own(self):
        calendar = (
            "Content-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n"
        )
        silent = of_parts("Content-Type: text/plain\n\n \n", calendar, kind="alternative")
        assert kind_of(silent).kind is InboundKind.AUTO_REPLY
        spoken = of_parts(WORDS, calendar, kind="alternative")
        assert (kind_of(spoken).kind, own_words(spoken.text)) == (InboundKind.REPLY, "Ik heb al betaald.")

    def test_a_complaint_without_the_standards_report(self):
        returned = f"Content-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: {READER}\n{OURS}\n"
        mail = of_parts(
            returned, sender="staff@hotmail.example", subject="complaint about message from 192.0.2.1"
        )
        assert (kind_of(mail).kind, complained_about(mail)) == (InboundKind.COMPLAINT, READER)

    @pytest.mark.parametrize(
        "words",
        ["STOPP", "StopSMS", "REVOKE", "optout", "Aufhören", "hou op", "Arrêt", "ＳＴＯＰ", "“STOP” 🙏"],
    )
    def test_stop_in_four_languages(self, words):
        assert kind_of_words(words).kind is InboundKind.STOP


class TestMadeToBeSlow:
    @pytest.mark.parametrize(
        "head",
        [
            "Subject: " + "=?utf-8?q?a?= " * 100_000,
            "To: " + "(" * 100_000,
            "From: " + '"a\\' * 50_000,
            "References: " + "<a@b> " * 50_000,
            "Content-Type: text/plain; " + "a*0=b; " * 200_000,
            "Content-Disposition: inline;" + "\n filename*0=b;" * 100_000,
        ],
    )
    def test_a_header_of_any_length_is_read_soon(self, head):
        began = time.perf_counter()
        assert kind_of(read_mail(f"{head}\n\nIk heb al betaald".encode())).kind is InboundKind.REPLY
        assert time.perf_counter() - began < 20

    def test_seals_without_an_end_are_read_soon(self):
        began = time.perf_counter()
        words = "-----BEGIN PGP SIGNED MESSAGE-----\n\n" * 5_000
        assert kind_of(a_mail(words)).kind is InboundKind.REPLY
        assert time.perf_counter() - began < 20


class TestWordsOfPeople:
    @pytest.mark.parametrize(
        "quote",
        [
            "Gesendet: Dienstag, 01. Dezember 2026 um 10:00\nVon: A <re@x.example>\nAn: jan\n\nRaten",
            "----- Mail original -----\nDe: A <re@x.example>\nÀ: jan\nEnvoyé: Mardi\n\nen plusieurs fois",
            "Sent with Proton Mail.\n\nOn 1 Dec 2026 at 10:00, A <re@x.example> wrote:\n\n> plan",
            "Télécharger Outlook pour Android\n___________\nDe: A <re@x.example>\nEnvoyé: mardi\n\nx",
            "Date: Tue, 1 Dec 2026\nFrom: A <re@x.example>\nTo: jan\n\npayment plan",
            "El mar, 1 dic 2026 a las 10:00, A (<re@x.example>) escribió:\n\n> plazos",
        ],
    )  # fmt: skip
    def test_the_quote_is_left_out(self, quote):
        assert own_words(f"Ik heb al betaald.\n\n{quote}\n") == "Ik heb al betaald."

    def test_a_day_that_a_person_names_begins_no_quote(self):
        text = "Datum: 3 november\nVan mijn rekening is het afgeschreven."
        assert own_words(text) == text

    def test_a_page_of_outlook_shows_no_markup(self):
        page = "<p class=MsoNormal>Ik heb al betaald.<o:p></o:p></p><v:shape id=x></v:shape><o:p>&nbsp;</o:p>"
        assert own_words(a_mail(page, kind="text/html").text) == "Ik heb al betaald."
        assert "a@b.nl" in a_mail("<p>Mail &lt;a@b.nl&gt; of <http://x.example></p>", kind="text/html").text

    @pytest.mark.parametrize(
        ("parts", "files"),
        [
            ([WORDS, "Content-Type: text/x-vcard; name=jan.vcf\n\nBEGIN:VCARD\nEND:VCARD\n"], ["jan.vcf"]),
            ([WORDS, "Content-Type: text/x-amp-html\n\n<html><body>Ik betwist</body></html>\n"], []),
            ([WORDS, "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nMIIG\n"], []),
            ([WORDS, "Content-Type: application/pgp-signature; name=signature.asc\n\nx\n"], []),
            (["Content-Type: text/plain\n\nDeze e-mail kan alleen als HTML worden gelezen.\n",
              "Content-Type: text/html\n\n<p>Ik heb al betaald.</p>\n"], []),
            (["Content-Type: text/plain\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
              "Ik heb al betaald.\n-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n"], []),
        ],
    )  # fmt: skip
    def test_only_what_was_written_is_read_as_written(self, parts, files):
        mail = of_parts(*parts)
        assert own_words(mail.text) == "Ik heb al betaald."
        assert [part.name for part in mail.attachments] == files

    @pytest.mark.parametrize("told", ["us-ascii", "iso-8859-1", "windows-1252"])
    def test_utf_8_under_a_wrong_name_is_read_right(self, told):
        raw = f"From: a@b.nl\nContent-Type: text/plain; charset={told}\n\nDéjà payé €".encode()
        assert read_mail(raw).text == "Déjà payé €"
        assert read_mail(raw.decode().encode("cp1252")).text == "Déjà payé €"

    @pytest.mark.parametrize(
        ("words", "topic"),
        [
            ("Ik zie het leven niet meer zitten", "danger"), ("Ik wil niet meer wakker worden", "danger"),
            ("Als die deurwaarder komt sla ik hem dood", "danger"), ("Ich weiß, wo du wohnst", "danger"),
            ("Vous allez le regretter", "danger"), ("Je préfère en finir", "danger"),
            ("You will regret this", "danger"), ("Das werdet ihr noch bereuen", "danger"),
            ("Je veux en finir avec cette facture", "other"),
            ("Al sla je me dood, ik weet het niet", "other"),
            ("Wir wissen nicht, wo die Rechnung ist", "other"),
            ("Mijn man is op 3 november overleeden", "death"), ("Mijn moeder is dood", "death"),
            ("Mein Vater ist tot", "death"), ("Onbekend aan dit adres", "not_me"),
            ("De vorige bewoner is weg", "not_me"), ("mijn bewindvoeder regelt dit", "guardianship"),
            ("J'ai deja payer", "paid"), ("Je vais payer", "other"), ("payment done yesterday", "paid"),
            ("ik heb dit abonnement al opgezegt", "dispute"),
            ("de werken zijn niet goed uitgevoerd", "dispute"),
        ],
    )  # fmt: skip
    def test_people_say_it_in_their_own_way(self, words, topic):
        assert triage(words).topic == topic
