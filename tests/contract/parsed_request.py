"""Parse a request, so that two can be compared regardless of their encoding."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

from xclade_store_mock.contract import Operation

Json = Any

KEY = "x-publishable-api-key"


@dataclass(frozen=True, slots=True)
class ParsedRequest:
    """The parts of a request that the contract describes."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str | int]
    key: str | None
    customer_token: str | None
    idempotency_key: str | None
    body: Json

    @classmethod
    def of(
        cls,
        operation: Operation,
        method: str,
        target: str,
        headers: Mapping[str, str],
        content: bytes,
    ) -> Self:
        """Parse a request; raise ValueError if the client could not have sent it."""
        path, _, query = target.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        names = [name for name, _ in pairs]
        if len(set(names) & operation.query.fields.keys()) < len(names):
            raise ValueError(f"unknown or repeated query parameter: {query}")
        token = re.fullmatch("Bearer ([!-~]{1,8192})", headers.get("authorization", ""))
        return cls(
            method,
            tuple(unquote(step, errors="strict") for step in path.split("/")),
            {name: _typed(operation.query.fields[name]["type"], value) for name, value in pairs},
            headers.get(KEY),
            # Any other authorization is ignored.
            token[1] if token else None,
            headers.get("idempotency-key"),
            None if operation.body is None else json.loads(content),
        )

    def arguments(self, operation: Operation) -> dict[str, Json]:
        """Return the client's arguments for this request; raise ValueError if there are none."""
        arguments = {**self.query}
        if self.path[-1] == "payment-sessions":
            arguments["payment_collection_id"] = self.path[-2]
        if self.idempotency_key is not None:
            arguments["idempotency_key"] = self.idempotency_key
        if operation.body is None:
            return arguments
        fields = self.body.keys() if isinstance(self.body, dict) else {None}
        # To the client, None means that the argument is omitted.
        if not fields <= set(operation.body.fields) or None in self.body.values():
            raise ValueError(f"unknown field or null: {self.body}")
        return {**arguments, **self.body}

    def check(self, operation: Operation) -> None:
        """Raise ValidationError, a ValueError, if the contract forbids the request."""
        operation.query.validator.validate({**self.query})
        if self.idempotency_key is not None:
            operation.header.validator.validate({"Idempotency-Key": self.idempotency_key})
        if operation.body is not None:
            operation.body.validator.validate(self.body)


def _typed(kind: str, value: str) -> str | int:
    return int(value) if kind == "integer" and re.fullmatch("-?[0-9]+", value) else value
