"""Logs tell what went wrong and where, and nothing about the people it went wrong for."""

import json

import pytest
import structlog

from portal.logs import configure_logs

pytestmark = pytest.mark.pure

SOMEBODY = "Jan de Vries, Dorpsstraat 1"


@pytest.fixture(autouse=True)
def _as_before():
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def fail() -> None:
    name = "".join(SOMEBODY)
    assert name
    raise RuntimeError("no answer")


def log_a_failure() -> None:
    try:
        fail()
    except RuntimeError:
        structlog.get_logger().exception("job.failed", job="7")


class TestTracebacks:
    @pytest.mark.parametrize("production", [True, False])
    def test_say_where_and_not_about_whom(self, capsys, production):
        configure_logs(production=production)
        log_a_failure()
        written = capsys.readouterr().out
        assert "RuntimeError: no answer" in written
        assert "in fail" in written
        assert "Vries" not in written

    def test_are_json_in_production(self, capsys):
        configure_logs(production=True)
        log_a_failure()
        line = json.loads(capsys.readouterr().out)
        assert (line["event"], line["job"], line["level"]) == ("job.failed", "7", "error")
