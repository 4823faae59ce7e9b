"""The logs: JSON lines in production, readable lines in development, always masked, always on standard error.

Records of libraries (the queue, the web server, the database driver) pass through the same masking. The line of
a hop is written straight, without that chain: it is built of fields that cannot name anybody.
"""

from __future__ import annotations

import logging
import logging.config
import os
import select
import sys
import threading
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor

from config.settings import Settings
from gateway.masking import masked, masked_entry, trace
from models.strands import current

HopLine = Callable[..., None]
"""Writes one line a hop: hop_line(screen=..., outcome=..., ms=..., ...), of safe fields only."""

QUIET = ("urllib3", "sqlalchemy.engine", "uvicorn.access", "werkzeug")
"""Loggers that repeat what callers sent: only their warnings are kept."""

WEB_SERVER = ("uvicorn", "uvicorn.error", "uvicorn.access", "gunicorn.error", "gunicorn.access")
"""Loggers to which the web server gives handlers of its own, which mask nothing."""

log = structlog.get_logger(__name__)

_ROOM = select.poll()
_ROOM.register(2, select.POLLOUT)


class MaskedHandler(logging.StreamHandler[Any]):
    """Writes to standard error. Of a record that cannot be written only the logger's name is told."""

    def handleError(self, record: logging.LogRecord) -> None:
        """The library's own way prints the record with everything in it."""
        _write(f"a record of {record.name} could not be written\n".encode())


def configure(settings: Settings) -> None:
    """Sets up structlog and the standard library's logging for this process."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(logging_config(settings, shared))
    logging.captureWarnings(True)
    sys.excepthook = _process_failed
    threading.excepthook = _thread_failed
    sys.unraisablehook = _thread_failed


def logging_config(settings: Settings, shared: list[Processor] | None = None) -> dict[str, Any]:
    """The standard library's configuration; the web server is given the same one."""
    chain: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.ExceptionRenderer(_trace),
        _mask,
        _as_json
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    ]
    foreign = shared or [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "masked": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": chain,
                "foreign_pre_chain": [*foreign, structlog.stdlib.add_logger_name],
            }
        },
        "handlers": {"stderr": {"()": MaskedHandler, "formatter": "masked"}},
        "root": {"handlers": ["stderr"], "level": settings.log_level},
        "loggers": {
            **{name: {"level": "WARNING"} for name in QUIET},
            **{name: {"level": "WARNING", "handlers": [], "propagate": True} for name in WEB_SERVER},
        },
    }


def hop_line(settings: Settings) -> HopLine:
    """The writer of the line a hop. A log that cannot be written stops nobody's call."""
    return _json_hop if settings.log_format == "json" else _text_hop


def _json_hop(**fields: object) -> None:
    fields["event"], fields["timestamp"] = "hop", datetime.now(UTC)
    _write(orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE))


def _text_hop(**fields: object) -> None:
    told = " ".join(f"{name}={value}" for name, value in fields.items())
    _write(f"{datetime.now(UTC):%H:%M:%S} hop {told}\n".encode())


def _write(line: bytes) -> None:
    if current() is not None and not _ROOM.poll(0):
        # Whoever reads the log has stopped. A thread would wait; a strand would stop everybody.
        return
    try:
        os.write(2, line)
    except OSError:
        # The disk of the logs is full, or their reader is gone. The person is still answered.
        return


def _trace(exc_info: Any) -> str:
    return trace(exc_info[1]) if exc_info[1] else ""


def _process_failed(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, where)
        return
    log.critical("process failed", exc_info=(kind, error, where))


def _thread_failed(told: Any) -> None:
    log.error("thread failed", exc_info=(told.exc_type, told.exc_value, told.exc_traceback))


def _mask(_logger: object, _name: str, entry: EventDict) -> EventDict:
    if str(entry.get("logger", "")).startswith(WEB_SERVER):
        # It writes an exception into its message, where nothing parts the code from what was sent.
        entry["event"] = str(entry["event"]).partition("\n")[0]
    return masked_entry(entry)


def _as_json(_logger: object, _name: str, entry: MutableMapping[str, Any]) -> str:
    return orjson.dumps(entry, default=lambda value: masked(str(value))).decode()
