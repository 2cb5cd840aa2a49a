"""The rate card: every rule it is refused by, at the border of the rule, and what it answers."""

import json
from dataclasses import replace
from datetime import date

import pytest

from agency.rules import rate_card
from agency.rules.facts import DisputeStatus, Phase
from agency.rules.rate_card import (
    AgeStep,
    Band,
    CardFault,
    PhaseStep,
    RateCard,
    UnfairRateCard,
    card_differences,
    default_card,
    unlawful_fees,
)
from agency.rules.tables import read_table

pytestmark = pytest.mark.pure

CARD = default_card()
SHAPE = "its bands rise and only the last one is open"
SPLIT = "a claim split in two never costs less: rates fall with the size"
AGES = "its ages begin at zero and rise"
OLDER = "an older claim never costs less"
ORDER = "its phases are known and stand in their order"
LATER = "a later phase never costs less"


def faults(**changes) -> list[tuple[str, str]]:
    try:
        replace(CARD, **changes)
    except UnfairRateCard as refusal:
        return [(fault.field, fault.sentence) for fault in refusal.faults]
    return []


class TestRules:
    @pytest.mark.parametrize(
        ("bands", "expected"),
        [
            ((), [("bands", SHAPE)]),
            ((Band(None, 500),), []),
            ((Band(100, 500),), [("bands.1", SHAPE)]),
            ((Band(1, 500), Band(None, 500)), []),
            ((Band(0, 500), Band(None, 500)), [("bands.1", SHAPE)]),
            ((Band(-1, 500), Band(None, 500)), [("bands.1", SHAPE)]),
            ((Band(None, 500), Band(None, 500)), [("bands.1", SHAPE)]),
            ((Band(100, 500), Band(100, 500), Band(None, 500)), [("bands.2", SHAPE)]),
            ((Band(100, 500), Band(101, 500), Band(None, 500)), []),
            ((Band(100, 500), Band(None, 501)), [("bands.2", SPLIT)]),
            ((Band(100, 501), Band(200, 500), Band(None, 501)), [("bands.3", SPLIT)]),
            ((Band(100, 500), Band(None, 500), Band(50, 500)), [("bands.2", SHAPE), ("bands.3", SHAPE)]),
        ],
    )
    def test_of_bands(self, bands, expected):
        assert faults(bands=bands) == expected

    @pytest.mark.parametrize(
        ("ages", "expected"),
        [
            ((), [("ages.1", AGES)]),
            ((AgeStep(0, 5),), []),
            ((AgeStep(1, 5),), [("ages.1", AGES)]),
            ((AgeStep(0, 5), AgeStep(0, 5)), [("ages.2", AGES)]),
            ((AgeStep(0, 5), AgeStep(1, 5)), []),
            ((AgeStep(0, 5), AgeStep(1, 4)), [("ages.2", OLDER)]),
            ((AgeStep(0, 5), AgeStep(9, 6), AgeStep(8, 5)), [("ages.3", AGES), ("ages.3", OLDER)]),
        ],
    )
    def test_of_ages(self, ages, expected):
        assert faults(ages=ages) == expected

    @pytest.mark.parametrize(
        ("phases", "expected"),
        [
            ((), []),
            ((PhaseStep("legal", 5),), []),
            ((PhaseStep("reminder", 5), PhaseStep("legal", 5)), []),
            ((PhaseStep("reminder", 5), PhaseStep("legal", 4)), [("phases.2", LATER)]),
            ((PhaseStep("legal", 5), PhaseStep("reminder", 5)), [("phases.2", ORDER)]),
            ((PhaseStep("legal", 5), PhaseStep("legal", 5)), [("phases.2", ORDER)]),
            ((PhaseStep("court", 5), PhaseStep("legal", 5)), [("phases.1", ORDER)]),
            (
                (PhaseStep("reminder", 5), PhaseStep("amicable", 6), PhaseStep("legal", 5)),
                [("phases.3", LATER)],
            ),
            (
                (PhaseStep("reminder", 5), PhaseStep("legal", 5), PhaseStep("amicable", 5)),
                [("phases.3", ORDER)],
            ),
            (
                (PhaseStep("reminder", 5, ("BE",)),),
                [("phases.1", "its first phase is done by result everywhere")],
            ),
        ],
    )
    def test_of_phases(self, phases, expected):
        assert faults(phases=phases) == expected

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"currency": "QQQ"}, "its currency is known"),
            ({"bps_per_point": -1}, "a document never makes it dearer"),
            ({"pivot_points": -1}, "its neutral completeness is 0 to 100"),
            ({"pivot_points": 101}, "its neutral completeness is 0 to 100"),
            ({"floor_bps": 0}, "its lower limit is above zero and under the upper one"),
            ({"floor_bps": 5_001}, "its lower limit is above zero and under the upper one"),
            ({"ceiling_bps": 10_001}, "its upper limit is at most the whole"),
            ({"minimum": -1}, "its minimum is not negative"),
            ({"file_fee": -1}, "its file fee is not negative"),
            ({"interest_to": "bank"}, "it says who keeps the interest"),
            ({"costs_to": "bank"}, "it says who keeps the costs"),
        ],
    )
    def test_of_single_fields(self, changes, sentence):
        assert faults(**changes) == [(next(iter(changes)), sentence)]

    @pytest.mark.parametrize(
        "changes",
        [
            {"bps_per_point": 0}, {"pivot_points": 0}, {"pivot_points": 100}, {"floor_bps": 1},
            {"floor_bps": 5_000}, {"ceiling_bps": 10_000}, {"minimum": 0}, {"file_fee": 0},
            {"interest_to": "agency", "costs_to": "creditor"},
        ],
    )  # fmt: skip
    def test_are_kept_at_their_borders(self, changes):
        assert faults(**changes) == []

    def test_of_disputes(self):
        def changed(**disputes):
            return faults(disputes=dict(CARD.disputes) | disputes)

        assert changed(raised=0) == []
        assert changed(raised=-1) == [("disputes.raised", "a dispute never makes it cheaper")]
        assert changed(none=1, resolved_creditor=1, partly_accepted=1) == []
        restores = ("disputes.resolved_creditor", "a dispute settled for the creditor restores the price")
        assert changed(resolved_creditor=1) == [restores]
        assert changed(moon=5) == [("disputes", "it prices every dispute status")]
        few = {key: bps for key, bps in CARD.disputes.items() if key != "raised"}
        assert faults(disputes=few) == [("disputes", "it prices every dispute status")]
        old = {key: bps for key, bps in CARD.disputes.items() if key != "partly_accepted"}
        assert faults(disputes=old) == []
        without = {key: bps for key, bps in CARD.disputes.items() if key not in ("none", "resolved_creditor")}
        assert faults(disputes=without) == [("disputes", "it prices every dispute status")]
        assert ("disputes.raised", "a dispute never makes it cheaper") in faults(
            disputes={**without, "raised": -1}
        )
        assert ("disputes.raised", "a dispute never makes it cheaper") not in faults(
            disputes={**without, "raised": 0}
        )

    def test_of_groups(self):
        few = {key: bps for key, bps in CARD.debtors.items() if key != "consumer"}
        assert faults(debtors=few) == [("debtors", "it prices every kind of debtor")]
        home = {key: bps for key, bps in CARD.countries.items() if key != "*"}
        assert faults(countries=home) == [("countries", "it prices every country")]

    def test_the_refusal_names_the_card_and_the_first_rule(self):
        with pytest.raises(UnfairRateCard) as refusal:
            replace(CARD, version="7", minimum=-1, file_fee=-1)
        assert str(refusal.value) == "rate card 7: its minimum is not negative (minimum)"
        assert refusal.value.faults[0] == CardFault("minimum", "its minimum is not negative")


