"""What differs between two versions of a path, to the step and its place; and how a draft's steps change."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.path_changes import (
    Difference,
    free_key,
    path_differences,
    with_moved_step,
    with_new_step,
    with_step,
    without_step,
)
from agency.rules.treatment_path import AfterPath, PathEnd, PathStep, StepPhase, TreatmentPath

pytestmark = pytest.mark.pure

LETTERS = "abcde"


def path_of(keys: str, **more) -> TreatmentPath:
    steps = tuple(PathStep(key, (Channel.letter,), key, "due_date", 1) for key in keys)
    return TreatmentPath("own", "1", Law.nl, (DebtorKind.consumer,), steps, **more)


def told(before: str, after: str) -> list[tuple]:
    found = path_differences(path_of(before), path_of(after))
    return [(one.step, one.kind, one.before, one.after) for one in found]


class TestDifferences:
    def test_name_the_places_counted_from_one(self):
        assert told("abc", "axbc") == [("x", "added", None, 2)]
        assert told("abc", "ac") == [("b", "removed", 2, None)]
        assert told("abcd", "bcda") == [("a", "moved", 1, 4)]
        assert told("ab", "ab") == []

    def test_name_each_field_of_a_step_with_both_values(self):
        old = path_of("ab")
        new = replace(old, steps=(old.steps[0], replace(old.steps[1], days=5, template="other", hour=9)))
        assert path_differences(old, new) == (
            Difference("b", "changed", "days", 1, 5),
            Difference("b", "changed", "hour", None, 9),
            Difference("b", "changed", "template", "b", "other"),
        )

    def test_a_part_that_an_earlier_path_did_not_say_is_no_difference(self):
        old = path_of("a")
        said = replace(old, steps=(replace(old.steps[0], phase=StepPhase.reminder),))
        assert path_differences(old, said) == ()
        other = replace(old, steps=(replace(old.steps[0], phase=StepPhase.legal),))
        assert path_differences(old, other) == (
            Difference("a", "changed", "phase", StepPhase.reminder, StepPhase.legal),
        )

    def test_of_the_path_itself_come_first(self):
        old = path_of("a", end=PathEnd(AfterPath.legal, 14))
        new = replace(old, debtors=(DebtorKind.company,), end=PathEnd(AfterPath.close, 7))
        assert path_differences(old, new) == (
            Difference("", "path", "debtors", (DebtorKind.consumer,), (DebtorKind.company,)),
            Difference("", "path", "end", AfterPath.legal, AfterPath.close),
            Difference("", "path", "after_days", 14, 7),
        )
        assert path_differences(old, replace(old, end=None)) == (
            Difference("", "path", "end", AfterPath.legal, None),
            Difference("", "path", "after_days", 14, None),
        )

    @given(st.permutations(LETTERS))
    def test_move_as_few_steps_as_can_be(self, order):
        moved = {key for key, kind, *_ in told(LETTERS, "".join(order)) if kind == "moved"}
        assert [key for key in order if key not in moved] == [key for key in LETTERS if key not in moved]
        stay = max(
            len(some)
            for size in range(len(order) + 1)
            for some in combinations(order, size)
            if list(some) == sorted(some)
        )
        assert len(moved) == len(order) - stay


def draft(*keys: str, **phases: str) -> dict:
    steps = [{"key": key} | ({"phase": phases[key]} if key in phases else {}) for key in keys]
    return {"key": "own", "steps": steps}


def keys_of(content: dict) -> str:
    assert content["key"] == "own"
    return "".join(step["key"] for step in content["steps"])


class TestDraft:
    def test_a_steps_fields_are_replaced_and_the_others_kept(self):
        content = draft("a", "b", b="legal")
        changed = with_step(content, "b", {"days": 3})
        assert changed == {"key": "own", "steps": [{"key": "a"}, {"key": "b", "phase": "legal", "days": 3}]}
        assert with_step(content, "z", {"days": 3}) == content

    @pytest.mark.parametrize(("after", "order"), [("", "xabc"), ("a", "axbc"), ("c", "abcx"), ("z", "xabc")])
    def test_a_step_is_added_behind_another_or_first(self, after, order):
        assert keys_of(with_new_step(draft(*"abc"), {"key": "x"}, after=after)) == order

    def test_a_key_that_is_taken_gets_the_first_free_number(self):
        assert free_key([], "a") == "a"
        assert free_key(["a"], "a") == "a_2"
        assert free_key(["a", "a_2", "a_4"], "a") == "a_3"
        assert free_key(["a", "a_2", "a_3"], "a") == "a_4"
        content = with_new_step(draft("a"), {"key": "a", "days": 2}, after="a")
        assert content["steps"] == [{"key": "a"}, {"key": "a_2", "days": 2}]

    def test_a_step_is_taken_out(self):
        assert keys_of(without_step(draft(*"abc"), "b")) == "ac"
        assert keys_of(without_step(draft(*"abc"), "z")) == "abc"

    @pytest.mark.parametrize(
        ("by", "order"), [(-9, "bacd"), (-1, "bacd"), (1, "acbd"), (2, "acdb"), (9, "acdb")]
    )
    def test_a_step_is_moved_as_far_as_there_are_places(self, by, order):
        assert keys_of(with_moved_step(draft(*"abcd"), "b", by=by)) == order

    @pytest.mark.parametrize(("by", "phase"), [(1, "three"), (2, "four"), (-1, "one"), (-2, "one")])
    def test_a_moved_step_takes_over_the_part_that_it_comes_into(self, by, phase):
        content = draft(*"abcd", a="one", b="two", c="three", d="four")
        moved = with_moved_step(content, "b", by=by)
        assert next(step for step in moved["steps"] if step["key"] == "b")["phase"] == phase

    def test_a_moved_step_keeps_its_own_part_beside_one_that_says_none(self):
        moved = with_moved_step(draft(*"abc", b="two"), "b", by=1)
        assert moved["steps"] == [{"key": "a"}, {"key": "c"}, {"key": "b", "phase": "two"}]

    @pytest.mark.parametrize("by", [-1, 1])
    def test_the_only_step_stays_as_it_is(self, by):
        assert with_moved_step(draft("a", a="one"), "a", by=by) == draft("a", a="one")

    def test_a_step_that_is_not_there_is_not_moved(self):
        assert with_moved_step(draft(*"abc"), "z", by=1) == draft(*"abc")
