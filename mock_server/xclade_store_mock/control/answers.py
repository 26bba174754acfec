"""What the control API answers with."""

from starlette.responses import Response

from xclade_store_mock import jsontext
from xclade_store_mock.control.documents import Document
from xclade_store_mock.errors import InvalidData, Violation


def respond(document: Document, status: int = 200) -> Response:
    """Answer with a document."""
    return Response(jsontext.write(document), status, media_type="application/json")


def done() -> Response:
    """Answer that it is done, and nothing else."""
    return Response(status_code=204)


def refused(field: str, fault: str) -> InvalidData:
    """Make the error for a field of the body whose form is right and whose value is not."""
    return InvalidData.of([Violation(("body", field), "value", f"Field '{field}': {fault}")])
