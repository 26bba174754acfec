"""A dialect is one object: a third one takes a class and its differences."""

import json
from collections.abc import Mapping

import httpx
from starlette.responses import Response
from tests.conftest import KEY, Serve
from tests.server.wire import SESSIONS, SYSTEM

from xclade_store_mock.dialects.documented import Documented
from xclade_store_mock.web.dialect import Reply


class ProblemDetails(Documented):
    """The documented dialect, with refusals as problem details (RFC 9457)."""

    name = "problem-details"

    def render(self, reply: Reply, message: str, headers: Mapping[str, str]) -> Response:
        """Return a reply as problem details."""
        if reply.type is None:
            return super().render(reply, message, headers)
        problem = {"type": reply.type, "title": message, "status": reply.status}
        return Response(json.dumps(problem), reply.status, headers, "application/problem+json")


def test_third_dialect(serve: Serve) -> None:
    """It is served like the other two, and refuses in its own words."""
    with httpx.Client(base_url=serve(dialect=ProblemDetails()), headers=KEY) as client:
        accepted = client.post(SESSIONS, json=SYSTEM)
        refused = client.post(SESSIONS, json={"provider_id": 5})

    assert (200, 400) == (accepted.status_code, refused.status_code)
    assert "application/problem+json" == refused.headers["Content-Type"]
    assert 400 == refused.json()["status"]
    assert "Expected type: 'string'" in refused.json()["title"]
