"""What a request says, however it is written."""

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
class Saying:
    """A request of an operation, as far as the contract describes it."""

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
        """Read a request; raise ValueError for what the client has no words for."""
        path, _, query = target.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        names = [name for name, _ in pairs]
        if len(set(names) & operation.query_types.keys()) < len(names):
            message = f"a parameter that is unknown, or there twice: {query}"
            raise ValueError(message)
        token = re.fullmatch("Bearer ([!-~]{1,8192})", headers.get("authorization", ""))
        return cls(
            method,
            tuple(unquote(step, errors="strict") for step in path.split("/")),
            {name: _typed(operation.query_types[name], value) for name, value in pairs},
            headers.get(KEY),
            # Any other authorization is as good as none.
            token[1] if token else None,
            headers.get("idempotency-key"),
            None if operation.body is None else json.loads(content),
        )

    def arguments(self, operation: Operation) -> dict[str, Json]:
        """Answer the arguments of the same call; ValueError for what it has no arguments for."""
        arguments = {**self.query}
        if self.path[-1] == "payment-sessions":
            arguments["payment_collection_id"] = self.path[-2]
        if self.idempotency_key is not None:
            arguments["idempotency_key"] = self.idempotency_key
        if operation.body is None:
            return arguments
        fields = self.body.keys() if isinstance(self.body, dict) else {None}
        # None is how a caller leaves an argument out.
        if not fields <= set(operation.body_fields) or None in self.body.values():
            message = f"a field that is unknown, or null: {self.body}"
            raise ValueError(message)
        return {**arguments, **self.body}

    def check(self, operation: Operation) -> None:
        """Raise ValidationError, a ValueError, for what the contract forbids."""
        operation.query.validate({**self.query})
        if self.idempotency_key is not None:
            operation.header.validate({"Idempotency-Key": self.idempotency_key})
        if operation.body is not None:
            operation.body.validate(self.body)


def _typed(kind: str, value: str) -> str | int:
    return int(value) if kind == "integer" and re.fullmatch("-?[0-9]+", value) else value
