"""The dialects: ways to answer, each a module or a package here; and docs/deviations.md.

May import: web and below.
"""

from collections.abc import Mapping

from xclade_store_mock.dialects.documented import Documented
from xclade_store_mock.dialects.medusa import RECORDED, Medusa
from xclade_store_mock.dialects.replies import BEHAVIOURS, ROWS
from xclade_store_mock.web.dialect import Dialect, Reply

DOCUMENTED: Dialect = Documented()
MEDUSA: Dialect = Medusa()
DIALECTS: Mapping[str, Dialect] = {each.name: each for each in (DOCUMENTED, MEDUSA)}

_HEAD = f"""\
# How the dialects differ

Written by scripts/generate; do not edit.

`xclade-store-mock serve --dialect documented` (the default) answers as the documentation says,
`--dialect medusa` as a real {RECORDED} was recorded to
([tests/contract/recordings](../tests/contract/recordings)). `scripts/replay` proves the latter.
"""

_OUT_OF_SCOPE = """\
## What is not replayed

`scripts/replay` skips what the mock does not serve: requests that the backend carried out at paths
outside the contract (completing a cart, the admin API), and later requests about a cart that such a
request changed. It lists them and counts them separately. The words of JavaScript's JSON errors are
not compared either.
"""


def render() -> str:
    """Return the text of docs/deviations.md."""
    replies = _table(
        ("situation", "documented", "medusa"),
        *(
            (row.situation, describe(row.documented), describe(row.medusa))
            for row in ROWS.values()
            if row.differs
        ),
    )
    behaviours = _table(
        ("situation", "documented", "medusa", "recorded as"),
        *(
            (each.situation, each.documented, each.medusa, each.source)
            for each in BEHAVIOURS.values()
        ),
    )
    return (
        f"{_HEAD}\n## Answers to errors\n\n{replies}\n## Behaviour\n\n{behaviours}\n{_OUT_OF_SCOPE}"
    )


def describe(reply: Reply | None) -> str:
    """Return a reply in the words of the page."""
    if reply is None:
        return "does not arise"
    if reply.type is None:
        text = f", `{reply.message}`" if reply.message else ""
        return f"{reply.status} {reply.media_type.partition(';')[0]}{text}"
    code = f", code `{reply.code}`" if reply.code else ""
    return f"{reply.status} `{reply.type}`{code}"


def _table(head: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
