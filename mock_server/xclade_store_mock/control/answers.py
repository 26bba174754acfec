"""What the control API answers with."""

from connexion.lifecycle import ConnexionResponse

from xclade_store_mock import json_text
from xclade_store_mock.control.documents import Document
from xclade_store_mock.errors import InvalidData, Violation


def respond(document: Document, status: int = 200) -> ConnexionResponse:
    """Answer with a document."""
    body = json_text.write(document)
    return ConnexionResponse(status, content_type="application/json", body=body)


def done() -> ConnexionResponse:
    """Answer that it is done, and nothing else."""
    return ConnexionResponse(204)


def refused(field: str, fault: str) -> InvalidData:
    """Make the error for a field of the body whose form is right and whose value is not."""
    return InvalidData.of([Violation(("body", field), "value", f"Field '{field}': {fault}")])
