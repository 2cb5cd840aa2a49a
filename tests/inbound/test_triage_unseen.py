"""How much of what debtors say is recognised, and how little that only sounds like it, as a whole."""

import tomllib
from pathlib import Path

import pytest

from agency.rules.inbound.triage import Topic, triage

pytestmark = pytest.mark.pure

SETS = tomllib.loads((Path(__file__).parent / "unseen_texts.toml").read_text())["set"]
TEXTS = [tuple(one) for one in SETS for one in one["texts"]]
SAID = [one for one in TEXTS if one[0] != "other"]
NOT_SAID = [one for one in TEXTS if one[0] == "other"]
# What changes a claim at once, and for whom: nothing of it may be lost.
PROTECTS = ("hardship", "counsellor")
RECALL_MIN, FALSE_MAX = 0.97, 0.02


def named(words):
    return triage(words).topic.value


class TestWhatDebtorsSay:
    def test_is_recognised(self):
        missed = [(one, named(one[2])) for one in SAID if named(one[2]) not in one[0].split("|")]
        assert len(missed) <= len(SAID) * (1 - RECALL_MIN), missed

    def test_is_not_read_into_what_they_do_not_say(self):
        false = [(one, named(one[2])) for one in NOT_SAID if named(one[2]) != Topic.OTHER]
        assert len(false) <= len(NOT_SAID) * FALSE_MAX, false

    def test_no_hardship_and_no_counsellor_is_lost(self):
        said = [one for one in SAID if one[0] in PROTECTS]
        assert len(said) > 90
        assert [one for one in said if named(one[2]) != one[0]] == []

    def test_is_recognised_without_accents_or_in_capitals(self):
        shouted = [one for one in SAID if named(one[2].upper()) not in one[0].split("|")]
        assert len(shouted) <= len(SAID) * (1 - RECALL_MIN), shouted


class TestDenial:
    @pytest.mark.parametrize(
        ("words", "topic"),
        [
            ("Ik heb niet gezegd dat ik niet kan betalen, ik heb geen geld", "hardship"),
            ("Ik zei niet dat ik niet wil betalen maar ik ben werkloos", "hardship"),
            ("Ich habe nicht gesagt, dass ich arbeitslos bin, ich bin pleite", "hardship"),
            ("I never said i wont pay but i lost my job", "hardship"),
            ("Ik heb niet gezegd dat ik niet kan betalen", "other"),
            ("Ich habe nicht gesagt, dass ich nicht zahlen kann", "other"),
            ("Kan dat niet in schijven?", "plan"),
            ("Ik wil niet in schijven betalen", "other"),
            ("Ik betwist niets", "other"),
            ("Ik betwist niet alleen de kosten, maar ik betwist alles: nooit besteld", "dispute"),
            ("kan niet betalen, de link werkt niet", "other"),
            ("kan niet betalen met de link en heb ook geen geld", "hardship"),
            ("Ik heb niet gezegd dat ik dood wil, maar ik zie het leven niet meer zitten", "danger"),
        ],
    )
    def test_reaches_as_far_as_its_writer_means_it(self, words, topic):
        assert named(words) == topic

    def test_two_hints_of_one_kind_are_no_more_than_one(self):
        assert named("Is dit voor huur, verwarming of elektriciteit?") == Topic.OTHER
        assert named("Met dit pensioen en die huur...") == Topic.HARDSHIP
