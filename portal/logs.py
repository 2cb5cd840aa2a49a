"""How every process logs: one line per event, as JSON in production; tracebacks without the values in them.

Local variables hold what people owe and where they live, so none of them is ever written to a log. Neither is
what an error quotes: a key that is missing, a text that is no number, the row that a constraint refused.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any, Final

import structlog
from dramatiq.compat import StreamablePipe
from structlog.typing import ExcInfo, Processor

_QUOTED: Final = re.compile(r"""(['"]).*?\1""")
_SENTENCE_MAX: Final = 300


def configure_logs(*, production: bool) -> None:
    """This function will set up logging for this process."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(without_values),
    ]
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
    after: list[Processor] = [structlog.processors.JSONRenderer() if production else plain]
    logging.setLogRecordFactory(_record)  # of libraries, which log what an actor or a page did not catch
    # A line for every call to a provider would tell nothing that our own events do not.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.configure(processors=before + after, cache_logger_on_first_use=True)


def without_values(exc_info: ExcInfo) -> str:
    """This function will tell where an error came from and what it says, without what it quotes.

    :param exc_info: as `sys.exc_info` gives it; what caused the error is told before it.
    """
    return "".join(_told(exc_info[1], set()))


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **kwargs)
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = without_values(record.exc_info)
    return record


def _told(error: BaseException, told: set[int]) -> Iterator[str]:
    told.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in told:
        yield from _told(before, told)
        yield "\nwhich led to\n\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__name__}: {_sentence(error)}\n"


def _sentence(error: BaseException) -> str:
    """The first line without what stands in quotation marks; the database puts a row on those after it."""
    lines = str(error).splitlines()
    said = _QUOTED.sub("…", lines[0])[:_SENTENCE_MAX] if lines else ""
    refused = getattr(getattr(getattr(error, "orig", error), "diag", None), "constraint_name", None)
    return f"{said} ({refused})" if refused else said


def log_past_dramatiq() -> None:
    """This function will have a worker write to the stream that it inherited.

    Dramatiq gives it a pipe to its first process instead. Our events and those of libraries go in there
    without a common lock: two long ones at once tear each other apart, the reader waits for ever for the rest
    of one, the pipe fills up, and every thread that has something to say stands still.
    """
    if isinstance(sys.stdout, StreamablePipe):
        sys.stdout = sys.__stdout__
    if isinstance(sys.stderr, StreamablePipe):
        sys.stderr = sys.__stderr__
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and isinstance(handler.stream, StreamablePipe):
            handler.setStream(sys.stderr)
