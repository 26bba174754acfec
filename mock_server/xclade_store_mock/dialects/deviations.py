"""docs/deviations.md, rendered: how the two dialects differ."""

from dataclasses import dataclass

from xclade_store_mock.web.dialect import TABLE, Reply


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A difference that is more than a status."""

    situation: str
    documented: str
    medusa: str
    source: str


BEHAVIOURS = (
    Behaviour(
        "order of checks",
        "body, route, publishable key, body schema, query",
        "body, publishable key, route, body schema, query",
        "`order/*`, `path/*`",
    ),
    Behaviour(
        "body",
        "JSON in UTF-8; what a database cannot keep is 400",
        "JSON in UTF-8 or UTF-16, forms, gzip, deflate; any other media type counts as `{}`",
        "`raw/*`, `ctype/*`, `encoding/*`",
    ),
    Behaviour("NUL or a lone surrogate in `data`", "400", "500", "`body/data-lone-surrogate`"),
    Behaviour(
        "number beyond a double's range, invalid UTF-8",
        "400",
        "read as `null`, as the replacement character",
        "Node's `JSON.parse`",
    ),
    Behaviour(
        "path",
        "as the contract spells it",
        "any letter case, and one slash more at the end",
        "`path/*`",
    ),
    Behaviour(
        "`OPTIONS` without CORS headers",
        "405 with `Allow`",
        "200 with `Allow`, and the methods as text",
        "`cors/options-no-cors-headers-with-key`",
    ),
    Behaviour(
        "CORS headers",
        "on every answer",
        "only where a route matches, and not on errors in the body",
        "`cors/*`",
    ),
    Behaviour(
        "query",
        "the contract's parameters",
        "as the library qs reads it; `locale` besides, for providers `order` and `with_deleted`",
        "`query/*`, `pp/*`",
    ),
    Behaviour(
        "`limit` or `offset` that is no whole number",
        "400; negative ones too",
        "read up to its first other character; negative ones are 500",
        "`pp/limit-*`, `pp/offset-*`",
    ),
    Behaviour(
        "`fields`",
        "every field of the contract; `-name` removes (but not `id`), whatever stands beside it",
        "an allow-list; beside a plain name, `-name` and `+name` are plain names",
        "`fields/*`",
    ),
    Behaviour(
        "provider refuses or fails",
        "the earlier session stays as it was",
        "the earlier session comes back with a new id and without metadata",
        "`amount/*-state*`",
    ),
    Behaviour(
        "`Idempotency-Key`",
        "the kept answer, with `Idempotent-Replayed: true`",
        "ignored",
        "`idempotency/*`",
    ),
    Behaviour(
        "media type of JSON",
        "`application/json`",
        "`application/json; charset=utf-8`",
        "every case",
    ),
)

_HEAD = """\
# How the dialects differ

Rendered by scripts/generate; do not edit.

`xclade-store-mock serve --dialect documented` (the default) answers as the documentation says,
`--dialect medusa` as a real Medusa 2.21.2 was recorded to
([tests/contract/recordings](../tests/contract/recordings)). `scripts/replay` proves the latter.
"""

_OUT_OF_SCOPE = """\
## What is not replayed

`scripts/replay` skips what the mock has no part in: requests that the backend carried out at
paths which the contract does not have (completing a cart, the admin API), and later requests about
a cart that such a request changed. It lists them, and counts them apart. The words of JavaScript's
JSON errors are not compared either.
"""


def render() -> str:
    """Write the page."""
    errors = _table(
        ("situation", "documented", "medusa"),
        *(
            (row.situation, describe(row.documented), describe(row.medusa))
            for row in TABLE.values()
            if row.documented != row.medusa
        ),
    )
    behaviours = _table(
        ("situation", "documented", "medusa", "recorded as"),
        *((each.situation, each.documented, each.medusa, each.source) for each in BEHAVIOURS),
    )
    return (
        f"{_HEAD}\n## Answers to errors\n\n{errors}\n## Behaviour\n\n{behaviours}\n{_OUT_OF_SCOPE}"
    )


def describe(reply: Reply | None) -> str:
    """Tell a reply in the words of the page."""
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
