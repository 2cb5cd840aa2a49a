"""`dev mutate`: changes the rules in one place at a time and asks whether the tests notice.

Neither of the known tools fits: mutmut leaves out every function with a decorator, which here are the
cached ones and the properties, and all that stands outside functions; cosmic-ray starts Python anew for
each mutant. Here a mutant within a function costs the time of the tests that run its line.

Answers are kept in `.mutation`, so that a stopped run goes on where it was. They hold until the mutated
module or any test changes; with `survivors` only what survived the last time is tried again.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from portal.local.measured_code import DECISIONS, TESTS, sources_of
from portal.local.mutants import Mutant, mutants_of
from portal.local.places import PROJECT, LocalTrouble

FOLDER: Final = PROJECT / ".mutation"
ACCEPTED: Final = PROJECT / "infra" / "mutation" / "survivors.toml"
TARGET_PERCENT: Final = 95
ARGUMENTS: Final = (
    "-q", "--no-header", "-m", "pure", "-n", "0", "-p", "no:cacheprovider", "--hypothesis-profile", "mutate",
    "-p", "portal.local.mutation_tests",
)  # fmt: skip
_NOTICED: Final = ("killed", "timeout")
_LOOK_SECONDS: Final = 0.25
_ANEW: Final = (
    "import sys, json, pathlib; from portal.local.mutation_tests import imported_anew;"
    " order, arguments, libraries = json.loads(sys.stdin.read());"
    " imported_anew(pathlib.Path(order), arguments, libraries)"
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found: mutants by outcome, those nobody noticed, and what the tests leave out."""

    outcomes: dict[str, int]
    survivors: list[dict[str, Any]]
    uncovered_branches: dict[str, list[str]]
    stale: list[dict[str, Any]]
    percent_by_module: dict[str, str] = field(default_factory=dict)
    percent_by_decision: dict[str, str] = field(default_factory=dict)

    @property
    def mutants(self) -> int:
        """All that were tried."""
        return sum(self.outcomes.values())

    @property
    def noticed(self) -> int:
        """Those that made a test fail or never end."""
        return sum(self.outcomes.get(outcome, 0) for outcome in _NOTICED)

    @property
    def unexplained(self) -> list[dict[str, Any]]:
        """Survivors that `infra/mutation/survivors.toml` gives no reason for."""
        return [one for one in self.survivors if not one["reason"]]

    @property
    def passed(self) -> bool:
        """The target is met, each survivor is explained, and every branch is run."""
        enough = self.noticed * 100 >= self.mutants * TARGET_PERCENT
        return enough and not (self.unexplained or self.uncovered_branches or self.stale)

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        return {
            "mutants": self.mutants,
            "noticed": self.noticed,
            "percent": _percent(self.noticed, self.mutants),
            "target_percent": TARGET_PERCENT,
            "outcomes": self.outcomes,
            "percent_by_module": self.percent_by_module,
            "percent_by_decision": self.percent_by_decision,
            "survivors": self.survivors,
            "uncovered_branches": self.uncovered_branches,
            "stale_reasons": self.stale,
            "passed": self.passed,
        }


def mutate(console: Console, modules: list[str], *, again: bool = False, jobs: int | None = None) -> Report:
    """This function will try every mutant that has no answer yet, and report on all of them.

    :param modules: modules, folders or decisions, as `sources_of` takes them; none for all that is mutated.
    :param again: try those that survived the last time once more, whatever has changed since.
    :raises LocalTrouble: a module is not known, or the tests fail without any mutant.
    """
    sources = sources_of(modules)
    mutants = [one for module, source in sources.items() for one in mutants_of(_text(source), module)]
    FOLDER.mkdir(exist_ok=True)
    known = _known(sources, mutants, again=again)
    open_ones = [one for one in mutants if one.id not in known]
    if open_ones or not (FOLDER / "coverage.json").exists():
        _try(console, open_ones, known, jobs or os.cpu_count() or 1)
        known = _answers(FOLDER / "results.jsonl")
    _keep(sources, mutants, known)
    return report(mutants, known, _reasons(), _uncovered(sources))


