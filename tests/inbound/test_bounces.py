"""Bounces and machines' mail of real servers are read as `_expected` says; no bytes at all make it raise."""

import csv
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agency.rules.inbound.bounce import bounces, is_bounce
from agency.rules.inbound.bounce_reason import reason_of
from agency.rules.inbound.kind import InboundKind, kind_of
from agency.rules.inbound.mail import NESTED_MAX, read_mail
from agency.rules.inbound.own_words import own_words
from agency.rules.inbound.triage import triage
from agency.rules.tables import read_table

pytestmark = pytest.mark.pure

MACHINE = {InboundKind.COMPLAINT: "feedback", InboundKind.AUTO_REPLY: "vacation"}
# What the two columns of the table of expectations say of a mail whose outcome nobody wrote down there.
ALSO_BOUNCES = re.compile(r"^(?:lhost|rhost|delivery-status)")


@pytest.fixture(scope="session")
def mails(real_data):
    folder = real_data / "09_messages"
    return {str(path.relative_to(real_data)): path.read_bytes() for path in sorted(folder.rglob("*.eml"))}


@pytest.fixture(scope="session")
def expected(real_data):
    with (real_data / "_expected" / "bounces.csv").open() as file:
        return list(csv.DictReader(file))


def found(raw):
    mail = read_mail(raw)
    kinded = kind_of(mail)
    if kinded.kind in MACHINE:
        return f"status= reply= reason={MACHINE[kinded.kind]} hard=false"
    return " | ".join(
        f"status={one.status} reply={one.reply} reason={one.reason} hard={str(one.hard).lower()}"
        for one in kinded.bounces
    )


def reports(mails, expected):
    """Reports in the standard's form of which the outcome is known."""
    known = [row for row in expected if row["n_expected"] != "0" and row["rfc3464_part"] == "yes"]
    return [(row, mails[row["file"]]) for row in known]


class TestRealMail:
    def test_every_mail_is_read_as_expected(self, mails, expected):
        told = [row for row in expected if row["sisimai_expected"]]
        wrong = {
            row["file"]: (row["sisimai_expected"], found(mails[row["file"]]))
            for row in told
            if found(mails[row["file"]]) != row["sisimai_expected"]
        }
        assert (len(told) > 40, wrong) == (True, {})

    def test_recipients_and_actions_of_reports_are_those_of_a_second_reader(self, mails, expected):
        for row in expected:
            told = row["final_recipients(stdlib)"].lower().split()
            if told:
                read = [one.recipient for one in kind_of(read_mail(mails[row["file"]])).bounces]
                assert (row["file"], read) == (row["file"], told)

    def test_no_bounce_is_taken_for_a_persons_mail(self, mails):
        """Also those that say it in plain words, with line ends of other systems."""
        missed = [
            name
            for name, raw in mails.items()
            if ALSO_BOUNCES.match(name.rpartition("/")[2].removeprefix("dos__"))
            and not is_bounce(read_mail(raw))
        ]
        assert missed == []

    def test_no_persons_mail_is_taken_for_a_bounce(self, mails):
        people = {
            name
            for name in mails
            if "/eml_" in name and not re.search(r"bounce|report|delivery-status", name)
        }
        assert len(people) > 30
        assert [name for name in people if is_bounce(read_mail(mails[name]))] == []

    @pytest.mark.parametrize("ends", [b"\r\n", b"\r", b"\n"])
    def test_line_ends_change_nothing(self, mails, expected, ends):
        for row in expected:
            raw = mails[row["file"]].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            assert found(raw.replace(b"\n", ends)) == found(raw), row["file"]


