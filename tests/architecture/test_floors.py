"""The floors of `pyproject.toml`: kept, complete, and able to fail."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[2]
CODE = ("agency", "integrations", "portal")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def lint_imports(project: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter as `dev check` does, on a project folder."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=project, env={**os.environ, "PYTHONPATH": str(project), "COLUMNS": "200"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def placed(contract_id: str, key: str) -> set[str]:
    """The modules that a contract names."""
    contract = next(contract for contract in CONTRACTS if contract["id"] == contract_id)
    return {name.strip(" ()") for line in contract[key] for name in line.split("|")}


# What each contract must notice: a module, the line planted in it, and the contract's name.
PLANTED = [
    ("agency.pricing.planted", "import agency.communication.models", "Floors"),
    ("agency.rules.planted", "import sqlalchemy", "The ground floor does no I/O"),
    ("agency.claims.planted_web", "import fastapi", "No web below the portal"),
    ("agency.claims.planted_vendor", "import httpx", "Vendor clients and HTTP only in integrations"),
    ("agency.claims.planted_adapter", "import integrations", "The business never imports an adapter"),
    ("portal.creditor.planted", "import portal.debtor", "Audiences apart"),
]


@pytest.fixture(scope="module")
def planted_report(tmp_path_factory) -> str:
    """What import-linter says of a copy of the project with every violation planted."""
    copy = tmp_path_factory.mktemp("planted")
    for folder in CODE:
        skipped = shutil.ignore_patterns("node_modules", "static", "__pycache__")
        shutil.copytree(ROOT / folder, copy / folder, ignore=skipped)
    shutil.copy(ROOT / "pyproject.toml", copy)
    for module, line, _ in PLANTED:
        (copy / module.replace(".", "/")).with_suffix(".py").write_text(line + "\n")
    linted = lint_imports(copy)
    assert linted.returncode == 1
    return linted.stdout


class TestFloors:
    def test_code_only_looks_down(self):
        linted = lint_imports(ROOT)
        assert linted.returncode == 0, linted.stdout

    @pytest.mark.parametrize(("module", "line", "contract"), PLANTED)
    def test_a_planted_violation_is_named(self, planted_report, module, line, contract):
        broken = [row for row in planted_report.splitlines() if row.endswith("BROKEN")]
        assert any(row.startswith(contract) for row in broken), planted_report
        assert f"{module} -> {line.removeprefix('import ')}" in planted_report

    def test_every_room_has_a_floor(self):
        assert rooms_without_a_floor(ROOT / "agency", placed("floors", "layers")) == set(), (
            "give these rooms a floor in pyproject.toml, [tool.importlinter], contract `floors`"
        )

    def test_a_room_without_a_floor_is_noticed(self, tmp_path):
        (tmp_path / "agency" / "scoring").mkdir(parents=True)
        (tmp_path / "agency" / "scoring" / "__init__.py").touch()
        (tmp_path / "agency" / "claims.py").touch()
        assert rooms_without_a_floor(tmp_path / "agency", {"agency.claims"}) == {"agency.scoring"}

    def test_every_door_is_kept_apart(self):
        shared = {"shared", "local", "world", "proving", "silence"}
        doors = {path.parent.name for path in (ROOT / "portal").glob("*/__init__.py")} - shared
        apart = {name.removeprefix("portal.") for name in placed("doors", "modules")}
        assert doors <= apart, "name these doors in pyproject.toml, contract `doors`"


def rooms_without_a_floor(agency: Path, floors: set[str]) -> set[str]:
    """The rooms (folders and modules) of `agency` that no floor names."""
    modules = {path.stem for path in agency.glob("*.py")} - {"__init__"}
    rooms = modules | {path.parent.name for path in agency.glob("*/__init__.py")}
    return {f"agency.{room}" for room in rooms} - floors
