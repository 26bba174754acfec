"""The default fields: only the query parameter `fields` makes an answer leave them out.

The contract's schemas cannot tell the request's query, so they allow either for every answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self
from urllib.parse import parse_qs, urlsplit

from jsonschema_rs import Draft4Validator

from xclade_store_mock.check.exchange import Exchange
from xclade_store_mock.check.ids import CREATE, INITIALIZE, LIST
from xclade_store_mock.contract import Contract, compile_schema

CHECK = "default_fields"

_SCHEMAS = "#/components/schemas/"
_COLLECTION = {"properties": {"payment_collection": {"$ref": f"{_SCHEMAS}StorePaymentCollection"}}}
_PROVIDERS = {"properties": {"payment_providers": {"items": {"required": ["id", "is_enabled"]}}}}


@dataclass(frozen=True, slots=True)
class DefaultFields:
    """What each operation answers at least, unless `fields` says otherwise."""

    schemas: Mapping[str, Draft4Validator]

    @classmethod
    def of(cls, contract: Contract) -> Self:
        """Compile the schemas."""
        collection = compile_schema(contract, _COLLECTION)
        providers = compile_schema(contract, _PROVIDERS)
        return cls({LIST: providers, CREATE: collection, INITIALIZE: collection})

    def apply_to(self, exchange: Exchange) -> bool:
        """Tell whether an exchange must have them."""
        answer = exchange.answer
        query = parse_qs(urlsplit(exchange.url).query, keep_blank_values=True)
        return answer is not None and answer.status == HTTPStatus.OK and "fields" not in query

    def find_fault(self, exchange: Exchange) -> str:
        """Tell what is missing or wrong, or nothing."""
        document = exchange.answer.document if exchange.answer else None
        errors = self.schemas[exchange.operation].iter_errors(document)
        return next((error.message for error in errors), "")
