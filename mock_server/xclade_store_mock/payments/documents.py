"""The documents that the Store API returns, and the `fields` parameter that selects from them.

The contract says what a document holds; which fields are returned by default is recorded
(`repeat/1-system`, `pc/create`, `pp/ok`).
"""

import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any, TypeAlias

from msgspec.structs import asdict

from xclade_store_mock.jsontext import number
from xclade_store_mock.payments.model import (
    Customer,
    Payment,
    PaymentCollection,
    PaymentProvider,
    PaymentSession,
)
from xclade_store_mock.payments.providers.stripe import stripe_customer
from xclade_store_mock.payments.rules import sum_up

Selection: TypeAlias = Mapping[str, "Selection | None"]
"""The selected fields in order; of an object, or of a list of objects, what is selected in it."""


@dataclass(frozen=True, eq=False)
class Resource:
    """The fields and relations that can be selected of a document.

    A field may be a path: `payment.id` stands for the related payment with only its id.
    """

    own: tuple[str, ...]
    relations: Mapping[str, "Resource"] = field(default_factory=dict)
    defaults: tuple[str, ...] = ()
    """The entries that are selected without `fields`."""


def pick(document: Any, selection: Selection | None) -> Any:
    """Return the selected part of a document, or of each document in a list."""
    if document is None or selection is None:
        return document
    if isinstance(document, list):
        return [pick(item, selection) for item in document]
    return {name: pick(document[name], part) for name, part in selection.items()}


def select(fields: str | None, resource: Resource) -> Selection:
    """Return the fields to select; the defaults if `fields` is None.

    A plain name replaces the defaults, `+name` adds to them, `-name` removes (documented). Also, as
    recorded: a literal `+` arrives as a space, `*relation` and `relation.*` add all of a relation's
    own fields, `id` is always selected, unknown names are ignored, and `fields=` selects only ids.
    """
    plain: list[str] = []
    added: list[str] = []
    removed: list[str] = []
    entries = [each for each in (fields or "").split(",") if each.strip()]
    for entry in entries:
        name = without_star(parse_name(entry))
        if entry.lstrip().startswith("-"):
            removed.append(name)
        elif entry.startswith(("+", " ", "*")) or entry.rstrip().endswith(".*"):
            added.append(name)
        else:
            plain.append(name)
    keeps_defaults = fields is None or (entries and not plain)
    base = [without_star(name) for name in resource.defaults] if keeps_defaults else plain
    paths = expand([*base, *added], resource)
    return select_paths(path for path in paths if not is_within(path, removed))


def parse_name(entry: str) -> str:
    """Return the name in an entry of `fields`: `status` of `+status`."""
    return entry.lstrip("+ \t-").strip()


def without_star(name: str) -> str:
    """Return the relation that `*relation` or `relation.*` names; other names as they are."""
    return name.removeprefix("*").removesuffix(".*")


def is_within(path: str, names: Iterable[str]) -> bool:
    """Return whether a path is one of the names, or leads into one of them."""
    return any(path == name or path.startswith(f"{name}.") for name in names)


def expand(names: Iterable[str], resource: Resource) -> Iterator[str]:
    """Yield the paths that exist; for a relation, the paths of its own fields."""
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


def select_paths(paths: Iterable[str]) -> Selection:
    """Return the selection of the paths, and of the id of each object on the way."""
    root: dict[str, Any] = {"id": None}
    for path in paths:
        *above, last = path.split(".")
        node = root
        for name in above:
            node = node.setdefault(name, {"id": None})
        node[last] = None
    return root


# The number of significant digits that Medusa stores of an amount (recorded).
_PRECISION = 20
# What a real store's cart contains of a collection, besides its sessions (recorded).
_IN_CART = ["id", "currency_code", "completed_at", "status", "metadata", "created_at", "updated_at"]
RECORDED_SESSION = (
    "id",
    "currency_code",
    "provider_id",
    "data",
    "context",
    "status",
    "authorized_at",
    "payment_collection_id",
    "payment.id",
    "metadata",
    "raw_amount",
    "created_at",
    "updated_at",
    "deleted_at",
    "amount",
)
"""The paths that a real store returns of a session, whatever else the contract describes."""
_SESSION_IN_CART = select_paths(RECORDED_SESSION)
_ULID_DIGITS = string.digits + "ABCDEFGHJKMNPQRSTVWXYZ"


