"""The `fields` parameter: which parts of a document to answer. Pure.

A plain name replaces the defaults, `+name` adds to them, `-name` removes (documentation). Recorded
and kept: a literal `+` arrives as a blank, `*relation` and `relation.*` add all of a relation's own
fields, `id` is always answered, unknown names are dropped, `fields=` answers only ids.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Selection = Mapping[str, "Selection | None"]
"""The fields to answer: None for a plain value, a mapping for an object or a list of them."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What can be selected of a document: its own fields, and what it relates to.

    An own field may be a path: `payment.id` answers the related payment as its id.
    """

    own: tuple[str, ...]
    relations: Mapping[str, "Resource"] = field(default_factory=dict)


def select(fields: str | None, resource: Resource, defaults: Iterable[str]) -> Selection:
    """Work out what to answer; without `fields`, the defaults."""
    plain: list[str] = []
    added: list[str] = []
    removed: list[str] = []
    for entry in [] if fields is None else fields.split(","):
        name = entry.lstrip("+- ").rstrip().removeprefix("*").removesuffix(".*")
        if entry.startswith("-"):
            removed.append(name)
        elif entry.startswith(("+", " ", "*")) or entry.rstrip().endswith(".*"):
            added.append(name)
        else:
            plain.append(name)
    paths = (*_expand(plain or defaults, resource), *_expand(added, resource))
    return _tree(path for path in paths if not _is_within(path, removed))


def project(document: Any, selection: Selection) -> Any:
    """Answer the selected part of a document, of each document in a list, or null."""
    if document is None:
        return None
    if isinstance(document, list):
        return [project(item, selection) for item in document]
    return {
        name: document[name] if below is None else project(document[name], below)
        for name, below in selection.items()
    }


def _expand(names: Iterable[str], resource: Resource) -> Iterator[str]:
    """Turn each relation into the paths of its own fields, and drop what does not exist."""
    for name in names:
        found: Resource | None = resource
        *above, last = name.split(".")
        for relation in above:
            found = found.relations.get(relation) if found else None
        if found is None:
            continue
        if last in found.relations:
            yield from (f"{name}.{own}" for own in found.relations[last].own)
        elif last in found.own:
            yield name


def _is_within(path: str, names: Iterable[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in names)


def _tree(paths: Iterable[str]) -> Selection:
    root: dict[str, Any] = {"id": None}
    for path in paths:
        *above, last = path.split(".")
        node = root
        for name in above:
            node = node.setdefault(name, {"id": None})
        node[last] = None
    return root