def report(
    mutants: Iterable[Mutant],
    answers: dict[str, str],
    reasons: dict[str, dict[str, Any]],
    uncovered: dict[str, list[str]],
) -> Report:
    """This function will put answers and reasons together."""
    outcomes: dict[str, int] = {}
    survivors, ids, modules = [], set(), set()
    by_module: dict[str, list[bool]] = {}
    for one in mutants:
        outcome = answers.get(one.id, "not tried")
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        by_module.setdefault(one.module, []).append(outcome in _NOTICED)
        modules.add(one.module)
        if outcome not in _NOTICED:
            ids.add(one.id)
            survivors.append(
                {
                    "id": one.id, "module": one.module, "line": one.line, "where": one.where,
                    "change": one.change, "outcome": outcome,
                    "reason": reasons.get(one.id, {}).get("reason", ""),
                }
            )  # fmt: skip
    stale = [reason for key, reason in reasons.items() if key not in ids and reason.get("module") in modules]
    percents = {name: _percent(sum(noticed), len(noticed)) for name, noticed in by_module.items()}
    return Report(outcomes, survivors, uncovered, stale, percents, _by_decision(by_module))


def _by_decision(by_module: dict[str, list[bool]]) -> dict[str, str]:
    """The share that was noticed of each decision of which every module was asked about."""
    found = {}
    for decision, modules in DECISIONS.items():
        if by_module.keys() >= set(modules):
            noticed = [one for module in modules for one in by_module[module]]
            found[decision] = _percent(sum(noticed), len(noticed))
    return found


