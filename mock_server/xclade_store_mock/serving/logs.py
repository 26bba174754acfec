"""What `serve` writes to stderr: a line for each problem and, if asked, for each request.

Secrets are left out: what a name like `client_secret` or `token` announces, and what looks like
one.
"""

import json
import logging
import re
import traceback
from asyncio import CancelledError
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xclade_store_mock.redaction import HIDDEN, NAMES, hide_by_looks
from xclade_store_mock.web.pages import READY

_REQUESTS = "uvicorn.access"

_NAME = rf"[\w-]*(?:secret|{NAMES})[\w-]*"
_NAMED = re.compile(
    rf"""
      (?P<name>  \b{_NAME} (?:["'\\\]]|%22|%5D)* \s*(?:[:=]|%3A|%3D)\s*
                 (?:["'\\]|%22)* (?:(?:bearer|basic)\s+)? )  [^\s"'\\&;,}}]+
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def logging_configuration(log_format: str | None) -> dict[str, Any]:
    """Answer a configuration for `logging`: lines of "text" or "json", requests among them.

    Without a format there are problems only, as text.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"noise": {"()": NoiseFilter}},
        "formatters": {"text": {"()": TextFormatter}, "json": {"()": JsonFormatter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["noise"],
                "formatter": log_format or "text",
            }
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "xclade_store_mock": {"level": "INFO"},
            _REQUESTS: {"level": "INFO" if log_format else "WARNING"},
        },
    }


class NoiseFilter(logging.Filter):
    """Drops what nobody waits for: questions for readiness, and requests broken off at the end."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is worth a line."""
        if record.name == _REQUESTS:
            return bool(_request(record)["path"] != READY)
        return not isinstance(_exception(record), CancelledError)


class TextFormatter(logging.Formatter):
    """Writes a line for people; of an exception, what it says and where it arose."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        if record.name == _REQUESTS:
            text = "{method} {path} {status}".format_map(_request(record))
        else:
            level = f"{record.levelname} " if record.levelno >= logging.WARNING else ""
            text = f"{level}{record.getMessage()}{_told(_exception(record))}"
        line = _CONTROL.sub(lambda found: ascii(found[0])[1:-1], _redact(text))
        return f"{self.formatTime(record, '%H:%M:%S')} {line}"


class JsonFormatter(logging.Formatter):
    """Writes an object for programs; of an exception, all that Python tells."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, Any] = {"time": moment, "level": record.levelname.lower()}
        if record.name == _REQUESTS:
            fields |= _request(record)
        else:
            fields["message"] = record.getMessage()
        error = _exception(record)
        if error is not None:
            fields["exception"] = "".join(traceback.format_exception(error))
        redacted = {
            name: _redact(value) if isinstance(value, str) else value
            for name, value in fields.items()
        }
        return json.dumps(redacted, ensure_ascii=False)


def _request(record: logging.LogRecord) -> Mapping[str, Any]:
    """Read what uvicorn tells of a request."""
    client, method, path, _, status = record.args  # type: ignore[misc]
    return {"client": client, "method": method, "path": path, "status": status}


def _exception(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _told(error: BaseException | None) -> str:
    if error is None:
        return ""
    told = f": {type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{told} ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else told


def _redact(text: str) -> str:
    return hide_by_looks(_NAMED.sub(lambda found: f"{found['name']}{HIDDEN}", text))
