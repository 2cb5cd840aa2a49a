"""How every process logs: one line per event, as JSON in production; tracebacks without the values in them.

Local variables hold what people owe and where they live, so none of them is ever written to a log.
"""

import logging
import sys

import structlog
from dramatiq.compat import StreamablePipe
from structlog.typing import Processor


def configure_logs(*, production: bool) -> None:
    """This function will set up logging for this process."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
    after: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()] if production else [plain]
    )
    # A line for every call to a provider would tell nothing that our own events do not.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.configure(processors=before + after, cache_logger_on_first_use=True)


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
