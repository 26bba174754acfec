"""What a request to the Store API was for, and how it breaks the contract, whatever the dialect."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Scope

from xclade_store_mock.contract import METHODS, Contract
from xclade_store_mock.contract.violations import check_body, check_headers, check_query
from xclade_store_mock.control.faults import Target
from xclade_store_mock.errors import InvalidData, Refusal
from xclade_store_mock.web.guard import parse_body, read_header, read_headers
from xclade_store_mock.web.prefer import has_preferences, split_query
from xclade_store_mock.web.routing import path_pattern

_WITHOUT_BODY = frozenset({"GET", "HEAD"})


class Inspector:
    """Reads requests by the contract."""

    def __init__(self, contract: Contract) -> None:
        self._operations = contract.operations
        self._routes = [
            (
                method.upper(),
                re.compile(f"{path_pattern(template)}/?", re.IGNORECASE),
                item[method]["operationId"],
            )
            for template, item in contract.document["paths"].items()
            for method in METHODS & item.keys()
        ]

    def find(self, scope: Scope) -> Target | None:
        """Find what a request is for; paths may be spelled as Medusa takes them."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        for expected, pattern, operation_id in self._routes:
            match = pattern.fullmatch(scope["path"]) if expected == method else None
            if match is not None:
                return Target(operation_id, match.groupdict())
        return None

    def has_preference(self, scope: Scope) -> bool:
        """Tell whether a request is for an operation, and prefers a documented answer."""
        return self.find(scope) is not None and has_preferences(scope)

    def violations(self, scope: Scope, content: bytes) -> tuple[str, ...]:
        """Tell how a request breaks the contract."""
        if scope["method"] == "OPTIONS":
            return ()
        target = self.find(scope)
        if target is None:
            return (f"The Store API has no {scope['method']} {scope['path']}.",)
        return tuple(self._violations(scope, target.operation_id, content))

    def _violations(self, scope: Scope, operation_id: str, content: bytes) -> Iterator[str]:
        operation = self._operations[operation_id]
        if not read_header(scope, "x-publishable-api-key"):
            yield "Header 'x-publishable-api-key' is required"
        sent = read_headers(scope, operation.header_names)
        query_string, _ = split_query(scope["query_string"])
        query = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
        yield from _told(check_headers, operation.header, sent)
        yield from _told(check_query, operation.query, operation.query_types, query)
        if scope["method"] not in _WITHOUT_BODY and operation.body is not None:
            try:
                body = parse_body(scope, content)
            except Refusal as error:
                yield error.message
            else:
                yield from _told(check_body, operation.body, operation.body_fields, body)


def _told(check: Any, *arguments: Any) -> tuple[str, ...]:
    try:
        check(*arguments)
    except InvalidData as error:
        return tuple(violation.message for violation in error.violations)
    return ()
