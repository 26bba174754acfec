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

# Where the public names are, the quickest to import first.
_MODULES = (
    "errors",
    "payments.model",
    "payments.providers",
    "payments.seed",
    "web.dialect",
    "control.access",
    "dialects",
    "app",
)

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
    if name in __all__:
        for module in _MODULES:
            found = getattr(import_module(f"{__name__}.{module}"), name, None)
            if found is not None:
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
