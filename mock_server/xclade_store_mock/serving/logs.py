"""What `serve` writes to stderr: a line for each problem and, on request, for each request.

Secrets are redacted: values with a name like `client_secret` or `token`, and texts that look like a
secret.
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

from xclade_store_mock.redaction import hide_message
from xclade_store_mock.web.pages import READY, current_request_id

_REQUESTS = "uvicorn.access"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def logging_configuration(log_format: str | None) -> dict[str, Any]:
    """Return a configuration for `logging` with lines of "text" or "json".

    None means text, and no lines for requests.
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
    """Drop records of readiness checks, and of what was cancelled at shutdown."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == _REQUESTS:
            return bool(_request(record)["path"] != READY)
        if record.args == (0,) and record.msg.startswith("Cancel %s running task"):
            # At shutdown, a client with an idle TLS connection did not close it, too.
            return False
        return not isinstance(_exception(record), CancelledError)


class TextFormatter(logging.Formatter):
    """Write a line for people, with the message and the place of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name == _REQUESTS:
            text = "{method} {path} {status}".format_map(_request(record))
        else:
            level = f"{record.levelname} " if record.levelno >= logging.WARNING else ""
            text = f"{level}{record.getMessage()}{_summary(_exception(record))}"
        id_ = current_request_id.get()
        text += f" [{id_}]" if id_ else ""
        line = _CONTROL.sub(lambda found: ascii(found[0])[1:-1], hide_message(text))
        return f"{self.formatTime(record, '%H:%M:%S')} {line}"


class JsonFormatter(logging.Formatter):
    """Write a JSON object for programs, with the traceback of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, Any] = {"time": moment, "level": record.levelname.lower()}
        if record.name == _REQUESTS:
            fields |= _request(record)
        else:
            fields["message"] = record.getMessage()
        if id_ := current_request_id.get():
            fields["request_id"] = id_
        error = _exception(record)
        if error is not None:
            fields["exception"] = "".join(traceback.format_exception(error))
        redacted = {
            name: hide_message(value) if isinstance(value, str) else value
            for name, value in fields.items()
        }
        if console := getattr(record, "console", None):
            redacted["console"] = console  # whose token is meant to be read here
        return json.dumps(redacted, ensure_ascii=False)


def _request(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return what uvicorn logs about a request."""
    client, method, path, _, status = record.args  # type: ignore[misc]
    return {"client": client, "method": method, "path": path, "status": status}


def _exception(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _summary(error: BaseException | None) -> str:
    if error is None:
        return ""
    text = f": {type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{text} ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else text
