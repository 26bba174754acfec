"""The medusa dialect: what a real Medusa was recorded to do.

Sources are the cases of tests/contract/recordings, named `group/case` throughout.
"""

from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Scope

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Contract, Match, Operation
from xclade_store_mock.dialects.medusa import queries
from xclade_store_mock.dialects.medusa.fields import RECORDED_DEFAULTS, select_as_recorded
from xclade_store_mock.dialects.medusa.front import Front, find_routes
from xclade_store_mock.dialects.replies import BEHAVIOURS, ROWS
from xclade_store_mock.errors import CartNotFound, Refusal, UnknownFailure
from xclade_store_mock.payments.documents import Resource, Selection
from xclade_store_mock.web.dialect import Dialect, Reply, Site
from xclade_store_mock.web.endpoints import Check

RECORDED = "Medusa 2.21.2"
"""The backend that was recorded."""


class Medusa(Dialect):
    """Responds as recorded."""

    name = "medusa"
    json_type = "application/json; charset=utf-8"
    replies: Mapping[type[Refusal], Reply] = {
        refusal: row.medusa for refusal, row in ROWS.items() if row.medusa
    }
    deviations = frozenset(BEHAVIOURS).union(
        refusal.__name__ for refusal, row in ROWS.items() if row.differs
    )
    keeps_answers = False
    restores_sessions = True
    is_strict = False

    def outer(self, app: ASGIApp, site: Site) -> ASGIApp:
        """Return what Express does before a route: body, CORS, publishable key, route."""
        return Front(app, site=site, respond=self.respond)

    def inner(self, app: ASGIApp) -> ASGIApp:
        """Return the application: the body has been read in front."""
        return app

    def find(self, contract: Contract, method: str, path: str) -> Match | None:
        """Return the operation whose path is the same in any letter case, with a slash or not."""
        routes = find_routes(contract, path)
        return next((each for each in routes if method in each.operation.methods), None)

    def checks(self, site: Site) -> Mapping[str, Check]:  # noqa: ARG002 - the base class's
        """Return a check that admits all: the front has checked the key."""
        return {"publishableKey": _admit}

    def read_query(
        self,
        operation: Operation,
        scope: Scope,
        path: Mapping[str, str],  # noqa: ARG002 - the base class's
    ) -> Mapping[str, Any]:
        """Return the query parameters as qs and Medusa's validators read them."""
        return queries.read_query(operation.id, scope["query_string"].decode("latin-1"))

    def default_selection(self, resource: Resource) -> Selection:
        return RECORDED_DEFAULTS[resource]

    def select(self, fields: str, resource: Resource) -> Selection:
        return select_as_recorded(fields, resource)

    def require_storable(self, value: Any) -> None:
        """Raise a refusal for what PostgreSQL cannot store (`body/data-lone-surrogate`).

        Its driver replaces the lone surrogates in an id, which then belongs to no cart.
        """
        if isinstance(value, str) and "\0" not in value and jsontext.find_unstorable(value):
            raise CartNotFound(value)
        if jsontext.find_unstorable(value):
            raise UnknownFailure


async def _admit(_: Scope) -> None:
    """Admit every request."""
