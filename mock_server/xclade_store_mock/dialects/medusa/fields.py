"""The `fields` parameter as the recorded backend reads it: fewer fields, and odder rules."""

from collections.abc import Mapping
from dataclasses import replace

from xclade_store_mock.jsontext import WHITE_SPACE
from xclade_store_mock.payments.documents import (
    COLLECTION,
    PROVIDER,
    RECORDED_SESSION,
    Resource,
    Selection,
    expand,
    is_within,
    select,
    select_paths,
    without_star,
)

_PROVIDER = Resource(own=("id", "is_enabled"))
# What the backend returns (`repeat/1-system`, `pp/ok`), whatever else the contract describes.
_RECORDED: Mapping[Resource, Resource] = {
    PROVIDER: replace(_PROVIDER, defaults=_PROVIDER.own),
    COLLECTION: Resource(
        own=("id", "currency_code", "amount", "status"),
        relations={"payment_providers": _PROVIDER, "payment_sessions": Resource(RECORDED_SESSION)},
        defaults=("id", "currency_code", "amount", "*payment_sessions"),
    ),
}
RECORDED_DEFAULTS: Mapping[Resource, Selection] = {
    resource: select(None, recorded) for resource, recorded in _RECORDED.items()
}
# The names that the backend allows besides the defaults.
_ALLOWED: Mapping[Resource, frozenset[str]] = {
    COLLECTION: frozenset(
        {
            "status",
            "payment_providers",
            "payment_providers.id",
            "payment_sessions.id",
            "payment_sessions.amount",
            "payment_sessions.currency_code",
            "payment_sessions.provider_id",
            "payment_sessions.data",
            "payment_sessions.status",
        }
    )
}


def select_as_recorded(fields: str, resource: Resource) -> Selection:
    """Return the fields that the recorded backend selects (`fields/*`, `pp/fields-*`).

    If one entry is a plain name, all entries replace the defaults, even `-name`. Only names that
    the backend allows are selected, and a relation needs its star. A star makes a relation of a
    field, too, which then is left out, unless all fields of its parent are selected.
    """
    recorded = _RECORDED[resource]
    allowed = _ALLOWED.get(resource, frozenset()).union(map(without_star, recorded.defaults))
    relations = recorded.relations
    chosen = _chosen(fields, recorded.defaults)
    plain = [name for name in chosen if not _has_star(name) and name in allowed]
    starred = [_unstar(name) for name in chosen if _has_star(name) and _unstar(name) in allowed]
    whole = [name for name in starred if name in relations]
    left_out = [name for name in starred if name not in relations]
    paths = [name for name in plain if name not in relations and name not in left_out]
    # What is left out still names its parent.
    paths += [f"{name.rpartition('.')[0]}.id" for name in left_out if "." in name]
    return select_paths([*paths, *expand(whole, recorded)])


def _chosen(fields: str, defaults: tuple[str, ...]) -> list[str]:
    """Apply the entries to the defaults, in their order."""
    entries = [entry for entry in fields.split(",") if entry]
    if not (entries and all(map(_is_modifier, entries))):
        return list(dict.fromkeys(map(_strip_modifier, entries)))
    chosen = dict.fromkeys(defaults)
    for entry in entries:
        if entry[0] in "+ ":
            chosen[_strip_modifier(entry)] = None
        elif entry[0] == "-":
            name = _strip_modifier(entry)
            chosen = {
                each: None for each in chosen if not is_within(each.removeprefix("*"), [name])
            }
        else:
            chosen[entry] = None
    return list(chosen)


def _strip_modifier(entry: str) -> str:
    return entry.lstrip("+ \t-").strip(WHITE_SPACE)


def _has_star(name: str) -> bool:
    return name.startswith("*") or name.endswith(".*")


def _unstar(name: str) -> str:
    """Remove one star: the backend's pattern for both replaces its first match only."""
    return name[1:] if name.startswith("*") else name.removesuffix(".*")


def _is_modifier(entry: str) -> bool:
    return entry[0] in "-+ " or _has_star(entry)