class TestAnswers:
    def test_an_age_takes_the_step_that_it_has_reached(self):
        steps = {days: CARD.age_step(days).from_days for days in (0, 60, 61, 180, 181, 9_999)}
        assert steps == {0: 0, 60: 0, 61: 61, 180: 61, 181: 181, 9_999: 731}

    def test_a_phase_takes_its_step_or_the_last_before_it_that_is_done_there(self):
        def step(phase: Phase, country: str = "NL") -> str:
            found = CARD.phase_step(phase, country)
            assert found is not None
            return found.phase

        assert {phase.value: step(phase) for phase in Phase} == {
            "reminder": "reminder", "amicable": "amicable", "legal": "legal", "execution": "legal",
        }  # fmt: skip
        assert step(Phase.legal, "BE") == step(Phase.execution, "BE") == "amicable"
        late = replace(CARD, phases=(PhaseStep("legal", 5),))
        assert late.phase_step(Phase.amicable, "NL") is None
        assert replace(CARD, phases=()).phase_step(Phase.legal, "NL") is None

    def test_a_status_that_the_card_does_not_know_counts_as_substantiated(self):
        old = replace(
            CARD, disputes={key: bps for key, bps in CARD.disputes.items() if key != "partly_accepted"}
        )
        assert old.dispute_bps(DisputeStatus.partly_accepted) == 700
        assert CARD.dispute_bps(DisputeStatus.partly_accepted) == 0
        assert {status: CARD.dispute_bps(status) for status in ("raised", "none")} == {
            "raised": 300,
            "none": 0,
        }