class TestTampered:
    """Other servers say the same in other ways: what is decisive decides, whatever else is changed."""

    def test_names_of_hosts_and_people_decide_nothing(self, mails, expected):
        for row, raw in reports(mails, expected):
            renamed = raw.replace(b"example", b"spamfilter").replace(b"kijitora", b"does-not-exist")
            assert found(renamed) == row["sisimai_expected"], row["file"]

    def test_a_report_without_its_words_is_read_from_its_figures(self, mails, expected):
        for _, raw in reports(mails, expected):
            bare = re.sub(rb"(?m)^Diagnostic-Code:.*(?:\n[ \t].*)*", b"", raw)
            for one in kind_of(read_mail(bare)).bounces:
                assert one.reason in {reason["key"] for reason in read_table("bounce_reasons")["reason"]}
                assert not (one.hard and one.status.startswith("4"))

    @pytest.mark.parametrize(
        ("words", "status", "reason"),
        [
            ("550 5.1.1 The email account that you tried to reach does not exist", "5.1.1", "userunknown"),
            ("452 4.2.2 The recipient's inbox is over quota", "4.2.2", "mailboxfull"),
            ("Onbekende gebruiker", "", "userunknown"),
            ("Postfach voll", "", "mailboxfull"),
            ("421 4.7.0 Try again later: too many connections", "4.7.0", "toomanyconn"),
            ("554 5.7.1 Client host [192.0.2.1] blocked using zen.example.org", "5.7.1", "blocked"),
            ("550 High probability of spam", "", "spamdetected"),
            ("550 5.7.26 Not accepted due to domain's DMARC policy", "5.7.26", "authfailure"),
            ("host antispam.example.com said: 550 No such user here", "", "userunknown"),
            ("The mailbox info@b.nl is full", "5.1.1", "mailboxfull"),
            ("The user has exceeded his daily quota", "5.1.1", "mailboxfull"),
            ("No such user here, see https://help.example.org/overquota", "", "userunknown"),
            (f"{'-' * 1_988}user unknown", "", "userunknown"),
            (f"{'-' * 1_989}user unknown", "", "undefined"),
            ("550 mailbox unavailable", "", "filtered"),
            ("550 mailbox unavailable", "5.1.1", "userunknown"),
            ("", "5.1.2", "hostunknown"),
            ("", "", "undefined"),
        ],
    )  # fmt: skip
    def test_words_before_figures(self, words, status, reason):
        assert reason_of(diagnosis=words, status=status, recipient="a@b.nl").key == reason

    @pytest.mark.parametrize(
        ("words", "recipient", "reason"),
        [
            ("550 User unknown (in reply to end of DATA command)", "a@b.nl", "filtered"),
            ("550 User unknown (in reply to RCPT TO command)", "a@b.nl", "userunknown"),
            ("550 Mailbox full (in reply to end of DATA command)", "a@docomo.ne.jp", "mailboxfull"),
            ("550 User unknown", "a@docomo.ne.jp", "filtered"),
            ("550 User unknown", "a@mail.docomo.ne.jp", "filtered"),
            ("550 User unknown", "a@notdocomo.ne.jp", "userunknown"),
        ],
    )  # fmt: skip
    def test_an_unknown_user_who_was_known_at_first_filters(self, words, recipient, reason):
        assert reason_of(diagnosis=words, status="5.1.1", recipient=recipient).key == reason

    def test_only_what_is_no_good_is_hard(self):
        hard = {row["key"] for row in read_table("bounce_reasons")["reason"] if row["hard"]}
        assert hard == {"userunknown", "hostunknown", "hasmoved", "notaccept"}


HEADERS = st.sampled_from(
    [b"From: a@b.nl\n", b"Subject: =?utf-8?b?w6k=?=\n",
     b"Content-Type: multipart/report; boundary=x\n",
     b"Content-Type: message/delivery-status\n", b"Content-Transfer-Encoding: base64\n", b"--x\n", b"--x--\n",
     b"Final-Recipient: rfc822; a@b.nl\n", b"Status: 5.1.1\n", b"\n",
     b"Content-Type: text/html; charset=\xff\n",
     b"Subject: =?x?q?=E9?=\n", b"From: \xe9\xff <a@b.nl>\n", b"References: <a> <b\n", b"<p>x<blockquote>y\n",
     b"Content-Disposition: attachment; filename*=utf-8''%ff\n", b"Content-Type: message/rfc822\n"]
)  # fmt: skip


