"""`dev check`: what must hold before a change is shared, in well under a minute and two steps at a time."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from portal.local.places import PROJECT

_BIN = Path(sys.executable).parent
_FILES = [".", "dev"]
_ALL_THOROUGH = "pytestmark = [pytest.mark.pure, pytest.mark.thorough]"


def _files_with_pure_tests() -> list[Path]:
    """Only these are imported: the rest would cost seconds to be deselected."""
    contents = {path: path.read_text() for path in (PROJECT / "tests").rglob("test_*.py")}
    return [path for path, text in contents.items() if "mark.pure" in text and _ALL_THOROUGH not in text]


STEPS: dict[str, list[str | Path]] = {
    "types": [_BIN / "mypy", "agency", "integrations", "portal"],
    "lint": [_BIN / "ruff", "check", *_FILES],
    "format": [_BIN / "ruff", "format", "--check", *_FILES],
    "floors": [_BIN / "lint-imports"],
}
PURE_TESTS = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-m", "pure and not thorough", "-n", "2"]
PURE_TESTS += ["--dist", "loadgroup", "--hypothesis-profile", "check"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step went."""

    name: str
    passed: bool
    seconds: float
    output: str


def run_checks(console: Console) -> bool:
    """This function will run every step, print each with its time, and say whether all passed."""
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=2) as pool:
        tests = pool.submit(_run, "pure tests", [*PURE_TESTS, *_files_with_pure_tests()])
        outcomes = [*pool.map(_run, STEPS, STEPS.values()), tests.result()]
    for outcome in outcomes:
        mark = "[green]passed[/]" if outcome.passed else "[red]failed[/]"
        console.print(f"{outcome.name:<12} {mark} {outcome.seconds:5.1f} s")
    for outcome in outcomes:
        if not outcome.passed:
            console.rule(outcome.name)
            console.print(outcome.output, markup=False, highlight=False, soft_wrap=True)
    console.print(f"{'together':<12} {time.monotonic() - started:12.1f} s")
    return all(outcome.passed for outcome in outcomes)


def _run(name: str, command: list[str | Path]) -> Outcome:
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return Outcome(name, done.returncode == 0, time.monotonic() - started, done.stdout)