def provider_document(provider: PaymentProvider) -> dict[str, Any]:
    """Return the document of a payment provider."""
    return {"id": provider.id, "is_enabled": provider.is_enabled}


def default_document(collection: PaymentCollection) -> dict[str, Any]:
    """Return what COLLECTION's defaults select, without building the rest of the document."""
    return {
        "id": collection.id,
        "currency_code": collection.currency_code,
        "amount": number(collection.amount),
        "payment_sessions": [_session(each, collection.id) for each in collection.sessions],
    }


def collection_document(collection: PaymentCollection) -> dict[str, Any]:
    """Return the whole document of a payment collection, with its relations."""
    payments = [
        {
            **_payment(each),
            "captures": [{**_capture(each), "payment": {"id": each.id}}]
            if each.captured_at
            else [],
            "refunds": [],
            "payment_collection": {"id": collection.id},
            "payment_session": {"id": each.session_id},
        }
        for each in collection.payments
    ]
    by_session = {each["payment_session"]["id"]: each for each in payments}
    return {
        **_collection(collection),
        "payment_providers": [],
        "payment_sessions": [
            {
                **_session(each, collection.id),
                "payment_collection": {"id": collection.id},
                "payment": by_session[each.id] if each.authorized_at else None,
            }
            for each in collection.sessions
        ],
        "payments": payments,
    }


def document_in_cart(collection: PaymentCollection) -> dict[str, Any]:
    """Return the document of a payment collection as a cart contains it (recorded)."""
    whole = collection_document(collection)
    totals = sum_up(collection)
    raw_amounts = {
        "amount": collection.amount,
        "authorized_amount": totals.authorized_amount,
        "captured_amount": totals.captured_amount,
        "refunded_amount": None,
    }
    sessions = [_session(each, collection.id) for each in collection.sessions]
    return {
        **{name: whole[name] for name in (*_IN_CART, *raw_amounts)},
        "payment_sessions": pick(sessions, _SESSION_IN_CART),
        **{f"raw_{name}": _nullable(_raw, amount) for name, amount in raw_amounts.items()},
        "deleted_at": None,
    }


