"""The `fields` parameter: which parts of a document to answer. Pure.

A plain name replaces the defaults, `+name` adds to them, `-name` removes (documentation). Recorded
and kept: a literal `+` arrives as a blank, `*relation` and `relation.*` add all of a relation's own
fields, `id` is always answered, unknown names are dropped, `fields=` answers only ids.

The recorded backend knows fewer fields and has odder rules: select_as_recorded.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

_Tree = dict[str, "_Tree | None"]


class Selection:
    """The fields to answer of a document, in their order."""

    def __init__(self, tree: Mapping[str, "_Tree | None"]) -> None:
        self.names = tuple(tree)
        """Its own names."""
        self.parts = {name: Selection(below) for name, below in tree.items() if below is not None}
        """Of an own field that holds an object or a list of them, what to answer of each."""

    def of(self, document: Any) -> Any:
        """Answer the selected part of a document, of each document in a list, or null."""
        if document is None:
            return None
        if isinstance(document, list):
            return [self.of(item) for item in document]
        picked = {name: document[name] for name in self.names}
        for name, part in self.parts.items():
            picked[name] = part.of(picked[name])
        return picked


@dataclass(frozen=True, slots=True)
class Resource:
    """What can be selected of a document: its own fields, and what it relates to.

    An own field may be a path: `payment.id` answers the related payment as its id.
    """

    own: tuple[str, ...]
    relations: Mapping[str, "Resource"] = field(default_factory=dict)


@dataclass(frozen=True)
class Selectable:
    """A resource as an operation answers it.

    `defaults` are the entries that stand for no `fields` at all; `recorded` are the names that the
    recorded backend allows beside them.
    """

    resource: Resource
    defaults: tuple[str, ...]
    recorded: frozenset[str] = frozenset()

    @cached_property
    def default_selection(self) -> Selection:
        """What is answered without `fields`, in either dialect."""
        return _tree(_expand(map(_unstarred, self.defaults), self.resource))


def select(fields: str | None, selectable: Selectable) -> Selection:
    """Work out what to answer; without `fields`, the defaults."""
    if fields is None:
        return selectable.default_selection
    plain: list[str] = []
    added: list[str] = []
    removed: list[str] = []
    entries = [each for each in fields.split(",") if each.strip()]
    for entry in entries:
        name = _unstarred(_bare(entry))
        if entry.lstrip().startswith("-"):
            removed.append(name)
        elif entry.startswith(("+", " ", "*")) or entry.rstrip().endswith(".*"):
            added.append(name)
        else:
            plain.append(name)
    answers_defaults = entries and not plain
    base = [_unstarred(name) for name in selectable.defaults] if answers_defaults else plain
    paths = _expand([*base, *added], selectable.resource)
    return _tree(path for path in paths if not _is_within(path, removed))


def select_as_recorded(fields: str | None, selectable: Selectable) -> Selection:
    """Work out what the recorded backend answers (`fields/*`, `pp/fields-*`).

    One plain name among the entries makes all of them replace the defaults, even `-name`. Only
    names that the backend allows are answered, to the letter: a relation needs its star.
    """
    if fields is None:
        return selectable.default_selection
    chosen = dict.fromkeys(selectable.defaults)
    entries = [entry for entry in fields.split(",") if entry]
    if not (entries and all(map(_is_modifier, entries))):
        chosen = dict.fromkeys(map(_bare, entries))
        entries = []
    for entry in entries:
        if entry[0] in "+ ":
            chosen[_bare(entry)] = None
        elif entry[0] == "-":
            name = _bare(entry)
            chosen = {each: None for each in chosen if not _is_within(each.lstrip("*"), [name])}
        else:
            chosen[entry] = None
    allowed = selectable.recorded.union(map(_unstarred, selectable.defaults))
    relations = selectable.resource.relations
    paths: list[str] = []
    for name in chosen:
        relation = _unstarred(name)
        if _is_star(name) and relation in allowed and relation in relations:
            paths += _expand([relation], selectable.resource)
        elif name in allowed and name not in relations:
            paths.append(name)
    return _tree(paths)


def _bare(entry: str) -> str:
    return re.sub(r"^[+ \t-]+", "", entry).strip()


def _is_star(name: str) -> bool:
    return name.startswith("*") or name.endswith(".*")


def _unstarred(name: str) -> str:
    return name.removeprefix("*").removesuffix(".*")


def _is_modifier(entry: str) -> bool:
    return entry[0] in "-+ *" or entry.endswith(".*")


def _is_within(path: str, names: Iterable[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in names)


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


def _tree(paths: Iterable[str]) -> Selection:
    root: dict[str, Any] = {"id": None}
    for path in paths:
        *above, last = path.split(".")
        node = root
        for name in above:
            node = node.setdefault(name, {"id": None})
        node[last] = None
    return Selection(root)
