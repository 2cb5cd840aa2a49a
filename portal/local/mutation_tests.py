"""The tests' side of `dev mutate`, as a plugin of pytest: measures which test runs which line, then runs
those tests on each mutant in a child of its own.

A mutant within a function is put in place of the function's code in a child of the process that has
imported and collected everything, so that it costs milliseconds. A mutant that shows only at import needs
a process that has not imported the module yet; `imported_anew` forks those from one that holds the
libraries alone.
"""

import functools
import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final

import hypothesis
import pytest
from coverage import Coverage

from portal.local.mutant_import import MutantFinder
from portal.local.mutants import mutated

ORDER: Final = "MUTATION_ORDER"
PROFILE: Final = "mutate"
KILLED, SURVIVED, TIMEOUT, UNCOVERED = "killed", "survived", "timeout", "uncovered"
# A mutant may be slower than the original; one that takes this much longer in a single test never ends.
PATIENCE: Final = 4
SECONDS_MIN: Final = 5
MEMORY_MAX: Final = 4 << 30
_OURS: Final = ("agency", "tests")
_OUTCOMES: Final = {0: SURVIVED, -signal.SIGPROF: TIMEOUT}
_LIMITS: Final[dict[str, float]] = {}
"""In a child: how long each of its tests may take. A test that takes longer ends the child by a signal."""

