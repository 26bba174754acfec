"""The `fields` parameter as the recorded backend reads it: fewer fields, and odder rules."""

from collections.abc import Mapping

from xclade_store_mock.payments.documents import (
    COLLECTION,
    Selectable,
    Selection,
    expand,
    is_within,
    parse_name,
    select_paths,
    without_star,
)

# The names that the backend allows besides the defaults.
_ALLOWED: Mapping[Selectable, frozenset[str]] = {
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


def select_as_recorded(fields: str | None, selectable: Selectable) -> Selection:
    """Return the fields that the recorded backend selects (`fields/*`, `pp/fields-*`).

    If one entry is a plain name, all entries replace the defaults, even `-name`. Only names that
    the backend allows are selected, and a relation needs its star.
    """
    if fields is None:
        return selectable.default_selection
    allowed = _ALLOWED.get(selectable, frozenset()).union(map(without_star, selectable.defaults))
    relations = selectable.resource.relations
    paths: list[str] = []
    for name in _chosen(fields, selectable.defaults):
        relation = without_star(name)
        if relation != name and relation in allowed and relation in relations:
            paths += expand([relation], selectable.resource)
        elif name in allowed and name not in relations:
            paths.append(name)
    return select_paths(paths)


def _chosen(fields: str, defaults: tuple[str, ...]) -> list[str]:
    """Apply the entries to the defaults, in their order."""
    entries = [entry for entry in fields.split(",") if entry]
    if not (entries and all(map(_is_modifier, entries))):
        return list(dict.fromkeys(map(parse_name, entries)))
    chosen = dict.fromkeys(defaults)
    for entry in entries:
        if entry[0] in "+ ":
            chosen[parse_name(entry)] = None
        elif entry[0] == "-":
            name = parse_name(entry)
            chosen = {each: None for each in chosen if not is_within(each.lstrip("*"), [name])}
        else:
            chosen[entry] = None
    return list(chosen)


def _is_modifier(entry: str) -> bool:
    return entry[0] in "-+ *" or entry.endswith(".*")
