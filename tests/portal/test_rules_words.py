"""`dev rules`: each word answers with its trace, and refuses in one sentence, never with a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from portal import rules_words

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

ROOT = Path(__file__).parents[2]
ON = "2026-11-02"
COSTS = ["costs", "--law", "nl", "--debtor", "consumer", "--on", ON]
INTEREST = ["interest", "--law", "nl", "--kind", "trade", "--principal", "1000.00"]
EUROPEAN = ["interest", "--law", "eu", "--kind", "civil", "--principal", "1"]
RATE = ["rate", "--law", "nl", "--kind", "trade"]
ALLOCATE = ["allocate", "--law", "nl", "--costs", "625", "--interest", "300", "--principal", "5000"]
NOTICE = ["notice", "--law", "nl", "--by", "post"]
CONTACT = ["contact", "--country", "nl", "--channel", "call"]


def run(*words: str):
    return CliRunner().invoke(rules_words.app, list(words))


def answer(*words: str) -> dict:
    """The JSON of a word; its trace is readable lines."""
    found = run(*words, "--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    trace = told.pop("trace")
    assert all(isinstance(line, str) and line for line in trace)
    return told


def refusal(*words: str) -> str:
    """The sentence with which a word refuses, the same as text and as JSON."""
    told = run(*words, "--json")
    assert told.exit_code == rules_words.REFUSED, told.output
    assert told.stderr == ""
    text = run(*words)
    assert (text.exit_code, text.stdout) == (rules_words.REFUSED, "")
    found = json.loads(told.stdout)
    assert list(found) == ["refused"]
    assert text.stderr == found["refused"] + "\n"
    return found["refused"]


class TestAnswers:
    def test_costs(self):
        """P10 luxis test_wik; P6 luxis test_wik; S2 statute."""
        raised = answer(*COSTS, "--principal", "3500", "--vat-deductible", "no")
        assert raised == {"amount": "475.00", "vat": "99.75", "total": "574.75"}
        assert answer(*COSTS, "--principal", "1000.00")["total"] == "150.00"
        assert answer(*COSTS, "--principal", "100", "--principal", "200")["total"] == "45.00"
        assert answer(*COSTS, "--principal", "1200", "--principal", "-200")["total"] == "150.00"

    def test_costs_without_a_clause(self):
        be = ["costs", "--law", "be", "--debtor", "consumer", "--on", ON, "--principal", "650"]
        assert answer(*be)["total"] == "72.50"  # P26 droitsquotidiens.be
        assert answer(*be, "--clause-agreed", "no")["total"] == "0.00"

    def test_costs_of_a_british_consumer_are_nothing_and_say_why(self):
        found = run("costs", "--law", "uk", "--debtor", "consumer", "--principal", "500", "--on", ON)
        assert found.exit_code == 0
        assert "total       £0.00" in found.stdout
        assert "uk." in found.stdout
        business = ["costs", "--law", "uk", "--debtor", "sole-trader", "--principal", "1000", "--on", ON]
        assert answer(*business)["total"] == "70.00"  # P40 payontime, debtco

    def test_interest(self):
        """S10 statute."""
        found = answer(*INTEREST, "--first-day", "2026-06-16", "--last-day", "2026-07-15")
        assert found["amount"] == "8.45"
        assert [one["percent"] for one in found["segments"]] == ["10.15", "10.40"]
        assert [(one["first_day"], one["last_day"], one["days"]) for one in found["segments"]] == [
            ("2026-06-16", "2026-06-30", 15),
            ("2026-07-01", "2026-07-15", 15),
        ]
        assert sum(float(one["amount"]) for one in found["segments"]) == pytest.approx(8.45)

    def test_simple_interest_and_an_earlier_default(self):
        period = ["--first-day", "2024-07-01", "--last-day", "2026-06-30"]
        raised, plain = answer(*INTEREST, *period), answer(*INTEREST, *period, "--simple")
        assert float(plain["amount"]) < float(raised["amount"])
        assert {one["base"] for one in plain["segments"]} == {"1000.00"}
        earlier = answer(*INTEREST, *period, "--late-since", "2024-01-01")
        assert earlier["amount"] != raised["amount"]

    def test_no_day_of_interest(self):
        found = answer(*INTEREST, "--first-day", "2026-06-16", "--last-day", "2026-06-15")
        assert found == {"amount": "0.00", "segments": []}
        text = run(*INTEREST, "--first-day", "2026-06-16", "--last-day", "2026-06-15").stdout
        assert "segments    none" in text

    def test_rate(self):
        """P24 rijksoverheid via luxis."""
        found = answer(*RATE, "--on", ON)
        assert (found["percent"], found["since"]) == ("10.40", "2026-07-01")
        assert found["source"]

    def test_allocation(self):
        """P13, P14, P15 luxis test."""
        assert answer(*ALLOCATE, "--pay", "1000") == {
            "costs": "625.00", "interest": "300.00", "principal": "75.00", "over": "0.00",
        }  # fmt: skip
        assert answer(*ALLOCATE, "--pay", "500")["costs"] == "500.00"
        assert answer(*ALLOCATE, "--pay", "7000")["over"] == "1075.00"
        assert answer("allocate", "--law", "de", "--pay", "5")["over"] == "5.00"

    def test_notice(self):
        """S29, S30 and S33 statute."""
        assert answer(*NOTICE, "--sent", "2026-11-03") == {
            "delivered": "2026-11-05", "last_day": "2026-11-19", "costs_from": "2026-11-20",
        }  # fmt: skip
        assert answer(*NOTICE, "--sent", "2026-11-06")["costs_from"] == "2026-11-25"
        assert answer("notice", "--law", "be", "--by", "email", "--sent", ON)["costs_from"] == "2026-11-17"

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (["--at", "2026-12-25T10:00:00+01:00"], (False, ["holiday"], "2026-12-28T07:00:00+01:00")),
            (["--at", "2026-11-03T10:00:00+01:00"], (True, [], "2026-11-03T10:00:00+01:00")),
            (["--at", "2026-11-03T09:00:00+00:00"], (True, [], "2026-11-03T10:00:00+01:00")),
        ],
    )
    def test_contact(self, words, expected):
        found = answer(*CONTACT, *words)
        assert (found["allowed"], found["reasons"], found["next"]) == expected

    def test_contact_in_a_region(self):
        at = ["--channel", "email", "--at", "2026-11-03T10:00:00+01:00", "--debtor", "company"]
        assert answer("contact", "--country", "be-wal", *at)["allowed"]


class TestWords:
    def test_text_has_the_parts_and_then_the_trace(self):
        found = run(*NOTICE, "--sent", "2026-11-03", "--lang", "nl").stdout.splitlines()
        assert found[0] == "delivered   5 november 2026"
        assert any(line.startswith("    nl.fourteen_days, 2012-07-01: BW 6:96(6)") for line in found)

    def test_text_says_reasons_in_the_language_that_was_asked_for(self):
        found = run(*CONTACT, "--at", "2026-11-08T10:00:00+01:00", "--lang", "nl").stdout
        assert "allowed     no" in found
        assert "reasons     zondag" in found
        assert "2026-11-09 07:00+01:00" in found

    def test_text_writes_figures_as_the_language_does(self):
        found = run(*RATE, "--on", ON, "--lang", "fr").stdout
        assert "percent     10,4\u00a0%" in found
        assert "since       1er juillet 2026" in found

    def test_the_command_line_offers_them(self):
        ran = subprocess.run(
            [sys.executable, "-m", "portal.cli", "rules", *RATE, "--on", ON, "--json"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert json.loads(ran.stdout)["percent"] == "10.40"


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "option", "reason"),
        [
            ([*COSTS, "--principal", "1,50"], "--principal", "not a plain decimal"),
            ([*COSTS, "--principal", "1.505"], "--principal", "decimals"),
            ([*COSTS, "--principal", "1", "--fee-rate", "much"], "--fee-rate", "not a number"),
            ([*COSTS, "--principal", "1", "--fee-rate", "NaN"], "--fee-rate", "not a number"),
            ([*COSTS, "--principal", "1", "--paid-within-term", "x"], "--paid-within-term", "not a plain"),
            ([*COSTS, "--principal", "1", "--vat-deductible", "maybe"], "--vat-deductible", "maybe"),
            ([*COSTS], "--principal", "Missing"),
            ([*COSTS, "--principal", "1", "--on", "2010-01-01"], "--on", "not in force before"),
            ([*COSTS, "--principal", "1", "--on", "soon"], "--on", "a date like"),
            ([*COSTS, "--principal", "1", "--on", "0001-01-01"], "--on", "between 1900 and 2100"),
            ([*COSTS, "--principal", "1", "--on", "2101-01-01"], "--on", "between 1900 and 2100"),
            ([*COSTS, "--principal", "1", "--colour", "red"], "--colour", "No such option"),
            ([*COSTS, "--principal", "1", "--lang", "es"], "--lang", "'es'"),
            (["costs", "--law", "fr"], "--law", "'fr' is not one of"),
            ([*RATE, "--on", "1901-01-01"], "--on", "no"),
            (["rate", "--law", "uk", "--kind", "civil", "--on", ON], "--kind", "no statutory interest"),
            (
                [*INTEREST[:5], "--principal", "-1", "--first-day", ON, "--last-day", ON],
                "--principal",
                "not over a credit",
            ),
            (
                [*INTEREST, "--first-day", ON, "--last-day", ON, "--late-since", "2026-12-01"],
                "--late-since",
                "before the default",
            ),
            (
                [*EUROPEAN, "--first-day", ON, "--last-day", ON],
                "--kind",
                "no statutory interest",
            ),
            ([*INTEREST, "--first-day", "1910-01-01", "--last-day", ON], "--first-day", "no"),
            ([*ALLOCATE, "--pay", "-1"], "--pay", "not negative"),
            (["allocate", "--law", "nl", "--pay", "1", "--costs", "-1"], "--costs", "not negative"),
            ([*NOTICE, "--sent", "2011-01-01"], "--sent", "no notice term"),
            ([*CONTACT, "--at", "2026-11-03T10:00:00"], "--at", "zone"),
            ([*CONTACT, "--at", "tomorrow"], "--at", "a moment like"),
            (
                ["contact", "--country", "xx", "--channel", "call", "--at", "2026-11-03T10:00:00+01:00"],
                "--country",
                "'XX'",
            ),
        ],
    )
    def test_names_the_option_and_the_reason(self, words, option, reason):
        told = refusal(*words)
        assert option in told
        assert reason in told
        assert "\n" not in told
        assert "Value error" not in told

    def test_help_is_no_refusal(self):
        found = run("costs", "--help")
        assert found.exit_code == 0
        assert "--principal" in found.stdout


class TestLimitation:
    NL = ("limitation", "--law", "nl", "--kind", "contract", "--due", "2025-03-01")

    def test_answers_with_the_last_day(self):
        """S35 and S36 statute."""
        assert answer(*self.NL)["ends"] == "2030-03-01"
        assert answer(*self.NL, "--interrupted", "2026-03-01")["ends"] == "2031-03-01"
        assert answer(*self.NL, "--interrupted", "acknowledgement:2026-03-01")["ends"] == "2031-03-01"
        german = ["limitation", "--law", "de", "--kind", "contract", "--due", "2023-02-10"]
        assert answer(*german)["ends"] == "2026-12-31"
        assert answer(*german, "--interrupted", "2024-01-01")["ends"] == "2026-12-31"

    @pytest.mark.parametrize(
        ("words", "option", "reason"),
        [
            (["--interrupted", "soon"], "--interrupted", "a date like"),
            (["--interrupted", "wish:2026-01-01"], "--interrupted", "wish"),
            (["--kind", "moon-landing"], "--kind", "moon"),
            (["--due", "later"], "--due", "a date like"),
        ],
    )
    def test_refuses(self, words, option, reason):
        told = refusal(*self.NL, *words)
        assert option in told
        assert reason in told


class TestFee:
    TARIFFS = ROOT / "tests" / "rules" / "tariffs"

    def asked(self, name: str, collected: str, months: str = "1") -> list[str]:
        file = str(self.TARIFFS / f"{name}.toml")
        return ["fee", "--tariff", file, "--collected", collected, "--age-months", months]

    def test_answers_with_per_cent_and_amount(self):
        """S37 and S39 statute."""
        assert answer(*self.asked("bierens", "10000"))["amount"] == "1665.00"
        assert answer(*self.asked("centurion", "3500"))["amount"] == "287.50"

    @pytest.mark.parametrize(
        ("collected", "months", "option"),
        [("lots", "1", "--collected"), ("-1", "1", "--collected"), ("1", "-1", "--age-months")],
    )
    def test_refuses(self, collected, months, option):
        assert option in refusal(*self.asked("centurion", collected, months))

    def test_refuses_a_file_that_is_no_tariff(self, tmp_path):
        (tmp_path / "no.toml").write_text("= nothing")
        for file in (tmp_path / "no.toml", tmp_path / "absent.toml"):
            told = refusal("fee", "--tariff", str(file), "--collected", "1")
            assert "--tariff" in told
