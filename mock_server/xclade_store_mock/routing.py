"""Routing by the letter."""

from typing import Any

from connexion.middleware.routing import RoutingMiddleware


class ExactRouting(RoutingMiddleware):
    """Takes a path as it is: with one slash more it leads nowhere, and not elsewhere either."""

    def add_api(self, *args: Any, **kwargs: Any) -> None:
        """Register an API as Connexion does, without redirects."""
        super().add_api(*args, **kwargs)
        for router in (self.router, *(mount.app for mount in self.router.routes)):
            router.redirect_slashes = False
