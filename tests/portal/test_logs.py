"""Logs tell what went wrong and where, and nothing about the people it went wrong for."""

import json
import logging
import sys

import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from portal.logs import configure_logs

pytestmark = pytest.mark.pure

WORDS = ("library", logging.ERROR, __file__, 1, "it failed", ())
SOMEBODY = "Jan de Vries, Dorpsstraat 1"


@pytest.fixture(autouse=True)
def _as_before():
    before, records = structlog.get_config(), logging.getLogRecordFactory()
    yield
    structlog.configure(**before)
    logging.setLogRecordFactory(records)


def fail() -> None:
    name = "".join(SOMEBODY)
    assert name
    raise RuntimeError("no answer")


def log_a_failure() -> None:
    try:
        fail()
    except RuntimeError:
        structlog.get_logger().exception("job.failed", job="7")


def refused_by_the_database() -> None:
    raise IntegrityError(
        "INSERT …", None, Exception(
            'duplicate key value violates unique constraint "ix_debtor_name"\n'
            f"DETAIL:  Key (name)=({SOMEBODY}) already exists."
        ),
    )  # fmt: skip


class TestTracebacks:
    @pytest.mark.parametrize("production", [True, False])
    def test_say_where_and_not_about_whom(self, capsys, production):
        configure_logs(production=production)
        log_a_failure()
        written = capsys.readouterr().out
        assert "RuntimeError: no answer" in written
        assert "in fail" in written
        assert "Vries" not in written

    @pytest.mark.parametrize("production", [True, False])
    @pytest.mark.parametrize(
        ("wrong", "still_told"),
        [
            (lambda: {}[SOMEBODY], "KeyError"),
            (lambda: int(SOMEBODY), "ValueError: invalid literal for int() with base 10"),
            (lambda: refused_by_the_database(), "duplicate key value violates unique constraint"),
        ],
    )
    def test_leave_out_what_an_error_quotes(self, capsys, production, wrong, still_told):
        configure_logs(production=production)
        try:
            wrong()
        except (LookupError, ValueError, IntegrityError):
            structlog.get_logger().exception("job.failed")
            ours = capsys.readouterr().out
            library = logging.StreamHandler(sys.stdout)
            library.handle(logging.getLogger("library").makeRecord(*WORDS, sys.exc_info()))
        for written in (ours, capsys.readouterr().out):
            assert still_told in written
            assert "Vries" not in written

    @pytest.mark.parametrize("production", [True, False])
    def test_say_what_led_to_an_error(self, capsys, production):
        configure_logs(production=production)
        try:
            try:
                int(SOMEBODY)
            except ValueError as error:
                raise RuntimeError("no answer") from error
        except RuntimeError:
            structlog.get_logger().exception("job.failed")
        written = capsys.readouterr().out
        assert written.index("ValueError") < written.index("RuntimeError: no answer")
        assert "Vries" not in written

    def test_are_json_in_production(self, capsys):
        configure_logs(production=True)
        log_a_failure()
        line = json.loads(capsys.readouterr().out)
        assert (line["event"], line["job"], line["level"]) == ("job.failed", "7", "error")