class TestAnyBytes:
    @given(
        st.one_of(
            st.binary(max_size=400), st.lists(HEADERS | st.binary(max_size=20), max_size=30).map(b"".join)
        )
    )
    @example(b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n\xff")
    @example(b"From: =?unknown-8bit?q?=ff?=\n\n")
    def test_reading_never_raises_and_gives_only_what_can_be_kept(self, raw):
        mail = read_mail(raw)
        kinded = kind_of(mail)
        texts = [mail.text, mail.subject, mail.sender, mail.sender_name, mail.returned, *mail.recipients]
        texts += [part for one in kinded.bounces for part in (one.recipient, one.diagnosis, one.status)]
        texts += [part.name for part in mail.parts]
        for words in texts:
            assert "\0" not in words
            words.encode()
        triage(own_words(mail.text))
        bounces(mail)

    @given(st.text(max_size=300))
    def test_a_reply_without_quotes_is_kept_whole_or_shortened_never_changed(self, words):
        own = own_words(words)
        assert all(line in words for line in own.splitlines())

    def test_a_mail_nested_without_end_is_cut_off(self):
        deep = b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(2_000)
        )
        assert read_mail(deep).cut
        some = b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(60)
        )
        assert len(read_mail(some + b"\nhello").parts) <= NESTED_MAX
        assert read_mail(b"Content-Type: message/rfc822\n\n" * 2_000).cut

    def test_a_mail_of_many_parts_and_a_page_of_markup_end_soon(self):
        many = b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 5_000
        assert read_mail(many).cut
        page = b"Content-Type: text/html\n\n" + b"<div><!--" * 50_000
        assert len(read_mail(page).text) < 500_000


class TestOwnWords:
    @pytest.mark.parametrize(
        "quote",
        [
            "Op di 1 dec 2026 om 10:00 schreef Incasso <a@b.nl>:\n> U moet betalen",
            "On Tue, 1 Dec 2026 at 10:00, Agency <a@b.nl>\nwrote:\n\n> Please pay",
            "Le mar. 1 déc. 2026 à 10:00, Agence <a@b.be> a écrit :\n> Payez",
            "Am Di., 1. Dez. 2026 um 10:00 Uhr schrieb Agentur <a@b.de>:\n> Zahlen",
            "-----Oorspronkelijk bericht-----\nVan: Incasso <a@b.nl>\nU heeft al betaald",
            "________________________________\nVan: Incasso <a@b.nl>\nOnderwerp: herinnering",
            "-----\nVan: Incasso BV\nU heeft al betaald",
            "Verzonden vanaf mijn iPhone",
            "-- \nJan",
        ],
    )
    def test_the_quote_is_left_out(self, quote):
        assert own_words(f"Ik betaal morgen.\n\n{quote}\n") == "Ik betaal morgen."

    def test_words_between_quoted_lines_are_the_writers(self):
        text = "On 1 Dec 2026 Agency wrote:\n> Please pay.\nNo.\n> Or call us.\nI will call."
        assert own_words(text) == "No.\nI will call."

    def test_quoted_words_do_not_decide_what_a_reply_is_about(self):
        reply = "Bel mij.\n\nOp 1 dec 2026 schreef Incasso:\n> Heeft u al betaald of bent u het niet eens?"
        assert triage(own_words(reply)).topic == "other"


REPLIES = {
    "danger": ("Ik wil niet meer leven", "Je vais me pendre", "I am going to kill myself",
               "Ich bringe mich um"),
    "paid": ("Ik heb dit vorige week al betaald", "J’ai déjà payé la facture", "I have paid this already",
             "Die Rechnung wurde bereits bezahlt"),
    "dispute": ("Ik ga niet akkoord, nooit ontvangen", "Je conteste cette facture", "I never ordered this",
                "Ich habe das nie bestellt"),
    "plan": ("Kan ik in termijnen betalen?", "Est-il possible d’avoir un plan de paiement ?",
             "Can I set up a payment plan?", "Ist eine Ratenzahlung möglich?"),
    "hardship": ("Ik heb geen geld, ben mijn baan verloren", "Je suis au chômage",
                 "I lost my job and cannot pay",
                 "Ich bin arbeitslos"),
    "not_me": ("Dit is niet voor mij, verkeerde persoon", "Ce n’est pas moi", "You have the wrong person",
               "Sie haben die falsche Person"),
    "counsellor": ("Ik krijg schuldhulp", "Mon médiateur de dettes vous écrira",
                   "I am with a debt counsellor", "Ich bin bei der Schuldnerberatung"),
    "stop": ("Wilt u mij niet meer mailen", "Ne me contactez plus", "Stop contacting me",
             "Keine E-Mails mehr bitte"),
    "other": ("Goedemorgen", "Bonjour", "Thank you", "Guten Tag"),
}  # fmt: skip


