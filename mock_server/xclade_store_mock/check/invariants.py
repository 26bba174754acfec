"""What must hold beyond the contract's schemas: within a response, and from call to call.

Each invariant is a function of a call and of what earlier calls revealed. It makes no calls, so the
same table serves live traffic.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from xclade_store_mock.check.calls import MANUAL_PROVIDER, Interaction
from xclade_store_mock.check.knowledge import (
    REMEMBERED_TIMES,
    Known,
    Object,
    Seen,
    objects,
    read_time,
)
from xclade_store_mock.dialects import MEDUSA
from xclade_store_mock.payments.documents import COLLECTION, PROVIDER
from xclade_store_mock.payments.model import PAID
from xclade_store_mock.payments.providers.stripe import minor_units

Expectations = Iterator[tuple[bool, str]]
"""Whether something holds, and what it is."""

# A list of names as people write it: dialects read other texts in ways of their own.
_NAMES = re.compile(r"(?:[-+ *]?[a-z][a-z_.]*+[*]?(?:,(?!$)|$))*+")
_POSITION = re.compile("[0-9]{1,9}")
# How much the clocks of a backend's machines, such as its database's, may differ.
_SKEW = timedelta(seconds=5)
_MOST_DIGITS = 100
_LATER = ("updated_at", "authorized_at", "captured_at", "canceled_at", "completed_at")


class Invariant(NamedTuple):
    """Something that must hold: its name and a plain description.

    Where a known deviation breaks it, `row` is the id of the deviation.
    """

    name: str
    title: str
    expect: Callable[[Seen], Expectations]
    row: str = ""


class Verdict(NamedTuple):
    """Whether a call keeps an invariant; if not, what was expected.

    `row` is the id of the deviation that the call provoked, unless that does not explain why not.
    """

    invariant: Invariant
    expected: str = ""
    row: str = ""


class Span:
    """A call under way; `overlaps` if another one may change the same cart or collection."""

    def __init__(self, subjects: set[str], *, is_read: bool) -> None:
        self.subjects = subjects
        self.is_read = is_read
        self.overlaps = False


class Observer:
    """Checks one call after another.

    Calls may overlap if `begin` announces each: what others for the same cart or payment collection
    can change is then not checked.
    """

    def __init__(self) -> None:
        self._known = Known()
        self._running: list[Span] = []

    def begin(self, call: Interaction) -> Span:
        """Announce a call that has no response yet."""
        seen = Seen(call, self._known)
        span = Span(self._known.subjects(seen), is_read=seen.is_read)
        for other in self._running:
            if other.subjects & span.subjects:
                other.overlaps |= not span.is_read
                span.overlaps |= not other.is_read
        self._running.append(span)
        return span

    def observe(self, call: Interaction, span: Span | None = None) -> list[Verdict]:
        """Return a verdict for each invariant that the call is about; remember what it reveals."""
        seen = Seen(call, self._known, is_alone=span is None or self._end(span))
        verdicts = [
            _judge(invariant, seen, expected)
            for invariant in INVARIANTS
            if (expected := [*invariant.expect(seen)])
        ]
        self._known.learn(seen)
        return verdicts

    def _end(self, span: Span) -> bool:
        """Return whether no other call may have changed what this one was about."""
        self._running.remove(span)
        # Changes of a cart that became known meanwhile were not noticed.
        return not span.overlaps and self._known.with_owners(span.subjects) == span.subjects


def _judge(invariant: Invariant, seen: Seen, expected: list[tuple[bool, str]]) -> Verdict:
    missed = next((text for holds, text in expected if not holds), "")
    if invariant.row:
        recorded = [*invariant.expect(replace(seen, dialect=MEDUSA))]
        if recorded != expected and all(holds for holds, _ in recorded if missed):
            return Verdict(invariant, missed, invariant.row)
    return Verdict(invariant, missed)


def _requested_collection(seen: Seen) -> Expectations:
    found = seen.collection.get("id")
    if seen.target and found:
        yield found == seen.target, f"the payment collection {seen.target}"
    for session in seen.sessions:
        reference = session.get("payment_collection")
        nested = reference.get("id") if isinstance(reference, dict) else None
        owner = session.get("payment_collection_id", nested)
        if owner is not None:
            yield owner == found, f"sessions of the payment collection {found}"


def _requested_provider(seen: Seen) -> Expectations:
    asked = seen.request.get("provider_id")
    shown = [each["provider_id"] for each in seen.sessions if "provider_id" in each]
    if seen.target and shown and isinstance(asked, str):
        yield asked in shown, f"a session of the provider {asked}"


def _session_amount(seen: Seen) -> Expectations:
    for session in seen.sessions:
        # What is paid stays as it is when the cart changes.
        if session.get("status") not in PAID:
            for name in sorted(
                {"amount", "currency_code"} & session.keys() & seen.collection.keys()
            ):
                wanted = seen.collection[name]
                yield session[name] == wanted, f"a session with the {name} {wanted}"


def _raw_amount(seen: Seen) -> Expectations:
    for each in (seen.collection, *seen.sessions):
        exact = _exact_amount(each)
        if exact is not None and "amount" in each:
            # A JSON number is the nearest double.
            yield float(exact) == each["amount"], f"the amount {exact}, like raw_amount"


def _stripe_amount(seen: Seen) -> Expectations:
    for session in seen.sessions:
        intent, currency = session.get("data"), session.get("currency_code")
        amount = _exact_amount(session) or _decimal(session.get("amount"))
        if (
            str(session.get("provider_id")).startswith("pp_stripe")
            and isinstance(intent, dict)
            # An intent that Stripe did not confirm has neither.
            and {"client_secret", "amount"} <= intent.keys()
            and isinstance(currency, str)
            and amount is not None
        ):
            units = minor_units(amount, currency)
            found = intent["amount"], intent.get("currency")
            yield found == (units, currency), f"data with the amount {units} and {currency}"


def _one_collection(seen: Seen) -> Expectations:
    found = seen.collection.get("id")
    if seen.cart and found and seen.is_alone:
        earlier = seen.known.collections.get(seen.cart, found)
        yield found == earlier, f"{earlier}, the payment collection of {seen.cart}"
        cart = seen.known.owners.get(found, seen.cart)
        yield cart == seen.cart, f"another payment collection than that of {cart}"


def _cart_amount(seen: Seen) -> Expectations:
    id_ = seen.cart or seen.known.owners.get(seen.collection.get("id", ""), "")
    cart = seen.known.carts.get(id_, {}) if seen.is_alone and not seen.is_replayed else {}
    for name in sorted(cart.keys() & seen.collection.keys()):
        yield seen.collection[name] == cart[name], f"the {name} {cart[name]} of {id_}"


def _one_session(seen: Seen) -> Expectations:
    if seen.has_initialized:
        yield len(seen.sessions) == 1, "exactly one session"


def _new_session(seen: Seen) -> Expectations:
    ids = {each["id"] for each in seen.sessions}
    if seen.has_initialized and ids:
        yield not ids <= seen.known.owners.keys(), "a session with a new id"


def _own_data(seen: Seen) -> Expectations:
    if not seen.has_initialized or "fields" in seen.query:
        return
    sent = seen.request.get("data")
    for session in seen.sessions:
        data, context = session.get("data"), session.get("context")
        if isinstance(data, dict) and str(session.get("provider_id")).startswith(MANUAL_PROVIDER):
            names = sent.keys() if isinstance(sent, dict) else ()
            yield {*names} <= data.keys(), f"data with {_join(names)}, as in the request"
        elif isinstance(data, dict) and str(data.get("id")).startswith("pi_"):
            owner = seen.known.owners.get(data["id"], session["id"])
            yield owner == session["id"], f"another id in data than {data['id']}, of {owner}"
        if isinstance(context, dict) and not seen.has_customer:
            yield "customer" not in context, "a context without a customer: none is signed in"


def _unique_ids(seen: Seen) -> Expectations:
    for ids in ([each["id"] for each in seen.sessions], [*seen.providers.values()]):
        if ids:
            yield len({*ids}) == len(ids), f"each of {', '.join({*ids})} once"
    for session in seen.sessions:
        owner = seen.known.owners.get(session["id"])
        if owner is not None:
            words = f"another id than {session['id']}, a session of {owner}"
            yield owner == seen.collection["id"], words


def _kept_session(seen: Seen) -> Expectations:
    shown = seen.known.shown.get(seen.collection.get("id", ""))
    if not (shown and shown.has_failed and seen.cart and seen.is_alone):
        return
    # A cart that changed removes the sessions.
    if seen.terms != shown.terms or None in seen.terms or "payment_sessions" not in seen.collection:
        return
    if seen.dialect.restores_sessions:
        # Copies have other ids. Only the manual provider accepts the copy of a session for sure.
        manual = [each for _, each in shown.sessions if each.startswith(MANUAL_PROVIDER)]
        found = Counter(str(each.get("provider_id", *manual[:1])) for each in seen.sessions)
        yield Counter(manual) <= found, "a copy of the session before the failure"
    else:
        ids = {each for each, _ in shown.sessions}
        words = f"the sessions before the failure: {', '.join(ids) or 'none'}"
        yield ids == {each["id"] for each in seen.sessions}, words


def _provider_pages(seen: Seen) -> Expectations:
    if "payment_providers" not in seen.document:
        return
    for name, default in {"limit": "20", "offset": "0"}.items():
        asked = seen.query.get(name, default)
        if _POSITION.fullmatch(asked):
            yield seen.document.get(name) == int(asked), f"the {name} {asked}"
    limit, offset, count = (seen.document.get(name) for name in ("limit", "offset", "count"))
    if isinstance(limit, int) and isinstance(offset, int) and isinstance(count, int) and limit > 0:
        size = min(limit, max(count - offset, 0))
        yield len(seen.providers) == size, f"{size} of {count} providers"
    known = seen.known.providers.get(seen.listing, {})
    places = {provider: place for place, provider in known.items()}
    for place, provider in seen.providers.items():
        found = places.get(provider, place)
        yield found == place, f"{provider} at offset {found} only"


def _selected_fields(seen: Seen) -> Expectations:
    named = [text for name, text in seen.call.query if name.startswith("fields")]
    if len(named) != 1 or not _NAMES.fullmatch(seen.query.get("fields", "-")):
        return
    fields = named[0]
    if seen.providers:
        wanted = set(seen.dialect.select(fields, PROVIDER))
        for each in objects(seen.document, "payment_providers"):
            yield each.keys() == wanted, f"providers with {_join(wanted)}"
    if seen.collection:
        selection = seen.dialect.select(fields, COLLECTION)
        wanted = set(selection)
        yield seen.collection.keys() == wanted, f"a payment collection with {_join(wanted)}"
        asked = {each.lstrip("+ ") for each in fields.split(",")}
        for name, part in selection.items():
            if part is None:
                continue
            # Of defaults, a backend may leave some out.
            required = {each for each in part if f"{name}.{each}" in asked}
            for each in objects(seen.collection, name):
                fits = required <= each.keys() <= part.keys()
                yield fits, f"{name} with {_join(required or part)}"


def _idempotency(seen: Seen) -> Expectations:
    earlier = seen.known.answers.get(seen.key_scope)
    if earlier is None or not seen.dialect.keeps_answers or not seen.is_alone:
        return
    request, response = earlier
    if seen.request_fingerprint == request:
        is_same = seen.is_replayed and seen.response_fingerprint == response
        yield is_same, "the first response to this key, with Idempotent-Replayed: true"
    else:
        yield not seen.call.succeeded, "422: the key belongs to another request"


def _ordered_times(seen: Seen) -> Expectations:
    for each in (seen.collection, *seen.sessions, *objects(seen.collection, "payments")):
        created = read_time(each, "created_at")
        for name in _LATER:
            later = read_time(each, name)
            if created and later:
                yield created - later <= _SKEW, f"{name} not before created_at"
        for name in REMEMBERED_TIMES if seen.is_alone and not seen.is_replayed else ():
            earlier = seen.known.times.get((each.get("id", ""), name))
            now = read_time(each, name)
            if now and earlier:
                yield earlier - now <= _SKEW, f"{name} not before {earlier.isoformat()}"
    latest = seen.known.times.get((seen.target, "session"))
    for session in seen.sessions if seen.has_initialized and latest else ():
        created = read_time(session, "created_at")
        if created and latest:
            words = f"created_at not before {latest.isoformat()}, that of the session before"
            yield latest - created <= _SKEW, words


def _exact_amount(value: Object) -> Decimal | None:
    """Return the amount that `raw_amount` has; None without one."""
    raw = value.get("raw_amount")
    return _decimal(raw.get("value")) if isinstance(raw, dict) else None


def _decimal(value: object) -> Decimal | None:
    """Return a number, or a text that is one, as a decimal; None for others, and huge ones."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount.adjusted()) < _MOST_DIGITS else None


