"""Rules of the house that no linter knows, each shown to notice a planted breach.

A way out is written in place: `# lint-skip: <rule>` on the line, with the reason beside it.
"""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = [pytest.mark.pure, pytest.mark.xdist_group("guards")]  # files are parsed once

ROOT = Path(__file__).parents[2]
CODE = ("agency", "integrations", "portal")
FUNCTION_LINES_MAX = 70

# A rule looks at one parsed file and yields the lines that break it.
Rule = Callable[[ast.Module], Iterator[int]]


@cache
def tracked_files() -> list[Path]:
    """What git keeps, plus what it would keep; a fresh file is judged before it is added."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    paths = (ROOT / name.decode() for name in listed.stdout.split(b"\0") if name)
    return [path for path in paths if path.is_file()]


def python_files(*folders: str) -> list[Path]:
    """The tracked Python files below some folders of the project."""
    inside = tuple(str(ROOT / folder) + "/" for folder in folders)
    return [path for path in tracked_files() if path.suffix == ".py" and str(path).startswith(inside)]


@cache
def parsed(path: Path) -> ast.Module:
    """A file's syntax, read once for all rules."""
    return ast.parse(path.read_text())


def breaches(name: str, rule: Rule, source: str, tree: ast.Module | None = None) -> list[int]:
    """The lines of a source that break a rule and do not say why they may."""
    lines = source.splitlines()
    found = rule(tree or ast.parse(source))
    return [line for line in found if f"# lint-skip: {name}" not in lines[line - 1]]


def assert_kept(name: str, rule: Rule, paths: list[Path], advice: str, *, only_with: str = "") -> None:
    """Only files in which `only_with` is found can break the rule; the others need not be parsed."""
    sources = {path: source for path in paths if re.search(only_with, source := path.read_text())}
    assert sources, "the rule looks at no file"
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, source in sources.items()
        for line in breaches(name, rule, source, parsed(path))
    ]
    assert found == [], advice


def commits(tree: ast.Module) -> Iterator[int]:
    """Calls that end a transaction."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield node.lineno


def floats(tree: ast.Module) -> Iterator[int]:
    """Binary fractions: the word `float` and numbers written with a point."""
    for node in ast.walk(tree):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        if literal or (isinstance(node, ast.Name) and node.id == "float"):
            yield node.lineno


def long_functions(tree: ast.Module) -> Iterator[int]:
    """Functions that no longer fit a tall screen."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            if node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX:
                yield node.lineno


def silent_skips(tree: ast.Module) -> Iterator[int]:
    """Skipped and expected failures that print no reason."""
    called = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in called:
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"skip", "skipif", "xfail"}:
            needs = 2 if call.func.attr == "skipif" else 1
            if len(call.args) < needs and not any(word.arg == "reason" for word in call.keywords):
                yield call.lineno
    bare = {node for node in ast.walk(tree) if isinstance(node, ast.Attribute)} - {c.func for c in called}
    for node in bare:
        if ast.unparse(node) in {"pytest.mark.skip", "pytest.mark.xfail"}:
            yield node.lineno


class TestTransactions:
    ADVICE = "only the kernel commits: open a unit (agency.kernel.unit) at the edge and let it end"

    def test_only_the_kernel_commits(self):
        files = [
            path for path in python_files("agency", "integrations", "portal") if "/kernel/" not in str(path)
        ]
        assert_kept("commit", commits, files, self.ADVICE, only_with=r"\bcommit\b")

    def test_a_planted_commit_is_noticed(self):
        assert breaches("commit", commits, "def pay(session):\n    session.commit()\n") == [2]

    def test_a_reason_in_place_is_heeded(self):
        assert breaches("commit", commits, "s.commit()  # lint-skip: commit  own scratch database\n") == []


class TestMoney:
    ADVICE = "money is whole minor units or Decimal from text, never a float"

    def test_the_business_knows_no_float(self):
        # The kernel's own floats are seconds.
        files = [path for path in python_files("agency") if "/kernel/" not in str(path)]
        files += python_files("integrations/bankfiles")
        assert_kept("float", floats, files, self.ADVICE, only_with=r"\bfloat\b|\d\.|\.\d|\de-?\d")

    @pytest.mark.parametrize("planted", ["x = float('1.10')", "x: float = y", "fee = amount * 0.15"])
    def test_a_planted_float_is_noticed(self, planted):
        assert breaches("float", floats, planted) == [1]

    def test_a_decimal_from_text_is_fine(self):
        assert breaches("float", floats, "x = Decimal('0.15')") == []


