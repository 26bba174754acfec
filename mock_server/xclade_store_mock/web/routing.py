"""Routing by the letter."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Generic, TypeVar

from starlette.exceptions import HTTPException

T = TypeVar("T")

_PAGES = frozenset({"/", "/docs", "/openapi.json", "/openapi.yaml"})


def is_page(path: str) -> bool:
    """Tell whether a path leads to a page about the Store API, and so not to the API itself."""
    return path in _PAGES or path.startswith("/docs/")


def path_pattern(template: str) -> str:
    """Say a path template of a contract as a regular expression, its parameters as groups."""
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))


class Routes(Generic[T]):
    """Where requests lead, if their paths are taken as they are.

    With one slash more a path leads nowhere, and not elsewhere either. A wrong method is answered
    with all that the path has. Connexion's own routing walks two of Starlette's routers for each
    request, and answers with what one of the path's routes has.
    """

    def __init__(self) -> None:
        self._paths: dict[str, tuple[re.Pattern[str], dict[str, T]]] = {}

    def add(self, method: str, template: str, target: T) -> None:
        """Lead requests to a target; what takes GET takes HEAD, too."""
        new = re.compile(path_pattern(template)), dict[str, T]()
        _, targets = self._paths.setdefault(template, new)
        targets[method] = target
        if method == "GET":
            targets["HEAD"] = target

    def find(self, method: str, path: str) -> tuple[T, Mapping[str, str]] | None:
        """Find a request's target and the parameters in its path; HTTPException if no method fits.

        None is what a path leads to that is not among these.
        """
        allowed: set[str] = set()
        for pattern, targets in self._paths.values():
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if method in targets:
                return targets[method], match.groupdict()
            allowed |= targets.keys()
        if allowed:
            headers = {"Allow": ", ".join(sorted(allowed))}
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers=headers)
        return None
