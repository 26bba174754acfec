"""The dialects: ways to answer, each a module or a package here.

May import: web and below.
"""

from collections.abc import Mapping

from xclade_store_mock.dialects.documented import Documented
from xclade_store_mock.dialects.medusa import Medusa
from xclade_store_mock.web.dialect import Dialect, Reply

DOCUMENTED = Documented()
MEDUSA = Medusa()
DIALECTS: Mapping[str, Dialect] = {each.name: each for each in (DOCUMENTED, MEDUSA)}
"""The dialects by their names."""


def describe(reply: Reply | None) -> str:
    """Return a reply in the words of docs/deviations.md."""
    if reply is None:
        return "does not arise"
    if reply.type is None:
        text = f", `{reply.message}`" if reply.message else ""
        return f"{reply.status} {reply.media_type.partition(';')[0]}{text}"
    code = f", code `{reply.code}`" if reply.code else ""
    return f"{reply.status} `{reply.type}`{code}"
