"""What WireMock is given: a stub for the measured operation, and its errors."""

import json
from pathlib import Path
from typing import Any

import yaml
from tests.bench.calls import CONTRACT, PUBLISHABLE_KEY, TEMPLATE

_KEY = {"x-publishable-api-key": {"equalTo": PUBLISHABLE_KEY}}
_JSON = {"Content-Type": "application/json"}


def write_stubs(folder: Path) -> None:
    """Write the stubs to WireMock's root directory; the first that matches a request responds."""
    contract = yaml.safe_load(CONTRACT.read_text("utf-8"))
    operation = contract["paths"][TEMPLATE]["post"]
    success = operation["responses"]["200"]["content"]["application/json"]["examples"]
    schema = contract["components"]["schemas"]["InitializePaymentSessionRequest"]
    matches_schema = {"matchesJsonSchema": schema, "schemaVersion": "V4"}
    invalid = {"type": "invalid_data", "message": "The body breaks the contract"}
    stubs: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
        (
            {"headers": _KEY, "bodyPatterns": [matches_schema]},
            {"status": 200, "headers": _JSON, "body": _template(success["system"]["value"])},
        ),
        ({"headers": _KEY}, {"status": 400, "headers": _JSON, "jsonBody": invalid}),
        ({}, {"status": 401, "headers": {"Content-Type": "text/plain"}, "body": "Unauthorized"}),
    )
    mappings = [
        {
            "priority": priority,
            "request": {"method": "POST", "urlPathTemplate": TEMPLATE, **request},
            "response": {**response, "transformers": ["response-template"] * (priority == 1)},
        }
        for priority, (request, response) in enumerate(stubs, start=1)
    ]
    file = folder / "mappings/store.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"mappings": mappings}), "utf-8")


def _template(example: dict[str, Any]) -> str:
    """Return an example whose fields come from the request, the clock and a random generator."""
    collection = example["payment_collection"]
    (session,) = collection["payment_sessions"]
    collection["id"] = session["payment_collection_id"] = "{{request.path.id}}"
    session["id"] = "payses_{{randomValue length=26 type='ALPHANUMERIC' uppercase=true}}"
    session["provider_id"] = "{{jsonPath request.body '$.provider_id'}}"
    session["created_at"] = session["updated_at"] = "{{now}}"
    return json.dumps(example)