hypothesis.settings.register_profile(
    PROFILE, max_examples=30, deadline=None, database=None, derandomize=True,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip


class Order:
    """What the word asks for: the folders of code, the mutants to try, and where answers go."""

    def __init__(self, path: Path) -> None:
        told = json.loads(path.read_text())
        self.folder = path.parent
        self.sources: dict[str, str] = told["sources"]
        self.mutants: list[dict[str, Any]] = told["mutants"]
        self.jobs: int = told["jobs"]
        self.measured: bool = told["measured"]

    def read_measured(self) -> dict[str, Any]:
        """Which tests run which line of which module, and how long each test takes."""
        told: dict[str, Any] = json.loads((self.folder / "measured.json").read_text())
        return told

    def left(self) -> set[str]:
        """The mutants that nobody has noticed so far."""
        lines = (self.folder / "results.jsonl").read_text().splitlines()
        outcomes = {one["id"]: one["outcome"] for one in map(json.loads, lines)}
        return {key for key, outcome in outcomes.items() if outcome in (SURVIVED, UNCOVERED)}

    def answer(self, mutant: dict[str, Any], outcome: str, seconds: int = 0) -> None:
        """Keep what became of a mutant: one line per mutant, so that a stopped run goes on where it was."""
        with (self.folder / "results.jsonl").open("a") as file:
            file.write(json.dumps({"id": mutant["id"], "outcome": outcome, "ms": seconds}) + "\n")


class Measure:
    """Runs every test once under coverage, each in a context of its own."""

    def __init__(self, order: Order) -> None:
        self.order = order
        folders = sorted({str(Path(source).parent) for source in order.sources.values()})
        self.coverage = Coverage(
            data_file=str(order.folder / "coverage"), branch=True, config_file=False, source=folders
        )
        for text in (r"assert_never\(", r"raise AssertionError", r"if TYPE_CHECKING:"):
            self.coverage.exclude(text)
        self.coverage.start()

    def run(self, session: pytest.Session) -> None:
        """Run the tests in a child, so that this process stays as it was when it had collected them."""
        answer = self.order.folder / "measured.json"
        answer.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            _in_child(lambda: self._measure(session, answer))
        os.waitpid(child, 0)
        self.coverage.stop()
        if not answer.exists():
            pytest.exit("the tests must pass before mutants are tried", returncode=1)

    def _measure(self, session: pytest.Session, answer: Path) -> bool:
        milliseconds: dict[str, int] = {}
        caches = caches_of(_OURS)
        for item in session.items:
            clear_caches(caches)  # a cached answer would hide the lines behind it
            self.coverage.switch_context(item.nodeid)
            started = time.monotonic_ns()
            if not passes(session, [item]):
                print(f"fails without any mutant: {item.nodeid}", file=sys.__stderr__)
                return False
            milliseconds[item.nodeid] = (time.monotonic_ns() - started) // 1_000_000
        self.coverage.stop()
        self.coverage.save()
        self.coverage.json_report(outfile=str(self.order.folder / "coverage.json"))
        data = self.coverage.get_data()
        lines = {
            module: data.contexts_by_lineno(str(Path(source).resolve()))
            for module, source in self.order.sources.items()
        }
        answer.write_text(json.dumps({"lines": lines, "milliseconds": milliseconds}))
        return True


class Plugin:
    """Takes pytest's place when it has collected: measure, then the mutants within functions."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.measure = None if order.measured else Measure(order)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the order instead of the tests."""
        if session.testsfailed:
            pytest.exit("the tests cannot be collected", returncode=1)
        if self.measure is not None:
            self.measure.run(session)
        run_mutants(
            self.order,
            [mutant for mutant in self.order.mutants if mutant["function"]],
            self.order.read_measured(),
            _within(session, self.order),
        )
        return True


def _within(session: pytest.Session, order: Order) -> Callable[[dict[str, Any], list[str]], bool]:
    """Return what a child does: put the mutant in place, forget cached answers, run the tests."""
    functions = functions_of(order.sources)
    caches = caches_of(_OURS)
    items = {item.nodeid: item for item in session.items}

    def survives(mutant: dict[str, Any], tests: list[str]) -> bool:
        source = order.sources[mutant["module"]]
        code = compile(mutated(Path(source).read_text(), mutant["number"]), source, "exec")
        for function in functions[mutant["module"], mutant["function"]]:
            function.__code__ = code_of(code, mutant["function"], function.__code__.co_firstlineno)
        clear_caches(caches)
        return passes(session, [items[test] for test in tests])

    return survives


def run_mutants(
    order: Order,
    mutants: list[dict[str, Any]],
    measured: dict[str, Any],
    survives: Callable[[dict[str, Any], list[str]], bool],
) -> None:
    """This function will run each mutant's tests in a child, `order.jobs` at a time."""
    running: dict[int, tuple[dict[str, Any], int]] = {}
    waiting = list(reversed(mutants))
    milliseconds = measured["milliseconds"]
    while waiting or running:
        while waiting and len(running) < order.jobs:
            mutant = waiting.pop()
            tests = tests_of(mutant, measured)
            if not tests:
                order.answer(mutant, UNCOVERED)
                continue
            child = os.fork()
            if child == 0:
                _LIMITS.update({test: _seconds_for(milliseconds[test]) for test in tests})
                _in_child(functools.partial(survives, mutant, tests))
            running[child] = (mutant, time.monotonic_ns())
        for child, outcome in _ended(running):
            mutant, started = running.pop(child)
            order.answer(mutant, outcome, (time.monotonic_ns() - started) // 1_000_000)


def _ended(running: Iterable[int]) -> Iterator[tuple[int, str]]:
    for child in list(running):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            yield child, _OUTCOMES.get(os.waitstatus_to_exitcode(status), KILLED)
    time.sleep(0.002)


def _seconds_for(milliseconds: int) -> float:
    """The processor's time that one test may take: other work on the machine does not count."""
    return PATIENCE * milliseconds / 1000 + SECONDS_MIN


def tests_of(mutant: dict[str, Any], measured: dict[str, Any]) -> list[str]:
    """This function will return the tests that run a mutant's line, the quick ones first.

    What is looked at only during import may show in every test of a file that runs a line of the module, and
    where a module has no lines but those (a list of words), in every test.
    """
    if mutant["function"]:
        tests = _contexts(mutant, measured)
    else:
        lines = measured["lines"].get(mutant["module"], {})
        files = {_file_of(test) for contexts in lines.values() for test in contexts if test}
        every = set(measured["milliseconds"])
        tests = {test for test in every if _file_of(test) in files} or every
    return sorted(tests - {""}, key=lambda test: (measured["milliseconds"][test], test))


def _file_of(test: str) -> str:
    return test.partition("::")[0]


def _contexts(mutant: dict[str, Any], measured: dict[str, Any]) -> set[str]:
    """The tests that ran the mutant's line or the start of its statement; import counts as the test ""."""
    lines = measured["lines"].get(mutant["module"], {})
    return {test for line in (mutant["line"], mutant["statement"]) for test in lines.get(str(line), [])}


def _in_child(run: Callable[[], bool]) -> None:
    """Run in a child without a word, and end it with 0 when all went well."""
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        code = 0 if run() else 1
    except BaseException:  # noqa: BLE001 - whatever a mutant does, the child ends here
        code = 1
    finally:
        os._exit(code)


def passes(session: pytest.Session, items: list[pytest.Item]) -> bool:
    """This function will run tests until one fails."""
    watch = _Watch()
    session.config.pluginmanager.register(watch)
    try:
        for item, following in zip(items, [*items[1:], None], strict=True):
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if watch.failed:
                return False
    finally:
        session.config.pluginmanager.unregister(watch)
    return True


class _Watch:
    failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notice a failure."""
        self.failed = self.failed or report.failed


def functions_of(sources: Iterable[str]) -> dict[tuple[str, str], list[FunctionType]]:
    """This function will return the living functions of some modules, by module and qualified name."""
    wanted = set(sources)
    found: dict[tuple[str, str], list[FunctionType]] = {}
    for one in gc.get_objects():
        if type(one) is FunctionType and one.__module__ in wanted:
            found.setdefault((one.__module__, one.__qualname__), []).append(one)
    return found


def code_of(module: CodeType, name: str, line: int) -> CodeType:
    """This function will return the code of a function in the code of its module.

    :raises LookupError: there is none of that name that begins there.
    """
    for constant in module.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == name and constant.co_firstlineno == line:
                return constant
            if name.startswith(f"{constant.co_qualname}."):
                return code_of(constant, name, line)
    raise LookupError(f"no code of {name} at line {line}")


def caches_of(packages: tuple[str, ...]) -> list[Any]:
    """This function will return the cached functions of some packages."""
    return [
        one
        for one in gc.get_objects()
        if isinstance(one, functools._lru_cache_wrapper) and (one.__module__ or "").startswith(packages)
    ]


def clear_caches(caches: Iterable[Any]) -> None:
    """This function will make cached functions forget what they know."""
    for cache in caches:
        cache.cache_clear()


# --- mutants that show at import ---


def imported_anew(order_path: Path, arguments: list[str], libraries: list[str]) -> None:
    """This function will try the mutants that show at import, each in a child that imports the code anew."""
    order = Order(order_path)
    for library in libraries:
        try:
            importlib.import_module(library)
        except Exception:  # noqa: BLE001, S112 - it is only for speed
            continue

    def survives(mutant: dict[str, Any], tests: list[str]) -> bool:
        source = order.sources[mutant["module"]]
        tree = mutated(Path(source).read_text(), mutant["number"])
        sys.meta_path.insert(0, MutantFinder(mutant["module"], source, tree))
        # Collecting takes most of the time, and one file notices most mutants of a module.
        own = _file_that_says_most(mutant["module"], measured)
        first = [test for test in tests if _file_of(test) == own]
        return _passes_in_a_child(arguments, first) and _passes_anew(arguments, tests)

    measured = order.read_measured()
    _check_unmutated(arguments, measured)
    mutants = [one for one in order.mutants if not one["function"]]
    # What a function answered during import was kept before a child could put the mutant in its place.
    left = order.left()
    mutants += [
        {**one, "function": ""}
        for one in order.mutants
        if one["function"] and one["id"] in left and "" in _contexts(one, measured)
    ]
    run_mutants(order, mutants, measured, survives)


def _file_that_says_most(module: str, measured: dict[str, Any]) -> str:
    """The file of tests that runs most lines of a module; where none does, the one that is named after it."""
    lines = measured["lines"].get(module, {})
    files = Counter(file for tests in lines.values() for file in set(map(_file_of, tests)) - {""})
    named = f"test_{module.rpartition('.')[2]}"
    after_it = (file for file in map(_file_of, measured["milliseconds"]) if Path(file).stem == named)
    return max(files, key=lambda file: (files[file], file), default=next(after_it, ""))


def _passes_anew(arguments: list[str], tests: list[str]) -> bool:
    # Plugins that are imported before pytest starts cannot have their assertions explained: it warns of them.
    known = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return pytest.main([*arguments, *known, "-x", *tests]) == 0


def _check_unmutated(arguments: list[str], measured: dict[str, Any]) -> None:
    """Run the quickest test in such a child without any mutant; were it to fail, all would seem noticed.

    :raises RuntimeError: it fails.
    """
    milliseconds = measured["milliseconds"]
    quickest = min(milliseconds, key=lambda test: (milliseconds[test], test))
    if not _passes_in_a_child(arguments, [quickest]):
        raise RuntimeError(f"fails without any mutant in a process that imports anew: {quickest}")


def _passes_in_a_child(arguments: list[str], tests: list[str]) -> bool:
    child = os.fork()
    if child == 0:
        _in_child(lambda: not tests or _passes_anew(arguments, tests))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def pytest_runtest_logstart(nodeid: str) -> None:
    """Wind the alarm for the test that starts."""
    if nodeid in _LIMITS:
        signal.setitimer(signal.ITIMER_PROF, _LIMITS[nodeid])


def pytest_configure(config: pytest.Config) -> None:
    """Start when an order is there; the measuring began when this file was imported."""
    if _PLUGIN is not None:
        config.pluginmanager.register(_PLUGIN)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave word of the libraries that the tests use."""
    if _PLUGIN is not None:
        names = [
            name for name in sys.modules if not name.startswith((*_OURS, "portal", "integrations", "__"))
        ]
        (_PLUGIN.order.folder / "libraries.json").write_text(json.dumps(names))


_PLUGIN = Plugin(Order(Path(os.environ[ORDER]))) if ORDER in os.environ else None
