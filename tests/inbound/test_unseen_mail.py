"""Mail of programs and servers that was tried after the readers were written, in words of our own."""

import pytest

from agency.rules.inbound.bounce import bounces, is_bounce
from agency.rules.inbound.bounce_reason import reason_of
from agency.rules.inbound.kind import InboundKind, kind_of
from agency.rules.inbound.mail import read_mail
from agency.rules.inbound.own_words import own_words

pytestmark = pytest.mark.pure

OWN = "Ik heb gisteren betaald.\nGroet, Jan"
QUOTED = "Geachte heer,\nAls u niet betaalt gaat de zaak naar de deurwaarder.\nBureau NV"
MARKED = "\n".join(f"> {line}" for line in QUOTED.splitlines())


def mail(words: str, **headers: str):
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return read_mail("\n".join((*lines, "Content-Type: text/plain; charset=utf-8", "", words)).encode())


class TestWhatProgramsQuote:
    @pytest.mark.parametrize(
        "head",
        [
            "On Wed, Dec 9, The Bureau\n<a@b.nl>\nwrote:\n",
            "On Nov 30, 2026, at 12:47 PM, Bureau <\n012345678901234567890123456789@b.nl>\nwrote:\n\n",
            "---- Op wo, 24 feb 2026 14:02:50 +0100 Bureau <a@b.nl> schreef ----\n\n",
            "---- Aan wo, 24 feb. 2026 14:02:50 +0100 Bureau <a@b.nl> schreef ----\n\n",
            "---- On Wed, 24 Feb 2026 14:02:50 +0530 a@b.nl wrote ----\n\n",
            "Citeren Bureau <a@b.nl>:\n\n",
            "Quoting Bureau <a@b.nl>:\n\n",
            "Zitat von Bureau <a@b.nl>:\n\n",
            "Bureau <a@b.nl> a écrit :\n\n",
            "Il giorno mer 3 gen 2026 alle ore 10:11 Bureau <a@b.nl> ha scritto:\n\n",
            "El mié, 3 ene 2026 a las 10:11, Bureau (<a@b.nl>) escribió:\n\n",
            "śr., 3 sty 2026 o 10:11 Bureau <a@b.nl> napisał(a):\n\n",
            "Em qua., 3 de jan. de 2026 às 10:11, Bureau <a@b.nl> escreveu:\n\n",
            "În mie., 3 ian. 2026 la 10:11, Bureau <a@b.nl> a scris:\n\n",
            "Bureau <a@b.nl>, 3 Oca 2026 Çar, 10:11 tarihinde şunu yazdı:\n\n",
            "Op wo, jan. 3, 2026 om 10:11, Bureau<a@b.nl> schreef:   ",
            "Le mer., janv. 3, 2026 à 10:11, Bureau<a@b.nl> a écrit :   ",
        ],
    )
    @pytest.mark.parametrize("quoted", [QUOTED, MARKED])
    def test_is_no_word_of_the_writer(self, head, quoted):
        assert own_words(f"{OWN}\n\n{head}{quoted}") == OWN

    @pytest.mark.parametrize(
        "head",
        [
            "-------- Message d\u2019origine --------\nDe : Bureau\nDate : 23/06/26  10:46  (GMT+01:00)\n",
            "Gesendet: Mittwoch, 03. Januar 2026 um 10:11 Uhr\nVon: Bureau NV\nAn: a@b.de\nBetreff: y\n",
            "Onderwerp: Uw dossier\nVan: Bureau NV <a@b.nl>\nDatum: 3 jan 2026\nAan: x@y.nl\n\n",
            "________________________________\nOnderwerp: x\nDatum: 3 jan 2026\nVan: Bureau <a@b.nl>\n\n",
        ],
    )
    def test_is_no_word_of_the_writer_below_a_head_of_lines(self, head):
        assert own_words(f"{OWN}\n\n{head}{QUOTED}") == OWN

    @pytest.mark.parametrize(
        "words",
        [
            "Hallo,\nVan: 300 euro kan ik 50 betalen\nDatum: volgende week",
            "Naam: Jan\nVan: Gent\nDatum: 3 mei\nIk kan niet betalen",
            "Op 3 mei 2026 heb ik betaald.\nDaarna belde ik.\nUw collega schreef:\ndat is goed",
            "Op 12 maart heeft u geschreven: betaal 50 euro.\nDat heb ik gedaan",
            "Date: 3 mars\nDe: Jean\nBonjour, je conteste la facture",
            "Onderwerp: klacht\nDatum: 3 mei\nIk ben het niet eens",
        ],
    )
    def test_is_not_what_a_person_writes_in_such_words(self, words):
        assert own_words(words) == words


