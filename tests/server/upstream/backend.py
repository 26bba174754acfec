"""A small store that answers like a Medusa, to put the mock in front of."""

import asyncio
import gzip
import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

KEY = {"x-publishable-api-key": "pk_live"}
REGION = "reg_1"
PROVIDERS = ("pp_system_default", "pp_stripe_stripe", "pp_acme_acme")
_PAGE = 2


class SmallStore:
    """Regions, payment providers and carts, with one publishable key.

    `asked` has the request lines that it received; `etag` and `accepted` are those of the latest.
    `status` replaces every response's. The response to a read of a cart, once it has `arrived`,
    waits for the `gate` to be open.
    """

    def __init__(self, app: ASGIApp | None = None) -> None:
        self.asked: list[str] = []
        self.carts: dict[str, float] = {}
        self.status: int | None = None
        self.coding = ""
        self.etag = ""
        self.accepted = ""
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Event()
        cart = "/store/carts/{id}"
        self._app = app or Starlette(
            routes=[
                Route("/store/regions", self._regions),
                Route("/store/payment-providers", self._providers),
                Route("/store/products", self._products),
                Route("/store/carts", self._create_cart, methods=["POST"]),
                Route(cart, self._read_cart),
                Route(cart, self._change_cart, methods=["POST"]),
                Route(f"{cart}/line-items/{{line}}", self._remove_line, methods=["DELETE"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request."""
        request = Request(scope)
        self.asked.append(f"{request.method} {request.url.path}?{request.url.query}".rstrip("?"))
        if self.status is not None:
            await Response("broken", self.status)(scope, receive, send)
        elif request.headers.get("x-publishable-api-key") != "pk_live":
            await Response('{"type":"not_allowed"}', 400)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def reset(self) -> None:
        """Start again."""
        self.carts.clear()

    async def aclose(self) -> None:
        """Do nothing."""

    def _cart(self, id_: str) -> str:
        # Written by hand, so that a change of a single byte would show.
        return (
            f'{{ "id": "{id_}", "region_id": "{REGION}", "currency_code": "eur",'
            f' "total": {self.carts[id_]:.2f}, "raw": 1.10e1, "note": "\\u00e4 €",'
            ' "payment_collection": { "id": "pay_col_theirs" } }'
        )

    def _json(self, request: Request, text: str) -> Response:
        self.etag = f'W/"{abs(hash(text))}"'
        self.accepted = request.headers.get("accept-encoding", "")
        if self.etag == request.headers.get("if-none-match"):
            return Response(status_code=304)
        headers = {"etag": self.etag, "content-type": "application/json; charset=utf-8"}
        content = text.encode()
        if self.coding and self.coding in self.accepted:
            headers["content-encoding"] = self.coding
            content = gzip.compress(content)
        return Response(content, headers=headers)

    async def _regions(self, request: Request) -> Response:
        return self._json(request, json.dumps({"regions": [{"id": REGION}]}))

    async def _products(self, request: Request) -> Response:
        products = [{"id": "prod_1"}] * int(request.query_params.get("limit", 1))
        return self._json(request, json.dumps({"cart": None, "products": products}))

    async def _providers(self, request: Request) -> Response:
        known = PROVIDERS if request.query_params["region_id"] == REGION else ()
        offset = int(request.query_params.get("offset", 0))
        page = [{"id": each, "is_enabled": True} for each in known[offset : offset + _PAGE]]
        answer: dict[str, Any] = {"payment_providers": page, "count": len(known)}
        return self._json(request, json.dumps(answer))

    async def _create_cart(self, request: Request) -> Response:
        id_ = f"cart_{len(self.carts) + 1}"
        self.carts[id_] = 25.5
        return self._json(request, f'{{"cart": {self._cart(id_)}}}')

    async def _read_cart(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        if id_ not in self.carts:
            return Response('{"type":"not_found"}', 404, media_type="application/json")
        response = self._json(request, f'{{ "cart": {self._cart(id_)}, "more": [ 1.0 ] }}')
        self.arrived.set()
        await self.gate.wait()
        return response

    async def _change_cart(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        self.carts[id_] = (await request.json())["total"]
        cart = f'{{"id": "{id_}"}}' if "fields" in request.query_params else self._cart(id_)
        return self._json(request, f'{{"cart": {cart}}}')

    async def _remove_line(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        self.carts[id_] = 0
        answer = f'{{"id": "line_1", "deleted": true, "parent": {self._cart(id_)}}}'
        return self._json(request, answer)
