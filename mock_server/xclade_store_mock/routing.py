"""Routing by the letter."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from connexion.middleware.routing import RoutingMiddleware
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

_PAGES = re.compile(r"/|/docs(/.*)?|/openapi\.(json|yaml)")


def is_page(path: str) -> bool:
    """Tell whether a path leads to a page about the Store API, and so not to the API itself."""
    return _PAGES.fullmatch(path) is not None


class ExactRouting(RoutingMiddleware):
    """Takes a path as it is: with one slash more it leads nowhere, and not elsewhere either.

    A wrong method is answered with all that the path has.
    """

    def add_api(self, *args: Any, **kwargs: Any) -> None:
        """Register an API as Connexion does, without redirects."""
        super().add_api(*args, **kwargs)
        self.router.redirect_slashes = False
        for mount in self.router.routes:
            mount.app.redirect_slashes = False
            allowed: dict[str, set[str]] = {}
            for route in mount.app.routes:
                allowed.setdefault(route.path, set()).update(route.methods)
            for path, methods in allowed.items():
                # Behind those that take a method of their own.
                mount.app.add_route(path, _WrongMethod(methods))


class _WrongMethod:
    def __init__(self, allowed: Iterable[str]) -> None:
        self._headers = {"Allow": ", ".join(sorted(allowed))}

    async def __call__(self, _: Scope, __: Receive, ___: Send) -> None:
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers=self._headers)
