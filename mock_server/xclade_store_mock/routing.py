"""Routing by the letter."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from connexion.middleware.abstract import ROUTING_CONTEXT, SpecMiddleware
from connexion.spec import Specification
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock.contract import METHODS

_PAGES = re.compile(r"/|/docs(/.*)?|/openapi\.(json|yaml)")


def is_page(path: str) -> bool:
    """Tell whether a path leads to a page about the Store API, and so not to the API itself."""
    return _PAGES.fullmatch(path) is not None


def path_pattern(template: str) -> str:
    """Say a path template of a contract as a regular expression, its parameters as groups."""
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))


class _Path(NamedTuple):
    pattern: re.Pattern[str]
    base_path: str
    operation_ids: Mapping[str, str]


class ExactRouting(SpecMiddleware):
    """Takes a path as it is: with one slash more it leads nowhere, and not elsewhere either.

    A wrong method is answered with all that the path has. Connexion's own routing walks two of
    Starlette's routers for each request, and answers with what one of the path's routes has.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._paths: list[_Path] = []

    def add_api(self, specification: Specification, base_path: str | None, **_: Any) -> None:
        """Route to the operations of a contract."""
        base = specification.base_path if base_path is None else base_path
        for template, item in specification["paths"].items():
            ids = {method.upper(): item[method]["operationId"] for method in METHODS & item.keys()}
            if "GET" in ids:
                ids["HEAD"] = ids["GET"]
            self._paths.append(_Path(re.compile(path_pattern(base + template)), base, ids))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to its operation, if it is for one; raise HTTPException."""
        if scope["type"] == "http":
            scope = self._routed(scope)
        await self._app(scope, receive, send)

    def _routed(self, scope: Scope) -> Scope:
        allowed: set[str] = set()
        context: dict[str, str | None] = {"api_base_path": None, "operation_id": None}
        parameters: Mapping[str, str] = {}
        for path in self._paths:
            match = path.pattern.fullmatch(scope["path"])
            if match is None:
                continue
            operation_id = path.operation_ids.get(scope["method"])
            if operation_id is not None:
                context = {"api_base_path": path.base_path, "operation_id": operation_id}
                parameters = match.groupdict()
                break
            allowed |= path.operation_ids.keys()
        else:
            if allowed:
                headers = {"Allow": ", ".join(sorted(allowed))}
                raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers=headers)
        extensions = {**scope.get("extensions", {}), ROUTING_CONTEXT: context}
        return {**scope, "path_params": parameters, "extensions": extensions}