def _nullable(render: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else render(value)


def _collection(collection: PaymentCollection) -> dict[str, Any]:
    totals = sum_up(collection)
    return {
        "id": collection.id,
        "currency_code": collection.currency_code,
        "amount": number(collection.amount),
        "authorized_amount": _nullable(number, totals.authorized_amount),
        "captured_amount": _nullable(number, totals.captured_amount),
        "refunded_amount": None,
        "completed_at": _nullable(timestamp, totals.completed_at),
        "created_at": timestamp(collection.created_at),
        "updated_at": timestamp(collection.updated_at),
        "metadata": None,
        "status": totals.status,
    }


def _session(session: PaymentSession, collection_id: str) -> dict[str, Any]:
    is_paid = session.authorized_at is not None
    return {
        "id": session.id,
        "currency_code": session.currency_code,
        "provider_id": session.provider_id,
        "data": session.data,
        "context": session.context,
        "status": session.status,
        "authorized_at": _nullable(timestamp, session.authorized_at),
        "payment_collection_id": collection_id,
        "payment": {"id": session.payment_id} if is_paid else None,
        "metadata": session.metadata,
        "raw_amount": _raw(session.amount),
        "created_at": timestamp(session.created_at),
        "updated_at": timestamp(session.updated_at),
        "deleted_at": None,
        "amount": number(session.amount),
    }


def _payment(payment: Payment) -> dict[str, Any]:
    amount = number(payment.amount)
    return {
        "id": payment.id,
        "amount": amount,
        "authorized_amount": amount,
        "currency_code": payment.currency_code,
        "provider_id": payment.provider_id,
        "data": payment.data,
        "created_at": timestamp(payment.created_at),
        "updated_at": timestamp(payment.updated_at),
        "captured_at": _nullable(timestamp, payment.captured_at),
        "canceled_at": _nullable(timestamp, payment.canceled_at),
        "captured_amount": amount if payment.captured_at else None,
        "refunded_amount": None,
    }


def _capture(payment: Payment) -> dict[str, Any]:
    return {
        "id": f"capt_{payment.id.removeprefix('pay_')}",
        "amount": number(payment.amount),
        "created_at": _nullable(timestamp, payment.captured_at),
        "created_by": None,
    }


def session_context(customer: Customer | None, provider_id: str) -> dict[str, Any]:
    """Return a session's context: the customer and the customer's account at the provider.

    It is empty for a guest (recorded: `customer/*`). Medusa's `createPaymentSessionsWorkflow`
    creates an account that does not exist yet; here it always existed, and follows from the
    customer.
    """
    if customer is None:
        return {}
    accounts = {each["provider_id"]: each for each in customer.account_holders}
    if provider_id not in accounts:
        accounts[provider_id] = _account_holder(customer, provider_id)
    details = {**asdict(customer), "account_holders": [*accounts.values()]}
    del details["token"], details["created_at"]
    billing = [each for each in customer.addresses if each.get("is_default_billing")]
    for address in (*billing, *customer.addresses)[:1]:
        details["billing_address"] = address
    return {"customer": details, "account_holder": accounts[provider_id]}


def _account_holder(customer: Customer, provider_id: str) -> dict[str, Any]:
    random = Random(f"{customer.id} {provider_id}")  # noqa: S311 - not a secret
    is_stripe = provider_id.startswith("pp_stripe")
    data = stripe_customer(customer, random) if is_stripe else {}
    created_at = timestamp(customer.created_at)
    return {
        "id": f"acchld_{''.join(random.choices(_ULID_DIGITS, k=26))}",
        "provider_id": provider_id,
        "external_id": data.get("id", customer.id),
        "email": customer.email,
        "data": data,
        "metadata": None,
        "created_at": created_at,
        "updated_at": created_at,
        "deleted_at": None,
    }


def _raw(amount: Decimal) -> dict[str, Any]:
    return {"value": _exact(amount), "precision": _PRECISION}


def _exact(amount: Decimal) -> str:
    """Return all digits of an amount, without trailing zeros."""
    digits = f"{amount:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def timestamp(moment: datetime) -> str:
    """Return a UTC time with milliseconds: `2026-01-15T09:30:00.000Z`."""
    return moment.isoformat("T", "milliseconds").replace("+00:00", "Z")


def _resource(
    document: Mapping[str, Any], defaults: tuple[str, ...] = (), **relations: Resource
) -> Resource:
    """Return a resource with the fields of a document, which has the ids of related objects."""
    own = (f"{name}.id" if name in relations else name for name in document)
    return Resource(tuple(own), relations, defaults)


# The fields that can be selected are those that the documents have, such as these.
_MOMENT = datetime(2026, 1, 15, tzinfo=UTC)
_A_PAYMENT = Payment("", "", Decimal(0), "", "", {}, _MOMENT, _MOMENT)
_A_SESSION = PaymentSession("", Decimal(0), "", "", {}, _MOMENT, _MOMENT)
_A_COLLECTION = PaymentCollection("", None, "", Decimal(0), _MOMENT, _MOMENT)

_REFERENCE = Resource(own=("id",))
_REFUND_REASON = Resource(
    own=("id", "label", "description", "metadata", "created_at", "updated_at", "code")
)
_REFUND = Resource(
    own=("id", "amount", "refund_reason_id", "note", "created_at", "created_by"),
    relations={"payment": _REFERENCE, "refund_reason": _REFUND_REASON},
)
_PAYMENT = _resource(
    _payment(_A_PAYMENT),
    captures=_resource(_capture(_A_PAYMENT), payment=_REFERENCE),
    refunds=_REFUND,
    payment_collection=_REFERENCE,
    payment_session=_REFERENCE,
)
_SESSION = _resource(_session(_A_SESSION, ""), payment=_PAYMENT, payment_collection=_REFERENCE)

PROVIDER = _resource(provider_document(PaymentProvider("")), defaults=("id", "is_enabled"))
COLLECTION = _resource(
    _collection(_A_COLLECTION),
    defaults=("id", "currency_code", "amount", "*payment_sessions"),
    payment_providers=PROVIDER,
    payment_sessions=_SESSION,
    payments=_PAYMENT,
)