class TestLength:
    def test_functions_fit_a_screen(self):
        files = python_files("agency", "integrations", "portal")
        assert_kept(
            "length", long_functions, files, f"split functions of more than {FUNCTION_LINES_MAX} lines"
        )

    def test_a_planted_long_function_is_noticed(self):
        body = "    pass\n" * FUNCTION_LINES_MAX
        assert breaches("length", long_functions, "def long():\n" + body) == [1]
        assert breaches("length", long_functions, "def fits():\n" + body[: -len("    pass\n")]) == []


class TestSkips:
    def test_every_skip_says_why(self):
        advice = "give the skip a reason that is printed"
        assert_kept("skip", silent_skips, python_files("tests"), advice, only_with=r"\.(skip|skipif|xfail)\b")

    @pytest.mark.parametrize(
        "planted",
        [
            "pytest.skip()",
            "@pytest.mark.skip\ndef test(): ...",
            "pytest.mark.skipif(x)",
            "pytest.mark.xfail()",
        ],
    )
    def test_a_planted_silent_skip_is_noticed(self, planted):
        assert breaches("skip", silent_skips, planted) == [1]

    @pytest.mark.parametrize(
        "reasoned",
        ["pytest.skip('no browser')", "pytest.mark.skipif(x, reason='y')", "pytest.mark.skip('y')"],
    )
    def test_a_skip_with_a_reason_is_fine(self, reasoned):
        assert breaches("skip", silent_skips, reasoned) == []


FORBIDDEN_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "manager",
    "managers",
    "service",
    "services",
    "common",
}


def collecting_names(paths: list[Path]) -> list[Path]:
    """Files and folders named after nothing in particular: they end up holding everything."""
    return [path for path in paths if FORBIDDEN_NAMES & {path.stem, *path.parent.parts}]


class TestNames:
    def test_files_are_named_after_what_they_do(self):
        paths = [path.relative_to(ROOT) for path in python_files(*CODE, "tests")]
        assert collecting_names(paths) == []

    @pytest.mark.parametrize(
        "planted", ["agency/claims/utils.py", "agency/helpers/dates.py", "portal/service.py"]
    )
    def test_a_planted_collector_of_everything_is_noticed(self, planted):
        assert collecting_names([Path(planted)]) == [Path(planted)]


# Written in pieces, so that this file does not hold what it forbids.
ADDRESS = re.compile(
    "|".join(
        [
            r"//(?:[\w-]+\.)*" + r"py" + r"pi\.org",
            r"python" + r"hosted\.org",
            r"registry\." + r"npmjs",
            r"--(?:extra-)?index" + r"-url[ =]\S",
            r'"resol' + r'ved":\s*"http',
        ]
    )
)


class TestAddresses:
    def test_no_tracked_file_names_a_registry(self):
        naming = []
        for path in tracked_files():
            try:
                text = path.read_text()
            except UnicodeDecodeError:
                continue  # a picture or a font
            naming += [str(path.relative_to(ROOT)) for _ in ADDRESS.finditer(text)]
        assert naming == [], "locks are written without the registry's address; each machine knows its own"

    @pytest.mark.parametrize(
        "planted",
        [
            "https://py" + "pi.org/simple",
            "https://files.python" + "hosted.org/packages/a.whl",
            "https://registry." + "npmjs.org/htmx.org",
            "--index" + "-url https://mirror.example/simple",
            '"resol' + 'ved": "https://mirror.example/x.tgz"',
        ],
    )
    def test_a_planted_address_is_noticed(self, planted):
        assert ADDRESS.search(planted)

    def test_locks_are_hashed(self):
        for name in ("base.txt", "dev.txt"):
            lock = (ROOT / "infra" / "requirements" / name).read_text()
            pinned = re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==", lock, re.MULTILINE)
            hashed = re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==.*\\\n    --hash=sha256:", lock, re.MULTILINE)
            assert len(pinned) > 50
            assert len(hashed) == len(pinned)


class TestMigrations:
    def test_the_folder_of_migrations_does_not_hide_alembic(self):
        assert not (ROOT / "alembic" / "__init__.py").exists(), "it would be imported in place of Alembic"
