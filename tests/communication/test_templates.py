"""What messages say: every mandatory part, in every language and channel, before and after rendering."""

import io
import re
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from agency.communication.composing import UnableToCompose, compose, fill, plain_words, read_text
from agency.communication.mandatory import KINDS, REPLIES, WITHIN_PLAN, content_held
from agency.communication.mandatory import missing as missing_on
from agency.communication.sms_segments import segments
from agency.communication.templates import (
    TemplateIncomplete,
    TemplateTooHard,
    composed_files,
    publish,
    publish_templates,
    refuse_too_hard,
    written_files,
)
from agency.communication.values import address_lines
from agency.rules.content import threatens_court
from agency.rules.facts import Channel, DebtorKind, Law
from tests.communication.correspondence import Office, a_correspondent, queue

TODAY = date(2026, 12, 1)
TEXTS = list(composed_files())
WRITTEN = list(written_files())
DEMANDS = [
    composed
    for composed in TEXTS
    if composed.channel is not Channel.sms and composed.key not in REPLIES | WITHIN_PLAN
]


def missing(composed):
    return missing_on(composed, on=TODAY)


def name(composed):
    return f"{composed.key}.{composed.language}.{composed.channel}"


@pytest.mark.pure
class TestMandatory:
    @pytest.mark.parametrize("composed", TEXTS, ids=name)
    def test_nothing_is_missing(self, composed):
        assert missing(composed) == ()

    @pytest.mark.parametrize("composed", DEMANDS, ids=name)
    @pytest.mark.parametrize("value", ["pay.iban", "agency.registration", "creditor.address", "invoices"])
    def test_leaving_a_value_out_is_noticed(self, composed, value):
        maimed = replace(composed, body=composed.body.replace(value, "sender.name"))
        assert missing(maimed)

    def test_the_exact_term_cannot_be_reworded(self):
        letters = [one for one in TEXTS if one.key == "notice_nl_consumer" and one.language == "nl"]
        assert letters
        for letter in letters:
            shortened = letter.body.replace("veertien dagen vanaf de dag nadat", "veertien dagen nadat")
            assert missing(replace(letter, body=shortened)) == ("fourteen_day_term", "one_term_only")

    def test_no_second_term_stands_beside_it(self):
        letter = next(one for one in TEXTS if (one.key, one.language) == ("notice_nl_consumer", "nl"))
        assert missing(replace(letter, body=f"{letter.body} Bel binnen tien dagen.")) == ("one_term_only",)

    def test_hiding_who_collects_is_noticed(self):
        mail = next(one for one in TEXTS if (one.key, one.channel) == ("reminder_1", Channel.email))
        assert missing(replace(mail, body=mail.body.replace("agency.email", "sender.name"))) == (
            "agency.email",
        )

    def test_a_claim_asks_for_the_values_of_its_own_law(self):
        nothing = {"invoices": []}
        asked = {"debtor": DebtorKind.consumer, "channel": Channel.letter, "on": TODAY}
        dutch = content_held("reminder_1", nothing, law=Law.nl, home="NL", **asked).empty
        belgian = content_held("notice_be_consumer", nothing, law=Law.be, home="BE", **asked).empty
        assert "creditor.registration" in belgian
        assert "creditor.registration" not in dutch
        assert {"creditor.name", "invoices", "agency.privacy_url"} <= set(dutch)

    def test_a_belgian_consumer_first_reads_that_a_visit_is_voluntary(self):
        asked = {"law": Law.be, "debtor": DebtorKind.consumer, "channel": Channel.letter, "on": TODAY}
        silent = {"visit": {"amicable": ""}}
        assert "visit.amicable" in content_held("visit_announcement", silent, home="BE", **asked).empty
        assert "visit.amicable" not in content_held("visit_announcement", silent, home="NL", **asked).empty
        for one in (one for one in TEXTS if one.key == "visit_announcement"):
            assert one.body.index("visit.amicable") < one.body.index("visit.visitor")

    @pytest.mark.parametrize(
        ("posted_in", "country", "language", "last"),
        [
            ("NL", "NL", "nl", "4000 Luik"),
            ("NL", "BE", "fr", "BELGIQUE"),
            ("NL", "DE", "de", "DEUTSCHLAND"),
            ("BE", "BE", "fr", "4000 Luik"),
            ("BE", "NL", "nl", "NEDERLAND"),
        ],
    )
    def test_an_address_abroad_ends_with_its_country(self, posted_in, country, language, last):
        row = SimpleNamespace(
            debtor_name="Anna",
            street="Kerkweg 1",
            postal_code="4000",
            city="Luik",
            country=country,
            language=language,
        )
        assert address_lines(row, posted_in=posted_in)[-1] == last

    def test_every_known_message_has_dutch_and_english(self):
        for key in KINDS:
            for language in ("nl", "en"):
                channels = {one.channel for one in TEXTS if (one.key, one.language) == (key, language)}
                assert {Channel.email, Channel.letter} <= channels

    def test_no_message_threatens(self):
        threats = re.compile(r"beslag|deurwaarder|rechter|dagvaard|bailiff|court|huissier|tribunal", re.I)
        assert not [name(one) for one in TEXTS if threats.search(one.body)]
        # Belgian law wants a consumer to read that a visit is no judicial collection (WER art. XIX.10).
        threatening = {
            one.key for one in TEXTS if threatens_court(text=one.body, language=one.language, on=TODAY)
        }
        assert threatening == {"visit_announcement"}


