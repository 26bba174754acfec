"""Requests to send, and responses to expect."""

import socket
from typing import Any, NamedTuple

import httpx
from tests.conftest import PATIENCE

PROVIDERS = "/store/payment-providers"
COLLECTIONS = "/store/payment-collections"
SESSIONS = f"{COLLECTIONS}/pay_col_demo/payment-sessions"
FREE_SESSIONS = f"{COLLECTIONS}/pay_col_free/payment-sessions"

SYSTEM = {"provider_id": "pp_system_default"}
STRIPE = {"provider_id": "pp_stripe_stripe"}
JSON = {"Content-Type": "application/json"}


class Answer(NamedTuple):
    """The parts of a response that the contract describes."""

    status: int
    media_type: str
    body: Any


def answer(response: httpx.Response) -> Answer:
    """Return the parts of a response that the contract describes."""
    media_type = response.headers.get("content-type", "")
    body = response.json() if media_type == "application/json" else response.text
    return Answer(response.status_code, media_type, body)


def ok(body: Any) -> Answer:
    """Return the expected response with this JSON."""
    return Answer(200, "application/json", body)


def error(status: int, kind: str, message: str, code: str | None = None) -> Answer:
    """Return the expected error."""
    body = {"type": kind, "message": message}
    return Answer(status, "application/json", body if code is None else {**body, "code": code})


def invalid(*violations: str) -> Answer:
    """Return the expected error for these violations of the contract."""
    return error(400, "invalid_data", f"Invalid request: {'; '.join(violations)}")


def unknown_error() -> Answer:
    """Return the expected error for a bug, without details."""
    return error(500, "unknown_error", "An unknown error occurred.", "unknown_error")


STILL_RUNNING = error(
    409,
    "conflict",
    "The request conflicted with another request."
    " You may retry the request with the provided Idempotency-Key.",
    "invalid_state_error",
)
KEY_REUSED = error(
    422,
    "duplicate_error",
    "This Idempotency-Key was used for another request.",
    "invalid_request_error",
)


def connect(url: str) -> socket.socket:
    """Connect to a server."""
    address = httpx.URL(url)
    return socket.create_connection((address.host, address.port or 80), timeout=PATIENCE)


def session_of(response: httpx.Response) -> Any:
    """Return the only session of the collection in a response."""
    response.raise_for_status()
    (session,) = response.json()["payment_collection"]["payment_sessions"]
    return session


def read_collection(client: httpx.Client, cart_id: str = "cart_demo") -> Any:
    """Return a cart's collection, by creating it again."""
    response = client.post(
        COLLECTIONS, params={"fields": "+status,+updated_at"}, json={"cart_id": cart_id}
    )
    return response.raise_for_status().json()["payment_collection"]