class TestTriage:
    @pytest.mark.parametrize(
        ("topic", "words"), [(k, one) for k, all_of in REPLIES.items() for one in all_of]
    )
    def test_the_words_of_four_languages(self, topic, words):
        result = triage(words)
        assert (result.topic, result.sure) == (topic, topic != "other")
        assert topic == "other" or any(sign.topic == topic for sign in result.signs)

    @pytest.mark.parametrize(
        ("words", "topic"),
        [
            ("Ik heb nog niet betaald", "other"),
            ("Ik heb betaald. De post is er nog niet.", "paid"),
            ("De betaling op 3 december voldaan", "paid"),
            ("Het bedrag wordt morgen overgemaakt", "other"),
            ("Ik heb uw herinnering niet ontvangen", "other"),
            ("Ik heb de zending niet ontvangen", "dispute"),
            (f"{'-' * 7_989} al betaald", "paid"),
            (f"{'-' * 7_990} al betaald", "other"),
            ("I have not paid yet", "other"),
            ("Ik kan niet betalen, mag het in termijnen?", "hardship"),
            ("Ik heb al betaald, en ik betwist de kosten", "dispute"),
            ("Al betaald door mijn bewindvoerder", "guardianship"),
        ],
    )
    def test_what_protects_the_debtor_wins(self, words, topic):
        assert triage(words).topic == topic

    @pytest.mark.parametrize(
        ("words", "topic"),
        [
            ("vorige week overgeschreven via de app", "paid"), ("hab längst gezahlt", "paid"),
            ("c'est réglé depuis mardi", "paid"), ("just sent the money", "paid"),
            ("Uw aanmaning nooit gekregen, maar gisteren betaald", "paid"),
            ("opgezegd in maart, hier klopt niks van", "dispute"), ("never signed up for it", "dispute"),
            ("jamais rien reçu du magasin", "dispute"), ("Die Ware wurde nie geliefert", "dispute"),
            ("mag het in 4 keer?", "plan"), ("20 euro per week lukt", "plan"),
            ("in three instalments", "plan"),
            ("payer 40€ par mois", "plan"), ("ik zit zonder werk", "hardship"), ("plus un sou", "hardship"),
            ("leider pleite", "hardship"), ("got laid off", "hardship"),
            ("woont hier al jaren niet meer", "not_me"), ("mein Vater ist gestorben", "death"),
            ("ik heb geen contract met dat bedrijf", "dispute"), ("je ne reconnais pas la dette", "dispute"),
            ("we leven van 50 euro per week", "hardship"), ("ik ben de nieuwe bewoner", "not_me"),
            ("ik ken deze meneer niet", "not_me"), ("cessez vos appels", "stop"),
            ("vous vous trompez de personne", "not_me"), ("mijn bewindvoerster regelt alles", "guardianship"),
            ("sous curatelle depuis mai", "guardianship"), ("laat mij met rust", "stop"),
        ],
    )  # fmt: skip
    def test_people_say_it_in_their_own_way(self, words, topic):
        assert triage(words).topic == topic

    @pytest.mark.parametrize(
        ("words", "topic"),
        [
            ("Ik heb geen bewindvoerder", "other"), ("Ik heb geen bewindvoerder of schulden", "other"),
            ("Je ne suis pas malade", "other"), ("I am not bankrupt", "other"),
            ("Ich bin nicht arbeitslos", "other"), ("Ik heb de brief nog niet gisteren betaald", "other"),
            ("Ik ben niet ziek maar heb geen geld", "hardship"), ("This is illegal", "other"),
            ("Ivan will call you", "other"), ("De link werkt niet", "other"),
        ],
    )  # fmt: skip
    def test_what_is_denied_or_only_sounds_alike_says_nothing(self, words, topic):
        assert triage(words).topic == topic

    @pytest.mark.parametrize(
        "words",
        [
            "Ik heb al betaald, ik kan niet meer betalen en anders hang ik me op",
            "Als dit zo doorgaat maak ik er een einde aan", "Ik steek jullie kantoor in brand",
            "Ik ga mezelf niet van kant maken", "Je n'ai plus envie de vivre", "I know where you live",
            "Ich will nicht mehr leben", "Ik ga mezelf wat aandoen", "Soms wil ik er niet meer zijn",
            "I should be dead", "Ik schiet jullie overhoop",
        ],
    )  # fmt: skip
    def test_danger_outweighs_all_else_and_is_never_denied(self, words):
        assert triage(words).topic == "danger"

    @pytest.mark.parametrize(
        "words",
        [
            "Machen Sie aber bitte schnell", "Ik maak je afspraken niet", "I got a battery from this shop",
            "Jullie bombarderen mij met mails", "Le couteau que j'ai reçu", "Bringen Sie um 10 Uhr alles mit",
            "Ik weet niet waar jullie kantoor zit", "De levering was niet meer levend",
            "Ik heb al een poging gedaan u te bellen", "113 euro is te veel",
            "The battery should be dead by now",
        ],
    )  # fmt: skip
    def test_no_danger_is_seen_where_none_is(self, words):
        assert "danger" not in triage(words).topics

    @pytest.mark.parametrize(
        "words",
        [
            "Iedereen is beter af zonder mij", "soms denk ik dat iedereen beter af is zonder mij",
            "Tout le monde serait mieux sans moi", "You would all be better off without me",
            "Ohne mich wären alle besser dran", "Alle wären besser dran ohne mich",
            "wenn ihr noch einmal schreibt komm ich vorbei und dann knallts",
        ],
    )  # fmt: skip
    def test_danger_is_heard_where_it_is_not_named(self, words):
        assert triage(words).topic == "danger"

    @pytest.mark.parametrize(
        "disclaimer",
        [
            "Disclaimer: indien u dit bericht ten onrechte heeft ontvangen, verzoeken wij u de afzender te"
            " informeren en het bericht te verwijderen.",
            "Indien u niet de geadresseerde bent of dit bericht abusievelijk aan u is toegezonden, wordt u"
            " verzocht dat aan de afzender te melden.",
            "Si vous n'êtes pas le destinataire ou l'avez reçu par erreur, merci d'en avertir l'expéditeur.",
            "If you are not the intended recipient, do not contact anybody and delete all my data.",
            "Wenn Sie nicht der richtige Adressat sind oder diese E-Mail irrtümlich erhalten haben, löschen"
            " Sie diese E-Mail samt Daten.",
        ],
    )
    def test_what_an_office_prints_below_each_mail_says_nothing(self, disclaimer):
        assert triage(f"Kunt u mij de factuur nog eens sturen?\n\n{disclaimer}").topic == "other"
        assert triage(f"Zie bijgevoegd betaalbewijs.\n\n{disclaimer}").topic == "paid"
        assert triage(f"Ik wil niet meer leven.\n\n{disclaimer}").topic == "danger"

    @pytest.mark.parametrize(
        ("words", "topic"),
        [
            ("Ik heb uw mail ten onrechte ontvangen, dit klopt niet", "dispute"),
            ("Si vous avez encaissé mon virement, c'est payé", "paid"),
            ("Als u mij blijft schrijven wil ik niet meer leven, zeg dat de afzender", "danger"),
        ],
    )
    def test_who_only_begins_like_one_is_heard(self, words, topic):
        assert triage(words).topic == topic

    def test_a_line_that_the_mail_program_broke_is_one_sentence(self):
        broken = "Ik heb de rekening bekeken en kan u zeggen dat ik het er niet\nmee eens ben"
        assert triage(broken).topic == "dispute"
        assert triage("Ik ben het niet\nMee eens dat u belt").topic == "other"

    def test_a_word_of_two_languages_counts_once(self):
        assert [sign.words for sign in triage("schulden").signs] == ["schulden"]

    def test_every_topic_and_sign_is_told_the_strongest_first(self):
        found = triage("Ik heb al betaald. Het is defect. Ik betwist de rekening.")
        assert found.topics == ("dispute", "paid")
        assert [sign.words for sign in found.signs] == ["betwist", "defect", "heb al betaald"]