@pytest.mark.pure
class TestReadability:
    @pytest.mark.parametrize(
        "written", WRITTEN, ids=lambda one: f"{one.key}.{one.language}.{one.channels[0]}"
    )
    def test_every_text_reads_at_level_b1(self, written):
        refuse_too_hard(written, on=TODAY)

    def test_a_text_that_reads_too_hard_is_refused_with_what_to_mend(self):
        written = next(one for one in WRITTEN if (one.key, one.language) == ("reminder_1", "nl"))
        endless = " ".join(["de verschuldigde buitengerechtelijke incassokosten"] * 9)
        with pytest.raises(TemplateTooHard, match=r"too hard.*buitengerechtelijke"):
            refuse_too_hard(replace(written, paragraphs=(endless,)), on=TODAY)

    def test_values_and_markup_are_no_words_of_the_writer(self):
        front = "---\nsubject: a\nchannels: email\n---\n"
        content = f"{front}?costs.total: **Pay {{{{ costs.total }}}}.** Now.\n\n[[pay]]\n"
        assert plain_words(read_text(name="x.en.md", content=content)) == "Pay 0. Now."


@pytest.mark.pure
class TestComposing:
    def test_an_unknown_block_is_refused(self):
        written = read_text(name="x.nl.md", content="---\nsubject: a\nchannels: email\n---\n[[secrets]]\n")
        with pytest.raises(UnableToCompose):
            compose(written, Channel.email)

    def test_markup_in_a_text_stays_words(self):
        content = "---\nsubject: a\nchannels: email, letter\n---\n50 * 2 #read <b> $x$ [y]\n"
        written = read_text(name="x.nl.md", content=content)
        assert "&lt;b&gt;" in compose(written, Channel.email).body
        assert r"\#read \<b\> \$x\$ \[y\]" in compose(written, Channel.letter).body

    def test_a_line_break_in_a_value_does_not_reach_a_subject(self):
        told = fill("Re: {{ debtor.name }}", {"debtor": {"name": "A\r\nBcc: b"}}, language="nl")
        assert told == "Re: A Bcc: b"

    @pytest.mark.parametrize("called", ["Enercity B.V.", "Enercity BV"])
    def test_a_name_that_ends_in_a_full_stop_gets_no_second_one(self, called):
        """Mails and letters are held to it by the golden files, whose creditor is called so."""
        values = {"creditor": {"name": called}}
        written = "Van {{ creditor.name }}. Bel {{ creditor.name }}.nl? Voor {{creditor.name}}."
        told = fill(written, values, language="nl")
        short = called.removesuffix(".")
        assert told == f"Van {short}. Bel {called}.nl? Voor {short}."

    def test_a_missing_value_is_refused(self):
        with pytest.raises(UnableToCompose):
            fill("{{ debtor.secret }}", {"debtor": {}}, language="nl")

    @pytest.mark.parametrize(
        ("written", "count"),
        [("a" * 160, 1), ("a" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("ł" * 70, 1), ("ł" * 71, 2)],
    )
    def test_segments(self, written, count):
        assert segments(written) == count


class TestPublishing:
    def test_twice_gives_versions_once(self, units):
        office = Office(units).open_up()
        with office.unit() as unit:
            assert publish_templates(unit) == 0
            changed = replace(TEXTS[0], subject="Something else")
            assert publish(unit, changed)
            count = unit.session.connection().execute(text("SELECT max(version) FROM template")).scalar_one()
        assert count == 2

    def test_an_incomplete_text_is_not_published(self, units):
        office = Office(units).open_up()
        with office.unit() as unit, pytest.raises(TemplateIncomplete):
            publish(unit, replace(DEMANDS[0], body="Pay!"))


class TestGolden:
    """What a person reads in the end."""

    def letter(self, units, *, template, language="nl", **debtor):
        office = Office(units).open_up()
        with office.unit() as unit:
            creditor_id, claim_id = a_correspondent(unit, language=language, **debtor)
            unit.session.connection().execute(text("UPDATE claim SET phase = 'amicable'"))
            queue(unit, creditor_id, claim_id, template=template, channel=Channel.letter)
        office.send()
        (left,) = office.letters.left
        words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(left.body)).pages)
        return " ".join(words.replace("\u00a0", " ").split()), office.messages(claim_id)[0]

    def test_the_dutch_fourteen_day_letter(self, units):
        words, message = self.letter(units, template="notice_nl_consumer", vat_deductible=False)
        assert "binnen veertien dagen vanaf de dag nadat deze brief bij u is bezorgd" in words
        assert "€ 72,99" in words  # 60.32 and 21 % VAT
        assert "€ 12,67 btw" in words
        assert "verklaart dat zij deze btw niet kan verrekenen" in words
        for part in ("€ 402,15", "4% per jaar", "NL86 INGB 0002 4455 88", "Wki-register", "30 november 2026"):
            assert part in words
        assert message.amounts["announced"] == {"costs": 6032, "costs_vat": 1267}

    def test_no_word_about_vat_where_the_creditor_can_deduct_it(self, units):
        words, _ = self.letter(units, template="notice_nl_consumer")
        assert "btw" not in words

    @pytest.mark.parametrize(
        ("language", "parts"),
        [
            ("nl", ("binnen veertien kalenderdagen", "derde werkdag", "schuldbemiddeling", "€ 55,22")),
            ("fr", ("quatorze jours calendrier", "médiation de dettes", "55,22 €")),
            ("en", ("fourteen calendar days", "debt mediation", "€55.22")),
        ],
    )
    def test_the_belgian_first_reminder(self, units, language, parts):
        words, _ = self.letter(
            units, template="notice_be_consumer", language=language, country="BE", law=Law.be
        )
        for part in parts:
            assert part in words

    def test_the_business_notice(self, units):
        words, message = self.letter(units, template="notice_business", debtor=DebtorKind.company)
        assert "wettelijke handelsrente, artikel 6:119a BW" in words
        assert message.amounts["interest"] > 0

    def test_one_debtors_letter_never_holds_anothers_data(self, units):
        office = Office(units).open_up()
        with office.unit() as unit:
            for number in range(12):
                canary = f"Kanarie{number:03d}"
                queue(unit, *a_correspondent(unit, name=canary, email=f"{canary}@example.org"))
        office.send()
        assert len(office.mail.left) == 12
        for left in office.mail.left:
            assert set(re.findall(r"Kanarie\d{3}", left.body + left.to)) == {left.to.split("@")[0]}
