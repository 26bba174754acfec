"""A call, sync or async: its request, and how to read the response."""

import json
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Generic, NamedTuple, NoReturn, TypeVar

import httpx

from xclade_store.errors import BrokenAnswer, StoreError, error_class
from xclade_store.generated import models
from xclade_store.hints import explain_unauthorized, explain_unreadable, with_base_url_hint
from xclade_store.transport import Outcome

if TYPE_CHECKING:
    from xclade_store.model import Model

__version__ = "1.0.0"

Result = TypeVar("Result", bound="Model")


class Initialized(NamedTuple):
    """The ids that a call of initialize_payment_session sent."""

    collection_id: str
    provider_id: str


class Call(NamedTuple, Generic[Result]):
    """One logical call: what to send, and how to read its response."""

    request: httpx.Request
    result: type[Result]
    envelope: str | None
    idempotency_key: str | None
    initialized: Initialized | None
    deadline: float

    def read(self, outcome: Outcome) -> Result:
        """Return the result, or raise the StoreError that the outcome stands for."""
        # Imported late: attrs takes longer to import than the rest of the client.
        from xclade_store.model import read_model  # noqa: PLC0415

        if isinstance(outcome, StoreError):
            raise outcome
        try:
            text = outcome.content.decode("utf-8-sig")
            body = _JSON.decode(text)
            if not outcome.is_success:
                self._raise_error(outcome, models.ErrorResponse.from_dict(body))
            document = body if self.envelope is None else body[self.envelope]
            fields = self.request.url.params.get("fields") if self.request.url.query else None
            result = read_model(self.result, document, fields)
        # What reading JSON into models raises; StoreError is none of these.
        except (ArithmeticError, KeyError, TypeError, ValueError, RecursionError) as error:
            if outcome.status_code == HTTPStatus.UNAUTHORIZED:
                self._raise_error(outcome, None)
            message = explain_unreadable(outcome, error)
            raise BrokenAnswer(
                message, response=outcome, idempotency_key=self.idempotency_key
            ) from error
        fault = self.initialized and contradiction(result, *self.initialized)
        if fault:
            raise BrokenAnswer(fault, response=outcome, idempotency_key=self.idempotency_key)
        vars(result)["_idempotency_key"] = self.idempotency_key
        return result

    def _raise_error(
        self, response: httpx.Response, error: "models.ErrorResponse | None"
    ) -> NoReturn:
        """Raise the class that says what the error means; a 401 is a bare text."""
        type_ = None if error is None else error.type_
        message = explain_unauthorized(response) if error is None else error.message
        raise error_class(response.status_code, type_, message)(
            with_base_url_hint(message, response),
            response=response,
            type=type_,
            code=None if error is None else vars(error).get("code"),
            idempotency_key=self.idempotency_key,
        ) from None  # a 401 need not be JSON


def contradiction(result: "Model", collection_id: str, provider_id: str) -> str | None:
    """Return how an answer to initialize_payment_session contradicts the ids that were sent.

    Sessions whose `provider_id` was not selected prove nothing. Of several sessions, those with
    the latest `created_at` are the newest; without it, any of them may be.
    """
    answered = vars(result)
    if answered["id"] != collection_id:
        return f"the answer is about payment collection {answered['id']!r}, not {collection_id!r}"
    listed: tuple[Model, ...] = answered.get("payment_sessions", ())
    sessions = [vars(session) for session in listed]
    if all("created_at" in session for session in sessions):
        latest = max((session["created_at"] for session in sessions), default=None)
        sessions = [session for session in sessions if session["created_at"] == latest]
    providers = [session.get("provider_id", provider_id) for session in sessions]
    if providers and provider_id not in providers:
        return f"the new payment session is of provider {providers[-1]!r}, not {provider_id!r}"
    return None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Made once: json.loads would make one for each answer.
_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
