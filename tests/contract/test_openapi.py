"""The contract matches the documentation, and its examples are valid."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.contract.contract_changes import resolved

from xclade_store_mock.contract import Contract, load_contract

INITIALIZE = ("/store/payment-collections/{id}/payment-sessions", "post")


def operations(contract: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the operations."""
    for item in contract["paths"].values():
        yield from item.values()


def test_operation_ids_read_well_in_python(contract: dict[str, Any]) -> None:
    """The operation ids are the names of the Python methods."""
    assert {
        "list_payment_providers",
        "create_payment_collection",
        "initialize_payment_session",
    } == {operation["operationId"] for operation in operations(contract)}


def test_main_operation_documents_its_nine_responses(contract: dict[str, Any]) -> None:
    """Each response has its media type, in the documented order."""
    path, method = INITIALIZE
    responses = contract["paths"][path][method]["responses"]

    assert [
        ("200", "application/json"),
        ("400", "application/json"),
        ("401", "text/plain"),
        ("404", "application/json"),
        ("409", "application/json"),
        ("413", "application/json"),
        ("415", "application/json"),
        ("422", "application/json"),
        ("500", "application/json"),
    ] == [
        (status, *resolved(contract, response)["content"]) for status, response in responses.items()
    ]


def test_key_is_required_and_customer_token_optional(contract: dict[str, Any]) -> None:
    """The publishable key is a security scheme, alone or with a customer's token."""
    assert [{"publishableKey": []}, {"publishableKey": [], "customerToken": []}] == contract[
        "security"
    ]
    key = contract["components"]["securitySchemes"]["publishableKey"]
    assert ("apiKey", "header", "x-publishable-api-key") == (key["type"], key["in"], key["name"])


@pytest.mark.parametrize(
    ("schema", "fields"),
    {
        "StorePaymentCollection": (
            "id currency_code amount authorized_amount captured_amount refunded_amount completed_at"
            " created_at updated_at metadata status payment_providers payment_sessions payments"
        ),
        "StorePaymentSessionSelection": (
            "id amount currency_code provider_id data context status authorized_at"
            " payment_collection payment"
            # Not documented, but recorded:
            " payment_collection_id metadata raw_amount created_at updated_at deleted_at"
        ),
        "StorePayment": (
            "id amount authorized_amount currency_code provider_id data created_at updated_at"
            " captured_at canceled_at captured_amount refunded_amount captures refunds"
            " payment_collection payment_session"
        ),
        "StoreCapture": "id amount created_at created_by payment",
        "StoreRefund": (
            "id amount refund_reason_id note created_at created_by payment refund_reason"
        ),
        "StoreRefundReason": "id label description metadata created_at updated_at code",
    }.items(),
)
def test_every_documented_field_is_described(
    contract: dict[str, Any], schema: str, fields: str
) -> None:
    """The response schemas have the documented and the recorded fields, and may have more."""
    assert set(fields.split()) <= contract["components"]["schemas"][schema]["properties"].keys()


def test_selection_is_the_whole_with_less_required(contract: dict[str, Any]) -> None:
    """A selection requires only the id, and has the fields of a whole collection."""
    schemas = contract["components"]["schemas"]
    whole, selection = schemas["StorePaymentCollection"], schemas["StorePaymentCollectionSelection"]

    assert ["id"] == selection["required"]
    assert whole["properties"].keys() == selection["properties"].keys()
    for name in whole["properties"].keys() - {"payment_sessions"}:
        assert whole["properties"][name] == selection["properties"][name]


def test_vocabularies_stay_open(contract: dict[str, Any]) -> None:
    """Status, error type and error code are not enumerations."""
    schemas = contract["components"]["schemas"]
    for schema, name in (
        ("StorePaymentSessionSelection", "status"),
        ("ErrorResponse", "type"),
        ("ErrorResponse", "code"),
    ):
        assert "enum" not in schemas[schema]["properties"][name]
    assert "enum" not in schemas["PaymentCollectionStatus"]


@pytest.mark.parametrize(
    ("contract", "operation"),
    [
        pytest.param(contract, operation, id=operation["operationId"])
        for contract in (load_contract("store.yaml"), load_contract("control.yaml"))
        for operation in operations(contract.document)
    ],
)
def test_every_part_has_valid_examples(contract: Contract, operation: Any) -> None:
    """All bodies and parameters of both contracts have valid examples, or at least a default."""
    document = contract.document
    validators: Any = contract.operations[operation["operationId"]]
    body = operation.get("requestBody", {"content": {}})
    documented = [(validators.body, content) for content in body["content"].values()]
    for status, response in operation["responses"].items():
        for media_type, content in resolved(document, response).get("content", {}).items():
            documented.append((validators.responses[int(status), media_type], content))
    for schema, content in documented:
        assert content["examples"]
        for example in content["examples"].values():
            schema.validator.validate(example["value"])
    for reference in operation.get("parameters", ()):
        parameter = resolved(document, reference)
        place = {"path": "path_parameters"}.get(parameter["in"], parameter["in"])
        default = {"value": parameter["schema"].get("default")}
        for example in parameter.get("examples", {"default": default}).values():
            name, validator = parameter["name"], getattr(validators, place).validator
            # Other parameters may be required.
            errors = validator.iter_errors({name: example["value"]})
            assert [] == [error for error in errors if name in error.instance_path]


def test_main_flow_is_linked(contract: dict[str, Any]) -> None:
    """Creating a collection links to initializing its session."""
    response = contract["paths"]["/store/payment-collections"]["post"]["responses"]["200"]
    (link,) = response["links"].values()

    assert "initialize_payment_session" == link["operationId"]
    assert {"id": "$response.body#/payment_collection/id"} == link["parameters"]