def _join(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


INVARIANTS = (
    Invariant(
        "requested_collection",
        "the response is about the payment collection in the path",
        _requested_collection,
    ),
    Invariant(
        "requested_provider",
        "the new session is one of the requested provider",
        _requested_provider,
    ),
    Invariant(
        "session_amount",
        "a session has the amount and currency of its payment collection",
        _session_amount,
    ),
    Invariant("raw_amount", "`amount` equals `raw_amount.value`", _raw_amount),
    Invariant(
        "stripe_amount",
        "a Stripe session's `data` has the amount in Stripe's minor units",
        _stripe_amount,
    ),
    Invariant(
        "one_collection",
        "a cart has one payment collection, and shares it with no other",
        _one_collection,
    ),
    Invariant(
        "cart_amount", "a payment collection has the amount and currency of its cart", _cart_amount
    ),
    Invariant("one_session", "after an initialization there is exactly one session", _one_session),
    Invariant("new_session", "an initialization returns a session with a new id", _new_session),
    Invariant(
        "own_data", "a new session has the `data` and `context` of its own request", _own_data
    ),
    Invariant("unique_ids", "each id occurs once", _unique_ids),
    Invariant(
        "kept_session",
        "a failed initialization leaves the earlier session as it was",
        _kept_session,
        "restored-sessions",
    ),
    Invariant(
        "provider_pages",
        "pages of providers add up to `count`, without repetition",
        _provider_pages,
    ),
    Invariant(
        "selected_fields", "`fields` adds, removes and replaces fields", _selected_fields, "fields"
    ),
    Invariant(
        "idempotency",
        "a repeated `Idempotency-Key` returns the first response",
        _idempotency,
        "idempotency-key",
    ),
    Invariant("ordered_times", "times do not go backwards", _ordered_times),
)
"""In the order in which the report lists them."""