class TestForms:
    def test_is_written_in_one_way(self):
        content = replace(CARD, version="één").to_json().decode()
        assert (
            json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            == content
        )
        assert "één" in content
        shuffled = replace(CARD, countries=dict(reversed(list(CARD.countries.items()))))
        assert shuffled.to_json() == CARD.to_json()

    def test_reads_rows_without_their_open_end_and_phases_without_countries(self):
        fields = json.loads(CARD.to_json())
        fields["bands"][-1].pop("up_to")
        fields["phases"] = [{"phase": "reminder", "bps": 0}]
        card = RateCard.from_fields(fields)
        assert card.bands == CARD.bands
        assert card.phases == (PhaseStep("reminder", 0),)

    @pytest.mark.parametrize("content", ["[]", '{"bands": []}', "{}", '{"bands": 1}', '{"bands": [{}]}'])
    def test_what_is_no_card_is_refused(self, content):
        with pytest.raises(ValueError, match="not a rate card"):
            RateCard.from_json(content)

    def test_a_field_that_no_card_has_is_refused(self):
        with pytest.raises(ValueError, match="not a rate card"):
            RateCard.from_json(json.dumps(json.loads(CARD.to_json()) | {"moon": 1}))

    def test_a_card_of_before_keeps_no_money_and_asks_the_same_in_every_phase(self):
        fields = json.loads(CARD.to_json())
        later = ("minimum", "file_fee", "phases", "interest_to", "costs_to")
        old = RateCard.from_fields({name: value for name, value in fields.items() if name not in later})
        assert [getattr(old, name) for name in later] == [0, 0, (), "creditor", "agency"]


class TestDifferences:
    def changed(self, **changes):
        return set(card_differences(CARD, replace(CARD, version="2", **changes)))

    def test_name_rows_by_what_they_are_about(self):
        bands = (Band(30_000, 1_850), *CARD.bands[1:-1], Band(None, 400))
        assert self.changed(bands=bands) == {
            ("bands.25000", 1_850, None), ("bands.30000", None, 1_850), ("bands.above", 500, 400),
        }  # fmt: skip
        assert self.changed(ages=(*CARD.ages, AgeStep(1_000, 1_600))) == {("ages.1000", None, 1_600)}
        phases = (*CARD.phases[:2], PhaseStep("legal", 800, ("BE", "FR")))
        assert self.changed(phases=phases) == {
            ("phases.legal", 700, 800), ("phases.legal.not_in", "BE", "BE, FR"),
        }  # fmt: skip

    def test_name_groups_and_single_fields_and_never_the_version(self):
        assert self.changed() == set()
        assert self.changed(
            countries=dict(CARD.countries) | {"NL": 1}, debtors=dict(CARD.debtors) | {"consumer": 250},
            disputes=dict(CARD.disputes) | {"raised": 301}, floor_bps=201, costs_to="creditor",
        ) == {
            ("countries.NL", 0, 1), ("debtors.consumer", 200, 250), ("disputes.raised", 300, 301),
            ("floor_bps", 200, 201), ("costs_to", "agency", "creditor"),
        }  # fmt: skip

    def test_stand_in_the_order_of_the_card_new_rows_last(self):
        other = replace(CARD, countries=dict(CARD.countries) | {"CH": 1}, floor_bps=201)
        assert [name for name, _, _ in card_differences(CARD, other)] == ["floor_bps", "countries.CH"]


class TestLaw:
    ON = date(2026, 12, 1)

    def test_every_phase_in_every_country_with_a_law_is_looked_at(self):
        card = replace(
            CARD, phases=(PhaseStep("reminder", 0), PhaseStep("legal", 5), PhaseStep("execution", 9))
        )
        found = unlawful_fees(card, on=self.ON)
        assert [fault.field for fault in found] == ["phases.2", "phases.3"]
        assert all("BE" in fault.sentence for fault in found)
        allowed = replace(card, phases=(*card.phases[:1], PhaseStep("legal", 5, ("BE",))))
        assert unlawful_fees(allowed, on=self.ON) == ()

    def test_a_law_that_was_not_there_yet_forbids_nothing(self):
        card = replace(CARD, phases=(PhaseStep("legal", 5),))
        assert unlawful_fees(card, on=date(1976, 11, 29)) == ()
        assert len(unlawful_fees(card, on=date(1976, 11, 30))) == 1


def test_the_default_card_is_read_from_its_table():
    rate_card._default_card.cache_clear()
    assert rate_card.default_card() == RateCard.from_fields(read_table("rate_card"))
