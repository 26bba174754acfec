"""A mock of the payment endpoints of a Medusa-based Store API: stateful, contract-first.

The names below are the public API; each is imported when it is first used, since pytest imports
this package in every run.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xclade_store_mock.app import create_app
    from xclade_store_mock.control.access import Access
    from xclade_store_mock.dialects import DIALECTS
    from xclade_store_mock.errors import ProviderRefused, ProviderUnreachable
    from xclade_store_mock.payments.model import (
        Cart,
        Customer,
        PaymentCollection,
        PaymentProvider,
        PaymentSession,
        PublishableKey,
        Region,
        Settings,
        Store,
    )
    from xclade_store_mock.payments.providers import Provider, ProviderSession, SessionRequest
    from xclade_store_mock.payments.seed import demo_store, read_store
    from xclade_store_mock.web.dialect import Dialect

_MODULES = {
    "Access": "control.access",
    "Cart": "payments.model",
    "Customer": "payments.model",
    "DIALECTS": "dialects",
    "Dialect": "web.dialect",
    "PaymentCollection": "payments.model",
    "PaymentProvider": "payments.model",
    "PaymentSession": "payments.model",
    "Provider": "payments.providers",
    "ProviderRefused": "errors",
    "ProviderSession": "payments.providers",
    "ProviderUnreachable": "errors",
    "PublishableKey": "payments.model",
    "Region": "payments.model",
    "SessionRequest": "payments.providers",
    "Settings": "payments.model",
    "Store": "payments.model",
    "create_app": "app",
    "demo_store": "payments.seed",
    "read_store": "payments.seed",
}

__all__ = [
    "DIALECTS",
    "Access",
    "Cart",
    "Customer",
    "Dialect",
    "PaymentCollection",
    "PaymentProvider",
    "PaymentSession",
    "Provider",
    "ProviderRefused",
    "ProviderSession",
    "ProviderUnreachable",
    "PublishableKey",
    "Region",
    "SessionRequest",
    "Settings",
    "Store",
    "create_app",
    "demo_store",
    "read_store",
]


def __getattr__(name: str) -> Any:
    """Import a public name."""
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