class TestWhyItCameBack:
    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            ("550 a.b@example.net...User unknown", "userunknown"),
            ("550 Adresse d au moins un destinataire invalide.", "userunknown"),
            ("554 dd This user doesn't have a y.com account (in reply to end of DATA command)",
             "userunknown"),
            ("550 Ontvanger onbekend", "userunknown"),
            ("550 Compte inconnu", "userunknown"),
            ("Der Empfänger ist unbekannt", "userunknown"),
            ("De medewerker is niet meer in dienst", "userunknown"),
            ("552 Mailbox ist voll", "mailboxfull"),
            ("552 Das Postfach ist überfüllt", "mailboxfull"),
            ("552 De mailbox van de ontvanger zit vol", "mailboxfull"),
            ("552 Quota dépassé", "mailboxfull"),
            ("552 Message for <a@b.nl> would exceed mailbox quota", "mailboxfull"),
            ("all relevant MX records point to non-existent hosts", "hostunknown"),
            ("an MX or SRV record indicated no SMTP service", "notaccept"),
            ("550 BAD_RECIPIENT - see our page on addresses", "userunknown"),
            ("a@b.nl: Does not have a final email delivery point", "userunknown"),
            ("550 RCPT TO:<a@b.nl> max message size exceeded", "mesgtoobig"),
            ("all hosts have been failing for a long time", "expired"),
            ("Delivery failed 20 attempts: a@b.nl", "expired"),
        ],
    )  # fmt: skip
    def test_is_told_by_the_words(self, words, reason):
        assert reason_of(diagnosis=words, status="5.0.0", recipient="a@b.nl").key == reason

    def test_is_told_above_the_addresses_where_nothing_follows_them(self):
        found = bounces(
            mail(
                "Your message was undeliverable: the host was not reachable within the queue period.\n"
                "\nThese recipients did not receive it:\n\n   <a@x.nl>\n   <b@x.nl>\nPlease reply",
                From="Postmaster <postmaster@b.nl>", Subject="Mail System Error - Returned Mail",
            )
        )  # fmt: skip
        assert [(one.recipient, one.reason, one.hard) for one in found] == [
            ("a@x.nl", "expired", False), ("b@x.nl", "expired", False),
        ]  # fmt: skip

    def test_a_server_that_may_take_it_later_gives_no_address_up(self):
        words = "The following address failed:\n\n<a@x.nl>: 450 User unknown"
        [found] = bounces(mail(words, From="mailer-daemon@b.nl", Subject="Mail delivery failed"))
        assert (found.status[0], found.reason, found.hard) == ("4", "userunknown", False)

    def test_a_size_that_was_too_big_gives_no_address_up_whatever_the_status(self):
        found = reason_of(diagnosis="550 max message size exceeded", status="5.1.1", recipient="a@b.nl")
        assert (found.key, found.hard) == ("mesgtoobig", False)

    @pytest.mark.parametrize(
        "printed",
        [
            "**** This email has been scanned for all viruses by the provider ****",
            "Dit bericht is gescand op virussen en spam door de provider.",
            "Cet e-mail a été vérifié : sans virus.",
            "Diese E-Mail wurde auf Viren geprüft.",
        ],
    )
    def test_is_not_what_a_scanner_prints_below_the_report(self, printed):
        report = (
            "From: postmaster@b.nl\nSubject: Delivery Status Notification (Failure)\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\n\n'
            "--x\nContent-Type: text/plain; charset=utf-8\n\nDelivery to the following recipients failed.\n\n"
            f"       jan@b.nl\n\n{printed}\n"
            "--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns;b.nl\n\n"
            "Final-Recipient: rfc822;jan@b.nl\nAction: failed\nStatus: 5.1.1\n--x--\n"
        )
        [found] = bounces(read_mail(report.encode()))
        assert (found.recipient, found.reason, found.hard) == ("jan@b.nl", "userunknown", True)

    def test_a_server_without_a_name_that_knows_no_such_user_reports_a_bounce(self):
        words = "You sent mail to jan@b.nl. That's not a valid user here."
        answer = mail(words, From="<>", Auto_Submitted="auto-replied")
        assert kind_of(answer).kind is InboundKind.BOUNCE
        assert [(one.recipient, one.hard) for one in bounces(answer)] == [("jan@b.nl", True)]

    def test_is_a_bounce_where_nobody_is_named_as_its_sender(self):
        words = "Your mail cannot be delivered to the following address(es): box space not enough"
        assert is_bounce(mail(words, From='"Mail System" <>', Subject="Mail Error"))
        assert not is_bounce(mail(words, From="Jan <jan@b.nl>", Subject="Mail Error"))


class TestWhoSpeaksOfMachines:
    @pytest.mark.parametrize(
        ("words", "headers"),
        [
            (
                "Dit is een automatisch bericht van jullie zeker? Ik wil een mens spreken",
                {"Subject": "Re: x"},
            ),
            ("Waarom stuurt u een automatisch gegenereerde mail? Ik ben al langs geweest.", {}),
            ("Deze e-mail is automatisch in mijn spam gekomen. Wat is dit?", {}),
            ("Ik ben er niet blij mee", {"Subject": "Uw dossier"}),
            ("ik ben afwezig geweest", {"Subject": "Uw dossier"}),
            ("ik ben op vakantie geweest en zie nu pas uw mail", {"Subject": "Vraag"}),
            ("Kunt u mij terugbellen op 0470 12 34 56?", {"Precedence": "bulk"}),
        ],
    )
    def test_is_read_by_a_person(self, words, headers):
        assert kind_of(mail(words, From="Jan <jan@b.nl>", **headers)).kind is InboundKind.REPLY

    @pytest.mark.parametrize(
        "headers", [{"Auto-Submitted": "auto-replied"}, {"Subject": "Automatisch antwoord: Aanmaning"}]
    )
    def test_a_machine_that_asks_stays_one(self, headers):
        words = "Dit is een automatisch antwoord. Dringend? Mail de balie."
        assert kind_of(mail(words, From="Jan <jan@b.nl>", **headers)).kind is InboundKind.AUTO_REPLY