def show(console: Console, found: Report) -> None:
    """This function will print a report for people."""
    for one in found.survivors:
        why = f"  accepted: {one['reason']}" if one["reason"] else ""
        place = f"{one['module']}:{one['line']} in {one['where']}"
        console.print(
            f"{one['outcome']:<9} {one['id']}  {place}: {one['change']}{why}",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
    for source, branches in found.uncovered_branches.items():
        console.print(f"not run   {source}: {', '.join(branches)}", markup=False, soft_wrap=True)
    for reason in found.stale:
        console.print(
            f"stale     {reason['id']} in survivors.toml is noticed now", markup=False, soft_wrap=True
        )
    for name, percent in (*found.percent_by_module.items(), *found.percent_by_decision.items()):
        console.print(f"{name:<40} {percent:>6} %", highlight=False)
    console.print(
        f"{found.noticed} of {found.mutants} mutants noticed, {_percent(found.noticed, found.mutants)} %"
        f" (target {TARGET_PERCENT}); {len(found.unexplained)} survivors without a reason; "
        f"{'every branch is run' if not found.uncovered_branches else 'some branches are not run'}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


def _try(console: Console, mutants: list[Mutant], known: dict[str, str], jobs: int) -> None:
    results = FOLDER / "results.jsonl"
    results.write_text(
        "".join(json.dumps({"id": key, "outcome": value}) + "\n" for key, value in known.items())
    )
    order = FOLDER / "order.json"
    fields = [asdict(one) for one in mutants]
    every = sources_of(())
    prints = _fingerprints(every)
    measured = _read(FOLDER / "measured_for.json") == prints
    if not measured:
        (FOLDER / "measured.json").unlink(missing_ok=True)
    told = {"sources": every, "mutants": fields, "jobs": jobs, "measured": measured}
    order.write_text(json.dumps(told))
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONHASHSEED": "0"}
    python = [sys.executable, "-P"]
    started = len(known)
    with _bar(console, total=started + len(mutants)) as bar:
        words = [*python, "-m", "pytest", *ARGUMENTS, *TESTS]
        _run(words, environment | {"MUTATION_ORDER": str(order)}, bar, "")
        (FOLDER / "measured_for.json").write_text(json.dumps(prints))
        libraries = json.loads((FOLDER / "libraries.json").read_text())
        _run([*python, "-c", _ANEW], environment, bar, json.dumps([str(order), ARGUMENTS, libraries]))


def _run(words: list[str], environment: dict[str, str], bar: Progress, told: str) -> None:
    """Run one half of the order, with the bar moving; what is cancelled here is cancelled there."""
    log = FOLDER / "log.txt"
    with log.open("w") as out:
        child = subprocess.Popen(
            words, cwd=PROJECT, env=environment, stdin=subprocess.PIPE, stdout=out, stderr=out, text=True,
            start_new_session=True,
        )  # fmt: skip
        assert child.stdin is not None
        child.stdin.write(told)
        child.stdin.close()
        try:
            while child.poll() is None:
                time.sleep(_LOOK_SECONDS)
                bar.update(bar.task_ids[0], completed=len(_answers(FOLDER / "results.jsonl")))
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    if child.returncode != 0 or not (FOLDER / "measured.json").exists():
        raise LocalTrouble(f"the tests did not run; their last words:\n{log.read_text()[-3000:]}")


def _bar(console: Console, *, total: int) -> Progress:
    progress = Progress(
        TextColumn("mutants"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
    progress.add_task("mutants", total=total)
    return progress


def _known(sources: dict[str, str], mutants: list[Mutant], *, again: bool) -> dict[str, str]:
    """The answers that still hold: those of a run that was stopped, or of the last one that ended."""
    kept = _read(FOLDER / "answers.json")
    prints = _fingerprints(sources)
    wanted = {one.id: one.module for one in mutants}
    found = {
        key: outcome
        for key, (outcome, fingerprint) in kept.items()
        if key in wanted and (again or fingerprint == prints[wanted[key]])
    }
    stopped = FOLDER / "order.json"
    if stopped.exists() and _read(FOLDER / "prints.json") == prints:
        found |= {key: value for key, value in _answers(FOLDER / "results.jsonl").items() if key in wanted}
    (FOLDER / "prints.json").write_text(json.dumps(prints))
    return {key: outcome for key, outcome in found.items() if not again or outcome in _NOTICED}


def _keep(sources: dict[str, str], mutants: list[Mutant], answers: dict[str, str]) -> None:
    prints = _fingerprints(sources)
    kept = _read(FOLDER / "answers.json")
    kept |= {one.id: [answers[one.id], prints[one.module]] for one in mutants if one.id in answers}
    (FOLDER / "answers.json").write_text(json.dumps(kept))
    (FOLDER / "order.json").unlink(missing_ok=True)


def _fingerprints(sources: dict[str, str]) -> dict[str, str]:
    """What each module's answers rest on: its own text, the tests, and the tables."""
    tests = hashlib.sha256()
    for place in (*TESTS, "agency/rules/tables", "agency/rules/words"):
        for path in sorted([PROJECT / place, *(PROJECT / place).rglob("*.*")]):
            if path.suffix in (".py", ".toml", ".json"):
                tests.update(path.read_bytes())
    rest = tests.hexdigest()
    return {
        module: hashlib.sha256((_text(source) + rest).encode()).hexdigest()
        for module, source in sources.items()
    }


def _answers(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines() if path.exists() else []
    told = (json.loads(line) for line in lines if line.endswith("}"))
    return {one["id"]: one["outcome"] for one in told}


def _reasons() -> dict[str, dict[str, Any]]:
    if not ACCEPTED.exists():
        return {}
    return {one["id"]: one for one in tomllib.loads(ACCEPTED.read_text()).get("survivor", [])}


def _uncovered(sources: dict[str, str]) -> dict[str, list[str]]:
    files = _read(FOLDER / "coverage.json").get("files", {})
    found = {}
    for source in sources.values():
        told = files.get(source, {})
        lines = [str(line) for line in told.get("missing_lines", [])]
        branches = [f"{start}->{end}" for start, end in told.get("missing_branches", [])]
        if lines or branches:
            found[source] = lines + branches
    return found


def _read(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return told


def _text(source: str) -> str:
    return (PROJECT / source).read_text()


def _percent(part: int, whole: int) -> str:
    return f"{1000 * part // whole / 10 if whole else 100:.1f}"
